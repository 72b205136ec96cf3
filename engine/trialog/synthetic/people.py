"""Who the synthetic patients of a bucket are: what they are ill with, how old, how well recorded."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trialog.synthetic.draws import Draws, Flags, Ints
from trialog.values import days

SLE, NEPHROTIC, IGA, OTHER = range(4)
SHARES = (34, 30, 28, 8)
_FIRST_SCREENING = int(days("2025-07-01").low)


@dataclass(frozen=True, slots=True)
class People:
    """One value for each patient. A candidate is nearly well and nearly whole in the record, so that some are eligible."""

    draws: Draws
    everyone: Ints
    screening: Ints
    ill: Ints
    age: Ints  # in days
    female: Flags
    candidate: Flags
    all_reviewed: Flags

    def __len__(self) -> int:
        return len(self.everyone)

    def ill_with(self, *kinds: int) -> Ints:
        return np.flatnonzero(self.is_ill_with(self.everyone, kinds))

    def is_ill_with(self, who: Ints, kinds: Sequence[int]) -> Flags:
        among = np.zeros(len(SHARES), bool)
        among[list(kinds)] = True
        return among[self.ill[who]]

    def chance(self, of_candidates: float, of_others: float) -> Flags:
        """Yes with so many percent, other ones for candidates."""
        shares = np.where(self.candidate, int(of_candidates * 1000), int(of_others * 1000))
        return self.draws.below(100_000, len(self)) < shares

    def those(self, of_candidates: float, of_others: float) -> Ints:
        return np.flatnonzero(self.chance(of_candidates, of_others))

    def before(self, who: Ints, least: int, most: int) -> Ints:
        """Days before each one's screening, `least` to `most` of them."""
        return self.screening[who] - self.draws.between(least, most, len(who))

    def confirmed(self, who: Ints, percent: float = 96) -> Flags:
        return self.draws.chance(percent, len(who))


def people(draws: Draws, count: int) -> People:
    ill = draws.one_of(SHARES, count)
    candidate = draws.chance(30, count)
    years = draws.between(365, 18 * 365, count)
    older = draws.between(5 * 365 + 10, 17 * 365, count)
    female = draws.chance(np.where(ill == SLE, 80, 48), count)
    return People(
        draws,
        np.arange(count),
        _FIRST_SCREENING + draws.below(365, count),
        ill,
        np.where(candidate, older, years),
        female,
        candidate,
        draws.chance(np.where(candidate, 85, 45), count),
    )
