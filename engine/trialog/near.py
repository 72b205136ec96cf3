"""Near misses: what would have to be otherwise in the record for a patient to be eligible, and whether waiting is enough.

These are counterfactuals about what is recorded, and no advice to alter a record. The fewest changes come first; each of them is as
small as it can be while the others stay. `docs/decisions/0021-near-misses.md` says what a change is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from trialog.answers import Answers, Status, Verdict
from trialog.charts.chart import Chart, Denied, Judgement, Record, Reviewed, Value
from trialog.charts.facts import closes
from trialog.datum import Ask, Datum, in_force
from trialog.efforts import Effort
from trialog.minimal import Clock, OutOfTimeError
from trialog.needs import MOST_SETS, SECONDS, Wish, combined
from trialog.outcomes import Outcome
from trialog.program import Clause, Difference, Expr, Product, Shifted, Source, Sum, Tuple
from trialog.supposing import Add, Edit, Put, Take
from trialog.telling import expanded
from trialog.trying import Trying, edits_of, of_criteria
from trialog.values import LAST_DAY, Duration, Exact, Interval, point, shift
from trialog.vocabulary import Coded, Dated, Kind, Relation
from trialog.wanted import Wanted

DAYS_AHEAD = 366
_ONE = Effort("a change", 1, is_rated=True)
_AS_IT_IS = Outcome("as it is", ())
_RANKS = list(Ask)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that would be otherwise: what it is, how it is recorded, how it would be, and how far that is away.

    `size` is a part of the value for numbers, days for dates, and 0 where there is no distance.
    """

    datum: Datum
    before: str
    after: str
    size: Exact
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """Sets of changes, the fewest and then the smallest first; and from which day on waiting alone would do.

    `from_day` is None where no day was found among those looked at: each up to `looked_until`, and beyond it the days on which the
    patient reaches an age that the rules name. `unsolved` are criteria for which the search ended before it found any change.
    """

    cohort: str
    now: Verdict
    sets: tuple[tuple[Change, ...], ...]
    from_day: int | None
    looked_until: int
    cut: str = ""
    screened: int = 0
    unsolved: tuple[str, ...] = ()


def near(answers: Answers, cohort: str, most: int = MOST_SETS, seconds: float = SECONDS) -> Near:
    """What would make the patient eligible for the cohort."""
    now = answers.verdict(cohort)
    until = min(answers.screening + DAYS_AHEAD, LAST_DAY)
    if now is Verdict.ELIGIBLE:
        return Near(cohort, now, (), None, until)
    target = of_criteria(answers.screener.program.criteria_of(cohort))
    found = combined(answers, target, Wish.MAKE_ELIGIBLE, most, seconds, lambda names: _Changes(answers, names).found)
    cuts = list(found.cuts)
    whole = Trying(answers, target, found.data, Clock(seconds))
    sets: list[tuple[Change, ...]] = []
    for parts in () if found.unsolved or found.unsettled else found.sets:
        try:
            smaller = _smaller(whole, [(d, o) for p in parts for d, o in p.good if o.edits])
            if smaller:
                sets.append(tuple(_change(answers, d, o) for d, o in smaller))
            else:
                cuts.append("changes that make one criterion right can make another one wrong: such sets are left out")
        except OutOfTimeError:
            cuts.append("time was too short to screen all sets that were found")
    sets = sorted(dict.fromkeys(sets), key=_order)
    from_day, looked = _waiting(answers, cohort, until)
    cut = "; ".join(dict.fromkeys(cuts))
    screened = found.screened + whole.screened + looked
    return Near(cohort, now, tuple(sets), from_day, until, cut, screened, found.unsolved)


def _order(changes: tuple[Change, ...]) -> tuple[object, ...]:
    return len(changes), sorted(_RANKS.index(c.datum.ask) for c in changes), sum(Fraction(c.size) for c in changes)


def _smaller(whole: Trying, chosen: list[tuple[Datum, Outcome]]) -> list[tuple[Datum, Outcome]]:
    """The changes, each made as small as it can be while the others stay; empty where they do not make the patient eligible."""

    def eligible(changes: list[tuple[Datum, Outcome]]) -> bool:
        return whole.status(edits_of(changes)) is Status.MET

    if not eligible(chosen):
        return []
    for i, (datum, _) in enumerate(chosen):
        for outcome in datum.outcomes:
            for one in (outcome, *outcome.within):
                other = [*chosen[:i], (datum, one), *chosen[i + 1 :]]
                if one.edits and eligible(other):
                    chosen = other
                    break
            else:
                continue
            break
    return chosen


