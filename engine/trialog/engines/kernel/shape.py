"""Where the rows of each relation lie, and in which whole numbers its values are held."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from math import lcm

from trialog.engines.kernel.tables import Refused, scale_of
from trialog.plain import Absent, Either, Fetch, Let, Rule, Step, Tally, Test, Value
from trialog.plan import Plan
from trialog.program import Const, Difference, Expr, Greatest, Least, Product, Shifted, Sum, Var

_MOST_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Given:
    """How the rows of a relation that a chart brings are held, the patient left out.

    Of the columns in `classes` a row means every member of the class that stands there, as its last number says, which is no
    column: of all where it is 0, of all but the first where it is 1, of none where it is 2. Where `by_concept`, there are
    no rows but a flag for each concept. The numbers in the columns of `between` may lie between two ticks: the code of such
    a number is odd, and compares rightly with what is on a tick alone. The two relations of an `index` say, concept by concept,
    before how many rows those begin and end that have the concept in their first column. `seen` is a relation whose count has bits
    set for the concepts in a column (see `Tables.bit`).
    """

    scales: tuple[int, ...]
    classes: tuple[int, ...] = ()
    by_concept: bool = False
    between: tuple[int, ...] = ()
    index: tuple[str, str] | None = None
    seen: tuple[str, int] | None = None
    is_one: bool = False  # of every patient there is one row


@dataclass(frozen=True, slots=True)
class Held:
    """The relation's number, how many numbers a row has, and by what each value is multiplied to be whole."""

    number: int
    width: int
    scales: tuple[int, ...]
    between: tuple[bool, ...]
    given: Given | None = None

    @property
    def is_one(self) -> bool:
        return self.given is not None and self.given.is_one


@dataclass(frozen=True)
class Shape:
    """Every relation that a chart brings or rules derive. Number 0 is no relation: it is where aggregates are worked out."""

    held: Mapping[str, Held]
    of_patient: frozenset[str]
    statics: Mapping[str, tuple[int, ...]]

    @property
    def count(self) -> int:
        return len(self.held) + 1


def fetches(steps: Iterable[Step]) -> Iterable[Fetch | Tally]:
    for x in steps:
        if isinstance(x, Fetch | Tally):
            yield x
        elif isinstance(x, Absent):
            yield from fetches(x.body)


def under_classes(body: Sequence[Step]) -> Iterable[tuple[Fetch, tuple[str, ...]]]:
    """Every fetch, and the classes that further steps of its body hold the concept in its second column under."""
    for i, x in enumerate(body):
        match x:
            case Fetch():
                yield x, classes_of(x.slots[-1], body[i + 1 :])
            case Absent(inner):
                yield from under_classes(inner)
            case _:
                pass


def classes_of(slot: object, further: Sequence[Step]) -> tuple[str, ...]:
    """The classes that these steps hold a variable under."""
    return tuple(
        str(x.slots[1].value)
        for x in further
        if isinstance(x, Fetch)
        and x.relation == "is_a"
        and x.slots[0] == slot
        and isinstance(x.slots[1], Const)
        and isinstance(slot, Var)
    )


def rules_of(plan: Plan) -> list[Rule]:
    return [r for s in plan.strata for r in s.rules]


def shape_of(plan: Plan, given: Mapping[str, Given]) -> Shape:
    """Raises Refused where a number grows without end, or has no place."""
    of_patient = _about_the_patient(plan, frozenset(given))
    statics = {name: _static_scales(plan, name) for name in plan.facts}
    scales: dict[str, tuple[int, ...]] = {name: g.scales for name, g in given.items()}
    for s in plan.strata:
        for _ in range(_MOST_ROUNDS):
            before = dict(scales)
            for r in s.rules:
                mine = head_scales(r, scales, of_patient, statics)
                earlier = scales.get(r.relation, mine)
                scales[r.relation] = tuple(lcm(a, b) for a, b in zip(mine, earlier, strict=True))
            if scales == before or not s.recursive:
                break
        else:
            raise Refused(f"the numbers of {', '.join(sorted(s.relations))} grow with every round")
    between = _between(plan, scales, given, of_patient)
    held = {
        name: Held(i + 1, len(own) + bool(name in given and given[name].classes), own, between[name], given.get(name))
        for i, (name, own) in enumerate(scales.items())
    }
    return Shape(held, of_patient, statics)


def _between(
    plan: Plan, scales: Mapping[str, tuple[int, ...]], given: Mapping[str, Given], of_patient: frozenset[str]
) -> dict[str, tuple[bool, ...]]:
    """Of each relation the columns whose numbers may lie between two ticks."""
    found = {
        name: tuple(name in given and i in given[name].between for i in range(len(s))) for name, s in scales.items()
    }
    while True:
        before = dict(found)
        for r in rules_of(plan):
            mine = variables_between(r, found, of_patient)
            slots = r.slots[1:] if r.relation in of_patient else r.slots
            own = [isinstance(s, Var) and s.name in mine for s in slots]
            found[r.relation] = tuple(a or b for a, b in zip(own, found[r.relation], strict=True))
        if found == before:
            return found


def variables_between(
    rule: Rule, between: Mapping[str, tuple[bool, ...]], of_patient: frozenset[str]
) -> frozenset[str]:
    """The variables of the rule whose numbers may lie between two ticks; what is worked out from such numbers does not.

    Where a variable takes its value decides. Negations may use one name each for itself: one of them is enough.
    """
    found = _bound_between(rule.body, between, of_patient)
    inner = [_bound_between(x.body, between, of_patient) for x in rule.body if isinstance(x, Absent)]
    others = {name for one in inner for name, is_so in one.items() if is_so and name not in found}
    return frozenset(name for name, is_so in found.items() if is_so) | others


