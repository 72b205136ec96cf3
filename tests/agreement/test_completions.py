"""Soundness, stated literally: what is said of an incomplete chart holds in every completion of it.

A chart is made at random, and completed at random in many ways: intervals become points, classes become members, unconfirmed
records happened or did not, events are added where nobody reviewed the history, judgements are decided. A criterion that is met
in the chart must be met in each of them, and one that is not met, in none.

The programs are those of `programs.md`, and others made at random. The size of the run is set by the environment:
`TRIALOG_PROGRAMS` programs made at random, `TRIALOG_CHARTS` charts for each program, `TRIALOG_COMPLETIONS` completions for each
chart, all from the seed `TRIALOG_SEED` on.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from trialog.bounds import CERTAIN, OPEN, POSSIBLE, bounds
from trialog.charts.chart import Chart, Denied, Judgement, Record, Reviewed, Standing, Value
from trialog.charts.dates import period
from trialog.charts.facts import NO_EVIDENCE, Facts, facts
from trialog.check import Pages, check
from trialog.engines.reference import Reference
from trialog.page import read_page
from trialog.parse import parse
from trialog.plain import PlainProgram, Row
from trialog.plan import plan
from trialog.program import Program
from trialog.render.problems import render
from trialog.source import Source, Span
from trialog.tree import (
    Aggregate,
    Anonymous,
    Arithmetic,
    Comparison,
    ConceptName,
    Day,
    Holds,
    Latest,
    Length,
    Membership,
    Number,
    ReadingIs,
    Recorded,
    Summary,
    Variable,
)  # fmt: skip
from trialog.values import (
    FIRST_DAY,
    GREATEST,
    LAST_DAY,
    LEAST,
    UNKNOWN_AMOUNT,
    Cause,
    Exact,
    Interval,
    days,
    exact,
    point,
    show_days,
    show_number,
)  # fmt: skip
from trialog.vocabulary import Amount, Coded, Dated, Kind, Measured, Relation, Vocabulary

PROGRAMS = int(os.environ.get("TRIALOG_PROGRAMS", "12"))
CHARTS = int(os.environ.get("TRIALOG_CHARTS", "25"))
COMPLETIONS = int(os.environ.get("TRIALOG_COMPLETIONS", "12"))
SEED = int(os.environ.get("TRIALOG_SEED", "0"))

PATIENT = "somebody"
SCREENING = int(days("2024-03-31").low)

PAGE = (Path(__file__).parent / "programs.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```datalog *(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
VOCABULARY = BLOCKS.pop("")


# -- the program ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """A checked program, prepared for each choice of readings; `criteria` are its relations of the patient alone."""

    program: Program
    plain: PlainProgram
    engines: Mapping[str, Reference]
    criteria: tuple[str, ...]
    about: frozenset[str]  # the charts' relations that bear on it

    def statuses(self, given: Facts, option: str) -> dict[str, tuple[bool, bool]]:
        """Of each criterion, whether it certainly holds and whether it possibly does."""
        rows = self.engines[option].run(given)
        row = (PATIENT,)
        return {
            c: (row in rows[f"{CERTAIN} {c}"] or row in rows[c], row in rows[f"{POSSIBLE} {c}"] or row in rows[c])
            for c in self.criteria
        }


def page_of(rules: str) -> Source:
    return Source("rules.md", f"```datalog\n{VOCABULARY}```\n\n```datalog\n{rules}\n```\n")


def ready(rules: str) -> Ready:
    program, problems = check(Pages((page_of(rules),), None, None))
    assert program is not None, "\n".join(render(p) for p in problems)
    criteria = tuple(n for n, d in program.derived.items() if len(d.columns) == 1 and d.about_patient and "/" not in n)
    plain = bounds(program)
    wanted = [name for c in criteria for name in (c, f"{CERTAIN} {c}", f"{POSSIBLE} {c}")]
    engines = {o: Reference(plan(plain, {"strictness": o}, wanted)) for o in ("strict", "loose")}
    about = frozenset(n for n in program.vocabulary.relations if f"{n}(" in rules) | {"observation"}
    return Ready(program, plain, engines, criteria, about)


prepared = cache(ready)

# -- charts at random ----------------------------------------------------------------------------------------------

_MONTHS = [f"{year}-{month:02}" for year in (2022, 2023, 2024) for month in range(1, 13)][8:30]
_NUMBERS = (0, 1, 2, 4, 5, 6, 19, 20, 21, 25, 29, 30, 31, 59, 60, 61, 80, 99, 100, 119, 120, 121, Fraction(9999, 100))


class Charts:
    """Makes charts at random, each from small and telling values, so that thresholds are met, missed and hit."""

    def __init__(self, random: Random, vocabulary: Vocabulary) -> None:
        self.random = random
        self.vocabulary = vocabulary
        self.favourites: dict[str, str] = {}  # concepts of which this chart has several
        self.ends: list[int] = []  # of periods, after which others may begin

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def chart(self, about: frozenset[str]) -> Chart:
        """A chart with records of the relations that it is to be `about`."""
        records: list[Record] = []
        self.favourites = {c: self.concept(c, 0.9) for c in self.vocabulary.concepts} if self.chance(0.6) else {}
        rich = self.random.choice((1, 2, 4))
        relations = [r for r in self.vocabulary.relations.values() if r.name in about]
        for relation in relations:
            if relation.kind in (Kind.EVENT, Kind.MEASURE):
                most = rich * (2 if relation.kind is Kind.MEASURE else 1)
                records += [self.record(relation) for _ in range(self.random.randint(0, most))]
            elif relation.kind is Kind.ATTRIBUTE:
                records += [self.record(relation) for _ in range(self.random.choice((0, 1, 1, 2)))]
        judgements = [self.judgement() for _ in range(self.random.randint(0, 3))]
        dated = [r for r in relations if r.kind in (Kind.EVENT, Kind.MEASURE)]
        reviewed = [s for r in dated for s in self.statements(r, Reviewed, 0.8)]
        denied = [s for r in dated for s in self.statements(r, Denied, 0.25)]
        return Chart(PATIENT, None, tuple(records), tuple(judgements), tuple(reviewed), tuple(denied))

    def statements[T](self, relation: Relation, kind: type[T], often: float) -> Iterator[T]:
        while self.chance(often):
            root = concept_root(relation)
            concept = root if self.chance(0.5) else self.concept(root, 0.5)
            through = self.random.choice(
                (point(SCREENING), point(SCREENING), point(SCREENING + 9), days("2024"), days("2024-03"), self.day())
            )
            yield kind(relation.name, concept, through)  # type: ignore[call-arg]
            often /= 2

    def concept(self, root: str, leaf: float = 0.75) -> str:
        if root in self.favourites and self.chance(0.6):
            return self.favourites[root]
        under = self.vocabulary.descendants[root]
        some = under & self.vocabulary.leaves if self.chance(leaf) else under
        return self.random.choice(sorted(some))

    def day(self) -> Interval:
        month = self.random.choice(_MONTHS)
        match self.random.randint(0, 9):
            case 0:
                return days(month[:4])
            case 1 | 2:
                return days(month)
            case 3:
                return Interval(
                    SCREENING - self.random.randint(1, 90), SCREENING + self.random.randint(-1, 9), Cause.IMPRECISE
                )
            case 4:
                return point(SCREENING - self.random.choice((0, 1, 59, 60, 61, 90, 91, 92, 182, 183)))
            case 5:
                return point(int(days(month).high))
            case _:
                return point(self.random.randint(int(days(month).low), int(days(month).high)))

    def number(self, measure: bool) -> Interval:
        value = self.random.choice(_NUMBERS)
        match self.random.randint(0, 9):
            case 0:
                return Interval(0, value, Cause.IMPRECISE) if value else point(0)
            case 1:
                return Interval(value, GREATEST, Cause.IMPRECISE)
            case 2:
                return Interval(value, value + self.random.choice((1, 2, 40)), Cause.IMPRECISE)
            case 3:
                return UNKNOWN_AMOUNT
            case 4 if measure and self.chance(0.1):
                return Interval(LEAST, GREATEST, Cause.MISSING)
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

    def record(self, relation: Relation) -> Record:
        values = [self.value(c.type) for c in relation.columns]
        if (to := relation.position("to")) is not None and relation.position("from") is not None:
            begin, end = self.term()
            values[relation.position("from") or 0], values[to] = begin, end
        if relation.name == "born":
            year = self.random.choice((2005, 2006, 2007, 2020, 2021, 2024))
            values[0] = self.random.choice(
                (days(f"{year}"), days(f"{year}-03"), days(f"{year}-03-31"), days("2006-04-01"))
            )
        return Record(relation.name, tuple(values), Standing.UNCONFIRMED if self.chance(0.12) else Standing.CONFIRMED)

    def term(self) -> tuple[Interval, Interval]:
        while True:
            begin = None if self.chance(0.05) else self.day()
            end = None if self.chance(0.2) else self.day()
            if self.ends and self.chance(0.3):
                begin = point(self.random.choice(self.ends) + self.random.choice((0, 1, 2, 8, 9)))
            if begin is not None and self.chance(0.5):
                length = self.random.choice((0, 1, 27, 28, 29, 30, 60, 89, 90, 91, 92, 120, 183, 364, 365, 366))
                low = int(begin.low) + length
                end = Interval(low, low + int(begin.high - begin.low), begin.cause)
            try:
                begin, end = period(begin, end)
            except ValueError:
                continue
            if end.high <= SCREENING:
                self.ends.append(int(end.high))
            return begin, end

    def judgement(self) -> Judgement:
        until = self.random.choice((point(LAST_DAY), point(SCREENING), self.day()))
        question, decision = self.random.choice(("worth_it", "active")), self.random.choice(("agreed", "refused"))
        return Judgement(question, decision, self.day(), until, "dr")


def concept_root(relation: Relation) -> str:
    column = relation.columns[relation.concept_column or 0].type
    assert isinstance(column, Coded)
    return column.root


# -- completions at random -----------------------------------------------------------------------------------------


class ImpossibleError(Exception):
    """What is recorded contradicts itself: there is no such chart."""


class Completion:
    """One way in which a chart may be completed, decided at random, and the rows that hold then."""

    def __init__(self, random: Random, chart: Chart, program: "Ready") -> None:
        vocabulary, asked = program.program.vocabulary, program.plain.asked
        self.random = random
        self.program = program
        self.chart = chart
        self.vocabulary = vocabulary
        self.makes = Charts(random, vocabulary)
        # What is denied after screening is not known at screening.
        statements = (*chart.reviewed, *(d for d in chart.denied if d.through.low <= SCREENING))
        self.closed = [(s.relation, s.concept, self.pick(s.through), isinstance(s, Denied)) for s in statements]
        self.recorded = list(self.agreed([r for r in chart.records if self.relation(r).kind is not Kind.ATTRIBUTE]))
        self.added: list[Record] = []
        if len(set(self.moments())) < len(
            {(r.relation, r.values) for r in self.recorded if self.relation(r).kind is Kind.MEASURE}
        ):
            raise ImpossibleError  # two results of one moment that were recorded of a class and of its member
        self.add()
        self.asked = sorted(asked | {("observation", "body_weight")})
        self.lasts = {a: self.latest(*a) for a in self.asked if self.vocabulary.relations[a[0]].kind is Kind.MEASURE}
        self.recorded = [self.with_amounts(r) for r in self.recorded]
        self.added = [self.with_amounts(r) for r in self.added]
        self.attributes = list(self.decided_attributes())
        self.judgements = list(self.decided_judgements())

    def relation(self, record: Record) -> Relation:
        return self.vocabulary.relations[record.relation]

    def pick(self, of: Interval) -> Exact:
        """A value of the interval: an end of it, or something telling inside."""
        if of.is_point:
            return of.low
        near = [n for n in (*_NUMBERS, of.low + 1, of.high - 1) if of.low <= n <= of.high]
        if of.low >= FIRST_DAY and of.high <= LAST_DAY and of.high > 10_000:
            inside = [d for d in (*range(SCREENING - 100, SCREENING + 3), SCREENING - 183) if of.low <= d <= of.high]
            return self.random.choice([of.low, of.high, *inside, self.random.randint(int(of.low), int(of.high))])
        return self.random.choice([of.low, of.high, *near])

    def leaf(self, concept: str) -> str:
        return self.random.choice(sorted(self.vocabulary.descendants[concept] & self.vocabulary.leaves))

    # -- events and measures -----------------------------------------------------------------------------------------

    def point(self, record: Record) -> Record:
        """The record with every value a point; a period begins before it ends."""
        relation = self.relation(record)
        values = [v if isinstance(v, Interval) and v.cause is Cause.MISSING and not isinstance(c.type, Dated)
                  else point(self.pick(v)) if isinstance(v, Interval) else self.leaf(v)
                  for v, c in zip(record.values, relation.columns, strict=True)]  # fmt: skip
        from_, to = relation.position("from"), relation.position("to")
        if from_ is not None and to is not None:
            begin, end = record.values[from_], record.values[to]
            assert isinstance(begin, Interval) and isinstance(end, Interval)
            first = self.pick(begin)
            values[from_] = point(first)
            values[to] = point(self.pick(Interval(max(first, end.low), end.high, end.cause)))
        if relation.product is None:
            values = [point(self.pick(v)) if isinstance(v, Interval) and not v.is_point else v for v in values]
        return Record(record.relation, tuple(values))

    def day_of(self, record: Record) -> int:
        relation = self.relation(record)
        at = relation.position("on")
        at = relation.position("from") if at is None else at
        day = record.values[at or 0]
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
        if unconfirmed and self.random.random() < 0.5:
            return None
        done = self.point(record)
        contradicted = self.denials(record, self.day_of(done))
        if contradicted and self.random.random() < 0.5:
            return None
        for _ in range(20):
            if self.denials(done, self.day_of(done)) <= contradicted:
                return done
            done = replace(done, values=tuple(v if isinstance(v, Interval) else self.leaf(str(w))
                                              for v, w in zip(done.values, record.values, strict=True)))  # fmt: skip
        if unconfirmed:
            return None
        raise ImpossibleError  # every member of a class is denied, and the class recorded

    def agreed(self, records: Sequence[Record]) -> Iterator[Record]:
        """What happened of the records; two results of one measure on one day say one thing, which lies between them."""
        happened = [(r, done) for r in records if (done := self.happened(r)) is not None]
        one: dict[object, tuple[Value, ...]] = {}
        for recorded, done in happened:
            if self.relation(done).kind is not Kind.MEASURE:
                yield done
                continue

            def moment(recorded: Record, done: Record) -> object:
                return recorded.relation, self.about(recorded), self.day_of(done)

            group = [
                d for r, d in happened if r.relation == recorded.relation and moment(r, d) == moment(recorded, done)
            ]
            about, answers = self.relation(done).concept_column, self.random.choice(group).values
            values = one.setdefault(moment(recorded, done), tuple(
                self.between([d.values[i] for d in group]) if isinstance(v, Interval) else answers[i]
                for i, v in enumerate(done.values)))  # fmt: skip
            yield replace(done, values=tuple(done.values[i] if i == about else v for i, v in enumerate(values)))

    def between(self, values: Sequence[Value]) -> Interval:
        ends = [v for v in values if isinstance(v, Interval)]
        return point(self.pick(Interval(min(v.low for v in ends), max(v.high for v in ends))))

    def add(self) -> None:
        """Events and measures that nobody recorded, where nothing says that there were none."""
        for relation in self.vocabulary.relations.values():
            if relation.kind not in (Kind.EVENT, Kind.MEASURE) or relation.name not in self.program.about:
                continue
            for _ in range(self.random.choice((0, 0, 1, 1, 2, 3))):
                new = self.point(replace(self.makes.record(relation), standing=Standing.CONFIRMED))
                reviewed = any(
                    name == relation.name
                    and self.vocabulary.is_a(self.about(new), concept)
                    and self.day_of(new) <= through
                    for name, concept, through, _ in self.closed
                )
                if not reviewed and not (relation.kind is Kind.MEASURE and self.moment(new) in self.moments()):
                    self.added.append(new)

    def moment(self, record: Record) -> tuple[str, str, int]:
        return record.relation, self.about(record), self.day_of(record)

    def moments(self) -> list[tuple[str, str, int]]:
        """Of each result, what was measured when: a completion has one result of it."""
        return [self.moment(r) for r in (*self.recorded, *self.added) if self.relation(r).kind is Kind.MEASURE]

    def with_amounts(self, record: Record) -> Record:
        """The record with the amounts filled in that nobody recorded: the one follows from the other by the weight."""
        p = self.relation(record).product
        if p is None:
            return record
        relation, values = self.relation(record), list(record.values)
        whole_at, part_at = relation.position(p.whole) or 0, relation.position(p.part) or 0
        whole, part = values[whole_at], values[part_at]
        assert isinstance(whole, Interval) and isinstance(part, Interval)
        weight = self.weight(min(self.day_of(record), SCREENING))
        if whole.cause is Cause.MISSING and part.cause is Cause.MISSING:
            part = point(self.pick(part))
        if whole.cause is Cause.MISSING:
            whole = point(part.low * weight) if weight else point(self.pick(whole))
        elif part.cause is Cause.MISSING:
            part = point(exact(Fraction(whole.low) / weight)) if weight else point(self.pick(part))
        values[whole_at], values[part_at] = point(exact(whole.low)), part
        return replace(record, values=tuple(values))

    def weight(self, day: int) -> Exact | None:
        """The last weight on the day, where it is above 0."""
        found = [row for row in self.lasts["observation", "body_weight"] if row[-2] <= day < row[-1]]  # type: ignore[operator]
        return found[0][2] if found and found[0][2] > 0 else None  # type: ignore[operator, return-value]

    # -- the latest ----------------------------------------------------------------------------------------------------

    def latest(self, name: str, concept: str) -> list[Row]:
        """The rows of the last record under `concept` on any day. What is added counts only where none is recorded."""
        relation = self.vocabulary.relations[name]

        def under(records: Sequence[Record]) -> list[Record]:
            return [r for r in records if r.relation == name and self.vocabulary.is_a(self.about(r), concept)
                    and self.day_of(r) <= SCREENING]  # fmt: skip

        recorded = under(self.recorded)
        first = min((self.day_of(r) for r in recorded), default=LAST_DAY)
        by_day: dict[int, list[Record]] = {}
        for r in (*recorded, *(r for r in under(self.added) if self.day_of(r) < first)):
            by_day.setdefault(self.day_of(r), []).append(r)
        turns = [*sorted(by_day), LAST_DAY + 1]
        rows: list[Row] = []
        for day, until in pairwise(turns):
            one = self.random.choice(by_day[day])
            flat: list[str | Exact] = [PATIENT]
            for i, v in enumerate(one.values):
                if i == relation.concept_column:
                    flat.append(concept)
                elif isinstance(v, str):
                    flat.append(v)
                else:  # two results of one day: the true one lies between them
                    ends = [x for r in by_day[day] if isinstance(x := r.values[i], Interval)]
                    flat += [self.pick(Interval(min(x.low for x in ends), max(x.high for x in ends)))] * 2
            rows.append((*flat, day, until))
        return rows

    # -- attributes and judgements -----------------------------------------------------------------------------------

    def decided_attributes(self) -> Iterator[Record]:
        """Of each attribute one value at most: one that is recorded for sure, or any where none is."""
        for relation in self.vocabulary.relations.values():
            if relation.kind is not Kind.ATTRIBUTE:
                continue
            mine = [r for r in self.chart.records if r.relation == relation.name]
            dates = [i for i, c in enumerate(relation.columns) if isinstance(c.type, Dated)]
            confirmed = [r for r in mine if r.standing is Standing.CONFIRMED]
            sure = [
                r
                for r in confirmed
                if all(isinstance(v := r.values[i], Interval) and v.high <= SCREENING for i in dates)
            ]
            if not sure:
                made = self.makes.record(relation)
                if self.random.random() < 0.7:
                    yield self.point(self.random.choice([*mine, made]))
                continue
            one = self.random.choice(sure)
            values: list[Value] = []
            for i, v in enumerate(one.values):
                if isinstance(v, str):
                    values.append(v)
                else:
                    ends = [x for r in sure if isinstance(x := r.values[i], Interval)]
                    values.append(Interval(min(x.low for x in ends), max(x.high for x in ends)))
            yield self.point(replace(one, values=tuple(values)))

    def decided_judgements(self) -> Iterator[Judgement]:
        """Every question decided: by the last signature that still counts at screening, or else at random."""
        dated = [(self.pick(j.on), self.pick(j.until), j) for j in self.chart.judgements]
        for question in sorted(self.vocabulary.descendants["question"]):
            signed = [(on, until, j) for on, until, j in dated if j.question == question and on <= SCREENING]
            last = [(until, j) for on, until, j in signed if on == max(on for on, _, _ in signed)]
            until, j = self.random.choice(last) if last else (0, None)
            decision = j.decision if j is not None and until >= SCREENING else self.random.choice(("agreed", "refused"))
            yield Judgement(question, decision, point(SCREENING), point(SCREENING), "dr")

    # -- rows ----------------------------------------------------------------------------------------------------------

    def facts(self) -> Facts:
        """The rows of the completed chart, in which nothing is open any more."""
        relations = self.vocabulary.relations.values()
        reviewed = [
            Reviewed(r.name, concept_root(r), point(LAST_DAY))
            for r in relations
            if r.kind in (Kind.EVENT, Kind.MEASURE)
        ]
        records = (*self.recorded, *self.added, *self.attributes)
        whole = Chart(PATIENT, None, records, tuple(self.judgements), tuple(reviewed))
        found = facts(whole, SCREENING, self.vocabulary, frozenset(self.asked))
        before = facts(self.chart, SCREENING, self.vocabulary, frozenset(self.asked))
        for r in relations:
            if r.kind is not Kind.ATTRIBUTE:
                assert not found.get(f"{OPEN} {r.name}"), "a completed chart leaves nothing open"
            found[f"{OPEN} {r.name}"] = {}
            found[f"{OPEN} latest {r.name}"] = {}
            found[f"recorded {r.name}"] = before.get(f"recorded {r.name}", {})
            rows = [row for (name, _), lasts in self.lasts.items() if name == r.name for row in lasts]
            for mode in (CERTAIN, POSSIBLE):
                found[f"{mode} latest {r.name}"] = dict.fromkeys(rows, NO_EVIDENCE)
        return found

    def __str__(self) -> str:
        lines = [f"  completed: {show(r)}" for r in self.recorded] + [f"  added: {show(r)}" for r in self.added]
        lines += [f"  known: {show(r)}" for r in self.attributes]
        return "\n".join([*lines, *(f"  decided: {j.question} {j.decision}" for j in self.judgements)])


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


# -- the comparison ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counterexample:
    criterion: str
    said: str
    found: str
    chart: Chart
    completion: Completion

    def __str__(self) -> str:
        return f"{self.criterion} is {self.said}, and {self.found} in a completion of\n{show_chart(self.chart)}\n{self.completion}"


def disagreement(program: Ready, chart: Chart, option: str, seeds: Sequence[int]) -> Counterexample | None:
    """A criterion whose status some completion contradicts."""
    vocabulary = program.program.vocabulary
    said = program.statuses(facts(chart, SCREENING, vocabulary, program.plain.asked), option)
    for seed in seeds:
        try:
            completion = Completion(Random(seed), chart, program)
        except ImpossibleError:
            continue
        found = program.statuses(completion.facts(), option)
        for c, (certain, possible) in said.items():
            certainly, possibly = found[c]
            if certain and not possible:
                return Counterexample(c, "met and not met", "either", chart, completion)
            if certainly != possibly:
                return Counterexample(c, "anything", "unknown", chart, completion)
            if certain and not certainly:
                return Counterexample(c, "met", "not met", chart, completion)
            if certainly and not possible:
                return Counterexample(c, "not met", "met", chart, completion)
    return None


def without(chart: Chart) -> Iterator[Chart]:
    """The chart with one thing left out, for each thing in it."""

    def less[T](things: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
        return ((*things[:i], *things[i + 1 :]) for i in range(len(things)))

    yield from (replace(chart, records=fewer) for fewer in less(chart.records))
    yield from (replace(chart, judgements=fewer) for fewer in less(chart.judgements))
    yield from (replace(chart, reviewed=fewer) for fewer in less(chart.reviewed))
    yield from (replace(chart, denied=fewer) for fewer in less(chart.denied))
    for i, r in enumerate(chart.records):
        if r.standing is Standing.UNCONFIRMED:
            sure = replace(r, standing=Standing.CONFIRMED)
            yield replace(chart, records=(*chart.records[:i], sure, *chart.records[i + 1 :]))
        for j, v in enumerate(r.values):
            if isinstance(v, Interval) and not v.is_point:
                for end in (v.low, v.high):
                    one = replace(r, values=(*r.values[:j], point(end), *r.values[j + 1 :]))
                    yield replace(chart, records=(*chart.records[:i], one, *chart.records[i + 1 :]))


def minimised(program: Ready, found: Counterexample, option: str) -> Counterexample:
    """A counterexample to the same criterion with as little in the chart as will do."""
    shrinking = True
    while shrinking:
        shrinking = False
        for smaller in without(found.chart):
            again = disagreement(program, smaller, option, range(300))
            if again is not None and again.criterion == found.criterion:
                found, shrinking = again, True
                break
    every = (disagreement(program, found.chart, option, [seed]) for seed in range(600))
    same = [f for f in every if f is not None and f.criterion == found.criterion]
    return min(same, key=lambda f: len(f.completion.recorded) + len(f.completion.added), default=found)


# -- programs at random --------------------------------------------------------------------------------------------

_SHIFTS = ("1 day", "30 days", "60 days", "1 month", "3 months", "1 year")
_DAYS = ("2023-06-30", "2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31")
_SIGNS = ("<", "<=", ">", ">=", "=", "!=")
_MEASURED = ("egfr", "body_weight", "systolic", "diastolic", "pressure")


class Rules:
    """Makes rules at random. Every variable has a type: `date`, a root of concepts, or a unit in quotation marks."""

    def __init__(self, random: Random, vocabulary: Vocabulary) -> None:
        self.random = random
        self.vocabulary = vocabulary
        self.derived: dict[str, list[str]] = {}  # the types of the columns after the patient
        self.made = 0

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def one[T](self, of: Sequence[T]) -> T:
        return self.random.choice(of)

    def constant(self, type_: str) -> str:
        if type_ == "date":
            return self.one(_DAYS)
        if type_.startswith("'"):
            return f"{self.one((0, 5, 20, 30, 60, 100, 120))} {type_}"
        return self.one(sorted(self.vocabulary.descendants[type_]))

    def column(self, name: str) -> str:
        """The type of the chart's column of that name."""
        columns = [c for r in self.vocabulary.relations.values() for c in r.columns if c.name == name]
        match columns[0].type:
            case Coded(root):
                return root
            case Amount(unit):
                return f"'{unit}'"
            case _:
                return "date"

    def term(self, type_: str, known: dict[str, str], binding: bool) -> str:
        """An argument: a variable that is known, a new one where `binding`, a constant, or `_`."""
        old = [v for v, t in known.items() if t == type_]
        dice = self.random.random()
        if old and dice < 0.35:
            return self.one(old)
        if dice < (0.6 if self.vocabulary.concepts.get(type_) else 0.4):
            return self.constant(type_)
        if binding and dice < 0.9:
            self.made += 1
            known[f"V{self.made}"] = type_
            return f"V{self.made}"
        return "_"

    def row(self, known: dict[str, str], binding: bool) -> str:
        """A literal that binds variables; not so under `not`."""

        def terms(*types: str) -> str:
            return ", ".join(self.term(t, known, binding) for t in types)

        def at() -> str:
            dates = [v for v, t in known.items() if t == "date"]
            return f" at {self.one([*dates, self.one(_DAYS)])}" if dates and self.chance(0.5) else ""

        kinds = ["treatment"] * 4 + [
            "condition",
            "disease_course",
            "finding",
            "observation",
            "latest",
            "answer",
            "other",
        ]
        match self.one(kinds + ["derived"] * (2 * bool(self.derived))):
            case "observation":
                unit = f"'{self.vocabulary.concepts[measured := self.one(_MEASURED)].unit}'"
                return f"observation(P, {measured}, {terms(unit, 'date')}, ..)"
            case "latest":
                unit = f"'{self.vocabulary.concepts[measured := self.one(_MEASURED)].unit}'"
                when = at()
                return f"latest observation(P, {measured}, {terms(unit, 'date')}, ..){when}"
            case "answer":
                when = at()
                return (
                    f"latest finding(P, {self.one(('test', 'other_test', 'finding'))}, {terms('answer', 'date')}){when}"
                )
            case "other":
                some = (
                    ("works_by", "drug", "mechanism"),
                    ("equivalent", "drug", "route", "'mg'"),
                    ("next", "course", "course"),
                )
                name, *types = self.one(some)
                own = (f"born(P, {terms('date')})", f"sex(P, {terms('sex')})")
                return self.one((f"{name}({terms(*types)})", *own))
            case "derived":
                name = self.one(list(self.derived))
                return f"{name}({', '.join(('P', terms(*self.derived[name])) if self.derived[name] else ('P',))})"
            case name:
                columns = [c.name for c in self.vocabulary.relations[name].columns if self.chance(0.8)]
                named = (f"{c}: {terms(self.column(c))}" for c in columns)
                return f"{name}({', '.join(('P', *named, '..'))})"

    def test(self, known: dict[str, str]) -> str:
        """A literal that binds nothing."""
        if self.chance(0.25):
            asked = ("observation(P, egfr, ..)", "treatment(P, steroid, ..)", "sex(P, ..)", "finding(P, test, ..)")
            judged = f"judged(P, {self.one(('worth_it', 'active'))}, ..)"
            recorded = f"{self.one(('recorded', 'unrecorded'))} {self.one(asked)}"
            return self.one((judged, f"not {judged}", recorded))
        if not known or self.chance(0.3):
            return f"not {self.row(dict(known), False)}"
        left, type_ = self.one(list(known.items()))
        right = self.one([v for v, t in known.items() if t == type_ and v != left] + [self.constant(type_)])
        if type_ == "date":
            shift = f" {self.one('+-')} {self.one(_SHIFTS)}" if self.chance(0.5) else ""
            return f"{left}{shift} {self.one(_SIGNS)} {right}"
        if type_.startswith("'"):
            return f"{self.one(('', '2 * ', '-1 * '))}{left} {self.one(_SIGNS)} {right}"
        if right in known:
            return f"{left} {self.one(('=', '!='))} {right}"
        return f"{self.one(('', 'not '))}{left} in {right}"

    def aggregate(self, known: dict[str, str]) -> str:
        outer = {v: t for v, t in known.items() if t in self.vocabulary.concepts}
        inner = dict(outer)
        body = ", ".join(
            [self.row(inner, True) for _ in range(self.one((1, 2)))] + [self.test(inner)] * self.chance(0.4)
        )
        own = [v for v in inner if v not in outer] or ["X"]
        dates, sign = [v for v in own if inner.get(v) == "date"], self.one(_SIGNS[:4])
        if len(dates) > 1 and self.chance(0.6):
            first, last = self.random.sample(dates, 2)
            length = self.one(("1 month", "3 months", "60 days", "12 months"))
            if self.chance(0.5):
                return f"covered {{ {first}, {last} : {body} }} {sign} {length}"
            return (
                f"longest {{ {first}, {last} : {body} }} {self.one(('', 'gap 7 days', 'gap 1 month'))} {sign} {length}"
            )
        value = self.one(own)
        type_ = inner.get(value, "")
        if type_ and type_ not in self.vocabulary.concepts and self.chance(0.5):
            bound = self.one([v for v, t in known.items() if t == type_] + [self.constant(type_)] * 2)
            return f"{self.one(('min', 'max'))} {{ {value} : {body} }} {self.one((sign, '='))} {bound}"
        return f"count {{ {value} : {body} }} {self.one((sign, '=', '>='))} {self.one((0, 1, 2, 3))}"

    def rule(self, name: str, types: list[str] | None = None) -> tuple[str, list[str]]:
        """A rule for a relation with these columns, or with any; and the types of its columns."""
        known: dict[str, str] = {}
        body = ["screening(P, S)"] if self.chance(0.4) else []
        known |= {"S": "date"} if body else {}
        body += [self.row(known, True) for _ in range(self.one((1, 1, 2, 2, 3, 4)))]
        body += [self.test(known) for _ in range(self.one((0, 1, 1, 2, 3)))]
        if self.chance(0.3):
            body.append(self.aggregate(known))
        dates = [v for v, t in known.items() if t == "date"]
        if dates and self.chance(0.2):
            body += [
                f"New = {self.one(dates)} {self.one('+-')} {self.one(_SHIFTS)}",
                f"New {self.one(_SIGNS)} {self.one(_DAYS)}",
            ]
        if self.chance(0.2):
            self.random.shuffle(body)
        head = self.random.sample(sorted(known), min(len(known), self.one((0, 0, 1, 1, 2, 3)))) if types is None else []
        for type_ in types or []:
            own = [v for v, t in known.items() if t == type_]
            leaves = sorted(self.vocabulary.descendants.get(type_, frozenset()) & self.vocabulary.leaves)
            head.append(self.one(own) if own else self.one(leaves) if leaves else self.constant(type_))
        text = f"{name}({', '.join(('P', *head))}) :- {', '.join(body)}."
        for v in known:
            if len(re.findall(rf"\b{v}\b", text)) == 1:
                text = re.sub(rf"\b{v}\b", "_", text)
        return text, [known[v] for v in head] if types is None else types

    def program(self) -> list[str]:
        """Rules for a few relations, and for criteria that ask what is in them."""
        rules: list[str] = []
        for i in range(self.one((4, 5, 6))):
            name = f"r{i}"
            rule, types = self.rule(name)
            rules.append(rule)
            if self.chance(0.4):
                self.derived |= {name: types} if self.chance(0.5) else {}  # which allows for recursion
                rules.append(self.rule(name, types)[0])
            self.derived[name] = types
        for name, types in self.derived.items():
            rules.append(f"no_{name}(P) :- not {name}({', '.join('P' + '_' * len(types))}).")
            for i, type_ in enumerate(types):
                row = f"{name}(P, {', '.join('X' if i == j else '_' for j in range(len(types)))})"
                rules.append(f"few_{name}_{i}(P) :- count {{ X : {row} }} < 2.")
                rules.append(f"many_{name}_{i}(P) :- count {{ X : {row} }} >= 2.")
                if type_ in self.vocabulary.concepts:
                    concept = self.constant(type_)
                    rules.append(f"in_{name}_{i}(P) :- {row}, X in {concept}.")
                    rules.append(f"out_{name}_{i}(P) :- {row}, not X in {concept}.")
                    rules.append(f"not_{name}_{i}(P) :- not {row.replace('X', concept)}.")
                else:
                    rules.append(f"more_{name}_{i}(P) :- {row}, X >= {self.constant(type_)}.")
                    rules.append(f"top_{name}_{i}(P) :- max {{ X : {row} }} < {self.constant(type_)}.")
        return rules


