"""The JSON form of one patient."""

import json
from collections.abc import Callable

import pytest

from trialog.charts.chart import Chart, Denied, Judgement, Record, Reviewed, SetAside, Standing, Value
from trialog.charts.files import ReadChart
from trialog.charts.patient_json import plain
from trialog.values import FIRST_DAY, LAST_DAY, UNKNOWN_AMOUNT, UNKNOWN_DAY, Cause, Interval, days, point

type Reading[T] = Callable[[object], T]


def facts(**relations: object) -> dict[str, object]:
    return {"patient": "x", "facts": relations}


def judged(**judgement: object) -> dict[str, object]:
    return {"patient": "x", "judgements": [{"question": "survival_of_12_weeks", **judgement}]}


def one(chart: Reading[Chart], relation: str, **row: object) -> Record:
    (record,) = chart(facts(**{relation: [row]})).records
    return record


def day(written: str) -> Interval:
    return days(written)


def test_a_whole_chart(read: Reading[ReadChart]) -> None:
    found = read(
        {
            "patient": "sle-001", "screening": "2026-01-15",
            "facts": {
                "born": [{"on": "2014-05-02"}], "sex": [{"sex": "female"}],
                "observation": [
                    {"measurement": "ast", "value": "<5 U/L", "upper_limit": "40 U/L", "on": "2026-01-02"}],
                "treatment": [{"drug": "MMF", "from": "2024-02-01", "to": "2025-02-01", "dose": "1 g/d",
                               "route": "oral"}],
            },
            "judgements": [{"question": "survival of 12 weeks", "decision": "yes", "on": "2026-01-10", "by": "Dr A"}],
            "reviewed": [{"relation": "condition", "concept": "cns_disease", "through": "2026-01-15"}],
            "absent": [{"relation": "condition", "concept": "MAS", "through": "2026-01-15"}],
            "expected": {"sle": "eligible"},
        }
    )  # fmt: skip
    assert found.problems == ()
    assert found.name == "sle-001"
    assert found.expected is not None
    assert plain(found.expected) == {"sle": "eligible"}
    chart = found.chart
    assert chart is not None
    assert (chart.patient, chart.screening) == ("sle-001", day("2026-01-15").low)
    assert chart.records == (
        Record("born", (day("2014-05-02"),)),
        Record("sex", ("female",)),
        Record("treatment", ("mycophenolate_mofetil", day("2024-02-01"), day("2025-02-01"), point(1000),
                             UNKNOWN_AMOUNT, "oral", "adequacy")),
        Record("observation", ("ast", Interval(0, 5, Cause.IMPRECISE), day("2026-01-02"), point(40))),
    )  # fmt: skip
    agreed = Judgement("survival_of_12_weeks", "agreed", day("2026-01-10"), point(LAST_DAY), "Dr A")
    assert chart.judgements == (agreed,)
    assert chart.reviewed == (Reviewed("condition", "cns_disease", day("2026-01-15")),)
    assert chart.denied == (Denied("condition", "macrophage_activation_syndrome", day("2026-01-15")),)


def test_records_know_their_place_and_their_words(chart: Reading[Chart]) -> None:
    record = one(chart, "condition", condition="SLE", **{"from": "2024-01", "to": "ongoing", "note": "by Dr B"})
    assert record.place.path == "facts.condition[0]"
    assert record.place.line == 5
    assert record.words == "SLE from 2024-01, ongoing (by Dr B)"


@pytest.mark.parametrize(
    ("row", "begin", "end"),
    [
        ({"from": "2024-01-05", "to": "2024-02"}, point(day("2024-01-05").low), day("2024-02")),
        ({"from": "2024-01-05", "to": "ongoing"}, day("2024-01-05"), point(LAST_DAY)),
        ({"from": "2024-01-05"}, day("2024-01-05"), Interval(day("2024-01-05").low, LAST_DAY, Cause.MISSING)),
        ({"from": "2024-01-05", "to": None}, day("2024-01-05"),
         Interval(day("2024-01-05").low, LAST_DAY, Cause.MISSING)),
        ({"from": "2024-01-05", "to": "unknown"}, day("2024-01-05"),
         Interval(day("2024-01-05").low, LAST_DAY, Cause.MISSING)),
        ({"to": "2024-01-05"}, Interval(FIRST_DAY, day("2024-01-05").low, Cause.MISSING), day("2024-01-05")),
        ({}, UNKNOWN_DAY, UNKNOWN_DAY),
        ({"from": "2024-05-10", "to": "2024"}, day("2024-05-10"),
         Interval(day("2024-05-10").low, day("2024-12-31").low, Cause.IMPRECISE)),
        ({"from": "2024", "to": "2024-01-01"}, day("2024-01-01"), day("2024-01-01")),
    ],
)  # fmt: skip
def test_periods(chart: Reading[Chart], row: dict[str, object], begin: Interval, end: Interval) -> None:
    record = one(chart, "condition", condition="sle", **row)
    assert record.values == ("sle", begin, end)


