"""A place in the tokens of a block, and what can be asked of what follows."""

from collections.abc import Callable
from typing import NoReturn

from trialog.lexer import Token, tokens
from trialog.page import Block
from trialog.problem import Problem
from trialog.source import Span
from trialog.values import Exact, decimal

_DEEPEST = 40


class SyntaxProblem(Exception):  # noqa: N818 (it carries a problem to whoever can go on after it)
    """A statement cannot be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.claim)
        self.problem = problem


class Cursor:
    def __init__(self, block: Block) -> None:
        self.tokens, self.problems = tokens(block.at.source, block.at.start, block.at.end)
        self.next = 0
        self.depth = 0

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
        raise SyntaxProblem(Problem("E103", f"{wanted} is wanted {where}, not {found}", self.token.at, help_))

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

    def text(self, what: str, where: str) -> str:
        return self.expect_kind("text", what, where).words[1:-1]

    def unit(self, where: str) -> str:
        return self.expect_kind("unit", "a unit in single quotes", where).words[1:-1]

    def number_value(self, token: Token) -> Exact:
        try:
            return decimal(token.words)
        except ValueError as error:
            raise SyntaxProblem(
                Problem("E104", str(error), token.at, "write a smaller number in a larger unit")
            ) from None

    def nest(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise SyntaxProblem(
                Problem(
                    "E103",
                    f"this is nested more than {_DEEPEST} deep",
                    self.token.at,
                    "name a part of it in a rule of its own",
                )
            )
