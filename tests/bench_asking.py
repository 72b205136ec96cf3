"""How long `needs` and `near` take: `python tests/bench_asking.py [SECONDS]` prints medians in ms over the trial's own cases.

Charts that are decided need no search, and are left out of `needs`.
"""

import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter

from trialog.answers import Answers, Screener
from trialog.charts.read import read_charts
from trialog.knowledge import Library, shipped
from trialog.near import near
from trialog.needs import Needs, Wish, needs_of_cohort


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    library = Library(shipped())
    trial = library.trials[0]
    program, problems = library.program(trial)
    if program is None:
        sys.exit(f"{trial}: {len(problems)} problems; see `trialog check`")
    screener = Screener(program)
    charts = [r.chart for r in read_charts(library.folder(trial) / "cases", program.vocabulary) if r.chart is not None]
    every = [screener.screen(c, c.screening) for c in charts if c.screening is not None]
    cohorts = tuple(program.cohorts)
    asked: list[tuple[str, Callable[[Answers, str], str | None]]] = [
        ("settle", lambda a, c: said(needs_of_cohort(a, c, seconds=seconds))),
        ("make eligible", lambda a, c: said(needs_of_cohort(a, c, Wish.MAKE_ELIGIBLE, seconds=seconds))),
        ("near", lambda a, c: near(a, c, seconds=seconds).cut),
    ]
    for name, ask in asked:
        taken: list[float] = []
        cut = 0
        for answers in every:
            for cohort in cohorts if name != "near" else cohorts[:1]:
                start = perf_counter()
                found = ask(answers, cohort)
                if found is not None:
                    taken.append((perf_counter() - start) * 1000)
                    cut += bool(found)
        print(f"{name:<16}{len(taken):>4} asked, {cut} cut off   median {median(taken):8.1f}   most {max(taken):8.1f}")  # noqa: T201


def said(needs: Needs) -> str | None:
    """Why there may be more sets; None where nothing was searched."""
    return None if needs.is_settled else needs.cut


if __name__ == "__main__":
    main()
