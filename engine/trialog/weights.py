"""The measure by which one amount of a record follows from another: the body weight between a dose and a dose by weight."""

from collections.abc import Iterator
from fractions import Fraction

from trialog.charts.chart import Chart, Record, Standing
from trialog.charts.rows import filled
from trialog.outcomes import Outcomes
from trialog.telling import cells
from trialog.values import GREATEST, Cause, Exact, Interval, exact, point
from trialog.vocabulary import Relation

_LEAST_WEIGHT = Fraction(1, 1000)  # what amounts are divided by is above zero


def weights(
    outcomes: Outcomes, chart: Chart, relation: Relation, concept: str, day: int, owner: Relation, record: Record
) -> list[list[Record]] | None:
    """The results that may be found of the day: one for each piece and single ones in it; None where one is recorded."""
    about, value = relation.concept_column or 0, relation.position("value")
    on = relation.position("on")
    if value is None or on is None or any(
        r.relation == relation.name and r.values[about] == concept and r.standing is Standing.CONFIRMED
        and isinstance(when := r.values[on], Interval) and when.high <= day
        for r in chart.records
    ):  # fmt: skip
        return None
    pieces = cells(_turning(outcomes, owner, record), Interval(_LEAST_WEIGHT, GREATEST), dated=False)
    options = [outcomes.option(c, dated=False) for c in pieces]
    of, vocabulary = relation.columns[about].name, outcomes.vocabulary
    return [
        [
            Record(relation.name, filled(relation, {of: concept, "value": v, "on": point(day)}, vocabulary))
            for v in (o.value, *o.points)
        ]
        for o in options
    ]


def _turning(outcomes: Outcomes, relation: Relation, record: Record) -> Iterator[Exact]:
    """The measure's values at which what follows from it reaches a telling amount."""
    p = relation.product
    whole, part = (relation.position(p.whole), relation.position(p.part)) if p is not None else (None, None)
    assert whole is not None and part is not None
    concept = str(record.values[relation.concept_column or 0])
    known, follows = (whole, part) if getattr(record.values[part], "cause", None) is Cause.MISSING else (part, whole)
    amount = record.values[known]
    assert isinstance(amount, Interval)
    for turn in outcomes.telling.turns(relation.name, concept, follows):
        for end in (amount.low, amount.high):
            if turn > 0 and 0 < end < GREATEST:
                yield exact(Fraction(end) / turn if known == whole else Fraction(turn) / end)
