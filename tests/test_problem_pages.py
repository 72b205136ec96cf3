"""Every code has one page and a line in the index; every page's example shows what we say, and its way out is one."""

import json
import re
import shlex
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Protocol
from unittest.mock import Mock, patch

import pytest

from tests.second_opinion.planted import compare_wrongly
from tests.store.stores import packed
from trialog.charts.chart import Chart
from trialog.cli import main
from trialog.knowledge import Library
from trialog.problem import Problem

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs/problems"
PAGES = sorted(FOLDER.glob("E*.md"))
OURS = [p for p in PAGES if not p.stem.startswith("E5")]  # the pages about charts have a test of their own
USED = {
    code
    for path in (ROOT / "engine/trialog").rglob("*.py")
    for code in re.findall(r'"(E\d\d\d)"', path.read_text(encoding="utf-8"))
}
NOT_RUN = {
    "E617": "a safe fix would have to bring a problem; see test_check_command.py",
    "E637": "a file of a run would have to be taken away; see tests/cohort/test_attrition.py",
    "E638": "Spark would have to fail; see cohort/test_spark.py",
    "E639": "another machine would have to take part; see cohort/test_spark.py",
}
_FENCE = re.compile(r"^(`{3,})(\w+).*?\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
_TYPED = [p for p in OURS if "\n```sh\n" in p.read_text(encoding="utf-8") and p.stem not in NOT_RUN]
_WRITTEN = [p for p in OURS if p not in _TYPED and p.stem not in NOT_RUN]


class Golden(Protocol):
    """What a page expects to be said, and what is said."""

    @property
    def expected(self) -> str: ...
    @property
    def said(self) -> str: ...
    @property
    def codes(self) -> tuple[str, ...]: ...


def test_every_code_has_one_page_and_every_page_a_code() -> None:
    assert [p.stem for p in PAGES] == sorted(USED)
    assert sorted(p.name for p in FOLDER.iterdir()) == sorted([*(p.name for p in PAGES), "README.md"])


def test_the_index_has_every_code_with_its_claim() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^- \[(E\d\d\d)\]\((E\d\d\d)\.md\): (.+)$", index, re.MULTILINE)
    assert [code for code, _, _ in listed] == [p.stem for p in PAGES]
    for code, link, claim in listed:
        assert code == link
        assert (FOLDER / f"{code}.md").read_text(encoding="utf-8").startswith(f"# {code}: {claim}\n")


@pytest.mark.parametrize("path", OURS, ids=lambda p: p.stem)
def test_a_page_says_all_there_is_to_say(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.match(rf"# {path.stem}: [A-Z`][^\n]+[^.\n]\n\n", text)
    outside = _FENCE.sub("", text)
    headings = ["What it means", "Why it matters", "An example", "The way out"]
    assert re.findall(r"^## (.+)$", outside, re.MULTILINE) == headings
    assert all(part.strip() for part in re.split(r"^#+ .+$", outside, flags=re.MULTILINE)[2:4])
    assert _FENCE.search(text), "there is an example"


@pytest.mark.parametrize("path", _WRITTEN, ids=lambda p: p.stem)
def test_the_example_is_wrong_in_this_way_alone(path: Path, golden: Callable[[Path], Golden]) -> None:
    found = golden(path)
    assert found.said == found.expected
    assert set(found.codes) == {path.stem}


@pytest.mark.parametrize("path", _WRITTEN, ids=lambda p: p.stem)
def test_the_way_out_is_right(path: Path, mended: Callable[[str, str], list[Problem]]) -> None:
    _, _, way_out = path.read_text(encoding="utf-8").partition("## The way out")
    assert mended(way_out, path.stem) == []


# -- what is typed -----------------------------------------------------------------------------------------------

_TRIAL = """\
# A small trial

## Cohort sle: Systemic lupus erythematosus

> Patients are adults.

```datalog
reading adulthood = at_18 | at_16 "from which age on somebody is an adult".

@S1 "is an adult"
inclusion adult(P) :- reading adulthood = at_18, born(P, B), screening(P, S), B + 18 years <= S.
adult(P) :- reading adulthood = at_16, born(P, B), screening(P, S), B + 16 years <= S.
```
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with a small knowledge base, a broken one and one that lacks a document."""
    for name in ("knowledge", "not-utf-8", "no-source"):
        trial = tmp_path / name / "trials/small"
        (trial / "cases").mkdir(parents=True)
        (tmp_path / name / "vocabulary").mkdir()
        shutil.copy(ROOT / "tests/golden/vocabulary.md", tmp_path / name / "vocabulary/words.md")
        (trial / "protocol.md").write_text(_TRIAL, encoding="utf-8")
        (trial / "source.txt").write_text("Patients are adults.\n", encoding="utf-8")
        chart = {"patient": "Tim", "screening": "2026-01-15", "facts": {"born": [{"on": "2009-05-02"}]}}
        (trial / "cases/Tim.json").write_text(json.dumps(chart), encoding="utf-8")
    shutil.copytree(tmp_path / "knowledge/trials/small/cases", tmp_path / "charts")
    (tmp_path / "not-utf-8/trials/small/protocol.md").write_bytes(_TRIAL.replace("small", "petït").encode("latin-1"))
    (tmp_path / "no-source/trials/small/source.txt").unlink()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(part: str, here: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What is printed by the commands in a part of a page, once its `json` stands among the cases."""
    printed = ""
    for _, language, text in _FENCE.findall(part):
        if language == "json":
            (here / "knowledge/trials/small/cases/Ann.json").write_text(text, encoding="utf-8")
        if language == "sh":
            typed, _, command = text.rpartition(" | ")
            program, *arguments = shlex.split(command)
            assert program == "trialog"
            with patch("sys.stdin", StringIO("\n".join(shlex.split(typed)[1:]))):
                main(arguments)
            out, err = capsys.readouterr()
            printed += "\n\n".join(block for block in re.split(r"\n\n", f"{out}\n\n{err}") if "error[" in block)
    return printed.strip() + "\n"


@pytest.mark.parametrize("path", _TYPED, ids=lambda p: p.stem)
def test_the_command_says_that_and_the_way_out_leads_on(
    path: Path,
    here: Path,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if path.stem == "E609":  # the two engines would have to disagree
        compare_wrongly(monkeypatch)
    if path.stem == "E635":
        monkeypatch.setenv("JAVA_HOME", "/nowhere")
    if path.stem == "E651":
        page = Path(shutil.copytree(here / "knowledge", here / "newer")) / "trials/small/protocol.md"
        page.write_text(page.read_text(encoding="utf-8").replace("B + 18 years", "B + 17 years"), encoding="utf-8")
    if path.stem == "E634":
        page = here / "knowledge/trials/small/protocol.md"
        limit = "adult(P) :- observation(P, egfr, V, ..), V > 900000000000000 'mL/min/{1.73_m2}'.\n```"
        page.write_text(page.read_text(encoding="utf-8").rstrip().removesuffix("```") + limit + "\n", encoding="utf-8")
        program, _ = Library(here / "knowledge").program("small")
        assert program is not None
        packed([Chart("Tim", 739000)], here / "store", program.vocabulary)
    if path.stem == "E656":
        with (here / "big.json").open("wb") as file:
            file.truncate(65 * 1024 * 1024)
    if path.stem == "E613":  # the file would have to refuse whoever runs the tests
        monkeypatch.setattr("os.access", Mock(side_effect=[False, True]))
        words = here / "knowledge/vocabulary/words.md"
        words.write_text(words.read_text(encoding="utf-8").replace("concept ", "concept  "), encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    example, _, way_out = text.partition("## The way out")
    said = run(example, here, capsys)
    assert set(re.findall(r"error\[(E\d\d\d)\]", said)) == {path.stem}
    expected = next(words for _, language, words in _FENCE.findall(example) if language == "text")
    if request.config.getoption("--rewrite-golden"):
        path.write_text(text.replace(f"```text\n{expected}```", f"```text\n{said}```"), encoding="utf-8")
        expected = said
    assert said == expected
    assert run(way_out, here, capsys) == "\n"
