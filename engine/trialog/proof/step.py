"""The lines of an explanation."""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from trialog.answers import Status
from trialog.charts.chart import Place
from trialog.source import Span
from trialog.values import Cause, Interval

type Known = Mapping[str, str | Interval | None]
"""The values of variables: a concept or patient, an interval, or None where an unrecorded tuple leaves it open."""


class Reason(enum.Enum):
    """Why a status is unknown."""

    MISSING = "missing"
    CONFLICTING = "conflicting"
    IMPRECISE = "imprecise"
    AWAITING_JUDGEMENT = "awaiting judgement"


FROM_CAUSE = {Cause.MISSING: Reason.MISSING, Cause.IMPRECISE: Reason.IMPRECISE, Cause.CONFLICTING: Reason.CONFLICTING}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an explanation. `reason` is there where the status is unknown; `below` is what the line rests on."""

    says: str
    status: Status
    reason: Reason | None = None
    below: "tuple[Step, ...]" = ()
    at: Span | None = field(default=None, compare=False, repr=False)  # the rule
    places: tuple[Place, ...] = field(default=(), compare=False, repr=False)  # the records
    dates: Cause | None = None  # why the dates of the record are not single days
    atom: str = ""  # the id of the atom that the line is about


def dates_below(step: Step) -> list[Cause]:
    """Why records that the line rests on are not dated to the day."""
    return [*([step.dates] if step.dates is not None else []), *(d for s in step.below for d in dates_below(s))]


def worst(causes: Iterable[Cause]) -> Cause:
    """Missing before conflicting before imprecise. There is at least one."""
    found = set(causes)
    return next(c for c in (Cause.MISSING, Cause.CONFLICTING, Cause.IMPRECISE) if c in found)


def flattened(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Steps without words of their own give way to what is below them."""
    found: list[Step] = []
    for s in steps:
        for x in (s,) if s.says else s.below:
            if x not in found:
                found.append(x)
    return tuple(found)


def joint(steps: Iterable[Step]) -> Reason | None:
    """The reason of steps together: the first, in the order of `Reason`, that any of the unknown ones has."""
    reasons = {s.reason for s in steps if s.status is Status.UNKNOWN}
    return next((r for r in Reason if r in reasons), None)
