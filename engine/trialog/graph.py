"""What rests on what, for audit: cohorts, criteria, atoms, relations and concepts as a directed graph (networkx)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trialog.program import Chosen, Const, Premise, Program, Tallied, Tuple, Under

if TYPE_CHECKING:
    import networkx as nx


def dependencies(program: Program) -> nx.DiGraph[str]:
    """An edge from each thing to what it rests on. Nodes are named `cohort sle`, `S4`, `steroid_course`, `concept lvef`.

    A node's `kind` is cohort, criterion, atom, relation, reading or concept; an edge's `places` are the rules that make it.
    A relation with an id goes by its id. Helpers that aggregates need do not appear: what they rest on does.
    """
    import networkx

    graph: nx.DiGraph[str] = networkx.DiGraph()
    names = {a.relation: a.identifier for a in program.atoms.values()}
    criteria = {c.relation for c in program.criteria}
    for cohort in program.cohorts:
        graph.add_node(f"cohort {cohort}", kind="cohort")
        for c in program.criteria_of(cohort):
            _edge(graph, f"cohort {cohort}", names.get(c.relation, c.relation), str(c.at))
    owners = {c.relation: c.helper_of for c in program.clauses if c.helper_of is not None}
    for clause in program.clauses:
        owner = clause.helper_of or clause.relation
        above = names.get(owner, owner)
        kind = "atom" if owner in names else "criterion" if owner in criteria else "relation"
        graph.add_node(above, kind=kind)
        for below, below_kind in _rests_on(clause.body):
            if below not in owners:
                name = names.get(below, below)
                graph.add_node(name, **({} if name in graph else {"kind": below_kind}))
                _edge(graph, above, name, str(clause.at))
    for node in graph:
        graph.nodes[node].setdefault("kind", "atom" if node in program.atoms else "relation")
    return graph


def _edge(graph: nx.DiGraph[str], above: str, below: str, place: str) -> None:
    if above == below:
        return
    graph.add_edge(above, below)
    places: list[str] = graph.edges[above, below].setdefault("places", [])
    if place not in places:
        places.append(place)


def _rests_on(body: tuple[Premise, ...]) -> Iterator[tuple[str, str]]:
    for premise in body:
        match premise:
            case Tuple(relation, _, args):
                yield relation, "relation"
                for arg in args:
                    if isinstance(arg, Const) and isinstance(arg.value, str):
                        yield f"concept {arg.value}", "concept"
            case Tallied(_, relation):
                yield relation, "relation"
            case Under(_, concept):
                yield f"concept {concept}", "concept"
            case Chosen(reading, _):
                yield f"reading {reading}", "reading"
            case _:
                pass


def restricted(graph: nx.DiGraph[str], node: str) -> nx.DiGraph[str]:
    """What the node rests on, and what rests on it. Raises KeyError where there is no such node."""
    import networkx

    if node not in graph:
        raise KeyError(node)
    return graph.subgraph({node} | networkx.descendants(graph, node) | networkx.ancestors(graph, node)).copy()
