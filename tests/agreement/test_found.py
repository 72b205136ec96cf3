"""What programs made at random have found, each as small as it became."""

import pytest

from tests.agreement.completing import PATIENT
from tests.agreement.programs import DAYS, NUMBERS, SCREENING, VOCABULARY, checked
from tests.agreement.suite import OPINIONS, Subject, Tally, against_completions, against_opinions, rules_of
from trialog.answers import Status
from trialog.charts.chart import Chart, Record, Reviewed
from trialog.check import Pages, check
from trialog.source import Source
from trialog.values import UNKNOWN_AMOUNT, days, point

TREATED = Record("treatment", ("cortisone", days("2024-01-31"), days("2024-03-01"), UNKNOWN_AMOUNT, UNKNOWN_AMOUNT))
SICK = Record("condition", ("stroke", days("2024-03")))
REVIEWED = tuple(
    Reviewed(name, name.replace("treatment", "drug"), point(SCREENING)) for name in ("treatment", "condition")
)
BORN = Record("born", (days("2024-02"),))
CHART = Chart(PATIENT, None, (TREATED, SICK, BORN), (), REVIEWED)
FOUND = {
    "a concept that is called by two names": ("treatment(P, D, ..), X = D, X in tacrolimus", Status.NOT_MET),
    "three names in a row": ("treatment(P, D, ..), X = Y, Y = D, X in steroid", Status.MET),
    "another name inside an aggregate": ("treatment(P, D, ..), count { Y : like(X, Y), X = D } >= 1", Status.MET),
    "a name that an aggregate shares": ("treatment(P, D, ..), X = D, count { Y : like(X, Y) } >= 2", Status.NOT_MET),
    "a value that two equations give": ("condition(P, _, V), N = V + 1 month, N = 2024-01-31", Status.NOT_MET),
    "a value that an equation gives twice": ("screening(P, S), T = S, T = S - 1 day", Status.NOT_MET),
    "a count of concepts that no patient has": ("sex(P, ..), count { D : strength(D, ..) } >= 2", Status.UNKNOWN),
    "a patient who stands in a negation of an aggregate alone": (
        "count { D : like(D, _), not treatment(P, steroid, ..) } >= 1",
        Status.NOT_MET,
    ),
    "an aggregate that tests what the rest of its rule found": (
        "treatment(P, V, ..), count { D : strength(D, ..), V != tacrolimus } <= 0",
        Status.NOT_MET,
    ),
    "a day that an equation gives and an aggregate finds": (
        "condition(P, stroke, V), N = V - 1 day, max { D : condition(P, _, D), treatment(P, _, to: N, ..) } >= 2024-01-01",
        Status.UNKNOWN,
    ),
    "the same, where the aggregate asks what the rest of its rule found": (
        "condition(P, stroke, V), N = V - 1 day, "
        "max { D : condition(P, _, D), treatment(P, _, to: N, ..), V >= N } >= 2024-01-01",
        Status.UNKNOWN,
    ),
    "two days that need not be one, though the same is known of both": (
        "condition(P, stroke, V), N = V - 1 month, max { D : treatment(P, _, D, ..), born(P, N) } >= 2024-01-01",
        Status.UNKNOWN,
    ),
    "the same of what nobody recorded": ("sex(P, V), count { D : strength(D, ..), V != male } <= 0", Status.UNKNOWN),
    "the same, where the patient is known": ("treatment(P, ..), count { D : strength(D, ..) } >= 2", Status.MET),
}


TOGETHER = {  # several rules on one line
    "what two rules on one line count is not added up": (
        "found(P) :- count { D : treatment(P, D, ..) } >= 2. found(P) :- count { D : condition(P, D, ..) } >= 2.",
        Status.NOT_MET,
    ),
    "what another rule on the line asks does not loosen an aggregate": (
        "found(P) :- count { D : treatment(P, D, ..), D in tacrolimus } >= 1. "
        "found(P) :- count { D : treatment(P, D, ..) } >= 2.",
        Status.NOT_MET,
    ),
    "the greatest of one kind on the line is none of another": (
        "found(P) :- max { V : condition(P, _, V) } < 2024-01-01. "
        "found(P) :- max { V : treatment(P, _, V, ..) } < 2024-02-15.",
        Status.MET,
    ),
}


@pytest.mark.parametrize("name", [*FOUND, *TOGETHER])
def test_it_stays_found(name: str) -> None:
    body, status = TOGETHER.get(name) or FOUND[name]
    rules = body if name in TOGETHER else f"found(P) :- {body}."
    page = Source("found.md", f"```datalog\n{rules}\n```\n")
    program, problems = checked(Pages((VOCABULARY, page), None, None))
    assert program is not None, problems
    rules = rules_of(VOCABULARY, page)
    subject = Subject(program, rules, {"strictness": "strict"}, DAYS, NUMBERS, SCREENING, 1)
    assert subject.statuses(CHART)["found"] is status
    assert against_completions(subject, CHART, 200, name, Tally()) is None
    assert against_opinions(subject, CHART, Tally(), OPINIONS) is None


def test_a_class_gives_a_variable_no_value() -> None:
    page = Source(
        "found.md", "```datalog\nfound(P) :- X = prednisone, X in steroid, treatment(P, prednisone, ..).\n```\n"
    )
    _, problems = check(Pages((VOCABULARY, page), None, None))
    assert [p.code for p in problems] == ["E204"]


@pytest.mark.parametrize(
    "body",
    [
        "max { V : latest observation(P, measurement, V, ..) } > 29 'kg'",
        "count { V : observation(P, measurement, V, ..) } > 2",
        "observation(P, body_weight, V, D), observation(P, measurement, V, E), D < E",
        "observation(P, _, 50 'kg', _)",
        "observation(P, M, V, D), observation(P, body_weight, W, D), V = W, M in measurement",
    ],
)
def test_results_of_any_unit_are_not_taken_for_results_of_one(body: str) -> None:
    page = Source("found.md", f"```datalog\nfound(P) :- {body}.\n```\n")
    _, problems = check(Pages((VOCABULARY, page), None, None))
    assert {p.code for p in problems} == {"E308"}
