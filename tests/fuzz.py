"""Whatever is given for a page, reading, checking and laying it out ends, and raises nothing.

    python -m tests.fuzz [--inputs N] [--seed S] [--jobs J]

tries N inputs, made from the seeds S, S + 1, and so on, and prints how many there were, how many were sound, and what went wrong:
tracebacks and hangs, each with the smallest input found that still shows it, and the seed that makes it again.
"""

import argparse
import os
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from multiprocessing import get_context
from time import monotonic
from types import FrameType

from tests.fuzz_inputs import WORDS, Input, drawn
from tests.invariants import laid_out, mended, told
from trialog.check import Pages
from trialog.source import Source

DEADLINE = 10.0
"""The seconds of processor time that an input may take."""
_PATIENCE = 60.0  # seconds for making one input smaller
_CHUNK = 100
_MOST_HANGS = 20


class Hang(BaseException):
    """An input took too long. Not an Exception, so that nothing on the way takes it for one of its own."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong with the input of a seed, and where: the same for failures of one cause."""

    seed: int
    what: str
    where: str
    trace: str


@dataclass(slots=True)
class Tally:
    inputs: Counter[str] = field(default_factory=Counter)
    sound: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.inputs += other.inputs
        self.sound += other.sound
        self.codes += other.codes
        self.failures += other.failures


def the_whole_way(given: Input) -> set[str]:
    """Text to page to tree to checked program, and the pages mended and laid out; the codes of what is wrong."""
    protocol, vocabulary = Source("protocol.md", given.protocol), Source("words.md", given.vocabulary)
    document = None if given.document is None else Source("source.txt", given.document)
    pages = Pages((vocabulary,), protocol, document)
    problems = told(pages)
    mended(pages, problems)
    laid_out(protocol)
    _vocabulary_laid_out(vocabulary)
    return {p.code for p in problems}


@lru_cache(maxsize=8)
def _vocabulary_laid_out(vocabulary: Source) -> str:
    return laid_out(vocabulary)  # most inputs share one of a few vocabularies


def attempt(given: Input, seed: int = 0) -> set[str] | Failure:
    """The codes of what is wrong with an input, or how it failed."""
    signal.signal(signal.SIGVTALRM, _too_late)
    signal.setitimer(signal.ITIMER_VIRTUAL, DEADLINE)
    try:
        return the_whole_way(given)
    except Exception as error:
        return Failure(seed, type(error).__name__, _place(error), traceback.format_exc(limit=-6))
    except Hang as error:
        return Failure(seed, "Hang", "", "".join(traceback.format_exception(error, limit=-12)))
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _too_late(_signal: int, _frame: FrameType | None) -> None:
    raise Hang


def _place(error: BaseException) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename}:{last.name}:{last.line}"


def tally(seeds: range) -> Tally:
    """What becomes of the inputs of these seeds."""
    found = Tally()
    for seed in seeds:
        kind, given = drawn(seed)
        found.inputs[kind] += 1
        match attempt(given, seed):
            case Failure() as failure:
                found.failures.append(failure)
            case codes:
                found.codes.update(codes)
                found.sound[kind] += not codes
    return found


# -- a smaller input that fails alike ----------------------------------------------------------------------------


def shrunk(given: Input, fails: Callable[[Input], bool], patience: float = _PATIENCE) -> Input:
    """The input with all taken out that it fails without."""
    until = monotonic() + patience
    texts = {"vocabulary": given.vocabulary, "document": given.document or "", "protocol": given.protocol}
    for name in texts:
        for pieces in (str.splitlines, list):
            parts = pieces(texts[name], True) if pieces is str.splitlines else list(texts[name])
            size = len(parts)
            while size and monotonic() < until:
                at = 0
                while at < len(parts) and monotonic() < until:
                    fewer = parts[:at] + parts[at + size :]
                    tried = replace(given, **{name: "".join(fewer)})
                    if fails(tried):
                        parts, given = fewer, tried
                    else:
                        at += size
                size //= 2
            texts[name] = "".join(parts)
    return given


def _alike(failure: Failure) -> Callable[[Input], bool]:
    def fails(given: Input) -> bool:
        found = attempt(given)
        return isinstance(found, Failure) and (found.what, found.where) == (failure.what, failure.where)

    return fails


# -- the command -------------------------------------------------------------------------------------------------


def _tallies(seeds: range, jobs: int) -> Iterator[Tally]:
    chunks = [seeds[i : i + _CHUNK] for i in range(0, len(seeds), _CHUNK)]
    if jobs == 1:
        yield from map(tally, chunks)
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(tally, chunks)


def _report(total: Tally, seconds: float) -> Iterator[str]:
    count, sound = total.inputs.total(), total.sound.total()
    hangs = sum(f.what == "Hang" for f in total.failures)
    tracebacks = len(total.failures) - hangs
    yield f"{'':12}{'inputs':>12}{'sound':>12}"
    yield from (f"{kind:12}{n:12,}{total.sound[kind]:12,}" for kind, n in total.inputs.most_common())
    rarest = sorted(total.codes.items(), key=lambda found: (found[1], found[0]))[:6]
    yield f"{len(total.codes)} codes were told, rarest: {', '.join(f'{code} {n:,}' for code, n in rarest)}"
    yield (
        f"{count:,} inputs: {sound:,} sound, {count - sound - len(total.failures):,} with problems, "
        f"{tracebacks} tracebacks, {hangs} hangs"
    )
    yield f"{seconds:,.0f} seconds, {count / seconds:,.0f} inputs per second"


def _shown(failure: Failure) -> Iterator[str]:
    kind, given = drawn(failure.seed)
    small = shrunk(given, _alike(failure))
    yield f"== {failure.what}, in {kind}: python -m tests.fuzz --seed {failure.seed} --inputs 1"
    yield from ("protocol:", small.protocol, "document:", str(small.document))
    yield from (
        "vocabulary:",
        small.vocabulary if small.vocabulary != WORDS else "the small one of tests/fuzz_inputs.py",
    )
    yield failure.trace


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=10_000, metavar="N", help="how many (default: 10,000)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="the seed of the first (default: 1)")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, metavar="J", help="processes (default: one a core)"
    )
    given = parser.parse_args(arguments)
    total, start, last = Tally(), monotonic(), monotonic()
    for found in _tallies(range(given.seed, given.seed + given.inputs), given.jobs if given.inputs > 5 * _CHUNK else 1):
        total.add(found)
        sys.stderr.writelines(f"seed {f.seed}: {f.what} at {f.where}\n" for f in found.failures)
        if sum(f.what == "Hang" for f in total.failures) > _MOST_HANGS:
            sys.stderr.write("stopped: too many hangs\n")
            break
        if monotonic() - last > 60:
            last = monotonic()
            sys.stderr.write(f"{total.inputs.total():,} inputs, {len(total.failures)} failures\n")
    seconds = monotonic() - start
    causes = {(f.what, f.where): f for f in reversed(total.failures)}
    for failure in causes.values():
        sys.stdout.writelines(f"{line}\n" for line in _shown(failure))
    sys.stdout.writelines(f"{line}\n" for line in _report(total, seconds))
    return 1 if total.failures else 0


if __name__ == "__main__":
    sys.exit(main())
