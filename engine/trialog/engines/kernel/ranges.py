"""Between which numbers the columns lie of what holds numbers of background knowledge alone."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from trialog.plain import Fetch, Let, Rule
from trialog.plan import Plan
from trialog.program import Const, Var

type Range = tuple[Fraction, Fraction]
type Ranges = Mapping[str, Sequence[Range | None]]
"""The least and the greatest number in each column of a relation, None where that is not known."""


def ranges_of(plan: Plan) -> Ranges:
    found: dict[str, list[Range | None]] = {}
    for name, rows in plan.facts.items():
        columns = [[Fraction(v) for v in column if not isinstance(v, str)] for column in zip(*rows, strict=True)]
        found[name] = [(min(numbers), max(numbers)) if numbers else None for numbers in columns]
    for s in plan.strata:
        for name in dict.fromkeys(r.relation for r in s.rules):
            rules = [r for r in s.rules if r.relation == name and not s.recursive]
            columns_ = list(zip(*([_range_at(slot, r, found) for slot in r.slots] for r in rules), strict=True))
            found[name] = [_hull(column) for column in columns_]
    return found


def ranges(rule: Rule, known: Ranges) -> dict[str, Range]:
    """The least and the greatest number that each variable may have, where what gives it its value says so."""
    found: dict[str, Range | None] = {}
    for x in rule.body:
        if isinstance(x, Fetch):
            own = known.get(x.relation, ())
            for i, slot in enumerate(x.slots):
                if isinstance(slot, Var):
                    found.setdefault(slot.name, own[i] if i < len(own) else None)
        elif isinstance(x, Let):
            found.setdefault(x.variable.name, None)
    return {name: range_ for name, range_ in found.items() if range_ is not None}


def _range_at(slot: Var | Const, rule: Rule, known: Ranges) -> Range | None:
    if isinstance(slot, Const):
        return None if isinstance(slot.value, str) else (Fraction(slot.value), Fraction(slot.value))
    return ranges(rule, known).get(slot.name)


def _hull(ranges: Sequence[Range | None]) -> Range | None:
    known = [r for r in ranges if r is not None]
    if not known or len(known) < len(ranges):
        return None
    return min(low for low, _ in known), max(high for _, high in known)
