"""What pyDatalog is trusted with: the shapes of rules on which it was measured to be right, and why it does not get the others.

See `docs/decisions/0013-second-opinion.md` for what was measured.
"""

from collections.abc import Iterable, Iterator

from trialog.plain import Absent, Either, Fetch, Let, Rule, Step, Tally, Test
from trialog.plan import Plan, Stratum
from trialog.program import Var


class Refused(Exception):  # noqa: N818 (an answer, not a mishap)
    """The plan has a shape that pyDatalog is not trusted with."""


def why_refused(plan: Plan) -> str | None:
    """Why pyDatalog does not get the plan, with the rule's name and place; None where it does."""
    return next(_reasons(plan), None)


def _reasons(plan: Plan) -> Iterator[str]:
    known = set(plan.facts) | plan.given
    for stratum in plan.strata:
        closing = closing_rule(stratum)
        for rule in stratum.rules:
            if len(recursive(rule, stratum)) > 1 and rule is not closing:
                yield f"{named(rule)} rests on itself more than once in one rule{_place(rule)}"
            known.add(rule.relation)
        for rule in stratum.rules:
            for fetch, positive in reads(rule.body):
                if fetch.relation in stratum.relations and not positive:
                    yield f"{named(rule)} rests on its own negation or count{_place(rule)}"
                if fetch.relation not in known and not (isinstance(fetch, Tally) and fetch.bound == 0):
                    yield f"{named(rule)} reads `{fetch.relation}`, of which nothing says what is in it{_place(rule)}"


def named(rule: Rule) -> str:
    """The relation as its author calls it, in backticks."""
    return f"`{rule.origin.helper_of or rule.origin.relation}`"


def _place(rule: Rule) -> str:
    return f" ({rule.origin.at})" if rule.origin.at is not None else ""


def recursive(rule: Rule, stratum: Stratum) -> list[Fetch]:
    """The rule's literals of relations of its own stratum, each of which may rest on the rule."""
    return [x for x in rule.body if isinstance(x, Fetch) and x.relation in stratum.relations]


def reads(body: Iterable[Step]) -> Iterator[tuple[Fetch | Tally, bool]]:
    """What a body reads, and whether rows can only help it to hold."""
    for step in body:
        match step:
            case Fetch():
                yield step, True
            case Tally():
                yield step, False
            case Absent(inner):
                yield from ((found, False) for found, _ in reads(inner))
            case Test() | Either() | Let():
                pass


def closing_rule(stratum: Stratum) -> Rule | None:
    """The rule `p(…, X, Z) :- p(…, X, Y), p(…, Y, Z)` of a stratum whose other rules do not rest on the stratum.

    Such a relation is the transitive closure of what the other rules find.
    """
    resting = [r for r in stratum.rules if recursive(r, stratum)]
    return resting[0] if len(resting) == 1 and _closes(resting[0]) else None


def _closes(rule: Rule) -> bool:
    match rule.body:
        case (Fetch(one, left), Fetch(other, right)) if one == other == rule.relation:
            pass
        case _:
            return False
    for first, second in ((left, right), (right, left)):
        match rule.slots:
            case (*key, Var() as start, Var() as end) if (
                first[:-2] == second[:-2] == tuple(key)
                and all(isinstance(k, Var) for k in key)
                and isinstance(middle := first[-1], Var)
                and first == (*key, start, middle)
                and second == (*key, middle, end)
                and len({*key, start, middle, end}) == len(key) + 3
            ):
                return True
            case _:
                pass
    return False
