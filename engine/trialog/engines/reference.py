"""The reference engine: semi-naive evaluation over plain tuples. What it derives is what a program means.

A plan is prepared once: each rule becomes a chain of closures, one for each step, the last of which emits the head. A patient
then costs only the running of the chains.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, assert_never

from trialog.engines.tally import reaches
from trialog.plain import Absent, Either, Fetch, Let, Row, Rule, Step, Tally, Test
from trialog.plan import Plan, names
from trialog.program import Const, Difference, Expr, Greatest, Least, Product, Shifted, Sum, Var, Whatever
from trialog.values import shift

type _Env = list[Any]  # values by place; the checks have made sure what sort stands where
type _Run = Callable[[_Env, "Rows"], None]
type _Value = Callable[[_Env], Any]
type _Holds = Callable[[_Env, "Rows"], bool]

_NONE: tuple[Row, ...] = ()


class _Said(Exception):  # noqa: N818 (not a mishap: there is no more to find)
    """A rule about the patient alone has said all that it can say."""


class Rows:
    """The rows of every relation, each with its rank in the order in which they were found, and indexes made as they are wanted."""

    def __init__(self, static: "Rows | None" = None) -> None:
        self.found: dict[str, dict[Row, int]] = dict(static.found) if static else {}
        self.indexes: dict[str, dict[tuple[int, ...], dict[Row, list[Row]]]] = dict(static.indexes) if static else {}
        self.rank = 0

    def give(self, relation: str, rows: Iterable[Row]) -> None:
        self.found[relation] = dict.fromkeys(rows, 0)
        self.indexes.pop(relation, None)

    def add(self, relation: str, row: Row) -> bool:
        """Whether the row is new."""
        rows = self.found.setdefault(relation, {})
        if row in rows:
            return False
        self.rank += 1
        rows[row] = self.rank
        for positions, index in self.indexes.get(relation, {}).items():
            index.setdefault(tuple([row[i] for i in positions]), []).append(row)
        return True

    def matching(self, relation: str, positions: tuple[int, ...], key: Row) -> Iterable[Row]:
        """The rows whose columns at `positions` are `key`."""
        rows = self.found.get(relation)
        if not rows:
            return _NONE
        if not positions:
            return tuple(rows)
        indexes = self.indexes.setdefault(relation, {})
        index = indexes.get(positions)
        if index is None:
            index = dict[Row, list[Row]]()
            indexes[positions] = index
            for row in rows:
                index.setdefault(tuple([row[i] for i in positions]), []).append(row)
        return index.get(key, _NONE)

    def __getitem__(self, relation: str) -> Mapping[Row, int]:
        return self.found.get(relation, {})


class Reference:
    """A plan made ready to run."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.static = Rows()
        for relation, rows in plan.facts.items():
            self.static.give(relation, sorted(rows, key=_texts_last))  # so that a proof is the same in every process
            self.static.indexes[relation] = {}
        self.strata = [
            (s, [_Prepared(r, s.relations if s.recursive else frozenset()) for r in s.rules]) for s in plan.strata
        ]

    def fresh(self) -> Rows:
        """The rows that a run begins with; whoever limits a run gives others."""
        return Rows(self.static)

    def run(self, facts: Mapping[str, Iterable[Row]]) -> Rows:
        """Everything that follows from the patient's facts."""
        rows = self.fresh()
        for relation, given in facts.items():
            rows.give(relation, given)
        for stratum, rules in self.strata:
            for rule in rules:
                rule.run(rows, rule.first)
            if stratum.recursive:
                self._until_stable(stratum.relations, rules, rows)
        return rows

    @staticmethod
    def _until_stable(relations: frozenset[str], rules: "list[_Prepared]", rows: Rows) -> None:
        """Semi-naive: each round joins only through what the round before it found."""
        recent = {r: list(rows[r]) for r in relations}
        while any(recent.values()):
            for relation, new in recent.items():
                rows.give(f"new {relation}", new)
            before = {r: len(rows[r]) for r in relations}
            for rule in rules:
                for chain in rule.again:
                    rule.run(rows, chain)
            recent = {r: list(rows[r])[before[r] :] for r in relations}
        for relation in relations:
            rows.found.pop(f"new {relation}", None)


def _texts_last(row: Row) -> list[tuple[bool, Any]]:
    return [(isinstance(value, str), value) for value in row]


def _is_of_the_patient_alone(rule: Rule) -> bool:
    """Whether the rule's relation has one row at most: that of the one patient of the run.

    What an author says of charts begins with the patient. A helper's one column may be that of the concepts it counts.
    """
    mode = rule.relation.split(" ", 1)[0]
    inexact = mode == "open" or (mode in ("certain", "possible") and rule.origin.helper_of is None)
    return len(rule.slots) == 1 and inexact


