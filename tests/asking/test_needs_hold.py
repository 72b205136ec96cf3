"""Whatever is reported settles it, and no subset of it does: of programs made at random, and of cases with things taken out."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from tests.agreement.choices import Choices, seeded
from tests.agreement.programs import SCREENING, VOCABULARY, checked
from tests.agreement.trials import trial
from tests.asking.held import is_decided, what_does_not_hold
from trialog.answers import Answers, Screener
from trialog.charts.chart import Chart, Record
from trialog.charts.read import read_charts
from trialog.check import Pages
from trialog.knowledge import Library, shipped
from trialog.near import near
from trialog.needs import Needs, Wish, needs_of_cohort, needs_of_relation
from trialog.source import Source
from trialog.values import UNKNOWN_AMOUNT, Cause, Interval, point
from trialog.vocabulary import Dated, Kind

TRIAL = "car-nk-b-cell-children"
SECONDS = 3.0


def asked(answers: Answers) -> Iterator[tuple[Needs, str | None]]:
    """Everything that can be asked of the answers, and what does not hold of what is said."""
    program = answers.screener.program
    for atom in program.atoms.values():
        needs = needs_of_relation(answers, atom.relation, seconds=SECONDS)
        yield needs, what_does_not_hold(answers, needs, lambda a, r=atom.relation: a.status(r))
    for cohort in program.cohorts:
        for wish in Wish:
            needs = needs_of_cohort(answers, cohort, wish, seconds=SECONDS)
            yield needs, what_does_not_hold(answers, needs, lambda a, c=cohort: a.verdict(c))


@pytest.mark.parametrize("seed", range(40))
def test_of_programs_made_at_random(seed: int) -> None:
    made = trial(seeded(f"needs {seed}"))
    if made is None:
        return
    subject = made.subject
    screener = Screener(subject.program, subject.readings)
    for chart in made.charts[:2]:
        answers = screener.screen(chart, subject.domain.screening)
        for needs, wrong in asked(answers):
            assert wrong is None, f"{needs.of}, {needs.wish}: {wrong}\n{chart}\n{made}"


@cache
def cases() -> tuple[Screener, tuple[Chart, ...]]:
    library = Library(shipped())
    program, _ = library.program(TRIAL)
    assert program is not None
    read = read_charts(library.folder(TRIAL) / "cases", program.vocabulary)
    charts = [r.chart for r in read if r.chart is not None and "nothing" not in r.name]
    return Screener(program), tuple(charts)


def less_of(chart: Chart, screener: Screener, choices: Choices) -> Chart:
    """The chart with a few things taken out: records, entries of records, signatures, reviews."""
    for _ in range(1 + choices.below(3)):
        match choices.below(4):
            case 0 if chart.records:
                i = choices.below(len(chart.records))
                chart = replace(chart, records=(*chart.records[:i], *chart.records[i + 1 :]))
            case 1 if chart.judgements:
                i = choices.below(len(chart.judgements))
                chart = replace(chart, judgements=(*chart.judgements[:i], *chart.judgements[i + 1 :]))
            case 2 if chart.reviewed and choices.chance(30):
                i = choices.below(len(chart.reviewed))
                chart = replace(chart, reviewed=(*chart.reviewed[:i], *chart.reviewed[i + 1 :]))
            case _:
                i = choices.below(len(chart.records))
                record = chart.records[i]
                relation = screener.program.vocabulary.relations[record.relation]
                numbers = [
                    j
                    for j, c in enumerate(relation.columns)
                    if isinstance(record.values[j], Interval) and not isinstance(c.type, Dated)
                ]
                if numbers and relation.kind is not Kind.ATTRIBUTE:
                    j = choices.one(numbers)
                    values = (*record.values[:j], UNKNOWN_AMOUNT, *record.values[j + 1 :])
                    less = replace(record, values=values, words="")
                    chart = replace(chart, records=(*chart.records[:i], less, *chart.records[i + 1 :]))
    return chart


@pytest.mark.parametrize("seed", range(25))
def test_of_cases_with_things_taken_out(seed: int) -> None:
    screener, charts = cases()
    choices = seeded(f"taken out {seed}")
    chart = less_of(choices.one(charts), screener, choices)
    assert chart.screening is not None
    answers = screener.screen(chart, chart.screening)
    for cohort in screener.program.cohorts:
        for wish in Wish:
            needs = needs_of_cohort(answers, cohort, wish, seconds=SECONDS)
            wrong = what_does_not_hold(answers, needs, lambda a, c=cohort: a.verdict(c))
            assert wrong is None, f"{chart.patient} {cohort} {wish}: {wrong}"


def lacking_limits_and_ecg() -> Answers:
    screener, charts = cases()
    chart = next(c for c in charts if c.patient == "sle-001-eligible")
    at = screener.program.vocabulary.relations["observation"].position("upper_limit")
    assert at is not None
    unknown = Interval(UNKNOWN_AMOUNT.low, UNKNOWN_AMOUNT.high, Cause.MISSING)
    records = tuple(
        replace(r, values=(*r.values[:at], unknown, *r.values[at + 1 :])) if r.relation == "observation" else r
        for r in chart.records
    )
    judgements = tuple(j for j in chart.judgements if j.question != "ecg_without_obvious_abnormality")
    assert chart.screening is not None
    return screener.screen(replace(chart, records=records, judgements=judgements), chart.screening)


def test_upper_limits_and_an_ecg_reading_that_lack_are_what_is_asked_for_cheapest_first() -> None:
    answers = lacking_limits_and_ecg()
    for wish in Wish:
        needs = needs_of_cohort(answers, "sle", wish)
        (need,) = needs.sets
        assert [d.ask.value for d in need.data] == ["entry", "entry", "entry", "signature"]
        assert {d.concept for d in need.data} == {"ast", "alt", "total_bilirubin", "ecg_without_obvious_abnormality"}
        assert {d.concept: [a.identifier for a in d.atoms] for d in need.data}["ast"] == ["C8"]
        points = [d.effort.points for d in need.data]
        assert points == sorted(points)
        assert need.cost == sum(points)
        assert not needs.cut
        assert not needs.untried
        assert what_does_not_hold(answers, needs, lambda a: a.verdict("sle")) is None


def test_what_is_decided_needs_nothing() -> None:
    screener, charts = cases()
    for chart in charts[:30]:
        assert chart.screening is not None
        answers = screener.screen(chart, chart.screening)
        for cohort in screener.program.cohorts:
            needs = needs_of_cohort(answers, cohort, seconds=SECONDS)
            assert is_decided(answers.verdict(cohort)) is needs.is_settled
            assert not (needs.is_settled and needs.sets)


def test_a_datum_that_several_criteria_ask_for_may_turn_out_in_all_ways_that_tell_for_one_of_them() -> None:
    rules = """
