"""`python -m tests.benchmarks.spark STORE`: the embedded cohort engine and Spark on the same store, one after the other.

Both get two threads, and write to the same disk. Spark's start is told apart: Java, a session, and the rules made ready in every
worker. The answers are compared first.
"""

import argparse
import resource
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter

from trialog.answers import Screener
from trialog.charts.store_read import open_store
from trialog.cohort import on_spark, run
from trialog.cohort.output import Origin
from trialog.cohort.run import Done, Run, rules_digest
from trialog.cohort.screen import kernel
from trialog.cohort.spark_session import session
from trialog.knowledge import Library, shipped

_TIMES, _THREADS = 3, 2


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.spark", description="Spark beside what it runs.")
    parser.add_argument("store", type=Path)
    given = parser.parse_args(arguments)
    library = Library(shipped())
    program, _ = library.program(library.trials[0])
    assert program is not None
    screener = Screener(program)
    ready = kernel(screener)
    store = open_store(given.store, program.vocabulary)
    origin = Origin("", "", screener.readings, None, date.today().toordinal(), rules_digest(ready))
    with tempfile.TemporaryDirectory() as folder:
        began = perf_counter()
        with session(f"local[{_THREADS}]") as context:

            def embedded(to: Path) -> list[Done]:
                return run.run_all(Run(ready, store, to, origin), _THREADS)

            def spark(to: Path) -> list[Done]:
                return on_spark.run_all(Run(ready, store, to, origin), lambda: nullcontext(context))

            sessions = perf_counter() - began
            first_spark = _timed(spark, Path(folder, "spark"))
            first_embedded = _timed(embedded, Path(folder, "embedded"))
            if _content(Path(folder, "spark")) != _content(Path(folder, "embedded")):
                print("the answers differ", file=sys.stderr)  # noqa: T201 (commands print)
                return 1
            times: dict[str, list[float]] = {"embedded": [], "spark": []}
            for i in range(_TIMES):
                times["embedded"].append(_timed(embedded, Path(folder, f"embedded {i}")))
                times["spark"].append(_timed(spark, Path(folder, f"spark {i}")))
            peaks = context.parallelize(range(4 * _THREADS), 4 * _THREADS).map(lambda _: _peak()).collect()
    patients = store.manifest.patients
    rates = {name: patients / median(found) for name, found in times.items()}
    for line in (
        f"{patients:,} patients in {len(store.manifest.buckets)} buckets, {_THREADS} threads, medians of {_TIMES}; equal answers",
        f"embedded      {rates['embedded']:>10,.0f} patients/s   (first run {first_embedded:.1f} s)",
        f"Spark         {rates['spark']:>10,.0f} patients/s   {rates['spark'] / rates['embedded']:.2f} of the embedded engine's",
        f"Spark's start {sessions:>10.1f} s, and a first run of {first_spark:.1f} s in which workers make the rules ready",
        f"memory        {max(peaks):>10,.0f} MB at most in a worker",
    ):
        print(line)  # noqa: T201 (commands print)
    return 0


def _timed(screen: Callable[[Path], list[Done]], to: Path) -> float:
    began = perf_counter()
    screen(to)
    return perf_counter() - began


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _peak() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
