"""Checked rules to clauses: constants in their column's unit, `min` and `max` as comparisons, aggregates as rules of their own."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import count
from typing import assert_never

from trialog.check.declarations import Declarations
from trialog.check.joining import joined
from trialog.check.safety import binding, patient_of
from trialog.check.types import Types, column_type
from trialog.check.variables import expression_variables, variables_of
from trialog.problem import Problem
from trialog.program import (
    Arg,
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
    Type,
    Under,
    Var,
    Whatever,
)
from trialog.tree import (
    Aggregate,
    Anonymous,
    Arithmetic,
    Atom,
    Comparison,
    ConceptName,
    Day,
    Expression,
    Holds,
    Latest,
    Length,
    Literal,
    Membership,
    Number,
    ReadingIs,
    Recorded,
    Rule,
    Summary,
    Term,
    Variable,
)
from trialog.units import ONE, Unit, unit
from trialog.values import Duration, Exact, exact
from trialog.vocabulary import Kind

_TURNED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
NO_GAP = Duration(0, 0)


class Lowering:
    """Lowers one rule after the other; helper relations made on the way are collected in `helpers`, with their types."""

    def __init__(self, declared: Declarations, types: Types) -> None:
        self.declared = declared
        self.types = types
        self.helpers: dict[str, tuple[Type, ...]] = {}
        self.problems: list[Problem] = []

    def clauses(self, rule: Rule, variables: Mapping[str, Type]) -> list[Clause]:
        """The clause of the rule, after those of its aggregates."""
        rule = joined(rule, variables)
        one = _OneRule(self, rule, variables)
        plain = one.body([x for x in rule.body if not isinstance(x, Aggregate)])
        tallies = tuple(p for x in rule.body if isinstance(x, Aggregate) for p in one.aggregate(x))
        plain = tuple(_given_once(p, tallies) for p in plain)
        if not patient_of(rule, variables) <= binding(rule.body, frozenset()):
            plain = (one.some_patient(), *plain)
        args = tuple(one.head_argument(a.term, i) for i, a in enumerate(rule.head.arguments))
        phrase = rule.label.phrase if rule.label is not None else ""
        return [*one.made, Clause(rule.head.relation, args, plain + tallies, phrase, None, rule.at)]

    def columns(self, relation: str) -> Sequence[Type | None]:
        if relation in self.helpers:
            return self.helpers[relation]
        return self.types.columns.get(relation, [])


class _OneRule:
    def __init__(self, lowering: Lowering, rule: Rule, variables: Mapping[str, Type]) -> None:
        self.lowering = lowering
        self.rule = rule
        self.variables = dict(variables)
        self.made: list[Clause] = []
        self.fresh = 0
        self.gives: dict[int, Variable] = {}  # by the comparison's id: the variable to which it gives its value

    # -- terms ---------------------------------------------------------------------------------------------------

    def column_types(self, atom: Atom) -> list[Type | None]:
        relation = self.lowering.declared.vocabulary.relations.get(atom.relation)
        if relation is None:
            return list(self.lowering.columns(atom.relation)) or [None] * len(atom.arguments)
        offset = int(relation.kind is not Kind.KNOWN)
        about = atom.arguments[relation.concept_column + offset].term if relation.concept_column is not None else None
        return [None] * offset + [
            column_type(c.type, about, self.lowering.declared.vocabulary) for c in relation.columns
        ]

    def arg(self, term: Term, column: Type | None) -> Arg:
        match term:
            case Anonymous():
                return Whatever()
            case Variable(name):
                return Var(name)
            case ConceptName(name):
                return Const(name)
            case Day(day):
                return Const(day)
            case Number(value, written):
                return Const(_in_unit(value, unit(written or ""), column.unit if column is not None else ONE))
            case _:
                assert_never(term)

    def head_argument(self, term: Term, i: int) -> Var | Const:
        columns = self.column_types(self.rule.head)
        arg = self.arg(term, columns[i])
        if isinstance(arg, Whatever):
            raise AssertionError("the safety check refuses `_` in a head")
        return arg

    def number(self, e: Expression, wanted: Unit) -> Expr:
        """The expression as a number of `wanted` units."""
        match e:
            case Number(value, written):
                return Const(_in_unit(value, unit(written or ""), wanted))
            case Variable(name):
                return _scaled(Var(name), self.unit_of(e), wanted)
            case Arithmetic("+", left, right):
                return Sum(self.number(left, wanted), self.number(right, wanted))
            case Arithmetic("-", left, right):
                return Difference(self.number(left, wanted), self.number(right, wanted))
            case Arithmetic("*", left, right):
                own = self.unit_of(e)
                product = _product(self.number(left, self.unit_of(left)), self.number(right, self.unit_of(right)))
                return _scaled(product, own, wanted)
            case Arithmetic("/", left, Number(value)):
                own = self.unit_of(e)
                return _scaled(
                    _product(self.number(left, self.unit_of(left)), Const(exact(Fraction(1) / value))), own, wanted
                )
        raise AssertionError(f"the type check refuses {e}")

    def unit_of(self, e: Expression) -> Unit:
        match e:
            case Number(_, written):
                return unit(written or "")
            case Variable(name):
                return self.variables[name].unit
            case Arithmetic("*", left, right):
                return self.unit_of(left) * self.unit_of(right)
            case Arithmetic("/", left, right):
                return self.unit_of(left) / self.unit_of(right)
            case Arithmetic(_, left, _):
                return self.unit_of(left)
        raise AssertionError(f"the type check refuses {e}")

    def date(self, e: Expression) -> Expr:
        match e:
            case Variable(name):
                return Var(name)
            case Day(day):
                return Const(day)
            case Arithmetic(sign, left, Length(duration)):
                return Shifted(self.date(left), duration, 1 if sign == "+" else -1)
        raise AssertionError(f"the type check refuses {e}")

    def sort_of(self, e: Expression) -> Sort:
        match e:
            case Variable(name):
                return self.variables[name].sort
            case ConceptName():
                return Sort.CONCEPT
            case Day():
                return Sort.DATE
            case Arithmetic(_, left, _):
                return self.sort_of(left)
            case _:
                return Sort.NUMBER

    # -- literals ------------------------------------------------------------------------------------------------

    def body(self, literals: Sequence[Literal]) -> tuple[Premise, ...]:
        """The premises of a whole body, in which each variable is given its value once: by a tuple, or else by one `=`."""
        bound = set(
            binding([x for x in literals if not isinstance(x, Comparison)], patient_of(self.rule, self.variables))
        )
        waiting = [x for x in literals if isinstance(x, Comparison) and x.operator == "="]
        self.gives = {}  # what stands outside of an aggregate may be given its value by something else inside
        while ready := next(((c, v) for c in waiting if (v := self.given(c, bound)) is not None), None):
            comparison, variable = ready
            self.gives[id(comparison)] = variable
            waiting = [c for c in waiting if c is not comparison]
            bound.add(variable.name)
        return tuple(p for x in literals for p in self.premises(x))

    def given(self, c: Comparison, bound: set[str]) -> Variable | None:
        """The variable to which the comparison can give a value, where it has none yet."""
        for one, other in ((c.left, c.right), (c.right, c.left)):
            if (
                isinstance(one, Variable)
                and one.name not in bound
                and self.variables[one.name].sort.is_wide
                and {v.name for v in expression_variables(other)} <= bound
            ):
                return one
        return None

    def premises(self, literal: Literal) -> list[Premise]:
        match literal:
            case Holds(atom, negated):
                return [self.fetched(atom, Source.ALL, negated, None)]
            case Latest(atom, when, negated):
                day = None if when is None else self.arg(when, None)
                return [self.fetched(atom, Source.LATEST, negated, day)]
            case Recorded(atom, negated):
                return [self.fetched(atom, Source.RECORDED, negated, None)]
            case Membership(term, concept, negated, at):
                arg = self.arg(term, None)
                return [Under(arg, concept.name, negated, at)] if not isinstance(arg, Whatever) else []
            case ReadingIs(reading, option, at):
                return [Chosen(reading, option, at)]
            case Comparison():
                return [self.comparison(literal)]
            case Aggregate():
                return self.aggregate(literal)

    def some_patient(self) -> Tuple:
        """What gives the patient a value where nothing else does."""
        patient = Var(next(iter(patient_of(self.rule, self.variables))))
        return Tuple("screening", Source.ALL, (patient, Whatever()), False, None, self.rule.head.at)

    def fetched(self, atom: Atom, source: Source, negated: bool, when: Arg | None) -> Tuple:
        columns = self.column_types(atom)
        args = tuple(self.arg(a.term, c) for a, c in zip(atom.arguments, columns, strict=True))
        return Tuple(atom.relation, source, args, negated, None if isinstance(when, Whatever) else when, atom.at)

    def comparison(self, c: Comparison) -> Premise:
        left, right, operator = c.left, c.right, c.operator
        sort = self.sort_of(left)
        if (variable := self.gives.get(id(c))) is not None:
            other = right if left == variable else left
            unit_ = self.variables[variable.name].unit
            return Given(Var(variable.name), self.date(other) if sort is Sort.DATE else self.number(other, unit_), c.at)
        if sort in (Sort.CONCEPT, Sort.PATIENT):
            if isinstance(left, ConceptName):
                left, right = right, left
            if isinstance(right, ConceptName) and isinstance(left, Variable | ConceptName):
                return Under(
                    Var(left.name) if isinstance(left, Variable) else Const(left.name),
                    right.name,
                    operator == "!=",
                    c.at,
                )
            if isinstance(left, Variable) and isinstance(right, Variable):
                return Distinct(Var(left.name), Var(right.name), operator == "=", c.at)
            raise AssertionError(f"the type check refuses {c}")
        if operator in (">", ">="):
            left, right, operator = right, left, _TURNED[operator]
        if sort is Sort.DATE:
            return Compared(operator, self.date(left), self.date(right), c.at)
        own = self.unit_of(left if not isinstance(left, Number) else right)
        return Compared(operator, self.number(left, own), self.number(right, own), c.at)

    # -- aggregates ----------------------------------------------------------------------------------------------

    def aggregate(self, a: Aggregate) -> list[Premise]:
        inside = {v.name for x in a.body for v in variables_of(x)}
        keys = sorted(v for v in inside if "'" not in v)
        if a.summary in (Summary.MIN, Summary.MAX):
            keys = sorted({*keys, *(v.name for v in expression_variables(a.bound))})
        values = [v.name for v in a.variables]
        body = list(a.body)
        patient = patient_of(self.rule, self.variables)
        if not set(keys) <= binding([x for x in a.body if not isinstance(x, Comparison)], frozenset()):
            body = [x for x in self.rule.body if not isinstance(x, Aggregate)] + body
            keys = sorted({*keys, *patient})  # whose rows the rest of the rule asks for
        keys.sort(key=lambda v: self.variables[v].sort is not Sort.PATIENT)
        premises = self.body(body)
        if not patient & set(keys) <= binding(body, frozenset()):
            premises = (self.some_patient(), *premises)
        helper = self.helper(keys + values, premises)
        key = tuple(Var(v) for v in keys)
        match a.summary:
            case Summary.COUNT:
                assert isinstance(a.bound, Number) and isinstance(a.bound.value, int)
                return self.counted(a, helper, key, a.bound.value)
            case Summary.COVERED | Summary.LONGEST:
                assert isinstance(a.bound, Length)
                strict, negated = a.operator in (">", "<="), a.operator in ("<", "<=")
                return [Tallied(a.summary, helper, key, a.bound.duration, strict, a.gap or NO_GAP, negated, a.at)]
            case Summary.MIN | Summary.MAX:
                return self.extreme(a, helper, keys, values[0])

    def counted(self, a: Aggregate, helper: str, key: tuple[Arg, ...], k: int) -> list[Premise]:
        def at_least(n: int, negated: bool) -> Tallied:
            return Tallied(Summary.COUNT, helper, key, n, False, NO_GAP, negated, a.at)

        match a.operator:
            case ">=":
                return [at_least(k, False)]
            case ">":
                return [at_least(k + 1, False)]
            case "<":
                return [at_least(k, True)]
            case "<=":
                return [at_least(k + 1, True)]
            case _:
                return [at_least(k, False), at_least(k + 1, True)]

    def extreme(self, a: Aggregate, helper: str, keys: list[str], value: str) -> list[Premise]:
        """`max >= b` is "some value is >= b"; `max <= b` is "there is a value, and none is > b"; `min` the other way."""
        upward = a.summary is Summary.MAX
        some = {">=", ">", "="} if upward else {"<=", "<", "="}
        all_ = {"<=", "<", "="} if upward else {">=", ">", "="}
        found: list[Premise] = []
        variable = Variable(value, a.at)
        if a.operator in some:
            operator = a.operator if a.operator != "=" else (">=" if upward else "<=")
            self.fresh += 1
            witness = Variable(f"{value}~{self.fresh}", a.at)
            self.variables[witness.name] = self.variables[value]
            found.append(Tuple(helper, Source.ALL, (*(Var(k) for k in keys), Var(witness.name)), False, None, a.at))
            found.append(self.comparison(Comparison(operator, witness, a.bound, a.at)))
        if a.operator in all_:
            operator = {"<=": ">", "<": ">=", ">=": "<", ">": "<="}[
                a.operator if a.operator != "=" else ("<=" if upward else ">=")
            ]
            columns: tuple[Arg, ...] = (*(Var(k) for k in keys), Var(value))
            against = self.helper(
                keys,
                (
                    Tuple(helper, Source.ALL, columns, False, None, a.at),
                    self.comparison(Comparison(operator, variable, a.bound, a.at)),
                ),
            )
            found.append(Tuple(helper, Source.ALL, (*(Var(k) for k in keys), Whatever()), False, None, a.at))
            found.append(Tuple(against, Source.ALL, tuple(Var(k) for k in keys), True, None, a.at))
        return found

    def helper(self, columns: list[str], body: tuple[Premise, ...]) -> str:
        stem = f"{self.rule.head.relation}/{self.rule.at.line}"
        # rules of one relation may stand on one line, or on the same line of two pages
        name = next(n for i in count(1) if (n := f"{stem}.{i}") not in self.lowering.helpers)
        self.lowering.helpers[name] = tuple(self.variables[c] for c in columns)
        self.made.append(Clause(name, tuple(Var(c) for c in columns), body, "", self.rule.head.relation, self.rule.at))
        return name


def _given_once(p: Premise, tallies: Sequence[Premise]) -> Premise:
    """An `=` whose variable has its value from the rows of an aggregate says only that both values are the same."""
    if isinstance(p, Given) and any(isinstance(t, Tuple) and not t.negated and p.variable in t.args for t in tallies):
        return Compared("=", p.variable, p.expression, p.at)
    return p


def _in_unit(value: Exact, own: Unit, wanted: Unit) -> Exact:
    return exact(value * own.scale / wanted.scale)


def _scaled(e: Expr, own: Unit, wanted: Unit) -> Expr:
    return e if own.scale == wanted.scale else _product(Const(exact(own.scale / wanted.scale)), e)


def _product(left: Expr, right: Expr) -> Expr:
    if (
        isinstance(left, Const)
        and isinstance(right, Const)
        and not isinstance(left.value, str)
        and not isinstance(right.value, str)
    ):
        return Const(exact(left.value * right.value))
    return Product(left, right)
