"""`trialog attrition`: questions about the answers of a run over many patients."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trialog.answers import Answers, Screener
from trialog.charts.store import StoreError
from trialog.commands import chart_folder, named, read_all, the_cohorts, the_program
from trialog.generate_command import needed
from trialog.knowledge import Library
from trialog.problem import Problem
from trialog.program import Program
from trialog.usage import DISAGREEMENT, UsageError, complain, emit, holds_ascii_alone, typed_wrong

if TYPE_CHECKING:
    from trialog.cohort.against import Difference
    from trialog.cohort.answered import Answered, Query
    from trialog.render.attrition import Told


def attrition(given: argparse.Namespace) -> int:
    """Say how many patients remain after each criterion, what is missing, and what another run changes."""
    library, program = the_program(given)
    cohorts = the_cohorts(given, program)
    needed("pyarrow", "duckdb")
    if given.explain is not None and given.charts is None:
        raise typed_wrong("E646", "it is not said where the charts are", "give `--charts` and what the run screened")
    from trialog.cohort.answered import database, open_answers

    try:
        answers = open_answers(Path(given.answers))
        other = open_answers(Path(given.against)) if given.against is not None else None
        _of_this_trial(given, library, answers, other)
        with database(answers) as query:
            if given.explain is not None:
                return _explain(given, library, program, cohorts, answers, query)
            _tell(given, _told(program, cohorts, answers, other, query))
    except StoreError as error:
        raise UsageError(*error.problems) from None
    return 0


def _of_this_trial(given: argparse.Namespace, library: Library, answers: "Answered", other: "Answered | None") -> None:
    """Raises UsageError where answers are to other rules. A run to compare with may be by another knowledge base."""
    for run in (answers, other):
        if run is not None and run.trial != given.trial:
            claim = f"`{run.path}` holds answers about the trial `{run.trial}`, not `{given.trial}`"
            way_out = f"trialog attrition {run.trial} {run.path}" if run is answers else "compare runs of one trial"
            raise typed_wrong("E648", claim, way_out)
    if answers.knowledge != library.digest(given.trial):
        claim = f"`{answers.path}` holds answers by another knowledge base than this"
        raise typed_wrong("E648", claim, "name the knowledge base of the run with `--kb`, or screen again")


def _told(
    program: Program, cohorts: Sequence[str], answers: "Answered", other: "Answered | None", query: "Query"
) -> "Told":
    from trialog.cohort.attrition import attrition
    from trialog.render.attrition import Told

    screener = Screener(program, answers.readings)
    atoms = {c.relation: tuple(a.identifier for a in screener.atoms_beneath(c.relation)) for c in program.criteria}
    if other is not None:
        return Told(program, answers, atoms, (), (), _difference(program, cohorts, answers, other, query), other)
    from trialog.cohort.driver import protocol
    from trialog.cohort.missing import Open, held_up

    made = protocol(screener)
    unknown = Open(screener, made.written.reasons, made.relations)
    return Told(
        program,
        answers,
        atoms,
        tuple(attrition(query, answers, program, c) for c in cohorts),
        tuple(held_up(query, answers, screener, unknown, c) for c in cohorts),
        None,
        None,
    )


def _difference(
    program: Program, cohorts: Sequence[str], answers: "Answered", other: "Answered", query: "Query"
) -> "Difference":
    from trialog.cohort.against import difference
    from trialog.cohort.attrition import column

    atoms = [a.identifier for c in cohorts for a in program.atoms_of(c)]
    criteria = [column(program, k.relation) for c in cohorts for k in program.criteria_of(c)]
    return difference(query, answers, other, cohorts, dict.fromkeys((*atoms, *criteria)))


def _tell(given: argparse.Namespace, told: "Told") -> None:
    from trialog.render import attrition as render

    match given.format:
        case "json":
            emit([render.as_json(told, holds_ascii_alone())])
        case "csv":
            emit([render.as_csv(told)])
        case _:
            emit(render.lines(told, given.width))


# -- proofs ------------------------------------------------------------------------------------------------------


def _explain(
    given: argparse.Namespace,
    library: Library,
    program: Program,
    cohorts: Sequence[str],
    answers: "Answered",
    query: "Query",
) -> int:
    """Explain some patients as `trialog why` does; the code to end with, should the reference say otherwise."""
    from trialog.cohort.sampled import disagreements, sample

    screener = Screener(program, answers.readings)
    path = chart_folder(given, library)
    found = sample(query, answers, cohorts, given.explain)
    problems: list[Problem] = []
    for one in found:
        read = named(list(read_all(path, program, one.patient)), [one.patient], path)
        chart = next((r.chart for r in read if r.chart is not None), None)
        if chart is None:
            raise UsageError(*(p for r in read for p in r.problems))
        said = screener.screen(chart, one.screening)
        problems += disagreements(answers, one, said)
        emit([*_paragraphs(given, program, cohorts, said), ""])
    emit([f"{len(found)} of {answers.patients:,} patients"])
    if problems:
        complain(problems)
        return DISAGREEMENT
    emit(["the reference engine gives each of them the statuses and verdicts of the run"])
    return 0


def _paragraphs(given: argparse.Namespace, program: Program, cohorts: Sequence[str], said: Answers) -> Iterator[str]:
    from trialog.why_lines import why_lines

    asked = argparse.Namespace(
        patient=said.chart.patient,
        atom=None,
        plumbing=False,
        length="paragraph",
        width=given.width,
        colour=given.colour,
    )
    atoms = list(dict.fromkeys(a for c in cohorts for a in program.atoms_of(c)))
    return why_lines(asked, said, cohorts, atoms)
