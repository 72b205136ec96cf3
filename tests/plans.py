"""Small plans for engines, written as rules: `p(X, Z) :- e(X, Y), not f(Y, _), X != Z.`, and others made at random."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from random import Random

from trialog.plain import Absent, Fetch, Row, Rule, Slot, Step, Tally
from trialog.plain import Test as Comparison
from trialog.plan import Plan, Stratum
from trialog.program import Clause, Const, Var, Whatever
from trialog.source import Source, Span
from trialog.tree import Summary
from trialog.values import Duration

_PARTS = re.compile(r"((?:not )?\w+\([^)]*\)|count \w+\([^)]*\) >= \d+|\w+ (?:!=|<=|<|=) \w+)")


def plan_of(rules: str, facts: Mapping[str, Iterable[Row]]) -> Plan:
    """The plan of these rules, one a line, in one stratum for each paragraph; `facts` are the same for everybody."""
    text = rules.strip() + "\n"
    source = Source("rules.md", text)
    strata: list[Stratum] = []
    at = 0
    for paragraph in text.split("\n\n"):
        found: list[Rule] = []
        for line in paragraph.splitlines():
            found.append(_rule(line, Span(source, at, at + len(line))))
            at += len(line) + 1
        at += 1
        strata.append(stratum(found))
    return Plan(tuple(strata), {name: frozenset(rows) for name, rows in facts.items()}, frozenset(), frozenset())


def stratum(rules: Sequence[Rule]) -> Stratum:
    relations = frozenset(r.relation for r in rules)
    return Stratum(
        relations, tuple(rules), any(isinstance(x, Fetch) and x.relation in relations for r in rules for x in r.body)
    )


def _rule(line: str, at: Span) -> Rule:
    head, _, body = line.rstrip(". ").partition(" :- ")
    relation, slots = _atom(head)
    steps = tuple(_step(part) for part in _PARTS.findall(body))
    assert not any(isinstance(s, Whatever) for s in slots)
    return Rule(
        relation,
        tuple(s for s in slots if not isinstance(s, Whatever)),
        steps,
        frozenset(),
        Clause(relation, (), (), at=at),
    )


def _atom(written: str) -> tuple[str, tuple[Slot, ...]]:
    relation, _, inside = written.partition("(")
    return relation, tuple(_slot(s.strip()) for s in inside.rstrip(")").split(",") if s.strip())


def _slot(written: str) -> Slot:
    if written == "_":
        return Whatever()
    if written[0].isupper():
        return Var(written)
    return Const(int(written) if written.isdigit() else written)


def _step(written: str) -> Step:
    if written.startswith("not "):
        return Absent((Fetch(*_atom(written.removeprefix("not "))),))
    if written.startswith("count "):
        atom, _, bound = written.removeprefix("count ").partition(" >= ")
        return tally(*_atom(atom), int(bound))
    if "(" in written:
        return Fetch(*_atom(written))
    left, operator, right = written.split()
    one, other = _slot(left), _slot(right)
    assert not isinstance(one, Whatever) and not isinstance(other, Whatever)
    return Comparison(operator, one, other)


def tally(relation: str, key: tuple[Slot, ...], bound: int) -> Tally:
    """At least `bound` different values of the column after the key."""
    nothing = Duration(0, 0)
    return Tally(Summary.COUNT, relation, key, bound, strict=False, gap=nothing, paired=False, sure=True)


# -- made at random ----------------------------------------------------------------------------------------------

_NODES = "abcde"
_VARIABLES = [Var(n) for n in "WXYZ"]


def graph(random: Random, size: int) -> frozenset[Row]:
    """Some edges among so many nodes; often a circle, or a chain, with others across it."""
    nodes = _NODES[:size]
    edges: set[Row] = set()
    match random.randrange(4):
        case 0:
            edges |= set(zip(nodes, nodes[1:] + nodes[0], strict=True))
        case 1:
            edges |= set(pairwise(nodes))
        case _:
            pass
    return frozenset(edges | {(random.choice(nodes), random.choice(nodes)) for _ in range(random.randrange(size + 2))})


def at_random(random: Random, recursive: bool, negation_first: bool = True) -> Plan:
    """Several relations that rest on stored ones `e`, `f` and `u`, and where `recursive` on themselves and each other.

    A body reads at most one relation of its own stratum, anywhere in it. Its columns may be constants, or the same twice.
    """
    size = random.randrange(2, 6)
    facts = {
        "e": graph(random, size),
        "f": graph(random, size),
        "u": frozenset((n,) for n in _NODES[:size] if random.random() < 0.6),
    }
    heads = [(f"p{i}", random.choice((1, 2, 2, 3))) for i in range(random.choice((1, 1, 2, 3)))]
    rules: list[Rule] = []
    for relation, width in heads:
        for _ in range(random.choice((1, 1, 2))):
            rules.append(_random_rule(random, relation, width, _stored(random, random.choice((1, 2))), negation_first))
        for _ in range(random.choice((1, 1, 2)) if recursive else 0):
            other, columns = random.choice(heads)
            own = Fetch(other, tuple(_own_slot(random) for _ in range(columns)))
            body = [own, *_stored(random, random.choice((0, 1, 1, 2)))]
            rules.append(_random_rule(random, relation, width, body, negation_first))
    strata = [stratum(rules)] if recursive else [stratum([r for r in rules if r.relation == name]) for name, _ in heads]
    return Plan(tuple(strata), facts, frozenset(), frozenset())


def _stored(random: Random, number: int) -> list[Step]:
    found: list[Step] = []
    for _ in range(number):
        relation = random.choice("eefu")
        slots = tuple(
            Const(random.choice(_NODES)) if random.random() < 0.08 else random.choice(_VARIABLES)
            for _ in range(1 if relation == "u" else 2)
        )
        found.append(Fetch(relation, slots))
    return found


def _own_slot(random: Random) -> Slot:
    chance = random.random()
    return Const(random.choice(_NODES)) if chance < 0.06 else Whatever() if chance < 0.12 else random.choice(_VARIABLES)


def _random_rule(random: Random, relation: str, width: int, positive: list[Step], negation_first: bool) -> Rule:
    random.shuffle(positive)
    bound = sorted({s.name for x in positive if isinstance(x, Fetch) for s in x.slots if isinstance(s, Var)})
    negative: list[Step] = []
    tests: list[Step] = []

    def one() -> Var:
        return Var(random.choice(bound))

    if bound and random.random() < 0.35:
        tests.append(Comparison(random.choice(("!=", "=")), one(), one()))
    if bound and random.random() < 0.4:
        negative.append(Absent((Fetch("f", (one(), random.choice((Whatever(), one())))),)))
    if bound and random.random() < 0.2:
        negative.append(Absent((Fetch("u", (Var("Own"),)), Fetch("e", (one(), Var("Own"))))))
    head = tuple(one() if bound and random.random() < 0.93 else Const(random.choice(_NODES)) for _ in range(width))
    body = [*negative, *positive, *tests] if negation_first else [*positive, *tests, *negative]
    return Rule(relation, head, tuple(body), frozenset(), Clause(relation, (), ()))
