"""Why a relation holds, fails or stays unknown for a patient: rules, records and what is missing, as a tree.

The search reads the author's clauses against the rows that an engine derived. It decides nothing: the status at the root is the
engine's, and a tree that says otherwise is a defect (`Step.status` is compared with it in the tests).
"""

import enum
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from trialog.answers import Answers, Status
from trialog.bounds import CERTAIN, OPEN, POSSIBLE, variables
from trialog.charts.chart import Judgement, Place, Record
from trialog.charts.facts import NO_EVIDENCE, Evidence, closing
from trialog.engines.tally import reaches
from trialog.plain import Row, Tally
from trialog.program import (
    Chosen,
    Clause,
    Compared,
    Const,
    Difference,
    Distinct,
    Expr,
    Given,
    Premise,
    Product,
    Shifted,
    Sort,
    Source,
    Sum,
    Tallied,
    Tuple,
    Under,
    Var,
)
from trialog.source import Span
from trialog.tree import Summary
from trialog.values import Cause, Exact, Interval, shift, show_days, show_number
from trialog.vocabulary import Coded, Dated, Kind, Relation


class Reason(enum.Enum):
    """Why a status is unknown."""

    MISSING = "missing"
    CONFLICTING = "conflicting"
    IMPRECISE = "imprecise"
    AWAITING_JUDGEMENT = "awaiting judgement"


_FROM_CAUSE = {Cause.MISSING: Reason.MISSING, Cause.IMPRECISE: Reason.IMPRECISE, Cause.CONFLICTING: Reason.CONFLICTING}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an explanation. `reason` is there where the status is unknown; `below` is what the line rests on."""

    says: str
    status: Status
    reason: Reason | None = None
    below: "tuple[Step, ...]" = ()
    at: Span | None = field(default=None, compare=False, repr=False)  # the rule
    places: tuple[Place, ...] = field(default=(), compare=False, repr=False)  # the records
    atom: str = ""  # the id of the atom that the line is about


def explain(answers: Answers, relation: str) -> Step:
    """Why the relation, which is about the patient alone, has its status."""
    return Explanations(answers).of(relation)


class Explanations:
    """Explanations of one patient's answers, which share what they have in common."""

    def __init__(self, answers: Answers) -> None:
        self._explanation = _Explanation(answers)

    def of(self, relation: str) -> Step:
        """Why the relation, which is about the patient alone, has its status."""
        return self._explanation.relation(relation, ())


type _Known = Mapping[str, "str | Interval | None"]
"""The values of variables: a concept or patient, an interval, or None where an unrecorded tuple leaves it open."""

_MOST_TRIED = 400


