"""A page with its blocks laid out anew. Tokens, comments and all that stands outside of the blocks stay as they are."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from trialog.layout import Comment, Word, laid_out
from trialog.lexer import Token, tokens
from trialog.page import Block, read_page
from trialog.parse import parse
from trialog.problem import Problem
from trialog.source import Source

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_COMMENT = re.compile(r"%[^\n]*")
_BEFORE_FENCE = re.compile(r"[^`~]*")


def formatted(source: Source) -> str:
    """The page with each block that can be read laid out anew; `unreadable` tells of the others, which are left alone.

    Statements may stand together or one blank line apart, as they did. Line ends are those of the page.
    """
    lines: list[str] = _LINE.findall(source.text)
    page, _ = read_page(source)
    for block in reversed(page.blocks):
        old = block.at.words
        new = _block(block)
        if new is None or new == old:
            continue
        first = block.at.line - 1
        fence = lines[first - 1]
        end = fence[len(fence.rstrip("\r\n")) :]
        lines[first : first + old.count("\n")] = [line + end for line in new.split("\n")[:-1]]
    return "".join(lines)


def unreadable(source: Source) -> list[Problem]:
    """Why blocks of the page cannot be read, and so are not laid out."""
    page, problems = read_page(source)
    return [p for p in problems if p.code == "E107"] + [p for block in page.blocks for p in parse(block)[1]]


def _block(block: Block) -> str | None:
    """The text between the fences, laid out anew; None where it cannot be read."""
    statements, problems = parse(block)
    if problems or not block.closed:
        return None
    ends = {statement.at.end for statement in statements}
    lines = _page_lines(_items(tokens(block.at.source, block.at.start, block.at.end)[0], ends, block.at.start))
    indent = _indentation(block)
    return "".join(f"{indent}{line}\n" if line else "\n" for line in lines)


def _indentation(block: Block) -> str:
    """What has to stand before each line so that it stays in the list that the block may be an item of."""
    fence = block.at.source.line(block.at.line - 1)
    before = _BEFORE_FENCE.match(fence)
    return "" if before is None else "".join(c if c in " \t" else " " for c in before[0])


@dataclass(slots=True)
class _Item:
    """A statement, or a comment that stands alone before or after one; `apart` where a blank line stands before it."""

    lines: list[str]
    apart: bool


def _page_lines(items: Iterator[_Item]) -> Iterator[str]:
    for i, item in enumerate(items):
        if item.apart and i:
            yield ""
        yield from item.lines


def _items(found: Sequence[Token], ends: set[int], start: int) -> Iterator[_Item]:
    """The statements, which end where `ends` says, and the comments between them."""
    words: list[Word] = []
    at, apart = start, False
    for token in found:
        comments, blank = _gap(token.at.source.text[at : token.at.start], not words and at == start)
        if words and at not in ends:
            words[-1] = replace(words[-1], comments=tuple(c for c, _ in comments))
        else:
            if words:
                mine = tuple(c for c, _ in comments if not c.alone)
                words[-1] = replace(words[-1], comments=mine)
                yield _Item(laid_out(words), apart)
                words.clear()
                comments = comments[len(mine) :]
            yield from (_Item([c.words], b) for c, b in comments)
            apart = blank
        words.append(Word.of(token))
        at = token.at.end


def _gap(text: str, first: bool) -> tuple[list[tuple[Comment, bool]], bool]:
    """The comments between two tokens, and whether a blank line stands before each of them, and before the second token."""
    comments: list[tuple[Comment, bool]] = []
    at = 0
    for found in _COMMENT.finditer(text):
        breaks = text.count("\n", at, found.start())
        comments.append((Comment(found[0].rstrip(), breaks > 0 or (first and not comments)), breaks > 1))
        at = found.end()
    return comments, text.count("\n", at) > 1
