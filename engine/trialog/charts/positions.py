"""JSON (RFC 8259) read so that every value knows where it stands in the text."""

import json
import re
from dataclasses import dataclass

from trialog.problem import Problem
from trialog.source import Source, Span

DEEPEST = 100
"""How many lists and objects may stand inside one another; no chart comes near it."""


@dataclass(frozen=True, slots=True)
class Text:
    value: str
    at: Span


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written, so that no digit is lost."""

    written: str
    at: Span


@dataclass(frozen=True, slots=True)
class Constant:
    """`true`, `false` or `null`."""

    value: bool | None
    at: Span


@dataclass(frozen=True, slots=True)
class Items:
    items: tuple["Node", ...]
    at: Span


@dataclass(frozen=True, slots=True)
class Members:
    """An object. A key that is given twice stands here twice, and was reported."""

    members: tuple[tuple[Text, "Node"], ...]
    at: Span

    def get(self, key: str) -> "Node | None":
        """The value of the key, None where it is not given."""
        return next((value for name, value in self.members if name.value == key), None)


type Node = Text | Number | Constant | Items | Members

type Path = tuple[str | int, ...]
"""The keys and positions that lead to a value from the whole."""


def read_json(source: Source, problems: list[Problem]) -> Node | None:
    """The value that the text is, or None where it is not JSON. What is wrong is added to `problems`."""
    try:
        return _Reader(source, problems).whole()
    except _UnreadableError as error:
        at = min(error.at, len(source.text))
        problems.append(Problem("E503", f"this is not JSON: {error.says}", Span(source, at, at + 1), error.help))
        return None


def span_of(document: Node, path: Path) -> Span:
    """Where the value at `path` stands, or as far on the way to it as there is something."""
    node = document
    for step in path:
        match node, step:
            case Members(), str() if (found := node.get(step)) is not None:
                node = found
            case Items(items), int() if 0 <= step < len(items):
                node = items[step]
            case _:
                break
    return beginning(node)


def beginning(node: Node) -> Span:
    """A text, a number or a constant as a whole; of a list or an object, the sign that opens it."""
    start = node.at.start
    return Span(node.at.source, start, start + 1) if isinstance(node, Members | Items) else node.at


def show_path(path: Path) -> str:
    """The path as people write it: `entry[12].resource`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


class _UnreadableError(Exception):
    def __init__(self, says: str, at: int, help_: str = "") -> None:
        super().__init__(says)
        self.says, self.at, self.help = says, at, help_


_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_WORD = re.compile(r"[A-Za-z_0-9+\-.]+")
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class _Reader:
    def __init__(self, source: Source, problems: list[Problem]) -> None:
        self.source, self.text, self.problems = source, source.text, problems

    def whole(self) -> Node:
        start = self.past_space(0)
        if start == len(self.text):
            raise _UnreadableError("the file is empty", 0, "write one chart into it, or take it away")
        node = self.value(start, DEEPEST)
        if (end := self.past_space(node.at.end)) != len(self.text):
            raise _UnreadableError("something follows after the end of the chart", end, "one file holds one chart")
        return node

    def past_space(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def value(self, at: int, depth: int) -> Node:
        match self.text[at : at + 1]:
            case "{" | "[" if depth == 0:
                raise _UnreadableError(f"more than {DEEPEST} lists and objects stand inside one another", at)
            case "{":
                return self.members(at, depth - 1)
            case "[":
                return self.items(at, depth - 1)
            case '"':
                return self.string(at)
            case "":
                raise _UnreadableError("the text ends too early", at, "was the file cut off?")
            case _:
                return self.plain(at)

    def plain(self, at: int) -> Node:
        word = found[0] if (found := _WORD.match(self.text, at)) else ""
        span = Span(self.source, at, at + len(word))
        if word in _CONSTANTS:
            return Constant(_CONSTANTS[word], span)
        if _NUMBER.fullmatch(word):
            return Number(word, span)
        raise _UnreadableError(f"`{word[:40] or self.text[at]}` is not a value", at)

    def string(self, at: int) -> Text:
        found = _STRING.match(self.text, at)
        if not found:
            raise _UnreadableError("a text begins here that does not end, or that runs over a line", at)
        end = found.end()
        if "\\" not in found[0] and found[0].isascii():
            return Text(found[0][1:-1], Span(self.source, at, end))
        try:
            words = json.loads(found[0])
        except json.JSONDecodeError as error:
            raise _UnreadableError("there is no such sign as `\\` and what follows it", at + error.pos) from None
        if not words.isascii() and any("\ud800" <= char <= "\udfff" for char in words):
            raise _UnreadableError("half of a surrogate pair is not a character", at)
        return Text(words, Span(self.source, at, end))

    def items(self, start: int, depth: int) -> Items:
        found: list[Node] = []
        at = self.past_space(start + 1)
        if self.text[at : at + 1] == "]":
            return Items((), Span(self.source, start, at + 1))
        while True:
            found.append(self.value(at, depth))
            at, closed = self.after(found[-1].at.end, "]")
            if closed:
                return Items(tuple(found), Span(self.source, start, at))

    def members(self, start: int, depth: int) -> Members:
        found: list[tuple[Text, Node]] = []
        first: dict[str, Text] = {}
        at = self.past_space(start + 1)
        if self.text[at : at + 1] == "}":
            return Members((), Span(self.source, start, at + 1))
        while True:
            if self.text[at : at + 1] != '"':
                raise _UnreadableError("a key in double quotes is expected here", at)
            key = self.string(at)
            if (earlier := first.setdefault(key.value, key)) is not key:
                self.problems.append(given_twice(key, earlier))
            at = self.past_space(key.at.end)
            if self.text[at : at + 1] != ":":
                raise _UnreadableError(f"`:` is expected after the key `{key.value[:40]}`", at)
            found.append((key, self.value(self.past_space(at + 1), depth)))
            at, closed = self.after(found[-1][1].at.end, "}")
            if closed:
                return Members(tuple(found), Span(self.source, start, at))

    def after(self, end: int, closing: str) -> tuple[int, bool]:
        """Where the next thing begins after a value that ended at `end`, and whether the list or object is closed."""
        at = self.past_space(end)
        match self.text[at : at + 1]:
            case ",":
                return self.past_space(at + 1), False
            case char if char == closing:
                return at + 1, True
            case _:
                raise _UnreadableError(f"`,` or `{closing}` is expected here", at)


def given_twice(key: Text, earlier: Text) -> Problem:
    """The problem of a key that stands twice in one object."""
    return Problem(
        "E504",
        f"the key `{key.value[:60]}` is given twice",
        key.at,
        "keep one of the two; where both are meant, put them into one list",
        related=((earlier.at, "given here first"),),
    )
