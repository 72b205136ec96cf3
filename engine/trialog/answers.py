"""Statuses of criteria and verdicts of patients, read off what an engine derived."""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from trialog.bounds import bounds
from trialog.charts.chart import Chart
from trialog.charts.facts import NO_EVIDENCE, Facts, facts
from trialog.engines.reference import Reference, Rows
from trialog.fetches import CERTAIN, OPEN, POSSIBLE
from trialog.plan import plan
from trialog.program import Clause, Const, Criterion, Program, ProtocolAtom, Tallied, Tuple
from trialog.tree import Role
from trialog.values import Exact
from trialog.vocabulary import Kind

type Question = tuple[str, str | Exact]
"""A relation of judgements, and the question's concept."""


class Status(enum.Enum):
    """Of a criterion for a patient. An exclusion is met when it applies."""

    MET = "met"
    NOT_MET = "not met"
    UNKNOWN = "unknown"


class Verdict(enum.Enum):
    """Of a patient for a cohort."""

    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"
    UNDETERMINED = "undetermined"
    AWAITING_JUDGEMENT = "awaiting judgement"


class Screener:
    """A program made ready under chosen readings: rules rewritten, planned and prepared once, then run for each patient."""

    def __init__(
        self, program: Program, readings: Mapping[str, str] | None = None, queries: Iterable[str] = ()
    ) -> None:
        """`readings` may leave out readings; those take their default. Raises KeyError for one that does not exist.

        All rows of the relations in `queries` are derived besides statuses and verdicts.
        """
        for name in readings or {}:
            program.readings[name]
        self.program = program
        self.readings = {name: r.default for name, r in program.readings.items()} | dict(readings or {})
        self.plain = bounds(program)
        asked = [*(a.relation for a in program.atoms.values()), *(c.relation for c in program.criteria)]
        wanted = [name for relation in asked for name in (relation, f"{CERTAIN} {relation}", f"{POSSIBLE} {relation}")]
        wanted += [name for q in queries for name in (q, *(f"{mode} {q}" for mode in (CERTAIN, POSSIBLE, OPEN)))]
        self.plan = plan(self.plain, self.readings, wanted)
        self.engine = Reference(self.plan)
        self._beneath: dict[str, tuple[ProtocolAtom, ...]] = {}
        self._below: dict[str, set[str]] = {}
        for clause in program.clauses:
            below = {p.relation for p in clause.body if isinstance(p, Tuple | Tallied)}
            self._below.setdefault(clause.relation, set()).update(below)
        self.on_judgements = _resting_on_judgements(program)
        self._refusals: dict[str, tuple[frozenset[Question], ...]] = {}

    def atoms_beneath(self, relation: str) -> tuple[ProtocolAtom, ...]:
        """The atoms that a relation rests on, itself included, in the order of the page."""
        if relation not in self._beneath:
            reached, waiting = {relation}, [relation]
            while waiting:
                for name in self._below.get(waiting.pop(), ()):
                    if name not in reached:
                        reached.add(name)
                        waiting.append(name)
            self._beneath[relation] = tuple(a for a in self.program.atoms.values() if a.relation in reached)
        return self._beneath[relation]

    def refusals(self, cohort: str) -> tuple[frozenset[Question], ...]:
        """The questions to refuse, all others agreed, so that judgements let a patient into the cohort.

        Where rules use a question both ways, once without it and once with it.
        """
        if cohort not in self._refusals:
            uses = _uses_of_judgements(self.program, cohort)
            against = frozenset(q for q, ways in uses.items() if True not in ways)
            also_against = frozenset(q for q, ways in uses.items() if False in ways)
            self._refusals[cohort] = tuple(dict.fromkeys((against, also_against)))
        return self._refusals[cohort]

    def screen(self, chart: Chart, screening: int) -> "Answers":
        """Everything that can be said of the chart's patient on the day `screening`."""
        found = facts(chart, screening, self.program.vocabulary, self.plain.asked)
        return Answers(self, chart, screening, found, self.engine.run(found))


