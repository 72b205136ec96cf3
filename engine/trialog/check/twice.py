"""Rules and facts that stand twice, and rules that add nothing to another."""

from collections.abc import Mapping

from trialog.check.covering import Covering
from trialog.problem import Problem, Severity
from trialog.program import Clause, KnownFact, Program
from trialog.source import Span


def stated_twice(program: Program) -> list[Problem]:
    """Facts that stand twice, whether they cite the same source or not."""
    problems: list[Problem] = []
    for facts in program.known.values():
        first: dict[tuple[object, ...], KnownFact] = {}
        for fact in facts:
            before = first.setdefault(fact.values, fact)
            if before is not fact:
                more = [f"`{s}`" for s in fact.sources if s not in before.sources]
                claim = f"this fact of `{fact.relation}` is stated twice"
                help_ = "take one out"
                if more:
                    claim = f"this fact of `{fact.relation}` is stated twice, from other sources"
                    help_ = f"cite {' and '.join(more)} with the first, and take this one out"
                problems.append(
                    Problem(
                        "E233",
                        claim,
                        fact.at,
                        help_,
                        related=((before.at, "the first"),),
                        severity=Severity.WARNING,
                    )
                )
    return problems


def adding_nothing(program: Program, quotes: Mapping[Span, str]) -> list[Problem]:
    """Rules that hold only where another rule of the same relation does: the same rule again, or a narrower one.

    A rule may be repeated to make its relation a criterion of another cohort.
    """
    marks = [c.at for c in program.criteria]
    several = {c.relation for c in program.criteria if sum(c.relation == k.relation for k in program.criteria) > 1}
    covering = Covering(program)
    of: dict[str, list[Clause]] = {}
    for clause in program.clauses:
        if clause.helper_of is None:
            of.setdefault(clause.relation, []).append(clause)
    problems: list[Problem] = []
    for relation, rules in of.items():
        left = list(rules)
        for one in reversed(rules):  # of two that say the same, the second is told
            if one.at is None or (relation in several and one.at in marks):
                continue
            wider = next((w for w in left if w is not one and covering.covers(w, one)), None)
            if wider is not None and wider.at is not None:
                left = [r for r in left if r is not one]
                same = covering.covers(one, wider)
                code, claim = "E232", f"this rule adds nothing to `{relation}`"
                if same:
                    code, claim = "E231", f"this rule of `{relation}` stands twice"
                problems.append(
                    Problem(
                        code,
                        claim,
                        one.at,
                        "take one of them out" if same else "take it out, or take what is too wide out of the other",
                        quote=quotes.get(one.at, ""),
                        related=((wider.at, "the first" if same else "holds wherever it does"),),
                        severity=Severity.WARNING,
                    )
                )
    return problems
