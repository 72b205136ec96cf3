"""What we tell a person about something that is wrong: a code, a claim, a place, and a way out."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field

from trialog.source import Span


class Severity(enum.Enum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `claim` is one line; `related` are other places with a few words each."""

    code: str
    claim: str
    at: Span
    help: str = ""
    quote: str = ""  # the protocol's sentence that the place rests on, where there is one
    related: tuple[tuple[Span, str], ...] = ()
    severity: Severity = field(default=Severity.ERROR)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence that suggests the names nearest to `word`; empty where none is near."""
    from difflib import get_close_matches

    near = get_close_matches(word, sorted(set(known)), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else ""
