"""A dependency graph as text, or in the DOT language of Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx as nx

_SHAPES = {
    "cohort": "doubleoctagon",
    "criterion": "box",
    "atom": "box",
    "relation": "ellipse",
    "concept": "note",
    "reading": "diamond",
}


def as_text(graph: nx.DiGraph[str]) -> list[str]:
    """One line for each thing that rests on others: its name, and theirs."""
    return [f"{node}: {', '.join(sorted(graph.successors(node)))}" for node in sorted(graph) if graph.out_degree(node)]


def as_dot(graph: nx.DiGraph[str]) -> list[str]:
    """The graph in DOT, nodes and edges in alphabetical order."""
    lines = ["digraph trialog {", "  rankdir=LR;"]
    for node in sorted(graph):
        lines.append(f"  {_quoted(node)} [shape={_SHAPES[graph.nodes[node]['kind']]}];")
    for above, below in sorted(graph.edges):
        lines.append(f"  {_quoted(above)} -> {_quoted(below)};")
    return [*lines, "}"]


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
