"""A Markdown page taken apart: quotes, cohorts and blocks of rules, each at its place."""

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from trialog.problem import Edit, Fix, Problem, near
from trialog.source import Source, Span, whole_line

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

ALL_COHORTS = "all"
"""The name of the part of a page that binds every cohort."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The protocol's words as they stand in a block quote, markers of the quote taken off."""

    words: str
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced `datalog` block: `at` is the text between the fences. `quotes` is what its rules rest on."""

    cohort: str | None  # None outside of every cohort
    quotes: tuple[Quote, ...]
    at: Span = field(compare=False, repr=False)
    closed: bool = True  # by a line of backticks


@dataclass(frozen=True, slots=True)
class Cohort:
    name: str
    title: str
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    source: Source
    title: str
    cohorts: tuple[Cohort, ...]
    quotes: tuple[Quote, ...]
    blocks: tuple[Block, ...]


_RULE = re.compile(r"\)\s*:-\s*\S")
_COHORT = re.compile(r"Cohort\s+([a-z][a-z0-9_]*)\s*:\s*(\S.*)")
_ALMOST_COHORT = re.compile(r"Cohort\s+([A-Za-z][A-Za-z0-9_]*)\s*:\s*(\S.*)", re.IGNORECASE)
_PAGE_GOES_ON = re.compile(r" {0,3}(#{1,6}\s|>|`{3,}\s*\w)")
_NOT_A_COHORT = "write it as `## Cohort sle: Systemic lupus erythematosus`: a name in small letters, then a title"


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").disable("inline")


def read_page(source: Source) -> tuple[Page, list[Problem]]:
    """Take the page apart. Every block, quote and cohort that could be read is returned beside the problems found."""
    if "\r" in source.text:  # so that lines are counted here as a Markdown reader counts them
        source = Source(source.name, source.text.replace("\r\n", "\n").replace("\r", "\n"))
    reading = _Reading(source)
    start: int | None = 0
    while start is not None:
        start = reading.read(start)
    return Page(
        source, reading.title, tuple(reading.cohorts), tuple(reading.quotes), tuple(reading.blocks)
    ), reading.problems


class _Reading:
    """What has been read of a page so far."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.lines = source.text.split("\n")
        self.title = ""
        self.cohorts: list[Cohort] = []
        self.quotes: list[Quote] = []
        self.blocks: list[Block] = []
        self.problems: list[Problem] = []
        self.cohort: str | None = None
        self.cohort_level = 0
        self.fresh: list[Quote] = []  # the quotes since the last block
        self.resting: tuple[Quote, ...] = ()  # what the last block's rules rest on

    def read(self, start: int) -> int | None:
        """Read on from a line, counted from 0. Where a block has no end, the line is returned at which the page goes on."""
        tokens = _markdown().parse("\n".join(self.lines[start:]))
        quoted = 0  # the line at which the last block quote ends
        for i, token in enumerate(tokens):
            if token.map is None:
                continue
            first, last = token.map[0] + start, token.map[1] + start
            is_rules = token.type == "fence" and token.info.casefold().split()[:1] == ["datalog"]
            if token.type == "heading_open":
                self.heading(
                    " ".join(tokens[i + 1].content.split()), int(token.tag[1]), whole_line(self.source, first + 1)
                )
            elif token.type == "blockquote_open" and token.level == 0:
                inside = [
                    (t.map[0] + start, t.map[1] + start)
                    for t in tokens[i:]
                    if t.type == "fence" and t.map is not None and t.map[1] + start <= last
                ]
                self.quote(first, last, {line for a, b in inside for line in range(a, b)})
                quoted = last
            elif is_rules and first < quoted:
                self.problems.append(
                    Problem(
                        "E111",
                        "this block of rules stands inside a quote, and is not read",
                        whole_line(self.source, first + 1),
                        "take the `>` off its lines, and leave an empty line between the quote and the block",
                    )
                )
            elif is_rules:
                goes_on = self.block(first, last)
                if goes_on is not None:
                    return goes_on
            elif token.type in ("fence", "code_block", "paragraph_open") and first >= quoted:
                self.prose(first, last, token.info if token.type == "fence" else "")
        return None

    def heading(self, words: str, level: int, at: Span) -> None:
        self.title = self.title or words
        if self.cohort is not None and level <= self.cohort_level:
            self.enter(None, level)
        if words.casefold() == "all cohorts":
            self.enter(ALL_COHORTS, level)
        elif words.casefold().startswith("cohort"):
            found = _COHORT.fullmatch(words)
            name = found[1] if found else ""
            if not found:
                name = self.almost_cohort(words, at)
            elif name == ALL_COHORTS or any(c.name == name for c in self.cohorts):
                self.problems.append(
                    Problem("E106", f"the cohort `{name}` begins twice", at, "give each cohort a name of its own")
                )
            else:
                self.cohorts.append(Cohort(name, found[2].strip(), at))
            self.enter(name, level)

    def almost_cohort(self, words: str, at: Span) -> str:
        """Say that a heading does not begin a cohort, and read it as if it did, so that nothing else is told because of it."""
        almost = _ALMOST_COHORT.fullmatch(words)
        name = almost[1].lower() if almost else re.sub(r"\W+", "_", words.casefold()).removeprefix("cohort").strip("_")
        name = name or "cohort"
        is_new = name != ALL_COHORTS and not any(c.name == name for c in self.cohorts)
        fixes: tuple[Fix, ...] = ()
        if almost and is_new and words in at.words:
            begin = at.start + at.words.index(words)
            heading = Span(at.source, begin, begin + almost.end(1))
            fixes = (Fix(f"write `Cohort {name}`", (Edit(heading, f"Cohort {name}"),), is_safe=True),)
        claim = f"the heading `{words}` does not begin a cohort"
        self.problems.append(Problem("E105", claim, at, fixes[0].says if fixes else _NOT_A_COHORT, fixes=fixes))
        if is_new:
            self.cohorts.append(Cohort(name, almost[2].strip() if almost else words, at))
        return name

    def enter(self, cohort: str | None, level: int) -> None:
        self.cohort, self.cohort_level, self.resting = cohort, level, ()
        self.fresh.clear()

    def quote(self, first: int, last: int, rules: set[int]) -> None:
        """A block quote on these lines, those of blocks of rules in it left out."""
        while last > first and not self.lines[last - 1].strip():
            last -= 1
        at = Span(self.source, self.source.offset(first + 1), self.source.offset(last) + len(self.lines[last - 1]))
        kept = [self.lines[i] for i in range(first, last) if i not in rules]
        quote = Quote("\n".join(re.sub(r"^\s{0,3}>\s?", "", line) for line in kept).strip(), at)
        self.quotes.append(quote)
        self.fresh.append(quote)

    def block(self, first: int, last: int) -> int | None:
        """A block of rules on these lines. Where it has no end, the line at which the page goes on after it, if one is seen."""
        lines, source = self.lines, self.source
        closed = last - 1 > first and set(lines[last - 1].strip()) <= {"`", "~"} and bool(lines[last - 1].strip())
        goes_on = None
        if not closed or any(re.match(r" {0,3}`{3,}\s*\w", line) for line in lines[first + 1 : last]):
            goes_on = next((i for i in range(first + 1, last) if self.page_goes_on(i)), None)
            related = ((whole_line(source, goes_on + 1), "the page seems to go on here"),) if goes_on else ()
            before = Span(source, source.offset(goes_on + 1), source.offset(goes_on + 1)) if goes_on else None
            fixes = (Fix("end it with a line of three backticks", (Edit(before, "```\n\n"),)),) if before else ()
            at, help_ = whole_line(source, first + 1), "end it with a line of three backticks"
            self.problems.append(
                Problem("E107", "this block of rules has no end", at, help_, related=related, fixes=fixes)
            )
        start = source.offset(first + 2) if first + 1 < len(lines) else len(source.text)
        end = source.offset(last) if closed else len(source.text)
        if goes_on is not None:
            end = source.offset(goes_on + 1)
        if self.fresh:
            self.resting = tuple(self.fresh)
            self.fresh.clear()
        self.blocks.append(
            Block(self.cohort, self.resting, Span(source, min(start, end), end), closed and goes_on is None)
        )
        return goes_on

    def page_goes_on(self, line: int) -> bool:
        """Whether the line begins what cannot stand in a block of rules: a heading, a quote or another block."""
        found = _PAGE_GOES_ON.match(self.lines[line])
        return found is not None and (found[1] != ">" or not self.lines[line - 1].strip())

    def prose(self, first: int, last: int, info: str) -> None:
        """Tell a rule that is read as prose."""
        content = "\n".join(self.lines[first:last])
        word = next(iter(info.split()), "")
        if word and near(word, ("datalog",)):
            at = whole_line(self.source, first + 1)
            before, found_there, _ = at.words.partition(
                word
            )  # a Markdown reader may read it otherwise than it is written
            begin = at.start + len(before)
            place = Span(self.source, begin, begin + len(word)) if found_there else at
            fix = Fix("write `datalog`", (Edit(place, "datalog"),))
            claim = f"this block is marked `{word}`, and is read as prose"
            self.problems.append(Problem("E109", claim, place, fix.says, fixes=(fix,) if found_there else ()))
        elif found := _RULE.search(content):
            self.problems.append(
                Problem(
                    "E109",
                    "this looks like a rule, and is read as prose",
                    whole_line(self.source, first + 1 + content[: found.start()].count("\n")),
                    "put rules into a block that begins with three backticks and the word `datalog`, not indented",
                )
            )
