"""The flat form of charts: a folder with one table for each relation, as docs/charts.md describes it."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from trialog.charts.chart import Denied, Judgement, Place, Record, Reviewed, SetAside
from trialog.charts.files import ReadChart, refused, text_of
from trialog.charts.parquet import parquet_text
from trialog.charts.patient_json import patient_name, screening_day
from trialog.charts.rows import (
    JUDGEMENT_COLUMNS,
    SCOPE_COLUMNS,
    Cell,
    Content,
    Kept,
    Row,
    chart_of,
    columns_of,
    denied_of,
    judgement_of,
    record_of,
    recorded_relations,
    reviewed_of,
    unknown_name,
)
from trialog.problem import Problem, did_you_mean
from trialog.source import Source, Span
from trialog.vocabulary import Vocabulary

PATIENTS = "patients"
OTHERS = {
    PATIENTS: ("screening", "note"),
    "judgements": JUDGEMENT_COLUMNS,
    "reviewed": SCOPE_COLUMNS,
    "absent": SCOPE_COLUMNS,
}


@dataclass(frozen=True, slots=True)
class Patient:
    """One line of the list of patients; `problems` are those of this patient's rows in all tables."""

    name: str
    screening: int | None
    at: Span
    problems: list[Problem]


type _Rows = list[tuple[str, Row]]
"""The rows of a table, each with the name of its patient."""


def read_tables(folder: Path, files: list[Path], vocabulary: Vocabulary) -> Iterator[ReadChart]:
    """The chart of each patient whom the tables list, in their order.

    What is wrong with a table as a whole, or with a row of a patient nobody lists, refuses all charts at once: nobody
    knows whose chart would lack something. What is wrong with a patient's row refuses that patient's chart.
    """
    problems: list[Problem] = []
    tables = {path.stem: rows for path, rows in _tables(files, vocabulary, problems)}
    listed = tables.pop(PATIENTS, None)
    patients = _patients(listed or [], problems)
    for rows in tables.values() if listed is not None else ():
        problems.extend(_unlisted(name, row, patients) for name, row in rows if name not in patients)
    if refused(problems):
        yield ReadChart(str(folder), None, tuple(problems))
        return
    of_patient: dict[str, dict[str, list[Row]]] = {name: {} for name in patients}
    for table, rows in tables.items():
        for name, row in rows:
            of_patient[name].setdefault(table, []).append(row)
    for name, patient in patients.items():
        yield chart_of_rows(patient, of_patient[name], str(folder), vocabulary)


def chart_of_rows(patient: Patient, tables: dict[str, list[Row]], folder: str, vocabulary: Vocabulary) -> ReadChart:
    problems = patient.problems

    def meant[T](table: str, meaning: Callable[[Row, Vocabulary, list[Problem]], T | None]) -> Iterator[Kept[T]]:
        for row in tables.get(table, []):
            if (what := meaning(row, vocabulary, problems)) is not None:
                yield Kept(what, row.at)

    records: list[Kept[Record]] = []
    for name in recorded_relations(vocabulary):
        relation = vocabulary.relations[name]
        for row in tables.get(name, []):
            if record := record_of(relation, row, vocabulary, problems):
                records.append(Kept(record, row.at))
    judgements: list[Kept[Judgement | SetAside]] = list(meant("judgements", judgement_of))
    reviewed: list[Kept[Reviewed]] = list(meant("reviewed", reviewed_of))
    denied: list[Kept[Denied]] = list(meant("absent", denied_of))
    content = Content(tuple(records), tuple(j.what for j in judgements), tuple(r.what for r in reviewed), tuple(denied))
    chart = chart_of(patient.name, patient.screening, content, folder, vocabulary, problems)
    return ReadChart(patient.name, None if refused(problems) else chart, tuple(problems))


