"""Where the boxes of a drawing lie: in layers, each thing before what it rests on, with few crossings and short edges.

This is the method of Sugiyama, Tagawa and Toda (1981): break circles, give layers, order each layer by the middles of its
neighbours, then place. Why no library does it here, decision 9 says.
"""

from bisect import bisect_right, insort
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

type Node = Hashable
type Edge = tuple[str, str]

GAP = 16.0
_BEND = 10.0  # how high the place is that a long edge has in a layer
_SWEEPS = 12


@dataclass(slots=True)
class Spot:
    """Where a box lies, or a bend of a long edge: its layer, and the middle of its height."""

    layer: int
    middle: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """`routes` are the places that each edge goes through, from a box over bends to a box; all lie between 0 and `height`."""

    spots: Mapping[str, Spot]
    routes: Mapping[Edge, Sequence[Spot]]
    height: float


def layout(heights: Mapping[str, float], edges: Sequence[Edge]) -> Layout:
    """Places for boxes of these heights. An edge leads to a later layer, but where it closes a circle."""
    forward = _without_circles(list(heights), edges)
    layers = _layers(list(heights), forward)
    spots: dict[Node, Spot] = {name: Spot(layers[name], 0.0, height) for name, height in heights.items()}
    chains: dict[Edge, list[Node]] = {}
    for above, below in forward:
        bends = [(above, below, i) for i in range(layers[above] + 1, layers[below])]
        spots |= {bend: Spot(bend[2], 0.0, _BEND) for bend in bends}
        chains[above, below] = [above, *bends, below]
    before: dict[Node, list[Node]] = {node: [] for node in spots}
    after: dict[Node, list[Node]] = {node: [] for node in spots}
    for chain in chains.values():
        for a, b in pairwise(chain):
            after[a].append(b)
            before[b].append(a)
    ordered = _ordered(_in_layers(list(spots), spots, before, after), before, after)
    _place(ordered, spots, before, after)
    top = min((s.middle - s.height / 2 for s in spots.values()), default=0.0)
    for s in spots.values():
        s.middle -= top
    routes: dict[Edge, list[Spot]] = {}
    for a, b in edges:
        chain = chains.get((a, b)) or chains.get((b, a), [a, a])[::-1]
        routes[a, b] = [spots[node] for node in chain]
    height = max((s.middle + s.height / 2 for s in spots.values()), default=0.0)
    return Layout({name: spots[name] for name in heights}, routes, height)


def _without_circles(names: Sequence[str], edges: Sequence[Edge]) -> list[Edge]:
    """The edges, those turned round that lead back to where a walk came from; no edge twice, and none from a thing to itself."""
    below: dict[str, list[str]] = {name: [] for name in names}
    for a, b in edges:
        if a != b:
            below[a].append(b)
    found: dict[Edge, None] = {}
    done: set[str] = set()
    on_walk: dict[str, None] = {}
    for start in names:
        if start in done:
            continue
        walk = [(start, iter(below[start]))]
        on_walk[start] = None
        while walk:
            node, rest = walk[-1]
            for other in rest:
                found[(other, node) if other in on_walk else (node, other)] = None
                if other not in done and other not in on_walk:
                    on_walk[other] = None
                    walk.append((other, iter(below[other])))
                    break
            else:
                walk.pop()
                del on_walk[node]
                done.add(node)
    return list(found)


def _layers(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """The layer of each: behind all that lead to it, and no farther from what it leads to than it must be."""
    from graphlib import TopologicalSorter

    above: dict[str, list[str]] = {name: [] for name in names}
    below: dict[str, list[str]] = {name: [] for name in names}
    for a, b in edges:
        above[b].append(a)
        below[a].append(b)
    order = list(TopologicalSorter(above).static_order())
    found: dict[str, int] = {}
    for name in order:
        found[name] = max((found[a] + 1 for a in above[name]), default=0)
    for name in reversed(order):
        if len(below[name]) > len(above[name]):
            found[name] = min(found[b] for b in below[name]) - 1
    return found


type _Links = Mapping[Node, Sequence[Node]]


def _in_layers(nodes: Sequence[Node], spots: Mapping[Node, Spot], before: _Links, after: _Links) -> list[list[Node]]:
    """The nodes of each layer in the order in which a walk along all edges meets them: what hangs together stands together."""
    found: list[list[Node]] = [[] for _ in range(max((s.layer for s in spots.values()), default=-1) + 1)]
    seen: set[Node] = set()
    for start in sorted(nodes, key=lambda n: spots[n].layer):
        waiting = [start]
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                found[spots[node].layer].append(node)
                waiting += reversed([*after[node], *before[node]])
    return found


def _ordered(layers: list[list[Node]], before: _Links, after: _Links) -> list[list[Node]]:
    """The layers, each put in the order of its neighbours' places, forth and back; the order with the fewest crossings is kept."""
    best, fewest = [list(layer) for layer in layers], _crossings(layers, after)
    for sweep in range(_SWEEPS):
        links = before if sweep % 2 == 0 else after
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            place = {node: i for other in layers for i, node in enumerate(other)}
            wanted = {n: _mean([place[o] for o in links[n]], place[n]) for n in layer}
            layer.sort(key=lambda n: wanted[n])
        crossings = _crossings(layers, after)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return best


def _crossings(layers: Sequence[Sequence[Node]], after: _Links) -> int:
    total = 0
    for layer, behind in pairwise(layers):
        place = {node: i for i, node in enumerate(behind)}
        seen: list[int] = []
        for node in layer:
            ends = sorted(place[o] for o in after[node])
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _place(layers: Sequence[Sequence[Node]], spots: Mapping[Node, Spot], before: _Links, after: _Links) -> None:
    """Middles as near to those of the neighbours as the order and the heights allow."""
    for layer in layers:
        low = 0.0
        for node in layer:
            spots[node].middle = low + spots[node].height / 2
            low += spots[node].height + GAP
    for sweep in range(_SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted = [_mean([spots[o].middle for o in (*before[n], *after[n])], spots[n].middle) for n in layer]
            for node, middle in zip(layer, _apart(wanted, [spots[n].height for n in layer]), strict=True):
                spots[node].middle = middle


def _apart(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """The middles nearest to the wanted ones (the sum of squares is least) at which nothing lies on anything else."""
    offsets = [0.0]
    for a, b in pairwise(heights):
        offsets.append(offsets[-1] + (a + b) / 2 + GAP)
    groups: list[tuple[float, int]] = []  # of neighbours that touch: the sum of what they want, and how many they are
    for want, offset in zip(wanted, offsets, strict=False):
        total, count = want - offset, 1
        while groups and groups[-1][0] / groups[-1][1] >= total / count:
            other, more = groups.pop()
            total, count = total + other, count + more
        groups.append((total, count))
    means = [total / count for total, count in groups for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
