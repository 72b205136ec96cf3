"""The numbers that a sentence states, with their units, and how its words compare something with them.

Numbers that limit nothing are left out: those of names (CD19, IL-6, SLEDAI 2K), of references (2021, section 4.2), of lists.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from trialog.units import ONE, Unit, UnitError, unit
from trialog.values import Duration, Exact, exact

type Sign = str
"""How a quantity compares with a number: one of `<` `<=` `>` `>=`."""

MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Amount:
    """A number in its unit, or a length of time. `unit` is None where there is none, or none that is understood."""

    value: Exact
    unit: Unit | None = None
    length: Duration | None = None

    def is_same(self, other: "Amount") -> bool:
        """Whether both say the same, their units known."""
        if self.length is not None or other.length is not None:
            return self.length == other.length
        if self.unit is None or other.unit is None:
            return False
        return (
            self.unit.dimension == other.unit.dimension
            and self.value * self.unit.scale == other.value * other.unit.scale
        )

    def may_be(self, other: "Amount") -> bool:
        """Whether the other may be meant: the same number, and this has no unit, or one that differs in little, as mg/d from mg."""
        if self.length is not None or (other.length is not None and _is_told(self.unit)):
            return False
        if _is_told(self.unit) and _is_told(other.unit) and not _are_near(self.unit, other.unit):
            return False
        return self.has_the_number_of(other)

    def has_the_number_of(self, other: "Amount") -> bool:
        """Whether the number is the same, whatever the units."""
        return bool(_numbers(self) & _numbers(other))


def _is_told(unit_: Unit | None) -> bool:
    """Whether the unit says more than what was counted, as points do."""
    return unit_ is not None and not (unit_.dimension and all(name.startswith("{") for name, _ in unit_.dimension))


def _are_near(one: Unit | None, other: Unit | None) -> bool:
    a, b = (set(u.dimension) if u is not None else set[tuple[str, int]]() for u in (one, other))
    return bool(a & b) and len(a ^ b) == 1


def _numbers(amount: Amount) -> set[Exact]:
    if amount.length is None:
        return {amount.value}
    months, days = amount.length.months, amount.length.days
    if days:
        return {days, *([days // 7] if days % 7 == 0 else [])}
    return {months, *([months // 12] if months % 12 == 0 else [])}


@dataclass(frozen=True, slots=True)
class Stated:
    """A number of a sentence; `sign` is how the words compare with it, None where they do not. `start` and `end` include both.

    `change` is -1 where a quantity falls by so much of itself, 1 where it rises.
    """

    amount: Amount
    sign: Sign | None
    has_unit: bool
    change: int
    start: int
    end: int

    @property
    def is_bare(self) -> bool:
        return self.sign is None and not self.has_unit


_SAME_LENGTH = str.maketrans(
    {
        **dict.fromkeys("≧⩾", "≥"), **dict.fromkeys("≦⩽", "≤"), "＜": "<", "＞": ">", "％": "%", "～": "~", "·": ".",
        **dict.fromkeys("–—−‐‑", "-"), **dict.fromkeys("µμ", "u"), **dict.fromkeys("×∗", "x"), **dict.fromkeys("\\∙", " "),
        **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)),
    }
)  # fmt: skip
_WORDS = {
    w: n
    for n, w in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
}
_NUMBER = re.compile(
    rf"(?P<ratio>1:(?=\d))?(?P<digits>\d{{1,3}}(?:,\d{{3}})+|\d+)(?P<part>\.\d+)?|\b(?P<word>{'|'.join(_WORDS)}|an?|twice)\b",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{2,4}|\d+(?:\.\d+){2,}")
_PAIR = re.compile(r"(?<!\d)(\d{2,3})\s?/\s?(\d{2,3})\s?mm\s?Hg\b", re.IGNORECASE)
_LABEL = re.compile(
    r"\b(?:sections?|appendix|annex|tables?|fig(?:ure|\.)|visits?|phase|types?|versions?|v|ver\.|parts?|criteri(?:on|a)|items?|no\.|nr\.|"
    r"day|week|month|year|cycle|number|protocol|cohorts?|arms?|groups?|chapter|pages?|steps?|CTCAE|RECIST|ICD|DSM|edition|article)\s*$",
    re.IGNORECASE,
)
_FILLER = r"(?:\s+(?:a|an|the|about|approximately|of|total|age|aged|ages))*"
_MORE, _LESS = r"(?:more|greater|higher|larger|older|longer)", r"(?:less|fewer|lower|smaller|younger|shorter)"
_LAST = r"(?:last|past|previous|preceding|prior)"
_BEFORE: tuple[tuple[Sign, re.Pattern[str]], ...] = tuple(
    (sign, re.compile(rf"(?:{'|'.join(words)}){_FILLER}\s*$", re.IGNORECASE))
    for sign, words in (
        (
            ">=",
            (r"≥|>\s?=|=>|>\s?or\s?=|at or above|\bat least|\bminimum|\bmin\.|\bincreased to", rf"{_MORE} than or equal to",
             rf"equal to or {_MORE} than", rf"\b(?:no|not) (?:be )?{_LESS}(?: than)?", r"\bnot (?:be )?(?:below|under)"),
        ),
        (
            "<=",
            (r"≤|<\s?=|=<|<\s?or\s?=|at or below|\bat most|\bup to(?: and including)?|\bmaximum|\bmax\.",
             rf"{_LESS} than or equal to",
             rf"equal to or {_LESS} than", rf"\b(?:no|not) (?:be )?{_MORE}(?: than)?", r"\bnot (?:be )?(?:above|over)",
             r"(?:not|never)(?: to| be)? exceed(?:ing)?", rf"\bwithin(?: the)?(?: {_LAST}| first)?",
             rf"\b(?:in|during|over|for) the {_LAST}",
             r"\b(?:reduced|decreased|tapered|lowered)(?: down)? to"),
        ),
        (">", (r">|\babove|\bexceed(?:s|ing|ed)?|\bin excess of|\bover the age of|\baged over", rf"\b{_MORE} than")),
        ("<", (r"<|\bbelow|\bunder(?: the age of)?", rf"\b{_LESS} than")),
    )
)  # fmt: skip
_NEAR = 60  # characters, further than which no word is looked for
_BETWEEN = re.compile(r"\b(?:between|from)\s*$", re.IGNORECASE)
_LASTING = re.compile(r"\bfor(?: a (?:period|duration) of)?\s*$", re.IGNORECASE)
_AFTER = re.compile(r"\bafter\s*$", re.IGNORECASE)
_BEHIND: tuple[tuple[Sign, re.Pattern[str]], ...] = tuple(
    (sign, re.compile(rf"(?:\s+(?:old|of age|in age|points?))?\s*,?\s*(?:or|and)\s+(?:{words})\b", re.IGNORECASE))
    for sign, words in (
        (">=", "more|greater|higher|above|over|older|longer|larger|upwards?"),
        ("<=", "less|fewer|lower|below|under|younger|shorter|smaller"),
    )
)
_TO = re.compile(r"\s*(?:-|~|to|through)\s*", re.IGNORECASE)
_AND = re.compile(r"\s*and\s*", re.IGNORECASE)
_TIME = re.compile(
    r"[\s-]*(?P<time>days?|d|weeks?|wks?|months?|mos?|years?|yrs?|y|hours?|hrs?|h)\b(?!\s?/)", re.IGNORECASE
)
_LENGTHS = {"d": (0, 1), "w": (0, 7), "m": (1, 0), "y": (12, 0)}
_TIMES = re.compile(
    r"[\s-]*(?:x\s?)?(?:times\s)?\s*(?:the\s)?(?:\(?ULN|LLN|upper limit|lower limit)|[\s-]*(?:fold|times)\b|\s?x(?=\s?[A-Z])",
    re.IGNORECASE,
)
_POWER = re.compile(
    r"\s*[x*]\s*10\s?(?:\^|\*\*|e)?\s?(?P<power>\d{1,2})(?P<rest>\s*(?:cells|copies)?\s*/\s*[A-Za-z]+\d?)?",
    re.IGNORECASE,
)
_PER = r"(?:\s?/\s?|\s+per\s+|\s+a\s+)(?:\d+(?:\.\d+)?\s?)?[A-Za-z]+(?:\^?\d)?"
_UNIT = re.compile(
    rf"\s?(?P<unit>%|°\s?C\b|(?:(?:cells|copies)\s?)?/\s?[A-Za-z]+\d?|(?P<word>[A-Za-z]+(?:\s?Hg\b)?(?:\^?\d)?)(?:{_PER})*)"
)
_NO_UNIT = frozenset(["a", "am", "an", "as", "at", "in", "is", "m", "of", "on", "or", "s", "to", "us", "x", "and"])
_SPELT = (
    (r"\s+", ""), (r"\^|cells|copies", ""), (r"/(?:days?|24h)\b", "/d"), (r"/weeks?\b", "/wk"), (r"/(?:hours?|hr)\b", "/h"),
    (r"M[Ll]\b", "mL"), (r"Eq\b", "eq"), (r"\bIU\b", "[IU]"), (r"\bKg\b", "kg"), (r"mmhg", "mmHg"),
)  # fmt: skip
_FALL = re.compile(r"\b(?:declin|decreas|reduc|fall|fell|drop|los[st])\w*", re.IGNORECASE)
_RISE = re.compile(r"\b(?:increas|ris|rose|elevat|gain)\w*", re.IGNORECASE)


def stated(text: str, in_passing: bool = False) -> list[Stated]:
    """The numbers of the sentence that may limit something, in their order; those that it says `in_passing` too, where asked."""
    text = text.translate(_SAME_LENGTH)
    skip = [(m.start(), m.end()) for pattern in (_DATE, _PAIR) for m in pattern.finditer(text)]
    found: list[Stated] = []
    for pair in _PAIR.finditer(text):
        sign, start = _sign(_before(text, pair.start()), pair.start())
        found += [Stated(Amount(int(n), unit("mm[Hg]")), sign, True, 0, start, pair.end()) for n in pair.groups()]
    at = 0
    while (m := _NUMBER.search(text, at)) is not None:
        at = m.end()
        if not any(a <= m.start() < b for a, b in skip) and (one := _one(text, m, in_passing)) is not None:
            at = max(at, one.end)
            found.append(one)
    return list(_with_ranges(text, sorted(found, key=lambda x: x.start)))


def _one(text: str, m: re.Match[str], in_passing: bool) -> Stated | None:
    """The number that is found here, unless it limits nothing."""
    before, behind = _before(text, m.start()), text[m.end() : m.end() + _NEAR]
    sign, start = _sign(before, m.start())
    word = m["word"].casefold() if m["word"] else ""
    if not word and _is_part_of_a_name(before, behind):
        return None
    value: Exact = {"twice": 2, "a": 1, "an": 1}.get(word) or _WORDS.get(word) or _value(m)
    unit_, length, end = _measure(text, m.end(), value)
    has_unit = end > m.end()
    attached = re.match(r"-?[A-Za-z]+", behind)
    if attached and not has_unit and not word:  # 2K, 5-HT, 12-lead; 3M after a comparator is a number all the same
        if sign is None:
            return None
        end, has_unit = m.end() + attached.end(), True
    for other, pattern in _BEHIND:
        if (found := pattern.match(text, end)) is not None:
            sign, end = other, found.end()
    if length is not None and sign is None:
        of = re.match(r"\s+(?:\w+\s+)?of\b", text[end : end + _NEAR])
        lasting = _LASTING.search(before) or (_AFTER.search(before) if of else None)
        if lasting is not None:
            sign, start = ">=", m.start() - len(before) + lasting.start()
    if not in_passing and sign is None and _limits_nothing(text, m, word, value, length, has_unit):
        return None
    if word in ("a", "an") and (length is None or (sign is None and not in_passing)):
        return None
    if word and value == 1 and not has_unit and sign in (">=", "<"):
        return None  # at least one is any
    return Stated(Amount(value, unit_, length), sign, has_unit, _change(text, start, end), start, end)


def _value(m: re.Match[str]) -> Exact:
    return exact(Fraction(m["digits"].replace(",", "") + (m["part"] or "")))


def _is_part_of_a_name(before: str, behind: str) -> bool:
    return bool(
        re.search(r"[A-Za-z_.]$|\d$|[A-Za-z]-$|\d\s?/$", before)
        or re.match(r"(?:st|nd|rd|th)\b|/\d", behind)
        or (re.search(r"(?:^|\n)\s*$", before) and re.match(r"[.)]\s", behind))
        or (before[-1:] in "([" and before and behind[:1] in ")]")
    )


def _limits_nothing(
    text: str, m: re.Match[str], word: str, value: Exact, length: Duration | None, has_unit: bool
) -> bool:
    """Of a number that nothing is compared with: whether it counts something in passing, refers to a text, or names a test."""
    if word:
        return not has_unit
    if length is not None:
        return re.match(r"-\s?h", text[m.end() : m.end() + 3], re.IGNORECASE) is not None  # a 24-hour urine
    return not has_unit and (1900 <= value < 2100 or _LABEL.search(_before(text, m.start())) is not None)


def _before(text: str, at: int) -> str:
    return text[max(0, at - _NEAR) : at]


def _sign(before: str, at: int) -> tuple[Sign | None, int]:
    """How the words that end here compare something with what follows, and where they begin."""
    for sign, pattern in _BEFORE:
        if (found := pattern.search(before)) is not None:
            return sign, at - len(before) + found.start()
    return None, at


def _measure(text: str, at: int, value: Exact) -> tuple[Unit | None, Duration | None, int]:
    """The unit or the length of time that follows a number, and where it ends; there where it began if there is none."""
    if (m := _TIMES.match(text, at)) is not None:
        return ONE, None, m.end()
    if (m := _POWER.match(text, at)) is not None:
        of = _unit("/" + m["rest"].partition("/")[2]) if m["rest"] else ONE
        power = Unit(Fraction(10) ** int(m["power"]), ())
        return (power * of if of is not None else None), None, m.end()
    if (m := _TIME.match(text, at)) is not None and value == int(value):
        time = m["time"].casefold()
        months, days = _LENGTHS.get(time[0], (0, 0))
        if not time.startswith("h"):
            return None, Duration(months * int(value), days * int(value)), m.end()
        if value % 24 == 0:
            return None, Duration(0, int(value) // 24), m.end()
        return unit("h"), None, m.end()
    if (m := _UNIT.match(text, at)) is not None:
        whole = _unit(m["unit"])
        if m["unit"].casefold() in _NO_UNIT:  # 3M is months as often as metres
            return None, None, at if text[at : m.start("unit")] else m.end()
        if whole is not None:
            return whole, None, m.end()
        if m["word"] and m["unit"] != m["word"] and _unit(m["word"]) is not None:
            return (None, None, m.end()) if "/" in m["unit"] else (_unit(m["word"]), None, m.end("word"))
    return None, None, at


def _unit(written: str) -> Unit | None:
    """The unit that a sentence writes so; None where it is none that is known."""
    if written.casefold().startswith("/") and not written[1:].strip():
        return None
    for pattern, instead in ((r"\s+(?:per|a)\s+", "/"), *_SPELT):
        written = re.sub(pattern, instead, written)
    for way in (written, written.lower(), written.replace("l", "L")):
        try:
            return unit(way)
        except UnitError:
            continue
    return None


def _change(text: str, start: int, end: int) -> int:
    """Whether the sentence speaks of a fall (-1) or a rise (1) by this number, just behind it or just before."""
    near = (text[end : end + 25].partition(";")[0], text[max(0, start - 30) : start].rpartition(";")[2])
    for sign, pattern in ((-1, _FALL), (1, _RISE)):
        if pattern.match(near[0].lstrip()) or re.search(
            rf"{pattern.pattern}\s+(?:\w+\s+)?(?:by|of)\s*$", near[1], re.IGNORECASE
        ):
            return sign
    return 0


def _with_ranges(text: str, found: list[Stated]) -> Iterator[Stated]:
    """`3 to 6 months` is 3 months or more and 6 months or less."""
    left = list(found)
    for i, (low, high) in enumerate(pairwise(found)):
        between = text[low.end : high.start]
        joined = _TO.fullmatch(between) or (_AND.fullmatch(between) and _BETWEEN.search(_before(text, low.start)))
        if joined and low.amount.value < high.amount.value and high.sign in (None, "<="):
            amount = low.amount
            if not low.has_unit:
                times = Fraction(low.amount.value) / Fraction(high.amount.value)
                of = high.amount.length
                length = None if of is None else Duration(int(of.months * times), int(of.days * times))
                amount = Amount(low.amount.value, high.amount.unit, length)
            left[i] = replace(low, amount=amount, sign=low.sign or ">=", has_unit=low.has_unit or high.has_unit)
            left[i + 1] = replace(high, sign="<=")
    yield from left
