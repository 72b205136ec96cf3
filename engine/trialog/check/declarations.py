"""Declarations to the vocabulary: what is declared twice, not at all, or in a circle."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from trialog.check.relations import Concepts, own_columns, relation
from trialog.check.written_units import unit_is_known, unit_place
from trialog.problem import Problem
from trialog.program import CitedSource, Reading
from trialog.source import Span
from trialog.spelling import asked, respelt
from trialog.tree import (
    Citation,
    ConceptStatement,
    ReadingStatement,
    RelationStatement,
    Rule,
    SourceStatement,
    Statement,
)
from trialog.vocabulary import (
    Concept,
    Conversion,
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
    names = Concepts(standing, broken)
    declared = {name: relation(statement, names, problems) for name, (statement, _) in relations.items()}
    vocabulary = Vocabulary(standing, declared)
    problems.extend(_ambiguous(vocabulary, {name: at for name, (_, at) in concepts.items()}))
    lacking = {name for name, r in declared.items() if len(r.columns) < len(own_columns(relations[name][0]))}
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
    good = [u for u, at in written if not unit_is_known(u, at, problems)] == []
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


def _cycle(concepts: Mapping[str, Concept]) -> tuple[str, ...]:
    try:
        TopologicalSorter({name: c.parents for name, c in concepts.items()}).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1][1:]))
    return ()


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