@pytest.mark.parametrize(
    ("relation", "row", "values"),
    [
        ("observation", {"measurement": "lvef"}, ("lvef", UNKNOWN_AMOUNT, UNKNOWN_DAY, UNKNOWN_AMOUNT)),
        ("observation", {"measurement": "ecog", "value": 2}, ("ecog", point(2), UNKNOWN_DAY, UNKNOWN_AMOUNT)),
        ("observation", {"measurement": "ecog", "value": "2 points"}, ("ecog", point(2), UNKNOWN_DAY, UNKNOWN_AMOUNT)),
        ("observation", {"measurement": "creatinine", "value": "88.4 umol/L", "on": "2024"},
         ("creatinine", point(1), days("2024"), UNKNOWN_AMOUNT)),
        ("observation", {"measurement": "lvef", "value": "unknown", "on": "unknown"},
         ("lvef", UNKNOWN_AMOUNT, UNKNOWN_DAY, UNKNOWN_AMOUNT)),
        ("finding", {"question": "pregnancy_test"}, ("pregnancy_test", "answer", UNKNOWN_DAY)),
        ("finding", {"question": "pregnancy_test", "answer": "unknown"}, ("pregnancy_test", "answer", UNKNOWN_DAY)),
        ("consent", {"to": "contraception"}, ("contraception", "decision", UNKNOWN_DAY)),
        ("died", {"on": "unknown"}, (UNKNOWN_DAY,)),
    ],
)  # fmt: skip
def test_what_is_not_recorded_is_unknown(
    chart: Reading[Chart], relation: str, row: dict[str, object], values: tuple[Value, ...]
) -> None:
    assert one(chart, relation, **row).values == values


def test_a_temperature_that_is_not_known_may_be_below_zero(chart: Reading[Chart]) -> None:
    value = one(chart, "observation", measurement="body_temperature").values[1]
    assert isinstance(value, Interval)
    assert value.low < 0


def test_unconfirmed_records(chart: Reading[Chart]) -> None:
    assert one(chart, "condition", condition="sle", standing="unconfirmed").standing is Standing.UNCONFIRMED
    assert one(chart, "condition", condition="sle", standing="confirmed").standing is Standing.CONFIRMED


def test_a_draft_is_no_decision(chart: Reading[Chart]) -> None:
    draft = {"question": "survival_of_12_weeks", "decision": "agreed", "on": "2026-01-10", "status": "draft"}
    found = chart({"patient": "x", "judgements": [draft]})
    assert found.judgements == ()
    assert [aside.what for aside in found.set_aside] == ["judgement of survival_of_12_weeks"]
    assert isinstance(found.set_aside[0], SetAside)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ([], "E506"),
        ({"facts": {}}, "E508"),
        ({"patient": " ", "facts": {}}, "E508"),
        ({"patient": "a\u0007b"}, "E508"),
        ({"patient": 5}, "E506"),
        ({"patient": "x", "fcats": {}}, "E507"),
        ({"patient": "x", "screening": "2026-01"}, "E509"),
        ({"patient": "x", "screening": 5}, "E506"),
        ({"patient": "x", "facts": []}, "E506"),
        (facts(conditon=[]), "E510"),
        (facts(judged=[]), "E510"),
        (facts(equivalent_dose=[]), "E510"),
        (facts(condition={}), "E506"),
        (facts(condition=[[]]), "E506"),
        (facts(condition=[{"condition": ["sle"]}]), "E506"),
        (facts(condition=[{"condition": True}]), "E506"),
        (facts(condition=[{}]), "E508"),
        (facts(condition=[{"condition": ""}]), "E508"),
        (facts(condition=[{"condition": "lupus?"}]), "E511"),
        (facts(condition=[{"condition": "unknown"}]), "E511"),
        (facts(condition=[{"condition": "methotrexate"}]), "E511"),
        (facts(condition=[{"condition": "sle", "form": "2024"}]), "E507"),
        (facts(condition=[{"condition": "sle", "from": "5.5.2024"}]), "E509"),
        (facts(condition=[{"condition": "sle", "from": "2024-02-30"}]), "E509"),
        (facts(condition=[{"condition": "sle", "from": "0224-02-03"}]), "E509"),
        (facts(condition=[{"condition": "sle", "from": "ongoing"}]), "E509"),
        (facts(condition=[{"condition": "sle", "from": "2024-05", "to": "2024-04"}]), "E515"),
        (facts(condition=[{"condition": "sle", "standing": "maybe"}]), "E516"),
        (facts(born=[{}]), "E508"),
        (facts(born=[{"on": "2014-05-02"}, {"on": "2014-05-03"}]), "E517"),
        (facts(observation=[{"measurement": "lvef", "value": "60"}]), "E514"),
        (facts(observation=[{"measurement": "lvef", "value": 60}]), "E514"),
        (facts(observation=[{"measurement": "lvef", "value": "60 mg"}]), "E513"),
        (facts(observation=[{"measurement": "lvef", "value": "60 furlong"}]), "E513"),
        (facts(observation=[{"measurement": "lvef", "value": "much"}]), "E512"),
        (facts(observation=[{"measurement": "ast", "value": "-5 U/L"}]), "E512"),
        (facts(observation=[{"measurement": "egfr", "value": "60 mL/min"}]), "E513"),
        (facts(observation=[{"measurement": "measurement", "value": "60 mL/min"}]), "E513"),
        (facts(treatment=[{"drug": "MMF", "dose": "1000 mg"}]), "E513"),
        (facts(treatment=[{"drug": "MMF", "dose": "1000"}]), "E514"),
        ({"patient": "x", "judgements": {}}, "E506"),
        (judged(decision="agreed", by="A"), "E508"),
        (judged(on="2024", by="A"), "E508"),
        (judged(decision="agreed", on="2024", by=" "), "E508"),
        (judged(decision="agreed", on="2024"), "E508"),
        (judged(decision="perhaps", on="2024", by="A"), "E511"),
        (judged(decision="decision", on="2024", by="A"), "E511"),
        (judged(question="judgement", decision="agreed", on="2024", by="A"), "E511"),
        (judged(decision="agreed", on="2024", by="A", until="2023"), "E515"),
        (judged(status="signd"), "E516"),
        ({"patient": "x", "reviewed": [{"relation": "born", "concept": "sle", "through": "2024"}]}, "E510"),
        ({"patient": "x", "reviewed": [{"relation": "condition", "concept": "sle"}]}, "E508"),
        ({"patient": "x", "reviewed": [{"relation": "condition", "through": "2024"}]}, "E508"),
        ({"patient": "x", "absent": [{"relation": "condition", "concept": "slle", "through": "2024"}]}, "E511"),
        ({"patient": "x", "absent": [{"concept": "sle", "through": "2024"}]}, "E508"),
        ({**facts(condition=[{"condition": "epilepsy", "from": "2023"}]),
          "absent": [{"relation": "condition", "concept": "cns_disease", "through": "2024-01-01"}]}, "E517"),
    ],
)  # fmt: skip
def test_what_is_wrong(codes: Reading[list[tuple[str, int]]], document: object, code: str) -> None:
    assert code in {found for found, _ in codes(document)}


