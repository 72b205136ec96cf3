"""A chart as the rows that a plan asks for: what is certain, what is possible, and what the chart leaves open.

Only what was recorded for the screening date or before counts. Every row keeps the records that it was made of.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

from trialog.charts.chart import Chart, Denied, Judgement, Record, Reviewed, Value
from trialog.charts.counting import Counted, Counting
from trialog.charts.latest import Stretch, hull, is_sure, stretches
from trialog.plain import Row
from trialog.values import FIRST_DAY, GREATEST, Cause, Exact, Interval, exact
from trialog.vocabulary import Coded, Kind, Relation, Vocabulary


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a row was made of, and why each of its author's columns (the patient left out) is not one point."""

    records: tuple[Record | Judgement, ...]
    causes: tuple[Cause | None, ...] = ()
    doubt: Cause | None = None  # why the row is possible and not certain
    closed_by: tuple[Reviewed | Denied, ...] = ()


NO_EVIDENCE = Evidence(())

type Facts = dict[str, dict[Row, Evidence]]


def facts(chart: Chart, screening: int, vocabulary: Vocabulary, asked: Iterable[tuple[str, str]]) -> Facts:
    """The rows of `chart` on the day `screening`. `asked` names the concepts of which `latest` or `recorded` is asked."""
    return _Facts(chart, screening, vocabulary, frozenset(asked)).found