def _bound_between(
    body: Sequence[Step], between: Mapping[str, tuple[bool, ...]], of_patient: frozenset[str]
) -> dict[str, bool]:
    """Of each variable that takes its value here, whether that may lie between two ticks."""
    found: dict[str, bool] = {}
    for x in body:
        if isinstance(x, Fetch):
            own = between.get(x.relation, ())
            slots = x.slots[1:] if x.relation in of_patient else x.slots
            for i, slot in enumerate(slots):
                if isinstance(slot, Var):
                    found.setdefault(slot.name, i < len(own) and own[i])
        elif isinstance(x, Let):
            found.setdefault(x.variable.name, False)
    return found


def patients_of(rule: Rule, of_patient: frozenset[str]) -> frozenset[str]:
    """The variables of the rule that are the patient."""
    return frozenset(
        f.slots[0].name
        for f in fetches(rule.body)
        if isinstance(f, Fetch) and f.relation in of_patient and isinstance(f.slots[0], Var)
    ) | frozenset(
        f.key[0].name
        for f in fetches(rule.body)
        if isinstance(f, Tally) and f.relation in of_patient and f.key and isinstance(f.key[0], Var)
    )


def _about_the_patient(plan: Plan, given: frozenset[str]) -> frozenset[str]:
    """The relations whose first column is the patient: those of charts, and those whose every rule begins with one."""
    rules = rules_of(plan)
    found = given | {r.relation for r in rules if r.slots}
    while True:
        left = {
            r.relation
            for r in rules
            if r.slots and not (isinstance(r.slots[0], Var) and r.slots[0].name in patients_of(r, found))
        }
        left &= found
        if not left:
            return found
        found -= left


def _static_scales(plan: Plan, name: str) -> tuple[int, ...]:
    rows = plan.facts[name]
    width = len(next(iter(rows), ()))
    return tuple(scale_of(row[i] for row in rows) for i in range(width))


def head_scales(
    rule: Rule,
    scales: Mapping[str, tuple[int, ...]],
    of_patient: frozenset[str],
    statics: Mapping[str, tuple[int, ...]],
) -> tuple[int, ...]:
    """By what each column of the rule's head is multiplied, the patient left out."""
    known = variable_scales(rule, scales, of_patient, statics)
    slots = rule.slots[1:] if rule.relation in of_patient else rule.slots
    return tuple(
        scale_of([s.value]) if isinstance(s, Const) else known.get(s.name, 1)  # a patient, where it is not known
        for s in slots
    )


def variable_scales(
    rule: Rule,
    scales: Mapping[str, tuple[int, ...]],
    of_patient: frozenset[str],
    statics: Mapping[str, tuple[int, ...]],
) -> dict[str, int]:
    """By what the value of each of the rule's variables is multiplied, in the order in which they take their values."""
    found: dict[str, int] = {}
    for x in rule.body:
        if isinstance(x, Fetch):
            own = scales.get(x.relation, statics.get(x.relation, ()))
            slots = x.slots[1:] if x.relation in of_patient else x.slots
            for slot, scale in zip(slots, own, strict=False):
                if isinstance(slot, Var):
                    found.setdefault(slot.name, scale)
        elif isinstance(x, Let):
            found.setdefault(x.variable.name, scale_in(x.value, found))
    return found


def scale_in(e: Expr, known: Mapping[str, int]) -> int:
    """By what the value of the expression is multiplied when it is worked out in whole numbers."""
    match e:
        case Var(name):
            return known.get(name, 1)
        case Const(value):
            return scale_of([value])
        case Sum(left, right) | Difference(left, right):
            return lcm(scale_in(left, known), scale_in(right, known))
        case Product(left, right):
            return scale_in(left, known) * scale_in(right, known)
        case Shifted():
            return 1
        case Least(of) | Greatest(of):
            return lcm(*(scale_in(x, known) for x in of))


def widths_of(plan: Plan) -> dict[str, int]:
    """How many columns each relation has that a chart brings, the patient left out."""
    return {
        f.relation: len(f.slots) - 1
        for r in rules_of(plan)
        for f in fetches(r.body)
        if isinstance(f, Fetch) and f.relation in plan.given
    }


def constants(node: object) -> Iterable[Value]:
    """The values of all constants in a rule or a part of one."""
    match node:
        case Const(value):
            yield value
        case tuple():
            for part in node:
                yield from constants(part)
        case _ if is_dataclass(node) and not isinstance(node, type):
            for f in fields(node):
                yield from constants(getattr(node, f.name))
        case _:
            pass


def is_at_screening(rule: Rule, name: str) -> bool:
    """Whether the rule asks the latest of the relation for the day of screening alone."""
    mine = [f for f in fetches(rule.body) if isinstance(f, Fetch) and f.relation.endswith(f" latest {name}")]
    turns = {s.name for f in mine for s in f.slots[-2:] if isinstance(s, Var)}
    days = {
        f.slots[1].name
        for f in fetches(rule.body)
        if isinstance(f, Fetch) and f.relation == "screening" and isinstance(f.slots[1], Var)
    }
    for t in _tests(rule.body):
        for one, other in ((t.left, t.right), (t.right, t.left)):
            if isinstance(one, Var) and one.name in turns and not (isinstance(other, Var) and other.name in days):
                return False
    return True


def _tests(body: Iterable[object]) -> Iterable[Test]:
    for x in body:
        match x:
            case Test():
                yield x
            case Either(left, right):
                yield from (left, right)
            case Absent(inner):
                yield from _tests(inner)
            case _:
                pass
