"""A finished run, opened again: what its answers follow from, and DuckDB over its buckets."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from trialog.charts.files import nowhere
from trialog.charts.store import StoreError
from trialog.cohort.output import FORMAT, MANIFEST, VERSION, bucket_file
from trialog.problem import Problem

if TYPE_CHECKING:
    import duckdb

_MEMORY = "768MB"
_MOST_NAMED = 5
_AGAIN = "screen again: the same `trialog screen … --out` goes on where the run stopped"


@dataclass(frozen=True, slots=True)
class Numbered:
    """A rule of the run, as its answers number it."""

    of: str
    says: str
    at: str
    text: str


@dataclass(frozen=True)
class Answered:
    """The answers of a finished run. `columns` are those that every bucket has."""

    path: Path
    trial: str
    knowledge: str
    readings: Mapping[str, str]
    as_of: int | None
    today: int
    buckets: int
    patients: int
    rules: Mapping[int, Numbered]
    columns: frozenset[str]

    def rows(self, number: int | None = None) -> str:
        """What to select from: all answers, or those of one bucket."""
        path = bucket_file(self.path, number) if number is not None else self.path / "bucket-*.parquet"
        return f"read_parquet({text(path)})"

    def require(self, columns: Iterable[str]) -> None:
        """Raises StoreError where a column is not there."""
        missing = [c for c in dict.fromkeys(columns) if c not in self.columns]
        if missing:
            named = ", ".join(f"`{c}`" for c in missing[:_MOST_NAMED]) + (", …" if len(missing) > _MOST_NAMED else "")
            raise _unfit(self.path, f"has no column {named}", "these are answers to other rules; screen again")


def open_answers(path: Path) -> Answered:
    """Raises StoreError where there is no finished run, or its files are not all there."""
    told = _manifest(path)
    try:
        rules = {
            int(r["rule"]): Numbered(str(r["of"]), str(r["says"]), str(r["at"]), str(r["text"])) for r in told["rules"]
        }
        readings = {str(k): str(v) for k, v in told["readings"].items()}
        as_of = None if told["as_of"] is None else int(told["as_of"])
        numbers = (int(told["today"]), int(told["buckets"]), int(told["patients"]))
        trial, knowledge = str(told["trial"]), str(told["knowledge_base"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _unfit(path / MANIFEST, "is not as a run writes it", "screen again") from None
    columns = _columns(path, numbers[1], numbers[2])
    return Answered(path, trial, knowledge, readings, as_of, *numbers, rules, columns)


def _manifest(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise _unfinished(path, "is not there", "give the folder that `trialog screen … --out FOLDER` wrote")
    if not path.is_dir():
        help_ = "give the folder that `trialog screen … --out FOLDER` wrote"
        raise _unfinished(path, "is a file, not the folder of a run", help_)
    try:
        told = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        begun = any(path.glob("bucket-*.parquet"))
        why = "holds a run that is not finished" if begun else f"has no `{MANIFEST}`, and holds no run"
        raise _unfinished(path, why, _AGAIN if begun else "give the folder that `--out` named") from None
    except (OSError, ValueError):
        raise _unfit(path / MANIFEST, "cannot be read", "screen again") from None
    if not isinstance(told, dict) or told.get("format") != FORMAT or told.get("version") != VERSION:
        raise _unfit(path / MANIFEST, "was not written by this version of trialog", "screen again")
    return told


def _columns(path: Path, buckets: int, patients: int) -> frozenset[str]:
    """The columns that all buckets have. Raises StoreError where a bucket is not whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    common: frozenset[str] | None = None
    rows = 0
    for number in range(buckets):
        file = bucket_file(path, number)
        try:
            with pq.ParquetFile(file) as opened:
                names = frozenset(opened.schema_arrow.names)
                rows += opened.metadata.num_rows
        except FileNotFoundError:
            raise _unfit(file, "is not there", "screen again") from None
        except (OSError, pa.ArrowException):
            raise _unfit(file, "cannot be read", "take the file away, and screen again") from None
        common = names if common is None else common & names
    strange = [f for f in sorted(path.glob("bucket-*.parquet")) if f not in _all_files(path, buckets)]
    if strange:
        raise _unfit(strange[0], "is no bucket of this run", "screen again, into another folder")
    if rows != patients:
        raise _unfit(path, f"has answers about {rows} patients, and `{MANIFEST}` says {patients}", "screen again")
    return common or frozenset()


def _all_files(path: Path, buckets: int) -> set[Path]:
    return {bucket_file(path, n) for n in range(buckets)}


def _unfinished(path: Path, why: str, help_: str) -> StoreError:
    return StoreError(Problem("E636", f"`{path}` {why}", nowhere(path), help_))


def _unfit(path: Path, why: str, help_: str) -> StoreError:
    return StoreError(Problem("E637", f"`{path}` {why}", nowhere(path), help_))


# -- DuckDB ------------------------------------------------------------------------------------------------------

type Query = Callable[[str], Iterator[tuple[Any, ...]]]


@contextmanager
def database(about: Answered) -> Iterator[Query]:
    """Rows of a statement, in memory that is bounded. Raises StoreError where the answers cannot be read."""
    import duckdb

    with TemporaryDirectory() as beside:
        config: dict[str, bool | float | int | list[str] | str] = {
            "memory_limit": _MEMORY,
            "temp_directory": beside,
            "preserve_insertion_order": False,
        }
        try:
            with duckdb.connect(config=config) as opened:
                yield lambda statement: _rows(opened, statement)
        except duckdb.Error as error:
            raise _unfit(about.path, f"cannot be read: {str(error).splitlines()[0]}", "screen again") from None


def _rows(opened: "duckdb.DuckDBPyConnection", statement: str) -> Iterator[tuple[Any, ...]]:
    found = opened.execute(statement)
    while some := found.fetchmany(10_000):
        yield from some


def name(column: str) -> str:
    """A column's name as SQL has it."""
    return '"' + column.replace('"', '""') + '"'


def text(words: object) -> str:
    """A text as SQL has it."""
    return "'" + str(words).replace("'", "''") + "'"
