"""`python -m tests.agreement`: many programs, many charts; what disagrees, and how often "unknown" could have been more.

    --programs N       programs to make (default: 2000)
    --completions N    completions of each chart, at most (default: 60)
    --seed N           where to begin (default: 0); the same seed makes the same programs
    --engines a,b      these engines alone (default: all)
    --jobs N           processes (default: 2)
    --as-found         end with the first that fails, as it was found, and do not make it small
    --shipped          also the shipped protocol, with its cases' charts

It ends with 1 where anything disagrees, having kept the smallest program and chart that show it under `tests/spec/found/`.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import fields
from functools import partial

from tests.agreement.run import run
from tests.agreement.suite import OPINIONS, Tally

_BATCH = 40  # programs of one seed: what is tried does not depend on the number of processes


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.agreement", description="Programs made at random, held to their meaning."
    )
    parser.add_argument("--programs", type=int, default=2000)
    parser.add_argument("--completions", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--engines", default=",".join(OPINIONS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--as-found", action="store_true")
    parser.add_argument("--shipped", action="store_true")
    given = parser.parse_args(arguments)
    engines = tuple(name for name in given.engines.split(",") if name)
    if unknown := set(engines) - OPINIONS.keys():
        parser.error(f"there is no engine {', '.join(sorted(unknown))}; there are {', '.join(OPINIONS)}")
    began = time.monotonic()
    sizes = [min(_BATCH, given.programs - begun) for begun in range(0, given.programs, _BATCH)]
    total, wrong = Tally(), list[str]()
    with ProcessPoolExecutor(given.jobs) as pool:
        tried = partial(run, completions=given.completions, engines=engines, small=not given.as_found)
        batches = [pool.submit(tried, given.seed * 1000 + i, size) for i, size in enumerate(sizes)]
        for batch in as_completed(batches):
            tally, found = batch.result()
            _add(total, tally)
            wrong += [found] if found else []
            if found and given.as_found:
                pool.shutdown(cancel_futures=True)
                break
    for found in wrong:
        print(found, end="\n\n")
    print(_summary(total, len(wrong), time.monotonic() - began))
    if given.shipped:
        from tests.agreement.shipped import report

        said, wrong_there = report(given.completions, given.seed)
        print(said)
        return 1 if wrong or wrong_there else 0
    return 1 if wrong else 0


def _add(total: Tally, one: Tally) -> None:
    for f in fields(Tally):
        mine, other = getattr(total, f.name), getattr(one, f.name)
        if isinstance(mine, dict):
            setattr(
                total,
                f.name,
                {k: mine.get(k, 0) + other.get(k, 0) for k in [*mine, *(o for o in other if o not in mine)]},
            )
        else:
            setattr(total, f.name, mine + other)


def _summary(t: Tally, wrong: int, seconds: float) -> str:
    asked = ", ".join(
        f"{name} {n:,}" + (f" (refused {t.refused[name]:,})" if name in t.refused else "")
        for name, n in t.opinions.items()
    )
    share = f"{100 * t.avoidable / t.unknown:.1f} %" if t.unknown else "none"
    share_whole = f"{100 * t.avoidable_whole / t.unknown_whole:.1f} %" if t.unknown_whole else "none"
    return "\n".join(
        (
            f"programs tried           {t.programs:,}, each with a chart, in {seconds:.0f} s",
            f"programs given to        {asked or 'no engine but the reference'}",
            f"completions looked at    {t.worlds:,}; every one there is of {t.whole:,} charts",
            f"statuses                 {t.statuses:,}, of which unknown {t.unknown:,}",
            f"disagreements            {wrong:,}",
            f"avoidable unknowns       {share_whole} of {t.unknown_whole:,} where every completion was looked at",
            f"                         {share} at most of all {t.unknown:,}",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
