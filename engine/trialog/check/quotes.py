"""The page's quotes against the protocol's own text: every word of the one stands in the other."""

import re
from collections.abc import Iterable
from textwrap import shorten

from trialog.page import Page, Quote
from trialog.problem import Problem
from trialog.source import Source, Span, whole_line

_COMPARATORS = "≥≤<>=≠±"
_BULLETS = "•∙‣⁃◦▪"


class _Packed:
    """A text without its white space, each character knowing where it stood."""

    def __init__(self, text: str) -> None:
        kept = [(i, c) for i, c in enumerate(text) if not c.isspace()]
        self.text = "".join(c for _, c in kept)
        self.at = [i for i, _ in kept]


def misquoted(page: Page, source: Source) -> list[Problem]:
    """Quotes that the source does not hold, or that cut it in the wrong place; and parts of the source not quoted."""
    packed = _Packed(source.text)
    covered = bytearray(len(packed.text))
    problems: list[Problem] = []
    for quote in page.quotes:
        words = _Packed(quote.words).text
        if not words:
            continue
        starts = [m.start() for m in re.finditer(re.escape(words), packed.text)]
        whole = [s for s in starts if not _cut(source.text, packed, s, s + len(words))]
        for s in whole:
            covered[s : s + len(words)] = b"\1" * len(words)
        if not starts:
            problems.append(_not_found(quote, words, packed, source))
        elif not whole:
            problems.append(
                Problem(
                    "E402",
                    f"the quote cuts off {' '.join(_cut(source.text, packed, starts[0], starts[0] + len(words)).split())}",
                    quote.at,
                    "quote whole words and numbers, each comparator with what it limits",
                    quote=quote.words,
                )
            )
    problems.extend(_not_quoted(source, packed, covered))
    return problems


def _cut(text: str, packed: _Packed, start: int, end: int) -> str:
    """What the stretch cuts off, in words; empty where it begins and ends between words."""
    first, last = packed.at[start], packed.at[end - 1]
    before = packed.text[start - 1] if start else ""
    after = packed.text[end] if end < len(packed.text) else ""
    if before and before in _COMPARATORS:
        return f"the `{before}` before `{text[first : first + 12].strip()}`"
    if before and packed.at[start - 1] == first - 1 and _joined(before, text[first]):
        return f"the beginning of the word or number before `{text[first : first + 12].strip()}`"
    if after and (packed.at[end] == last + 1 and _joined(text[last], after)):
        return f"the end of the word or number after `{text[max(0, last - 11) : last + 1].strip()}`"
    if text[last] in _COMPARATORS:
        return f"what the `{text[last]}` at its end limits"
    if before == "\\":
        return f"the `\\` before `{text[first : first + 12].strip()}`"
    return ""


def _joined(left: str, right: str) -> bool:
    """Whether the two characters, side by side, belong to one word or number."""
    return (
        (left.isalnum() and right.isalnum())
        or (left.isdigit() and right in ".,%")
        or (left in ".,×*/" and right.isdigit())
    )


def _not_found(quote: Quote, words: str, packed: _Packed, source: Source) -> Problem:
    from difflib import SequenceMatcher

    longest = SequenceMatcher(None, packed.text, words, autojunk=False).find_longest_match()
    begin = max(0, longest.a - longest.b)
    there = packed.text[begin : begin + len(words) + 8]
    changes = SequenceMatcher(None, there[: len(words)], words, autojunk=False).get_opcodes()
    first = next(((a, b) for tag, a, b, _, _ in changes if tag != "equal"), None)
    line = (
        source.line_and_column(packed.at[min(begin + (first[0] if first else 0), len(packed.at) - 1)])[0]
        if packed.at
        else 1
    )
    nearest = source.line(line).strip()
    help_ = (
        f"the source says, in line {line} of {source.name}: `{nearest[:160]}`"
        if longest.size >= 4
        else f"copy the sentence from {source.name}"
    )
    at = _line_of_difference(quote, words, packed.text, longest.a, longest.b)
    return Problem("E401", "this quote does not stand in the source", at, help_)


def _line_of_difference(quote: Quote, words: str, text: str, a: int, b: int) -> Span:
    """The line of the quote in which it first leaves the source."""
    start = max(0, a - b)
    same = 0
    while same < len(words) and start + same < len(text) and words[same] == text[start + same]:
        same += 1
    seen = 0
    page, first = quote.at.source, quote.at.line
    for number in range(first, page.line_and_column(max(quote.at.end - 1, quote.at.start))[0] + 1):
        seen += len("".join(re.sub(r"^\s{0,3}>\s?", "", page.line(number)).split()))
        if same < seen:
            return whole_line(page, number)
    return quote.at


def _not_quoted(source: Source, packed: _Packed, covered: bytearray) -> Iterable[Problem]:
    """Each stretch of the source that no quote holds, bullets aside."""
    i = 0
    while i < len(covered):
        if covered[i] or packed.text[i] in _BULLETS:
            i += 1
            continue
        end = i
        while end < len(covered) and not covered[end]:
            end += 1
        words = source.text[packed.at[i] : packed.at[end - 1] + 1]
        if any(c.isalnum() or c in _COMPARATORS for c in words):
            line = source.line_and_column(packed.at[i])[0]
            yield Problem(
                "E403",
                f"nothing on the page quotes `{shorten(words, 100, placeholder=' …')}`",
                whole_line(source, line),
                "quote it on the page, with its rules or with a word on why it has none",
            )
        i = end
