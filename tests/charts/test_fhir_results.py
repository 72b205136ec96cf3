"""FHIR Observations."""

from collections.abc import Callable, Mapping
from fractions import Fraction

import pytest

from trialog.charts.chart import Chart, Record, Standing
from trialog.values import FIRST_DAY, GREATEST, UNKNOWN_AMOUNT, UNKNOWN_DAY, Cause, Interval, days, point

type Resource = Mapping[str, object]
type Resources = Callable[..., Chart]

UCUM = "http://unitsofmeasure.org"
ON = days("2026-01-02")


def loinc(code: str, text: str = "") -> Resource:
    return {"coding": [{"system": "http://loinc.org", "code": code}], **({"text": text} if text else {})}


def quantity(value: float, unit: str, **more: object) -> Resource:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit, **more}


def observed(code: Resource | str = "1920-8", **more: object) -> Resource:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": loinc(code) if isinstance(code, str) else code,
        "effectiveDateTime": "2026-01-02T08:00:00+08:00",
        **more,
    }


def without(resource: Resource, key: str) -> Resource:
    return {k: v for k, v in resource.items() if k != key}


def one(chart: Chart) -> Record:
    (record,) = chart.records
    return record


def value(chart: Chart) -> object:
    return one(chart).values[1]


def test_a_result(resources: Resources) -> None:
    record = one(resources(observed(valueQuantity=quantity(31.5, "U/L"))))
    assert record == Record("observation", ("ast", point(Fraction(63, 2)), ON, UNKNOWN_AMOUNT))
    assert record.place.path == "entry[1].resource"
    assert record.words == "Observation 1920-8 31.5 U/L on 2026-01-02"


@pytest.mark.parametrize(
    ("code", "given", "means"),
    [
        ("1920-8", {"valueQuantity": quantity(5, "U/L", comparator="<")}, Interval(0, 5, Cause.IMPRECISE)),
        ("1920-8", {"valueQuantity": quantity(5, "U/L", comparator="<=")}, Interval(0, 5, Cause.IMPRECISE)),
        ("1920-8", {"valueQuantity": quantity(5, "U/L", comparator=">=")}, Interval(5, GREATEST, Cause.IMPRECISE)),
        ("1920-8", {"valueQuantity": quantity(5, "U/L", comparator=">")}, Interval(5, GREATEST, Cause.IMPRECISE)),
        ("1920-8", {"valueQuantity": quantity(5, "U/L", comparator="ad")}, UNKNOWN_AMOUNT),
        ("1920-8", {"valueQuantity": quantity(-5, "U/L")}, UNKNOWN_AMOUNT),
        ("1920-8", {"valueQuantity": quantity(5, "mg/dL")}, UNKNOWN_AMOUNT),
        ("1920-8", {"valueQuantity": {"value": 5}}, UNKNOWN_AMOUNT),
        ("1920-8", {"valueQuantity": {"unit": "U/L"}}, UNKNOWN_AMOUNT),
        ("1920-8", {"valueQuantity": {"value": 5, "unit": "U/L"}}, point(5)),
        ("1920-8", {"valueQuantity": {"value": 5, "unit": "units", "code": "U/L"}}, point(5)),
        ("1920-8", {"valueQuantity": {"value": 5, "unit": "kU/L", "code": "U/L"}}, UNKNOWN_AMOUNT),
        ("1920-8", {"valueQuantity": {"value": 5, "unit": "U/L", "system": "http://other", "code": "mg/dL"}}, point(5)),
        ("10230-1", {"valueQuantity": {"value": 55, "unit": "%", "code": "1"}}, point(55)),
        ("10230-1", {"valueQuantity": {"value": 55, "code": "1"}}, UNKNOWN_AMOUNT),
        ("33914-3", {"valueQuantity": {"value": 90, "unit": "mL/min/1.73m2", "code": "mL/min/{1.73_m2}"}}, point(90)),
        ("33914-3", {"valueQuantity": {"value": 90, "unit": "mL/min/1.73m2", "code": "mL/min"}}, UNKNOWN_AMOUNT),
        ("33914-3", {"valueQuantity": quantity(90, "mL/min")}, UNKNOWN_AMOUNT),
        ("2160-0", {"valueQuantity": quantity(88.4, "umol/L")}, point(1)),
        ("1920-8", {"valueRange": {"low": quantity(3, "U/L"), "high": quantity(5, "U/L")}},
         Interval(3, 5, Cause.IMPRECISE)),
        ("1920-8", {"valueRange": {"high": quantity(5, "U/L")}}, Interval(0, 5, Cause.IMPRECISE)),
        ("1920-8", {"valueRange": {"low": quantity(7, "U/L"), "high": quantity(5, "U/L")}}, UNKNOWN_AMOUNT),
        ("1920-8", {"valueRange": {}}, UNKNOWN_AMOUNT),
        ("1920-8", {"valueString": "<5 U/L"}, Interval(0, 5, Cause.IMPRECISE)),
        ("1920-8", {"valueString": "31"}, UNKNOWN_AMOUNT),
        ("1920-8", {"valueString": "normal"}, UNKNOWN_AMOUNT),
        ("1920-8", {"valueInteger": 31}, UNKNOWN_AMOUNT),
        ("1920-8", {"valueCodeableConcept": {"text": "normal"}}, UNKNOWN_AMOUNT),
        ("1920-8", {"valueRatio": {}}, UNKNOWN_AMOUNT),
        ("1920-8", {"dataAbsentReason": {"coding": [{"code": "masked"}]}}, UNKNOWN_AMOUNT),
    ],
)  # fmt: skip
def test_values(resources: Resources, code: str, given: Resource, means: Interval) -> None:
    chart = resources(observed(code, **given))
    assert value(chart) == means
    assert bool(chart.set_aside) == (means == UNKNOWN_AMOUNT)