def _tables(files: list[Path], vocabulary: Vocabulary, problems: list[Problem]) -> Iterator[tuple[Path, _Rows]]:
    relations = recorded_relations(vocabulary)
    seen: dict[str, Path] = {}
    for path in files:
        at = Span(Source(str(path), ""), 0, 0)
        name = path.stem
        if name in OTHERS:
            columns = OTHERS[name]
        elif name in relations:
            columns = columns_of(vocabulary.relations[name])
        else:
            known = (*OTHERS, *relations)
            help_ = did_you_mean(name, known) or f"the tables are {', '.join(f'`{k}`' for k in known)}"
            claim = f"`{path.name}` is not the table of a relation that charts record"
            problems.append(Problem("E510", claim, at, help_))
            continue
        if name in seen:
            help_ = f"keep this one or {seen[name].name}"
            problems.append(Problem("E504", f"the table `{name}` is given twice", at, help_))
            continue
        seen[name] = path
        source = parquet_text(path, problems) if path.suffix.lower() == ".parquet" else text_of(path, problems)
        if source is not None:
            yield path, list(_rows(source, columns, problems))
    if PATIENTS not in seen:
        folder = str(files[0].parent) if files else ""
        help_ = "add patients.csv with the columns `patient` and `screening`, one line for each patient"
        problems.append(Problem("E519", "there is no table `patients`", Span(Source(folder, ""), 0, 0), help_))


def _rows(source: Source, columns: tuple[str, ...], problems: list[Problem]) -> Iterator[tuple[str, Row]]:
    """The rows of a table that name a patient. Empty cells are what is not recorded."""
    lines = _lines(source, problems)
    header_line, header = next(lines, (1, list[str]()))
    at = _line(source, header_line)
    if wrong := list(wrong_header(header, columns, source.name, at)):
        problems.extend(wrong)
        return
    for number, cells in lines:
        at = _line(source, number)
        if not any(cells):
            continue
        if len(cells) != len(header):
            claim = f"this row has {len(cells)} cells, and the table has {len(header)} columns"
            problems.append(Problem("E519", claim, at, "put a cell that holds a comma into double quotes"))
            continue
        row = {name: Cell(cell, at) for name, cell in zip(header, cells, strict=True) if cell}
        patient = patient_name(row.pop("patient").written) if "patient" in row else None
        if patient is None:
            problems.append(Problem("E508", "the row does not say whose it is", at, "fill in the column `patient`"))
            continue
        yield patient, Row(row, at, Place(source.name, number))


def _lines(source: Source, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """The rows of the text, each with the number of the line where it begins."""
    reader = csv.reader(io.StringIO(source.text, newline=""), strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.append(Problem("E519", f"this is not a table: {error}", _line(source, number)))
            return
        if cells:
            yield number, [cell.strip() for cell in cells]


def _line(source: Source, number: int) -> Span:
    start = source.offset(number)
    end = source.text.find("\n", start)
    return Span(source, start, len(source.text.rstrip("\r\n")) if end < 0 else end)


def wrong_header(header: list[str], columns: tuple[str, ...], name: str, at: Span) -> Iterator[Problem]:
    known = ("patient", *columns)
    if not header:
        yield Problem("E519", "the table is empty", at, f"its first line names the columns: {', '.join(known)}")
        return
    if len(header) == 1 and len(header[0].split(";")) > 1:
        yield Problem("E519", "the columns are parted by semicolons", at, "part them by commas")
        return
    for column in header:
        if column not in known:
            yield unknown_name(column, at, known, f"the table `{Path(name).stem}`")
    for column in {c for c in header if header.count(c) > 1}:
        yield Problem("E504", f"the column `{column}` is given twice", at, "keep one of the two")
    if "patient" not in header:
        yield Problem("E519", "the table has no column `patient`", at, "every row must say whose it is")


def _patients(rows: _Rows, problems: list[Problem]) -> dict[str, Patient]:
    found: dict[str, Patient] = {}
    for name, row in rows:
        screening, own = None, list[Problem]()
        if cell := row.cells.get("screening"):
            try:
                screening = screening_day(cell.written)
            except ValueError as error:
                own.append(Problem("E509", str(error), cell.at, "dates are written 2025-03-31"))
        if earlier := found.get(name):
            problems.append(two_charts(name, row.at, earlier.at))
        else:
            found[name] = Patient(name, screening, row.at, own)
    return found


def two_charts(name: str, at: Span, earlier: Span) -> Problem:
    """The problem of two charts that say that they are of one patient."""
    claim = f"there are two charts of the patient `{name}`"
    help_ = "one of them is somebody else's, or an older copy: keep the one that counts"
    return Problem("E518", claim, at, help_, related=((earlier, "the other one"),))


def _unlisted(name: str, row: Row, patients: dict[str, Patient]) -> Problem:
    help_ = did_you_mean(name, patients) or "add the patient there, or correct the name here"
    return Problem("E520", f"the patient `{name}` is not in the table `patients`", row.at, help_)
