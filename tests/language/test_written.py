"""What is written of a tree reads as that tree, whatever an author can say."""

import dataclasses
import typing

import pytest
from hypothesis import assume, example, given, settings

from tests.trees import KEYWORDS, NOWHERE, OF_EXPRESSIONS, OF_LITERALS, OF_PARTS, OF_STATEMENTS, expressions, statements
from trialog import tree
from trialog.layout import WIDEST_RULE
from trialog.page import Block
from trialog.parse import parse
from trialog.source import Source, Span
from trialog.tree import (
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
    Equality,
    Expression,
    Holds,
    Label,
    Literal,
    Number,
    RelationStatement,
    Rule,
    SourceStatement,
    Statement,
    Variable,
)
from trialog.values import Duration
from trialog.vocabulary import Kind
from trialog.written import Part, written

P = Variable("P", NOWHERE)


def read(text: str) -> Statement:
    """The one statement of this text."""
    source = Source("rules", text)
    (statement,), problems = parse(Block(None, (), Span(source, 0, len(text))))
    assert problems == []
    return statement


def read_rule(text: str) -> Rule:
    rule = read(text)
    assert isinstance(rule, Rule)
    return rule


def read_literal(text: str) -> Literal:
    (literal,) = read_rule(f"a(P) :- {text}.").body
    return literal


def read_expression(text: str) -> Expression:
    comparison = read_literal(f"P = {text}")
    assert isinstance(comparison, Comparison)
    return comparison.right


CLASSES = {c for c in vars(tree).values() if dataclasses.is_dataclass(c) and c.__module__ == tree.__name__}


def test_every_class_of_the_tree_is_drawn() -> None:
    assert OF_STATEMENTS.keys() | OF_LITERALS.keys() | OF_EXPRESSIONS.keys() | OF_PARTS.keys() == CLASSES


@pytest.mark.parametrize("kind", OF_STATEMENTS, ids=lambda c: c.__name__)
def test_a_statement(kind: type) -> None:
    @settings(max_examples=150)
    @given(OF_STATEMENTS[kind])
    def holds(statement: Statement) -> None:
        assert read(written(statement)) == statement

    holds()


@pytest.mark.parametrize("kind", OF_LITERALS, ids=lambda c: c.__name__)
def test_a_literal(kind: type) -> None:
    @given(OF_LITERALS[kind])
    def holds(literal: Literal) -> None:
        assert read_literal(written(literal)) == literal

    holds()


@pytest.mark.parametrize("kind", OF_EXPRESSIONS, ids=lambda c: c.__name__)
def test_an_expression(kind: type) -> None:
    @given(OF_EXPRESSIONS[kind])
    def holds(expression: Expression) -> None:
        assert read_expression(written(expression)) == expression

    holds()


def around(part: object) -> Statement:
    """A statement that holds the part."""
    match part:
        case Argument():
            return Rule(None, None, Atom("a", (part,), False, NOWHERE, NOWHERE), (), (), NOWHERE)
        case Atom():
            return Rule(None, None, part, (), (), NOWHERE)
        case Citation():
            return ConceptStatement("a", (), "a", (), None, (), (), (part,), NOWHERE, NOWHERE)
        case Code():
            return ConceptStatement("a", (), "a", (), None, (), (part,), (), NOWHERE, NOWHERE)
        case Equality():
            return ConceptStatement("a", (), "a", (), None, (part,), (), (), NOWHERE, NOWHERE)
        case ColumnType():
            return around(ColumnStatement("a", part, NOWHERE))
        case ColumnStatement():
            return RelationStatement(Kind.EVENT, "a", (part,), "a", None, NOWHERE, NOWHERE)
        case ColumnProduct():
            column = ColumnStatement("a", None, NOWHERE)
            return RelationStatement(Kind.EVENT, "a", (column,), "a", part, NOWHERE, NOWHERE)
        case Label():
            atom = Atom("a", (), True, NOWHERE, NOWHERE)
            return Rule(part, None, atom, (), (), NOWHERE)
        case _:
            raise TypeError(part)


def read_around(kind: type, text: str) -> Statement:
    """The statement that holds the part of this text."""
    before, after = {
        Argument: ("a(", ")."),
        Atom: ("", "."),
        Citation: ('concept a "a" [', "]."),
        Code: ('concept a "a" code ', "."),
        Equality: ('concept a "a" where ', "."),
        ColumnType: ("event a(a: ", ') "a".'),
        ColumnStatement: ("event a(", ') "a".'),
        ColumnProduct: ('event a(a) "a" where ', "."),
        Label: ("", " a(..)."),
    }[kind]
    return read(before + text + after)


@pytest.mark.parametrize("kind", OF_PARTS, ids=lambda c: c.__name__)
def test_a_part_of_a_statement(kind: type) -> None:
    @given(OF_PARTS[kind])
    def holds(part: Part) -> None:
        assert read_around(kind, written(part)) == around(part)

    holds()