class _Explanation:
    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.program = answers.screener.program
        self.vocabulary = self.program.vocabulary
        self.patient = answers.chart.patient
        self.clauses: dict[str, list[Clause]] = {}
        for clause in self.program.clauses:
            if all(answers.screener.readings[p.reading] == p.option for p in clause.body if isinstance(p, Chosen)):
                self.clauses.setdefault(clause.relation, []).append(clause)
        self.tried = 0
        self.known: dict[str, Step] = {}
        self.phrases = {a.relation: a for a in self.program.atoms.values()}

    # -- relations -----------------------------------------------------------------------------------------------

    def rows(self, name: str) -> Mapping[Row, int]:
        return self.answers.rows[name]

    def evidence(self, name: str, row: Row) -> Evidence:
        return self.answers.facts.get(name, {}).get(row, NO_EVIDENCE)

    def relation(self, name: str, within: tuple[str, ...]) -> Step:
        """A derived relation that is about the patient alone."""
        if name not in self.known:
            self.known[name] = self.found(name, within)
        return self.known[name]

    def found(self, name: str, within: tuple[str, ...]) -> Step:
        status = self.answers.status(name)
        atom = self.phrases.get(name)
        says = atom.phrase if atom is not None else name.replace("_", " ")
        found = [step for clause in self.clauses.get(name, ()) if name not in within
                 if (step := self.clause(clause, status, {}, (*within, name))) is not None]
        if status is Status.MET:
            below = tuple(found[:1])
        elif status is Status.UNKNOWN:
            below = tuple(s for s in found if s.status is Status.UNKNOWN)
        else:
            below = tuple(found)
        merged = _flattened(below)
        at = self.clauses[name][0].at if self.clauses.get(name) else None
        return Step(says, status, _joint(merged) if status is Status.UNKNOWN else None, merged, at, (), atom.identifier if atom is not None else "")

    def clause(self, clause: Clause, wanted: Status, known: _Known, within: tuple[str, ...]) -> Step | None:
        """The best way in which the clause has the wanted status: its premises as steps. None where it has another."""
        patient = clause.args[0]
        start: dict[str, str | Interval | None] = dict(known)
        if isinstance(patient, Var):
            start[patient.name] = self.patient
        self.tried = 0
        search = _Search(self, within, clause)
        best: tuple[int, tuple[Step, ...], _Known] | None = None
        for steps, values in search.solutions(tuple(clause.body), start, ()):
            unknown = sum(s.status is Status.UNKNOWN for s in steps)
            if best is None or (unknown < best[0] and (unknown or wanted is not Status.UNKNOWN)) or (best[0] == 0 and wanted is Status.UNKNOWN):
                best = (unknown, steps, values)
            if unknown == (wanted is Status.UNKNOWN):
                break
        phrase = _filled(clause.phrase, best[2]) if best is not None and clause.phrase and clause.relation not in self.phrases else ""
        if best is not None:
            status = Status.MET if best[0] == 0 else Status.UNKNOWN
            if wanted is Status.NOT_MET or (wanted is Status.MET and status is not Status.MET):
                return None
            return Step(phrase, status, _joint(best[1]) if status is Status.UNKNOWN else None, best[1], clause.at)
        if wanted is Status.MET:
            return None
        return Step("", Status.NOT_MET, None, search.deepest, clause.at)

    # -- words ---------------------------------------------------------------------------------------------------

    def label(self, concept: str) -> str:
        return self.vocabulary.concepts[concept].label if concept in self.vocabulary.concepts else concept

    def record_words(self, record: Record | Judgement) -> str:
        if isinstance(record, Judgement):
            verdict = "yes" if record.decision == "agreed" else "no"
            return f"{record.by} signed {verdict} on {show_days(record.on)}: {self.label(record.question)}"
        return record.words or self.written(record)

    def written(self, record: Record) -> str:
        relation = self.vocabulary.relations[record.relation]
        about = relation.concept_column
        unit = self.vocabulary.concepts[str(record.values[about])].unit if about is not None else None
        parts: list[str] = []
        for column, value in zip(relation.columns, record.values, strict=True):
            match value:
                case Interval(cause=Cause.MISSING):
                    continue
                case Interval() if isinstance(column.type, Dated):
                    parts.append(f"{'' if column.name == 'on' else column.name + ' '}{show_days(value)}")
                case Interval():
                    own = getattr(column.type, "unit", unit or "")
                    parts.append(f"{'' if column.name == 'value' else column.name.replace('_', ' ') + ' '}{show_amount(value)} {own}".strip())
                case str() if not (isinstance(column.type, Coded) and value == column.type.root):
                    parts.append(self.label(value))
        return ", ".join(parts) or record.relation


