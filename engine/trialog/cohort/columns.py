"""A bucket of a store as the runs of whole numbers that a kernel takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trialog.charts.store import StoreError
from trialog.charts.store_read import Store
from trialog.charts.store_tables import ABSENT, JUDGEMENTS, PATIENTS, REVIEWED
from trialog.cohort import layout as kernel
from trialog.cohort.layout import Layout
from trialog.problem import Problem
from trialog.values import Cause
from trialog.vocabulary import Coded, Column, Relation

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    type Numbers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Columns:
    """The patients of one bucket. `cells` are the rows of all tables, `offsets` say where each patient's begin.

    `screening` is the day of each chart, 0 where the run gives it; `born` the first day on which each may be born, 0 where none
    is recorded.
    """

    names: "pa.Array"
    screening: "Numbers"
    born: "Numbers"
    cells: "Numbers"
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
    matrices: dict[str, tuple[Numbers, pa.Table]] = {}
    for r in layout.records:
        matrices[f"record {r.name}"] = (_records(tables[r.name], r, codes), tables[r.name])
    for name, source in ((kernel.REVIEWED, REVIEWED), (kernel.ABSENT, ABSENT)):
        found = np.empty((tables[source].num_rows, 4), np.int64)
        found[:, 0] = _coded(tables[source], "relation", relations)
        found[:, 1] = _coded(tables[source], "concept", codes)
        _ends(found, 2, tables[source], "through")
        matrices[name] = (found, tables[source])
    signed = np.empty((tables[JUDGEMENTS].num_rows, 6), np.int64)
    signed[:, 0] = _coded(tables[JUDGEMENTS], "question", codes)
    signed[:, 1] = _numbers(tables[JUDGEMENTS], "agreed")
    _ends(signed, 2, tables[JUDGEMENTS], "on")
    _ends(signed, 4, tables[JUDGEMENTS], "until")
    matrices[kernel.SIGNED] = (signed, tables[JUDGEMENTS])
    offsets = [np.array([n], np.int64)]
    cells: list[Numbers] = []
    begin = 0
    for name in layout.sources:
        matrix, own = matrices[name]
        offsets += [np.array([begin], np.int64), _starts(own, n)]
        cells.append(matrix.ravel())
        begin += matrix.size
    return Columns(
        patients.column("patient").combine_chunks(),
        _numbers(patients, "screening"),
        _born(tables.get("born"), n),
        np.concatenate(cells) if cells else np.empty(0, np.int64),
        np.concatenate(offsets),
    )


def _wanted(relation: Relation) -> tuple[str, ...]:
    product = relation.product
    found = ["patient", "confirmed"]
    for c in relation.columns:
        found += [c.name] if isinstance(c.type, Coded) else [c.name, f"{c.name}_spread"]
    if product is not None:
        found += [f"{product.whole}_cause", f"{product.part}_cause"]
    return tuple(found)


def _records(table: "pa.Table", relation: Relation, codes: Mapping[str, int]) -> "Numbers":
    import numpy as np

    own = kernel.flat(relation)
    product = relation.product
    found = np.empty((table.num_rows, own.width + 1 + (2 if product is not None else 0)), np.int64)
    for column in relation.columns:
        _fill(found, own.starts[column.name], table, column, codes)
    found[:, own.width] = _numbers(table, "confirmed")
    if product is not None:
        for i, name in enumerate((product.whole, product.part)):
            found[:, own.width + 1 + i] = _coded(table, f"{name}_cause", {Cause.MISSING.value: 1}, 0)
    return found


def _fill(found: "Numbers", at: int, table: "pa.Table", column: Column, codes: Mapping[str, int]) -> None:
    if isinstance(column.type, Coded):
        found[:, at] = _coded(table, column.name, codes)
    else:
        _ends(found, at, table, column.name)


def _ends(found: "Numbers", at: int, table: "pa.Table", name: str) -> None:
    import numpy as np

    low = _numbers(table, name)
    found[:, at] = low
    np.add(low, _numbers(table, f"{name}_spread"), out=found[:, at + 1])


def _numbers(table: "pa.Table", name: str) -> "Numbers":
    import numpy as np

    return table.column(name).to_numpy().astype(np.int64)


def _coded(table: "pa.Table", name: str, codes: Mapping[str, int], other: int = -1) -> "Numbers":
    """The numbers of the words in a column; `other` for a word that has none, and where there is none."""
    import numpy as np

    parts: list[Numbers] = []
    for chunk in table.column(name).chunks:
        by_word = np.array([*(codes.get(w, other) for w in chunk.dictionary.to_pylist()), other], np.int64)
        at = chunk.indices.fill_null(len(by_word) - 1) if chunk.null_count else chunk.indices
        parts.append(by_word[at.to_numpy(zero_copy_only=False)])
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


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
