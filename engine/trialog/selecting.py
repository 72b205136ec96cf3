"""Selectors: `+C6`, `2+S4`, `concept:calcineurin_inhibitor+`, `+cohort:sle,source:own+` (see `docs/graph.md`).

The signs are those of dbt: what stands before a `+` counts steps down to what the thing rests on, what stands after it steps up
to what rests on it; a comma asks for what is in all of its parts, and several selectors for what is in any of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trialog.problem import Problem
from trialog.source import Source, Span
from trialog.spelling import asked, respelt

if TYPE_CHECKING:
    import networkx as nx

_TERM = re.compile(r"(?:([0-9]*)(\+))?(.*?)(?:(\+)([0-9]*))?", re.DOTALL)
_KIND = re.compile(r"([a-z]+):(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Term:
    """What is called `name` (of that kind, where `kind` says one), with so many steps of what it rests on and of what rests on it.

    0 is none; None is all the way.
    """

    kind: str
    name: str
    down: int | None = 0
    up: int | None = 0

    def __str__(self) -> str:
        down = "" if self.down == 0 else f"{self.down or ''}+"
        up = "" if self.up == 0 else f"+{self.up or ''}"
        return f"{down}{self.kind}{':' if self.kind else ''}{self.name}{up}"

    @property
    def is_bare(self) -> bool:
        return self.down == self.up == 0


@dataclass(frozen=True, slots=True)
class Selector:
    """What all the terms select."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return ",".join(str(t) for t in self.terms)

    def widened(self, down: int | None, up: int | None) -> Selector:
        """A single term without steps, with these; any other selector as it is."""
        if len(self.terms) > 1 or not self.terms[0].is_bare:
            return self
        return Selector((replace(self.terms[0], down=down, up=up),))


def read_selectors(written: Sequence[str], kinds: Iterable[str]) -> tuple[list[Selector], list[Problem]]:
    """The selectors as they were typed, and what is wrong with how they are written."""
    problems: list[Problem] = []
    found: list[Selector] = []
    for text in written:
        parts = list(_parts(text))
        terms = [t for at in parts if (t := _term(at, tuple(kinds), problems)) is not None]
        if len(terms) == len(parts):
            found.append(Selector(tuple(terms)))
    return found, problems


def typed(text: str) -> Span:
    """What was typed, as a place."""
    return Span(Source("command line", text), 0, len(text))


def _parts(text: str) -> Iterator[Span]:
    begin, source = 0, Source("command line", text)
    for part in text.split(","):
        yield Span(source, begin, begin + len(part))
        begin += len(part) + 1


def _term(at: Span, kinds: Sequence[str], problems: list[Problem]) -> Term | None:
    found = _TERM.fullmatch(at.words)
    assert found is not None, "any text is a term, or nearly one"
    down, before, words, after, up = found.groups()
    if not words.strip() or "+" in words or words != words.strip():
        problems.append(
            Problem(
                "E640",
                f"`{at.source.text}` is not a selector",
                at,
                "write a name as in `C6`, with `+` before it for what it rests on and behind it for what rests on it",
                label="a name is wanted here" if not words.strip(" +") else "a `+` or a blank stands where none can",
            )
        )
        return None
    steps: list[int | None] = []
    for sign, number in ((before, down), (after, up)):
        if number and int(number) == 0:
            problems.append(
                Problem("E640", f"`{at.source.text}` asks for 0 steps", at, "count steps from 1, or leave the `+` out")
            )
            return None
        steps.append(0 if not sign else int(number) if number else None)
    kind, name = "", words
    if (prefixed := _KIND.fullmatch(words)) is not None:
        kind, name = prefixed.groups()
        place = Span(at.source, at.start + found.start(3), at.start + found.start(3) + len(kind))
        if kind not in kinds:
            known = ", ".join(f"`{k}`" for k in kinds)
            problems.append(
                Problem(
                    "E640",
                    f"`{kind}` is no kind of thing here",
                    place,
                    asked(respelt(place, kinds)) or f"there are {known}",
                )
            )
            return None
        if not name.strip():
            problems.append(
                Problem("E640", f"`{at.source.text}` names no {kind}", at, f"write the name behind it: `{kind}:NAME`")
            )
            return None
    return Term(kind, name, *steps)


