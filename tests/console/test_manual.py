"""The manual of asking: its commands are run, and what it shows of them is what they print."""

import re
import shlex
from pathlib import Path

import pytest

import trialog.notebook
from trialog.cli import main
from trialog.console.session import OWN, SHARED

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs/console.md").read_text(encoding="utf-8")
_FENCES = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = [text for language, text in _FENCES.findall(MANUAL) if language == "sh" and " ask " in text]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_manual_is_answered(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(shlex.split(command)[1:]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    shown = re.search(rf"{re.escape(command)}```\n\n```text\n(.*?)```", MANUAL, re.DOTALL)
    assert shown is None or printed.out == shown[1]


def test_every_command_of_the_console_is_in_the_manual() -> None:
    assert [c for c in (*OWN, *SHARED) if f"`{c}" not in MANUAL] == []


def test_what_the_manual_says_of_python_runs() -> None:
    (code,) = (text for language, text in _FENCES.findall(MANUAL) if language == "python")
    ran: dict[str, object] = {}
    exec(code.replace(', charts="charts"', ""), ran)
    assert isinstance(ran["trial"], trialog.notebook.Trial)
