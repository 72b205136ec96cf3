"""A second opinion by pyDatalog: the same plan, evaluated by an engine that nobody here wrote.

pyDatalog is given what it is known to do well, and nothing else (see `fence`): terms and never text; whole numbers that stand for
our values; one stratum at a time over stored rows; positive literals first; every relation declared. Tests on values are Python
predicates, so that no number is ever rounded.
"""

import gc
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, assert_never

from trialog.ends import variables
from trialog.engines.fence import Refused, closing_rule, recursive, why_refused
from trialog.engines.tally import reaches
from trialog.plain import Absent, Either, Fetch, Let, Row, Rule, Slot, Step, Tally, Test, Value
from trialog.plan import Plan, Stratum, names
from trialog.program import Const, Difference, Expr, Greatest, Least, Product, Shifted, Sum, Var, Whatever
from trialog.tree import Summary
from trialog.values import Exact, shift

__all__ = ["Derived", "Refused", "evaluate", "run", "why_refused"]

type Derived = dict[str, frozenset[Row]]
"""The rows of each relation that some rule of the plan derives."""


def run(plan: Plan, facts: Mapping[str, Iterable[Row]]) -> Derived:
    """Everything that follows from the facts. Raises Refused (see `why_refused`)."""
    reason = why_refused(plan)
    if reason is not None:
        raise Refused(reason)
    return evaluate(plan, facts)


def evaluate(plan: Plan, facts: Mapping[str, Iterable[Row]]) -> Derived:
    """As `run`, for a plan that was looked at before: one that should have been refused may never come to an end."""
    rows: dict[str, Iterable[Row]] = {**plan.facts, **facts}
    derived: Derived = {}
    collecting = gc.isenabled()
    gc.disable()  # more than half of the time would go into looking for rubbish among terms that are all in use
    evaluation = _Evaluation(rows)
    try:
        for stratum in plan.strata:
            found = evaluation.derive(stratum)
            derived |= found
            rows |= found
    finally:
        evaluation.forget()
        if collecting:
            gc.enable()
    return derived


