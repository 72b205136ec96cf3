"""A session at a terminal of 80 columns and 24 lines, as a person types it."""

import os
import re
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from trialog.arguments import parser
from trialog.cli import COMMANDS

pty = pytest.importorskip("pty", reason="a terminal without a person needs the pseudoterminals of POSIX")

_STEERING = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x1b\][^\x07]*\x07")
_PATIENCE = 60  # seconds, on a busy machine


class Terminal:
    """A process at a pseudoterminal, and what it has shown."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        import fcntl
        import struct
        import termios

        self.process, self.end = pty.fork()
        if self.process == 0:
            os.execve(command[0], command, environment)
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.shown = b""

    def type(self, text: str) -> None:
        self.shown = b""
        os.write(self.end, text.encode())

    def wait_for(self, words: str) -> str:
        """What is shown up to these words, without what steers the terminal."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            said = _STEERING.sub(b"", self.shown).decode(errors="replace")
            if words in said:
                return said
            if select.select([self.end], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self.end, 65536)
                except OSError:
                    break
        raise AssertionError(f"`{words}` is not shown, but\n{_STEERING.sub(b'', self.shown).decode(errors='replace')}")

    def prompts(self, name: str) -> str:
        """What is shown up to a new prompt, at which what is typed next is read."""
        while True:
            said = self.wait_for(f"{name}>")
            _, begun, prompt = self.shown.partition(b"\x1b[?2004h")
            if begun and f"{name}>".encode() in _STEERING.sub(b"", prompt):
                return said
            if select.select([self.end], [], [], _PATIENCE)[0]:
                self.shown += os.read(self.end, 65536)

    def code(self) -> int:
        """The code with which the process ends."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            if select.select([self.end], [], [], 0.05)[0]:
                with suppress(OSError):
                    os.read(self.end, 65536)
            process, status = os.waitpid(self.process, os.WNOHANG)
            if process:
                return os.waitstatus_to_exitcode(status)
        raise AssertionError("the console goes on")


type Open = Callable[..., Terminal]


@pytest.fixture
def opened(here: Path) -> Iterator[Open]:
    """Opens the console of the small trial at a terminal."""
    terminals: list[Terminal] = []

    def open_(*options: str) -> Terminal:
        inside = "from trialog.__main__ import run; run()"
        command = [sys.executable, "-c", inside, "console", "small", "--kb", "kb", "--charts", "charts", *options]
        environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        environment |= {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "XDG_STATE_HOME": str(here / "state")}
        terminals.append(Terminal(command, environment))
        return terminals[-1]

    yield open_
    for terminal in terminals:
        try:
            os.kill(terminal.process, signal.SIGKILL)
            os.waitpid(terminal.process, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(terminal.end)


def has(command: str) -> bool:
    """Whether the command line has the command."""
    return f"\n    {command} " in parser(COMMANDS).format_help()


RUNAWAY = ", ".join(f"treatment(P, D{i}, from: F{i}, ..)" for i in range(30))


def test_a_session(opened: Open, here: Path) -> None:
    console = opened("--seconds", "600")
    shown = console.prompts("all patients")
    assert "Ctrl-D leaves" in shown and "4 charts" in shown
    # a query over two lines, and why
    console.type("treatment(P, D, from: F, ..),\r")
    console.wait_for("....")
    console.type("D in glucocorticoid.\r")
    assert "not met for 1 of 4 patients" in console.prompts("all patients")
    console.type("why 1\r")
    assert "Ann.json" in console.prompts("all patients")
    # a typing error, with the place in what was typed
    console.type("treatmnt(P, D, ..).\r")
    shown = console.prompts("all patients")
    assert "query:1:1" in shown and "did you mean `treatment`?" in shown
    # one patient
    console.type("patient Ann\r")
    console.prompts("Ann")
    # what is missing, and what if; where those commands are there
    for command in ("needs S1", 'whatif --add "born(2000-05-02)"'):
        if has(command.split()[0]):
            console.type(f"{command}\r")
            shown = console.prompts("Ann")
            assert "E683" not in shown and "usage:" not in shown and "Traceback" not in shown
    # Ctrl-C stops the question, not the console
    console.type("\x03")
    console.prompts("Ann")
    console.type("cohort\r")
    console.prompts("all patients")
    console.type(f"{RUNAWAY}.\r")
    time.sleep(0.5)
    begin = time.monotonic()
    console.type("\x03")
    console.wait_for("stopped: nothing more is said of this question")
    assert time.monotonic() - begin < 5
    console.prompts("all patients")
    # completion, and half a line thrown away
    console.type("adul\t")
    console.wait_for("adult_and_fit(")
    console.type("\x03")
    console.prompts("all patients")
    console.type("\x04")
    assert console.code() == 0
    kept = (here / "state/trialog/history").read_text(encoding="utf-8")
    assert "D in glucocorticoid." in kept and "Ann" not in kept


def test_nothing_is_kept_where_nothing_is_to_be_kept(opened: Open, here: Path) -> None:
    console = opened("--no-history")
    console.prompts("all patients")
    console.type("born(P, B).\r")
    assert "4 patients" in console.prompts("all patients")
    console.type("quit\r")
    assert console.code() == 0
    assert not (here / "state").exists()


def test_a_long_reply_is_shown_page_by_page(opened: Open) -> None:
    console = opened()
    console.prompts("all patients")
    console.type("explain\r")
    assert "E101" in console.wait_for("-- Space for more")
    console.type(" ")
    assert "E101" not in console.wait_for("-- Space for more")
    console.type("q")
    console.prompts("all patients")
    console.type("\x04")
    assert console.code() == 0
