"""The cells of many rows at once: every distinct cell is understood once, by the code that reads single rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from trialog.charts.chart import Standing, Value
from trialog.charts.periods import drawn_in
from trialog.charts.rows import filled, value_of_cell
from trialog.charts.store_tables import Field, Holds
from trialog.charts.store_write import CAUSES, arrow_table, dictionary_of, exact_text
from trialog.codes import code_of, is_beyond
from trialog.values import FIRST_DAY, LAST_DAY, Cause, Interval
from trialog.vocabulary import Coded, Column, Dated, Measured, Relation, Vocabulary

type Ints = NDArray[np.int64]
type Flags = NDArray[np.bool_]

_MISSING = CAUSES.index(Cause.MISSING)


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a cell means: a place in a dictionary, or two ends and a cause; -1 stands for no cause and no exact text."""

    wrong: bool
    given: bool
    low: int = 0
    high: int = 0
    cause: int = -1
    exact: int = -1
    beyond: bool = False


@dataclass(frozen=True)
class _Columns:
    """The meanings of a column, row by row."""

    wrong: Flags
    given: Flags
    low: Ints
    high: Ints
    cause: Ints
    exact: Ints
    beyond: Flags


@dataclass(frozen=True, slots=True)
class Understood:
    """The rows of a relation as a store has them but for the patients; `wrong` ones are for a reader to look at."""

    columns: Mapping[str, "pa.Array"]
    wrong: Flags
    beyond: Flags
    concepts: Ints  # of the column that rows are about, -1 where there is none


