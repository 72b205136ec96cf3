"""Every tree that an author can write, as hypothesis draws them: a strategy for each class of `tree.py`.

A name may be any word, those included that begin something elsewhere; where the language itself reads such a word otherwise, the
strategy says so. What no text can say is left out, and said there too.
"""

from datetime import date
from fractions import Fraction

from hypothesis import strategies as st

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
)
from trialog.values import LARGEST_READABLE, Duration, Exact, exact
from trialog.vocabulary import Kind

NOWHERE = Span(Source("nowhere", ""), 0, 0)
KEYWORDS = (
    *("not", "latest", "recorded", "unrecorded", "reading", "at", "in", "gap", "where", "also", "unit", "code"),
    *("source", "concept", "unverified", "patient", "day", "days", "weeks", "month", "months", "year", "years"),
    *(word.value for words in (Summary, Kind, Role) for word in words),
)


def several[T](one: st.SearchStrategy[T], least: int = 0, most: int = 3) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(one, min_size=least, max_size=most).map(tuple)


_here = st.just(NOWHERE)
_names = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True) | st.sampled_from(KEYWORDS)
_capitals = st.from_regex(r"[A-Z][A-Za-z0-9_]{0,4}", fullmatch=True)
# A text ends at `"` and at the end of its line; a unit likewise. No page has a `\r` in it, nor half a character.
_texts = st.text(st.characters(exclude_characters='"\r\n', exclude_categories=["Cs"]), max_size=20)
_units = st.sampled_from(("%", "mg/dL", "mL/min/{1.73_m2}", "")) | st.text(
    st.characters(exclude_characters="'\r\n", exclude_categories=["Cs"]), max_size=6
)


def _decimal(digits: int, places: int) -> Exact:
    return exact(Fraction(digits, 10**places))


# Numbers are written as decimals, which reach up to `LARGEST_READABLE`: so 1/3 cannot be written.
_decimals = st.builds(_decimal, st.integers(0, 10**6), st.integers(0, 6)) | st.integers(0, LARGEST_READABLE)
_signed = _decimals | _decimals.map(lambda value: -value)
# One count of one unit, at most 100,000: so months and days are never written together.
_counts = st.integers(0, 120) | st.integers(0, 100_000)
_durations = st.one_of(
    st.builds(Duration, _counts | _counts.map(lambda n: n * 12), st.just(0)),
    st.builds(Duration, st.just(0), _counts | _counts.map(lambda n: n * 7)),
)

_variables = st.builds(Variable, _capitals, _here)
_anonymous = st.builds(Anonymous, _here)
_concept_names = st.builds(ConceptName, _names, _here)
_numbers = st.builds(Number, _signed, st.none() | _units, _here)
_days = st.builds(Day, st.integers(date.min.toordinal(), date.max.toordinal()), _here)
_lengths = st.builds(Length, _durations, _here)
_terms: st.SearchStrategy[Term] = st.one_of(_variables, _anonymous, _concept_names, _numbers, _days)


def _arithmetics(operands: st.SearchStrategy[Expression]) -> st.SearchStrategy[Arithmetic]:
    return st.builds(Arithmetic, st.sampled_from("+-*/"), operands, operands, _here)


_expressions: st.SearchStrategy[Expression] = st.recursive(_terms | _lengths, _arithmetics, max_leaves=6)
_arguments = st.builds(Argument, st.none() | _names, _terms, _here)
# Brackets hold something: a term, or `..`.
_atoms = st.builds(Atom, _names, several(_arguments, 1, 5), st.booleans(), _here, _here) | st.builds(
    Atom, _names, st.just(()), st.just(True), _here, _here
)
_operators = st.sampled_from(("=", "!=", "<", "<=", ">", ">="))
_holds = st.builds(Holds, _atoms, st.booleans(), _here)
_latests = st.builds(Latest, _atoms, st.none() | _terms, st.booleans(), _here)
_recorded = st.builds(Recorded, _atoms, st.booleans(), _here)
# What stands before `in` is one word, and no word after which a name means something else. After `not` it is a name or a
# variable: a number or a date that is in no class need not be said.
_members = st.builds(
    ConceptName, _names.filter(lambda n: n not in ("not", "latest", "recorded", "unrecorded", "reading")), _here
)
_named: st.SearchStrategy[Term] = st.one_of(_variables, _anonymous, _members)
_bare: st.SearchStrategy[Term] = st.one_of(_days, st.builds(Number, _decimals, st.none(), _here))
_memberships = st.builds(Membership, _named, _concept_names, st.booleans(), _here) | st.builds(
    Membership, _bare, _concept_names, st.just(False), _here
)
_readings_are = st.builds(ReadingIs, _names, _names, _here)
_comparisons = st.builds(Comparison, _operators, _expressions, _expressions, _here)


