"""FHIR bundles as wholes: whose they are, what is not read, what is malformed."""

import copy
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialog.charts.chart import Chart
from trialog.charts.files import ReadChart
from trialog.charts.read import read_charts
from trialog.vocabulary import Vocabulary

type Resource = Mapping[str, object]
type Bundle = Callable[..., Resource]
type Codes = Callable[[object], list[tuple[str, int]]]

PATIENT: Resource = {"resourceType": "Patient", "id": "p1", "birthDate": "2014-05-02"}
CONDITION: Resource = {
    "resourceType": "Condition",
    "id": "c1",
    "code": {"text": "SLE"},
    "verificationStatus": {"coding": [{"code": "confirmed"}]},
    "onsetDateTime": "2024-01-05",
    "recordedDate": "2024-02-05",
}
RESULT: Resource = {"resourceType": "Observation", "code": {"text": "ast"}}


def of(*resources: Resource, **more: object) -> Resource:
    return {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": r} for r in resources], **more}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (of(), "E522"),
        ({"resourceType": "Bundle"}, "E522"),
        (of(CONDITION), "E522"),
        (of(PATIENT, {**PATIENT, "id": "p2"}), "E522"),
        (of({"resourceType": "Patient"}), "E522"),
        (of({**PATIENT, "id": "p\u001b"}), "E522"),
        (of(PATIENT, {**CONDITION, "subject": {"reference": "Patient/p2"}}), "E522"),
        (of(PATIENT, {"resourceType": "Consent", "patient": {"reference": "http://x.org/Patient/p2"}}), "E522"),
        (of(PATIENT, {"resourceType": "DiagnosticReport", "contained": [
            {"resourceType": "Observation", "subject": {"reference": "Patient/p2"}}]}), "E522"),
        (of(PATIENT, type="history"), "E524"),
        (of(PATIENT, link=[{"relation": "self", "url": "x"}, {"relation": "next", "url": "y"}]), "E524"),
        (of(PATIENT, CONDITION, {**CONDITION, "onsetDateTime": "2023"}), "E525"),
        (PATIENT, "E505"),
        (of(PATIENT, {}), "E523"),
        (of(PATIENT, {"resourceType": 5}), "E523"),
        (of(PATIENT, {"resourceType": None}), "E523"),
        (of(PATIENT, entry=["x"]), "E523"),
        (of(PATIENT, entry={}), "E523"),
        (of({**PATIENT, "birthDate": "May 2014"}), "E523"),
        (of({**PATIENT, "birthDate": 2014}), "E523"),
        (of({**PATIENT, "gender": None}), "E523"),
        (of(PATIENT, {**CONDITION, "code": "SLE"}), "E523"),
        (of(PATIENT, {**CONDITION, "code": {"coding": {"code": "x"}}}), "E523"),
        (of(PATIENT, {**CONDITION, "code": {"coding": [None]}}), "E523"),
        (of(PATIENT, {**CONDITION, "onsetDateTime": "2024-02-30"}), "E523"),
        (of(PATIENT, {**RESULT, "valueQuantity": {"value": "5"}}), "E523"),
        (of(PATIENT, {**RESULT, "valueQuantity": {"value": True}}), "E523"),
        (of(PATIENT, {**RESULT, "valueQuantity": {"value": 5}, "valueString": "6"}), "E523"),
        (of(PATIENT, {**RESULT, "valueQuantity": {"value": 10**40}}), "E523"),
    ],
)  # fmt: skip
def test_what_is_wrong(codes: Codes, document: object, code: str) -> None:
    assert code in {found for found, _ in codes(document)}


def test_everything_wrong_is_said_at_once_each_with_its_line(codes: Codes) -> None:
    text = """{"resourceType": "Bundle", "entry": [
 {"resource": {"resourceType": "Patient", "id": "p1"}},
 {"resource": {"resourceType": "Condition", "code":
   "SLE"}},
 {"resource": {"resourceType": "Condition", "code": {"text": "SLE"},
   "onsetDateTime": "never"}},
 {"resource": {"resourceType": "Procedure",
   "subject": {"reference": "Patient/p9"}}}
]}"""
    assert codes(text) == [("E523", 4), ("E523", 6), ("E522", 8)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"resourceType": "Bundle", "resourceType": "Bundle"}', "E504"),
        ('{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "id": "\\ud83d"}}]}', "E503"),
        ('{"resourceType": "Bundle", "entry": [', "E503"),
    ],
)
def test_json_that_is_not_strict_is_refused(codes: Codes, text: str, code: str) -> None:
    assert codes(text) == [(code, 1)]


