"""Three values to two: each relation becomes what is certain, what is possible, and for whom it is open.

Of an author's relation `p` come three relations of plain Datalog:

- `certain p`: in every completion of the chart there is such a tuple;
- `possible p`: every tuple of every completion that rests on recorded rows alone is one of these;
- `open p`: the patients for whom a completion may hold tuples of which no row is recorded.

A value that may be an interval becomes two columns, its ends. What is certain is compared at the worse end, what is possible
at the better. A relation that no chart bears on stays one relation.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain, combinations

from trialog.ends import variables
from trialog.fetches import CERTAIN, OPEN, POSSIBLE, Body, Fetches
from trialog.plain import (
    Absent,
    Fetch,
    Let,
    PlainProgram,
    Row,
    Rule,
    Step,
    Tally,
    Test,
)
from trialog.program import (
    Chosen,
    Clause,
    Compared,
    Const,
    Distinct,
    Given,
    Premise,
    Program,
    Sort,
    Source,
    Tallied,
    Tuple,
    Under,
    Var,
)
from trialog.splits import splits
from trialog.tree import Summary
from trialog.vocabulary import Coded

_MOST_OPEN_TOGETHER = 5


def bounds(program: Program) -> PlainProgram:
    """The program in plain Datalog. What it derives as `certain`, `possible` and `open` bounds every completion."""
    rules: list[Rule] = []
    asked: set[tuple[str, str]] = set()
    either_way = splits(program)
    for clause in (*program.clauses, *either_way):
        rewriting = _Rewriting(program, clause)
        rules.extend(rewriting.rules())
        asked |= rewriting.fetches.asked
    strata: list[frozenset[str]] = []
    for members in program.strata:
        exact = frozenset(m for m in members if program.derived[m].is_exact)
        rest = members - exact
        if exact:
            strata.append(exact)
        if rest:
            strata.append(frozenset(f"{mode} {m}" for m in rest for mode in (POSSIBLE, OPEN)))
            strata.append(frozenset(f"{CERTAIN} {m}" for m in rest))
            strata.append(frozenset(f"countable {m}" for m in rest))
    return PlainProgram(tuple(rules), tuple(strata), _facts(program, rules), frozenset(asked), either_way)


def _facts(program: Program, rules: Iterable[Rule]) -> dict[str, frozenset[Row]]:
    """Background knowledge, and what the rules ask of the hierarchy of concepts."""
    vocabulary = program.vocabulary
    facts: dict[str, frozenset[Row]] = {n: frozenset(f.values for f in known) for n, known in program.known.items()}
    mentioned = {f.relation for r in rules for x in r.body for f in _fetches(x)}
    if "is_a" in mentioned:
        facts["is_a"] = frozenset((c, above) for c, all_above in vocabulary.ancestors.items() for above in all_above)
    if "leaf" in mentioned:
        facts["leaf"] = frozenset((c,) for c in vocabulary.leaves)
    if "overlaps" in mentioned:
        facts["overlaps"] = frozenset((a, b) for under in vocabulary.ancestors.values() for a in under for b in under)
    return facts


def _fetches(step: Step) -> Iterable[Fetch]:
    match step:
        case Fetch():
            yield step
        case Absent(body):
            yield from (f for x in body for f in _fetches(x))
        case _:
            pass


class _Rewriting:
    """The rules of plain Datalog that one clause becomes."""

    def __init__(self, program: Program, clause: Clause) -> None:
        self.program = program
        self.vocabulary = program.vocabulary
        self.clause = clause
        self.readings = frozenset((p.reading, p.option) for p in clause.body if isinstance(p, Chosen))
        self.fetches = Fetches(program, clause)
        self.head = program.derived[clause.relation]

    # -- the rules -----------------------------------------------------------------------------------------------

    def rules(self) -> Iterable[Rule]:
        name = self.clause.relation
        if self.head.is_exact:
            yield self.rule(name, self.body(CERTAIN, frozenset()), paired=False)
            return
        yield self.rule(f"{CERTAIN} {name}", self.body(CERTAIN, frozenset()))
        if self.clause.split_on:
            return  # what is possible by it is possible by the clauses that it follows from
        openable = [i for i, p in enumerate(self.clause.body) if self.is_openable(p)]
        if len(openable) <= _MOST_OPEN_TOGETHER:
            choices = chain.from_iterable(combinations(openable, n) for n in range(len(openable) + 1))
            dropped = [(frozenset(c), frozenset(c)) for c in choices]
        else:  # one open literal at a time, the other literals on recorded rows left out: more is possible, never less
            dropped = [(frozenset[int](), frozenset[int]()), *((frozenset({i}), frozenset(openable)) for i in openable)]
        for guarded, left_out in dropped:
            body = self.body(POSSIBLE, left_out)
            for i in guarded:
                self.guard(self.clause.body[i], body)
            heads = [a.name for a in self.clause.args if isinstance(a, Var)]
            if all(h in body.bound for h in heads):
                yield self.rule(f"{POSSIBLE} {name}", body)
            else:
                patient = self.clause.args[0]
                yield Rule(f"{OPEN} {name}", (patient,), tuple(body.steps), self.readings, self.clause)
        if self.clause.helper_of is not None and self.head.columns[-1].sort is Sort.CONCEPT:
            slots = tuple(Var(f"C{i}") for i in range(sum(1 + c.sort.is_wide for c in self.head.columns)))
            steps = (Fetch(f"{CERTAIN} {name}", slots), Fetch("leaf", (slots[-1],)))
            yield Rule(f"countable {name}", slots, steps, self.readings, self.clause)

    def rule(self, name: str, body: Body, paired: bool = True) -> Rule:
        slots: list[Var | Const] = []
        for arg, column in zip(self.clause.args, self.head.columns, strict=True):
            if column.sort.is_wide and paired:
                slots.extend(self.fetches.ends.of(arg))
            else:
                slots.append(arg)
        return Rule(name, tuple(slots), tuple(body.steps), self.readings, self.clause)

    def is_openable(self, premise: Premise) -> bool:
        match premise:
            case Tuple(relation, source, _, False):
                return not self.fetches.is_exact(relation, source) and not self.is_about_patient_alone(relation)
            case Tallied(_, relation, negated=False):
                return not self.fetches.is_exact(relation)
            case _:
                return False

    def is_about_patient_alone(self, relation: str) -> bool:
        """Such a relation is never open: a patient who may be in it is a possible row."""
        return relation in self.program.derived and len(self.program.derived[relation].columns) == 1

    # -- bodies --------------------------------------------------------------------------------------------------

    def body(self, mode: str, left_out: frozenset[int]) -> Body:
        """The clause's body in this mode, without the literals left out and without what only they could bind."""
        kept = [p for i, p in enumerate(self.clause.body) if i not in left_out]
        body = Body(mode, self.bound_by(kept))
        if (
            self.head.about_patient
            and self.head.columns[0].sort is Sort.PATIENT
            and isinstance(self.clause.args[0], Var)
        ):
            body.bound.add(self.clause.args[0].name)  # by a tuple that is kept, or by what lets one be left out
        shared = self.shared(kept)
        for p in kept:
            if isinstance(p, Tuple) and not p.negated:
                self.positive(p, body, shared)
        given = [p for p in kept if isinstance(p, Given)]
        while ready := [p for p in given if variables(p.expression) <= body.bound]:
            for p in ready:
                self.give(p, body)
            given = [p for p in given if p not in ready]
        for p in kept:
            self.further(p, body)
        return body

    def bound_by(self, kept: list[Premise]) -> set[str]:
        """The variables that these premises give a value, in whatever order."""
        found = {a.name for p in kept if isinstance(p, Tuple) and not p.negated for a in p.args if isinstance(a, Var)}
        growing = True
        while growing:
            size = len(found)
            found |= {p.variable.name for p in kept if isinstance(p, Given) and variables(p.expression) <= found}
            growing = size != len(found)
        return found

    def shared(self, kept: list[Premise]) -> set[str]:
        """Concept variables that stand twice, once in an inexact tuple: a class in both places may mean different members."""
        seen: list[str] = []
        inexact: set[str] = set()
        for p in kept:
            if isinstance(p, Tuple) and not p.negated:
                mine = [
                    a.name
                    for a, s in zip(p.args, self.fetches.sorts(p), strict=True)
                    if isinstance(a, Var) and s is Sort.CONCEPT
                ]
                seen.extend(mine)
                inexact |= set(mine) if not self.fetches.is_exact(p.relation, p.source) else set()
        return {name for name in inexact if seen.count(name) > 1}

    def positive(self, p: Tuple, body: Body, shared: set[str]) -> None:
        slots, tests = self.fetches.slots(p, body, body.mode, bind=True)
        body.steps.append(Fetch(self.fetches.name(p, body.mode), slots))
        body.steps.extend(tests)
        for arg in p.args:
            if isinstance(arg, Var):
                if arg.name in shared and arg.name not in body.bound and body.mode == CERTAIN:
                    body.steps.append(Fetch("leaf", (arg,)))
                body.bound.add(arg.name)

    def give(self, p: Given, body: Body) -> None:
        body.bound.add(p.variable.name)
        if p.variable.name in self.fetches.exact_variables:
            body.steps.append(Let(p.variable, self.fetches.ends.low(p.expression)))
        else:
            low, high = self.fetches.ends.of(p.variable)
            if isinstance(low, Var) and isinstance(high, Var):
                body.steps += [
                    Let(low, self.fetches.ends.low(p.expression)),
                    Let(high, self.fetches.ends.high(p.expression)),
                ]

    def further(self, p: Premise, body: Body) -> None:
        """A literal that binds nothing. Where what it needs is not bound, it may hold, and is left out of what is possible."""
        certain = body.mode == CERTAIN
        if not _needed(p) <= body.bound:
            if certain:
                raise AssertionError(f"{p} is left out of what is certain: the safety check should have refused it")
            return
        match p:
            case Tuple(negated=True):
                self.negative(p, body)
            case Under(arg, concept, False):
                body.steps.append(Fetch("is_a", (arg, Const(concept))))
            case Under(arg, concept, True):
                body.steps.append(Absent((Fetch("overlaps" if certain else "is_a", (arg, Const(concept))),)))
            case Distinct(left, right, same):
                if certain and not same and not {left.name, right.name} <= self.fetches.exact_variables:
                    body.steps.append(Absent((Fetch("overlaps", (left, right)),)))
                else:
                    body.steps.append(Test("=" if same else "!=", left, right))
                    if certain and same and left.name not in self.fetches.exact_variables:
                        body.steps.append(Fetch("leaf", (left,)))
            case Compared(operator, left, right):
                body.steps.extend(self.fetches.ends.compare(operator, left, right, certain))
            case Tallied(negated=negated):
                self.tallied(p, negated, body)
            case Tuple() | Given() | Chosen():
                pass

    def tallied(self, p: Tallied, negated: bool, body: Body) -> None:
        """An aggregate; where its key may be a class that stands for a member, what is certain holds of every member."""
        certain = body.mode == CERTAIN
        classes = [
            (a, self.fetches.new(a.name))
            for a, column in zip(p.key, self.program.derived[p.relation].columns, strict=False)
            if isinstance(a, Var) and column.sort is Sort.CONCEPT and a.name not in self.fetches.exact_variables
        ]
        if not negated:
            body.steps.append(self.tally(p, body.mode))
            body.steps.extend(Fetch("leaf", (a,)) for a, _ in classes if certain)
            return
        if certain:
            members = dict(classes)
            key = tuple(members.get(a, a) if isinstance(a, Var) else a for a in p.key)
            tests = tuple(Fetch("is_a", (member, a)) for a, member in classes)
            body.steps.append(Absent((*tests, self.tally(replace(p, key=key), POSSIBLE))))
        else:
            body.steps.append(Absent((self.tally(p, CERTAIN),)))
        if certain and not self.fetches.is_exact(p.relation):
            body.steps.append(Absent((Fetch(f"{OPEN} {p.relation}", (self.clause.args[0],)),)))

    def negative(self, p: Tuple, body: Body) -> None:
        """`not q` is certain where q is neither possible nor open, and possible where q is not certain."""
        opposite = POSSIBLE if body.mode == CERTAIN else CERTAIN
        slots, tests = self.fetches.slots(p, body, opposite, bind=False)
        body.steps.append(Absent((Fetch(self.fetches.name(p, opposite), slots), *tests)))
        if body.mode == CERTAIN and not self.fetches.is_exact(p.relation, p.source):
            body.steps.append(Absent(tuple(self.openness(p, body))))

    def openness(self, p: Tuple, body: Body) -> list[Fetch | Test]:
        """The chart may lack tuples that this literal asks for."""
        about, patient = self.fetches.about(p), p.args[0]
        if p.relation in self.program.derived or about is None:
            return [Fetch(f"{OPEN} {p.relation}", (patient,))]
        concept = p.args[about]
        if p.source is Source.LATEST:
            since, until = self.fetches.new("Since"), self.fetches.new("Until")
            low, high = self.fetches.when(p, body)
            return [
                Fetch(f"{OPEN} latest {p.relation}", (patient, concept, since, until)),
                Test("<=", since, high),
                Test("<", low, until),
            ]
        if isinstance(concept, Const):
            return [Fetch(f"{OPEN} {p.relation}", (patient, concept))]
        if isinstance(concept, Var) and concept.name in body.bound:
            return [Fetch(f"{OPEN} {p.relation}", (patient, concept))]
        classes = [u.concept for u in self.clause.body if isinstance(u, Under) and not u.negated and u.arg == concept]
        relation = self.vocabulary.relations[p.relation]
        column = relation.columns[about - 1].type
        classes = classes or ([column.root] if isinstance(column, Coded) else [])
        return [Fetch(f"{OPEN} {p.relation}", (patient, Const(c))) for c in classes]

    def guard(self, p: Premise, body: Body) -> None:
        """Let the rule go on without this literal, for patients for whom it is open."""
        if isinstance(p, Tallied):
            body.steps.append(Fetch(f"{OPEN} {p.relation}", (self.clause.args[0],)))
        elif isinstance(p, Tuple):
            body.steps.extend(self.openness(p, body))
        patient = self.clause.args[0]
        if isinstance(patient, Var):
            body.bound.add(patient.name)

    def tally(self, p: Tallied, mode: str) -> Tally:
        exact = self.fetches.is_exact(p.relation)
        value = self.program.derived[p.relation].columns[-1].sort
        name = p.relation
        if not exact:
            countable = p.summary is Summary.COUNT and value is Sort.CONCEPT and mode == CERTAIN
            name = f"countable {p.relation}" if countable else f"{mode} {p.relation}"
        return Tally(p.summary, name, p.key, p.bound, p.strict, p.gap, not exact and value.is_wide, mode == CERTAIN)


def _needed(p: Premise) -> set[str]:
    """The variables that a literal which binds nothing needs values of."""
    match p:
        case Tuple(args=args, negated=True, when=when):
            return {a.name for a in (*args, when) if isinstance(a, Var)}
        case Under(arg):
            return variables(arg)
        case Distinct(left, right):
            return {left.name, right.name}
        case Compared(_, left, right):
            return variables(left) | variables(right)
        case Tallied(key=key):
            return {a.name for a in key if isinstance(a, Var)}
        case Tuple() | Given() | Chosen():
            return set()
