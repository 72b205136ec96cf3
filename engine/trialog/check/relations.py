"""Declarations of relations: their columns, the types of these, and what a relation of its kind needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trialog.check.written_units import unit_is_known, unit_place
from trialog.problem import Edit, Fix, Problem
from trialog.source import Span
from trialog.spelling import asked, respelt
from trialog.tree import ColumnStatement, RelationStatement
from trialog.units import unit
from trialog.vocabulary import (
    Amount,
    Coded,
    Column,
    ColumnType,
    Concept,
    Dated,
    Kind,
    Measured,
    Product,
    Relation,
)


@dataclass(frozen=True)
class Concepts:
    """The concepts declared, and names that statements which cannot be read would declare."""

    found: Mapping[str, Concept]
    broken: frozenset[str]


def own_columns(s: RelationStatement) -> tuple[ColumnStatement, ...]:
    """The columns but for the patient's."""
    has_patient = s.kind is not Kind.KNOWN and s.columns[0].name == "patient" and s.columns[0].type is None
    return s.columns[1:] if has_patient else s.columns


def relation(s: RelationStatement, names: Concepts, problems: list[Problem]) -> Relation:
    """The relation that is declared, without the columns that are not understood."""
    columns, concepts = own_columns(s), names.found
    if s.kind is not Kind.KNOWN and columns is s.columns:
        place = Span(s.at.source, s.columns[0].at.start, s.columns[0].at.start)
        problems.append(
            Problem(
                "E218",
                f"the first column of `{s.name}` must be `patient`",
                s.columns[0].at,
                f"every {s.kind.value} is about a patient: write `patient` first, without a type",
                fixes=(Fix("write `patient` first", (Edit(place, "patient, "),)),),
            )
        )
    found: list[Column] = []
    for c in columns:
        if any(c.name == before.name for before in found):
            first = next(before.at for before in columns if before.name == c.name)
            claim = f"`{s.name}` has two columns `{c.name}`"
            problems.append(Problem("E207", claim, c.at, "rename one", related=((first, "the first"),)))
            continue
        column_type = _column_type(c, names, problems)
        if column_type is not None:
            found.append(Column(c.name, column_type))
    if len(found) < len(columns):  # what it lacks may be in the column that is not understood
        return Relation(s.name, s.kind, tuple(found), s.description, None)
    declared = Relation(s.name, s.kind, tuple(found), s.description, _product(s, found, concepts, problems))
    dates = {c.name for c in found if isinstance(c.type, Dated)}
    wanted = {
        Kind.EVENT: "on" in dates or {"from", "to"} <= dates,
        Kind.MEASURE: "on" in dates,
        Kind.JUDGEMENT: {"on", "until"} <= dates,
    }.get(s.kind, True)
    if not wanted:
        columns_wanted = {Kind.EVENT: "`on: date`, or `from: date, to: date`", Kind.MEASURE: "`on: date`"}
        problems.append(
            Problem(
                "E218",
                f"the {s.kind.value} `{s.name}` does not say when",
                s.name_at,
                f"give it {columns_wanted.get(s.kind, '`on: date, until: date`')}",
            )
        )
    if s.kind in (Kind.EVENT, Kind.MEASURE, Kind.JUDGEMENT) and declared.concept_column is None:
        problems.append(
            Problem(
                "E218",
                f"the {s.kind.value} `{s.name}` does not say what it is about",
                s.name_at,
                "give it a column of concepts",
            )
        )
    return declared


def _product(
    s: RelationStatement, columns: Sequence[Column], concepts: Mapping[str, Concept], problems: list[Problem]
) -> Product | None:
    p = s.product
    if p is None:
        return None
    units = {c.name: c.type.unit for c in columns if isinstance(c.type, Amount)}
    measured = concepts[p.measure].unit if p.measure in concepts else None
    if p.whole not in units or p.part not in units or measured is None or s.kind is not Kind.EVENT:
        problems.append(
            Problem(
                "E218",
                f"`{p.at.in_one_line}` does not join two amounts of an event by a measured concept",
                p.at,
                "write `where dose = dose_per_weight * body_weight`: column, column, measured concept",
            )
        )
        return None
    whole, part = unit(units[p.whole]), unit(units[p.part]) * unit(measured)
    if whole != part:
        problems.append(
            Problem(
                "E302",
                f"the units of `{p.at.in_one_line}` do not fit",
                p.at,
                f"`{units[p.whole]}` is not `{units[p.part]}` times `{measured}`",
            )
        )
        return None
    return Product(p.whole, p.part, p.measure)


def _column_type(c: ColumnStatement, names: Concepts, problems: list[Problem]) -> ColumnType | None:
    if c.type is None:
        help_ = "write `name: date`, `name: number 'mg'` or `name: drug`"
        problems.append(Problem("E218", f"the column `{c.name}` has no type", c.at, help_))
        return None
    concepts = names.found
    match c.type.name:
        case "date":
            return Dated()
        case "number":
            written = c.type.unit or ""
            return Amount(written) if unit_is_known(written, unit_place(c.type.at), problems) else None
        case "quantity":
            return Measured()
        case name if name in concepts and not concepts[name].parents:
            return Coded(name)
        case name if name in names.broken:
            return None
        case name if name in concepts:
            roots = [a for a in _above(name, concepts) if not concepts[a].parents]
            claim = f"`{name}` is not a root: it is under another concept"
            fixes = tuple(Fix(f"write `{r}`", (Edit(c.type.at, r),)) for r in roots)
            help_ = f"a column takes all concepts of a root: {' or '.join(f'`{r}`' for r in roots)}"
            problems.append(Problem("E218", claim, c.type.at, help_, fixes=fixes))
            return None
        case name:
            roots = [n for n, k in concepts.items() if not k.parents]
            at = Span(c.type.at.source, c.type.at.start, c.type.at.start + len(name))
            fixes = respelt(at, ["date", "number", "quantity", *roots], may_mend=False)
            help_ = asked(fixes) or "use date, number, quantity or a root concept"
            problems.append(Problem("E218", f"`{name}` is not a type", at, help_, fixes=fixes))
            return None


def _above(name: str, concepts: Mapping[str, Concept]) -> list[str]:
    """The concept and all above it."""
    found = [name]
    for one in found:
        found += [p for p in concepts[one].parents if p not in found]
    return found
