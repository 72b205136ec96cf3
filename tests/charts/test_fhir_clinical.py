"""FHIR Patient, Condition, Procedure, DiagnosticReport and Consent."""

from collections.abc import Callable, Mapping

import pytest

from trialog.charts.chart import Chart, Denied, Record, Standing
from trialog.values import FIRST_DAY, LAST_DAY, UNKNOWN_DAY, Cause, Interval, days, point

type Resource = Mapping[str, object]
type Resources = Callable[..., Chart]
type Bundle = Callable[..., Resource]

CONFIRMED = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "confirmed"}]}
ICD = "http://hl7.org/fhir/sid/icd-10-cm"


def status(word: str) -> Resource:
    return {"coding": [{"code": word}]}


def diagnosed(**more: object) -> Resource:
    return {
        "resourceType": "Condition",
        "code": {"text": "Systemic lupus erythematosus (disorder)"},
        "verificationStatus": CONFIRMED,
        "onsetDateTime": "2024-01-05",
        **more,
    }


def without(resource: Resource, key: str) -> Resource:
    return {k: v for k, v in resource.items() if k != key}


def one(chart: Chart) -> Record:
    (record,) = chart.records
    return record


def until(low: str, high: int | str = LAST_DAY, cause: Cause = Cause.MISSING) -> Interval:
    return Interval(days(low).low, high if isinstance(high, int) else days(high).high, cause)


@pytest.mark.parametrize(
    ("given", "records"),
    [
        ({"birthDate": "2014-05-02"}, {("born", (days("2014-05-02"),))}),
        ({"birthDate": "2014-05"}, {("born", (days("2014-05"),))}),
        ({}, set()),
        ({"_birthDate": {"extension": [{"url": "x"}]}}, set()),
        ({"gender": "male"}, {("sex", ("male",))}),
        ({"gender": "other"}, {("sex", ("other_sex",))}),
        ({"gender": "unknown"}, set()),
        ({"gender": "robot"}, set()),
        ({"deceasedDateTime": "2025"}, {("died", (days("2025"),))}),
        ({"deceasedBoolean": True}, {("died", (UNKNOWN_DAY,))}),
        ({"deceasedBoolean": True, "birthDate": "2014-05-02"},
         {("born", (days("2014-05-02"),)), ("died", (until("2014-05-02"),))}),
        ({"deceasedBoolean": False}, set()),
    ],
)  # fmt: skip
def test_the_patient(
    chart: Callable[[object], Chart], bundle: Bundle, given: Resource, records: set[tuple[str, object]]
) -> None:
    found = chart(bundle(patient={"resourceType": "Patient", "id": "p1", **given}))
    assert found.patient == "p1"
    assert found.screening is None
    assert {(record.relation, record.values) for record in found.records} == records


@pytest.mark.parametrize(
    ("more", "standing"),
    [
        ({}, Standing.CONFIRMED),
        ({"verificationStatus": status("unconfirmed")}, Standing.UNCONFIRMED),
        ({"verificationStatus": status("provisional")}, Standing.UNCONFIRMED),
        ({"verificationStatus": status("differential")}, Standing.UNCONFIRMED),
        ({"verificationStatus": status("invented")}, Standing.UNCONFIRMED),
        ({"verificationStatus": {"text": "Confirmed"}}, Standing.CONFIRMED),
        ({"verificationStatus": {}}, Standing.UNCONFIRMED),
        ({"verificationStatus": status("entered-in-error")}, None),
        ({"verificationStatus": status("refuted")}, None),
        ({"code": {"text": "Family history of SLE"}}, None),
        ({"code": {"coding": [{"system": ICD, "code": "G40.909"}]}}, Standing.CONFIRMED),
        ({"code": {"text": "SLE", "coding": [{"display": "Macrophage activation syndrome"}]}}, Standing.UNCONFIRMED),
        ({"code": {"text": "SLE", "coding": [{"display": "SLE by the 2019 criteria"}]}}, Standing.CONFIRMED),
        ({"code": {}}, None),
        ({"modifierExtension": [{"url": "x"}]}, Standing.UNCONFIRMED),
    ],
)  # fmt: skip
def test_how_far_a_condition_is_believed(resources: Resources, more: Resource, standing: Standing | None) -> None:
    chart = resources(diagnosed(**more))
    assert {record.standing for record in chart.records} == ({standing} if standing else set())
    assert bool(chart.set_aside) == (standing is None)


