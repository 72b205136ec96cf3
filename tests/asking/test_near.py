"""Near misses: with the changes the patient is eligible, with fewer of them not; and waiting is what it is said to be."""

from dataclasses import replace
from itertools import combinations

import pytest

from tests.agreement.choices import seeded
from tests.agreement.trials import trial
from tests.asking.test_needs_hold import cases
from trialog.answers import Answers, Screener, Verdict
from trialog.near import Change, Near, near
from trialog.supposing import supposing
from trialog.values import days, point


def verdict_with(answers: Answers, changes: tuple[Change, ...], cohort: str) -> Verdict:
    chart = supposing(answers.chart, dict.fromkeys(e for c in changes for e in c.edits))
    return answers.screener.screen(chart, answers.screening).verdict(cohort)


def what_does_not_hold(answers: Answers, found: Near) -> str | None:
    for changes in found.sets:
        if verdict_with(answers, changes, found.cohort) is not Verdict.ELIGIBLE:
            return f"{changes} are not enough"
        for size in range(len(changes)):
            for fewer in combinations(changes, size):
                if verdict_with(answers, fewer, found.cohort) is Verdict.ELIGIBLE:
                    return f"{fewer} of {changes} are enough"
    return None


@pytest.mark.parametrize("seed", range(25))
def test_of_programs_made_at_random(seed: int) -> None:
    made = trial(seeded(f"near {seed}"))
    if made is None:
        return
    screener = Screener(made.subject.program, made.subject.readings)
    for chart in made.charts[:1]:
        answers = screener.screen(chart, made.subject.domain.screening)
        for cohort in screener.program.cohorts:
            found = near(answers, cohort, seconds=2)
            assert what_does_not_hold(answers, found) is None, f"{cohort} {chart}\n{made}"


def near_of(name: str, cohort: str, seconds: float = 120) -> tuple[Answers, Near]:
    screener, charts = cases()
    chart = next(c for c in charts if c.patient.startswith(name))
    assert chart.screening is not None
    answers = screener.screen(chart, chart.screening)
    return answers, near(answers, cohort, most=1, seconds=seconds)


@pytest.mark.parametrize(
    ("name", "cohort"),
    [
        ("sle-010", "sle"), ("sle-029", "sle"), ("sle-035", "sle"), ("sle-102", "sle"), ("sle-098", "sle"),
        ("mdr-012", "mdr_srns"), ("mdr-070", "mdr_srns"), ("mdr-011", "mdr_srns"), ("iga-007", "iga_nephropathy"),
        ("iga-024", "iga_nephropathy"), ("iga-060", "iga_nephropathy"),
    ],
)  # fmt: skip
def test_of_cases_that_fail_one_criterion_one_change_is_enough(name: str, cohort: str) -> None:
    answers, found = near_of(name, cohort)
    assert found.sets
    assert len(found.sets[0]) == 1
    assert what_does_not_hold(answers, found) is None


def test_the_nearest_value_that_satisfies_is_given() -> None:
    _, found = near_of("sle-011", "sle")
    ((change,),) = found.sets
    assert (change.before, change.after, [a.identifier for a in change.datum.atoms]) == ("54.9 %", "55 %", ["C4"])


def test_who_is_too_young_is_eligible_from_the_birthday_on() -> None:
    answers, found = near_of("sle-004", "sle")
    assert found.from_day == answers.screening + 1
    assert found.sets == (), "no birth is changed"


def test_a_birthday_far_off_is_found_too() -> None:
    screener, charts = cases()
    chart = next(c for c in charts if c.patient.startswith("sle-004"))
    assert chart.screening is not None
    born = point(days("2023-06-01").low)
    records = tuple(replace(r, values=(born,)) if r.relation == "born" else r for r in chart.records)
    chart = replace(chart, records=records)
    found = near(screener.screen(chart, int(days("2026-01-15").low)), "sle")
    assert found.from_day == days("2028-06-01").low


def test_who_is_eligible_misses_nothing() -> None:
    _, found = near_of("sle-001", "sle")
    assert (found.now, found.sets, found.from_day) == (Verdict.ELIGIBLE, (), None)
