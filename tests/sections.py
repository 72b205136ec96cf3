"""A page of Markdown as sections: what stands between one heading and the next, its fenced blocks and its tables."""

import re
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

CODE = re.compile(r"`([^`]+)`")
"""A name in backticks."""


class PageError(Exception):
    """A spec page is not written as it should be."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: its language, its name, its text, and the line where the text begins.

    A table has its name from the paragraph above it, if that is nothing but a name in backticks.
    """

    language: str
    name: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    heads: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]  # each with its line


@dataclass(frozen=True, slots=True)
class Section:
    """What stands between one heading and the next."""

    title: str
    level: int
    fences: tuple[Fence, ...] = ()
    tables: tuple[Table, ...] = ()

    @property
    def rules(self) -> tuple[Fence, ...]:
        return tuple(f for f in self.fences if f.language in ("datalog", "markdown") and f.name != "vocabulary")

    @property
    def charts(self) -> tuple[Fence, ...]:
        return tuple(f for f in self.fences if f.language == "json" or (f.language == "csv" and f.name))


def sections(text: str) -> list[Section]:
    """The sections of a page, in order; the first is what stands under its title."""
    found: list[Section] = []
    above = ""  # the paragraph just before
    tokens = MarkdownIt("commonmark").enable("table").disable("inline").parse(text)
    for i, token in enumerate(tokens):
        match token.type:
            case "heading_open":
                found.append(Section(tokens[i + 1].content.strip(), int(token.tag[1])))
            case "fence" | "table_open" if not found:
                raise PageError("a page begins with its title")
            case "fence":
                language, _, name = token.info.strip().partition(" ")
                if language == "csv" and (table := CODE.fullmatch(above)):
                    name = table[1]
                fence = Fence(language, name.strip(), token.content, _line(token) + 1)
                found[-1] = replace(found[-1], fences=(*found[-1].fences, fence))
            case "table_open":
                found[-1] = replace(found[-1], tables=(*found[-1].tables, _table(tokens[i:])))
            case _:
                pass
        if token.type not in ("paragraph_open", "paragraph_close"):
            above = token.content.strip() if token.type == "inline" else ""
    return found


def _line(token: Token) -> int:
    assert token.map is not None
    return token.map[0] + 1


def _table(tokens: list[Token]) -> Table:
    heads: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    for i, token in enumerate(tokens):
        match token.type:
            case "th_open":
                heads.append(tokens[i + 1].content.strip())
            case "tr_open" if heads:
                rows.append((_line(token), []))
            case "td_open":
                rows[-1][1].append(tokens[i + 1].content.strip())
            case "table_close":
                break
            case _:
                pass
    return Table(tuple(heads), tuple((line, tuple(cells)) for line, cells in rows))