class Understanding:
    """What the cells of a relation mean. What was understood once is kept, for all buckets."""

    def __init__(self, relation: Relation, fields: tuple[Field, ...], vocabulary: Vocabulary) -> None:
        self.relation, self.fields, self.vocabulary = relation, fields, vocabulary
        self.known: dict[tuple[str, str | None, str | None], _Meaning] = {}
        self.words = {f.name: dictionary_of(f, vocabulary) for f in fields}
        self.places = {name: {w: i for i, w in enumerate(words)} for name, words in self.words.items()}
        self.texts: list[str] = []
        self.place_of_text: dict[str, int] = {}

    def understood(self, rows: "pa.Table") -> Understood:
        """What the rows mean, whose cells are texts; white space about them says nothing."""
        relation, count = self.relation, rows.num_rows
        about = relation.columns[relation.concept_column] if relation.concept_column is not None else None
        concepts = np.full(count, -1, np.int64)
        found: dict[str, _Columns] = {}
        if about is not None:
            found[about.name] = one = self._column(rows, about, None, count)
            concepts = np.where(one.wrong, -1, one.low)
        for column in relation.columns:
            if column != about:
                of_concept = concepts if isinstance(column.type, Measured) and about is not None else None
                found[column.name] = self._column(rows, column, of_concept, count)
        wrong = np.logical_or.reduce([c.wrong for c in found.values()])
        if relation.position("from") is not None and relation.position("to") is not None:
            found["from"], found["to"], backwards = _periods(found["from"], found["to"])
            wrong |= backwards
        standing = self._standing(rows, count)
        wrong |= standing == 2
        beyond = np.logical_or.reduce([c.beyond for c in found.values()])
        columns = {
            name: array for column in relation.columns for name, array in self._arrays(column, found[column.name])
        }
        columns["confirmed"] = pa.array(standing == 1)
        return Understood(columns, wrong, beyond, concepts)

    def _column(self, rows: "pa.Table", column: Column, concepts: Ints | None, count: int) -> _Columns:
        """The meanings of a column; of one in the unit of what is measured by cell and concept together."""
        words, places = _distinct(rows, column.name, count)
        if concepts is None:
            meanings = [self._meaning(column, w, None) for w in words]
            return _taken(meanings, places)
        pairs, at = np.unique(concepts * len(words) + places, return_inverse=True)
        meanings = [self._meaning(column, words[p % len(words)], self._concept(int(p // len(words)))) for p in pairs]
        return _taken(meanings, at)

    def _concept(self, place: int) -> str | None:
        about = self.relation.columns[self.relation.concept_column or 0]
        return self.words[about.name][place] if place >= 0 else None

    def _meaning(self, column: Column, written: str | None, concept: str | None) -> _Meaning:
        key = (column.name, written, concept)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self._understand(column, written, concept)
        return found

    def _understand(self, column: Column, written: str | None, concept: str | None) -> _Meaning:
        relation, vocabulary = self.relation, self.vocabulary
        of = vocabulary.concepts[concept] if concept is not None else None
        try:
            value = value_of_cell(relation, column, written, of, vocabulary)
        except ValueError:
            return _Meaning(True, True)
        given = value is not None
        if value is None:
            about = relation.concept_column
            known: dict[str, Value] = {}
            if about is not None and concept is not None:
                known[relation.columns[about].name] = concept
            at = relation.position(column.name)
            value = filled(relation, known, vocabulary)[at or 0]
        if isinstance(value, str):
            return _Meaning(False, given, self.places[column.name][value])
        cause = -1 if value.cause is None else CAUSES.index(value.cause)
        if isinstance(column.type, Dated):
            return _Meaning(False, given, int(value.low), int(value.high), cause)
        exact, beyond = self._text(value), is_beyond(value.low) or is_beyond(value.high)
        return _Meaning(False, given, code_of(value.low), code_of(value.high), cause, exact, beyond)

    def _text(self, value: Interval) -> int:
        text = exact_text(value)
        if text is None:
            return -1
        if text not in self.place_of_text:
            self.place_of_text[text] = len(self.texts)
            self.texts.append(text)
        return self.place_of_text[text]

    def _standing(self, rows: "pa.Table", count: int) -> Ints:
        """1 for confirmed, 0 for unconfirmed, 2 for a word that is neither."""
        words, places = _distinct(rows, "standing", count)
        of = {None: 1, Standing.CONFIRMED.value: 1, Standing.UNCONFIRMED.value: 0}
        return np.array([of.get(w, 2) for w in words], np.int64)[places]

    def _arrays(self, column: Column, values: _Columns) -> list[tuple[str, "pa.Array"]]:
        name = column.name
        low, spread = values.low, values.high - values.low
        match column.type:
            case Coded():
                return [(name, _dictionary(low, self.words[name]))]
            case Dated():
                found = [(name, pa.array(low.astype(np.int32))), (f"{name}_spread", pa.array(spread.astype(np.int32)))]
                return [*found, (f"{name}_cause", _dictionary(values.cause, self.words[f"{name}_cause"]))]
            case _:
                exact = pa.array(self.texts, pa.string()).take(pa.array(values.exact, mask=values.exact < 0))
                found = [(name, pa.array(low)), (f"{name}_spread", pa.array(spread))]
                cause = _dictionary(values.cause, self.words[f"{name}_cause"])
                return [*found, (f"{name}_cause", cause), (f"{name}_exact", exact)]


def _dictionary(places: Ints, words: tuple[str, ...]) -> "pa.Array":
    indices = pa.array(places.astype(np.int32), mask=places < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))


def _distinct(rows: "pa.Table", name: str, count: int) -> tuple[list[str | None], Ints]:
    """The distinct cells of a column, with None for those without, and of each row the place of its cell."""
    if name not in rows.column_names:
        return [None], np.zeros(count, np.int64)
    encoded = rows.column(name).combine_chunks().dictionary_encode()
    words: list[str | None] = [*(word.strip() or None for word in encoded.dictionary.to_pylist()), None]
    return words, encoded.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False).astype(np.int64)


def _taken(meanings: list[_Meaning], places: Ints) -> _Columns:
    def taken(of: Callable[[_Meaning], int], type_: type[np.int64] | type[np.bool_]) -> NDArray[np.generic]:
        return np.array([of(m) for m in meanings], type_)[places]

    return _Columns(
        taken(lambda m: m.wrong, np.bool_).astype(np.bool_),
        taken(lambda m: m.given, np.bool_).astype(np.bool_),
        taken(lambda m: m.low, np.int64).astype(np.int64),
        taken(lambda m: m.high, np.int64).astype(np.int64),
        taken(lambda m: m.cause, np.int64).astype(np.int64),
        taken(lambda m: m.exact, np.int64).astype(np.int64),
        taken(lambda m: m.beyond, np.bool_).astype(np.bool_),
    )


def _periods(begin: _Columns, end: _Columns) -> tuple[_Columns, _Columns, Flags]:
    """The beginnings and ends as `dates.period` gives them, and which rows end before they begin."""
    low = np.where(begin.given, begin.low, FIRST_DAY)
    high = np.where(begin.given, begin.high, LAST_DAY)
    first = (low, high, np.where(begin.given, begin.cause, _MISSING).astype(np.int8))
    end_low = np.where(end.given, end.low, low)
    end_high = np.where(end.given, end.high, LAST_DAY)
    last = (end_low, end_high, np.where(end.given, end.cause, _MISSING).astype(np.int8))
    backwards = low > end_high
    one, two = drawn_in(first, last)
    return _put(begin, *one), _put(end, *two), backwards


def _put(column: _Columns, low: Ints, high: Ints, cause: NDArray[np.int8]) -> _Columns:
    return _Columns(column.wrong, column.given, low, high, cause.astype(np.int64), column.exact, column.beyond)


def table_of(
    fields: tuple[Field, ...], patients: Ints, understood: Understood, kept: Flags, vocabulary: Vocabulary
) -> "pa.Table":
    """The rows that are kept, under the numbers of their patients."""
    keep = pa.array(kept)
    columns: dict[str, pa.Array] = {f.name: understood.columns[f.name].filter(keep) for f in fields[1:]}
    columns["patient"] = pa.array(patients[kept].astype(np.int32))
    assert fields[0].holds is Holds.PATIENT
    return arrow_table(fields, columns, vocabulary)
