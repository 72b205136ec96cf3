"""What a datum may turn out to be: the telling values of each column that the rules ask for."""

from dataclasses import dataclass
from itertools import islice, product
from typing import assert_never

from trialog.charts.chart import Record, Value
from trialog.charts.rows import filled
from trialog.program import Clause, Const, Tuple, Under, Whatever
from trialog.proof.wording import Wording, show_amount
from trialog.supposing import Edit
from trialog.telling import Telling, cells
from trialog.values import FIRST_DAY, GREATEST, LAST_DAY, LEAST, UNKNOWN_DAY, Interval, point, show_day, show_days
from trialog.vocabulary import Amount, Coded, Dated, Kind, Measured, Relation

MOST_OUTCOMES = 40  # of one datum; what is left out is counted
_MOST_CONCEPTS = 8


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way in which a datum may turn out. `within` are single ones that it stands for together, where it is several."""

    says: str
    edits: tuple[Edit, ...]
    within: "tuple[Outcome, ...]" = ()


@dataclass(frozen=True, slots=True)
class Option:
    """A value of a column, and the single values that stand for it where it is an interval."""

    value: Value
    points: tuple[Value, ...] = ()

    @property
    def single(self) -> tuple[Value, ...]:
        return self.points or (self.value,)


class Outcomes:
    """The telling values of columns, and the records made of them."""

    def __init__(self, telling: Telling) -> None:
        self.telling = telling
        self.vocabulary = telling.vocabulary
        self.screening = telling.answers.screening
        self.words = Wording(telling.vocabulary)
        self.asked: dict[tuple[str, str], set[int]] = {}
        named: set[str] = set()
        for clause in telling.clauses:
            named |= _named(clause)
            for p in clause.body:
                if isinstance(p, Tuple) and p.relation in self.vocabulary.relations:
                    for concept in telling.concepts(p, clause):
                        at = {i - 1 for i, a in enumerate(p.args) if i and not isinstance(a, Whatever)}
                        self.asked.setdefault((p.relation, concept), set()).update(at)
        self.named = frozenset(named & self.vocabulary.concepts.keys())
        self.left_out = 0

    def asked_columns(self, relation: Relation, concept: str) -> list[int]:
        """The columns that rules ask of rows about the concept, what a row is about left out."""
        below = self.vocabulary.descendants
        mine = below.get(concept, frozenset({concept}))
        found: set[int] = set()
        for (name, other), columns in self.asked.items():
            if name == relation.name and mine & below.get(other, frozenset({other})):
                found |= columns
        if relation.kind is not Kind.ATTRIBUTE:
            found.discard(relation.concept_column or 0)
        if relation.product is not None and {relation.position(relation.product.whole),
                                             relation.position(relation.product.part)} & found:  # fmt: skip
            found -= {relation.position(relation.product.whole)} - {None}
        return sorted(found)

    # -- columns -------------------------------------------------------------------------------------------------

    def options(self, relation: Relation, concept: str, column: int, within: Value | None = None) -> list[Option]:
        """The telling values of the column, `within` what is recorded of it."""
        match relation.columns[column].type:
            case Coded(root):
                named = self.answers_named(relation, concept, column) if within is None else []
                kinds = named if len(named) > 1 else self.kinds_of(within if isinstance(within, str) else root)
                return [Option(c) for c in kinds]
            case Dated():
                held = within if isinstance(within, Interval) else UNKNOWN_DAY
                return [self.option(c, dated=True) for c in self.pieces(relation, concept, column, held, dated=True)]
            case Amount() | Measured():
                low = LEAST if self.unit(relation, concept, column) == "Cel" else 0
                held = within if isinstance(within, Interval) else Interval(low, GREATEST)
                step = 1 if self.unit(relation, concept, column) == "{score}" else None
                pieces = self.pieces(relation, concept, column, held, dated=False, step=step)
                return [self.option(c, dated=False) for c in pieces]
            case other:
                assert_never(other)

    def answers_named(self, relation: Relation, concept: str, column: int) -> list[str]:
        """The answers that rules name in the column for this question; several are all that it can be answered."""
        found: dict[str, None] = {}
        for clause in self.telling.clauses:
            for p in clause.body:
                if isinstance(p, Tuple) and p.relation == relation.name and concept in self.telling.concepts(p, clause):
                    arg = p.args[column + 1]
                    if isinstance(arg, Const) and arg.value in self.vocabulary.leaves:
                        found[str(arg.value)] = None
        return list(found)

    def pieces(
        self, relation: Relation, concept: str, column: int, held: Interval, dated: bool, step: int | None = None
    ) -> list[Interval]:
        turns = self.telling.turns(relation.name, concept, column)
        whole = all(isinstance(t, int) for t in turns)
        return cells(turns, Interval(held.low, held.high), dated, step if whole else None)

    def option(self, cell: Interval, dated: bool) -> Option:
        ends = (FIRST_DAY, LEAST, GREATEST)
        points = [v for v in dict.fromkeys((cell.low, cell.high)) if v not in ends]
        if not dated and len(points) == 2 and points[0] == 0:
            points = points[1:]  # nothing tells zero from other small values, and few results are zero
        if not points:
            some = self.screening if dated else 1
            points = [some if cell.low <= some <= cell.high else max(cell.low, min(cell.high, 0))]
        if cell.is_point:
            return Option(point(cell.low))
        return Option(Interval(cell.low, cell.high, of_days=dated), tuple(point(v) for v in points))

    def unit(self, relation: Relation, concept: str, column: int) -> str:
        match relation.columns[column].type:
            case Amount(unit):
                return unit
            case Measured():
                known = self.vocabulary.concepts.get(concept)
                return (known.unit or "") if known is not None else ""
            case _:
                return ""

    def kinds_of(self, concept: str) -> list[str]:
        """Leaves under the concept, of those that the rules do not tell apart one."""
        alike: dict[frozenset[str], str] = {}
        leaves = sorted(self.vocabulary.descendants[concept] & self.vocabulary.leaves)
        if len(leaves) <= _MOST_CONCEPTS:
            return leaves
        for leaf in leaves:
            alike.setdefault(self.vocabulary.ancestors[leaf] & self.named | self.listed(leaf), leaf)
        kinds = sorted(alike.values(), key=lambda c: (-len(self.vocabulary.ancestors[c] & self.named), c))
        self.left_out += max(0, len(kinds) - _MOST_CONCEPTS)
        return kinds[:_MOST_CONCEPTS]

    def listed(self, concept: str) -> frozenset[str]:
        """The relations of background knowledge that have a fact about the concept."""
        known = self.telling.program.known
        asked = {r for r, _ in self.asked}
        return frozenset(r for r in asked & known.keys() if any(concept in f.values for f in known[r]))

    # -- records -------------------------------------------------------------------------------------------------

    def records(self, relation: Relation, concept: str, on: int | None) -> list[list[Record]]:
        """Records that may be found, or obtained on the day `on`: lists of one that stands for several, and those."""
        about = relation.concept_column if relation.kind is not Kind.ATTRIBUTE else None
        columns = self.asked_columns(relation, concept)
        on_at = relation.position("on")
        kinds = [concept] if on is not None or about is None else self.kinds_of(concept)
        options = {c: self.options(relation, concept, c) for c in columns if on is None or c != on_at or about is None}
        found: list[list[Record]] = []
        for kind in kinds:
            if len(options) == 1:
                ((column, pieces),) = options.items()
                for o in pieces:
                    rows = [self.record(relation, kind, {column: v}, on) for v in (o.value, *o.points)]
                    found.append([r for r in rows if r is not None])
            else:
                singles = [
                    [(c, v) for v in dict.fromkeys((*(v for o in pieces for v in o.single), *self.usual(relation, c)))]
                    for c, pieces in options.items()
                ]
                for values in islice(product(*singles), 10 * MOST_OUTCOMES):
                    one = self.record(relation, kind, dict(values), on)
                    found.append([one] if one is not None else [])
        found = [rows for rows in found if rows]
        self.left_out += max(0, len(found) - MOST_OUTCOMES)
        if len(found) <= MOST_OUTCOMES:
            return found
        return [found[i * len(found) // MOST_OUTCOMES] for i in range(MOST_OUTCOMES)]  # from all parts of the list

    def usual(self, relation: Relation, column: int) -> tuple[Value, ...]:
        """The value that stands for any other where a column is compared with another one of the same record."""
        match relation.columns[column].type:
            case Amount() | Measured():
                return (point(1),)
            case Dated():
                return (point(self.screening),)
            case _:
                return ()

    def record(self, relation: Relation, concept: str, values: dict[int, Value], on: int | None) -> Record | None:
        given = {relation.columns[i].name: v for i, v in values.items()}
        if relation.kind is not Kind.ATTRIBUTE and relation.concept_column is not None:
            given.setdefault(relation.columns[relation.concept_column].name, concept)
        for name in ("on",) if on is not None else ("from", "on"):
            column = relation.position(name)
            if column is not None and relation.kind is not Kind.ATTRIBUTE:
                given.setdefault(name, point(self.screening if on is None else on))
        begin, end = given.get("from", given.get("on")), given.get("to")
        if isinstance(begin, Interval) and begin.low > self.screening:
            return None  # what begins later is not known at screening
        if isinstance(begin, Interval) and isinstance(end, Interval) and end.low < begin.high:
            if end.high < begin.low:
                return None
            given["to"] = Interval(begin.high, max(end.high, begin.high))
        if isinstance(begin, Interval) and end is None and relation.position("to") is not None:
            given["to"] = point(LAST_DAY)
        return Record(relation.name, filled(relation, given, self.vocabulary))

    def written(self, record: Record) -> str:
        """The record in words; what has no end goes on."""
        return self.words.written(record).replace(f"to {show_day(LAST_DAY)}", "ongoing")

    def shown(self, relation: Relation, concept: str, column: int, value: Value) -> str:
        """A value as people read it."""
        if isinstance(value, str):
            return self.words.label(value)
        if isinstance(relation.columns[column].type, Dated):
            return "ongoing" if value.low == LAST_DAY else show_days(value)
        return f"{show_amount(value)} {self.unit(relation, concept, column)}".strip()


def _named(clause: Clause) -> set[str]:
    """The concepts that a clause names."""
    found = {p.concept for p in clause.body if isinstance(p, Under)}
    for p in clause.body:
        if isinstance(p, Tuple):
            found |= {a.value for a in p.args if isinstance(a, Const) and isinstance(a.value, str)}
    return found
