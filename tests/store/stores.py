"""Stores made for tests."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from trialog.charts.chart import Chart
from trialog.charts.store import Manifest, bucket_number, new_store
from trialog.charts.store_read import Store, open_store
from trialog.charts.store_tables import vocabulary_digest
from trialog.charts.store_write import tables_of, write_bucket
from trialog.vocabulary import Vocabulary


def packed(charts: Iterable[Chart], path: Path, vocabulary: Vocabulary, buckets: int = 1) -> Store:
    """A store that holds these charts."""
    of_bucket: dict[int, list[Chart]] = defaultdict(list)
    for chart in charts:
        of_bucket[bucket_number(chart.patient, buckets)].append(chart)

    def write(store: Path) -> Manifest:
        made = (write_bucket(store, n, tables_of(of_bucket[n], vocabulary)) for n in range(buckets))
        return Manifest(vocabulary_digest(vocabulary), tuple(made))

    new_store(path, write)
    return open_store(path, vocabulary)


def in_order(chart: Chart, vocabulary: Vocabulary) -> Chart:
    """The chart with its records in the order of the relations, as all readers give them."""
    order = {name: i for i, name in enumerate(vocabulary.relations)}
    return replace(chart, file="", records=tuple(sorted(chart.records, key=lambda r: order[r.relation])))
