"""Rules made ready to be proved: what holds by each, and every way that leads nowhere, with the literal at which it ends."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

from trialog.certificates.notation import WrittenRule
from trialog.certificates.verify import digest
from trialog.engines.reference import Rows
from trialog.engines.tally import reaches
from trialog.plain import Absent, Either, Fetch, Let, Row, Slot, Step, Tally, Test
from trialog.program import Const, Difference, Expr, Greatest, Least, Product, Shifted, Sum, Var, Whatever
from trialog.values import shift, term

type Env = tuple[Any, ...]
type _Value = Callable[[Env], Any]
type Lookup = tuple[str, tuple[int, ...], Row]
type _Ways = Callable[[Env, "Look"], list[Env]]


@dataclass(slots=True)
class Look:
    """What is derived, and what was asked of background knowledge."""

    rows: Rows
    static: frozenset[str]
    asked: dict[Lookup, None] = field(default_factory=dict)

    def up(self, relation: str, at: tuple[int, ...], key: Row) -> Iterable[Row]:
        if relation in self.static:
            self.asked[relation, at, key] = None
        return self.rows.matching(relation, at, key)


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal made ready: its `ways` to go on, and what it reads. `found` says which row it took, once all is bound."""

    ways: _Ways
    takes: str  # the relation of which it takes a row; empty where it takes none
    found: Callable[[Env], tuple[tuple[int, ...], Row]] | None
    whole: tuple[str, ...]  # the relations of which it must know all rows
    width: int  # how many variables have values after it


class Prepared:
    """A rule made ready to be proved."""

    def __init__(self, rule: WrittenRule) -> None:
        self.written = rule
        self.content = rule.content
        self.identifier = digest(rule.content)
        self.relation = rule.rule.relation
        self.literals: list[Literal] = []
        names: list[str] = []
        for step in rule.rule.body:
            self.literals.append(_literal(step, names))
        assert tuple(names) == rule.variables
        self.head = [_slot(s, names) for s in rule.rule.slots]
        self.takes = {x.takes for x in self.literals if x.takes}
        self.whole = {r for x in self.literals for r in x.whole}
        self.reads = tuple(dict.fromkeys(r for x in self.literals for r in ((x.takes,) if x.takes else x.whole)))

    def search(self, look: Look) -> tuple[list[Env], list[tuple[int, Env]]]:
        """Every solution, and every way that led nowhere with the literal, counted from 1, at which it ended."""
        envs: list[Env] = [()]
        failed: list[tuple[int, Env]] = []
        for number, literal in enumerate(self.literals, 1):
            further: list[Env] = []
            for env in envs:
                found = literal.ways(env, look)
                if found:
                    further += found
                else:
                    failed.append((number, env))
            if not further:
                return further, failed
            envs = further
        return envs, failed

    def values(self, env: Env) -> list[str]:
        return [term(v, d) for v, d in zip(env, self.written.days, strict=False)]


def _literal(step: Step, names: list[str], within: bool = False) -> Literal:
    """What the literal binds is added to `names`."""
    match step:
        case Fetch(relation, slots):
            return _fetch(relation, slots, names)
        case Let(variable, value):
            given = _number(value, names)
            names.append(variable.name)
            return Literal(lambda env, _: [(*env, given(env))], "", None, (), len(names))
        case Absent(body):
            assert not within
            own = list(names)
            inner = [_literal(s, own, within=True) for s in body]
            whole = tuple(dict.fromkeys(r for x in inner for r in ((x.takes,) if x.takes else x.whole)))

            def absent(env: Env, look: Look) -> list[Env]:
                envs = [env]
                for literal in inner:  # each way to its end, whichever the checker tries first
                    envs = [x for e in envs for x in literal.ways(e, look)]
                return [] if envs else [env]

            return Literal(absent, "", None, whole, len(names))
        case Tally():
            return _tally(step, names)
        case Test() | Either():
            holds = _test(step, names)
            return Literal(lambda env, _: [env] if holds(env) else [], "", None, (), len(names))
        case _:
            assert_never(step)


def _known(slots: Sequence[Slot], names: list[str]) -> tuple[tuple[int, ...], Callable[[Env], Row]]:
    at = tuple(
        i
        for i, s in enumerate(slots)
        if not isinstance(s, Whatever) and not (isinstance(s, Var) and s.name not in names)
    )
    terms = [_slot(s, names) for i, s in enumerate(slots) if i in at and not isinstance(s, Whatever)]
    return at, lambda env: tuple([t(env) for t in terms])


def _fetch(relation: str, slots: tuple[Slot, ...], names: list[str]) -> Literal:
    at, key = _known(slots, names)
    takes: dict[str, int] = {}
    same: list[tuple[int, int]] = []
    for i, s in enumerate(slots):
        if isinstance(s, Var) and i not in at:
            if s.name in takes:
                same.append((i, takes[s.name]))
            else:
                takes[s.name] = i
    columns = list(takes.values())
    names += takes
    everywhere, bound = _known(slots, names)

    def ways(env: Env, look: Look) -> list[Env]:
        found = look.up(relation, at, key(env))
        if not columns:
            return [env] if found else []
        if same:
            found = [r for r in found if all(r[i] == r[j] for i, j in same)]
        return list(dict.fromkeys([env + tuple([r[c] for c in columns]) for r in found]))

    return Literal(ways, relation, lambda env: (everywhere, bound(env)), (), len(names))


def _tally(tally: Tally, names: list[str]) -> Literal:
    (at, key), width = _known(tally.key, names), len(tally.key)

    def ways(env: Env, look: Look) -> list[Env]:
        found = look.up(tally.relation, at, key(env))
        return [env] if reaches(tally, [row[width:] for row in found]) else []

    return Literal(ways, "", None, (tally.relation,), len(names))


def _test(test: Test | Either, names: list[str]) -> Callable[[Env], bool]:
    match test:
        case Either(left, right):
            one, other = _test(left, names), _test(right, names)
            return lambda env: one(env) or other(env)
        case Test(operator, left, right):
            a, b = _number(left, names), _number(right, names)
            match operator:
                case "=":
                    return lambda env: a(env) == b(env)
                case "!=":
                    return lambda env: a(env) != b(env)
                case "<":
                    return lambda env: a(env) < b(env)
                case "<=":
                    return lambda env: a(env) <= b(env)
            raise AssertionError(f"{operator} is not an operator of plain Datalog")


def _slot(slot: Var | Const, names: list[str]) -> _Value:
    if isinstance(slot, Const):
        value = slot.value
        return lambda _: value
    place = names.index(slot.name)
    return lambda env: env[place]


def _number(e: Expr, names: list[str]) -> _Value:
    match e:
        case Var() | Const():
            return _slot(e, names)
        case Sum(left, right):
            a, b = _number(left, names), _number(right, names)
            return lambda env: a(env) + b(env)
        case Difference(left, right):
            a, b = _number(left, names), _number(right, names)
            return lambda env: a(env) - b(env)
        case Product(left, right):
            a, b = _number(left, names), _number(right, names)
            return lambda env: a(env) * b(env)
        case Shifted(day, by, sign):
            start = _number(day, names)
            return lambda env: shift(start(env), by, sign)
        case Least(of):
            several = [_number(x, names) for x in of]
            return lambda env: min([v(env) for v in several])
        case Greatest(of):
            several = [_number(x, names) for x in of]
            return lambda env: max([v(env) for v in several])
        case _:
            assert_never(e)
