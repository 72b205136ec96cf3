"""A graph in the DOT language of Graphviz."""

from collections.abc import Iterator

from trialog.render.graphs.drawn import Drawn
from trialog.render.graphs.looks import EDGE, looks_of

_WIDTH = 34


def as_dot(graph: Drawn) -> Iterator[str]:
    yield f"digraph {_quoted(graph.title)} {{"
    yield "  rankdir=LR;"
    yield '  node [shape=box, style="filled", fontname="monospace", fontsize=11];'
    yield f"  edge [color={_quoted(EDGE)}];"
    for thing in graph.things:
        fill, line = looks_of(thing)
        label = "\n".join((thing.heading, *thing.lines(_WIDTH)))
        width = 3 if thing.asked else 1
        yield (
            f"  {_quoted(thing.name)} [label={_quoted(label)}, tooltip={_quoted(thing.in_full)}, "
            f"fillcolor={_quoted(fill)}, color={_quoted(line)}, penwidth={width}];"
        )
    for above, below in graph.edges:
        yield f"  {_quoted(above)} -> {_quoted(below)};"
    yield "}"


def _quoted(words: str) -> str:
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "").replace("\n", "\\n") + '"'
