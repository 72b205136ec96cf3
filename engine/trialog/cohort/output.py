"""What a run over a store found, as Parquet: one file for each bucket, and `answers.json`, which is written last.

A file of a bucket carries the digest of everything that its answers follow from, and a small file beside it has its own: what was
damaged since is not whole. A run that was stopped, or whose charts changed in part, goes on with the buckets that have no such
file.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trialog.answers import Screener
from trialog.charts.files import nowhere
from trialog.charts.store import StoreError
from trialog.cohort.driver import Protocol
from trialog.cohort.screen import STATUS_NAMES, VERDICTS, Bucket
from trialog.problem import Problem

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT, VERSION = "trialog answers", 1
MANIFEST = "answers.json"
_FROM = b"trialog answers from"
_OURS = re.compile(rf"{re.escape(MANIFEST)}|bucket-\d{{5,}}\.(parquet|json)|(answers|bucket-\d{{5,}})\.[0-9a-f]+\.part")
_OF_UPDATE = re.compile(rf"{_OURS.pattern}|{re.escape(MANIFEST)}\.part|piece-\d{{5,}}-\d{{5,}}\.parquet")


@dataclass(frozen=True, slots=True)
class Counted:
    """What a bucket's file says of itself: how many have each verdict, by cohort.

    `by_reference` were screened by the reference, `on_today` on the day of the run, as their charts have none; `unborn` not at all.
    """

    patients: int
    verdicts: Mapping[str, Mapping[str, int]]
    by_reference: int
    on_today: int
    unborn: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """What all answers of a run follow from, besides the charts."""

    trial: str
    knowledge: str  # the digest of the knowledge base
    readings: Mapping[str, str]
    as_of: int | None
    today: int
    rules: str  # the digest of the kernel's source text

    def of_bucket(self, charts: str) -> str:
        """The digest of everything that the answers of a bucket follow from, whose charts have this digest."""
        told = [
            VERSION,
            self.trial,
            self.knowledge,
            sorted(self.readings.items()),
            self.as_of,
            self.today,
            self.rules,
            charts,
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def bucket_file(folder: Path, number: int) -> Path:
    return folder / f"bucket-{number:05}.parquet"


def digest_file(folder: Path, number: int) -> Path:
    """The file that says what the bucket's file holds, to the byte."""
    return folder / f"bucket-{number:05}.json"


def column_names(screener: Screener, protocol: Protocol) -> tuple[str, ...]:
    """How the column of each relation is called: by the atom's id, else by the relation's name."""
    ids = {a.relation: a.identifier for a in screener.program.atoms.values()}
    return tuple(ids.get(relation, relation) for relation in protocol.relations)


def table(bucket: Bucket, screener: Screener, protocol: Protocol) -> "pa.Table":
    """One row for each patient who was screened: verdicts, statuses, and beside each status the number of its rule."""
    import numpy as np
    import pyarrow as pa

    epoch = 719163  # the ordinal of 1970-01-01, from which Arrow counts days
    columns: dict[str, Any] = {
        "patient": bucket.names,
        "screening": pa.array((bucket.days - epoch).astype(np.int32)).cast(pa.date32()),
        "by_reference": pa.array(bucket.by_reference),
        "on_today": pa.array(bucket.on_today),
    }

    def words(indices: Any, names: tuple[str, ...]) -> "pa.DictionaryArray":
        return pa.DictionaryArray.from_arrays(pa.array(indices.view(np.int8)), pa.array(names))

    for cohort, verdicts in zip(protocol.cohorts, bucket.verdicts, strict=True):
        columns[f"verdict_{cohort}"] = words(verdicts, tuple(v.value for v in VERDICTS))
    for name, statuses, rules in zip(column_names(screener, protocol), bucket.statuses, bucket.rules, strict=True):
        columns[name] = words(statuses, tuple(s.value for s in STATUS_NAMES))
        columns[f"{name}_rule"] = pa.array(rules)
    schema = pa.schema([pa.field(name, column.type, nullable=False) for name, column in columns.items()])
    found = pa.table(list(columns.values()), schema=schema)
    return found.filter(pa.array(~bucket.unborn)) if bucket.unborn.any() else found


def counted(bucket: Bucket, protocol: Protocol) -> Counted:
    kept = ~bucket.unborn
    return Counted(
        int(kept.sum()),
        {
            cohort: {v.value: int(((verdicts == j) & kept).sum()) for j, v in enumerate(VERDICTS)}
            for cohort, verdicts in zip(protocol.cohorts, bucket.verdicts, strict=True)
        },
        int((bucket.by_reference & kept).sum()),
        int((bucket.on_today & kept).sum()),
        tuple(bucket.names[int(row)].as_py() for row in bucket.unborn.nonzero()[0]),
    )


