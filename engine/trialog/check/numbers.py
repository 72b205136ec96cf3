"""The numbers of a quote against those of its rules: each is mentioned, and compared with as the words say."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from trialog.check.limits import Limit, Limits
from trialog.check.passages import Passage
from trialog.check.sentences import MIRRORED, Amount, Sign, Stated, stated
from trialog.page import Quote
from trialog.problem import Problem, Severity
from trialog.source import Span
from trialog.tree import Rule
from trialog.units import ONE
from trialog.values import exact

_TOGGLED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_UPPER = frozenset({">=", "<"})
"""The comparisons for which the number itself lies with what is above it; for the others it lies with what is below."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A number of a passage, and where it stands on the page."""

    stated: Stated
    at: Span
    passage: str


def differing_numbers(found: Sequence[Passage], limits: Limits) -> list[Problem]:
    """What quotes state and no rule mentions, and what rules compare with otherwise than the words do.

    A rule is held against the quote above its block; against one further up only where its own has no such number.
    """
    problems: list[Problem] = []
    heard: set[tuple[Span, Amount]] = set()  # the limits that their own quote speaks of
    later: dict[tuple[Span, Amount], tuple[Limit, list[tuple[_Said, Sign | None]]]] = {}
    for passage in found:
        if not passage.rules:
            continue
        said = list(_said(passage, found))
        own = [x for r in passage.rules for x in limits.of(r)]
        far = [x for r in limits.resting([*passage.rules, *_of_the_same_words(passage, found)]) for x in limits.of(r)]
        sure = [s for s in said if any(a.is_same(x.amount) for a, _ in meanings(s.stated) for x in far)]
        problems.extend(_unmentioned(said, far))
        for limit in own:
            if meant := _meant(limit, said, sure):
                heard.add((limit.at, limit.amount))
                problems.extend(_differing(limit, meant))
        beyond = [s for s in said if not any(_meant(x, [s], sure) for x in own)]
        for limit in far:
            if meant := _meant(limit, beyond, sure):
                later.setdefault((limit.at, limit.amount), (limit, []))[1].extend(meant)
    for key, (limit, meant) in later.items():
        if key not in heard:
            problems.extend(_differing(limit, meant))
    return list({(p.code, p.at): p for p in problems}.values())


# -- what a passage states ---------------------------------------------------------------------------------------


def _said(passage: Passage, found: Sequence[Passage]) -> Iterator[_Said]:
    """The numbers of the passage, without those of its parts that are quoted elsewhere with rules of their own."""
    if passage.read_as is not None:
        places = [(passage.read_as.words, passage.read_as)]
    else:
        elsewhere = [q for p in found if p is not passage and (p.rules or not p.is_computable) for q in p.quotes]
        places = [(_without_parts(q, elsewhere), q.at) for q in passage.quotes]
    for text, at in places:
        for one in stated(text):
            yield _Said(one, Span(at.source, at.start + one.start, at.start + one.end), passage.words)


def _without_parts(quote: Quote, elsewhere: Iterable[Quote]) -> str:
    """The quote as it stands on the page, with blanks for `>`, and for its parts that are quoted elsewhere."""
    text = re.sub(r"(?m)^\s{0,3}>", lambda m: " " * len(m[0]), quote.at.words)
    places = [i for i, c in enumerate(text) if not c.isspace()]
    packed = "".join(text.split())
    for other in elsewhere:
        words = "".join(other.words.split())
        start = packed.find(words) if 0 < len(words) < len(packed) else -1
        if start >= 0:
            begin, end = places[start], places[start + len(words) - 1] + 1
            text = text[:begin] + re.sub(r"\S", " ", text[begin:end]) + text[end:]
    return text


def _of_the_same_words(passage: Passage, found: Sequence[Passage]) -> Iterator[Rule]:
    words = {"".join(q.words.split()) for q in passage.quotes}
    for other in found:
        if other is not passage and words & {"".join(q.words.split()) for q in other.quotes}:
            yield from other.rules


def meanings(one: Stated) -> Iterator[tuple[Amount, Sign | None]]:
    """The amounts to compare with: a fall by 50 % is a half left, and twice as much before."""
    yield one.amount, one.sign
    unit = one.amount.unit
    if not one.change or unit is None or unit.dimension:
        return
    part = one.change * Fraction(one.amount.value) * unit.scale
    if 1 + part <= 0:
        return
    mirrored = MIRRORED[one.sign] if one.sign is not None else None
    rising, falling = (one.sign, mirrored) if one.change > 0 else (mirrored, one.sign)
    yield Amount(exact(1 + part), ONE), rising
    yield Amount(exact(1 / (1 + part)), ONE), falling


def _meant(limit: Limit, said: Iterable[_Said], sure: Sequence[_Said]) -> list[tuple[_Said, Sign | None]]:
    """The numbers that the limit may be, each with the sign for the limit: those that surely are, where there are.

    What is `sure` to be one limit or another is not taken for a third whose unit differs.
    """
    every = [(s, amount, sign) for s in said for amount, sign in meanings(s.stated)]
    same = [(s, sign) for s, amount, sign in every if amount.is_same(limit.amount)]
    return same or [(s, sign) for s, amount, sign in every if s not in sure and amount.may_be(limit.amount)]


# -- what is told ------------------------------------------------------------------------------------------------


def _unmentioned(said: Iterable[_Said], limits: Sequence[Limit]) -> Iterator[Problem]:
    for s in said:
        if not any(_meant(limit, [s], []) for limit in limits):
            words = _words(s.at)
            if s.stated.is_bare:
                code, claim = "E412", f"`{words}` has neither unit nor comparator, and no rule mentions it"
                help_ = "find out what is meant, and write it into a rule; "
            else:
                code, claim, help_ = "E411", f"no rule mentions `{words}`", "write it into a rule below the quote, "
            yield Problem(
                code,
                claim,
                s.at,
                f"{help_}or a paragraph that begins `Read as:` and says how the quote is understood",
                quote=s.passage,
                severity=Severity.WARNING,
            )


def _differing(limit: Limit, meant: Sequence[tuple[_Said, Sign | None]]) -> Iterator[Problem]:
    """A problem where the limit is compared with in a way that is neither the words' own nor its opposite."""
    if limit.sign is None or any(sign is None or (sign in _UPPER) == (limit.sign in _UPPER) for _, sign in meant):
        return
    s = meant[0][0]
    read_as = "or a paragraph below the quote that begins `Read as:` and says how it is understood"
    if limit.written:
        claim = f"the rule says `{_words(limit.at)}`, and the protocol `{_words(s.at)}`"
        help_ = f"write `{_TOGGLED[limit.written]}` for `{limit.written}`, {read_as}"
    else:
        claim = f"the label of `{_words(limit.at)}` says otherwise than the protocol: `{_words(s.at)}`"
        help_ = f"say the same in the label, {read_as}"
    yield Problem(
        "E414",
        claim,
        limit.at,
        help_,
        quote=s.passage,
        related=((s.at, "in the protocol's words"),),
        severity=Severity.WARNING,
    )


def _words(at: Span) -> str:
    words = " ".join(re.sub(r"\\(?=[<>])|\n\s{0,3}>", "", at.words).split())
    return words if len(words) <= 60 else words[:59] + "…"
