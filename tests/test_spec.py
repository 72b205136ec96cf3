"""Every page of `spec/`, on every engine: the rules of the manual's language part give the answers that it says."""

import json
import re
import types
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import spec_pages
from tests.chart_json import chart_json
from tests.engines import ENGINES, Refused
from tests.sections import PageError, sections
from tests.spec_pages import (
    ROOT,
    SHARED,
    SPEC,
    Case,
    Saved,
    cases,
    programs,
    read_case,
    write_case,
)
from trialog import tree
from trialog.answers import Status, Verdict
from trialog.charts.chart import Chart, Record, Reviewed
from trialog.check import Pages, check
from trialog.page import read_page
from trialog.parse import parse
from trialog.proof import Reason
from trialog.source import Source, Span
from trialog.values import Cause, Interval, days
from trialog.vocabulary import Kind

PAGES = [p for p in sorted(SPEC.rglob("*.md")) if p != SHARED]
CHAPTERS = [p for p in PAGES if p.parent == SPEC]
CASES = [case for page in PAGES for case in cases(page)]
PARTS = ["When to use it", "How it is written", "What it means", "At the edges", "What it does not do"]
LANGUAGE = ROOT / "docs/language.md"

# What an engine does not take: engine, case, and the reason that it gives. A gap that is none any more has to go.
GAPS = {
    ("pydatalog", "recursion: Resting on itself twice"): "joined` rests on itself more than once in one rule",
}


