"""A bucket of a store as the runs of whole numbers that a kernel takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trialog.charts.store import StoreError
from trialog.charts.store_read import Store
from trialog.charts.store_tables import ABSENT, JUDGEMENTS, PATIENTS, REVIEWED
from trialog.cohort import layout as kernel
from trialog.cohort.layout import Layout
from trialog.cohort.sources import Form, Source, places, record_of, sources
from trialog.problem import Problem
from trialog.values import Cause
from trialog.vocabulary import Coded, Dated, Relation

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    type Numbers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Columns:
    """The patients of one bucket. `narrow`, `wide` and `offsets` are the runs `C`, `D` and `O` that a kernel takes (see `sources`).

    `screening` is the day of each chart, 0 where the run gives it; `born` the first day on which each may be born, 0 where none
    is recorded.
    """

    names: "pa.Array"
    screening: "Numbers"
    born: "Numbers"
    narrow: "np.ndarray[Any, np.dtype[np.int32]]"
    wide: "Numbers"
    offsets: "Numbers"


def columns(store: Store, number: int, layout: Layout) -> Columns:
    """Raises StoreError with everything that is wrong in the tables that the plan needs."""
    import numpy as np

    problems: list[Problem] = []
    tables: dict[str, pa.Table] = {}

    def table(name: str, wanted: Sequence[str]) -> None:
        try:
            tables[name] = store.table(number, name, only=wanted)
        except StoreError as error:
            problems.extend(error.problems)

    table(PATIENTS, ("patient", "screening"))
    for r in layout.records:
        table(r.name, _wanted(r))
    scopes = ("patient", "relation", "concept", "through", "through_spread")
    table(REVIEWED, scopes)
    table(ABSENT, scopes)
    table(JUDGEMENTS, ("patient", "question", "agreed", "on", "on_spread", "until", "until_spread"))
    if "born" not in tables and "born" in store.fields:
        table("born", ("patient", "on"))
    if problems:
        raise StoreError(*problems)
    patients = tables[PATIENTS]
    n = patients.num_rows
    relations = {name: i for i, name in enumerate(layout.vocabulary.relations)}
    codes = layout.tables.codes
    of = sources(layout)
    own = {record_of(r): tables[r.name] for r in layout.records}
    own |= {kernel.REVIEWED: tables[REVIEWED], kernel.ABSENT: tables[ABSENT], kernel.SIGNED: tables[JUDGEMENTS]}
    fill = _Filled(of, own)
    for r in layout.records:
        _records(fill, tables[r.name], r, codes)
    for name in (REVIEWED, ABSENT):
        fill.words(tables[name], "relation", relations)
        fill.words(tables[name], "concept", codes)
        fill.days(tables[name], "through")
    fill.words(tables[JUDGEMENTS], "question", codes)
    fill.one(tables[JUDGEMENTS], "agreed")
    fill.days(tables[JUDGEMENTS], "on")
    fill.days(tables[JUDGEMENTS], "until")
    assert fill.is_full
    starts = [_starts(own[source.name], n) for source in of]
    head = np.array([*places(of, n, [own[source.name].num_rows for source in of])], np.int64)
    return Columns(
        patients.column("patient").combine_chunks(),
        _numbers(patients, "screening"),
        _born(tables.get("born"), n),
        fill.narrow,
        fill.wide,
        np.concatenate([head, *starts]),
    )


class _Filled:
    """The runs of a bucket, filled column by column in the order of the sources."""

    def __init__(self, of: Sequence[Source], tables: "Mapping[str, pa.Table]") -> None:
        import numpy as np

        size = [(tables[s.name].num_rows * f.size, f is Form.NUMBERS) for s in of for f in s.forms]
        self.narrow = np.empty(sum(n for n, is_wide in size if not is_wide), np.int32)
        self.wide = np.empty(sum(n for n, is_wide in size if is_wide), np.int64)
        self.at = [0, 0]

    @property
    def is_full(self) -> bool:
        return self.at == [len(self.narrow), len(self.wide)]

    def next(self, rows: int, wide: bool = False) -> "np.ndarray[Any, Any]":
        begin = self.at[wide]
        self.at[wide] += rows
        return (self.wide if wide else self.narrow)[begin : begin + rows]

    def one(self, table: "pa.Table", name: str, wide: bool = False) -> None:
        self.next(table.num_rows, wide)[:] = table.column(name).to_numpy()

    def days(self, table: "pa.Table", name: str) -> None:
        self.one(table, name)
        self.one(table, f"{name}_spread")

    def numbers(self, table: "pa.Table", name: str) -> None:
        self.one(table, name, wide=True)
        self.one(table, f"{name}_spread", wide=True)

    def words(self, table: "pa.Table", name: str, codes: Mapping[str, int], other: int = -1) -> None:
        """The numbers of the words in a column; `other` for a word that has none, and where there is none."""
        import numpy as np

        run = self.next(table.num_rows)
        begin = 0
        for chunk in table.column(name).chunks:
            by_word = np.array([*(codes.get(w, other) for w in chunk.dictionary.to_pylist()), other], np.int32)
            at = chunk.indices.fill_null(len(by_word) - 1) if chunk.null_count else chunk.indices
            np.take(by_word, at.to_numpy(zero_copy_only=False), out=run[begin : begin + len(at)], mode="clip")
            begin += len(at)


def _wanted(relation: Relation) -> tuple[str, ...]:
    product = relation.product
    found = ["patient", "confirmed"]
    for c in relation.columns:
        found += [c.name] if isinstance(c.type, Coded) else [c.name, f"{c.name}_spread"]
    if product is not None:
        found += [f"{product.whole}_cause", f"{product.part}_cause"]
    return tuple(found)


def _records(fill: _Filled, table: "pa.Table", relation: Relation, codes: Mapping[str, int]) -> None:
    for column in relation.columns:
        match column.type:
            case Coded():
                fill.words(table, column.name, codes)
            case Dated():
                fill.days(table, column.name)
            case _:
                fill.numbers(table, column.name)
    fill.one(table, "confirmed")
    if relation.product is not None:
        for name in (relation.product.whole, relation.product.part):
            fill.words(table, f"{name}_cause", {Cause.MISSING.value: 1}, 0)


def _numbers(table: "pa.Table", name: str) -> "Numbers":
    import numpy as np

    return table.column(name).to_numpy().astype(np.int64)


def _starts(table: "pa.Table", patients: int) -> "Numbers":
    """Where the rows of each patient begin, and last where all end."""
    import numpy as np

    rows = np.bincount(table.column("patient").to_numpy(), minlength=patients) if patients else np.empty(0, np.int64)
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(rows, dtype=np.int64)])


def _born(table: "pa.Table | None", patients: int) -> "Numbers":
    import numpy as np

    found = np.zeros(patients, np.int64)
    if table is not None:
        np.maximum.at(found, table.column("patient").to_numpy(), _numbers(table, "on"))
    return found