@A1 "between 5 and 10"
inclusion c1(P) :- latest observation(P, egfr, V, _), V >= 5 'mL/min/{1.73_m2}', V <= 10 'mL/min/{1.73_m2}'.
@A2 "below 50"
inclusion c2(P) :- latest observation(P, egfr, V, _), V < 50 'mL/min/{1.73_m2}'.
@A3 "signed"
inclusion c3(P) :- judged(P, worth_it, ..).
"""
    page = Source(
        "page.md", f"# Made\n\n## All cohorts\n\n> What is wanted.\n\n```datalog\n{rules}```\n\n## Cohort one: One\n"
    )
    program, problems = checked(Pages((VOCABULARY,), page, None))
    assert program is not None, problems
    answers = Screener(program).screen(Chart("somebody", SCREENING), SCREENING)
    for wish in Wish:
        needs = needs_of_cohort(answers, "one", wish, seconds=SECONDS)
        assert [{d.concept for d in s.data} for s in needs.sets] == [{"egfr", "worth_it"}], wish
    assert [{c.datum.concept for c in changes} for changes in near(answers, "one").sets] == [{"egfr", "worth_it"}]


def test_what_keeps_the_patient_out_whatever_comes_of_it_settles_it_beside_what_nothing_settles() -> None:
    rules = """
@A1 "no course at 5 mg a day"
exclusion c1(P) :- treatment(P, dose: D, ..), D = 5 'mg/d'.
@A2 "fewer than two conditions"
exclusion c2(P) :- count { C : condition(P, condition: C, ..) } < 2.
"""
    text = f"# Made\n\n## All cohorts\n\n> What is wanted.\n\n```datalog\n{rules}```\n\n## Cohort one: One\n"
    program, problems = checked(Pages((VOCABULARY,), Source("page.md", text), None))
    assert program is not None, problems
    drug = Record("treatment", ("tacrolimus", point(SCREENING - 9), point(SCREENING), Interval(0, 60), point(60)))
    answers = Screener(program).screen(Chart("somebody", SCREENING, (drug,)), SCREENING)
    needs = needs_of_cohort(answers, "one", seconds=SECONDS)
    assert [{d.relation for d in s.data} for s in needs.sets] == [{"condition"}]
