"""The reply to a query: rows with their statuses, for each patient, within limits of time and rows."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import override

from trialog.answers import Answers, Screener, Status
from trialog.asking import QUERY, Query
from trialog.charts.chart import Chart
from trialog.charts.files import ReadChart
from trialog.engines.reference import Reference, Rows
from trialog.fetches import CERTAIN, OPEN, POSSIBLE
from trialog.plain import Row
from trialog.plan import Plan
from trialog.problem import Problem
from trialog.program import Sort
from trialog.proof import Explanations, Step
from trialog.proof.intervals import values_of
from trialog.screening import Screened, screen_all
from trialog.values import Exact, Interval

type Value = str | Interval | None
"""A concept, a date or a number that may be an interval, or None where nothing is recorded that would say."""

_MOST_DERIVED = 1_000_000  # rows of one run: more fill the memory before anybody reads them


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a query may take, and how many rows of the reply are kept."""

    seconds: float = 10
    rows: int = 1000


@dataclass(frozen=True, slots=True)
class ReplyRow:
    """What the query's variables may be: met where it holds in every completion of the chart, unknown where in some.

    `found` is the row that was derived; None for one of which nothing is recorded, and which may be there all the same.
    """

    values: tuple[Value, ...]
    status: Status
    patient: str
    found: Row | None


@dataclass(frozen=True)
class Reply:
    """`statuses` are those of a rule with the query for its body: of each patient who was asked, or of the patient `""` where
    background knowledge alone was.

    `may_have_more` are the patients of whom further rows may hold that nothing recorded shows. `left_out` is how many rows were
    found and not kept, `not_asked` are patients of whom nothing is said, and `stopped` says which limit was reached.
    """

    query: Query
    screener: Screener
    rows: tuple[ReplyRow, ...]
    statuses: Mapping[str, Status]
    may_have_more: tuple[str, ...]
    screened: Mapping[str, tuple[Chart, int]]
    refused: tuple[Screened, ...]
    problems: tuple[Problem, ...]
    left_out: int = 0
    not_asked: tuple[str, ...] = ()
    stopped: str = ""
    limits: Limits = Limits()

    @property
    def is_whole(self) -> bool:
        return not self.left_out and not self.stopped

    def why(self, row: ReplyRow) -> Step:
        """Why the row has its status. Raises TimeoutError after as many seconds as the query may take."""
        explanations = self._explanations(row.patient)
        if len(self.query.columns) == 1 and self.query.about_patient:
            return _named(explanations.of(QUERY))
        if row.found is None:
            return _named(explanations.of_no_row(QUERY))
        return _named(explanations.of_row(QUERY, row.found, row.status is Status.MET))

    def why_of(self, patient: str) -> Step:
        """Why a patient has the status that the query has. Raises TimeoutError."""
        row = next((r for r in self.rows if r.patient == patient), None)
        if row is not None:
            return self.why(row)
        explanations = self._explanations(patient)
        one = len(self.query.columns) == 1 and self.query.about_patient
        return _named(explanations.of(QUERY) if one else explanations.of_no_row(QUERY))

    def answers(self, patient: str) -> Answers:
        chart, day = self.screened[patient]
        return self.screener.screen(chart, day)

    def _explanations(self, patient: str) -> Explanations:
        """Explanations of what is asked of the patient, that end in time."""
        until = time.monotonic() + self.limits.seconds
        late = f"there is no explanation after {self.limits.seconds:g} seconds"

        def look() -> None:
            if time.monotonic() > until:
                raise TimeoutError(late)

        unwatched, self.screener.engine = self.screener.engine, _Watched(self.screener.plan, until)
        try:
            return Explanations(self.answers(patient), look)
        except Stopped:
            raise TimeoutError(late) from None
        finally:
            self.screener.engine = unwatched


# -- limits ------------------------------------------------------------------------------------------------------


class Stopped(Exception):  # noqa: N818 (a limit, not a mishap)
    """A limit was reached; the text says which."""


class _Watching(Rows):
    """Rows that look at the clock, and count."""

    def __init__(self, static: Rows, until: float) -> None:
        super().__init__(static)
        self.until = until
        self.asked = 0

    @override
    def matching(self, relation: str, positions: tuple[int, ...], key: Row) -> Iterable[Row]:
        self.asked += 1
        if not self.asked % 256 and time.monotonic() > self.until:
            raise Stopped("time")
        return super().matching(relation, positions, key)

    @override
    def add(self, relation: str, row: Row) -> bool:
        if self.rank >= _MOST_DERIVED:
            raise Stopped("size")
        self.asked += 1
        if not self.asked % 256 and time.monotonic() > self.until:
            raise Stopped("time")
        return super().add(relation, row)


