"""Every page of `golden/`: a protocol with something wrong in it, and exactly what we say about it.

`pytest --rewrite-golden` writes what is said now into the pages. Read the difference, as an author would, before you keep it.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from trialog.check import Pages, check
from trialog.problem import Problem
from trialog.source import Source

ROOT = Path(__file__).parents[1]
PAGES = sorted(p for p in (ROOT / "tests/golden").glob("*.md") if p.name != "vocabulary.md")
USED = {
    code
    for path in (ROOT / "engine/trialog").rglob("*.py")
    for code in re.findall(r'"(E[1-4]\d\d)"', path.read_text(encoding="utf-8"))
}
NOT_ON_A_PAGE = {
    "E108": "a page that cannot be read has no text; see test_problem_pages.py",
    "E409": "a source document that cannot be read has none either; see test_problem_pages.py",
}


class Golden(Protocol):
    """What a page expects to be said, and what is said."""

    @property
    def expected(self) -> str: ...
    @property
    def said(self) -> str: ...
    @property
    def problems(self) -> tuple[Problem, ...]: ...
    @property
    def codes(self) -> tuple[str, ...]: ...


type Check = Callable[[Path], Golden]


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_what_is_said_about_a_page(path: Path, golden: Check) -> None:
    found = golden(path)
    assert found.said == found.expected


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_every_problem_has_a_place_a_claim_of_one_line_and_a_way_out(path: Path, golden: Check) -> None:
    problems = golden(path).problems
    assert problems, "a golden page has something wrong in it"
    for p in problems:
        assert 0 <= p.at.start <= p.at.end <= len(p.at.source.text)
        for words in (p.claim, p.help, *(w for _, w in p.related)):
            assert "\n" not in words
            assert not words.endswith(".")
            assert words.count("`") % 2 == 0
        assert p.claim


def test_every_code_is_provoked_by_a_page(golden: Check) -> None:
    provoked = {code for path in PAGES for code in golden(path).codes}
    assert USED - provoked == NOT_ON_A_PAGE.keys()


def test_the_vocabulary_that_the_pages_share_is_sound() -> None:
    path = ROOT / "tests/golden/vocabulary.md"
    program, problems = check(Pages((Source(path.name, path.read_text(encoding="utf-8")),), None, None))
    assert problems == []
    assert program is not None
