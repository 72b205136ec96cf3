"""Files that charts are read from, and what reading one gives."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from trialog.charts.chart import Chart
from trialog.charts.positions import Node
from trialog.problem import Problem, Severity
from trialog.source import Source, Span

TABLE_SUFFIXES = (".csv", ".parquet")
CHART_SUFFIXES = (".json", *TABLE_SUFFIXES)
UNREAD_SUFFIXES = (".ndjson", ".xml", ".gz", ".zip", ".tsv", ".xlsx")
"""Endings of files that may hold charts in a form that is not read: they are named, and not passed over in silence."""


@dataclass(frozen=True, slots=True)
class ReadChart:
    """One chart as it was read. `name` is the patient's where it is known, else the file's.

    `chart` is None where an error stands among `problems`: a chart that is wrong in part is not used in part.
    `expected` is what a case says that the answers should be, with its places; None where it says nothing.
    """

    name: str
    chart: Chart | None
    problems: tuple[Problem, ...] = ()
    expected: Node | None = None


def refused(problems: Iterable[Problem]) -> bool:
    """Whether one of the problems is an error."""
    return any(problem.severity is Severity.ERROR for problem in problems)


def nowhere(path: Path) -> Span:
    """The place of a problem with a file as a whole."""
    return Span(Source(str(path), ""), 0, 0)


def text_of(path: Path, problems: list[Problem]) -> Source | None:
    """The text of a file in UTF-8, a byte order mark left aside. None where it has none; why is added to `problems`."""
    content = bytes_of(path, problems)
    if content is None:
        return None
    try:
        return Source(str(path), content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        claim = f"this is not UTF-8 text: byte {error.start + 1}, on line {line}, does not belong in it"
        problems.append(Problem("E502", claim, nowhere(path), "save the file as UTF-8"))
        return None


def bytes_of(path: Path, problems: list[Problem]) -> bytes | None:
    """What the file holds; None where it cannot be read, and why is added to `problems`."""
    try:
        if path.exists() and not path.is_file():
            problems.append(Problem("E501", f"`{path}` is not a file", nowhere(path)))
            return None
        return path.read_bytes()
    except (OSError, ValueError) as error:
        problems.append(unreadable(path, error))
        return None


def unreadable(path: Path, error: OSError | ValueError) -> Problem:
    """The problem of a file or a folder that cannot be read."""
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    shown = str(path).encode("utf-8", "backslashreplace").decode()
    at = Span(Source(shown, ""), 0, 0)
    return Problem("E501", f"`{shown}` cannot be read: {why[:1].lower()}{why[1:]}", at, "is the name right?")


def unread_files(folder: Path) -> list[Path]:
    """The files of a folder that may hold charts and are not read, by name. Raises OSError."""
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in UNREAD_SUFFIXES and not p.name.startswith("."))


def chart_files(folder: Path) -> list[Path]:
    """The files of a folder whose names say that they hold charts, by name. Raises OSError."""
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in CHART_SUFFIXES and not p.name.startswith("."))