def write_bucket(folder: Path, found: "pa.Table", number: int, origin: str, counts: Counted) -> None:
    """Write a bucket's file whole or not at all. Raises StoreError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    told = {"digest": origin, "patients": counts.patients, "verdicts": counts.verdicts}
    told |= {"by_reference": counts.by_reference, "on_today": counts.on_today, "unborn": counts.unborn}
    sink = pa.BufferOutputStream()
    pq.write_table(
        found.replace_schema_metadata({_FROM: json.dumps(told).encode()}),
        sink,
        compression="lz4",
        write_statistics=False,
    )
    content = memoryview(sink.getvalue())
    try:
        _write_whole(bucket_file(folder, number), content)
        _write_whole(digest_file(folder, number), json.dumps({"sha256": hashlib.sha256(content).hexdigest()}).encode())
    except OSError as error:
        raise _unwritten(folder, error) from None


def _write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write the file whole or not at all, and so that it is still there when the machine stops."""
    beside = path.with_name(f"{path.stem}.{secrets.token_hex(8)}.part")  # on a cluster, another may be writing the same
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def found_before(folder: Path, number: int, origin: str) -> Counted | None:
    """What the bucket's file says, where it is whole and its answers follow from the same; None where there is none such."""
    found = said(folder, number)
    return found[1] if found is not None and found[0] == origin else None


def said(folder: Path, number: int) -> tuple[str, Counted] | None:
    """What the bucket's file says of itself: what its answers follow from, by digest, and its counts; None where not whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        content = bucket_file(folder, number).read_bytes()
        if json.loads(digest_file(folder, number).read_bytes())["sha256"] != hashlib.sha256(content).hexdigest():
            return None
        metadata = pq.read_metadata(pa.BufferReader(content))
        told = json.loads((metadata.metadata or {}).get(_FROM, b"null"))
        if told is None or metadata.num_rows != told["patients"]:
            return None
        numbers = (told["by_reference"], told["on_today"])
        counts = Counted(told["patients"], told["verdicts"], *numbers, tuple(told["unborn"]))
        return str(told["digest"]), counts
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError):
        return None


def write_manifest(folder: Path, origin: Origin, buckets: int, patients: int, protocol: Protocol) -> None:
    """Say that the run is whole, and what the numbers of rules mean. Raises StoreError."""
    rules = [
        {
            "rule": i,
            "of": r.relation,
            "says": r.origin.phrase,
            "at": f"{Path(r.origin.at.source.name).name}:{r.origin.at.line}" if r.origin.at is not None else "",
            "text": str(r),
        }
        for i, r in enumerate(protocol.written.reasons, 1)
    ]
    told = {
        "format": FORMAT,
        "version": VERSION,
        "trial": origin.trial,
        "knowledge_base": origin.knowledge,
        "readings": dict(origin.readings),
        "as_of": origin.as_of,
        "today": origin.today,
        "buckets": buckets,
        "patients": patients,
        "rules": rules,
    }
    try:
        _write_whole(folder / MANIFEST, (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode())
    except OSError as error:
        raise _unwritten(folder, error) from None


def beside(folder: Path) -> Path:
    """Where an update of a run is made ready (see `update.py`)."""
    return folder.with_name(f".{folder.name}.being-updated")


def take_away_update(folder: Path) -> None:
    """Take away what an update of this run left that was stopped. Raises OSError, and StoreError for anything else there."""
    made = beside(folder)
    if not made.exists():
        return
    strange = [p.name for p in made.iterdir() if not (p.is_file() and _OF_UPDATE.fullmatch(p.name))]
    if strange:
        raise _not_ours(made, strange[0])
    shutil.rmtree(made)


def begin(folder: Path) -> None:
    """Make the folder, or take up one that an earlier run left. Raises StoreError where it holds anything else."""
    try:
        if folder.exists():
            strange = [p.name for p in folder.iterdir() if not _is_ours(p)]
            if strange:
                raise _not_ours(folder, strange[0])
            (folder / MANIFEST).unlink(missing_ok=True)  # until the run is whole
        take_away_update(folder)  # what it had made ready is not of this run
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritten(folder, error) from None


def _not_ours(folder: Path, name: str) -> StoreError:
    claim = f"`{folder}` holds `{name}`, which no run has written"
    return StoreError(Problem("E535", claim, nowhere(folder), "give another folder for the answers"))


def _is_ours(path: Path) -> bool:
    return path.is_file() and _OURS.fullmatch(path.name) is not None


def _unwritten(folder: Path, error: Exception) -> StoreError:
    why = (error.strerror if isinstance(error, OSError) and error.strerror else str(error)).lower()
    help_ = "make room, or choose another place; the same command then goes on where this one stopped"
    return StoreError(Problem("E531", f"`{folder}` cannot be written: {why}", nowhere(folder), help_))
