"""The bodies of rules: literals, aggregates, atoms, terms and expressions."""

from collections.abc import Callable
from datetime import date

from trialog.cursor import Cursor, SyntaxProblem
from trialog.lexer import Token
from trialog.problem import Problem, did_you_mean
from trialog.tree import (
    Aggregate,
    Anonymous,
    Argument,
    Arithmetic,
    Atom,
    Comparison,
    ConceptName,
    Day,
    Expression,
    Holds,
    Latest,
    Length,
    Literal,
    Membership,
    Number,
    ReadingIs,
    Recorded,
    Summary,
    Term,
    Variable,
)
from trialog.values import Duration

_SUMMARIES = {summary.value: summary for summary in Summary}
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_PERIODS = {
    "day": (0, 1), "days": (0, 1), "week": (0, 7), "weeks": (0, 7),
    "month": (1, 0), "months": (1, 0), "year": (12, 0), "years": (12, 0),
}  # fmt: skip
_LARGEST_PERIOD = 100_000


class Bodies:
    """Reads what stands in the body of a rule, at a cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor

    def comparison_sign(self, where: str) -> str:
        if self.cursor.token.words not in _COMPARISONS or self.cursor.token.kind != "sign":
            self.cursor.fail("one of `=` `!=` `<` `<=` `>` `>=`", where)
        return self.cursor.take().words

    # -- literals ------------------------------------------------------------------------------------------------

    def literal(self) -> Literal:
        start = self.cursor.token
        if self.cursor.token.words in _SUMMARIES and self.cursor.sees("{", 1):
            return self.aggregate(start)
        if self.cursor.sees("reading") and self.cursor.kind_ahead(1) == "name":
            self.cursor.take()
            name = self.cursor.take().words
            self.cursor.expect("=", "after the name of a reading")
            option = self.cursor.expect_kind("name", "the name of an option", "after `=`").words
            return ReadingIs(name, option, self.cursor.since(start))
        negated = bool(
            self.cursor.sees("not") and self.cursor.kind_ahead(1) in ("name", "variable") and self.cursor.take()
        )
        if self.cursor.sees("latest") and self.cursor.kind_ahead(1) == "name":
            self.cursor.take()
            atom = self.atom()
            when = self.term() if self.cursor.accept("at") else None
            return Latest(atom, when, negated, self.cursor.since(start))
        if self.cursor.token.words in ("recorded", "unrecorded") and self.cursor.kind_ahead(1) == "name":
            if negated:
                self.cursor.fail(
                    "a relation or `X in class`",
                    "after `not`",
                    "`unrecorded` is the opposite of `recorded`; neither takes `not`",
                )
            absent = self.cursor.take().words == "unrecorded"
            return Recorded(self.atom(), absent, self.cursor.since(start))
        if self.cursor.token.kind == "name" and self.cursor.sees("(", 1):
            return Holds(self.atom(), negated, self.cursor.since(start))
        if self.cursor.sees("in", 1):
            term = self.term()
            self.cursor.take()
            return Membership(term, self.concept_name("after `in`"), negated, self.cursor.since(start))
        if negated:
            self.cursor.fail(
                "a relation or `X in class`", "after `not`", "turn a comparison round instead: `<` for `not >=`"
            )
        left = self.expression()
        operator = self.comparison_sign("between the two sides of a comparison")
        return Comparison(operator, left, self.expression(), self.cursor.since(start))

    def aggregate(self, start: Token) -> Aggregate:
        summary = _SUMMARIES[self.cursor.take().words]
        self.cursor.nest()
        self.cursor.expect("{", "after the name of an aggregate")
        variables = self.cursor.several(self.variable, ",")
        self.cursor.expect(":", "after the variables of an aggregate")
        body = self.cursor.several(self.literal, ",")
        self.cursor.expect("}", "at the end of an aggregate")
        self.cursor.depth -= 1
        gap = None
        if self.cursor.accept("gap"):
            number = self.cursor.expect_kind("number", "a duration", "after `gap`")
            gap = self.duration(number)
        operator = self.comparison_sign("after an aggregate")
        return Aggregate(summary, variables, body, gap, operator, self.expression(), self.cursor.since(start))

    def variable(self) -> Variable:
        token = self.cursor.expect_kind("variable", "a variable", "in an aggregate")
        return Variable(token.words, token.at)

    def atom(self) -> Atom:
        name = self.cursor.take()
        self.cursor.expect("(", f"after `{name.words}`")
        arguments: list[Argument] = []
        rest = False
        while True:
            if self.cursor.accept(".."):
                rest = True
                break
            arguments.append(self.argument())
            if not self.cursor.accept(","):
                break
        self.cursor.expect(")", "after the arguments")
        return Atom(name.words, tuple(arguments), rest, self.cursor.since(name), name.at)

    def argument(self) -> Argument:
        start = self.cursor.token
        column = None
        if self.cursor.token.kind == "name" and self.cursor.sees(":", 1):
            column = self.cursor.take().words
            self.cursor.take()
        return Argument(column, self.term(), self.cursor.since(start))

    # -- terms and expressions -----------------------------------------------------------------------------------

    def term(self) -> Term:
        start = self.cursor.token
        match start.kind:
            case "variable":
                self.cursor.take()
                return Anonymous(start.at) if start.words == "_" else Variable(start.words, start.at)
            case "name":
                self.cursor.take()
                return ConceptName(start.words, start.at)
            case "date":
                self.cursor.take()
                try:
                    return Day(date.fromisoformat(start.words).toordinal(), start.at)
                except ValueError:
                    raise SyntaxProblem(
                        Problem(
                            "E104", f"`{start.words}` is not a day of the calendar", start.at, "write it as 2025-03-31"
                        )
                    ) from None
            case "number":
                self.cursor.take()
                return self.number(start)
            case "sign" if start.words == "-" and self.cursor.kind_ahead(1) == "number":
                self.cursor.take()
                number = self.number(self.cursor.take())
                return Number(-number.value, number.unit, self.cursor.since(start))
            case _:
                self.cursor.fail("a variable, a concept, a number or a date", "here")

    def number(self, token: Token) -> Number:
        value = self.cursor.number_value(token)
        unit = self.cursor.take().words[1:-1] if self.cursor.token.kind == "unit" else None
        return Number(value, unit, self.cursor.since(token))

    def duration(self, number: Token) -> Duration:
        value = self.cursor.number_value(number)
        if self.cursor.token.words not in _PERIODS or self.cursor.token.kind != "name":
            self.cursor.fail(
                "`days`, `weeks`, `months` or `years`",
                "after the number of a duration",
                did_you_mean(self.cursor.token.words, _PERIODS),
            )
        months, days = _PERIODS[self.cursor.take().words]
        if not isinstance(value, int) or value > _LARGEST_PERIOD:
            raise SyntaxProblem(
                Problem(
                    "E104",
                    f"a duration of `{number.words}` is not a whole number of readable size",
                    number.at,
                    "use a smaller unit: 18 months for one and a half years",
                )
            )
        return Duration(months * value, days * value)

    def expression(self) -> Expression:
        return self.joined(("+", "-"), self.product)

    def product(self) -> Expression:
        return self.joined(("*", "/"), self.factor)

    def joined(self, operators: tuple[str, str], one: Callable[[], Expression]) -> Expression:
        """Terms joined from left to right; each goes one level deeper into the tree, and counts as one."""
        left, depth = one(), self.cursor.depth
        while self.cursor.token.kind == "sign" and self.cursor.token.words in operators:
            self.cursor.nest()
            operator = self.cursor.take().words
            right = one()
            left = Arithmetic(operator, left, right, left.at.to(right.at))
        self.cursor.depth = depth
        return left

    def factor(self) -> Expression:
        if self.cursor.accept("("):
            self.cursor.nest()
            inside = self.expression()
            self.cursor.depth -= 1
            self.cursor.expect(")", "to close `(`")
            return inside
        if (
            self.cursor.token.kind == "number"
            and self.cursor.kind_ahead(1) == "name"
            and self.cursor.tokens[self.cursor.next + 1].words in _PERIODS
        ):
            start = self.cursor.take()
            return Length(self.duration(start), self.cursor.since(start))
        return self.term()

    def concept_name(self, where: str) -> ConceptName:
        token = self.cursor.expect_kind("name", "the name of a concept", where)
        return ConceptName(token.words, token.at)
