"""Packing: whatever charts trialog reads, into a store, by the readers themselves."""

from collections.abc import Callable, Iterable
from pathlib import Path

from trialog.charts.chart import Chart
from trialog.charts.files import ReadChart
from trialog.charts.store import Manifest, Refused, StoreError, bucket_number, new_store
from trialog.charts.store_tables import vocabulary_digest
from trialog.charts.store_write import tables_of, write_bucket
from trialog.problem import Problem, Severity
from trialog.vocabulary import Vocabulary

PER_BUCKET = 15_000


def buckets_for(patients: int) -> int:
    """How many buckets are right for so many patients."""
    return max(1, -(-patients // PER_BUCKET))


def pack(
    reads: Iterable[ReadChart], store: Path, vocabulary: Vocabulary, buckets: int | None, done: Callable[[int], None]
) -> tuple[Manifest, tuple[Problem, ...]]:
    """Write the charts into a new store. What was refused stands in its manifest; warnings are given back.

    Raises StoreError where the store cannot be written, and where no chart can be used.
    """
    read: list[Chart] = []
    refused: list[Refused] = []
    problems: list[Problem] = []
    for one in reads:
        if one.chart is not None:
            read.append(one.chart)
        elif errors := [p for p in one.problems if p.severity is Severity.ERROR]:
            refused.append(refused_chart(one.name, errors))
        problems.extend(one.problems)
    if not read and refused:
        raise StoreError(*problems)
    number = buckets or buckets_for(len(read))
    of_bucket: list[list[Chart]] = [[] for _ in range(number)]
    for chart in read:
        of_bucket[bucket_number(chart.patient, number)].append(chart)

    def write(path: Path) -> Manifest:
        written = []
        for i, mine in enumerate(of_bucket):
            written.append(write_bucket(path, i, tables_of(mine, vocabulary)))
            done(len(mine))
        return Manifest(vocabulary_digest(vocabulary), tuple(written), None, in_order(refused))

    warnings = tuple(p for p in problems if p.severity is Severity.WARNING)
    return new_store(store, write), warnings


def refused_chart(
    name: str, problems: Iterable[Problem], first_line: Callable[[Problem], int] = lambda _: 1
) -> Refused:
    """The chart as the manifest names it. A problem's text begins at line `first_line` of its file."""
    return Refused(name, tuple(_told(p, first_line(p)) for p in problems if p.severity is Severity.ERROR))


def in_order(refused: Iterable[Refused]) -> tuple[Refused, ...]:
    return tuple(sorted(refused, key=lambda r: r.name))


def _told(p: Problem, first: int) -> dict[str, str | int]:
    line = f":{p.at.line + first - 1}" if p.at.source.text or first > 1 else ""
    return {"code": p.code, "claim": p.claim, "place": f"{p.at.source.name}{line}", "help": p.help}