def test_a_plain_number_is_right_for_a_score(resources: Resources) -> None:
    code = {"text": "ECOG performance status"}
    assert value(resources(observed(code, valueInteger=1))) == point(1)
    assert value(resources(observed(code, valueQuantity={"value": 1}))) == point(1)
    assert value(resources(observed(code, valueQuantity=quantity(1, "{score}")))) == point(1)
    assert value(resources(observed(code, valueQuantity=quantity(1, "%")))) == UNKNOWN_AMOUNT


@pytest.mark.parametrize(
    ("more", "standing"),
    [
        ({}, Standing.CONFIRMED),
        ({"status": "amended"}, Standing.CONFIRMED),
        ({"status": "corrected"}, Standing.CONFIRMED),
        ({"status": "preliminary"}, Standing.UNCONFIRMED),
        ({"status": "registered"}, Standing.UNCONFIRMED),
        ({"status": "unknown"}, Standing.UNCONFIRMED),
        ({"status": "invented"}, Standing.UNCONFIRMED),
        ({"subject": {"display": "a person"}}, Standing.UNCONFIRMED),
        ({"subject": {"reference": "#contained"}}, Standing.UNCONFIRMED),
        ({"subject": {"reference": "Patient/p1/_history/2"}}, Standing.CONFIRMED),
        ({"subject": {"reference": "https://example.org/fhir/Patient/p1"}}, Standing.CONFIRMED),
        ({"subject": {"reference": "urn:uuid:0"}}, Standing.CONFIRMED),
        ({"code": loinc("99999-9", "AST: aspartate aminotransferase")}, None),
        ({"code": loinc("99999-9", "aspartate aminotransferase")}, Standing.UNCONFIRMED),
        ({"code": {"coding": [{"system": "http://snomed.info/sct", "code": "1"}],
                   "text": "Aspartate aminotransferase"}},
         Standing.CONFIRMED),
        ({"status": "cancelled"}, None),
        ({"status": "entered-in-error"}, None),
        ({"subject": {"reference": "Group/g"}}, None),
        ({"focus": [{"reference": "Patient/mother"}]}, None),
        ({"code": None}, None),
    ],
)  # fmt: skip
def test_standing(resources: Resources, more: Resource, standing: Standing | None) -> None:
    resource = {**observed(valueQuantity=quantity(5, "U/L")), **more}
    chart = resources(resource if resource["code"] else without(resource, "code"))
    assert {record.standing for record in chart.records} == ({standing} if standing else set())
    assert bool(chart.set_aside) == (standing is None)


def test_codes_and_words_that_differ_leave_both_open(resources: Resources) -> None:
    chart = resources(observed(loinc("1920-8", "eGFR"), valueQuantity=quantity(5, "U/L")))
    assert {record.values[0] for record in chart.records} == {"ast", "egfr"}


def test_an_extension_that_changes_the_meaning_leaves_the_value_open(resources: Resources) -> None:
    chart = resources(observed(valueQuantity=quantity(5, "U/L"), modifierExtension=[{"url": "x"}]))
    assert one(chart) == Record("observation", ("ast", UNKNOWN_AMOUNT, ON, UNKNOWN_AMOUNT), Standing.UNCONFIRMED)


@pytest.mark.parametrize(
    "more",
    [
        {"dataAbsentReason": {"coding": [{"code": "not-performed"}]}},
        {"dataAbsentReason": {"coding": [{"code": "not-asked"}]}},
        {"status": "registered", "dataAbsentReason": {"coding": [{"code": "temp-unknown"}]}},
        {"code": {"text": "weather"}, "valueString": "fine"},
    ],
)
def test_what_was_not_measured_is_set_aside(resources: Resources, more: Resource) -> None:
    chart = resources({**observed(), **more})
    assert chart.records == ()
    assert len(chart.set_aside) == 1


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"interpretation": [{"text": "LL"}]},
        {"note": [{"text": "18"}]},
        {"dataAbsentReason": {"text": "see report"}},
        {"dataAbsentReason": {"coding": [{"code": "unsupported"}]}},
    ],
)
def test_a_result_that_is_not_given_counts_as_unknown(resources: Resources, more: Resource) -> None:
    chart = resources({**observed(), **more})
    (record,) = chart.records
    assert record.values[1] == UNKNOWN_AMOUNT


