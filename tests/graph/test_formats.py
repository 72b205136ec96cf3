"""Every format can be read again, and says what the graph says; a drawing can be read by people."""

import html
import io
import json
import re
import xml.etree.ElementTree as ET
from itertools import combinations

import networkx
import pydot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialog.graph import KINDS, Dependencies
from trialog.render.graphs.dot import as_dot
from trialog.render.graphs.drawn import Drawn, clean, columns, drawn, wrapped
from trialog.render.graphs.files import as_graphml, as_json
from trialog.render.graphs.layout import GAP, layout
from trialog.render.graphs.lines import as_lines
from trialog.render.graphs.mermaid import as_mermaid
from trialog.render.graphs.svg import as_svg

SVG = "{http://www.w3.org/2000/svg}"
_SIGNS = "ab_/.:C10 \"'\\<>&`#;{}[]()|%≥漢\u0301\n\t\x00\x1b]]>-->"
words = st.text(alphabet=_SIGNS, max_size=60)
nodes = st.sampled_from(["C6", "rule:C6/1", 'concept:"a\\', "fact:a/1.5", "chart:x<y>", "sentence:1", "n&m", "漢"])


@st.composite
def any_graph(draw: st.DrawFn) -> Drawn:
    """Any graph whose words are those that a person, or a chart, may have written."""
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    for name in draw(st.lists(nodes, min_size=1, unique=True)):
        graph.add_node(
            name,
            kind=draw(st.sampled_from([*KINDS, "step", "record"])),
            says=draw(words),
            at=draw(st.sampled_from(["", "a/page.md:3", "a.json:1 facts[0]; b.json:2"])),
            text=draw(words),
            status=draw(st.sampled_from(["", "met", "unknown"])),
            reason=draw(st.sampled_from(["", "missing"])),
        )
    own = st.sampled_from(list(graph))
    graph.add_edges_from(draw(st.lists(st.tuples(own, own), max_size=12)))
    return drawn(graph, draw(words), draw(st.sets(own, max_size=2)), draw(st.sets(own, min_size=1)))


graphs = given(any_graph())


@graphs
def test_json_is_read_by_networkx(graph: Drawn) -> None:
    for plain in (True, False):
        text = as_json(graph, plain)
        assert text.isascii() or not plain
        found = networkx.node_link_graph(json.loads(text), edges="edges")
        assert set(found.nodes) == {t.name for t in graph.things}
        assert set(found.edges) == set(graph.edges)
        for thing in graph.things:
            data = found.nodes[thing.name]
            assert (data["kind"], data["says"], data["at"], data["text"]) == (
                thing.kind, thing.says, thing.at, thing.text,
            )  # fmt: skip
            assert (data["status"], data["reason"], data["asked"]) == (thing.status, thing.reason, thing.asked)
            assert data["hidden"] == thing.hidden


@graphs
def test_graphml_is_read_by_networkx(graph: Drawn) -> None:
    found = networkx.read_graphml(io.BytesIO(as_graphml(graph).encode()))
    assert set(found.nodes) == {t.name for t in graph.things}
    assert set(found.edges) == set(graph.edges)
    for thing in graph.things:
        assert found.nodes[thing.name]["kind"] == thing.kind
        assert found.nodes[thing.name]["asked"] is thing.asked
        assert (found.nodes[thing.name].get("says") or "").split() == thing.says.split()


def unquoted(written: str) -> str:
    assert written.startswith('"') and written.endswith('"')
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], written[1:-1], flags=re.DOTALL)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pydot's own, of the parser that it uses
@graphs
@settings(max_examples=40)
def test_dot_is_dot(graph: Drawn) -> None:
    read = pydot.graph_from_dot_data("\n".join(as_dot(graph)))
    assert read is not None and len(read) == 1
    found = {
        unquoted(n.get_name()): unquoted(n.get("label"))
        for n in read[0].get_nodes()
        if n.get_name() not in ("node", "edge")
    }
    assert found.keys() == {t.name for t in graph.things}
    assert all(found[t.name].startswith(t.heading) for t in graph.things)
    edges = {(unquoted(str(e.get_source())), unquoted(str(e.get_destination()))) for e in read[0].get_edges()}
    assert edges == set(graph.edges)


@graphs
def test_mermaid_has_a_box_for_each_thing_and_an_arrow_for_each_edge(graph: Drawn) -> None:
    first, *lines = as_mermaid(graph)
    assert first == "flowchart LR"
    boxes: dict[str, str] = {}
    edges: set[tuple[str, str]] = set()
    for line in lines:
        if box := re.fullmatch(r'  (n\d+)\["<b>([^"<>]*)</b>(?:<br/>[^"<>]*)*"\]', line):
            boxes[box[1]] = html.unescape(re.sub(r"#(\d+);", r"&#\1;", box[2]))
        elif edge := re.fullmatch(r"  (n\d+) --> (n\d+)", line):
            edges.add((edge[1], edge[2]))
        else:
            assert re.fullmatch(r"  style n\d+ fill:#\w{6},stroke:#\w{6},stroke-width:\dpx,color:#111111", line)
    assert list(boxes.values()) == [t.heading for t in graph.things]
    name = {key: t.name for key, t in zip(boxes, graph.things, strict=True)}
    assert {(name[a], name[b]) for a, b in edges} == set(graph.edges)


type Box = tuple[float, float, float, float]


