"""A datum: something that could be asked for, how it may turn out, and which rules ask for it.

It is one of these, and `Ask` names them: the last result of a measure, where none is recorded; an entry of a record that
is missing or imprecise; a review of a history; a signature; an attribute; whether an unconfirmed record holds; which of several
records that contradict each other is right.
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from trialog.answers import Screener
from trialog.efforts import Effort
from trialog.outcomes import Outcome
from trialog.program import Chosen, Clause, ProtocolAtom, clauses_beneath


class Ask(enum.Enum):
    """The kinds of data that can be asked for."""

    RESULT = "result"
    ENTRY = "entry"
    HISTORY = "history"
    SIGNATURE = "signature"
    ATTRIBUTE = "attribute"
    CONFIRMATION = "confirmation"
    CONFLICT = "conflict"
    # What is recorded, for those who ask what would have to be otherwise (`near.py`):
    DECISION = "decision"
    VALUE = "value"
    DATE = "date"
    LESS = "a record less"
    MORE = "a record more"


@dataclass(frozen=True, slots=True)
class Datum:
    """Something to be asked for. `outcomes` are the ways in which it may turn out; `left_out` counts those that were not tried."""

    ask: Ask
    relation: str
    concept: str
    says: str
    effort: Effort
    outcomes: tuple[Outcome, ...]
    atoms: tuple[ProtocolAtom, ...]
    left_out: int = 0
    is_counted: bool = False  # what it turns out to be can open again what was decided without it


def in_force(screener: Screener, relations: Iterable[str]) -> tuple[Clause, ...]:
    """The clauses that the relations rest on, under the screener's readings."""
    read = screener.readings
    so = (
        c for c in screener.program.clauses if all(read[p.reading] == p.option for p in c.body if isinstance(p, Chosen))
    )
    return clauses_beneath(so, relations)
