"""Units of measure: a subset of UCUM, the Unified Code for Units of Measure (https://ucum.org), with exact factors.

An annotation such as `{1.73_m2}` or `{score}` is a unit of its own here, so that `mL/min` is never taken for
`mL/min/{1.73_m2}`; UCUM itself gives annotations no meaning.
"""

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache

from trialog.values import Exact, exact

type Dimension = tuple[tuple[str, int], ...]
"""Base units with their exponents, sorted by name, none of them 0."""


@dataclass(frozen=True, slots=True)
class Unit:
    """`scale` of the base units that `dimension` names."""

    scale: Fraction
    dimension: Dimension
    written: str = field(default="", compare=False)  # as somebody wrote it, for those who are told of it

    def __mul__(self, other: "Unit") -> "Unit":
        return Unit(self.scale * other.scale, _joined(self.dimension, other.dimension, 1))

    def __truediv__(self, other: "Unit") -> "Unit":
        return Unit(self.scale / other.scale, _joined(self.dimension, other.dimension, -1))


def _joined(left: Dimension, right: Dimension, sign: int) -> Dimension:
    powers = dict(left)
    for name, power in right:
        powers[name] = powers.get(name, 0) + sign * power
    return tuple(sorted((name, power) for name, power in powers.items() if power))


ONE = Unit(Fraction(1), ())


class UnitError(ValueError):
    """What is written is not a unit that is known here, or does not fit."""


def _base(name: str, scale: Fraction | int = 1) -> Unit:
    return Unit(Fraction(scale), ((name, 1),))


_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# Symbols that take prefixes, then symbols that do not. Scales by UCUM's own definitions.
_METRIC: dict[str, Unit] = {
    "g": _base("g"),
    "m": _base("m"),
    "s": _base("s"),
    "mol": _base("mol"),
    "L": Unit(Fraction(1, 1000), (("m", 3),)),
    "l": Unit(Fraction(1, 1000), (("m", 3),)),
    "kat": Unit(Fraction(1), (("mol", 1), ("s", -1))),
    "U": Unit(Fraction(1, 60_000_000), (("mol", 1), ("s", -1))),
    "[IU]": _base("[IU]"),
    "Pa": Unit(Fraction(1000), (("g", 1), ("m", -1), ("s", -2))),
    "eq": _base("eq"),
}
_PLAIN: dict[str, Unit] = {
    "%": Unit(Fraction(1, 100), ()),
    "min": _base("s", _MINUTE),
    "h": _base("s", _HOUR),
    "d": _base("s", _DAY),
    "wk": _base("s", 7 * _DAY),
    "Cel": _base("Cel"),
    "mm[Hg]": Unit(Fraction(133_322), (("g", 1), ("m", -1), ("s", -2))),
    "[in_i]": _base("m", Fraction(254, 10_000)),
    "[lb_av]": _base("g", Fraction(45_359_237, 100_000)),
    "10*": Unit(Fraction(10), ()),
}
_PREFIXES = {
    "k": Fraction(1000),
    "d": Fraction(1, 10),
    "c": Fraction(1, 100),
    "m": Fraction(1, 10**3),
    "u": Fraction(1, 10**6),
    "n": Fraction(1, 10**9),
    "p": Fraction(1, 10**12),
    "f": Fraction(1, 10**15),
    "h": Fraction(100),
    "M": Fraction(10**6),
}
# Ways in which charts and protocols write a unit that UCUM writes otherwise.
_SPELLINGS = {
    "mL/min/1.73m2": "mL/min/{1.73_m2}",
    "mL/min/1.73 m2": "mL/min/{1.73_m2}",
    "mL/min/1.73m^2": "mL/min/{1.73_m2}",
    "mL/min/1.73 m²": "mL/min/{1.73_m2}",
    "mL/min/1.73m²": "mL/min/{1.73_m2}",
    "mL/min/{1.73_m2}": "mL/min/{1.73_m2}",
    "mL/min/{1.73m2}": "mL/min/{1.73_m2}",
    "mL/min/1.73.m2": "mL/min/{1.73_m2}",
    "mmHg": "mm[Hg]",
    "IU/L": "U/L",
    "[IU]/L": "U/L",
    "[iU]/L": "U/L",
    "mg/24.h": "mg/d",
    "mg/24h": "mg/d",
    "mg/24 h": "mg/d",
    "mg/{24_h}": "mg/d",
    "g/24.h": "g/d",
    "g/24h": "g/d",
    "kU/L": "kU/L",
    "ug": "ug",
    "mcg": "ug",
    "points": "{score}",
    "point": "{score}",
    "score": "{score}",
    "day": "d",
    "°C": "Cel",
    "lb": "[lb_av]",
    "in": "[in_i]",
}
_TERM = re.compile(
    r"(?P<annotation>\{[!-z|~]{1,30}\})|(?P<symbol>10\*|%|mm\[Hg\]|[A-Za-z]*\[[A-Za-z_]+\]|[A-Za-z]+)(?P<power>-?\d)?(?:\{[!-z|~]{1,30}\})?"
    r"|(?P<number>\d{1,6})"
)