def test_the_same_record_twice_is_no_contradiction(read: Callable[[object], ReadChart]) -> None:
    assert read(of(PATIENT, CONDITION, CONDITION)).problems == ()


def test_what_is_not_read_is_counted(chart: Callable[[object], Chart]) -> None:
    claims = [{"resourceType": "Claim", "id": f"{i}", "status": 5} for i in range(3)]
    found = chart(of(PATIENT, *claims, {"resourceType": "Encounter"}))
    assert [aside.what for aside in found.set_aside] == ["Claim ×3", "Encounter ×1"]


def test_entries_without_a_resource_are_set_aside(chart: Callable[[object], Chart]) -> None:
    deleted = {"resource": CONDITION, "request": {"method": "DELETE", "url": "Condition/c1"}}
    found = chart({"resourceType": "Bundle", "entry": [{"resource": PATIENT}, {"fullUrl": "urn:x"}, deleted]})
    assert [aside.why for aside in found.set_aside] == ["it holds no resource", "it is to be deleted"]
    assert [record.relation for record in found.records] == ["born"]


def test_what_is_contained_elsewhere_is_set_aside(chart: Callable[[object], Chart]) -> None:
    inside = {"resourceType": "Observation", "status": "final"}
    found = chart(of(PATIENT, {**CONDITION, "contained": [inside]}))
    assert [aside.what for aside in found.set_aside] == ["Observation contained in a Condition"]


def test_a_subject_known_by_its_identifier_is_the_patient(chart: Callable[[object], Chart]) -> None:
    number = {"system": "urn:mrn", "value": "77"}
    patient = {**PATIENT, "identifier": [number]}
    found = chart(of(patient, {**CONDITION, "subject": {"identifier": number}}))
    assert found.records[1].standing.value == "confirmed"
    found = chart(of(patient, {**CONDITION, "subject": {"identifier": {"system": "urn:mrn", "value": "78"}}}))
    assert found.records[1].standing.value == "unconfirmed"


RESOURCES: tuple[Resource, ...] = (
    PATIENT,
    {**CONDITION, "abatementDateTime": "2024-09", "clinicalStatus": {"coding": [{"code": "resolved"}]}},
    {"resourceType": "Observation", "id": "o1", "status": "final", "code": {"coding": [
        {"system": "http://loinc.org", "code": "1920-8", "display": "AST"}]}, "effectiveDateTime": "2026-01-02",
     "valueQuantity": {"value": 5.5, "unit": "U/L", "code": "U/L"},
     "referenceRange": [{"high": {"value": 40, "unit": "U/L"}, "type": {"coding": [{"code": "normal"}]}}],
     "component": [{"code": {"text": "ecog"}, "valueInteger": 1}]},
    {"resourceType": "Observation", "id": "o2", "status": "final", "code": {"text": "pregnancy test"},
     "valueCodeableConcept": {"text": "negative"}, "effectivePeriod": {"start": "2026-01-02", "end": "2026-01-03"}},
    {"resourceType": "MedicationRequest", "id": "m1", "status": "completed", "intent": "order",
     "authoredOn": "2025-01-05", "medicationCodeableConcept": {"text": "Methotrexate 10 MG Oral Tablet"},
     "dosageInstruction": [{"route": {"text": "oral"}, "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit":
         "wk", "boundsPeriod": {"start": "2025-01-06"}}},
                            "doseAndRate": [{"doseQuantity": {"value": 10, "unit": "mg"}}]}]},
    {"resourceType": "MedicationStatement", "id": "m2", "status": "active", "dateAsserted": "2025-05-05",
     "medicationReference": {"reference": "#x"}, "contained": [
         {"resourceType": "Medication", "id": "x", "code": {"text": "prednisone"}}],
     "effectivePeriod": {"start": "2025-01-05", "end": "2026-01-01"}},
    {"resourceType": "MedicationAdministration", "id": "m3", "status": "completed", "dosage": {"route": {"text": "iv"}},
     "medicationCodeableConcept": {"text": "methotrexate"}, "effectiveDateTime": "2025-03-03"},
    {"resourceType": "Procedure", "id": "r1", "status": "completed", "code": {"text": "renal biopsy"},
     "performedPeriod": {"start": "2025-03-03", "end": "2025-03-03"}},
    {"resourceType": "DiagnosticReport", "id": "d1", "status": "final", "code": {"text": "renal biopsy"},
     "effectiveDateTime": "2025-03-03", "conclusionCode": [{"text": "MCD"}], "conclusion": "MCD", "contained": [
         {**RESULT, "id": "i", "status": "final", "valueString": "5 U/L"}]},
    {"resourceType": "Consent", "id": "k1", "status": "active", "scope": {"coding": [{"code": "research"}]},
     "category": [{"text": "trial participation"}], "dateTime": "2026-01-01",
     "provision": {"type": "permit", "period": {"end": "2027"}, "purpose": [{"code": "x"}]}},
)  # fmt: skip