def library() -> tuple[Any, Any, Any, Any]:
    """What is used of pyDatalog: its front, its engine, terms of its own kind, and its count of different values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyDatalog 0.22.4 has invalid escapes in its own source
        from pyDatalog import Aggregate, pyDatalog, pyEngine, pyParser
    return pyDatalog, pyEngine, pyParser.Term, Aggregate.Len


class _Evaluation:
    """One run. Predicates are `d…` where they are derived, `s…` stored, `n…` negated, `c…` counts, `f…` decided in Python."""

    def __init__(self, rows: Mapping[str, Iterable[Row]]) -> None:
        self.library, self.engine, self.term_of, self.number_of_different = library()
        self.rows = rows
        self.value_of: list[Value] = []
        self.words: dict[str, int] = {}
        self.amounts: dict[Exact, int] = {}
        self.declared: dict[str, Any] = {}
        self.used = 0
        self.forget()

    def forget(self) -> None:
        """Empty pyDatalog, which keeps everything in one place for the whole process."""
        self.library.clear()
        self.engine.Python_resolvers.clear()

    # -- strata --------------------------------------------------------------------------------------------------

    def derive(self, stratum: Stratum) -> Derived:
        """The rows of every relation of the stratum."""
        closing = closing_rule(stratum)
        rules = [r for r in stratum.rules if r is not closing]
        if any(recursive(r, stratum) for r in rules):
            return self.circle(stratum)
        predicates = {r.relation: self.declare("d", len(r.slots)) for r in stratum.rules}
        for rule in rules:
            self.clause(rule, predicates[rule.relation], self.terms(rule.slots), None, [])
        found = {relation: frozenset(map(self.values, self.ask(p))) for relation, p in predicates.items()}
        if closing is not None:
            found[closing.relation] = _closure(found[closing.relation])
        return found

    def circle(self, stratum: Stratum) -> Derived:
        """A stratum that rests on itself, as one relation whose first column says which of the stratum's is meant.

        pyDatalog finds everything and comes to an end where a rule asks for all rows of one relation and picks those it means
        afterwards. Where several relations rest on each other, or a rule asks for some of the rows, it may go round for ever.
        """
        widths = {r.relation: len(r.slots) for r in stratum.rules}
        which = {relation: i for i, relation in enumerate(widths)}
        widest = max(widths.values())
        together = self.declare("d", 1 + widest)
        for rule in stratum.rules:
            circular = recursive(rule, stratum)
            assert len(circular) <= 1, "the fence should have refused the rule"
            own = circular[0] if circular else None
            first = self.picked(together, which[own.relation], own.slots) if own is not None else []
            padding = [self.engine.Const(0)] * (widest - len(rule.slots))
            head = [self.engine.Const(which[rule.relation]), *self.terms(rule.slots), *padding]
            self.clause(rule, together, head, own, first)
        found = self.ask(together)
        return {
            relation: frozenset(self.values(row[1 : 1 + width]) for row in found if row[0] == which[relation])
            for relation, width in widths.items()
        }

    def picked(self, together: Any, which: int, slots: Sequence[Slot]) -> list[Any]:
        """All rows of the relation, and then those among them that are meant."""
        asked: list[Any] = [self.new_variable()]
        conditions: list[list[Any]] = [[asked[0], self.engine.Const(which)]]
        seen: set[Slot] = set()
        for slot, term in zip(slots, self.terms(slots), strict=True):
            if isinstance(slot, Whatever) or (isinstance(slot, Var) and slot not in seen):
                asked.append(term)
            else:
                asked.append(self.new_variable())
                conditions.append([asked[-1], term])
            seen.add(slot)
        asked += [self.new_variable() for _ in range(together.arity - len(asked))]
        return [self.engine.Literal(together, asked), *(self.engine.Literal("==", c) for c in conditions)]

    def ask(self, predicate: Any) -> list[tuple[int, ...]]:
        """All rows of a predicate."""
        found = self.engine.Literal(predicate, [self.new_variable() for _ in range(predicate.arity)]).ask()
        assert found is not True, "the safety check lets no rule leave a column of its head without a value"
        return list(found)

    # -- values and rows -----------------------------------------------------------------------------------------

    def number(self, value: Value) -> int:
        """The whole number that stands for a value, 1 and '1' having one each."""
        known: int | None
        if type(value) is str:
            known = self.words.get(value)
            if known is None:
                known = self.words[value] = len(self.value_of)
                self.value_of.append(value)
            return known
        if type(value) is not int and type(value) is not Fraction:
            raise Refused(f"`{value!r}` is neither a name nor an exact number")
        known = self.amounts.get(value)
        if known is None:
            known = self.amounts[value] = len(self.value_of)
            self.value_of.append(value)
        return known

    def values(self, row: Iterable[int]) -> Row:
        return tuple([self.value_of[n] for n in row])

    def declare(self, kind: str, width: int) -> Any:
        """A new predicate, which pyDatalog knows from now on whether it has rows or not."""
        self.used += 1
        predicate = self.engine.Pred(f"{kind}{self.used}", width)
        predicate.prearity = width
        return self.engine.insert(predicate)

    def stored(self, relation: str, width: int) -> Any:
        """The predicate of the rows of a relation that was derived before, or given."""
        if relation not in self.declared:
            rows = self.rows.get(relation, ())
            odd = next((len(row) for row in rows if len(row) != width), width)
            if odd != width:
                raise Refused(f"`{relation}` is read with {width} columns, and has {odd}")
            self.declared[relation] = self.store((map(self.number, row) for row in rows), width)
        predicate = self.declared[relation]
        if predicate.arity != width:
            raise Refused(f"`{relation}` is read with {width} columns, and with {predicate.arity}")
        return predicate

    def store(self, rows: Iterable[Iterable[int]], width: int) -> Any:
        predicate = self.declare("s", width)
        for row in rows:
            self.add(predicate, [self.engine.Const(n) for n in row], [])
        return predicate

    def add(self, predicate: Any, head: list[Any], body: list[Any]) -> None:
        self.engine.assert_(self.engine.Clause(self.engine.Literal(predicate, head), body))

    # -- clauses -------------------------------------------------------------------------------------------------

    def new_variable(self) -> Any:
        self.used += 1
        return self.engine.Var(f"~{self.used}")

    def variables(self, named: Iterable[str]) -> list[Any]:
        return [self.engine.Var(n) for n in named]

    def terms(self, slots: Iterable[Slot]) -> list[Any]:
        return [self.term(s) for s in slots]

    def term(self, slot: Slot) -> Any:
        match slot:
            case Var(name):
                return self.engine.Var(name)
            case Const(value):
                return self.engine.Const(self.number(value))
            case Whatever():
                return self.new_variable()
            case _:
                assert_never(slot)

    def clause(self, rule: Rule, predicate: Any, head: list[Any], own: Fetch | None, first: list[Any]) -> None:
        """Give pyDatalog the rule. `first` is what it gets for `own`, the literal of the rule's own stratum."""
        rest = [x for x in rule.body if x is not own]
        body = list(first)
        for step in in_order(rest, names(own) if own is not None else set()):
            body += self.literals(step, rule)
        self.add(predicate, head, body)

    def literals(self, step: Step, rule: Rule) -> list[Any]:
        """What the step is to pyDatalog: one literal, or none where the step holds whatever there is."""
        match step:
            case Fetch(relation, slots):
                return [self.engine.Literal(self.stored(relation, len(slots)), self.terms(slots))]
            case Test() | Either():
                return [self.test(step)]
            case Let(variable, value):
                return [self.let(variable, value)]
            case Tally():
                return self.tally(step)
            case Absent(body):
                return [self.absent(body, rule)]
            case _:
                assert_never(step)

    def decided(self, named: Sequence[str], compute: Any) -> Any:
        """A predicate of these variables that Python decides: `compute` takes their numbers and yields rows of numbers."""
        self.used += 1
        name = f"f{self.used}"
        self.engine.Python_resolvers[f"{name}/{len(named)}"] = compute
        return self.engine.Literal(name, self.variables(named))

    def test(self, step: Test | Either) -> Any:
        named = sorted(names(step))

        def compute(*arguments: Any) -> Iterator[tuple[int, ...]]:
            numbers = tuple([a.id for a in arguments])
            if _holds(step, dict(zip(named, self.values(numbers), strict=True))):
                yield numbers

        return self.decided(named, compute)

    def let(self, variable: Var, value: Expr) -> Any:
        inputs = sorted(variables(value))

        def compute(*arguments: Any) -> Iterator[tuple[int, ...]]:
            numbers = tuple([a.id for a in arguments[:-1]])
            found = _value(value, dict(zip(inputs, self.values(numbers), strict=True)))
            yield (*numbers, self.number(found))

        return self.decided([*inputs, variable.name], compute)

    def absent(self, body: tuple[Fetch | Test | Either | Tally, ...], rule: Rule) -> Any:
        """The body as a predicate of its own over the variables that it shares with the rule, negated."""
        outside = {s.name for s in rule.slots if isinstance(s, Var)}
        outside |= {n for x in rule.body if not isinstance(x, Absent) for n in names(x)}
        shared = sorted({n for x in body for n in names(x)} & outside)
        predicate = self.declare("n", len(shared))
        literals = [x for step in in_order(body, set(shared)) for x in self.literals(step, rule)]
        self.add(predicate, self.variables(shared), literals or [self.decided(shared, _always)])
        return self.engine.Literal(f"~{predicate.name}", self.variables(shared))

    # -- aggregates ----------------------------------------------------------------------------------------------

    def tally(self, tally: Tally) -> list[Any]:
        """The keys whose rows reach the bound, found beforehand: all that is tallied is of an earlier stratum."""
        if reaches(tally, ()):
            return []  # pyDatalog has no row for a group without rows; here it need not have one
        key = [i for i, slot in enumerate(tally.key) if not isinstance(slot, Whatever)]
        groups: dict[tuple[int, ...], list[Row]] = {}
        for row in self.rows.get(tally.relation, ()):
            groups.setdefault(tuple([self.number(row[i]) for i in key]), []).append(row[len(tally.key) :])
        if tally.summary is Summary.COUNT and not tally.paired:
            reached = self.counted(groups, len(key), tally.bound)
        else:
            reached = self.store((k for k, rows in groups.items() if reaches(tally, rows)), len(key))
        return [self.engine.Literal(reached, self.terms(tally.key[i] for i in key))]

    def counted(self, groups: Mapping[tuple[int, ...], list[Row]], width: int, bound: object) -> Any:
        """The keys with at least `bound` different rows, counted by pyDatalog itself.

        It finds `(c[K] >= 2)` in a rule always empty, and `(c[K] == N) & (N >= 2)` rightly.
        """
        different: dict[Row, int] = {}
        numbered = ((*key, different.setdefault(row, len(different))) for key, rows in groups.items() for row in rows)
        stored = self.store(numbered, width + 1)
        reached = self.declare("t", width)
        keys = [self.term_of(f"K{i}") for i in range(width)]
        value, number = self.term_of("V"), self.term_of("N")
        count = self.term_of(f"c{self.used}")[tuple(keys)]
        (count == self.number_of_different(value)) <= self.term_of(stored.name)(*keys, value)  # noqa: B015 (adds a clause)
        self.term_of(reached.name)(*keys) <= (count == number) & (number >= bound)  # noqa: B015 (adds a clause)
        return self.store(self.ask(reached), width)


