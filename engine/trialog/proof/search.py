"""The search: clauses against the rows that an engine derived, premise by premise."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from trialog.answers import Answers, Status
from trialog.fetches import CERTAIN, OPEN, POSSIBLE
from trialog.plain import Row
from trialog.program import (
    Chosen,
    Compared,
    Const,
    Derived,
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
from trialog.proof.counting import Counts
from trialog.proof.explaining import Way
from trialog.proof.facts import Facts
from trialog.proof.failing import Failures
from trialog.proof.intervals import interval, values_of
from trialog.proof.ready import Ready, Together, Within, readied
from trialog.proof.step import Known, Part, Reason, Step, Steps, dated, joint
from trialog.proof.wording import Wording
from trialog.values import Interval, show_day
from trialog.vocabulary import Kind

type Found = dict[int, Step | None]
"""The lines of a clause's premises, by their places in its body."""

_OF_SCREENING = (Sort.PATIENT, Sort.DATE)
_MOST_WAYS = 5000  # looked at to find a proof of least height; the first way is a proof all the same


class Explanation:
    def __init__(self, answers: Answers, look: Callable[[], None] | None = None) -> None:
        """`look` is called again and again; it raises where there is to be an end."""
        self.look = look
        self.answers = answers
        self.program = answers.screener.program
        self.vocabulary = self.program.vocabulary
        self.patient = answers.chart.patient
        self.ready = readied(answers.screener)
        self.clauses: Mapping[str, list[Ready]] = self.ready.clauses
        self.day: Row = (self.patient, answers.screening)
        self.sorts = self.ready.sorts
        self.step = Steps()
        self.words = Wording(self.vocabulary)
        self.charts = ChartTuples(answers, self.ready.columns, self.words, self.step)
        self.facts = Facts(self.ready, self.charts, self.words, self.step)
        self.conditions = Conditions(self.program, self.words, self.step)
        self.known: dict[str, Step] = {}
        self.tuples: dict[tuple[str, Row, bool], Step] = {}
        self.opened: dict[str, Step] = {}
        self.in_order: dict[str, list[Row]] = {}
        self.making: set[str] = set()
        self.none: dict[str, Step] = {}

    @property
    def failures(self) -> Failures:
        """Made anew each time: what refers to the search and is kept by it would outlive its use."""
        return Failures(self)

    # -- relations -----------------------------------------------------------------------------------------------

    def rows(self, name: str) -> Mapping[Row, int]:
        return self.answers.rows[name]

    def relation(self, name: str) -> Step:
        """A derived relation that is about the patient alone."""
        step = self.known.get(name)
        if step is None:
            if name in self.making:
                return self.step(Part.CLAIM, self.title(name), self.answers.status(name), Reason.MISSING
                                 if self.answers.status(name) is Status.UNKNOWN else None, plumbing=True)  # fmt: skip
            self.making.add(name)
            step = self.known[name] = self.found(name)
            self.making.discard(name)
        return step

    def title(self, name: str) -> str:
        return self.ready.titles.get(name) or name.split("/")[0].replace("_", " ")

    def found(self, name: str) -> Step:
        status = self.answers.status(name)
        clauses = self.clauses.get(name, [])
        below: tuple[Step, ...] = ()
        match status:
            case Status.MET:
                rows = self.rows(f"{CERTAIN} {name}")
                rank = rows.get((self.patient,))
                ways = [
                    s for c in clauses if (s := self.holds(Within(c, status, False, CERTAIN, rank), {})) is not None
                ]
                below = (min(ways, key=lambda s: s.height),) if ways else self.either_way(name)
            case Status.UNKNOWN:
                rank = self.rows(f"{POSSIBLE} {name}").get((self.patient,))
                ways = [
                    s for c in clauses if (s := self.holds(Within(c, status, False, POSSIBLE, rank), {})) is not None
                ]
                below = tuple(s for s in ways if s.status is Status.UNKNOWN)
            case Status.NOT_MET:
                below = tuple(self.failures.rule(c, {}, stated=False) for c in clauses)
        atom = self.ready.atoms.get(name)
        return self.step(
            Part.CLAIM, self.title(name), status, (joint(below) or Reason.IMPRECISE) if status is Status.UNKNOWN else None,
            below, clauses[0].clause.at if clauses else None, atom=atom.identifier if atom is not None else "",
            plumbing=name not in self.ready.titles,
        )  # fmt: skip

    def either_way(self, name: str) -> tuple[Step, ...]:
        """Why the relation holds whichever way another fact is: by what the rules for it and for its opposite ask besides."""
        for ready in self.ready.splits.get(name, ()):
            step = self.holds(Within(ready, Status.MET, False), {})
            if step is None:
                continue
            facts = [self.either(p, ready) for p in ready.clause.split_on]
            says = f"whether or not {', and whether or not '.join(dict.fromkeys(facts))}"
            day = Part.DAY
            below = tuple(s for s in step.below if s.part is not day)
            if not below:
                says += ": either way a rule holds"
            return (
                self.step(
                    Part.RULE, says, Status.MET, None, below or step.below, ready.clause.at, bindings=step.bindings
                ),
            )
        return ()

    def either(self, p: Premise, ready: Ready) -> str:
        """What may be either way, in words: of a test, of which value it is."""
        if isinstance(p, Compared):
            own = (c for cs in self.clauses.values() for c in cs if any(q.at is p.at for q in c.clause.body))
            return self.words.compared(p, {}, next(own, ready).naming, Status.MET)[1][0]
        return self.words.asked(p, self.ready.titles, self.ready.atoms)

    # -- clauses -------------------------------------------------------------------------------------------------

    def start(self, ready: Ready, known: Known) -> dict[str, str | Interval | None]:
        start = dict(known)
        if ready.patient is not None:
            start[ready.patient] = self.patient
        return start

    def holds(self, within: Within, known: Known) -> Step | None:
        """The clause with the proof of least height, or with the fewest premises unknown; None where it does not hold."""
        ready, wanted = within.ready, within.status
        start = self.start(ready, known)
        steps: Found = {}
        values: dict[str, str | Interval | None] = dict(start)
        may_be: list[tuple[Found, Known]] = []
        for together in ready.bound if within.stated else ready.free:
            best, doubtful = self.best(together, start, within)
            if best is None:
                return None
            if doubtful is not None:
                may_be.append(doubtful)
            steps |= best[0]
            values |= best[1]
        if (
            wanted is Status.UNKNOWN
            and may_be
            and not any(s is not None and s.status is Status.UNKNOWN for s in steps.values())
        ):
            for found, bound in may_be:
                steps |= found
                values |= bound
        below = dated(self.step, tuple([s for i in sorted(steps) if (s := steps[i]) is not None]))
        unknown = Status.UNKNOWN in [s.status for s in below]
        if wanted is Status.MET and unknown:
            return None
        return self.rule(ready, values, Status.UNKNOWN if unknown else Status.MET, below)

    def rule(self, ready: Ready, values: Known, status: Status, below: tuple[Step, ...]) -> Step:
        phrase = (
            ready.clause.phrase if ready.clause.relation not in self.ready.atoms or "{" in ready.clause.phrase else ""
        )
        filled = self.words.filled(phrase, values, ready.naming) if phrase else None
        says = filled or "by this rule"
        plumbing = filled is None or (phrase == self.ready.titles.get(ready.clause.relation))
        bindings = self.words.bindings({k: v for k, v in values.items() if k != ready.patient}, ready.naming.units)
        reason = joint(below) if status is Status.UNKNOWN else None
        return self.step(Part.RULE, says, status, reason, below, ready.clause.at, plumbing=plumbing, bindings=bindings)

    def best(
        self, together: Together, start: Known, within: Within
    ) -> tuple[tuple[Found, Known] | None, tuple[Found, Known] | None]:
        """The best way for premises that belong together, and a way that is not certain where there is one."""
        best: tuple[Found, Known] | None = None
        doubtful: tuple[Found, Known] | None = None
        least, score = 10**9, (10**9, 10**9)
        for tried, (found, values) in enumerate(self.solutions(together, 0, start, {}, within)):
            lines = [s for s in found.values() if s is not None]
            unknown = [s.status for s in lines].count(Status.UNKNOWN)
            if 0 < unknown < least:
                doubtful, least = (found, values), unknown
            mine = (unknown, 0 if unknown else max([s.height for s in lines], default=0))
            if mine < score:
                best, score = (found, values), mine
            if (score <= (0, 1) and within.status is Status.MET) or tried > _MOST_WAYS:
                break
        return best, doubtful

    def solutions(
        self, together: Together, at: int, known: Known, done: Found, within: Within
    ) -> Iterator[tuple[Found, Known]]:
        place, premise = together[at]
        last = at + 1 == len(together)
        for step, values in self.ways(premise, known, within, whole=False):
            status = step.status if step is not None else Status.MET
            if status is Status.NOT_MET or (within.status is Status.MET and status is Status.UNKNOWN):
                continue
            found = {**done, place: step}
            if last:
                yield found, values
            else:
                yield from self.solutions(together, at + 1, values, found, within)

    def ways(self, premise: Premise, known: Known, within: Within, whole: bool) -> Iterable[Way]:
        """The ways in which the premise holds or may hold; where `whole`, also those in which it does not, with the reason."""
        if self.look is not None:
            self.look()
        match premise:
            case Tuple(negated=False):
                return self.tuple_ways(premise, known, within, whole)
            case Tuple():
                return ((self.negated(premise, known, within), known),)
            case Compared():
                return ((self.conditions.compared(premise, known, within.ready.naming), known),)
            case Under():
                return ((self.conditions.under(premise, known), known),)
            case Distinct():
                return ((self.conditions.distinct(premise, known), known),)
            case Tallied():
                return ((Counts(self, self.failures).tallied(premise, known), known),)
            case Chosen(reading, option):
                words = f"read so: {reading.replace('_', ' ')} = {option.replace('_', ' ')}"
                return ((self.step(Part.READING, words, Status.MET, at=premise.at, plumbing=True), known),)
            case Given(variable, expression):
                value = interval(expression, known)
                unit = within.ready.naming.units.get(variable.name, "")
                words = f"{variable.name} is {self.words.value(value, unit)}"
                line = self.step(Part.TEST, words, Status.MET, at=premise.at, plumbing=True)
                return ((line, {**known, variable.name: value}),)

    # -- tuples --------------------------------------------------------------------------------------------------

    def tuple_ways(self, p: Tuple, known: Known, within: Within, whole: bool) -> Iterable[Way]:
        if p.relation == "screening":
            values, _ = self.charts.bound(p, self.day, _OF_SCREENING, known, paired=False)
            words = f"screening is on {show_day(self.answers.screening)}"
            if values is not None:
                return ((self.step(Part.DAY, words, Status.MET, at=p.at, plumbing=True), values),)
            return ((self.step(Part.DAY, words, Status.NOT_MET, at=p.at), known),) if whole else ()
        derived = self.program.derived.get(p.relation)
        if derived is not None:
            if len(derived.columns) > 1 or not derived.about_patient or "/" in p.relation:
                return self.derived_ways(p, known, derived, within, whole)
            is_later = self.comes_later((self.patient,), p.relation, within)
            return () if is_later else ((self.relation(p.relation), known),)
        if p.source is Source.RECORDED:
            return ((self.charts.recorded(p), known),)
        relation = self.vocabulary.relations[p.relation]
        if relation.kind is Kind.KNOWN:
            return self.facts.ways(p, known, whole)
        if relation.kind is Kind.JUDGEMENT:
            return ((self.charts.judged(p, relation), known),)
        return self.charts.chart_ways(p, relation, known, within.ready, within.stated, whole)

    def comes_later(self, row: Row, relation: str, within: Within) -> bool:
        """Whether the row was found after the one that is being explained, and so cannot be what that rests on."""
        if within.rank is None or not self.ready.is_recursive(relation, within.ready.clause.relation):
            return False
        derived = self.program.derived[relation]
        rows = self.rows(relation if derived.is_exact else f"{within.mode} {relation}")
        return rows.get(row, within.rank) >= within.rank

    def derived_ways(self, p: Tuple, known: Known, derived: Derived, within: Within, whole: bool) -> Iterator[Way]:
        name, exact = p.relation, derived.is_exact
        sorts = self.sorts[name]
        certain_rows = self.rows(name if exact else f"{CERTAIN} {name}")
        for row in self.ordered(name, exact):
            stated = within.ready if within.stated else None
            values, sure = self.charts.bound(p, row, sorts, known, paired=not exact, stated=stated)
            if values is None:
                if whole and not exact:
                    yield self.another(p, row, sorts), known
                continue
            if self.comes_later(row, name, within):
                continue
            yield self.derived_step(name, row, sorts, exact or (sure and row in certain_rows), exact), values
        if not exact and (self.patient,) in self.rows(f"{OPEN} {name}"):
            yield (
                self.open(name),
                {**known, **{a.name: None for a in p.args if isinstance(a, Var) and a.name not in known}},
            )
        elif whole:
            yield self.failures.no_more(name), known

    def ordered(self, name: str, exact: bool) -> list[Row]:
        """The rows of a derived relation, certain ones first."""
        found = self.in_order.get(name)
        if found is None:
            certain = self.rows(name if exact else f"{CERTAIN} {name}")
            possible = [r for r in self.rows(f"{POSSIBLE} {name}") if r not in certain] if not exact else []
            found = self.in_order[name] = [*sorted(certain, key=str), *sorted(possible, key=str)]
        return found

    def another(self, p: Tuple, row: Row, sorts: tuple[Sort, ...]) -> Step:
        """A tuple that the relation has, and that is not the one in question."""
        says = f"{self.tuple_words(p.relation, values_of(row, sorts, True))}: another than the one in question"
        return self.step(Part.REJECTED, says, Status.NOT_MET, at=p.at, plumbing=True)

    def open(self, name: str) -> Step:
        step = self.opened.get(name)
        if step is None:
            if f"open {name}" in self.making:
                return self.step(Part.OPEN, f"{self.title(name)}: more may have happened than is recorded",
                                 Status.UNKNOWN, Reason.MISSING, plumbing=True)  # fmt: skip
            self.making.add(f"open {name}")
            ways = [self.holds(Within(c, Status.UNKNOWN, False), {}) for c in self.clauses.get(name, ())]
            self.making.discard(f"open {name}")
            below = tuple(s for s in ways if s is not None and s.status is Status.UNKNOWN)
            says = f"{self.title(name)}: more may have happened than is recorded"
            step = self.opened[name] = self.step(
                Part.CLAIM, says, Status.UNKNOWN, joint(below) or Reason.MISSING, below, plumbing=bool(below)
            )
        return step

    def derived_step(self, relation: str, row: Row, sorts: tuple[Sort, ...], certain: bool, exact: bool) -> Step:
        """A derived tuple, explained by a clause whose head takes its values."""
        key = (relation, row, certain)
        step = self.tuples.get(key)
        if step is None:
            step = self.tuples[key] = self.derived_found(relation, row, sorts, certain, exact)
        return step

    def derived_found(self, relation: str, row: Row, sorts: tuple[Sort, ...], certain: bool, exact: bool) -> Step:
        values = self.charts.read(row, sorts, paired=not exact)
        status = Status.MET if certain else Status.UNKNOWN
        mode = CERTAIN if certain else POSSIBLE
        rank = self.rows(relation if exact else f"{mode} {relation}").get(row)
        found: list[Step] = []
        for ready in self.clauses.get(relation, ()):
            head = list(zip(ready.clause.args, values, strict=True))
            known = {a.name: v for a, v in head if isinstance(a, Var)}
            if any(isinstance(v, str) and isinstance(a, Const) and a.value != v for a, v in head):
                continue
            rule = self.holds(Within(ready, status, True, mode, rank), known)
            if rule is not None and rule.status is status:
                found.append(rule)
        words = self.tuple_words(relation, values)
        if not found:
            return self.step(Part.CLAIM, words, status, None if certain else Reason.IMPRECISE, plumbing=certain)
        rule = min(found, key=lambda s: s.height) if certain else found[0]
        return self.step(Part.CLAIM, words, status, rule.reason, (rule,), rule.at, plumbing=True)

    def tuple_words(self, relation: str, values: tuple["str | Interval", ...]) -> str:
        units = self.ready.units.get(relation, ())
        units = units if len(units) == len(values) else ("",) * len(values)
        skipped = 1 if values and values[0] == self.patient else 0
        shown = [self.words.value(v, u) for v, u in zip(values[skipped:], units[skipped:], strict=True)]
        return self.title(relation) + (f": {', '.join(shown)}" if shown else "")

    def negated(self, p: Tuple, known: Known, within: Within) -> Step | None:
        """`not q`, explained by q with its status turned round; None where nothing is known of what q is asked of."""
        if p.source is Source.RECORDED:
            return self.charts.recorded(p)
        declared = self.vocabulary.relations.get(p.relation)
        if declared is not None and declared.kind is Kind.KNOWN and any(
            isinstance(a, Var) and a.name in known and known[a.name] is None for a in p.args
        ):  # fmt: skip
            return None
        positive = Tuple(p.relation, p.source, p.args, False, p.when, p.at)
        unknown: Step | None = None
        against: list[Step] = []
        for step, _ in self.tuple_ways(positive, known, within, whole=True):
            if step is None or step.status is Status.MET:
                return self.step.turned(
                    step or self.step(Part.CLAIM, self.title(p.relation), Status.MET), Status.NOT_MET
                )
            if step.status is Status.UNKNOWN:
                unknown = unknown or step
            else:
                against.append(step)
        if unknown is not None:
            return self.step.turned(unknown, Status.UNKNOWN)
        if len(against) == 1:
            return self.step.turned(against[0], Status.MET)
        below = self.failures.grouped(against)
        says = f"not: {self.title(p.relation)}"
        return self.step(Part.NOT, says, Status.MET, None, below, p.at, plumbing=True)
