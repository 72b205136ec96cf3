"""A small program, and a store of charts about all that it may ask, among them some that the kernel gives back."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.agreement.charts import Charts
from tests.agreement.choices import seeded
from tests.agreement.completing import Domain
from tests.agreement.trials import DAYS, SCREENING, SMALL
from tests.cohort.chart_level import screener_of
from tests.cohort.programs import CHARTED
from tests.store.stores import packed
from trialog.charts.chart import Chart, Record
from trialog.charts.store_read import Store
from trialog.cohort.output import Origin
from trialog.cohort.run import Run, rules_digest
from trialog.cohort.screen import Kernel, kernel
from trialog.values import point
from trialog.vocabulary import Kind

RULES = """
@A1 "weighs enough"
inclusion heavy(P) :- latest observation(P, body_weight, V, ..), V >= 30 'kg'.
@A2 "two results of the same size"
inclusion twice(P) :- observation(P, egfr, V, on: A, ..), observation(P, egfr, W, on: B, ..), A != B, V = W.
@A3 "is treated"
exclusion treated(P) :- treatment(P, steroid, dose: V, ..), V > 5 'mg/d', not condition(P, cns_disease, ..).
@A4 "is worth it"
inclusion worth(P) :- judged(P, worth_it, ..), sex(P, female).
"""
_RELATIONS = frozenset(r.name for r in SMALL.relations.values() if r.kind is not Kind.KNOWN)
_DOMAIN = Domain(SCREENING, DAYS, CHARTED, 1, _RELATIONS, frozenset(), frozenset(SMALL.concepts))
BUCKETS = 4
TODAY = SCREENING + 100


def chart(number: int) -> Chart:
    """The chart of a patient by number; of every third the run gives the day, and every seventh is born after it."""
    made = Charts(seeded(number), SMALL, _DOMAIN, 2).chart()
    records = tuple(r for r in made.records if r.relation != "born")
    if number % 7 == 3:
        records = (*records, Record("born", (point(TODAY + 1),)))
    elif number % 2:
        records = (*records, Record("born", (point(SCREENING - 9000),)))
    screening = None if number % 3 == 0 else SCREENING
    return Chart(f"p{number:03}", screening, records, made.judgements, made.reviewed, made.denied)


def store(path: Path, charts: Sequence[Chart]) -> Store:
    return packed(charts, path, SMALL, BUCKETS)


@cache
def ready() -> Kernel:
    return kernel(screener_of(RULES))


def run(of: Store, folder: Path, as_of: int | None = None, readings: dict[str, str] | None = None) -> Run:
    made = ready()
    given = readings or dict(made.screener.readings)
    return Run(made, of, folder, Origin("small", "knowledge", given, as_of, TODAY, rules_digest(made)))


def written(folder: Path) -> dict[str, bytes]:
    """Every file of a folder of answers, by name."""
    return {p.name: p.read_bytes() for p in folder.iterdir()}
