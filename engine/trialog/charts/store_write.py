"""Writing the buckets of a store, from charts or from columns."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from trialog.charts.chart import Chart, Record, Standing
from trialog.charts.store import Bucket, TableFile, bucket_name, writing
from trialog.charts.store_tables import (
    ABSENT,
    JUDGEMENTS,
    PATIENTS,
    REVIEWED,
    SET_ASIDE,
    Field,
    Holds,
    arrow_type,
    schema,
    tables,
)
from trialog.codes import code_of, is_beyond, is_exact
from trialog.values import Cause, Interval
from trialog.vocabulary import Dated, Vocabulary

if TYPE_CHECKING:
    import pyarrow as pa

CAUSES = tuple(Cause)

type Tables = Mapping[str, pa.Table]
"""The tables of one bucket by their names."""


def write_bucket(store: Path, number: int, content: Tables) -> Bucket:
    """Write the tables as a bucket of the store; what the manifest has to say of it. Workers may do so side by side."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = store / bucket_name(number)
    whole = hashlib.sha256()
    files: dict[str, TableFile] = {}
    with writing(store):
        folder.mkdir()
        for name in sorted(content):
            sink = pa.BufferOutputStream()
            table = content[name]
            # Of what was tried, this decodes in the shortest time but for no compression at all, which takes four times the room.
            plain = [n for n in table.column_names if n != "patient" or name == PATIENTS]
            encoding: dict[str, str] = {} if name == PATIENTS else {"patient": "DELTA_BINARY_PACKED"}
            pq.write_table(
                table,
                sink,
                row_group_size=1 << 20,
                compression="lz4",
                use_dictionary=plain,
                column_encoding=encoding or None,
                write_statistics=False,
            )
            content_ = sink.getvalue()
            for part in (name.encode(), memoryview(content_)):
                whole.update(len(part).to_bytes(8, "big"))
                whole.update(part)
            (folder / f"{name}.parquet").write_bytes(memoryview(content_))
            files[f"{name}.parquet"] = TableFile(table.num_rows, content_.size)
    return Bucket(content[PATIENTS].num_rows, whole.hexdigest(), files)


# -- charts as tables ----------------------------------------------------------------------------------------------


def tables_of(charts: Iterable[Chart], vocabulary: Vocabulary) -> Tables:
    """The tables of a bucket that holds these charts."""
    filling = {name: _Filling(fields) for name, fields in tables(vocabulary).items()}
    for row, chart in enumerate(sorted(charts, key=lambda c: c.patient)):
        beyond = any(_is_beyond(r, vocabulary) for r in chart.records)
        filling[PATIENTS].add(patient=chart.patient, screening=chart.screening or 0, beyond=beyond)
        for record in chart.records:
            _add_record(filling[record.relation], row, record, vocabulary)
        for j in chart.judgements:
            filling[JUDGEMENTS].add(
                patient=row,
                question=j.question,
                agreed=j.decision == "agreed",
                **_days("on", j.on),
                **_days("until", j.until),
                by=j.by,
            )
        for table, scopes in ((REVIEWED, chart.reviewed), (ABSENT, chart.denied)):
            for s in scopes:
                filling[table].add(patient=row, relation=s.relation, concept=s.concept, **_days("through", s.through))
        for aside in chart.set_aside:
            filling[SET_ASIDE].add(patient=row, what=aside.what, why=aside.why, place=str(aside.place))
    return {name: arrow_table(f.fields, f.columns, vocabulary) for name, f in filling.items()}


@dataclass(frozen=True, slots=True)
class _Filling:
    """A table that is filled row by row."""

    fields: tuple[Field, ...]
    columns: dict[str, list[object]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", {f.name: [] for f in self.fields})

    def add(self, **values: object) -> None:
        for name, column in self.columns.items():
            column.append(values[name])


def _add_record(filling: _Filling, row: int, record: Record, vocabulary: Vocabulary) -> None:
    values: dict[str, object] = {"confirmed": record.standing is Standing.CONFIRMED}
    for column, value in zip(vocabulary.relations[record.relation].columns, record.values, strict=True):
        match value:
            case Interval() if isinstance(column.type, Dated):
                values |= _days(column.name, value)
            case Interval():
                values |= _number(column.name, value)
            case str():
                values[column.name] = value
            case _:
                assert_never(value)
    filling.add(patient=row, **values)


def _days(name: str, days: Interval) -> dict[str, object]:
    return {name: int(days.low), f"{name}_spread": int(days.high - days.low), f"{name}_cause": _cause(days.cause)}


def _number(name: str, number: Interval) -> dict[str, object]:
    low, high = code_of(number.low), code_of(number.high)
    return {
        name: low,
        f"{name}_spread": high - low,
        f"{name}_cause": _cause(number.cause),
        f"{name}_exact": exact_text(number),
    }


def exact_text(number: Interval) -> str | None:
    """Both ends as fractions; None where their codes give them back."""
    return None if is_exact(number.low) and is_exact(number.high) else f"{number.low} {number.high}"


def _cause(cause: Cause | None) -> str | None:
    return cause.value if cause is not None else None


def _is_beyond(record: Record, vocabulary: Vocabulary) -> bool:
    columns = vocabulary.relations[record.relation].columns
    return any(
        isinstance(value, Interval)
        and not isinstance(column.type, Dated)
        and (is_beyond(value.low) or is_beyond(value.high))
        for column, value in zip(columns, record.values, strict=True)
    )


# -- columns as tables ---------------------------------------------------------------------------------------------


def dictionary_of(of: Field, vocabulary: Vocabulary) -> tuple[str, ...]:
    """What the dictionary of a column holds, in every bucket in the same order; nothing where each bucket has its own."""
    match of.holds:
        case Holds.CONCEPT:
            under = vocabulary.descendants.get(of.root)
            return tuple(sorted(vocabulary.concepts if under is None else under))
        case Holds.CAUSE:
            return tuple(cause.value for cause in CAUSES)
        case Holds.WORD if of.name == "relation":
            return tuple(vocabulary.relations)
        case _:
            return ()


def arrow_table(
    fields: Sequence[Field], columns: Mapping[str, "Sequence[object] | pa.Array"], vocabulary: Vocabulary
) -> "pa.Table":
    """The table with these columns: lists of what they hold, or Arrow arrays that are as they are to be."""
    import pyarrow as pa

    made = [
        values if isinstance(values := columns[f.name], pa.Array) else _array(f, values, vocabulary) for f in fields
    ]
    return pa.Table.from_arrays(made, schema=schema(tuple(fields)))


def _array(of: Field, values: Sequence[object], vocabulary: Vocabulary) -> "pa.Array":
    import pyarrow as pa

    if of.holds not in (Holds.CONCEPT, Holds.CAUSE, Holds.WORD):
        return pa.array(values, arrow_type(of.holds))
    words = dictionary_of(of, vocabulary) or tuple(sorted({str(v) for v in values}))
    place: dict[object, int] = {word: i for i, word in enumerate(words)}
    indices = pa.array([None if v is None else place[v] for v in values], pa.int32())
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))