def test_everything_wrong_is_said_at_once_each_with_its_line(codes: Reading[list[tuple[str, int]]]) -> None:
    text = """{"patient": "x",
 "facts": {
  "condition": [{"condition": "lups"},
                {"condition": "sle", "from": "2024-13"}],
  "observation": [{"measurement": "lvef", "value": "60 mg",
                   "on": "never"}]},
 "judgments": []}"""
    assert sorted(codes(text), key=lambda found: found[1]) == [
        ("E511", 3), ("E509", 4), ("E513", 5), ("E509", 6), ("E507", 7)]  # fmt: skip


def test_a_record_that_contradicts_no_absence_is_kept(chart: Reading[Chart]) -> None:
    absent = [{"relation": "condition", "concept": "cns_disease", "through": "2024-01-01"}]
    doubted = {"from": "2023", "standing": "unconfirmed"}
    rows: list[dict[str, str]] = [{"from": "2024-01-02"}, {"from": "2024"}, {}, doubted]
    for row in rows:
        assert chart({**facts(condition=[{"condition": "epilepsy", **row}]), "absent": absent}).records


def test_suggestions_are_made(read: Reading[ReadChart]) -> None:
    (problem,) = read(facts(treatment=[{"drug": "metotrexate"}])).problems
    assert "`methotrexate`" in problem.help
    (problem,) = read(facts(observation=[{"measurement": "lvef", "value": "60 mg"}])).problems
    assert "`mg`" in problem.claim
    assert "`%`" in problem.claim


def test_what_is_said_fits_on_a_line_and_can_be_printed(read: Reading[ReadChart]) -> None:
    (problem,) = read(facts(condition=[{"condition": "a\u001b[2J\nb" * 50}])).problems
    assert problem.claim.isprintable()
    (record,) = (read(facts(condition=[{"condition": "sle", "note": "a\u001b\nb"}])).chart or Chart("", None)).records
    assert record.words.isprintable()
    (problem,) = read(judged(decision="agreed", on="2026-01-10", by="Dr \u001b]0;x\u0007")).problems
    assert problem.code == "E508"


def test_duplicate_keys_refuse_the_chart(codes: Reading[list[tuple[str, int]]]) -> None:
    text = json.dumps(facts(sex=[{"sex": "female"}])).replace('"sex": "female"', '"sex": "female",\n"sex": "male"')
    assert codes(text) == [("E504", 2)]
