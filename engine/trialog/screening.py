"""A run over many charts: who was screened, who was refused and why, and what was used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trialog.answers import Answers, Screener, Status, Verdict
from trialog.charts.files import ReadChart
from trialog.problem import Problem, Severity
from trialog.proof import Explanations, Reason, Step
from trialog.proof.prose import line
from trialog.proof.step import Part
from trialog.source import Source, Span
from trialog.values import Interval, show_day, show_days


@dataclass(frozen=True)
class Screened:
    """One chart of a run: its answers, or None where it was refused; `problems` says why, or what to mind."""

    name: str
    answers: Answers | None
    problems: tuple[Problem, ...]


def screen_all(screener: Screener, charts: Iterator[ReadChart], as_of: int | None, today: int) -> Iterator[Screened]:
    """Screen each chart on `as_of`, or on its own screening date, or `today` where it has none.

    A FHIR bundle has no screening date of its own. A chart that could not be read is passed on with its problems.
    """
    for read in charts:
        if read.chart is None:
            yield Screened(read.name, None, read.problems)
            continue
        day = as_of if as_of is not None else read.chart.screening if read.chart.screening is not None else today
        if unborn := _born_later(read, day):
            yield Screened(read.name, None, (*read.problems, unborn))
        else:
            yield Screened(read.name, screener.screen(read.chart, day), read.problems)


def _born_later(read: ReadChart, day: int) -> Problem | None:
    """The problem of a patient whose birth is recorded for a day after the screening; None where there is none."""
    assert read.chart is not None
    for record in read.chart.records:
        born = record.values[0]
        if record.relation == "born" and isinstance(born, Interval) and born.low > day:
            claim = f"`{read.name}` was born on {show_days(born)}, after the screening on {show_day(day)}"
            at = Span(Source(str(record.place), ""), 0, 0)
            return Problem("E610", claim, at, "correct the date of birth, or screen on a later day")
    return None


def was_refused(screened: Screened) -> bool:
    return screened.answers is None and any(p.severity is Severity.ERROR for p in screened.problems)


@dataclass(frozen=True, slots=True)
class Ground:
    """An atom on which a verdict rests, or what stands in the way of one."""

    atom: str
    phrase: str
    status: Status
    reason: Reason | None
    because: str


def because(step: Step) -> str:
    """What decides the status, in one line: what was found, or what is missing."""
    return line(step)


def grounds(answers: Answers, explanations: Explanations, cohort: str, most: int | None = None) -> list[Ground]:
    """What the verdict rests on: the atoms that keep the patient out, or those that are not known.

    Empty for an eligible patient. A criterion that rests on no atom is named by its relation. Where several criteria keep
    the patient out, those after the first `most` grounds are not explained: their atoms that are not met are named.
    """
    unsatisfied = answers.unsatisfied(cohort)
    failing = [c for c, surely in unsatisfied if surely]
    found: dict[str, Ground] = {}
    for c in failing or [c for c, _ in unsatisfied]:
        if failing and most is not None and len(found) >= most:
            for a in answers.screener.atoms_beneath(c.relation):
                if answers.status(a.relation) is Status.NOT_MET:
                    found.setdefault(a.identifier, Ground(a.identifier, a.phrase, Status.NOT_MET, None, ""))
            continue
        step = explanations.of(c.relation)
        atoms = list(_atoms(step)) or [step]
        for s in atoms:
            name = s.atom or c.relation.replace("_", " ")
            status = answers.atom(s.atom) if s.atom else s.status
            found.setdefault(name, Ground(name, s.says, status, s.reason, because(s)))
    return list(found.values())


def _atoms(step: Step) -> Iterator[Step]:
    """The uppermost lines about atoms that decide the root's status."""
    if step.atom:
        yield step
        return
    for s in step.below:
        if s.status is step.status or step.status is Status.NOT_MET or s.part is Part.CLAIM:
            yield from _atoms(s)


def because_of(explanations: Explanations, relation: str) -> tuple[Reason | None, str]:
    """Why an atom has its status, in one line, and the reason where it is unknown."""
    step = explanations.of(relation)
    return step.reason, because(step)


def counts(run: list[Screened], cohort: str) -> Mapping[Verdict, int]:
    """How many patients have each verdict for the cohort."""
    found = dict.fromkeys(Verdict, 0)
    for s in run:
        if s.answers is not None:
            found[s.answers.verdict(cohort)] += 1
    return found
