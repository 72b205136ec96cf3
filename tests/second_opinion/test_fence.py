"""What pyDatalog is known to get wrong, point by point: refused with its reason, or given in a form that it gets right."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines import ENGINES, Found
from tests.plans import at_random, graph, plan_of, stratum, tally
from trialog.answers import Screener
from trialog.charts.read import read_charts
from trialog.engines import pydatalog
from trialog.engines.pydatalog import Refused, why_refused
from trialog.engines.worker import Worker
from trialog.knowledge import Library, shipped
from trialog.plain import Absent, Fetch, Let, Row, Rule, Value
from trialog.plain import Test as Comparison
from trialog.plan import Plan
from trialog.program import Clause, Const, Sum, Var, Whatever

EDGES: dict[str, list[Row]] = {
    "a circle of three": [("a", "b"), ("b", "c"), ("c", "a")],
    "a node on itself": [("a", "a")],
    "two that lead to each other": [("a", "b"), ("b", "a")],
    "a chain": [("a", "b"), ("b", "c"), ("c", "d")],
    "a circle of seven with a way across": [
        *((f"n{i}", f"n{(i + 1) % 7}") for i in range(7)),
        ("n5", "n2"),
        ("n3", "x"),
    ],
    "nothing": [],
}
LEFT = "p(X, Y) :- e(X, Y).\np(X, Z) :- p(X, Y), e(Y, Z)."
RIGHT = "p(X, Y) :- e(X, Y).\np(X, Z) :- e(X, Y), p(Y, Z)."
MUTUAL = "p(X, Y) :- e(X, Y).\np(X, Z) :- e(X, Y), q(Y, Z).\nq(X, Y) :- p(X, Y)."
CLOSED = "p(X, Y) :- e(X, Y).\np(X, Z) :- p(X, Y), p(Y, Z)."
CLOSED_THE_OTHER_WAY = "p(X, Y) :- e(X, Y).\np(X, Z) :- p(Y, Z), p(X, Y)."


def agreed(plan: Plan, facts: Mapping[str, list[Row]] | None = None) -> Found:
    """What both engines derive."""
    wanted, found = (ENGINES[name](plan, facts or {}) for name in ("reference", "pydatalog"))
    assert found == wanted
    return found


# -- recursion ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """Recursion is tried in a process that can be killed: what goes round for ever fails a test, and does not stop it."""
    with Worker(seconds=60) as one:
        yield one


def by_worker(worker: Worker, plan: Plan) -> Found:
    answer = worker.ask(plan, [{}]).answer()
    assert isinstance(answer, list), answer
    return answer[0]


@pytest.mark.parametrize("edges", EDGES.values(), ids=EDGES)
@pytest.mark.parametrize("rules", [LEFT, RIGHT, MUTUAL, CLOSED, CLOSED_THE_OTHER_WAY])
def test_who_reaches_whom(rules: str, edges: list[Row], worker: Worker) -> None:
    plan = plan_of(rules, {"e": edges})
    assert why_refused(plan) is None
    assert by_worker(worker, plan) == ENGINES["reference"](plan, {})


@pytest.mark.parametrize("seed", range(150))
def test_linear_recursion_of_any_kind(seed: int, worker: Worker) -> None:
    plan = at_random(Random(seed), recursive=True, negation_first=False)
    assert why_refused(plan) is None
    assert by_worker(worker, plan) == ENGINES["reference"](plan, {}), str(plan)


@pytest.mark.parametrize("seed", range(30))
def test_a_closure_for_each_key(seed: int) -> None:
    random = Random(seed)
    rows = {(key, a, b) for key in "kl" for a, b in graph(random, 4)}
    agreed(plan_of("p(K, X, Y) :- e(K, X, Y).\np(K, X, Z) :- p(K, X, Y), p(K, Y, Z).", {"e": rows}))


@pytest.mark.parametrize(
    "rule",
    [
        "p(X, Z) :- p(X, Y), p(Y, Z), u(Y).",
        "p(X, Z) :- p(X, Y), p(Z, Y).",
        "p(X, X) :- p(X, Y), p(Y, X).",
        "p(X, Z) :- p(X, Y), q(Y, Z).",
        "p(X, Z) :- p(X, a), p(a, Z).",
    ],
)
def test_other_recursion_is_refused_with_the_rule_and_its_place(rule: str) -> None:
    mutual = "" if "q(" in rule else "\n"  # whether `q` and `p` rest on each other
    plan = plan_of(f"p(X, Y) :- e(X, Y).\n{rule}\n{mutual}q(X, Y) :- p(X, Y).", {"e": [("a", "b")], "u": []})
    reason = "`p` rests on itself more than once in one rule (rules.md:2:1)"
    assert why_refused(plan) == reason
    with pytest.raises(Refused) as refused:
        pydatalog.run(plan, {})
    assert str(refused.value) == reason


def test_two_rules_that_close_are_not_one_closure() -> None:
    base, linear = LEFT.splitlines()
    closing = "p(X, Z) :- p(X, Y), p(Y, Z)."
    reason = "`p` rests on itself more than once in one rule (rules.md:{}:1)"
    assert why_refused(plan_of("\n".join((base, linear, closing)), {"e": []})) == reason.format(3)
    assert why_refused(plan_of("\n".join((base, closing, linear)), {"e": []})) == reason.format(2)


@pytest.mark.parametrize(
    "rule", ["p(X) :- u(X), not q(X).", "p(X) :- u(X), not q(_).", "p(X) :- u(X), count q(X) >= 1."]
)
def test_negation_in_a_circle_is_refused(rule: str) -> None:
    plan = plan_of(f"{rule}\nq(X, Y) :- p(X), u(Y).", {"u": [("a",)]})
    assert why_refused(plan) == "`p` rests on its own negation or count (rules.md:1:1)"


def test_of_an_aggregate_the_authors_own_relation_is_named() -> None:
    own = Fetch("p/3.1", (Var("X"),))
    rule = Rule("p/3.1", (Var("X"),), (own, own), frozenset(), Clause("p/3.1", (), (), helper_of="p"))
    plan = Plan((stratum([rule]),), {}, frozenset(), frozenset())
    assert why_refused(plan) == "`p` rests on itself more than once in one rule"


# -- negation ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(150))
def test_a_negation_may_come_first(seed: int) -> None:
    """The reference gets the same rules with their negations last, as a plan has them."""
    first, last = (at_random(Random(seed), recursive=False, negation_first=x) for x in (True, False))
    assert pydatalog.run(first, {}) == ENGINES["reference"](last, {}), str(first)


def test_a_negation_that_shares_nothing_with_its_rule() -> None:
    rules = "p(X) :- u(X), not e(_, _).\n\nq(X) :- u(X), not f(_, _)."
    found = agreed(plan_of(rules, {"u": [("a",)], "e": [("a", "b")], "f": []}))
    assert found == {"p": frozenset(), "q": {("a",)}}


def test_a_negated_relation_without_rows() -> None:
    assert agreed(plan_of("p(X) :- u(X), not e(X, _).", {"u": [("a",)], "e": []}))["p"] == {("a",)}
    plan = Plan(plan_of("p(X) :- u(X), not e(X, _).", {}).strata, {}, frozenset({"u", "e"}), frozenset())
    assert agreed(plan, {"u": [("a",)]})["p"] == {("a",)}


# -- relations are declared --------------------------------------------------------------------------------------


@pytest.mark.parametrize("literal", ["efgr(X, Y)", "not efgr(X, Y)", "count efgr(X) >= 1"])
def test_a_misspelt_relation_is_refused(literal: str) -> None:
    plan = plan_of(f"p(X) :- egfr(X, Y), {literal}.", {"egfr": [("a", 1)]})
    assert why_refused(plan) == "`p` reads `efgr`, of which nothing says what is in it (rules.md:1:1)"


def test_a_relation_that_is_derived_only_later_is_refused() -> None:
    plan = plan_of("p(X) :- q(X).\n\nq(X) :- u(X).", {"u": []})
    assert why_refused(plan) == "`p` reads `q`, of which nothing says what is in it (rules.md:1:1)"


@pytest.mark.parametrize("rows", [[("a", 1, 2)], [("a",)]])
def test_a_relation_of_other_columns_is_refused(rows: list[Row]) -> None:
    with pytest.raises(Refused, match=f"`e` is read with 2 columns, and has {len(rows[0])}"):
        pydatalog.run(plan_of("p(X) :- e(X, Y).", {"e": rows}), {})


def test_a_relation_read_with_two_widths_is_refused() -> None:
    with pytest.raises(Refused, match="`e` is read with 1 columns, and with 2"):
        pydatalog.run(plan_of("p(X) :- e(X, Y), e(X).", {"e": []}), {})


# -- values ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0.1, 1.0, True, False, None, float("nan")])
def test_what_is_no_name_and_no_exact_number_is_refused(value: Any) -> None:
    with pytest.raises(Refused, match=f"`{value!r}` is neither a name nor an exact number"):
        pydatalog.run(plan_of("p(X) :- u(X).", {"u": [(value,)]}), {})


_VALUES = st.one_of(
    st.sampled_from(
        ["True", "False", "None", "1", "1.0", "", "a.b", "X", "_", "~p", "p[1]==", "_pyD_class", "_pyD_query1"]
    ),
    st.integers(-3, 3),
    st.fractions(-2, 2, max_denominator=10**12).filter(lambda f: f.denominator > 1),
    st.sampled_from([10**40, Fraction(10**30 + 1, 10**30), Fraction(1, 3)]),
)


@given(st.frozensets(st.tuples(_VALUES, _VALUES), max_size=6), _VALUES)
def test_values_come_back_as_they_were(rows: frozenset[tuple[Value, Value]], wanted: Value) -> None:
    rule = Rule("q", (Var("Y"),), (Fetch("e", (Const(wanted), Var("Y"))),), frozenset(), Clause("q", (), ()))
    copied = plan_of("p(X, Y) :- e(X, Y).\n\nr(X) :- e(X, X), not e(X, 1).", {"e": rows})
    found = agreed(Plan((*copied.strata, stratum([rule])), copied.facts, frozenset(), frozenset()))
    assert {(type(v), v) for row in found["p"] for v in row} == {(type(v), v) for row in rows for v in row}


def test_numbers_are_compared_exactly() -> None:
    near = Fraction(1, 3)
    rows = [(near, near + Fraction(1, 10**25)), (near, near)]
    assert agreed(plan_of("p(X, Y) :- e(X, Y), X < Y.\n\nq(X, Y) :- e(X, Y), X = Y.", {"e": rows})) == {
        "p": {rows[0]},
        "q": {rows[1]},
    }


def test_what_is_computed_is_a_number_like_those_given() -> None:
    half = Fraction(1, 2)
    twice = Let(Var("Y"), Sum(Var("X"), Const(half)))
    body = (Fetch("u", (Var("X"),)), twice, Fetch("u", (Var("Y"),)))
    rule = Rule("p", (Var("X"), Var("Y")), body, frozenset(), Clause("p", (), ()))
    plan = Plan((stratum([rule]),), {"u": frozenset({(half,), (1,), (2,)})}, frozenset(), frozenset())
    assert agreed(plan)["p"] == {(half, 1)}


def test_a_rule_without_a_body_and_one_about_nothing() -> None:
    always = Rule("p", (Const("a"),), (), frozenset(), Clause("p", (), ()))
    somebody = Rule("q", (), (Fetch("p", (Whatever(),)),), frozenset(), Clause("q", (), ()))
    trivial = Rule("r", (), (Comparison("<", Const(1), Const(2)),), frozenset(), Clause("r", (), ()))
    plan = Plan(tuple(stratum([r]) for r in (always, somebody, trivial)), {}, frozenset(), frozenset())
    assert agreed(plan) == {"p": {("a",)}, "q": {()}, "r": {()}}


# -- aggregates --------------------------------------------------------------------------------------------------

_COUNTED = {
    "u": [("a",), ("b",), ("c",)],
    "e": [("a", 1), ("a", 2), ("b", 1), ("d", 1)],
    "g": [("a", "x", 1), ("a", "y", 2), ("b", "x", 1)],
}


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ("p(X) :- u(X), count e(X) >= 2.", "a"),
        ("p(X) :- u(X), count e(X) >= 1.", "ab"),
        ("p(X) :- u(X), count e(X) >= 0.", "abc"),
        ("p(X) :- u(X), count e(a) >= 2.", "abc"),
        ("p(X) :- u(X), count e(b) >= 2.", ""),
        ("p(X) :- u(X), count g(X, _) >= 2.", "a"),
        ("p(X) :- u(X), count g(_, x) >= 1.", "abc"),
        ("p(X) :- u(X), count g(_, _) >= 2.", "abc"),
        ("p(X) :- u(X), count g(_, _) >= 3.", ""),
        ("p(X) :- u(X), count u() >= 3.", "abc"),
        ("p(X) :- u(X), count u() >= 4.", ""),
    ],
)
def test_counts(rule: str, wanted: str) -> None:
    assert agreed(plan_of(rule, _COUNTED))["p"] == {(x,) for x in wanted}


@pytest.mark.parametrize(("bound", "wanted"), [(0, ""), (1, "c"), (2, "bc"), (3, "abc")])
def test_counts_that_are_not_reached(bound: int, wanted: str) -> None:
    body = (Fetch("u", (Var("X"),)), Absent((tally("e", (Var("X"),), bound),)))
    rule = Rule("p", (Var("X"),), body, frozenset(), Clause("p", (), ()))
    facts = {name: frozenset(rows) for name, rows in plan_of("", _COUNTED).facts.items()}
    assert agreed(Plan((stratum([rule]),), facts, frozenset(), frozenset()))["p"] == {(x,) for x in wanted}


@given(
    st.frozensets(st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.integers(0, 4)), max_size=12),
    st.integers(0, 4),
    st.sampled_from(["X, K", "X, _", "_, K", "a, K", "_, _"]),
)
def test_counts_of_any_rows(rows: frozenset[Row], bound: int, key: str) -> None:
    facts = {"g": rows, "w": [(x, k) for x in "abc" for k in "xy"]}
    agreed(plan_of(f"p(X, K) :- w(X, K), count g({key}) >= {bound}.", facts))


# -- terms, and nothing but whole numbers ------------------------------------------------------------------------


def test_no_text_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "__import__('pathlib').Path('ran').touch()"
    pyDatalog, _, _, _ = pydatalog.library()  # noqa: N806 (the library's own name)
    for name in ("load", "ask", "program"):
        monkeypatch.setattr(pyDatalog, name, pytest.fail)
        monkeypatch.setattr(pyDatalog.pyParser, {"program": "add_program"}.get(name, name), pytest.fail)
    variable = Var(text)
    rule = Rule(text, (variable,), (Fetch(f"e{text}", (variable, Const(text))),), frozenset(), Clause(text, (), ()))
    rows: frozenset[Row] = frozenset({(text, text), ("+ p(a)", text)})
    plan = Plan((stratum([rule]),), {f"e{text}": rows}, frozenset(), frozenset())
    assert agreed(plan)[text] == {(text,), ("+ p(a)",)}
    assert not (tmp_path / "ran").exists()


class Spy:
    """Stands before pyDatalog and notes what it is handed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        front, engine, term, count = pydatalog.library()
        self.engine = engine
        self.constants: list[object] = []
        self.variables: list[object] = []
        self.terms: list[object] = []
        self.literals: list[Any] = []
        self.asked: list[str] = []
        self.declared: set[str] = set()

        class Engine:
            Python_resolvers = engine.Python_resolvers
            Pred, Clause, assert_ = engine.Pred, engine.Clause, engine.assert_
            Const = staticmethod(self.noting(self.constants, engine.Const))
            Var = staticmethod(self.noting(self.variables, engine.Var))
            Literal = staticmethod(self.literal)

            @staticmethod
            def insert(predicate: Any) -> Any:
                self.declared.add(predicate.id)
                return engine.insert(predicate)

        monkeypatch.setattr(pydatalog, "library", lambda: (front, Engine, self.noting(self.terms, term), count))

    @staticmethod
    def noting(into: list[object], make: Any) -> Any:
        def noted(given: object) -> Any:
            into.append(given)
            return make(given)

        return noted

    def literal(self, predicate: Any, terms: list[Any]) -> Any:
        made = self.engine.Literal(predicate, terms)
        self.literals.append(made)
        assert all(isinstance(t, self.engine.Const | self.engine.Var) for t in terms)
        return made


