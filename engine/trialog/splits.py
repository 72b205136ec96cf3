"""What follows whichever way a fact is: clauses that no author wrote, and that hold wherever the author's do.

`c :- a, x.` and `c :- not a, y.` together give `c :- x, y.`: where nobody knows whether `a` holds, `c` is certain all the same.
So do `v >= 30, x` and `v < 30, y` of one value. Such a clause is a resolvent of two others; it says nothing new of any
completion, and lets `bounds` be certain of what holds in all of them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from itertools import combinations, permutations, product
from math import factorial

from trialog.program import (
    Chosen,
    Clause,
    Compared,
    Distinct,
    Given,
    Premise,
    Program,
    Source,
    Tallied,
    Tuple,
    Under,
    Var,
    Whatever,
)
from trialog.source import Span

_MOST_CLAUSES = 40  # of one relation, unfolded; where there are more, they are left as they are
_MOST_RESOLVENTS = 8
_MOST_ORDERS = 24  # of one block's premises; where there are more, two that say the same may not be seen to
_PATIENT = Var("the patient")  # as no author can call anything


@dataclass(frozen=True, slots=True)
class _Block:
    """Premises that share variables; blocks are the same whatever their variables are called.

    `against` is the key of the opposite, where the block is one premise about the patient alone.
    """

    key: tuple[Premise, ...]
    premises: tuple[Premise, ...] = field(compare=False)
    against: tuple[Premise, ...] | None = field(compare=False)


type _Body = frozenset[_Block]


@dataclass(frozen=True, slots=True)
class _Case:
    """A way in which the relation holds, and the premises on which it was split."""

    body: _Body
    split_on: tuple[Premise, ...] = field(compare=False)


def splits(program: Program) -> tuple[Clause, ...]:
    """For each relation of the patient alone, the clauses that hold whichever way some other fact is."""
    return _Splitting(program).all()


class _Splitting:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.clauses: dict[str, list[Clause]] = {}
        for clause in program.clauses:
            self.clauses.setdefault(clause.relation, []).append(clause)
        self.place = {name: i for i, members in enumerate(program.strata) for name in members}
        self.bodies: dict[tuple[str, bool], list[_Body] | None] = {}

    def all(self) -> tuple[Clause, ...]:
        return tuple(c for name in self.clauses if self.is_of_the_patient_alone(name) for c in self.of(name))

    def is_of_the_patient_alone(self, relation: str) -> bool:
        derived = self.program.derived.get(relation)
        return derived is not None and derived.about_patient and not derived.is_exact and len(derived.columns) == 1

    def of(self, name: str) -> Iterator[Clause]:
        at = self.clauses[name][0].at
        cases = [_Case(body, ()) for body in self.ways(name, False) or ()]
        further = [_Case(body, ()) for body in self.ways(name, True) or ()]
        written = [case.body for case in (*cases, *further)]
        resolved = self.resolved(cases) + (self.resolved(further) if further != cases else [])
        for case in sorted(resolved, key=lambda case: len(case.body)):
            if not any(body <= case.body for body in written):
                written.append(case.body)
                yield Clause(name, (_PATIENT,), _together(case.body), "", None, at, case.split_on)

    # -- unfolding -------------------------------------------------------------------------------------------------

    def ways(self, name: str, deep: bool) -> list[_Body] | None:
        """The bodies of which one holds where the relation does; None where they are too many, or rest on themselves.

        What a relation asks of charts stays behind its name, so that the name stands for one fact; `deep` looks behind.
        """
        if (name, deep) not in self.bodies:
            self.bodies[name, deep] = None  # while it is being found: it would rest on itself
            each = [self.unfolded(clause, deep) for clause in self.clauses[name]]
            found = [body for bodies in each if bodies is not None for body in bodies]
            too_many = any(bodies is None for bodies in each) or len(found) > _MOST_CLAUSES
            self.bodies[name, deep] = None if too_many else _without_what_others_imply(found)
        return self.bodies[name, deep]

    def unfolded(self, clause: Clause, deep: bool) -> list[_Body] | None:
        """The clause's body with what it asks of the patient alone replaced by the ways in which that holds; None for too many."""
        bodies: list[_Body] = [frozenset()]
        for block in self.blocks(clause):
            ways = self.ways_of(block, clause.relation, deep)
            if len(bodies) * len(ways) > _MOST_CLAUSES:
                return None  # some of the ways would not be all of them
            bodies = [body | way for body in bodies for way in ways]
        return [body for body in bodies if not _contradicts(body)]

    def ways_of(self, block: _Block, within: str, deep: bool) -> list[_Body]:
        asked = block.premises[0]
        alone = [frozenset({block})]
        if len(block.premises) > 1 or not isinstance(asked, Tuple) or not self.is_of_the_patient_alone(asked.relation):
            return alone
        if self.place[asked.relation] >= self.place[within]:
            return alone
        ways = self.ways(asked.relation, deep)
        if ways is None or not (deep or all(b.against is not None for way in ways for b in way)):
            return alone
        if not asked.negated:
            return ways
        against = [[_opposite(b) for b in way] for way in ways]
        if (len(against) > 1 and any(len(way) > 1 for way in against)) or any(
            o is None for way in against for o in way
        ):
            return alone
        if len(against) == 1:  # one of what is asked together does not hold
            return [frozenset({o}) for o in against[0] if o is not None]
        return [frozenset(o for way in against for o in way if o is not None)]  # none of several holds

    # -- blocks ----------------------------------------------------------------------------------------------------

    def blocks(self, clause: Clause) -> Iterator[_Block]:
        """The clause's premises, those that share a variable together."""
        names = _calls(clause)
        groups: list[tuple[set[str], list[tuple[int, Premise]]]] = []
        for i, premise in enumerate(_renamed(p, names) for p in clause.body if not _is_always_so(p)):
            shared, together = set(_variables(premise)), [(i, premise)]
            for group in [g for g in groups if g[0] & shared]:
                groups.remove(group)
                shared |= group[0]
                together += group[1]
            groups.append((shared, together))
        for _, together in groups:
            yield self.block(p for _, p in sorted(together, key=lambda one: one[0]))

    def block(self, premises: Iterable[Premise]) -> _Block:
        """The premises as a block: its key has them in an order of its own, with variables numbered and helpers told apart."""
        given = tuple(premises)
        counted = Counter(name for p in given for name in _variables(p))
        asked = [_asking(p, counted) for p in given]
        key, own = min(((self.numbered(o), o) for o in self.orders(asked)), key=lambda one: repr(one[0]))
        against = _complement(key[0]) if len(key) == 1 and not any(True for _ in _variables(own)) else None
        return _Block(key, own, (against,) if against is not None else None)

    def orders(self, premises: Sequence[Premise]) -> Iterator[tuple[Premise, ...]]:
        """The premises in an order that depends neither on theirs nor on names, tests last; in several where some look the same."""
        alike: dict[tuple[bool, str], list[Premise]] = {}
        for p in premises:
            looks = repr(self.numbered([p]))
            alike.setdefault((isinstance(p, Compared | Distinct | Under), looks), []).append(p)
        ways = 1
        orders: list[Iterable[tuple[Premise, ...]]] = []
        for _, group in sorted(alike.items()):
            ways *= factorial(len(group))
            orders.append(permutations(group) if ways <= _MOST_ORDERS else [tuple(group)])
        for one in product(*orders):
            yield tuple(p for group in one for p in group)

    def numbered(self, premises: Sequence[Premise]) -> tuple[Premise, ...]:
        numbers = _numbers(premises)
        return tuple(self.told(_renamed(p, numbers)) for p in premises)

    def told(self, p: Premise) -> Premise:
        """The premise with a helper named by what it collects."""
        if isinstance(p, Tuple | Tallied) and "/" in p.relation:
            collected = [
                [_renamed(x, _calls(c)) for x in (Tuple("", Source.ALL, c.args, False), *c.body)]
                for c in self.clauses[p.relation]
            ]
            return replace(p, relation=repr([self.block(premises).key for premises in collected]))
        return p

    # -- resolution ------------------------------------------------------------------------------------------------

    def resolved(self, cases: list[_Case]) -> list[_Case]:
        """What follows from two cases of which each has the opposite of something in the other, the shortest first."""
        known = list(cases)
        found: list[_Case] = []
        at = 0
        while at < len(known) and len(found) < _MOST_RESOLVENTS:
            for before in known[:at]:
                for case in self.resolvents(before, known[at]):
                    if not _contradicts(case.body) and not any(k.body <= case.body for k in known):
                        known.append(case)
                        found.append(case)
            at += 1
        return sorted(found, key=lambda case: len(case.body))

    def resolvents(self, one: _Case, other: _Case) -> Iterator[_Case]:
        for x in one.body:
            for y in other.body:
                if x.against is not None or y.against is not None:
                    if x.against == y.key:
                        yield self.resolvent(one, other, x, y, x.premises[0])
                elif (common := self.common(x, y)) is not None:
                    yield self.resolvent(one, other, x, y, common[1], common[0])

    @staticmethod
    def resolvent(one: _Case, other: _Case, x: _Block, y: _Block, on: Premise, *common: _Block) -> _Case:
        body = (one.body - {x}) | (other.body - {y}) | set(common)
        return _Case(body, (*one.split_on, *other.split_on, on))

    def common(self, x: _Block, y: _Block) -> tuple[_Block, Premise] | None:
        """What two blocks that differ in one test have in common, where the one has the opposite of the other's; and that test."""
        if len(x.key) != len(y.key) or len(x.key) == 1 or len(set(x.key) & set(y.key)) != len(x.key) - 1:
            return None
        for i, p in enumerate(x.key):
            against = _complement(p)
            for j, q in enumerate(y.key):
                if against == q and x.key[:i] + x.key[i + 1 :] == y.key[:j] + y.key[j + 1 :]:
                    return self.block(x.premises[:i] + x.premises[i + 1 :]), x.premises[i]
        return None


