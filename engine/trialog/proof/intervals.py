"""What an author's expressions and rows come to when values may be intervals; written apart from `bounds` on purpose."""

from functools import lru_cache

from trialog.ends import variables
from trialog.plain import Row
from trialog.program import (
    Chosen,
    Compared,
    Const,
    Difference,
    Distinct,
    Expr,
    Given,
    Greatest,
    Least,
    Premise,
    Product,
    Shifted,
    Sort,
    Sum,
    Tallied,
    Tuple,
    Under,
    Var,
)
from trialog.proof.step import Known
from trialog.values import GREATEST, LEAST, Cause, Exact, Interval, shift
from trialog.vocabulary import Coded, ColumnType, Dated


@lru_cache(maxsize=1 << 14)
def a_point(value: Exact, of_days: bool = False) -> Interval:
    """The interval of the one value: of rules, of days and of results, which are the same again and again."""
    return Interval(value, value, None, of_days)


def interval(e: Expr, known: Known) -> Interval | None:
    """What the expression may be, given what is known."""
    match e:
        case Var(name):
            value = known.get(name)
            return value if isinstance(value, Interval) else None
        case Const(value):
            return None if isinstance(value, str) else a_point(value)
        case Shifted(day, by, sign):
            inner = interval(day, known)
            return (
                None
                if inner is None
                else Interval(
                    shift(int(inner.low), by, sign), shift(int(inner.high), by, sign), inner.cause, of_days=True
                )
            )
        case Least(of) | Greatest(of):
            several = [interval(x, known) for x in of]
            given = [v for v in several if v is not None]
            if len(given) < len(several):
                return None
            pick = min if isinstance(e, Least) else max
            return Interval(
                pick(v.low for v in given), pick(v.high for v in given), worse(given[0].cause, given[-1].cause)
            )
        case Sum(left, right) | Difference(left, right) | Product(left, right):
            one, other = interval(left, known), interval(right, known)
            if one is None or other is None:
                return None
            ends: list[Exact]
            match e:
                case Sum():
                    ends = [one.low + other.low, one.high + other.high]
                case Difference():
                    ends = [one.low - other.high, one.high - other.low]
                case Product():
                    ends = [x * y for x in (one.low, one.high) for y in (other.low, other.high)]
            return Interval(min(ends), max(ends), worse(one.cause, other.cause))


def needs(p: Premise) -> set[str]:
    match p:
        case Tuple(_, _, args, _, when):
            return {a.name for a in (*args, when) if isinstance(a, Var)}
        case Under(arg):
            return {arg.name} if isinstance(arg, Var) else set()
        case Distinct(left, right):
            return {left.name, right.name}
        case Compared(_, left, right):
            return variables(left) | variables(right)
        case Given(_, expression):
            return variables(expression)
        case Tallied(_, _, key):
            return {a.name for a in key if isinstance(a, Var)}
        case Chosen():
            return set()


def sort_of(column: ColumnType) -> Sort:
    match column:
        case Dated():
            return Sort.DATE
        case Coded():
            return Sort.CONCEPT
        case _:
            return Sort.NUMBER


def values_of(row: Row, sorts: tuple[Sort, ...], paired: bool) -> tuple["str | Interval", ...]:
    """The row's columns as values: two columns for an interval where `paired`."""
    found: list[str | Interval] = []
    at = 0
    for sort in sorts:
        value = row[at]
        if isinstance(value, str):
            found.append(value)
            at += 1
        elif paired and sort.is_wide:
            high = row[at + 1]
            assert not isinstance(high, str)
            if value == high:
                found.append(a_point(value, sort is Sort.DATE))
            else:
                cause = Cause.MISSING if value <= LEAST or high >= GREATEST else Cause.IMPRECISE
                found.append(Interval(value, high, cause, sort is Sort.DATE))
            at += 2
        else:
            found.append(a_point(value, sort is Sort.DATE))
            at += 1
    return tuple(found)


def in_time(span: Row | None, when: Interval | None) -> tuple[bool, bool]:
    """Whether a stretch of days may hold the day, and whether it surely does."""
    if span is None:
        return True, True
    if when is None:
        return True, False
    since, until = span
    assert not isinstance(since, str) and not isinstance(until, str)
    return since <= when.high and when.low < until, since <= when.low and when.high < until


def comparison(operator: str, one: Interval, other: Interval) -> tuple[bool, bool]:
    """Whether the comparison surely holds, and whether it may."""
    match operator:
        case "<":
            return one.high < other.low, one.low < other.high
        case "<=":
            return one.high <= other.low, one.low <= other.high
        case "=":
            return (
                one.is_point and other.is_point and one.low == other.low,
                one.low <= other.high and other.low <= one.high,
            )
        case _:
            return one.high < other.low or other.high < one.low, not (
                one.is_point and other.is_point and one.low == other.low
            )


def worse(one: Cause | None, other: Cause | None) -> Cause | None:
    for cause in (Cause.MISSING, Cause.CONFLICTING, Cause.IMPRECISE):
        if cause in (one, other):
            return cause
    return None
