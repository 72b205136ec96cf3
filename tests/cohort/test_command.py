"""`trialog screen --engine cohort` as its user runs it."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.store.stores import packed
from trialog.charts.chart import Chart, Record
from trialog.cli import main
from trialog.knowledge import Library
from trialog.values import days, point

ROOT = Path(__file__).parents[2]
PROTOCOL = """\
# A small trial

## Cohort sle: Systemic lupus erythematosus

> Patients are adults.

```datalog
@S1 "is an adult"
inclusion adult(P) :- born(P, B), screening(P, S), B + 18 years <= S.
```
"""
SCREENING = int(days("2026-01-15").low)


def born(name: str, day: str) -> Chart:
    return Chart(name, SCREENING, (Record("born", (point(int(days(day).low)),)),))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with a small knowledge base and a store of three patients."""
    trial = tmp_path / "knowledge/trials/small"
    (trial / "cases").mkdir(parents=True)
    (tmp_path / "knowledge/vocabulary").mkdir()
    shutil.copy(ROOT / "tests/golden/vocabulary.md", tmp_path / "knowledge/vocabulary/words.md")
    (trial / "protocol.md").write_text(PROTOCOL, encoding="utf-8")
    (trial / "source.txt").write_text("Patients are adults.\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    program, _ = Library(tmp_path / "knowledge").program("small")
    assert program is not None
    charts = [born("ann", "1980-01-01"), born("bob", "2020-01-01"), Chart("cem", SCREENING)]
    packed(charts, tmp_path / "store", program.vocabulary)
    packed([*charts, born("dot", "2030-01-01")], tmp_path / "unborn", program.vocabulary)
    return tmp_path


def screen(*more: str) -> int:
    return main(["screen", "small", "--kb", "knowledge", "--engine", "cohort", *more])


def test_verdicts_are_counted_and_answers_written(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert screen("--charts", "store", "--out", "answers.csv") == 0
    out = capsys.readouterr().out
    assert "3 patients from store" in out
    assert all(len(line) <= 80 for line in out.splitlines())
    rows = [line.split(",") for line in Path("answers.csv").read_text(encoding="utf-8").splitlines()]
    verdict = rows[0].index("verdict_sle")
    assert {row[0]: row[verdict] for row in rows[1:]} == {"ann": "eligible", "bob": "ineligible", "cem": "undetermined"}
    assert not Path("answers.csv.buckets").exists()
    assert here.is_dir()


def test_a_patient_who_was_not_born_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert screen("--charts", "unborn", "--out", "answers") == 3
    found = capsys.readouterr()
    assert "born after the screening" in found.err
    assert "dot" in found.err
    assert screen("--charts", "unborn", "--out", "answers") == 3, "the second time as well"
    assert "dot" in capsys.readouterr().err
    assert here.is_dir()


def test_a_second_run_screens_nobody_again(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert screen("--charts", "store", "--out", "answers") == 0
    capsys.readouterr()
    assert screen("--charts", "store", "--out", "answers") == 0
    assert "3 had their answers from an earlier run" in capsys.readouterr().out
    assert screen("--charts", "store", "--out", "answers", "--as-of", "2000-01-01") == 3
    assert "from an earlier run" not in capsys.readouterr().out
    assert here.is_dir()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("--charts", "store"), "E632"),
        (("--charts", "knowledge", "--out", "answers"), "E633"),
        (("--charts", "store", "--out", "knowledge"), "E535"),
        (("--charts", "store", "--out", "knowledge/vocabulary/words.md"), "E531"),
    ],
)
def test_what_is_typed_wrong_is_told(
    here: Path, capsys: pytest.CaptureFixture[str], given: tuple[str, ...], code: str
) -> None:
    before = sorted(p for p in here.rglob("*") if "__pycache__" not in str(p))
    assert screen(*given) == 2
    assert f"error[{code}]" in capsys.readouterr().err
    assert sorted(p for p in here.rglob("*") if "__pycache__" not in str(p)) == before


@pytest.mark.parametrize(
    "typed",
    [
        ("--engine", "reference", "--out", "answers"),
        ("--engine", "pydatalog", "--jobs", "2"),
        ("--jobs", "2"),
        ("--engine", "reference", "--master", "local[2]"),
        ("--engine", "cohort", "--out", "answers", "--master", "local[2]"),
        ("--engine", "cohort", "--out", "answers", "--format", "json"),
        ("--out", "answers", "--format", "csv"),
        ("--update", "answers", "--jobs", "2"),
    ],
    ids=" ".join,
)
def test_no_option_is_taken_and_left_aside(
    here: Path, capsys: pytest.CaptureFixture[str], typed: tuple[str, ...]
) -> None:
    assert main(["screen", "small", "--kb", "knowledge", "--charts", "store", *typed]) == 2
    assert "error[E662]" in capsys.readouterr().err
    assert not (here / "answers").exists()


@pytest.mark.parametrize("name", ["answers.csv", "answers.duckdb"])
def test_a_file_that_is_there_is_not_written_over(here: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (here / name).write_text("somebody's", encoding="utf-8")
    assert screen("--charts", "store", "--out", name) == 2
    assert "error[E535]" in capsys.readouterr().err
    assert (here / name).read_text(encoding="utf-8") == "somebody's"
    assert not (here / f"{name}.buckets").exists()


def test_who_is_screened_today_is_counted_and_marked(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program, _ = Library(here / "knowledge").program("small")
    assert program is not None
    undated = replace(born("eve", "1990-01-01"), screening=None)
    packed([born("ann", "1980-01-01"), undated], here / "undated", program.vocabulary)
    assert screen("--charts", "undated", "--out", "answers.csv") == 0
    assert "1 screened on" in capsys.readouterr().out
    rows = [line.split(",") for line in Path("answers.csv").read_text(encoding="utf-8").splitlines()]
    marked = rows[0].index("on_today")
    assert {row[0]: row[marked] for row in rows[1:]} == {"ann": "false", "eve": "true"}
    assert screen("--charts", "undated", "--out", "answers", "--as-of", "2026-01-15") == 0
    assert "today" not in capsys.readouterr().out


@pytest.mark.parametrize("again", [("--out", "answers"), ("--update", "answers")], ids=" ".join)
def test_what_lies_where_an_update_is_made_ready_is_not_taken_away(
    here: Path, capsys: pytest.CaptureFixture[str], again: tuple[str, ...]
) -> None:
    assert screen("--charts", "store", "--out", "answers") == 0
    for name in (".answers.being-updated", "answers.update"):
        (here / name).mkdir()
        (here / name / "notes.txt").write_text("somebody's", encoding="utf-8")
    assert screen("--charts", "store", *again) == 2
    assert "error[E535]" in capsys.readouterr().err
    assert (here / ".answers.being-updated/notes.txt").exists()
    assert (here / "answers.update/notes.txt").exists()
