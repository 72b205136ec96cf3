"""Declarations to the vocabulary: what is declared twice, not at all, or in a circle."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from trialog.problem import Edit, Fix, Problem, near
from trialog.program import CitedSource, Reading
from trialog.source import Span
from trialog.spelling import asked, respelt
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
    """What is declared. `unread` are names of which not all is known, because what says it cannot be read.

    `doubtful` are concepts of which it is not known what they are under, or what they are measured in.
    """

    vocabulary: Vocabulary
    sources: Mapping[str, CitedSource]
    readings: Mapping[str, Reading]
    unread: frozenset[str]
    doubtful: frozenset[str]


def declare(
    statements: Sequence[Statement], own_page: Span | None, broken: frozenset[str]
) -> tuple[Declarations, list[Problem]]:
    """Everything that the statements declare.

    Concepts and facts on the protocol's own page (that of `own_page`) rest on its quotes and need no other source.
    `broken` are the names that statements which cannot be read would declare: nobody is told that they are missing.
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
    orphans: set[str] = set()
    for statement, at in concepts.values():
        for parent in statement.parents:
            if parent.name not in concepts:
                orphans.add(statement.name)
                if parent.name not in broken:
                    fixes = respelt(parent.at, concepts.keys() - {statement.name}, may_mend=False)
                    claim = f"there is no concept `{parent.name}`"
                    help_ = asked(fixes) or "declare it with `concept`"
                    problems.append(Problem("E208", claim, parent.at, help_, fixes=fixes))
        cited(statement.citations, sources, at, own_page, f"the concept `{statement.name}`", problems, broken)
    standing = {name: _concept(statement, concepts, problems) for name, (statement, _) in concepts.items()}
    while cycle := _cycle(standing):
        around = (*cycle, cycle[0])
        path = " → ".join(f"`{name}`" for name in around)
        steps = [
            (parent.at, f"{i}. `{name}` is under `{above}`")
            for i, (name, above) in enumerate(pairwise(around), 1)
            for parent in concepts[name][0].parents
            if parent.name == above
        ]
        circle = f"the concept `{cycle[0]}` is under itself: {path}"
        at, label = steps[0]
        orphans |= set(cycle)
        problems.append(Problem("E407", circle, at, "take one `in` out", related=tuple(steps[1:]), label=label))
        standing = {name: replace(c, parents=()) if name in cycle else c for name, c in standing.items()}
    names = _Concepts(standing, broken)
    declared = {name: _relation(statement, names, problems) for name, (statement, _) in relations.items()}
    vocabulary = Vocabulary(standing, declared)
    problems.extend(_ambiguous(vocabulary, {name: at for name, (_, at) in concepts.items()}))
    lacking = {name for name, r in declared.items() if len(r.columns) < len(_own_columns(relations[name][0]))}
    return (
        Declarations(
            vocabulary,
            {name: source for name, (source, _) in sources.items()},
            {name: Reading(r.name, r.options, r.description, r.at) for name, (r, _) in readings.items()},
            broken | lacking,
            frozenset(name for name in standing if vocabulary.ancestors[name] & orphans)
            | _lost_units(concepts, standing),
        ),
        problems,
    )


def _lost_units(
    concepts: Mapping[str, tuple[ConceptStatement, Span]], standing: Mapping[str, Concept]
) -> frozenset[str]:
    """The concepts whose unit or conversions are not understood."""
    return frozenset(name for name, (s, _) in concepts.items() if (s.unit or s.conversions) and not standing[name].unit)


@dataclass(frozen=True)
class _Concepts:
    """The concepts declared, and names that statements which cannot be read would declare."""

    found: Mapping[str, Concept]
    broken: frozenset[str]


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
    broken: frozenset[str],
) -> None:
    """Every source must be declared; what stands outside of the protocol's own page must cite one."""
    for citation in citations:
        if citation.source not in sources and citation.source not in broken:
            fixes = respelt(citation.at, sources)
            claim = f"there is no source `{citation.source}`"
            help_ = asked(fixes) or "declare it with `source`"
            problems.append(Problem("E405", claim, citation.at, help_, fixes=fixes))
    if not citations and (own_page is None or at.source is not own_page.source):
        problems.append(
            Problem("E406", f"{what} cites no source", at, "say in `[…]` before the full stop where it was found")
        )


def _concept(s: ConceptStatement, concepts: Mapping[str, object], problems: list[Problem]) -> Concept:
    written = ([(s.unit, s.unit_at or s.at)] if s.unit is not None else []) + [
        (n.unit, unit_place(n.at)) for e in s.conversions for n in (e.left, e.right) if n.unit is not None
    ]
    good = [u for u, at in written if not _unit_is_known(u, at, problems)] == []
    if s.conversions and s.unit is None:
        claim = f"the concept `{s.name}` has conversions and no unit"
        problems.append(Problem("E308", claim, s.name_at, "say its `unit` before `where`"))
        good = False
    conversions = []
    for e in s.conversions:
        bad = next((n for n in (e.left, e.right) if n.value <= 0), None)
        if bad is not None:
            claim = f"a conversion of `{s.name}` has a number that is not above 0"
            problems.append(Problem("E308", claim, bad.at, "say what one of a unit is in the other"))
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


def unit_place(at: Span) -> Span:
    """Where the unit stands, with its quotes, in what ends with one."""
    quote = at.words.find("'")
    return at if quote < 0 else Span(at.source, at.start + quote, at.end)


def unknown_unit(error: UnitError, written: str, at: Span, wanted: Iterable[str] = ()) -> Problem:
    """A unit that is not understood. `wanted` are the units that fit the place; a person chooses, never a machine."""
    fitting = [u for u in dict.fromkeys(wanted) if u]
    likely = near(written, fitting or known_symbols())
    fixes = tuple(Fix(f"write '{u}'", (Edit(at, f"'{u}'"),)) for u in likely)
    help_ = "write it as UCUM does, e.g. `'mg/dL'`"
    if likely:
        help_ = f"did you mean {' or '.join(f"`'{u}'`" for u in likely)}?"
    elif fitting:
        help_ = f"what stands here is measured in {' or '.join(f"`'{u}'`" for u in fitting[:3])}"
    claim = str(error).replace(
        f"`{written}` in the unit `{written}` is not understood", f"the unit `{written}` is not known"
    )
    return Problem("E303", claim, at, help_, fixes=fixes)


def _unit_is_known(written: str, at: Span, problems: list[Problem]) -> bool:
    try:
        unit(written)
    except UnitError as error:
        problems.append(unknown_unit(error, written, at))
        return False
    return True


def _cycle(concepts: Mapping[str, Concept]) -> tuple[str, ...]:
    try:
        TopologicalSorter({name: c.parents for name, c in concepts.items()}).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1][1:]))
    return ()


def _own_columns(s: RelationStatement) -> tuple[ColumnStatement, ...]:
    """The columns but for the patient's."""
    has_patient = s.kind is not Kind.KNOWN and s.columns[0].name == "patient" and s.columns[0].type is None
    return s.columns[1:] if has_patient else s.columns


def _relation(s: RelationStatement, names: _Concepts, problems: list[Problem]) -> Relation:
    columns, concepts = _own_columns(s), names.found
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


def _column_type(c: ColumnStatement, names: _Concepts, problems: list[Problem]) -> ColumnType | None:
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
            return Amount(written) if _unit_is_known(written, unit_place(c.type.at), problems) else None
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
