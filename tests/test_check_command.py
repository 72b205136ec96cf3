"""`trialog check` and `trialog explain`, as an author uses them."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from trialog import check_command, problem_pages
from trialog.cli import main
from trialog.mending import ChangedMeanwhile, Mending
from trialog.problem import Edit, Problem
from trialog.source import Span

ROOT = Path(__file__).parents[1]
_TRIAL = """\
# A small trial

## Cohort sle: Lupus

> Patients are 18 years old or older.

```datalog
@S1 "is an adult"
inclusion adult(P) :- born(P, B), screening(P, S), B + 18 years <= S.
```
"""
_VOCABULARY = """\
# Words

```datalog
attribute born(patient, on: date) "the date of birth".
```
"""
_WRONG = _TRIAL.replace("<= S.", "≤ S").replace("screening", "screenin")


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The protocol of a small knowledge base, in the folder where we stand."""
    trial = tmp_path / "kb/trials/small"
    trial.mkdir(parents=True)
    (tmp_path / "kb/vocabulary").mkdir()
    (tmp_path / "kb/vocabulary/words.md").write_text(_VOCABULARY, encoding="utf-8")
    (trial / "protocol.md").write_text(_TRIAL, encoding="utf-8")
    (trial / "source.txt").write_text("Patients are 18 years old or older.\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return trial / "protocol.md"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def test_nothing_is_wrong(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "check", "kb") == (0, "1 trial (small): no problems\n", "")
    code, out, _ = run(capsys, "check", "kb", "--fix")
    assert (code, page.read_text(encoding="utf-8")) == (0, _TRIAL)
    assert out == "nothing mended: no problem has a safe fix\n\n1 trial (small): no problems\n"


def test_mended_shown_and_checked_again(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page.write_text(_WRONG, encoding="utf-8")
    code, told, _ = run(capsys, "check", "kb")
    assert code == 1
    assert re.findall(r"error\[(E\d+)\]", told) == ["E201", "E101", "E110"]
    assert "`trialog check kb --fix` mends all of them" in told
    code, diff, said = run(capsys, "check", "kb", "--diff")
    assert (code, said) == (1, "3 problems would be mended\n")
    assert page.read_text(encoding="utf-8") == _WRONG
    code, out, _ = run(capsys, "check", "kb", "--fix")
    assert code == 0
    assert out.startswith(diff)
    assert out.endswith("3 problems mended in kb/trials/small/protocol.md\n\n1 trial (small): no problems\n")
    assert page.read_text(encoding="utf-8") == _TRIAL
    (page.parent / "again.md").write_text(_WRONG, encoding="utf-8")
    patched = subprocess.run(["git", "apply", "-p0", "-"], input=diff.replace("protocol.md", "again.md"), text=True)
    assert patched.returncode == 0
    assert (page.parent / "again.md").read_text(encoding="utf-8") == _TRIAL


def test_what_is_not_safe_remains(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page.write_text(_TRIAL.replace("18 years <=", "18 yeers <=") + "\n```datalog\nb(P) :- adlut(P), born(P, B).\n```\n")
    code, out, _ = run(capsys, "check", "kb", "--fix")
    assert code == 1
    assert "+b(P) :- adult(P), born(P, B)." in out
    assert re.findall(r"error\[(E\d+)\]", out) == ["E103", "E205"]
    assert "--fix` mends" not in out


def test_the_knowledge_base_that_is_installed_is_not_written_to(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "80")
        code, out, err = run(capsys, "check", "--fix")
    assert (code, out) == (2, "")
    assert "error[E615]" in err


def test_a_page_that_cannot_be_read_makes_the_others_lack_nothing(
    page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (page.parents[2] / "vocabulary/words.md").write_bytes(b"\xff")
    code, out, _ = run(capsys, "check", "kb", "--fix")
    assert code == 1
    assert re.findall(r"error\[(E\d+)\]", out) == ["E108"]


def test_a_fix_that_would_bring_a_problem_is_not_made(
    page: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page.write_text(_WRONG, encoding="utf-8")

    def bad(problems: Sequence[Problem], _: object) -> Mending:
        source = problems[0].at.source
        start = source.text.index("born")
        return Mending((problems[0],), {source: (Edit(Span(source, start, start + 4), "brn"),)})

    monkeypatch.setattr(check_command, "mending", bad)
    code, out, err = run(capsys, "check", "kb", "--fix")
    assert (code, out) == (2, "")
    assert "error[E617]: nothing was mended: it would bring E201" in err
    assert page.read_text(encoding="utf-8") == _WRONG


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(13, "Permission denied"), "cannot be written: Permission denied"),
        (ChangedMeanwhile(), "has changed since it was checked"),
    ],
    ids=["denied", "changed"],
)
def test_a_page_that_cannot_be_changed_is_named(
    error: Exception, said: str, page: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page.write_text(_WRONG, encoding="utf-8")

    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(check_command, "write", refuse)
    code, out, err = run(capsys, "check", "kb", "--fix")
    assert (code, out) == (2, "")
    assert f"error[E613]: `kb/trials/small/protocol.md` {said}" in " ".join(err.split())


def test_json_and_sarif_hold_what_the_text_holds(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page.write_text(_WRONG, encoding="utf-8")
    code, out, _ = run(capsys, "check", "kb", "--format", "json")
    assert code == 1
    assert [p["code"] for p in json.loads(out)["problems"]] == ["E201", "E101", "E110"]
    code, out, _ = run(capsys, "check", "kb", "--format", "sarif")
    assert code == 1
    assert [r["ruleId"] for r in json.loads(out)["runs"][0]["results"]] == ["E201", "E101", "E110"]
    code, out, _ = run(capsys, "check", "kb", "--fix", "--format", "json")
    assert code == 0
    printed = json.loads(out)
    assert (printed["problems"], [p["code"] for p in printed["mended"]]) == ([], ["E201", "E101", "E110"])


# -- explain -----------------------------------------------------------------------------------------------------

CODES = [path.stem for path in sorted((ROOT / "docs/problems").glob("E*.md"))]


@pytest.mark.parametrize("code", CODES)
def test_every_page_fits_a_terminal(
    code: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.cells import cell_len

    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = run(capsys, "explain", code)
    assert status == 0
    page = (ROOT / f"docs/problems/{code}.md").read_text(encoding="utf-8")
    assert out.startswith(f"{code}: ")
    outside = re.sub(r"^(`{3,}).*?^\1$", "", page, flags=re.MULTILINE | re.DOTALL)
    said = "".join(out.split())
    for words in re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", outside).split():
        assert words.strip("#") in said
    for line in out.split("\n"):
        assert cell_len(line) <= 80, line


@pytest.mark.parametrize("typed", ["E206", "e206", "206"])
def test_a_code_may_be_typed_in_several_ways(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "explain", typed)[1].startswith("E206: ")


@pytest.mark.parametrize("typed", ["E2066", "E299", "../E206", "README", "", "E206.md"])
def test_what_is_no_code_is_told(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "explain", typed)
    assert (code, out) == (2, "")
    assert "error[E616]" in err


def test_without_a_code_all_are_listed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = run(capsys, "explain")
    assert re.findall(r"^  (E\d{3})  ", out, re.MULTILINE) == CODES
    assert all(len(line) <= 80 for line in out.split("\n"))


def test_explain_loads_nothing_that_it_does_not_need() -> None:
    code = "import sys; from trialog.cli import main; main(['explain', 'E206']); print(*sorted(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = set(found.split("\n")[-2].split())
    assert "trialog.explain_command" in loaded
    assert not loaded & {
        "trialog.check",
        "trialog.answers",
        "trialog.charts",
        "markdown_it",
        "networkx",
        "rich",
        "json",
    }


def test_pages_inside_the_package_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert problem_pages.shipped_pages() == ROOT / "docs/problems"
    (tmp_path / "trialog/problems").mkdir(parents=True)
    monkeypatch.setattr(problem_pages, "__file__", str(tmp_path / "trialog/problem_pages.py"))
    assert problem_pages.shipped_pages() == tmp_path / "trialog/problems"
    assert problem_pages.claims() == {}
