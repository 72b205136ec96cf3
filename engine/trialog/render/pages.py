"""A page of the manual on a terminal: headings, paragraphs as wide as the screen, examples as they stand."""

import re
import textwrap
from collections.abc import Iterator, Mapping

_BOLD, _BLUE, _PLAIN = "\033[1m", "\033[34m", "\033[0m"
_WIDEST = 100  # longer lines are hard to read
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_ITEM = re.compile(r"(\s*(?:[-*]|\d+\.) )(.*)")


def page_lines(text: str, width: int, colour: bool) -> Iterator[str]:
    """The lines of a page in Markdown. It knows what the pages of codes are written with, and shows anything else as it stands."""
    bold, blue, plain = (_BOLD, _BLUE, _PLAIN) if colour else ("", "", "")
    waiting: list[str] = []  # the lines of a paragraph or of an item of a list
    fence = ""

    def paragraph() -> Iterator[str]:
        if waiting:
            yield from _wrapped(" ".join(waiting), width)
            waiting.clear()

    for line in text.rstrip().split("\n"):
        opens = re.match(r"(`{3,})", line)
        if fence or opens:
            if not fence:
                yield from paragraph()
                fence = opens[1] if opens else ""
            elif line.rstrip() == fence:
                fence = ""
            else:
                yield from (f"{blue}{part}{plain}" if part else "" for part in _example(line, width))
        elif line.startswith("#"):
            yield from paragraph()
            yield from (f"{bold}{part}{plain}" for part in _wrapped(line.lstrip("# "), width))
        elif not line.strip() or _ITEM.match(line):
            yield from paragraph()
            if line.strip():
                waiting.append(line)
            else:
                yield ""
        else:
            waiting.append(line.strip())
    yield from paragraph()


def _example(line: str, width: int) -> list[str]:
    """A line of an example; one that is too wide goes on in the next, where white space means nothing."""
    if len(line) <= width:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.wrap(
        line,
        width,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
        drop_whitespace=True,
    )


def _wrapped(words: str, width: int) -> list[str]:
    item = _ITEM.match(words)
    first, words = (item[1], item[2]) if item else ("", words)
    return textwrap.wrap(
        _LINK.sub(r"\1", words),
        min(max(width, 40), _WIDEST),
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_on_hyphens=False,
        break_long_words=False,
    )


def index_lines(listed: Mapping[str, Mapping[str, str]], width: int, colour: bool) -> Iterator[str]:
    """Every code with what it claims, under its heading."""
    bold, plain = (_BOLD, _PLAIN) if colour else ("", "")
    for heading, codes in listed.items():
        yield f"{bold}{heading}{plain}"
        for code, claim in codes.items():
            yield from textwrap.wrap(claim, width, initial_indent=f"  {code}  ", subsequent_indent=" " * 8)
        yield ""
    yield from textwrap.wrap("`trialog explain CODE` says what a code means, why it matters and what to do.", width)
