"""The passages of a protocol's page: quotes that stand together, the rules below them, and what the author says of them.

Two kinds of paragraphs below a quote mean something to the checks. `Not computable:` says why it has no rules. `Read as:` says in
other words how it is understood, where it is garbled or ambiguous: its numbers are then those of these words.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from trialog.check.statements import Standing
from trialog.page import Block, Page, Quote
from trialog.problem import Problem, Severity
from trialog.source import Span
from trialog.tree import Rule


@dataclass
class Passage:
    """Quotes with nothing but prose between them; `rules` are those of its cohort's blocks that rest on them."""

    quotes: list[Quote]
    rules: list[Rule] = field(default_factory=list)
    is_computable: bool = True
    read_as: Span | None = None
    has_block: bool = False

    @property
    def words(self) -> str:
        return "\n".join(q.words for q in self.quotes)


_NOTE = re.compile(r"^(Not computable|Read as):[ \t]*(\S(?:.|\n(?![ \t]*\n|#|>|```))*)", re.MULTILINE)
_HEADING = re.compile(r"^ {0,3}#{1,6}(?:[ \t]|$)", re.MULTILINE)


def sections(page: Page) -> Callable[[int], str]:
    """Finds the prose around a place: what stands between two headings, without its blocks."""
    text = page.source.text
    prose = text
    for b in page.blocks:
        prose = prose[: b.at.start] + " " * (b.at.end - b.at.start) + prose[b.at.end :]
    starts = [0, *(m.start() for m in _HEADING.finditer(prose)), len(prose)]

    def around(at: int) -> str:
        i = bisect_right(starts, at)
        return prose[starts[i - 1] : starts[i]] if i < len(starts) else ""

    return around


def passages(page: Page, standing: Sequence[Standing]) -> list[Passage]:
    """The passages in the order of the page. `standing` are its statements."""
    text = page.source.text
    taken = [(b.at.start, b.at.end) for b in page.blocks] + [(q.at.start, q.at.end) for q in page.quotes]

    def is_prose(at: int) -> bool:
        return not any(start <= at < end for start, end in taken)

    items: list[tuple[int, Quote | Block | re.Match[str] | None]] = [
        *((q.at.start, q) for q in page.quotes),
        *((b.at.start, b) for b in page.blocks),
        *((m.start(), m) for m in _NOTE.finditer(text) if is_prose(m.start())),
        *((m.start(), None) for m in _HEADING.finditer(text) if is_prose(m.start())),
    ]
    found: list[Passage] = []
    goes_on = False  # whether a quote here belongs to the passage before
    below: Passage | None = None  # what a block here rests on
    for _, item in sorted(items, key=lambda x: x[0]):
        match item:
            case Quote():
                if not goes_on:
                    found.append(Passage([]))
                found[-1].quotes.append(item)
                goes_on, below = True, found[-1]
            case Block():
                goes_on = False
                if below is not None and item.quotes and item.cohort is not None:
                    below.has_block = True
                    below.rules += [s for s, block in standing if block is item and isinstance(s, Rule)]
            case re.Match() if found:
                if item[1] == "Read as":
                    found[-1].read_as = Span(page.source, item.start(2), item.end(2))
                else:
                    found[-1].is_computable = False
            case _:
                goes_on = False
                below = below if below is not None and below.has_block else None
    return found


def without_rules(found: Sequence[Passage]) -> list[Problem]:
    """Passages with neither rules nor a reason why they have none."""
    return [
        Problem(
            "E413",
            "this quote has no rules, and nothing says why",
            p.quotes[0].at,
            "write its rules below it, or a paragraph that begins `Not computable:` and gives the reason",
            quote=p.words,
            severity=Severity.WARNING,
        )
        for p in found
        if p.is_computable and not p.rules
    ]