def test_a_condition_that_nobody_verified_is_not_taken_for_confirmed(resources: Resources) -> None:
    assert one(resources(without(diagnosed(), "verificationStatus"))).standing is Standing.UNCONFIRMED


BEGAN = days("2024-01-05")


@pytest.mark.parametrize(
    ("more", "begin", "end"),
    [
        ({}, BEGAN, until("2024-01-05")),
        ({"clinicalStatus": status("active")}, BEGAN, point(LAST_DAY)),
        ({"clinicalStatus": status("relapse")}, BEGAN, point(LAST_DAY)),
        ({"clinicalStatus": status("resolved")}, BEGAN, until("2024-01-05")),
        ({"clinicalStatus": status("remission")}, BEGAN, until("2024-01-05")),
        ({"abatementDateTime": "2024-03-01"}, BEGAN, days("2024-03-01")),
        ({"abatementString": "last year"}, BEGAN, until("2024-01-05")),
        ({"abatementPeriod": {"start": "2024-03-01", "end": "2024-03-05"}}, BEGAN,
         until("2024-03-01", "2024-03-05", Cause.IMPRECISE)),
        ({"clinicalStatus": status("active"), "abatementDateTime": "2024-03-01"}, BEGAN,
         until("2024-03-01", LAST_DAY, Cause.CONFLICTING)),
        ({"abatementDateTime": "2023-03-01"}, until("2023-03-01", "2024-01-05", Cause.CONFLICTING),
         until("2023-03-01", "2024-01-05", Cause.CONFLICTING)),
        ({"onsetDateTime": None, "recordedDate": "2024-01-05"}, Interval(FIRST_DAY, BEGAN.low, Cause.MISSING),
         UNKNOWN_DAY),
        ({"onsetDateTime": None, "onsetString": "as a child"}, UNKNOWN_DAY, UNKNOWN_DAY),
        ({"onsetDateTime": None, "onsetAge": {"value": 5, "code": "a"}},
         until("2019-05-02", "2020-05-02", Cause.IMPRECISE), until("2019-05-02")),
        ({"onsetDateTime": None, "onsetAge": {"value": 5.5, "code": "mo"}},
         until("2014-10-02", "2014-11-02", Cause.IMPRECISE), until("2014-10-02")),
        ({"onsetDateTime": None,
          "onsetRange": {"low": {"value": 5, "code": "a"}, "high": {"value": 7, "unit": "years"}}},
         until("2019-05-02", "2022-05-02", Cause.IMPRECISE), until("2019-05-02")),
        ({"onsetDateTime": None, "onsetAge": {"value": 5, "code": "furlong"}}, UNKNOWN_DAY, UNKNOWN_DAY),
        ({"onsetDateTime": None, "onsetPeriod": {"start": "2024-01-05"}}, until("2024-01-05"), until("2024-01-05")),
    ],
)  # fmt: skip
def test_when_a_condition_begins_and_ends(resources: Resources, more: Resource, begin: Interval, end: Interval) -> None:
    resource = {key: value for key, value in diagnosed(**more).items() if value is not None}
    assert one(resources(resource)).values == ("sle", begin, end)


def refuted(**more: object) -> Resource:
    told = diagnosed(verificationStatus=status("refuted"), recordedDate="2025-06-01", **more)
    return without(told, "onsetDateTime")


def test_a_refuted_condition_is_an_explicit_no(resources: Resources) -> None:
    chart = resources(refuted())
    assert chart.denied == (Denied("condition", "sle", days("2025-06-01")),)
    assert chart.records == ()


