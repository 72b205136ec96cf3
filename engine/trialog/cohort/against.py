"""Two runs over the same patients: whose verdicts and statuses differ."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from trialog.charts.files import nowhere
from trialog.charts.store import StoreError
from trialog.cohort.answered import Answered, Query, name
from trialog.problem import Problem

_MOST_EXAMPLES = 3
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Crossed:
    """How many go from one verdict or status to another, and the first of them by name."""

    was: str
    now: str
    patients: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alone:
    """Who is in one run only: how many, and the first of them by name."""

    patients: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """`verdicts` of each cohort say who stays, too; `statuses` say of each column who changes. `columns` are in one run only."""

    patients: int
    here: Alone
    there: Alone
    verdicts: Mapping[str, tuple[Crossed, ...]]
    statuses: Mapping[str, tuple[Crossed, ...]]
    columns: tuple[str, ...]


def difference(
    query: Query, mine: Answered, other: Answered, cohorts: Iterable[str], columns: Iterable[str]
) -> Difference:
    """From the answers `mine` to those of `other`. Raises StoreError where no patient is in both, or a verdict is not."""
    cohorts, asked = tuple(cohorts), tuple(columns)
    for run in (mine, other):
        run.require(f"verdict_{c}" for c in cohorts)
    common = [c for c in asked if c in mine.columns & other.columns]
    verdicts: dict[str, dict[tuple[str, str], Crossed]] = {c: {} for c in cohorts}
    statuses: dict[str, dict[tuple[str, str], Crossed]] = {c: {} for c in common}
    patients, here, there = 0, Alone(0, ()), Alone(0, ())
    for left, right in _parts(mine, other):
        both = f"{left} l JOIN {right} r USING (patient)"
        changed = [f"count_if(l.{name(c)} <> r.{name(c)})" for c in common]
        ((count, *differing),) = query(f"SELECT {', '.join(['count(*)', *changed])} FROM {both}")
        patients += count
        here = _more(here, query, left, right)
        there = _more(there, query, right, left)
        for c in cohorts if count else ():
            _add(verdicts[c], query, both, name(f"verdict_{c}"), "")
        for c, n in zip(common, differing, strict=True):
            if n:
                _add(statuses[c], query, both, name(c), f"WHERE l.{name(c)} <> r.{name(c)}")
    if not patients:
        claim = f"no patient of `{mine.path}` is in `{other.path}`"
        raise StoreError(Problem("E645", claim, nowhere(other.path), "give two runs over the same charts"))
    return Difference(
        patients,
        here,
        there,
        {c: _sorted(found) for c, found in verdicts.items()},
        {c: _sorted(found) for c, found in statuses.items() if found},
        tuple(c for c in asked if c not in common),
    )


def _parts(mine: Answered, other: Answered) -> Iterator[tuple[str, str]]:
    """Bucket by bucket where both are cut in the same way: a patient's bucket then has the same number."""
    if mine.buckets != other.buckets:
        yield mine.rows(), other.rows()
    else:
        for number in range(mine.buckets):
            yield mine.rows(number), other.rows(number)


def _add(found: dict[tuple[str, str], Crossed], query: Query, both: str, column: str, where: str) -> None:
    statement = (
        f"SELECT l.{column}, r.{column}, count(*), min(patient, {_MOST_EXAMPLES}) FROM {both} {where} GROUP BY ALL"
    )
    for was, now, count, examples in query(statement):
        before = found.get((was, now), Crossed(was, now, 0, ()))
        names = tuple(sorted((*before.examples, *examples))[:_MOST_EXAMPLES])
        found[was, now] = Crossed(was, now, before.patients + int(count), names)


def _more(before: Alone, query: Query, left: str, right: str) -> Alone:
    statement = f"SELECT count(*), min(patient, {_MOST_NAMED}) FROM {left} l ANTI JOIN {right} r USING (patient)"
    ((count, names),) = query(statement)
    return Alone(before.patients + int(count), tuple(sorted((*before.names, *(names or ())))[:_MOST_NAMED]))


def _sorted(found: Mapping[tuple[str, str], Crossed]) -> tuple[Crossed, ...]:
    return tuple(sorted(found.values(), key=lambda c: (-c.patients, c.was, c.now)))
