"""`trialog screen --engine cohort|spark`: all patients of a store, with the kernel, into a folder, a CSV file or a DuckDB table."""

import argparse
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from trialog.answers import Screener, Verdict
from trialog.charts.store import StoreError, is_store
from trialog.commands import chart_folder, chosen_readings, the_cohorts, the_program
from trialog.generate_command import needed, progress
from trialog.knowledge import shown
from trialog.program import Program
from trialog.usage import UsageError, emit, note, typed_wrong

if TYPE_CHECKING:
    from trialog.cohort.run import Done, Run
    from trialog.cohort.screen import Kernel

_MOST_NAMED = 5


def screen_store(given: argparse.Namespace) -> int:
    """Screen the patients of a store, and say how many have each verdict."""
    library, program = the_program(given)
    cohorts = the_cohorts(given, program)
    readings = chosen_readings(given, program)
    path = chart_folder(given, library)
    if given.out is None:
        claim = "it is not said where the answers go"
        raise typed_wrong("E632", claim, "give `--out` and a folder, a file that ends in `.csv`, or one in `.duckdb`")
    if not is_store(path):
        claim = f"`{shown(path)}` is no store, and the cohort engine reads nothing else"
        raise typed_wrong("E633", claim, f"trialog pack {shown(path)} STORE; then give `--charts STORE`")
    out = Path(given.out)
    if _folder(out) != out and (out.exists() or out.is_symlink()):
        raise typed_wrong("E535", f"there is something at `{out}` already", "take it away first, or give another name")
    needed("numpy", "pyarrow", "llvmlite")
    _needed_for(given.engine)
    from trialog.charts.store_read import open_store
    from trialog.cohort.output import Origin
    from trialog.cohort.run import Run, rules_digest, run_all
    from trialog.cohort.spark_session import SparkError

    try:
        store = open_store(path, program.vocabulary)
        screener = Screener(program, readings)
        ready = made_ready(screener)
        today = date.today().toordinal()
        origin = Origin(
            given.trial, library.digest(given.trial), screener.readings, given.as_of, today, rules_digest(ready)
        )
        run = Run(ready, store, _folder(out), origin)
        began = perf_counter()
        with progress(f"screening {store.manifest.patients} patients", store.manifest.patients) as told:
            if given.engine == "spark":
                done = _on_spark(run, given, told)
            else:
                done = run_all(run, given.jobs or 0, lambda d: told(d.counts.patients))
        seconds = perf_counter() - began
        _export(run.folder, out)
    except StoreError as error:
        raise UsageError(*error.problems) from None
    except SparkError as error:
        raise UsageError(error.problem) from None
    emit(_summary(program, cohorts, run, done, path, out, seconds))
    return _finish(run, done)


def _needed_for(engine: str) -> None:
    """Raises UsageError where Spark is asked for and cannot run here."""
    if engine == "spark":
        from trialog.cohort.spark_session import SparkError, needed_for_spark

        try:
            needed_for_spark()
        except SparkError as error:
            raise UsageError(error.problem) from None


def _on_spark(run: "Run", given: argparse.Namespace, told: Callable[[int], None]) -> "list[Done]":
    from trialog.cohort.on_spark import run_all
    from trialog.cohort.spark_session import session

    return run_all(run, lambda: session(given.master, given.jobs or 0), told)


def made_ready(screener: Screener) -> "Kernel":
    """The kernel for a screener; says on the error stream that it compiles, and how long that took. Raises UsageError."""
    from trialog.cohort.screen import kernel
    from trialog.engines.kernel.tables import Refused

    def announce() -> None:
        note("compiling the rules, once for this machine …")

    try:
        ready = kernel(screener, announce)
    except Refused as refused:
        claim = f"the cohort engine does not take these rules: {refused}"
        raise typed_wrong("E634", claim, "screen with `--engine reference`, which takes all") from None
    if ready.machine.compiled is not None:
        note(f"compiled in {ready.machine.compiled:.1f} s")
    return ready


def _folder(out: Path) -> Path:
    """Where the buckets' answers go: the folder itself, or one beside the file that is made of them."""
    return out.with_name(f"{out.name}.buckets") if out.suffix in (".csv", ".duckdb") else out


def _export(folder: Path, out: Path) -> None:
    """Make the one file of the buckets' answers, where one was asked for. Raises StoreError."""
    if folder == out:
        return
    needed("duckdb")
    import shutil

    from trialog.cohort.export import export

    export(folder, out)
    shutil.rmtree(folder)


def _summary(
    program: Program, cohorts: Sequence[str], run: "Run", done: "Sequence[Done]", path: Path, out: Path, seconds: float
) -> list[str]:
    patients = sum(d.counts.patients for d in done)
    screened = sum(d.counts.patients for d in done if not d.kept)
    days = "" if run.origin.as_of is None else f", screened on {date.fromordinal(run.origin.as_of)}"
    lines = [program.title, f"{patients} patients from {shown(path)}{days}"]
    if run.store.manifest.synthetic is not None:
        lines.append("their charts are synthetic, made up by chance: they are of no registry")
    width = max(len(v.value) for v in Verdict)
    names = {c: program.cohorts[c] for c in cohorts}
    lines += ["", f"{'':{width}}" + "".join(f"  {c:>{max(len(c), 9)}}" for c in names)]
    for v in Verdict:
        counts = {c: sum(d.counts.verdicts[c][v.value] for d in done) for c in names}
        lines.append(f"{v.value:{width}}" + "".join(f"  {n:>{max(len(c), 9)}}" for c, n in counts.items()))
    lines.append("")
    if kept := patients - screened:
        lines.append(f"{kept} had their answers from an earlier run")
    if screened:
        lines.append(f"{screened} screened in {seconds:.1f} s, {screened / seconds:,.0f} a second")
    if on_today := sum(d.counts.on_today for d in done):
        day = date.fromordinal(run.origin.today)
        lines.append(f"{on_today} screened on {day}, today, as their charts have no date; --as-of chooses")
    if by_reference := sum(d.counts.by_reference for d in done):
        lines.append(
            f"{by_reference} by the reference engine: a number of theirs lies where whole numbers do not decide"
        )
    lines.append(f"answers in {out}")
    return lines


def _finish(run: "Run", done: "Sequence[Done]") -> int:
    """Say who was refused, on the error stream, and with what code to end."""
    unborn = [name for d in done for name in d.counts.unborn]
    refused = [r.name for r in run.store.manifest.refused]
    for names, why in (
        (unborn, "were born after the screening, and nothing is said of them"),
        (refused, "were refused when the store was packed; `store.json` has the reasons"),
    ):
        if names:
            which = ", ".join(names[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")
            note(f"{len(names)} patients {why}: {which}")
    return 3 if unborn or refused else 0
