"""A third opinion by clingo: a plan as an answer set program, ground stratum by stratum. Whole numbers stand for our values.

Joins, negation, recursion and counts are clingo's. Tests on values, sums of dates and lengths of periods are asked back of Python.
"""

from collections.abc import Callable, Iterable
from typing import Any

import clingo

from tests.engines import Found, Given
from trialog.engines.tally import reaches
from trialog.plain import Absent, Either, Fetch, Let, Row, Rule, Step, Tally, Test, Value
from trialog.plan import Plan, Stratum, names
from trialog.program import Const, Difference, Expr, Greatest, Least, Product, Shifted, Sum, Var, Whatever
from trialog.tree import Summary
from trialog.values import shift

type Slot = Var | Const | Whatever


def run(plan: Plan, given: Given) -> Found:
    """Everything that follows from the facts."""
    program = _Program(plan, given)
    for i, stratum in enumerate(plan.strata):
        program.ground(f"stratum{i}", stratum)
    return {rule.relation: frozenset(program.rows[rule.relation]) for stratum in plan.strata for rule in stratum.rules}


class _Asked:
    """What clingo asks back, by name."""

    def __init__(self) -> None:
        self.functions: dict[str, Callable[..., clingo.Symbol]] = {}

    def __getattr__(self, name: str) -> Callable[..., clingo.Symbol]:
        return self.functions[name]