class _Search:
    """Looks for values that make a clause's premises hold, or leave them open; keeps the deepest failure."""

    def __init__(self, explanation: _Explanation, within: tuple[str, ...], clause: Clause) -> None:
        self.e = explanation
        self.clause = clause
        self.within = within
        self.deepest: tuple[Step, ...] = ()
        self.depth = -1

    def solutions(self, left: tuple[Premise, ...], known: _Known, done: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], _Known]]:
        self.e.tried += 1
        if self.e.tried > _MOST_TRIED:
            return
        if not left:
            yield done, known
            return
        premise = self.next(left, known)
        rest = tuple(p for p in left if p is not premise)
        failed: list[Step] = []
        any_way = False
        for step, values in self.ways(premise, known):
            if step is not None and step.status is Status.NOT_MET:
                failed.append(step)
                continue
            any_way = True
            yield from self.solutions(rest, values, done if step is None else (*done, step))
        if not any_way and len(done) + 1 > self.depth:
            self.depth = len(done) + 1
            self.deepest = (*done, *(failed[:3] or [Step("no value fits", Status.NOT_MET)]))

    def next(self, left: tuple[Premise, ...], known: _Known) -> Premise:
        for p in left:
            if isinstance(p, Chosen) or (not (isinstance(p, Tuple) and not p.negated) and _needs(p) <= known.keys()):
                return p
        for p in left:
            if isinstance(p, Tuple) and not p.negated:
                return p
        return left[0]

    def ways(self, premise: Premise, known: _Known) -> Iterator[tuple[Step | None, _Known]]:
        match premise:
            case Chosen():
                yield None, known
            case Tuple(negated=False):
                yield from self.tuple_ways(premise, known)
            case Tuple():
                yield self.negated(premise, known), known
            case Under(arg, concept, negated):
                yield self.under(arg, concept, negated, known), known
            case Distinct(left, right, same):
                yield self.distinct(left, right, same, known, premise.at), known
            case Given(variable, expression):
                yield None, {**known, variable.name: self.interval(expression, known)}
            case Compared(operator, left, right):
                yield self.compared(operator, left, right, known, premise.at), known
            case Tallied():
                yield self.tallied(premise, known), known

    # -- tuples --------------------------------------------------------------------------------------------------

    def tuple_ways(self, p: Tuple, known: _Known) -> Iterator[tuple[Step | None, _Known]]:
        e = self.e
        if p.relation == "screening":
            yield None, self.bound(p, (e.patient, e.answers.screening), (Sort.PATIENT, Sort.DATE), known, paired=False)[0]  # type: ignore[misc]
            return
        derived = e.program.derived.get(p.relation)
        if derived is not None and len(derived.columns) == 1:
            yield e.relation(p.relation, self.within), known
            return
        if p.source is Source.RECORDED:
            yield self.recorded(p), known
            return
        relation = e.vocabulary.relations.get(p.relation)
        if derived is not None:
            yield from self.derived_ways(p, known, tuple(c.sort for c in derived.columns), derived.is_exact)
        elif relation is not None and relation.kind is Kind.KNOWN:
            sorts = tuple(_sort(c.type) for c in relation.columns)
            for fact in e.program.known[p.relation]:
                values, _ = self.bound(p, fact.values, sorts, known, paired=False)
                if values is not None:
                    cited = ", ".join(e.program.sources[s].citation for s in fact.sources if s in e.program.sources)
                    shown = ", ".join(e.label(v) if isinstance(v, str) else show_number(v) for v in fact.values)
                    yield Step(f"{relation.description}: {shown}" + (f" ({cited})" if cited else ""), Status.MET, at=fact.at), values
        elif relation is not None and relation.kind is Kind.JUDGEMENT:
            yield self.judged(p, relation), known
        elif relation is not None:
            yield from self.chart_ways(p, relation, known)

    def recorded(self, p: Tuple) -> Step:
        about = next((a.value for a in p.args[1:] if isinstance(a, Const)), None)
        row: Row = (self.e.patient, about) if about is not None else (self.e.patient,)
        what = self.e.label(str(about)) if about is not None else self.e.vocabulary.relations[p.relation].description
        found = row in self.e.rows(f"recorded {p.relation}")
        holds = found is not p.negated
        evidence = self.e.evidence(f"recorded {p.relation}", row)
        says = "; ".join(self.e.record_words(r) for r in evidence.records[-2:]) if found else f"no record of {what}"
        return Step(says, Status.MET if holds else Status.NOT_MET, places=tuple(r.place for r in evidence.records[-2:]))

    def judged(self, p: Tuple, relation: Relation) -> Step:
        question = next(str(a.value) for a in p.args[1:] if isinstance(a, Const))
        row = (self.e.patient, question)
        label = self.e.label(question)
        for mode, status in ((CERTAIN, Status.MET), (POSSIBLE, Status.UNKNOWN), ("refused", Status.NOT_MET)):
            name = f"{mode} {relation.name}"
            if row in self.e.answers.facts.get(name, {}):
                evidence = self.e.evidence(name, row)
                says = "; ".join(self.e.record_words(r) for r in evidence.records) or f"decided: {label}"
                why = _FROM_CAUSE[evidence.doubt] if evidence.doubt is not None and status is Status.UNKNOWN else None
                return Step(says, status, why, places=tuple(r.place for r in evidence.records))
        lapsed = self.e.evidence(f"{OPEN} {relation.name}", row).records
        note = f" (no longer counts: {'; '.join(self.e.record_words(r) for r in lapsed)})" if lapsed else ""
        return Step(f"awaits the investigator's signature: {label}{note}", Status.UNKNOWN, Reason.AWAITING_JUDGEMENT)

    def derived_ways(self, p: Tuple, known: _Known, sorts: tuple[Sort, ...], exact: bool) -> Iterator[tuple[Step | None, _Known]]:
        e = self.e
        name = p.relation if exact else f"{POSSIBLE} {p.relation}"
        for row in sorted(e.rows(name), key=lambda r: (not exact and r not in e.rows(f"{CERTAIN} {p.relation}"), str(r))):
            values, sure = self.bound(p, row, sorts, known, paired=not exact)
            if values is None:
                continue
            certain = exact or (sure and row in e.rows(f"{CERTAIN} {p.relation}"))
            yield self.derived_step(p.relation, row, sorts, certain, exact), values
        if not exact and (e.patient,) in e.rows(f"{OPEN} {p.relation}"):
            open_values = {a.name: None for a in p.args if isinstance(a, Var) and a.name not in known}
            below = tuple(s for c in e.clauses.get(p.relation, ()) if p.relation not in self.within
                          if (s := e.clause(c, Status.UNKNOWN, {}, (*self.within, p.relation))) is not None and s.status is Status.UNKNOWN)
            merged = _flattened(below)
            yield Step(f"{p.relation.replace('_', ' ')}: more may have happened than is recorded", Status.UNKNOWN,
                       _joint(merged) or Reason.MISSING, merged), {**known, **open_values}

    def derived_step(self, relation: str, row: Row, sorts: tuple[Sort, ...], certain: bool, exact: bool) -> Step:
        """A derived tuple, explained by a clause whose head takes its values."""
        e = self.e
        values = _values(row, sorts, paired=not exact)
        status = Status.MET if certain else Status.UNKNOWN
        if relation not in self.within:
            for clause in e.clauses.get(relation, ()):
                known = {a.name: v for a, v in zip(clause.args, values, strict=True) if isinstance(a, Var)}
                step = e.clause(clause, status, known, (*self.within, relation))
                if step is not None and step.status is status:
                    return replace(step, says=step.says or self.tuple_words(relation, values))
        return Step(self.tuple_words(relation, values), status, None if certain else Reason.IMPRECISE)

    def tuple_words(self, relation: str, values: tuple["str | Interval", ...]) -> str:
        shown = [self.e.label(v) if isinstance(v, str) else _show(v) for v in values[1:]]
        return f"{relation.split('/')[0].replace('_', ' ')}" + (f": {', '.join(shown)}" if shown else "")

    def chart_ways(self, p: Tuple, relation: Relation, known: _Known) -> Iterator[tuple[Step | None, _Known]]:
        e = self.e
        sorts = (Sort.PATIENT, *(_sort(c.type) for c in relation.columns))
        latest = "latest " if p.source is Source.LATEST else ""
        when = self.when(p, known)
        seen: set[tuple[object, ...]] = set()
        possible = e.answers.facts.get(f"{POSSIBLE} {latest}{p.relation}", {})
        certain_rows = e.answers.facts.get(f"{CERTAIN} {latest}{p.relation}", {})
        rows = sorted((*certain_rows, *(r for r in possible if r not in certain_rows)), key=lambda r: r not in certain_rows)
        for row in rows:
            plain, span = (row[:-2], row[-2:]) if latest else (row, None)
            fits, sure_when = _in_time(span, when)
            if not fits:
                continue
            evidence = e.evidence(f"{CERTAIN if row in certain_rows else POSSIBLE} {latest}{p.relation}", row)
            values, sure = self.bound(p, plain, sorts, known, paired=True, causes=evidence.causes, subsuming=p.source is not Source.LATEST)
            if values is None or not self.in_class(p, relation, values):
                continue
            certain = sure and sure_when and row in certain_rows
            key = (evidence.records, certain, *((k, v) for k, v in values.items()))
            if key in seen:
                continue
            seen.add(key)
            words = "; ".join(dict.fromkeys(e.record_words(r) for r in evidence.records))
            if not certain:
                why = _FROM_CAUSE[evidence.doubt] if evidence.doubt is not None else Reason.MISSING if Cause.MISSING in evidence.causes else Reason.IMPRECISE
                words += {Reason.MISSING: " (not confirmed, or not fully recorded)", Reason.CONFLICTING: " (records contradict each other)",
                          Reason.IMPRECISE: " (not known precisely)"}.get(why, "")
            else:
                why = None
            yield Step(words, Status.MET if certain else Status.UNKNOWN, why, places=tuple(r.place for r in evidence.records)), values
        yield self.unrecorded(p, relation, known, when, latest)

    def in_class(self, p: Tuple, relation: Relation, values: _Known) -> bool:
        """Whether a record may be of the class that the clause asks for; other records say nothing."""
        about = p.args[relation.concept_column + 1] if relation.concept_column is not None and relation.kind is not Kind.ATTRIBUTE else None
        concept = values.get(about.name) if isinstance(about, Var) else None
        below = self.e.vocabulary.descendants
        return not isinstance(concept, str) or all(
            below[concept] & below[u.concept] for u in self.clause.body if isinstance(u, Under) and not u.negated and u.arg == about)

    def unrecorded(self, p: Tuple, relation: Relation, known: _Known, when: Interval | None, latest: str) -> tuple[Step, _Known]:
        """The way in which a tuple holds that the chart does not record: open, or closed by what was reviewed."""
        e = self.e
        about = None if relation.kind is Kind.ATTRIBUTE or relation.concept_column is None else p.args[relation.concept_column + 1]
        value = about.value if isinstance(about, Const) else known.get(about.name) if isinstance(about, Var) else None
        column = relation.columns[relation.concept_column or 0].type
        classes = [u.concept for u in self.clause.body if isinstance(u, Under) and not u.negated and u.arg == about]
        concept = value if isinstance(value, str) else next(iter(classes), column.root if isinstance(column, Coded) else "")
        openings = e.answers.facts.get(f"{OPEN} {latest}{p.relation}", {})
        is_open = (any(r[:2] == (e.patient, concept) and _in_time(r[2:], when)[0] for r in openings) if latest
                   else (e.patient,) in openings if about is None else (e.patient, concept) in openings)
        what = e.label(concept) if about is not None else relation.description
        others = {a.name: None for a in (*p.args,) if isinstance(a, Var) and a.name not in known}
        if is_open:
            reviewed = "" if latest or about is None else ", and the chart does not say that this was reviewed"
            return Step(f"nothing {'more ' if self.has_any(p, relation, concept) else ''}is recorded of {what}{reviewed}",
                        Status.UNKNOWN, Reason.MISSING), {**known, **others}
        by = closing(e.answers.chart, relation.name, concept, e.answers.screening, e.vocabulary) if about is not None else ()
        through = f" up to {max((show_days(c.through) for c in by), default='')}" if by else ""
        if latest or about is None:
            return Step(f"the recorded {what} is another", Status.NOT_MET), known
        found = self.has_any(p, relation, concept)
        return Step(f"no {'other ' if found else ''}{what} in the {relation.name.replace('_', ' ')} history{through}", Status.NOT_MET,
                    places=tuple(c.place for c in by)), known

    def has_any(self, p: Tuple, relation: Relation, concept: str) -> bool:
        about = relation.concept_column
        return about is not None and any(
            r.relation == relation.name and concept in self.e.vocabulary.concepts and self.e.vocabulary.is_a(str(r.values[about]), concept)
            for r in self.e.answers.chart.records)

    def when(self, p: Tuple, known: _Known) -> Interval | None:
        if p.source is not Source.LATEST:
            return None
        if p.when is None:
            return Interval(self.e.answers.screening, self.e.answers.screening)
        if isinstance(p.when, Const):
            assert not isinstance(p.when.value, str)
            return Interval(p.when.value, p.when.value)
        value = known.get(p.when.name)
        return value if isinstance(value, Interval) else None

    def bound(self, p: Tuple, row: Row, sorts: tuple[Sort, ...], known: _Known, paired: bool,
              causes: tuple[Cause | None, ...] = (), subsuming: bool = True) -> tuple[_Known | None, bool]:
        """The known values with those of the row; None where they do not fit. And whether they surely fit."""
        values = dict(known)
        sure = True
        found = _values(row, sorts, paired)
        if causes and len(causes) == len(found) - 1:
            found = (found[0], *(Interval(v.low, v.high, c) if isinstance(v, Interval) and not v.is_point else v
                                 for v, c in zip(found[1:], causes, strict=True)))
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
                if value != wanted and not (isinstance(arg, Const) and isinstance(value, str) and subsuming and value in self.e.vocabulary.concepts
                                            and self.e.vocabulary.is_a(value, wanted)):
                    return None, False
            elif isinstance(value, Interval):
                if value.high < wanted.low or wanted.high < value.low:
                    return None, False
                sure = sure and (value.is_point and wanted.is_point or (value.low, value.high) == (wanted.low, wanted.high))
        return values, sure

    def negated(self, p: Tuple, known: _Known) -> Step:
        """`not q`, explained by q with its status turned round."""
        e = self.e
        if p.source is Source.RECORDED:
            return self.recorded(p)
        worst: Step | None = None
        for step, _ in self.tuple_ways(replace(p, negated=False), known):
            if step is None:
                return Step(p.relation, Status.NOT_MET)
            if step.status is Status.MET:
                return replace(step, status=Status.NOT_MET)
            if step.status is Status.UNKNOWN and (worst is None or worst.status is Status.NOT_MET):
                worst = step
            worst = worst or step
        if worst is not None and worst.status is Status.UNKNOWN:
            return worst
        if worst is None:
            return Step(f"no {p.relation.replace('_', ' ')}", Status.MET)
        return replace(worst, says=f"not: {worst.says}" if worst.below or worst.atom else worst.says, status=Status.MET)

    # -- conditions ----------------------------------------------------------------------------------------------

    def under(self, arg: Var | Const, concept: str, negated: bool, known: _Known) -> Step | None:
        value = known.get(arg.name) if isinstance(arg, Var) else str(arg.value)
        if not isinstance(value, str):
            return None
        vocabulary = self.e.vocabulary
        inside = vocabulary.is_a(value, concept)
        overlaps = bool(vocabulary.descendants[value] & vocabulary.descendants[concept])
        holds = (not overlaps if inside is False else False) if negated else inside
        if holds:
            return None
        if not negated and overlaps or negated and not inside:
            return Step(f"{self.e.label(value)} may be {self.e.label(concept)}", Status.UNKNOWN, Reason.MISSING)
        return Step(f"{self.e.label(value)} is {'' if negated else 'not '}{self.e.label(concept)}", Status.NOT_MET)

    def distinct(self, left: Var, right: Var, same: bool, known: _Known, at: Span | None) -> Step | None:
        one, other = known.get(left.name), known.get(right.name)
        if not isinstance(one, str) or not isinstance(other, str):
            return None
        equal = one == other
        if equal is same:
            below = self.e.vocabulary.descendants
            if not same and one in below and below[one] & below[other]:
                return Step(f"{self.e.label(one)} and {self.e.label(other)} may be the same", Status.UNKNOWN, Reason.MISSING)
            return None
        return Step(f"{self.e.label(one)} {'is not' if same else 'is'} {self.e.label(other)}", Status.NOT_MET)

    def interval(self, e: Expr, known: _Known) -> Interval | None:
        """What the expression may be, given what is known."""
        match e:
            case Var(name):
                value = known.get(name)
                return value if isinstance(value, Interval) else None
            case Const(value):
                return None if isinstance(value, str) else Interval(value, value)
            case Shifted(day, by, sign):
                inner = self.interval(day, known)
                return None if inner is None else Interval(shift(int(inner.low), by, sign), shift(int(inner.high), by, sign), inner.cause)
            case Sum(left, right) | Difference(left, right) | Product(left, right):
                one, other = self.interval(left, known), self.interval(right, known)
                if one is None or other is None:
                    return None
                ends: list[Exact]
                match e:
                    case Sum():
                        ends = [one.low + other.low, one.high + other.high]
                    case Difference():
                        ends = [one.low - other.high, one.high - other.low]
                    case Product():
                        ends = [x * y for x in (one.low, one.high) for y in (other.low, other.high)]
                return Interval(min(ends), max(ends), _worse(one.cause, other.cause))

    def compared(self, operator: str, left: Expr, right: Expr, known: _Known, at: Span | None) -> Step | None:
        one, other = self.interval(left, known), self.interval(right, known)
        if one is None or other is None:
            return None
        surely, maybe = _comparison(operator, one, other)
        says = self.spelled(at, known)
        if surely:
            return Step(says, Status.MET, at=at)
        if maybe:
            cause = _worse(one.cause, other.cause) or Cause.IMPRECISE
            return Step(f"{says} is not known", Status.UNKNOWN, _FROM_CAUSE[cause], at=at)
        return Step(f"{says} does not hold", Status.NOT_MET, at=at)

    def spelled(self, at: Span | None, known: _Known) -> str:
        """The author's words, values in the place of variables."""
        if at is None:
            return ""
        words = " ".join(at.words.split())

        def value(found: re.Match[str]) -> str:
            v = known.get(found.group())
            return _show(v) if isinstance(v, Interval) else found.group()

        return re.sub(r"(?<![\w'])[A-Z]\w*(?![\w'])(?=(?:[^']*'[^']*')*[^']*$)", value, words)

    def tallied(self, p: Tallied, known: _Known) -> Step:
        e = self.e
        derived = e.program.derived[p.relation]
        key = tuple(known.get(a.name) if isinstance(a, Var) else a.value for a in p.key if isinstance(a, Var | Const))
        sorts = tuple(c.sort for c in derived.columns)
        width = len(key)

        def rows(mode: str) -> list[Row]:
            name = p.relation if derived.is_exact else f"{mode} {p.relation}"
            return [r for r in e.rows(name) if all(k is None or k == v for k, v in zip(key, r[:width], strict=True))]

        value = sorts[-1]
        countable = p.summary is Summary.COUNT and value is Sort.CONCEPT and not derived.is_exact
        sure_rows = rows("countable") if countable else rows(CERTAIN)
        paired = not derived.is_exact and value.is_wide
        sure = reaches(Tally(p.summary, p.relation, (), p.bound, p.strict, p.gap, paired, True), [r[width:] for r in sure_rows])
        maybe_rows = rows(POSSIBLE)
        is_open = (e.patient,) in e.rows(f"{OPEN} {p.relation}")
        maybe = is_open or reaches(Tally(p.summary, p.relation, (), p.bound, p.strict, p.gap, paired, False), [r[width:] for r in maybe_rows])
        status = (Status.MET if sure else Status.UNKNOWN if maybe else Status.NOT_MET)
        if p.negated:
            status = {Status.MET: Status.NOT_MET, Status.NOT_MET: Status.MET, Status.UNKNOWN: Status.UNKNOWN}[status]
        steps: list[Step] = []
        for row in sorted(sure_rows, key=str)[:6]:
            step = self.derived_step(p.relation, row, sorts, certain=True, exact=derived.is_exact)
            if step not in steps:
                steps.append(step)
        if status is Status.UNKNOWN or not steps:
            extra = [s for c in e.clauses.get(p.relation, ()) if (s := e.clause(c, Status.UNKNOWN, {}, (*self.within, p.relation))) is not None]
            steps.extend(x for s in extra for x in (s.below if not s.says else (s,)) if x.status is not Status.MET and x not in steps)
            if status is Status.UNKNOWN and not any(s.status is Status.UNKNOWN for s in steps):
                doubtful = [self.derived_step(p.relation, r, sorts, certain=False, exact=False) for r in sorted(maybe_rows, key=str) if r not in sure_rows][:3]
                steps.extend(doubtful)
        words = self.spelled(p.at, known)
        unknown = tuple(s for s in steps if s.status is Status.UNKNOWN)
        return Step(words, status, (_joint(unknown) or Reason.IMPRECISE) if status is Status.UNKNOWN else None, tuple(steps), p.at)


