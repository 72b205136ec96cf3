"""The tree that is read is the tree that was written: every form there is, printed and read again."""

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import assert_never

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trialog.knowledge import Library, shipped
from trialog.lexer import tokens
from trialog.page import Block, read_page
from trialog.parse import parse
from trialog.source import Source, Span
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
    Role,
    Rule,
    SourceStatement,
    Statement,
    Summary,
    Term,
    Variable,
)  # fmt: skip
from trialog.values import Duration, Exact, exact, show_day, show_number
from trialog.vocabulary import Kind

HERE = Span(Source("nowhere", ""), 0, 0)


def read(text: str) -> tuple[list[Statement], list[str]]:
    """The statements of a block with this text, and the codes of what is wrong."""
    source = Source("rules", text)
    statements, problems = parse(Block(None, (), Span(source, 0, len(text))))
    return statements, [p.code for p in problems]


# -- the tree as text --------------------------------------------------------------------------------------------


def show_duration(d: Duration) -> str:
    return f"{d.days} days" if d.days else f"{d.months} months"


def show_expression(e: Expression) -> str:
    match e:
        case Variable(name) | ConceptName(name):
            return name
        case Anonymous():
            return "_"
        case Number(value, unit):
            return show_number(value) + (f" '{unit}'" if unit is not None else "")
        case Day(day):
            return show_day(day)
        case Length(duration):
            return show_duration(duration)
        case Arithmetic(operator, left, right):
            return f"({show_expression(left)}) {operator} ({show_expression(right)})"
        case _:
            assert_never(e)


def show_atom(atom: Atom) -> str:
    arguments = [(f"{a.column}: " if a.column is not None else "") + show_expression(a.term) for a in atom.arguments]
    return f"{atom.relation}({', '.join([*arguments, *(['..'] if atom.rest else [])])})"


def show_literal(literal: Literal) -> str:
    match literal:
        case Holds(atom, negated):
            return f"{'not ' * negated}{show_atom(atom)}"
        case Latest(atom, when, negated):
            at = "" if when is None else f" at {show_expression(when)}"
            return f"{'not ' * negated}latest {show_atom(atom)}{at}"
        case Recorded(atom, negated):
            return f"{'un' * negated}recorded {show_atom(atom)}"
        case Membership(term, concept, negated):
            return f"{'not ' * negated}{show_expression(term)} in {concept.name}"
        case ReadingIs(reading, option):
            return f"reading {reading} = {option}"
        case Comparison(operator, left, right):
            return f"{show_expression(left)} {operator} {show_expression(right)}"
        case Aggregate(summary, variables, body, gap, operator, bound):
            inside = f"{', '.join(v.name for v in variables)} : {', '.join(map(show_literal, body))}"
            bridged = "" if gap is None else f"gap {show_duration(gap)} "
            return f"{summary.value} {{ {inside} }} {bridged}{operator} {show_expression(bound)}"
        case _:
            assert_never(literal)


def show_cited(citations: tuple[Citation, ...]) -> str:
    return f" [{', '.join(c.source for c in citations)}]" if citations else ""


def show_column(column: ColumnStatement) -> str:
    if column.type is None:
        return column.name
    unit = "" if column.type.unit is None else f" '{column.type.unit}'"
    return f"{column.name}: {column.type.name}{unit}"


def show(statement: Statement) -> str:
    match statement:
        case SourceStatement(name, citation, verified):
            return f'source {name} "{citation}"{"" if verified else " unverified"}.'
        case ConceptStatement():
            s = statement
            parts = [
                f"concept {s.name}",
                f"in {', '.join(p.name for p in s.parents)}" * bool(s.parents),
                f'"{s.label}"',
            ]
            parts += ["also " + ", ".join(f'"{a}"' for a in s.also)] * bool(s.also)
            parts += [f"unit '{s.unit}'"] * (s.unit is not None)
            parts += [f"where {show_expression(e.left)} = {show_expression(e.right)}" for e in s.conversions]
            parts += ["code " + ", ".join(f'{c.system} "{c.code}"' for c in s.codes)] * bool(s.codes)
            return " ".join(parts) + show_cited(s.citations) + "."
        case RelationStatement(kind, name, columns, description, product):
            joined = "" if product is None else f" where {product.whole} = {product.part} * {product.measure}"
            return f'{kind.value} {name}({", ".join(map(show_column, columns))}) "{description}"{joined}.'
        case ReadingStatement(name, options, description):
            return f'reading {name} = {" | ".join(options)} "{description}".'
        case Rule(label, role, head, body, citations):
            before = "" if label is None else f'@{label.identifier or ""} "{label.phrase}" '
            marked = "" if role is None else f"{role.value} "
            resting = f" :- {', '.join(map(show_literal, body))}" if body else ""
            return f"{before}{marked}{show_atom(head)}{resting}{show_cited(citations)}."
        case _:
            assert_never(statement)


