"""Courses of drugs: MedicationRequest, MedicationStatement, MedicationAdministration."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from trialog.charts.amounts import AmountError
from trialog.charts.chart import Standing, Value
from trialog.charts.dates import between, period_or_conflict
from trialog.charts.fhir_concepts import amount, amount_between, codes_of, meant, most_specific, said, texts_of
from trialog.charts.fhir_parts import Context, Found, Part, is_modified, period_of
from trialog.units import UnitError, ratio
from trialog.values import LAST_DAY, Cause, Exact, Interval, exact, point, show_days
from trialog.vocabulary import Amount

_NOT_TAKEN = "prescribed; nothing recorded says that it was taken"
_REQUEST_SET_ASIDE = {"cancelled": "cancelled", "draft": "a draft", "entered-in-error": "entered in error"}
_PLANS = ("proposal", "plan", "option")
_STATEMENT_SET_ASIDE = {
    "intended": "intended, not taken",
    "not-taken": "not taken",
    "entered-in-error": "entered in error",
}
_ADMINISTRATION_SET_ASIDE = {"not-done": "not done", "entered-in-error": "entered in error"}


@dataclass(frozen=True, slots=True)
class _Course:
    """What the three kinds of resources say alike: when, how sure, by which dosage instructions."""

    begin: Interval
    end: Interval
    standing: Standing
    doubt: str
    dosages: tuple[Part, ...]


def request(part: Part, context: Context) -> Iterator[Found]:
    """The courses that a MedicationRequest lets expect; confirmed where it is completed."""
    status = part.text("status") or "unknown"
    intent = part.text("intent")
    why = _REQUEST_SET_ASIDE.get(status) or (f"a {intent}, not an order" if intent in _PLANS else None)
    if part.flag("doNotPerform"):
        why = "it says that the drug is not to be given"
    if why:
        yield context.set_aside(f"MedicationRequest {_drug_said(part, context)}", why, part)
        return
    dosages = part.parts("dosageInstruction")
    begin, planned = _planned(dosages)
    begin = begin or part.day("authoredOn")
    end = None
    if begin is not None and planned is not None and planned.high > begin.low:
        end = Interval(begin.low, planned.high, Cause.MISSING)
    sure = status == "completed" and intent is not None
    standing = Standing.CONFIRMED if sure else Standing.UNCONFIRMED
    course = _Course(*period_or_conflict(begin, end), standing, "" if sure else _NOT_TAKEN, dosages)
    yield from _treatments(part, course, context)


def _planned(dosages: tuple[Part, ...]) -> tuple[Interval | None, Interval | None]:
    """The first and the last planned day, where there is one instruction that gives them."""
    if len(dosages) != 1:
        return None, None
    timing = dosages[0].part("timing")
    repeat = timing.part("repeat") if timing else None
    return period_of(repeat, "boundsPeriod") if repeat else (None, None)


def statement(part: Part, context: Context) -> Iterator[Found]:
    """The courses that somebody states to have been taken."""
    status = part.text("status") or "unknown"
    if status in _STATEMENT_SET_ASIDE:
        why = _STATEMENT_SET_ASIDE[status]
        yield context.set_aside(f"MedicationStatement {_drug_said(part, context)}", why, part)
        return
    asserted = part.day("dateAsserted")
    begin, end = period_of(part, "effectivePeriod")
    taken_on = part.day("effectiveDateTime")
    if taken_on is not None:
        begin = between(None, taken_on)
        end = Interval(taken_on.low, LAST_DAY, Cause.MISSING)
    begin = begin or between(None, asserted)
    if status == "active":
        planned = end if taken_on is None else None
        end = _still_planned(begin, planned, asserted) if planned is not None else _still_taken(begin, asserted)
    elif end is None and asserted is not None and status in ("completed", "stopped"):
        end = between(begin, asserted) if begin and begin.low <= asserted.high else None
    sure = status in ("active", "completed", "stopped")
    standing = Standing.CONFIRMED if sure else Standing.UNCONFIRMED
    course = _Course(*period_or_conflict(begin, end), standing, "" if sure else status, part.parts("dosage"))
    yield from _treatments(part, course, context)


def _still_taken(begin: Interval | None, asserted: Interval | None) -> Interval:
    """The end of a course that was being taken when somebody said so: not known from then on; ongoing where nobody says when."""
    if asserted is None or (begin is not None and asserted.high < begin.low):
        return point(LAST_DAY)
    return Interval(asserted.low, LAST_DAY, Cause.MISSING)


def _still_planned(begin: Interval | None, end: Interval, asserted: Interval | None) -> Interval:
    """The end of a course that is still being taken: it is planned, and may come at any time until then."""
    known = [day.low for day in (begin, asserted) if day is not None and day.low <= end.high]
    low = max(known, default=end.low)
    return Interval(low, end.high, Cause.IMPRECISE if low < end.high else None)


def administration(part: Part, context: Context) -> Iterator[Found]:
    """The drugs that a MedicationAdministration says to have been given."""
    status = part.text("status") or "unknown"
    if status in _ADMINISTRATION_SET_ASIDE:
        why = _ADMINISTRATION_SET_ASIDE[status]
        yield context.set_aside(f"MedicationAdministration {_drug_said(part, context)}", why, part)
        return
    begin, end = period_of(part, "effectivePeriod")
    given_on = part.day("effectiveDateTime")
    if given_on is not None:
        begin, end = given_on, given_on
    sure = status in ("completed", "in-progress", "stopped")
    standing = Standing.CONFIRMED if sure else Standing.UNCONFIRMED
    course = _Course(*period_or_conflict(begin, end), standing, "" if sure else status, ())
    yield from _treatments(part, course, context)


@dataclass(frozen=True, slots=True)
class _Drugs:
    concepts: tuple[str, ...]
    sure: bool
    said: str
    unknown: tuple[str, ...]


def _treatments(part: Part, course: _Course, context: Context) -> Iterator[Found]:
    kind = part.text("resourceType") or ""
    drugs = _drugs(part, context)
    what = f"{kind} {drugs.said}"
    if not drugs.concepts:
        why = "not in the vocabulary" if _medication(part, context) else "it names no drug"
        yield context.set_aside(what, why, part)
        return
    for ingredient in drugs.unknown:
        yield context.set_aside(f"{what}: {ingredient}", "not in the vocabulary", part)
    given: dict[str, Value] = {"from": course.begin, "to": course.end}
    if route := _route(part, course, context):
        given["route"] = route
    if len(drugs.concepts) == 1 and not drugs.unknown:
        given |= _dose(course.dosages, context)
    to = "ongoing" if course.end == point(LAST_DAY) else show_days(course.end)
    doubt = course.doubt if drugs.sure else "it is not sure which drug is meant"
    words = f"{what} from {show_days(course.begin)} to {to}" + (f" ({doubt})" if doubt else "")
    standing = course.standing if drugs.sure else Standing.UNCONFIRMED
    for concept in drugs.concepts:
        yield context.record("treatment", {"drug": concept, **given}, standing, words, part)


def _medication(part: Part, context: Context) -> Part | None:
    """What names the drug: in the resource itself, or in the Medication that it refers to."""
    if codeable := part.part("medicationCodeableConcept"):
        return codeable
    reference = part.part("medicationReference")
    if reference is None:
        return None
    target = reference.text("reference") or ""
    for contained in part.parts("contained"):
        if target == f"#{contained.text('id')}":
            return contained.part("code")
    if medication := context.entries.get(target):
        return medication.part("code")
    display = reference.text("display")
    return Part({"text": display}, reference.path) if display else None


def _drug_said(part: Part, context: Context) -> str:
    return said(_medication(part, context))


def _drugs(part: Part, context: Context) -> _Drugs:
    """The drugs by code and by name. They are sure where what codes and names say does not differ."""
    codeable = _medication(part, context)
    if codeable is None:
        return _Drugs((), True, "without a drug", ())
    vocabulary = context.vocabulary
    codes = codes_of(codeable)
    coded = most_specific({c for s, code in codes if (c := vocabulary.coded(s, code, "drug"))}, vocabulary)
    by_text = [_ingredients(text, context) for text in texts_of(codeable)]
    told = [most_specific(concepts, vocabulary) for concepts, _ in by_text if concepts]
    names = most_specific({c for concepts in told for c in concepts}, vocabulary)
    agree = all(any(vocabulary.is_a(a, b) or vocabulary.is_a(b, a) for b in names) for a in coded) if names else True
    sure = len(coded) <= 1 and len(set(told)) <= 1 and agree
    unknown = tuple(dict.fromkeys(name for concepts, names_ in by_text if concepts for name in names_))
    return _Drugs(most_specific({*coded, *names}, vocabulary), sure, said(codeable), unknown)


# RxNorm writes `120 ACTUAT Fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler`: how much there is of it, then
# each ingredient with its strength. Some records put the number of an approval before it.
_AHEAD = re.compile(r"^(?:NDA\d+\s+)?(?:\d+(?:\.\d+)?\s+(?:ML|MG|ACTUAT|HR|UNT|G)\s+)?", re.IGNORECASE)
_STRENGTH = re.compile(r"\s+\d.*$", re.DOTALL)


def _ingredients(text: str, context: Context) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The concepts of the ingredients that a drug's name lists, and the names of those that are not known."""
    if whole := context.vocabulary.named(text, "drug"):
        return (whole,), ()
    names = [_STRENGTH.sub("", _AHEAD.sub("", part.strip())).strip() for part in text.split(" / ")]
    known = {name: context.vocabulary.named(name, "drug") for name in names if name}
    return tuple(c for c in known.values() if c), tuple(name for name, c in known.items() if not c)


