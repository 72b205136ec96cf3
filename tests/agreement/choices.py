"""Decisions one after the other: drawn by Hypothesis, by a seed, or every way in turn.

What makes programs, charts and completions asks for decisions, and does not know who takes them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from hypothesis import strategies as st

type _Draw = Callable[[st.SearchStrategy[int]], int]


@dataclass(frozen=True, slots=True)
class Choices:
    """`below(n)` decides on a number from 0 up to but not including n; 0 stands for what is simplest."""

    below: Callable[[int], int]

    def one[T](self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def chance(self, percent: int) -> bool:
        return self.below(100) >= 100 - percent

    def some[T](self, options: Sequence[T], most: int) -> list[T]:
        """Up to `most` of the options, each once."""
        left = list(options)
        return [left.pop(self.below(len(left))) for _ in range(self.below(min(most, len(left)) + 1))]

    def shuffled[T](self, things: Sequence[T]) -> list[T]:
        left = list(things)
        return [left.pop(self.below(len(left))) for _ in things]


def seeded(seed: object) -> Choices:
    return Choices(Random(str(seed)).randrange)


_INTEGERS = [st.integers(0, max(n - 1, 0)) for n in range(200)]


def drawn(draw: _Draw) -> Choices:
    """Decisions that Hypothesis makes, and takes back one by one where it looks for a smaller example."""
    return Choices(lambda n: draw(_INTEGERS[n] if n < 200 else st.integers(0, n - 1)) if n > 1 else 0)


def every[T](make: Callable[[Choices], T]) -> Iterator[T]:
    """What `make` makes of every way to decide, each way once."""
    path: list[int] = []
    while True:
        taken: list[int] = []
        ways: list[int] = []

        def below(n: int, taken: list[int] = taken, ways: list[int] = ways, path: list[int] = path) -> int:
            taken.append(path[len(taken)] if len(taken) < len(path) else 0)
            ways.append(n)
            return taken[-1]

        yield make(Choices(below))
        while taken and taken[-1] + 1 == ways[-1]:
            taken.pop()
            ways.pop()
        if not taken:
            return
        path = [*taken[:-1], taken[-1] + 1]