def _needs(p: Premise) -> set[str]:
    match p:
        case Tuple(_, _, args, _, when):
            return {a.name for a in (*args, when) if isinstance(a, Var)}
        case Under(arg):
            return {arg.name} if isinstance(arg, Var) else set()
        case Distinct(left, right):
            return {left.name, right.name}
        case Compared(_, left, right):
            return variables(left) | variables(right)
        case Given(_, expression):
            return variables(expression)
        case Tallied(_, _, key):
            return {a.name for a in key if isinstance(a, Var)}
        case Chosen():
            return set()


def _sort(column: object) -> Sort:
    match column:
        case Dated():
            return Sort.DATE
        case Coded():
            return Sort.CONCEPT
        case _:
            return Sort.NUMBER


def _values(row: Row, sorts: tuple[Sort, ...], paired: bool) -> tuple["str | Interval", ...]:
    """The row's columns as values: two columns for an interval where `paired`."""
    found: list[str | Interval] = []
    at = 0
    for sort in sorts:
        value = row[at]
        if isinstance(value, str):
            found.append(value)
            at += 1
        elif paired and sort.is_wide:
            high = row[at + 1]
            assert not isinstance(high, str)
            found.append(Interval(value, high, None if value == high else Cause.IMPRECISE))
            at += 2
        else:
            found.append(Interval(value, value))
            at += 1
    return tuple(found)


