"""Laying a page out anew changes white space alone, and once is enough."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.invariants import laid_out
from tests.trees import statements
from trialog.format import formatted, unreadable
from trialog.layout import WIDEST_DECLARATION, WIDEST_RULE
from trialog.lexer import tokens
from trialog.page import read_page
from trialog.parse import parse
from trialog.source import Source
from trialog.tree import Rule, Statement
from trialog.written import written

ROOT = Path(__file__).parents[2]
FOLDERS = ("kb", "tests/golden", "tests/spec", "docs")
FILES = sorted({path for folder in FOLDERS for path in (ROOT / folder).rglob("*.md")})
_FENCE = re.compile(r"^(`{3,})(markdown|datalog)\b.*?\n(.*?)^\1$", re.MULTILINE | re.DOTALL)


def pages_in(path: Path) -> Iterator[Source]:
    """The page, and the pages and blocks that are shown on it."""
    text = path.read_text(encoding="utf-8")
    yield Source(path.name, text)
    for _, language, inside in _FENCE.findall(text):
        yield Source(path.name, inside if language == "markdown" else f"```datalog\n{inside}```\n")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_page_there_is(path: Path) -> None:
    for source in pages_in(path):
        laid_out(source)


@pytest.mark.parametrize("path", sorted((ROOT / "tests/spec").glob("*.md")), ids=lambda p: p.stem)
def test_the_manual_is_laid_out(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert formatted(Source(path.name, text)) == text, f"trialog fmt {path.relative_to(ROOT)}"


_GAPS = ("\n", "\n\n\n", " % at the end\n", "\n   % alone 'n \"so.\n", "\t", "\n % one %\n\n % two \n", "\n%\n")
_PROSE = ("", "\n", "Prose, not `code`.\n\n", "> words of the protocol\n\n", "# Heading\n\n", "- item\n\n")
gaps = st.just(" ") | st.sampled_from(_GAPS)


@st.composite
def spaced(draw: st.DrawFn) -> str:
    """Statements with anything between their tokens that means nothing."""
    text = ""
    for statement in draw(st.lists(statements, max_size=3)):
        line = written(statement)
        found = tokens(Source("", line), 0, len(line))[0][:-1]
        many = draw(st.booleans())
        text += "".join(draw(gaps if many else st.just(" ")) + token.words for token in found)
        text += draw(gaps)
    return draw(gaps) + text


@st.composite
def pages(draw: st.DrawFn) -> str:
    """Prose and blocks, some of them unreadable, unclosed, or items of a list."""
    text = ""
    for _ in range(draw(st.integers(1, 3))):
        text += draw(st.sampled_from(_PROSE))
        before, end = draw(
            st.sampled_from((("", ""), ("", ""), ("   ", ""), ("- ", "  "), ("1. ", "   "), ("> ", "> ")))
        )
        block = draw(spaced() | st.sampled_from(("a(P.\n", "a(P) :- b(P).", "%", "")))
        fence = draw(st.sampled_from(("```", "~~~~")))
        inside = "".join(f"{end}{line}\n" for line in block.split("\n"))
        text += f"{before}{fence}datalog\n{inside}" + (f"{end}{fence}\n\n" if draw(st.integers(0, 9)) else "")
    return text


@settings(max_examples=300)
@given(pages(), st.sampled_from(("\n", "\r\n", "\r")))
@example("```datalog\na(P) % one\n, % two\n b(P) % three\n . % four\n```", "\n")
@example("```datalog\na(P) :- b(P) % one\n. % two\n% three\n```", "\n")
@example("- ```datalog\n  a(P).\n\n\n  % alone\n  ```", "\n")
def test_any_page(text: str, end: str) -> None:
    new = laid_out(Source("page.md", text.replace("\n", end)))
    assert set(re.findall(r"\r\n|\r|\n", new)) <= {end}


@given(st.text(alphabet="ab(P).,:-%\"'`~> -\n\r\f\u2028@1\t", max_size=80))
def test_any_text(text: str) -> None:
    for page in (text, f"```datalog\n{text}\n```\n"):
        laid_out(Source("page.md", page))


@given(st.lists(statements, max_size=4))
def test_what_is_written_is_laid_out(drawn: list[Statement]) -> None:
    text = f"# Page\n\n```datalog\n{''.join(written(statement) + chr(10) for statement in drawn)}```\n"
    assert formatted(Source("page.md", text)) == text


@given(pages())
def test_line_ends_that_were_mixed_stay_so_outside(text: str) -> None:
    mixed = "".join(line + ("\r\n", "\n", "\r")[i % 3] for i, line in enumerate(text.split("\n")))
    laid_out(Source("page.md", mixed))


def test_comments_and_blank_lines() -> None:
    before = """\
Prose   stays.

```datalog

% about a


a(P):-b(P). % at the end
% just below
c(x).   d(y).
@S1 "is treated" inclusion treated(P) :- % why
  % the drug
  drug(P, D), D in drug % listed
  , count { X : e(P, X) % counted
  } >= 2

  % nothing else
.

concept x in y "x" also "a", % a name
  "b" [own].

% at the end of the block

```
"""
    after = """\
Prose   stays.

```datalog
% about a

a(P) :- b(P).  % at the end
% just below
c(x).
d(y).
@S1 "is treated"
inclusion treated(P) :-  % why
    % the drug
    drug(P, D),
    D in drug,  % listed
    count { X :
        e(P, X)  % counted
    } >= 2
    % nothing else
    .

concept x in y "x"
    also "a",  % a name
        "b" [own].

% at the end of the block
```
"""
    assert formatted(Source("page.md", before)) == after


def test_nothing_is_wider_than_it_must_be() -> None:
    for path in (ROOT / "kb").rglob("*.md"):
        source = Source(path.name, formatted(Source(path.name, path.read_text(encoding="utf-8"))))
        for block in read_page(source)[0].blocks:
            for statement in parse(block)[0]:
                widest = WIDEST_RULE if isinstance(statement, Rule) and statement.body else WIDEST_DECLARATION
                lines = [line for line in statement.at.words.split("\n") if not line.startswith(("@", "source"))]
                assert all(len(line) <= widest for line in lines)


def test_unreadable_blocks_are_left_and_told() -> None:
    text = "```datalog\na(P)  :-b(P).\n```\n\n```datalog\na(P)  :- .\n```\n\n```datalog\na(P)  :-b(P).\n"
    source = Source("page.md", text)
    assert formatted(source) == text.replace("a(P)  :-b(P)", "a(P) :- b(P)", 1)
    assert [(p.code, p.at.line) for p in unreadable(source)] == [("E107", 9), ("E103", 6)]
