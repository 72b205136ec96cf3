"""The tree as text: what an author would have written for it."""

from typing import assert_never

from trialog.layout import Word, laid_out
from trialog.lexer import tokens
from trialog.source import Source
from trialog.tree import (
    Aggregate,
    Anonymous,
    Argument,
    Arithmetic,
    Atom,
    Citation,
    Code,
    ColumnProduct,
    ColumnStatement,
    ColumnType,
    Comparison,
    ConceptName,
    ConceptStatement,
    Day,
    Equality,
    Expression,
    Holds,
    Label,
    Latest,
    Length,
    Literal,
    Membership,
    Number,
    ReadingIs,
    ReadingStatement,
    Recorded,
    RelationStatement,
    Rule,
    SourceStatement,
    Statement,
    Variable,
)
from trialog.values import Duration, show_day, show_number

type Part = (
    Literal
    | Expression
    | Atom
    | Argument
    | Label
    | Citation
    | Code
    | Equality
    | ColumnType
    | ColumnStatement
    | ColumnProduct
    | Duration
)
"""What a statement is made of."""

_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2}
_MOST_DAYS = 100_000  # the most that may be written as days; more are written as weeks


def written(tree: Statement | Part) -> str:
    """The canonical text of a statement, laid out on lines, or of a part of one, on one line. It reads as the same tree."""
    match tree:
        case SourceStatement() | ConceptStatement() | RelationStatement() | ReadingStatement() | Rule():
            source = Source("", _statement(tree))
            return "\n".join(laid_out([Word.of(t) for t in tokens(source, 0, len(source.text))[0][:-1]]))
        case _:
            return _part(tree)


def _statement(statement: Statement) -> str:
    match statement:
        case SourceStatement(name, citation, verified):
            return f'source {name} "{citation}"{"" if verified else " unverified"}.'
        case ConceptStatement():
            s = statement
            parts = [
                f"concept {s.name}",
                *([f"in {', '.join(map(_part, s.parents))}"] if s.parents else []),
                f'"{s.label}"',
                *(["also " + ", ".join(f'"{name}"' for name in s.also)] if s.also else []),
                *([f"unit '{s.unit}'"] if s.unit is not None else []),
                *(f"where {_part(e)}" for e in s.conversions),
                *([f"code {', '.join(map(_part, s.codes))}"] if s.codes else []),
            ]
            return f"{' '.join(parts)}{_cited(s.citations)}."
        case RelationStatement(kind, name, columns, description, product):
            where = f" where {_part(product)}" if product is not None else ""
            return f'{kind.value} {name}({", ".join(map(_part, columns))}) "{description}"{where}.'
        case ReadingStatement(name, options, description):
            return f'reading {name} = {" | ".join(options)} "{description}".'
        case Rule(label, role, head, body, citations):
            marks = [*([_part(label)] if label is not None else []), *([role.value] if role is not None else [])]
            neck = f" :- {', '.join(map(_part, body))}" if body else ""
            return f"{' '.join([*marks, _part(head)])}{neck}{_cited(citations)}."
        case _:
            assert_never(statement)


def _cited(citations: tuple[Citation, ...]) -> str:
    return f" [{', '.join(map(_part, citations))}]" if citations else ""


def _part(part: Part) -> str:
    match part:
        case Variable(name) | ConceptName(name):
            return name
        case Anonymous():
            return "_"
        case Number(value, unit):
            return show_number(value) + (f" '{unit}'" if unit is not None else "")
        case Day(day):
            return show_day(day)
        case Length(duration):
            return _part(duration)
        case Duration(0, days) if days > _MOST_DAYS:
            return f"{days // 7} weeks"
        case Duration():
            return str(part)
        case Arithmetic(operator, left, right):
            strength = _STRENGTH[operator]
            return f"{_operand(left, strength)} {operator} {_operand(right, strength + 1)}"
        case Argument(column, term):
            return f"{column}: {_part(term)}" if column is not None else _part(term)
        case Atom(relation, arguments, rest):
            return f"{relation}({', '.join([*map(_part, arguments), *(['..'] if rest else [])])})"
        case Holds(atom, negated):
            return f"{'not ' if negated else ''}{_part(atom)}"
        case Latest(atom, when, negated):
            at = f" at {_part(when)}" if when is not None else ""
            return f"{'not ' if negated else ''}latest {_part(atom)}{at}"
        case Recorded(atom, negated):
            return f"{'unrecorded' if negated else 'recorded'} {_part(atom)}"
        case Membership(term, concept, negated):
            return f"{'not ' if negated else ''}{_part(term)} in {_part(concept)}"
        case ReadingIs(reading, option):
            return f"reading {reading} = {option}"
        case Comparison(operator, left, right):
            return f"{_part(left)} {operator} {_part(right)}"
        case Aggregate(summary, variables, body, gap, operator, bound):
            inside = f"{', '.join(map(_part, variables))} : {', '.join(map(_part, body))}"
            bridged = f" gap {_part(gap)}" if gap is not None else ""
            return f"{summary.value} {{ {inside} }}{bridged} {operator} {_part(bound)}"
        case Label(identifier, phrase):
            return f'@{identifier or ""} "{phrase}"'
        case Citation(source):
            return source
        case Code(system, code):
            return f'{system} "{code}"'
        case Equality(left, right):
            return f"{_part(left)} = {_part(right)}"
        case ColumnType(name, unit):
            return f"{name} '{unit}'" if unit is not None else name
        case ColumnStatement(name, type_):
            return f"{name}: {_part(type_)}" if type_ is not None else name
        case ColumnProduct(whole, part_, measure):
            return f"{whole} = {part_} * {measure}"
        case _:
            assert_never(part)


def _operand(expression: Expression, least: int) -> str:
    """An operand, in brackets where it binds less than `least`."""
    text = _part(expression)
    weak = isinstance(expression, Arithmetic) and _STRENGTH[expression.operator] < least
    return f"({text})" if weak else text
