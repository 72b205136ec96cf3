"""Numbers of rules that no words give: neither the quotes that the rules serve, nor what stands beside them on the page."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from trialog.check.limits import Limit, Limits
from trialog.check.numbers import meanings
from trialog.check.passages import Passage, sections
from trialog.check.sentences import Amount, Stated, stated
from trialog.check.statements import Standing, quoted
from trialog.page import Page
from trialog.problem import Problem, Severity
from trialog.source import Span
from trialog.tree import Holds, Latest, Recorded, RelationStatement, Rule, literals_within
from trialog.units import ONE
from trialog.values import Duration

_NOTHING_SPECIAL = (Amount(1, ONE), Amount(1, None, Duration(0, 1)))
"""One, and the day after: like 0, they need no reason."""


def unsaid(
    page: Page, own: Sequence[Standing], found: Sequence[Passage], limits: Limits, every: Sequence[Standing]
) -> list[Problem]:
    """The numbers in rules of the page that neither the quotes they serve nor the text beside either says.

    `own` are the page's statements, `every` those of the vocabulary too.
    """
    around = sections(page)
    serves: dict[Span, list[str]] = {}
    for passage in found:
        words = [passage.words, around(passage.quotes[0].at.start)]
        for rule in limits.resting(passage.rules):
            serves.setdefault(rule.at, []).extend(words)
    described = {s.name: s.description for s, _ in every if isinstance(s, RelationStatement)}
    phrases: dict[str, list[str]] = {}
    for s, _ in own:
        if isinstance(s, Rule) and s.label is not None:
            phrases.setdefault(s.head.relation, []).append(s.label.phrase)
    problems: list[Problem] = []
    for s, block in own:
        if not isinstance(s, Rule) or not s.body:
            continue
        asked = (x.atom.relation for x in literals_within(s.body) if isinstance(x, Holds | Latest | Recorded))
        words = [
            *serves.get(s.at, ()),
            around(block.at.start),
            *phrases.get(s.head.relation, ()),
            *(described[name] for name in asked if name in described),
        ]
        problems.extend(_told(limits.of(s), words, quoted(block)))
    return problems


def _told(limits: Iterable[Limit], words: Iterable[str], quote: str) -> Iterator[Problem]:
    by_place: dict[Span, list[Limit]] = {}
    for limit in limits:
        if limit.written:
            by_place.setdefault(limit.number, []).append(limit)
    known = [x for text in dict.fromkeys(words if by_place else ()) for x in _numbers_of(text)]
    given = [
        at
        for at, same in by_place.items()
        if any(
            not x.amount.value or x.amount in _NOTHING_SPECIAL or any(_is(*k, x.amount) for k in known) for x in same
        )
    ]
    for at in by_place:
        if any(whole.start <= at.start and at.end <= whole.end for whole in given):
            continue  # a number of which a part is computed, as 130 / 88.4
        if any(at.start <= part.start and part.end <= at.end and part != at for part in by_place):
            continue  # its parts are told, if they are not given
        yield Problem(
            "E415",
            f"no words here say `{' '.join(at.words.split())}`",
            at,
            "write the protocol's own number, or say in the text beside the rule where this one comes from",
            quote=quote,
            severity=Severity.WARNING,
        )


@lru_cache(maxsize=512)
def _numbers_of(text: str) -> tuple[tuple[Amount, Stated, str], ...]:
    """The numbers that the text says, each with all it may mean, and its words."""
    return tuple(
        (amount, one, text[one.start : one.end]) for one in stated(text, in_passing=True) for amount, _ in meanings(one)
    )


def _is(said: Amount, one: Stated, words: str, amount: Amount) -> bool:
    if said.is_same(amount):
        return True
    if one.is_bare and not any(c.isdigit() for c in words):  # two drugs are no 2 mg
        return amount.length is None and amount.unit == ONE and said.value == amount.value
    return said.may_be(amount) or (said.unit in (None, ONE) and said.length is None and said.has_the_number_of(amount))
