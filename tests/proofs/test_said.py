"""The manual of proofs: each command, and exactly what it prints at 80 columns.

`pytest --rewrite-golden` writes what is printed now into the page. Read the difference as a physician would.
"""

import re
import shlex
from pathlib import Path

import pytest

from trialog.cli import main

ROOT = Path(__file__).parents[2]
MANUAL = ROOT / "docs/proofs.md"
_EXAMPLE = re.compile(r"^```sh\n(trialog [^\n]+)\n```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)

type Printed = pytest.CaptureFixture[str]


def test_every_command_prints_that(
    capsys: Printed, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    text = MANUAL.read_text(encoding="utf-8")
    examples = list(_EXAMPLE.finditer(text))
    assert len(examples) == text.count("```sh\n") > 5
    said: list[str] = []
    for example in examples:
        main(shlex.split(example[1])[1:])
        out, err = capsys.readouterr()
        said.append(out + err)
    if request.config.getoption("--rewrite-golden"):
        for example, words in reversed(list(zip(examples, said, strict=True))):
            text = text[: example.start(2)] + words + text[example.end(2) :]
        MANUAL.write_text(text, encoding="utf-8")
        return
    assert [(e[1], e[2]) for e in examples] == [(e[1], s) for e, s in zip(examples, said, strict=True)]
    for words in said:
        assert "Traceback" not in words
        assert "error[" not in words
