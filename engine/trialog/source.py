"""Texts and places in them."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate


@dataclass(frozen=True)
class Source:
    """A text and the name of the file it was read from, as a person would type it."""

    name: str
    text: str

    @cached_property
    def _line_starts(self) -> tuple[int, ...]:
        lengths = (len(line) + 1 for line in self.text.split("\n")[:-1])
        return tuple(accumulate(lengths, initial=0))

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Both counted from 1."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, counted from 1; empty past the end."""
        if not 0 < number <= len(self._line_starts):
            return ""
        start = self._line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip("\r")

    def offset(self, line: int) -> int:
        """Where the line, counted from 1, begins."""
        return self._line_starts[min(line, len(self._line_starts)) - 1]


@dataclass(frozen=True, slots=True)
class Span:
    """The text from `start` up to `end` in a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.line_and_column(self.start)[0]

    @property
    def words(self) -> str:
        return self.source.text[self.start : self.end]

    @property
    def in_one_line(self) -> str:
        """The words without the line breaks that may stand among them."""
        return " ".join(self.words.split())

    def holds(self, other: "Span") -> bool:
        """Whether the other place begins inside of this one."""
        return self.start <= other.start < self.end and self.source == other.source

    def to(self, other: "Span") -> "Span":
        """From the beginning of this to the end of the other."""
        return Span(self.source, self.start, max(self.end, other.end))

    def __str__(self) -> str:
        line, column = self.source.line_and_column(self.start)
        return f"{self.source.name}:{line}:{column}"


def whole_line(source: Source, number: int) -> Span:
    """The whole of a line, counted from 1."""
    start = source.offset(number)
    return Span(source, start, start + len(source.line(number)))
