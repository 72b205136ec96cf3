"""No smallest set is missed: by the search among sets, and by `needs` of programs made at random."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.asking.complete import compared
from trialog.minimal import Clock, Items, smallest

SIZE = 5
SETS = st.frozensets(st.integers(0, SIZE - 1))


@given(
    costs=st.lists(st.integers(0, 3), min_size=SIZE, max_size=SIZE),
    counted=SETS,
    enough=st.dictionaries(SETS, st.lists(SETS, max_size=3), max_size=8),
    asks_all=st.booleans(),
    widens=st.booleans(),
)
def test_every_smallest_set_is_found(
    costs: list[int], counted: Items, enough: dict[Items, list[Items]], asks_all: bool, widens: bool
) -> None:
    """`enough` says, for what is held of the counted, which others suffice; more others always do."""
    others = frozenset(range(SIZE)) - counted
    by_held: dict[Items, list[Items]] = {}
    for held, several in enough.items():
        by_held.setdefault(held & counted, []).extend(s & others for s in several)

    def suffices(items: Items) -> bool:
        return any(s <= items for s in by_held.get(items & counted, ()))

    def grown(items: Items) -> Items:
        for item in sorted(others - items) if widens else ():
            if not suffices(items | {item}):
                items |= {item}
        return items

    all_sets = [frozenset(c) for size in range(SIZE + 1) for c in combinations(range(SIZE), size)]
    fitting = [s for s in all_sets if suffices(s)]
    wanted = {s for s in fitting if not any(f < s for f in fitting)}
    found = smallest(costs, suffices, grown, 100, Clock(60), counted, asks_all)
    assert set(found.sets) == wanted and len(found.sets) == len(wanted)
    assert not found.cut
    prices = [sum(costs[i] for i in s) for s in found.sets]
    assert prices == sorted(prices)


@pytest.mark.parametrize("seed", range(12))
def test_of_programs_made_at_random_no_set_is_missed(seed: int) -> None:
    for _, wrong in compared(seed, most_data=4, most=60, seconds=0.5, search=0.5):
        assert not wrong