@pytest.mark.parametrize(
    "more", [{"recordedDate": None}, {"onsetDateTime": "2025-05-01"}, {"modifierExtension": [{"url": "x"}]},
             {"subject": {"display": "a person"}}],
)  # fmt: skip
def test_a_refutation_that_says_too_little_denies_nothing(resources: Resources, more: Resource) -> None:
    chart = resources({key: value for key, value in {**refuted(), **more}.items() if value is not None})
    assert chart.denied == ()
    assert len(chart.set_aside) == 1


def test_a_refuted_and_a_confirmed_condition_leave_it_open(resources: Resources) -> None:
    chart = resources(refuted(), diagnosed())
    assert chart.denied == ()
    assert one(chart).standing is Standing.UNCONFIRMED
    assert [aside.why for aside in chart.set_aside] == ["refuted here, and confirmed elsewhere in the chart"]


def test_a_condition_that_began_after_it_was_refuted_stands(resources: Resources) -> None:
    chart = resources(refuted(), diagnosed(onsetDateTime="2025-07-01"))
    assert len(chart.denied) == 1
    assert one(chart).standing is Standing.CONFIRMED


@pytest.mark.parametrize(
    ("state", "performed", "standing", "on"),
    [
        ("completed", {"performedDateTime": "2025-03-01"}, Standing.CONFIRMED, days("2025-03-01")),
        ("completed", {"performedPeriod": {"start": "2025-03-01", "end": "2025-03-02"}}, Standing.CONFIRMED,
         until("2025-03-01", "2025-03-02", Cause.IMPRECISE)),
        ("completed", {}, Standing.CONFIRMED, UNKNOWN_DAY),
        ("in-progress", {"performedPeriod": {"start": "2025-03-01"}}, Standing.CONFIRMED, days("2025-03-01")),
        ("preparation", {}, Standing.UNCONFIRMED, UNKNOWN_DAY),
        ("on-hold", {}, Standing.UNCONFIRMED, UNKNOWN_DAY),
        ("stopped", {}, Standing.UNCONFIRMED, UNKNOWN_DAY),
        ("unknown", {}, Standing.UNCONFIRMED, UNKNOWN_DAY),
        ("not-done", {}, None, UNKNOWN_DAY),
        ("entered-in-error", {}, None, UNKNOWN_DAY),
    ],
)  # fmt: skip
def test_procedures(
    resources: Resources, state: str, performed: Resource, standing: Standing | None, on: Interval
) -> None:
    code = {"text": "Biopsy of kidney (procedure)"}
    chart = resources({"resourceType": "Procedure", "status": state, "code": code, **performed})
    assert chart.records == (() if standing is None else (Record("procedure", ("renal_biopsy", on), standing),))
    assert bool(chart.set_aside) == (standing is None)


def reported(**more: object) -> Resource:
    return {"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "Renal biopsy"},
            "effectiveDateTime": "2025-03-01", **more}  # fmt: skip


@pytest.mark.parametrize(
    ("state", "standing"),
    [("final", Standing.CONFIRMED), ("appended", Standing.CONFIRMED), ("preliminary", Standing.UNCONFIRMED),
     ("partial", Standing.UNCONFIRMED), ("cancelled", None), ("entered-in-error", None)],
)  # fmt: skip
def test_a_report_of_a_biopsy(resources: Resources, state: str, standing: Standing | None) -> None:
    chart = resources(reported(status=state, conclusionCode=[{"text": "MCD"}, {"text": "scars"}], conclusion="Scars."))
    on = days("2025-03-01")
    expected = () if standing is None else (
        Record("procedure", ("renal_biopsy", on), standing),
        Record("biopsy_finding", ("minimal_change_disease", on), standing))  # fmt: skip
    assert chart.records == expected
    assert len(chart.set_aside) == (1 if standing is None else 2)


def test_results_inside_a_report_are_read_and_believed_no_further(resources: Resources) -> None:
    inside = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "ast"},
              "valueQuantity": {"value": 5, "unit": "U/L"}}  # fmt: skip
    chart = resources(reported(code={"text": "Liver"}, status="preliminary", contained=[inside],
                               result=[{"reference": "#o"}, {"reference": "Observation/lost"}]))  # fmt: skip
    assert one(chart).standing is Standing.UNCONFIRMED
    assert [aside.why for aside in chart.set_aside] == ["it is not in the bundle"]


