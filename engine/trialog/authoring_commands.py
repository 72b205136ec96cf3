"""The commands for authors: is the knowledge right, do its cases agree, and what rests on what."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import assert_never

from trialog.answers import Answers, Screener
from trialog.commands import DISAGREEMENT, chart_folder, complain, emit, library_at, read_all, the_program, typed_wrong
from trialog.knowledge import Library, shipped
from trialog.problem import Problem, Severity, did_you_mean
from trialog.program import Program
from trialog.render.problems import render, summary


def check(given: argparse.Namespace) -> int:
    """Tell all that is wrong in a knowledge base, a trial or a page."""
    path = Path(given.path or given.kb) if given.path or given.kb else shipped()
    library, trials = library_at(path)
    problems: list[Problem] = []
    seen: set[tuple[str, str, int]] = set()
    programs: dict[str, Program] = {}
    found: list[Problem] = []
    for trial in trials:
        program, told = library.program(trial)
        found.extend(told)
        if program is not None:
            programs[trial] = program
            found.extend(_case_problems(library, trial, program))
    for p in (*found, *library.advice(programs)):
        key = (p.code, p.at.source.name, p.at.start)
        if key not in seen:
            seen.add(key)
            problems.append(p)
    emit(line for p in problems for line in (render(p, given.colour), ""))
    what = f"{len(trials)} trial{'s' * (len(trials) != 1)} ({', '.join(trials)})"
    emit([f"{what}: {summary(problems)}"])
    return 1 if any(p.severity is Severity.ERROR for p in problems) else 0


def _case_problems(library: Library, trial: str, program: Program) -> Iterator[Problem]:
    from trialog.cases import expectations
    from trialog.charts.read import read_charts

    folder = library.folder(trial) / "cases"
    if folder.is_dir():
        for read in read_charts(folder, program.vocabulary):
            yield from read.problems
            yield from expectations(read, program)[2]


def cases(given: argparse.Namespace) -> int:
    """Compare the answers about a trial's cases with what they expect."""
    from trialog.cases import disagreements, expectations

    library, program = the_program(given)
    given.charts = None
    path = chart_folder(given, library)
    screeners: dict[tuple[tuple[str, str], ...], Screener] = {}
    screened: list[Answers] = []
    total, asked, wrong, bad = 0, 0, 0, 0
    for read in read_all(path, program):
        chosen, expected, problems = expectations(read, program)
        complain([*read.problems, *problems])
        if read.chart is None or read.chart.screening is None or problems:
            bad += 1
            if read.chart is not None and read.chart.screening is None:
                emit([f"{read.name}: a case needs a screening date"])
            continue
        key = tuple(sorted(chosen.items()))
        screener = screeners.setdefault(key, Screener(program, chosen)) if key not in screeners else screeners[key]
        total, asked = total + 1, asked + len(expected)
        if given.second_opinion:
            screened.append(screener.screen(read.chart, read.chart.screening))
        for d in disagreements(read, expected, screener, read.chart.screening):
            wrong += 1
            what = d.expectation.atom or "verdict"
            emit(
                [
                    f"{d.patient} {d.expectation.cohort} {what}: expected {d.expectation.wanted}, found {d.found}",
                    f"    {d.expectation.at}",
                ]
            )
    emit(
        [
            f"{total} cases, {asked} expectations: "
            + (f"{wrong} disagree" if wrong else "all agree")
            + (f"; {bad} cases could not be used" if bad else "")
        ]
    )
    if given.second_opinion and not _confirmed(screened, program):
        return DISAGREEMENT
    return 1 if wrong or bad else 0


def _confirmed(screened: Sequence[Answers], program: Program) -> bool:
    """Derive everything with the second engine too; False where the two engines disagree on a case."""
    from trialog.engines.worker import Worker
    from trialog.second_opinion import Agreed, Disagreed, SecondOpinion, Unconfirmed, problems

    agreed, differ = 0, 0
    with Worker() as worker:
        for answers in screened:
            for cohort in program.cohorts:
                answers.verdict(cohort)
            opinion = SecondOpinion(answers, worker).opinion()
            match opinion:
                case Agreed():
                    agreed += 1
                case Unconfirmed(why):
                    emit([f"{answers.chart.patient}: not confirmed by a second engine: {why}"])
                case Disagreed():
                    differ += 1
                    emit([f"{answers.chart.patient}: the two engines disagree"])
                    complain(problems(opinion, program))
                case _:
                    assert_never(opinion)
    emit([f"both engines agree on {agreed} of {len(screened)} cases"])
    return not differ


def graph(given: argparse.Namespace) -> int:
    """Print what rests on what."""
    from trialog.graph import dependencies, restricted
    from trialog.render.dot import as_dot, as_text

    _, program = the_program(given)
    found = dependencies(program)
    if given.of is not None:
        if given.of not in found:
            raise typed_wrong(
                "E608",
                f"nothing here is called `{given.of}`",
                did_you_mean(given.of, found) or "`trialog graph` without `--of` lists all names",
            )
        found = restricted(found, given.of)
    emit(as_dot(found) if given.format == "dot" else as_text(found))
    return 0
