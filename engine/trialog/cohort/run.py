"""A run over a whole store: buckets side by side, each written when it is done, so that a run that was stopped goes on."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from trialog.charts.store_read import Store
from trialog.cohort import output
from trialog.cohort.output import Counted, Origin
from trialog.cohort.screen import Kernel, screen_bucket


@dataclass(frozen=True, slots=True)
class Done:
    """A bucket of a run; `kept` where an earlier run had its answers already."""

    number: int
    counts: Counted
    kept: bool


@dataclass(frozen=True)
class Run:
    """What is to be screened, and where the answers go."""

    ready: Kernel
    store: Store
    folder: Path
    origin: Origin

    def bucket(self, number: int) -> Done:
        """Screen a bucket and write its answers, unless they are there. Raises StoreError."""
        origin = self.origin.of_bucket(self.store.manifest.buckets[number].digest)
        before = output.found_before(self.folder, number, origin)
        if before is not None:
            return Done(number, before, True)
        found = screen_bucket(self.ready, self.store, number, self.origin.as_of, self.origin.today)
        counts = output.counted(found, self.ready.protocol)
        table = output.table(found, self.ready.screener, self.ready.protocol)
        output.write_bucket(self.folder, table, number, origin, counts)
        return Done(number, counts, False)


def rules_digest(ready: Kernel) -> str:
    return hashlib.sha256(ready.protocol.text.encode()).hexdigest()


def run_all(run: Run, jobs: int = 0, told: Callable[[Done], None] = lambda _: None) -> list[Done]:
    """Screen every bucket, as many at once as there are processors or `jobs`. Raises StoreError; what is written stays."""
    output.begin(run.folder)
    numbers = iter(range(len(run.store.manifest.buckets)))
    done: list[Done] = []
    with ThreadPoolExecutor(jobs or _processors()) as pool:
        waiting: set[Future[Done]] = set()
        try:
            for number in numbers:
                waiting.add(pool.submit(run.bucket, number))
                if len(waiting) > (jobs or _processors()):
                    waiting = _settle(waiting, done, told)
            while waiting:
                waiting = _settle(waiting, done, told)
        except BaseException:
            for future in waiting:
                future.cancel()
            raise
    finish(run, done)
    return sorted(done, key=lambda d: d.number)


def finish(run: Run, done: Sequence[Done]) -> None:
    """Say that the run is whole. Raises StoreError."""
    _take_away_others(run)
    patients = sum(d.counts.patients for d in done)
    output.write_manifest(run.folder, run.origin, len(done), patients, run.ready.protocol)


def _settle(waiting: set[Future[Done]], done: list[Done], told: Callable[[Done], None]) -> set[Future[Done]]:
    ready, others = wait(waiting, return_when=FIRST_COMPLETED)
    for future in ready:
        found = future.result()
        done.append(found)
        told(found)
    return others


def _take_away_others(run: Run) -> None:
    """Files of buckets that the store does not have."""
    numbers = range(len(run.store.manifest.buckets))
    mine = {file(run.folder, n).name for n in numbers for file in (output.bucket_file, output.digest_file)}
    for path in _buckets(run.folder):
        if path.name not in mine:
            path.unlink(missing_ok=True)


def _buckets(folder: Path) -> Iterator[Path]:
    yield from folder.glob("bucket-*.*")
    yield from folder.glob("answers.*.part")


def _processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
