"""The search: clauses against the rows that an engine derived, premise by premise."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from trialog.answers import Answers, Status
from trialog.engines.tally import amount, reaches
from trialog.fetches import CERTAIN, OPEN, POSSIBLE
from trialog.plain import Row, Tally
from trialog.program import (
    Chosen,
    Clause,
    Compared,
    Const,
    Distinct,
    Given,
    Premise,
    Sort,
    Source,
    Tallied,
    Tuple,
    Under,
    Var,
)
from trialog.proof.charts import ChartTuples
from trialog.proof.conditions import Conditions
from trialog.proof.intervals import interval, needs, sort_of, values_of
from trialog.proof.step import FROM_CAUSE, Known, Reason, Step, dates_below, flattened, joint, worst
from trialog.proof.wording import Wording, filled, show, spelled
from trialog.tree import Summary
from trialog.values import Interval, show_number
from trialog.vocabulary import Kind

_MOST_TRIED = 2000  # premises looked at for one clause; then what was found so far has to do
_MOST_SOLUTIONS = 6

type Within = Mapping[str, tuple[str, int]]
"""The relations that are being explained: the rank of the row in question, in the relation named, under which premises must lie."""


class Explanation:
    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.program = answers.screener.program
        self.vocabulary = self.program.vocabulary
        self.patient = answers.chart.patient
        self.words = Wording(self.vocabulary)
        self.clauses: dict[str, list[Clause]] = {}
        for clause in self.program.clauses:
            if all(answers.screener.readings[p.reading] == p.option for p in clause.body if isinstance(p, Chosen)):
                self.clauses.setdefault(clause.relation, []).append(clause)
        self.splits: dict[str, list[Clause]] = {}
        for clause in answers.screener.plain.splits:
            self.splits.setdefault(clause.relation, []).append(clause)
        self.known: dict[str, Step] = {}
        self.phrases = {a.relation: a for a in self.program.atoms.values()}

    # -- relations -----------------------------------------------------------------------------------------------

    def rows(self, name: str) -> Mapping[Row, int]:
        return self.answers.rows[name]

    def relation(self, name: str, within: Within) -> Step:
        """A derived relation that is about the patient alone."""
        if name not in self.known:
            self.known[name] = self.found(name, within)
        return self.known[name]

    def found(self, name: str, within: Within) -> Step:
        status = self.answers.status(name)
        atom = self.phrases.get(name)
        says = atom.phrase if atom is not None else name.replace("_", " ")
        found = [
            step
            for clause in self.clauses.get(name, ())
            if name not in within
            if (step := self.clause(clause, status, {}, {**within, name: ("", 0)})) is not None
        ]
        if status is Status.MET:
            below = tuple(found[:1] or self.either_way(name, within))
        elif status is Status.UNKNOWN:
            below = tuple(s for s in found if s.status is Status.UNKNOWN)
        else:
            below = tuple(found)
        merged = flattened(below)
        at = self.clauses[name][0].at if self.clauses.get(name) else None
        return Step(
            says,
            status,
            joint(merged) if status is Status.UNKNOWN else None,
            merged,
            at,
            (),
            atom=atom.identifier if atom is not None else "",
        )

    def either_way(self, name: str, within: Within) -> list[Step]:
        """Why the relation holds whichever way another fact is: by what the rules for it and for its opposite ask besides."""
        for clause in self.splits.get(name, ()) if name not in within else ():
            step = self.clause(clause, Status.MET, {}, {**within, name: ("", 0)})
            if step is not None:
                facts = dict.fromkeys(self.words.asked(p, self.phrases) for p in clause.split_on)
                return [replace(step, says=f"whether or not {', '.join(facts)}")]
        return []

    def clause(self, clause: Clause, wanted: Status, known: Known, within: Within) -> Step | None:
        """The best way in which the clause has the wanted status: its premises as steps. None where it has another."""
        patient = clause.args[0]
        start: dict[str, str | Interval | None] = dict(known)
        if isinstance(patient, Var):
            start[patient.name] = self.patient
        search = Search(self, within, clause, frozenset(known))
        best: tuple[int, tuple[Step, ...], Known] | None = None
        for steps, values in islice(search.solutions(tuple(clause.body), start, ()), _MOST_SOLUTIONS):
            unknown = sum(s.status is Status.UNKNOWN for s in steps)
            if (
                best is None
                or (unknown < best[0] and (unknown or wanted is not Status.UNKNOWN))
                or (best[0] == 0 and wanted is Status.UNKNOWN)
            ):
                best = (unknown, steps, values)
            if unknown == (wanted is Status.UNKNOWN):
                break
        phrase = (
            filled(clause.phrase, best[2])
            if best is not None and clause.phrase and clause.relation not in self.phrases
            else ""
        )
        if best is not None:
            best = (best[0], tuple(_dated(s, best[1]) for s in best[1]), best[2])
            status = Status.MET if best[0] == 0 else Status.UNKNOWN
            if wanted is Status.NOT_MET or (wanted is Status.MET and status is not Status.MET):
                return None
            return Step(phrase, status, joint(best[1]) if status is Status.UNKNOWN else None, best[1], clause.at)
        if wanted is Status.MET:
            return None
        return Step("", Status.NOT_MET, None, search.deepest, clause.at)

    # -- words ---------------------------------------------------------------------------------------------------


def _dated(step: Step, beside: tuple[Step, ...]) -> Step:
    """A comparison that is not decided for want of a date has the reason for which the records beside it lack theirs."""
    if step.reason is not Reason.IMPRECISE or step.below or step.places:
        return step
    dates = [d for s in beside for d in dates_below(s)]
    return replace(step, reason=FROM_CAUSE[worst(dates)]) if dates else step


class Search:
    """Looks for values that make a clause's premises hold, or leave them open; keeps the deepest failure."""

    def __init__(self, explanation: Explanation, within: Within, clause: Clause, stated: frozenset[str]) -> None:
        self.e = explanation
        self.clause = clause
        self.charts = ChartTuples(explanation.answers, explanation.words, clause, stated)
        self.conditions = Conditions(explanation.words)
        self.within = within
        self.deepest: tuple[Step, ...] = ()
        self.depth = -1
        self.tried = 0

    def solutions(
        self, left: tuple[Premise, ...], known: Known, done: tuple[Step, ...]
    ) -> Iterator[tuple[tuple[Step, ...], Known]]:
        self.tried += 1
        if self.tried > _MOST_TRIED:
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

    def next(self, left: tuple[Premise, ...], known: Known) -> Premise:
        for p in left:
            if isinstance(p, Chosen) or (not (isinstance(p, Tuple) and not p.negated) and needs(p) <= known.keys()):
                return p
        for p in left:
            if isinstance(p, Tuple) and not p.negated:
                return p
        return left[0]

    def ways(self, premise: Premise, known: Known) -> Iterator[tuple[Step | None, Known]]:
        match premise:
            case Chosen():
                yield None, known
            case Tuple(negated=False):
                yield from self.tuple_ways(premise, known)
            case Tuple():
                yield self.negated(premise, known), known
            case Under(arg, concept, negated):
                yield self.conditions.under(arg, concept, negated, known), known
            case Distinct(left, right, same):
                yield self.conditions.distinct(left, right, same, known), known
            case Given(variable, expression):
                yield None, {**known, variable.name: interval(expression, known)}
            case Compared(operator, left, right):
                yield self.conditions.compared(operator, left, right, known, premise.at), known
            case Tallied():
                yield self.tallied(premise, known), known

    # -- tuples --------------------------------------------------------------------------------------------------

    def tuple_ways(self, p: Tuple, known: Known) -> Iterator[tuple[Step | None, Known]]:
        e = self.e
        if p.relation == "screening":
            row = (e.patient, e.answers.screening)
            values, _ = self.charts.bound(p, row, (Sort.PATIENT, Sort.DATE), known, paired=False)
            if values is not None:
                yield None, values
            return
        derived = e.program.derived.get(p.relation)
        if derived is not None and len(derived.columns) == 1:
            yield e.relation(p.relation, self.within), known
            return
        if p.source is Source.RECORDED:
            yield self.charts.recorded(p), known
            return
        relation = e.vocabulary.relations.get(p.relation)
        if derived is not None:
            yield from self.derived_ways(p, known, tuple(c.sort for c in derived.columns), derived.is_exact)
        elif relation is not None and relation.kind is Kind.KNOWN:
            sorts = tuple(sort_of(c.type) for c in relation.columns)
            for fact in e.program.known[p.relation]:
                values, _ = self.charts.bound(p, fact.values, sorts, known, paired=False)
                if values is not None:
                    shown = ", ".join(e.words.label(v) if isinstance(v, str) else show_number(v) for v in fact.values)
                    yield (
                        Step(
                            f"{relation.description}: {shown} [{', '.join(fact.sources)}]",
                            Status.MET,
                            at=fact.at,
                        ),
                        values,
                    )
        elif relation is not None and relation.kind is Kind.JUDGEMENT:
            yield self.charts.judged(p, relation), known
        elif relation is not None:
            yield from self.charts.chart_ways(p, relation, known)

    def derived_ways(
        self, p: Tuple, known: Known, sorts: tuple[Sort, ...], exact: bool
    ) -> Iterator[tuple[Step | None, Known]]:
        e = self.e
        name = p.relation if exact else f"{POSSIBLE} {p.relation}"
        limit = self.within.get(p.relation)
        found_any = False
        for row in sorted(
            e.rows(name), key=lambda r: (not exact and r not in e.rows(f"{CERTAIN} {p.relation}"), str(r))
        ):
            values, sure = self.charts.bound(p, row, sorts, known, paired=not exact)
            if values is None or (limit is not None and e.rows(limit[0]).get(row, limit[1]) >= limit[1]):
                continue
            certain = exact or (sure and row in e.rows(f"{CERTAIN} {p.relation}"))
            yield self.derived_step(p.relation, row, sorts, certain, exact), values
            found_any = True
        is_open = not exact and (e.patient,) in e.rows(f"{OPEN} {p.relation}")
        if not found_any and not is_open and p.relation not in self.within:
            failing = [
                s
                for c in e.clauses.get(p.relation, ())
                if (s := e.clause(c, Status.NOT_MET, {}, {**self.within, p.relation: ("", 0)})) is not None
            ]
            yield (
                Step(f"no {p.relation.split('/')[0].replace('_', ' ')}", Status.NOT_MET, None, flattened(failing)),
                known,
            )
        if is_open:
            open_values = {a.name: None for a in p.args if isinstance(a, Var) and a.name not in known}
            below = tuple(
                s
                for c in e.clauses.get(p.relation, ())
                if p.relation not in self.within
                if (s := e.clause(c, Status.UNKNOWN, {}, {**self.within, p.relation: ("", 0)})) is not None
                and s.status is Status.UNKNOWN
            )
            merged = flattened(below)
            yield (
                Step(
                    f"{p.relation.replace('_', ' ')}: more may have happened than is recorded",
                    Status.UNKNOWN,
                    joint(merged) or Reason.MISSING,
                    merged,
                ),
                {**known, **open_values},
            )

    def derived_step(self, relation: str, row: Row, sorts: tuple[Sort, ...], certain: bool, exact: bool) -> Step:
        """A derived tuple, explained by a clause whose head takes its values."""
        e = self.e
        values = values_of(row, sorts, paired=not exact)
        status = Status.MET if certain else Status.UNKNOWN
        derived = relation if exact else f"{CERTAIN if certain else POSSIBLE} {relation}"
        limit = (derived, e.rows(derived).get(row, 0))
        for clause in e.clauses.get(relation, ()):
            known = {a.name: v for a, v in zip(clause.args, values, strict=True) if isinstance(a, Var)}
            step = e.clause(clause, status, known, {**self.within, relation: limit})
            if step is not None and step.status is status:
                return replace(step, says=step.says or self.tuple_words(relation, values))
        return Step(self.tuple_words(relation, values), status, None if certain else Reason.IMPRECISE)

    def tuple_words(self, relation: str, values: tuple["str | Interval", ...]) -> str:
        shown = [self.e.words.label(v) if isinstance(v, str) else show(v) for v in values[1:]]
        return f"{relation.split('/')[0].replace('_', ' ')}" + (f": {', '.join(shown)}" if shown else "")

    def negated(self, p: Tuple, known: Known) -> Step | None:
        """`not q`, explained by q with its status turned round; None where background knowledge simply lacks it."""
        if p.source is Source.RECORDED:
            return self.charts.recorded(p)
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
            known_alone = p.relation in self.e.program.known
            return None if known_alone else Step(f"no {p.relation.replace('_', ' ')}", Status.MET)
        return replace(worst, says=f"not: {worst.says}" if worst.below or worst.atom else worst.says, status=Status.MET)

    def tallied(self, p: Tallied, known: Known) -> Step:
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
        sure = reaches(
            Tally(p.summary, p.relation, (), p.bound, p.strict, p.gap, paired, True), [r[width:] for r in sure_rows]
        )
        maybe_rows = rows(POSSIBLE)
        is_open = (e.patient,) in e.rows(f"{OPEN} {p.relation}")
        maybe = is_open or reaches(
            Tally(p.summary, p.relation, (), p.bound, p.strict, p.gap, paired, False), [r[width:] for r in maybe_rows]
        )
        status = Status.MET if sure else Status.UNKNOWN if maybe else Status.NOT_MET
        if p.negated:
            status = {Status.MET: Status.NOT_MET, Status.NOT_MET: Status.MET, Status.UNKNOWN: Status.UNKNOWN}[status]
        steps: list[Step] = []
        for row in sorted(sure_rows, key=str)[:6]:
            step = self.derived_step(p.relation, row, sorts, certain=True, exact=derived.is_exact)
            if step not in steps:
                steps.append(step)
        if status is Status.NOT_MET and not steps:
            failing = [
                s
                for c in e.clauses.get(p.relation, ())
                if (s := e.clause(c, Status.NOT_MET, {}, {**self.within, p.relation: ("", 0)})) is not None
            ]
            steps.extend(flattened(failing))
        elif status is Status.UNKNOWN or not steps:
            extra = [
                s
                for c in e.clauses.get(p.relation, ())
                if (s := e.clause(c, Status.UNKNOWN, {}, {**self.within, p.relation: ("", 0)})) is not None
            ]
            steps.extend(
                x
                for s in extra
                for x in (s.below if not s.says else (s,))
                if x.status is not Status.MET and x not in steps
            )
            if status is Status.UNKNOWN and not any(s.status is Status.UNKNOWN for s in steps):
                doubtful = [
                    self.derived_step(p.relation, r, sorts, certain=False, exact=False)
                    for r in sorted(maybe_rows, key=str)
                    if r not in sure_rows
                ][:3]
                steps.extend(doubtful)
        reached = amount(p.summary, p.gap, paired, [r[width:] for r in sure_rows])
        words = f"{spelled(p.at, known)}: {reached} for certain"
        why = None
        if status is Status.UNKNOWN:
            unknown = tuple(s for s in steps if s.status is Status.UNKNOWN)
            dates = [d for s in steps for d in dates_below(s)] if value is Sort.DATE else []
            dated = FROM_CAUSE[worst(dates)] if dates else None
            why = (joint(unknown) if is_open else dated or joint(unknown)) or dated or Reason.IMPRECISE
        return Step(words, status, why, tuple(steps), p.at)