# -- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_answers_are_those_of_the_page(case: Case, engine: str) -> None:
    gap = GAPS.get((engine, str(case)))
    try:
        found = list(spec_pages.given(case, engine))
    except Refused as refused:
        assert gap is not None, f"not in the table of gaps: {refused}"
        assert gap in str(refused)
        return
    assert gap is None, "this gap is none any more: take it out of the table"
    wrong = [
        f"{case.page}.md:{g.wanted.line}: {g.wanted.patient}, `{g.wanted.asked}`: {g.wanted.answer} is wanted, "
        f"{g.answer} is found" + (f", and explained as {g.explained}" if g.explained else "")
        for g in found
        if not g.is_right
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_every_gap_is_of_an_engine_and_a_case() -> None:
    assert set(GAPS) <= {(engine, str(case)) for engine in ENGINES for case in CASES}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_nothing_is_wrong_with_the_rules_of_a_page(page: Path) -> None:
    for part, pages in programs(page):
        if part.rules:
            spec_pages.program_of(pages)


def test_nothing_is_wrong_with_the_vocabulary_that_the_pages_share() -> None:
    text = SHARED.read_text(encoding="utf-8")
    spec_pages.program_of(Pages((Source(spec_pages.name_of(SHARED), text),), None, None))


def test_every_status_verdict_and_reason_is_an_answer_of_some_page() -> None:
    said = {w.answer for case in CASES for w in case.wanted}
    reasons = {f"{Status.UNKNOWN.value}: {reason.value}" for reason in Reason}
    assert said == {s.value for s in Status} | {v.value for v in Verdict} | reasons


# -- the manual ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda p: p.stem)
def test_a_chapter_has_its_parts(page: Path) -> None:
    parts = sections(page.read_text(encoding="utf-8"))
    assert [p.level for p in parts[:2]] == [1, 2]
    assert [p.title for p in parts if p.level == 2] == PARTS
    assert len({p.title for p in parts}) == len(parts), "two sections have one title"
    answers = {w.answer for case in CASES if case.page == page.stem for w in case.wanted}
    assert {Status.MET.value, Status.NOT_MET.value} <= answers
    assert Status.UNKNOWN.value in {answer.partition(":")[0] for answer in answers}


def test_the_contents_name_every_chapter_once_by_its_title() -> None:
    _, _, contents = LANGUAGE.read_text(encoding="utf-8").partition("## The chapters")
    contents, _, _ = contents.partition("\n## ")
    listed = re.findall(r"^(\d+)\. \[(.+)\]\(\.\./tests/spec/(\w+)\.md\)$", contents, re.MULTILINE)
    assert [int(number) for number, _, _ in listed] == list(range(1, len(CHAPTERS) + 1))
    titles = {p.stem: sections(p.read_text(encoding="utf-8"))[0].title for p in CHAPTERS}
    assert {stem: title for _, title, stem in listed} == titles


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", [*CHAPTERS, SHARED, LANGUAGE], ids=lambda p: p.stem)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)):
        if "://" not in link:
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve()
            assert target.is_file(), link
            titles = {_anchor(s.title) for s in sections(target.read_text(encoding="utf-8"))}
            assert not anchor or anchor in titles, link


def test_what_the_introduction_shows_is_right() -> None:
    shared = Source("vocabulary.md", SHARED.read_text(encoding="utf-8"))
    text = LANGUAGE.read_text(encoding="utf-8")
    [page] = re.findall(r"^````markdown\n(.*?)^````$", text, re.MULTILINE | re.DOTALL)
    assert check(Pages((shared,), Source("protocol.md", page), None))[1] == []
    table = re.findall(r"^\| .+? \| `(.+)` \| \[", text, re.MULTILINE)
    assert len(table) >= 15
    for written in table:
        body = written.replace(": … }", ": x(P) }").replace("…", "x")
        page = f"```datalog\nx(P) :- {body}.\n```\n"
        [block] = read_page(Source("row.md", page))[0].blocks
        assert parse(block)[1] == [], written


# -- all of the language ---------------------------------------------------------------------------------------------


@cache
def _written() -> frozenset[tuple[type, str, object]]:
    """What stands on the pages: of each class of the tree its fields, with what is in them."""
    used: set[tuple[type, str, object]] = set()

    def visit(node: object) -> None:
        if isinstance(node, tuple):
            for part in node:
                visit(part)
        elif is_dataclass(node) and not isinstance(node, type | Span):
            used.add((type(node), "", None))
            for f in fields(node):
                value = getattr(node, f.name)
                shown = value if isinstance(value, bool | Enum) or f.name == "operator" else _filled(value)
                used.add((type(node), f.name, shown))
                visit(value)

    for page in CHAPTERS:
        for part, pages in programs(page):
            for source in (*pages.vocabulary, pages.protocol) if part.rules else ():
                for block in read_page(source)[0].blocks if source is not None else ():
                    for statement in parse(block)[0]:
                        visit(statement)
    return frozenset(used)


def _filled(value: object) -> str:
    return "none" if value is None or value == () else "some"


def _wanted(cls: type) -> Iterable[tuple[type, str, object]]:
    yield cls, "", None
    for name, hint in get_type_hints(cls).items():
        if name.endswith("_at"):  # where something was said, which is no part of what can be said
            continue
        if hint is bool:
            yield from ((cls, name, value) for value in (True, False))
        elif isinstance(hint, type) and issubclass(hint, Enum):
            yield from ((cls, name, value) for value in hint)
        elif name == "operator":
            signs = {tree.Arithmetic: "+ - * /", tree.Comparison: "= != < <= > >=", tree.Aggregate: "= < <= > >="}
            yield from ((cls, name, sign) for sign in signs[cls].split())
        elif isinstance(hint, types.UnionType) and type(None) in hint.__args__:
            members = [v for h in hint.__args__ if isinstance(h, type) and issubclass(h, Enum) for v in h]
            yield from ((cls, name, what) for what in ("none", *(members or ["some"])))
        elif get_origin(hint) is tuple:
            yield cls, name, "some"


NODES = [c for c in vars(tree).values() if isinstance(c, type) and is_dataclass(c) and c.__module__ == tree.__name__]


@pytest.mark.parametrize("node", NODES, ids=lambda c: c.__name__)
def test_the_pages_use_all_that_can_be_written(node: type) -> None:
    assert set(_wanted(node)) <= _written()


def test_no_part_of_the_language_is_forgotten() -> None:
    found = {value for node in NODES for _, _, value in _wanted(node) if isinstance(value, Enum)}
    assert found == {*tree.Summary, *tree.Role, *Kind}
    assert len(NODES) >= 25


# -- saved cases -----------------------------------------------------------------------------------------------------

RULES = "had_epilepsy(P) :- condition(P, epilepsy, ..)."
CHART = """\
{"patient": "somebody", "facts": {"condition": [{"condition": "epilepsy", "from": "2024-03-01"}]}}
"""
_LINE = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=30)
_NAME = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
_TEXT = st.lists(_LINE, min_size=1, max_size=4).map("\n".join)


