"""The command for authors: do the cases agree."""

import argparse

from trialog.answers import Answers, Screener
from trialog.commands import chart_folder, read_all, the_program
from trialog.confirming import confirmed
from trialog.usage import DISAGREEMENT, complain, emit


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
    if given.second_opinion and not confirmed(screened, program, "cases", emit):
        return DISAGREEMENT
    return 1 if wrong or bad else 0
