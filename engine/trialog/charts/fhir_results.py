"""Observations: results of what is measured, answers to what is asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from trialog.charts.amounts import AmountError, converted, is_plain, unknown_amount, written
from trialog.charts.chart import Standing, Value
from trialog.charts.dates import between
from trialog.charts.fhir_concepts import (
    Meant,
    amount,
    amount_between,
    codes_of,
    meant,
    most_specific,
    named,
    said,
    show_quantity,
    texts_of,
)
from trialog.charts.fhir_parts import Context, Found, MalformedError, Part, is_modified, moment, weaker
from trialog.charts.words import one_line
from trialog.units import UnitError
from trialog.values import UNKNOWN_DAY, Exact, Interval, show_days

_STANDING = {
    "final": Standing.CONFIRMED,
    "amended": Standing.CONFIRMED,
    "corrected": Standing.CONFIRMED,
    "preliminary": Standing.UNCONFIRMED,
    "registered": Standing.UNCONFIRMED,
    "unknown": Standing.UNCONFIRMED,
}
_NOTHING = {"cancelled": "cancelled", "entered-in-error": "entered in error"}
_VALUES = ("Quantity", "CodeableConcept", "String", "Boolean", "Integer", "Range", "Ratio", "SampledData", "Time",
           "DateTime", "Period")  # fmt: skip
# Reasons that say that nothing was measured. With any other, or with none, there may be a result that is not given here.
_NOT_MEASURED = ("not-performed", "not-asked", "asked-declined", "not-applicable")


@dataclass(frozen=True, slots=True)
class _Result:
    """A result of an observation or of one of its components, with what they have in common."""

    part: Part
    on: Interval
    standing: Standing
    context: Context

    @property
    def value(self) -> str | None:
        """The key of its value."""
        return next((f"value{kind}" for kind in _VALUES if self.part.has(f"value{kind}")), None)

    def words(self, meant_: Meant, value: str) -> str:
        doubt = "" if self.standing is Standing.CONFIRMED and meant_.sure else " (unconfirmed)"
        return f"Observation {meant_.said} {value} on {show_days(self.on)}{doubt}"


def observation(part: Part, context: Context, most: Standing = Standing.CONFIRMED) -> Iterator[Found]:
    """The results in an Observation, none of them believed further than `most`."""
    what = f"Observation {said(part.part('code'))}"
    status = part.text("status") or "unknown"
    if status in _NOTHING:
        yield context.set_aside(what, _NOTHING[status], part)
        return
    if part.parts("focus"):
        yield context.set_aside(what, "it is about somebody or something else than the patient", part)
        return
    standing = weaker(most, _STANDING.get(status, Standing.UNCONFIRMED))
    on = moment(part, "effective", context.born) or between(None, part.day("issued")) or UNKNOWN_DAY
    components = part.parts("component")
    whole = _Result(part, on, standing, context)
    if whole.value is not None or not (components or part.parts("hasMember")):
        yield from _result(whole, registered=status == "registered")
    for component in components:
        held = Standing.UNCONFIRMED if is_modified(component) else standing
        yield from _result(_Result(component, on, held, context), registered=status == "registered")


def _result(result: _Result, registered: bool) -> Iterator[Found]:
    code, context = result.part.part("code"), result.context
    if sum(result.part.has(f"value{kind}") for kind in _VALUES) > 1:
        raise MalformedError(result.part.path, "the result has several values")
    measured = meant(code, "measurement", context)
    asked = meant(code, "finding", context)
    if not measured.concepts and not asked.concepts:
        why = "it has no code" if code is None else "not in the vocabulary"
        yield context.set_aside(f"Observation {measured.said}", why, result.part)
        return
    if result.value is None:
        reason = result.part.part("dataAbsentReason")
        codes = {coding.text("code") for coding in reason.parts("coding")} if reason else set()
        if registered or codes.intersection(_NOT_MEASURED):
            why = f"it has no result: {said(reason)}" if reason else "it has no result"
            yield context.set_aside(f"Observation {measured.said}", why, result.part)
            return
    for concept in measured.concepts:
        yield from _measured(result, measured, concept)
    for concept in asked.concepts:
        yield _answered(result, asked, concept)


def _measured(result: _Result, meant_: Meant, concept: str) -> Iterator[Found]:
    part, context = result.part, result.context
    to = context.vocabulary.concepts[concept].unit or ""
    try:
        value, shown = _value(result, concept, to), _shown(result)
    except (UnitError, AmountError) as error:
        value, shown = unknown_amount(to), f"{_shown(result)} (not understood: {error})"
        what = f"the value of Observation {meant_.said} on {show_days(result.on)}"
        yield context.set_aside(what, f"{error}; the result counts as one that is not known", part)
    given: dict[str, Value] = {
        "measurement": concept,
        "value": value,
        "on": result.on,
        "upper_limit": _upper_limit(part, concept, context) or unknown_amount(to),
    }
    elsewhere = meant_.by_words and part.has("specimen")  # words alone do not say of what it was measured
    standing = result.standing if meant_.sure and not elsewhere else Standing.UNCONFIRMED
    yield context.record("observation", given, standing, result.words(meant_, shown), part)


def _shown(result: _Result) -> str:
    key = result.value
    match key:
        case None:
            return "not given"
        case "valueQuantity" if quantity := result.part.part(key):
            return show_quantity(quantity)
        case "valueRange" if range_ := result.part.part(key):
            ends = (range_.part("low"), range_.part("high"))
            return " to ".join(show_quantity(end) if end else "?" for end in ends)
        case "valueCodeableConcept":
            return said(result.part.part(key))
        case _:
            value = result.part.members[key]
            return one_line(str(value)) if isinstance(value, str | bool | Decimal) else key.removeprefix("value")


def _value(result: _Result, concept: str, to: str) -> Interval:
    """The value in the concept's unit. Raises UnitError and AmountError."""
    part, vocabulary = result.part, result.context.vocabulary

    def ratio(unit: str) -> Exact:
        return vocabulary.factor(concept, unit)

    if vocabulary.concepts[concept].unit is None:
        raise UnitError(f"`{concept}` is not measured in a unit")
    match result.value:
        case "valueQuantity" if quantity := part.part("valueQuantity"):
            return amount(quantity, to, ratio)
        case "valueRange" if range_ := part.part("valueRange"):
            return amount_between(range_, to, ratio)
        case "valueInteger" if (number := part.number("valueInteger")) is not None:
            return _of_text(str(number), concept, to, result)
        case "valueString" if text := part.text("valueString"):
            return _of_text(text, concept, to, result)
        case None:
            raise AmountError("the result is not given")
        case other:
            raise AmountError(f"a {other.removeprefix('value')} is not an amount")


