"""The command `console`: a session at a terminal, or over lines that are piped in."""

import argparse
import sys
from collections.abc import Iterable

from trialog.console.lines import is_whole
from trialog.console.session import COMMANDS, Left, Session
from trialog.knowledge import shown
from trialog.render.terminal import wrapped
from trialog.usage import columns, emit

_MOST_READ_AT_ONCE = 200  # files: more are read when they are asked for


def console(given: argparse.Namespace) -> int:
    """Take queries and commands until there are no more."""
    session = Session(given)
    if sys.stdin.isatty() and sys.stdout.isatty():
        from trialog.console.terminal import at_terminal

        greet(session)
        return at_terminal(session, keeps_history=not given.no_history)
    return over_lines(session, sys.stdin)


def greet(session: Session) -> None:
    folder = session.opened.folder
    emit(wrapped(session.opened.program.title, columns(), "", "  "))
    few = folder.is_file() or sum(1 for _ in folder.iterdir()) <= _MOST_READ_AT_ONCE
    number = f"{len(session.opened.charts)} charts" if few else "charts"
    emit(wrapped(f"{number} from {shown(folder)}", columns(), "", "  "))
    emit(["A query ends with a full stop. `help` lists the commands; Ctrl-D leaves.", ""])


def over_lines(session: Session, lines: Iterable[str]) -> int:
    """Take everything that is piped in; the worst code of all is that of the session."""
    worst, waiting = 0, ""
    try:
        for line in lines:
            waiting += line
            if is_whole(waiting, COMMANDS):
                worst, waiting = max(worst, session.take(waiting)), ""
        worst = max(worst, session.take(waiting))
    except Left:
        pass
    return worst
