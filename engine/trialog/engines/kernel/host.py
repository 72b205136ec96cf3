"""A kernel run as plain Python: one patient at a time, on whole numbers and exact fractions."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from trialog.engines.kernel.limits import TO_REFERENCE
from trialog.engines.kernel.shape import Given, Shape, constants, fetches, patients_of, rules_of, shape_of, widths_of
from trialog.engines.kernel.source import Written, helper_text, write
from trialog.engines.kernel.tables import Refused, Tables, number_concepts
from trialog.plain import Fetch, Row, Value
from trialog.plan import Plan
from trialog.program import Const, Var
from trialog.values import exact

__all__ = ["Refused", "run"]

_ROOM = 16


@dataclass(frozen=True)
class Memory:
    """The rows of one patient, as generated functions see them."""

    S: list[Any]
    N: list[int]
    B: list[int]
    M: list[int]


def room_for(written: Written, rooms: Mapping[int, int]) -> Memory:
    """Memory in which each relation has room for so many rows."""
    shape, size = written.shape, written.tables.size
    widths = {h.number: h.width for h in shape.held.values()}
    by_concept = {h.number for h in shape.held.values() if h.given is not None and h.given.by_concept}
    most = max(rooms.values(), default=0)
    begins, places = [0], 4 * most + 64
    for k in range(1, shape.count):
        begins.append(places)
        places += size if k in by_concept else widths[k] * rooms[k]
    return Memory([0] * places, [0] * shape.count, begins, [0, *(rooms[k] for k in range(1, shape.count))])


@dataclass(frozen=True)
class Kernel:
    """Generated source made ready to run."""

    written: Written

    @cached_property
    def derive(self) -> Callable[..., int]:
        names: dict[str, Any] = {}
        exec(compile(helper_text() + "\n\n" + self.written.text, "<kernel>", "exec"), names)
        return names[self.written.entry]

    def run(self, rows: Mapping[str, Iterable[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
        """What follows from the rows, which are numbers already, the patient left out."""
        held = self.written.shape.held
        given = {name: list(some) for name, some in rows.items() if name in held}
        rooms = {h.number: max(_ROOM, len(given.get(name, ()))) for name, h in held.items()}
        while True:
            m = room_for(self.written, rooms)
            for name, some in given.items():
                h = held[name]
                m.N[h.number] = len(some)
                for i, row in enumerate(some):
                    at = m.B[h.number] + i * h.width
                    m.S[at : at + h.width] = row
            short = self.derive(m.S, m.N, m.B, m.M, self.written.tables.numbers)
            if not short:
                break
            rooms[short] *= 4
        found: dict[str, list[tuple[Any, ...]]] = {}
        for name, h in held.items():
            b = m.B[h.number]
            found[name] = [
                tuple(m.S[b + i * h.width : b + (i + 1) * h.width])
                for i in range(min(m.N[h.number], 1) if h.width == 0 else m.N[h.number])
            ]
        return found


def run(plan: Plan, given: Mapping[str, Iterable[Row]]) -> dict[str, frozenset[Row]]:
    """Everything that follows from the rows of a chart. Raises Refused where the kernel does not take the plan."""
    rows = {name: list(some) for name, some in given.items() if name in plan.given}
    patients = {row[0] for some in rows.values() for row in some}
    patient = next(iter(patients), "")
    tables = Tables(number_concepts(_concepts(plan, rows)))
    shape = shape_of(plan, {name: Given((1,) * width) for name, width in widths_of(plan).items()})
    above = {c: frozenset({c}) for c in tables.codes}
    written = write(plan, shape, tables, above)
    kernel = Kernel(replace(written, text=written.text.replace(TO_REFERENCE, "pass  # exact numbers decide")))
    coded = {
        name: [tuple(tables.code(v) if isinstance(v, str) else v for v in row[1:]) for row in some]
        for name, some in rows.items()
    }
    found = kernel.run(coded)
    names = [*sorted(tables.codes), patient]
    coded_columns = _concept_columns(plan, rows, shape)
    of_patient = shape.of_patient

    def decoded(name: str, row: tuple[Any, ...]) -> Row:
        values: list[Value] = [
            names[v] if i in coded_columns[name] else exact(Fraction(v) / scale)
            for i, (v, scale) in enumerate(zip(row, shape.held[name].scales, strict=True))
        ]
        return (patient, *values) if name in of_patient else tuple(values)

    return {r.relation: frozenset(decoded(r.relation, row) for row in found[r.relation]) for r in rules_of(plan)}


def _concepts(plan: Plan, rows: Mapping[str, Iterable[Row]]) -> set[str]:
    """Everything named in the plan or the rows, the patient left out."""
    found = {v for some in plan.facts.values() for row in some for v in row if isinstance(v, str)}
    found |= {v for some in rows.values() for row in some for v in row[1:] if isinstance(v, str)}
    return found | {str(c) for r in rules_of(plan) for c in constants((r.slots, r.body)) if isinstance(c, str)}


def _concept_columns(plan: Plan, rows: Mapping[str, Iterable[Row]], shape: Shape) -> dict[str, set[int]]:
    """Of each relation the columns that hold concepts, the patient left out."""
    found: dict[str, set[int]] = {name: set() for name in shape.held}
    for name, some in rows.items():
        found[name] |= {i for row in some for i, v in enumerate(row[1:]) if isinstance(v, str)}
    for name, some in plan.facts.items():
        found[name] = {i for row in some for i, v in enumerate(row) if isinstance(v, str)}
    growing = True
    while growing:
        size = sum(map(len, found.values()))
        for r in rules_of(plan):
            mine = set(patients_of(r, shape.of_patient))
            for f in fetches(r.body):
                if isinstance(f, Fetch):
                    slots = f.slots[1:] if f.relation in shape.of_patient else f.slots
                    mine |= {s.name for i, s in enumerate(slots) if isinstance(s, Var) and i in found[f.relation]}
            slots = r.slots[1:] if r.relation in shape.of_patient else r.slots
            found[r.relation] |= {
                i
                for i, s in enumerate(slots)
                if (isinstance(s, Var) and s.name in mine) or (isinstance(s, Const) and isinstance(s.value, str))
            }
        growing = sum(map(len, found.values())) != size
    return found
