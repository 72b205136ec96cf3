"""Every problem with a chart has a page, and the page's examples show what it says."""

import re
from pathlib import Path

import pytest

from trialog.charts.read import read_charts
from trialog.problem import Severity
from trialog.vocabulary import Vocabulary

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs/problems").glob("E5*.md"))
MODULES = tuple(path for part in ("charts", "cohort") for path in (ROOT / "engine/trialog" / part).glob("*.py"))
CODES = {code for path in MODULES for code in re.findall(r'"(E5\d\d)"', path.read_text(encoding="utf-8"))}
_BLOCK = re.compile(r"^```(json|csv) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_problem_has_a_page_and_every_page_a_problem() -> None:
    assert {path.stem for path in PAGES} == CODES


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_says_all_there_is_to_say(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.match(rf"# {path.stem}: [A-Z][^\n]+[^.\n]\n\n", text)
    headings = ["What it means", "Why it matters", "An example", "The way out"]
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == headings


def found(vocabulary: Vocabulary, folder: Path, form: str, name: str, text: str) -> set[str]:
    """The codes of the errors in an example."""
    folder.mkdir()
    if form == "csv":
        (folder / "patients.csv").write_text("patient,screening\na,2026-01-15\n", encoding="utf-8")
    (folder / (name or "chart.json")).write_text(text, encoding="utf-8")
    problems = [p for chart in read_charts(folder, vocabulary) for p in chart.problems]
    return {problem.code for problem in problems if problem.severity is Severity.ERROR}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_example_is_wrong_and_the_way_out_is_right(path: Path, vocabulary: Vocabulary, tmp_path: Path) -> None:
    example, _, way_out = path.read_text(encoding="utf-8").partition("## The way out")
    for i, (form, name, text) in enumerate(_BLOCK.findall(example)):
        assert found(vocabulary, tmp_path / f"wrong{i}", form, name, text) == {path.stem}
    for i, (form, name, text) in enumerate(_BLOCK.findall(way_out)):
        assert found(vocabulary, tmp_path / f"right{i}", form, name, text) == set()


def test_the_examples_of_the_manual_are_right(vocabulary: Vocabulary, tmp_path: Path) -> None:
    examples = _BLOCK.findall((ROOT / "docs/charts.md").read_text(encoding="utf-8"))
    assert {form for form, _, _ in examples} == {"json", "csv"}
    for i, (form, name, text) in enumerate(examples):
        assert found(vocabulary, tmp_path / f"{i}", form, name, text) == set()