def agreed_to(**more: object) -> Resource:
    return {"resourceType": "Consent", "status": "active", "scope": {"coding": [{"code": "research"}]},
            "dateTime": "2026-01-03", "category": [{"text": "trial participation"}], **more}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "decision", "standing"),
    [
        ({}, "agreed", Standing.CONFIRMED),
        ({"provision": {"type": "permit"}}, "agreed", Standing.CONFIRMED),
        ({"provision": {"type": "deny"}}, "refused", Standing.CONFIRMED),
        ({"status": "rejected"}, "refused", Standing.CONFIRMED),
        ({"status": "draft"}, None, None),
        ({"status": "proposed"}, None, None),
        ({"status": "inactive"}, "decision", Standing.CONFIRMED),
        ({"status": "entered-in-error"}, None, None),
        ({"status": "invented"}, None, None),
        ({"category": [{"text": "Study NCT00000000"}]}, "agreed", Standing.UNCONFIRMED),
        ({"category": []}, "agreed", Standing.UNCONFIRMED),
        ({"category": [], "scope": {"coding": [{"code": "patient-privacy"}]}}, None, None),
        ({"category": [], "policyRule": {"text": "trial participation"}}, "agreed", Standing.CONFIRMED),
        ({"category": [], "provision": {"code": [{"text": "trial participation"}]}}, "agreed", Standing.CONFIRMED),
        ({"category": [], "provision": {"purpose": [{"display": "trial participation"}]}}, "agreed",
         Standing.CONFIRMED),
        ({"provision": {"period": {"end": "2026-02-01"}}}, "agreed", Standing.UNCONFIRMED),
        ({"provision": {"provision": [{"type": "deny"}]}}, "agreed", Standing.UNCONFIRMED),
        ({"verification": [{"verified": False}]}, "agreed", Standing.UNCONFIRMED),
        ({"category": [{"text": "consent"}]}, "agreed", Standing.UNCONFIRMED),
    ],
)  # fmt: skip
def test_consents(resources: Resources, more: Resource, decision: str | None, standing: Standing | None) -> None:
    chart = resources(agreed_to(**more))
    if decision is None or standing is None:
        assert chart.records == ()
        assert len(chart.set_aside) == 1
    else:
        named = not more.keys() & {"category"} or "policyRule" in more or "provision" in more
        to = "trial_participation" if named else "consent"
        expected = Record("consent", (to, decision, days("2026-01-03")), standing)
        assert chart.records == (expected,)


def test_a_report_of_another_tissue_confirms_no_biopsy_finding(resources: Resources) -> None:
    report = {"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "genetic test"},
              "effectiveDateTime": "2026-01-03", "conclusionCode": [{"text": "minimal change disease"}]}  # fmt: skip
    found = [r for r in resources(report).records if r.relation == "biopsy_finding"]
    assert [r.standing for r in found] == [Standing.UNCONFIRMED]


@pytest.mark.parametrize("limit", [{"severity": {"text": "severe"}}, {"bodySite": [{"text": "left arm"}]},
                                   {"abatementDateTime": "2020-01-01"}, {"stage": [{"summary": {"text": "2"}}]}])  # fmt: skip
def test_a_refutation_of_a_part_denies_nothing(resources: Resources, limit: Resource) -> None:
    refuted = {"resourceType": "Condition", "code": {"text": "SLE"}, "recordedDate": "2026-01-03",
               "verificationStatus": {"coding": [{"code": "refuted"}]}}  # fmt: skip
    assert len(resources(refuted).denied) == 1
    chart = resources({**refuted, **limit})
    assert chart.denied == ()
    assert len(chart.set_aside) == 1


def test_words_under_a_code_that_is_not_theirs_are_unconfirmed(resources: Resources) -> None:
    history = {"resourceType": "Condition", "recordedDate": "2026-01-03",
               "verificationStatus": {"coding": [{"code": "confirmed"}]},
               "code": {"text": "SLE", "coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "Z99.99"}]}}  # fmt: skip
    assert [r.standing for r in resources(history).records] == [Standing.UNCONFIRMED]
