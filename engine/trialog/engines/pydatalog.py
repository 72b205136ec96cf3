"""A second opinion by pyDatalog: the same plan, evaluated by an engine that nobody here wrote.

pyDatalog is given what it is known to do well, and nothing else: terms and never text; whole numbers that stand for our values;
one stratum at a time over stored facts, positive literals first; recursion that is linear, its recursive literal first. Tests on
values and aggregates are Python predicates, so that no number is ever rounded. A plan of another shape is refused, with the reason.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from trialog.engines.tally import reaches
from trialog.plain import Absent, Either, Fetch, Let, Row, Rule, Step, Tally, Test, Value
from trialog.plan import Plan, Stratum, names
from trialog.program import Const, Difference, Expr, Greatest, Least, Product, Shifted, Sum, Var, Whatever
from trialog.values import shift

type Rows = Mapping[str, frozenset[Row]]


class Refused(Exception):  # noqa: N818 (an answer, not a mishap)
    """The plan has a shape that pyDatalog is not trusted with."""


def why_refused(plan: Plan) -> str | None:
    """Why this engine does not take the plan; None where it does."""
    for stratum in plan.strata:
        for rule in stratum.rules:
            recursive = [x for x in rule.body if isinstance(x, Fetch) and x.relation in stratum.relations]
            if len(recursive) > 1:
                return f"`{rule.relation}` rests on itself more than once in one rule ({rule.origin.at})"
    return None


def run(plan: Plan, facts: Mapping[str, Iterable[Row]]) -> Rows:
    """Everything that follows from the facts. Raises Refused (see `why_refused`)."""
    reason = why_refused(plan)
    if reason is not None:
        raise Refused(reason)
    rows: dict[str, frozenset[Row]] = {**plan.facts, **{name: frozenset(given) for name, given in facts.items()}}
    for stratum in plan.strata:
        rows.update(_Stratum(stratum, rows).answers())
    return rows


class _Stratum:
    """One stratum as a pyDatalog program of its own."""

    def __init__(self, stratum: Stratum, rows: Mapping[str, frozenset[Row]]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pyDatalog 0.22.4 has invalid escapes in its own source
            from pyDatalog import pyDatalog, pyEngine
            from pyDatalog.pyParser import Term
        self.new_term: Any = Term
        self.resolvers: dict[str, Any] = pyEngine.Python_resolvers
        self.stratum = stratum
        self.rows = rows
        self.value_of: list[Value] = []
        self.number_of: dict[tuple[type, Value], int] = {}
        self.terms: dict[str, Any] = {}
        self.names: dict[str, str] = {}
        self.widths: dict[str, int] = {r.relation: len(r.slots) for r in stratum.rules}
        self.used = 0
        pyDatalog.clear()
        self.resolvers.clear()
        for rule in stratum.rules:
            self.clause(rule)

    def answers(self) -> dict[str, frozenset[Row]]:
        """The rows of every relation of the stratum."""
        found: dict[str, frozenset[Row]] = {}
        for relation, width in self.widths.items():
            variables = [self.new_term(f"X{i}") for i in range(width)]
            data = self.predicate(relation, ())(*variables).data
            found[relation] = frozenset(tuple(self.value_of[n] for n in row) for row in data)
        return found

    # -- values and names ----------------------------------------------------------------------------------------

    def number(self, value: Value) -> int:
        """The whole number that stands for a value; 1 and True, or 1 and '1', never stand for each other."""
        key = (str if isinstance(value, str) else int, value)
        if key not in self.number_of:
            self.number_of[key] = len(self.value_of)
            self.value_of.append(value)
        return self.number_of[key]

    def predicate(self, relation: str, slots: tuple[Var | Const | Whatever, ...]) -> Any:
        """The pyDatalog predicate for a relation: of this stratum, or with the stored rows that fit the constants."""
        if relation in self.widths:
            return self.terms.setdefault(relation, self.new_term(f"r{len(self.terms)}"))
        constants = {i: s.value for i, s in enumerate(slots) if isinstance(s, Const)}
        key = f"{relation} {constants}"
        if key not in self.terms:
            stored = self.rows.get(relation, frozenset())
            fitting = [row for row in stored if all(row[i] == v for i, v in constants.items())]
            self.terms[key] = self.stored(f"s{len(self.terms)}", fitting, len(slots))
        return self.terms[key]

    def stored(self, name: str, rows: Iterable[Row], width: int) -> Any:
        """A predicate of these rows; one without rows must be known to pyDatalog all the same."""
        term = self.new_term(name)
        none = [-1] * width
        +term(*none)
        for row in rows:
            +term(*[self.number(v) for v in row])
        -term(*none)
        return term

    def resolver(self, variables: list[str], compute: Any) -> Any:
        """A predicate of these variables that Python decides: `compute` takes their values and yields rows of numbers."""
        self.used += 1
        name = f"f{self.used}"

        def resolve(*arguments: Any) -> Iterator[tuple[int, ...]]:
            yield from compute([a.id if a.is_const() else None for a in arguments])

        self.resolvers[f"{name}/{len(variables)}"] = resolve
        return self.new_term(name)(*[self.variable(v) for v in variables])

    def variable(self, name: str) -> Any:
        """A pyDatalog variable; its names begin with a capital and hold letters, digits and `_`."""
        if name not in self.names:
            self.names[name] = f"V{len(self.names)}"
        return self.new_term(self.names[name])

    # -- clauses -------------------------------------------------------------------------------------------------

    def clause(self, rule: Rule) -> None:
        body = sorted(rule.body, key=lambda x: not (isinstance(x, Fetch) and x.relation in self.stratum.relations))
        literals = [x for step in self.in_order(body) for x in [self.literal(step, rule)]]
        head = self.predicate(rule.relation, rule.slots)(*[self.slot(s) for s in rule.slots])
        if not literals:
            +head  # noqa: B018 (pyDatalog's way to add a fact)
            return
        joined = literals[0]
        for literal in literals[1:]:
            joined = joined & literal
        head <= joined  # noqa: B015 (pyDatalog's way to add a clause)

    def in_order(self, body: list[Step]) -> list[Step]:
        """Positive literals first, then values and tests as soon as their variables are bound, negation last of all."""
        rank = {Fetch: 0, Let: 1, Test: 1, Either: 1, Tally: 1, Absent: 2}
        return sorted(body, key=lambda x: rank[type(x)])

    def slot(self, slot: Var | Const | Whatever) -> Any:
        match slot:
            case Var(name):
                return self.variable(name)
            case Const(value):
                return self.number(value)
            case Whatever():
                self.used += 1
                return self.variable(f"whatever {self.used}")

    def literal(self, step: Step, rule: Rule) -> Any:
        match step:
            case Fetch(relation, slots):
                return self.predicate(relation, slots)(*[self.slot(s) for s in slots])
            case Test() | Either():
                return self.test(step)
            case Let(variable, value):
                return self.let(variable, value)
            case Tally():
                return self.tally(step)
            case Absent(body):
                return self.absent(body, rule)

    def test(self, step: Test | Either) -> Any:
        variables = sorted(names(step))

        def compute(numbers: list[int | None]) -> Iterator[tuple[int, ...]]:
            bound = [n for n in numbers if n is not None]
            env = {v: self.value_of[n] for v, n in zip(variables, bound, strict=True)}
            if _holds(step, env):
                yield tuple(bound)

        return self.resolver(variables, compute)

    def let(self, variable: Var, value: Expr) -> Any:
        inputs = sorted(_variables(value))

        def compute(numbers: list[int | None]) -> Iterator[tuple[int, ...]]:
            bound = [n for n in numbers[:-1] if n is not None]
            env = {v: self.value_of[n] for v, n in zip(inputs, bound, strict=True)}
            yield (*bound, self.number(_value(value, env)))

        return self.resolver([*inputs, variable.name], compute)

    def tally(self, tally: Tally) -> Any:
        """The keys whose rows reach the bound, found beforehand: all that is tallied is of an earlier stratum."""
        width = len(tally.key)
        groups: dict[Row, list[Row]] = {}
        for row in self.rows.get(tally.relation, frozenset()):
            groups.setdefault(row[:width], []).append(row[width:])
        reached = [key for key, found in groups.items() if reaches(tally, found)]
        if tally.bound == 0:
            raise Refused("a count of at least 0 holds where there is nothing to count")
        self.used += 1
        return self.stored(f"t{self.used}", reached, width)(*[self.slot(s) for s in tally.key])

    def absent(self, body: tuple[Fetch | Test | Either | Tally, ...], rule: Rule) -> Any:
        """The body as a predicate of its own over the variables that it shares with the rule, negated."""
        outside = {s.name for s in rule.slots if isinstance(s, Var)} | {
            n for x in rule.body if not isinstance(x, Absent) for n in names(x)
        }
        shared = sorted(set().union(*(names(x) for x in body)) & outside)
        self.used += 1
        term = self.new_term(f"n{self.used}")
        arguments = [self.variable(v) for v in shared] or [self.number("")]
        literals = [self.literal(x, rule) for x in self.in_order(list(body))]
        joined = literals[0]
        for literal in literals[1:]:
            joined = joined & literal
        term(*arguments) <= joined  # noqa: B015 (pyDatalog's way to add a clause)
        return ~term(*arguments)


def _variables(e: Expr) -> set[str]:
    return names(Let(Var(""), e)) - {""}


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
