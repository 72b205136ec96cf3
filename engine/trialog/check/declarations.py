"""Declarations to the vocabulary: what is declared twice, not at all, or in a circle."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter

from trialog.problem import Problem, did_you_mean
from trialog.program import CitedSource, Reading
from trialog.source import Span
from trialog.tree import (
    Citation,
    ColumnStatement,
    ConceptStatement,
    ReadingStatement,
    RelationStatement,
    Rule,
    SourceStatement,
    Statement,
)
from trialog.units import UnitError, known_symbols, unit
from trialog.vocabulary import (
    Amount,
    Coded,
    Column,
    ColumnType,
    Concept,
    Conversion,
    Dated,
    Kind,
    Measured,
    Product,
    Relation,
    Vocabulary,
    normalised,
)

BUILT_IN = frozenset({"screening"})
"""Relations that every program has without declaring them."""


@dataclass(frozen=True)
class Declarations:
    vocabulary: Vocabulary
    sources: Mapping[str, CitedSource]
    readings: Mapping[str, Reading]


def declare(statements: Sequence[Statement], own_page: Span | None) -> tuple[Declarations, list[Problem]]:
    """Everything that the statements declare.

    Concepts and facts on the protocol's own page (that of `own_page`) rest on its quotes and need no other source.
    """
    problems: list[Problem] = []
    sources: dict[str, tuple[CitedSource, Span]] = {}
    concepts: dict[str, tuple[ConceptStatement, Span]] = {}
    relations: dict[str, tuple[RelationStatement, Span]] = {}
    readings: dict[str, tuple[ReadingStatement, Span]] = {}
    for s in statements:
        match s:
            case SourceStatement(name, citation, verified):
                _once(sources, name, CitedSource(name, citation, verified), s.at, "source", problems)
            case ConceptStatement():
                _once(concepts, s.name, s, s.name_at, "concept", problems)
            case RelationStatement():
                if s.name in BUILT_IN:
                    problems.append(
                        Problem(
                            "E207",
                            f"the relation `{s.name}` is there without being declared",
                            s.name_at,
                            "take the declaration out",
                        )
                    )
                else:
                    _once(relations, s.name, s, s.name_at, "relation", problems)
            case ReadingStatement():
                _once(readings, s.name, s, s.at, "reading", problems)
                if len(set(s.options)) < max(2, len(s.options)):
                    problems.append(
                        Problem(
                            "E219",
                            f"the reading `{s.name}` needs at least two different options",
                            s.at,
                            "separate them by `|`; the first is the default",
                        )
                    )
            case Rule():
                pass
    for statement, at in concepts.values():
        for parent in statement.parents:
            if parent.name not in concepts:
                problems.append(
                    Problem(
                        "E208",
                        f"there is no concept `{parent.name}`",
                        parent.at,
                        did_you_mean(parent.name, concepts) or "declare it with `concept`",
                    )
                )
        cited(statement.citations, sources, at, own_page, f"the concept `{statement.name}`", problems)
    standing = {name: _concept(statement, concepts, problems) for name, (statement, _) in concepts.items()}
    while cycle := _cycle(standing):
        at = concepts[cycle[0]][1]
        path = " → ".join(f"`{name}`" for name in (*cycle, cycle[0]))
        related = tuple((concepts[name][1], "is under the next") for name in cycle[1:])
        problems.append(
            Problem(
                "E407", f"the concept `{cycle[0]}` is under itself: {path}", at, "take one `in` out", related=related
            )
        )
        standing = {name: replace(c, parents=()) if name in cycle else c for name, c in standing.items()}
    declared = {name: _relation(statement, standing, problems) for name, (statement, _) in relations.items()}
    vocabulary = Vocabulary(standing, declared)
    problems.extend(_ambiguous(vocabulary, {name: at for name, (_, at) in concepts.items()}))
    return (
        Declarations(
            vocabulary,
            {name: source for name, (source, _) in sources.items()},
            {name: Reading(r.name, r.options, r.description, r.at) for name, (r, _) in readings.items()},
        ),
        problems,
    )


def _once[T](
    known: dict[str, tuple[T, Span]], name: str, value: T, at: Span, what: str, problems: list[Problem]
) -> None:
    if name in known:
        problems.append(
            Problem(
                "E207",
                f"the {what} `{name}` is declared twice",
                at,
                "rename one, or take one out",
                related=((known[name][1], "the first declaration"),),
            )
        )
    else:
        known[name] = (value, at)


def cited(
    citations: Sequence[Citation],
    sources: Iterable[str],
    at: Span,
    own_page: Span | None,
    what: str,
    problems: list[Problem],
) -> None:
    """Every source must be declared; what stands outside of the protocol's own page must cite one."""
    for citation in citations:
        if citation.source not in sources:
            problems.append(
                Problem(
                    "E405",
                    f"there is no source `{citation.source}`",
                    citation.at,
                    did_you_mean(citation.source, sources) or "declare it with `source`",
                )
            )
    if not citations and (own_page is None or at.source is not own_page.source):
        problems.append(
            Problem("E406", f"{what} cites no source", at, "say in `[…]` before the full stop where it was found")
        )


