"""A chart: what is recorded of one patient, each record with the place it was read from."""

import enum
from dataclasses import dataclass, field

from trialog.values import Interval

type Value = Interval | str
"""An interval of days (ordinals) or of numbers in the column's unit; or the name of a concept.

A concept that nobody recorded is the root of its column: something under it, not known what.
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record was read: the file, its line (0 where lines mean nothing), and a path inside it (`entry[3]`)."""

    file: str
    line: int = 0
    path: str = ""

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        return f"{self.file}{line}" + (f" {self.path}" if self.path else "")


class Standing(enum.Enum):
    """How far a record is to be believed."""

    CONFIRMED = "confirmed"
    # It may be so: a provisional diagnosis, a preliminary result, an order not known to be taken.
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class Record:
    """One row of an event, a measure or an attribute; `values` in the order of the relation's columns."""

    relation: str
    values: tuple[Value, ...]
    standing: Standing = Standing.CONFIRMED
    place: Place = field(default=Place(""), compare=False)
    words: str = field(default="", compare=False)  # the record in its own words, as proofs show it


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision of the investigator, signed by `by` on `on`; it counts until `until`, both included."""

    question: str
    decision: str  # `agreed` or `refused`
    on: Interval
    until: Interval
    by: str
    place: Place = field(default=Place(""), compare=False)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Everything of `relation` under `concept` that happened up to `through` is in the chart."""

    relation: str
    concept: str
    through: Interval
    place: Place = field(default=Place(""), compare=False)


@dataclass(frozen=True, slots=True)
class Denied:
    """An explicit "no": nothing of `relation` under `concept` happened up to `through`."""

    relation: str
    concept: str
    through: Interval
    place: Place = field(default=Place(""), compare=False)


@dataclass(frozen=True, slots=True)
class SetAside:
    """A record that was read and does not count, and why: entered in error, not in the vocabulary, cancelled."""

    what: str
    why: str
    place: Place


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything recorded of one patient. `screening` is the reference date, None where the run must give it."""

    patient: str
    screening: int | None
    records: tuple[Record, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    reviewed: tuple[Reviewed, ...] = ()
    denied: tuple[Denied, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    file: str = ""
