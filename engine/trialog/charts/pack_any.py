"""Packing of whatever charts there are: the quick way where it can be gone, else by the readers; databases by their tables."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from trialog.charts.files import TABLE_SUFFIXES, ReadChart, chart_files, nowhere, unread_files
from trialog.charts.packing import pack
from trialog.charts.read import read_charts
from trialog.charts.store import Manifest, StoreError, is_store
from trialog.charts.words import one_line
from trialog.problem import Problem
from trialog.source import Source, Span
from trialog.vocabulary import Vocabulary

_SCHEMES = ("postgres:", "postgresql:")


def is_database(charts: str) -> bool:
    """Whether the charts are in a database of DuckDB's, or one that it can reach."""
    return charts.startswith(_SCHEMES) or Path(charts).suffix.lower() in (".duckdb", ".db")


def pack_charts(
    charts: str, store: Path, vocabulary: Vocabulary, buckets: int | None, done: Callable[[int], None]
) -> tuple[Manifest, tuple[Problem, ...]]:
    """The store that holds the charts, and the warnings about them. Raises StoreError."""
    if is_database(charts):
        with _extracted(charts, store) as folder:
            name = _shown(charts)
            return _pack(folder, store, vocabulary, buckets, done, lambda text: text.replace(str(folder), name))
    return _pack(Path(charts), store, vocabulary, buckets, done, lambda text: text)


def _pack(
    charts: Path,
    store: Path,
    vocabulary: Vocabulary,
    buckets: int | None,
    done: Callable[[int], None],
    shown: Callable[[str], str],
) -> tuple[Manifest, tuple[Problem, ...]]:
    if find_spec("duckdb") is not None and _holds_tables_alone(charts):
        from trialog.charts.pack_sources import NotPlainError
        from trialog.charts.pack_tables import pack_tables

        try:
            files = chart_files(charts)
            return pack_tables(charts, files, store, vocabulary, buckets, done, lambda p: shown(str(p))), ()
        except NotPlainError:
            pass
    try:
        reads = (_renamed(read, shown) for read in read_charts(charts, vocabulary))
        return pack(reads, store, vocabulary, buckets, done)
    except StoreError as error:
        raise StoreError(*(_told(p, shown) for p in error.problems)) from None


def _holds_tables_alone(charts: Path) -> bool:
    try:
        if not charts.is_dir() or is_store(charts) or unread_files(charts):
            return False
        files = chart_files(charts)
        return bool(files) and all(file.suffix.lower() in TABLE_SUFFIXES for file in files)
    except OSError:
        return False


def _renamed(read: ReadChart, shown: Callable[[str], str]) -> ReadChart:
    chart = read.chart
    if chart is not None and chart.set_aside:
        aside = tuple(replace(s, place=replace(s.place, file=shown(s.place.file))) for s in chart.set_aside)
        chart = replace(chart, set_aside=aside)
    problems = tuple(_told(p, shown) for p in read.problems)
    return replace(read, name=shown(read.name), chart=chart, problems=problems)


def _told(p: Problem, shown: Callable[[str], str]) -> Problem:
    def at(span: Span) -> Span:
        return Span(Source(shown(span.source.name), span.source.text), span.start, span.end)

    related = tuple((at(span), words) for span, words in p.related)
    return replace(p, at=at(p.at), claim=shown(p.claim), related=related)


# -- databases -----------------------------------------------------------------------------------------------------


def _shown(charts: str) -> str:
    """The database as a person may see it named: without the name and the password of whoever reads it."""
    if not charts.startswith(_SCHEMES):
        return charts
    parts = urlsplit(charts)
    return f"postgres://{parts.hostname or ''}{parts.path}"


@contextmanager
def _extracted(charts: str, store: Path) -> Iterator[Path]:
    """A folder beside the store with the tables of a database as Parquet, for as long as it takes."""
    try:
        import duckdb
    except ImportError:
        claim, help_ = "reading a database needs duckdb, which is not installed", "pip install 'trialog[cohort]'"
        raise StoreError(Problem("E534", claim, nowhere(Path(charts)), help_)) from None
    name = _shown(charts)
    is_postgres = charts.startswith(_SCHEMES)
    if not is_postgres and not Path(charts).is_file():
        raise StoreError(Problem("E533", f"there is no database `{name}`", nowhere(Path(charts)), "is the name right?"))
    store.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{store.name}-", dir=store.parent) as folder:
        try:
            with duckdb.connect() as con:
                of_type = ", TYPE postgres" if is_postgres else ""
                con.execute(f"ATTACH '{charts.replace(chr(39), chr(39) * 2)}' AS charts (READ_ONLY{of_type})")
                order = " ORDER BY ALL" if is_postgres else ""
                tables = con.execute(
                    "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = 'charts'"
                    " AND table_schema IN ('main', 'public') ORDER BY table_name"
                ).fetchall()
                for schema, table in tables:
                    if not table.replace("_", "").isalnum():
                        claim, help_ = f"`{table[:60]}` is not the table of a relation", "rename it, or take it away"
                        raise StoreError(Problem("E533", claim, Span(Source(name, ""), 0, 0), help_))
                    target = str(Path(folder) / f"{table}.parquet").replace("'", "''")
                    con.execute(
                        f"COPY (SELECT * FROM charts.{schema}.\"{table}\"{order}) TO '{target}' (FORMAT parquet)"
                    )
        except duckdb.Error as error:
            password = urlsplit(charts).password if is_postgres else None
            why = one_line(str(error).splitlines()[0].replace(charts, name).replace(password or "\0", "…"), 200)
            help_ = "PostgreSQL needs DuckDB's extension `postgres`" if is_postgres else "is it a database of DuckDB's?"
            claim = f"the database `{name}` cannot be read: {why}"
            raise StoreError(Problem("E533", claim, Span(Source(name, ""), 0, 0), help_)) from None
        yield Path(folder)