class _Watched(Reference):
    """The reference engine, stopped at a moment."""

    def __init__(self, plan: Plan, until: float) -> None:
        super().__init__(plan)
        self.until = until

    @override
    def fresh(self) -> Rows:
        return _Watching(self.static, self.until)


# -- asking ------------------------------------------------------------------------------------------------------


def reply(
    query: Query,
    readings: Mapping[str, str],
    charts: Iterable[ReadChart],
    as_of: int | None,
    today: int,
    limits: Limits,
) -> Reply:
    """What the query finds: in each of the charts, or in background knowledge alone where it asks of no patient."""
    screener = Screener(query.program, readings, [QUERY])
    unwatched, screener.engine = screener.engine, _Watched(screener.plan, time.monotonic() + limits.seconds)
    waiting = list(charts) if query.about_patient else [ReadChart("", Chart("", today))]
    names = [r.name for r in waiting]
    rows: list[ReplyRow] = []
    statuses: dict[str, Status] = {}
    more: list[str] = []
    screened: dict[str, tuple[Chart, int]] = {}
    refused: list[Screened] = []
    problems: list[Problem] = []
    stopped, done = "", 0
    try:
        for one in screen_all(screener, iter(waiting), as_of, today):
            done += 1
            problems.extend(one.problems)
            if one.answers is None:
                refused.append(one)
                continue
            name = one.answers.chart.patient
            screened[name] = one.answers.chart, one.answers.screening
            found, is_open = _rows(query, one.answers)
            statuses[name] = _status(found, is_open)
            if is_open and found:
                more.append(name)
            rows += found or ([_unrecorded(query, name)] if is_open else [])
            if len(rows) > limits.rows and done < len(waiting):
                stopped = "rows"
                break
    except Stopped as limit:
        stopped = str(limit)
    finally:
        screener.engine = unwatched
    return Reply(
        query,
        screener,
        tuple(rows[: limits.rows]),
        statuses,
        tuple(more),
        screened,
        tuple(refused),
        tuple(problems),
        max(0, len(rows) - limits.rows),
        tuple(names[done:]) if query.about_patient else (),
        stopped,
        limits,
    )


def _rows(query: Query, answers: Answers) -> tuple[list[ReplyRow], bool]:
    """The rows that were derived, those that are certain first, and whether there may be others that nothing recorded shows."""
    patient, rows = answers.chart.patient, answers.rows
    exact = query.derived.is_exact
    certain = rows[QUERY] if exact else rows[f"{CERTAIN} {QUERY}"]
    possible: list[Row] = [] if exact else [r for r in rows[f"{POSSIBLE} {QUERY}"] if r not in certain]
    sorts = tuple(t.sort for t in query.types)
    found = [
        ReplyRow(values_of(row, sorts, paired=not exact), status, patient, row)
        for status, some in ((Status.MET, certain), (Status.UNKNOWN, possible))
        for row in sorted(some, key=_in_order)
    ]
    return found, not exact and (patient,) in rows[f"{OPEN} {QUERY}"]


def _in_order(row: Row) -> tuple[tuple[str, Exact], ...]:
    """Concepts by their names, numbers and dates by their size."""
    return tuple((v, 0) if isinstance(v, str) else ("", v) for v in row)


def _status(found: list[ReplyRow], is_open: bool) -> Status:
    if any(r.status is Status.MET for r in found):
        return Status.MET
    return Status.UNKNOWN if found or is_open else Status.NOT_MET


def _unrecorded(query: Query, patient: str) -> ReplyRow:
    values = tuple(patient if t.sort is Sort.PATIENT else None for t in query.types)
    return ReplyRow(values, Status.UNKNOWN, patient, None)


def _named(step: Step) -> Step:
    """The explanation without the name that a query's relation goes by inside."""
    words = step.says
    for old, new in ((f"no {QUERY}", "nothing fits"), (f"{QUERY}: ", ""), (QUERY, "the query")):
        words = words.replace(old, new)
    return replace(step, says=words, below=tuple(_named(s) for s in step.below))
