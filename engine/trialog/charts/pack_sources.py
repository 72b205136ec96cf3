"""The tables that DuckDB can sort as they are: which those are, how they are scanned, and on which lines their rows stand."""

import csv
import mmap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trialog.charts.files import TABLE_SUFFIXES
from trialog.charts.rows import columns_of, recorded_relations
from trialog.charts.tables import OTHERS, wrong_header
from trialog.source import Source, Span
from trialog.vocabulary import Vocabulary

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_LINE = 131_072  # of a cell, which Python's reader of CSV takes too


class NotPlainError(Exception):
    """There is something about a table that the reader of tables has to look at."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of charts: its file, its columns, and what DuckDB reads it from, with the number `n` of each row."""

    path: Path
    columns: tuple[str, ...]
    scan: str
    name: str  # the file as a person would name it
    is_regular: (
        bool  # every row is one line, and there are no others; of Parquet, whose rows DuckDB looks at, not known yet
    )


def columns_read(table: Table) -> Iterator[str]:
    """The columns that say something of a patient."""
    return (c for c in table.columns if c not in ("patient", "note"))


def quoted(text: str) -> str:
    """As it stands between single quotes in SQL."""
    return text.replace("'", "''")


def plain_tables(files: Iterable[Path], vocabulary: Vocabulary, shown: Callable[[Path], str]) -> dict[str, Table]:
    """The tables by their names. Raises NotPlainError where one is not as it should be, or cannot be told to be."""
    known = {name: columns_of(vocabulary.relations[name]) for name in recorded_relations(vocabulary)} | OTHERS
    found: dict[str, Table] = {}
    for path in files:
        if path.suffix.lower() not in TABLE_SUFFIXES or path.stem not in known or path.stem in found:
            raise NotPlainError
        of_file = _csv if path.suffix.lower() == ".csv" else _parquet
        try:
            found[path.stem] = of_file(path, known[path.stem], shown(path))
        except (OSError, UnicodeDecodeError, csv.Error):
            raise NotPlainError from None
    return found


def _csv(path: Path, known: tuple[str, ...], name: str) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = [cell.strip() for cell in next(csv.reader(file, strict=True), [])]
    if list(wrong_header(header, known, path.name, Span(Source(path.name, ""), 0, 0))):
        raise NotPlainError
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(b"\0") >= 0 or _has_lone_return(content):
            raise NotPlainError
        has_quotes = content.find(b'"') >= 0
        is_regular = content[:1] != b"\n" and all(content.find(blank) < 0 for blank in (b"\n\n", b"\n\r\n"))
    if has_quotes:  # DuckDB takes more for a quoted cell than Python's reader does
        is_regular = all(line == number + 2 for number, line, _, _ in _csv_rows(path)) and is_regular
    spec = ", ".join(f"'{quoted(c)}': 'VARCHAR'" for c in header)
    scan = (
        f"(SELECT *, row_number() OVER () - 1 AS n FROM read_csv('{_pattern(path)}', auto_detect = false, header = true,"
        f" delim = ',', quote = '\"', escape = '\"', columns = {{{spec}}}, null_padding = false, ignore_errors = false,"
        f" strict_mode = true, max_line_size = {LONGEST_LINE}))"
    )
    return Table(path, tuple(header), scan, name, is_regular)


def _pattern(path: Path) -> str:
    if any(sign in str(path) for sign in "*?[{"):
        raise NotPlainError  # DuckDB would look for several files
    return quoted(str(path))


def _has_lone_return(content: mmap.mmap) -> bool:
    at = content.find(b"\r")
    while at >= 0:
        if content[at + 1 : at + 2] != b"\n":
            return True
        at = content.find(b"\r", at + 1)
    return False


def _parquet(path: Path, known: tuple[str, ...], name: str) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, ValueError):
        raise NotPlainError from None
    types_are_plain = all(_is_plain(field.type) for field in schema)
    if not types_are_plain or list(wrong_header(schema.names, known, path.name, Span(Source("", ""), 0, 0))):
        raise NotPlainError
    texts = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)]
    empty = ", ".join(f'nullif("{c}", \'\') AS "{c}"' for c in texts)
    scan = (
        f"(SELECT * REPLACE ({empty}), file_row_number AS n" if texts else "(SELECT *, file_row_number AS n"
    ) + f" FROM read_parquet('{_pattern(path)}', file_row_number = true))"
    return Table(path, tuple(schema.names), scan, name, False)


def _is_plain(type_: "pa.DataType") -> bool:
    import pyarrow as pa

    return (
        pa.types.is_string(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_integer(type_)
        or pa.types.is_date32(type_)
    )


# -- where rows stand ----------------------------------------------------------------------------------------------


def lines_of(table: Table, numbers: Iterable[int]) -> Mapping[int, tuple[int, str, dict[str, str]]]:
    """Of rows by their number: the line, its text and its cells, as the reader of tables sees them."""
    wanted = set(numbers)
    if not wanted:
        return {}
    rows = _csv_rows(table.path) if table.path.suffix.lower() == ".csv" else _parquet_rows(table.path, wanted)
    found: dict[int, tuple[int, str, dict[str, str]]] = {}
    for n, line, text, cells in rows:
        if n in wanted:
            if len(cells) != len(table.columns):
                raise NotPlainError
            stripped = {c: cell.strip() for c, cell in zip(table.columns, cells, strict=True)}
            found[n] = (line, text, {c: cell for c, cell in stripped.items() if cell})
    if found.keys() != wanted:
        raise NotPlainError
    return found


def _csv_rows(path: Path) -> Iterator[tuple[int, int, str, list[str]]]:
    """Each row below the header: its number as DuckDB counts, its line, the text of that line, and its cells."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        texts: list[str] = []

        def lines() -> Iterator[str]:
            for text in file:
                texts.append(text)
                yield text

        reader = csv.reader(lines(), strict=True)
        header = next(reader, list[str]())
        number = -1
        while True:
            line = reader.line_num + 1
            texts.clear()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                raise NotPlainError from None
            if not cells and len(header) > 1:
                continue
            number += 1
            yield number, line, texts[0].rstrip("\r\n"), cells


def _parquet_rows(path: Path, wanted: set[int]) -> Iterator[tuple[int, int, str, list[str]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number, last = 0, max(wanted)
    for batch in pq.ParquetFile(path).iter_batches(batch_size=10_000):
        if number > last:
            return
        texts = (c for c in batch.columns if pa.types.is_string(c.type) or pa.types.is_large_string(c.type))
        if any(len(w.splitlines()) > 1 for c in texts for w in c.dictionary_encode().dictionary.to_pylist()):
            raise NotPlainError  # lines are counted by the reader of tables
        here = [n - number for n in sorted(wanted) if number <= n < number + batch.num_rows]
        for i in here:
            cells = ["" if (v := column[i].as_py()) is None else str(v) for column in batch.columns]
            yield number + i, number + i + 2, ",".join(cells), cells
        number += batch.num_rows
