"""A run over a whole store on Spark: a task for each bucket, which writes its answers where it runs and gives back counts.

A task that is tried again writes the same file, or finds it there. What a bucket comes to is counted once, from the one
answer that Spark takes of its task, and each file is looked for before the run is called whole.
"""

import copyreg
import io
import pickle
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from trialog.answers import Screener
from trialog.charts.store import StoreError
from trialog.charts.store_read import Store
from trialog.cohort import output
from trialog.cohort.output import Counted, Origin
from trialog.cohort.run import Done, Run, finish, rules_digest
from trialog.cohort.screen import Kernel, kernel
from trialog.cohort.spark_session import SparkError, first_cause
from trialog.engines.kernel.machine import cache_folder
from trialog.problem import Problem
from trialog.program import Program

if TYPE_CHECKING:
    from pyspark import SparkContext

_LOOK = 0.2


@dataclass(frozen=True, slots=True)
class Job:
    """What a task must know. Paths are those of the driver, and mean the same wherever tasks run."""

    program: bytes  # a Program, as `_pickled` writes it
    store: Store
    folder: Path
    origin: Origin


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a bucket could not be screened, where trying again would not help."""

    problems: tuple[Problem, ...]


type Task = Callable[[bytes, int], Done | Failed]


def one_bucket(job: bytes, number: int) -> Done | Failed:
    """What a task does: screen a bucket, and write its answers."""
    try:
        return _made_ready(job).bucket(number)
    except StoreError as error:
        return Failed(tuple(error.problems))
    except SparkError as error:
        return Failed((error.problem,))


@lru_cache(maxsize=1)
def _made_ready(pickled: bytes) -> Run:
    """The run as this process takes part in it."""
    job = pickle.loads(pickled)
    assert isinstance(job, Job)
    ready = _kernel(job.program, tuple(sorted(job.origin.readings.items())))
    if rules_digest(ready) != job.origin.rules:
        claim = "an executor makes other code of the rules than the driver"
        raise SparkError("E639", claim, "install the same release of trialog on the driver and on every executor")
    return Run(ready, job.store, job.folder, job.origin)


@lru_cache(maxsize=1)
def _kernel(pickled: bytes, readings: tuple[tuple[str, str], ...]) -> Kernel:
    program = pickle.loads(pickled)
    assert isinstance(program, Program)
    with _one_at_a_time():
        return kernel(Screener(program, dict(readings)))


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let one process of a machine compile, and the others take what it has kept."""
    try:
        import fcntl

        cache_folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        file = (cache_folder() / "lock").open("w")
        fcntl.flock(file, fcntl.LOCK_EX)
    except (ImportError, OSError):
        yield  # then each compiles for itself
        return
    with file:
        yield


def run_all(
    run: Run,
    start: "Callable[[], AbstractContextManager[SparkContext]]",
    told: Callable[[int], None] = lambda _: None,
    task: Task = one_bucket,
) -> list[Done]:
    """Screen every bucket that has no answers yet; `told` is given how many more patients are done.

    Spark is started where there is anything to screen. Raises StoreError and SparkError; what is written stays.
    """
    output.begin(run.folder)
    done = [Done(number, counts, True) for number, counts in _found(run, range(len(run.store.manifest.buckets)))]
    told(sum(d.counts.patients for d in done))
    wanted = sorted(set(range(len(run.store.manifest.buckets))) - {d.number for d in done})
    if wanted:
        with start() as context:
            done += _screened(run, context, wanted, told, task)
    finish(run, done)
    return sorted(done, key=lambda d: d.number)


def _found(run: Run, numbers: Iterable[int]) -> Iterator[tuple[int, Counted]]:
    """The buckets whose answers are in the folder, with what their files say."""
    for number in numbers:
        origin = run.origin.of_bucket(run.store.manifest.buckets[number].digest)
        counts = output.found_before(run.folder, number, origin)
        if counts is not None:
            yield number, counts


def _screened(
    run: Run, context: "SparkContext", wanted: list[int], told: Callable[[int], None], task: Task
) -> list[Done]:
    results = _collected(context, _job(run), wanted, told, task)
    problems = [p for r in results if isinstance(r, Failed) for p in r.problems]
    if problems:
        raise StoreError(*dict.fromkeys(problems))
    done = [replace(r, kept=False) for r in results if isinstance(r, Done)]
    there = dict(_found(run, wanted))
    for d in done:
        if there.get(d.number) != d.counts:
            claim = f"the answers of bucket {d.number} were written, and are not in `{run.folder}`"
            raise SparkError("E639", claim, "give a folder that is the same for the driver and for every executor")
    return done


def _collected(
    context: "SparkContext", job: bytes, wanted: list[int], told: Callable[[int], None], task: Task
) -> list[Done | Failed]:
    """What the tasks come to; they run beside, so that it can be told meanwhile how far they are."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        sent = context.broadcast(job)
        patients = context.accumulator(0)

        def bucket(number: int) -> Done | Failed:
            found = task(sent.value, number)
            if isinstance(found, Done):
                patients.add(found.counts.patients)
            return found

        tasks = context.parallelize(wanted, len(wanted)).map(bucket)
        before = 0
        with ThreadPoolExecutor(1) as beside:
            found = beside.submit(tasks.collect)
            try:
                while wait((found,), _LOOK).not_done:
                    told(patients.value - before)
                    before = patients.value
            except BaseException:
                context.cancelAllJobs()
                raise
        told(patients.value - before)
        return found.result()
    except (Py4JError, PySparkException) as error:
        claim = f"Spark could not finish: {first_cause(str(error))}"
        raise SparkError(
            "E638", claim, "what is written stays; the same command goes on where this one stopped"
        ) from None


def _job(run: Run) -> bytes:
    """What a task must know, as bytes."""
    store = replace(run.store, path=run.store.path.absolute())
    return _pickled(Job(_pickled(run.ready.screener.program), store, run.folder.absolute(), run.origin))


def _pickled(what: Program | Job) -> bytes:
    """Views of mappings are pickled too."""
    file = io.BytesIO()
    pickler = pickle.Pickler(file, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = copyreg.dispatch_table | {MappingProxyType: lambda view: (_view, (dict(view),))}
    pickler.dump(what)
    return file.getvalue()


def _view(content: dict[Any, Any]) -> "MappingProxyType[Any, Any]":
    return MappingProxyType(content)
