"""The shipped protocol with one thing taken away or misspelt: it must be missed, and at its place.

The edits are computed from the page, so a sentence that is added to it is tried too. A run of the check takes its time: of the
characters and relations every so many-th is tried.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest

from trialog.check import Pages, check
from trialog.check.quotes import misquoted
from trialog.knowledge import Library, shipped
from trialog.lexer import tokens
from trialog.page import Page, Quote, read_page
from trialog.parse import parse
from trialog.problem import Problem
from trialog.source import Source, Span
from trialog.tree import Holds, Latest, Literal, Recorded, Rule, literals_within

LIBRARY = Library(shipped())
*VOCABULARY, PROTOCOL, DOCUMENT = (
    Source(p.name, p.read_text(encoding="utf-8")) for p in LIBRARY.files("car-nk-b-cell-children")
)
PAGE: Page = read_page(PROTOCOL)[0]
RULES = [s for block in PAGE.blocks for s in parse(block)[0] if isinstance(s, Rule)]


def line_of(at: int) -> int:
    return PROTOCOL.line_and_column(at)[0]


def without(*spans: tuple[int, int], instead: str = "") -> Source:
    """The page with these stretches replaced. Line ends are kept, so that lines keep their numbers."""
    text = PROTOCOL.text
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + instead + "\n" * text.count("\n", start, end) + text[end:]
    return Source(PROTOCOL.name, text)


def said(page: Source) -> list[Problem]:
    return check(Pages(tuple(VOCABULARY), page, DOCUMENT))[1]


def lines(problems: list[Problem], *codes: str) -> set[int]:
    """The lines of the page at which problems with these codes are, those included at which the same is missing."""
    found = [p for p in problems if p.code in codes and p.at.source.name == PROTOCOL.name]
    return {at.line for p in found for at in (p.at, *(at for at, words in p.related if words == "and here"))}


def test_the_page_as_it_is_has_no_problem() -> None:
    assert said(PROTOCOL) == []


# -- quotes ------------------------------------------------------------------------------------------------------


def _inside(quote: Quote) -> Iterator[int]:
    """Where the characters of a quote stand, without its markers and white space."""
    start = quote.at.start
    for line in quote.at.words.split("\n"):
        marker = re.match(r"\s{0,3}>\s?", line)
        yield from (start + i for i in range(marker.end() if marker else 0, len(line)) if not line[i].isspace())
        start += len(line) + 1


COMPARATORS = [
    (found.start(), found.end())
    for quote in PAGE.quotes
    for found in re.compile(r"≥|≤|\\>|\\<").finditer(PROTOCOL.text, quote.at.start, quote.at.end)
]
CHARACTERS = [(quote, at) for quote in PAGE.quotes for at in _inside(quote)]


def test_there_are_comparators_to_take_away() -> None:
    assert {PROTOCOL.text[a:b] for a, b in COMPARATORS} >= {"≥", "≤", "\\<"}
    assert len(COMPARATORS) >= 15
    assert len(CHARACTERS) >= 3000


@pytest.mark.parametrize("part", range(4))
def test_a_comparator_is_missed(part: int) -> None:
    for start, end in COMPARATORS[part::4]:
        problems = misquoted(read_page(without((start, end)))[0], DOCUMENT)
        assert line_of(start) in lines(problems, "E401", "E402"), (
            f"line {line_of(start)} without `{PROTOCOL.text[start:end]}`"
        )


def test_a_comparator_turned_round_is_missed() -> None:
    turned = {"≥": "≤", "≤": "≥", "\\>": "\\<", "\\<": "\\>"}
    for start, end in COMPARATORS[::4]:
        page = without((start, end), instead=turned[PROTOCOL.text[start:end]])
        assert line_of(start) in lines(misquoted(read_page(page)[0], DOCUMENT), "E401", "E402")


@pytest.mark.parametrize("part", range(4))
def test_a_character_is_missed(part: int) -> None:
    """Save for a bullet or a stop with which a quote begins or ends: the words stay whole without it."""
    for quote, at in CHARACTERS[part * 29 :: 113]:
        sign = PROTOCOL.text[at]
        problems = misquoted(read_page(without((at, at + 1)))[0], DOCUMENT)
        places = list(_inside(quote))
        if at in (places[0], places[-1]):
            if not sign.isalnum():
                continue
            assert {p.code for p in problems} & {"E401", "E402", "E403"}, (
                f"line {line_of(at)} without `{sign}` at an end"
            )
        else:
            # What lacks the last sign of a line leaves the source with the first one of the next.
            told = lines(problems, "E401", "E402")
            assert told & {line_of(at), line_of(at + 1)}, f"line {line_of(at)} without `{sign}`"


# -- rules -------------------------------------------------------------------------------------------------------


def _quantities() -> Iterator[tuple[Span, Span]]:
    """The numbers in the rules that have a unit, and their units. What a reading or a concept says is no quantity."""
    for rule in RULES:
        found, _ = tokens(PROTOCOL, rule.at.start, rule.at.end)
        yield from ((n.at, u.at) for n, u in pairwise(found) if n.kind == "number" and u.kind == "unit")


QUANTITIES = list(_quantities())


@pytest.mark.parametrize("part", range(3))
def test_a_unit_is_missed(part: int) -> None:
    assert len(QUANTITIES) >= 20
    for number, unit in QUANTITIES[part::3]:
        problems = said(without((number.end, unit.end)))
        assert number.line in lines(problems, "E301", "E302"), (
            f"line {number.line}: {number.words} without {unit.words}"
        )


def _named(literals: tuple[Literal, ...]) -> Iterator[tuple[str, Span]]:
    """The relations that stand in a body, and where their names stand."""
    for literal in literals_within(literals):
        match literal:
            case Holds(atom) | Latest(atom) | Recorded(atom):
                yield atom.relation, atom.name_at
            case _:
                pass


USES = [(name, at, rule) for rule in RULES for name, at in _named(rule.body)]
DERIVED = sorted({rule.head.relation for rule in RULES} & {name for name, _, _ in USES})


@pytest.mark.parametrize("part", range(3))
def test_a_relation_without_its_rules_is_missed_wherever_it_is_used(part: int) -> None:
    assert len(DERIVED) >= 50
    for name in DERIVED[part * 5 :: 15]:
        own = [rule for rule in RULES if rule.head.relation == name]
        problems = said(without(*((rule.at.start, rule.at.end) for rule in own)))
        wanted = {at.line for used, at, rule in USES if used == name and rule not in own}
        assert wanted == lines(problems, "E201"), name


def _misspelt(name: str, known: set[str]) -> str:
    """The name with two of its letters changed round, or one left out."""
    for i in range(1, len(name) - 1):
        changed = name[:i] + name[i + 1] + name[i] + name[i + 2 :]
        if changed not in known:
            return changed
    return next(w for w in (name[:-1], name + "x") if w not in known)


@pytest.mark.parametrize("part", range(3))
def test_a_misspelt_relation_is_told_with_what_was_meant(part: int) -> None:
    known = {name for name, _, _ in USES} | set(DERIVED)
    for name, at, _ in USES[part * 11 :: 34]:
        wrong = _misspelt(name, known)
        problems = [p for p in said(without((at.start, at.end), instead=wrong)) if p.code == "E201"]
        assert [(p.at.line, p.claim) for p in problems] == [(at.line, f"there is no relation `{wrong}`")]
        assert problems[0].at.words == wrong
        assert f"`{name}`" in problems[0].help, f"line {at.line}: {problems[0].help}"
