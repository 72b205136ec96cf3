"""Rules that can never fire, relations that can never hold, and background knowledge of which nothing is stated."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import shorten

from trialog.check.clashes import Clash, Clashes
from trialog.problem import Problem
from trialog.program import Clause, Premise, Program, Source, Tuple
from trialog.source import Span
from trialog.tree import RelationStatement


def never_fires(program: Program, quotes: Mapping[Span, str]) -> list[Problem]:
    """Rules of which it is sure that they never fire. `quotes` is what the rules rest on, by their places."""
    clashes = Clashes(program)
    problems: dict[tuple[int, int, str], Problem] = {}
    for clause in program.clauses:
        clash = clashes.clash(clause)
        if clash is not None and clause.at is not None:
            problem = _told(clause, clause.at, clash, clashes, quotes.get(clause.at, ""))
            problems.setdefault((problem.at.start, problem.at.end, problem.claim), problem)
    return [*problems.values(), *_circles(program, clashes, quotes)]


def without_facts(program: Program, declared: Sequence[RelationStatement]) -> list[Problem]:
    """Relations of background knowledge that rules ask, and of which nothing is stated: each answer would be no."""
    places: dict[str, Span] = {}
    for clause in program.clauses:
        for p in clause.body:
            if isinstance(p, Tuple) and p.at is not None and p.relation in program.known:
                places.setdefault(p.relation, p.at)
    return [
        Problem(
            "E229",
            f"`{s.name}` has neither facts nor rules",
            s.name_at,
            "state its facts, or take it out: of what is known, whatever is not stated is false",
            related=((places[s.name], "asked here"),),
        )
        for s in declared
        if s.name in places and not program.known[s.name]
    ]


def _told(clause: Clause, at: Span, clash: Clash, clashes: Clashes, quote: str) -> Problem:
    shown = sorted(((p.at or at, p) for p in clash.of), key=lambda x: x[0].start)
    words = list(dict.fromkeys(f"`{_said(p, span)}`" for span, p in shown))
    why = f": {clash.why}" if clash.why else ""
    claim = f"{words[0]} never holds{why}" if len(words) == 1 else f"{_listed(words)} exclude each other{why}"
    owner = clause.helper_of or clause.relation
    result = f"; as it is, `{owner}` never holds" if owner not in clashes.held else ""
    related = tuple((span, "this") for span, _ in shown[:-1] if span != shown[-1][0])
    return Problem(
        "E227",
        claim,
        shown[-1][0],
        clash.help + result,
        quote=quote,
        related=related,
        label="and this" if related else "",
    )


def _circles(program: Program, clashes: Clashes, quotes: Mapping[Span, str]) -> Iterator[Problem]:
    """Relations that rest on each other and on nothing else."""
    for members in program.strata:
        rules = [c for c in program.clauses if c.relation in members]
        if any(m in clashes.held for m in members) or any(clashes.clash(c) for c in rules):
            continue
        needed = [[p for p in c.body if isinstance(p, Tuple) and clashes.is_empty(p)] for c in rules]
        if not rules or any(p.relation not in members for found in needed for p in found) or not all(needed):
            continue
        first = rules[0]
        if first.at is None:
            continue
        names = [f"`{m}`" for m in sorted(members)]
        alone = (
            "rests on itself alone, and never holds" if len(names) == 1 else "rest on each other alone, and never hold"
        )
        yield Problem(
            "E228",
            f"{_listed(names)} {alone}",
            first.at,
            "write a rule that does not rest on the relation itself, for it to begin with",
            quote=quotes.get(first.at, ""),
            related=tuple((p.at or first.at, f"`{c.relation}` needs `{p.relation}`")
                          for c, found in zip(rules, needed, strict=True) for p in found[:1]),
        )  # fmt: skip


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _said(premise: Premise, at: Span) -> str:
    """The author's own words for the premise, on one line."""
    words = " ".join(at.words.split())
    before = ""
    if isinstance(premise, Tuple):
        match premise.source, premise.negated:
            case Source.RECORDED, negated:
                before = "unrecorded " if negated else "recorded "
            case Source.LATEST, negated:
                before = "not latest " if negated else "latest "
            case Source.ALL, negated:
                before = "not " if negated else ""
    return before + shorten(words, 50, placeholder=" …")
