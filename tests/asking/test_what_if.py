"""What if: a fact typed for one question means what it means in a chart, and the chart stays as it is."""

import re

import pytest

from tests.asking.test_needs_hold import cases
from trialog.answers import Answers, Verdict
from trialog.charts.chart import Denied, Judgement, Record, Reviewed
from trialog.supposing import Add, Take, supposing
from trialog.values import LAST_DAY, days, point
from trialog.what_if import read_edits, what_if

FACTS = [
    ("observation(lvef, 50 '%', 2026-01-10)", "observation", {"value": point(50), "on": days("2026-01-10")}),
    ("observation(lvef, 50 %, 2026-01-10).", "observation", {"value": point(50), "on": days("2026-01-10")}),
    ("observation(upcr, value: 0.5 'mg/mg', on: 2026-01)", "observation", {"value": point(500), "on": days("2026-01")}),
    ("observation(egfr, 29 'mL/min/{1.73_m2}')", "observation", {"value": point(29)}),
    (
        "treatment(MMF, 2025-01-01, ongoing, dose: 10 'mg/d', ..)",
        "treatment",
        {"dose": point(10), "to": point(LAST_DAY)},
    ),
    ("condition(cns_disease, 2025-12-01)", "condition", {"condition": "cns_disease", "from": days("2025-12-01")}),
    ('condition("SLE", 2025)', "condition", {"condition": "sle", "from": days("2025")}),
    ("sex(female)", "sex", {"sex": "female"}),
]


def answers_of(name: str) -> Answers:
    screener, charts = cases()
    chart = next(c for c in charts if c.patient.startswith(name))
    assert chart.screening is not None
    return screener.screen(chart, chart.screening)


@pytest.mark.parametrize(("text", "relation", "wanted"), FACTS, ids=[f[0] for f in FACTS])
def test_a_fact_is_read_as_a_chart_is(text: str, relation: str, wanted: dict[str, object]) -> None:
    answers = answers_of("sle-001")
    edits, problems = read_edits(answers, [text], ["sex(_)"])
    assert problems == []
    (record,) = [e.what for e in edits if isinstance(e, Add)]
    assert isinstance(record, Record)
    columns = [c.name for c in answers.screener.program.vocabulary.relations[relation].columns]
    assert {n: record.values[columns.index(n)] for n in wanted} == wanted


def test_signatures_and_histories_are_read() -> None:
    answers = answers_of("sle-001")
    texts = [
        "judged(survival_of_12_weeks, refused)",
        "reviewed treatment drug through 2026-01-15",
        "absent condition stroke through 2026-01-15",
    ]
    edits, problems = read_edits(answers, texts, [])
    assert problems == []
    signed, reviewed, denied = [e.what for e in edits if isinstance(e, Add)]
    assert isinstance(signed, Judgement)
    assert (signed.decision, signed.on) == ("refused", point(answers.screening))
    assert reviewed == Reviewed("treatment", "drug", days("2026-01-15"))
    assert denied == Denied("condition", "stroke", days("2026-01-15"))


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("observation(lvef)", 1),
        ("observation(lvef, ..)", 1),
        ("observation(_, _, 2026-01-09)", 8),
        ("treatment(_)", 4),
        ("treatment(glucocorticoid)", 1),
        ("treatment(to: ongoing)", 3),
        ("judged(_, agreed)", 4),
        ("judged(survival_of_12_weeks)", 1),
        ("reviewed _ _ through _", 5),
        ("reviewed treatment _ through 2026-01-15", 1),
        ("facts.observation[1]", 1),
        ("sex(_)", 1),
    ],
)
def test_what_is_typed_takes_away_all_that_fits(text: str, taken: int) -> None:
    edits, problems = read_edits(answers_of("sle-001"), [], [text])
    assert problems == []
    assert len(edits) == taken


def test_each_entry_goes_by_the_place_that_proofs_print() -> None:
    answers = answers_of("sle-001")
    for section in ("records", "judgements", "reviewed"):
        for i, entry in enumerate(getattr(answers.chart, section)):
            edits, problems = read_edits(answers, [], [str(entry.place)])
            assert (edits, problems) == ((Take(section, i),), [])


