"""Facts about a class that a rule compares with what charts record: a member of the class would not be found."""

from collections.abc import Iterator, Mapping

from trialog.problem import Problem
from trialog.program import Clause, Const, Program, Tuple, Var
from trialog.source import Span

type _Column = tuple[str, int]
"""A column of a relation that no chart bears on."""


def listed_classes(program: Program, quotes: Mapping[Span, str]) -> list[Problem]:
    """Literals that look up a concept of the chart among facts of which one names a class."""
    facts = _class_facts(program)
    problems: list[Problem] = []
    for clause in program.clauses:
        of_chart = {a.name for p in clause.body if isinstance(p, Tuple) and not _is_background(program, p.relation)
                    for a in p.args if isinstance(a, Var)}  # fmt: skip
        for p, at, name in _asked(program, clause):
            if name in of_chart and (found := facts.get((p.relation, at))):
                concept, stated = next(iter(found.items()))
                problems.append(
                    Problem(
                        "E234",
                        f"`{p.relation}` names the class `{concept}`, and `{name.split("'")[0]}` is a concept of the chart:"
                        " no member of the class would be found",
                        p.at or stated,
                        f"state the fact of each member of `{concept}`, or ask for the class by `… in {concept}`",
                        quote=quotes.get(clause.at, "") if clause.at is not None else "",
                        related=((stated, "the fact about a class"),),
                    )
                )
    return problems


def _class_facts(program: Program) -> dict[_Column, dict[str, Span]]:
    """The classes that stand in columns of background knowledge, each with the fact that names it; by way of rules too."""
    found: dict[_Column, dict[str, Span]] = {}
    is_class = program.vocabulary.concepts.keys() - program.vocabulary.leaves
    for facts in program.known.values():
        for fact in facts:
            for i, value in enumerate(fact.values):
                if value in is_class:
                    found.setdefault((fact.relation, i), {}).setdefault(str(value), fact.at)
    exact = [c for c in program.clauses if _is_background(program, c.relation)]
    for clause in exact:
        for i, arg in enumerate(clause.args):
            if isinstance(arg, Const) and arg.value in is_class and clause.at is not None:
                found.setdefault((clause.relation, i), {}).setdefault(str(arg.value), clause.at)
    growing = True
    while growing:
        before = sum(map(len, found.values()))
        for clause in exact:
            for p, at, name in _asked(program, clause):
                for i, arg in enumerate(clause.args):
                    if arg == Var(name) and (p.relation, at) in found:
                        mine = found.setdefault((clause.relation, i), {})
                        mine |= {c: s for c, s in found[p.relation, at].items() if c not in mine}
        growing = before != sum(map(len, found.values()))
    return found


def _asked(program: Program, clause: Clause) -> Iterator[tuple[Tuple, int, str]]:
    """The variables in the clause's literals about background knowledge, each with its literal and column."""
    for p in clause.body:
        if isinstance(p, Tuple) and _is_background(program, p.relation):
            for at, arg in enumerate(p.args):
                if isinstance(arg, Var):
                    yield p, at, arg.name


def _is_background(program: Program, relation: str) -> bool:
    derived = program.derived.get(relation)
    return relation in program.known or (derived is not None and derived.is_exact)
