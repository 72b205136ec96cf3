"""Records by which a rule holds, or only just fails to: one for each of its literals, at the limits that it sets or near them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tests.agreement.charts import Charts
from tests.agreement.choices import Choices
from trialog.charts.chart import Chart, Judgement, Record, Value
from trialog.tree import (
    Aggregate,
    Arithmetic,
    Atom,
    Comparison,
    ConceptName,
    Day,
    Expression,
    Holds,
    Latest,
    Length,
    Literal,
    Membership,
    Number,
    Recorded,
    Rule,
    Term,
    Variable,
)
from trialog.values import LAST_DAY, Cause, Exact, Interval, point, shift
from trialog.vocabulary import Dated, Kind, Relation

type Env = dict[str, Value]

_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Makes them for these rules; what a literal leaves open is as in any other chart."""

    charts: Charts
    rules: Mapping[str, Sequence[Rule]]

    @property
    def choices(self) -> Choices:
        return self.charts.choices

    def chart(self, relations: Sequence[str]) -> Chart:
        """A chart of which these relations may hold, among whatever else is recorded."""
        chart = self.charts.chart()
        found = [x for r in relations for x in self.of(r, (), 0) if not self.choices.chance(10)]
        records = [x for x in found if isinstance(x, Record)]
        once = {r.relation: r for r in (*chart.records, *records) if self.relation(r).kind is Kind.ATTRIBUTE}
        others = [r for r in chart.records if not self.choices.chance(70)]
        others = [r for r in (*others, *records) if r.relation not in once]
        signed = [x for x in found if isinstance(x, Judgement)]
        return replace(chart, records=(*others, *once.values()), judgements=(*chart.judgements, *signed))

    def relation(self, record: Record) -> Relation:
        return self.charts.vocabulary.relations[record.relation]

    def of(self, relation: str, values: Sequence[Value | None], depth: int) -> Iterator[Record | Judgement]:
        """What one of the relation's rules, or each, asks of the chart, where its columns have these values."""
        if relation not in self.rules or depth >= _DEEPEST:
            return
        rules = self.rules[relation]
        for rule in rules if self.choices.chance(30) else [self.choices.one(rules)]:
            terms = (a.term for a in rule.head.arguments[1:])
            env = {t.name: v for t, v in zip(terms, values, strict=False) if isinstance(t, Variable) and v is not None}
            yield from self.body(rule.body, env, depth)

    def body(self, body: Sequence[Literal], env: Env, depth: int) -> Iterator[Record | Judgement]:
        for literal in body:
            match literal:
                case Holds(atom, False) if atom.relation == "screening":
                    for a in atom.arguments[1:]:
                        self.give(a.term, point(self.charts.domain.screening), env)
                case Holds(atom, False) | Latest(atom, _, False) | Recorded(atom, False):
                    yield from self.row(atom, body, env, depth)
                case Comparison("=", Variable() as given, other):
                    value = _computed(other, env)
                    if value is not None:
                        self.give(given, value, env)
                case Aggregate(body=inner, bound=bound):
                    times = bound.value if isinstance(bound, Number) and bound.unit is None else 1
                    for _ in range(int(times) + self.choices.one((0, 1, -1))):
                        yield from self.body(inner, dict(env), depth)
                case _:
                    pass

    def give(self, term: Term, value: Value, env: Env) -> None:
        if isinstance(term, Variable):
            env.setdefault(term.name, value)

    def row(self, atom: Atom, body: Sequence[Literal], env: Env, depth: int) -> Iterator[Record | Judgement]:
        """A record of which the atom holds."""
        relation = self.charts.vocabulary.relations.get(atom.relation)
        if relation is None:
            values = [env.get(a.term.name) if isinstance(a.term, Variable) else None for a in atom.arguments[1:]]
            yield from self.of(atom.relation, values, depth + 1)
        elif relation.kind is Kind.JUDGEMENT:
            here = point(self.charts.domain.screening)
            asked = [a.term.name for a in atom.arguments if isinstance(a.term, ConceptName)]
            yield from (Judgement(question, "agreed", here, point(LAST_DAY), "dr") for question in asked)
        elif relation.kind is not Kind.KNOWN:
            record = self.charts.record(relation, [])
            values = list(record.values)
            for at, term in self.columns(relation, atom):
                values[at] = self.value(term, values[at], relation.columns[at].type, body, env)
                self.give(term, values[at], env)
            if _is_in_order(relation, values):
                yield replace(record, values=tuple(values))
            if relation.kind is Kind.MEASURE and self.choices.chance(40):  # so that it may or may not be the latest
                another = list(self.charts.record(relation, []).values)
                another[relation.concept_column or 0] = values[relation.concept_column or 0]
                yield replace(record, values=tuple(another))

    def columns(self, relation: Relation, atom: Atom) -> Iterator[tuple[int, Term]]:
        """The columns that are named or written out."""
        for i, a in enumerate(atom.arguments[1:]):
            at = i if a.column is None else relation.position(a.column)
            if at is not None:
                yield at, a.term

    def value(self, term: Term, otherwise: Value, type_: object, body: Sequence[Literal], env: Env) -> Value:
        """What stands in the column: as the term says, or at a limit of what the body asks of its variable, or beside that."""
        match term:
            case Variable(name) if name in env:
                return env[name]
            case Variable(name):
                limits = [self.limit(x, name, isinstance(type_, Dated), env) for x in body]
                telling = [x for x in limits if x is not None]
                return self.choices.one(telling) if telling and not self.choices.chance(15) else otherwise
            case ConceptName(concept):
                return self.member(concept)
            case Day(day):
                return point(day)
            case Number(number):
                return point(number)
            case _:
                return otherwise

    def member(self, concept: str) -> str:
        """A leaf beneath the concept, or now and then a class of which the concept is one."""
        vocabulary = self.charts.vocabulary
        if self.choices.chance(15):
            return self.choices.one(sorted(vocabulary.ancestors[concept]))
        return self.choices.one(sorted(vocabulary.descendants[concept] & vocabulary.leaves))

    def blurred(self, value: Exact, most: int) -> Interval:
        """The value; or now and then an interval that begins or ends there."""
        match self.choices.below(8):
            case 7:
                return Interval(value, value + most, Cause.IMPRECISE)
            case 6:
                return Interval(value - most, value, Cause.IMPRECISE)
            case _:
                return point(value)

    def limit(self, literal: Literal, name: str, is_day: bool, env: Env) -> Value | None:
        """A value at which the literal begins or ceases to hold, or one beside it; None where it asks nothing of the variable."""
        match literal:
            case Membership(Variable(asked), ConceptName(concept)) if asked == name:
                return self.member(concept)
            case Comparison(_, Variable(asked), other) | Comparison(_, other, Variable(asked)) if asked == name:
                match _known(other, env):
                    case str(concept):
                        return self.member(concept)
                    case None:
                        return None
                    case limit:
                        beside = limit + self.choices.one((0, 0, 1, -1))
                        return self.blurred(int(beside) if is_day else beside, 30 if is_day else 5)
            case _:
                return None


