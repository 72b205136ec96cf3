"""What is derived is derived in one order, whatever order a process gives to its sets: a seal must not hang on that."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAM = """
import hashlib
from trialog.answers import Screener
from trialog.charts.facts import facts
from trialog.charts.read import read_charts
from trialog.knowledge import Library, shipped

library = Library(shipped())
program, _ = library.program(library.trials[0])
screener = Screener(program)
whole = hashlib.sha256()
for read in list(read_charts(library.folder(library.trials[0]) / "cases", program.vocabulary))[:8]:
    found = facts(read.chart, read.chart.screening, program.vocabulary, screener.plain.asked)
    rows = screener.engine.run(found)
    derived = [(name, list(rows[name])) for name in rows.found if name not in screener.plan.facts]
    whole.update(repr([(name, list(some)) for name, some in found.items()]).encode())
    whole.update(repr(sorted(derived)).encode())
print(whole.hexdigest())
"""


def test_rows_are_found_in_the_same_order_in_every_process() -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1
