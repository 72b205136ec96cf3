"""Tuples that a chart records, may record, or lacks."""

from collections.abc import Iterator

from trialog.answers import Answers, Status
from trialog.charts.chart import Judgement, Record
from trialog.charts.facts import NO_EVIDENCE, Evidence, closing
from trialog.fetches import CERTAIN, OPEN, POSSIBLE
from trialog.plain import Row
from trialog.program import Arg, Clause, Const, Sort, Source, Tuple, Under, Var, Whatever
from trialog.proof.intervals import in_time, sort_of, values_of
from trialog.proof.step import FROM_CAUSE, Known, Reason, Step
from trialog.proof.wording import Wording
from trialog.values import Cause, Interval, show_days
from trialog.vocabulary import Coded, Kind, Relation


def _column_of(relation: Relation) -> int | None:
    """Where a row of the relation says what it is about: after the patient, and two columns for each date or number before."""
    about = relation.concept_column
    return None if about is None else 1 + sum(1 + sort_of(c.type).is_wide for c in relation.columns[:about])


class ChartTuples:
    """The ways in which a clause's tuples of a chart's relations may hold for one patient."""

    def __init__(self, answers: Answers, wording: Wording, clause: Clause, stated: frozenset[str]) -> None:
        """`stated` are the variables whose values the clause's head takes from the tuple that is being explained."""
        self.answers = answers
        self.stated = stated
        self.vocabulary = answers.screener.program.vocabulary
        self.patient = answers.chart.patient
        self.words = wording
        self.clause = clause

    def evidence(self, name: str, row: Row) -> Evidence:
        return self.answers.facts.get(name, {}).get(row, NO_EVIDENCE)

    def recorded(self, p: Tuple) -> Step:
        about = next((a.value for a in p.args[1:] if isinstance(a, Const)), None)
        row: Row = (self.patient, about) if about is not None else (self.patient,)
        what = self.words.label(str(about)) if about is not None else self.vocabulary.relations[p.relation].description
        found = row in self.answers.facts.get(f"recorded {p.relation}", {})
        holds = found is not p.negated
        evidence = self.evidence(f"recorded {p.relation}", row)
        says = "; ".join(self.words.record_words(r) for r in evidence.records[-2:]) if found else f"no record of {what}"
        return Step(says, Status.MET if holds else Status.NOT_MET, places=tuple(r.place for r in evidence.records[-2:]))

    def judged(self, p: Tuple, relation: Relation) -> Step:
        question = next(str(a.value) for a in p.args[1:] if isinstance(a, Const))
        row = (self.patient, question)
        label = self.words.label(question)
        for mode, status in ((CERTAIN, Status.MET), (POSSIBLE, Status.UNKNOWN), ("refused", Status.NOT_MET)):
            name = f"{mode} {relation.name}"
            if row in self.answers.facts.get(name, {}):
                evidence = self.evidence(name, row)
                says = "; ".join(self.words.record_words(r) for r in evidence.records) or f"decided: {label}"
                why = FROM_CAUSE[evidence.doubt] if evidence.doubt is not None and status is Status.UNKNOWN else None
                return Step(says, status, why, places=tuple(r.place for r in evidence.records))
        lapsed = self.evidence(f"{OPEN} {relation.name}", row).records
        note = f" (no longer counts: {'; '.join(self.words.record_words(r) for r in lapsed)})" if lapsed else ""
        return Step(f"awaits the investigator's signature: {label}{note}", Status.UNKNOWN, Reason.AWAITING_JUDGEMENT)

    def chart_ways(self, p: Tuple, relation: Relation, known: Known) -> Iterator[tuple[Step | None, Known]]:
        sorts = (Sort.PATIENT, *(sort_of(c.type) for c in relation.columns))
        latest = "latest " if p.source is Source.LATEST else ""
        when = self.when(p, known)
        about = None if relation.kind is Kind.ATTRIBUTE else _column_of(relation)
        seen: set[tuple[object, ...]] = set()
        possible = self.answers.facts.get(f"{POSSIBLE} {latest}{p.relation}", {})
        certain_rows = self.answers.facts.get(f"{CERTAIN} {latest}{p.relation}", {})
        rows = sorted(
            (*certain_rows, *(r for r in possible if r not in certain_rows)), key=lambda r: r not in certain_rows
        )
        for row in rows:
            if about is not None and not self.may_be_about(str(row[about]), p.args[about], known):
                continue
            plain, span = (row[:-2], row[-2:]) if latest else (row, None)
            fits, sure_when = in_time(span, when)
            if not fits:
                continue
            evidence = self.evidence(f"{CERTAIN if row in certain_rows else POSSIBLE} {latest}{p.relation}", row)
            values, sure = self.bound(
                p, plain, sorts, known, paired=True, causes=evidence.causes, subsuming=p.source is not Source.LATEST
            )
            if values is None or not self.in_class(p, relation, values):
                continue
            certain = sure and sure_when and row in certain_rows
            key = (evidence.records, *((k, v) for k, v in values.items()))
            if key in seen:
                continue
            seen.add(key)
            words = "; ".join(dict.fromkeys(self.words.record_words(r) for r in evidence.records))
            if not certain:
                why = (
                    FROM_CAUSE[evidence.doubt]
                    if evidence.doubt is not None
                    else Reason.MISSING
                    if Cause.MISSING in evidence.causes
                    else Reason.IMPRECISE
                )
                words += {
                    Reason.MISSING: " (not confirmed, or not fully recorded)",
                    Reason.CONFLICTING: " (records contradict each other)",
                    Reason.IMPRECISE: " (not known precisely)",
                }.get(why, "")
            else:
                why = None
            status = Status.MET if certain else Status.UNKNOWN
            dates = [c for c, s in zip(evidence.causes, sorts[1:], strict=True) if s is Sort.DATE and c is not None]
            yield (
                Step(
                    words,
                    status,
                    why,
                    places=tuple(r.place for r in evidence.records),
                    dates=dates[0] if dates else None,
                ),
                values,
            )
        yield self.unrecorded(p, relation, known, when, latest)

    def may_be_about(self, concept: str, arg: Arg, known: Known) -> bool:
        """Whether a row about the concept can fit the argument that says what it is about."""
        match arg:
            case Const(value):
                return self.vocabulary.is_a(concept, str(value))
            case Var(name):
                value = known.get(name)
                return value is None or value == concept
            case Whatever():
                return True

    def in_class(self, p: Tuple, relation: Relation, values: Known) -> bool:
        """Whether a record may be of the class that the clause asks for; other records say nothing."""
        about = (
            p.args[relation.concept_column + 1]
            if relation.concept_column is not None and relation.kind is not Kind.ATTRIBUTE
            else None
        )
        concept = values.get(about.name) if isinstance(about, Var) else None
        below = self.vocabulary.descendants
        return not isinstance(concept, str) or all(
            below[concept] & below[u.concept]
            for u in self.clause.body
            if isinstance(u, Under) and not u.negated and u.arg == about
        )

    def unrecorded(
        self, p: Tuple, relation: Relation, known: Known, when: Interval | None, latest: str
    ) -> tuple[Step, Known]:
        """The way in which a tuple holds that the chart does not record: open, or closed by what was reviewed."""
        about = (
            None
            if relation.kind is Kind.ATTRIBUTE or relation.concept_column is None
            else p.args[relation.concept_column + 1]
        )
        value = about.value if isinstance(about, Const) else known.get(about.name) if isinstance(about, Var) else None
        column = relation.columns[relation.concept_column or 0].type
        classes = [u.concept for u in self.clause.body if isinstance(u, Under) and not u.negated and u.arg == about]
        concept = (
            value if isinstance(value, str) else next(iter(classes), column.root if isinstance(column, Coded) else "")
        )
        openings = self.answers.facts.get(f"{OPEN} {latest}{p.relation}", {})
        is_open = (
            any(r[:2] == (self.patient, concept) and in_time(r[2:], when)[0] for r in openings)
            if latest
            else (self.patient,) in openings
            if about is None
            else (self.patient, concept) in openings
        )
        what = self.words.label(concept) if about is not None else relation.description
        others = {a.name: None for a in (*p.args,) if isinstance(a, Var) and a.name not in known}
        if is_open:
            reviewed = "" if latest or about is None else ", and the chart does not say that this was reviewed"
            return Step(
                f"nothing {'more ' if self.has_any(relation, concept) else ''}is recorded of {what}{reviewed}",
                Status.UNKNOWN,
                Reason.MISSING,
            ), {**known, **others}
        by = (
            closing(self.answers.chart, relation.name, concept, self.answers.screening, self.vocabulary)
            if about is not None
            else ()
        )
        through = f" up to {max((show_days(c.through) for c in by), default='')}" if by else ""
        instead = self.instead(p, concept, when, latest) if latest or about is None else ()
        if about is None or (latest and (instead or not by)):
            words = "; ".join(dict.fromkeys(self.words.record_words(r) for r in instead))
            places = tuple(r.place for r in dict.fromkeys(instead))
            return Step(words or f"the recorded {what} is another", Status.NOT_MET, places=places), known
        found = self.has_any(relation, concept)
        return Step(
            f"no {'other ' if found else ''}{what} in the {relation.name.replace('_', ' ')} history{through}",
            Status.NOT_MET,
            places=tuple(c.place for c in by),
        ), known

    def instead(self, p: Tuple, concept: str, when: Interval | None, latest: str) -> tuple[Record | Judgement, ...]:
        """What is recorded instead of what a literal asks for."""
        rows = self.answers.facts.get(f"{POSSIBLE} {latest}{p.relation}", {})
        return tuple(
            r
            for row, evidence in rows.items()
            if not latest or (row[1] == concept and in_time(row[-2:], when)[0])
            for r in evidence.records
        )

    def has_any(self, relation: Relation, concept: str) -> bool:
        about = relation.concept_column
        return about is not None and any(
            r.relation == relation.name
            and concept in self.vocabulary.concepts
            and self.vocabulary.is_a(str(r.values[about]), concept)
            for r in self.answers.chart.records
        )

    def when(self, p: Tuple, known: Known) -> Interval | None:
        if p.source is not Source.LATEST:
            return None
        if p.when is None:
            return Interval(self.answers.screening, self.answers.screening)
        if isinstance(p.when, Const):
            assert not isinstance(p.when.value, str)
            return Interval(p.when.value, p.when.value)
        value = known.get(p.when.name)
        return value if isinstance(value, Interval) else None

    def bound(
        self,
        p: Tuple,
        row: Row,
        sorts: tuple[Sort, ...],
        known: Known,
        paired: bool,
        causes: tuple[Cause | None, ...] = (),
        subsuming: bool = True,
    ) -> tuple[Known | None, bool]:
        """The known values with those of the row; None where they do not fit. And whether they surely fit."""
        values = dict(known)
        sure = True
        found = values_of(row, sorts, paired)
        if causes and len(causes) == len(found) - 1:
            found = (
                found[0],
                *(
                    Interval(v.low, v.high, c, v.of_days) if isinstance(v, Interval) and not v.is_point else v
                    for v, c in zip(found[1:], causes, strict=True)
                ),
            )
        for arg, value in zip(p.args, found, strict=True):
            wanted: str | Interval | None
            if isinstance(arg, Const):
                wanted = arg.value if isinstance(arg.value, str) else Interval(arg.value, arg.value)
            elif isinstance(arg, Var) and arg.name in values:
                wanted = values[arg.name]
            else:
                if isinstance(arg, Var):
                    values[arg.name] = value
                continue
            if wanted is None:
                values[arg.name] = value  # type: ignore[union-attr]
            elif isinstance(wanted, str):
                if value != wanted and not (
                    isinstance(arg, Const)
                    and isinstance(value, str)
                    and subsuming
                    and value in self.vocabulary.concepts
                    and self.vocabulary.is_a(value, wanted)
                ):
                    return None, False
            elif isinstance(value, Interval):
                if value.high < wanted.low or wanted.high < value.low:
                    return None, False
                alike = (value.low, value.high) == (wanted.low, wanted.high)
                sure = sure and alike and (value.is_point or (isinstance(arg, Var) and arg.name in self.stated))
        return values, sure
