"""`trialog generate`: synthetic charts, straight into a store."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from trialog.charts.store import StoreError
from trialog.knowledge import Library, shipped, shown
from trialog.problem import Problem, did_you_mean
from trialog.source import Source, Span
from trialog.usage import UsageError, emit, library_at, typed_wrong
from trialog.vocabulary import Vocabulary


def generate(given: argparse.Namespace) -> int:
    """Write the store that the numbers mean, and say what it is."""
    needed("numpy", "pyarrow")
    from trialog.synthetic.generate import MOST_PER_BUCKET, PER_BUCKET, generate

    path = Path(shown(Path(given.path)))
    patients, seed = given.patients, given.seed
    buckets = given.buckets or -(-patients // PER_BUCKET)
    if patients > buckets * MOST_PER_BUCKET:
        least = -(-patients // MOST_PER_BUCKET)
        claim = f"{buckets} bucket{'s' * (buckets != 1)} of {patients} patients do not fit into memory"
        raise typed_wrong("E631", claim, f"give `--buckets {least}` or more, or leave it out")
    vocabulary = the_vocabulary(given)
    try:
        with progress(f"generating {patients} patients", patients) as done:
            manifest = generate(path, patients, seed, buckets, vocabulary, done)
    except StoreError as error:
        raise UsageError(*error.problems) from None
    rows = sum(f.rows for b in manifest.buckets for n, f in b.files.items() if n != "patients.parquet")
    size = sum(f.bytes for b in manifest.buckets for f in b.files.values())
    emit(
        [
            f"{patients} synthetic patients, made up by chance with seed {seed}: they are of no registry",
            f"{rows} rows in {buckets} bucket{'s' * (buckets != 1)}, {size / 1e6:.1f} MB, in {path}",
        ]
    )
    return 0


def the_vocabulary(given: argparse.Namespace) -> Vocabulary:
    """The vocabulary of the trial that is named; of the only one, where none is. Raises UsageError."""
    library = library_at(Path(given.kb))[0] if given.kb else Library(shipped())
    if given.trial is None and len(library.trials) != 1:
        raise typed_wrong(
            "E601", "it is not said for which trial", f"give `--trial` and one of {', '.join(library.trials)}"
        )
    trial = given.trial or library.trials[0]
    if trial not in library.trials:
        help_ = did_you_mean(trial, library.trials) or f"there is {', '.join(f'`{t}`' for t in library.trials)}"
        raise typed_wrong("E601", f"there is no trial `{trial}`", help_)
    program, problems = library.program(trial)
    if program is None:
        raise UsageError(*problems)
    return program.vocabulary


def needed(*packages: str) -> None:
    """Raises UsageError where a package that stores need is not installed."""
    from importlib.util import find_spec

    for package in packages:
        if find_spec(package) is None:
            claim, help_ = f"a store needs {package}, which is not installed", "pip install 'trialog[cohort]'"
            raise UsageError(Problem("E534", claim, Span(Source("command line", ""), 0, 0), help_))


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, with the rate and the time that remains; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    speed = TextColumn("{task.fields[rate]}")
    columns = (TextColumn("{task.description}"), BarColumn(), speed, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total, rate="")

        def done(count: int) -> None:
            bar.advance(task, count)
            rate = bar.tasks[0].speed
            bar.update(task, rate=f"{rate:,.0f}/s" if rate else "")

        yield done
