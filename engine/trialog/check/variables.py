"""The variables of literals: which there are, and the same literals with others."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace

from trialog.source import Span
from trialog.tree import (
    Aggregate,
    Arithmetic,
    Atom,
    Comparison,
    Expression,
    Holds,
    Latest,
    Literal,
    Membership,
    ReadingIs,
    Recorded,
    Variable,
)


def atom_variables(atom: Atom) -> list[Variable]:
    return [a.term for a in atom.arguments if isinstance(a.term, Variable)]


def expression_variables(expression: Expression) -> list[Variable]:
    match expression:
        case Variable():
            return [expression]
        case Arithmetic(_, left, right):
            return expression_variables(left) + expression_variables(right)
        case _:
            return []


def variables_of(literal: Literal) -> list[Variable]:
    """Every occurrence of a variable in the literal, in the order of the text."""
    match literal:
        case Holds(atom) | Recorded(atom):
            return atom_variables(atom)
        case Latest(atom, when):
            return atom_variables(atom) + ([when] if isinstance(when, Variable) else [])
        case Membership(term):
            return [term] if isinstance(term, Variable) else []
        case ReadingIs():
            return []
        case Comparison(_, left, right):
            return expression_variables(left) + expression_variables(right)
        case Aggregate(variables=variables, body=body, bound=bound):
            return [*variables, *(v for x in body for v in variables_of(x)), *expression_variables(bound)]


def renamed[T](node: T, names: Mapping[str, str]) -> T:
    """The same piece of tree with variables renamed."""
    if isinstance(node, Variable):
        return replace(node, name=names.get(node.name, node.name))
    if isinstance(node, tuple):
        return type(node)(renamed(x, names) for x in node)
    if is_dataclass(node) and not isinstance(node, Span | type):
        return replace(node, **{f.name: renamed(getattr(node, f.name), names) for f in fields(node)})
    return node
