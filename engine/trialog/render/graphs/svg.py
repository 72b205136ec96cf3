"""A graph as a drawing: boxes in layers from left to right, each to the left of what it rests on."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from trialog.render.graphs.drawn import Drawn, Thing, wrapped
from trialog.render.graphs.layout import Spot, layout
from trialog.render.graphs.looks import EDGE, looks_of

_WIDTH = 36  # columns in a box
_COLUMN, _LINE, _PAD, _BETWEEN, _MARGIN = 7.3, 15, 9, 90, 20  # in pixels
_BOX = _WIDTH * _COLUMN + 2 * _PAD


def as_svg(graph: Drawn) -> Iterator[str]:
    lines = {t.name: [*wrapped(t.heading, _WIDTH), *t.lines(_WIDTH)] for t in graph.things}
    heads = {t.name: len(wrapped(t.heading, _WIDTH)) for t in graph.things}
    heights = {t.name: len(lines[t.name]) * _LINE + 2 * _PAD for t in graph.things}
    found = layout(heights, graph.edges)
    spots = found.spots
    layers = max((s.layer for s in spots.values()), default=0)
    width = 2 * _MARGIN + (layers + 1) * _BOX + layers * _BETWEEN
    height = found.height + 2 * _MARGIN
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
            f'  <path class="edge" d="{_path(found.routes[above, below])}" fill="none" stroke="{EDGE}" '
            f'marker-end="url(#arrow)"><title>{escape(above)} rests on {escape(below)}</title></path>'
        )
    for thing in graph.things:
        yield from _box(thing, spots[thing.name], lines[thing.name], heads[thing.name])
    yield "</svg>"


def _box(thing: Thing, spot: Spot, lines: Sequence[str], heads: int) -> Iterator[str]:
    fill, stroke = looks_of(thing)
    left, top = _left(spot.layer), _MARGIN + spot.middle - spot.height / 2
    yield f'  <g class="{escape(thing.kind)}"><title>{escape(thing.in_full)}</title>'
    yield (
        f'    <rect x="{left:.1f}" y="{top:.1f}" width="{_BOX:.1f}" height="{spot.height:.1f}" rx="4" fill="{fill}" '
        f'stroke="{stroke}" stroke-width="{3 if thing.asked else 1}"/>'
    )
    for i, line in enumerate(lines):
        y = top + _PAD + (i + 0.8) * _LINE
        bold = ' font-weight="bold"' if i < heads else ""
        yield f'    <text x="{left + _PAD:.1f}" y="{y:.1f}"{bold}>{escape(line)}</text>'
    yield "  </g>"


def _left(layer: int) -> float:
    return _MARGIN + layer * (_BOX + _BETWEEN)


def _path(spots: Sequence[Spot]) -> str:
    """A curve through the places of an edge, level where it leaves and where it arrives."""
    forth = spots[-1].layer > spots[0].layer
    points: list[tuple[float, float]] = []
    for i, s in enumerate(spots):
        left, right = _left(s.layer), _left(s.layer) + _BOX
        if i:
            points.append((left if forth else right, _MARGIN + s.middle))
        if i < len(spots) - 1:
            points.append((right if forth else left, _MARGIN + s.middle))
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x, y), (to_x, to_y) in pairwise(points):
        half = (x + to_x) / 2
        path += f" C{half:.1f} {y:.1f} {half:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
    return path
