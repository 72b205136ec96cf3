"""What holds whichever way a fact is, is certain where nobody knows that fact."""

import pytest

from tests.agreement.completing import PATIENT
from tests.agreement.programs import DAYS, NUMBERS, SCREENING, VOCABULARY
from tests.agreement.suite import OPINIONS, Subject, Tally, against_completions, against_opinions, rules_of
from trialog.answers import Screener, Status
from trialog.charts.chart import Chart, Judgement, Record
from trialog.check import Pages, check
from trialog.proof import explain
from trialog.source import Source
from trialog.values import LAST_DAY, Cause, Interval, days, point

EGFR = "30 'mL/min/{1.73_m2}'"
AGREED = Judgement("worth_it", "agreed", days("2024-03-01"), point(LAST_DAY), "dr")
ABOUT_30 = Record("observation", ("egfr", Interval(5, 60, Cause.IMPRECISE), days("2024-03-01")))
UNKNOWN = Chart(PATIENT, None, (), (AGREED,))
ROUGH = Chart(PATIENT, None, (ABOUT_30,), (AGREED,))
REFUSED = Chart(
    PATIENT, None, (ABOUT_30,), (Judgement("worth_it", "refused", days("2024-03-01"), point(LAST_DAY), "dr"),)
)

JUDGED = "judged(P, worth_it, ..)"
LOW = f"low(P) :- latest observation(P, egfr, V, ..), V < {EGFR}."
SPLIT = {
    "one fact": f"c(P) :- not low(P).  c(P) :- low(P), {JUDGED}.  {LOW}",
    "a fact by way of others": f"""
        c(P) :- fine(P).  c(P) :- waived(P).
        fine(P) :- not low(P).  waived(P) :- bad(P), {JUDGED}.  bad(P) :- low(P).  {LOW}""",
    "two facts": f"""
        c(P) :- not low(P), not ill(P).  c(P) :- reduced(P), {JUDGED}.
        reduced(P) :- low(P).  reduced(P) :- ill(P).  ill(P) :- condition(P, sle, ..).  {LOW}""",
    "none of two facts": f"""
        c(P) :- not reduced(P).  c(P) :- low(P), {JUDGED}.  c(P) :- ill(P), {JUDGED}.
        reduced(P) :- low(P).  reduced(P) :- ill(P).  ill(P) :- condition(P, sle, ..).  {LOW}""",
    "a fact of the chart": f"c(P) :- condition(P, sle, ..), {JUDGED}.  c(P) :- not condition(P, sle, ..), {JUDGED}.",
    "a count": f"""
        c(P) :- count {{ D : treatment(P, D, ..) }} >= 2, {JUDGED}.
        c(Q) :- count {{ X : treatment(Q, X, ..) }} < 2, judged(Q, worth_it, ..).""",
    "a count of what is asked in another order, by other names": f"""
        c(P) :- count {{ D : treatment(P, D, A, ..), like(D, E), condition(P, _, A), like(E, _) }} >= 2, {JUDGED}.
        c(Q) :- count {{ X : like(Y, _), condition(Q, _, B), treatment(Q, X, B, ..), like(X, Y) }} < 2, judged(Q, worth_it, ..).""",
    "nothing besides": f"c(P) :- low(P).  c(P) :- not low(P).  {LOW}",
}
VALUE = "latest observation(P, egfr, V, ..)"
OF_ONE_VALUE = {
    "a comparison": f"""
        c(P) :- {VALUE}, V >= {EGFR}.
        c(P) :- latest observation(P, egfr, W, ..), W < {EGFR}, {JUDGED}.""",
    "equal or not": f"c(P) :- {VALUE}, V = {EGFR}.  c(P) :- {VALUE}, V != {EGFR}.",
}
NOT_SPLIT = {
    "other bounds": f"c(P) :- {VALUE}, V > {EGFR}.  c(P) :- {VALUE}, V < {EGFR}.",
    "two values": f"""
        c(P) :- observation(P, egfr, V, ..), V >= {EGFR}, {JUDGED}.
        c(P) :- observation(P, body_weight, W, ..), W < 30 'kg'.""",
    "another judgement": f"c(P) :- low(P), {JUDGED}.  c(P) :- not low(P), not {JUDGED}.  {LOW}",
}


def subject(rules: str) -> Subject:
    page = Source("split.md", f"```datalog\n{rules}\n```\n")
    program, problems = check(Pages((VOCABULARY, page), None, None))
    assert program is not None, problems
    return Subject(program, rules_of(VOCABULARY, page), {"strictness": "strict"}, DAYS, NUMBERS, SCREENING, 1)


@pytest.mark.parametrize("name", SPLIT)
def test_it_is_certain_either_way(name: str) -> None:
    one = subject(SPLIT[name])
    assert one.statuses(UNKNOWN)["c"] is Status.MET
    assert one.statuses(ROUGH)["c"] is Status.MET
    agrees(one)


@pytest.mark.parametrize("name", OF_ONE_VALUE)
def test_a_value_is_on_one_side_or_the_other(name: str) -> None:
    one = subject(OF_ONE_VALUE[name])
    assert one.statuses(ROUGH)["c"] is Status.MET
    assert one.statuses(UNKNOWN)["c"] is Status.UNKNOWN
    agrees(one)


@pytest.mark.parametrize("name", NOT_SPLIT)
def test_what_leaves_a_gap_stays_unknown(name: str) -> None:
    one = subject(NOT_SPLIT[name])
    assert one.statuses(ROUGH)["c"] is Status.UNKNOWN
    agrees(one)


def agrees(one: Subject) -> None:
    for chart in (UNKNOWN, ROUGH, REFUSED):
        assert against_completions(one, chart, 300, 0, Tally()) is None
        assert against_opinions(one, chart, Tally(), OPINIONS) is None


def test_the_explanation_names_the_fact_that_does_not_matter() -> None:
    rules = f"""
        @C1 "renal function allows it"
        inclusion c(P) :- not low(P).
        c(P) :- low(P), {JUDGED}.
        @C2 "eGFR is below 30"
        {LOW}"""
    page = Source("split.md", f"# A\n\n## Cohort a: A\n\n> Q.\n\n```datalog\n{rules}\n```\n")
    program, problems = check(Pages((VOCABULARY,), page, None))
    assert program is not None, problems
    answers = Screener(program).screen(UNKNOWN, SCREENING)
    step = explain(answers, "c")
    assert (step.status, [s.says for s in step.below]) == (Status.MET, ["whether or not eGFR is below 30 (C2)"])
    assert [s.status for s in step.below[0].below] == [Status.MET]
    assert explain(answers, "low").status is Status.UNKNOWN