def _calls(clause: Clause) -> dict[str, str]:
    """What the patient is called here, by what the clause calls the patient."""
    first = clause.args[0] if clause.args else None
    return {first.name: _PATIENT.name} if isinstance(first, Var) else {}


def _asking(p: Premise, counted: Mapping[str, int]) -> Premise:
    """The premise without the variables that stand nowhere else."""
    if not isinstance(p, Tuple):
        return p
    return replace(p, args=tuple(Whatever() if isinstance(a, Var) and counted.get(a.name) == 1 else a for a in p.args))


def _numbers(node: object) -> dict[str, str]:
    """Names for the variables in it, by where each stands first."""
    return {name: f"v{i}" for i, name in enumerate(dict.fromkeys(_variables(node)))}


def _is_always_so(p: Premise) -> bool:
    """Whether it asks no more than that there is a screening date."""
    return isinstance(p, Tuple) and p.relation == "screening" and not p.negated and isinstance(p.args[1], Whatever)


def _complement(p: Premise) -> Premise | None:
    """What holds of the same values where the premise does not; None for one that gives variables their values."""
    match p:
        case Tuple(negated=negated) | Tallied(negated=negated) | Under(negated=negated):
            return replace(p, negated=not negated)
        case Distinct(same=same):
            return replace(p, same=not same)
        case Compared(operator, left, right):
            turned = {"=": "!=", "!=": "=", "<": "<=", "<=": "<"}[operator]
            return replace(p, operator=turned) if operator in ("=", "!=") else Compared(turned, right, left, p.at)
        case Given() | Chosen():
            return None


