"""`python -m tests.cohort`: synthetic patients screened by the kernel and by the reference; what differs, if anything.

--patients N    how many to make up (default: 20000)
--seed N        others for another number (default: 0)
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from tests.cohort.equal import Compared, differences
from tests.cohort.many import run_many
from trialog.answers import Screener
from trialog.charts.store_read import open_store
from trialog.cohort.screen import kernel
from trialog.knowledge import Library, shipped
from trialog.synthetic.generate import PER_BUCKET, generate

_MOST_SHOWN = 20


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.cohort", description="The cohort engine held to the reference."
    )
    parser.add_argument("--patients", type=int, default=None)
    parser.add_argument("--programs", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--as-found", action="store_true")
    given = parser.parse_args(arguments)
    wrong = given.programs > 0 and _programs(given.programs, given.seed, given.jobs, not given.as_found)
    patients = (0 if given.programs else 20_000) if given.patients is None else given.patients
    return 1 if (patients > 0 and _patients(patients, given.seed)) or wrong else 0


def _programs(programs: int, seed: int, jobs: int, small: bool) -> bool:
    """Whether anything differs in charts of programs made at random."""
    began = time.monotonic()
    compared, wrong = run_many(programs, seed, jobs, small)
    for found in wrong:
        print(found, end="\n\n")
    seconds = time.monotonic() - began
    print(f"programs      {compared.programs:,}, {compared.compiled:,} of them also compiled, in {seconds:.0f} s")
    print(f"refused       {sum(compared.refused.values()):,} programs")
    for reason, times in sorted(compared.refused.items(), key=lambda item: -item[1]):
        print(f"              {times:,}: {reason}")
    print(f"charts        {compared.charts:,}, of which {compared.given_back:,} were given back to the reference")
    print(f"answers       {compared.answers:,}")
    print(f"differences   {len(wrong)}", flush=True)
    return bool(wrong)


def _patients(patients: int, seed: int) -> bool:
    """Whether anything differs in charts of synthetic patients, by the shipped rules."""
    library = Library(shipped())
    program, _ = library.program(library.trials[0])
    assert program is not None
    screener = Screener(program)
    compared = Compared()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        buckets = -(-patients // PER_BUCKET)
        generate(store, patients, seed, buckets, program.vocabulary, lambda _: None)
        ready = kernel(screener)
        found = list(islice(differences(open_store(store, program.vocabulary), ready, screener, compared), _MOST_SHOWN))
    for difference in found:
        print(difference)
    print(f"patients      {compared.patients:,}, of whom {compared.given_back:,} were given back to the reference")
    print(f"answers       {compared.answers:,}")
    print(f"differences   {len(found)}{' and perhaps more' if len(found) == _MOST_SHOWN else ''}")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