def _computed(e: Expression, env: Mapping[str, Value]) -> Value | None:
    """What an equation gives: of a rough date another, as rough."""
    match e:
        case Arithmetic(operator, Variable(name), Length(duration)) if isinstance(day := env.get(name), Interval):
            sign = 1 if operator == "+" else -1
            return replace(day, low=shift(int(day.low), duration, sign), high=shift(int(day.high), duration, sign))
        case _:
            value = _known(e, env)
            return value if isinstance(value, str | None) else point(value)


def _known(e: Expression, env: Mapping[str, Value]) -> Exact | str | None:
    """The value of an expression of constants and of variables that have one."""
    match e:
        case Variable(name):
            given = env.get(name)
            return given.low if isinstance(given, Interval) else given
        case Day(day):
            return day
        case Number(value, unit) if unit not in ("g", "g/d"):  # which are no column's own
            return value
        case ConceptName(concept):
            return concept
        case Arithmetic(operator, left, Length(duration)):
            day = _known(left, env)
            return shift(day, duration, 1 if operator == "+" else -1) if isinstance(day, int) else None
        case _:
            return None


def _is_in_order(relation: Relation, values: Sequence[Value]) -> bool:
    from_, to = relation.position("from"), relation.position("to")
    if from_ is None or to is None:
        return True
    begin, end = values[from_], values[to]
    return isinstance(begin, Interval) and isinstance(end, Interval) and begin.low <= end.low and begin.high <= end.high
