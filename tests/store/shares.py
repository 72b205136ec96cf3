"""How the statuses of every atom are shared out among synthetic patients: `python -m tests.store.shares [PATIENTS [SEED]]`."""

import sys
import tempfile
from collections import Counter
from pathlib import Path

from trialog.answers import Screener, Status
from trialog.charts.read import read_charts
from trialog.knowledge import Library, shipped
from trialog.synthetic.generate import generate

TRIAL = "car-nk-b-cell-children"


def shares(patients: int, seed: int) -> tuple[dict[str, Counter[Status]], dict[str, Counter[str]]]:
    """Of each atom how many patients have each status, and of each cohort each verdict, by the reference."""
    program, _ = Library(shipped()).program(TRIAL)
    assert program is not None
    screener = Screener(program, {})
    atoms: dict[str, Counter[Status]] = {a.identifier: Counter() for a in program.atoms.values()}
    verdicts: dict[str, Counter[str]] = {c: Counter() for c in program.cohorts}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store"
        generate(path, patients, seed, 1, program.vocabulary, lambda _: None)
        for read in read_charts(path, program.vocabulary):
            assert read.chart is not None, read.problems
            assert read.chart.screening is not None
            answers = screener.screen(read.chart, read.chart.screening)
            for identifier, found in atoms.items():
                found[answers.atom(identifier)] += 1
            for cohort, said in verdicts.items():
                said[answers.verdict(cohort).value] += 1
    return atoms, verdicts


def main() -> None:
    """Print the shares."""
    patients = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    atoms, verdicts = shares(patients, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    for name, found in sorted(atoms.items()):
        print(f"{name:4}" + "".join(f"  {s.value} {100 * found[s] / patients:5.1f} %" for s in Status))  # noqa: T201
    for cohort, said in verdicts.items():
        print(cohort, {verdict: f"{100 * n / patients:.1f} %" for verdict, n in said.items()})  # noqa: T201


if __name__ == "__main__":
    main()
