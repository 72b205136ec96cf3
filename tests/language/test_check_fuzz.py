"""Whatever an author writes, reading and checking it ends, raises nothing, and tells each problem at a place in the text."""

import re
from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fuzz_inputs import HEAD, PIECES, WHOLE, WORDS
from tests.invariants import told
from trialog.check import Pages
from trialog.knowledge import Library, shipped
from trialog.page import read_page
from trialog.problem import Problem
from trialog.source import Source
from trialog.vocabulary import Concept, Vocabulary

SMALL = Source("words.md", WORDS)
LIBRARY = Library(shipped())
*VOCABULARY, PROTOCOL, DOCUMENT = (
    Source(p.name, p.read_text(encoding="utf-8")) for p in LIBRARY.files(LIBRARY.trials[0])
)


def of_page(text: str, document: str | None = None) -> list[Problem]:
    return told(
        Pages((SMALL,), Source("protocol.md", text), None if document is None else Source("source.txt", document))
    )


def of_rules(rules: str) -> list[Problem]:
    return of_page(f"{HEAD}{rules}\n```\n")


# -- any text ----------------------------------------------------------------------------------------------------

soup = st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join)
statements = st.lists(st.sampled_from(WHOLE) | soup, max_size=6).map("\n".join)


@given(st.text(max_size=200), st.text(max_size=60))
@example("```datalogs\x00\n", "")
def test_any_text_as_a_page(text: str, document: str) -> None:
    of_page(text, document)


@settings(max_examples=200)
@given(soup)
@example("inclusion a(P) :- latest observation(P, lvef, V, ..), V >= 1 '%")
@example("a() :- .")
@example("screening(P, S).")
@example("a(P) :- a(P).")
@example("a(_) :- born(_, _).")
def test_any_tokens_as_rules(rules: str) -> None:
    of_rules(rules)


@pytest.mark.parametrize(
    "body",
    [
        "nosuch in drug",
        "not nosuch in drug",
        "condition(P, nosuch, ..)",
        "latest observation(P, lvef, V, ..) at nosuch, V > 3 '%'",
        "born(P, B), B = nosuch",
        "born(P, B), B + nosuch <= B",
        "min { V : observation(P, lvef, V, ..) } < nosuch",
        "count { D : treatment(P, D, ..), D in nosuch } >= 2",
    ],
)
def test_a_concept_that_is_not_there_is_told_wherever_it_is_named(body: str) -> None:
    problems = of_rules(f"a(P) :- young(P), {body}.")
    assert [(p.code, p.at.words) for p in problems] == [("E208", "nosuch")]


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ("a(P) :- latest observation(P, lvef, V, ..), V\n >= 5 '%' *\n 1 'mg'.", "E302"),
        ("a(P) :- latest observation(P, lvef, V, ..), V >= -\n5.", "E301"),
        ("a(P) :- born(P, B), screening(P, S), 8\n years < S - B.", "E306"),
        ("a(P) :- born(P, B), screening(P, S), S > B +\n 8 + 1.", "E306"),
        ('event e(patient, on: date) "e" where on\n = on * lvef.', "E218"),
        ("event e(patient, on: date, a: number 'mg', b: number 'kg') \"e\" where a =\n b * lvef.", "E302"),
        ("```\n\nCohort b\nwithout a title\n===\n\n```datalog", "E105"),
        ("```\n\nCohort sle:\ntwice\n===\n\n```datalog", "E106"),
    ],
)
def test_what_is_told_has_one_line_where_what_it_names_has_several(rules: str, code: str) -> None:
    assert code in {p.code for p in of_rules(rules)}


@settings(max_examples=120)
@given(statements)
def test_any_statements_together(rules: str) -> None:
    of_rules(rules)


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_the_shipped_page_with_pieces_cut_moved_and_put_in(data: st.DataObject) -> None:
    text = PROTOCOL.text
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 200)))
        match data.draw(st.sampled_from(("cut", "move", "put in"))):
            case "cut":
                text = text[:start] + text[end:]
            case "move":
                rest, to = text[:start] + text[end:], data.draw(st.integers(0, len(text) - (end - start)))
                text = rest[:to] + text[start:end] + rest[to:]
            case _:
                text = text[:start] + data.draw(soup) + text[start:]
    told(Pages(tuple(VOCABULARY), Source("protocol.md", text), DOCUMENT))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n", "\f\n", "\u2028\n", "\x0b\n", "\x85\n"], ids=ascii)
def test_line_ends_of_any_kind(end: str) -> None:
    of_page((HEAD + "old(P) :- yong(P).\n```\n").replace("\n", end))


_TERMS = 5000


@pytest.mark.parametrize(
    "rules",
    [
        f"a(P) :- born(P, B), B <= {'(' * _TERMS}2020-01-01{')' * _TERMS}.",
        f"a(P) :- born(P, B), B{' + 1 day' * _TERMS} <= 2020-01-01.",
        f"a(P) :- latest observation(P, lvef, V, ..), V * 1{' * 1' * _TERMS} >= 1 '%'.",
        f"a(P) :- latest observation(P, lvef, V, ..), V >= {'-' * _TERMS}1 '%'.",
        f"a(P) :- {'count { D : ' * _TERMS}treatment(P, D, ..){'} >= 1' * _TERMS}.",
        f"a(P) :- {'not ' * _TERMS}born(P, _).",
        f"a(P) :- {', '.join(['born(P, _)'] * _TERMS)}.",
        "\n".join(f'concept c{i} in c{i + 1} "c {i}".' for i in range(_TERMS)) + f'\nconcept c{_TERMS} in drug "end".',
        "\n".join(f'concept c{i} in c{(i + 1) % 1500} "c {i}".' for i in range(1500)),
        "\n".join(f"r{i}(P) :- r{i + 1}(P)." for i in range(500)) + "\nr500(P) :- not r0(P).",
    ],
    ids=["brackets", "sum", "product", "signs", "braces", "nots", "body", "concepts", "circle", "rules"],
)
def test_depth_is_a_problem_and_no_crash(rules: str) -> None:
    of_rules(rules)


