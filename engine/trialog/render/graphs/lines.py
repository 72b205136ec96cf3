"""A graph as people read it at a terminal."""

from collections.abc import Iterator

from trialog.render.graphs.drawn import Drawn
from trialog.render.terminal import wrapped


def as_lines(graph: Drawn, width: int) -> Iterator[str]:
    """Each thing with its words, its place, and what it rests on."""
    for thing in graph.things:
        yield from _wrapped(thing.heading, width, "", "  ")
        if thing.says and thing.says != thing.name:
            yield from _wrapped(thing.says, width, "    ", "    ")
        for place in thing.at.split("; ") if thing.at else ():
            yield f"    {place}"  # in one piece, to be copied
        below = ", ".join(graph.below.get(thing.name, ()))
        more = f"{thing.hidden} more, not shown" if thing.hidden else ""
        if below or more:
            yield from _wrapped(
                f"rests on {' and '.join(part for part in (below, more) if part)}", width, "    ", "      "
            )


def _wrapped(words: str, width: int, first: str = "", following: str = "    ") -> list[str]:
    return wrapped(words, width, first, following, whole=True)
