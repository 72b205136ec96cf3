"""`trialog check`: is the knowledge right, and what of it can be mended by machine?"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from trialog.check import Pages, check
from trialog.knowledge import Library, shipped
from trialog.mending import ChangedMeanwhile, Mending, mending, write
from trialog.problem import Problem, Severity
from trialog.program import Program
from trialog.render.problems import render, summary
from trialog.source import Source, Span
from trialog.usage import UsageError, emit, holds_ascii_alone, library_at, typed_wrong


def check_all(given: argparse.Namespace) -> int:
    """Tell all that is wrong in a knowledge base, a trial or a page; mend what can be mended safely, where that is asked for."""
    path = _path(given)
    library, trials = library_at(path)
    problems = _problems(library, trials)
    mended: tuple[Problem, ...] = ()
    if given.fix or given.diff:
        made = _mending(library, trials, problems)
        diff = _diff(made)
        if given.diff:
            emit([diff] if diff else [])
            print(_count(made, "would be mended"), file=sys.stderr)  # noqa: T201 (the command line prints)
            return _exit_code(problems)
        if made.problems:
            _write(made)
            problems, mended = _problems(library, trials), made.problems
            if given.format == "text":
                emit([diff, "", f"{_count(made, 'mended')} in {', '.join(s.name for s in made.edits)}", ""])
        elif given.format == "text":
            emit([_count(made, "mended"), ""])
    match given.format:
        case "json":
            from trialog.render.problems_json import problems_as_json

            emit([problems_as_json(trials, problems, mended, holds_ascii_alone())])
        case "sarif":
            from importlib.metadata import version

            from trialog.render.sarif import problems_as_sarif

            emit([problems_as_sarif(problems, version("trialog"), holds_ascii_alone())])
        case _:
            emit(line for p in problems for line in (render(p, given.colour, given.width), ""))
            emit(_closing(given, trials, problems))
    return _exit_code(problems)


def _path(given: argparse.Namespace) -> Path:
    if given.path or given.kb:
        return Path(given.path or given.kb)
    if given.fix:
        raise typed_wrong(
            "E615",
            "`--fix` writes to files, and no knowledge base was named",
            "name it: `trialog check PATH --fix`; the one installed is not changed",
        )
    return shipped()


def _exit_code(problems: Iterable[Problem]) -> int:
    return 1 if any(p.severity is Severity.ERROR for p in problems) else 0


def _closing(given: argparse.Namespace, trials: Sequence[str], problems: Sequence[Problem]) -> Iterator[str]:
    yield f"{len(trials)} trial{'s' * (len(trials) != 1)} ({', '.join(trials)}): {summary(problems)}"
    safe = sum(p.safe_fix is not None for p in problems)
    if safe:
        what = f"{safe} of them" if safe < len(problems) else "all of them" if safe > 1 else "it"
        yield f"`trialog check {given.path or given.kb or 'PATH'} --fix` mends {what}"
    if problems:
        yield f"`trialog explain {problems[0].code}` says more about the first"


# -- what is wrong -----------------------------------------------------------------------------------------------


def _problems(library: Library, trials: Sequence[str]) -> list[Problem]:
    """All that is wrong with the pages, in the order of files and places, then with the cases; what trials share once."""
    of_pages: list[Problem] = []
    of_cases: list[Problem] = []
    programs: dict[str, Program] = {}
    for trial in trials:
        program, found = library.program(trial)
        of_pages += found
        if program is not None:
            programs[trial] = program
            of_cases += _case_problems(library, trial, program)
    of_pages += library.advice(programs)
    of_pages.sort(key=lambda p: (p.at.source.name, p.at.start))
    once = {(p.code, p.at.source.name, p.at.start, p.claim): p for p in reversed((*of_pages, *of_cases))}
    return list(reversed(once.values()))


def _case_problems(library: Library, trial: str, program: Program) -> Iterator[Problem]:
    from trialog.cases import expectations
    from trialog.charts.read import read_charts

    folder = library.folder(trial) / "cases"
    if folder.is_dir():
        for read in read_charts(folder, program.vocabulary):
            yield from read.problems
            yield from expectations(read, program)[2]


# -- what is mended ----------------------------------------------------------------------------------------------


def _mending(library: Library, trials: Sequence[str], problems: Sequence[Problem]) -> Mending:
    """What can be mended. Raises UsageError where the pages would be worse for it."""
    if any(p.code == "E108" for p in problems):
        return mending((), ())  # what is on a page that cannot be read may be what another one seems to lack
    pages = [library.pages(trial)[0] for trial in trials]
    made = mending(problems, (s for p in pages for s in _written(p)))
    before = Counter(p.code for p in problems)
    for each in pages if made.problems else ():
        after = [p for p in check(made.pages(each))[1] if p.severity is Severity.ERROR]
        now = Counter(p.code for p in after)
        worse = next((p for p in after if now[p.code] > before[p.code]), None)
        if worse is not None:
            raise UsageError(
                Problem(
                    "E617",
                    f"nothing was mended: it would bring {worse.code}, {worse.claim}",
                    made.problems[0].at,
                    "mend by hand what is told, the first thing first",
                )
            )
    return made


def _written(pages: Pages) -> Iterator[Source]:
    yield from pages.vocabulary
    if pages.protocol is not None:
        yield pages.protocol


def _write(made: Mending) -> None:
    for source in made.edits:
        at = Span(Source(source.name, ""), 0, 0)
        try:
            write(made, source)
        except ChangedMeanwhile:
            claim = f"`{source.name}` has changed since it was checked"
            raise UsageError(Problem("E613", claim, at, "check it again")) from None
        except OSError as error:
            claim = f"`{source.name}` cannot be written: {error.strerror}"
            raise UsageError(
                Problem("E613", claim, at, "check the rights to it and to its folder, and that the disk is not full")
            ) from None


def _diff(made: Mending) -> str:
    from difflib import unified_diff

    lines: list[str] = []
    for source in made.edits:
        old, new = source.text.split("\n"), made.text(source).split("\n")
        lines += unified_diff(old, new, source.name, source.name, lineterm="", n=1)
    return "\n".join(lines)


def _count(made: Mending, what: str) -> str:
    number = len(made.problems)
    return f"{number} problem{'s' * (number != 1)} {what}" if number else f"nothing {what}: no problem has a safe fix"