def boxes_of(svg: ET.Element) -> list[tuple[Box, list[ET.Element]]]:
    found: list[tuple[Box, list[ET.Element]]] = []
    for group in svg.findall(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        assert rect is not None
        x, y, w, h = (float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
        found.append(((x, y, x + w, y + h), group.findall(f"{SVG}text")))
    return found


def check_svg(graph: Drawn) -> None:
    """That it is read as XML, that nothing is cut or hidden, and that each edge goes from a box to a box."""
    svg = ET.fromstring("\n".join(as_svg(graph)))
    width, height = float(svg.attrib["width"]), float(svg.attrib["height"])
    boxes = boxes_of(svg)
    assert len(boxes) == len(graph.things)
    for (left, top, right, bottom), texts in boxes:
        assert 0 <= left < right <= width and 0 <= top < bottom <= height
        assert texts
        for text in texts:
            x, y = float(text.attrib["x"]), float(text.attrib["y"])
            assert left < x and x + columns(text.text or "") * 7.3 <= right + 1, text.text
            assert top < y < bottom
    for (a, _), (b, _) in combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], "two boxes lie on each other"
    titles = [g.findtext(f"{SVG}title") or "" for g in svg.findall(f"{SVG}g")]
    for thing, title in zip(graph.things, titles, strict=True):
        assert title.split() == thing.in_full.split()
    paths = [p for p in svg.findall(f"{SVG}path") if p.get("class") == "edge"]
    assert len(paths) == len(graph.edges)
    at = {t.name: box for t, (box, _) in zip(graph.things, boxes, strict=True)}
    for (above, below), path in zip(graph.edges, paths, strict=True):
        numbers = [float(n) for n in re.findall(r"-?\d+\.\d+", path.attrib["d"])]
        assert all(10 <= x <= width - 10 for x in numbers[::2])
        assert all(10 <= y <= height - 10 for y in numbers[1::2])
        for name, (x, y) in ((above, numbers[:2]), (below, numbers[-2:])):
            left, top, right, bottom = at[name]
            assert min(abs(x - left), abs(x - right)) < 0.2 and top <= y <= bottom


@graphs
def test_a_drawing_hides_nothing(graph: Drawn) -> None:
    check_svg(graph)


def test_a_drawing_of_the_whole_small_graph(known: Dependencies) -> None:
    graph = drawn(known.graph, "all")
    check_svg(graph)
    said = " ".join("\n".join(as_svg(graph)).split())
    for thing in graph.things:
        assert html.escape(thing.heading, quote=False) in said


_BOXES = [f"n{i}" for i in range(9)]
_edges = st.lists(st.tuples(st.sampled_from(_BOXES), st.sampled_from(_BOXES)), max_size=24, unique=True)


@given(_edges, st.lists(st.floats(10, 200), min_size=9, max_size=9))
def test_a_layout_leads_forward_wherever_there_is_no_circle(edges: list[tuple[str, str]], sizes: list[float]) -> None:
    found = layout(dict(zip(_BOXES, sizes, strict=True)), edges)
    graph = networkx.DiGraph(edges)
    circles = {node for part in networkx.strongly_connected_components(graph) if len(part) > 1 for node in part}
    for above, below in edges:
        route = found.routes[above, below]
        assert (route[0], route[-1]) == (found.spots[above], found.spots[below])
        if above != below:
            step = 1 if route[-1].layer > route[0].layer else -1
            assert [s.layer for s in route] == list(range(route[0].layer, route[-1].layer + step, step))
            assert step == 1 or {above, below} <= circles
    spots = {id(s): s for s in (*found.spots.values(), *(s for r in found.routes.values() for s in r))}.values()
    assert all(s.height / 2 - 0.01 <= s.middle <= found.height - s.height / 2 + 0.01 for s in spots)
    for a, b in combinations(spots, 2):
        assert a.layer != b.layer or abs(a.middle - b.middle) > (a.height + b.height) / 2 + GAP - 0.01


def test_what_needs_no_crossing_has_none() -> None:
    """A tree: the lines between two layers keep the order of both their ends."""
    edges = [("r", "a"), ("r", "b"), ("r", "c"), ("c", "c1"), ("a", "a1"), ("b", "b1"), ("a", "a2"), ("c", "c2")]
    names = sorted({n for e in edges for n in e}, reverse=True)
    spots = layout(dict.fromkeys(names, 20.0), edges).spots
    for (a, b), (c, d) in combinations(edges, 2):
        if spots[a].layer == spots[c].layer:
            assert (spots[a].middle - spots[c].middle) * (spots[b].middle - spots[d].middle) >= 0


@given(st.text(alphabet=_SIGNS, max_size=120), st.integers(4, 40))
def test_no_word_is_lost_in_wrapping(text: str, width: int) -> None:
    lines = wrapped(clean(text), width)
    assert "".join("".join(lines).split()) == "".join(clean(text).split())
    assert all(columns(line) <= width for line in lines)


@given(st.sets(st.sampled_from(["A1", "rule:A1/1", "rule:A1/2", "chart:observation/lvef", "sentence:11"])))
def test_what_is_not_shown_is_counted(known: Dependencies, shown: set[str]) -> None:
    for thing in drawn(known.graph, "some", (), shown).things:
        assert thing.hidden == len(set(known.graph.successors(thing.name)) - shown)


@graphs
@pytest.mark.parametrize("width", [80])
def test_lines_name_every_thing_and_edge(width: int, graph: Drawn) -> None:
    said = " ".join(" ".join(as_lines(graph, width)).split())
    for thing in graph.things:
        assert " ".join(thing.heading.split()) in said
    assert all(below in said for _, below in graph.edges)