type Steps = tuple[str | int, ...]


def places(value: object, path: Steps = ()) -> list[Steps]:
    found = [path]
    if isinstance(value, dict):
        found += [place for key, inner in value.items() for place in places(inner, (*path, key))]
    if isinstance(value, list):
        found += [place for i, inner in enumerate(value) for place in places(inner, (*path, i))]
    return found


WHOLE = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in RESOURCES]}
PLACES = [place for place in places(WHOLE) if place]
STRANGE_VALUES: list[object] = [
    None, True, False, 0, -1, 1.5, 10**30, "", " ", "x", "2024", "2024-02-30", "entered-in-error", "unknown", "#", "<",
    [], [None], ["x"], [[]], {}, [{}], {"reference": "Patient/p2"}, {"coding": [{}]}, {"value": 5}, {"start": "2030"},
    "\u001b[2J", "\u0000", {"text": "SLE"},
]  # fmt: skip
STRANGE = st.sampled_from(STRANGE_VALUES)


def test_the_whole_bundle_is_read(read: Callable[[object], ReadChart]) -> None:
    found = read(WHOLE)
    assert found.problems == ()
    assert found.chart is not None
    assert {record.relation for record in found.chart.records} == {
        "born", "condition", "observation", "finding", "treatment", "procedure", "biopsy_finding", "consent",
    }  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=600)
@given(st.lists(st.tuples(st.sampled_from(PLACES), STRANGE | st.just("delete")), min_size=1, max_size=3))
def test_a_bundle_spoilt_anywhere_is_a_chart_or_a_problem(
    vocabulary: Vocabulary, tmp_path: Path, spoils: list[tuple[Steps, object]]
) -> None:
    document = copy.deepcopy(WHOLE)
    for place, strange in spoils:
        spoil(document, place, strange)
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")
    (found,) = read_charts(path, vocabulary)
    assert (found.chart is None) == bool(found.problems)
    for problem in found.problems:
        assert problem.at.line >= 1
        assert problem.claim.isprintable()
    for record in found.chart.records if found.chart else ():
        assert record.words.isprintable()


def spoil(document: object, place: Steps, strange: object) -> None:
    """Puts something strange at the place, or takes away what is there; nothing where an earlier spoil removed it."""
    *way, last = place
    here: Any = document
    for step in way:
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(here, dict) and last in here:
        if strange == "delete":
            del here[last]
        else:
            here[last] = copy.deepcopy(strange)
    elif isinstance(here, list) and isinstance(last, int) and last < len(here):
        here[last] = copy.deepcopy(strange)


SYNTHEA = Path(__file__).parents[2].parent / "shared/charts/synthea"


@pytest.mark.skipif(not SYNTHEA.is_dir(), reason="the sample charts of Synthea are not beside the checkout")
def test_charts_that_nobody_here_wrote(vocabulary: Vocabulary) -> None:
    started = time.perf_counter()
    charts = list(read_charts(SYNTHEA, vocabulary))
    assert time.perf_counter() - started < 10
    assert len(charts) == 24
    assert all(read.chart is not None and not read.problems for read in charts)
    for read, path in zip(charts, sorted(SYNTHEA.glob("*.json")), strict=True):
        chart = read.chart
        assert chart is not None
        assert Counter(record.relation for record in chart.records)["born"] == 1
        bundle = json.loads(path.read_text(encoding="utf-8"))
        kinds = Counter(entry["resource"]["resourceType"] for entry in bundle["entry"])
        spoken_of = {f"{r.place.path.removesuffix('.resource').split('.')[0]}" for r in chart.records}
        spoken_of |= {aside.place.path.split(".")[0] for aside in chart.set_aside}
        silent = [
            entry["resource"]["resourceType"]
            for i, entry in enumerate(bundle["entry"])
            if f"entry[{i}]" not in spoken_of
            and not any(a.what == f"{entry['resource']['resourceType']} ×{kinds[entry['resource']['resourceType']]}"
                        for a in chart.set_aside)
        ]  # fmt: skip
        assert set(silent) <= {"DiagnosticReport"}


@pytest.mark.skipif(not SYNTHEA.is_dir(), reason="the sample charts of Synthea are not beside the checkout")
def test_results_without_a_range_have_no_upper_limit(vocabulary: Vocabulary) -> None:
    for read in read_charts(SYNTHEA, vocabulary):
        for record in read.chart.records if read.chart else ():
            if record.relation == "observation":
                assert not isinstance(record.values[3], str)
                assert not record.values[3].is_point
