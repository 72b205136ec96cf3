"""Spark for one run: started quietly, stopped at the end, and refused by name where there is no Java or no pyspark."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trialog.problem import Problem
from trialog.source import Source, Span

if TYPE_CHECKING:
    from pyspark import SparkConf, SparkContext

_LEAST_JAVA = 17
_TRIES = 4
_LITTLE_WORK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # of Java's own: it starts in half the time
_THREADS = 2
_WITHOUT = "install Java 17 or newer and set JAVA_HOME, or screen with `--engine cohort`"


class SparkError(Exception):
    """Spark cannot run here, or could not finish."""

    def __init__(self, code: str, claim: str, help_: str) -> None:
        super().__init__(claim)
        self.problem = Problem(code, claim, Span(Source("command line", ""), 0, 0), help_)


def needed_for_spark() -> None:
    """Raises SparkError where pyspark is not installed, or Java is missing or too old."""
    from importlib.util import find_spec

    if find_spec("pyspark") is None:
        raise SparkError("E635", "Spark needs pyspark, which is not installed", "pip install 'trialog[spark]'")
    if _GATEWAY in os.environ:
        return  # started by spark-submit, whose Java runs already
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin/java") if home else shutil.which("java")
    if java is None:
        raise SparkError("E635", "Spark needs Java 17, and there is no `java` here", _WITHOUT)
    version = _java_version(java)
    if version is None:
        at = f"`{java}`, where JAVA_HOME points" if home else f"`{java}`"
        raise SparkError("E635", f"Spark needs Java 17, and there is none at {at}", _WITHOUT)
    if version < _LEAST_JAVA:
        raise SparkError("E635", f"Spark needs Java 17, and `{java}` is Java {version}", _WITHOUT)


@contextmanager
def session(master: str | None = None, threads: int = 0) -> "Iterator[SparkContext]":
    """Spark on `master`; else on the one that is configured; else here, with so many threads. Raises SparkError."""
    needed_for_spark()
    if master is None and not is_configured(os.environ):
        master = f"local[{threads or _THREADS}]"
    before = signal.getsignal(signal.SIGINT)
    context, log = _started(master)
    try:
        yield context
    except SparkError as error:
        if log is None:
            raise
        claim, help_ = error.problem.claim, _with_log(error.problem.help, log)
        java: Any = context._jsc
        if java is None or java.sc().isStopped():
            claim = f"Spark went away: {_last_words(log)}"
        raise SparkError(error.problem.code, claim, help_) from None
    except BaseException:
        _forget(log)
        raise
    else:
        _forget(log)
    finally:
        context.stop()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)  # pyspark has put its own in this place


def _started(master: str | None) -> "tuple[SparkContext, Path | None]":
    """Spark, and the file that its own words go to where it was started here."""
    from py4j.protocol import Py4JError
    from pyspark import SparkContext
    from pyspark.errors import PySparkException

    conf = _settings(master)
    log: Path | None = None
    try:
        gateway: Any = None
        if _GATEWAY not in os.environ and SparkContext._gateway is None:
            from pyspark.java_gateway import launch_gateway

            number, name = tempfile.mkstemp(prefix="trialog-spark-", suffix=".log")
            log = Path(name)
            with open(number, "wb") as file:  # noqa: PTH123 (an open file has no path)
                gateway = launch_gateway(conf, {"stdout": file, "stderr": file})
        return SparkContext(conf=conf, gateway=gateway), log
    except (Py4JError, PySparkException, OSError) as error:
        help_ = "look at `--master`, and at the settings of Spark"
        why = _last_words(log) if isinstance(error, PySparkException) and log is not None else ""
        claim = f"Spark cannot be started: {why or first_cause(str(error))}"
        raise SparkError("E638", claim, help_ if log is None else _with_log(help_, log)) from None
    except BaseException:
        _forget(log)
        raise


def _settings(master: str | None) -> "SparkConf":
    from pyspark import SparkConf

    conf = SparkConf().setAppName("trialog").set("spark.ui.showConsoleProgress", "false")
    if master is None:
        return conf
    if here := re.fullmatch(r"local(?:\[([0-9]+|\*)\])?", master):
        master = f"local[{here[1] or 1},{_TRIES}]"  # else a task here is tried once
    if master.startswith("local["):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        conf.set("spark.ui.enabled", "false").set("spark.driver.extraJavaOptions", _LITTLE_WORK)
        conf.set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1")
    return conf.setMaster(master)


_GATEWAY = "PYSPARK_GATEWAY_PORT"


def is_configured(environment: Mapping[str, str]) -> bool:
    """Whether spark-submit, or Spark's own settings, say where to run."""
    if _GATEWAY in environment or "MASTER" in environment:
        return True
    if re.search(r"--master\b|\bspark\.master\b", environment.get("PYSPARK_SUBMIT_ARGS", "")):
        return True
    folders = [
        environment.get("SPARK_CONF_DIR"),
        f"{environment['SPARK_HOME']}/conf" if "SPARK_HOME" in environment else "",
    ]
    try:
        settings = Path(next(filter(None, folders)), "spark-defaults.conf").read_text(encoding="utf-8")
    except (StopIteration, OSError, UnicodeDecodeError):
        return False
    return re.search(r"^\s*spark\.master[\s=:]", settings, re.MULTILINE) is not None


def _java_version(java: str) -> int | None:
    """17 of `17.0.15`, 8 of `1.8.0_402`; None where that is no Java that runs."""
    try:
        ran = subprocess.run([java, "-version"], capture_output=True, text=True, errors="replace", timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(?:1\.)?([0-9]+)', ran.stderr + ran.stdout)
    return int(found[1]) if found and ran.returncode == 0 else None


def first_cause(told: str) -> str:
    """The one line of what Spark tells that says why: what the task's own code raised, else the first sentence of Java's."""
    _, python, raised = told.rpartition("Traceback (most recent call last):\n")
    if python:
        return (
            next((line for line in raised.splitlines() if line and not line[0].isspace()), raised).strip().rstrip(".")
        )
    lines = [line.strip() for line in told.splitlines() if not line.startswith("An error occurred while calling")]
    line = next(filter(None, lines), "it does not say why")
    _, _, said = line.rpartition("Exception: ")
    return (said or line).split(". ")[0].rstrip(".")


def _last_words(log: Path) -> str:
    """What Spark's log names as the first cause, else the first line in it that tells of an error."""
    text = log.read_text(encoding="utf-8", errors="replace")
    cause = re.search(r"^Caused by: [\w.$]+: (.+)$", text, re.MULTILINE)
    found = (line for line in text.splitlines() if re.search(r"\b(?:\w*Exception|Error|ERROR|error)\b", line))
    return cause[1].strip().rstrip(".") if cause else first_cause(next(found, ""))


def _with_log(help_: str, log: Path) -> str:
    return f"{help_}; what Spark said is in `{log}`"


def _forget(log: Path | None) -> None:
    if log is not None:
        log.unlink(missing_ok=True)
