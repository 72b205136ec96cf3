"""The steps of a rule's body as nested loops and conditions, what has a value noted on the way."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from trialog.ends import variables
from trialog.engines.kernel.expressions import Coded, compared, condition, expression, reduced
from trialog.engines.kernel.known import Always, Asked, Never, Rows, known
from trialog.engines.kernel.limits import TO_REFERENCE, beyond, fitting, guards, odd
from trialog.engines.kernel.needed import Needed
from trialog.engines.kernel.ranges import Range
from trialog.engines.kernel.sets import reaching
from trialog.engines.kernel.shape import Held, Shape, classes_of
from trialog.engines.kernel.tables import Refused, Tables
from trialog.engines.kernel.writer import Writer
from trialog.plain import Absent, Either, Fetch, Let, Rule, Slot, Step, Tally, Test
from trialog.plan import Plan, names
from trialog.program import Const, Var, Whatever

ARGUMENTS = "S, N, B, M, T"
_MOST_LOOPS = 18  # Python takes no more than twenty, one in the other


class Names:
    """Names for functions and variables of the generated text, each given once."""

    def __init__(self) -> None:
        self.given = 0

    def new(self, stem: str) -> str:
        self.given += 1
        return f"{re.sub(r'[^a-z0-9]+', '_', stem.casefold()).strip('_')}_{self.given}"


@dataclass(frozen=True, slots=True)
class Around:
    """What stays the same while the body of a rule is written. `functions` are those that a body needs besides its own.

    Of the rule's variables, `patients` are the patient, `between` may hold a chart's numbers, `ranges` have background knowledge.
    """

    plan: Plan
    shape: Shape
    tables: Tables
    above: Mapping[str, frozenset[str]]
    needed: Needed
    functions: Writer
    names: Names
    rule: Rule
    patients: frozenset[str]
    between: frozenset[str]
    ranges: Mapping[str, Range]


class Body:
    """Steps in the making: what has a value so far, and how many loops are open."""

    def __init__(self, around: Around, w: Writer, values: Mapping[str, Coded]) -> None:
        self.around, self.w, self.loops = around, w, 0
        self.values: dict[str, Coded] = dict(values)
        self.shape, self.tables = around.shape, around.tables

    def steps(self, steps: "tuple[Step, ...]", then: "Callable[[Body], None]") -> None:
        if not steps:
            then(self)
            return
        step, rest = steps[0], steps[1:]
        match step:
            case Fetch():
                if step.relation in self.shape.statics:
                    self.known(step, lambda: self.steps(rest, then))
                else:
                    self.fetch(step, rest, then)
            case Test() | Either():
                self.guard(step)
                self.only_if(condition(step, self.values, self.tables.code), lambda: self.steps(rest, then))
            case Let(variable, value):
                found = expression(value, self.values, self.tables.code)
                mine = sorted(variables(value) & self.around.between)
                if mine:
                    self.watch([odd(mine, self.values), *beyond((value,), mine, self.values, {}, always=True)])
                else:
                    self.watch(fitting((value,), self.values, self.around.ranges))
                place = self.fresh(variable.name)
                self.w.line(f"{place} = {found.text}")
                self.values[variable.name] = Coded(place, found.scale)
                self.steps(rest, then)
            case Tally():
                self.only_if(self.tally(step), lambda: self.steps(rest, then))
            case Absent(body):
                self.only_if(self.absent(body), lambda: self.steps(rest, then))
            case _:
                assert_never(step)

    def guard(self, step: Test | Either) -> None:
        """Give the patient to the reference where codes do not decide the test."""
        match step:
            case Test():
                self.watch(self.guards_of(step))
            case Either(left, right):
                self.guard(left)
                self.guard(right)

    def guards_of(self, test: Test) -> list[str]:
        return guards(test, self.values, self.around.between, self.around.ranges)

    def watch(self, conditions: Sequence[str]) -> None:
        for text in conditions:
            self.w.line(f"if {text}:")
            self.w.line(f"    {TO_REFERENCE}")

    def fresh(self, stem: str) -> str:
        return self.around.names.new(stem)

    def only_if(self, text: str, then: Callable[[], None]) -> None:
        if self.loops:
            self.w.line(f"if not ({text}):")
            self.w.line("    continue")
            then()
        else:
            with self.w.inside(f"if {text}:"):
                then()

    def loop(self, text: str, then: Callable[[], None]) -> None:
        if self.loops >= _MOST_LOOPS:
            raise Refused(f"more than {_MOST_LOOPS} rows at once in a rule of {self.around.rule.relation}")
        self.loops += 1
        with self.w.inside(text):
            then()
        self.loops -= 1

    # -- rows ----------------------------------------------------------------------------------------------------

    def fetch(self, fetch: Fetch, rest: "tuple[Step, ...]", then: "Callable[[Body], None]") -> None:
        held = self.shape.held.get(fetch.relation)
        if held is None:
            raise Refused(f"rows of {fetch.relation}, which nothing brings")
        slots = fetch.slots[1:] if fetch.relation in self.shape.of_patient else fetch.slots
        if held.given is not None and held.given.by_concept:
            self.by_concept(held, slots, lambda: self.steps(rest, then), classes_of(fetch.slots[-1], rest))
        elif held.width == 0:
            self.only_if(f"N[{held.number}] != 0", lambda: self.steps(rest, then))
        else:
            self.rows(held, slots, rest, then)

    def rows(
        self, held: Held, slots: tuple[Slot, ...], rest: "tuple[Step, ...]", then: "Callable[[Body], None]"
    ) -> None:
        r, width = self.fresh("r"), held.width
        before = dict(self.values)
        classes = held.given.classes if held.given is not None else ()

        def inside() -> None:
            tests: list[str] = []
            of_numbers: list[tuple[list[str], str]] = []
            members: list[tuple[str, str, str, str]] = []
            for i, (slot, scale) in enumerate(zip(slots, held.scales, strict=True)):
                cell = f"S[{r} + {i}]" if i else f"S[{r}]"
                if isinstance(slot, Whatever):
                    continue
                if isinstance(slot, Var) and slot.name in {name for name, _, _, _ in members}:
                    raise Refused(f"a class that stands twice in one literal of {self.around.rule.relation}")
                known = expression(slot, self.values, self.tables.code) if self.is_known(slot) else None
                if i in classes:
                    exact = f"S[{r} + {width - 1}] {'!= 0' if i == classes[0] else '== 2'}"
                    if known is None:
                        assert isinstance(slot, Var)
                        place = self.fresh(slot.name)
                        self.values[slot.name] = Coded(place, 1)
                        members.append((slot.name, place, cell, exact))
                    else:
                        means = self.means(known.text, slot, cell)
                        fits = f"{cell} == {known.text}"
                        tests.append(f"{fits} or (not ({exact}) and {means})")
                elif known is not None:
                    text = compared("=", *reduced(Coded(cell, scale), known))
                    watched = self.equal(Coded(cell, scale), held.between[i], slot)
                    if watched:
                        of_numbers.append((watched, text))
                    else:
                        tests.append(text)
                else:
                    assert isinstance(slot, Var)
                    self.values[slot.name] = Coded(cell, scale)
            for watched, text in [*((list[str](), text) for text in tests), *of_numbers]:
                self.watch(watched)
                self.w.line(f"if not ({text}):")
                self.w.line("    continue")
            for name, value in list(self.values.items()):
                if name not in before and value.text.startswith("S["):
                    place = self.fresh(name)
                    self.w.line(f"{place} = {value.text}")
                    self.values[name] = Coded(place, value.scale)
            left = self.tested(rest, {name for name, _, _, _ in members}) if members else rest
            self.may_be_member(members, left)
            self.members(members, lambda: self.steps(left, then))

        self.loop(f"for {r} in range({self.rows_of(held, slots)}, {width}):", inside)
        self.values = before

    def rows_of(self, held: Held, slots: tuple[Slot, ...]) -> str:
        """Where the rows begin and end that may fit: those of one concept, where they lie together."""
        k, width, index = held.number, held.width, held.given.index if held.given is not None else None
        about = slots[0]
        needed = self.around.needed
        if index is None or not isinstance(about, Const) or not needed.is_apart(index, str(about.value)):
            return f"B[{k}], B[{k}] + N[{k}] * {width}"
        first, last = (f"S[B[{self.shape.held[name].number}] + {self.tables.code(str(about.value))}]" for name in index)
        return f"B[{k}] + {first} * {width}, B[{k}] + {last} * {width}"

    def equal(self, cell: Coded, between: bool, slot: Slot) -> list[str]:
        """Conditions under which codes do not decide whether the cell's number is the slot's, which is known."""
        assert not isinstance(slot, Whatever)
        if isinstance(slot, Const) and isinstance(slot.value, str):
            return []
        own = Var("the cell's own")
        mine = self.around.between | ({own.name} if between else frozenset())
        return guards(Test("=", own, slot), self.values | {own.name: cell}, mine, self.around.ranges)

    def tested(self, steps: "tuple[Step, ...]", without: set[str]) -> "tuple[Step, ...]":
        """Write the tests first that ask for nothing but what has a value, whatever a class may mean; gives the steps left."""
        left: list[Step] = []
        for x in steps:
            if isinstance(x, Test) and {*names(x)} <= self.values.keys() - without and not self.guards_of(x):
                self.w.line(f"if not ({condition(x, self.values, self.tables.code)}):")
                self.w.line("    continue")
            else:
                left.append(x)
        return tuple(left)

    def may_be_member(self, members: list[tuple[str, str, str, str]], steps: "tuple[Step, ...]") -> None:
        """Go on to the next row where no member of a class is one that the steps ask for."""
        for name, _, cell, _ in members:
            for concepts in self.around.needed.concepts(Var(name), steps):
                at = self.tables.flags(("means", concepts), self.around.needed.classes(concepts))
                self.w.line(f"if not has(T, {at}, {cell}):")
                self.w.line("    continue")

    def members(self, members: list[tuple[str, str, str, str]], then: Callable[[], None]) -> None:
        """A loop over what each class may mean."""
        if not members:
            then()
            return
        (_, place, cell, exact), *rest = members
        lists = self.tables.members(self.around.above)
        at = self.fresh("m")
        begin = f"T[{lists} + {cell}]"
        end = f"T[{lists} + {cell} + 1]"
        stop = f"({begin} + 1 if {exact} else {end})"

        def inside() -> None:
            self.w.line(f"{place} = T[{at}]")
            self.members(rest, then)

        self.loop(f"for {at} in range({begin}, {stop}):", inside)

    def means(self, known: str, slot: Slot, cell: str) -> str:
        """Whether the class in the cell may mean the concept."""
        above = self.around.above
        if isinstance(slot, Const):
            at = self.tables.flags(("above", slot.value), above[str(slot.value)])
            return f"has(T, {at}, {cell})"
        at = self.tables.pairs("above", ((c, a) for c, all_above in above.items() for a in all_above))
        return f"has(T, {at} + {known} * {self.tables.words}, {cell})"

    def is_known(self, slot: Slot) -> bool:
        return isinstance(slot, Const) or (isinstance(slot, Var) and slot.name in self.values)

    def by_concept(
        self, held: Held, slots: tuple[Slot, ...], then: Callable[[], None], classes: tuple[str, ...]
    ) -> None:
        """A flag for each concept; where any will do, those in all the classes are looked at, which further steps ask for."""
        (slot,) = slots
        if self.is_known(slot):
            assert not isinstance(slot, Whatever)
            known = expression(slot, self.values, self.tables.code)
            place = str(int(known.text)) if known.text.isdigit() else known.text
            self.only_if(f"S[B[{held.number}] + {place}] != 0", then)
            return
        before = dict(self.values)
        place = self.fresh(slot.name if isinstance(slot, Var) else "c")
        if isinstance(slot, Var):
            self.values[slot.name] = Coded(place, 1)

        above = self.around.above
        mine = [self.tables.code(c) for c in above if all(k in above[c] for k in classes)]
        at = self.tables.run(("concepts", *sorted(classes)), sorted(mine))
        t = self.fresh("t")

        def inside() -> None:
            self.w.line(f"{place} = T[{t}]")
            self.w.line(f"if S[B[{held.number}] + {place}] == 0:")
            self.w.line("    continue")
            then()

        self.loop(f"for {t} in range({at}, {at + len(mine)}):", inside)
        self.values = before

    # -- what never changes ----------------------------------------------------------------------------------------

    def known(self, fetch: Fetch, then: Callable[[], None]) -> None:
        match known(fetch, self.around.plan, self.shape, self.tables, self.values):
            case Never():
                self.w.line("pass  # nothing is known that fits")
            case Always():
                then()
            case Asked(text):
                self.only_if(text, then)
            case Rows() as rows:
                self.known_rows(rows, then)
            case found:
                assert_never(found)

    def known_rows(self, rows: Rows, then: Callable[[], None]) -> None:
        t = self.fresh("t")
        before = dict(self.values)

        def inside() -> None:
            for i, column in enumerate(rows.columns):
                name = column.variable.name
                cell = Coded(f"T[{t} + {i}]" if i else f"T[{t}]", column.scale)
                if name not in self.values:
                    place = self.fresh(name)
                    self.w.line(f"{place} = {cell.text}")
                    self.values[name] = Coded(place, cell.scale)
                elif i != rows.by:
                    if not column.is_exact:
                        self.watch(self.equal(cell, False, column.variable))
                    self.w.line(f"if not ({compared('=', *reduced(cell, self.values[name]))}):")
                    self.w.line("    continue")
            then()

        self.loop(f"for {t} in range({rows.begin}, {rows.end}, {len(rows.columns)}):", inside)
        self.values = before

    # -- conditions over many rows -----------------------------------------------------------------------------------

    def absent(self, body: tuple[Fetch | Test | Either | Tally, ...]) -> str:
        """A function that looks for a solution; gives the text that says that there is none."""
        if len(body) == 1 and isinstance(body[0], Fetch):
            held = self.shape.held.get(body[0].relation)
            if held is not None and held.width == 0 and not (held.given and held.given.by_concept):
                return f"N[{held.number}] == 0"
        shared = sorted({n for x in body for n in names(x)} & self.values.keys() - self.around.patients)
        parameters = {n: Coded(f"x{i}", self.values[n].scale) for i, n in enumerate(shared)}
        given = "".join(f", {self.values[n].text}" for n in shared)
        patients = {n: v for n, v in self.values.items() if n in self.around.patients}
        return f"not {self.function('found', parameters, patients, body)}({ARGUMENTS}{given})"

    def function(
        self, stem: str, parameters: Mapping[str, Coded], patients: Mapping[str, Coded], body: tuple[Step, ...]
    ) -> str:
        name = self.around.names.new(stem)
        w = Writer()
        with w.inside(f"def {name}({ARGUMENTS}{''.join(f', {p.text}' for p in parameters.values())}):"):
            inner = Body(self.around, w, {**patients, **parameters})
            inner.steps(body, lambda b: b.w.line("return True"))
            w.line("return False")
        self.around.functions.lines += [*w.lines, "", ""]
        return name

    def tally(self, tally: Tally) -> str:
        """A function that collects the values of the rows with this key and asks whether they reach the bound."""
        held = self.shape.held.get(tally.relation)
        if held is None:  # no rule derives it
            return str(tally.bound == 0)
        key = tally.key[1:] if tally.relation in self.shape.of_patient else tally.key
        name = self.around.names.new(f"reaches {tally.summary.value}")
        parameters: list[str] = []
        given: list[str] = []
        w = Writer()
        body = Writer(depth=2)
        for i, (slot, scale) in enumerate(zip(key, held.scales, strict=False)):
            if isinstance(slot, Whatever):
                continue
            known = expression(slot, self.values, self.tables.code)
            parameters.append(f"x{i}")
            given.append(known.text)
            cell = Coded(f"S[r + {i}]", scale)
            parameter = Coded(f"x{i}", known.scale)
            inside = Body(self.around, body, self.values)
            if isinstance(slot, Var):
                inside.values[slot.name] = parameter
            inside.watch(inside.equal(cell, held.between[i], slot))
            body.line(f"if not ({compared('=', *reduced(cell, parameter))}):")
            body.line("    continue")
        with w.inside(f"def {name}({ARGUMENTS}{''.join(f', {p}' for p in parameters)}):"):
            reaching(w, tally, held, len(key), body.lines)
        self.around.functions.lines += [*w.lines, "", ""]
        return f"{name}({ARGUMENTS}{''.join(f', {g}' for g in given)})"