def _aggregates(inside: st.SearchStrategy[Literal]) -> st.SearchStrategy[Aggregate]:
    return st.builds(
        Aggregate,
        st.sampled_from(Summary),
        several(_variables, 1, 2),
        several(inside, 1),
        st.none() | _durations,
        _operators,
        _expressions,
        _here,
    )


_plain: st.SearchStrategy[Literal] = st.one_of(_holds, _latests, _recorded, _memberships, _readings_are, _comparisons)
_literals: st.SearchStrategy[Literal] = st.recursive(_plain, _aggregates, max_leaves=4)
_labels = st.builds(Label, st.none() | _capitals, _texts, _here)
_citations = st.builds(Citation, _names, _here)
# A conversion is between amounts: both have a unit, and neither a sign.
_quantities = st.builds(Number, _decimals, _units, _here)
_equalities = st.builds(Equality, _quantities, _quantities)
_codes = st.builds(Code, _names, _texts)
_column_types = st.builds(ColumnType, _names, st.none() | _units, _here)
_columns = st.builds(ColumnStatement, _names, st.none() | _column_types, _here)
_products = st.builds(ColumnProduct, _names, _names, _names, _here)
_sources = st.builds(SourceStatement, _names, _texts, st.booleans(), _here)
_concepts = st.builds(
    ConceptStatement,
    _names,
    several(_concept_names),
    _texts,
    several(_texts),
    st.none() | _units,
    several(_equalities),
    several(_codes),
    several(_citations),
    _here,
    _here,
)
_relations = st.builds(
    RelationStatement, st.sampled_from(Kind), _names, several(_columns, 1), _texts, st.none() | _products, _here, _here
)
_readings = st.builds(ReadingStatement, _names, several(_names, 1), _texts, _here)
_rules = st.builds(
    Rule, st.none() | _labels, st.none() | st.sampled_from(Role), _atoms, several(_literals), several(_citations), _here
)

OF_STATEMENTS: dict[type, st.SearchStrategy[Statement]] = {
    SourceStatement: _sources,
    ConceptStatement: _concepts,
    RelationStatement: _relations,
    ReadingStatement: _readings,
    Rule: _rules,
}
OF_LITERALS: dict[type, st.SearchStrategy[Literal]] = {
    Holds: _holds,
    Latest: _latests,
    Recorded: _recorded,
    Membership: _memberships,
    ReadingIs: _readings_are,
    Comparison: _comparisons,
    Aggregate: _aggregates(_literals),
}
OF_EXPRESSIONS: dict[type, st.SearchStrategy[Expression]] = {
    Variable: _variables,
    Anonymous: _anonymous,
    ConceptName: _concept_names,
    Number: _numbers,
    Day: _days,
    Length: _lengths,
    Arithmetic: _arithmetics(_expressions),
}
OF_PARTS = {
    Argument: _arguments,
    Atom: _atoms,
    Citation: _citations,
    Equality: _equalities,
    Code: _codes,
    ColumnType: _column_types,
    ColumnStatement: _columns,
    ColumnProduct: _products,
    Label: _labels,
}

statements: st.SearchStrategy[Statement] = st.one_of(*OF_STATEMENTS.values())
literals = _literals
expressions = _expressions
