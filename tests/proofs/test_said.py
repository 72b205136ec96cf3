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


def test_a_paragraph_says_why_what_goes_together_does_not_count(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for patient, atom, reason in (
        ("mdr-020-schwartz-just-below-30", "C6", "Creatinine in serum 1.653 mg/dL on 2026-01-09: 0.413"),
        ("sle-088-steroid-reduced-to-5-mg", "S8", "5 mg/d × 5 mg is at most 5 mg/d × 5 mg"),
        ("iga-001-eligible", "N3", "both are the same: inhibition of inosine monophosphate dehydrogenase"),
    ):
        main(["why", "car-nk-b-cell-children", patient, "--atom", atom, "--length", "paragraph", "--one-engine"])
        said = " ".join(capsys.readouterr().out.split())
        assert reason in said
        assert "does not count" not in said


def test_whynot_gives_the_values_that_decide(capsys: pytest.CaptureFixture[str]) -> None:
    """Not the rule that is for other patients, and not that a record does not count, but what it has against what is asked."""
    assert main(["whynot", "car-nk-b-cell-children", "mdr-020-schwartz-just-below-30", "--atom", "C6"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "creatinine in serum 1.653 mg/dL on 2026-01-09: 0.413 mL/min/1.73 m²·mg/dL/cm × 120 cm is not at least" in said
    )
    assert "does not count" not in said
