"""Variables that a rule says to be one concept, by `A = B`: they go by one name, so that a relation can give it its value."""

from collections.abc import Mapping
from dataclasses import replace

from trialog.check.safety import binding
from trialog.check.variables import renamed
from trialog.program import Sort, Type
from trialog.tree import Aggregate, Comparison, Literal, Rule, Variable


def joined(rule: Rule, variables: Mapping[str, Type]) -> Rule:
    """The rule in which concepts that are said to be one by `A = B` go by one name, where the one has no other value."""
    inner = [x.body for x in rule.body if isinstance(x, Aggregate)]
    outer: frozenset[str] = frozenset()
    for body in (rule.body, *inner):
        bound = binding([x for x in body if not isinstance(x, Comparison)], outer)
        for literal in body:
            match literal:
                case Comparison("=", Variable(left), Variable(right)) if variables[left].sort is Sort.CONCEPT:
                    for gone, kept in ((left, right), (right, left)):
                        if gone not in bound:
                            return joined(_called(rule, gone, kept), variables)
                case _:
                    pass
        outer = outer or bound
    return rule


def _called(rule: Rule, gone: str, kept: str) -> Rule:
    rule = renamed(rule, {gone: kept})
    label = rule.label
    if label is not None:
        label = replace(label, phrase=label.phrase.replace(f"{{{gone}}}", f"{{{kept}}}"))
    return replace(rule, label=label, body=_without_truisms(rule.body))


def _without_truisms(body: tuple[Literal, ...]) -> tuple[Literal, ...]:
    kept = [x for x in body if not (isinstance(x, Comparison) and x.operator == "=" and x.left == x.right)]
    return tuple(replace(x, body=_without_truisms(x.body)) if isinstance(x, Aggregate) else x for x in kept)