def _in_time(span: Row | None, when: Interval | None) -> tuple[bool, bool]:
    """Whether a stretch of days may hold the day, and whether it surely does."""
    if span is None:
        return True, True
    if when is None:
        return True, False
    since, until = span
    assert not isinstance(since, str) and not isinstance(until, str)
    return since <= when.high and when.low < until, since <= when.low and when.high < until


def _comparison(operator: str, one: Interval, other: Interval) -> tuple[bool, bool]:
    """Whether the comparison surely holds, and whether it may."""
    match operator:
        case "<":
            return one.high < other.low, one.low < other.high
        case "<=":
            return one.high <= other.low, one.low <= other.high
        case "=":
            return one.is_point and other.is_point and one.low == other.low, one.low <= other.high and other.low <= one.high
        case _:
            return one.high < other.low or other.high < one.low, not (one.is_point and other.is_point and one.low == other.low)


def _worse(one: Cause | None, other: Cause | None) -> Cause | None:
    for cause in (Cause.MISSING, Cause.CONFLICTING, Cause.IMPRECISE):
        if cause in (one, other):
            return cause
    return None


def _show(value: Interval) -> str:
    """A value in an author's expression: a date where it can only be one."""
    if 600_000 < value.low and value.high < 4_000_000:
        return show_days(value)
    return show_amount(value)


