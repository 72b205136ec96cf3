"""The manual of the graph and the page beside it: each command, and exactly what it prints at 80 columns.

`pytest --rewrite-golden` writes what is printed now into the pages. Read the difference as an author would.
"""

import re
import shlex
from pathlib import Path

import pytest

from trialog.cli import main

HERE = Path(__file__).parent
MANUAL = HERE.parents[1] / "docs/graph.md"
PICTURE = HERE / "pictures/a2.svg"
_EXAMPLE = re.compile(r"^```sh\n(trialog [^\n]+)\n```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)

type Printed = pytest.CaptureFixture[str]


def printed(command: str, capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(HERE)
    monkeypatch.setenv("COLUMNS", "80")
    main(shlex.split(command)[1:])
    out, err = capsys.readouterr()
    return out + err


@pytest.mark.parametrize("page", [MANUAL, HERE / "said.md"], ids=lambda p: p.stem)
def test_every_command_prints_that(
    page: Path, capsys: Printed, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = page.read_text(encoding="utf-8")
    examples = list(_EXAMPLE.finditer(text))
    assert len(examples) == text.count("```sh\n") > 5
    said = [printed(e[1], capsys, monkeypatch) for e in examples]
    if request.config.getoption("--rewrite-golden"):
        for example, words in reversed(list(zip(examples, said, strict=True))):
            text = text[: example.start(2)] + words + text[example.end(2) :]
        page.write_text(text, encoding="utf-8")
        return
    assert [(e[1], e[2]) for e in examples] == [(e[1], s) for e, s in zip(examples, said, strict=True)]
    for example, words in zip(examples, said, strict=True):
        assert "Traceback" not in words
        if "--format" not in example[1]:
            assert [line for line in words.splitlines() if len(line) > 80] == []


def test_the_picture_of_the_manual(
    capsys: Printed, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = printed("trialog graph steroids +A2 --format svg --kb kb", capsys, monkeypatch)
    if request.config.getoption("--rewrite-golden"):
        PICTURE.parent.mkdir(exist_ok=True)
        PICTURE.write_text(said, encoding="utf-8")
    assert said == PICTURE.read_text(encoding="utf-8")
