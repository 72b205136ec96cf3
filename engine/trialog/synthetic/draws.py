"""Chance that comes out the same on every machine: whole numbers made of the raw bits of PCG-64, no floats."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

type Ints = NDArray[np.int64]
type Flags = NDArray[np.bool_]


class Draws:
    """A stream of draws; the same keys give the same stream."""

    def __init__(self, *keys: int) -> None:
        self.bits = np.random.PCG64(np.random.SeedSequence(keys))

    def _raw(self, count: int) -> Ints:
        """So many numbers from 0 up to but not including 2**32."""
        words = np.asarray(self.bits.random_raw((count + 1) // 2), dtype="<u8")
        return words.view("<u4")[:count].astype(np.int64)

    def below(self, most: int | Ints, count: int) -> Ints:
        """Whole numbers from 0 up to but not including `most`."""
        return (self._raw(count) * most) >> 32

    def between(self, low: int, high: int, count: int) -> Ints:
        """Whole numbers from `low` to `high`, both included."""
        return low + self.below(high - low + 1, count)

    def chance(self, percent: float | Ints, count: int) -> Flags:
        """Each yes with so many percent; whole thousandths of a percent count."""
        return self.below(100_000, count) < np.asarray(percent * 1000).astype(np.int64)

    def one_of(self, weights: Sequence[int], count: int) -> Ints:
        """Positions in `weights`, each as often as its weight says."""
        edges = np.cumsum(np.asarray(weights, dtype=np.int64))
        return np.searchsorted(edges, self.below(int(edges[-1]), count), side="right").astype(np.int64)

    def some(self, who: Ints, percent: float) -> Ints:
        """Those of `who` to whom it happens."""
        return who[self.chance(percent, len(who))]
