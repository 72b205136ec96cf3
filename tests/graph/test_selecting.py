"""Selectors against reachability in a plain graph, written down for itself."""

from collections.abc import Mapping

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialog.graph import KINDS, Dependencies
from trialog.selecting import Selector, Term, read_selectors, select

NAMES = [f"n{i}" for i in range(7)]
names = st.sampled_from(NAMES)
steps = st.one_of(st.none(), st.integers(0, 4))


@st.composite
def graphs(draw: st.DrawFn) -> "networkx.DiGraph[str]":
    """Any directed graph, circles too."""
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    for name in NAMES:
        graph.add_node(name, kind="relation", says=name, at="", text="", relation="", role="")
    graph.add_edges_from(draw(st.lists(st.tuples(names, names), max_size=14)))
    return graph


def reached(below: Mapping[str, set[str]], begin: str, steps: int | None) -> set[str]:
    """Every node on a walk of no more than so many steps."""
    found = {begin}
    for _ in range(len(NAMES) if steps is None else steps):
        found |= {b for a in found for b in below.get(a, ())}
    return found


def pairs(graph: "networkx.DiGraph[str]", turned: bool = False) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for a, b in graph.edges:
        found.setdefault(b if turned else a, set()).add(a if turned else b)
    return found


def one(graph: "networkx.DiGraph[str]", term: Term) -> set[str]:
    found, problems = select(graph, [Selector((term,))])
    assert problems == []
    return found


@given(graphs(), names, steps, steps)
def test_a_term_selects_what_can_be_reached(
    graph: "networkx.DiGraph[str]", name: str, down: int | None, up: int | None
) -> None:
    wanted = reached(pairs(graph), name, down) | reached(pairs(graph, turned=True), name, up)
    assert one(graph, Term("", name, down, up)) == wanted


@given(graphs(), names)
def test_both_ways_are_one_way_and_the_other(graph: "networkx.DiGraph[str]", name: str) -> None:
    down, up = one(graph, Term("", name, None, 0)), one(graph, Term("", name, 0, None))
    assert down | up == one(graph, Term("", name, None, None))
    assert name in down & up
    assert down == {name} | networkx.descendants(graph, name)
    assert up == {name} | networkx.ancestors(graph, name)


@given(graphs(), st.lists(st.builds(Term, st.just(""), names, steps, steps), min_size=1, max_size=3))
def test_a_comma_asks_for_both_and_several_selectors_for_either(
    graph: "networkx.DiGraph[str]", terms: list[Term]
) -> None:
    sets = [one(graph, t) for t in terms]
    both, problems = select(graph, [Selector(tuple(terms))])
    assert both == set.intersection(*sets)
    assert [p.code for p in problems] == ([] if both else ["E642"])
    assert select(graph, [Selector((t,)) for t in terms]) == (set.union(*sets), [])


written_names = st.one_of(
    st.from_regex(r"[A-Za-z][A-Za-z0-9_/.]{0,12}", fullmatch=True), st.just("renal replacement"), st.just("2026-01-31")
)
terms = st.builds(Term, st.sampled_from(["", *KINDS]), written_names, steps, steps)


@given(st.builds(Selector, st.lists(terms, min_size=1, max_size=3).map(tuple)))
def test_a_selector_is_read_as_it_is_printed(selector: Selector) -> None:
    assert read_selectors([str(selector)], KINDS) == ([selector], [])


@given(st.text(alphabet="+,:0123aC6_/ é", max_size=12))
def test_any_text_is_a_selector_or_a_problem_in_it(text: str) -> None:
    found, problems = read_selectors([text], KINDS)
    assert bool(found) != bool(problems)
    assert {p.code for p in problems} <= {"E640"}
    assert all(0 <= p.at.start <= p.at.end <= len(text) and p.help for p in problems)
    if found:
        again, _ = read_selectors([str(found[0])], KINDS)
        assert again == found


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("A1", {"A1"}),
        ("lvef_at_least_55", {"A1"}),
        ("relation:lvef_at_least_55", {"A1"}),
        ("criterion:A1", {"A1"}),
        ("1+A1", {"A1", "rule:A1/1", "rule:A1/2"}),
        ("rule:A1", {"rule:A1/1", "rule:A1/2"}),
        ("rule:lvef_at_least_55/2", {"rule:A1/2"}),
        ("fact:systemic", {"fact:systemic/prednisone/oral", "fact:systemic/prednisolone/oral"}),
        ("concept:statin+1", {"concept:statin", "concept:drug", "chart:treatment/statin"}),
        ("+concept:glucocorticoid,concept:prednisone+", {"concept:glucocorticoid", "concept:prednisone"}),
        ("source:book+1", {"source:book", "fact:systemic/prednisone/oral", "fact:systemic/prednisolone/oral"}),
        ("sentence:NO statin", {"sentence:22"}),
        ("sentence:22", {"sentence:22"}),
        ("cohort:adults", {"cohort:adults"}),
        ("adults", {"cohort:adults"}),
    ],
)
def test_things_go_by_their_names(known: Dependencies, written: str, wanted: set[str]) -> None:
    selectors, problems = read_selectors([written], KINDS)
    assert problems == []
    assert select(known.graph, selectors) == (wanted, [])


@pytest.mark.parametrize("written", ["A9", "criterion:steroid", "rule:A1/3", "atom:lvef", "sentence:heart"])
def test_what_is_nothing_is_told(known: Dependencies, written: str) -> None:
    selectors, _ = read_selectors([written], KINDS)
    found, problems = select(known.graph, selectors)
    assert found == set()
    assert [p.code for p in problems] == ["E608"]


def test_every_node_goes_by_the_name_that_is_printed(known: Dependencies) -> None:
    """What is printed can be typed again."""
    for node in known.graph:
        selectors, problems = read_selectors([node], KINDS)
        assert problems == []
        found, problems = select(known.graph, selectors)
        if ":" not in node and problems:
            assert [p.code for p in problems] == ["E641"]  # the help says how to write it
            kind = known.graph.nodes[node]["kind"]
            found, problems = select(known.graph, read_selectors([f"{kind}:{node}"], KINDS)[0])
        assert problems == []
        assert node in found
