"""A place in the tokens of a block, and what can be asked of what follows."""

from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

from trialog.lexer import Token, tokens
from trialog.page import Block
from trialog.problem import Edit, Fix, Problem
from trialog.source import Span
from trialog.values import Exact, decimal

_DEEPEST = 40
_BEFORE_RELATIONS = frozenset(("known", "event", "measure", "attribute", "judgement", "inclusion", "exclusion"))


class SyntaxProblem(Exception):  # noqa: N818 (it carries a problem to whoever can go on after it)
    """A statement cannot be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.claim)
        self.problem = problem


class Cursor:
    def __init__(self, block: Block) -> None:
        self.tokens, problems = tokens(block.at.source, block.at.start, block.at.end)
        self.problems = problems if block.closed else [_asked_first(p) for p in problems]
        self._unread = [p.at.start for p in self.problems if p.safe_fix is None]
        self.next = 0
        self.begin = 0  # where the statement that is being read begins
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.next]

    def at_end(self) -> bool:
        return self.token.kind == "end"

    def sees(self, words: str, ahead: int = 0) -> bool:
        token = self.ahead(ahead)
        return token.words == words and token.kind in ("sign", "name")

    def ahead(self, count: int) -> Token:
        return self.tokens[max(min(self.next + count, len(self.tokens) - 1), 0)]

    def kind_ahead(self, ahead: int) -> str:
        return self.ahead(ahead).kind

    def take(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.next += 1
        return token

    def accept(self, words: str) -> Token | None:
        return self.take() if self.sees(words) else None

    def expect(self, words: str, where: str, help_: str = "") -> Token:
        if not self.sees(words):
            self.fail(f"`{words}`", where, help_)
        return self.take()

    def expect_kind(self, kind: str, what: str, where: str, help_: str = "") -> Token:
        if self.token.kind != kind:
            self.fail(what, where, help_)
        return self.take()

    # -- what cannot be read -------------------------------------------------------------------------------------

    def fail(self, wanted: str, where: str, help_: str = "", fixes: tuple[Fix, ...] = ()) -> NoReturn:
        """Refuse the statement here; where this is the first word of a line, right after the last word that did fit."""
        token = self.token
        shown = token.words if token.kind == "end" else f"`{token.words}`"
        claim = f"{wanted} is wanted {where}, not {shown}"
        if self.next == self.begin or not self.begins_line(self.next):
            raise SyntaxProblem(Problem("E103", claim, token.at, help_, fixes=fixes))
        related = () if token.kind == "end" else ((token.at, "not this"),)
        raise SyntaxProblem(
            Problem("E103", claim, self.just_after(), help_, related=related, label="here", fixes=fixes)
        )

    def just_after(self) -> Span:
        """The empty place after the last token taken."""
        last = self.tokens[self.next - 1].at
        return Span(last.source, last.end, last.end)

    def begins_line(self, index: int) -> bool:
        """Whether the token is the first on its line, or the end of the block."""
        token = self.tokens[index]
        before = self.tokens[index - 1].at if index else None
        return token.kind == "end" or before is None or "\n" in before.source.text[before.end : token.at.start]

    def skip_statement(self) -> None:
        """Go on after the next full stop, or before what can only begin a statement."""
        if self.next == self.begin:
            self.take()
        while not self.at_end() and not self.begins_statement():
            if self.take().words == ".":
                return

    def begins_statement(self) -> bool:
        """Whether what follows can only be the beginning of another statement."""
        if self.token.kind == "label":
            return True
        if not self.begins_line(self.next) or self.token.kind != "name":
            return False
        if self.kind_ahead(1) == "name":
            return self._declares()
        return self._head_ends_before(":-")

    def _declares(self) -> bool:
        """Whether two names follow that begin a declaration or a marked rule, and no expression, in which any name may stand."""
        match self.token.words:
            case "source":
                return self.kind_ahead(2) == "text"
            case "concept":
                return self.kind_ahead(2) == "text" or (self.sees("in", 2) and self.kind_ahead(3) == "name")
            case "reading":
                return self.sees("=", 2) and (self.sees("|", 4) or self.kind_ahead(4) == "text")
            case words:
                return words in _BEFORE_RELATIONS and self.sees("(", 2)

    def begins_fact(self) -> bool:
        """Whether a name with arguments in brackets begins the line."""
        return self.begins_line(self.next) and self.token.kind == "name" and self._head_ends_before("")

    def _head_ends_before(self, sign: str) -> bool:
        """Whether a name with arguments in brackets follows, and then the sign, if one is given."""
        if not self.sees("(", 1):
            return False
        open_, at = 0, self.next + 1
        while self.tokens[at].kind != "end":
            words = self.tokens[at].words
            open_ += (words == "(") - (words == ")")
            at += 1
            if open_ == 0:
                return sign in ("", self.tokens[at].words)
            if words in (".", ":-"):
                return False
        return False

    def unread_since(self, begin: int, until: int) -> bool:
        """Whether something that is no token stands before `until` in what was taken from the token `begin` on, or just before."""
        if not self._unread:
            return False
        first = self.tokens[begin].at
        start = first.source.text.rfind("\n", 0, first.start) + 1
        if begin:
            start = max(start, self.tokens[begin - 1].at.end)
        return any(start <= at < until for at in self._unread)

    def finish(self, what: str, has_body: bool) -> None:
        """Take the full stop. One that is missing before what can only begin a statement is told, and read as if it stood there."""
        if self.accept("."):
            return
        ends = self.at_end() or self.begins_statement() or (not has_body and self.begins_fact())
        if not ends or self.unread_since(self.begin, self.token.at.start):
            help_ = {"and": "`,` joins what must hold together", "or": "alternatives are rules of their own"}
            self.fail("`.` or `,`" if has_body else "`.`", f"at the end of {what}", help_.get(self.token.words, ""))
        place, claim = self.just_after(), f"{what} has no full stop"
        rest = place.source.text[place.end :].partition("\n")[0]
        if self.tokens[self.next - 1].kind == "number" and rest.lstrip().startswith("%"):
            help_ = "`%` begins a comment: write the unit in single quotes, and the full stop after it, as in `55 '%'.`"
            raise SyntaxProblem(Problem("E110", claim, place, help_, label="the rest of the line is a comment"))
        fix = Fix("write `.`", (Edit(place, "."),), is_safe=True)
        self.problems.append(Problem("E110", claim, place, fix.says, label="it ends here", fixes=(fix,)))

    # -- what several things are made of -------------------------------------------------------------------------

    def since(self, start: Token) -> Span:
        return start.at.to(self.tokens[self.next - 1].at) if self.next else start.at

    def several[T](self, one: Callable[[], T], separator: str) -> tuple[T, ...]:
        found = [one()]
        while self.accept(separator):
            found.append(one())
        return tuple(found)

    def text(self, what: str, where: str, help_: str = "") -> str:
        return self.expect_kind("text", what, where, help_).words[1:-1]

    def unit(self, where: str) -> str:
        return self.expect_kind("unit", "a unit in single quotes", where).words[1:-1]

    def number_value(self, token: Token) -> Exact:
        try:
            return decimal(token.words)
        except ValueError as error:
            help_ = "check the digits" if token.words.isascii() else "write it in the digits 0 to 9"
            raise SyntaxProblem(Problem("E104", str(error), token.at, help_)) from None

    def nest(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            help_ = "name a part of it in a rule of its own"
            raise SyntaxProblem(Problem("E103", f"this is nested more than {_DEEPEST} deep", self.token.at, help_))


def _asked_first(problem: Problem) -> Problem:
    """The problem of a block without an end, its fix not safe where it begins a line with `>`: that may begin a quote."""
    return replace(problem, fixes=tuple(replace(f, is_safe=f.is_safe and not _quotes(f)) for f in problem.fixes))


def _quotes(fix: Fix) -> bool:
    return any(
        e.words.startswith(">") and not e.at.source.text[: e.at.start].rpartition("\n")[2].strip() for e in fix.edits
    )