# -- every tree --------------------------------------------------------------------------------------------------

_KEYWORDS = {"not", "latest", "recorded", "unrecorded", "reading", "at", "in", "gap", "where", "also", "unit", "code"}
_KEYWORDS |= {word + s for word in ("day", "week", "month", "year") for s in ("", "s")} | {"unverified"}
_KEYWORDS |= {s.value for s in Summary} | {k.value for k in Kind} | {r.value for r in Role} | {"source", "concept"}
names = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True).filter(lambda w: w not in _KEYWORDS)
variables = st.builds(Variable, st.from_regex(r"[A-Z][A-Za-z0-9_]{0,4}", fullmatch=True), st.just(HERE))
words = st.text(st.characters(exclude_characters='"\n', exclude_categories=["Cs"]), max_size=12)
units = st.sampled_from(("%", "mg/dL", "mL/min/{1.73_m2}", ""))


def decimal_fraction(digits: int, places: int) -> Exact:
    return exact(Fraction(digits, 10**places))


def negated(number: Number) -> Number:
    return Number(-number.value, number.unit, HERE)


decimals = st.builds(decimal_fraction, st.integers(0, 10**6), st.integers(0, 3))
durations = st.builds(Duration, st.integers(0, 99), st.just(0)) | st.builds(Duration, st.just(0), st.integers(1, 99))
concept_names = st.builds(ConceptName, names, st.just(HERE))
numbers = st.builds(Number, decimals, st.none() | units, st.just(HERE))
signed = numbers | numbers.map(negated)
some_days = st.builds(Day, st.integers(date(1900, 1, 1).toordinal(), date(2100, 1, 1).toordinal()), st.just(HERE))
terms: st.SearchStrategy[Term] = st.one_of(variables, st.just(Anonymous(HERE)), concept_names, signed, some_days)
expressions: st.SearchStrategy[Expression] = st.recursive(
    terms | st.builds(Length, durations, st.just(HERE)),
    lambda inner: st.builds(Arithmetic, st.sampled_from("+-*/"), inner, inner, st.just(HERE)),
    max_leaves=5,
)
arguments = st.builds(Argument, st.none() | names, terms, st.just(HERE))


@st.composite
def atoms(draw: st.DrawFn) -> Atom:
    rest = draw(st.booleans())
    given_ = draw(st.lists(arguments, min_size=0 if rest else 1, max_size=4))
    return Atom(draw(names), tuple(given_), rest, HERE, HERE)


operators = st.sampled_from(("=", "!=", "<", "<=", ">", ">="))
plain: st.SearchStrategy[Literal] = st.one_of(
    st.builds(Holds, atoms(), st.booleans(), st.just(HERE)),
    st.builds(Latest, atoms(), st.none() | variables | some_days, st.booleans(), st.just(HERE)),
    st.builds(Recorded, atoms(), st.booleans(), st.just(HERE)),
    st.builds(Membership, variables, concept_names, st.booleans(), st.just(HERE)),
    st.builds(ReadingIs, names, names, st.just(HERE)),
    st.builds(Comparison, operators, expressions, expressions, st.just(HERE)),
)


def several[T](one: st.SearchStrategy[T], least: int = 0, most: int = 3) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(one, min_size=least, max_size=most).map(tuple)


