"""Classes without members: what a rule takes for a class, and nothing is under it."""

from collections.abc import Mapping, Sequence

from trialog.check.statements import Standing
from trialog.problem import Problem, Severity
from trialog.program import Program, Under
from trialog.source import Span
from trialog.tree import ConceptStatement


def memberless(program: Program, standing: Sequence[Standing], quotes: Mapping[Span, str]) -> list[Problem]:
    """Concepts after `in` that nothing is under, and that have neither a code nor another name: no chart would record them.

    A concept that charts do record may stand after `in` by itself: then a rule has a variable for what was found.
    """
    declared = {s.name: s.name_at for s, _ in standing if isinstance(s, ConceptStatement)}
    problems: list[Problem] = []
    told: set[str] = set()
    for clause in program.clauses:
        for p in clause.body:
            if not isinstance(p, Under) or p.concept in told or p.at is None or " in " not in f" {p.at.words} ":
                continue
            concept = program.vocabulary.concepts[p.concept]
            if p.concept in program.vocabulary.leaves and not concept.also and not concept.codes:
                told.add(p.concept)
                problems.append(
                    Problem(
                        "E230",
                        f"the class `{p.concept}` has no members",
                        p.at,
                        f"declare what is in it with `concept … in {p.concept}`, or give it the names under which charts have it",
                        quote=quotes.get(clause.at, "") if clause.at is not None else "",
                        related=((declared[p.concept], "declared here"),),
                        severity=Severity.WARNING,
                    )
                )
    return problems