@lru_cache(maxsize=4096)
def unit(written: str) -> Unit:
    """The unit that `written` denotes. Raises UnitError, naming the part that is not understood."""
    text = written.strip().replace("µ", "u").replace("μ", "u")
    text = _SPELLINGS.get(text, text)
    if text in ("", "1"):
        return ONE
    if len(text) > 80:
        raise UnitError(f"`{text[:40]}…` is not a unit")
    result, at, sign = ONE, 0, 1
    if text.startswith("/"):
        at, sign = 1, -1
    while True:
        if text.startswith("(24.h)", at):  # UCUM's own example of a factor in parentheses: excretion in 24 hours
            term, end = _PLAIN["d"], at + 6
        else:
            found = _TERM.match(text, at)
            if not found:
                raise UnitError(f"`{text[at:] or text}` in the unit `{written}` is not understood")
            term, end = _term(found, written), found.end()
        result = result * term if sign == 1 else result / term
        if end == len(text):
            return replace(result, written=written.strip())
        if text[end] not in "./" or end + 1 == len(text):
            raise UnitError(f"`{text[end:]}` in the unit `{written}` is not understood")
        at, sign = end + 1, 1 if text[end] == "." else -1


def _term(found: re.Match[str], written: str) -> Unit:
    if found["annotation"]:
        return _base(found["annotation"])
    if found["number"]:
        if int(found["number"]) == 0:
            raise UnitError(f"`0` in the unit `{written}` is not understood")
        return Unit(Fraction(int(found["number"])), ())
    symbol, power = found["symbol"], int(found["power"] or 1)
    if symbol in _PLAIN:
        one = _PLAIN[symbol]
    elif symbol in _METRIC:
        one = _METRIC[symbol]
    elif symbol[0] in _PREFIXES and symbol[1:] in _METRIC:
        one = Unit(_PREFIXES[symbol[0]], ()) * _METRIC[symbol[1:]]
    else:
        raise UnitError(f"`{symbol}` in the unit `{written}` is not understood")
    return Unit(one.scale**power, tuple((name, n * power) for name, n in one.dimension if n * power))


def ratio(of: str, to: str) -> Exact:
    """How many `to` one `of` is. Raises UnitError where the two measure different things."""
    left, right = unit(of), unit(to)
    if left.dimension != right.dimension:
        raise UnitError(f"`{of}` cannot be converted to `{to}`")
    return exact(left.scale / right.scale)


def known_symbols() -> frozenset[str]:
    """Every symbol that may stand in a unit, for suggestions."""
    return frozenset(_PLAIN) | frozenset(_METRIC) | {p + s for p in "kdcmun" for s in _METRIC}
