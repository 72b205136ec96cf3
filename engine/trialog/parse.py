"""Tokens to the tree: recursive descent, one function for each thing an author can say."""

from trialog.cursor import Cursor, SyntaxProblem
from trialog.lexer import Token
from trialog.page import Block
from trialog.parse_body import Bodies
from trialog.problem import Problem, did_you_mean
from trialog.tree import (
    Citation,
    Code,
    ColumnProduct,
    ColumnStatement,
    ColumnType,
    ConceptName,
    ConceptStatement,
    Equality,
    Label,
    Number,
    ReadingStatement,
    RelationStatement,
    Role,
    Rule,
    SourceStatement,
    Statement,
)
from trialog.vocabulary import Kind

_KINDS = {kind.value: kind for kind in Kind}
_ROLES = {role.value: role for role in Role}


def parse(block: Block) -> tuple[list[Statement], list[Problem]]:
    """The statements of a block. A statement that cannot be read is a problem, and reading goes on after its full stop."""
    cursor = Cursor(block)
    reader = _Statements(cursor)
    statements: list[Statement] = []
    while not cursor.at_end():
        try:
            statements.append(reader.statement())
        except SyntaxProblem as error:
            cursor.problems.append(error.problem)
            cursor.skip_statement()
    return statements, cursor.problems


class _Statements:
    """Reads declarations, facts and rules, at a cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.bodies = Bodies(cursor)

    # -- statements ----------------------------------------------------------------------------------------------

    def statement(self) -> Statement:
        self.cursor.depth = 0
        start, keyword = self.cursor.token, self.cursor.token.words
        follows_name = self.cursor.token.kind == "name" and self.cursor.kind_ahead(1) == "name"
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
                self.cursor.fail("a declaration or a rule", "here", did_you_mean(keyword, words))
        return self.rule(start)

    def finish(self, what: str) -> None:
        self.cursor.expect(".", f"at the end of {what}")

    def source_statement(self, start: Token) -> SourceStatement:
        self.cursor.take()
        name = self.cursor.expect_kind("name", "a name", "after `source`").words
        citation = self.cursor.text("the citation in double quotes", "after the name of a source")
        verified = not self.cursor.accept("unverified")
        self.finish("a source")
        return SourceStatement(name, citation, verified, self.cursor.since(start))

    def concept_statement(self, start: Token) -> ConceptStatement:
        self.cursor.take()
        name = self.cursor.expect_kind("name", "a name", "after `concept`")
        parents: tuple[ConceptName, ...] = ()
        if self.cursor.accept("in"):
            parents = self.cursor.several(lambda: self.bodies.concept_name("after `in`"), ",")
        label = self.cursor.text("what people call it, in double quotes,", "in the declaration of a concept")
        also = (
            self.cursor.several(lambda: self.cursor.text("another name in double quotes", "after `also`"), ",")
            if self.cursor.accept("also")
            else ()
        )
        unit = self.cursor.unit("after `unit`") if self.cursor.accept("unit") else None
        conversions: list[Equality] = []
        while self.cursor.accept("where"):
            left = self.quantity("after `where`")
            self.cursor.expect("=", "between the two sides of a conversion")
            conversions.append(Equality(left, self.quantity("after `=`")))
        codes = self.cursor.several(self.code, ",") if self.cursor.accept("code") else ()
        citations = self.citations()
        self.finish("the declaration of a concept")
        return ConceptStatement(
            name.words,
            parents,
            label,
            also,
            unit,
            tuple(conversions),
            codes,
            citations,
            self.cursor.since(start),
            name.at,
        )

    def code(self) -> Code:
        system = self.cursor.expect_kind("name", "the name of a code system", "after `code`").words
        return Code(system, self.cursor.text("a code in double quotes", "after the name of a code system"))

    def quantity(self, where: str) -> Number:
        token = self.cursor.expect_kind("number", "a number with its unit", where)
        return Number(self.cursor.number_value(token), self.cursor.unit("after a number"), self.cursor.since(token))

    def citations(self) -> tuple[Citation, ...]:
        if not self.cursor.accept("["):
            return ()
        found = self.cursor.several(self.citation, ",")
        self.cursor.expect("]", "after the sources")
        return found

    def citation(self) -> Citation:
        token = self.cursor.expect_kind("name", "the name of a source", "inside `[…]`")
        return Citation(token.words, token.at)

    def reading_statement(self, start: Token) -> ReadingStatement:
        self.cursor.take()
        name = self.cursor.expect_kind("name", "a name", "after `reading`").words
        self.cursor.expect("=", "after the name of a reading")
        options = self.cursor.several(
            lambda: self.cursor.expect_kind("name", "the name of an option", "in a reading").words, "|"
        )
        description = self.cursor.text("what it decides, in double quotes,", "at the end of a reading")
        self.finish("a reading")
        return ReadingStatement(name, options, description, self.cursor.since(start))

    def relation_statement(self, start: Token) -> RelationStatement:
        kind = _KINDS[self.cursor.take().words]
        name = self.cursor.expect_kind("name", "a name", f"after `{kind.value}`")
        self.cursor.expect("(", "after the name of a relation")
        columns = self.cursor.several(self.column, ",")
        self.cursor.expect(")", "after the columns")
        description = self.cursor.text(
            "what it holds, in double quotes,", "at the end of the declaration of a relation"
        )
        product = self.column_product() if self.cursor.sees("where") else None
        self.finish("the declaration of a relation")
        return RelationStatement(kind, name.words, columns, description, product, self.cursor.since(start), name.at)

    def column_product(self) -> ColumnProduct:
        start = self.cursor.take()
        whole = self.cursor.expect_kind("name", "the name of a column", "after `where`").words
        self.cursor.expect("=", "after the name of a column")
        part = self.cursor.expect_kind("name", "the name of a column", "after `=`").words
        self.cursor.expect("*", "between a column and a measured concept")
        measure = self.cursor.expect_kind("name", "the name of a measured concept", "after `*`").words
        return ColumnProduct(whole, part, measure, self.cursor.since(start))

    def column(self) -> ColumnStatement:
        name = self.cursor.expect_kind("name", "the name of a column", "here")
        column_type = None
        if self.cursor.accept(":"):
            token = self.cursor.expect_kind("name", "the type of the column", "after `:`")
            unit = self.cursor.unit("here") if self.cursor.token.kind == "unit" else None
            column_type = ColumnType(token.words, unit, self.cursor.since(token))
        return ColumnStatement(name.words, column_type, self.cursor.since(name))

    def rule(self, start: Token) -> Rule:
        label = None
        if self.cursor.token.kind == "label":
            token = self.cursor.take()
            label = Label(
                token.words[1:] or None,
                self.cursor.text("a phrase in double quotes", "after `@`"),
                self.cursor.since(token),
            )
        role = None
        if self.cursor.token.words in _ROLES and self.cursor.kind_ahead(1) == "name":
            role = _ROLES[self.cursor.take().words]
        if self.cursor.token.kind != "name":
            self.cursor.fail("the name of a relation", "at the beginning of a rule")
        head = self.bodies.atom()
        body = self.cursor.several(self.bodies.literal, ",") if self.cursor.accept(":-") else ()
        citations = self.citations()
        self.finish("a rule" if body else "a fact")
        return Rule(label, role, head, body, citations, self.cursor.since(start))