WRONG = [
    ("obsrvation(lvef, 50 %)", "E510"),
    ("observation(lvfe, 50 %)", "E511"),
    ("observation(lvef, 50 'mg')", "E513"),
    ("observation(lvef, 50)", "E514"),
    ("observation(lvef, fifty %)", "E512"),
    ("observation(lvef, valu: 50 %)", "E507"),
    ("observation(lvef, 50 %, 2026-13-10)", "E509"),
    ("observation(lvef, 1 %, 2026-01-10, 2 %, 3)", "E660"),
    ("observation(lvef, value: 1 %, value: 2 %)", "E660"),
    ("observation(value: 1 %, 2026-01-10)", "E660"),
    ("observation(lvef, _)", "E660"),
    ("observation(lvef,, 2026-01-10)", "E660"),
    ("observation(lvef", "E660"),
    ("observation(lvef) and more", "E660"),
    ("observation()", "E508"),
    ("foo", "E660"),
    ("", "E660"),
    ("((((", "E660"),
    ("screening(2026-01-15)", "E510"),
    ("local_form(tacrolimus, oral)", "E510"),
    ("judged(survival_of_12_weeks)", "E508"),
    ("judged(survival_of_12_week, agreed)", "E511"),
    ("reviewed tretment drug through 2026-01-15", "E510"),
    ("reviewed treatment sle through 2026-01-15", "E511"),
    ("treatment(prednisone, 2026-01-01, 2025-01-01)", "E515"),
    ("sex(male)", "E517"),
    ("absent treatment prednisone through 2026-01-15", "E517"),
]


@pytest.mark.parametrize(("text", "code"), WRONG, ids=[w[0] or "nothing" for w in WRONG])
def test_mistakes_are_told_as_an_author_is_told(text: str, code: str) -> None:
    edits, problems = read_edits(answers_of("sle-001"), [text], [])
    assert edits == ()
    assert code in [p.code for p in problems]
    for p in problems:
        assert "\n" not in p.claim
        assert 0 <= p.at.start <= p.at.end <= len(p.at.source.text)


@pytest.mark.parametrize("text", ["treatment(tacrolimus)", "died(_)", "facts.observation[99]()", "judged(_, refused)"])
def test_what_is_not_there_cannot_be_retracted(text: str) -> None:
    edits, problems = read_edits(answers_of("sle-001"), [], [text])
    assert edits == ()
    assert [p.code for p in problems] in (["E661"], ["E660"])


def test_all_problems_are_told_at_once() -> None:
    _, problems = read_edits(answers_of("sle-001"), ["foo", "observation(lvfe)"], ["treatment(tacrolimus)"])
    assert [p.code for p in problems] == ["E661", "E660", "E511"]


def test_nothing_that_is_typed_raises() -> None:
    answers = answers_of("sle-001")
    pieces = re.findall(r"\w+|.", "observation(lvef, value: 50 '%', on: 2026-01-10) reviewed treatment _ through {[\"x")
    for i in range(len(pieces)):
        for j in range(i, len(pieces) + 1, 3):
            text = "".join(pieces[:i] + pieces[j:])
            for problems in (read_edits(answers, [text], [])[1], read_edits(answers, [], [text])[1]):
                assert all(p.claim for p in problems)


def test_the_answers_are_those_about_the_chart_with_the_fact_and_the_chart_stays() -> None:
    answers = answers_of("sle-001")
    before = answers.chart
    edits, _ = read_edits(answers, ["observation(lvef, 50 %, 2026-01-10)"], [])
    found = what_if(answers, edits)
    assert answers.chart is before
    assert [(v.of, v.before, v.after) for v in found.verdicts] == [("sle", "eligible", "ineligible")]
    (change,) = found.statuses
    assert (change.of, change.before, change.after) == ("C4", "met", "not met")
    assert change.gone
    assert change.new
    again = answers.screener.screen(supposing(before, edits), answers.screening)
    assert again.verdict("sle") is Verdict.INELIGIBLE


def test_what_is_added_and_retracted_again_changes_nothing() -> None:
    answers = answers_of("sle-001")
    edits, _ = read_edits(answers, ["condition(stroke, 2020-01-01, 2020-02-01)"], [])
    found = what_if(answers, edits)
    assert found.statuses == found.verdicts == ()
    index = len(found.after.chart.records) - 1
    taken, problems = read_edits(found.after, [], ["condition(stroke)"])
    assert problems == []
    assert taken == (Take("records", index),)
    assert supposing(found.after.chart, taken) == answers.chart
