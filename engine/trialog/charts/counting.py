"""Which records count at screening, and how surely."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from trialog.charts.chart import Chart, Denied, Record, Value
from trialog.charts.latest import hull, is_sure
from trialog.values import FIRST_DAY, LAST_DAY, Cause, Exact, Interval
from trialog.vocabulary import Relation, Vocabulary


@dataclass(frozen=True, slots=True)
class Counted:
    """A record that may count at screening: its days held to the screening date, and whether it surely counts."""

    record: Record
    when: Interval
    sure: bool
    doubt: Cause | None
    joint: tuple[Value, ...] | None = None  # what surely holds where results of one moment give several answers


class Counting:
    """The records of one chart that count on the day `screening`, by relation."""

    def __init__(self, chart: Chart, screening: int, vocabulary: Vocabulary) -> None:
        self.chart = chart
        self.screening = screening
        self.vocabulary = vocabulary
        self.denied = tuple(
            d for d in chart.denied if d.through.low <= screening
        )  # what was denied later was not known
        self.counted: dict[str, list[Counted]] = {name: [] for name in vocabulary.relations}
        for record in chart.records:
            self.count(record, vocabulary.relations[record.relation])

    def count(self, record: Record, relation: Relation) -> None:
        begin_at = relation.position("on") if relation.position("on") is not None else relation.position("from")
        begin = record.values[begin_at] if begin_at is not None else None
        if not isinstance(begin, Interval):
            self.counted[relation.name].append(
                Counted(record, Interval(FIRST_DAY, self.screening), is_sure(record), None)
            )
            return
        if begin.low > self.screening:
            return
        values = list(record.values)
        held = self.held(begin)
        values[begin_at or 0] = held
        end_at = relation.position("to")
        if end_at is not None and isinstance(end := record.values[end_at], Interval):
            values[end_at] = self.held(
                Interval(min(max(end.low, begin.low), LAST_DAY), max(end.high, begin.low), end.cause)
            )
        denials = [d for d in self.denied if self.denies(d, relation, values, begin)]
        sure = is_sure(record) and begin.high <= self.screening
        doubt = None if sure else Cause.MISSING if not is_sure(record) else Cause.IMPRECISE
        if denials:
            sure, doubt = False, Cause.CONFLICTING
        self.counted[relation.name].append(Counted(replace(record, values=tuple(values)), held, sure, doubt))

    def held(self, when: Interval) -> Interval:
        """The days up to screening: what comes after it is not known at screening."""
        low, high = min(when.low, self.screening), min(when.high, self.screening)
        return Interval(low, high, when.cause if low < high else None)

    def denies(self, denied: Denied, relation: Relation, values: Sequence[Value], begin: Interval) -> bool:
        about = relation.concept_column
        return (
            denied.relation == relation.name
            and about is not None
            and begin.low <= denied.through.high
            and self.vocabulary.is_a(str(values[about]), denied.concept)
        )

    def drawn_together(self, counted: Sequence[Counted], relation: Relation) -> Iterable[Counted]:
        """The results, those of one measure that may be of the same moment drawn to the interval around them all."""
        about = relation.concept_column or 0
        of_day: dict[tuple[str, Exact], list[Counted]] = {}
        roughly: dict[str, list[Counted]] = {}
        for c in counted:
            concept = str(c.record.values[about])
            if c.when.is_point:
                of_day.setdefault((concept, c.when.low), []).append(c)
            else:
                roughly.setdefault(concept, []).append(c)
        for c in counted:
            concept = str(c.record.values[about])
            others = of_day.get((concept, c.when.low), []) if c.when.is_point else self.counted[relation.name]
            near = [
                o
                for o in (*others, *roughly.get(concept, ()))
                if o.record.values[about] == concept and o.when.low <= c.when.high and c.when.low <= o.when.high
            ]
            yield self.drawn(c, near, relation) if len(near) > 1 else c

    def drawn(self, c: Counted, near: Sequence[Counted], relation: Relation) -> Counted:
        """The result with its numbers drawn to those near it; not sure where it has another answer than they."""
        on_at = relation.position("on")
        values: list[Value] = []
        agreed = True
        for i, value in enumerate(c.record.values):
            others = [o.record.values[i] for o in near]
            if isinstance(value, Interval) and i != on_at:
                values.append(hull([o for o in others if isinstance(o, Interval)], same_day=True))
            else:
                values.append(value)
                agreed = agreed and (i == on_at or all(o == value for o in others))
        record = replace(c.record, values=tuple(values))
        if agreed or not c.sure:
            return replace(c, record=record)
        return replace(c, record=record, sure=False, doubt=Cause.CONFLICTING, joint=self.joint(values, near))

    def joint(self, values: Sequence[Value], near: Sequence[Counted]) -> tuple[Value, ...]:
        """The values, and for each answer the narrowest class that all the answers are in."""
        return tuple(
            v if isinstance(v, Interval) else self.vocabulary.joint(str(o.record.values[i]) for o in near)
            for i, v in enumerate(values)
        )
