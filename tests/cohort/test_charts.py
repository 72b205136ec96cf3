"""Charts of programs made at random: what the kernel says of each is what the reference says, or nothing.

The examples are the same at each run; `python -m tests.cohort --programs N --seed S` looks at others.
"""

import os

from hypothesis import HealthCheck, Phase, given, reject, settings

from tests.agreement.choices import seeded
from tests.cohort.chart_level import Compared
from tests.cohort.many import CASES, HARD_CASES, Tried, try_one
from tests.cohort.programs import Case, case
from trialog.charts.chart import Standing
from trialog.codes import is_beyond, is_exact
from trialog.values import Cause, Interval

PROGRAMS = int(os.environ.get("TRIALOG_PROGRAMS", "60"))
FEW = settings(
    max_examples=PROGRAMS,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


def test_charts_of_programs_made_at_random() -> None:
    compared, tried = Compared(), Tried()

    @FEW
    @given(CASES)
    def hold(one: Case | None) -> None:
        if one is None:
            reject()
        try_one(one, compared, tried, every=30)

    hold()
    assert compared.answers > PROGRAMS * 4
    assert compared.compiled
    assert compared.given_back <= compared.charts / 50, "most of these numbers are whole"


def test_charts_whose_numbers_are_hard() -> None:
    compared, tried = Compared(), Tried()

    @FEW
    @given(HARD_CASES)
    def hold(one: Case | None) -> None:
        if one is None:
            reject()
        try_one(one, compared, tried, every=30)

    hold()
    assert compared.answers > PROGRAMS * 4
    assert compared.compiled
    assert 0 < compared.given_back <= compared.charts / 4
    assert sum(compared.refused.values()) <= compared.programs / 50, compared.refused


def test_charts_hold_all_that_makes_a_kernel_err() -> None:
    """Classes, denials, doubts, several results of one day, rough days, products, and numbers of each kind."""
    seen: set[str] = set()
    for n in range(150):
        one = case(seeded(n))
        for chart in one.charts if one is not None else ():
            assert one is not None
            vocabulary = one.subject.program.vocabulary
            days: set[object] = set()
            for record in chart.records:
                relation = vocabulary.relations[record.relation]
                if record.standing is Standing.UNCONFIRMED:
                    seen.add("unconfirmed")
                for value, column in zip(record.values, relation.columns, strict=True):
                    match value:
                        case str():
                            seen.add("member" if value in vocabulary.leaves else "class")
                        case Interval(low, high) if column.name in ("on", "from", "to"):
                            seen.add("day" if low == high else "rough day")
                        case Interval(low, high, cause):
                            seen |= {
                                "beyond" if is_beyond(end) else "on a tick" if is_exact(end) else "between ticks"
                                for end in (low, high)
                            }
                            seen.add("missing" if cause is Cause.MISSING else "point" if low == high else "interval")
                same = (record.relation, record.values[0], record.values[-1])
                if relation.name in ("observation", "finding") and same in days:
                    seen.add(f"twice: {relation.name}")
                days.add(same)
            signed = [j.question for j in chart.judgements]
            seen |= {
                f"{j.decision}, {'for ever' if j.until.low > one.subject.screening else 'until'}"
                for j in chart.judgements
            }
            seen |= {"signed twice"} if len(signed) > len(set(signed)) else set()
            seen |= {
                f"{word} {'a class' if s.concept not in vocabulary.leaves else 'a member'}"
                + (
                    " later"
                    if s.through.high > one.subject.screening
                    else ""
                    if s.through.low == s.through.high
                    else " roughly"
                )
                for word, statements in (("reviewed", chart.reviewed), ("denied", chart.denied))
                for s in statements
            }
    statements = {
        f"{w} {of}{when}"
        for w in ("reviewed", "denied")
        for of in ("a class", "a member")
        for when in ("", " later", " roughly")
    }
    assert seen >= statements | {
        "unconfirmed", "member", "class", "day", "rough day", "beyond", "on a tick", "between ticks", "missing", "point",
        "interval", "twice: observation", "twice: finding", "signed twice", "agreed, for ever", "agreed, until",
        "refused, for ever",
    }  # fmt: skip
