"""Patients whose charts changed, screened again: their answers take the place of those in a finished run.

The changed buckets are written beside the run, and `answers.json` last of them. Then they are moved into the run, whose own
`answers.json` is away as long. Whoever is stopped before leaves the run as it was, whoever is stopped after that a run that
is not finished, and the next update moves the rest.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trialog.answers import Verdict
from trialog.charts.files import nowhere
from trialog.charts.store import StoreError, bucket_number
from trialog.charts.store_read import Store
from trialog.cohort import output
from trialog.cohort.answered import Answered
from trialog.cohort.output import MANIFEST, Counted, beside, bucket_file
from trialog.cohort.screen import Kernel, screen_bucket
from trialog.problem import Problem

if TYPE_CHECKING:
    import pyarrow as pa

_REFERENCE, _ON_TODAY = "by_reference", "on_today"


@dataclass(frozen=True, slots=True)
class Updated:
    """How many were screened, how many of these were in the run before, and how many are in it now.

    `unborn` were born after their screening, and `refused` when the store was packed: the run has no answers about them any more.
    """

    screened: int
    before: int
    patients: int
    unborn: tuple[str, ...]
    refused: tuple[str, ...]


def finish_earlier(folder: Path) -> None:
    """Move into the run what an update that was stopped had made ready; leave no other. Raises StoreError."""
    made = beside(folder)
    try:
        if (made / MANIFEST).exists() and not (folder / MANIFEST).exists():
            _move(made, folder)
        else:
            output.take_away_update(folder)
    except OSError as error:
        raise _unwritten(folder, error) from None


def update(ready: Kernel, store: Store, answers: Answered, told: Callable[[int], None] = lambda _: None) -> Updated:
    """Screen all patients of the store as the run did, and put their answers into it. Raises StoreError."""
    made = beside(answers.path)
    try:
        made.mkdir()
        refused = tuple(r.name for r in store.manifest.refused)
        leaving = _pieces(ready, store, answers, made, refused, told)
        before, change = 0, 0
        screened = 0
        unborn: list[str] = []
        for number, (names, born_later) in sorted(leaving.items()):
            found = _bucket(answers, made, number, names, born_later)
            before += found[0]
            screened += found[1]
            change += found[1] - found[0]
            unborn += born_later
        manifest = json.loads((answers.path / MANIFEST).read_text(encoding="utf-8"))
        manifest["patients"] = answers.patients + change
        part = made / f"{MANIFEST}.part"
        part.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        part.replace(made / MANIFEST)
        _move(made, answers.path)
    except OSError as error:
        raise _unwritten(answers.path, error) from None
    return Updated(screened, before, answers.patients + change, tuple(unborn), refused)


type _Leaving = dict[int, tuple[set[str], list[str]]]


def _pieces(
    ready: Kernel, store: Store, answers: Answered, made: Path, refused: tuple[str, ...], told: Callable[[int], None]
) -> _Leaving:
    """Write new answers in pieces, by the run's bucket. Of each bucket: whose old answers go, and who is not born yet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    leaving: _Leaving = {}

    def of(name: str) -> tuple[set[str], list[str]]:
        return leaving.setdefault(bucket_number(name, answers.buckets), (set(), []))

    for name in refused:
        of(name)[0].add(name)
    for number in range(len(store.manifest.buckets)):
        found = screen_bucket(ready, store, number, answers.as_of, answers.today)
        counts = output.counted(found, ready.protocol)
        for name in found.names.to_pylist():
            of(name)[0].add(name)
        for name in counts.unborn:
            of(name)[1].append(name)
        table = output.table(found, ready.screener, ready.protocol)
        wanted = pa.array([bucket_number(n, answers.buckets) for n in table.column("patient").to_pylist()], pa.int64())
        for target in sorted(set(wanted.to_pylist())):
            rows = [i for i, t in enumerate(wanted.to_pylist()) if t == target]
            pq.write_table(table.take(rows), made / f"piece-{target:05}-{number:05}.parquet")
        told(counts.patients)
    return leaving


def _bucket(answers: Answered, made: Path, number: int, leaving: set[str], unborn: list[str]) -> tuple[int, int]:
    """Write a bucket anew; how many were in it before of those who leave, and how many enter. Raises StoreError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = bucket_file(answers.path, number)
    said = output.said(answers.path, number)
    if said is None:
        raise StoreError(Problem("E637", f"`{path}` is not as a run writes it", nowhere(path), "screen again"))
    digest, counts = said
    old = pq.read_table(path)
    stays = [name not in leaving for name in old.column("patient").to_pylist()]
    kept = old.filter(pa.array(stays, pa.bool_()))
    pieces = sorted(made.glob(f"piece-{number:05}-*.parquet"))
    new = [pq.read_table(p).select(old.column_names).cast(old.schema) for p in pieces]
    merged = pa.concat_tables([kept.replace_schema_metadata(None), *(t.replace_schema_metadata(None) for t in new)])
    merged = merged.unify_dictionaries().combine_chunks().sort_by("patient")
    not_born = sorted({*unborn, *(n for n in counts.unborn if n not in leaving)})
    origin = hashlib.sha256(
        f"{digest} updated".encode()
    ).hexdigest()  # that of no store: a run screens this bucket again
    output.write_bucket(made, merged, number, origin, _counted(merged, counts, tuple(not_born)))
    for p in pieces:
        p.unlink()
    return len(stays) - kept.num_rows, merged.num_rows - kept.num_rows


def _counted(table: "pa.Table", like: Counted, unborn: tuple[str, ...]) -> Counted:
    verdicts: dict[str, dict[str, int]] = {}
    for cohort in like.verdicts:
        counts: dict[str, int] = {v.value: 0 for v in Verdict}
        for row in _values(table, f"verdict_{cohort}"):
            counts[row["values"]] = row["counts"]
        verdicts[cohort] = {name: counts[name] for name in like.verdicts[cohort]}
    flagged = {
        flag: sum(row["counts"] for row in _values(table, flag) if row["values"]) for flag in (_REFERENCE, _ON_TODAY)
    }
    return Counted(table.num_rows, verdicts, flagged[_REFERENCE], flagged[_ON_TODAY], unborn)


def _values(table: "pa.Table", column: str) -> Iterator[dict[str, Any]]:
    yield from table.column(column).value_counts().to_pylist()


def _move(made: Path, folder: Path) -> None:
    """Each file whole, `answers.json` away first and back last."""
    (folder / MANIFEST).unlink(missing_ok=True)
    for path in sorted(p for p in made.glob("bucket-*") if p.suffix != ".part"):
        path.replace(folder / path.name)
    (made / MANIFEST).replace(folder / MANIFEST)
    shutil.rmtree(made)


def _unwritten(folder: Path, error: OSError) -> StoreError:
    why = (error.strerror or str(error)).lower()
    help_ = "make room, or mend what stands in the way; then give the same command again"
    return StoreError(Problem("E531", f"`{folder}` cannot be written: {why}", nowhere(folder), help_))
