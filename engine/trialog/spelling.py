"""Names that somebody misspelt: which are near, and which one it must have been."""

from collections.abc import Iterable

from trialog.problem import Edit, Fix, near
from trialog.source import Span

_SHORTEST = 5  # a slip in a shorter word may well be another word


def slip_of(word: str, known: Iterable[str]) -> str | None:
    """The one known name of which `word` is a slip of the pen; None where there is none, or where there is a choice.

    A slip leaves one letter or `_` out, doubles or adds one, or swaps two neighbours. It does not replace a letter, and it does not
    touch a digit, a short word or a first letter: `at_least_5`, `alt` and `asymptomatic` are not slips of `at_least_55`, `ast`
    and `symptomatic`. No other name may be nearly as near.
    """
    names = set(known)
    slips = [name for name in names if _is_slip(word, name)]
    if len(slips) != 1 or any(_within_two(word, name) for name in names if name != slips[0]):
        return None
    return slips[0]


def respelt(at: Span, known: Iterable[str], may_mend: bool = True) -> tuple[Fix, ...]:
    """The names that may have been meant at a place, as fixes; a single safe one where `slip_of` knows which it was."""
    names = list(known)
    slip = slip_of(at.words, names) if may_mend else None
    return tuple(
        Fix(f"write `{name}`", (Edit(at, name),), is_safe=name == slip)
        for name in ([slip] if slip is not None else near(at.words, names))
    )


def asked(fixes: Iterable[Fix]) -> str:
    """The fixes as a question."""
    words = [f"`{edit.words}`" for fix in fixes for edit in fix.edits]
    return f"did you mean {' or '.join(words)}?" if words else ""


def _is_slip(word: str, name: str) -> bool:
    shorter, longer = sorted((word, name), key=len)
    i = next((k for k, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    if len(longer) == len(shorter) + 1:
        touched = longer[i]
        same = shorter[i:] == longer[i + 1 :]
    elif len(longer) == len(shorter) and i + 1 < len(word):
        touched = word[i : i + 2]
        same = word[i] == name[i + 1] and word[i + 1] == name[i] and word[i + 2 :] == name[i + 2 :]
    else:
        return False
    if not same or any(c.isdigit() for c in touched):
        return False
    if "_" in touched:
        return len(name) >= 2 * _SHORTEST
    begins = name.rfind("_", 0, i) + 1
    ends = name.find("_", i)
    part = name[begins : ends if ends >= 0 else len(name)]
    return i > begins and len(part) >= _SHORTEST


def _within_two(word: str, name: str) -> bool:
    """Whether two letters left out, added or replaced lead from one to the other."""
    if abs(len(word) - len(name)) > 2:
        return False
    row = list(range(len(name) + 1))
    for i, a in enumerate(word, 1):
        above, row[0] = row[0], i
        for j, b in enumerate(name, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
    return row[-1] <= 2