def sound(rules: list[str]) -> list[str]:
    """The rules in which nothing is wrong."""
    while True:
        page = page_of("\n".join(rules))
        program, problems = check(Pages((page,), None, None))
        if program is not None:
            return rules
        wrong = {page.line(p.at.line) for p in problems}
        assert wrong & set(rules), "\n".join(render(p) for p in problems)
        rules = [r for r in rules if r not in wrong]
        founded = {name for r in rules if f"{(name := r.partition('(')[0])}(" not in r.partition(":-")[2]}
        rules = [r for r in rules if r.partition("(")[0] in founded]  # what rests on itself alone is empty


def resting_on(criterion: str, rules: Sequence[str]) -> list[str]:
    """The rules that a criterion rests on."""
    reached = {criterion}
    for _ in rules:
        reached |= {n for r in rules if r.partition("(")[0] in reached for n in re.findall(r"\br\d+\b", r)}
    return [r for r in rules if r.partition("(")[0] in reached]


@pytest.mark.parametrize("n", range(SEED, SEED + PROGRAMS))
def test_the_same_of_programs_made_at_random(n: int) -> None:
    vocabulary = prepared("").program.vocabulary
    rules = sound(Rules(Random(n), vocabulary).program())
    program = ready("\n".join(rules))
    for i in range(max(1, CHARTS // 4)):
        chart = Charts(Random(f"{n} {i}"), vocabulary).chart(program.about)
        found = disagreement(program, chart, "strict", [n * 10_000 + i * 100 + j for j in range(COMPLETIONS // 2)])
        if found is not None:
            shown = "\n".join(resting_on(found.criterion, rules))
            pytest.fail(f"{shown}\nchart {i}: {minimised(program, found, 'strict')}")


def test_the_programs_use_all_of_the_language() -> None:
    """Every literal, aggregate, sign and operator stands in some program."""
    used: set[object] = set()

    def visit(node: object) -> None:
        if isinstance(node, tuple):
            for part in node:
                visit(part)
        elif is_dataclass(node) and not isinstance(node, (type, Span)):
            used.add(type(node))
            for f in fields(node):
                value = getattr(node, f.name)
                used.add((type(node), f.name, value if isinstance(value, (str, bool, Summary)) else value is None))
                visit(value)

    for block in read_page(page_of("\n".join(BLOCKS.values())))[0].blocks[1:]:
        for statement in parse(block)[0]:
            visit(statement)
    assert used >= {Holds, Latest, Recorded, Membership, ReadingIs, Comparison, Aggregate, Arithmetic, Length}
    assert used >= {Variable, Anonymous, ConceptName, Number, Day}
    assert used >= {(Aggregate, "summary", summary) for summary in Summary}
    assert used >= {(Comparison, "operator", sign) for sign in _SIGNS}
    assert used >= {(Arithmetic, "operator", sign) for sign in "+-*/"}
    assert used >= {(kind, "negated", no) for kind in (Holds, Latest, Membership) for no in (True, False)}
    assert used >= {
        (Recorded, "negated", True),
        (Recorded, "negated", False),
        (Latest, "when", False),
        (Aggregate, "gap", False),
    }


@pytest.mark.parametrize("name", BLOCKS)
def test_what_is_said_of_a_chart_holds_in_every_completion(name: str) -> None:
    program = prepared(BLOCKS[name])
    for n in range(SEED, SEED + CHARTS):
        chart = Charts(Random(f"{name} {n}"), program.program.vocabulary).chart(program.about)
        option = ("strict", "loose")[n % 2]
        found = disagreement(program, chart, option, [n * 10_000 + i for i in range(COMPLETIONS)])
        if found is not None:
            pytest.fail(f"chart {n}, {option}: {minimised(program, found, option)}")
