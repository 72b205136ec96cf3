"""The tables of a store: of each its columns, and what a column holds. Whoever reads or writes a store goes by these."""

import enum
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from trialog.charts.rows import recorded_relations
from trialog.vocabulary import Amount, Coded, Column, Dated, Kind, Measured, Vocabulary

if TYPE_CHECKING:
    import pyarrow as pa

PATIENTS, JUDGEMENTS, REVIEWED, ABSENT, SET_ASIDE = "patients", "judgements", "reviewed", "absent", "set_aside"


class Holds(enum.Enum):
    """What the values of a column are."""

    NAME = "the name of a patient"
    PATIENT = "the row of a patient in `patients`"
    DAY = "a day as its ordinal"
    DAYS = "how many days the high end is after the low one"
    CODE = "the code of a number"
    CODES = "how far the code of the high end is above that of the low one"
    CAUSE = "why a value is no point"
    EXACT = "both ends as fractions, where the codes do not give them back"
    CONCEPT = "the name of a concept"
    WORD = "a word"
    TEXT = "a text"
    FLAG = "yes or no"


OPTIONAL = (Holds.CAUSE, Holds.EXACT)
"""What may be left out of a row."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a table; `root` is what its concepts are under."""

    name: str
    holds: Holds
    root: str = ""


def _days(name: str) -> tuple[Field, ...]:
    return Field(name, Holds.DAY), Field(f"{name}_spread", Holds.DAYS), Field(f"{name}_cause", Holds.CAUSE)


_PATIENT = Field("patient", Holds.PATIENT)
_SCOPE = (_PATIENT, Field("relation", Holds.WORD), Field("concept", Holds.CONCEPT), *_days("through"))


def tables(vocabulary: Vocabulary) -> Mapping[str, tuple[Field, ...]]:
    """The columns of every table of a store, by its name."""
    about = (r.columns[0].type for r in vocabulary.relations.values() if r.kind is Kind.JUDGEMENT and r.columns)
    question = next((type_.root for type_ in about if isinstance(type_, Coded)), "")
    found: dict[str, tuple[Field, ...]] = {
        PATIENTS: (Field("patient", Holds.NAME), Field("screening", Holds.DAY), Field("beyond", Holds.FLAG))
    }
    for name in recorded_relations(vocabulary):
        columns = (field for column in vocabulary.relations[name].columns for field in _fields(column))
        found[name] = (_PATIENT, *columns, Field("confirmed", Holds.FLAG))
    signed = (Field("agreed", Holds.FLAG), *_days("on"), *_days("until"), Field("by", Holds.WORD))
    found[JUDGEMENTS] = (_PATIENT, Field("question", Holds.CONCEPT, question), *signed)
    found[REVIEWED] = found[ABSENT] = _SCOPE
    found[SET_ASIDE] = (_PATIENT, *(Field(name, Holds.TEXT) for name in ("what", "why", "place")))
    return found


def _fields(column: Column) -> tuple[Field, ...]:
    name = column.name
    match column.type:
        case Coded(root):
            return (Field(name, Holds.CONCEPT, root),)
        case Dated():
            return _days(name)
        case Amount() | Measured():
            coded = (Field(name, Holds.CODE), Field(f"{name}_spread", Holds.CODES))
            return (*coded, Field(f"{name}_cause", Holds.CAUSE), Field(f"{name}_exact", Holds.EXACT))
        case _:
            assert_never(column.type)


def schema(fields: tuple[Field, ...]) -> "pa.Schema":
    """The table's columns as Arrow has them."""
    import pyarrow as pa

    return pa.schema([pa.field(f.name, arrow_type(f.holds), nullable=f.holds in OPTIONAL) for f in fields])


def arrow_type(holds: Holds) -> "pa.DataType":
    """The type of a column in Arrow."""
    import pyarrow as pa

    match holds:
        case Holds.PATIENT | Holds.DAY | Holds.DAYS:
            return pa.int32()
        case Holds.CODE | Holds.CODES:
            return pa.int64()
        case Holds.CAUSE | Holds.CONCEPT | Holds.WORD:
            return pa.dictionary(pa.int32(), pa.string())
        case Holds.NAME | Holds.EXACT | Holds.TEXT:
            return pa.string()
        case Holds.FLAG:
            return pa.bool_()
        case _:
            assert_never(holds)


def vocabulary_digest(vocabulary: Vocabulary) -> str:
    """SHA-256 over what a store is coded by: relations with their columns, concepts with their roots and units."""
    relations = {
        r.name: [r.kind.value, [[c.name, type(c.type).__name__, _parameter(c)] for c in r.columns]]
        for r in vocabulary.relations.values()
    }
    roots = {c.name for c in vocabulary.concepts.values() if not c.parents}
    concepts = {c.name: [sorted(vocabulary.ancestors[c.name] & roots), c.unit] for c in vocabulary.concepts.values()}
    whole = json.dumps([relations, concepts], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(whole.encode()).hexdigest()


def _parameter(column: Column) -> str:
    match column.type:
        case Coded(root):
            return root
        case Amount(unit):
            return unit
        case Dated() | Measured():
            return ""
        case _:
            assert_never(column.type)
