"""The cohort engine on Spark: the folder that the embedded engine writes, whatever becomes of a task on its way."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("pyspark", reason="pyspark is not installed")
pytest.importorskip("llvmlite", reason="llvmlite is not installed")

from trialog.answers import Screener
from trialog.charts.store import StoreError
from trialog.charts.store_read import open_store
from trialog.cli import main
from trialog.cohort import on_spark, run
from trialog.cohort.on_spark import Failed, Task, one_bucket
from trialog.cohort.output import Origin
from trialog.cohort.run import Done, Run, rules_digest
from trialog.cohort.screen import kernel
from trialog.cohort.spark_session import SparkError, first_cause, is_configured, needed_for_spark, session
from trialog.knowledge import Library, shipped
from trialog.synthetic.generate import generate

if TYPE_CHECKING:
    from pyspark import SparkContext

try:
    needed_for_spark()
except SparkError as error:
    pytest.skip(error.problem.claim, allow_module_level=True)

PATIENTS, BUCKETS = 600, 4


@dataclass(frozen=True)
class Here:
    """A session, a run of the embedded engine over a small store, and where another may write."""

    context: "SparkContext"
    embedded: Run
    counts: list[Done]

    def on_spark(self, folder: Path, store: Path | None = None, task: Task = one_bucket) -> list[Done]:
        read = self.embedded.store if store is None else replace(self.embedded.store, path=store)
        mine = replace(self.embedded, folder=folder, store=read)
        return on_spark.run_all(mine, lambda: nullcontext(self.context), task=task)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    folder = tmp_path_factory.mktemp("spark")
    library = Library(shipped())
    (trial,) = library.trials
    program, _ = library.program(trial)
    assert program is not None
    generate(folder / "store", PATIENTS, 11, BUCKETS, program.vocabulary, lambda _: None)
    screener = Screener(program)
    ready = kernel(screener)
    origin = Origin(trial, "knowledge", screener.readings, None, 739_000, rules_digest(ready))
    embedded = Run(ready, open_store(folder / "store", program.vocabulary), folder / "embedded", origin)
    counts = run.run_all(embedded)
    with session() as context:
        yield Here(context, embedded, counts)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_folder_is_that_of_the_embedded_engine(here: Here, tmp_path: Path) -> None:
    assert here.on_spark(tmp_path / "out") == here.counts
    assert content(tmp_path / "out") == content(here.embedded.folder)
    assert sum(d.counts.patients for d in here.counts) == PATIENTS
    (tmp_path / "out/bucket-00002.parquet").unlink()
    again = here.on_spark(tmp_path / "out")
    assert [d.kept for d in again] == [True, True, False, True]
    assert [d.counts for d in again] == [d.counts for d in here.counts]
    assert content(tmp_path / "out") == content(here.embedded.folder)


@pytest.mark.parametrize("killed", ["before it writes", "after it wrote"])
def test_a_task_that_is_killed_is_tried_again_and_counted_once(here: Here, tmp_path: Path, killed: str) -> None:
    failed = tmp_path / "failed"

    def failing(job: bytes, number: int) -> Done | Failed:
        if number == 1 and not failed.exists():
            failed.touch()
            if killed == "after it wrote":
                one_bucket(job, number)
            os.kill(os.getpid(), signal.SIGKILL)
        return one_bucket(job, number)

    assert here.on_spark(tmp_path / "out", task=failing) == here.counts
    assert failed.exists()
    assert content(tmp_path / "out") == content(here.embedded.folder)


def test_a_task_that_fails_for_good_is_told_in_one_line(here: Here, tmp_path: Path) -> None:
    tried = tmp_path / "tried"

    def failing(job: bytes, number: int) -> Done | Failed:
        if number == 1:
            with tried.open("a") as file:
                file.write("once\n")
            raise ValueError("planted\nin two lines")
        return one_bucket(job, number)

    with pytest.raises(SparkError) as raised:
        here.on_spark(tmp_path / "out", task=failing)
    assert raised.value.problem.code == "E638"
    assert raised.value.problem.claim == "Spark could not finish: ValueError: planted"
    assert len(tried.read_text().splitlines()) == 4
    assert "answers.json" not in content(tmp_path / "out")
    assert here.on_spark(tmp_path / "out")
    assert content(tmp_path / "out") == content(here.embedded.folder)


def test_a_damaged_bucket_is_the_same_problem_as_in_the_embedded_engine(here: Here, tmp_path: Path) -> None:
    store = Path(shutil.copytree(here.embedded.store.path, tmp_path / "store"))
    cut = store / "bucket-00001/observation.parquet"
    cut.write_bytes(cut.read_bytes()[:-100])
    with pytest.raises(StoreError) as on_spark:
        here.on_spark(tmp_path / "out", store)
    with pytest.raises(StoreError) as embedded:
        run.run_all(replace(here.embedded, folder=tmp_path / "other", store=replace(here.embedded.store, path=store)))
    assert on_spark.value.problems == embedded.value.problems
    assert [p.code for p in on_spark.value.problems] == ["E528"]
    assert "answers.json" not in content(tmp_path / "out")


def test_answers_that_did_not_come_into_the_folder_are_missed(here: Here, tmp_path: Path) -> None:
    def elsewhere(job: bytes, number: int) -> Done | Failed:
        found = one_bucket(job, number)
        if number == 3:
            (tmp_path / "out/bucket-00003.parquet").unlink()  # as where the folder is another one there
        return found

    with pytest.raises(SparkError) as raised:
        here.on_spark(tmp_path / "out", task=elsewhere)
    assert raised.value.problem.code == "E639"
    assert "answers.json" not in content(tmp_path / "out")


def test_an_executor_with_other_rules_screens_nobody(here: Here, tmp_path: Path) -> None:
    older = replace(here, embedded=replace(here.embedded, origin=replace(here.embedded.origin, rules="another")))
    with pytest.raises(StoreError) as raised:
        older.on_spark(tmp_path / "out")
    assert [p.code for p in raised.value.problems] == ["E639"]
    assert content(tmp_path / "out") == {}


def test_the_cause_is_one_line() -> None:
    python = 'org.apache.spark.api.python.PythonException: Traceback (most recent call last):\n  File "x", line 1\n'
    assert first_cause(f"{python}KeyError: 'x'\n SQLSTATE: 38000\n\tat org.apache.x\n") == "KeyError: 'x'"
    lost = (
        "Lost task 0.3 (TID 14): org.apache.spark.SparkException: Python worker exited unexpectedly (crashed). Consider"
    )
    assert (
        first_cause(f"An error occurred while calling z:x.\n: {lost}\n\tat x")
        == "Python worker exited unexpectedly (crashed)"
    )


def test_a_spark_that_is_configured_is_taken(tmp_path: Path) -> None:
    assert is_configured({"MASTER": "yarn"})
    assert is_configured({"PYSPARK_GATEWAY_PORT": "4"})
    assert is_configured({"PYSPARK_SUBMIT_ARGS": "--master yarn pyspark-shell"})
    assert not is_configured({"PYSPARK_SUBMIT_ARGS": "--conf spark.ui.enabled=true pyspark-shell"})
    settings = tmp_path / "spark-defaults.conf"
    assert not is_configured({"SPARK_CONF_DIR": str(tmp_path)})
    settings.write_text("# spark.master yarn\nspark.masters 1\n")
    assert not is_configured({"SPARK_CONF_DIR": str(tmp_path)})
    settings.write_text("spark.ui.enabled false\n spark.master  yarn\n")
    assert is_configured({"SPARK_CONF_DIR": str(tmp_path)})


# -- Java --------------------------------------------------------------------------------------------------------


def said(here: Here, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    store, out = here.embedded.store.path, tmp_path / "out"
    assert (
        main(["screen", here.embedded.origin.trial, "--charts", str(store), "--out", str(out), "--engine", "spark"])
        == 2
    )
    assert not out.exists()
    return capsys.readouterr().err


def test_without_java_it_is_said_that_java_is_missing(
    here: Here, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    assert said(here, tmp_path, capsys).startswith("error[E635]: Spark needs Java 17, and there is none at")
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert said(here, tmp_path, capsys).startswith("error[E635]: Spark needs Java 17, and there is no `java` here")


@pytest.mark.parametrize(("version", "number"), [("1.8.0_402", 8), ("11.0.22", 11)])
def test_an_older_java_is_told_with_its_number(
    here: Here,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    number: int,
) -> None:
    java = tmp_path / "bin/java"
    java.parent.mkdir()
    java.write_text(f"""#!/bin/sh\necho 'openjdk version "{version}"' >&2\n""")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert f"is Java {number}\n" in " ".join(said(here, tmp_path, capsys).split("\n  -->")[0].split()) + "\n"