def _of_text(text: str, concept: str, to: str, result: _Result) -> Interval:
    found = written(text)
    if found.unit is None and not is_plain(to):
        raise UnitError("it has no unit")
    return converted(found, result.context.vocabulary.factor(concept, found.unit) if found.unit else 1, to)


def _upper_limit(part: Part, concept: str, context: Context) -> Interval | None:
    """The upper limit of normal; None unless there is exactly one range of what is normal, for everybody."""
    normal = [range_ for range_ in part.parts("referenceRange") if _is_normal(range_)]
    if len(normal) != 1 or any(normal[0].has(key) for key in ("appliesTo", "age", "modifierExtension")):
        return None
    high = normal[0].part("high")
    if high is None or high.has("comparator"):
        return None
    vocabulary = context.vocabulary
    try:
        limit = amount(high, vocabulary.concepts[concept].unit or "", lambda unit: vocabulary.factor(concept, unit))
    except (UnitError, AmountError):
        return None
    return limit if limit.low > 0 else None


def _is_normal(range_: Part) -> bool:
    kind = range_.part("type")
    return kind is None or any(coding.text("code") == "normal" for coding in kind.parts("coding"))


def _answered(result: _Result, asked: Meant, concept: str) -> Found:
    vocabulary = result.context.vocabulary
    answers: set[str] = set()
    match result.value:
        case "valueCodeableConcept" if codeable := result.part.part("valueCodeableConcept"):
            answers = {a for text in texts_of(codeable) if (a := named(text, "answer", vocabulary))}
            answers |= {a for system, code in codes_of(codeable) if (a := vocabulary.coded(system, code, "answer"))}
        case "valueString" if text := result.part.text("valueString"):
            answers = {a for a in (named(text, "answer", vocabulary),) if a}
        case _:
            pass
    found = most_specific(answers, vocabulary)
    given: dict[str, Value] = {"question": concept, "on": result.on}
    if len(found) == 1:
        given["answer"] = found[0]
    standing = result.standing if asked.sure else Standing.UNCONFIRMED
    return result.context.record("finding", given, standing, result.words(asked, _shown(result)), result.part)
