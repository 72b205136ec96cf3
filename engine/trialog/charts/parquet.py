"""Parquet tables, read as the CSV text that says the same."""

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path

from trialog.charts.files import bytes_of, nowhere
from trialog.problem import Problem
from trialog.source import Source


def parquet_text(path: Path, problems: list[Problem]) -> Source | None:
    """The table as CSV text, its header on line 1. None where it cannot be read; why is added to `problems`."""
    try:
        from pyarrow import ArrowException, BufferReader
        from pyarrow.parquet import read_table
    except ImportError:
        help_ = "pip install 'trialog[parquet]', or write the table as CSV"
        problems.append(Problem("E521", "reading Parquet needs pyarrow, which is not installed", nowhere(path), help_))
        return None
    content = bytes_of(path, problems)
    if content is None:
        return None
    try:
        table = read_table(BufferReader(content))
        columns = [(str(name), table.column(i).to_pylist()) for i, name in enumerate(table.column_names)]
    except (ArrowException, OSError, ValueError, ImportError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        problems.append(Problem("E521", f"this Parquet file cannot be read: {why}", nowhere(path)))
        return None
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name for name, _ in columns])
    try:
        cells = [[_cell(name, value) for value in values] for name, values in columns]
    except ValueError as error:
        problems.append(Problem("E521", str(error), nowhere(path), "write the column as text, as in the CSV form"))
        return None
    writer.writerows(zip(*cells, strict=True))
    return Source(str(path), text.getvalue())


def _cell(column: str, value: object) -> str:
    match value:
        case None:
            return ""
        case bool() | float():
            raise ValueError(f"the column `{column}` holds {type(value).__name__} values, which no chart needs exactly")
        case str():
            return value
        case int():
            return str(value)
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
        case _:
            raise ValueError(f"the column `{column}` holds values that are neither texts, dates nor whole numbers")