class _Prepared:
    """A rule as chains of closures: `first` over all rows, and for each recursive fetch one over its new rows."""

    def __init__(self, rule: Rule, recursive: frozenset[str]) -> None:
        self.rule = rule
        variables = sorted(
            {n for x in rule.body for n in names(x)} | {s.name for s in rule.slots if isinstance(s, Var)}
        )
        self.places = {name: i for i, name in enumerate(variables)}
        self.says_once = _is_of_the_patient_alone(rule)
        self.needs = tuple({x.relation for x in rule.body if isinstance(x, Fetch)})
        self.first = self.chain(rule.body)
        self.again = [
            self.chain((*rule.body[:i], Fetch(f"new {x.relation}", x.slots), *rule.body[i + 1 :]))
            for i, x in enumerate(rule.body)
            if isinstance(x, Fetch) and x.relation in recursive
        ]

    def run(self, rows: Rows, chain: _Run) -> None:
        for relation in self.needs:
            if not rows.found.get(relation):
                return
        if not self.says_once:
            chain([None] * len(self.places), rows)
        elif not rows.found.get(self.rule.relation):
            with suppress(_Said):
                chain([None] * len(self.places), rows)

    def chain(self, body: tuple[Step, ...]) -> _Run:
        steps: list[tuple[Step, frozenset[str]]] = []
        bound: set[str] = set()
        for step in body:
            steps.append((step, frozenset(bound)))
            if not isinstance(step, Absent):
                bound |= names(step)
        run = self.emit()
        for step, before in reversed(steps):
            run = self.step(step, before, run)
        return run

    def emit(self) -> _Run:
        relation = self.rule.relation
        values = [self.slot(s) for s in self.rule.slots]
        if self.says_once:
            (patient,) = values

            def say(env: _Env, rows: Rows) -> None:
                rows.add(relation, (patient(env),))
                raise _Said

            return say

        def emit(env: _Env, rows: Rows) -> None:
            rows.add(relation, tuple([v(env) for v in values]))

        return emit

    def slot(self, slot: Var | Const) -> _Value:
        if isinstance(slot, Const):
            value = slot.value
            return lambda _: value
        place = self.places[slot.name]
        return lambda env: env[place]

    def step(self, step: Step, bound: frozenset[str], then: _Run) -> _Run:
        match step:
            case Fetch():
                return self.fetch(step, bound, then)
            case Let(variable, value):
                place, number = self.places[variable.name], self.number(value)

                def let(env: _Env, rows: Rows) -> None:
                    env[place] = number(env)
                    then(env, rows)

                return let
            case Test() | Either() | Tally() | Absent():
                holds = self.condition(step, bound)

                def filter_(env: _Env, rows: Rows) -> None:
                    if holds(env, rows):
                        then(env, rows)

                return filter_
            case _:
                assert_never(step)

    def fetch(self, fetch: Fetch, bound: frozenset[str], then: _Run) -> _Run:
        relation = fetch.relation
        positions: list[int] = []
        key: list[_Value] = []
        takes: list[tuple[int, int]] = []  # (column, place)
        repeats: list[tuple[int, int]] = []
        seen: set[str] = set()
        for i, slot in enumerate(fetch.slots):
            match slot:
                case Whatever():
                    pass
                case Const():
                    positions.append(i)
                    key.append(self.slot(slot))
                case Var(name) if name in bound:
                    positions.append(i)
                    key.append(self.slot(slot))
                case Var(name):
                    (repeats if name in seen else takes).append((i, self.places[name]))
                    seen.add(name)
        at = tuple(positions)

        def run(env: _Env, rows: Rows) -> None:
            for row in rows.matching(relation, at, tuple([k(env) for k in key])):
                for column, place in takes:
                    env[place] = row[column]
                if not repeats or all(env[place] == row[column] for column, place in repeats):
                    then(env, rows)

        return run

    def condition(self, step: Test | Either | Tally | Absent | Fetch, bound: frozenset[str]) -> _Holds:
        match step:
            case Test(operator, left, right):
                return self.test(operator, left, right)
            case Either(left, right):
                one, other = self.condition(left, bound), self.condition(right, bound)
                return lambda env, rows: one(env, rows) or other(env, rows)
            case Tally():
                return self.tally(step)
            case Absent(body):
                return self.absent(body, bound)
            case Fetch():
                raise AssertionError("a fetch is not a condition")

    def test(self, operator: str, left: Expr, right: Expr) -> _Holds:
        one, other = self.number(left), self.number(right)
        match operator:
            case "=":
                return lambda env, _: one(env) == other(env)
            case "!=":
                return lambda env, _: one(env) != other(env)
            case "<":
                return lambda env, _: one(env) < other(env)
            case "<=":
                return lambda env, _: one(env) <= other(env)
        raise AssertionError(f"{operator} is not an operator of plain Datalog")

    def tally(self, tally: Tally) -> _Holds:
        at = tuple(i for i, s in enumerate(tally.key) if not isinstance(s, Whatever))
        key = [self.slot(s) for s in tally.key if not isinstance(s, Whatever)]
        width = len(tally.key)

        def holds(env: _Env, rows: Rows) -> bool:
            found = rows.matching(tally.relation, at, tuple([k(env) for k in key]))
            return reaches(tally, [row[width:] for row in found])

        return holds

    def absent(self, body: tuple[Fetch | Test | Either | Tally, ...], bound: frozenset[str]) -> _Holds:
        found: list[bool] = []

        def note(_: _Env, __: Rows) -> None:
            found.append(True)

        run: _Run = note
        before = set(bound)
        steps: list[tuple[Fetch | Test | Either | Tally, frozenset[str]]] = []
        for step in body:
            steps.append((step, frozenset(before)))
            before |= names(step)
        for step, known in reversed(steps):
            run = self.step(step, known, run)

        def holds(env: _Env, rows: Rows) -> bool:
            found.clear()
            run(env, rows)
            return not found

        return holds

    def number(self, e: Expr) -> _Value:
        match e:
            case Var() | Const():
                return self.slot(e)
            case Sum(left, right):
                one, other = self.number(left), self.number(right)
                return lambda env: one(env) + other(env)
            case Difference(left, right):
                one, other = self.number(left), self.number(right)
                return lambda env: one(env) - other(env)
            case Product(left, right):
                one, other = self.number(left), self.number(right)
                return lambda env: one(env) * other(env)
            case Shifted(day, by, sign):
                start = self.number(day)
                return lambda env: shift(start(env), by, sign)
            case Least(of):
                several = [self.number(x) for x in of]
                return lambda env: min(v(env) for v in several)
            case Greatest(of):
                several = [self.number(x) for x in of]
                return lambda env: max(v(env) for v in several)