@pytest.mark.parametrize(
    ("when", "on"),
    [
        ({"effectiveDateTime": "2026-01"}, days("2026-01")),
        ({"effectiveInstant": "2026-01-02T03:04:05Z"}, ON),
        ({"effectivePeriod": {"start": "2026-01-02", "end": "2026-01-03"}},
         Interval(ON.low, days("2026-01-03").low, Cause.IMPRECISE)),
        ({"effectivePeriod": {"end": "2026-01-02"}}, Interval(FIRST_DAY, ON.low, Cause.MISSING)),
        ({"effectivePeriod": {"start": "2026-01-03", "end": "2026-01-02"}},
         Interval(ON.low, days("2026-01-03").low, Cause.CONFLICTING)),
        ({"issued": "2026-01-02T03:04:05Z"}, Interval(FIRST_DAY, ON.low, Cause.MISSING)),
        ({"effectiveTiming": {}}, UNKNOWN_DAY),
        ({}, UNKNOWN_DAY),
    ],
)  # fmt: skip
def test_when(resources: Resources, when: Resource, on: Interval) -> None:
    resource = without(observed(valueQuantity=quantity(5, "U/L")), "effectiveDateTime")
    assert one(resources({**resource, **when})).values[2] == on


NORMAL = {"coding": [{"code": "normal"}]}


@pytest.mark.parametrize(
    ("ranges", "limit"),
    [
        ([{"high": quantity(40, "U/L")}], point(40)),
        ([{"low": quantity(3, "U/L"), "high": quantity(40, "U/L"), "type": NORMAL}], point(40)),
        ([{"high": quantity(0.04, "kU/L")}], point(40)),
        ([{"high": quantity(40, "U/L"), "type": NORMAL}, {"high": quantity(500, "U/L"), "type": {"coding": [
            {"code": "treatment"}]}}], point(40)),
        ([{"high": quantity(40, "U/L")}, {"high": quantity(50, "U/L")}], None),
        ([{"high": quantity(40, "U/L"), "appliesTo": [{"text": "men"}]}], None),
        ([{"high": quantity(40, "U/L"), "age": {"low": {"value": 18}}}], None),
        ([{"high": quantity(40, "U/L"), "type": {"text": "therapeutic"}}], None),
        ([{"low": quantity(40, "U/L")}], None),
        ([{"high": {"value": 40}}], None),
        ([{"high": quantity(40, "mg/dL")}], None),
        ([{"high": quantity(0, "U/L")}], None),
        ([{"high": quantity(40, "U/L", comparator="<")}], None),
        ([{"text": "< 40"}], None),
        ([], None),
    ],
)  # fmt: skip
def test_the_upper_limit_of_normal(resources: Resources, ranges: list[Resource], limit: Interval | None) -> None:
    chart = resources(observed(valueQuantity=quantity(5, "U/L"), referenceRange=ranges))
    assert one(chart).values[3] == (limit or UNKNOWN_AMOUNT)


def test_components_are_results_of_their_own(resources: Resources) -> None:
    parts = [
        {"code": loinc("8480-6"), "valueQuantity": quantity(120, "mm[Hg]")},
        {"code": loinc("8462-4"), "valueQuantity": quantity(80, "mm[Hg]")},
        {"code": {"text": "cuff"}, "valueString": "left arm"},
    ]
    chart = resources(observed("55284-4", component=parts))
    assert [(r.values[0], r.values[1]) for r in chart.records] == [
        ("systolic_blood_pressure", point(120)), ("diastolic_blood_pressure", point(80))]  # fmt: skip
    assert [aside.what for aside in chart.set_aside] == ["Observation cuff"]
    assert chart.records[0].place.path == "entry[1].resource.component[0]"


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"valueCodeableConcept": {"text": "Negative"}}, "negative"),
        ({"valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "260385009",
                                               "display": "Negative (qualifier value)"}]}}, "negative"),
        ({"valueString": "positive"}, "positive"),
        ({"valueCodeableConcept": {"text": "Negative", "coding": [{"display": "Positive"}]}}, "answer"),
        ({"valueCodeableConcept": {"text": "see note"}}, "answer"),
        ({"valueBoolean": False}, "answer"),
        ({"valueQuantity": quantity(3, "U/L")}, "answer"),
    ],
)  # fmt: skip
def test_answers(resources: Resources, given: Resource, answer: str) -> None:
    assert one(resources(observed("2106-3", **given))) == Record("finding", ("pregnancy_test", answer, ON))
