"""A store: charts as Parquet, cut into buckets by a hash of the patient (docs/cohort.md says how).

`store.json` is written last: a folder without it is no store. Everything here raises StoreError for what is wrong.
"""

import json
import os
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from trialog.charts.files import nowhere
from trialog.codes import TICKS_PER_UNIT
from trialog.problem import Problem

FORMAT, VERSION = "trialog store", 1
MANIFEST = "store.json"
HASH = "CRC-32 of the name in UTF-8, modulo the number of buckets"
_BUCKET = re.compile(r"bucket-[0-9]{5,}")


class StoreError(Exception):
    """A store cannot be read or written; `problems` say why."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems[0].claim)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class TableFile:
    """How many rows a file of a bucket has, and how many bytes."""

    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket as the manifest has it; `digest` is SHA-256 over the names and the bytes of its files."""

    patients: int
    digest: str
    files: Mapping[str, TableFile]


@dataclass(frozen=True, slots=True)
class Refused:
    """A chart that was refused when the store was packed, and why."""

    name: str
    problems: tuple[Mapping[str, str | int], ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a store holds. `synthetic` says how its charts were made up; None where they were not."""

    vocabulary: str
    buckets: tuple[Bucket, ...]
    synthetic: Mapping[str, int | str] | None = None
    refused: tuple[Refused, ...] = ()

    @property
    def patients(self) -> int:
        return sum(bucket.patients for bucket in self.buckets)


def bucket_number(patient: str, buckets: int) -> int:
    """The bucket that a patient is in."""
    return zlib.crc32(patient.encode("utf-8", "surrogatepass")) % buckets


def bucket_name(number: int) -> str:
    return f"bucket-{number:05}"


def is_store(path: Path) -> bool:
    """Whether the folder is a store, or what is left of one. Raises OSError."""
    if not path.is_dir():
        return False
    if any(_BUCKET.fullmatch(p.name) and p.is_dir() for p in path.iterdir()):
        return True
    manifest = path / MANIFEST
    if not manifest.is_file():
        return False
    with manifest.open("rb") as file:
        return FORMAT.encode() in file.read(200)


# -- the manifest --------------------------------------------------------------------------------------------------


def write_manifest(store: Path, manifest: Manifest) -> None:
    """Make the folder a store: whole or not at all."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "synthetic": manifest.synthetic,
        "vocabulary": manifest.vocabulary,
        "ticks_per_unit": TICKS_PER_UNIT,
        "hash": HASH,
        "patients": manifest.patients,
    }
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    for key, rows in (("refused", manifest.refused), ("buckets", manifest.buckets)):
        listed = ",\n".join(f"  {json.dumps(_plain(row))}" for row in rows)
        lines.append(f' "{key}": [{chr(10) if listed else ""}{listed}]')
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    with writing(store):
        beside = store / f"{MANIFEST}.part"
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(store / MANIFEST)


def _plain(row: Refused | Bucket) -> dict[str, object]:
    return asdict(row)


def read_manifest(store: Path) -> Manifest:
    """What the store says that it holds."""
    path = store / MANIFEST
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        help_ = f"`{MANIFEST}` is written last: take the folder away, and pack or generate it again"
        raise StoreError(
            Problem("E526", f"`{store}` is half-written: it has no `{MANIFEST}`", nowhere(store), help_)
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is not UTF-8 text"
        raise StoreError(Problem("E526", f"`{MANIFEST}` cannot be read: {why}", nowhere(path))) from None
    try:
        whole = json.loads(text)
        if (whole["format"], whole["version"]) != (FORMAT, VERSION):
            claim = f"this is a store of version {whole['version']}, and version {VERSION} is read here"
            raise StoreError(Problem("E526", claim, nowhere(path), "pack the charts again"))
        return Manifest(
            str(whole["vocabulary"]),
            tuple(
                Bucket(int(b["patients"]), str(b["digest"]), {n: TableFile(**f) for n, f in b["files"].items()})
                for b in whole["buckets"]
            ),
            whole["synthetic"],
            tuple(Refused(r["name"], tuple(r["problems"])) for r in whole["refused"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        claim = f"`{MANIFEST}` is not what a store says of itself"
        raise StoreError(Problem("E526", claim, nowhere(path), "take the store away, and pack it again")) from None


# -- writing -------------------------------------------------------------------------------------------------------


class writing:  # noqa: N801 (read as a verb: `with writing(path):`)
    """What cannot be written is a problem that names the folder."""

    def __init__(self, store: Path) -> None:
        self.store = store

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, OSError):
            claim = f"`{self.store}` cannot be written: {(error.strerror or str(error)).lower()}"
            help_ = "what was written is taken away again: make room, or choose another place"
            raise StoreError(Problem("E531", claim, nowhere(self.store), help_)) from None


def new_store(path: Path, write: Callable[[Path], Manifest]) -> Manifest:
    """The store that `write` fills; what it wrote is taken away again where it does not come to its end."""
    if path.is_symlink() or path.exists():
        left = (
            "a store that was left half-written"
            if path.is_dir() and is_store(path) and not (path / MANIFEST).exists()
            else "something"
        )
        claim = f"there is {left} at `{path}` already"
        raise StoreError(Problem("E531", claim, nowhere(path), "take it away first, or choose another name"))
    with writing(path):
        path.mkdir(parents=True)
    try:
        manifest = write(path)
        write_manifest(path, manifest)
    except BaseException:
        import shutil

        shutil.rmtree(path, ignore_errors=True)
        raise
    return manifest
