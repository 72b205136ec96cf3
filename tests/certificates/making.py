"""Certificates of the shipped cases, and of programs made at random."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.agreement.choices import seeded
from tests.agreement.trials import trial
from trialog.answers import Answers, Screener
from trialog.certificates.certify import About, Certifier
from trialog.charts.chart import Chart
from trialog.charts.read import read_charts
from trialog.knowledge import Library, shipped
from trialog.values import days

KNOWLEDGE, CHARTS = "0" * 64, "1" * 64
ENGINES = (("trialog", "derived this"),)


@dataclass(frozen=True)
class Made:
    """A certificate, and what it was made from."""

    name: str
    certificate: Any
    answers: Answers
    certifier: Certifier
    knowledge_base: str = KNOWLEDGE
    charts: str = CHARTS

    @property
    def chart(self) -> Chart:
        return self.answers.chart


def of_cases() -> Iterator[Made]:
    """One for each case of the shipped trial, of all its cohorts."""
    library = Library(shipped())
    name = library.trials[0]
    program, problems = library.program(name)
    assert program is not None, problems
    certifier = Certifier(Screener(program), library=library, trial=name)
    for read in read_charts(library.folder(name) / "cases", program.vocabulary):
        if read.chart is not None:
            assert read.chart.screening is not None
            yield made(read.name, certifier, read.chart, read.chart.screening, name)


def of_programs(start: int, programs: int) -> Iterator[Made]:
    """For each chart of that many programs, beginning with this seed."""
    found, n = 0, start
    while found < programs:
        one = trial(seeded(n))
        if one is not None:
            found += 1
            certifier = Certifier(Screener(one.subject.program, one.subject.readings))
            for i, chart in enumerate(one.charts):
                yield made(f"program {n}, chart {i}", certifier, chart, one.subject.screening, "small")
        n += 1


def made(name: str, certifier: Certifier, chart: Chart, screening: int, trial_: str) -> Made:
    answers = certifier.screener.screen(chart, screening)
    about = About(trial_, KNOWLEDGE, CHARTS, ENGINES)
    return Made(name, certifier.certificate(answers, about, certifier.program.cohorts), answers, certifier)


def on_its_day(one: Made, certificate: Any) -> Any:
    """What is certified of the same chart on the day that this certificate names: nothing says that a day is the right one."""
    day = int(days(certificate["header"]["screening"]).low)
    return made(one.name, one.certifier, one.chart, day, one.certificate["header"]["trial"]).certificate
