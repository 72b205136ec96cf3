"""Problems as text: the code, the claim, the person's own lines with the places marked, the way out, and what it changes."""

import os
import re
import textwrap
from collections import Counter
from collections.abc import Iterable

from trialog.problem import Fix, Problem, Severity
from trialog.render.snippets import Mark, Piece, Row, Shown, last_line, snippet
from trialog.source import Span

_RED, _YELLOW, _GREEN, _BLUE, _BOLD, _PLAIN = "\033[31m", "\033[33m", "\033[32m", "\033[34m", "\033[1m", "\033[0m"
_LONGEST_QUOTE = 160
_MOST_ALIKE = 3  # places of which the same is said
_QUOTED = re.compile(r"`[^`]{1,40}`")


def shows_colour(stream: object) -> bool:
    """Whether the stream is a terminal that shows colours, and the person has not said otherwise."""
    is_terminal = bool(getattr(stream, "isatty", lambda: False)())
    return is_terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def render(problem: Problem, colour: bool = False, width: int = 80) -> str:
    """The problem as several lines of at most `width` columns, without a line end."""
    strong = _RED if problem.severity is Severity.ERROR else _YELLOW
    looks = {"primary": strong, "secondary": _BLUE, "gutter": _BLUE, "claim": _BOLD, "old": _RED, "new": _GREEN}
    rows = [*_claim(problem, width), *_places(problem, width)]
    gutter = _gutter(problem)
    hidden = len(problem.related) - len(_shown(problem))
    if hidden:
        rows += _note("note", f"and in {hidden} more place{'s' * (hidden != 1)}", gutter, width)
    if problem.quote:
        quoted = textwrap.shorten(problem.quote, _LONGEST_QUOTE, placeholder=" …")
        rows += _note("the protocol", quoted, gutter, width)
    if problem.help:
        rows += _note("help", problem.help, gutter, width)
    if problem.safe_fix is not None:
        rows += _changes(problem.safe_fix, gutter, width)
    return "\n".join(_written(row, looks if colour else {}) for row in rows)


def _written(row: Row, looks: dict[str, str]) -> str:
    painted = [f"{looks[p.look]}{p.text}{_PLAIN}" if p.look in looks and p.text else p.text for p in row]
    return "".join(painted).rstrip()


def _filled(words: str, width: int, first: str, following: str) -> list[str]:
    """The words as lines; short quotations of what somebody wrote are not broken."""
    kept = _QUOTED.sub(lambda found: found[0].replace(" ", "\0"), _clean(words))
    lines = textwrap.wrap(kept, width, initial_indent=first, subsequent_indent=following, break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines]


def _claim(problem: Problem, width: int) -> list[Row]:
    head = f"{problem.severity.value}[{problem.code}]"
    first, *rest = _filled(f"{head}: {problem.claim}", width, "", "  ")
    return [
        (Piece(head, "primary"), Piece(first[len(head) : len(head) + 2]), Piece(first[len(head) + 2 :], "claim")),
        *((Piece(line, "claim"),) for line in rest),
    ]


def _clean(words: str) -> str:
    """The words with nothing in them that a terminal would obey."""
    return "".join(Shown.of(words).pieces)


def _shown(problem: Problem) -> list[tuple[Span, str]]:
    """The related places, but for those after the first few of which the same is said."""
    said = Counter[str]()
    shown = []
    for at, words in problem.related:
        said[words] += 1
        if said[words] <= _MOST_ALIKE:
            shown.append((at, words))
    return shown


def _gutter(problem: Problem) -> int:
    """How many digits the greatest line number has that is shown."""
    places = [problem.at, *(at for at, _ in _shown(problem))]
    return len(str(max((last_line(at) for at in places if at.source.text), default=1)))


def _places(problem: Problem, width: int) -> list[Row]:
    """Where the problem is, and the other places; those in one source together, the problem's own first."""
    marks = [Mark(problem.at, _clean(problem.label), True)]
    marks += [Mark(at, _clean(words), False) for at, words in _shown(problem) if (at, words) != (problem.at, "")]
    gutter = _gutter(problem)
    rows: list[Row] = []
    for source in dict.fromkeys(m.at.source for m in marks):
        here = [m for m in marks if m.at.source == source]
        arrow = Piece(f"{'':>{gutter}} --> ", "gutter")
        if not source.text:
            words = ", ".join(m.words for m in here if m.words)
            rows.append((arrow, Piece(source.name + (f": {words}" if words else ""))))
            continue
        rows.append((arrow, Piece(str(here[0].at))))
        rows += snippet(here, width, gutter)
    return rows


def _note(what: str, words: str, gutter: int, width: int) -> list[Row]:
    before = f"{'':>{gutter}} = "
    indent = " " * (len(before) + len(what) + 2)
    lines = _filled(f"{what}: {words}", max(width, 40), before, indent)
    return [(Piece(line[: len(before)], "gutter"), Piece(line[len(before) :])) for line in lines]


# -- what a fix changes ------------------------------------------------------------------------------------------


def _changes(fix: Fix, gutter: int, width: int) -> list[Row]:
    """The lines that a fix changes, as they are and as they would be."""
    rows: list[Row] = []
    source = fix.edits[0].at.source
    lines = sorted({edit.at.line for edit in fix.edits})
    for number in lines:
        start, old = source.offset(number), source.line(number)
        new, shift, first = old, 0, len(old)
        for edit in sorted((e for e in fix.edits if e.at.line == number), key=lambda e: e.at.start):
            begin, end = edit.at.start - start + shift, edit.at.end - start + shift
            new = new[:begin] + edit.words + new[end:]
            first, shift = min(first, begin), shift + len(edit.words) - (end - begin)
        room = width - gutter - 3
        shown = Shown.of(old), Shown.of(new)
        low = 0
        if max(s.width for s in shown) > room:
            low = max(0, min(shown[0].column(min(first, len(old))) - room // 2, max(s.width for s in shown) - room))
        for sign, text, look in zip("-+", shown, ("old", "new"), strict=True):
            rows.append(
                (Piece(f"{number:>{gutter}} {sign} ", look), Piece(text.cut(low, min(low + room, text.width)), look))
            )
    return rows


def summary(problems: Iterable[Problem]) -> str:
    """How many errors and warnings there are, in words."""
    found = list(problems)
    errors = sum(p.severity is Severity.ERROR for p in found)
    warnings = len(found) - errors
    parts = [f"{errors} error{'s' * (errors != 1)}"] * bool(errors) + [
        f"{warnings} warning{'s' * (warnings != 1)}"
    ] * bool(warnings)
    return " and ".join(parts) or "no problems"
