"""`python -m tests.cohort`: synthetic patients screened by the kernel and by the reference; what differs, if anything.

--patients N    how many to make up (default: 20000)
--seed N        others for another number (default: 0)
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from tests.cohort.equal import Compared, differences
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
    parser.add_argument("--patients", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    library = Library(shipped())
    program, _ = library.program(library.trials[0])
    assert program is not None
    screener = Screener(program)
    compared = Compared()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        buckets = -(-given.patients // PER_BUCKET)
        generate(store, given.patients, given.seed, buckets, program.vocabulary, lambda _: None)
        ready = kernel(screener)
        found = list(islice(differences(open_store(store, program.vocabulary), ready, screener, compared), _MOST_SHOWN))
    for difference in found:
        print(difference)
    print(f"patients      {compared.patients:,}, of whom {compared.given_back:,} were given back to the reference")
    print(f"answers       {compared.answers:,}")
    print(f"differences   {len(found)}{' and perhaps more' if len(found) == _MOST_SHOWN else ''}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