def test_what_pydatalog_is_handed(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(shipped())
    program, _ = library.program("car-nk-b-cell-children")
    assert program is not None
    screener = Screener(program)
    read = next(iter(read_charts(library.folder("car-nk-b-cell-children") / "cases", program.vocabulary)))
    assert read.chart is not None and read.chart.screening is not None
    answers = screener.screen(read.chart, read.chart.screening)
    spy = Spy(monkeypatch)
    pydatalog.run(screener.plan, answers.facts)
    assert len(spy.constants) > 1000
    assert {type(c) for c in spy.constants} == {int}
    assert {type(v) for v in spy.variables} == {str}
    # the names of predicates and of a count's variables are ours; nothing of a page or a chart becomes a name
    assert {str(t)[0] for t in spy.terms} == set("KVNcst")
    for literal in spy.literals:
        name = literal.pred.id.removeprefix("~")
        assert name in spy.declared or name[0] == "f" or name == "==/2", name


def test_aggregates_are_counted_in_the_safe_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """pyDatalog finds `(c[K] >= 2)` always empty; each count is bound to a variable, and the variable compared."""
    _, engine, _, _ = pydatalog.library()
    clauses: list[str] = []
    whole = engine.assert_

    def noted(clause: Any) -> Any:
        clauses.append(str(clause))
        return whole(clause)

    monkeypatch.setattr(engine, "assert_", noted)
    pydatalog.run(plan_of("p(X) :- u(X), count e(X) >= 2.", _COUNTED), {})
    compared = [c for c in clauses if c.startswith("t")]
    assert len(compared) == 1
    assert "==(" in compared[0] and ">=(N,'2')" in compared[0]
