"""What would settle what is not recorded: the values that a rule asks of it, and the opposite, in words."""

from dataclasses import replace
from fractions import Fraction

from trialog.answers import Status
from trialog.ends import variables
from trialog.program import Compared, Const, Difference, Expr, Premise, Product, Shifted, Source, Sum, Tuple, Under, Var
from trialog.proof.intervals import interval
from trialog.proof.ready import Ready
from trialog.proof.step import Known
from trialog.proof.wording import Naming, Wording, legible_unit
from trialog.values import FIRST_DAY, LAST_DAY, Exact, Interval, exact, show_day, show_number
from trialog.vocabulary import Kind, Relation

type Sides = tuple[str, str]
"""What would make a line met, and what would make it not met."""

AS_ASKED, OF_THAT_KIND = "as the rule asks", "of that kind"  # two rules may mean another thing by the same words

_TURNED = {"<": ">", "<=": ">=", "=": "=", "!=": "!="}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}
_OF_NUMBERS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least", "=": "exactly", "!=": "other than"}
_OF_DAYS = {"<": "before", "<=": "on or before", ">": "after", ">=": "on or after", "=": "on", "!=": "not on"}
_OF_PERIODS = {"from": "its beginning", "to": "its end", "on": "its date"}


def of_unrecorded(
    p: Tuple, relation: Relation, concept: str, known: Known, ready: Ready, words: Wording, screening: int
) -> Sides:
    """What settles a tuple of which nothing is recorded: what the clause asks of its values, with limit and unit."""
    what = words.label(concept) if concept else relation.description
    asked = _Asked(p, relation, what, known, ready, words, screening)
    phrase = ready.clause.phrase if "{" not in ready.clause.phrase else ""
    history = f"the {relation.name.replace('_', ' ')} history is reviewed, without {what}"
    also = "".join(f", and {met}" for met, _ in asked.sides)
    if relation.kind is Kind.EVENT:
        also = " and ".join(met.replace(" is ", " ", 1) for met, _ in asked.sides)
        also = f" with {also}" if also else ""
    if asked.is_all and relation.kind is not Kind.EVENT:
        if asked.sides:
            return " and ".join(met for met, _ in asked.sides), " or ".join(fails for _, fails in asked.sides)
        return f"{what} is recorded", f"{what} is not to be had"
    if asked.is_all:
        return f"{what} is recorded{also}", f"{history}{also}"
    held = f"so that this holds: {phrase}" if phrase else AS_ASKED
    without = f"of which this holds: {phrase}" if phrase else OF_THAT_KIND
    if relation.kind is Kind.EVENT or p.source is Source.ALL:
        return f"{what} is recorded{also} {held}", f"{history}{also} {without}"
    return f"{what} is recorded {held}{also}", f"{what} is recorded otherwise"


class _Asked:
    """What a clause asks of one of its tuples. `is_all`: nothing that cannot be said of the tuple's values alone."""

    def __init__(
        self, p: Tuple, relation: Relation, what: str, known: Known, ready: Ready, words: Wording, screening: int
    ) -> None:
        self.ready = ready
        self.words = words
        body = ready.clause.body
        days = {q.args[1].name for q in body
                if isinstance(q, Tuple) and q.relation == "screening" and isinstance(q.args[1], Var)}  # fmt: skip
        self.known = {**known, **dict.fromkeys(days, Interval(screening, screening, of_days=True))}
        is_event = relation.kind is Kind.EVENT
        about = None if relation.kind is Kind.ATTRIBUTE else relation.concept_column
        mine = [(c, a) for i, (c, a) in enumerate(zip(relation.columns, p.args[1:], strict=True)) if i != about]
        self.own = {a.name: _name(c.name, relation.kind) or what for c, a in mine if isinstance(a, Var)}
        self.is_all = True
        self.sides: list[Sides] = []
        if any(
            isinstance(q, Tuple) and q is not p and q.relation == p.relation and q.args[1:2] == p.args[1:2]
            for q in body
        ):
            self.is_all = False  # of two results of the same measure, words would not tell which is meant
            return
        for column, arg in mine:
            if isinstance(arg, Const) and isinstance(arg.value, str):
                label = words.label(arg.value)
                name = f"its {column.name.replace('_', ' ')}" if is_event else what
                verb = "" if is_event else " recorded"
                self.sides.append((f"{name} is{verb} {'as ' * (not is_event)}{label}",
                                   f"{name} is{verb} {'otherwise than' if not is_event else 'not'} {label}"))  # fmt: skip
        for q in body:
            self.premise(q, p)
        head = {a.name for a in ready.clause.args if isinstance(a, Var)} - {ready.patient}
        self.is_all = self.is_all and not head & self.own.keys()

    def premise(self, q: Premise, p: Tuple) -> None:
        if isinstance(q, Compared):
            mine = (variables(q.left) | variables(q.right)) & self.own.keys()
            if not mine:
                return
            said = self.compared(q)
            if said is None:
                self.is_all = False
            else:
                self.sides.append(said)
        elif q is not p and not isinstance(q, Under) and not (isinstance(q, Tuple) and q.relation == "screening"):
            named = {a.name for a in q.args if isinstance(a, Var)} if isinstance(q, Tuple) else set[str]()
            when = {q.when.name} if isinstance(q, Tuple) and isinstance(q.when, Var) else set[str]()
            if (named | when) & self.own.keys():
                self.is_all = False

    def compared(self, q: Compared) -> Sides | None:
        """The comparison in words, of whose values each is the tuple's, known, or another measure's; None where one is not."""
        open_ = {n for n in variables(q.left) | variables(q.right) if not isinstance(self.known.get(n), Interval)}
        others = open_ - self.own.keys()
        columns = dict(self.ready.naming.columns)
        columns.update(self.own)
        if any(n not in self.ready.naming.results or columns[n] in self.own.values() for n in others):
            return None
        naming = Naming(self.ready.naming.units, columns, self.ready.naming.results)
        if (said := solved(q, self.known, naming)) is not None:
            return said
        if not others and len(open_) > 1 and not _has_a_unit(q):
            columns.update({n: _with_unit(columns[n], self.ready.naming.units.get(n, "")) for n in open_})
        naming = replace(naming, columns=columns)
        return self.words.compared(q, self.known, naming, Status.UNKNOWN)[1]


