"""A plan as the source text of functions over one patient's rows: one for each relation, nested loops for each rule.

In the generated text `S` holds the rows of all relations, `N[k]` how many there are of relation k, `B[k]` where they begin, `M[k]`
for how many there is room, and `T` what never changes. `N[0]` becomes the number of a relation that had no room left.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from trialog.engines.kernel.body import ARGUMENTS, Around, Body, Names
from trialog.engines.kernel.expressions import LARGEST_WRITTEN, Coded, expression
from trialog.engines.kernel.limits import is_beyond
from trialog.engines.kernel.needed import Needed
from trialog.engines.kernel.ranges import Ranges, ranges, ranges_of
from trialog.engines.kernel.sets import adding
from trialog.engines.kernel.shape import (
    Shape,
    patients_of,
    variables_between,
)
from trialog.engines.kernel.tables import Refused, Tables
from trialog.engines.kernel.writer import Writer, text_of
from trialog.plain import Rule
from trialog.plan import Plan
from trialog.program import Var

SCREENING = "screening"


@dataclass(frozen=True, slots=True)
class Written:
    """Generated source: `text` defines the functions; `entry` is the one that derives everything."""

    text: str
    entry: str
    shape: Shape
    tables: Tables
    reasons: tuple[
        Rule, ...
    ]  # what N holds of a relation about the patient alone is the number, from 1, of the rule that found it

    def __str__(self) -> str:
        return self.text


def helper_text() -> str:
    return text_of(Path(__file__).with_name("helpers.py"))


def write(plan: Plan, shape: Shape, tables: Tables, above: Mapping[str, frozenset[str]]) -> Written:
    """`above` are the classes of each concept, itself included. Raises Refused where the plan holds what a kernel cannot do."""
    return _Plan(plan, shape, tables, above).written()


class _Plan:
    def __init__(self, plan: Plan, shape: Shape, tables: Tables, above: Mapping[str, frozenset[str]]) -> None:
        self.plan, self.shape, self.tables, self.above = plan, shape, tables, above
        self.functions = Writer()
        self.adders: set[int] = set()
        self.names = Names()
        self.reasons: list[Rule] = []
        self.needed = Needed(plan, shape, tables, above)

    def written(self) -> Written:
        entry = Writer()
        with entry.inside(f"def derive({ARGUMENTS}):"):
            for s in self.plan.strata:
                mine = [
                    (r, [x for x in s.rules if x.relation == r]) for r in dict.fromkeys(x.relation for x in s.rules)
                ]
                calls = [self.relation(name, rules, s.recursive) for name, rules in mine]
                if s.recursive:
                    with entry.inside("while True:"):
                        found = " + ".join(f"N[{self.shape.held[name].number}]" for name, _ in mine)
                        entry.line(f"before = {found}")
                        for call in calls:
                            entry.line(call)
                        entry.line(f"if before == {found}:")
                        entry.line("    break")
                else:
                    for call in calls:
                        entry.line(call)
            entry.line("return N[0]")
        text = "\n".join([*adding(sorted(self.adders)), "", *self.functions.lines, *entry.lines, ""])
        return Written(text, "derive", self.shape, self.tables, tuple(self.reasons))

    def reason(self, rule: Rule) -> int:
        """The number of the rule, from 1: what tells why a relation about the patient alone holds."""
        self.reasons.append(rule)
        return len(self.reasons)

    @cached_property
    def ranges(self) -> Ranges:
        return ranges_of(self.plan)

    def relation(self, name: str, rules: list[Rule], recursive: bool) -> str:
        """The function that finds the rows of a relation; gives the text that calls it."""
        held = self.shape.held[name]
        function = self.names.new(name)
        w = Writer()
        with w.inside(f"def {function}({ARGUMENTS}):"):
            if held.width == 0 and recursive:
                w.line(f"if N[{held.number}] != 0:")
                w.line("    return")
            for r in rules:
                place = f"{Path(r.origin.at.source.name).name}:{r.origin.at.line}" if r.origin.at is not None else ""
                w.line(f"# {place} {r}"[:160].rstrip())
                needed = self.needed.by_any([r]) if len(rules) > 1 else ""
                with w.inside(f"if {needed}:") if needed else nullcontext():
                    _Rule(self, r, w).write()
            w.line("return")
        self.functions.lines += [*w.lines, "", ""]
        needed = self.needed.by_any(rules)
        return f"if {needed}: {function}({ARGUMENTS})" if needed else f"{function}({ARGUMENTS})"


class _Rule:
    """One rule's loops."""

    def __init__(self, plan: _Plan, rule: Rule, w: Writer) -> None:
        self.plan, self.rule, self.w = plan, rule, w
        self.shape, self.tables = plan.shape, plan.tables
        self.head = self.shape.held[rule.relation]
        betweens = {name: h.between for name, h in self.shape.held.items()}
        self.around = Around(
            plan.plan,
            plan.shape,
            plan.tables,
            plan.above,
            plan.needed,
            plan.functions,
            plan.names,
            rule,
            patients_of(rule, self.shape.of_patient),
            variables_between(rule, betweens, self.shape.of_patient),
            ranges(rule, plan.ranges),
        )

    def write(self) -> None:
        values = {p: Coded(str(self.tables.size), 1) for p in self.around.patients}
        Body(self.around, self.w, values).steps(self.rule.body, self.emit)

    def emit(self, body: Body) -> None:
        w, held = body.w, self.head
        if held.width == 0:
            w.line(f"N[{held.number}] = {self.plan.reason(self.rule)}")
            w.line("return")
            return
        slots = self.rule.slots[1:] if self.rule.relation in self.shape.of_patient else self.rule.slots
        cells: list[str] = []
        for slot, scale in zip(slots, held.scales, strict=True):
            own = expression(slot, body.values, self.tables.code)
            if scale % own.scale:
                raise Refused(f"a value of {self.rule.relation} that is no whole number")
            factor = scale // own.scale
            if factor != 1 and isinstance(slot, Var) and slot.name in self.around.between:
                raise Refused(f"numbers of {self.rule.relation} that lie on finer ticks than a chart's")
            if factor != 1 and isinstance(slot, Var):
                body.watch([is_beyond(own.text, LARGEST_WRITTEN // factor)])
            cells.append(own.text if factor == 1 else f"{own.text} * {factor}")
        self.plan.adders.add(held.width)
        w.line(f"add_{held.width}(S, N, B, M, {held.number}, {', '.join(cells)})")
