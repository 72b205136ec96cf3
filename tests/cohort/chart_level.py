"""What the kernel says of charts, held to what the reference says of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.agreement.completing import show_chart
from tests.agreement.programs import VOCABULARY, checked
from tests.cohort.kernels import Found, Kernel
from trialog.answers import Screener, Status, Verdict
from trialog.charts.chart import Chart
from trialog.check import Pages
from trialog.engines.kernel.tables import Refused
from trialog.source import Source


@dataclass(frozen=True, slots=True)
class Difference:
    """A status or a verdict of a chart that is not the reference's."""

    about: str
    chart: Chart
    kernel: Status | Verdict
    reference: Status | Verdict
    how: str

    def __str__(self) -> str:
        said = f"`{self.about}` is {self.kernel.value} by the kernel as {self.how}, {self.reference.value} by the reference"
        return f"{said}, of the chart\n{show_chart(self.chart)}"


@dataclass
class Compared:
    """How much was compared. `given_back` are the charts that the kernel left to the reference, `refused` programs by reason."""

    programs: int = 0
    charts: int = 0
    answers: int = 0
    compiled: int = 0
    given_back: int = 0
    refused: dict[str, int] = field(default_factory=dict)


def differences(
    screener: Screener,
    charts: Sequence[Chart],
    days: Sequence[int],
    compared: Compared,
    queries: tuple[str, ...] = (),
    compile_too: bool = False,
) -> Iterator[Difference]:
    """Every status and verdict of these charts that differs."""
    compared.programs += 1
    kernel = Kernel(screener, queries)
    try:
        found = {"Python": kernel.as_python(charts, days)}
    except Refused as refused:
        compared.refused[str(refused)] = compared.refused.get(str(refused), 0) + 1
        return
    if compile_too:
        compared.compiled += 1
        found["machine code"] = kernel.as_machine_code(charts, days)
    for i, (chart, day) in enumerate(zip(charts, days, strict=True)):
        compared.charts += 1
        compared.given_back += found["Python"][i].given_back
        for how, mine in found.items():
            yield from _differences(screener, chart, day, mine[i], how, compared)


def _differences(
    screener: Screener, chart: Chart, day: int, found: Found, how: str, compared: Compared
) -> Iterator[Difference]:
    answers = screener.screen(chart, day)
    compared.answers += len(found.statuses) + len(found.verdicts)
    for relation, status in found.statuses.items():
        if (other := answers.status(relation)) is not status:
            yield Difference(relation, chart, status, other, how)
    for cohort, verdict in found.verdicts.items():
        if (other_verdict := answers.verdict(cohort)) is not verdict:
            yield Difference(cohort, chart, verdict, other_verdict, how)


def screener_of(rules: str, vocabulary: Source = VOCABULARY) -> Screener:
    """Rules of the criteria of one cohort, over the small vocabulary."""
    page = (
        f"# By hand\n\n## All cohorts\n\n> What is wanted.\n\n```datalog\n{rules}\n```\n\n## Cohort first: The first\n"
    )
    program, problems = checked(Pages((vocabulary,), Source("made.md", page), None))
    assert program is not None, "\n".join(f"{p.code} {p.claim}" for p in problems)
    return Screener(program)
