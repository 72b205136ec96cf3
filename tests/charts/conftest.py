"""A small vocabulary, built by hand, and ways to write charts into a folder."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from trialog.charts.chart import Chart
from trialog.charts.files import ReadChart
from trialog.charts.read import read_charts
from trialog.vocabulary import (
    Amount,
    Coded,
    Column,
    ColumnType,
    Concept,
    Conversion,
    Dated,
    Kind,
    Measured,
    Relation,
    Vocabulary,
)


def _relation(name: str, kind: Kind, **columns: ColumnType) -> Relation:
    return Relation(name, kind, tuple(Column(column.rstrip("_"), type_) for column, type_ in columns.items()), name)


def _concept(
    name: str,
    *parents: str,
    label: str = "",
    also: tuple[str, ...] = (),
    unit: str | None = None,
    codes: tuple[tuple[str, str], ...] = (),
    conversions: tuple[Conversion, ...] = (),
) -> Concept:
    return Concept(name, label or name.replace("_", " "), parents, also, unit, conversions, codes)


RELATIONS = (
    _relation("born", Kind.ATTRIBUTE, on=Dated()),
    _relation("died", Kind.ATTRIBUTE, on=Dated()),
    _relation("sex", Kind.ATTRIBUTE, sex=Coded("sex")),
    _relation("condition", Kind.EVENT, condition=Coded("condition"), from_=Dated(), to=Dated()),
    _relation("treatment", Kind.EVENT, drug=Coded("drug"), from_=Dated(), to=Dated(), dose=Amount("mg/d"),
              dose_per_weight=Amount("mg/kg/d"), route=Coded("route"), adequacy=Coded("adequacy")),
    _relation("procedure", Kind.EVENT, procedure=Coded("procedure"), on=Dated()),
    _relation("biopsy_finding", Kind.EVENT, finding=Coded("pathology"), on=Dated()),
    _relation("observation", Kind.MEASURE, measurement=Coded("measurement"), value=Measured(), on=Dated(),
              upper_limit=Measured()),
    _relation("finding", Kind.MEASURE, question=Coded("finding"), answer=Coded("answer"), on=Dated()),
    _relation("consent", Kind.MEASURE, to=Coded("consent"), decision=Coded("decision"), on=Dated()),
    _relation("judged", Kind.JUDGEMENT, question=Coded("judgement"), decision=Coded("decision"), on=Dated(),
              until=Dated()),
    _relation("equivalent_dose", Kind.KNOWN, drug=Coded("drug"), dose=Amount("mg")),
)  # fmt: skip

CONCEPTS = (
    *(_concept(root) for root in ("sex", "condition", "drug", "route", "adequacy", "procedure", "pathology",
                                  "measurement", "finding", "answer", "consent", "decision", "judgement")),
    _concept("male", "sex"),
    _concept("female", "sex"),
    _concept("other_sex", "sex", label="other"),
    _concept("cns_disease", "condition", label="disease of the central nervous system"),
    _concept("epilepsy", "cns_disease", codes=(("icd10cm", "G40.909"),)),
    _concept("sle", "condition", label="systemic lupus erythematosus", also=("SLE",)),
    _concept("sle_by_2019_eular_acr", "sle", label="SLE by the 2019 criteria"),
    _concept("macrophage_activation_syndrome", "condition", also=("MAS",)),
    _concept("glucocorticoid", "drug"),
    _concept("prednisone", "glucocorticoid", codes=(("rxnorm", "8640"),)),
    _concept("hydrocortisone", "glucocorticoid", codes=(("rxnorm", "5492"),)),
    _concept("mycophenolate_mofetil", "drug", also=("MMF",)),
    _concept("methotrexate", "drug", also=("MTX",), codes=(("rxnorm", "6851"),)),
    _concept("amoxicillin", "drug"),
    _concept("captopril", "drug", codes=(("rxnorm", "1998"),)),
    _concept("oral", "route", label="by mouth", also=("po", "oral route")),
    _concept("intravenous", "route", also=("iv",)),
    _concept("topical", "route", label="on the skin"),
    _concept("inhaled", "route"),
    _concept("standard_dose", "adequacy"),
    _concept("renal_biopsy", "procedure", also=("Biopsy of kidney",)),
    _concept("minimal_change_disease", "pathology", also=("MCD",)),
    _concept("lvef", "measurement", label="LV ejection fraction", unit="%", codes=(("loinc", "10230-1"),)),
    _concept("egfr", "measurement", label="eGFR", unit="mL/min/{1.73_m2}", codes=(("loinc", "33914-3"),)),
    _concept("ast", "measurement", label="aspartate aminotransferase", unit="U/L", codes=(("loinc", "1920-8"),)),
    _concept("creatinine", "measurement", label="creatinine in serum", also=("serum creatinine",), unit="mg/dL",
             codes=(("loinc", "2160-0"),), conversions=(Conversion(1, "mg/dL", Fraction(884, 10), "umol/L"),)),
    _concept("systolic_blood_pressure", "measurement", unit="mm[Hg]", codes=(("loinc", "8480-6"),)),
    _concept("diastolic_blood_pressure", "measurement", unit="mm[Hg]", codes=(("loinc", "8462-4"),)),
    _concept("body_temperature", "measurement", unit="Cel", codes=(("loinc", "8310-5"),)),
    _concept("body_weight", "measurement", unit="kg", codes=(("loinc", "29463-7"),)),
    _concept("ecog", "measurement", label="ECOG performance status", unit="{score}"),
    _concept("pregnancy_test", "finding", codes=(("loinc", "2106-3"),)),
    _concept("positive", "answer"),
    _concept("negative", "answer"),
    _concept("trial_participation", "consent", label="consent to take part in the trial"),
    _concept("contraception", "consent"),
    _concept("agreed", "decision", also=("yes",)),
    _concept("refused", "decision", also=("no",)),
    _concept("survival_of_12_weeks", "judgement"),
)  # fmt: skip


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return Vocabulary({c.name: c for c in CONCEPTS}, {r.name: r for r in RELATIONS})


@pytest.fixture
def read(tmp_path: Path, vocabulary: Vocabulary) -> Callable[[object], ReadChart]:
    """Reads one chart, given as a text or as what json.dumps takes."""

    def reading(document: object) -> ReadChart:
        path = tmp_path / "chart.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document, indent=1), encoding="utf-8")
        (found,) = read_charts(path, vocabulary)
        return found

    return reading


@pytest.fixture
def chart(read: Callable[[object], ReadChart]) -> Callable[[object], Chart]:
    """Reads one chart in which nothing is wrong."""

    def reading(document: object) -> Chart:
        found = read(document)
        assert found.problems == ()
        assert found.chart is not None
        return found.chart

    return reading


@pytest.fixture
def codes(read: Callable[[object], ReadChart]) -> Callable[[object], list[tuple[str, int]]]:
    """The codes of what is wrong with a chart, each with its line."""

    def reading(document: object) -> list[tuple[str, int]]:
        found = read(document)
        assert (found.chart is None) == bool(found.problems)
        return [(problem.code, problem.at.line) for problem in found.problems]

    return reading


type Resource = Mapping[str, object]

PATIENT: Resource = {"resourceType": "Patient", "id": "p1", "birthDate": "2014-05-02", "gender": "female"}


@pytest.fixture(scope="session")
def bundle() -> Callable[..., Resource]:
    """A FHIR bundle of one patient and the resources given, which are about the patient where they say nothing else."""

    def built(*resources: Resource, patient: Resource | None = None) -> Resource:
        subjects = {"Consent": "patient"}
        about = [{subjects.get(str(r["resourceType"]), "subject"): {"reference": "Patient/p1"}, **r} for r in resources]
        entries = [{"fullUrl": f"urn:uuid:{i}", "resource": r} for i, r in enumerate([patient or PATIENT, *about])]
        return {"resourceType": "Bundle", "type": "collection", "entry": entries}

    return built


@pytest.fixture
def resources(chart: Callable[[object], Chart], bundle: Callable[..., Resource]) -> Callable[..., Chart]:
    """The chart that the resources make beside those of the patient's own data."""

    def read_all(*given: Resource) -> Chart:
        found = chart(bundle(*given))
        return replace(found, records=tuple(r for r in found.records if r.relation not in ("born", "sex")))

    return read_all
