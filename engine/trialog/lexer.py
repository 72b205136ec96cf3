"""Text to tokens, each with its place."""

import re
from dataclasses import dataclass

from trialog.problem import Edit, Fix, Problem
from trialog.source import Source, Span


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is one of name, variable, number, date, text, unit, label, sign, end.

    `words` is the token as it is written, or as it should be where another sign was written for it.
    """

    kind: str
    words: str
    at: Span


_TOKEN = re.compile(
    r"""(?P<space>[\s]+|%[^\n]*)
    |(?P<date>\d{4}-\d{2}-\d{2}(?![\w-]))
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<variable>[A-Z][A-Za-z0-9_]*(?!\w)|_(?!\w))
    |(?P<name>[a-z][a-z0-9_]*(?!\w))
    |(?P<text>"[^"\n]*")
    |(?P<unit>'[^'\n]*')
    |(?P<curly_text>["“”„][^"“”„\n]*["“”])
    |(?P<curly_unit>['‘’][^'‘’\n]*['‘’])
    |(?P<label>@(?:[A-Z][A-Za-z0-9_]*)?)
    |(?P<other_sign>\.\.\.|==|=<|<>|：[-－]|[＞＜！]＝|[≥≤⩾⩽≠×÷−…。]|[＂-／：-＠［-～])
    |(?P<sign>\.\.|:-|!=|<=|>=|[=<>+\-*/(){}\[\],:.|])""",
    re.VERBOSE,
)
_OTHERWISE = frozenset({"curly_text", "curly_unit", "other_sign"})
"""Kinds of what is written otherwise than the language writes it."""
_SIGNS = frozenset("=<>+-*/(){}[],:.|")
# Signs for which the language has another of the same meaning, and no other meaning: they are read as that one.
_MEANT = {
    "≥": ">=", "⩾": ">=", "≤": "<=", "⩽": "<=", "=<": "<=", "≠": "!=", "<>": "!=", "==": "=",
    "×": "*", "÷": "/", "−": "-", "…": "..", "...": "..", "。": ".",
    "：-": ":-", "：－": ":-", "＞＝": ">=", "＜＝": "<=", "！＝": "!=",
}  # fmt: skip
_HELP = {
    ";": "alternatives are rules of their own; `,` joins what must hold together",
    "#": "a comment begins with `%`",
    "–": "write `-` for minus; for a range, compare twice",
    "—": "write `-` for minus; for a range, compare twice",
    "&": "`,` joins what must hold together",
    "!": "write `not` before a literal, `!=` between two values",
    "¬": "write `not`",
    "~": "write `not`",
    "\\": "write `not` before a literal, `!=` between two values",
    "<": "write `<` for less",
    ">": "write `>` for more",
    "±": "compare twice, with the lower and the upper end",
    "≈": "compare twice, with the lower and the upper end",
    "°": "write the unit in single quotes, e.g. `'Cel'`",
    "`": "take it out: names stand as they are, texts in double quotes, units in single ones",
    "$": "take it out",
    "?": "take it out: what is not known is a variable, with a capital",
}


def tokens(source: Source, start: int, end: int) -> tuple[list[Token], list[Problem]]:
    """The tokens of `source` from `start` to `end`, closed by one of kind `end`; what is no token is a problem."""
    found: list[Token] = []
    problems: list[Problem] = []
    at = start
    while at < end:
        match = _TOKEN.match(source.text, at, end)
        kind = match.lastgroup if match is not None else None
        if match is None or kind is None:
            at = _stray(source, at, end, problems)
        elif kind == "space":
            at = match.end()
        elif kind in _OTHERWISE:
            token = _read(kind, match.group(), Span(source, at, match.end()), problems)
            at = match.end() if token is not None else _stray(source, at, end, problems)
            found += (token,) if token is not None else ()
        else:
            found.append(Token(kind, match.group(), Span(source, at, match.end())))
            at = match.end()
    found.append(Token("end", "the end of the block", Span(source, end, end)))
    return found, problems


def _read(kind: str, words: str, at: Span, problems: list[Problem]) -> Token | None:
    """The token that is meant; a problem is added where the language writes it otherwise. None for what is no token."""
    match kind:
        case "curly_text" | "curly_unit":
            mark = '"' if kind == "curly_text" else "'"
            edits = tuple(
                Edit(Span(at.source, i, i + 1), mark) for i in (at.start, at.end - 1) if at.source.text[i] != mark
            )
            fix = Fix(f"put {'double' if mark == '"' else 'single'} quotes, `{mark}`", edits, is_safe=True)
            curly = edits[0].at
            problems.append(
                Problem("E101", f"`{curly.words}` is not a sign of the language", at, fix.says, fixes=(fix,))
            )
            return Token(kind.removeprefix("curly_"), f"{mark}{words[1:-1]}{mark}", at)
        case _:
            meant = _MEANT.get(words) or chr(ord(words) - 0xFEE0)  # fullwidth forms stand that far above ASCII
            if meant not in _SIGNS and words not in _MEANT:
                return None
            fix = Fix(f"write `{meant}`", (Edit(at, _apart(at, meant)),), is_safe=True)
            problems.append(Problem("E101", f"`{words}` is not a sign of the language", at, fix.says, fixes=(fix,)))
            return Token("sign", meant, at)


def _apart(at: Span, meant: str) -> str:
    """The sign that is meant, with a space where it and its neighbour could be read as one."""
    if meant in "()[]{},":
        return meant
    before, after = at.source.text[max(at.start - 1, 0) : at.start], at.source.text[at.end : at.end + 1]
    number_or_date = meant in (".", "-") and before.isdigit() and after.isdigit()
    return f"{' ' * (number_or_date or _joins(before))}{meant}{' ' * (number_or_date or _joins(after))}"


def _joins(char: str) -> bool:
    """Whether a sign that is written beside this one could be read with it."""
    char = chr(ord(char) - 0xFEE0) if "！" <= char <= "～" else char
    return bool(char) and not (char.isspace() or char.isalnum() or char in "_()[]{},\"'%@")


def _stray(source: Source, at: int, end: int, problems: list[Problem]) -> int:
    """Tell what stands there and is no token, and say where to go on."""
    problem, after = _no_token(source, at, end)
    problems.append(problem)
    return after


def _no_token(source: Source, at: int, end: int) -> tuple[Problem, int]:
    char = source.text[at]
    if char in "\"'“„‘":
        return _unclosed(source, at, end)
    if word := re.compile(r"\w+").match(source.text, at, end):
        place = Span(source, at, word.end())
        if char == "_":
            return Problem(
                "E101", f"`{place.words}` is no variable", place, "write `_` alone, or begin with a capital"
            ), word.end()
        help_ = "names are written with the letters a to z, digits and `_`, variables with a capital first"
        return Problem("E101", f"`{place.words}` is no name", place, help_), word.end()
    after = at + 1
    while after < end and source.text[after] == char:
        after += 1
    place = Span(source, at, after)
    if char.isprintable():
        help_ = _HELP.get(char) or "take it out, or put it into a comment after `%`"
        return Problem("E101", f"`{place.words}` is not a sign of the language", place, help_), after
    from unicodedata import name

    claim = f"the invisible character `U+{ord(char):04X}` ({name(char, 'a control character').lower()}) is not of the language"
    fix = Fix("take it out", (Edit(place, ""),))
    return Problem("E101", claim, place, fix.says, fixes=(fix,)), after


def _unclosed(source: Source, at: int, end: int) -> tuple[Problem, int]:
    """A text or a unit that does not end on its line. What follows on the line is taken for part of it."""
    line_end = source.text.find("\n", at, end)
    line_end = end if line_end < 0 else line_end
    what, mark = ("unit", "'") if source.text[at] in "'‘" else ("text", '"')
    help_ = f"close it with `{mark}` on the same line"
    return Problem("E102", f"this {what} has no end", Span(source, at, at + 1), help_, label="it begins here"), line_end
