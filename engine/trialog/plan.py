"""From plain Datalog to a plan: the rules that matter to a question, under chosen readings, each body in a good order."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from trialog.ends import variables
from trialog.plain import (
    Absent,
    Either,
    Fetch,
    Let,
    PlainProgram,
    Row,
    Rule,
    Step,
    Tally,
    Test,
)
from trialog.program import Const, Var


@dataclass(frozen=True, slots=True)
class Stratum:
    """Rules that may rest on each other; where `recursive`, they are run until nothing new is found."""

    relations: frozenset[str]
    rules: tuple[Rule, ...]
    recursive: bool


@dataclass(frozen=True)
class Plan:
    """What an engine runs. `facts` are the same for every patient; `given` names what a chart must bring."""

    strata: tuple[Stratum, ...]
    facts: Mapping[str, frozenset[Row]]
    given: frozenset[str]
    asked: frozenset[tuple[str, str]]

    def __str__(self) -> str:
        return "\n\n".join("\n".join(str(r) for r in s.rules) for s in self.strata)


def plan(program: PlainProgram, readings: Mapping[str, str], wanted: Iterable[str]) -> Plan:
    """The plan that derives the `wanted` relations when every reading takes the option that `readings` gives it."""
    chosen = [r for r in program.rules if all(readings[name] == option for name, option in r.readings)]
    rules = _reachable(_that_can_fire(chosen, program), frozenset(wanted))
    derived = {r.relation for r in program.rules}
    given = frozenset(f.relation for r in rules for x in r.body for f in _mentions(x)) - derived - program.facts.keys()
    strata: list[Stratum] = []
    for members in program.strata:
        mine = tuple(_ordered(r, program.facts.keys()) for r in rules if r.relation in members)
        if mine:
            recursive = any(f.relation in members for r in mine for x in r.body for f in _mentions(x))
            strata.append(Stratum(members, mine, recursive))
    return Plan(tuple(strata), program.facts, given, program.asked)


def _mentions(step: Step) -> Iterable[Fetch | Tally]:
    match step:
        case Fetch() | Tally():
            yield step
        case Absent(body):
            for inner in body:
                yield from _mentions(inner)
        case Test() | Either() | Let():
            pass


def _that_can_fire(rules: list[Rule], program: PlainProgram) -> list[Rule]:
    """The rules without those that need a row of a relation which no rule derives, and without tests that it has none."""
    every = {r.relation for r in program.rules} | {
        f"{m} {r.relation.split(' ', 1)[-1]}"
        for r in program.rules
        for m in ("certain", "possible", "open", "countable")
    }
    while True:
        empty = every - {r.relation for r in rules}
        kept = [
            Rule(
                r.relation,
                r.slots,
                tuple(x for x in r.body if not (isinstance(x, Absent) and _is_empty(x.body, empty))),
                r.readings,
                r.origin,
            )
            for r in rules
            if not _is_empty(r.body, empty)
        ]
        if len(kept) == len(rules):
            return kept
        rules = kept


def _is_empty(body: Iterable[Step], empty: set[str]) -> bool:
    return any(
        x.relation in empty and not (isinstance(x, Tally) and x.bound == 0)
        for x in body
        if isinstance(x, Fetch | Tally)
    )


def _reachable(rules: list[Rule], wanted: frozenset[str]) -> list[Rule]:
    reached = set(wanted)
    growing = True
    while growing:
        size = len(reached)
        for r in rules:
            if r.relation in reached:
                reached |= {f.relation for x in r.body for f in _mentions(x)}
        growing = len(reached) != size
    return [r for r in rules if r.relation in reached]


def names(step: Step) -> set[str]:
    """The names of all variables in a step."""
    match step:
        case Fetch(_, slots):
            return {s.name for s in slots if isinstance(s, Var)}
        case Test(_, left, right):
            return variables(left) | variables(right)
        case Either(left, right):
            return names(left) | names(right)
        case Let(variable, value):
            return {variable.name} | variables(value)
        case Tally(_, _, key):
            return {s.name for s in key if isinstance(s, Var)}
        case Absent(body):
            return set[str]().union(*(names(x) for x in body))


def order(body: tuple[Step, ...], bound: set[str], outside: set[str], static: Iterable[str]) -> tuple[Step, ...]:
    """The steps, each as early as its variables have values; rows of the patient before the large static relations.

    Variables of `outside` are shared with steps that are not in this body; all others are local to where they stand.
    """
    own = {id(x): names(x) for x in body}
    shared = Counter(n for found in own.values() for n in found)
    left = list(body)
    done: list[Step] = []
    bound = set(bound)
    while left:
        step = next((x for x in left if _is_ready(x, own[id(x)], bound, shared, outside)), None)
        if step is None:
            fetches = [x for x in left if isinstance(x, Fetch)]
            if not fetches:
                raise AssertionError(
                    f"no step of {left} has its variables bound: the safety check should have refused it"
                )
            step = max(fetches, key=lambda x: (x.relation not in static, _bound_slots(x, bound)))
        left = [x for x in left if x is not step]
        done.append(step)
        if not isinstance(step, Absent):
            bound |= own[id(step)]
    return tuple(done)


def _is_ready(step: Step, own: set[str], bound: set[str], shared: Counter[str], outside: set[str]) -> bool:
    """Whether the step's variables have values; those that stand nowhere else are a negation's own."""
    match step:
        case Let(_, value):
            return variables(value) <= bound
        case Absent():
            return all(n in bound for n in own if shared[n] > 1 or n in outside)
        case Fetch() | Test() | Either() | Tally():
            return own <= bound


def _bound_slots(step: Fetch, bound: set[str]) -> int:
    return sum(isinstance(s, Const) or (isinstance(s, Var) and s.name in bound) for s in step.slots)


def _ordered(rule: Rule, static: Iterable[str]) -> Rule:
    head = {s.name for s in rule.slots if isinstance(s, Var)}
    body = order(rule.body, set(), head, static)
    bound: set[str] = set()
    steps: list[Step] = []
    for step in body:
        if isinstance(step, Absent):
            local = order(step.body, bound, set(), static)
            inner = tuple(x for x in local if not isinstance(x, Let | Absent))
            assert len(inner) == len(local), "bounds writes no value and no negation into a negation"
            steps.append(Absent(inner))
        else:
            steps.append(step)
            bound |= names(step)
    return Rule(rule.relation, rule.slots, tuple(steps), rule.readings, rule.origin)
