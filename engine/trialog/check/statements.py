"""A page to its statements, each with the block that it stands in; a page that was read before is not read again."""

from collections.abc import Iterable
from functools import lru_cache

from trialog.page import Block, Page, read_page
from trialog.parse import parse
from trialog.problem import Problem
from trialog.source import Source, Span
from trialog.tree import Rule, Statement

type Standing = tuple[Statement, Block]
"""A statement, and the block that it stands in."""


@lru_cache(maxsize=64)
def statements_of(source: Source) -> tuple[Page, tuple[Standing, ...], tuple[Problem, ...]]:
    """The page, its statements, and what cannot be read of it."""
    page, problems = read_page(source)
    found: list[Standing] = []
    for block in page.blocks:
        statements, more = parse(block)
        problems.extend(more)
        found.extend((s, block) for s in statements)
    return page, tuple(found), tuple(problems)


def quotes_of(standing: Iterable[Standing]) -> dict[Span, str]:
    """What each rule rests on: the protocol's words, by the place of the rule."""
    return {s.at: quoted(block) for s, block in standing if isinstance(s, Rule)}


def quoted(block: Block) -> str:
    return "\n".join(q.words for q in block.quotes)
