"""Charts read from a file or a folder: the JSON form, tables, FHIR bundles, told apart by what they hold."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from trialog.charts.chart import Chart
from trialog.charts.files import (
    TABLE_SUFFIXES,
    ReadChart,
    chart_files,
    nowhere,
    refused,
    text_of,
    unread_files,
    unreadable,
)
from trialog.charts.patient_json import expected_of, read_patient
from trialog.charts.positions import Members, beginning, read_json
from trialog.charts.tables import read_tables, two_charts
from trialog.charts.words import one_line
from trialog.problem import Problem, Severity
from trialog.source import Source
from trialog.vocabulary import Vocabulary

MANY_NAMES = 5000
"""So many names of patients are given where a store has not the one that is asked for; all, where there are fewer."""

__all__ = ["MANY_NAMES", "ReadChart", "digest", "read_charts", "read_charts_of"]


def read_charts(path: Path, vocabulary: Vocabulary) -> Iterator[ReadChart]:
    """The charts in a file, in a folder of such files or in a folder of tables, by name; subfolders are not entered.

    Whatever is wrong, with a file or with what it says, comes as a problem with the chart it belongs to, never as an
    exception. Every chart refused has at least one error.
    """
    for read in _read(path, vocabulary):
        yield replace(read, problems=tuple(_shown(problem) for problem in read.problems))


def read_charts_of(path: Path, vocabulary: Vocabulary, patient: str) -> Iterator[ReadChart]:
    """The charts among which one patient's is: of a store that patient's alone, wherever it has one; else all."""
    if not _is_store(path):
        yield from read_charts(path, vocabulary)
        return
    for read in _of_store(path, vocabulary, patient):
        yield replace(read, problems=tuple(_shown(problem) for problem in read.problems))


def _is_store(path: Path) -> bool:
    from trialog.charts.store import is_store

    try:
        return is_store(path)
    except OSError:
        return False


def _of_store(path: Path, vocabulary: Vocabulary, patient: str | None = None) -> Iterator[ReadChart]:
    """The charts of a store; where a patient is named that it has, that patient's alone."""
    from trialog.charts.store import StoreError
    from trialog.charts.store_read import open_store

    try:
        store = open_store(path, vocabulary)
    except StoreError as error:
        yield ReadChart(str(path), None, error.problems)
        return
    if patient is None:
        yield from store.charts()
        return
    mine = list(store.charts_of(patient))
    if mine:
        yield from mine
        return
    try:
        yield from (ReadChart(name, None) for name in islice(store.names(), MANY_NAMES))
    except StoreError as error:
        yield ReadChart(str(path), None, error.problems)


def _shown(problem: Problem) -> Problem:
    """The problem with whatever it takes from a chart made fit to print."""
    return replace(problem, claim=one_line(problem.claim, 300), help=one_line(problem.help, 600))


def _read(path: Path, vocabulary: Vocabulary) -> Iterator[ReadChart]:
    if _is_store(path):
        yield from _of_store(path, vocabulary)
        return
    try:
        if not path.is_dir():
            yield _read_file(path, vocabulary)
            return
        files = chart_files(path)
        unread = unread_files(path)
    except (OSError, ValueError) as error:
        yield ReadChart(str(path), None, (unreadable(path, error),))
        return
    for file in unread:
        claim, help_ = f"`{file.name}` is not read: it is in another form", "charts end in .json, .csv or .parquet"
        yield ReadChart(file.name, None, (Problem("E505", claim, nowhere(file), help_, severity=Severity.WARNING),))
    tables = [file for file in files if file.suffix.lower() in TABLE_SUFFIXES]
    others = [file for file in files if file not in tables]
    if tables:
        yield from read_tables(path, tables, vocabulary)
        for file in others:
            claim = f"`{file.name}` is not read: it lies in a folder of tables"
            yield ReadChart(file.name, None, (Problem("E505", claim, nowhere(file), severity=Severity.WARNING),))
    elif others:
        yield from _each_patient_once([_read_file(file, vocabulary) for file in others])
    else:
        help_ = "charts are files that end in .json, .csv or .parquet; folders within the folder are not searched"
        yield ReadChart(str(path), None, (Problem("E505", f"there is no chart in `{path}`", nowhere(path), help_),))


def digest(path: Path) -> str:
    """SHA-256 over the names and the bytes of the chart files, wherever their folder lies. Raises OSError."""
    files = chart_files(path) if path.is_dir() else [path]
    import hashlib

    whole = hashlib.sha256()
    for file in files:
        for part in (file.name.encode("utf-8", "surrogateescape"), file.read_bytes()):
            whole.update(len(part).to_bytes(8, "big"))
            whole.update(part)
    return whole.hexdigest()


def _read_file(path: Path, vocabulary: Vocabulary) -> ReadChart:
    problems: list[Problem] = []
    if path.suffix.lower() in TABLE_SUFFIXES:
        help_ = "name the folder that holds it and the table `patients`"
        problems.append(Problem("E505", f"`{path}` is one table of a chart, not a chart", nowhere(path), help_))
        return ReadChart(path.name, None, tuple(problems))
    source = text_of(path, problems)
    if source is None:
        return ReadChart(path.name, None, tuple(problems))
    if "resourceType" in source.text:  # FHIR is read by much code, which other charts need not wait for
        from trialog.charts.fhir import bundle_of, read_bundle

        bundle = bundle_of(source)
        if bundle is not None:
            chart = read_bundle(bundle, source, vocabulary, problems)
            name = chart.patient if chart else path.name
            return ReadChart(name, None if refused(problems) else chart, tuple(problems))
    return _read_patient(source, path, vocabulary, problems)


def _read_patient(source: Source, path: Path, vocabulary: Vocabulary, problems: list[Problem]) -> ReadChart:
    document = read_json(source, problems)
    if document is None:
        return ReadChart(path.name, None, tuple(problems))
    keys = {key.value for key, _ in document.members} if isinstance(document, Members) else {"facts"}
    if not keys & {"patient", "facts"}:
        help_ = "a chart in JSON has the keys `patient` and `facts`; a FHIR bundle has `resourceType`"
        claim = "this is neither a chart in JSON nor a FHIR bundle"
        problems.extend([] if problems else [Problem("E505", claim, beginning(document), help_)])
        return ReadChart(path.name, None, tuple(problems))
    chart = read_patient(document, str(path), vocabulary, problems)
    name = chart.patient if chart else path.name
    return ReadChart(name, None if refused(problems) else chart, tuple(problems), expected_of(document))


def _each_patient_once(charts: list[ReadChart]) -> Iterator[ReadChart]:
    """The charts, those refused of which there are several for one patient: nobody knows which of them counts."""
    of_patient: dict[str, list[Chart]] = {}
    for read in charts:
        if read.chart:
            of_patient.setdefault(read.chart.patient, []).append(read.chart)
    for read in charts:
        same = of_patient.get(read.chart.patient, []) if read.chart else []
        others = [chart for chart in same if chart is not read.chart]
        if read.chart and others:
            here, there = nowhere(Path(read.chart.file)), nowhere(Path(others[0].file))
            problem = two_charts(read.chart.patient, here, there)
            yield replace(read, chart=None, problems=(*read.problems, problem))
        else:
            yield read