@dataclass(frozen=True)
class Answers:
    """What is derived of one patient on one day."""

    screener: Screener
    chart: Chart
    screening: int
    facts: Facts
    rows: Rows

    def status(self, relation: str) -> Status:
        """The status of a relation that is about the patient alone."""
        return status_of(relation, self.chart.patient, self.rows)

    def atom(self, identifier: str) -> Status:
        return self.status(self.screener.program.atoms[identifier].relation)

    def atoms(self, cohort: str) -> dict[str, Status]:
        """The status of each atom that binds the cohort, by id."""
        return {a.identifier: self.status(a.relation) for a in self.screener.program.atoms_of(cohort)}

    def verdict(self, cohort: str) -> Verdict:
        criteria = self.screener.program.criteria_of(cohort)
        verdict = _verdict(criteria, self.chart.patient, self.rows)
        if verdict is not Verdict.UNDETERMINED:
            return verdict
        unknown = {c.relation for c in criteria if self.status(c.relation) is Status.UNKNOWN}
        if not unknown <= self.screener.on_judgements:
            return verdict  # something is unknown that no judgement bears on
        for refused in self.screener.refusals(cohort):
            if _verdict(criteria, self.chart.patient, self.decided(refused)) is Verdict.ELIGIBLE:
                return Verdict.AWAITING_JUDGEMENT
        return verdict

    def unsatisfied(self, cohort: str) -> list[tuple[Criterion, bool]]:
        """The criteria of the cohort that do not certainly let the patient in; True beside those that surely keep him out."""
        found: list[tuple[Criterion, bool]] = []
        for c in self.screener.program.criteria_of(cohort):
            kept_in = _lets_in(c, self.status(c.relation))
            if kept_in is not Status.MET:
                found.append((c, kept_in is Status.NOT_MET))
        return found

    def runs(self) -> list[tuple[Facts, Rows]]:
        """Each set of facts from which something was derived for what was asked so far, and what was derived."""
        return [(self.facts, self.rows), *self._runs.values()]

    @cached_property
    def _runs(self) -> dict[frozenset[Question], tuple[Facts, Rows]]:
        return {}

    def decided(self, refused: frozenset[Question]) -> Rows:
        """What would be derived if every judgement that is still awaited were signed: refused for these questions, else agreed."""
        if refused not in self._runs:
            decided: Facts = dict(self.facts)
            for name, relation in self.screener.program.vocabulary.relations.items():
                if relation.kind is Kind.JUDGEMENT:
                    awaited = decided.get(f"{OPEN} {name}", {})
                    decided[f"{OPEN} {name}"] = {}
                    agreed = dict.fromkeys((row for row in awaited if (name, row[1]) not in refused), NO_EVIDENCE)
                    for mode in (CERTAIN, POSSIBLE):
                        signed = decided.get(f"{mode} {name}", {}).items()
                        decided[f"{mode} {name}"] = {row: e for row, e in signed if row not in awaited} | agreed
            self._runs[refused] = decided, self.screener.engine.run(decided)
        return self._runs[refused][1]


def status_of(relation: str, patient: str, rows: Rows) -> Status:
    """The status of a relation about the patient alone, where these rows were derived."""
    row = (patient,)
    if row in rows[f"{CERTAIN} {relation}"] or row in rows[relation]:
        return Status.MET
    return Status.UNKNOWN if row in rows[f"{POSSIBLE} {relation}"] else Status.NOT_MET


def _resting_on_judgements(program: Program) -> frozenset[str]:
    """The judgements' relations, and every relation on which a judgement bears."""
    resting = {name for name, r in program.vocabulary.relations.items() if r.kind is Kind.JUDGEMENT}
    size = -1
    while size != len(resting):
        size = len(resting)
        resting |= {
            c.relation
            for c in program.clauses
            for p in c.body
            if isinstance(p, Tuple | Tallied) and p.relation in resting
        }
    return frozenset(resting)


def _uses_of_judgements(program: Program, cohort: str) -> dict[Question, set[bool]]:
    """Of each question that the cohort's criteria rest on: whether to agree (True) or to refuse (False) can let a patient in."""
    clauses: dict[str, list[Clause]] = {}
    for c in program.clauses:
        clauses.setdefault(c.relation, []).append(c)
    found: dict[Question, set[bool]] = {}
    waiting = [(c.relation, c.role is Role.INCLUSION) for c in program.criteria_of(cohort)]
    seen = set(waiting)
    while waiting:
        relation, helps = waiting.pop()
        for p in (p for c in clauses.get(relation, ()) for p in c.body):
            if not isinstance(p, Tuple | Tallied):
                continue
            use = (p.relation, helps is not p.negated)
            below = program.vocabulary.relations.get(p.relation)
            if isinstance(p, Tuple) and below is not None and below.kind is Kind.JUDGEMENT:
                question = p.args[(below.concept_column or 0) + 1]
                assert isinstance(question, Const), "the check asks for the question to be named"
                found.setdefault((p.relation, question.value), set()).add(use[1])
            elif use not in seen:
                seen.add(use)
                waiting.append(use)
    return found


def _lets_in(criterion: Criterion, status: Status) -> Status:
    """Whether the criterion lets the patient in: an inclusion that is met, an exclusion that is not."""
    match criterion.role, status:
        case (Role.INCLUSION, _) | (_, Status.UNKNOWN):
            return status
        case Role.EXCLUSION, Status.MET:
            return Status.NOT_MET
        case Role.EXCLUSION, Status.NOT_MET:
            return Status.MET
    raise AssertionError("every role and status is named above")


def _verdict(criteria: tuple[Criterion, ...], patient: str, rows: Rows) -> Verdict:
    statuses = {_lets_in(c, status_of(c.relation, patient, rows)) for c in criteria}
    if Status.NOT_MET in statuses:
        return Verdict.INELIGIBLE
    return Verdict.UNDETERMINED if Status.UNKNOWN in statuses else Verdict.ELIGIBLE