literals: st.SearchStrategy[Literal] = plain | st.builds(
    Aggregate, st.sampled_from(Summary), several(variables, 1, 2), several(plain, 1), st.none() | durations, operators,
    expressions, st.just(HERE),
)  # fmt: skip
labels = st.builds(Label, st.none() | st.from_regex(r"[A-Z][A-Za-z0-9_]{0,4}", fullmatch=True), words, st.just(HERE))
citations = several(st.builds(Citation, names, st.just(HERE)))
quantities = st.builds(Number, decimals, units, st.just(HERE))
column_types = st.builds(ColumnType, names, st.none() | units, st.just(HERE))
statements: st.SearchStrategy[Statement] = st.one_of(
    st.builds(SourceStatement, names, words, st.booleans(), st.just(HERE)),
    st.builds(
        ConceptStatement, names, several(concept_names), words, several(words), st.none() | units,
        several(st.builds(Equality, quantities, quantities)), several(st.builds(Code, names, words)), citations,
        st.just(HERE), st.just(HERE),
    ),
    st.builds(
        RelationStatement, st.sampled_from(Kind), names,
        several(st.builds(ColumnStatement, names, st.none() | column_types, st.just(HERE)), 1), words,
        st.none() | st.builds(ColumnProduct, names, names, names, st.just(HERE)), st.just(HERE), st.just(HERE),
    ),
    st.builds(ReadingStatement, names, several(names, 1), words, st.just(HERE)),
    st.builds(
        Rule, st.none() | labels,
        st.none() | st.sampled_from(Role), atoms(), several(literals), citations, st.just(HERE),
    ),
)  # fmt: skip


@settings(max_examples=200)
@given(st.lists(statements, max_size=3))
def test_every_tree_is_read_as_it_is_written(written: list[Statement]) -> None:
    assert read("\n".join(map(show, written))) == (written, [])


@given(
    st.lists(statements, min_size=1, max_size=2),
    st.sampled_from((" ", "\n\n", ' % a comment. with "signs\n', "\t", "\r\n")),
)
def test_white_space_and_comments_mean_nothing(written: list[Statement], between: str) -> None:
    text = "\n".join(map(show, written))
    source = Source("rules", text)
    parts = [t.words for t in tokens(source, 0, len(text))[0] if t.kind != "end"]
    # A sign and its neighbour may be one sign when they touch, so something stands between any two tokens.
    assert read(between.join(parts) + "\n") == (written, [])


@given(
    statements,
    st.sampled_from(("nonsense(.", "a(P) :- .", "concept.", "@S1.", "a(P) : b(P).", ").", 'source "x".')),
    statements,
)
def test_a_statement_that_cannot_be_read_leaves_its_neighbours(before: Statement, wrong: str, after: Statement) -> None:
    found, codes = read(f"{show(before)}\n{wrong}\n{show(after)}")
    assert (found[0], found[-1]) == (before, after)
    assert set(codes) == {"E103"}


@given(st.lists(statements, min_size=1, max_size=3))
def test_a_statement_knows_where_it_stands(written: list[Statement]) -> None:
    found, _ = read("\n".join(map(show, written)))
    assert [read(s.at.words)[0] for s in found] == [[s] for s in written]


@pytest.mark.parametrize("path", Library(shipped()).files(Library(shipped()).trials[0])[:-1], ids=lambda p: p.stem)
def test_the_shipped_pages_are_read_as_they_are_written(path: Path) -> None:
    page, problems = read_page(Source(path.name, path.read_text(encoding="utf-8")))
    assert problems == []
    for block in page.blocks:
        found, wrong = parse(block)
        assert wrong == []
        assert read("\n".join(map(show, found))) == (found, [])
        for statement in found:
            assert read(statement.at.words) == ([statement], [])


@given(st.text(max_size=120))
@example("a(P) :- b(P")
@example('@S1 "')
def test_the_tokens_of_any_text_stand_in_it_in_order(text: str) -> None:
    source = Source("rules", text)
    found, problems = tokens(source, 0, len(text))
    assert found[-1].kind == "end"
    at = 0
    for token in found[:-1]:
        assert token.words == token.at.words
        assert token.at.start >= at
        at = token.at.end
    assert all(p.at.end - p.at.start == 1 for p in problems)
