"""Text to tokens, each with its place."""

import re
from dataclasses import dataclass

from trialog.problem import Problem
from trialog.source import Source, Span


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is one of name, variable, number, date, text, unit, label, sign, end; `words` is the token as written."""

    kind: str
    words: str
    at: Span


_TOKEN = re.compile(
    r"""(?P<space>[\s]+|%[^\n]*)
    |(?P<date>\d{4}-\d{2}-\d{2}(?![\w-]))
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<variable>[A-Z][A-Za-z0-9_]*|_(?![A-Za-z0-9_]))
    |(?P<name>[a-z][a-z0-9_]*(?![A-Za-z0-9_]))
    |(?P<text>"[^"\n]*")
    |(?P<unit>'[^'\n]*')
    |(?P<label>@(?:[A-Z][A-Za-z0-9_]*)?)
    |(?P<sign>\.\.|:-|!=|<=|>=|[=<>+\-*/(){}\[\],:.|])""",
    re.VERBOSE,
)
_INSTEAD = {
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "×": "*",
    "÷": "/",
    "–": "-",
    "−": "-",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
}


def tokens(source: Source, start: int, end: int) -> tuple[list[Token], list[Problem]]:
    """The tokens of `source` from `start` to `end`, closed by one of kind `end`; what is no token is a problem."""
    found: list[Token] = []
    problems: list[Problem] = []
    at = start
    while at < end:
        match = _TOKEN.match(source.text, at, end)
        if match is None:
            problems.append(_stray(source, at))
            rest = source.text.find("\n", at, end) if source.text[at] in "\"'" else -1
            at = at + 1 if rest < 0 else rest
            continue
        kind = match.lastgroup or "sign"
        if kind != "space":
            found.append(Token(kind, match.group(), Span(source, at, match.end())))
        at = match.end()
    found.append(Token("end", "the end of the block", Span(source, end, end)))
    return found, problems


def _stray(source: Source, at: int) -> Problem:
    char = source.text[at]
    if char in "\"'":
        what = "text" if char == '"' else "unit"
        return Problem(
            "E102", f"this {what} has no end", Span(source, at, at + 1), f"close it with `{char}` on the same line"
        )
    help_ = f"write `{_INSTEAD[char]}`" if char in _INSTEAD else "take it out, or put it into a comment after `%`"
    return Problem("E101", f"`{char}` is not a sign of the language", Span(source, at, at + 1), help_)
