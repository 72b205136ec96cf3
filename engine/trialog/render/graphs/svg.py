"""A graph as a drawing: boxes in layers from left to right, each to the left of what it rests on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape

from trialog.render.graphs.drawn import Drawn, Thing, columns, wrapped
from trialog.render.graphs.looks import EDGE, looks_of

_WIDTH = 36  # columns in a box
_COLUMN, _LINE, _PAD, _BETWEEN, _GAP, _MARGIN = 7.3, 15, 9, 90, 16, 20  # in pixels
_BOX = _WIDTH * _COLUMN + 2 * _PAD
_BEND = 10  # how high the place is that a long edge has in a layer


@dataclass(slots=True)
class _Spot:
    """Where a box lies, or the bend of a long edge: its layer, and its middle in it."""

    layer: int
    middle: float
    height: float


def as_svg(graph: Drawn) -> Iterator[str]:
    lines = {t.name: [*wrapped(t.heading, _WIDTH), *t.lines(_WIDTH)] for t in graph.things}
    heads = {t.name: len(wrapped(t.heading, _WIDTH)) for t in graph.things}
    heights = {t.name: len(lines[t.name]) * _LINE + 2 * _PAD for t in graph.things}
    spots, routes = _laid_out(graph, heights)
    layers = max((s.layer for s in spots.values()), default=0)
    width = 2 * _MARGIN + (layers + 1) * _BOX + layers * _BETWEEN
    height = max((s.middle + s.height / 2 for s in spots.values()), default=0.0) + _MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="12">'
    )
    yield f"  <title>{escape(graph.title)}</title>"
    yield (
        '  <defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0 0 L8 4 L0 8 z" fill="{EDGE}"/></marker></defs>'
    )
    yield f'  <rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>'
    for above, below in graph.edges:
        yield (
            f'  <path class="edge" d="{_path([spots[name] for name in routes[above, below]])}" fill="none" stroke="{EDGE}" '
            f'marker-end="url(#arrow)"><title>{escape(above)} rests on {escape(below)}</title></path>'
        )
    for thing in graph.things:
        yield from _box(thing, spots[thing.name], lines[thing.name], heads[thing.name])
    yield "</svg>"


def _box(thing: Thing, spot: _Spot, lines: Sequence[str], heads: int) -> Iterator[str]:
    fill, stroke = looks_of(thing)
    left, top = _left(spot.layer), spot.middle - spot.height / 2
    yield f'  <g class="{escape(thing.kind)}"><title>{escape(thing.in_full)}</title>'
    yield (
        f'    <rect x="{left:.1f}" y="{top:.1f}" width="{_BOX:.1f}" height="{spot.height:.1f}" rx="4" fill="{fill}" '
        f'stroke="{stroke}" stroke-width="{3 if thing.asked else 1}"/>'
    )
    for i, line in enumerate(lines):
        y = top + _PAD + (i + 0.8) * _LINE
        bold = ' font-weight="bold"' if i < heads else ""
        fitted = (
            f' textLength="{_WIDTH * _COLUMN:.1f}" lengthAdjust="spacingAndGlyphs"' if columns(line) > _WIDTH else ""
        )
        yield f'    <text x="{left + _PAD:.1f}" y="{y:.1f}"{bold}{fitted}>{escape(line)}</text>'
    yield "  </g>"


def _left(layer: int) -> float:
    return _MARGIN + layer * (_BOX + _BETWEEN)


def _path(spots: Sequence[_Spot]) -> str:
    """A curve through the places of an edge, level where it leaves and where it arrives."""
    forth = spots[-1].layer > spots[0].layer
    points: list[tuple[float, float]] = []
    for i, s in enumerate(spots):
        left, right = _left(s.layer), _left(s.layer) + _BOX
        if i:
            points.append((left if forth else right, s.middle))
        if i < len(spots) - 1:
            points.append((right if forth else left, s.middle))
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x, y), (to_x, to_y) in pairwise(points):
        half = (x + to_x) / 2
        path += f" C{half:.1f} {y:.1f} {half:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
    return path


# -- the layout ----------------------------------------------------------------------------------------------


def _laid_out(
    graph: Drawn, heights: Mapping[str, float]
) -> tuple[dict[object, _Spot], dict[tuple[str, str], list[object]]]:
    """Where each thing lies, and the places that each edge goes through, its ends included.

    Layers and the order in them are the library's; things that nothing leads to or from come last, below each other.
    """
    from fast_sugiyama import from_edges

    joined = [t.name for t in graph.things if any(t.name in edge for edge in graph.edges)]
    numbers = {name: i for i, name in enumerate(joined)}  # numbers, not names: the library's order is theirs
    spots: dict[object, _Spot] = {}
    routes: dict[tuple[str, str], list[object]] = {}
    low = float(_MARGIN)
    found = from_edges([(numbers[a], numbers[b]) for a, b in graph.edges], vertex_spacing=1) if joined else []
    for part, (positions, _, _, links) in enumerate(found):
        top = max(y for _, (_, y) in positions)
        own: dict[object, object] = {
            n: joined[n] if n < len(joined) else (part, n) for n, _ in positions if isinstance(n, int)
        }
        here = {
            own[n]: _Spot(round(top - y), float(x), heights.get(str(own[n]), _BEND) if n < len(joined) else _BEND)
            for n, (x, y) in positions
            if isinstance(n, int)
        }
        _spread(here)
        shift = low - min(s.middle - s.height / 2 for s in here.values())
        for s in here.values():
            s.middle += shift
        low = max(s.middle + s.height / 2 for s in here.values()) + 2 * _GAP
        spots |= here
        routes |= _routes([(own[a], own[b]) for a, b in links or ()])
    for thing in graph.things:
        if thing.name not in numbers:
            spots[thing.name] = _Spot(0, low + heights[thing.name] / 2, heights[thing.name])
            low += heights[thing.name] + _GAP
    return spots, {edge: routes.get(edge, [*edge]) for edge in graph.edges}


def _spread(spots: Mapping[object, _Spot]) -> None:
    """From positions in units to positions in pixels, so that nothing in a layer lies on anything else."""
    boxes = [s.height for name, s in spots.items() if isinstance(name, str)]
    unit = sum(boxes) / len(boxes) + _GAP
    layers: dict[int, list[_Spot]] = {}
    for s in spots.values():
        s.middle *= unit
        layers.setdefault(s.layer, []).append(s)
    for layer in layers.values():
        layer.sort(key=lambda s: s.middle)
        wanted = [s.middle for s in layer]
        for before, s in pairwise(layer):
            s.middle = max(s.middle, before.middle + (before.height + s.height) / 2 + _GAP)
        moved = sum(s.middle - w for s, w in zip(layer, wanted, strict=True)) / len(layer)
        for s in layer:
            s.middle -= moved


def _routes(links: Sequence[tuple[object, object]]) -> dict[tuple[str, str], list[object]]:
    """Each edge with the bends that it goes through. A bend is on one edge alone."""
    after = {a: b for a, b in links if not isinstance(a, str)}
    found: dict[tuple[str, str], list[object]] = {}
    for above, below in links:
        if isinstance(above, str):
            route: list[object] = [above, below]
            while not isinstance(route[-1], str):
                route.append(after[route[-1]])
            found[above, str(route[-1])] = route
    return found
