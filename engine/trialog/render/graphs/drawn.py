"""A graph as it is shown: its things in order, in words that can stand in any file."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from trialog.graph import KINDS

if TYPE_CHECKING:
    import networkx as nx

_UNPRINTED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML cannot hold
_LONGEST = 8  # lines of a rule or a sentence in a box; the whole of it is there to point at
_LONG_KINDS = ("rule", "sentence", "fact")


@dataclass(frozen=True, slots=True)
class Thing:
    """One node. `status` and `reason` are of a patient's proof alone; `asked` is what a selector named.

    `hidden` is how many things it rests on besides those that are shown.
    """

    name: str
    kind: str
    says: str
    at: str
    text: str
    status: str
    reason: str
    asked: bool
    hidden: int

    @property
    def heading(self) -> str:
        own = self.name if ":" in self.name else f"{self.kind} {self.name}"
        return f"{own}: {self.status}" + (f", {self.reason}" if self.reason else "") if self.status else own

    @property
    def in_full(self) -> str:
        """All that is known of it, for whoever points at it."""
        text = self.text if self.text.strip() not in ("", self.says) else ""
        return "\n".join(part for part in (self.heading, self.at, self.says if not text else "", text) if part)

    @property
    def short_place(self) -> str:
        """The place without the folders."""
        return ", ".join(PurePath(part).name for part in self.at.split("; ")) if self.at else ""

    def lines(self, width: int) -> list[str]:
        """The words below the heading, in lines of so many columns."""
        found = wrapped(self.says, width)
        if self.kind in _LONG_KINDS and len(found) > _LONGEST:
            found = [*found[: _LONGEST - 1], f"{found[_LONGEST - 1][: width - 2]} …"]
        more = f"rests on {self.hidden} more, not shown" if self.hidden else ""
        return [*found, *wrapped(self.short_place, width), *wrapped(more, width)]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The things in the order of their kinds and names; each edge leads from a thing to what it rests on."""

    title: str
    things: tuple[Thing, ...]
    edges: tuple[tuple[str, str], ...]
    below: dict[str, list[str]] = field(compare=False)


def drawn(
    graph: nx.DiGraph[str], title: str, asked: Collection[str] = (), shown: Collection[str] | None = None
) -> Drawn:
    """The graph, or what is `shown` of it."""
    whole, graph = graph, graph if shown is None else graph.subgraph(shown)
    things = [
        Thing(
            clean(name),
            graph.nodes[name]["kind"],
            clean(graph.nodes[name]["says"]),
            clean(graph.nodes[name]["at"]),
            clean(graph.nodes[name]["text"]),
            graph.nodes[name].get("status", ""),
            graph.nodes[name].get("reason", ""),
            name in asked,
            whole.out_degree(name) - graph.out_degree(name),
        )
        for name in graph
    ]
    things.sort(key=lambda t: (KINDS.index(t.kind) if t.kind in KINDS else len(KINDS), natural(t.name)))
    place = {t.name: i for i, t in enumerate(things)}
    edges = sorted(((clean(a), clean(b)) for a, b in graph.edges), key=lambda e: (place[e[0]], place[e[1]]))
    below: dict[str, list[str]] = {}
    for a, b in edges:
        below.setdefault(a, []).append(b)
    return Drawn(clean(title), tuple(things), tuple(edges), below)


def natural(name: str) -> tuple[tuple[str, int, str], ...]:
    """So that C10 comes after C2."""
    return tuple((word, int(number or 0), number) for word, number in re.findall(r"([^0-9]*)([0-9]*)", name))


def clean(words: str) -> str:
    """The words with `?` for what no file of text may hold."""
    return _UNPRINTED.sub("?", words)


def columns(words: str) -> int:
    """How many columns the words take: the signs of some scripts take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in words)


def wrapped(words: str, width: int) -> list[str]:
    """The words in lines that take no more than so many columns; long names give way behind `_`, `/` and `.`."""
    found: list[str] = []
    for word in " ".join(words.split()).split(" "):
        for piece in _pieces(word, width):
            if found and columns(found[-1]) + columns(piece) + 1 <= width and piece is not None:
                found[-1] = f"{found[-1]} {piece}"
            elif piece:
                found.append(piece)
    return found


def _pieces(word: str, width: int) -> list[str]:
    if columns(word) <= width:
        return [word]
    found = [""]
    for part in (c for bit in re.findall(r"[^_/.]*[_/.]?", word) for c in textwrap.wrap(bit, max(width // 2, 1))):
        if columns(found[-1]) + columns(part) <= width:
            found[-1] += part
        else:
            found.append(part)
    return found
