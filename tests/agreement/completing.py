"""One completion of a chart: every decision that the chart leaves open is taken by `Choices`.

A completion narrows intervals to points and classes to members, lets unconfirmed records have happened or not, adds events and
measures where nothing says that there were none, and decides judgements. It never contradicts what is recorded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from tests.agreement.choices import Choices
from tests.agreement.two_valued import Row, World
from trialog.charts.chart import Chart, Denied, Record, Standing, Value
from trialog.units import unit
from trialog.values import GREATEST, LAST_DAY, Cause, Exact, Interval, exact, point, show_days, show_number
from trialog.vocabulary import Amount, Coded, Column, Dated, Kind, Measured, Relation, Vocabulary

PATIENT = "somebody"


class ImpossibleError(Exception):
    """What is recorded contradicts itself: no patient is like that."""


@dataclass(frozen=True, slots=True)
class Domain:
    """The days and the numbers by which completions are told apart; what they add, at most, and in which relations."""

    screening: int
    days: tuple[int, ...]
    numbers: tuple[Exact, ...]
    most_added: int
    relations: frozenset[str]
    asked: frozenset[tuple[str, str]]  # (measure, concept) of which the latest is asked
    concepts: frozenset[str]  # what rules and facts name: of all else one example will do


class Completion:
    def __init__(self, chart: Chart, vocabulary: Vocabulary, domain: Domain, choices: Choices) -> None:
        self.choices = choices
        self.chart = chart
        self.vocabulary = vocabulary
        self.domain = domain
        self.screening = domain.screening
        # What is denied after screening is not known at screening.
        denied = [d for d in chart.denied if d.through.low <= self.screening]
        self.closed = [
            (s.relation, s.concept, int(self.pick(s.through, domain.days)), isinstance(s, Denied))
            for s in (*chart.reviewed, *denied)
            if s.relation in domain.relations
        ]
        dated = [r for r in chart.records if self.relation(r).kind is not Kind.ATTRIBUTE and self.matters(r)]
        self.recorded = self.agreed(dated)
        if len(set(self.moments(self.recorded))) < len({(r.relation, r.values) for r in self.measures(self.recorded)}):
            raise ImpossibleError  # two results of one moment that were recorded of a class and of its member
        self.added: list[Record] = []
        self.add()
        self.lasts = {asked: self.latest(*asked) for asked in sorted(domain.asked)}
        self.recorded = [self.with_amounts(r) for r in self.recorded]
        self.added = [self.with_amounts(r) for r in self.added]
        self.attributes = list(self.decided_attributes())
        self.questions = frozenset(self.decided_judgements())

    def matters(self, record: Record) -> bool:
        return record.relation in self.domain.relations

    def relation(self, record: Record) -> Relation:
        return self.vocabulary.relations[record.relation]

    def pick(self, of: Interval, telling: Sequence[Exact]) -> Exact:
        """A value of the interval: an end of it, or something telling inside."""
        if of.is_point:
            return of.low
        inside = [n for n in telling if of.low < n < of.high]
        return self.choices.one(list(dict.fromkeys((of.low, of.high, *inside))))

    def telling(self, column: Column) -> Sequence[Exact]:
        return self.domain.days if isinstance(column.type, Dated) else self.domain.numbers

    def leaves(self, concept: str) -> list[str]:
        return sorted(self.vocabulary.descendants[concept] & self.vocabulary.leaves)

    # -- events and measures -------------------------------------------------------------------------------------

    def narrowed(self, record: Record) -> Record:
        """The record with every value a point; a period begins before it ends. Amounts that follow from others can wait."""
        relation = self.relation(record)
        values: list[Value] = []
        from_, to = relation.position("from"), relation.position("to")
        for i, (v, c) in enumerate(zip(record.values, relation.columns, strict=True)):
            if isinstance(v, str):
                values.append(self.choices.one(self.leaves(v)))
            elif relation.product is not None and v.cause is Cause.MISSING and not isinstance(c.type, Dated):
                values.append(v)
            elif i == to and from_ is not None:
                begin = values[from_]
                assert isinstance(begin, Interval)
                after = replace(v, low=max(begin.low, v.low), high=max(begin.low, v.high))
                values.append(point(self.pick(after, self.domain.days)))
            else:
                values.append(point(self.pick(v, self.telling(c))))
        return Record(record.relation, tuple(values))

    def day_of(self, record: Record) -> int:
        relation = self.relation(record)
        at = relation.position("on")
        day = record.values[(relation.position("from") or 0) if at is None else at]
        assert isinstance(day, Interval)
        return int(day.low)

    def about(self, record: Record) -> str:
        return str(record.values[self.relation(record).concept_column or 0])

    def denials(self, record: Record, day: int) -> set[str]:
        """The classes of which the chart says that there was nothing up to that day or later, and the record is one."""
        return {
            concept
            for relation, concept, through, denied in self.closed
            if denied and relation == record.relation and day <= through
            if self.vocabulary.is_a(self.about(record), concept)
        }

    def happened(self, record: Record) -> Record | None:
        """The record as it was, or nothing: where it is not confirmed, or where the chart denies it.

        A class that was recorded is none of its members that are denied while the class is not.
        """
        unconfirmed = record.standing is Standing.UNCONFIRMED
        if unconfirmed and self.choices.one((True, False)):
            return None
        done = self.narrowed(record)
        contradicted = self.denials(record, self.day_of(done))
        if contradicted and self.choices.one((True, False)):
            return None
        if not self.denials(done, self.day_of(done)) <= contradicted:
            raise ImpossibleError  # this member is denied: another way to decide has another one, or nothing
        return done

    def agreed(self, records: Sequence[Record]) -> list[Record]:
        """What happened of the records; two results of one measure on one day say one thing, which lies between them."""
        happened = [(r, done) for r in records if (done := self.happened(r)) is not None]
        one: dict[object, tuple[Value, ...]] = {}
        found: list[Record] = []
        for recorded, done in happened:
            if self.relation(done).kind is not Kind.MEASURE:
                found.append(done)
                continue
            moment = (done.relation, self.about(recorded), self.day_of(done))
            group = [d for r, d in happened if (d.relation, self.about(r), self.day_of(d)) == moment]
            if moment not in one:
                answers = self.choices.one(group).values
                columns = self.relation(done).columns
                one[moment] = tuple(
                    self.between([d.values[i] for d in group], columns[i]) if isinstance(v, Interval) else answers[i]
                    for i, v in enumerate(done.values)
                )
            about = self.relation(done).concept_column
            values = tuple(done.values[i] if i == about else v for i, v in enumerate(one[moment]))
            found.append(replace(done, values=values))
        return found

    def between(self, values: Sequence[Value], column: Column) -> Interval:
        ends = [v for v in values if isinstance(v, Interval)]
        return point(self.pick(Interval(min(v.low for v in ends), max(v.high for v in ends)), self.telling(column)))

    def measures(self, records: Sequence[Record]) -> list[Record]:
        return [r for r in records if self.relation(r).kind is Kind.MEASURE]

    def moments(self, records: Sequence[Record]) -> list[tuple[str, str, int]]:
        """Of each result, what was measured when: a completion has one result of it."""
        return [(r.relation, self.about(r), self.day_of(r)) for r in self.measures(records)]

    def add(self) -> None:
        """Events and measures that nobody recorded, where nothing says that there were none."""
        for name in sorted(self.domain.relations):
            relation = self.vocabulary.relations[name]
            if relation.kind not in (Kind.EVENT, Kind.MEASURE):
                continue
            addable = self.addable(relation)
            for _ in range(self.domain.most_added if addable else 0):
                concept, day = self.choices.one([(None, 0), *addable])
                if concept is None:
                    break
                new = self.new(relation, concept, day)
                if relation.kind is Kind.EVENT or not {*self.moments([new])} & {
                    *self.moments((*self.recorded, *self.added))
                }:
                    self.added.append(new)

    def addable(self, relation: Relation) -> list[tuple[str | None, int]]:
        """What may have happened on which day: nothing that a review or a denial covers."""
        column = relation.columns[relation.concept_column or 0].type
        assert isinstance(column, Coded)
        named = self.domain.concepts - {column.root}
        telling = [c for c in self.leaves(column.root) if self.vocabulary.ancestors[c] & named]
        others = [c for c in self.leaves(column.root) if c not in telling]
        return [
            (leaf, day)
            for leaf in (*telling, *others[:1])
            for day in self.domain.days
            if not any(
                name == relation.name and self.vocabulary.is_a(leaf, concept) and day <= through
                for name, concept, through, _ in self.closed
            )
        ]

    def new(self, relation: Relation, concept: str, day: int) -> Record:
        values: list[Value] = []
        for i, c in enumerate(relation.columns):
            match c.type:
                case Coded(root):
                    values.append(concept if i == relation.concept_column else self.choices.one(self.leaves(root)))
                case Dated() if c.name == "to":
                    values.append(point(self.choices.one([d for d in self.domain.days if d >= day])))
                case Dated():
                    values.append(point(day))
                case _ if relation.product is not None and c.name == relation.product.part:
                    values.append(Interval(0, GREATEST, Cause.MISSING))
                case Amount() | Measured():
                    values.append(point(self.choices.one(self.domain.numbers)))
        return Record(relation.name, tuple(values))

    def with_amounts(self, record: Record) -> Record:
        """The record with the amounts filled in that nobody recorded: the one follows from the other by the weight."""
        p = self.relation(record).product
        if p is None:
            return record
        relation, values = self.relation(record), list(record.values)
        whole_at, part_at = relation.position(p.whole) or 0, relation.position(p.part) or 0
        whole, part = values[whole_at], values[part_at]
        assert isinstance(whole, Interval) and isinstance(part, Interval)
        weight = self.weight(p.measure, min(self.day_of(record), self.screening))
        if whole.cause is Cause.MISSING and part.cause is Cause.MISSING:
            part = point(self.pick(part, self.domain.numbers))
        if whole.cause is Cause.MISSING:
            whole = point(part.low * weight) if weight else point(self.pick(whole, self.domain.numbers))
        elif part.cause is Cause.MISSING:
            part = point(exact(Fraction(whole.low) / weight)) if weight else point(self.pick(part, self.domain.numbers))
        values[whole_at], values[part_at] = point(exact(whole.low)), part
        return replace(record, values=tuple(values))

    def weight(self, concept: str, day: int) -> Exact | None:
        """The last result on the day, where it is above 0."""
        measured = [lasts for (_, asked), lasts in self.lasts.items() if asked == concept]
        found = [values for lasts in measured for values, since, until in lasts if since <= day < until]
        value = found[0][1] if found else None
        return value.low if isinstance(value, Interval) and value.low > 0 else None

    # -- the latest ----------------------------------------------------------------------------------------------

    def latest(self, name: str, concept: str) -> list[tuple[tuple[Value, ...], int, int]]:
        """The last record under `concept` on any day. What is added counts only where none is recorded."""
        relation = self.vocabulary.relations[name]

        def under(records: Sequence[Record]) -> list[Record]:
            mine = [r for r in records if r.relation == name and self.vocabulary.is_a(self.about(r), concept)]
            return [r for r in mine if self.day_of(r) <= self.screening]

        recorded = under(self.recorded)
        first = min((self.day_of(r) for r in recorded), default=LAST_DAY)
        by_day: dict[int, list[Record]] = {}
        for r in (*recorded, *(r for r in under(self.added) if self.day_of(r) < first)):
            by_day.setdefault(self.day_of(r), []).append(r)
        found: list[tuple[tuple[Value, ...], int, int]] = []
        for day, until in pairwise([*sorted(by_day), LAST_DAY + 1]):
            one = self.choices.one(by_day[day])
            values: list[Value] = []
            for i, v in enumerate(one.values):
                if i == relation.concept_column:
                    values.append(concept)
                elif isinstance(v, str):
                    values.append(v)
                else:  # two results of one day: the true one lies between them
                    values.append(self.between([r.values[i] for r in by_day[day]], relation.columns[i]))
            found.append((tuple(values), day, until))
        return found

    # -- attributes and judgements -------------------------------------------------------------------------------

    def decided_attributes(self) -> Iterator[Record]:
        """Of each attribute one value at most: one that is recorded for sure, or any where none is."""
        for name in sorted(self.domain.relations):
            relation = self.vocabulary.relations[name]
            if relation.kind is not Kind.ATTRIBUTE:
                continue
            mine = [r for r in self.chart.records if r.relation == name]
            dates = [i for i, c in enumerate(relation.columns) if isinstance(c.type, Dated)]
            sure = [
                r
                for r in mine
                if r.standing is Standing.CONFIRMED
                and all(isinstance(v := r.values[i], Interval) and v.high <= self.screening for i in dates)
            ]
            if sure:
                one = self.choices.one(sure)
                values = [v if isinstance(v, str) else self.hull(sure, i) for i, v in enumerate(one.values)]
                yield self.narrowed(replace(one, values=tuple(values)))
            elif (unsure := self.choices.one([None, *mine, *self.anything(relation)])) is not None:
                yield self.narrowed(unsure)

    @staticmethod
    def hull(records: Sequence[Record], i: int) -> Interval:
        ends = [x for r in records if isinstance(x := r.values[i], Interval)]
        return Interval(min(x.low for x in ends), max(x.high for x in ends))

    def anything(self, relation: Relation) -> Iterator[Record]:
        """The values that an attribute may have of which nothing is recorded."""
        (column,) = relation.columns
        if isinstance(column.type, Coded):
            yield from (Record(relation.name, (leaf,)) for leaf in self.leaves(column.type.root))
        else:
            numbers = self.domain.days if isinstance(column.type, Dated) else self.domain.numbers
            yield from (Record(relation.name, (point(n),)) for n in numbers)

    def decided_judgements(self) -> Iterator[tuple[str, str]]:
        """Every question decided: by the last signature that still counts at screening, or else either way."""
        for relation in self.vocabulary.relations.values():
            if relation.kind is not Kind.JUDGEMENT or relation.name not in self.domain.relations:
                continue
            column = relation.columns[relation.concept_column or 0].type
            assert isinstance(column, Coded)
            dated = [
                (self.pick(j.on, self.domain.days), self.pick(j.until, self.domain.days), j)
                for j in self.chart.judgements
            ]
            for question in sorted(self.vocabulary.descendants[column.root]):
                signed = [(on, until, j) for on, until, j in dated if j.question == question and on <= self.screening]
                last = [(until, j) for on, until, j in signed if on == max(on for on, _, _ in signed)]
                until, j = self.choices.one(last) if last else (0, None)
                counts = j is not None and until >= self.screening
                if j.decision == "agreed" if j is not None and counts else self.choices.one((False, True)):
                    yield relation.name, question

    # -- the world -----------------------------------------------------------------------------------------------

    def world(self) -> World:
        rows: dict[str, set[Row]] = {name: set() for name in self.domain.relations}
        for r in (*self.recorded, *self.added, *self.attributes):
            relation = self.relation(r)
            dated = relation.position("on") is not None or relation.position("from") is not None
            if not dated or self.day_of(r) <= self.screening:
                rows[r.relation].add(self.row(relation, r.values))
        lasts = {
            asked: tuple((self.row(self.vocabulary.relations[asked[0]], v), since, until) for v, since, until in found)
            for asked, found in self.lasts.items()
        }
        recorded = frozenset(p for r in self.chart.records for p in self.mentions(r))
        frozen = {name: frozenset(some) for name, some in rows.items()}
        return World(PATIENT, self.screening, frozen, lasts, recorded, self.questions, str(self))

    def row(self, relation: Relation, values: Sequence[Value]) -> Row:
        """The row as it counts at screening: what goes on after it is not known, and numbers are in base units."""
        about = str(values[relation.concept_column]) if relation.concept_column is not None else ""
        found: list[str | Exact] = [PATIENT]
        for v, c in zip(values, relation.columns, strict=True):
            if isinstance(v, str):
                found.append(v)
                continue
            match c.type:
                case Dated():
                    found.append(min(v.low, self.screening))
                case Amount(written):
                    found.append(exact(v.low * unit(written).scale))
                case Measured():
                    found.append(exact(v.low * unit(self.vocabulary.concepts[about].unit or "").scale))
                case Coded():
                    raise AssertionError("a concept is a text")
        return tuple(found)

    def mentions(self, record: Record) -> Iterator[tuple[str, str]]:
        """What the chart has a record of, whatever its standing: itself, all above it, and of a class each member."""
        relation = self.relation(record)
        at = relation.position("on")
        at = relation.position("from") if at is None else at
        begin = record.values[at] if at is not None else None
        if isinstance(begin, Interval) and begin.low > self.screening:
            return
        if relation.kind is Kind.ATTRIBUTE:
            yield record.relation, ""
            return
        about = self.about(record)
        yield from ((record.relation, c) for c in self.vocabulary.ancestors[about] | self.vocabulary.descendants[about])

    def __str__(self) -> str:
        lines = [f"  completed: {show(r)}" for r in self.recorded] + [f"  added: {show(r)}" for r in self.added]
        lines += [f"  known: {show(r)}" for r in self.attributes]
        lines += [f"  last {c} from {show_days(point(since))}: {show(Record(r, v))}"
                  for (r, c), found in self.lasts.items() for v, since, _ in found]  # fmt: skip
        return "\n".join([*lines, *(f"  agreed: {q}" for _, q in sorted(self.questions))])


def show(record: Record) -> str:
    said = []
    for v in record.values:
        if isinstance(v, str):
            said.append(v)
        elif v.low >= 700_000 and v.high <= LAST_DAY:
            said.append(show_days(v))
        elif v.is_point:
            said.append(show_number(v.low))
        else:
            said.append(f"[{v.low}, {'…' if v.high == GREATEST else v.high}]")
    standing = "" if record.standing is Standing.CONFIRMED else " (unconfirmed)"
    return f"{record.relation}({', '.join(said)}){standing}"


def show_chart(chart: Chart) -> str:
    lines = [f"  {show(r)}" for r in chart.records]
    lines += [f"  {j.question} {j.decision} on {show_days(j.on)} until {show_days(j.until)}" for j in chart.judgements]
    lines += [f"  reviewed {s.relation} {s.concept} through {show_days(s.through)}" for s in chart.reviewed]
    lines += [f"  denied {s.relation} {s.concept} through {show_days(s.through)}" for s in chart.denied]
    return "\n".join(lines) or "  (nothing)"
