"""`python -m tests.cohort.stopped STORE FOLDER AFTER SUFFIX`: a run that is killed while it writes the file AFTER so many others.

SUFFIX says which files are meant.
"""

import os
import signal
import sys
from pathlib import Path
from unittest.mock import patch

from tests.agreement.trials import SMALL
from tests.cohort.stores import run
from trialog.charts.store_read import open_store
from trialog.cohort.run import run_all


def main(store: str, folder: str, after: str, suffix: str) -> None:
    left = int(after)
    replace = Path.replace

    def stop(self: Path, target: Path) -> Path:
        nonlocal left
        left -= target.suffix == suffix
        if left < 0:
            content = self.read_bytes()
            self.write_bytes(content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return replace(self, target)

    with patch.object(Path, "replace", stop):
        run_all(run(open_store(Path(store), SMALL), Path(folder)), jobs=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
