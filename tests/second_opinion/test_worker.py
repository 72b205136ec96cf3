"""pyDatalog in a process of its own: it answers in time or is killed, and no process is left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plans import plan_of
from trialog.engines import pydatalog, worker
from trialog.engines.worker import Asked, Unanswered, Worker

SMALL = plan_of("p(X, Y) :- e(X, Y).\np(X, Z) :- e(X, Y), p(Y, Z).", {"e": [("a", "b"), ("b", "c"), ("c", "a")]})
ROWS = [(f"n{i}",) for i in range(60)]
# the fence lets it pass, and it goes through 60 to the power of 6 rows
LONG = plan_of("p(A) :- u(A), u(B), u(C), u(D), u(E), u(F), A = B, B != C.", {"u": ROWS})

# what pyDatalog does with a right-linear rule over a circle of three when nothing stands between it and the rule
LIVELOCK = """
import sys
from pyDatalog import pyDatalog
from pyDatalog.pyParser import Term
X, Y, Z, e, p = (Term(name) for name in ("X", "Y", "Z", "e", "p"))
for one, other in ((1, 2), (2, 3), (3, 1)):
    + e(one, other)
p(X, Y) <= e(X, Y)
p(X, Z) <= e(X, Y) & p(Y, Z)
print(p(X, Y).data)
"""
# it listens to nobody, and ends after half a minute should the test not end it
LIVELOCK = f"""
import faulthandler, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
faulthandler.dump_traceback_later(30, exit=True)
{LIVELOCK}"""

posix = pytest.mark.skipif(os.name != "posix", reason="signals and process ids as POSIX has them")


def is_gone(process: int) -> bool:
    """Whether no such process runs; one that ended and that nobody has waited for runs no more."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] in "ZX"


def is_gone_within(seconds: float, process: int) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_gone(process):
            return True
        time.sleep(0.02)
    return False


def number_of(one: Worker) -> int:
    process = one.start()
    assert process is not None
    return process.pid


@pytest.fixture
def running() -> Iterator[Worker]:
    with Worker(seconds=30) as one:
        yield one


def test_it_answers_as_the_engine_does(running: Worker) -> None:
    answer = running.ask(SMALL, [{}]).answer()
    assert answer == [pydatalog.run(SMALL, {})]


def test_one_process_answers_one_question_after_the_other(running: Worker) -> None:
    process = number_of(running)
    plan = plan_of("p(X) :- u(X).", {})
    plan = type(plan)(plan.strata, {}, frozenset({"u"}), frozenset())
    runs = [{"u": [(i,)], "of no concern": [("x",)]} for i in range(3)]
    assert running.ask(plan, runs).answer() == [{"p": frozenset({(i,)})} for i in range(3)]
    assert running.ask(plan, runs[:1]).answer() == [{"p": frozenset({(0,)})}]
    assert number_of(running) == process


def test_it_is_gone_when_it_is_wanted_no_more() -> None:
    with Worker() as one:
        process = number_of(one)
        assert not is_gone(process)
    assert is_gone(process)


@posix
def test_what_takes_too_long_is_answered_at_the_deadline_and_killed() -> None:
    with Worker(seconds=1.5) as one:
        process = number_of(one)
        began = time.monotonic()
        asked = one.ask(LONG, [{}])
        assert asked.answer() == Unanswered("pyDatalog did not answer within 1.5 s")
        assert 1.4 < time.monotonic() - began < 4
        assert is_gone(process)
        one.seconds = 30
        assert isinstance(one.ask(SMALL, [{}]).answer(), list), "the next question is answered by a new process"


@posix
def test_a_livelock_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "COMMAND", (sys.executable, "-W", "ignore", "-c", LIVELOCK))
    with Worker(seconds=2) as one:
        process = number_of(one)
        began = time.monotonic()
        asked = one.ask(SMALL, [{}])
        time.sleep(1)
        assert not is_gone(process), "it goes round and round"
        assert asked.answer() == Unanswered("pyDatalog did not answer within 2 s")
        assert is_gone(process)
        assert time.monotonic() - began < 10


