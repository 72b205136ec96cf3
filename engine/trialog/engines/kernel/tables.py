"""What a kernel looks up and never changes: concepts by number, and background knowledge as runs of whole numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm

from trialog.plain import Row, Value
from trialog.values import Exact

FLAGS = 32
"""How many flags a number holds: half of its bits, so that none is that of its sign."""

_MOST_BITS = 62  # of 64, without the sign's


class Refused(Exception):  # noqa: N818 (an answer: the reference takes what the kernel does not)
    """The plan asks for something that the kernel cannot do; the message says what."""


@dataclass
class Tables:
    """Runs of whole numbers, one after the other in `numbers`, each written once; and the number of each concept."""

    codes: Mapping[str, int]
    numbers: list[int] = field(default_factory=list)
    _at: dict[object, int] = field(default_factory=dict)
    _bits: dict[str, dict[frozenset[str], int]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many concepts have a number."""
        return len(self.codes)

    def code(self, concept: str) -> int:
        return self.codes[concept]

    def run(self, key: object, numbers: Sequence[int]) -> int:
        """Where the run stands. Runs of one key are the same."""
        if key not in self._at:
            self._at[key] = len(self.numbers)
            self.numbers.extend(numbers)
        return self._at[key]

    @property
    def words(self) -> int:
        """How many numbers hold a flag for each concept."""
        return -(-self.size // FLAGS)

    def flags(self, key: object, concepts: Iterable[str]) -> int:
        """Where the flags stand, `FLAGS` in each number, that are set for these concepts (see `has` in `helpers`)."""
        flags = [0] * self.words
        for code in {self.codes[c] for c in concepts}:
            flags[code // FLAGS] += 1 << code % FLAGS
        return self.run(("flags", key), flags)

    def pairs(self, key: object, rows: Iterable[tuple[str, str]]) -> int:
        """Where for each first concept the flags of all second ones stand, one run after the other."""
        flags = [0] * (self.size * self.words)
        for x, y in {(self.codes[x], self.codes[y]) for x, y in rows}:
            flags[x * self.words + y // FLAGS] += 1 << y % FLAGS
        return self.run(("pairs", key), flags)

    def bit(self, relation: str, concepts: frozenset[str]) -> int | None:
        """The place of the bit that tells whether this relation has one of these concepts; None where no place is left."""
        bits = self._bits.setdefault(relation, {})
        if concepts not in bits and len(bits) >= _MOST_BITS:
            return None
        return bits.setdefault(concepts, len(bits))

    def seen(self, relation: str) -> int:
        """Where the numbers stand that have of each concept all those bits set that it sets; -1 where nothing asks for one."""
        bits = self._bits.get(relation, {})
        if not bits:
            return -1
        words = [0] * self.size
        for concepts, bit in bits.items():
            for c in concepts:
                words[self.codes[c]] += 1 << bit
        return self.run(("seen", relation), words)

    def members(self, above: Mapping[str, frozenset[str]]) -> int:
        """Where of each concept everything under it is listed, itself first. `above` are the classes of each, itself included."""
        under: dict[str, list[int]] = {c: [self.codes[c]] for c in above}
        for c, classes in above.items():
            for a in classes - {c}:
                under[a].append(self.codes[c])
        return self.lists("members", under)

    def lists(self, key: object, of: Mapping[str, Sequence[int]]) -> int:
        """Where an index stands: at a concept's number the beginning of its list, and one further the end."""
        if ("lists", key) in self._at:
            return self._at["lists", key]
        at = len(self.numbers)
        index, lists = [0] * (self.size + 1), list[int]()
        names = sorted(self.codes, key=lambda c: self.codes[c])
        for i, c in enumerate(names):
            index[i] = at + self.size + 1 + len(lists)
            lists += of.get(c, ())
        index[self.size] = at + self.size + 1 + len(lists)
        return self.run(("lists", key), [*index, *lists])


def number_concepts(concepts: Iterable[str]) -> dict[str, int]:
    return {c: i for i, c in enumerate(sorted(set(concepts)))}


def scale_of(values: Iterable[Value]) -> int:
    """The least whole number that makes all these values whole."""
    return lcm(*(Fraction(v).denominator for v in values if not isinstance(v, str)))


def whole(value: Exact, scale: int) -> int:
    """The value times the scale, which makes it whole."""
    found = Fraction(value) * scale
    assert found.denominator == 1
    return found.numerator


def coded(row: Row, scales: Sequence[int], tables: Tables) -> tuple[int, ...]:
    """The row in whole numbers."""
    return tuple(
        tables.code(v) if isinstance(v, str) else whole(v, scale) for v, scale in zip(row, scales, strict=True)
    )
