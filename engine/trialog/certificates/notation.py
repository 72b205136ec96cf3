"""How rules, rows and values are written in a certificate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from trialog.charts.chart import Place
from trialog.fetches import OPEN
from trialog.plain import Absent, Either, Fetch, Let, PlainProgram, Rule, Slot, Step, Tally, Test
from trialog.program import (
    Const,
    Difference,
    Expr,
    Greatest,
    Least,
    Product,
    Program,
    Shifted,
    Sort,
    Sum,
    Var,
    Whatever,
)
from trialog.values import Duration, duration_term, term
from trialog.vocabulary import Amount, Coded, Dated, Kind, Measured

type Json = Any


def place(at: Place) -> str:
    """The place of a record, its file by its bare name: a certificate is the same wherever the chart lies."""
    name = at.file.replace("\\", "/").rpartition("/")[2]
    return str(Place(name, at.line, at.path))


class Days:
    """Which columns of which relations hold days: they are written as dates."""

    def __init__(self, program: Program, plain: PlainProgram) -> None:
        self.program = program
        self.facts = plain.facts.keys()
        self.known: dict[str, tuple[bool, ...]] = {}

    def of(self, relation: str) -> tuple[bool, ...]:
        """One for each column; columns beyond are none."""
        if relation not in self.known:
            self.known[relation] = tuple(self._of(relation))
        return self.known[relation]

    def _of(self, relation: str) -> Sequence[bool]:
        if relation == "screening":
            return (False, True)
        if relation in self.program.derived:
            return [c.sort is Sort.DATE for c in self.program.derived[relation].columns]
        declared = self.program.vocabulary.relations
        if relation in declared:
            return [isinstance(c.type, Dated) for c in declared[relation].columns]
        mode, _, rest = relation.partition(" ")
        name = rest.removeprefix("latest ")
        if mode == OPEN:
            return (False, False, True, True)
        if name in self.program.derived:
            columns = self.program.derived[name].columns
            return [c.sort is Sort.DATE for c in columns for _ in range(1 + c.sort.is_wide)]
        if name not in declared or mode == "recorded" or declared[name].kind is Kind.JUDGEMENT:
            return ()
        found = [False]
        for column in declared[name].columns:
            match column.type:
                case Dated():
                    found += [True, True]
                case Amount() | Measured():
                    found += [False, False]
                case Coded():
                    found.append(False)
                case _:
                    assert_never(column.type)
        return [*found, True, True] if name != rest else found


@dataclass(frozen=True)
class WrittenRule:
    """A rule's `content` as a certificate has it; `days` says which of its variables, in their order, hold days."""

    rule: Rule
    content: Json
    variables: tuple[str, ...]
    days: tuple[bool, ...]


def written_rule(rule: Rule, days: Days) -> WrittenRule:
    return _Writing(rule, days).written()


class _Writing:
    def __init__(self, rule: Rule, days: Days) -> None:
        self.rule = rule
        self.days = days
        self.dated: set[str] = set()
        self.note(rule.body)

    def note(self, body: Sequence[Step]) -> None:
        """Which variables hold days."""
        for step in body:
            match step:
                case Fetch(relation, slots):
                    named = zip(slots, self.days.of(relation), strict=False)
                    self.dated |= {s.name for s, is_day in named if is_day and isinstance(s, Var)}
                case Absent(inner):
                    self.note(inner)
                case Let(variable, value):
                    self.dated |= {variable.name} if self.is_day(value) else set()
                case Test() | Either() | Tally():
                    pass
                case _:
                    assert_never(step)

    def is_day(self, e: Expr) -> bool:
        match e:
            case Var(name):
                return name in self.dated
            case Shifted():
                return True
            case Least(of) | Greatest(of):
                return any(self.is_day(x) for x in of)
            case Const() | Sum() | Difference() | Product():
                return False
            case _:
                assert_never(e)

    def written(self) -> WrittenRule:
        variables: dict[str, None] = {}
        for step in self.rule.body:
            match step:
                case Fetch(_, slots):
                    variables |= dict.fromkeys(s.name for s in slots if isinstance(s, Var))
                case Let(variable, _):
                    variables[variable.name] = None
                case _:
                    pass
        content = {
            "relation": self.rule.relation,
            "head": self.slots(self.rule.relation, self.rule.slots),
            "variables": list(variables),
            "body": [self.step(s) for s in self.rule.body],
        }
        return WrittenRule(self.rule, content, tuple(variables), tuple(v in self.dated for v in variables))

    def slots(self, relation: str, slots: Sequence[Slot]) -> list[str]:
        days = self.days.of(relation)
        return [self.slot(s, i < len(days) and days[i]) for i, s in enumerate(slots)]

    def slot(self, slot: Slot, is_day: bool) -> str:
        match slot:
            case Var(name):
                return f"?{name}"
            case Const(value):
                return term(value, is_day)
            case Whatever():
                return "_"
            case _:
                assert_never(slot)

    def step(self, step: Step) -> Json:
        match step:
            case Fetch(relation, slots):
                return {"fetch": relation, "slots": self.slots(relation, slots)}
            case Test(operator, left, right):
                is_day = self.is_day(left) or self.is_day(right)
                return {"op": operator, "of": [self.expr(left, is_day), self.expr(right, is_day)]}
            case Either(left, right):
                return {"op": "or", "of": [self.step(left), self.step(right)]}
            case Let(variable, value):
                return {"let": variable.name, "be": self.expr(value, False)}
            case Tally(summary, relation, key, bound, strict, gap, paired, sure):
                return {
                    "tally": summary.value,
                    "relation": relation,
                    "key": self.slots(relation, key),
                    "bound": duration_term(bound) if isinstance(bound, Duration) else f"={bound}",
                    "strict": strict,
                    "gap": duration_term(gap),
                    "paired": paired,
                    "sure": sure,
                }
            case Absent(body):
                return {"absent": [self.step(s) for s in body]}
            case _:
                assert_never(step)

    def expr(self, e: Expr, is_day: bool) -> Json:
        match e:
            case Var() | Const():
                return self.slot(e, is_day)
            case Sum(left, right):
                return {"op": "+", "of": [self.expr(left, False), self.expr(right, False)]}
            case Difference(left, right):
                days = self.is_day(left) or self.is_day(right)
                return {"op": "-", "of": [self.expr(left, days), self.expr(right, days)]}
            case Product(left, right):
                return {"op": "*", "of": [self.expr(left, False), self.expr(right, False)]}
            case Shifted(day, by, sign):
                return {"op": "after" if sign > 0 else "before", "of": [self.expr(day, True)], "by": duration_term(by)}
            case Least(of):
                return {"op": "least", "of": [self.expr(x, is_day) for x in of]}
            case Greatest(of):
                return {"op": "greatest", "of": [self.expr(x, is_day) for x in of]}
            case _:
                assert_never(e)
