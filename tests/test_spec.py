"""Every page of `spec/`, on every engine: the rules of the manual's language part give the answers that it says."""

import json
import re
import string
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import spec_pages
from tests.engines import ENGINES, Refused
from tests.spec_pages import ROOT, SHARED, SPEC, Case, PageError, cases, name_of, program_of, programs, sections
from trialog import tree
from trialog.answers import Status
from trialog.page import read_page
from trialog.parse import parse
from trialog.source import Span
from trialog.vocabulary import Kind

PAGES = sorted(SPEC.rglob("*.md"))
CHAPTERS = [p for p in sorted(SPEC.glob("*.md")) if p != SHARED]
CASES = [case for page in PAGES for case in cases(page)]
PARTS = ("When to use it", "How it is written", "What it means", "At the edges", "What it does not do")
LANGUAGE = ROOT / "docs/language.md"

# What an engine does not take, by engine and case, with its reason. A gap that is none any more has to go.
GAPS: dict[tuple[str, str], str] = {}


# -- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_answers_are_those_of_the_page(case: Case, engine: str) -> None:
    try:
        found = list(spec_pages.given(case, engine))
    except Refused as refused:
        assert GAPS.get((engine, str(case)), "not in the table of gaps") in str(refused)
        return
    assert (engine, str(case)) not in GAPS, "this gap is none any more: take it out of the table"
    wrong = [
        f"{case.page}.md:{g.wanted.line}: {g.wanted.patient}, `{g.wanted.asked}`: {g.wanted.answer} is wanted, "
        f"{g.answer} is found" + (f", and explained as {g.explained}" if g.explained else "")
        for g in found
        if not g.is_right
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_every_gap_is_of_a_case() -> None:
    assert {case for _, case in GAPS} <= {str(c) for c in CASES}
    assert {engine for engine, _ in GAPS} <= set(ENGINES)
