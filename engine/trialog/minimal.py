"""All smallest sets that suffice, cheapest first, found by asking of one set after the other whether it does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from time import monotonic

from trialog.values import Exact

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
    counted: Items = frozenset(),
    asks_all: bool = True,
) -> Smallest:
    """The sets of items (0, 1, …) that suffice while none of their subsets does, at most `most` of them.

    More items suffice where fewer do, as long as none of the `counted` comes to them: each of these can take away. `grown` gives,
    for a set that does not suffice, one that holds it, no further of the `counted`, and does not suffice either. So a set that
    suffices and holds the same of the `counted`, or more, must hold an item from outside. The cheapest set that holds one of each
    such outside is asked next, and a smaller one before a larger one. Where it is quick to tell that even all items together do not
    suffice, `asks_all` begins with that, for all that can be held of the `counted`.
    """
    outside: list[tuple[Items, Items]] = []  # where all of the one is held, something of the other must be
    found: list[Items] = []
    heap: list[tuple[Exact, int, tuple[int, ...]]] = [(0, 0, ())]
    seen: set[tuple[int, ...]] = {()}
    begun: set[Items] = set()
    everything = frozenset(range(len(costs)))
    try:
        while heap:
            clock.check()
            cost, size, members = heappop(heap)
            one = frozenset(members)
            if any(f <= one for f in found):
                continue
            held = one & counted
            if asks_all and held not in begun:
                begun.add(held)
                if not suffices(everything - (counted - held)):
                    outside.append((held, counted - held))
            missed = next((o for k, o in outside if k <= one and not o & one), None)
            if missed is None:
                if suffices(one):
                    found.append(one)
                    if len(found) == most:
                        return Smallest(tuple(found), f"the search ended with the first {most} sets; there may be more")
                    continue
                missed = everything - grown(one)
                outside.append((held, missed))
            for item in missed:
                more = tuple(sorted((*members, item)))
                if more not in seen:
                    seen.add(more)
                    heappush(heap, (cost + costs[item], size + 1, more))
    except OutOfTimeError:
        return Smallest(tuple(found), "the search was ended", is_cut_by_time=True)
    return Smallest(tuple(found))
