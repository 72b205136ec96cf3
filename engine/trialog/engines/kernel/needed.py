"""What must be there for a rule to find anything, asked before its loops: most rules find nothing of most patients."""

from collections.abc import Iterable, Mapping, Sequence

from trialog.engines.kernel.shape import Held, Shape, fetches, rules_of
from trialog.engines.kernel.tables import Tables
from trialog.plain import Fetch, Rule, Slot, Step, Tally
from trialog.plan import Plan
from trialog.program import Const, Var


class Needed:
    """`above` are the classes of each concept, itself included."""

    def __init__(self, plan: Plan, shape: Shape, tables: Tables, above: Mapping[str, frozenset[str]]) -> None:
        self.plan, self.shape, self.tables, self.above = plan, shape, tables, above
        self.latest: dict[str, set[str]] = {}  # of each relation the concepts of which the last record is asked
        for r in rules_of(plan):
            for f in fetches(r.body):
                if isinstance(f, Fetch) and " latest " in f.relation and isinstance(f.slots[1], Const):
                    self.latest.setdefault(f.relation.split(" ")[-1], set()).add(str(f.slots[1].value))

    def by_any(self, rules: Iterable[Rule]) -> str:
        """Text that asks whether one of the rules may find anything; empty where it always may."""
        ways: list[str] = []
        for r in rules:
            needed = self.by(r.body)
            if not needed:
                return ""
            ways.append(" and ".join(needed))
        return " or ".join(dict.fromkeys(ways))

    def by(self, body: Sequence[Step]) -> list[str]:
        """What every solution of the body needs."""
        found: list[str] = []
        for i, x in enumerate(body):
            held = self.shape.held.get(x.relation) if isinstance(x, Fetch | Tally) else None
            if held is None or held.is_one:
                continue
            match x:
                case Fetch():
                    found += self.by_rows(x, held, body[i + 1 :])
                case Tally(bound=bound) if bound != 0:
                    found.append(f"N[{held.number}] != 0")
                case _:
                    pass
        return list(dict.fromkeys(found))

    def by_rows(self, fetch: Fetch, held: Held, further: Sequence[Step]) -> list[str]:
        """What a row needs that the further steps do not leave out."""
        given = held.given
        if given is not None and given.by_concept:
            about = fetch.slots[-1]
            if not isinstance(about, Const):
                return []
            return [f"S[B[{held.number}] + {self.tables.code(str(about.value))}] != 0"]
        slots = fetch.slots[1:] if fetch.relation in self.shape.of_patient else fetch.slots
        if given is not None and given.index is not None:
            about = slots[0]
            if isinstance(about, Const) and self.is_apart(given.index, str(about.value)):
                code = self.tables.code(str(about.value))
                begin, end = (f"S[B[{self.shape.held[name].number}] + {code}]" for name in given.index)
                return [f"{begin} < {end}"]
        if given is not None and given.seen is not None:
            names, column = given.seen
            bits = [self.tables.bit(names, self.classes(some)) for some in self.concepts(slots[column], further)]
            word = f"N[{self.shape.held[names].number}]"
            if found := [f"({word} & {1 << bit}) != 0" for bit in bits if bit is not None]:
                return found
        return [f"N[{held.number}] != 0"]

    def is_apart(self, index: tuple[str, str], concept: str) -> bool:
        """Whether no other rows of a relation with this index mean the concept: none are asked for of a class that it is in."""
        return not self.latest.get(index[0].split(" ")[-1], set()) & self.above[concept] - {concept}

    def concepts(self, slot: Slot, further: Sequence[Step]) -> list[frozenset[str]]:
        """Sets of concepts, in each of which what stands in the slot must be."""
        if isinstance(slot, Const):
            return [frozenset({str(slot.value)})]
        found: list[frozenset[str]] = []
        for x in further:
            if isinstance(slot, Var) and isinstance(x, Fetch) and x.relation in self.shape.statics and slot in x.slots:
                fixed = [(i, s.value) for i, s in enumerate(x.slots) if isinstance(s, Const)]
                kept = [r for r in self.plan.facts[x.relation] if all(r[i] == v for i, v in fixed)]
                found.append(frozenset(str(row[x.slots.index(slot)]) for row in kept))
        return found

    def classes(self, concepts: frozenset[str]) -> frozenset[str]:
        """The concepts that stand in a row that may mean one of these."""
        return frozenset[str]().union(*(self.above[c] for c in concepts))