def _opposite(block: _Block) -> _Block | None:
    """What holds where the block does not, where it is one premise about the patient alone."""
    own = _complement(block.premises[0])
    return _Block(block.against, (own,), block.key) if block.against is not None and own is not None else None


def _contradicts(body: _Body) -> bool:
    """Whether the body cannot hold: a fact and its opposite, or two options of one reading."""
    chosen = [p for block in body for p in block.key if isinstance(p, Chosen)]
    keys = {block.key for block in body if block.against is not None}
    return any(block.against in keys for block in body if block.against is not None) or any(
        p.reading == q.reading and p.option != q.option for p, q in combinations(chosen, 2)
    )


def _without_what_others_imply(bodies: list[_Body]) -> list[_Body]:
    different = list(dict.fromkeys(bodies))
    return [b for b in different if not any(other < b for other in different)]


def _together(body: _Body) -> tuple[Premise, ...]:
    """The premises of all blocks, their variables apart."""
    found: list[Premise] = []
    taken: set[str] = set()
    for block in sorted(body, key=lambda b: repr(b.key)):
        own = {name for p in block.premises for name in _variables(p)}
        names = {name: f"{name}'{len(found)}" for name in own & taken}
        found += [_renamed(p, names) for p in block.premises]
        taken |= own
    if not any(isinstance(p, Tuple) and not p.negated and _PATIENT in p.args for p in found):
        found.insert(0, Tuple("screening", Source.ALL, (_PATIENT, Whatever()), False))
    return tuple(found)


def _variables(node: object) -> Iterator[str]:
    """The names of the variables in a premise, the patient's left out, once for each place where it stands."""
    match node:
        case Var(name):
            if node != _PATIENT:
                yield name
        case tuple():
            for part in node:
                yield from _variables(part)
        case _ if is_dataclass(node) and not isinstance(node, (type, Span)):
            for f in fields(node):
                yield from _variables(getattr(node, f.name))


def _renamed[T](node: T, names: Mapping[str, str]) -> T:
    if isinstance(node, Var):
        return replace(node, name=names.get(node.name, node.name))
    if isinstance(node, tuple):
        return type(node)(_renamed(part, names) for part in node)
    if is_dataclass(node) and not isinstance(node, Span | type):
        return replace(node, **{f.name: _renamed(getattr(node, f.name), names) for f in fields(node)})
    return node