def show_amount(value: Interval) -> str:
    """A number, the interval that it lies in, or `?` where nothing is known of it."""
    from trialog.values import GREATEST, LEAST

    if value.is_point:
        return show_number(value.low)
    below, above = value.low in (0, LEAST), value.high >= GREATEST
    if below and above:
        return "?"
    if above:
        return f"≥{show_number(value.low)}"
    return f"≤{show_number(value.high)}" if value.low == LEAST else f"{show_number(value.low)} to {show_number(value.high)}"


def _filled(phrase: str, values: _Known) -> str:
    def value(found: re.Match[str]) -> str:
        v = values.get(found[1])
        return _show(v) if isinstance(v, Interval) else str(v).replace("_", " ") if v is not None else "?"

    return re.sub(r"\{(\w+)\}", value, phrase)


def _flattened(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Steps without words of their own give way to what is below them."""
    found: list[Step] = []
    for s in steps:
        for x in (s,) if s.says else s.below:
            if x not in found:
                found.append(x)
    return tuple(found)


def _joint(steps: Iterable[Step]) -> Reason | None:
    """The reason of steps together: the first, in the order of `Reason`, that any of the unknown ones has."""
    reasons = {s.reason for s in steps if s.status is Status.UNKNOWN}
    return next((r for r in Reason if r in reasons), None)