class _Facts:
    def __init__(self, chart: Chart, screening: int, vocabulary: Vocabulary, asked: frozenset[tuple[str, str]]) -> None:
        self.chart = chart
        self.patient = chart.patient
        self.screening = screening
        self.vocabulary = vocabulary
        self.found: Facts = {"screening": {(chart.patient, screening): NO_EVIDENCE}}
        self.counting = Counting(chart, screening, vocabulary)
        self.counted = self.counting.counted
        for name, relation in vocabulary.relations.items():
            mine = sorted(c for r, c in asked if r == name)
            match relation.kind:
                case Kind.EVENT:
                    self.events(relation, mine)
                case Kind.MEASURE:
                    self.events(relation, mine)
                    for concept in mine:
                        self.latest(relation, concept)
                case Kind.ATTRIBUTE:
                    self.attribute(relation)
                case Kind.JUDGEMENT:
                    self.judgements(relation)
                case Kind.KNOWN:
                    pass

    def is_denied(self, meaning: Sequence[Value], relation: Relation, c: Counted) -> bool:
        """Whether a class that was recorded cannot mean this member: the chart denies the member, and not the class."""
        about = relation.concept_column or 0
        return any(
            self.counting.denies(d, relation, meaning, c.when)
            and not self.vocabulary.is_a(str(c.record.values[about]), d.concept)
            and c.when.high <= d.through.low
            for d in self.counting.denied
        )

    # -- rows ----------------------------------------------------------------------------------------------------

    def put(self, name: str, row: Row, evidence: Evidence) -> None:
        rows = self.found.setdefault(name, {})
        before = rows.get(row)
        rows[row] = evidence if before is None else replace(before, records=(*before.records, *evidence.records))

    def row(self, values: Iterable[Value]) -> Row:
        flat: list[str | Exact] = [self.patient]
        for v in values:
            if isinstance(v, Interval):
                flat += [v.low, v.high]
            else:
                flat.append(v)
        return tuple(flat)

    def meanings(self, values: Sequence[Value]) -> Iterable[tuple[Value, ...]]:
        """Every row that these values may mean: a class stands for itself and for each of its members."""
        options: list[Iterable[Value]] = [
            [v] if isinstance(v, Interval) or v in self.vocabulary.leaves else sorted(self.vocabulary.descendants[v])
            for v in values
        ]
        return product(*options)

    def causes(self, values: Sequence[Value]) -> tuple[Cause | None, ...]:
        return tuple(
            v.cause if isinstance(v, Interval) else None if v in self.vocabulary.leaves else Cause.MISSING
            for v in values
        )

    def events(self, relation: Relation, asked: Sequence[str]) -> None:
        about = relation.concept_column
        counted = self.counted[relation.name]
        for c in self.counting.drawn_together(counted, relation) if relation.kind is Kind.MEASURE else counted:
            values = self.completed(c, relation)
            evidence = Evidence((c.record,), self.causes(values), c.doubt)
            if c.sure:
                self.put(f"certain {relation.name}", self.row(values), evidence)
            if c.joint is not None:
                self.jointly(f"{relation.name}", c.joint, (), (c.record,))
            for meaning in self.meanings(values):
                if meaning == values or not self.is_denied(meaning, relation, c):
                    self.put(f"possible {relation.name}", self.row(meaning), evidence)
            if about is not None:
                for concept in asked:
                    said = str(values[about])
                    if self.vocabulary.is_a(said, concept) or self.vocabulary.is_a(concept, said):
                        self.put(f"recorded {relation.name}", (self.patient, concept), evidence)
        self.openness(relation)

    def openness(self, relation: Relation) -> None:
        """A concept is open unless the chart says of each of its members that all is recorded, or that there was none."""
        column = relation.columns[relation.concept_column or 0].type
        root = column.root if isinstance(column, Coded) else ""
        closed: set[str] = set()
        for c in (*self.chart.reviewed, *self.chart.denied):
            if c.relation == relation.name and closes(c, self.screening):
                closed |= self.vocabulary.descendants[c.concept]
        open_leaves = (self.vocabulary.descendants[root] & self.vocabulary.leaves) - closed
        still_open = (
            frozenset[str]().union(*(self.vocabulary.ancestors[leaf] for leaf in open_leaves))
            if closed
            else self.vocabulary.descendants[root]
        )
        in_order = sorted(still_open, key=self.vocabulary.places.__getitem__)
        self.found[f"open {relation.name}"] = {(self.patient, c): NO_EVIDENCE for c in in_order}

    def completed(self, c: Counted, relation: Relation) -> tuple[Value, ...]:
        """The record's values, an amount that follows from another and a measure worked out."""
        p = relation.product
        if p is None:
            return c.record.values
        values = list(c.record.values)
        whole_at, part_at = relation.position(p.whole), relation.position(p.part)
        assert whole_at is not None and part_at is not None
        whole, part = values[whole_at], values[part_at]
        assert isinstance(whole, Interval) and isinstance(part, Interval)
        if (whole.cause is Cause.MISSING) == (part.cause is Cause.MISSING):
            return c.record.values
        measure = self.measured(p.measure, c.when)
        if measure is None or measure.low <= 0:
            return c.record.values
        cause = whole.cause or part.cause if Cause.MISSING not in (whole.cause, part.cause) else measure.cause
        if whole.cause is Cause.MISSING:
            values[whole_at] = _around(
                part.low * measure.low, min(part.high * measure.high, GREATEST), part.cause or cause
            )
        else:
            values[part_at] = _around(
                exact(_over(whole.low, measure.high)), exact(_over(whole.high, measure.low)), whole.cause or cause
            )
        return tuple(values)

    def measured(self, concept: str, when: Interval) -> Interval | None:
        """The last value of the measured concept on the day `when`; None where none is surely recorded."""
        for relation in self.vocabulary.relations.values():
            value_at = next((i for i, c in enumerate(relation.columns) if c.name == "value"), None)
            if relation.kind is Kind.MEASURE and value_at is not None:
                found = [s for s in self.stretches(relation, concept) if s.since <= when.high and when.low < s.until]
                if not found or not all(s.sure for s in found):
                    return None
                candidates = {r: None for s in found for r in s.candidates}
                values = [v for r in candidates if isinstance(v := r.values[value_at], Interval)]
                return hull(values, same_day=self.same_day(relation, tuple(candidates)))
        return None

    def jointly(self, name: str, values: Sequence[Value], days_: tuple[int, ...], records: tuple[Record, ...]) -> None:
        """A row that surely holds, though its records give several answers: with the class that they are all in."""
        evidence = Evidence(records, self.causes(values), Cause.CONFLICTING)
        for mode in ("certain", "possible"):
            self.put(f"{mode} {name}", (*self.row(values), *days_), evidence)

    def joint(self, rows: Sequence[Sequence[Value]]) -> tuple[Value, ...]:
        """What rows that differ in their answers alone have in common."""
        first = rows[0]
        return tuple(
            v if isinstance(v, Interval) else self.vocabulary.joint(str(row[i]) for row in rows)
            for i, v in enumerate(first)
        )

    # -- the latest ----------------------------------------------------------------------------------------------

    def stretches(self, relation: Relation, concept: str) -> Iterable[Stretch]:
        about = relation.concept_column or 0
        dated = [
            (c.when, c.sure and self.vocabulary.is_a(str(c.record.values[about]), concept), c.record)
            for c in self.counted[relation.name]
            if self.vocabulary.is_a(str(c.record.values[about]), concept)
            or self.vocabulary.is_a(concept, str(c.record.values[about]))
        ]
        return stretches(dated)

    def latest(self, relation: Relation, concept: str) -> None:
        about = relation.concept_column or 0
        self.found.setdefault(f"open latest {relation.name}", {})
        may_be_more = (self.patient, concept) in self.found[f"open {relation.name}"]  # else the history was reviewed
        for s in self.stretches(relation, concept):
            if not s.sure and may_be_more:
                self.put(f"open latest {relation.name}", (self.patient, concept, s.since, s.until), NO_EVIDENCE)
            if not s.candidates:
                continue
            answers, sure = self.answers(relation, concept, about, s)
            if s.sure and not sure:
                self.jointly(f"latest {relation.name}", self.joint(answers), (s.since, s.until), s.candidates)
            for values in answers:
                evidence = Evidence(
                    s.candidates,
                    self.causes(values),
                    None if s.sure and sure else Cause.CONFLICTING if s.sure else self.not_yet(s),
                )
                row = (*self.row(values), s.since, s.until)
                if s.sure and sure:
                    self.put(f"certain latest {relation.name}", row, evidence)
                for meaning in self.meanings(values):
                    self.put(f"possible latest {relation.name}", (*self.row(meaning), s.since, s.until), evidence)

    @staticmethod
    def not_yet(s: Stretch) -> Cause:
        """Why none of the candidates surely counts: its day is not known, or it is not confirmed."""
        return Cause.IMPRECISE if any(is_sure(r) for r in s.candidates) else Cause.MISSING

    @staticmethod
    def same_day(relation: Relation, records: Sequence[Record]) -> bool:
        return len({r.values[relation.position("on") or 0] for r in records}) == 1

    def answers(self, relation: Relation, concept: str, about: int, s: Stretch) -> tuple[list[tuple[Value, ...]], bool]:
        """The rows that the candidates make: dates and numbers drawn together, answers in concepts kept apart."""
        same_day = self.same_day(relation, s.candidates)
        wide = [
            hull([v for r in s.candidates if isinstance(v := r.values[i], Interval)], same_day)
            if not isinstance(c.type, Coded)
            else None
            for i, c in enumerate(relation.columns)
        ]
        coded = {
            tuple(concept if i == about else v for i, v in enumerate(r.values) if isinstance(v, str))
            for r in s.candidates
        }
        rows: list[tuple[Value, ...]] = []
        for combination in sorted(coded):
            names = iter(combination)
            rows.append(tuple(w if w is not None else next(names) for w in wide))
        return rows, len(coded) == 1

    def attribute(self, relation: Relation) -> None:
        counted = self.counted[relation.name]
        sure = [c for c in counted if c.sure]
        if not sure:
            self.found[f"open {relation.name}"] = {(self.patient,): NO_EVIDENCE}
        if not counted:
            return
        used = sure or counted
        wide = [
            hull([v for c in used if isinstance(v := c.record.values[i], Interval)], same_day=True)
            if not isinstance(column.type, Coded)
            else None
            for i, column in enumerate(relation.columns)
        ]
        coded = sorted({tuple(v for v in c.record.values if isinstance(v, str)) for c in used})
        if sure and len(coded) > 1:
            joint = iter(self.vocabulary.joint(c[i] for c in coded) for i in range(len(coded[0])))
            values = tuple(w if w is not None else next(joint) for w in wide)
            self.jointly(relation.name, values, (), tuple(c.record for c in used))
        for combination in coded:
            names = iter(combination)
            values = tuple(w if w is not None else next(names) for w in wide)
            agreed = bool(sure) and len(coded) == 1
            evidence = Evidence(
                tuple(c.record for c in used),
                self.causes(values),
                None if agreed else Cause.CONFLICTING if sure else Cause.MISSING,
            )
            if agreed:
                self.put(f"certain {relation.name}", self.row(values), evidence)
            for meaning in self.meanings(values):
                self.put(f"possible {relation.name}", self.row(meaning), evidence)
        self.put(f"recorded {relation.name}", (self.patient,), Evidence(tuple(c.record for c in counted)))

    # -- judgements ----------------------------------------------------------------------------------------------

    def judgements(self, relation: Relation) -> None:
        """Of each question the last signed decision on or before screening, where it still counts at screening."""
        column = relation.columns[relation.concept_column or 0].type
        root = column.root if isinstance(column, Coded) else ""
        questions = sorted(self.vocabulary.descendants[root], key=self.vocabulary.places.__getitem__)
        waiting: dict[Row, Evidence] = {(self.patient, q): NO_EVIDENCE for q in questions}
        by_question: dict[str, list[Judgement]] = {}
        for j in self.chart.judgements:
            if j.on.low <= self.screening:
                by_question.setdefault(j.question, []).append(j)
        for question, signed in by_question.items():
            counted = [j for j in signed if j.on.high <= self.screening]
            latest = max((j.on.low for j in counted), default=FIRST_DAY)
            last = [j for j in signed if j.on.high >= latest]
            sure = bool(counted) and all(j.until.low >= self.screening for j in last)
            agreeing = [j for j in last if j.decision == "agreed" and j.until.high >= self.screening]
            row = (self.patient, question)
            if sure:
                waiting.pop(row, None)
            else:
                waiting[row] = Evidence(tuple(last))
            if agreeing:
                certain = sure and len(agreeing) == len(last)
                doubt = None if certain else Cause.CONFLICTING if sure else Cause.IMPRECISE
                evidence = Evidence(tuple(last), (), doubt)
                if certain:
                    self.put(f"certain {relation.name}", row, evidence)
                self.put(f"possible {relation.name}", row, evidence)
            elif sure:
                self.put(f"refused {relation.name}", row, Evidence(tuple(last)))
        self.found[f"open {relation.name}"] = waiting


def _around(low: Exact, high: Exact, cause: Cause | None) -> Interval:
    return Interval(exact(low), exact(high), cause if low != high else None)


def _over(left: Exact, right: Exact) -> Exact:
    from fractions import Fraction

    return Fraction(left) / right


def closes(statement: Reviewed | Denied, screening: int) -> bool:
    """Whether the statement reaches the screening date. A denial made after it was not known then, and does not count."""
    if isinstance(statement, Denied) and statement.through.low > screening:
        return False
    return statement.through.low >= screening


def closing(
    chart: Chart, relation: str, concept: str, screening: int, vocabulary: Vocabulary
) -> tuple[Reviewed | Denied, ...]:
    """The statements of the chart by which nothing of `relation` under `concept` can be missing at screening."""
    return tuple(
        c
        for c in (*chart.reviewed, *chart.denied)
        if c.relation == relation
        and closes(c, screening)
        and (vocabulary.is_a(concept, c.concept) or vocabulary.is_a(c.concept, concept))
    )
