"""What we tell a person about something that is wrong: a code, a claim, a place, and a way out."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field

from trialog.source import Span


class Severity(enum.Enum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Edit:
    """`words` in the place of what is written at `at`."""

    at: Span
    words: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A way out that a machine can take.

    A safe one can mean one thing only, and changes nothing that is asked of a patient (see `docs/decisions`). What has such
    a fix is read as if it were mended, so that nothing else is told because of it. Any other fix is offered: a person chooses.
    """

    says: str
    edits: tuple[Edit, ...]
    is_safe: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `claim` is one line; `label` is a few words at the place, `related` are others with theirs."""

    code: str
    claim: str
    at: Span
    help: str = ""
    quote: str = ""  # the protocol's sentence that the place rests on, where there is one
    related: tuple[tuple[Span, str], ...] = ()
    severity: Severity = field(default=Severity.ERROR)
    label: str = ""
    fixes: tuple[Fix, ...] = ()

    @property
    def safe_fix(self) -> Fix | None:
        """The fix that may be made without asking."""
        return next((f for f in self.fixes if f.is_safe), None)


def near(word: str, known: Iterable[str]) -> list[str]:
    """The names that are spelled most like `word`, the nearest first; those much farther than the nearest are left out."""
    from difflib import SequenceMatcher, get_close_matches

    folded = {name.casefold(): name for name in sorted(set(known), reverse=True) if name != word}
    found = get_close_matches(word.casefold(), folded, n=3, cutoff=0.6)
    likeness = [SequenceMatcher(None, name, word.casefold()).ratio() for name in found]
    return [folded[name] for name, like in zip(found, likeness, strict=True) if like > likeness[0] - 0.2]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence that suggests the names nearest to `word`; empty where none is near."""
    found = near(word, known)
    return f"did you mean {' or '.join(f'`{name}`' for name in found)}?" if found else ""
