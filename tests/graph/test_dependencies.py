"""The dependency graph leaves nothing out: every rule, fact, sentence and criterion of the shipped trial."""

import networkx
import pytest

from trialog.graph import KINDS, Dependencies, dependencies
from trialog.knowledge import Library, shipped
from trialog.program import Program

TRIAL = "car-nk-b-cell-children"


@pytest.fixture(scope="module")
def trial() -> tuple[Program, Dependencies]:
    library = Library(shipped())
    program, _ = library.program(TRIAL)
    assert program is not None
    return program, dependencies(program, library.pages(TRIAL)[0])


def test_every_node_has_its_attributes(trial: tuple[Program, Dependencies]) -> None:
    _, known = trial
    for node in known.graph:
        data = known.graph.nodes[node]
        assert data["kind"] in KINDS
        assert all(isinstance(data[key], str) for key in ("says", "at", "text", "relation", "role"))
        assert ":" not in node or node.startswith(f"{data['kind']}:")
        if data["kind"] in ("rule", "fact", "sentence", "concept", "source", "reading"):
            assert data["at"] and data["text"], node


def test_every_rule_and_fact_is_there_at_its_place(trial: tuple[Program, Dependencies]) -> None:
    program, known = trial
    kinds = networkx.get_node_attributes(known.graph, "kind")
    rules = {at for name, spans in known.statements.items() if kinds[name] == "rule" for at in spans}
    assert rules == {c.at for c in program.clauses}
    facts = {at for name, spans in known.statements.items() if kinds[name] == "fact" for at in spans}
    assert facts == {f.at for facts in program.known.values() for f in facts}


def test_a_criterion_rests_on_its_sentence_and_on_nothing_that_its_rules_do_not_reach(
    trial: tuple[Program, Dependencies],
) -> None:
    program, known = trial
    ids = {a.relation: a.identifier for a in program.atoms.values()}
    for c in program.criteria:
        below = networkx.descendants(known.graph, ids.get(c.relation, c.relation))
        says = {known.graph.nodes[n]["says"] for n in below if known.graph.nodes[n]["kind"] == "sentence"}
        assert any(" ".join(line.split()) in said for said in says for line in c.quote.splitlines() if line.strip())
    relations: dict[str, set[str]] = {}
    for clause in program.clauses:
        below = {p.relation for p in clause.body if hasattr(p, "relation")}
        relations.setdefault(clause.relation, set()).update(below)
    plain = networkx.DiGraph((a, b) for a, under in relations.items() for b in under)
    for relation in plain:
        if relation not in program.derived or "/" in relation:
            continue
        wanted = {ids.get(r, r) for r in networkx.descendants(plain, relation) if r in program.derived and "/" not in r}
        found = {
            n
            for n in networkx.descendants(known.graph, ids.get(relation, relation))
            if known.graph.nodes[n]["relation"] in program.derived
        }
        assert found == wanted


def test_every_item_of_a_chart_has_its_relation(trial: tuple[Program, Dependencies]) -> None:
    program, known = trial
    asked = [n for n, kind in known.graph.nodes(data="kind") if kind == "chart"]
    assert "chart:observation/body_weight" in known.graph["treatment"], (
        "doses and doses per weight follow from each other"
    )
    assert {"chart:observation/egfr", "chart:born", "chart:judged/survival_of_12_weeks", "chart:screening"} <= {*asked}
    for node in asked:
        relation, _, concept = node.removeprefix("chart:").partition("/")
        assert set(known.graph.successors(node)) == (
            ({relation} if relation in program.vocabulary.relations else set())
            | ({f"concept:{concept}"} if concept else set())
        )


def test_the_whole_graph_is_what_cohorts_rest_on(trial: tuple[Program, Dependencies]) -> None:
    _, known = trial
    whole = known.of_the_trial()
    for node in whole:
        assert set(known.graph.successors(node)) == set(whole.successors(node))
    kinds = {kind for _, kind in whole.nodes(data="kind")}
    assert kinds == set(KINDS)
    assert "concept:calcineurin_inhibitor" in whole
