"""All smallest sets that suffice, cheapest first, found by asking of one set after the other whether it does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import combinations
from time import monotonic

from trialog.values import Exact

_MOST_SUBSETS = 256  # of one set that are tried beyond those with one item less

type Items = frozenset[int]


class OutOfTimeError(Exception):
    """The search was to end by now."""


class Clock:
    """Tells when a search has to end."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.end = monotonic() + seconds

    def check(self) -> None:
        if monotonic() > self.end:
            raise OutOfTimeError


@dataclass(frozen=True, slots=True)
class Smallest:
    """The sets, cheapest first. `cut` says why there may be more of them; it is empty where there are none."""

    sets: tuple[Items, ...]
    cut: str = ""
    is_cut_by_time: bool = False


def smallest(
    costs: Sequence[Exact],
    suffices: Callable[[Items], bool],
    grown: Callable[[Items], Items],
    most: int,
    clock: Clock,
    asks_all: bool = True,
) -> Smallest:
    """The sets of items (0, 1, …) that suffice while none of their subsets does, at most `most` of them.

    `grown` gives, for a set that does not suffice, one that holds it and does not suffice either; a set that suffices must then
    hold an item from outside. The cheapest set that holds one of each such outside is asked next. Where it is quick to tell that
    even all items together do not suffice, `asks_all` begins with that.
    """
    outside: list[Items] = []
    found: list[Items] = []
    heap: list[tuple[Exact, tuple[int, ...]]] = [(0, ())]
    seen: set[tuple[int, ...]] = {()}
    everything = frozenset(range(len(costs)))
    try:
        if asks_all and not suffices(everything):
            return Smallest(())
        while heap:
            clock.check()
            cost, members = heappop(heap)
            one = frozenset(members)
            if any(f <= one for f in found):
                continue
            missed = next((o for o in outside if not o & one), None)
            if missed is None:
                if suffices(one):
                    found.append(_least(one, suffices, clock))
                    if len(found) == most:
                        return Smallest(tuple(found), f"the search ended with the first {most} sets; there may be more")
                    continue
                missed = everything - grown(one)
                outside.append(missed)
            for item in missed:
                more = tuple(sorted((*members, item)))
                if more not in seen:
                    seen.add(more)
                    heappush(heap, (cost + costs[item], more))
    except OutOfTimeError:
        return Smallest(tuple(found), "the search was ended", is_cut_by_time=True)
    return Smallest(tuple(found))


def _least(one: Items, suffices: Callable[[Items], bool], clock: Clock) -> Items:
    """The set, or a subset that suffices. What is `recorded` can make more be less, so subsets are asked, not inferred."""
    tried = 0
    for size in range(len(one)):
        for members in combinations(sorted(one), size):
            if size < len(one) - 1 and tried >= _MOST_SUBSETS:
                break
            tried += 1
            clock.check()
            if suffices(frozenset(members)):
                return frozenset(members)
    return one