def _concept(s: ConceptStatement, concepts: Mapping[str, object], problems: list[Problem]) -> Concept:
    written = ([s.unit] if s.unit is not None else []) + [
        n.unit for e in s.conversions for n in (e.left, e.right) if n.unit is not None
    ]
    good = [u for u in written if not _unit_is_known(u, s.at, problems)] == []
    if s.conversions and s.unit is None:
        problems.append(
            Problem(
                "E308",
                f"the concept `{s.name}` has conversions and no unit",
                s.name_at,
                "say its `unit` before `where`",
            )
        )
        good = False
    conversions = []
    for e in s.conversions:
        if e.left.value <= 0 or e.right.value <= 0:
            problems.append(
                Problem(
                    "E308",
                    f"a conversion of `{s.name}` has a number that is not above 0",
                    s.at,
                    "say what one of a unit is in the other",
                )
            )
        else:
            conversions.append(Conversion(e.left.value, e.left.unit or "", e.right.value, e.right.unit or ""))
    return Concept(
        s.name,
        s.label,
        tuple(p.name for p in s.parents if p.name in concepts),
        s.also,
        s.unit if good else None,
        tuple(conversions) if good else (),
        tuple((c.system, c.code) for c in s.codes),
        tuple(c.source for c in s.citations),
    )


def _unit_is_known(written: str, at: Span, problems: list[Problem]) -> bool:
    try:
        unit(written)
    except UnitError as error:
        problems.append(
            Problem(
                "E303", str(error), at, did_you_mean(written, known_symbols()) or "write it as UCUM does, e.g. 'mg/dL'"
            )
        )
        return False
    return True


def _cycle(concepts: Mapping[str, Concept]) -> tuple[str, ...]:
    try:
        TopologicalSorter({name: c.parents for name, c in concepts.items()}).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1][1:]))
    return ()


def _relation(s: RelationStatement, concepts: Mapping[str, Concept], problems: list[Problem]) -> Relation:
    columns = list(s.columns)
    if s.kind is not Kind.KNOWN:
        if columns[0].name == "patient" and columns[0].type is None:
            columns = columns[1:]
        else:
            problems.append(
                Problem(
                    "E218",
                    f"the first column of `{s.name}` must be `patient`",
                    columns[0].at,
                    f"every {s.kind.value} is about a patient: write `patient` first, without a type",
                )
            )
    found: list[Column] = []
    for c in columns:
        if any(c.name == before.name for before in found):
            problems.append(Problem("E207", f"`{s.name}` has two columns `{c.name}`", c.at, "rename one"))
            continue
        column_type = _column_type(c, concepts, problems)
        if column_type is not None:
            found.append(Column(c.name, column_type))
    relation = Relation(s.name, s.kind, tuple(found), s.description, _product(s, found, concepts, problems))
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
    if s.kind in (Kind.EVENT, Kind.MEASURE, Kind.JUDGEMENT) and relation.concept_column is None:
        problems.append(
            Problem(
                "E218",
                f"the {s.kind.value} `{s.name}` does not say what it is about",
                s.name_at,
                "give it a column of concepts",
            )
        )
    return relation


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


def _column_type(c: ColumnStatement, concepts: Mapping[str, Concept], problems: list[Problem]) -> ColumnType | None:
    if c.type is None:
        problems.append(
            Problem(
                "E218",
                f"the column `{c.name}` has no type",
                c.at,
                "write `name: date`, `name: number 'mg'` or `name: drug`",
            )
        )
        return None
    match c.type.name:
        case "date":
            return Dated()
        case "number":
            written = c.type.unit or ""
            return Amount(written) if _unit_is_known(written, c.type.at, problems) else None
        case "quantity":
            return Measured()
        case name if name in concepts and not concepts[name].parents:
            return Coded(name)
        case name:
            roots = [n for n, k in concepts.items() if not k.parents]
            what = "is not a root: it is under another concept" if name in concepts else "is not a type"
            problems.append(
                Problem(
                    "E218",
                    f"`{name}` {what}",
                    c.type.at,
                    did_you_mean(name, ["date", "number", "quantity", *roots])
                    or "use date, number, quantity or a root concept",
                )
            )
            return None


def _ambiguous(vocabulary: Vocabulary, at: Mapping[str, Span]) -> Iterable[Problem]:
    """Two concepts under one root that go by the same words: a chart could not say which it means."""
    seen: dict[tuple[str, str], str] = {}
    for c in vocabulary.concepts.values():
        roots = [a for a in vocabulary.ancestors[c.name] if not vocabulary.concepts[a].parents]
        said = {normalised(w) for w in (c.name, c.label, *c.also)} | {f"{system} {code}" for system, code in c.codes}
        for key in [(root, words) for root in roots for words in said]:
            first = seen.setdefault(key, c.name)
            if first != c.name:
                yield Problem(
                    "E408",
                    f"`{key[1]}` may mean `{first}` or `{c.name}`",
                    at[c.name],
                    "leave the name with one of them",
                    related=((at[first], "also goes by that name"),),
                )
