"""What need not be told, because it follows from something that is told."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from trialog.check.strata import Edge, resting_on
from trialog.problem import Fix, Problem
from trialog.source import Source
from trialog.tree import (
    Aggregate,
    Comparison,
    ConceptName,
    Holds,
    Latest,
    Membership,
    ReadingIs,
    Recorded,
    Rule,
    Term,
    literals_within,
)

OF_VARIABLES = ("E308", "E311")
"""Codes of what is not known of a variable."""
_MISSING = frozenset({"E201", "E208", "E209", "E405"})  # codes of names that are declared nowhere


def resting_on_unread(
    rules: Sequence[Rule], dependencies: Sequence[Edge], unread: frozenset[str], doubtful: frozenset[str]
) -> list[Rule]:
    """The rules that rest on what could not be read: what is not known of their variables may be known from that."""
    if not unread and not doubtful:
        return []
    suspects = resting_on(dependencies, unread)
    return [
        r
        for r in rules
        if r.head.relation in suspects or any(isinstance(t, ConceptName) and t.name in doubtful for t in _terms(r))
    ]


def _terms(rule: Rule) -> Iterator[Term]:
    for literal in literals_within(rule.body):
        match literal:
            case Holds(atom) | Latest(atom) | Recorded(atom):
                yield from (a.term for a in atom.arguments)
            case Membership(term, concept):
                yield from (term, concept)
            case Comparison() | ReadingIs() | Aggregate():
                pass


def without_value(problems: Sequence[Problem], unbound: Sequence[Problem], rules: Sequence[Rule]) -> list[Problem]:
    """The problems, with those of variables that have no value. Of such a variable nothing else is told, and of one that an
    aggregate cannot have for its bound, only that."""
    bounds = {p.at for p in problems if p.code == "E309"}
    told = [p for p in unbound if p.at not in bounds]
    where = [(next(r.at for r in rules if r.at.holds(p.at)), p.at.words) for p in told]
    return [
        *(
            p
            for p in problems
            if p.code not in OF_VARIABLES or not any(at.holds(p.at) and name == p.at.words for at, name in where)
        ),
        *told,
    ]


def together(problems: Sequence[Problem]) -> list[Problem]:
    """The problems, those of one name that is missing in several places of a page told as one."""
    places: dict[tuple[str, str, str, Source], list[Problem]] = {}
    alone: list[Problem] = []
    for p in problems:
        if p.code not in _MISSING or p.safe_fix is not None:
            alone.append(p)
            continue
        same = places.setdefault((p.code, p.claim, p.help, p.at.source), [])
        if not same:
            alone.append(p)
        same.append(p)
    first = {id(same[0]): same for same in places.values()}
    return [_joined(first[id(p)]) if id(p) in first else p for p in alone]


def _joined(same: Sequence[Problem]) -> Problem:
    first, *others = same
    fixes = tuple(
        Fix(f.says, tuple(e for p in same for e in p.fixes[i].edits), f.is_safe) for i, f in enumerate(first.fixes)
    )
    return replace(first, related=(*first.related, *((p.at, "and here") for p in others)), fixes=fixes)
