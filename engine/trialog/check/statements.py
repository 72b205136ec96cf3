"""A page to its statements, each with the block that it stands in; a page that was read before is not read again."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from trialog.page import Block, Page, read_page
from trialog.parse import Broken, parse_all
from trialog.problem import Problem
from trialog.source import Source, Span
from trialog.tree import Rule, Statement

type Standing = tuple[Statement, Block]
"""A statement, and the block that it stands in."""


@dataclass(frozen=True, slots=True)
class PageRead:
    """What stands on a page: statements, what is left of those that cannot be read, and what is wrong with page and statements."""

    page: Page
    statements: tuple[Standing, ...]
    broken: tuple[tuple[Broken, Block], ...]
    of_page: tuple[Problem, ...]
    of_statements: tuple[Problem, ...]


@lru_cache(maxsize=64)
def page_read(source: Source) -> PageRead:
    """The page taken apart, and the statements of its blocks."""
    page, of_page = read_page(source)
    parsed = [(parse_all(block), block) for block in page.blocks]
    return PageRead(
        page,
        tuple((s, block) for p, block in parsed for s in p.statements),
        tuple((b, block) for p, block in parsed for b in p.broken),
        tuple(of_page),
        tuple(x for p, _ in parsed for x in p.problems),
    )


def statements_of(source: Source) -> tuple[Page, tuple[Standing, ...], tuple[Problem, ...]]:
    """The page, its statements, and what cannot be read of it."""
    found = page_read(source)
    return found.page, found.statements, (*found.of_page, *found.of_statements)


def quotes_of(standing: Iterable[Standing]) -> dict[Span, str]:
    """What each rule rests on: the protocol's words, by the place of the rule."""
    return {s.at: quoted(block) for s, block in standing if isinstance(s, Rule)}


def quoted(block: Block) -> str:
    return "\n".join(q.words for q in block.quotes)
