"""The cohort engine held to the reference: the same statuses and verdicts of the same charts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from trialog.answers import Screener
from trialog.charts.store_read import Store
from trialog.cohort.screen import STATUS_NAMES, VERDICTS, Kernel, screen_bucket


@dataclass(frozen=True, slots=True)
class Difference:
    """What one engine says of a patient, and what the other does."""

    patient: str
    about: str
    cohort_engine: str
    reference: str

    def __str__(self) -> str:
        return f"{self.patient}, {self.about}: {self.cohort_engine} by the kernel, {self.reference} by the reference"


@dataclass
class Compared:
    """How much was compared. `given_back` are the patients whom the kernel left to the reference."""

    patients: int = 0
    answers: int = 0
    given_back: int = 0


def differences(
    store: Store, ready: Kernel, screener: Screener, compared: Compared, as_of: int | None = None
) -> Iterator[Difference]:
    """Every status and verdict that differs, bucket by bucket."""
    today = date.today().toordinal()
    for number in range(len(store.manifest.buckets)):
        found = screen_bucket(ready, store, number, as_of, today)
        rows = [row for row in range(len(found.names)) if not found.unborn[row]]
        for row, chart in store.charts_in(number, rows):
            day = as_of if as_of is not None else chart.screening or today
            assert day == found.days[row]
            answers = screener.screen(chart, day)
            compared.patients += 1
            compared.given_back += bool(found.by_reference[row])
            for i, relation in enumerate(ready.protocol.relations):
                mine, other = STATUS_NAMES[found.statuses[i, row]], answers.status(relation)
                compared.answers += 1
                if mine is not other:
                    yield Difference(chart.patient, relation, mine.value, other.value)
            for i, cohort in enumerate(ready.protocol.cohorts):
                verdict, other_verdict = VERDICTS[found.verdicts[i, row]], answers.verdict(cohort)
                compared.answers += 1
                if verdict is not other_verdict:
                    yield Difference(chart.patient, cohort, verdict.value, other_verdict.value)