def _name(column: str, kind: Kind) -> str:
    """What a column is called in a sentence about its record; empty for what the record itself is about."""
    match kind:
        case Kind.ATTRIBUTE:
            return ""
        case Kind.EVENT:
            return _OF_PERIODS.get(column, f"its {column.replace('_', ' ')}")
        case _:
            return "" if column == "value" else _OF_PERIODS.get(column, f"its {column.replace('_', ' ')}")


def _has_a_unit(q: Compared) -> bool:
    return q.at is not None and "'" in q.at.words


def _with_unit(name: str, unit: str) -> str:
    return f"{name} ({legible_unit(unit)})" if legible_unit(unit) else name


# -- solved for what is not known --------------------------------------------------------------------------------


def solved(q: Compared, known: Known, naming: Naming) -> Sides | None:
    """The limit that a comparison sets to its one value that is not known, and the opposite.

    None where there is no such limit, and where the author wrote it: the value stands alone on its side.
    """
    open_ = [n for n in variables(q.left) | variables(q.right) if not _is_sure(known.get(n))]
    if len(open_) != 1 or Var(open_[0]) in (q.left, q.right):
        return None
    (name,) = open_
    subject, unit = naming.columns.get(name, ""), legible_unit(naming.units.get(name, ""))
    found = _day_limit(q, known, name)
    if found is not None:
        words, said = _OF_DAYS, show_day(int(found[1]))
    else:
        found = _number_limit(q, known, name)
        if found is None:
            return None
        words, said = _OF_NUMBERS, f"{show_number(found[1])} {unit}".rstrip() + _about(found[1], unit)
    operator = found[0]
    return (
        (f"{subject} is {words[operator]} {said}", f"{subject} is {words[_OPPOSITE[operator]]} {said}")
        if subject
        else None
    )


def _is_sure(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, Interval) and value.is_point)


def _number_limit(q: Compared, known: Known, name: str) -> tuple[str, Exact] | None:
    """The number that the value is held against, where both sides are multiples of the value, a number added."""
    left, right = _line(q.left, known, name), _line(q.right, known, name)
    if left is None or right is None or left[0] == right[0]:
        return None
    slope, rest = left[0] - right[0], right[1] - left[1]
    return q.operator if slope > 0 else _TURNED[q.operator], exact(Fraction(rest) / slope)


def _line(e: Expr, known: Known, name: str) -> tuple[Exact, Exact] | None:
    """The expression as a multiple of the value and a number; None where it is no such sum, and of days."""
    if name not in variables(e):
        value = interval(e, known)
        return None if value is None or value.of_days or not value.is_point else (0, value.low)
    match e:
        case Var():
            return 1, 0
        case Sum(left, right) | Difference(left, right) | Product(left, right):
            one, other = _line(left, known, name), _line(right, known, name)
            if one is None or other is None:
                return None
            match e:
                case Sum():
                    return one[0] + other[0], one[1] + other[1]
                case Difference():
                    return one[0] - other[0], one[1] - other[1]
                case Product() if not one[0] or not other[0]:
                    return one[0] * other[1] + other[0] * one[1], one[1] * other[1]
                case Product():
                    return None
        case _:
            return None


def _day_limit(q: Compared, known: Known, name: str) -> tuple[str, int] | None:
    """The day that the value is held against, where one side is a time before or after it and the other is known."""
    moved, other = (q.left, q.right) if name in variables(q.left) else (q.right, q.left)
    day = interval(other, known) if name not in variables(other) else None
    if day is None or not day.is_point or not isinstance(moved, Shifted) or q.operator not in ("<", "<="):
        return None
    limit, moved_is_less = int(day.low), moved is q.left

    def reaches(on: int) -> bool:  # false up to some day, and true from it on: time moves all days alike
        there = interval(moved, {name: Interval(on, on, of_days=True)})
        assert there is not None
        return there.low > limit if moved_is_less is (q.operator == "<=") else there.low >= limit

    first, last = FIRST_DAY, LAST_DAY
    if reaches(first) or not reaches(last):
        return None
    while first + 1 < last:
        middle = (first + last) // 2
        first, last = (first, middle) if reaches(middle) else (middle, last)
    return ("<=", first) if moved_is_less else (">=", last)


def _about(number: Exact, unit: str) -> str:
    """A fraction that has no end in decimals, to two places."""
    if "/" not in show_number(number):
        return ""
    return f" (about {show_number(exact(Fraction(round(number * 100), 100)))}{f' {unit}' if unit else ''})"
