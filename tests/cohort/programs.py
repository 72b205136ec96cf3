"""Programs and charts made at random whose numbers are the hardest for whole codes: between ticks, at their end and beyond."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from tests.agreement.choices import Choices
from tests.agreement.making import Making
from tests.agreement.programs import DAYS, SCREENING, VOCABULARY, Made, sound
from tests.agreement.suite import Subject, rules_of
from tests.agreement.trials import SMALL, chart_of
from tests.agreement.walk import changed
from trialog.charts.chart import Chart, Record
from trialog.codes import LARGEST_CODE, TICKS_PER_UNIT
from trialog.tree import Number
from trialog.values import Exact, Interval, exact

TICK = Fraction(1, TICKS_PER_UNIT)
LARGEST = Fraction(LARGEST_CODE, 2 * TICKS_PER_UNIT)
CHARTED: tuple[Exact, ...] = (
    30, 5, 29, 60, 30, 5, 0, Fraction(1, 3), Fraction(10, 3), Fraction(20, 3), 30 + TICK, 30 - TICK, 30 + TICK / 2, 30 + TICK / 3,
    30 - TICK / 2, 5 - TICK / 7, TICK / 2, TICK, Fraction(5, 2), 15, LARGEST, LARGEST + TICK, LARGEST + TICK / 2, LARGEST - TICK,
    LARGEST * 2, LARGEST * 2 + 1, 10**9, 10**12,
)  # fmt: skip
"""What a chart may hold of an amount, after its conversion to the column's unit."""
WRITTEN: tuple[Exact, ...] = (
    30, 5, 29, 60, 0, Fraction(1, 2), Fraction("30.00001"), Fraction("30.000005"), Fraction("3.333333333"), 15, 10**6,
    Fraction("1374389.53472"), Fraction("1374389.53473"), 3_000_000, 10**9, 10**12,
)  # fmt: skip
"""What an author may write."""


@dataclass(frozen=True)
class Case:
    """A program, and charts about what it asks for."""

    made: Made
    subject: Subject
    charts: tuple[Chart, ...]

    def __repr__(self) -> str:
        return f"{self.made.page()[0].text}\nunder {dict(self.subject.readings)}"


def case(choices: Choices, hard: bool = True) -> Case | None:
    """A program by these choices, None where nothing sound comes of them; with `hard` numbers, or with simple ones."""
    made = Making(choices, SMALL).program()
    if hard:
        sections = tuple((cohort, tuple(_hardened(r, choices) for r in rules)) for cohort, rules in made.sections)
        made = replace(made, sections=sections)
    ready = sound(made)
    if ready is None:
        return None
    made, program = ready
    readings = {"strictness": choices.one(("strict", "loose"))}
    numbers = CHARTED if hard else (30, 5, 29, 60)
    subject = Subject(program, rules_of(VOCABULARY, made.page()[0]), readings, DAYS, numbers, SCREENING, 1)
    charts = [chart_of(made, subject, choices) for _ in range(1 + choices.below(4))]
    if hard:
        charts = [replace(c, records=tuple(_harder(c.records, choices))) for c in charts]
    return Case(made, subject, tuple(charts))


def _hardened[T](rule: T, choices: Choices) -> T:
    def harden(node: object) -> object:
        if isinstance(node, Number) and node.unit is not None and choices.chance(30):
            return replace(node, value=choices.one(WRITTEN))
        return node

    return changed(rule, harden)


def _harder(records: tuple[Record, ...], choices: Choices) -> Iterator[Record]:
    """Now and then an amount by less than a tick beside another, or a third of it."""
    for record in records:
        values = list(record.values)
        for i, v in enumerate(values):
            if isinstance(v, Interval) and v.is_point and 0 < v.low < 10**5 and choices.chance(15):
                near = exact(choices.one((v.low + TICK / 2, v.low - TICK / 2, Fraction(v.low) / 3, v.low + TICK)))
                values[i] = Interval(near, near)
        yield replace(record, values=tuple(values))
