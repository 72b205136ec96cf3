"""Amounts as charts write them (`60 %`, `<5 U/L`, `3-5 mg/dL`) and the closed intervals that they mean."""

import re
from dataclasses import dataclass

from trialog.values import GREATEST, LEAST, Cause, Exact, Interval, decimal, exact

_ANNOTATION = re.compile(r"\{[^{}]*\}")
_COMPARATORS = {"<": "<", "<=": "<=", "≤": "<=", ">": ">", ">=": ">=", "≥": ">="}
_AMOUNT = re.compile(
    r"(?P<comparator><=|>=|<|>|≤|≥)?\s*"
    r"(?P<low>[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    r"(?:\s*[-–]\s*(?P<high>[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![0-9*]))?"
    r"(?:\s+(?P<unit>\S.*)|(?P<joined>[^\s0-9.,].*))?"
)


class AmountError(ValueError):
    """What is written is not an amount."""


@dataclass(frozen=True, slots=True)
class Written:
    """An amount in `unit`, None where none is written; an end is None where a comparator leaves that side open."""

    low: Exact | None
    high: Exact | None
    unit: str | None


def written(text: str) -> Written:
    """The amount that a text such as `60 %`, `<= 5 U/L` or `3-5 mg/dL` states. Raises AmountError."""
    found = _AMOUNT.fullmatch(text.strip())
    if not found or (found["comparator"] and found["high"]):
        raise AmountError(f"`{text[:40]}` is not an amount")
    unit = found["unit"] or found["joined"]
    if unit and unit.lstrip("/")[:1].isdecimal() and not unit.lstrip("/").startswith("10*"):
        raise AmountError(f"`{text[:40]}` is not an amount")
    try:
        low = decimal(found["low"])
        if found["high"]:
            high = decimal(found["high"])
            if low > high:
                raise AmountError(f"the range `{text[:40]}` ends below where it begins")
            return Written(low, high, unit)
    except AmountError:
        raise
    except ValueError as error:
        raise AmountError(str(error)) from None
    low_end, high_end = bounded(found["comparator"], low)
    return Written(low_end, high_end, unit)


def bounded(comparator: str | None, value: Exact) -> tuple[Exact | None, Exact | None]:
    """The ends of what `comparator` and `value` state together. Raises AmountError for a comparator not known here.

    Intervals are closed, so `<5` and `<=5` have the same ends: the truth lies within them.
    """
    match _COMPARATORS.get(comparator, "") if comparator else None:
        case None:
            return value, value
        case "<" | "<=":
            return None, value
        case ">" | ">=":
            return value, None
        case _:
            raise AmountError(f"the comparator `{comparator}` is not known")


def is_plain(unit: str) -> bool:
    """Whether a number alone is right in this unit: it is a pure number, or counts something, as `{score}` does."""
    return unit in ("", "1") or _ANNOTATION.fullmatch(unit) is not None


def least(unit: str) -> Exact:
    """The least amount that there can be in this unit: degrees go below zero, nothing else measured here does."""
    return LEAST if unit == "Cel" else 0


def unknown_amount(unit: str) -> Interval:
    """Any amount in this unit."""
    return Interval(least(unit), GREATEST, Cause.MISSING)


def converted(amount: Written, factor: Exact, unit: str) -> Interval:
    """The amount as an interval in `unit`, one of its own units being `factor` of that.

    Raises AmountError where it is less than any amount can be.
    """
    floor = least(unit)
    low = floor if amount.low is None else exact(amount.low * factor)
    high = GREATEST if amount.high is None else exact(amount.high * factor)
    if low < floor or high < floor:
        raise AmountError(f"an amount in `{unit or '1'}` cannot be negative")
    return Interval(low, high, None if low == high else Cause.IMPRECISE)
