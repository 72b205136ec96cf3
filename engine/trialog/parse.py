"""Tokens to the tree: recursive descent, one function for each thing an author can say."""

from collections.abc import Callable
from datetime import date
from typing import NoReturn

from trialog.lexer import Token, tokens
from trialog.page import Block
from trialog.problem import Problem, did_you_mean
from trialog.source import Span
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
from trialog.values import Duration, Exact, decimal
from trialog.vocabulary import Kind

_KINDS = {kind.value: kind for kind in Kind}
_ROLES = {role.value: role for role in Role}
_SUMMARIES = {summary.value: summary for summary in Summary}
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_PERIODS = {
    "day": (0, 1), "days": (0, 1), "week": (0, 7), "weeks": (0, 7),
    "month": (1, 0), "months": (1, 0), "year": (12, 0), "years": (12, 0),
}  # fmt: skip
_LARGEST_PERIOD = 100_000
_DEEPEST = 40


class _SyntaxError(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def parse(block: Block) -> tuple[list[Statement], list[Problem]]:
    """The statements of a block. A statement that cannot be read is a problem, and reading goes on after its full stop."""
    parser = _Parser(block)
    statements: list[Statement] = []
    while not parser.at_end():
        try:
            statements.append(parser.statement())
        except _SyntaxError as error:
            parser.problems.append(error.problem)
            parser.skip_statement()
    return statements, parser.problems


class _Parser:
    """A place in the tokens of one block."""

    def __init__(self, block: Block) -> None:
        self.tokens, self.problems = tokens(block.at.source, block.at.start, block.at.end)
        self.next = 0
        self.depth = 0

    # -- the tokens ----------------------------------------------------------------------------------------------

    @property
    def token(self) -> Token:
        return self.tokens[self.next]

    def at_end(self) -> bool:
        return self.token.kind == "end"

    def sees(self, words: str, ahead: int = 0) -> bool:
        at = min(self.next + ahead, len(self.tokens) - 1)
        return self.tokens[at].words == words and self.tokens[at].kind in ("sign", "name")

    def kind_ahead(self, ahead: int) -> str:
        return self.tokens[min(self.next + ahead, len(self.tokens) - 1)].kind

    def take(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.next += 1
        return token

    def accept(self, words: str) -> Token | None:
        return self.take() if self.sees(words) else None

    def expect(self, words: str, where: str) -> Token:
        if not self.sees(words):
            self.fail(f"`{words}`", where)
        return self.take()

    def expect_kind(self, kind: str, what: str, where: str) -> Token:
        if self.token.kind != kind:
            self.fail(what, where)
        return self.take()

    def fail(self, wanted: str, where: str, help_: str = "") -> NoReturn:
        found = self.token.words if self.token.kind == "end" else f"`{self.token.words}`"
        raise _SyntaxError(Problem("E103", f"{wanted} is wanted {where}, not {found}", self.token.at, help_))

    def skip_statement(self) -> None:
        """Go on after the next full stop, or before what can only begin a statement."""
        while not self.at_end():
            if self.take().words == ".":
                return
            if self.token.kind == "label":
                return

    def since(self, start: Token) -> Span:
        return start.at.to(self.tokens[self.next - 1].at) if self.next else start.at

    def several[T](self, one: Callable[[], T], separator: str) -> tuple[T, ...]:
        found = [one()]
        while self.accept(separator):
            found.append(one())
        return tuple(found)

    # -- statements ----------------------------------------------------------------------------------------------

    def statement(self) -> Statement:
        self.depth = 0
        start, keyword = self.token, self.token.words
        follows_name = self.token.kind == "name" and self.kind_ahead(1) == "name"
        match keyword:
            case "source" if follows_name:
                return self.source_statement(start)
            case "concept" if follows_name:
                return self.concept_statement(start)
            case "reading" if follows_name:
                return self.reading_statement(start)
            case _ if follows_name and keyword in _KINDS:
                return self.relation_statement(start)
            case _ if follows_name and keyword not in _ROLES:
                words = (*_KINDS, *_ROLES, "source", "concept", "reading")
                self.fail("a declaration or a rule", "here", did_you_mean(keyword, words))
        return self.rule(start)

    def finish(self, what: str) -> None:
        self.expect(".", f"at the end of {what}")

    def text(self, what: str, where: str) -> str:
        return self.expect_kind("text", what, where).words[1:-1]

    def source_statement(self, start: Token) -> SourceStatement:
        self.take()
        name = self.expect_kind("name", "a name", "after `source`").words
        citation = self.text("the citation in double quotes", "after the name of a source")
        verified = not self.accept("unverified")
        self.finish("a source")
        return SourceStatement(name, citation, verified, self.since(start))

    def concept_statement(self, start: Token) -> ConceptStatement:
        self.take()
        name = self.expect_kind("name", "a name", "after `concept`")
        parents: tuple[ConceptName, ...] = ()
        if self.accept("in"):
            parents = self.several(lambda: self.concept_name("after `in`"), ",")
        label = self.text("what people call it, in double quotes,", "in the declaration of a concept")
        also = self.several(lambda: self.text("another name in double quotes", "after `also`"), ",") if self.accept("also") else ()
        unit = self.unit("after `unit`") if self.accept("unit") else None
        conversions: list[Equality] = []
        while self.accept("where"):
            left = self.quantity("after `where`")
            self.expect("=", "between the two sides of a conversion")
            conversions.append(Equality(left, self.quantity("after `=`")))
        codes = self.several(self.code, ",") if self.accept("code") else ()
        citations = self.citations()
        self.finish("the declaration of a concept")
        return ConceptStatement(name.words, parents, label, also, unit, tuple(conversions), codes, citations, self.since(start), name.at)

    def concept_name(self, where: str) -> ConceptName:
        token = self.expect_kind("name", "the name of a concept", where)
        return ConceptName(token.words, token.at)

    def code(self) -> Code:
        system = self.expect_kind("name", "the name of a code system", "after `code`").words
        return Code(system, self.text("a code in double quotes", "after the name of a code system"))

    def unit(self, where: str) -> str:
        return self.expect_kind("unit", "a unit in single quotes", where).words[1:-1]

    def quantity(self, where: str) -> Number:
        token = self.expect_kind("number", "a number with its unit", where)
        return Number(self.number_value(token), self.unit("after a number"), self.since(token))

    def citations(self) -> tuple[Citation, ...]:
        if not self.accept("["):
            return ()
        found = self.several(self.citation, ",")
        self.expect("]", "after the sources")
        return found

    def citation(self) -> Citation:
        token = self.expect_kind("name", "the name of a source", "inside `[…]`")
        return Citation(token.words, token.at)

    def reading_statement(self, start: Token) -> ReadingStatement:
        self.take()
        name = self.expect_kind("name", "a name", "after `reading`").words
        self.expect("=", "after the name of a reading")
        options = self.several(lambda: self.expect_kind("name", "the name of an option", "in a reading").words, "|")
        description = self.text("what it decides, in double quotes,", "at the end of a reading")
        self.finish("a reading")
        return ReadingStatement(name, options, description, self.since(start))

    def relation_statement(self, start: Token) -> RelationStatement:
        kind = _KINDS[self.take().words]
        name = self.expect_kind("name", "a name", f"after `{kind.value}`")
        self.expect("(", "after the name of a relation")
        columns = self.several(self.column, ",")
        self.expect(")", "after the columns")
        description = self.text("what it holds, in double quotes,", "at the end of the declaration of a relation")
        product = self.column_product() if self.sees("where") else None
        self.finish("the declaration of a relation")
        return RelationStatement(kind, name.words, columns, description, product, self.since(start), name.at)

    def column_product(self) -> ColumnProduct:
        start = self.take()
        whole = self.expect_kind("name", "the name of a column", "after `where`").words
        self.expect("=", "after the name of a column")
        part = self.expect_kind("name", "the name of a column", "after `=`").words
        self.expect("*", "between a column and a measured concept")
        measure = self.expect_kind("name", "the name of a measured concept", "after `*`").words
        return ColumnProduct(whole, part, measure, self.since(start))

    def column(self) -> ColumnStatement:
        name = self.expect_kind("name", "the name of a column", "here")
        column_type = None
        if self.accept(":"):
            token = self.expect_kind("name", "the type of the column", "after `:`")
            unit = self.unit("here") if self.token.kind == "unit" else None
            column_type = ColumnType(token.words, unit, self.since(token))
        return ColumnStatement(name.words, column_type, self.since(name))

    def rule(self, start: Token) -> Rule:
        label = None
        if self.token.kind == "label":
            token = self.take()
            label = Label(token.words[1:] or None, self.text("a phrase in double quotes", "after `@`"), self.since(token))
        role = None
        if self.token.words in _ROLES and self.kind_ahead(1) == "name":
            role = _ROLES[self.take().words]
        if self.token.kind != "name":
            self.fail("the name of a relation", "at the beginning of a rule")
        head = self.atom()
        body = self.several(self.literal, ",") if self.accept(":-") else ()
        citations = self.citations()
        self.finish("a rule" if body else "a fact")
        return Rule(label, role, head, body, citations, self.since(start))

    # -- literals ------------------------------------------------------------------------------------------------

    def literal(self) -> Literal:
        start = self.token
        if self.token.words in _SUMMARIES and self.sees("{", 1):
            return self.aggregate(start)
        if self.sees("reading") and self.kind_ahead(1) == "name":
            self.take()
            name = self.take().words
            self.expect("=", "after the name of a reading")
            option = self.expect_kind("name", "the name of an option", "after `=`").words
            return ReadingIs(name, option, self.since(start))
        negated = bool(self.sees("not") and self.kind_ahead(1) in ("name", "variable") and self.take())
        if self.sees("latest") and self.kind_ahead(1) == "name":
            self.take()
            atom = self.atom()
            when = self.term() if self.accept("at") else None
            return Latest(atom, when, negated, self.since(start))
        if self.token.words in ("recorded", "unrecorded") and self.kind_ahead(1) == "name":
            if negated:
                self.fail("`recorded` or `unrecorded`", "without `not` before it")
            absent = self.take().words == "unrecorded"
            return Recorded(self.atom(), absent, self.since(start))
        if self.token.kind == "name" and self.sees("(", 1):
            return Holds(self.atom(), negated, self.since(start))
        if self.sees("in", 1):
            term = self.term()
            self.take()
            return Membership(term, self.concept_name("after `in`"), negated, self.since(start))
        if negated:
            self.fail("a relation or `X in class`", "after `not`", "turn a comparison round instead: `<` for `not >=`")
        left = self.expression()
        operator = self.comparison_sign("between the two sides of a comparison")
        return Comparison(operator, left, self.expression(), self.since(start))

    def comparison_sign(self, where: str) -> str:
        if self.token.words not in _COMPARISONS or self.token.kind != "sign":
            self.fail("one of `=` `!=` `<` `<=` `>` `>=`", where)
        return self.take().words

    def aggregate(self, start: Token) -> Aggregate:
        summary = _SUMMARIES[self.take().words]
        self.nest()
        self.expect("{", "after the name of an aggregate")
        variables = self.several(self.variable, ",")
        self.expect(":", "after the variables of an aggregate")
        body = self.several(self.literal, ",")
        self.expect("}", "at the end of an aggregate")
        self.depth -= 1
        gap = None
        if self.accept("gap"):
            number = self.expect_kind("number", "a duration", "after `gap`")
            gap = self.duration(number)
        operator = self.comparison_sign("after an aggregate")
        return Aggregate(summary, variables, body, gap, operator, self.expression(), self.since(start))

    def variable(self) -> Variable:
        token = self.expect_kind("variable", "a variable", "in an aggregate")
        return Variable(token.words, token.at)

    def atom(self) -> Atom:
        name = self.take()
        self.expect("(", f"after `{name.words}`")
        arguments: list[Argument] = []
        rest = False
        while True:
            if self.accept(".."):
                rest = True
                break
            arguments.append(self.argument())
            if not self.accept(","):
                break
        self.expect(")", "after the arguments")
        return Atom(name.words, tuple(arguments), rest, self.since(name), name.at)

    def argument(self) -> Argument:
        start = self.token
        column = None
        if self.token.kind == "name" and self.sees(":", 1):
            column = self.take().words
            self.take()
        return Argument(column, self.term(), self.since(start))

    # -- terms and expressions -----------------------------------------------------------------------------------

    def term(self) -> Term:
        start = self.token
        match start.kind:
            case "variable":
                self.take()
                return Anonymous(start.at) if start.words == "_" else Variable(start.words, start.at)
            case "name":
                self.take()
                return ConceptName(start.words, start.at)
            case "date":
                self.take()
                try:
                    return Day(date.fromisoformat(start.words).toordinal(), start.at)
                except ValueError:
                    raise _SyntaxError(
                        Problem("E104", f"`{start.words}` is not a day of the calendar", start.at, "write it as 2025-03-31")
                    ) from None
            case "number":
                self.take()
                return self.number(start)
            case "sign" if start.words == "-" and self.kind_ahead(1) == "number":
                self.take()
                number = self.number(self.take())
                return Number(-number.value, number.unit, self.since(start))
        self.fail("a variable, a concept, a number or a date", "here")

    def number(self, token: Token) -> Number:
        value = self.number_value(token)
        unit = self.take().words[1:-1] if self.token.kind == "unit" else None
        return Number(value, unit, self.since(token))

    def number_value(self, token: Token) -> Exact:
        try:
            return decimal(token.words)
        except ValueError as error:
            raise _SyntaxError(Problem("E104", str(error), token.at, "write a smaller number in a larger unit")) from None

    def duration(self, number: Token) -> Duration:
        value = self.number_value(number)
        if self.token.words not in _PERIODS or self.token.kind != "name":
            self.fail("`days`, `weeks`, `months` or `years`", "after the number of a duration", did_you_mean(self.token.words, _PERIODS))
        months, days = _PERIODS[self.take().words]
        if not isinstance(value, int) or value > _LARGEST_PERIOD:
            raise _SyntaxError(Problem("E104", f"a duration of `{number.words}` is not a whole number of readable size", number.at,
                                       "use a smaller unit: 18 months for one and a half years"))
        return Duration(months * value, days * value)

    def nest(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _SyntaxError(Problem("E103", f"this is nested more than {_DEEPEST} deep", self.token.at, "name a part of it in a rule of its own"))

    def expression(self) -> Expression:
        left = self.product()
        while self.token.kind == "sign" and self.token.words in ("+", "-"):
            operator = self.take().words
            right = self.product()
            left = Arithmetic(operator, left, right, left.at.to(right.at))
        return left

    def product(self) -> Expression:
        left = self.factor()
        while self.token.kind == "sign" and self.token.words in ("*", "/"):
            operator = self.take().words
            right = self.factor()
            left = Arithmetic(operator, left, right, left.at.to(right.at))
        return left

    def factor(self) -> Expression:
        if self.accept("("):
            self.nest()
            inside = self.expression()
            self.depth -= 1
            self.expect(")", "to close `(`")
            return inside
        if self.token.kind == "number" and self.kind_ahead(1) == "name" and self.tokens[self.next + 1].words in _PERIODS:
            start = self.take()
            return Length(self.duration(start), self.since(start))
        return self.term()
