"""A Markdown page taken apart: quotes, cohorts and blocks of rules, each at its place."""

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from trialog.problem import Problem
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


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").disable("inline")


def read_page(source: Source) -> tuple[Page, list[Problem]]:
    """Take the page apart. Every block, quote and cohort that could be read is returned beside the problems found."""
    if "\r" in source.text:  # so that lines are counted here as a Markdown reader counts them
        source = Source(source.name, source.text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = source.text.split("\n")
    title = ""
    cohorts: list[Cohort] = []
    quotes: list[Quote] = []
    blocks: list[Block] = []
    problems: list[Problem] = []
    cohort: str | None = None
    cohort_level = 0
    fresh: list[Quote] = []  # the quotes since the last block
    resting: tuple[Quote, ...] = ()  # what the last block's rules rest on
    tokens = _markdown().parse(source.text)
    for i, token in enumerate(tokens):
        if token.map is None:
            continue
        first, last = token.map
        if token.type == "heading_open":
            level, words = int(token.tag[1]), " ".join(tokens[i + 1].content.split())
            at = whole_line(source, first + 1)
            title = title or words
            if cohort is not None and level <= cohort_level:
                cohort, resting = None, ()
                fresh.clear()
            if words.casefold() == "all cohorts":
                cohort, cohort_level, resting = ALL_COHORTS, level, ()
                fresh.clear()
            elif words.casefold().startswith("cohort"):
                found = _COHORT.fullmatch(words)
                if not found:
                    problems.append(
                        Problem(
                            "E105",
                            f"the heading `{words}` does not begin a cohort",
                            at,
                            "write it as `## Cohort sle: Systemic lupus erythematosus`: a name in small letters, then a title",
                        )
                    )
                elif found[1] == ALL_COHORTS or any(c.name == found[1] for c in cohorts):
                    problems.append(
                        Problem(
                            "E106", f"the cohort `{found[1]}` begins twice", at, "give each cohort a name of its own"
                        )
                    )
                else:
                    cohorts.append(Cohort(found[1], found[2].strip(), at))
                    cohort, cohort_level, resting = found[1], level, ()
                    fresh.clear()
        elif token.type == "blockquote_open" and token.level == 0:
            while last > first and not lines[last - 1].strip():
                last -= 1
            start = source.offset(first + 1)
            end = source.offset(last) + len(lines[last - 1])
            words = "\n".join(re.sub(r"^\s{0,3}>\s?", "", line) for line in lines[first:last])
            quote = Quote(words.strip(), Span(source, start, end))
            quotes.append(quote)
            fresh.append(quote)
        elif token.type == "fence" and token.info.casefold().split()[:1] == ["datalog"]:
            closed = last - 1 > first and set(lines[last - 1].strip()) <= {"`", "~"} and bool(lines[last - 1].strip())
            start = source.offset(first + 2) if first + 1 < len(lines) else len(source.text)
            end = source.offset(last) if closed else len(source.text)
            if not closed:
                problems.append(
                    Problem(
                        "E107",
                        "this block of rules has no end",
                        whole_line(source, first + 1),
                        "end it with a line of three backticks",
                    )
                )
            if fresh:
                resting = tuple(fresh)
                fresh.clear()
            blocks.append(Block(cohort, resting, Span(source, min(start, end), end)))
        elif token.type in ("fence", "code_block", "paragraph_open"):
            content = "\n".join(lines[first:last])
            if found := _RULE.search(content):
                at = whole_line(source, first + 1 + content[: found.start()].count("\n"))
                problems.append(
                    Problem(
                        "E109",
                        "this looks like a rule, and is read as prose",
                        at,
                        "put rules into a block that begins with three backticks and the word `datalog`, not indented",
                    )
                )
    return Page(source, title, tuple(cohorts), tuple(quotes), tuple(blocks)), problems
