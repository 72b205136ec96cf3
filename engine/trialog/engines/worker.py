"""pyDatalog in a process of its own, which is killed at a deadline: what never comes to an end there must not be waited for here.

The process gets a question through a pipe and answers through another (see `serve`); no shell is involved and nothing is
written to disk. It is killed at the deadline of a question, or when its `Worker` is closed; and it ends by itself when nobody
asks any more, or when a deadline has passed and nobody is left to kill it.
"""

import contextlib
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from trialog.engines.pydatalog import Derived
from trialog.plain import Row
from trialog.plan import Plan

SECONDS = 10.0
"""How long a question may take. A patient of the trial that is shipped takes a twentieth of a second."""
COMMAND = (sys.executable, "-P", "-m", "trialog.engines.serve")

type Given = Mapping[str, Iterable[Row]]


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why there is no answer."""

    why: str


type Answer = list[Derived] | Unanswered
"""What is derived in each of the runs asked for."""


class Worker:
    """A process that evaluates plans; a new one is started where there is none, or the last one was killed."""

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = SECONDS if seconds is None else seconds
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start at once: what the process needs to begin is done while its question is still being prepared."""
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()

    def start(self) -> subprocess.Popen[bytes] | None:
        """The process; None where it cannot be started."""
        if self.process is None:
            with contextlib.suppress(OSError):
                self.process = subprocess.Popen(
                    COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
                )
        return self.process

    def kill(self) -> None:
        """End the process, and wait until it is gone."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):  # what could not be written is wanted no more
                        pipe.close()

    def ask(self, plan: Plan, runs: Sequence[Given]) -> "Asked":
        """Ask for what follows from each of these facts; the answer is fetched when it is wanted."""
        return Asked(self, pickle.dumps((self.seconds, plan, [_needed(plan, facts) for facts in runs])))


def _needed(plan: Plan, facts: Given) -> dict[str, list[Row]]:
    """The rows that the plan reads, without what a chart says of them."""
    return {name: list(rows) for name, rows in facts.items() if name in plan.given}


class Asked:
    """A question on its way. Its time runs from when it was asked."""

    def __init__(self, worker: Worker, question: bytes) -> None:
        self.worker = worker
        self.until = time.monotonic() + worker.seconds
        self.came = 0.0
        self.reply: Answer = Unanswered("pyDatalog ended without an answer")
        self.thread = threading.Thread(target=self._exchange, args=(worker.start(), question), daemon=True)
        self.thread.start()

    def _exchange(self, process: subprocess.Popen[bytes] | None, question: bytes) -> None:
        if process is None or process.stdin is None or process.stdout is None:
            self.reply = Unanswered("no process could be started for pyDatalog")
            return
        with contextlib.suppress(Exception):  # it ended, or was ended, or said what is no answer
            process.stdin.write(question)
            process.stdin.flush()
            said = pickle.load(process.stdout)
            self.reply = Unanswered(said) if isinstance(said, str) else said
        self.came = time.monotonic()

    def answer(self) -> Answer:
        """The answer, or why there is none. A process that has not answered in time is killed."""
        self.thread.join(max(0.0, self.until - time.monotonic()))
        in_time = not self.thread.is_alive()
        if self.thread.is_alive() or isinstance(self.reply, Unanswered):
            self.worker.kill()
            self.thread.join()
            in_time = in_time and self.came < self.until
        return self.reply if in_time else Unanswered(f"pyDatalog did not answer within {self.worker.seconds:g} s")
