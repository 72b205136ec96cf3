"""Charts made of small and telling values, so that thresholds are met, missed and hit; and charts that say more than another."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.agreement.choices import Choices
from tests.agreement.completing import PATIENT, Domain
from trialog.charts.chart import Chart, Denied, Judgement, Record, Reviewed, Standing, Value
from trialog.charts.dates import period
from trialog.values import GREATEST, LAST_DAY, LEAST, UNKNOWN_AMOUNT, Cause, Interval, days, point
from trialog.vocabulary import Coded, Dated, Kind, Measured, Relation, Vocabulary

_LENGTHS = (0, 1, 27, 28, 29, 30, 59, 60, 89, 90, 91, 92, 183, 365, 366)


@dataclass(frozen=True, slots=True)
class Charts:
    """Makes charts about the domain's relations; `rich` is about how many records there are of each."""

    choices: Choices
    vocabulary: Vocabulary
    domain: Domain
    rich: int

    def chart(self) -> Chart:
        relations = [self.vocabulary.relations[name] for name in sorted(self.domain.relations)]
        records: list[Record] = []
        for relation in relations:
            match relation.kind:
                case Kind.EVENT | Kind.MEASURE:
                    for _ in range(self.choices.below(self.rich + 1)):
                        records.append(self.record(relation, records))
                case Kind.ATTRIBUTE:
                    records += [self.record(relation, []) for _ in range(self.choices.one((0, 1, 1, 2)))]
                case Kind.KNOWN | Kind.JUDGEMENT:
                    pass
        judged = [r for r in relations if r.kind is Kind.JUDGEMENT]
        judgements = [self.judgement(r) for r in judged for _ in range(self.choices.below(3))]
        dated = [r for r in relations if r.kind in (Kind.EVENT, Kind.MEASURE)]
        reviewed = [Reviewed(r.name, *self.statement(r)) for r in dated if self.choices.chance(75)]
        reviewed += [Reviewed(r.name, *self.statement(r)) for r in dated if self.choices.chance(15)]
        denied = [Denied(r.name, *self.statement(r)) for r in dated if self.choices.chance(20)]
        return Chart(PATIENT, None, tuple(records), tuple(judgements), tuple(reviewed), tuple(denied))

    def statement(self, relation: Relation) -> tuple[str, Interval]:
        """What a review or a denial is about, and through when."""
        root = _root(relation)
        here = self.domain.screening
        through = (point(here), point(here), point(here + 9), days("2024"), days("2024-03"))
        concept = root if self.choices.chance(60) else self.concept(root)
        return concept, self.choices.one((*through, self.day()))

    def concept(self, root: str) -> str:
        """A leaf most of the time, now and then a class."""
        under = self.vocabulary.descendants[root]
        some = sorted(under & self.vocabulary.leaves)
        return self.choices.one(sorted(under) if self.choices.chance(25) else some)

    def day(self) -> Interval:
        day = self.choices.one(self.domain.days)
        whole = point(day)
        match self.choices.below(10):
            case 9:
                return days(_written(day)[:4])
            case 8 | 7:
                return days(_written(day)[:7])
            case 6:
                other = self.choices.one(self.domain.days)
                return Interval(min(day, other), max(day, other), None if day == other else Cause.IMPRECISE)
            case 5:
                return point(day + self.choices.one((-1, 1)))
            case _:
                return whole

    def number(self, measure: bool) -> Interval:
        value = self.choices.one(self.domain.numbers)
        match self.choices.below(12):
            case 11:
                return Interval(0, value, Cause.IMPRECISE) if value > 0 else point(value)
            case 10:
                return Interval(value, GREATEST, Cause.IMPRECISE)
            case 9:
                other = self.choices.one(self.domain.numbers)
                return Interval(min(value, other), max(value, other), None if value == other else Cause.IMPRECISE)
            case 8:
                unknown = Interval(LEAST, GREATEST, Cause.MISSING)
                return unknown if measure and self.choices.chance(20) else UNKNOWN_AMOUNT
            case _:
                return point(value)

    def value(self, type_: object) -> Value:
        match type_:
            case Dated():
                return self.day()
            case Coded(root):
                return self.concept(root)
            case _:
                return self.number(isinstance(type_, Measured))

    def record(self, relation: Relation, others: list[Record]) -> Record:
        values = [self.value(c.type) for c in relation.columns]
        if (to := relation.position("to")) is not None and (from_ := relation.position("from")) is not None:
            ends = [v for o in others if o.relation == relation.name and isinstance(v := o.values[to], Interval)]
            values[from_], values[to] = self.term(ends)
        if others and self.choices.chance(30):  # of the same concept as another, so that some are joined
            about = relation.concept_column or 0
            values[about] = next((o.values[about] for o in others if o.relation == relation.name), values[about])
        return Record(
            relation.name, tuple(values), Standing.UNCONFIRMED if self.choices.chance(12) else Standing.CONFIRMED
        )

    def term(self, ends: list[Interval]) -> tuple[Interval, Interval]:
        """The beginning and the end of a period, the first perhaps just after another's end."""
        begin: Interval | None = self.day()
        end: Interval | None = self.day()
        if ends and self.choices.chance(30):
            begin = point(
                min(int(self.choices.one(ends).high), self.domain.screening) + self.choices.one((1, 0, 2, 8, 9))
            )
        if begin is not None and self.choices.chance(50):
            low = int(begin.low) + self.choices.one(_LENGTHS)
            end = Interval(low, low + int(begin.high - begin.low), begin.cause)
        if self.choices.chance(10):
            begin = None
        if self.choices.chance(15):
            end = None
        try:
            return period(begin, end)
        except ValueError:
            return period(end, begin)

    def judgement(self, relation: Relation) -> Judgement:
        question = self.choices.one(sorted(self.vocabulary.descendants[_root(relation)] & self.vocabulary.leaves))
        until = self.choices.one((point(LAST_DAY), point(self.domain.screening), self.day()))
        return Judgement(question, self.choices.one(("agreed", "refused")), self.day(), until, "dr")


