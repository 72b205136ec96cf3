"""What every command shares: exit codes, what is said of what was typed, and how it is printed."""

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from trialog.problem import Problem
from trialog.render.problems import render, shows_colour
from trialog.source import Source, Span

if TYPE_CHECKING:
    from trialog.knowledge import Library

DISAGREEMENT = 4
CUT_OFF = 5
EXIT_CODES = {
    0: "all is well",
    1: "the knowledge base has errors or is not laid out, cases disagree, or a certificate is rejected",
    2: "the command cannot be carried out: what was typed does not exist, or no chart could be used",
    3: "some charts were refused; the others were screened",
    DISAGREEMENT: "the two engines disagree: no answer about that patient is to be relied on",
    CUT_OFF: "a query was stopped at its limit of time or rows: the reply is not whole",
}


class UsageError(Exception):
    """What a person typed does not exist, or leads nowhere."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems[0].claim)
        self.problems = problems

    def rendered(self, colour: bool) -> str:
        return "\n\n".join(render(p, colour, columns()) for p in self.problems)


def typed_problem(code: str, claim: str, help_: str) -> Problem:
    return Problem(code, claim, Span(Source("command line", ""), 0, 0), help_)


def typed_wrong(code: str, claim: str, help_: str) -> UsageError:
    return UsageError(typed_problem(code, claim, help_))


def columns() -> int:
    """How wide the terminal is; 80 columns where there is none."""
    return shutil.get_terminal_size((80, 24)).columns


def emit(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)  # noqa: T201 (the command line prints)


def note(words: str) -> None:
    """Say something beside the answer, on the error stream, where it does not come into what is read by programs."""
    print(words, file=sys.stderr)  # noqa: T201 (the command line prints)


def complain(problems: Iterable[Problem]) -> None:
    colour, width = shows_colour(sys.stderr), columns()
    for p in problems:
        print(render(p, colour, width) + "\n", file=sys.stderr)  # noqa: T201 (the command line prints)


def holds_ascii_alone() -> bool:
    """Whether what is printed can only be ASCII, for all that is known of the stream."""
    return (sys.stdout.encoding or "").casefold().replace("-", "") != "utf8"


def library_at(path: Path) -> "tuple[Library, tuple[str, ...]]":
    """The knowledge base that a path lies in, and the trials that it means."""
    from trialog.knowledge import Library

    if not path.exists():
        raise typed_wrong(
            "E601",
            f"there is no file or folder `{path}`",
            "give a knowledge base: a folder with `vocabulary` and `trials`",
        )
    here = path.resolve()
    for root in (here, *here.parents):
        if (root / "trials").is_dir() and (root / "vocabulary").is_dir():
            library = Library(root)
            inside = here.relative_to(root / "trials").parts if here.is_relative_to(root / "trials") else ()
            trials = (inside[0],) if inside else library.trials
            if not trials:
                raise typed_wrong(
                    "E601", f"`{path}` holds no trial", "a trial is a folder under `trials` with a `protocol.md`"
                )
            return library, trials
    raise typed_wrong(
        "E601", f"`{path}` is not in a knowledge base", "a knowledge base is a folder with `vocabulary` and `trials`"
    )
