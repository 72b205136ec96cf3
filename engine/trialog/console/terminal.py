"""The console at a terminal: one line editor, with completion, history, pages, and Ctrl-C for the question alone."""

import io
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import TextIO, override

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import has_completions, is_done
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from trialog.console.completing import candidates
from trialog.console.keeping import names_nobody
from trialog.console.lines import is_whole
from trialog.console.session import COMMANDS, Left, Session

_SHOWN_OF_A_NAME = 24


def at_terminal(session: Session, keeps_history: bool) -> int:
    """Take what is typed until Ctrl-D or `quit`."""
    prompts: PromptSession[str] = PromptSession(
        history=history(session) if keeps_history else InMemoryHistory(),
        completer=_Completing(session),
        complete_while_typing=False,
        complete_in_thread=True,
        multiline=True,
        key_bindings=_keys(),
        prompt_continuation=lambda width, _, __: "." * (width - 1) + " ",
        enable_open_in_editor=False,
        reserve_space_for_menu=6,
    )
    while True:
        try:
            text = prompts.prompt(_prompt(session))
        except KeyboardInterrupt:
            continue
        except EOFError:
            return 0
        try:
            with redirect_stdout(Paged(sys.stdout)):
                session.take(text)
        except Left:
            return 0
        except KeyboardInterrupt:
            print("\nstopped: nothing more is said of this question", file=sys.stderr)  # noqa: T201 (the command line prints)
        except Enough:
            pass


def _prompt(session: Session) -> str:
    name = session.patient or "all patients"
    return f"{name if len(name) <= _SHOWN_OF_A_NAME else name[: _SHOWN_OF_A_NAME - 1] + '…'}> "


def _keys() -> KeyBindings:
    """Enter ends what is whole, and begins another line otherwise."""
    keys = KeyBindings()

    @keys.add("enter", filter=~has_completions & ~is_done)
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        at_end = not buffer.document.text_after_cursor.strip()
        if at_end and is_whole(buffer.text, COMMANDS):
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    @keys.add("enter", filter=has_completions & ~is_done)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.complete_state = None

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    return keys


class _Completing(Completer):
    """The candidates in the form that the line editor takes."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @override
    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        for c in candidates(self.session, document.text_before_cursor):
            yield Completion(c.text, -c.length, display_meta=c.says[:60])


# -- history -----------------------------------------------------------------------------------------------------


def state_folder() -> Path:
    """Where a person's state lies, by the XDG base directory specification."""
    given = os.environ.get("XDG_STATE_HOME", "")
    return (Path(given) if Path(given).is_absolute() else Path.home() / ".local/state") / "trialog"


def history(session: Session) -> History:
    """What was typed before, in a file that its owner alone can read; kept in memory where there can be no such file."""
    path = state_folder() / "history"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        path.chmod(0o600)
    except OSError:
        return InMemoryHistory()
    return _History(path, session)


class _History(FileHistory):
    """History that names no patient: such lines are kept for the session alone."""

    def __init__(self, path: Path, session: Session) -> None:
        super().__init__(str(path))
        self.session = session

    @override
    def store_string(self, string: str) -> None:
        if names_nobody(string, self.session):
            try:
                super().store_string(string)
            except OSError:
                return  # a full disk takes nobody's session down


# -- pages -------------------------------------------------------------------------------------------------------


class Enough(Exception):  # noqa: N818 (somebody has read enough)
    """No more of this reply is wanted."""


class Paged(io.TextIOBase):
    """A stream that stops after each page of the terminal, and asks whether to go on."""

    def __init__(self, to: TextIO) -> None:
        super().__init__()
        self.to = to
        self.shown = 0
        self.asks = True

    @property
    @override
    def encoding(self) -> str:  # type: ignore[bad-override]  # an attribute there, of which a property is one
        return self.to.encoding

    @override
    def isatty(self) -> bool:
        return self.to.isatty()

    @override
    def writable(self) -> bool:
        return True

    @override
    def flush(self) -> None:
        self.to.flush()

    @override
    def write(self, text: str, /) -> int:
        for line in _pieces(text):
            self.to.write(line)
            self.shown += line.endswith("\n")
            if self.asks and self.shown >= max(shutil.get_terminal_size((80, 24)).lines - 1, 4):
                self.shown = 0
                self.to.flush()
                self.asks = _more(self.to)
        return len(text)

    @override
    def writelines(self, lines: Iterable[str], /) -> None:
        for line in lines:
            self.write(line)


def _pieces(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _more(to: TextIO) -> bool:
    """Whether to ask again after the next page. Raises Enough."""
    from prompt_toolkit.output import create_output

    keys = KeyBindings()

    def answer(said: str) -> Callable[[KeyPressEvent], None]:
        return lambda event: event.app.exit(result=said)

    for names, said in (
        ((" ", "enter", "pagedown"), "more"),
        (("a",), "all"),
        (("q", "c-c", "c-d", "escape"), "enough"),
    ):
        for name in names:
            keys.add(name, eager=True)(answer(said))
    asking: PromptSession[str] = PromptSession(
        key_bindings=keys, output=create_output(to), erase_when_done=True, history=InMemoryHistory()
    )
    said = asking.prompt("-- Space for more, a for all, q for enough --")
    if said == "enough":
        raise Enough
    return said != "all"
