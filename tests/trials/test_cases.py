"""Every patient agreed on, in `kb` and here, has the statuses and verdicts that were agreed."""

from pathlib import Path

import pytest

from trialog.answers import Screener
from trialog.cases import disagreements, expectations
from trialog.charts.files import ReadChart
from trialog.charts.read import read_charts
from trialog.engines.worker import Worker
from trialog.knowledge import Library, shipped
from trialog.program import Program
from trialog.proof import Explanations
from trialog.proof.step import Step
from trialog.second_opinion import Agreed, SecondOpinion

LIBRARY = Library(shipped())
FURTHER = Path(__file__).parent


def program_of(trial: str) -> Program:
    program, problems = LIBRARY.program(trial)
    assert program is not None, [p.claim for p in problems]
    return program


def cases_of(trial: str) -> list[ReadChart]:
    """The cases shown to everybody, then the further ones that only the tests run."""
    program = program_of(trial)
    folders = [LIBRARY.folder(trial) / "cases", FURTHER / trial]
    return [read for folder in folders if folder.is_dir() for read in read_charts(folder, program.vocabulary)]


@pytest.fixture(scope="module", params=LIBRARY.trials)
def trial(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_case_agrees(trial: str) -> None:
    program = program_of(trial)
    screeners: dict[tuple[tuple[str, str], ...], Screener] = {}
    wrong: list[str] = []
    for read in cases_of(trial):
        readings, expected, problems = expectations(read, program)
        assert not read.problems and not problems, (read.name, read.problems, problems)
        assert read.chart is not None and read.chart.screening is not None and expected, read.name
        key = tuple(sorted(readings.items()))
        screener = screeners.get(key) or screeners.setdefault(key, Screener(program, readings))
        found = disagreements(read, expected, screener, read.chart.screening)
        wrong += [
            f"{d.patient} {d.expectation.cohort} {d.expectation.atom or 'verdict'}: {d.expectation.wanted} was agreed, "
            f"{d.found} is found"
            for d in found
        ]
    assert not wrong, "\n".join(wrong)


def test_the_cases_shown_have_every_atom_both_met_and_not_met(trial: str) -> None:
    program = program_of(trial)
    seen: dict[str, set[str]] = {identifier: set() for identifier in program.atoms}
    for read in read_charts(LIBRARY.folder(trial) / "cases", program.vocabulary):
        for e in expectations(read, program)[1]:
            if e.atom is not None:
                seen[e.atom].add(e.wanted.split(":")[0])
    assert {i: s for i, s in seen.items() if not {"met", "not met"} <= s} == {}


def test_every_reading_flips_some_case(trial: str) -> None:
    program = program_of(trial)
    meant = {r for read in cases_of(trial) for r in expectations(read, program)[0].items()}
    others = {(r.name, o) for r in program.readings.values() for o in r.options if o != r.default}
    assert others <= meant


def test_explanations_say_what_the_engine_says(trial: str) -> None:
    program = program_of(trial)
    screener = Screener(program)
    for read in cases_of(trial)[::3]:
        assert read.chart is not None and read.chart.screening is not None
        answers = screener.screen(read.chart, read.chart.screening)
        explanations = Explanations(answers)
        for atom in program.atoms.values():
            step = explanations.of(atom.relation)
            assert step.status is answers.status(atom.relation)
            assert step.below, (read.name, atom.identifier)
            assert (step.reason is None) == (step.status.value != "unknown"), (read.name, atom.identifier)
            assert all(s.says for s in lines(step)), (read.name, atom.identifier)


def lines(step: Step) -> list[Step]:
    return [step, *(s for below in step.below for s in lines(below))]


def test_pydatalog_agrees(trial: str) -> None:
    program = program_of(trial)
    screener = Screener(program)
    with Worker(seconds=60) as worker:
        for read in cases_of(trial)[::25]:
            assert read.chart is not None and read.chart.screening is not None
            answers = screener.screen(read.chart, read.chart.screening)
            assert [answers.verdict(c) for c in program.cohorts]
            assert isinstance(SecondOpinion(answers, worker).opinion(), Agreed), read.name