def _change(answers: Answers, datum: Datum, outcome: Outcome) -> Change:
    before, _, says = datum.says.partition(" → ")
    return Change(replace(datum, says=before), says, outcome.says, _size(answers, outcome), outcome.edits)


def _size(answers: Answers, outcome: Outcome) -> Exact:
    match outcome.edits:
        case (Put(index, column, Interval() as new),):
            old = answers.chart.records[index].values[column]
            record = answers.chart.records[index]
            dated = isinstance(
                answers.screener.program.vocabulary.relations[record.relation].columns[column].type, Dated
            )
            assert isinstance(old, Interval)
            return _distance(old, new.low, dated)
        case _:
            return 0


def _distance(old: Interval, new: Exact, dated: bool) -> Exact:
    away = max(old.low - new, new - old.high, 0)
    if dated:
        return away
    largest = max(abs(old.low), abs(old.high), abs(new))
    return Fraction(away) / largest if largest else 0


class _Changes:
    """What could be otherwise of what criteria rest on, beside what could be asked for."""

    def __init__(self, answers: Answers, names: Sequence[str]) -> None:
        self.answers = answers
        self.chart = answers.chart
        self.wanted = Wanted(answers, names)
        self.outcomes = self.wanted.outcomes
        self.vocabulary = self.wanted.vocabulary
        self.found: dict[tuple[object, ...], Datum] = {
            key: replace(d, effort=_ONE, outcomes=(_AS_IT_IS, *d.outcomes), is_counted=True)
            for key, d in self.wanted.found.items()
        }
        for clause in self.wanted.clauses:
            for p in clause.body:
                relation = self.vocabulary.relations.get(p.relation) if isinstance(p, Tuple) else None
                if isinstance(p, Tuple) and relation is not None:
                    for concept in self.outcomes.telling.concepts(p, clause):
                        self.of(p, clause, relation, concept)

    def put(self, key: tuple[object, ...], ask: Ask, clause: Clause, relation: Relation, says: str,
            outcomes: list[Outcome]) -> None:  # fmt: skip
        if outcomes and key not in self.found:
            self.found[key] = Datum(
                ask, relation.name, "", says, _ONE, (_AS_IT_IS, *outcomes), self.wanted.atoms(clause), 0, True
            )  # fmt: skip

    def of(self, p: Tuple, clause: Clause, relation: Relation, concept: str) -> None:
        match relation.kind:
            case Kind.KNOWN | Kind.ATTRIBUTE:
                return
            case Kind.JUDGEMENT:
                self.decisions(clause, relation, concept)
                return
            case Kind.EVENT | Kind.MEASURE:
                pass
        for index, record in enumerate(self.chart.records):
            if record.relation == relation.name and self.wanted.may_fit(record, relation, concept):
                self.otherwise(clause, relation, index, record)
        has_history = (Ask.HISTORY, relation.name, concept) in self.found
        if p.source is Source.ALL and not has_history and not self.wanted.is_idle(p):
            found = [rows[-1] for rows in self.outcomes.records(relation, concept, None)]
            new = [r for r in found if relation.kind is Kind.EVENT or not self.wanted.is_beside(r, relation)]
            label = self.outcomes.words.label(concept)
            self.put(
                (Ask.MORE, relation.name, concept), Ask.MORE, clause, relation, f"{label} → not recorded",
                [Outcome(self.outcomes.written(r), (Add(r),)) for r in new],
            )  # fmt: skip

    def decisions(self, clause: Clause, relation: Relation, question: str) -> None:
        row = (self.chart.patient, question)
        facts = self.answers.facts
        signed = next((d for mode, d in (("certain", "agreed"), ("refused", "refused"))
                       if row in facts.get(f"{mode} {relation.name}", {})), None)  # fmt: skip
        if signed is None:
            return
        on = self.answers.screening
        taken: list[Edit] = [
            Take("judgements", i) for i, j in enumerate(self.chart.judgements) if j.question == question
        ]
        new = "refused" if signed == "agreed" else "agreed"
        judgement = Judgement(question, new, point(on), point(LAST_DAY), "the investigator")
        self.put(
            (Ask.DECISION, question), Ask.DECISION, clause, relation,
            f"{self.outcomes.words.label(question)} → {signed}", [Outcome(new, (*taken, Add(judgement)))],
        )  # fmt: skip

    def otherwise(self, clause: Clause, relation: Relation, index: int, record: Record) -> None:
        about = relation.concept_column
        concept = str(record.values[about]) if about is not None else ""
        words = self.outcomes.words.record_words(record)
        for column in self.outcomes.asked_columns(relation, concept):
            key = (Ask.ENTRY, index, column)
            value = record.values[column]
            if key in self.found or (isinstance(value, Interval) and value.cause is not None):
                continue
            dated = isinstance(relation.columns[column].type, Dated)
            name = relation.columns[column].name.replace("_", " ")
            made = [
                Outcome(self.outcomes.shown(relation, concept, column, v), (Put(index, column, v),))
                for v in self.nearest_first(relation, concept, column, value)
                if self.wanted.in_order(record, relation, column, v)
            ]
            shown = self.outcomes.shown(relation, concept, column, value)
            self.put(
                key, Ask.DATE if dated else Ask.VALUE, clause, relation, f"{name} of: {words} → {shown}", made
            )  # fmt: skip
        self.put(
            (Ask.LESS, index), Ask.LESS, clause, relation, f"{words} → recorded",
            [Outcome("not there", (Take("records", index),))],
        )  # fmt: skip

    def nearest_first(self, relation: Relation, concept: str, column: int, value: Value) -> Iterator[Value]:
        """The nearest value of each piece in which the recorded one is not."""
        if isinstance(value, str):
            if isinstance(relation.columns[column].type, Coded):
                yield from (o.value for o in self.outcomes.options(relation, concept, column) if o.value != value)
            return
        near: list[Exact] = []
        for option in self.outcomes.options(relation, concept, column):
            piece = option.value
            if isinstance(piece, Interval) and not (piece.low <= value.low <= piece.high):
                near.append(piece.low if value.low < piece.low else piece.high)
        yield from (point(v) for v in sorted(near, key=lambda v: (abs(v - value.low), v)))


