"""`trialog fmt` as people type it: what it prints, what it writes, and what it leaves alone."""

import os
import shutil
from pathlib import Path

import pytest

from trialog.cli import main

ROOT = Path(__file__).parents[1]
LAID_OUT = '# A page\n\n```datalog\nconcept a "a" [own].\n\nb(X) :- c(X), d(X).\n```\n'
LOOSE = LAID_OUT.replace("b(X) :- c(X), d(X)", "b(X):-c(X),d(X)")
BROKEN = LOOSE + "\n```datalog\nb(X)  :- .\n```\n"

type Printed = pytest.CaptureFixture[str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small knowledge base in it."""
    for name in ("kb/vocabulary/a.md", "kb/vocabulary/b.md", "kb/trials/small/protocol.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(LAID_OUT, encoding="utf-8")
    (tmp_path / "kb/trials/small/cases").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_knowledge_base_is_laid_out(capsys: Printed) -> None:
    assert main(["fmt", "--check", str(ROOT / "kb")]) == 0, capsys.readouterr().out


def test_check_tells_and_writes_nothing(here: Path, capsys: Printed) -> None:
    page = here / "kb/vocabulary/b.md"
    page.write_text(LOOSE, encoding="utf-8")
    assert main(["fmt", "kb", "--check"]) == 1
    assert capsys.readouterr().out == (
        "kb/vocabulary/b.md would change, by 5 lines of difference\n"
        "@@ -5,3 +5,3 @@\n \n-b(X):-c(X),d(X).\n+b(X) :- c(X), d(X).\n ```\n"
        "3 pages: 1 would change\n"
    )
    assert page.read_text(encoding="utf-8") == LOOSE


def test_check_prints_no_more_than_a_screen(here: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINES", "24")
    for path in here.rglob("*.md"):
        path.write_text(LAID_OUT.replace("b(X)", "b( X).\n" * 100 + "b(X)"), encoding="utf-8")
    assert main(["fmt", "--check", "kb"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 24
    assert [line for line in lines if " would change" in line] == [
        "kb/trials/small/protocol.md would change, by 203 lines of difference",
        "kb/vocabulary/a.md would change, by 203 lines of difference",
        "kb/vocabulary/b.md would change, by 203 lines of difference",
        "3 pages: 3 would change",
    ]


@pytest.mark.parametrize(
    ("path", "pages"), [("kb", 3), ("kb/vocabulary", 2), ("kb/trials/small", 1), ("kb/vocabulary/b.md", 1), (".", 0)]
)
def test_what_a_path_leads_to(path: str, pages: int, here: Path, capsys: Printed) -> None:
    for page in here.rglob("*.md"):
        page.write_text(LOOSE, encoding="utf-8")
    assert main(["fmt", path]) == (0 if pages else 2)
    assert sum(page.read_text(encoding="utf-8") == LAID_OUT for page in here.rglob("*.md")) == pages
    printed = capsys.readouterr()
    assert printed.out.count("laid out anew\n") == (pages + 1 if pages else 0)


@pytest.mark.parametrize("arguments", [[], ["kb/trials/small/cases"], ["nowhere"], ["--kb", "nowhere"]])
def test_the_installed_knowledge_base_is_never_meant(arguments: list[str], here: Path, capsys: Printed) -> None:
    assert here == Path.cwd()
    assert main(["fmt", *arguments]) == 2
    assert "error[E601]" in capsys.readouterr().err


def test_the_knowledge_base_where_one_stands(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    monkeypatch.chdir(here / "kb/vocabulary")
    (here / "kb/vocabulary/a.md").write_text(LOOSE, encoding="utf-8")
    assert main(["fmt"]) == 0
    assert capsys.readouterr().out == "a.md laid out anew\n2 pages: 1 laid out anew\n"


def test_a_block_that_cannot_be_read_is_left_and_told(here: Path, capsys: Printed) -> None:
    page = here / "kb/vocabulary/a.md"
    page.write_text(BROKEN, encoding="utf-8")
    assert main(["fmt", str(page)]) == 1
    printed = capsys.readouterr()
    assert page.read_text(encoding="utf-8") == BROKEN.replace(LOOSE, LAID_OUT)
    assert printed.err.count("error[E103]") == 1
    assert printed.out.endswith("1 page: 1 laid out anew; what has 1 error is left as it is\n")
    assert main(["fmt", str(page), "--check"]) == 1


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("last", [True, False])
def test_bytes_that_are_not_layout_stay(end: str, mark: str, last: bool, here: Path) -> None:
    page = here / "kb/vocabulary/a.md"
    page.chmod(0o640)

    def content(text: str) -> bytes:
        return (mark + (text if last else text.rstrip("\n")).replace("\n", end)).encode()

    page.write_bytes(content(LOOSE))
    assert main(["fmt", str(page)]) == 0
    assert page.read_bytes() == content(LAID_OUT)
    assert page.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in page.parent.iterdir()) == ["a.md", "b.md"]


def test_a_link_stays_a_link(here: Path) -> None:
    (here / "elsewhere.md").write_text(LOOSE, encoding="utf-8")
    page = here / "kb/vocabulary/c.md"
    page.symlink_to(here / "elsewhere.md")
    assert main(["fmt", "kb"]) == 0
    assert page.is_symlink()
    assert (here / "elsewhere.md").read_text(encoding="utf-8") == LAID_OUT


def test_what_needs_no_change_is_not_touched(here: Path) -> None:
    page = here / "kb/vocabulary/a.md"
    os.utime(page, (1, 1))
    assert main(["fmt", "kb"]) == 0
    assert page.stat().st_mtime == 1


def test_what_cannot_be_read_or_written(here: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "kb/vocabulary/a.md").write_bytes(b"\xff")
    (here / "kb/vocabulary/b.md").write_text(LOOSE, encoding="utf-8")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(shutil, "copymode", refuse)
    assert main(["fmt", "kb"]) == 1
    printed = capsys.readouterr()
    assert "error[E108]" in printed.err
    assert "error[E613]: `kb/vocabulary/b.md` cannot be written: Permission denied" in printed.err
    assert printed.out == "3 pages: none laid out anew\n"
    assert (here / "kb/vocabulary/b.md").read_text(encoding="utf-8") == LOOSE
    assert sorted(p.name for p in (here / "kb/vocabulary").iterdir()) == ["a.md", "b.md"]