_ROUTES = (
    ("oral", re.compile(r"\boral (?:tablet|capsule|solution|suspension|granules|powder|elixir|syrup)", re.IGNORECASE)),
    ("topical", re.compile(r"\btopical\b", re.IGNORECASE)),
    ("inhaled", re.compile(r"\b(?:inhaler|inhalation|inhalant)\b", re.IGNORECASE)),
)


def _route(part: Part, course: _Course, context: Context) -> str | None:
    """The route that the dosage names, else that of a form of the drug which has but one; None where it is unknown."""
    administered = part.part("dosage") if part.text("resourceType") == "MedicationAdministration" else None
    dosages = (*course.dosages, administered) if administered else course.dosages
    written = [route for dosage in dosages if (route := dosage.part("route"))]
    if written:
        found = {concept for route in written for concept in meant(route, "route", context).concepts}
        return found.pop() if len(found) == 1 and len(written) == len(dosages) else None
    medication = _medication(part, context)
    texts = texts_of(medication) if medication else ()
    if any("nasal" in text.lower() for text in texts):
        return None
    found = {route for route, form in _ROUTES if any(form.search(text) for text in texts)}
    return context.vocabulary.named(found.pop(), "route") if len(found) == 1 else None


_PLAIN_TIMING = {"frequency", "frequencyMax", "period", "periodUnit", "boundsPeriod", "boundsDuration", "boundsRange"}
_DAYS = {"h": Fraction(1, 24), "d": Fraction(1), "wk": Fraction(7)}


