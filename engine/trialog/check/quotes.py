"""The page's quotes against the protocol's own text: every word of the one stands in the other."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import shorten

from trialog.page import Page, Quote
from trialog.problem import Problem
from trialog.source import Source, Span, whole_line

_COMPARATORS = "≥≤<>=≠±"
_BULLETS = "•∙‣⁃◦▪"
_LEAST_LIKE = 4  # characters in a row that a quote must share with the source to be taken for a part of it
_LONGEST_LOST = 24  # characters that can be told as one difference


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
            difference = _difference(words, packed.text)
            problems.append(_not_found(quote, packed, source, difference))
            if difference is not None:  # what it would quote is told once
                first, last = difference.nearest
                covered[first:last] = b"\1" * (last - first)
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


@dataclass(frozen=True, slots=True)
class _Difference:
    """Where a quote first leaves the source: `here` in the quote, `there` in the source, both packed; the nearest stretch; and
    whether it differs nowhere else."""

    here: tuple[int, int]
    there: tuple[int, int]
    nearest: tuple[int, int]
    is_only: bool


def _difference(words: str, text: str) -> _Difference | None:
    """How the quote differs from the stretch of the source that is most like it; None where nothing is like it."""
    from difflib import SequenceMatcher

    longest = SequenceMatcher(None, text, words, autojunk=False).find_longest_match()
    if longest.size < _LEAST_LIKE:
        return None
    around = max(16, len(words) // 4)  # that many characters may be lost or added before the longest part that fits
    begin = max(0, longest.a - longest.b - around)
    nearest = text[begin : longest.a - longest.b + len(words) + around]
    steps = SequenceMatcher(None, nearest, words, autojunk=False).get_opcodes()
    while steps and steps[0][0] == "delete":
        del steps[0]  # what stands before the quote
    while steps and steps[-1][0] == "delete":
        del steps[-1]
    alike = [(i, i_end) for tag, i, i_end, _, _ in steps if tag == "equal" and i_end - i >= _LEAST_LIKE]
    for tag, i, i_end, j, j_end in steps:
        if tag != "equal":
            nearest_part = (begin + alike[0][0], begin + alike[-1][1])
            is_only = sum(tag != "equal" for tag, *_ in steps) == 1
            return _Difference((j, j_end), (begin + i, begin + i_end), nearest_part, is_only)
    return None


def _not_found(quote: Quote, packed: _Packed, source: Source, found: _Difference | None) -> Problem:
    claim = "this quote does not stand in the source"
    here = _packed_page(quote)
    if found is None or here is None:
        return Problem("E401", claim, quote.at, f"copy the sentence from {source.name}")
    (j, j_end), (i, i_end) = found.here, found.there
    words, lost = (
        here.text[j:j_end],
        " ".join(source.text[packed.at[i] : packed.at[i_end - 1] + 1].split()) if i < i_end else "",
    )
    if not found.is_only or i_end - i > _LONGEST_LOST or j_end - j > _LONGEST_LOST:
        return _not_there(quote, packed, source, found, here)
    there = _stretch(source, packed, i, max(i_end, i + 1))
    if not words:
        # A lost character belongs to the word that it stood beside in the source.
        after_word = j > 0 and packed.at[i] == packed.at[i - 1] + 1
        at = here.at[j - 1] + 1 if after_word else here.at[min(j, len(here.at) - 1)]
        place, label = Span(quote.at.source, at, at), f"the source has `{lost}` here"
    else:
        place = _on_one_line(Span(quote.at.source, here.at[j], here.at[j_end - 1] + 1))
        label = f"the source has `{lost}`" if lost else "this is not in the source"
    related = ((there, ""),)
    return Problem("E401", claim, place, "quote the source word for word, its errors too", related=related, label=label)


def _not_there(quote: Quote, packed: _Packed, source: Source, found: _Difference, here: _Packed) -> Problem:
    """A quote that differs from the source in more than a few characters."""
    first, there = here.at[min(found.here[0], len(here.at) - 1)], packed.at[min(found.there[0], len(packed.at) - 1)]
    place = _on_one_line(Span(quote.at.source, first, quote.at.end))
    line = _on_one_line(Span(source, there, len(source.text)))
    return Problem(
        "E401",
        "this quote does not stand in the source",
        place,
        "quote the source word for word, its errors too",
        related=((line, "the source goes on so"),),
        label="it differs from here on",
    )


def _stretch(source: Source, packed: _Packed, start: int, end: int) -> Span:
    """The part of the source's first line that holds the packed characters from `start` to `end`."""
    last = len(packed.at) - 1
    return _on_one_line(Span(source, packed.at[min(start, last)], packed.at[min(end - 1, last)] + 1))


def _on_one_line(at: Span) -> Span:
    end = at.source.text.find("\n", at.start, at.end)
    return at if end < 0 else Span(at.source, at.start, end)


def _packed_page(quote: Quote) -> _Packed | None:
    """The quote's words as they stand on the page; None where they do not stand there as they were read."""
    page = quote.at.source
    last = page.line_and_column(max(quote.at.end - 1, quote.at.start))[0]
    packed = _Packed("")
    for number in range(quote.at.line, last + 1):
        line, start = page.line(number), page.offset(number)
        marker = re.match(r"^\s{0,3}>\s?", line)
        words = marker.end() if marker is not None else 0
        packed.at += [start + i for i, c in enumerate(line) if i >= words and not c.isspace()]
    packed.text = "".join(page.text[i] for i in packed.at)
    return packed if packed.text == _Packed(quote.words).text else None


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
