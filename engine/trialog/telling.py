"""Which values tell: where the comparisons of a program turn round, for each column of a chart's relations.

A column's values reach comparisons through the heads of rules; each comparison is asked at which value of the one variable its
answer turns, the others having the values that the chart and the knowledge base give them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, pairwise, product

from trialog.answers import Answers
from trialog.ends import variables
from trialog.program import (
    Clause,
    Compared,
    Const,
    Difference,
    Expr,
    Given,
    Greatest,
    Least,
    Product,
    Shifted,
    Source,
    Sum,
    Tallied,
    Tuple,
    Under,
    Var,
)
from trialog.proof.intervals import interval
from trialog.values import FIRST_DAY, LAST_DAY, Duration, Exact, Interval, exact, point, shift
from trialog.vocabulary import Dated, Kind

_MOST_COMBINATIONS = 48  # of other variables' values, for one comparison

type Origin = tuple[str, str, int]
"""A relation, the concept that its rows are about ("" where none is), and a column after the patient."""


@dataclass(frozen=True, slots=True)
class Length:
    """The days of two columns span a period whose length is compared with `bound`."""

    begin: frozenset[Origin]
    end: frozenset[Origin]
    bound: Duration


class Telling:
    """The telling values of the rules that some relations rest on."""

    def __init__(self, answers: Answers, clauses: Iterable[Clause]) -> None:
        self.answers = answers
        self.program = answers.screener.program
        self.vocabulary = self.program.vocabulary
        self.clauses = tuple(clauses)
        self.heads: dict[tuple[str, int], set[Origin]] = {}
        growing = True
        while growing:
            size = sum(map(len, self.heads.values()))
            for clause in self.clauses:
                of = self.origins(clause)
                for i, arg in enumerate(clause.args):
                    if isinstance(arg, Var):
                        self.heads.setdefault((clause.relation, i), set()).update(of.get(arg.name, ()))
            growing = size != sum(map(len, self.heads.values()))
        self.of = [(clause, self.origins(clause), expanded(clause)) for clause in self.clauses]
        self.lengths = tuple(self._lengths())
        self._known: dict[tuple[str, str, int], tuple[Exact, ...]] = {}

    def origins(self, clause: Clause) -> Mapping[str, set[Origin]]:
        """Of each variable of the clause: the columns that its values come from."""
        found: dict[str, set[Origin]] = {}
        for p in clause.body:
            if not isinstance(p, Tuple):
                continue
            relation = self.vocabulary.relations.get(p.relation)
            for i, arg in enumerate(p.args):
                if not isinstance(arg, Var):
                    continue
                into = found.setdefault(arg.name, set())
                if p.relation == "screening":
                    into.add(("screening", "", i - 1))
                elif relation is None:
                    into |= self.heads.get((p.relation, i), set())
                elif relation.kind is Kind.KNOWN:
                    into.add((p.relation, "", i))
                elif i:
                    into |= {(p.relation, c, i - 1) for c in self.concepts(p, clause)}
        return found

    def concepts(self, p: Tuple, clause: Clause) -> tuple[str, ...]:
        """What rows that fit a chart's literal are about: the concepts that the clause names for it, or the root."""
        relation = self.vocabulary.relations[p.relation]
        if relation.kind is Kind.ATTRIBUTE or relation.concept_column is None:
            return ("",)
        arg = p.args[relation.concept_column + 1]
        if isinstance(arg, Const):
            return (str(arg.value),)
        classes = tuple(u.concept for u in clause.body if isinstance(u, Under) and not u.negated and u.arg == arg)
        return classes or (getattr(relation.columns[relation.concept_column].type, "root", ""),)

    def _lengths(self) -> Iterator[Length]:
        for clause, _, _ in self.of:
            for p in clause.body:
                if isinstance(p, Tallied) and isinstance(p.bound, Duration):
                    width = len(p.key)
                    begin = frozenset(self.heads.get((p.relation, width), ()))
                    yield Length(begin, frozenset(self.heads.get((p.relation, width + 1), ())), p.bound)

    # -- where comparisons turn ----------------------------------------------------------------------------------

    def turns(self, relation: str, concept: str, column: int) -> tuple[Exact, ...]:
        """The values at which some comparison of the column turns: of days the first on the later side."""
        key = (relation, concept, column)
        if key not in self._known:
            dated = isinstance(self.vocabulary.relations[relation].columns[column].type, Dated)
            found: set[Exact] = set()
            for _, of, comparisons in self.of:
                for comparison in comparisons:
                    for name in variables(comparison.left) | variables(comparison.right):
                        if any(self.fits(o, key) for o in of.get(name, ())):
                            found |= set(self.turns_in(comparison, name, dated, of))
            if dated:
                found |= set(self.ends_of_lengths(key))
                found |= {self.answers.screening + 1}
            self._known[key] = tuple(sorted(found))
        return self._known[key]

    def fits(self, origin: Origin, key: Origin) -> bool:
        if origin[0] != key[0] or origin[2] != key[2]:
            return False
        below = self.vocabulary.descendants
        one, other = below.get(origin[1]), below.get(key[1])
        return one is None or other is None or bool(one & other)

    def turns_in(self, comparison: Compared, name: str, dated: bool, of: Mapping[str, set[Origin]]) -> Iterator[Exact]:
        others = sorted((variables(comparison.left) | variables(comparison.right)) - {name})
        options = [self.values(of.get(o, set())) for o in others]
        for combination in islice(product(*options), _MOST_COMBINATIONS):
            known = dict(zip(others, combination, strict=True))
            if dated:
                yield from _turning_days(comparison, name, known)
            else:
                yield from _turning_numbers(comparison, name, known)

    def values(self, origins: Iterable[Origin]) -> list[Exact]:
        """The values that a variable may have by what is recorded and known; one that stands for any where there is none."""
        found: dict[Exact, None] = {}
        dated = False
        for relation, concept, column in sorted(origins):
            if relation == "screening":
                found[self.answers.screening] = None
                continue
            declared = self.vocabulary.relations[relation]
            if declared.kind is Kind.KNOWN:
                found |= dict.fromkeys(
                    v for f in self.program.known[relation] if not isinstance(v := f.values[column], str)
                )
                continue
            dated = isinstance(declared.columns[column].type, Dated)
            for row, _ in self.answers.facts.get(f"possible {relation}", {}).items():
                values = _values(row[1:], declared.columns)
                about = declared.concept_column
                if concept and about is not None and not self.vocabulary.is_a(str(values[about]), concept):
                    continue
                value = values[column]
                if isinstance(value, Interval):
                    found |= dict.fromkeys(v for v in (value.low, value.high) if abs(v) < 10**20)
        if dated:
            found.pop(FIRST_DAY, None)
            found.pop(LAST_DAY, None)
        return list(found) or ([self.answers.screening] if dated else [1])

    def ends_of_lengths(self, key: Origin) -> Iterator[Exact]:
        """The days with which a period is just long enough, its other end being one that is recorded, or the screening."""
        for length in self.lengths:
            for mine, theirs, sign in ((length.begin, length.end, -1), (length.end, length.begin, 1)):
                if any(self.fits(o, key) for o in mine):
                    for day in {*self.values(theirs), self.answers.screening}:
                        if FIRST_DAY < day < LAST_DAY:
                            end = shift(int(day), length.bound, sign)
                            yield from (end - 1, end, end + 1)


