"""What could be asked for: every datum or judgement that the rules ask for and the chart leaves open."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

from trialog.answers import Answers, Status
from trialog.charts.chart import Judgement, Record, Reviewed, Standing
from trialog.datum import Ask, Datum, in_force
from trialog.efforts import Effort, Efforts
from trialog.outcomes import Outcome, Outcomes
from trialog.program import Clause, Const, ProtocolAtom, Source, Tuple
from trialog.supposing import Add, Confirm, Edit, Put, Take
from trialog.telling import Telling
from trialog.values import FIRST_DAY, LAST_DAY, Cause, Interval, point, show_day
from trialog.vocabulary import Dated, Kind, Relation
from trialog.weights import weights

_LEAST_WEIGHT = Fraction(1, 1000)  # what amounts are divided by is above zero


class Wanted:
    """What the chart leaves open of what the relations rest on."""

    def __init__(self, answers: Answers, relations: Iterable[str]) -> None:
        self.answers = answers
        self.chart = answers.chart
        self.screening = answers.screening
        self.program = answers.screener.program
        self.vocabulary = self.program.vocabulary
        self.clauses = in_force(answers.screener, relations)
        self.outcomes = Outcomes(Telling(answers, self.clauses))
        self.words = self.outcomes.words
        self.efforts = Efforts(self.program)
        self.counted = {
            (p.relation, c)
            for clause in self.clauses
            for p in clause.body
            if isinstance(p, Tuple) and p.source is Source.RECORDED
            for c in self.outcomes.telling.concepts(p, clause)
        }
        self.found: dict[tuple[object, ...], Datum] = {}
        self._beneath: dict[str, tuple[Clause, ...]] = {}
        for clause in self.clauses:
            if any(self.is_idle(p) for p in clause.body):
                continue
            for p in clause.body:
                relation = self.vocabulary.relations.get(p.relation) if isinstance(p, Tuple) else None
                if isinstance(p, Tuple) and relation is not None and p.source is not Source.RECORDED:
                    for concept in self.outcomes.telling.concepts(p, clause):
                        self.of(p, clause, relation, concept)

    @property
    def data(self) -> tuple[Datum, ...]:
        return tuple(self.found.values())

    def is_idle(self, p: object) -> bool:
        """Whether the literal asks for a record that the chart does not have: until there is one its clause says nothing."""
        if not isinstance(p, Tuple) or p.source is not Source.RECORDED or p.negated:
            return False
        about = next((a.value for a in p.args[1:] if isinstance(a, Const)), None)
        row = (self.chart.patient,) if about is None else (self.chart.patient, about)
        return row not in self.answers.facts.get(f"recorded {p.relation}", {})

    def of(self, p: Tuple, clause: Clause, relation: Relation, concept: str) -> None:
        match relation.kind:
            case Kind.KNOWN:
                return
            case Kind.JUDGEMENT:
                self.signature(clause, relation, concept)
                return
            case Kind.ATTRIBUTE:
                if (self.chart.patient,) in self.answers.facts.get(f"open {relation.name}", {}):
                    self.attribute(clause, relation)
            case Kind.EVENT | Kind.MEASURE:
                self.unrecorded(p, clause, relation, concept)
        for index, record in enumerate(self.chart.records):
            if record.relation == relation.name and self.may_fit(record, relation, concept):
                self.entries(clause, relation, index, record, p.source is Source.LATEST)
                self.contradicted(clause, relation, index, record)

    def may_fit(self, record: Record, relation: Relation, concept: str) -> bool:
        begin = next((v for i in ("on", "from") if (at := relation.position(i)) is not None
                      and isinstance(v := record.values[at], Interval)), None)  # fmt: skip
        if relation.kind is not Kind.ATTRIBUTE and begin is not None and begin.low > self.screening:
            return False
        about = relation.concept_column
        if relation.kind is Kind.ATTRIBUTE or about is None:
            return True
        below = self.vocabulary.descendants
        return bool(below[str(record.values[about])] & below[concept])

    # -- kinds of data -------------------------------------------------------------------------------------------

    def put(
        self, key: tuple[object, ...], ask: Ask, clause: Clause, relation: Relation, concept: str, says: str,
        effort: Effort, outcomes: Iterable[Outcome], reopens: bool = False,
    ) -> None:  # fmt: skip
        atoms = self.atoms(clause)
        before = self.found.get(key)
        if before is not None:
            atoms = tuple(dict.fromkeys((*before.atoms, *atoms)))
            self.found[key] = replace(before, atoms=atoms)
            return
        self.outcomes.left_out = 0
        made = tuple(outcomes)
        adds = ask in (Ask.RESULT, Ask.HISTORY, Ask.ATTRIBUTE)
        counted = reopens or (
            adds
            and any(r == relation.name and (not concept or not c or self.overlap(concept, c)) for r, c in self.counted)
        )
        if made:
            self.found[key] = Datum(
                ask, relation.name, concept, says, effort, made, atoms, self.outcomes.left_out, counted
            )

    def overlap(self, one: str, other: str) -> bool:
        below = self.vocabulary.descendants
        return bool(below.get(one, frozenset()) & below.get(other, frozenset()))

    def atoms(self, clause: Clause) -> tuple[ProtocolAtom, ...]:
        """The atoms for which the clause is asked, those that are not known first where there are any."""
        mine = [a for a in self.program.atoms.values() if any(c is clause for c in self.beneath_of(a.relation))]
        return tuple([a for a in mine if self.answers.status(a.relation) is Status.UNKNOWN] or mine)

    def beneath_of(self, relation: str) -> tuple[Clause, ...]:
        if relation not in self._beneath:
            self._beneath[relation] = in_force(self.answers.screener, [relation])
        return self._beneath[relation]

    def signature(self, clause: Clause, relation: Relation, question: str) -> None:
        if (self.chart.patient, question) not in self.answers.facts.get(f"open {relation.name}", {}) and (
            self.chart.patient, question
        ) not in self.doubtful(relation):  # fmt: skip
            return
        says = f"the investigator's signature: {self.words.label(question)}"
        self.put(
            (Ask.SIGNATURE, relation.name, question), Ask.SIGNATURE, clause, relation, question, says,
            self.efforts.about(question, "signature"), self.signed(question),
        )  # fmt: skip

    def doubtful(self, relation: Relation) -> set[object]:
        certain = self.answers.facts.get(f"certain {relation.name}", {})
        return {row for row in self.answers.facts.get(f"possible {relation.name}", {}) if row not in certain}

    def signed(self, question: str) -> Iterator[Outcome]:
        """Either decision, in the place of any that may count as later than the new one."""
        earlier: list[Edit] = [
            Take("judgements", i)
            for i, j in enumerate(self.chart.judgements)
            if j.question == question and j.on.low <= self.screening <= j.on.high
        ]
        for decision in ("agreed", "refused"):
            new = Judgement(question, decision, point(self.screening), point(LAST_DAY), "the investigator")
            yield Outcome(decision, (*earlier, Add(new)))

    def attribute(self, clause: Clause, relation: Relation) -> None:
        taken = [Take("records", i) for i, r in enumerate(self.chart.records) if r.relation == relation.name]
        self.put(
            (Ask.ATTRIBUTE, relation.name), Ask.ATTRIBUTE, clause, relation, "", relation.description,
            self.efforts.about("", "chart_look_up"),
            (self.added(rows, taken) for rows in self.outcomes.records(relation, "", None)),
        )  # fmt: skip

    def added(self, rows: list[Record], before: Iterable[Edit] = ()) -> Outcome:
        """That there is such a record; the first stands for the others."""
        one, *single = (Outcome(self.outcomes.written(r), (*before, Add(r))) for r in rows)
        return replace(one, within=tuple(single))

    def unrecorded(self, p: Tuple, clause: Clause, relation: Relation, concept: str) -> None:
        if p.source is Source.LATEST:
            day = self.screening if p.when is None else self.first_day()
            self.result(clause, relation, concept, day)
        elif (self.chart.patient, concept) in self.answers.facts.get(f"open {relation.name}", {}):
            says = f"a review of the {relation.name.replace('_', ' ')} history: {self.words.label(concept)}"
            reviewed = Add(Reviewed(relation.name, concept, point(self.screening)))
            nothing = Outcome("nothing more there", (reviewed,))
            more = (
                self.added(rows, [reviewed])
                for rows in self.outcomes.records(relation, concept, None)
                if relation.kind is Kind.EVENT or not any(self.is_beside(r, relation) for r in rows)
            )
            self.put(
                (Ask.HISTORY, relation.name, concept), Ask.HISTORY, clause, relation, concept, says,
                self.efforts.about(concept, "history_review")
                if relation.kind is Kind.EVENT
                else self.efforts.named("history_review"),
                (nothing, *more),
            )  # fmt: skip

    def is_beside(self, new: Record, relation: Relation) -> bool:
        """Whether the chart has another result of the same day: the new one would contradict it, and not be one more."""
        about, on = relation.concept_column or 0, relation.position("on")
        return on is not None and any(
            r.relation == relation.name
            and self.overlap(str(r.values[about]), str(new.values[about]))
            and _meet(r.values[on], new.values[on])
            for r in self.chart.records
        )

    def first_day(self) -> int:
        """The first day that a record of the chart speaks of: what is known from then on is known on all later ones."""
        days = [
            int(v.low)
            for r in self.chart.records
            for c, v in zip(self.vocabulary.relations[r.relation].columns, r.values, strict=True)
            if isinstance(v, Interval) and isinstance(c.type, Dated) and v.is_point
            and self.vocabulary.relations[r.relation].kind is not Kind.ATTRIBUTE
        ]  # fmt: skip
        return min([d for d in days if d > FIRST_DAY] + [self.screening])

    def result(self, clause: Clause, relation: Relation, concept: str, day: int) -> None:
        open_rows = self.answers.facts.get(f"open latest {relation.name}", {})
        spans = [r for r in open_rows if r[:2] == (self.chart.patient, concept)]
        if not any(since <= day < until for *_, since, until in spans):  # type: ignore[operator]
            return
        asked = [relation.columns[i].name.replace("_", " ") for i in self.outcomes.asked_columns(relation, concept)]
        asked = [a for a in asked if a != "on"] or ["result"]
        says = f"{self.words.label(concept)}: {' and '.join(asked)}"
        if day != self.screening:
            says += f", as it was on {show_day(day)}"
        leaf = concept if concept in self.vocabulary.leaves else min(
            self.vocabulary.descendants[concept] & self.vocabulary.leaves
        )  # fmt: skip
        unsure: list[Edit] = [
            Take("records", i)
            for i, r in enumerate(self.chart.records)
            if r.relation == relation.name and r.standing is Standing.UNCONFIRMED
            and r.values[relation.concept_column or 0] == leaf
        ]  # fmt: skip
        self.put(
            (Ask.RESULT, relation.name, concept, day), Ask.RESULT, clause, relation, concept, says,
            self.efforts.about(concept, "unrated") if day == self.screening else self.efforts.named("chart_look_up"),
            (self.added(rows, unsure) for rows in self.outcomes.records(relation, leaf, day)),
        )  # fmt: skip

    def entries(self, clause: Clause, relation: Relation, index: int, record: Record, latest: bool) -> None:
        about = relation.concept_column if relation.kind is not Kind.ATTRIBUTE else None
        concept = str(record.values[about]) if about is not None else ""
        columns = dict.fromkeys(self.outcomes.asked_columns(relation, concept))
        for name in ("on",) if latest else ("from", "on"):
            if (at := relation.position(name)) is not None:
                columns[at] = None
        if about is not None:
            columns[about] = None
        for column in columns:
            value = record.values[column]
            if value in self.vocabulary.leaves if isinstance(value, str) else value.is_point:
                continue
            name = relation.columns[column].name
            what = "which exactly" if column == about else f"the {name.replace('_', ' ')}"
            made = (
                Outcome(
                    f"{name.replace('_', ' ')} {self.outcomes.shown(relation, concept, column, o.value)}",
                    (Put(index, column, o.value),),
                    tuple(
                        Outcome(
                            f"{name.replace('_', ' ')} {self.outcomes.shown(relation, concept, column, v)}",
                            (Put(index, column, v),),
                        )
                        for v in o.points
                    ),
                )
                for o in self.outcomes.options(relation, concept, column, value)
                if self.in_order(record, relation, column, o.value)
            )
            self.put(
                (Ask.ENTRY, index, column), Ask.ENTRY, clause, relation, concept,
                f"{what} of: {self.words.record_words(record)}", self.efforts.named("chart_look_up"), made,
            )  # fmt: skip
        p = relation.product
        if p is not None:
            whole, part = relation.position(p.whole), relation.position(p.part)
            begin = record.values[relation.position("from") or 0]
            asked = {whole, part} & set(columns)
            if asked and whole is not None and part is not None and isinstance(begin, Interval) and begin.is_point:
                causes = {getattr(record.values[i], "cause", None) is Cause.MISSING for i in (whole, part)}
                measures = [r for r in self.vocabulary.relations.values()
                            if r.kind is Kind.MEASURE and r.position("value") is not None]  # fmt: skip
                if causes == {True, False} and measures:
                    day = int(min(begin.low, self.screening))
                    self.weighed(clause, measures[0], p.measure, day, relation, record)

    def weighed(
        self, clause: Clause, relation: Relation, concept: str, day: int, owner: Relation, record: Record
    ) -> None:
        """The measure by which one amount follows from another, where none is surely recorded by then."""
        rows = weights(self.outcomes, self.chart, relation, concept, day, owner, record)
        if rows is None:
            return
        self.put(
            (Ask.RESULT, relation.name, concept, day), Ask.RESULT, clause, relation, concept,
            f"{self.words.label(concept)}: value, as it was on {show_day(day)}",
            self.efforts.named("chart_look_up"), [self.added(r) for r in rows],
        )  # fmt: skip

    def in_order(self, record: Record, relation: Relation, column: int, value: object) -> bool:
        """Whether the value keeps the record's end after its beginning."""
        begin, end = relation.position("from"), relation.position("to")
        if begin is None or end is None or column not in (begin, end) or not isinstance(value, Interval):
            return True
        other = record.values[end if column == begin else begin]
        assert isinstance(other, Interval)
        return value.low <= other.high if column == begin else other.low <= value.high

    def contradicted(self, clause: Clause, relation: Relation, index: int, record: Record) -> None:
        if record.standing is Standing.UNCONFIRMED:
            self.put(
                (Ask.CONFIRMATION, index), Ask.CONFIRMATION, clause, relation, "",
                f"whether it is so: {self.words.record_words(record)}", self.efforts.named("chart_look_up"),
                (Outcome("confirmed", (Confirm(index),)), Outcome("not so", (Take("records", index),))),
            )  # fmt: skip
        about = relation.concept_column if relation.kind is not Kind.ATTRIBUTE else None
        begin_at = relation.position("on") if relation.position("on") is not None else relation.position("from")
        begin = record.values[begin_at] if begin_at is not None and about is not None else None
        near = [
            i
            for i, r in enumerate(self.chart.records)
            if r.relation == record.relation
            and (about is None or self.overlap(str(r.values[about]), str(record.values[about])))
            and relation.kind is not Kind.EVENT
            and (begin_at is None or about is None or _meet(begin, r.values[begin_at]))
        ]
        if len(near) > 1 and len({self.chart.records[i].values for i in near}) > 1:
            says = "; ".join(self.words.record_words(self.chart.records[i]) for i in near)
            made = (
                Outcome(
                    f"right is: {self.words.record_words(self.chart.records[i])}",
                    tuple(Take("records", j) for j in near if j != i),
                )
                for i in near
            )
            self.put(
                (Ask.CONFLICT, *near), Ask.CONFLICT, clause, relation, "", f"which of these is right: {says}",
                self.efforts.named("chart_look_up"), made,
            )  # fmt: skip
        for i, d in enumerate(self.chart.denied):
            if (
                about is not None
                and d.relation == record.relation
                and isinstance(begin, Interval)
                and begin.low <= d.through.high
                and self.overlap(str(record.values[about]), d.concept)
            ):
                says = f"whether there was {self.words.label(d.concept)}: {self.words.record_words(record)}"
                self.put(
                    (Ask.CONFLICT, index, "denied", i), Ask.CONFLICT, clause, relation, "",
                    f"{says}, or none as the chart says elsewhere", self.efforts.named("chart_look_up"),
                    (
                        Outcome("the record is right", (Take("denied", i),)),
                        Outcome("there was none", (Take("records", index),)),
                    ),
                    reopens=True,
                )  # fmt: skip


def _meet(one: object, other: object) -> bool:
    return isinstance(one, Interval) and isinstance(other, Interval) and one.low <= other.high and other.low <= one.high
