"""FHIR MedicationRequest, MedicationStatement and MedicationAdministration."""

from collections.abc import Callable, Mapping
from fractions import Fraction

import pytest

from trialog.charts.chart import Chart, Record, Standing
from trialog.values import FIRST_DAY, LAST_DAY, UNKNOWN_AMOUNT, UNKNOWN_DAY, Cause, Interval, days, point

type Resource = Mapping[str, object]
type Resources = Callable[..., Chart]

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def drug(text: str) -> Resource:
    return {"medicationCodeableConcept": {"text": text}}


def ordered(**more: object) -> Resource:
    return {"resourceType": "MedicationRequest", "status": "completed", "intent": "order", "authoredOn": "2025-01-05",
            **drug("Methotrexate 10 MG Oral Tablet"), **more}  # fmt: skip


def stated(**more: object) -> Resource:
    return {"resourceType": "MedicationStatement", "status": "completed", **drug("methotrexate"), **more}


def administered(**more: object) -> Resource:
    return {"resourceType": "MedicationAdministration", "status": "completed", **drug("methotrexate"), **more}


def without(resource: Resource, key: str) -> Resource:
    return {k: v for k, v in resource.items() if k != key}


def one(chart: Chart) -> Record:
    (record,) = chart.records
    return record


def between(low: str | int, high: str | int, cause: Cause = Cause.MISSING) -> Interval:
    first = low if isinstance(low, int) else days(low).low
    return Interval(first, high if isinstance(high, int) else days(high).high, cause)


BEGAN = days("2025-01-05")
OPEN = between("2025-01-05", LAST_DAY)


@pytest.mark.parametrize(
    ("resource", "standing"),
    [
        (ordered(), Standing.CONFIRMED),
        (ordered(status="active"), Standing.UNCONFIRMED),
        (ordered(status="stopped"), Standing.UNCONFIRMED),
        (ordered(status="on-hold"), Standing.UNCONFIRMED),
        (ordered(status="unknown"), Standing.UNCONFIRMED),
        (ordered(status="invented"), Standing.UNCONFIRMED),
        (ordered(status="cancelled"), None),
        (ordered(status="draft"), None),
        (ordered(status="entered-in-error"), None),
        (ordered(intent="proposal"), None),
        (ordered(intent="plan"), None),
        (ordered(intent="option"), None),
        (ordered(doNotPerform=True), None),
        (ordered(doNotPerform=False), Standing.CONFIRMED),
        (ordered(modifierExtension=[{"url": "x"}]), Standing.UNCONFIRMED),
        (stated(), Standing.CONFIRMED),
        (stated(status="active"), Standing.CONFIRMED),
        (stated(status="stopped"), Standing.CONFIRMED),
        (stated(status="on-hold"), Standing.UNCONFIRMED),
        (stated(status="unknown"), Standing.UNCONFIRMED),
        (stated(status="intended"), None),
        (stated(status="not-taken"), None),
        (stated(status="entered-in-error"), None),
        (administered(), Standing.CONFIRMED),
        (administered(status="in-progress"), Standing.CONFIRMED),
        (administered(status="stopped"), Standing.CONFIRMED),
        (administered(status="on-hold"), Standing.UNCONFIRMED),
        (administered(status="unknown"), Standing.UNCONFIRMED),
        (administered(status="not-done"), None),
        (administered(status="entered-in-error"), None),
    ],
)
def test_how_far_a_course_is_believed(resources: Resources, resource: Resource, standing: Standing | None) -> None:
    chart = resources(resource)
    assert {record.standing for record in chart.records} == ({standing} if standing else set())
    assert bool(chart.set_aside) == (standing is None)


def test_an_order_says_that_nothing_recorded_shows_that_it_was_taken(resources: Resources) -> None:
    assert "nothing recorded says that it was taken" in one(resources(ordered(status="active"))).words


def bounds(**period: str) -> list[Resource]:
    return [{"timing": {"repeat": {"boundsPeriod": period}}}]