def _values(row: tuple[str | Exact, ...], columns: Iterable[object]) -> list[str | Interval]:
    found: list[str | Interval] = []
    rest = iter(row)
    for _ in columns:
        value = next(rest)
        found.append(value if isinstance(value, str) else Interval(value, exact(Fraction(next(rest)))))  # type: ignore[arg-type]
    return found


def expanded(clause: Clause) -> tuple[Compared, ...]:
    """The clause's comparisons with values worked out put in their places; and what a day of a `latest` is held against."""
    given = {p.variable.name: p.expression for p in clause.body if isinstance(p, Given)}

    def inside(e: Expr) -> Expr:
        match e:
            case Var(name):
                return inside(given[name]) if name in given else e
            case Const():
                return e
            case Shifted(day):
                return replace(e, date=inside(day))
            case Least(of) | Greatest(of):
                return replace(e, of=tuple(inside(x) for x in of))
            case Sum(left, right) | Difference(left, right) | Product(left, right):
                return replace(e, left=inside(left), right=inside(right))

    compared = [p for p in clause.body if isinstance(p, Compared)]
    asked_at = [
        Compared("<=", Var(on.name), p.when)
        for p in clause.body
        if isinstance(p, Tuple) and p.source is Source.LATEST and p.when is not None
        for on in p.args[-1:]
        if isinstance(on, Var)
    ]
    return tuple(Compared(c.operator, inside(c.left), inside(c.right)) for c in (*compared, *asked_at))


