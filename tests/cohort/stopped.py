"""`python -m tests.cohort.stopped STORE FOLDER AFTER`: a run that is killed while it writes its bucket of that number."""

import os
import signal
import sys
from pathlib import Path

import pyarrow.parquet as pq

from tests.agreement.trials import SMALL
from tests.cohort.stores import run
from trialog.charts.store_read import open_store
from trialog.cohort.run import run_all


def main(store: str, folder: str, after: str) -> None:
    left = int(after)
    write_table = pq.write_table

    def write(table: object, where: Path, **given: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            where.write_bytes(b"PAR1 half of a bucket")
            os.kill(os.getpid(), signal.SIGKILL)
        write_table(table, where, **given)

    pq.write_table = write
    run_all(run(open_store(Path(store), SMALL), Path(folder)), jobs=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