def _root(relation: Relation) -> str:
    column = relation.columns[relation.concept_column or 0].type
    assert isinstance(column, Coded)
    return column.root


def _written(day: int) -> str:
    from datetime import date

    return date.fromordinal(day).isoformat()


# -- more and less -------------------------------------------------------------------------------------------------


def saying_more(chart: Chart, vocabulary: Vocabulary, domain: Domain) -> Iterator[Chart]:
    """Charts that say one thing more than this one, and contradict nothing of it: each completion of theirs is one of its own.

    A result newer than the last one is no such thing, nor is any record where rules ask what is `recorded`.
    """
    for new in _happening(chart, vocabulary, domain):
        yield replace(chart, records=(*chart.records, new))
    signed = {j.question for j in chart.judgements}
    for relation in (vocabulary.relations[name] for name in sorted(domain.relations)):
        if relation.kind is Kind.JUDGEMENT:
            for question in sorted(vocabulary.descendants[_root(relation)] - signed):
                for decision in ("agreed", "refused"):
                    signature = Judgement(question, decision, point(domain.screening), point(LAST_DAY), "dr")
                    yield replace(chart, judgements=(*chart.judgements, signature))
    denied = {d.relation for d in chart.denied}
    for i, r in enumerate(chart.records):
        if r.relation in denied:  # another day or another member may be denied where this one is not
            continue
        relation = vocabulary.relations[r.relation]
        if r.standing is Standing.UNCONFIRMED:
            yield replace(chart, records=(*chart.records[:i], *chart.records[i + 1 :]))
            if relation.kind is not Kind.ATTRIBUTE:  # of which another value may be recorded for sure
                yield _with(chart, i, replace(r, standing=Standing.CONFIRMED))
        for j, v in enumerate(r.values):
            if isinstance(v, str):
                for member in sorted(vocabulary.descendants[v] - {v}):
                    yield _with(chart, i, replace(r, values=(*r.values[:j], member, *r.values[j + 1 :])))
            elif not v.is_point and relation.columns[j].name not in ("from", "to"):
                low = max(v.low, -1000)
                high = v.high if v.high <= LAST_DAY else low + 100
                middle = low + (high - low) // 2
                for least, most in ((low, low), (high, high), (low, middle), (middle, high)):
                    narrower = Interval(least, most, v.cause if least < most else None)
                    yield _with(chart, i, replace(r, values=(*r.values[:j], narrower, *r.values[j + 1 :])))


def _happening(chart: Chart, vocabulary: Vocabulary, domain: Domain) -> Iterator[Record]:
    """Events, and measures of which nothing is recorded, where nothing says that there were none."""
    closed = {s.relation for s in (*chart.reviewed, *chart.denied)}
    recorded = {r.relation for r in chart.records}
    for name in sorted(domain.relations - closed):
        relation = vocabulary.relations[name]
        if relation.kind is Kind.EVENT or (relation.kind is Kind.MEASURE and name not in recorded):
            for leaf in sorted(vocabulary.descendants[_root(relation)] & vocabulary.leaves):
                values = [_simplest(c.type, vocabulary, domain) for c in relation.columns]
                values[relation.concept_column or 0] = leaf
                yield Record(name, tuple(values))


def _simplest(type_: object, vocabulary: Vocabulary, domain: Domain) -> Value:
    match type_:
        case Dated():
            return point(domain.days[0])
        case Coded(root):
            return min(vocabulary.descendants[root] & vocabulary.leaves)
        case _:
            return point(domain.numbers[0])


def saying_less(chart: Chart) -> Iterator[Chart]:
    """The chart without one of its statements that close a history."""
    for i in range(len(chart.reviewed)):
        yield replace(chart, reviewed=(*chart.reviewed[:i], *chart.reviewed[i + 1 :]))


def _with(chart: Chart, i: int, record: Record) -> Chart:
    return replace(chart, records=(*chart.records[:i], record, *chart.records[i + 1 :]))