OF_NAMES = (
    'source zz "a" unverified.',
    "concept zz in zz, zz \"a\" unit 'g' where 1 'g' = 2 'g' code zz \"1\" [zz, zz].",
    'reading zz = zz | zz "a".',
    "known zz(zz, zz: zz, zz: zz 'g') \"a\" where zz = zz * zz.",
    "zz(zz, zz: zz) [zz].",
    '@S1 "a" inclusion zz(zz) :- zz(zz, zz: zz, ..), not zz(zz), zz = zz.',
    "a(P) :- latest zz(zz) at zz, not latest zz(..) at zz, recorded zz(zz), unrecorded zz(zz: zz).",
    "a(P) :- P in zz, not _ in zz, reading zz = zz, zz < zz.",
    "a(P) :- (zz + zz) * zz >= zz, zz / (zz - zz) = zz, zz * zz - zz != (zz + 1) / (zz + zz).",
    "a(P) :- count { X : zz(X), (zz - X) * 2 = zz } gap 2 days >= zz, max { X : zz = X } < (zz + 2) * zz.",
)
"""Every place in which a name may stand, but for what stands before `in`."""


def named[T](part: T, name: str) -> T:
    """The part of a tree with another name wherever `zz` stands."""
    if part == "zz":
        return typing.cast("T", name)
    if isinstance(part, tuple):
        return typing.cast("T", tuple(named(p, name) for p in part))
    if dataclasses.is_dataclass(part) and not isinstance(part, (type, Span)):
        return dataclasses.replace(
            part, **{f.name: named(getattr(part, f.name), name) for f in dataclasses.fields(part)}
        )
    return part


@pytest.mark.parametrize("name", [*KEYWORDS, "and", "or"])
def test_any_word_is_a_name_wherever_a_name_may_stand(name: str) -> None:
    for text in OF_NAMES:
        statement = named(read(text), name)
        assert read(written(statement)) == statement


@given(expressions)
@example(Arithmetic("-", P, Arithmetic("+", P, P, NOWHERE), NOWHERE))
@example(Arithmetic("-", Arithmetic("+", P, P, NOWHERE), P, NOWHERE))
@example(Arithmetic("*", Arithmetic("-", P, Number(-1, None, NOWHERE), NOWHERE), P, NOWHERE))
@example(Arithmetic("/", P, Arithmetic("*", P, P, NOWHERE), NOWHERE))
def test_brackets_stand_where_they_change_what_is_read_and_nowhere_else(expression: Expression) -> None:
    text = written(expression)
    assume("'" not in text)  # a unit may hold brackets
    stack: list[int] = []
    for i, sign in enumerate(text):
        if sign == "(":
            stack.append(i)
        elif sign == ")":
            start = stack.pop()
            assert read_expression(f"{text[:start]} {text[start + 1 : i]} {text[i + 1 :]}") != expression


@given(statements)
def test_statements_are_as_wide_as_they_need_to_be(statement: Statement) -> None:
    lines = written(statement).split("\n")
    assert all(line.rstrip() == line and line for line in lines if '"' not in line and "'" not in line)
    assert not any(line.startswith(" ") for line in lines[:1])
    if isinstance(statement, Rule) and statement.body:
        short = written(dataclasses.replace(statement, label=None)).split("\n")
        assert len(short) == 1 or len(" ".join(line.strip() for line in short)) > WIDEST_RULE


def test_durations_are_written_in_the_unit_that_can_be_read() -> None:
    units = {
        (0, 1): "1 day",
        (0, 14): "14 days",
        (0, 700_000): "100000 weeks",
        (18, 0): "18 months",
        (24, 0): "2 years",
    }
    for (months, days), text in units.items():
        assert written(Duration(months, days)) == text


def test_layout() -> None:
    """The style of the knowledge base, at a glance."""
    for text in (
        'source own "made for these pages".',
        'source hearsay "somebody said so" unverified.',
        "concept creatinine in measurement \"creatinine in serum\" unit 'mg/dL' where 1 'mg/dL' = 88.4 'umol/L'\n"
        '    code loinc "2160-0" [loinc, molar_mass].',
        "event treatment(patient, drug: drug, from: date, to: date, dose: number 'mg/d', route: route)\n"
        '    "a course of a drug"\n    where dose = dose_per_weight * body_weight.',
        'reading proteinuria_binds = first_bullet | all_bullets\n    "which of the three bullets the proteinuria belongs to".',
        "equivalent_dose(prednisone, oral, 5 'mg') [fda, table].",
        '@S1 "is at least 5 years old"\ninclusion sle_age(P) :- at_least_5_years_old(P).',
        "recent(P) :- screening(P, S), condition(P, cns_disease, from: F, ..), F >= S - (1 year + 3 days).",
        "low(P) :- latest observation(P, lvef, V, ..) at F, V * -2 < 5 '%', not D in drug, (A + B) * C != 3.",
        "had_sle_drug(P, D, From, To) :-\n    systemic_course(P, D, From, To),\n    D in sle_listed_drug,\n"
        "    longest { Begin, End : systemic_course(P, D, Begin, End) } gap 7 days >= 3 months.",
        "treated(P) :-\n    covered { From, To :\n        treatment(P, D, from: From, to: To),\n"
        "        D in immunosuppressant_or_biologic,\n        not D in a_class_of_drugs_that_has_a_long_name\n"
        "    } gap 7 days >= 3 months.",
    ):
        assert written(read(text)) == text


def test_source_statement_is_one_line_however_long() -> None:
    statement = SourceStatement("own", "words " * 40, True, NOWHERE)
    assert "\n" not in written(statement)
    atom = Atom(
        "a", tuple(Argument(None, ConceptName("c" * 9, NOWHERE), NOWHERE) for _ in range(30)), False, NOWHERE, NOWHERE
    )
    assert "\n" not in written(Rule(None, None, atom, (), (), NOWHERE))
    assert "\n" in written(Rule(None, None, atom, (Holds(atom, False, NOWHERE),), (), NOWHERE))
