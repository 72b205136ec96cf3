"""The tree that is read is the tree that was written: every form there is, printed and read again."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.trees import statements
from trialog.knowledge import Library, shipped
from trialog.lexer import tokens
from trialog.page import Block, read_page
from trialog.parse import parse
from trialog.source import Source, Span
from trialog.tree import Statement
from trialog.written import written


def read(text: str) -> tuple[list[Statement], list[str]]:
    """The statements of a block with this text, and the codes of what is wrong."""
    source = Source("rules", text)
    found, problems = parse(Block(None, (), Span(source, 0, len(text))))
    return found, [p.code for p in problems]


@settings(max_examples=200)
@given(st.lists(statements, max_size=3))
def test_every_tree_is_read_as_it_is_written(drawn: list[Statement]) -> None:
    assert read("\n".join(map(written, drawn))) == (drawn, [])


@given(
    st.lists(statements, min_size=1, max_size=2),
    st.sampled_from((" ", "\n\n", ' % a comment. with "signs\n', "\t", "\r\n")),
)
def test_white_space_and_comments_mean_nothing(drawn: list[Statement], between: str) -> None:
    text = "\n".join(map(written, drawn))
    source = Source("rules", text)
    parts = [t.words for t in tokens(source, 0, len(text))[0] if t.kind != "end"]
    # A sign and its neighbour may be one sign when they touch, so something stands between any two tokens.
    assert read(between.join(parts) + "\n") == (drawn, [])


@given(
    statements,
    st.sampled_from(("nonsense(.", "a(P) :- .", "concept.", "@S1.", "a(P) : b(P).", ").", 'source "x".')),
    statements,
)
def test_a_statement_that_cannot_be_read_leaves_its_neighbours(before: Statement, wrong: str, after: Statement) -> None:
    found, codes = read(f"{written(before)}\n{wrong}\n{written(after)}")
    assert (found[0], found[-1]) == (before, after)
    assert set(codes) == {"E103"}


@given(st.lists(statements, min_size=1, max_size=3))
def test_a_statement_knows_where_it_stands(drawn: list[Statement]) -> None:
    found, _ = read("\n".join(map(written, drawn)))
    assert [read(s.at.words)[0] for s in found] == [[s] for s in drawn]


@pytest.mark.parametrize("path", Library(shipped()).files(Library(shipped()).trials[0])[:-1], ids=lambda p: p.stem)
def test_the_shipped_pages_are_read_as_they_are_written(path: Path) -> None:
    page, problems = read_page(Source(path.name, path.read_text(encoding="utf-8")))
    assert problems == []
    for block in page.blocks:
        found, wrong = parse(block)
        assert wrong == []
        assert read("\n".join(map(written, found))) == (found, [])
        for statement in found:
            assert read(statement.at.words) == ([statement], [])


@given(st.text(max_size=120))
@example("a(P) :- b(P")
@example('@S1 "')
def test_the_tokens_of_any_text_stand_in_it_in_order(text: str) -> None:
    source = Source("rules", text)
    found, problems = tokens(source, 0, len(text))
    assert found[-1].kind == "end"
    at = 0
    mended = {p.at.start for p in problems if p.safe_fix is not None}
    for token in found[:-1]:
        assert token.words == token.at.words or token.at.start in mended
        assert token.at.start >= at
        at = token.at.end
    assert all(p.at.words.strip() for p in problems)
