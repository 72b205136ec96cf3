"""The shipped protocols and their own cases, held to every completion that is looked at."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tests.agreement.choices import seeded
from tests.agreement.completing import PATIENT
from tests.agreement.completions import completed
from tests.agreement.suite import Counterexample, Subject, rules_of
from tests.agreement.walk import within
from trialog.answers import Status
from trialog.charts.chart import Chart
from trialog.charts.read import read_charts
from trialog.knowledge import Library, read, shipped
from trialog.tree import Length, Number
from trialog.values import Exact, shift

_AT_LEAST = 10  # completions of each chart, also where nothing is left to be told apart


@dataclass
class Shares:
    """Of the statuses of a trial's atoms and criteria: how many there are, unknown and avoidably so, by relation."""

    charts: int = 0
    completions: int = 0
    statuses: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    avoidable: Counter[str] = field(default_factory=Counter)
    disagreement: Counterexample | None = None


def subject_of(library: Library, trial: str, screening: int) -> Subject:
    """The trial's program, ready for a chart of that screening date, with the days and numbers that tell in its rules."""
    program, problems = library.program(trial)
    assert program is not None, problems
    sources = [s for path in library.files(trial)[:-1] if (s := read(path, [])) is not None]
    rules = rules_of(*sources)
    own = rules_of(sources[-1])
    numbers = {n.value for r in own for n in within(r, Number)}
    lengths = {x.duration for r in own for x in within(r, Length)}
    days = {screening, screening - 1, *(shift(screening, d, -1) + by for d in lengths for by in (-1, 0, 1))}
    readings = {name: r.default for name, r in program.readings.items()}
    telling: set[Exact] = {n + by for n in numbers for by in (0, 1, -1)}
    return Subject(
        program,
        rules,
        readings,
        tuple(sorted(days, reverse=True)),
        tuple(sorted(n for n in telling if n >= 0)),
        screening,
        1,
    )


def cases(library: Library, trial: str) -> Iterator[Chart]:
    """The trial's cases, each as the chart of the one patient of these tests."""
    program, _ = library.program(trial)
    assert program is not None
    for one in read_charts(library.folder(trial) / "cases", program.vocabulary):
        if one.chart is not None and one.chart.screening is not None:
            yield replace(one.chart, patient=PATIENT)


def shares(library: Library, trial: str, most: int, seed: int, at_most: int | None = None) -> Shares:
    """What is said of the trial's cases, against completions until each unknown status was seen both ways, or `most` were made."""
    found = Shares()
    subjects: dict[int, Subject] = {}
    for i, chart in enumerate(cases(library, trial)):
        if at_most is not None and found.charts >= at_most:
            break
        assert chart.screening is not None
        if chart.screening not in subjects:
            subjects[chart.screening] = subject_of(library, trial, chart.screening)
        subject = subjects[chart.screening]
        named = {a.relation for a in subject.program.atoms.values()} | {c.relation for c in subject.program.criteria}
        said = {c: s for c, s in subject.statuses(chart).items() if c in named}
        held: dict[str, set[bool]] = {c: set() for c in said}
        unknown = [c for c, s in said.items() if s is Status.UNKNOWN]
        for n in range(most):
            if n >= _AT_LEAST and all(len(held[c]) == 2 for c in unknown):
                break
            world = completed(chart, subject.program.vocabulary, subject.domain, seeded(f"{seed} {i} {n}"))
            if world is None:
                continue
            found.completions += 1
            truths = subject.truths(world)
            for c, status in said.items():
                held[c].add(truths[c])
                if status is not Status.UNKNOWN and truths[c] != (status is Status.MET):
                    found.disagreement = Counterexample(
                        f"`{c}` is {status.value}", chart, f"not so where\n{world.told}"
                    )
                    return found
        found.charts += 1
        found.statuses += len(said)
        found.unknown.update(unknown)
        found.avoidable.update(c for c in unknown if len(held[c]) == 1)
    return found


def report(most: int, seed: int) -> tuple[str, bool]:
    """What there is to say of every shipped trial, and whether anything disagrees."""
    library = Library(shipped())
    lines: list[str] = []
    wrong = False
    for trial in library.trials:
        found = shares(library, trial, most, seed)
        unknown, avoidable = found.unknown.total(), found.avoidable.total()
        share = f"{100 * avoidable / unknown:.1f} %" if unknown else "none"
        lines += [
            f"{trial}: {found.charts} cases, {found.statuses:,} statuses, {unknown:,} unknown",
            f"  {found.completions:,} completions looked at, up to {most} of each case",
            f"  avoidable unknowns: {share} at most, where none of these was found to differ",
        ]
        lines += [f"    {c}: {n} of {found.unknown[c]}" for c, n in found.avoidable.most_common(12)]
        if found.disagreement is not None:
            wrong = True
            lines.append(str(found.disagreement))
    return "\n".join(lines), wrong
