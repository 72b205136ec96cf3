"""Tokens to the tree: recursive descent, one function for each thing an author can say."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from trialog.cursor import Cursor, SyntaxProblem
from trialog.lexer import Token
from trialog.page import Block
from trialog.parse_body import Bodies
from trialog.problem import Problem
from trialog.source import Span
from trialog.spelling import asked, respelt
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
    Variable,
)
from trialog.vocabulary import Kind

_KINDS = {kind.value: kind for kind in Kind}
_ROLES = {role.value: role for role in Role}
_KEYWORDS = (*_KINDS, *_ROLES, "source", "concept", "reading")


@dataclass(frozen=True, slots=True)
class Broken:
    """What can be told of a statement that cannot be read, so that nothing else is told because of it.

    `declares` is the name that it would have declared or defined, empty where none is seen; `mentions` are all names in it.
    """

    declares: str
    mentions: frozenset[str]
    role: Role | None
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Parsed:
    """The statements of a block, what is left of those that cannot be read, and what is wrong."""

    statements: tuple[Statement, ...]
    broken: tuple[Broken, ...]
    problems: tuple[Problem, ...]


def parse(block: Block) -> tuple[list[Statement], list[Problem]]:
    """The statements of a block. A statement that cannot be read is a problem, and reading goes on after its full stop."""
    parsed = parse_all(block)
    return list(parsed.statements), list(parsed.problems)


def parse_all(block: Block) -> Parsed:
    """The statements of a block, and what is left of those that cannot be read."""
    cursor = Cursor(block)
    reader = _Statements(cursor)
    statements: list[Statement] = []
    broken: list[Broken] = []
    while not cursor.at_end():
        cursor.begin = begin = cursor.next
        told = len(cursor.problems)
        statement = None
        try:
            statement = reader.statement()
        except SyntaxProblem as error:
            del cursor.problems[told:]  # what was mended in it
            cursor.skip_statement()
            if not cursor.unread_since(begin, cursor.token.at.start):
                cursor.problems.append(error.problem)
        if statement is not None and not cursor.unread_since(begin, cursor.just_after().end):
            statements.append(statement)
        else:
            broken.append(_broken(cursor.tokens[begin : cursor.next]))
    return Parsed(tuple(statements), tuple(broken), tuple(cursor.problems))


def _broken(tokens: Sequence[Token]) -> Broken:
    """What the tokens of a statement tell without being read."""
    labelled = 1 + (tokens[1:2] != [] and tokens[1].kind == "text") if tokens[0].kind == "label" else 0
    names = [t.words.lower() for t in tokens[labelled:] if t.kind in ("name", "variable")]
    role = _ROLES.get(names[0]) if names else None
    first = names[:1]
    if len(tokens) > labelled + 1 and all(t.kind in ("name", "variable") for t in tokens[labelled : labelled + 2]):
        first = names[1:2]
    mentions = frozenset(t.words for t in tokens if t.kind == "name")
    return Broken(first[0] if first else "", mentions, role, tokens[0].at.to(tokens[-1].at))


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
        if follows_name and keyword not in _KEYWORDS:
            keyword = self.keyword()
        match keyword:
            case "source" if follows_name:
                return self.source_statement(start)
            case "concept" if follows_name:
                return self.concept_statement(start)
            case "reading" if follows_name:
                return self.reading_statement(start)
            case _ if follows_name and keyword in _KINDS:
                return self.relation_statement(start, _KINDS[keyword])
            case _:
                return self.rule(start, keyword if follows_name else "")

    def keyword(self) -> str:
        """The word that begins a statement, where another one is written for it."""
        token = self.cursor.token
        fixes = respelt(token.at, _KEYWORDS)
        claim = f"a declaration or a rule is wanted here, not `{token.words}`"
        problem = Problem("E103", claim, token.at, asked(fixes), fixes=fixes)
        if problem.safe_fix is None:
            raise SyntaxProblem(problem)
        self.cursor.problems.append(problem)
        return fixes[0].edits[0].words

    def finish(self, what: str, has_body: bool = False) -> None:
        self.cursor.finish(what, has_body)

    def source_statement(self, start: Token) -> SourceStatement:
        self.cursor.take()
        name = self.cursor.expect_kind("name", "a name", "after `source`").words
        citation = self.cursor.text("the citation in double quotes", "after the name of a source")
        verified = not self.cursor.accept("unverified")
        self.finish("this source")
        return SourceStatement(name, citation, verified, self.cursor.since(start))

    def concept_statement(self, start: Token) -> ConceptStatement:
        self.cursor.take()
        name = self.cursor.expect_kind("name", "a name", "after `concept`")
        parents: tuple[ConceptName, ...] = ()
        if self.cursor.accept("in"):
            parents = self.cursor.several(lambda: self.bodies.concept_name("after `in`"), ",")
        is_name = self.cursor.token.kind == "name"
        help_ = "the concept just above it stands after `in`" if is_name and not parents else ""
        what, where = "what people call it, in double quotes,", "in the declaration of a concept"
        label = self.cursor.text(what, where, help_)
        also = (
            self.cursor.several(lambda: self.cursor.text("another name in double quotes", "after `also`"), ",")
            if self.cursor.accept("also")
            else ()
        )
        unit, unit_at = None, None
        if self.cursor.accept("unit"):
            unit_at = self.cursor.token.at
            unit = self.cursor.unit("after `unit`")
        conversions: list[Equality] = []
        while self.cursor.accept("where"):
            left = self.quantity("after `where`")
            self.cursor.expect("=", "between the two sides of a conversion")
            conversions.append(Equality(left, self.quantity("after `=`")))
        codes = self.cursor.several(self.code, ",") if self.cursor.accept("code") else ()
        citations = self.citations()
        self.finish("this concept")
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
            unit_at,
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
        help_ = "options are separated by `|`" if self.cursor.token.kind == "name" else ""
        description = self.cursor.text("what it decides, in double quotes,", "at the end of a reading", help_)
        self.finish("this reading")
        return ReadingStatement(name, options, description, self.cursor.since(start))

    def relation_statement(self, start: Token, kind: Kind) -> RelationStatement:
        self.cursor.take()
        name = self.cursor.expect_kind("name", "a name", f"after `{kind.value}`")
        self.cursor.expect("(", "after the name of a relation")
        columns = self.cursor.several(self.column, ",")
        help_ = ""
        if self.cursor.token.kind == "name":
            unit_help = f"a unit stands in single quotes: `'{self.cursor.token.words}'`"
            help_ = "columns are separated by `,`" if self.cursor.sees(":", 1) else unit_help
        self.cursor.expect(")", "after the columns", help_)
        description = self.cursor.text(
            "what it holds, in double quotes,", "at the end of the declaration of a relation"
        )
        product = self.column_product() if self.cursor.sees("where") else None
        self.finish("this relation")
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

    def rule(self, start: Token, keyword: str) -> Rule:
        label = None
        if self.cursor.token.kind == "label":
            token = self.cursor.take()
            label = Label(
                token.words[1:] or None,
                self.cursor.text("a phrase in double quotes", "after `@`", 'as in `@S1 "had a stroke"`'),
                self.cursor.since(token),
            )
            if self.cursor.token.kind == "name" and self.cursor.kind_ahead(1) == "name":
                words = self.cursor.token.words
                keyword = words if words in _KEYWORDS else self.keyword()
        role = _ROLES.get(keyword)
        if role is not None:
            self.cursor.take()
        if self.cursor.token.kind != "name":
            written = self.cursor.token.words
            small = f"a relation begins with a small letter: `{written.lower()}`"
            help_ = small if self.cursor.token.kind == "variable" and written != "_" else ""
            self.cursor.fail("the name of a relation", "at the beginning of a rule", help_)
        head = self.bodies.atom()
        body = self.cursor.several(self.bodies.literal, ",") if self.cursor.accept(":-") else ()
        citations = self.citations()
        if not body and not citations and any(isinstance(a.term, Variable) for a in head.arguments):
            self.cursor.expect("." if self.cursor.sees(".") else ":-", "after the head of a rule")
        else:
            self.finish("this rule" if body else "this fact", has_body=bool(body) and not citations)
        return Rule(label, role, head, body, citations, self.cursor.since(start))