# -- waiting -----------------------------------------------------------------------------------------------------


def _waiting(answers: Answers, cohort: str, until: int) -> tuple[int | None, int]:
    """The first later screening date on which the patient is eligible if nothing else happens, and how many were tried."""
    screener = answers.screener
    looked = 0
    criteria = [c.relation for c in screener.program.criteria_of(cohort)]
    later = {d for d in _ages(answers, in_force(answers.screener, criteria)) if d > until}
    target = of_criteria(screener.program.criteria_of(cohort))
    trying = Trying(answers, target, (), Clock(SECONDS))
    for day in (*range(answers.screening + 1, until + 1), *sorted(later)):
        looked += 1
        chart = _unchanged(answers.chart, answers.screening, day)
        try:
            if trying.status_on(chart, day) is Status.MET:
                return day, looked
        except OutOfTimeError:
            return None, looked
    return None, looked


def _unchanged(chart: Chart, screening: int, day: int) -> Chart:
    """The chart as it would be if nothing happened until the day: what was reviewed or denied stays so."""

    def through[T: (Reviewed, Denied)](entry: T) -> T:
        return replace(entry, through=point(day)) if closes(entry, screening) and entry.through.low < day else entry

    return replace(
        chart, reviewed=tuple(through(r) for r in chart.reviewed), denied=tuple(through(d) for d in chart.denied)
    )


def _ages(answers: Answers, clauses: tuple[Clause, ...]) -> Iterator[int]:
    """The days on which the patient reaches, or has just passed, an age that some rule names."""
    vocabulary = answers.screener.program.vocabulary
    births = [
        int(v.low)
        for r in answers.chart.records
        if vocabulary.relations[r.relation].kind is Kind.ATTRIBUTE
        for v in r.values
        if isinstance(v, Interval) and v.is_point and 1 <= v.low <= LAST_DAY
    ]
    durations = {d for c in clauses for p in expanded(c) for e in (p.left, p.right) for d in _durations(e)}
    for birth in births:
        for duration in durations:
            day = shift(birth, duration)
            yield from (d for d in (day, day + 1) if d < LAST_DAY)


def _durations(e: Expr) -> Iterator[Duration]:
    match e:
        case Shifted(day, by):
            yield by
            yield from _durations(day)
        case Sum(left, right) | Difference(left, right) | Product(left, right):
            yield from (*_durations(left), *_durations(right))
        case _:
            pass