@pytest.mark.parametrize(
    "text", ["> " * 3000 + "x", "- " * 3000 + "x", "#" * 3000, "`" * 3000, "[" * 3000, "```datalog"]
)
def test_depth_in_markdown(text: str) -> None:
    of_page(text)


@given(
    st.lists(
        st.sampled_from(
            ("> quoted words", "lazy words", "", "# Title", "## Cohort a: b", "```datalog", "```", "a(P).")
        ),
        max_size=12,
    )
)
def test_what_is_taken_from_a_page_stands_there(lines: list[str]) -> None:
    source = Source("protocol.md", "\n".join(lines))
    page, _ = read_page(source)
    for quote in page.quotes:
        assert quote.words.split() == quote.at.words.replace(">", " ").split()
    for block in page.blocks:
        assert "```datalog" not in block.at.words.splitlines()[:1] or lines.count("```datalog") > len(page.blocks)
        assert set(block.quotes) <= set(page.quotes)


# -- negation in a circle, against networkx ----------------------------------------------------------------------

_NAMES = tuple("abcdefg")
rule_graphs = st.lists(
    st.tuples(st.sampled_from(_NAMES), st.sampled_from(_NAMES), st.sampled_from(("plain", "not", "count"))), max_size=12
)
_BODY = {"plain": "{}(P)", "not": "not {}(P)", "count": "count {{ D : treatment(P, D, ..), {}(P) }} >= 1"}


@settings(max_examples=200)
@given(rule_graphs)
@example([("a", "b", "plain"), ("b", "c", "plain"), ("c", "a", "not")])
@example([("a", "a", "not")])
@example([("a", "b", "not"), ("b", "a", "count")])
def test_a_negation_in_a_circle_is_always_told_and_nothing_else(found: list[tuple[str, str, str]]) -> None:
    rules = "".join(f"{name}(P) :- born(P, _).\n" for name in _NAMES)
    rules += "".join(f"{above}(P) :- born(P, _), {_BODY[how].format(below)}.\n" for above, below, how in found)
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    graph.add_nodes_from(_NAMES)
    graph.add_edges_from((above, below, {"how": how}) for above, below, how in found)
    wrong = {
        frozenset(members)
        for members in nx.strongly_connected_components(graph)
        if any(how != "plain" for _, _, how in graph.subgraph(members).edges(data="how"))
    }
    problems = of_rules(rules)
    assert {p.code for p in problems} <= {"E206"}
    paths = [re.findall(r"`(\w+)`", p.claim.partition(": ")[2]) for p in problems]
    assert len(paths) == len(wrong)
    assert {next(m for m in wrong if path[0] in m) for path in paths} == wrong
    for p, path in zip(problems, paths, strict=True):
        assert path[0] == path[-1]
        assert len(set(path)) == len(path) - 1
        places = [p.at, *(at for at, _ in p.related)]
        for (above, below), at in zip(pairwise(path), places, strict=True):
            assert graph.has_edge(above, below)
            assert at.words == f"{below}(P)"
            assert at.source.line(at.line).startswith(f"{above}(P) :- ")
        first = p.at.source.line(p.at.line)
        assert "not " in first or "count " in first


# -- the hierarchy, against networkx -----------------------------------------------------------------------------


@st.composite
def hierarchies(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    """Concepts with the concepts just above them; no circle, in any order."""
    size = draw(st.integers(1, 12))
    above = {
        f"c{i}": tuple(draw(st.sets(st.sampled_from([f"c{j}" for j in range(i)]), max_size=3))) if i else ()
        for i in range(size)
    }
    return {name: above[name] for name in draw(st.permutations(sorted(above)))}


@given(hierarchies())
def test_what_is_under_what(above: dict[str, tuple[str, ...]]) -> None:
    vocabulary = Vocabulary({name: Concept(name, name, parents) for name, parents in above.items()}, {})
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(above)
    graph.add_edges_from((name, parent) for name, parents in above.items() for parent in parents)
    for name in above:
        assert vocabulary.ancestors[name] == nx.descendants(graph, name) | {name}
        assert vocabulary.descendants[name] == nx.ancestors(graph, name) | {name}
        assert (name in vocabulary.leaves) == (graph.in_degree(name) == 0)
        assert {other for other in above if vocabulary.is_a(other, name)} == vocabulary.descendants[name]


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde")), max_size=10))
def test_a_concept_under_itself_is_always_told(pairs: list[tuple[str, str]]) -> None:
    above = {name: sorted({p for n, p in pairs if n == name}) for name in "abcde"}
    rules = "\n".join(f'concept {n} in {", ".join(ps) or "drug"} "the {n}".' for n, ps in above.items())
    graph: nx.DiGraph[str] = nx.DiGraph((n, p) for n, ps in above.items() for p in ps)
    told_at = [p for p in of_rules(rules) if p.code == "E407"]
    assert bool(told_at) == (not nx.is_directed_acyclic_graph(graph))
    for p in told_at:
        path = re.findall(r"`(\w+)`", p.claim.partition(": ")[2])
        assert path[0] == path[-1]
        assert all(graph.has_edge(n, other) for n, other in pairwise(path))