def _at(e: Expr, name: str, value: Exact, known: Mapping[str, Exact]) -> Exact | None:
    values = {n: point(v) for n, v in {**known, name: value}.items()}
    found = interval(e, values)
    return found.low if found is not None else None


def _turning_numbers(c: Compared, name: str, known: Mapping[str, Exact]) -> Iterator[Exact]:
    at: list[Fraction] = []
    for x in (0, 1, 2):
        try:
            left, right = _at(c.left, name, x, known), _at(c.right, name, x, known)
        except (ValueError, OverflowError):
            return
        if left is None or right is None:
            return
        at.append(Fraction(left) - Fraction(right))
    slope = at[1] - at[0]
    if slope and at[2] - at[1] == slope:
        yield exact(-at[0] / slope)


def _turning_days(c: Compared, name: str, known: Mapping[str, Exact]) -> Iterator[Exact]:
    """The first days on which `left` is no longer less than, or at most, `right`, or is so for the first time."""

    def holds(day: int, strictly: bool) -> bool:
        left, right = _at(c.left, name, day, known), _at(c.right, name, day, known)
        assert left is not None and right is not None, "every variable has a value"
        return left < right if strictly else left <= right

    if any(not FIRST_DAY <= v <= LAST_DAY for v in known.values()):
        return
    for strictly in (True, False):
        low, high = FIRST_DAY, LAST_DAY
        try:
            first = holds(low, strictly)
            if holds(high, strictly) is first:
                continue
            while high - low > 1:
                middle = (low + high) // 2
                if holds(middle, strictly) is first:
                    low = middle
                else:
                    high = middle
        except (ValueError, OverflowError, AssertionError):
            return
        yield high


def cells(turns: Iterable[Exact], within: Interval, dated: bool, step: Exact | None = None) -> list[Interval]:
    """The interval in pieces within which no comparison turns: of numbers each turning point by itself, and what is beside it."""
    inside = sorted({t for t in turns if within.low <= t <= within.high})
    found: list[tuple[Exact, Exact]] = []
    low = within.low
    if dated:
        for t in inside:
            if t > low:
                found.append((low, t - 1))
                low = t
        found.append((low, within.high))
    else:
        gap = step if step is not None else _step(inside)
        for t in inside:
            if exact(t - gap) >= low:
                found.append((low, exact(t - gap)))
            found.append((t, t))
            low = exact(t + gap)
        if low <= within.high:
            found.append((low, within.high))
    return [Interval(a, b, within.cause if a < b else None, of_days=dated) for a, b in found]


def _step(turns: list[Exact]) -> Exact:
    """So little beside a turning point that no other lies between."""
    gaps = [b - a for a, b in pairwise(turns)]
    step = Fraction(1, 10)
    while any(step * 2 >= g for g in gaps) or any(0 < t <= step for t in turns):
        step /= 10
    return exact(step)
