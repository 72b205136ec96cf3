"""A chart as the JSON of docs/charts.md, so that a case found by a program can be kept as a page."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import product

from trialog.charts.amounts import is_plain
from trialog.charts.chart import Chart, Record, Standing, Value
from trialog.charts.patient_json import read_patient
from trialog.charts.positions import read_json
from trialog.problem import Problem
from trialog.source import Source
from trialog.values import LAST_DAY, Interval, exact, show_day, show_number
from trialog.vocabulary import Amount, Coded, Column, Dated, Measured, Relation, Vocabulary

type _Row = dict[str, str]


def chart_json(chart: Chart, vocabulary: Vocabulary) -> str:
    """The chart in JSON. Raises ValueError where that form cannot say what the chart holds."""
    whole: dict[str, object] = {"patient": chart.patient}
    if chart.screening is not None:
        whole["screening"] = show_day(chart.screening)
    facts: dict[str, list[_Row]] = {}
    for record in chart.records:
        facts.setdefault(record.relation, []).append(_row(record, vocabulary))
    lists: Mapping[str, list[_Row]] = {
        "judgements": [
            {"question": j.question, "decision": j.decision, "on": _whole_days(j.on), "by": j.by}
            | ({} if j.until.low == LAST_DAY else {"until": _whole_days(j.until)})
            for j in chart.judgements
        ],
        "reviewed": [
            {"relation": r.relation, "concept": r.concept, "through": _whole_days(r.through)} for r in chart.reviewed
        ],
        "absent": [
            {"relation": d.relation, "concept": d.concept, "through": _whole_days(d.through)} for d in chart.denied
        ],
    }
    whole |= {"facts": facts} if facts else {}
    whole |= {name: rows for name, rows in lists.items() if rows}
    text = _laid_out(whole)
    if _read(text, vocabulary) != replace(chart, file="", set_aside=()):
        raise ValueError(f"the chart of {chart.patient} cannot be said in JSON: some of it would be read otherwise")
    return text


def _laid_out(whole: Mapping[str, object]) -> str:
    """One row to a line."""

    def rows(found: list[_Row], indent: str) -> str:
        return "[" + f",\n{indent}".join(json.dumps(row, ensure_ascii=False) for row in found) + "]"

    parts: list[str] = []
    for key, value in whole.items():
        match value:
            case dict():
                inner = [f'  "{name}": {rows(found, " " * (len(name) + 7))}' for name, found in value.items()]
                parts.append(f'"{key}": {{\n' + ",\n".join(inner) + "}")
            case list():
                parts.append(f'"{key}": {rows(value, " " * (len(key) + 6))}')
            case _:
                parts.append(f'"{key}": {json.dumps(value, ensure_ascii=False)}')
    return "{" + ",\n ".join(parts) + "}\n"


def _read(text: str, vocabulary: Vocabulary) -> Chart | None:
    problems: list[Problem] = []
    document = read_json(Source("chart.json", text), problems)
    chart = read_patient(document, "", vocabulary, problems) if document is not None else None
    return None if problems else chart


def _row(record: Record, vocabulary: Vocabulary) -> _Row:
    """The row that is read as the record: of all the ways in which its values may be written, the first that is."""
    relation = vocabulary.relations[record.relation]
    ways = [
        list(_ways(c, v, record, relation, vocabulary)) for c, v in zip(relation.columns, record.values, strict=True)
    ]
    standing = {"standing": "unconfirmed"} if record.standing is Standing.UNCONFIRMED else {}
    for written in product(*ways):
        row = {c.name: w for c, w in zip(relation.columns, written, strict=True) if w is not None} | standing
        read = _read(json.dumps({"patient": "x", "facts": {relation.name: [row]}}), vocabulary)
        if read is not None and read.records == (record,):
            return row
    raise ValueError(f"{record} cannot be said in JSON")


def _ways(
    column: Column, value: Value, record: Record, relation: Relation, vocabulary: Vocabulary
) -> Iterator[str | None]:
    """How the value may be written; None where it may be left out."""
    if isinstance(value, str):
        yield value
        return
    match column.type:
        case Dated():
            if value.low == value.high == LAST_DAY:
                yield "ongoing"
            first, last = show_day(int(value.low)), show_day(int(value.high))
            yield from dict.fromkeys((first, first[:7], last[:7], first[:4], last[:4], "unknown"))
        case Amount(unit):
            yield from _amounts(value, unit)
        case Measured():
            about = str(record.values[relation.concept_column or 0])
            concept = vocabulary.concepts[about]
            yield from _amounts(value, concept.unit or "")
            for unit in (u for c in concept.conversions for u in (c.left_unit, c.right_unit)):
                by = Fraction(vocabulary.factor(about, unit))
                yield from _amounts(Interval(exact(value.low / by), exact(value.high / by)), unit)
        case Coded():
            pass
    yield None


def _amounts(value: Interval, unit: str) -> Iterator[str]:
    low, high = show_number(value.low), show_number(value.high)
    for number in (low,) if value.is_point else (f"<={high}", f">={low}", f"{low}-{high}"):
        yield number if is_plain(unit) else f"{number} {unit}"


def _whole_days(when: Interval) -> str:
    day = show_day(int(when.low))
    if when.is_point:
        return day
    return day[:7] if when.high - when.low < 31 else day[:4]
