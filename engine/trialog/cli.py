"""The command line: `trialog check | fmt | explain | screen | why | whynot | needs | whatif | near | …`."""

import argparse
import errno
import gc
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from trialog.arguments import parser as arguments_of
from trialog.render.problems import shows_colour
from trialog.usage import UsageError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (see `EXIT_CODES`)."""
    _open_streams()
    parser = arguments_of(COMMANDS)
    try:
        given, behind = parser.parse_known_args(arguments)
    except UsageError as error:
        return _tell(error)
    if behind and ("selectors" not in given or any(words.startswith("-") for words in behind)):
        parser.error(f"unrecognized arguments: {' '.join(behind)}")
    if behind:
        given.selectors += behind  # those that stand behind an option
    gc.set_threshold(100_000)  # what is loaded stays, and what a chart leaves is freed by counting references
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no `≥` shows `?`
    try:
        code = given.run(given)
        if sys.stdout is not None:
            sys.stdout.flush()
    except UsageError as error:
        return _tell(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO, errno.EBADF):
            raise
        print(f"what is printed cannot be written: {error.strerror}", file=sys.stderr)  # noqa: T201 (the command line prints)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except KeyboardInterrupt:
        return 130
    return code


def _tell(error: UsageError) -> int:
    print(error.rendered(shows_colour(sys.stderr)), file=sys.stderr)  # noqa: T201 (the command line prints)
    return 2


def _open_streams() -> None:
    """Where a command is started with closed streams, lead them nowhere: else a file that is opened takes the place of one."""
    while (lowest := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(lowest, True)
    os.close(lowest)
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)


# -- the commands, each imported when it is run ------------------------------------------------------------------


def check(given: argparse.Namespace) -> int:
    from trialog.check_command import check_all

    return check_all(given)


def fmt(given: argparse.Namespace) -> int:
    from trialog.fmt_command import fmt

    return fmt(given)


def explain(given: argparse.Namespace) -> int:
    from trialog.explain_command import explain

    return explain(given)


def screen(given: argparse.Namespace) -> int:
    from trialog.engine_choice import engine_of

    match engine_of(given):
        case "update":
            from trialog.update_command import update_answers

            return update_answers(given)
        case "cohort" | "spark":
            from trialog.cohort_command import screen_store

            return screen_store(given)
        case _:
            from trialog.commands import screen

            return screen(given)


def why(given: argparse.Namespace) -> int:
    from trialog.commands import why

    return why(given)


def needs(given: argparse.Namespace) -> int:
    from trialog.asking_commands import needs

    return needs(given)


def whatif(given: argparse.Namespace) -> int:
    from trialog.asking_commands import whatif

    return whatif(given)


def near(given: argparse.Namespace) -> int:
    from trialog.asking_commands import near

    return near(given)


def whynot(given: argparse.Namespace) -> int:
    from trialog.whynot_command import whynot

    return whynot(given)


def readings(given: argparse.Namespace) -> int:
    from trialog.commands import readings

    return readings(given)


def cases(given: argparse.Namespace) -> int:
    from trialog.authoring_commands import cases

    return cases(given)


def graph(given: argparse.Namespace) -> int:
    from trialog.graph_command import graph

    return graph(given)


def impact(given: argparse.Namespace) -> int:
    from trialog.impact_command import impact

    return impact(given)


def verify(given: argparse.Namespace) -> int:
    from trialog.verify_command import verify_file

    return verify_file(given)


def ask(given: argparse.Namespace) -> int:
    from trialog.ask_command import ask

    return ask(given)


def generate(given: argparse.Namespace) -> int:
    from trialog.generate_command import generate

    return generate(given)


def pack(given: argparse.Namespace) -> int:
    from trialog.pack_command import pack

    return pack(given)


def attrition(given: argparse.Namespace) -> int:
    from trialog.attrition_command import attrition

    return attrition(given)


def console(given: argparse.Namespace) -> int:
    from trialog.console.command import console

    return console(given)


COMMANDS = {
    run.__name__: run
    for run in (
        check, fmt, explain, screen, why, needs, whatif, near, whynot, readings, cases, graph, impact, verify, ask, generate,
        pack, attrition, console,
    )
}  # fmt: skip
