"""The bodies of rules: literals, aggregates, atoms, terms and expressions."""

from collections.abc import Callable
from datetime import date

from trialog.cursor import Cursor, SyntaxProblem
from trialog.lexer import Token
from trialog.problem import Edit, Fix, Problem
from trialog.spelling import asked, respelt
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


def _calendar(written: str) -> str:
    """Why a date that looks like one is none."""
    from calendar import month_name, monthrange

    year, month = int(written[:4]), int(written[5:7])
    if year < 1 or not 1 <= month <= 12:
        return "write year, month and day: 2025-03-31"
    return f"{month_name[month]} {year} has {monthrange(year, month)[1]} days"


_JOINING = {
    "and": "`,` joins what must hold together",
    "or": "alternatives are rules of their own; `,` joins what must hold together",
}


class Bodies:
    """Reads what stands in the body of a rule, at a cursor."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor

    def comparison_sign(self, where: str, help_: str = "") -> str:
        if self.cursor.token.words not in _COMPARISONS or self.cursor.token.kind != "sign":
            self.cursor.fail("one of `=` `!=` `<` `<=` `>` `>=`", where, help_)
        return self.cursor.take().words

    # -- literals ------------------------------------------------------------------------------------------------

    def literal(self) -> Literal:
        start = self.cursor.token
        if self.cursor.token.words in _SUMMARIES and (self.cursor.sees("{", 1) or self.is_aggregate_in_brackets()):
            return self.aggregate(start)
        if start.words in _JOINING and start.kind == "name" and self.cursor.kind_ahead(1) in ("name", "variable"):
            self.cursor.fail("a literal", "here", _JOINING[start.words])
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
            atom = self.atom()
            if self.cursor.token.kind == "sign" and self.cursor.token.words in _COMPARISONS:
                help_ = "a relation has no value: name the value among its arguments, and compare that"
                self.cursor.fail("`,` or `.`", "after a relation", help_)
            return Holds(atom, negated, self.cursor.since(start))
        if self.cursor.token.kind != "sign" and self.cursor.sees("in", 1):
            term = self.term()
            self.cursor.take()
            return Membership(term, self.concept_name("after `in`"), negated, self.cursor.since(start))
        if negated:
            help_ = "turn a comparison round instead: `<` for `not >=`"
            if self.cursor.token.kind == "name" and self.cursor.ahead(1).words not in (*_COMPARISONS, *"+-*/"):
                help_ = f"a relation has its arguments in brackets, as in `{self.cursor.token.words}(P)`"
            self.cursor.fail("a relation or `X in class`", "after `not`", help_)
        left = self.expression()
        help_ = ""
        if isinstance(left, ConceptName):
            help_ = f"a relation has its arguments in brackets, as in `{left.name}(P)`"
        elif isinstance(left, Number) and self.follows_comma_in_number(start):
            help_ = "the decimal sign is a point, as in `0.5`"
        elif self.cursor.token.kind == "variable" or self.cursor.sees("("):
            help_ = "a relation begins with a small letter, and has its arguments in brackets"
        operator = self.comparison_sign("between the two sides of a comparison", help_)
        right = self.expression()
        if self.cursor.token.words in _COMPARISONS and self.cursor.token.kind == "sign":
            self.cursor.fail("`,` or `.`", "after a comparison", "compare twice: `A < B, B < C`")
        return Comparison(operator, left, right, self.cursor.since(start))

    def follows_comma_in_number(self, token: Token) -> bool:
        """Whether the number stands right behind another and a comma, as `5` does in `0,5`."""
        text = token.at.source.text
        return text[max(0, token.at.start - 1) : token.at.start] == "," and text[max(0, token.at.start - 2)].isdigit()

    def is_aggregate_in_brackets(self) -> bool:
        """Whether `count(D : …` follows, which means `count { D : …`: no argument of a relation is a variable and a colon."""
        at = 1
        while self.cursor.sees("(" if at == 1 else ",", at) and self.cursor.kind_ahead(at + 1) == "variable":
            at += 2
        return at > 1 and self.cursor.sees(":", at)

    def aggregate(self, start: Token) -> Aggregate:
        summary = _SUMMARIES[self.cursor.take().words]
        self.cursor.nest()
        opened = self.cursor.take()
        variables = self.cursor.several(self.variable, ",")
        self.cursor.expect(":", "after the variables of an aggregate")
        body = self.cursor.several(self.literal, ",")
        closed = self.cursor.expect(")" if opened.words == "(" else "}", "at the end of an aggregate")
        if opened.words == "(":
            space = " " * (start.at.end == opened.at.start)
            edits = (Edit(opened.at, f"{space}{{"), Edit(closed.at, "}"))
            fix = Fix("write `{` and `}`", edits, is_safe=True)
            claim = f"`{{` is wanted after `{summary.value}`, not `(`"
            self.cursor.problems.append(Problem("E103", claim, opened.at, fix.says, fixes=(fix,)))
        self.cursor.depth -= 1
        gap = None
        if self.cursor.accept("gap"):
            number = self.cursor.expect_kind("number", "a duration", "after `gap`")
            gap = self.duration(number)
        operator = self.comparison_sign("after an aggregate", "an aggregate is compared: `count { D : … } >= 2`")
        return Aggregate(summary, variables, body, gap, operator, self.expression(), self.cursor.since(start))

    def variable(self) -> Variable:
        help_ = "say first what is counted or measured, then a colon: `count { D : … }`"
        token = self.cursor.expect_kind("variable", "a variable", "in an aggregate", help_)
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
        if rest and self.cursor.sees(","):
            self.cursor.fail("`)`", "after the arguments", "`..` comes last")
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
            case "name" if not self.cursor.begins_statement():
                self.cursor.take()
                return ConceptName(start.words, start.at)
            case "date":
                self.cursor.take()
                try:
                    return Day(date.fromisoformat(start.words).toordinal(), start.at)
                except ValueError:
                    claim = f"`{start.words}` is not a day of the calendar"
                    raise SyntaxProblem(Problem("E104", claim, start.at, _calendar(start.words))) from None
            case "number":
                self.cursor.take()
                return self.number(start)
            case "sign" if start.words == "-" and self.cursor.kind_ahead(1) == "number":
                self.cursor.take()
                number = self.number(self.cursor.take())
                return Number(-number.value, number.unit, self.cursor.since(start))
            case _:
                help_ = {
                    "text": "concepts are named without quotation marks",
                    "unit": "a unit stands after its number, and concepts are named without quotation marks",
                }.get(start.kind, "")
                before = self.cursor.ahead(-1).at
                if start.words in (">", "<") and self.cursor.sees("=", -1) and before.end == start.at.start:
                    fix = Fix(f"write `{start.words}=`", (Edit(before.to(start.at), f"{start.words}="),))
                    self.cursor.fail("a variable, a concept, a number or a date", "here", fix.says, (fix,))
                self.cursor.fail("a variable, a concept, a number or a date", "here", help_)

    def number(self, token: Token) -> Number:
        value = self.cursor.number_value(token)
        unit = self.cursor.take().words[1:-1] if self.cursor.token.kind == "unit" else None
        return Number(value, unit, self.cursor.since(token))

    def duration(self, number: Token) -> Duration:
        value = self.cursor.number_value(number)
        token = self.cursor.token
        if token.words not in _PERIODS or token.kind != "name":
            fixes = respelt(token.at, _PERIODS, may_mend=False) if token.kind == "name" else ()
            wanted = "`days`, `weeks`, `months` or `years`"
            help_ = asked(fixes) or "a unit stands in single quotes, as in `55 '%'`" if token.kind == "name" else ""
            self.cursor.fail(wanted, "after the number of a duration", help_, fixes)
        months, days = _PERIODS[self.cursor.take().words]
        if not isinstance(value, int) or value > _LARGEST_PERIOD:
            claim = f"a duration of `{number.words}` is not a whole number of readable size"
            help_ = "check the digits" if isinstance(value, int) else "use a smaller unit: 18 months, not 1.5 years"
            raise SyntaxProblem(Problem("E104", claim, number.at, help_))
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
            and (self.cursor.ahead(1).words in _PERIODS or not self.cursor.begins_line(self.cursor.next + 1))
        ):
            start = self.cursor.take()
            return Length(self.duration(start), self.cursor.since(start))
        return self.term()

    def concept_name(self, where: str) -> ConceptName:
        token = self.cursor.expect_kind("name", "the name of a concept", where)
        return ConceptName(token.words, token.at)
