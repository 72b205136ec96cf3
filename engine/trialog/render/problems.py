"""Problems as text: the code, the claim, the person's own line with the place marked, and the way out."""

import os
from collections.abc import Iterable

from trialog.problem import Problem, Severity
from trialog.source import Span

_RED, _YELLOW, _BLUE, _BOLD, _PLAIN = "\033[31m", "\033[33m", "\033[34m", "\033[1m", "\033[0m"
_WIDEST = 160


def shows_colour(stream: object) -> bool:
    """Whether the stream is a terminal that shows colours, and the person has not said otherwise."""
    is_terminal = bool(getattr(stream, "isatty", lambda: False)())
    return is_terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def render(problem: Problem, colour: bool = False) -> str:
    """The problem as several lines, without a line end."""
    red, blue, bold, plain = (
        (_RED if problem.severity is Severity.ERROR else _YELLOW, _BLUE, _BOLD, _PLAIN) if colour else ("",) * 4
    )
    lines = [f"{red}{problem.severity.value}[{problem.code}]{plain}: {bold}{problem.claim}{plain}"]
    lines += _place(problem.at, "", blue, plain)
    for span, words in problem.related:
        lines += _place(span, words, blue, plain)
    if problem.quote:
        quoted = " ".join(problem.quote.split())
        lines.append(f"  {blue}={plain} the protocol: {quoted[:_WIDEST]}{'…' if len(quoted) > _WIDEST else ''}")
    if problem.help:
        lines.append(f"  {blue}={plain} help: {problem.help}")
    return "\n".join(lines)


def _place(at: Span, words: str, blue: str, plain: str) -> list[str]:
    if not at.source.text:
        return [f"  {blue}-->{plain} {at.source.name}" + (f": {words}" if words else "")]
    line, column = at.source.line_and_column(at.start)
    text = at.source.line(line).replace("\t", " ")
    width = max(1, min(at.end, at.start + len(text) - column + 1) - at.start)
    begin = max(0, column - 1 - 60) if len(text) > _WIDEST else 0
    shown = text[begin : begin + _WIDEST]
    gutter = " " * len(str(line))
    mark = " " * (column - 1 - begin) + "^" * max(1, min(width, len(shown) - (column - 1 - begin)))
    return [
        f"{gutter} {blue}-->{plain} {at.source.name}:{line}:{column}",
        f"{blue}{line} |{plain} {shown}",
        f"{gutter} {blue}|{plain} {mark}{' ' + words if words else ''}".rstrip(),
    ]


def summary(problems: Iterable[Problem]) -> str:
    """How many errors and warnings there are, in words."""
    found = list(problems)
    errors = sum(p.severity is Severity.ERROR for p in found)
    warnings = len(found) - errors
    parts = [f"{errors} error{'s' * (errors != 1)}"] * bool(errors) + [
        f"{warnings} warning{'s' * (warnings != 1)}"
    ] * bool(warnings)
    return " and ".join(parts) or "no problems"