@pytest.mark.parametrize(
    ("resource", "begin", "end"),
    [
        (ordered(), BEGAN, OPEN),
        (ordered(dosageInstruction=bounds(start="2025-01-07", end="2025-02-07")), days("2025-01-07"),
         between("2025-01-07", "2025-02-07")),
        (ordered(dosageInstruction=bounds(end="2025-02-07")), BEGAN, between("2025-01-05", "2025-02-07")),
        (ordered(dosageInstruction=bounds(end="2024-02-07")), BEGAN, OPEN),
        (ordered(authoredOn="2025-01"), days("2025-01"), between("2025-01-01", LAST_DAY)),
        (stated(effectivePeriod={"start": "2025-01-05", "end": "2025-03-01"}), BEGAN, days("2025-03-01")),
        (stated(effectivePeriod={"start": "2025-01-05"}), BEGAN, OPEN),
        (stated(effectivePeriod={"start": "2025-01-05"}, dateAsserted="2025-06-01"), BEGAN,
         between("2025-01-05", "2025-06-01", Cause.IMPRECISE)),
        (stated(status="active", effectivePeriod={"start": "2025-01-05"}), BEGAN, point(LAST_DAY)),
        (stated(status="active", effectivePeriod={"start": "2025-01-05", "end": "2025-09-01"}), BEGAN,
         between("2025-01-05", "2025-09-01", Cause.IMPRECISE)),
        (stated(status="active", dateAsserted="2025-06-01",
                effectivePeriod={"start": "2025-01-05", "end": "2025-09-01"}),
         BEGAN, between("2025-06-01", "2025-09-01", Cause.IMPRECISE)),
        (stated(status="active", dateAsserted="2025-06-01"), between(FIRST_DAY, "2025-06-01"),
         Interval(days("2025-06-01").low, LAST_DAY, Cause.MISSING)),
        (stated(effectiveDateTime="2025-01-05"), between(FIRST_DAY, "2025-01-05"), OPEN),
        (stated(status="active", effectiveDateTime="2025-01-05"), between(FIRST_DAY, "2025-01-05"), point(LAST_DAY)),
        (stated(effectivePeriod={"start": "2025-03-01", "end": "2025-01-05"}),
         between("2025-01-05", "2025-03-01", Cause.CONFLICTING),
         between("2025-01-05", "2025-03-01", Cause.CONFLICTING)),
        (stated(), UNKNOWN_DAY, UNKNOWN_DAY),
        (administered(effectiveDateTime="2025-01-05"), BEGAN, BEGAN),
        (administered(effectivePeriod={"start": "2025-01-05", "end": "2025-01-06"}), BEGAN, days("2025-01-06")),
        (administered(status="in-progress", effectivePeriod={"start": "2025-01-05"}), BEGAN, OPEN),
    ],
)  # fmt: skip
def test_when_it_was_taken(resources: Resources, resource: Resource, begin: Interval, end: Interval) -> None:
    assert one(resources(resource)).values[1:3] == (begin, end)


def test_an_order_without_a_date_is_kept(resources: Resources) -> None:
    assert one(resources(without(ordered(), "authoredOn"))).values[1:3] == (UNKNOWN_DAY, UNKNOWN_DAY)


@pytest.mark.parametrize(
    ("text", "drugs", "route", "unknown"),
    [
        ("Methotrexate 10 MG Oral Tablet", ["methotrexate"], "oral", 0),
        ("methotrexate", ["methotrexate"], "route", 0),
        ("MTX", ["methotrexate"], "route", 0),
        ("NDA020800 0.3 ML Methotrexate 50 MG/ML Auto-Injector", ["methotrexate"], "route", 0),
        ("1 ML Methotrexate 25 MG/ML Injection", ["methotrexate"], "route", 0),
        ("24 HR Methotrexate 25 MG Extended Release Oral Capsule", ["methotrexate"], "oral", 0),
        ("Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet", ["amoxicillin"], "oral", 1),
        ("Amoxicillin 250 MG / prednisone 5 MG Oral Tablet", ["amoxicillin", "prednisone"], "oral", 0),
        ("Hydrocortisone 10 MG/ML Topical Cream", ["hydrocortisone"], "topical", 0),
        ("120 ACTUAT hydrocortisone 0.044 MG/ACTUAT Metered Dose Inhaler", ["hydrocortisone"], "inhaled", 0),
        ("hydrocortisone 1 MG Nasal Inhaler", ["hydrocortisone"], "route", 0),
        ("hydrocortisone 1 MG/ML Oral Paste", ["hydrocortisone"], "route", 0),
        ("Methotrexates 10 MG", [], "route", 1),
        ("no methotrexate", [], "route", 1),
        ("Natazia 28 Day Pack", [], "route", 1),
        ("10 MG", [], "route", 1),
    ],
)  # fmt: skip
def test_drugs_by_name(resources: Resources, text: str, drugs: list[str], route: str, unknown: int) -> None:
    chart = resources(ordered(**drug(text)))
    assert [(record.values[0], record.values[5]) for record in chart.records] == [(name, route) for name in drugs]
    assert len(chart.set_aside) == unknown
    assert all(record.standing is Standing.CONFIRMED for record in chart.records)


def coded(code: str, display: str) -> Resource:
    return {"medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": code, "display": display}]}}


@pytest.mark.parametrize(
    ("medication", "drugs", "standing"),
    [
        (coded("6851", "whatever"), ["methotrexate"], Standing.CONFIRMED),
        (coded("6851", "Methotrexate 10 MG Oral Tablet"), ["methotrexate"], Standing.CONFIRMED),
        (coded("308182", "Methotrexate 10 MG Oral Tablet"), ["methotrexate"], Standing.CONFIRMED),
        (coded("1998", "Methotrexate 10 MG Oral Tablet"), ["captopril", "methotrexate"], Standing.UNCONFIRMED),
        (coded("8640", "glucocorticoid"), ["prednisone"], Standing.CONFIRMED),
    ],
)
def test_drugs_by_code(resources: Resources, medication: Resource, drugs: list[str], standing: Standing) -> None:
    chart = resources(ordered(**medication))
    assert [(record.values[0], record.standing) for record in chart.records] == [(name, standing) for name in drugs]


