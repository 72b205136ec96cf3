"""A graph for other programs: GraphML, and node-link JSON (see `docs/json.md`)."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from trialog.render.graphs.drawn import Drawn

if TYPE_CHECKING:
    import networkx as nx


def as_json(graph: Drawn, plain: bool) -> str:
    """What `networkx.node_link_graph` reads; `plain` keeps to ASCII."""
    import networkx

    return json.dumps(networkx.node_link_data(_graph(graph), edges="edges"), ensure_ascii=plain, indent=2)


def as_graphml(graph: Drawn) -> str:
    import networkx

    return "\n".join(networkx.generate_graphml(_graph(graph)))


def _graph(graph: Drawn) -> nx.DiGraph[str]:
    import networkx

    found: nx.DiGraph[str] = networkx.DiGraph(title=graph.title)
    for thing in graph.things:
        found.add_node(thing.name, **{key: value for key, value in asdict(thing).items() if key != "name"})
    found.add_edges_from(graph.edges)
    return found
