"""The process in which pyDatalog works: `python -m trialog.engines.serve` answers questions until there are no more (see `worker`).

A question is how many seconds it may take, a plan, and the facts of each run; the answer is what each run derives, or why there is
none. Both are pickled: only the one who started the process speaks with it.
"""

import contextlib
import faulthandler
import gc
import os
import pickle
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO

from trialog.engines.pydatalog import Derived, Refused, evaluate, library
from trialog.plain import Row
from trialog.plan import Plan

MEMORY = 2 << 30
_GRACE = 1.0  # after a deadline, for somebody to kill the process, before it ends by itself


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer one question after the other."""
    while True:
        try:
            seconds, plan, runs = pickle.load(questions)
        except EOFError:
            return
        # a thread of the interpreter's own: it acts even where the compiled loops of pyDatalog never let Python go on
        faulthandler.dump_traceback_later(seconds + _GRACE, exit=True)
        reply = pickle.dumps(_answer(plan, runs))
        faulthandler.cancel_dump_traceback_later()
        answers.write(reply)
        answers.flush()
        gc.collect()


def _answer(plan: Plan, runs: Sequence[Mapping[str, Iterable[Row]]]) -> list[Derived] | str:
    try:
        return [evaluate(plan, facts) for facts in runs]
    except Refused as refused:
        return str(refused)
    except MemoryError:
        return "pyDatalog wanted more memory than it may have"
    except Exception as error:
        return f"pyDatalog failed ({type(error).__name__})"


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:
        return  # this system does not limit it so
    with contextlib.suppress(ValueError, OSError):  # it is limited to less already
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ends at once when the person at the terminal interrupts
    _limit_memory()
    library()  # while nobody has asked yet
    gc.disable()  # what a question leaves is collected once it is answered
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what anybody prints is no answer
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