def _dose(dosages: tuple[Part, ...], context: Context) -> dict[str, Interval]:
    """The dose of a day in the columns `dose` or `dose_per_weight`; nothing where it does not follow exactly."""
    relation = context.vocabulary.relations.get("treatment")
    if len(dosages) != 1 or is_modified(dosages[0]) or relation is None:
        return {}
    times, amounts = _times_a_day(dosages[0]), dosages[0].parts("doseAndRate")
    if times is None or len(amounts) != 1 or any(key.startswith("rate") for key in amounts[0].members):
        return {}
    for column in relation.columns:
        if column.name in ("dose", "dose_per_weight") and isinstance(column.type, Amount):
            one = _one_dose(amounts[0], column.type.unit)
            if one is not None:
                as_needed = dosages[0].flag("asNeededBoolean") or dosages[0].has("asNeededCodeableConcept")
                low = 0 if as_needed else exact(one.low * times[0])
                high = exact(one.high * times[1])
                return {column.name: Interval(low, high, None if low == high else Cause.IMPRECISE)}
    return {}


def _times_a_day(dosage: Part) -> tuple[Exact, Exact] | None:
    """How often a day it is taken, at least and at most; None where it does not follow exactly."""
    timing = dosage.part("timing")
    repeat = timing.part("repeat") if timing and not timing.has("event") else None
    if repeat is None or not repeat.members.keys() <= _PLAIN_TIMING:
        return None
    often, period = repeat.number("frequency"), repeat.number("period")
    days = _DAYS.get(repeat.text("periodUnit") or "")
    if often is None or period is None or days is None or often <= 0 or period <= 0:
        return None
    most = repeat.number("frequencyMax") or often
    if most < often:
        return None
    return exact(Fraction(often) / (period * days)), exact(Fraction(most) / (period * days))


def _one_dose(dose: Part, per_day: str) -> Interval | None:
    """One dose as an amount that, once a day, is in the unit `per_day`; None where its unit does not fit."""

    def factor(unit: str) -> Exact:
        return ratio(f"{unit}/d", per_day)

    try:
        if quantity := dose.part("doseQuantity"):
            found = amount(quantity, per_day, factor)
        elif range_ := dose.part("doseRange"):
            found = amount_between(range_, per_day, factor)
        else:
            return None
    except (UnitError, AmountError):
        return None
    return found if found.high < 10**30 else None