def in_order(body: Iterable[Step], bound: set[str]) -> list[Step]:
    """Positive literals first, tests and values as soon as they can be decided among them, negations last."""
    bound = set(bound)
    waiting = [(x, _needs(x)) for x in body if not isinstance(x, Absent)]
    done: list[Step] = []
    while waiting:
        ready = (i for i, (_, needs) in enumerate(waiting) if needs <= bound)
        reading = (i for i, (x, _) in enumerate(waiting) if isinstance(x, Fetch))
        at = next(ready, None)
        at = next(reading, None) if at is None else at
        assert at is not None, f"nothing binds what {waiting} need: the safety check should have refused it"
        step, needs = waiting.pop(at)
        bound |= needs if not isinstance(step, Let) else {step.variable.name}
        done.append(step)
    return [*done, *(x for x in body if isinstance(x, Absent))]


def _needs(step: Step) -> set[str]:
    """The variables that must have values before the step is decided; literals with rows wait for those that bind them."""
    match step:
        case Let(_, value):
            return variables(value)
        case Fetch() | Test() | Either() | Tally() | Absent():
            return names(step)
        case _:
            assert_never(step)


def _always(*arguments: Any) -> Iterator[tuple[int, ...]]:
    yield tuple([a.id for a in arguments])


def _closure(rows: frozenset[Row]) -> frozenset[Row]:
    """The transitive closure over the last two columns, for each value of those before them."""
    import networkx

    graph: networkx.DiGraph[Row] = networkx.DiGraph(((*key, start), (*key, end)) for *key, start, end in rows)
    closed = networkx.transitive_closure(graph, reflexive=False)
    return frozenset((*start, end[-1]) for start, end in closed.edges)


def _holds(step: Test | Either, env: Mapping[str, Value]) -> bool:
    match step:
        case Either(left, right):
            return _holds(left, env) or _holds(right, env)
        case Test("=", left, right):
            return bool(_value(left, env) == _value(right, env))
        case Test("!=", left, right):
            return bool(_value(left, env) != _value(right, env))
        case Test("<", left, right):
            return bool(_value(left, env) < _value(right, env))
        case Test(_, left, right):
            return bool(_value(left, env) <= _value(right, env))


def _value(e: Expr, env: Mapping[str, Value]) -> Any:
    match e:
        case Var(name):
            return env[name]
        case Const(value):
            return value
        case Sum(left, right):
            return _value(left, env) + _value(right, env)
        case Difference(left, right):
            return _value(left, env) - _value(right, env)
        case Product(left, right):
            return _value(left, env) * _value(right, env)
        case Shifted(day, by, sign):
            return shift(_value(day, env), by, sign)
        case Least(of):
            return min(_value(x, env) for x in of)
        case Greatest(of):
            return max(_value(x, env) for x in of)