class _Program:
    def __init__(self, plan: Plan, given: Given) -> None:
        self.control = clingo.Control(["--warn=none"])
        self.asked = _Asked()
        self.rows: dict[str, Iterable[Row]] = {**plan.facts, **{name: list(some) for name, some in given.items()}}
        self.predicates: dict[str, str] = {}
        self.variables: dict[str, str] = {}
        self.values: list[Value] = []
        self.numbers: dict[tuple[bool, Value], int] = {}
        self.told: set[str] = set()
        self.fresh = 0

    def ground(self, part: str, stratum: Stratum) -> None:
        lines = [self.rule(r) for r in stratum.rules]
        mentioned = [f.relation for r in stratum.rules for x in r.body for f in _fetches(x)]
        mine = {r.relation for r in stratum.rules}
        facts = [line for name in dict.fromkeys(mentioned) if name not in mine for line in self.facts(name)]
        self.control.add(part, [], "\n".join([*facts, *lines]))
        self.control.ground([(part, [])], context=self.asked)
        for rule in stratum.rules:
            self.told.add(rule.relation)
            atoms = self.control.symbolic_atoms.by_signature(self.predicate(rule.relation), len(rule.slots))
            found = list(atoms)
            assert all(a.is_fact for a in found), "a stratified program has one answer set, and grounding finds it"
            self.rows[rule.relation] = {tuple(self.values[x.number] for x in a.symbol.arguments) for a in found}

    def facts(self, relation: str) -> list[str]:
        if relation in self.told:
            return []
        self.told.add(relation)
        name = self.predicate(relation)
        return [f"{name}({','.join(str(self.number(v)) for v in row)})." for row in self.rows.get(relation, ())]

    # -- names -----------------------------------------------------------------------------------------------------

    def predicate(self, relation: str) -> str:
        return self.predicates.setdefault(relation, f"p{len(self.predicates)}")

    def number(self, value: Value) -> int:
        key = (isinstance(value, str), value)
        if key not in self.numbers:
            self.numbers[key] = len(self.values)
            self.values.append(value)
        return self.numbers[key]

    def slot(self, slot: Slot) -> str:
        match slot:
            case Var(name):
                return self.variables.setdefault(name, f"V{len(self.variables)}")
            case Const(value):
                return str(self.number(value))
            case Whatever():
                return "_"

    def function(self, variables: list[str], compute: Callable[[dict[str, Value]], Value | bool]) -> str:
        """A term that Python computes of these variables: a value's number, or 1 for what holds."""
        self.fresh += 1
        name = f"f{self.fresh}"

        def ask(*arguments: clingo.Symbol) -> clingo.Symbol:
            found = compute({v: self.values[a.number] for v, a in zip(variables, arguments, strict=True)})
            return clingo.Number(int(found) if isinstance(found, bool) else self.number(found))

        self.asked.functions[name] = ask
        return f"@{name}({','.join(self.slot(Var(v)) for v in variables)})"

    # -- rules -----------------------------------------------------------------------------------------------------

    def rule(self, rule: Rule) -> str:
        head = f"{self.predicate(rule.relation)}({','.join(self.slot(s) for s in rule.slots)})"
        return f"{head} :- {', '.join(self.literal(x) for x in rule.body)}."

    def literal(self, step: Step) -> str:
        match step:
            case Fetch(relation, slots):
                return f"{self.predicate(relation)}({','.join(self.slot(s) for s in slots)})"
            case Test() | Either():
                return f"{self.function(sorted(names(step)), lambda env: _holds(step, env))} = 1"
            case Let(variable, value):
                computed = self.function(sorted(names(step) - {variable.name}), lambda env: _value(value, env))
                return f"{self.slot(variable)} = {computed}"
            case Tally(Summary.COUNT, paired=False) if all(not isinstance(s, Whatever) for s in step.key):
                self.fresh += 1
                counted = f"X{self.fresh}"
                key = "".join(f"{self.slot(s)}," for s in step.key)
                return f"#count {{ {counted} : {self.predicate(step.relation)}({key}{counted}) }} >= {step.bound}"
            case Tally():
                return self.tally(step)
            case Absent(body):
                inside = ", ".join(self.tally(x) if isinstance(x, Tally) else self.literal(x) for x in body)
                own = sorted(n for x in body for n in names(x))
                return (
                    f"#count {{ {','.join(['0', *(self.slot(Var(n)) for n in dict.fromkeys(own))])} : {inside} }} = 0"
                )

    def tally(self, tally: Tally) -> str:
        """What Python finds of the rows with that key."""
        keys = {f"k{i}": s for i, s in enumerate(tally.key) if not isinstance(s, Whatever)}
        width = len(tally.key)
        places = [int(name[1:]) for name in keys]
        groups: dict[Row, list[Row]] = {}
        for row in self.rows.get(tally.relation, ()):
            groups.setdefault(tuple(row[i] for i in places), []).append(row[width:])
        variables = sorted({s.name for s in keys.values() if isinstance(s, Var)})

        def holds(env: dict[str, Value]) -> bool:
            key = tuple(env[s.name] if isinstance(s, Var) else s.value for s in keys.values())
            return reaches(tally, groups.get(key, []))

        return f"{self.function(variables, holds)} = 1"


def _fetches(step: Step) -> Iterable[Fetch | Tally]:
    match step:
        case Fetch() | Tally():
            yield step
        case Absent(body):
            yield from (f for x in body for f in _fetches(x))
        case Test() | Either() | Let():
            pass


def _holds(test: Test | Either, env: dict[str, Value]) -> bool:
    if isinstance(test, Either):
        return _holds(test.left, env) or _holds(test.right, env)
    left, right = _value(test.left, env), _value(test.right, env)
    match test.operator:
        case "=":
            return left == right
        case "!=":
            return left != right
        case "<=":
            return _number(left) <= _number(right)
        case _:
            return _number(left) < _number(right)


def _number(value: Value) -> Any:
    assert not isinstance(value, str)
    return value


def _value(e: Expr, env: dict[str, Value]) -> Value:
    def number(e: Expr) -> Any:
        return _number(_value(e, env))

    match e:
        case Var(name):
            return env[name]
        case Const(value):
            return value
        case Sum(left, right):
            return number(left) + number(right)
        case Difference(left, right):
            return number(left) - number(right)
        case Product(left, right):
            return number(left) * number(right)
        case Shifted(day, by, sign):
            return shift(number(day), by, sign)
        case Least(of):
            return min(number(x) for x in of)
        case Greatest(of):
            return max(number(x) for x in of)
