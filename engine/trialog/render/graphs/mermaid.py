"""A graph in the language of Mermaid, which Markdown pages show on many sites."""

from collections.abc import Iterator

from trialog.render.graphs.drawn import Drawn
from trialog.render.graphs.looks import looks_of

_WIDTH = 34
_ESCAPED = str.maketrans({c: f"#{ord(c)};" for c in "#\"`&<>\\;{}[]()|@:_*~$%'-+="})


def as_mermaid(graph: Drawn) -> Iterator[str]:
    yield "flowchart LR"
    numbers = {thing.name: f"n{i}" for i, thing in enumerate(graph.things)}
    for thing in graph.things:
        lines = (f"<b>{_escaped(thing.heading)}</b>", *(_escaped(line) for line in thing.lines(_WIDTH)))
        yield f'  {numbers[thing.name]}["{"<br/>".join(lines)}"]'
        fill, line = looks_of(thing)
        width = 3 if thing.asked else 1
        yield f"  style {numbers[thing.name]} fill:{fill},stroke:{line},stroke-width:{width}px,color:#111111"
    for above, below in graph.edges:
        yield f"  {numbers[above]} --> {numbers[below]}"


def _escaped(words: str) -> str:
    return words.translate(_ESCAPED)
