"""The numbers that rules mention, and how they compare something with them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from trialog.check.sentences import MIRRORED, Amount, Sign, stated
from trialog.check.statements import Standing
from trialog.source import Span
from trialog.tree import (
    Aggregate,
    Arithmetic,
    Atom,
    Comparison,
    ConceptName,
    ConceptStatement,
    Expression,
    Holds,
    Latest,
    Length,
    Literal,
    Membership,
    Number,
    ReadingIs,
    Recorded,
    Rule,
    Summary,
    literals_within,
)
from trialog.units import ONE, UnitError, unit
from trialog.values import exact


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of a rule, or of the label of a concept that the rule asks for.

    `sign` is how a quantity compares with it where the literal holds, None where nothing is compared; `written` is the sign that
    stands in the text, empty where words say it. `at` is the literal, `number` the place of the number.
    """

    amount: Amount
    sign: Sign | None
    written: str
    at: Span
    number: Span


class Limits:
    """The numbers of rules, and of all that they rest on."""

    def __init__(self, standing: Sequence[Standing]) -> None:
        self.rules: dict[str, list[Rule]] = {}
        self.labels: dict[str, ConceptStatement] = {}
        self.known: dict[Span, tuple[Limit, ...]] = {}
        for s, _ in standing:
            if isinstance(s, Rule):
                self.rules.setdefault(s.head.relation, []).append(s)
            elif isinstance(s, ConceptStatement):
                self.labels.setdefault(s.name, s)

    def of(self, rule: Rule) -> tuple[Limit, ...]:
        if rule.at not in self.known:
            self.known[rule.at] = tuple(self._of(rule))
        return self.known[rule.at]

    def _of(self, rule: Rule) -> Iterator[Limit]:
        if not rule.body:
            yield from _arguments(rule.head)
        literals = literals_within(rule.body)
        asked = [(name, label) for x in literals for name in _concepts(x) if (label := self.labels.get(name.name))]
        for literal in literals:
            for limit in _compared(literal):
                yield limit
                yield from (replace(limit, amount=a) for _, label in asked for a in _converted(limit.amount, label))
        for name, label in asked:
            for s in stated(label.label):
                yield Limit(s.amount, s.sign, "", name.at, name.at)

    def resting(self, rules: Iterable[Rule]) -> list[Rule]:
        """The rules, and all rules of the relations that they rest on. Facts are rules too."""
        found = {r.at: r for r in rules}
        ahead = list(found.values())
        while ahead:
            for literal in literals_within(ahead.pop().body):
                if isinstance(literal, Holds | Latest | Recorded):
                    for below in self.rules.get(literal.atom.relation, ()):
                        if below.at not in found:
                            found[below.at] = below
                            ahead.append(below)
        return list(found.values())


def _converted(amount: Amount, concept: ConceptStatement) -> Iterator[Amount]:
    """The same amount of the concept in the units of another kind that it is known in, such as mmol/L for mg/dL."""
    if amount.unit is None:
        return
    for equality in concept.conversions:
        for here, there in ((equality.left, equality.right), (equality.right, equality.left)):
            try:
                one, other = unit(here.unit or ""), unit(there.unit or "")
            except UnitError:
                continue
            if one.dimension == amount.unit.dimension and one.dimension != other.dimension and here.value:
                times = Fraction(amount.value) * amount.unit.scale / one.scale / Fraction(here.value)
                yield Amount(exact(times * Fraction(there.value)), other)


def _concepts(literal: Literal) -> Iterator[ConceptName]:
    match literal:
        case Holds(atom) | Latest(atom) | Recorded(atom):
            yield from (a.term for a in atom.arguments if isinstance(a.term, ConceptName))
        case Membership(_, concept):
            yield concept
        case Comparison(_, left, right):
            yield from (x for x in (left, right) if isinstance(x, ConceptName))
        case ReadingIs() | Aggregate():
            pass


def _arguments(atom: Atom) -> Iterator[Limit]:
    for a in atom.arguments:
        if isinstance(a.term, Number):
            yield from _limits(a.term, None, "", a.at, rises=True)


def _compared(literal: Literal) -> Iterator[Limit]:
    match literal:
        case Comparison(operator, left, right, at):
            sign = operator if operator in MIRRORED else None
            yield from _limits(left, None if sign is None else MIRRORED[sign], operator, at, rises=True)
            yield from _limits(right, sign, operator, at, rises=True)
        case Aggregate(summary=summary, operator=operator, bound=bound, gap=gap, at=at):
            sign = operator if operator in MIRRORED else None
            yield from _limits(bound, sign, operator, at, rises=True)
            if summary is Summary.COUNT and sign is not None and isinstance(bound, Number):
                # more than 1 is at least 2: both say the same of a whole number
                near, other = {">": (1, ">="), ">=": (-1, ">"), "<": (-1, "<="), "<=": (1, "<")}[sign]
                yield Limit(Amount(bound.value + near, ONE), other, operator, at, bound.at)
            if gap is not None:
                yield Limit(Amount(gap.months or gap.days, None, gap), None, "", at, at)
        case Holds(atom) | Latest(atom) | Recorded(atom):
            yield from _arguments(atom)
        case Membership() | ReadingIs():
            pass


def _limits(e: Expression, sign: Sign | None, written: str, at: Span, rises: bool) -> Iterator[Limit]:
    """The numbers of one side of a comparison; `rises` says whether the side rises with this part of it."""
    own = sign if rises or sign is None else MIRRORED[sign]
    match e:
        case Number(value, unit_, place):
            try:
                yield Limit(Amount(value, unit(unit_ or "")), own, written, at, place)
            except UnitError:
                return
        case Length(duration, place):
            yield Limit(Amount(duration.months or duration.days, None, duration), own, written, at, place)
        case Arithmetic(operator, left, right, place):
            if (whole := _number(e)) is not None:
                yield Limit(whole, own, written, at, place)
            yield from _limits(left, sign, written, at, rises)
            yield from _limits(right, sign, written, at, rises if operator in "+*" else not rises)
        case _:
            pass


def _number(e: Expression) -> Amount | None:
    """What a product or quotient of numbers comes to."""
    match e:
        case Number(value, unit_):
            try:
                return Amount(value, unit(unit_ or ""))
            except UnitError:
                return None
        case Arithmetic("*" | "/" as operator, left, right):
            one, other = _number(left), _number(right)
            if one is None or other is None or one.unit is None or other.unit is None:
                return None
            if operator == "*":
                return Amount(exact(Fraction(one.value) * other.value), one.unit * other.unit)
            return Amount(exact(Fraction(one.value) / other.value), one.unit / other.unit) if other.value else None
        case _:
            return None