def referring(reference: Resource, **more: object) -> Resource:
    return without(ordered(medicationReference=reference, **more), "medicationCodeableConcept")


MEDICATION = {"resourceType": "Medication", "id": "m", "code": {"text": "methotrexate"}}


@pytest.mark.parametrize(
    ("reference", "more"),
    [
        ({"reference": "Medication/m"}, {}),
        ({"reference": "urn:uuid:1"}, {}),
        ({"reference": "#m"}, {"contained": [MEDICATION]}),
        ({"reference": "Medication/elsewhere", "display": "Methotrexate 10 MG Oral Tablet"}, {}),
    ],
)
def test_drugs_by_reference(resources: Resources, reference: Resource, more: Resource) -> None:
    chart = resources(MEDICATION, referring(reference, **more))
    assert one(chart).values[0] == "methotrexate"


@pytest.mark.parametrize("reference", [{"reference": "Medication/elsewhere"}, {"reference": "#m"}, {}])
def test_a_drug_that_is_not_there_is_set_aside(resources: Resources, reference: Resource) -> None:
    chart = resources(referring(reference))
    assert chart.records == ()
    assert len(chart.set_aside) == 1


def dosage(value: float | None = None, unit: str = "mg", **repeat: object) -> Resource:
    dose: Resource = {} if value is None else {"doseQuantity": {"value": value, "unit": unit}}
    return {"timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d", **repeat}}, "doseAndRate": [dose]}


UNKNOWN = (UNKNOWN_AMOUNT, UNKNOWN_AMOUNT)


@pytest.mark.parametrize(
    ("dosages", "doses"),
    [
        ([dosage(500)], (point(1000), UNKNOWN_AMOUNT)),
        ([dosage(0.5, "g")], (point(1000), UNKNOWN_AMOUNT)),
        ([dosage(10, period=8, periodUnit="h", frequency=1)], (point(30), UNKNOWN_AMOUNT)),
        ([dosage(10, period=1, periodUnit="wk", frequency=1)], (point(Fraction(10, 7)), UNKNOWN_AMOUNT)),
        ([dosage(10, frequencyMax=3)], (Interval(20, 30, Cause.IMPRECISE), UNKNOWN_AMOUNT)),
        ([dosage(1, "mg/kg")], (UNKNOWN_AMOUNT, point(2))),
        ([{**dosage(500), "asNeededBoolean": True}], (Interval(0, 1000, Cause.IMPRECISE), UNKNOWN_AMOUNT)),
        ([{**dosage(500), "asNeededCodeableConcept": {"text": "pain"}}],
         (Interval(0, 1000, Cause.IMPRECISE), UNKNOWN_AMOUNT)),
        ([{**dosage(), "doseAndRate": [{"doseRange": {"low": {"value": 5, "unit": "mg"},
                                                      "high": {"value": 10, "unit": "mg"}}}]}],
         (Interval(10, 20, Cause.IMPRECISE), UNKNOWN_AMOUNT)),
        ([dosage(1, "tablet")], UNKNOWN),
        ([{**dosage(), "doseAndRate": [{"doseQuantity": {"value": 1}}]}], UNKNOWN),
        ([dosage(500), dosage(500)], UNKNOWN),
        ([dosage(500, dayOfWeek=["mon"])], UNKNOWN),
        ([dosage(500, count=3)], UNKNOWN),
        ([dosage(500, periodUnit="mo")], UNKNOWN),
        ([dosage(500, period=0)], UNKNOWN),
        ([dosage(500, frequency=-1)], UNKNOWN),
        ([dosage(500, frequencyMax=1)], UNKNOWN),
        ([{**dosage(500), "modifierExtension": [{"url": "x"}]}], UNKNOWN),
        ([{"doseAndRate": dosage(500)["doseAndRate"]}], UNKNOWN),
        ([{"text": "500 mg twice a day"}], UNKNOWN),
        ([], UNKNOWN),
    ],
)  # fmt: skip
def test_doses(resources: Resources, dosages: list[Resource], doses: tuple[Interval, Interval]) -> None:
    assert one(resources(ordered(dosageInstruction=dosages))).values[3:5] == doses
    assert one(resources(stated(dosage=dosages))).values[3:5] == doses


def test_the_dose_of_a_combination_is_not_known(resources: Resources) -> None:
    text = "Amoxicillin 250 MG / prednisone 5 MG Oral Tablet"
    chart = resources(ordered(**drug(text), dosageInstruction=[dosage(500)]))
    assert {record.values[3:5] for record in chart.records} == {UNKNOWN}


@pytest.mark.parametrize(
    ("routes", "route"),
    [(["Oral route"], "oral"), (["iv"], "intravenous"), (["by ear"], "route"), (["oral", "iv"], "route")],
)
def test_the_route_that_is_written_counts_before_the_form(resources: Resources, routes: list[str], route: str) -> None:
    dosages: list[Resource] = [{"route": {"text": text}} for text in routes]
    assert one(resources(ordered(dosageInstruction=dosages))).values[5] == route


def test_the_route_of_an_administration(resources: Resources) -> None:
    assert one(resources(administered(dosage={"route": {"text": "iv"}}))).values[5] == "intravenous"