@given(
    title=_LINE.map(str.strip).filter(lambda t: t and not t.endswith("#")),
    rules=_TEXT,
    patient=_LINE.map(str.strip).filter(bool),
    expected=st.dictionaries(_NAME, st.sampled_from([s.value for s in Status]), min_size=1, max_size=4),
    vocabulary=st.just("") | _TEXT.filter(bool),
    readings=st.dictionaries(_NAME, _NAME, max_size=2),
    indent=st.none() | st.integers(0, 3),
)
def test_a_case_that_is_written_is_read_back(
    title: str,
    rules: str,
    patient: str,
    expected: dict[str, str],
    vocabulary: str,
    readings: dict[str, str],
    indent: int | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.getbasetemp() / "saved.md"
    chart = json.dumps({"patient": patient}, ensure_ascii=False, indent=indent)
    write_case(path, title, rules, chart, expected, vocabulary, readings)
    assert read_case(path) == Saved(title, _ended(rules), _ended(chart), expected, _ended(vocabulary), readings)
    [case] = cases(path)
    assert [(w.patient, w.asked, w.answer) for w in case.wanted] == [(patient, *e) for e in expected.items()]
    assert [f.text for f in case.charts] == [_ended(chart)]
    assert case.readings == readings


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


@pytest.mark.parametrize(
    ("title", "status"),
    [("two\nlines", "met"), (" ", "met"), ("a title", "met\n"), ("a title", "met\n\n")],
)
def test_a_case_that_could_not_be_read_back_is_not_written(title: str, status: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a page cannot hold this case"):
        write_case(tmp_path / "saved.md", title, RULES, CHART, {"had_epilepsy": status})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("case", [c for c in CASES if c.charts], ids=str)
def test_every_chart_of_the_pages_can_be_written(case: Case) -> None:
    vocabulary = spec_pages.program_of(case.pages).vocabulary
    for chart in spec_pages.charts_of(case, vocabulary).values():
        assert chart_json(chart, vocabulary)  # which reads what it wrote


def test_a_chart_that_json_cannot_say_is_not_written() -> None:
    vocabulary = spec_pages.program_of(CASES[0].pages).vocabulary
    around_new_year = Interval(int(days("2025-12-30").low), int(days("2026-01-02").low), Cause.IMPRECISE)
    remission = Record("course", ("remission", around_new_year))
    with pytest.raises(ValueError, match="cannot be said in JSON"):
        chart_json(Chart("somebody", None, (remission,)), vocabulary)
    with pytest.raises(ValueError, match="cannot be said in JSON"):
        chart_json(Chart("somebody", None, reviewed=(Reviewed("course", "relapse", around_new_year),)), vocabulary)


# -- what must fail --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_a_saved_case_is_run(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "saved.md"
    for status in Status:
        write_case(path, "One who had epilepsy", RULES, CHART, {"had_epilepsy": status.value})
        [case] = cases(path)
        [found] = spec_pages.given(case, engine)
        assert found.answer == Status.MET.value
        assert found.is_right is (status is Status.MET)


@pytest.mark.parametrize(
    ("rules", "chart", "expected", "told"),
    [
        ("had_epilepsy(P) :- condition(P, epilepsi, ..).", CHART, "had_epilepsy", r"saved\.md:4:33"),
        (RULES, CHART, "had_stroke", "`had_stroke` is not a relation of the patient alone"),
        (RULES, CHART, "condition", "`condition` is not a relation of the patient alone"),
        (RULES, CHART.replace("epilepsy", "epilepsi"), "had_epilepsy", "`epilepsi` is not a condition"),
    ],
)
def test_what_is_wrong_with_a_page_is_told(rules: str, chart: str, expected: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "saved.md"
    write_case(path, "Something is wrong", rules, chart, {expected: "met"})
    with pytest.raises(PageError, match=told):
        list(spec_pages.given(cases(path)[0], "reference"))


@pytest.mark.parametrize(
    ("taken", "put", "told"),
    [
        (
            "| somebody |",
            "| somebody else |",
            "the patients are somebody, somebody else; those answered for, somebody else",
        ),
        ("| patient | `had_epilepsy` |", "| patient | had epilepsy |", "has charts and no answers"),
        ("| patient | `had_epilepsy` |", "| patient | `had_epilepsy` and |", "has charts and no answers"),
        (
            "| patient | `had_epilepsy` |\n| --- |",
            "| patient | `had_epilepsy` | had_stroke |\n| --- | --- |",
            "had_stroke: in back",
        ),
        ("```json", "```csv\npatient\n```\n\n```json", "has a table without a name"),
        ("# A page", "", "a page begins with its title"),
        (
            "```json",
            "`condition.csv`\n\n```csv\npatient\n```\n\n`condition.csv`\n\n```csv\npatient\n```\n\n```json",
            "is given twice",
        ),
    ],
)
def test_a_page_that_would_not_test_what_it_shows_is_refused(taken: str, put: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "saved.md"
    write_case(path, "A page", RULES, CHART, {"had_epilepsy": "met"})
    text = path.read_text(encoding="utf-8")
    assert taken in text
    path.write_text(text.replace(taken, put), encoding="utf-8")
    with pytest.raises(PageError, match=told):
        for case in cases(path):
            list(spec_pages.given(case, "reference"))