def test_the_reason_where_it_fails(running: Worker) -> None:
    refused = plan_of("p(X) :- e(X, Y).", {"e": [("a",)]})
    assert running.ask(refused, [{}]).answer() == Unanswered("`e` is read with 2 columns, and has 1")
    unbound = plan_of("p(X) :- u(X), X < Y.", {"u": [("a",)]})
    assert running.ask(unbound, [{}]).answer() == Unanswered("pyDatalog failed (AssertionError)")


def test_memory_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    command = "from trialog.engines import serve; serve.MEMORY = 250 << 20; serve.main()"
    monkeypatch.setattr(worker, "COMMAND", (sys.executable, "-c", command))
    many = plan_of("p(A, B, C, D) :- u(A), u(B), u(C), u(D).", {"u": ROWS})
    with Worker(seconds=60) as one:
        answer = one.ask(many, [{}]).answer()
        assert isinstance(answer, Unanswered)
        assert answer.why in ("pyDatalog wanted more memory than it may have", "pyDatalog ended without an answer")


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("/there/is/no/such/program",), "no process could be started for pyDatalog"),
        ((sys.executable, "-c", ""), "pyDatalog ended without an answer"),
        ((sys.executable, "-c", "print('no pickle')"), "pyDatalog ended without an answer"),
        ((sys.executable, "-c", "import os; os.abort()"), "pyDatalog ended without an answer"),
    ],
)
def test_a_process_that_is_none(command: tuple[str, ...], why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "COMMAND", command)
    with Worker(seconds=20) as one:
        assert one.ask(SMALL, [{}]).answer() == Unanswered(why)


def test_nothing_that_stands_in_the_current_folder_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pickle", "trialog", "pyDatalog", "resource"):
        (tmp_path / f"{name}.py").write_text("import pathlib; pathlib.Path('ran').touch()")
    monkeypatch.chdir(tmp_path)
    with Worker(seconds=30) as one:
        assert isinstance(one.ask(SMALL, [{}]).answer(), list)
    assert not (tmp_path / "ran").exists()


# -- whatever becomes of the one who asks ------------------------------------------------------------------------

ASKING = f"""
import sys
sys.path[:] = {sys.path!r}
from tests.second_opinion.test_worker import LONG
from trialog.engines.worker import Worker
with Worker(seconds=SECONDS) as one:
    asked = one.ask(LONG, [{{}}])
    print(one.process.pid, flush=True)
    asked.answer()
"""


def asking(seconds: float) -> tuple[subprocess.Popen[str], int]:
    """A process that asks what takes too long, and the process that it asks."""
    command = [sys.executable, "-c", ASKING.replace("SECONDS", str(seconds))]
    parent = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=Path(__file__).parents[2]
    )
    assert parent.stdout is not None
    return parent, int(parent.stdout.readline())


@posix
def test_it_is_gone_when_the_one_who_asks_is_interrupted() -> None:
    parent, process = asking(60)
    time.sleep(0.5)
    parent.send_signal(signal.SIGINT)
    parent.wait(10)
    assert is_gone_within(1, process)


@posix
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_by_itself_when_the_one_who_asks_is_killed(how: signal.Signals) -> None:
    parent, process = asking(2)
    time.sleep(0.5)
    parent.send_signal(how)
    parent.wait(10)
    assert is_gone_within(6, process)


@posix
def test_it_ends_by_itself_when_nobody_asks_any_more() -> None:
    command = "from trialog.engines.worker import Worker; w = Worker(); print(w.start().pid, flush=True); import os; os._exit(1)"
    done = subprocess.run([sys.executable, "-c", command], stdout=subprocess.PIPE, text=True, check=False)
    assert is_gone_within(10, int(done.stdout))


def test_a_question_that_nobody_fetches_is_no_trouble() -> None:
    with Worker(seconds=30) as one:
        assert isinstance(one.ask(LONG, [{}]), Asked)
        process = number_of(one)
    assert is_gone(process)
