"""What rests on what: relations about a patient, exact relations, and an order in which negation has an answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trialog.check.declarations import BUILT_IN
from trialog.check.safety import binding
from trialog.check.variables import expression_variables, variables_of
from trialog.problem import Problem
from trialog.source import Span
from trialog.tree import (
    Aggregate,
    Atom,
    Comparison,
    Holds,
    Latest,
    Literal,
    Membership,
    ReadingIs,
    Recorded,
    Rule,
    Summary,
)
from trialog.vocabulary import Kind, Vocabulary

_AGGREGATES = {
    Summary.COUNT: "counts",
    Summary.MIN: "takes the least of",
    Summary.MAX: "takes the greatest of",
    Summary.COVERED: "adds up the periods of",
    Summary.LONGEST: "takes the longest period of",
}


@dataclass(frozen=True, slots=True)
class Edge:
    """A rule at `at` makes `above` rest on `below`; negatively, where it negates or counts it."""

    above: str
    below: str
    negative: bool
    at: Span
    how: str  # rests on, negates, counts, …: in the words of whoever is told

    def __str__(self) -> str:
        return f"`{self.above}` {self.how} `{self.below}`"


def edges(rules: Sequence[Rule]) -> list[Edge]:
    """Every dependency between relations, one for each mention."""
    return [
        Edge(rule.head.relation, atom.relation, how != "rests on", atom.at, how)
        for rule in rules
        for literal in rule.body
        for atom, how in _mentions(literal, _aggregate_over_the_rest(rule))
    ]


def _aggregate_over_the_rest(rule: Rule) -> str:
    """How a rule needs what stands outside of its aggregates, where one of them is taken over that."""
    found = next((x for x in rule.body if isinstance(x, Aggregate) and _needs_the_rest(x)), None)
    return "" if found is None else _AGGREGATES[found.summary]


def _needs_the_rest(aggregate: Aggregate) -> bool:
    """Whether the aggregate is taken over what the rest of its rule finds, which then has to be found before."""
    inside = {v.name for x in aggregate.body for v in variables_of(x) if "'" not in v.name}
    tuples = [x for x in aggregate.body if not isinstance(x, Comparison)]
    return not inside | {v.name for v in expression_variables(aggregate.bound)} <= binding(tuples, frozenset())


def _mentions(literal: Literal, inside: str) -> Iterable[tuple[Atom, str]]:
    """The atoms of a literal, each with how the rule needs it. `inside` says how, where an aggregate is taken over it."""
    match literal:
        case Holds(atom, negated) | Latest(atom, _, negated) | Recorded(atom, negated):
            yield atom, "negates" if negated else inside or "rests on"
        case Aggregate(summary, body=body):
            for inner in body:
                yield from _mentions(inner, _AGGREGATES[summary])
        case Membership() | Comparison() | ReadingIs():
            pass


def resting_on(found: Sequence[Edge], bottom: frozenset[str]) -> frozenset[str]:
    """The relations of `bottom` and all that rest on them."""
    reached = set(bottom)
    growing = True
    while growing:
        size = len(reached)
        reached |= {e.above for e in found if e.below in reached}
        growing = len(reached) != size
    return frozenset(reached)


def chart_relations(vocabulary: Vocabulary) -> frozenset[str]:
    return frozenset(n for n, r in vocabulary.relations.items() if r.kind is not Kind.KNOWN)


def about_patients(found: Sequence[Edge], vocabulary: Vocabulary) -> frozenset[str]:
    """The relations that say something of a patient: charts', `screening`, and what rests on them."""
    return resting_on(found, chart_relations(vocabulary) | BUILT_IN)


def components(nodes: Sequence[str], below: Mapping[str, Sequence[str]]) -> list[frozenset[str]]:
    """The strongly connected components, each after all that it points to (Tarjan's algorithm, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[frozenset[str]] = []
    for root in nodes:
        if root in index:
            continue
        work = [(root, iter(below.get(root, ())))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, successors = work[-1]
            for s in successors:
                if s not in index:
                    index[s] = low[s] = len(index)
                    stack.append(s)
                    on_stack.add(s)
                    work.append((s, iter(below.get(s, ()))))
                    break
                if s in on_stack:
                    low[node] = min(low[node], index[s])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    members: set[str] = set()
                    while node not in members:
                        members.add(stack.pop())
                    on_stack -= members
                    found.append(frozenset(members))
    return found


def stratify(rules: Sequence[Rule], found: Sequence[Edge]) -> tuple[tuple[frozenset[str], ...], list[Problem]]:
    """The derived relations in an order of evaluation; a problem for each circle that goes through a negation."""
    derived = list(dict.fromkeys(rule.head.relation for rule in rules))
    below: dict[str, list[str]] = {name: [] for name in derived}
    for e in found:
        if e.below in below and e.above in below:
            below[e.above].append(e.below)
    strata = components(derived, below)
    place = {name: i for i, members in enumerate(strata) for name in members}
    problems: list[Problem] = []
    told: set[int] = set()
    for e in found:
        if (
            e.negative
            and e.above in place
            and e.below in place
            and place[e.above] == place[e.below]
            and place[e.above] not in told
        ):
            told.add(place[e.above])
            path = [
                e,
                *_way(
                    e.below, e.above, [x for x in found if place.get(x.above) == place.get(x.below) == place[e.above]]
                ),
            ]
            names = " → ".join(f"`{name}`" for name in [e.above, *(x.below for x in path)])
            steps = [(x.at, f"{i}. {x}") for i, x in enumerate(path, 1)] if len(path) > 1 else [(e.at, str(e))]
            problems.append(
                Problem(
                    "E206",
                    f"`{e.above}` rests on its own negation: {names}",
                    e.at,
                    "take one of these steps out: a rule may not ask whether its own conclusion fails",
                    related=tuple(steps[1:]),
                    label=steps[0][1],
                )
            )
    return tuple(strata), problems


def _way(start: str, goal: str, within: Sequence[Edge]) -> list[Edge]:
    """A shortest chain of edges from `start` down to `goal`."""
    came: dict[str, Edge] = {}
    layer = [start]
    while layer and goal not in came and start != goal:
        following: list[str] = []
        for e in within:
            if e.above in layer and e.below not in came and e.below != start:
                came[e.below] = e
                following.append(e.below)
        layer = following
    way: list[Edge] = []
    at = goal
    while at != start:
        way.insert(0, came[at])
        at = came[at].above
    return way


def computing_circles(rules: Sequence[Rule], strata: Sequence[frozenset[str]]) -> list[Problem]:
    """A rule that rests on itself and computes a new value for its head could go on for ever."""
    place = {name: i for i, members in enumerate(strata) for name in members}
    problems: list[Problem] = []
    for rule in rules:
        mine = place[rule.head.relation]
        circular = [a for x in rule.body for a, _ in _mentions(x, "") if place.get(a.relation) == mine]
        computed = [x for x in rule.body if isinstance(x, Comparison) and x.operator == "="]
        if circular and computed:
            problems.append(
                Problem(
                    "E215",
                    f"`{rule.head.relation}` rests on itself and computes new values",
                    computed[0].at,
                    "compute the value in a rule outside of the recursion",
                    related=((circular[0].at, f"`{circular[0].relation}` rests on this rule"),),
                    label="computed here",
                )
            )
    return problems
