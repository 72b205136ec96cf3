"""No character of a quote can be lost in silence: of the shipped protocol every one is dropped in turn."""

import re
from collections.abc import Iterator
from dataclasses import replace

from trialog.check.quotes import misquoted
from trialog.library import Library, shipped
from trialog.page import Quote, read_page
from trialog.source import Source

LIBRARY = Library(shipped())
*_, PROTOCOL, DOCUMENT = (
    Source(p.name, p.read_text(encoding="utf-8")) for p in LIBRARY.files("car-nk-b-cell-children")
)
PAGE = read_page(PROTOCOL)[0]


def packed(text: str) -> str:
    return re.sub(r"\s", "", text)


def characters(quote: Quote) -> Iterator[int]:
    """Where the quote's words stand, its markers and white space left out."""
    at = quote.at.start
    for line in quote.at.words.split("\n"):
        marker = re.match(r"\s{0,3}>\s?", line)
        yield from (at + i for i in range(marker.end() if marker else 0, len(line)) if not line[i].isspace())
        at += len(line) + 1


def test_every_character_of_every_quote() -> None:
    """What is left does not stand in the source, or is cut there; a bullet or a stop at an end of a quote may go.

    A quote whose words the source has twice, with and without the character, is left out.
    """
    source = packed(DOCUMENT.text)
    tried = 0
    for quote in PAGE.quotes:
        places = list(characters(quote))
        words = "".join(PROTOCOL.text[at] for at in places)
        for i, at in enumerate(places):
            left = words[:i] + words[i + 1 :]
            if left not in source:
                continue  # and so it is said not to stand there
            sign = PROTOCOL.text[at]
            assert i in (0, len(places) - 1) or source.count(left) > source.count(words), f"{sign} at {at}"
            if sign.isalnum() or sign in "≥≤<>=%":
                shorter = replace(quote, words=left)
                problems = misquoted(replace(PAGE, quotes=(shorter,)), DOCUMENT)
                assert "E402" in {p.code for p in problems}, f"{sign} at {at}"
        tried += len(places)
    assert tried >= 3000
