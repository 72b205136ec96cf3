"""The tables of one bucket, filled a few patients and one kind of record at a time, and put in the order of patients."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from trialog.charts.store_tables import Field, Holds, arrow_type, tables
from trialog.charts.store_write import arrow_table, dictionary_of
from trialog.synthetic.draws import Draws, Ints
from trialog.synthetic.values import NO_CAUSE, Spans
from trialog.vocabulary import Vocabulary

type Column = Spans | Ints | str | bool | NDArray[np.bool_]
"""Intervals; positions in a dictionary, or one word for all; flags."""


class Shape:
    """The tables of a vocabulary, made ready once for all buckets; `own` are dictionaries that it does not give."""

    def __init__(self, vocabulary: Vocabulary, own: Mapping[tuple[str, str], Sequence[str]]) -> None:
        self.vocabulary = vocabulary
        self.tables = tables(vocabulary)
        found = {
            (name, f.name): own.get((name, f.name)) or dictionary_of(f, vocabulary)
            for name, fields in self.tables.items()
            for f in fields
        }
        self.words = {column: {w: i for i, w in enumerate(words)} for column, words in found.items()}
        self.arrays = {column: pa.array(words, pa.string()) for column, words in found.items()}

    def places(self, table: str, column: str, words: Sequence[str]) -> Ints:
        """Where the words stand in the dictionary of a column. Raises KeyError."""
        of_column = self.words[table, column]
        return np.array([of_column[w] for w in words], np.int64)


class Rows:
    """The rows of a table, as they come."""

    def __init__(self, shape: Shape, table: str) -> None:
        self.shape, self.table = shape, table
        self.fields = shape.tables[table]
        self.who: list[Ints] = []
        self.columns: dict[str, list[NDArray[np.generic]]] = {f.name: [] for f in self.fields[1:]}
        self.texts: dict[str, list[str | None]] = {f.name: [] for f in self.fields if f.holds is Holds.EXACT}

    def add(self, who: Ints, **columns: Column) -> None:
        """A row for each of `who`, in ascending order; `columns` has one value for each of them, or one for all.

        A column whose name is a word of Python has `_` behind it.
        """
        columns = {name.removesuffix("_"): column for name, column in columns.items()}
        self.who.append(who)
        count = len(who)
        for f in self.fields[1:]:
            name = f.name
            match f.holds:
                case Holds.DAY | Holds.CODE:
                    given = columns[name]
                    assert isinstance(given, Spans)
                    self.columns[name].append(given.low)
                    self.columns[f"{name}_spread"].append(given.high - given.low)
                    self.columns[f"{name}_cause"].append(given.cause)
                    if f.holds is Holds.CODE:
                        texts = self.texts[f"{name}_exact"]
                        none = np.full(count, NO_CAUSE, np.int64)
                        place = none if given.exact is None else np.where(given.exact < 0, -1, given.exact + len(texts))
                        self.columns[f"{name}_exact"].append(place)
                        texts.extend(given.texts)
                case Holds.CONCEPT | Holds.WORD:
                    given = columns[name]
                    place = self.shape.words[self.table, name][given] if isinstance(given, str) else given
                    self.columns[name].append(np.broadcast_to(np.asarray(place, np.int32), count))
                case Holds.FLAG:
                    self.columns[name].append(np.broadcast_to(np.asarray(columns[name], np.bool_), count))
                case _:
                    pass

    def repeated(self, draws: Draws, percent: float) -> None:
        """Record some rows a second time, as charts do that were put together from several."""
        for i in range(len(self.who)):
            again = np.flatnonzero(draws.chance(percent, len(self.who[i])))
            self.who.append(self.who[i][again])
            for column in self.columns.values():
                column.append(column[i][again])

    def made(self) -> "pa.Table":
        """The table in the order of patients."""
        if not self.who:
            return arrow_table(self.fields, {f.name: [] for f in self.fields}, self.shape.vocabulary)
        who = np.concatenate(self.who)
        # Numbers of 16 bits are sorted by counting, which is many times quicker than comparing.
        order = np.argsort(who.astype(np.uint16) if who.max(initial=0) < 1 << 16 else who, kind="stable")
        columns: dict[str, pa.Array] = {"patient": pa.array(who[order].astype(np.int32))}
        for f in self.fields[1:]:
            columns[f.name] = self._array(f, np.concatenate(self.columns[f.name])[order])
        return arrow_table(self.fields, columns, self.shape.vocabulary)

    def _array(self, f: Field, values: NDArray[np.generic]) -> "pa.Array":
        match f.holds:
            case Holds.CONCEPT | Holds.WORD:
                words = self.shape.arrays[self.table, f.name]
                return pa.DictionaryArray.from_arrays(pa.array(values.astype(np.int32)), words)
            case Holds.CAUSE:
                words = self.shape.arrays[self.table, f.name]
                indices = pa.array(values.astype(np.int32), mask=values == NO_CAUSE)
                return pa.DictionaryArray.from_arrays(indices, words)
            case Holds.EXACT:
                return pa.array(self.texts[f.name], pa.string()).take(pa.array(values, mask=values == NO_CAUSE))
            case Holds.DAY | Holds.DAYS:
                return pa.array(values.astype(np.int32))
            case _:
                return pa.array(values, arrow_type(f.holds))


def table_of(shape: Shape, name: str, columns: Mapping[str, "Sequence[object] | pa.Array"]) -> "pa.Table":
    """A table whose columns are whole already."""
    return arrow_table(shape.tables[name], columns, shape.vocabulary)
