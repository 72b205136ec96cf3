"""How long one patient takes once everything is loaded: `python tests/bench.py [CHARTS]` prints milliseconds.

Everything is done to one patient before the next, so that a busy machine slows all of it alike; of some rounds the median
counts. Printed are the median and the most over the patients, and how many screenings fit into it: the median of what each patient
takes against the statuses and verdicts of the same patient. Time is the processor's, not the clock's.

Without CHARTS the trial's own cases are screened. Whole-process time is measured from outside, for example with
`hyperfine 'trialog screen car-nk-b-cell-children'`.
"""

import gc
import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from time import process_time

from trialog.answers import Screener
from trialog.certificates.certify import About, Certifier
from trialog.certificates.verify import verify
from trialog.charts.chart import Chart
from trialog.charts.facts import facts
from trialog.charts.read import read_charts
from trialog.knowledge import Library, shipped
from trialog.proof import Explanations

ROUNDS = 5
SCREENING = "statuses and verdicts"


def taken(of: Callable[[Chart], object], chart: Chart) -> float:
    """Milliseconds."""
    start = process_time()
    of(chart)
    return (process_time() - start) * 1000


def main() -> None:
    gc.set_threshold(100_000)  # as the command line does
    library = Library(shipped())
    trial = library.trials[0]
    program, problems = library.program(trial)
    if program is None:
        sys.exit(f"{trial}: {len(problems)} problems; see `trialog check`")
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else library.folder(trial) / "cases"
    charts = [read.chart for read in read_charts(path, program.vocabulary) if read.chart is not None]
    screener = Screener(program)
    today = date.today().toordinal()

    def day(chart: Chart) -> int:
        return chart.screening if chart.screening is not None else today

    def verdicts(chart: Chart) -> None:
        answers = screener.screen(chart, day(chart))
        for cohort in program.cohorts:
            answers.atoms(cohort)
            answers.verdict(cohort)

    def explained(chart: Chart) -> None:
        explanations = Explanations(screener.screen(chart, day(chart)))
        for atom in program.atoms.values():
            explanations.of(atom.relation)

    screened = {chart.patient: screener.screen(chart, day(chart)) for chart in charts}

    def proofs(chart: Chart) -> None:
        explanations = Explanations(screened[chart.patient])
        for atom in program.atoms.values():
            explanations.of(atom.relation)

    certifier = Certifier(screener, library=library, trial=trial)
    about = About(trial, "0" * 64, "0" * 64, ())
    made = {
        id(chart): certifier.certificate(screener.screen(chart, day(chart)), about, program.cohorts) for chart in charts
    }
    written = {id(chart): json.dumps(made[id(chart)]) for chart in charts}

    def certified(chart: Chart) -> None:
        certifier.certificate(screener.screen(chart, day(chart)), about, program.cohorts)

    rows: list[tuple[str, Callable[[Chart], object]]] = [
        ("chart to rows", lambda chart: facts(chart, day(chart), program.vocabulary, screener.plain.asked)),
        (SCREENING, verdicts),
        ("every proof alone", proofs),
        ("statuses with every proof", explained),
        ("with certificates", certified),
        ("check of certificates", lambda chart: verify(made[id(chart)])),
        ("and reading its JSON", lambda chart: verify(json.loads(written[id(chart)]))),
    ]
    times: dict[str, list[float]] = {name: [] for name, _ in rows}  # one for each patient
    for chart in charts:
        for name, run in rows:
            times[name].append(median([taken(run, chart) for _ in range(ROUNDS)]))
    print(f"{len(charts)} patients, {ROUNDS} rounds, in ms{'':<8}median     most  screenings")  # noqa: T201 (a command prints)
    for name, mine in times.items():
        ratio = median([one / alone for one, alone in zip(mine, times[SCREENING], strict=True)])
        print(f"{name:<34}{median(mine):8.2f} {max(mine):8.2f} {ratio:8.1f} ×")  # noqa: T201 (a command prints)


if __name__ == "__main__":
    main()
