"""The command `ask`: one query over charts or background knowledge, and why it has its rows."""

import argparse
from collections.abc import Container

from trialog.opened import Opened
from trialog.problem import Problem, did_you_mean
from trialog.render.replies import reply_lines, why_lines
from trialog.replies import Limits, Reply
from trialog.usage import CUT_OFF, UsageError, complain, emit, note, typed_wrong


def ask(given: argparse.Namespace) -> int:
    """Print the reply, and an explanation of each row and patient that was named."""
    limits = Limits(given.seconds, given.rows)
    found = Opened(given).ask(given.query, given.patient, limits)
    emit(reply_lines(found, given.width, given.colour, limits))
    problems: list[Problem] = []
    cut = 0
    for written in given.why:
        try:
            emit(["", *why_lines(found, asked_for(found, written), given.width, given.colour)])
        except UsageError as error:
            problems += error.problems
        except TimeoutError as late:
            emit(["", f"{written}: {late}"])
            cut = CUT_OFF
    code = finish(found)
    if problems:
        raise UsageError(*problems)
    return cut or code


def asked_for(found: Reply, written: str) -> int | str:
    """The row or the patient that was named; a number is the row's where there is such a row. Raises UsageError."""
    if written.isascii() and written.isdigit() and 0 < int(written) <= len(found.rows):
        return int(written)
    if written in found.statuses and written:
        return written
    most = len(found.rows)
    there = f"there are rows 1 to {most}" if most > 1 else "there is row 1" if most else "there is no row"
    help_ = did_you_mean(written, found.statuses) or f"{there}; a patient's name asks why the patient has the status"
    raise typed_wrong("E682", f"the reply has no row and no patient `{written}`", help_)


def finish(found: Reply, told: Container[Problem] = ()) -> int:
    """Say which charts were refused, and with what code to end. Problems in `told` are not told again."""
    complain(p for p in found.problems if p not in told)
    if found.refused:
        names = [s.name for s in found.refused]
        which = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        total = len(names) + len(found.statuses) + len(found.not_asked)
        note(f"{len(names)} of {total} charts refused: {which}")
    if not found.is_whole:
        return CUT_OFF
    return 0 if not found.refused else 3 if found.statuses else 2