# -- what they select ----------------------------------------------------------------------------------------


def select(graph: nx.DiGraph[str], selectors: Iterable[Selector]) -> tuple[set[str], list[Problem]]:
    """The nodes that any of the selectors selects, and what is wrong: names of nothing or of several things, nothing selected."""
    problems: list[Problem] = []
    found: set[str] = set()
    for selector in selectors:
        told = len(problems)
        sets = [_of_term(graph, t, selector, problems) for t in selector.terms]
        both = set.intersection(*sets)
        if not both and len(problems) == told:
            problems.append(
                Problem(
                    "E642",
                    f"nothing is selected by `{selector}`",
                    typed(str(selector)),
                    "a comma asks for what is in both; write "
                    + " ".join(f"`{t}`" for t in selector.terms)
                    + " with blanks for what is in any of them",
                )
            )
        found |= both
    return found, problems


def _of_term(graph: nx.DiGraph[str], term: Term, selector: Selector, problems: list[Problem]) -> set[str]:
    begin = _named(graph, term, selector, problems)
    return begin | _within(graph, begin, term.down) | _within(graph.reverse(copy=False), begin, term.up)


def _within(graph: nx.DiGraph[str], begin: set[str], steps: int | None) -> set[str]:
    """What can be reached in so many steps along the edges, the beginning included."""
    found, edge = set(begin), set(begin)
    while edge and (steps is None or steps > 0):
        edge = {below for node in edge for below in graph.successors(node)} - found
        found |= edge
        steps = None if steps is None else steps - 1
    return found


def _named(graph: nx.DiGraph[str], term: Term, selector: Selector, problems: list[Problem]) -> set[str]:
    found = {node for node in graph if _is_called(graph, node, term)}
    if not found and term.kind == "sentence":
        words = " ".join(term.name.split()).casefold()
        sentences = (n for n in graph if graph.nodes[n]["kind"] == "sentence")
        found = {n for n in sentences if words in graph.nodes[n]["says"].casefold()}
    whole = str(selector)
    begin = whole.find(f"{term.kind}:{term.name}" if term.kind else term.name)
    begin += len(term.kind) + 1 if term.kind else 0
    at = Span(Source("command line", whole), begin, begin + len(term.name))
    if not found:
        spelt = (n for n, own in graph.nodes(data="kind") if own != "sentence")  # a sentence goes by a number
        names = sorted({name for node in spelt for name in _names(graph, node, term.kind)})
        what = f"no {term.kind}" if term.kind else "nothing here"
        problems.append(
            Problem(
                "E608",
                f"{what} is called `{term.name}`",
                at,
                asked(respelt(at, names)) or "`trialog graph TRIAL` says what there is",
            )
        )
    elif not term.kind and len(found) > 1:
        ways = " or ".join(f"`{_prefixed(graph, node)}`" for node in sorted(found))
        problems.append(Problem("E641", f"`{term.name}` is the name of several things", at, f"write {ways}"))
    return found


def _is_called(graph: nx.DiGraph[str], node: str, term: Term) -> bool:
    """Whether the thing has that name; `rule:C6` and the like mean every `rule:C6/…`."""
    names = _names(graph, node, term.kind)
    return any(name == term.name or (term.kind and name.startswith(f"{term.name}/")) for name in names)


def _names(graph: nx.DiGraph[str], node: str, kind: str) -> Iterator[str]:
    """The names by which a thing goes where that kind is asked for. A relation with an id goes by both."""
    data = graph.nodes[node]
    own = data["kind"]
    is_relation = own in ("atom", "criterion", "relation")
    if kind and kind != own and not (is_relation and (kind == "relation" or (kind == "criterion" and data["role"]))):
        return
    yield node if is_relation else node.partition(":")[2]
    if is_relation and data["relation"]:
        yield data["relation"]
    if own == "rule":
        first, slash, rest = node.partition(":")[2].rpartition("/")
        relation = graph.nodes[first]["relation"] if first in graph else ""
        if relation:
            yield f"{relation}{slash}{rest}"


def _prefixed(graph: nx.DiGraph[str], node: str) -> str:
    kind = graph.nodes[node]["kind"]
    return node if ":" in node else f"{kind}:{node}"
