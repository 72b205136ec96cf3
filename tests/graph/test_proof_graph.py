"""The graph of a patient's proofs holds what the explanations say, line for line."""

from collections.abc import Iterator
from datetime import date

import networkx
import pytest

from trialog.answers import Answers, Screener
from trialog.charts.read import read_charts
from trialog.graph import dependencies
from trialog.knowledge import Library, shipped
from trialog.proof import Explanations, Step
from trialog.proof.step import shown
from trialog.proof_graph import KINDS, proof_graph
from trialog.selecting import read_selectors, select

TRIAL = "car-nk-b-cell-children"


@pytest.fixture(scope="module")
def answers() -> list[Answers]:
    library = Library(shipped())
    program, _ = library.program(TRIAL)
    assert program is not None
    screener = Screener(program)
    charts = read_charts(library.folder(TRIAL) / "cases", program.vocabulary)
    return [screener.screen(r.chart, r.chart.screening or date(2026, 1, 15).toordinal()) for r in charts if r.chart]


def lines(step: Step) -> Iterator[tuple[str, str]]:
    yield step.says, step.status.value
    for below in shown(step.below):
        yield from lines(below)


def test_every_line_of_an_explanation_is_a_node_below_its_atom(answers: list[Answers]) -> None:
    for one in answers[::3]:
        graph, explanations = proof_graph(one), Explanations(one)
        assert set(networkx.get_node_attributes(graph, "kind").values()) <= set(KINDS)
        for atom in one.screener.program.atoms.values():
            below = {atom.identifier} | networkx.descendants(graph, atom.identifier)
            said = {(graph.nodes[n]["says"], graph.nodes[n]["status"]) for n in below}
            assert set(lines(explanations.of(atom.relation))) <= said
            assert graph.nodes[atom.identifier]["status"] == one.atom(atom.identifier).value


def test_cohorts_have_their_verdicts_and_criteria(answers: list[Answers]) -> None:
    for one in answers[::9]:
        graph, program = proof_graph(one), one.screener.program
        ids = {a.relation: a.identifier for a in program.atoms.values()}
        for cohort in program.cohorts:
            assert graph.nodes[f"cohort:{cohort}"]["status"] == one.verdict(cohort).value
            wanted = {ids.get(c.relation, c.relation) for c in program.criteria_of(cohort)}
            assert set(graph.successors(f"cohort:{cohort}")) == wanted


def test_facts_go_by_the_names_that_they_have_in_the_graph_of_the_trial(answers: list[Answers]) -> None:
    library = Library(shipped())
    program, _ = library.program(TRIAL)
    assert program is not None
    known = dependencies(program, library.pages(TRIAL)[0]).graph
    facts = {n for one in answers[::9] for n, kind in proof_graph(one).nodes(data="kind") if kind == "fact"}
    assert facts
    assert facts <= set(known)


def test_records_are_the_leaves_that_have_a_place_in_the_chart(answers: list[Answers]) -> None:
    one = next(a for a in answers if a.chart.patient.startswith("sle-011"))
    graph = proof_graph(one)
    selectors, _ = read_selectors(["+C4"], KINDS)
    found, problems = select(graph, selectors)
    assert problems == []
    records = [graph.nodes[n] for n in found if graph.nodes[n]["kind"] == "record"]
    assert [r["says"] for r in records] == ["left ventricular ejection fraction 54.9 % on 2026-01-09"]
    assert records[0]["at"].endswith("facts.observation[8]")


def test_what_is_missing_is_a_leaf(answers: list[Answers]) -> None:
    one = next(a for a in answers if "nothing-recorded" in a.chart.patient)
    graph = proof_graph(one)
    missing = [n for n, kind in graph.nodes(data="kind") if kind == "missing"]
    assert len(missing) > 10
    assert all(graph.out_degree(n) == 0 and graph.nodes[n]["reason"] for n in missing)
