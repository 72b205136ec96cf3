"""Charts at the edges, above all numbers that codes alone do not decide: the kernel is right about each, or gives it back."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import product

import pytest

from tests.agreement.completing import PATIENT
from tests.agreement.programs import SCREENING, VOCABULARY
from tests.cohort.chart_level import Compared, differences, screener_of
from trialog.charts.chart import Chart, Denied, Judgement, Record, Reviewed
from trialog.source import Source
from trialog.values import GREATEST, LAST_DAY, UNKNOWN_AMOUNT, Cause, Exact, Interval, point

HERE = point(SCREENING)
BEFORE = point(SCREENING - 30)


def result(value: Interval | Exact, on: Interval = HERE, of: str = "body_weight") -> Record:
    return Record("observation", (of, value if isinstance(value, Interval) else point(value), on))


def course(drug: str, dose: Interval | Exact | None, by_weight: Interval | Exact | None) -> Record:
    amounts = (UNKNOWN_AMOUNT if a is None else a if isinstance(a, Interval) else point(a) for a in (dose, by_weight))
    return Record("treatment", (drug, BEFORE, HERE, *amounts))


def at_least(low: Exact) -> Interval:
    return Interval(low, GREATEST, Cause.IMPRECISE)


def at_most(high: Exact) -> Interval:
    return Interval(0, high, Cause.IMPRECISE)


REVIEWED = tuple(
    Reviewed(name, root, HERE)
    for name, root in (("observation", "measurement"), ("treatment", "drug"), ("condition", "condition"))
)
GREAT: tuple[Interval | Exact, ...] = (
    1_374_389, 1_500_000, 2_000_000, 3_000_000, 10**9, 10**10, 10**12, at_least(5), at_least(2_000_000), at_most(5_000_000),
    at_most(10**11), Interval(5, 3_000_000, Cause.IMPRECISE),
)  # fmt: skip
LIMITS = ("1374389 'kg'", "1500000 'kg'", "2000000 'kg'", "1000000000 'kg'", "10000000000 'kg'", "100000000000 'kg'")


def agree(rules: str, charts: Sequence[tuple[Record, ...]], vocabulary: Source = VOCABULARY) -> Compared:
    compared = Compared()
    all_charts = [Chart(PATIENT, None, records, (), reviewed) for records, reviewed in product(charts, ((), REVIEWED))]
    wrong = list(
        differences(
            screener_of(rules, vocabulary), all_charts, [SCREENING] * len(all_charts), compared, compile_too=True
        )
    )
    assert not wrong, "\n\n".join(map(str, wrong))
    return compared


@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_beyond_the_largest_code(limit: str) -> None:
    rules = "\n".join(
        f"inclusion c{i}(P) :- {'latest ' if i % 2 else ''}observation(P, body_weight, V, ..), V {sign} {limit}."
        for i, sign in enumerate(("<", "<", "<=", ">", ">=", "=", "!=", ">="))
    )
    agree(rules, [(result(v),) for v in GREAT])


@pytest.mark.parametrize("limit", LIMITS)
def test_a_row_that_is_asked_for_by_a_number_beyond_the_largest_code(limit: str) -> None:
    agree(f"inclusion c1(P) :- observation(P, body_weight, {limit}, ..).", [(result(v),) for v in GREAT])


def test_a_limit_that_64_bits_do_not_hold() -> None:
    rules = "inclusion c1(P) :- observation(P, body_weight, V, ..), V < 1000000000000000 'kg'."
    agree(rules, [(result(v),) for v in GREAT])


THIRDS: list[tuple[Record, ...]] = [
    (result(v, of="egfr"), result(w, BEFORE, "egfr"))
    for v, w in product(
        (10, Fraction(10, 3), Fraction("3.333333"), Fraction(20, 3), 5, at_most(10), at_least(10)),
        (10, Fraction(10, 3), Fraction("3.33333"), Fraction("3.3333333"), 30, at_least(Fraction(10, 3))),
    )
]


@pytest.mark.parametrize(
    "rules",
    [
        "inclusion c1(P) :- observation(P, egfr, V, ..), X = V / 3, observation(P, egfr, X, ..).",
        "inclusion c1(P) :- observation(P, egfr, V, ..), X = V / 3, not observation(P, egfr, X, ..).",
        "inclusion c1(P) :- observation(P, egfr, V, ..), observation(P, egfr, W, ..), V = W / 3.",
        "inclusion c1(P) :- observation(P, egfr, V, ..), observation(P, egfr, W, ..), V < W / 3.",
        """inclusion c1(P) :- r(P, X), observation(P, egfr, Y, 2024-03-01), X = Y.
           inclusion c2(P) :- r(P, X), observation(P, egfr, Y, 2024-03-01), X < Y.
           inclusion c3(P) :- r(P, X), observation(P, egfr, X, 2024-03-01).
           inclusion c4(P) :- r(P, X), r(P, Y), X < Y.
           inclusion c5(P) :- count { X : r(P, X) } >= 3.
           r(P, V) :- observation(P, egfr, V, ..).
           r(P, X) :- observation(P, egfr, V, ..), X = V / 3.""",
        """inclusion c1(P) :- observation(P, egfr, V, ..), X = V / 3, r(P, X).
           r(P, V) :- observation(P, egfr, V, ..).""",
    ],
)
def test_a_third_that_meets_a_number_of_the_chart(rules: str) -> None:
    agree(rules, THIRDS)


@pytest.mark.parametrize("sign", ["=", "!=", "<", "<="])
def test_a_quotient_beside_a_number_of_the_same_code(sign: str) -> None:
    rules = f"""
        inclusion c1(P) :- treatment(P, prednisone, dose_per_weight: V, ..), treatment(P, cortisone, dose_per_weight: W, ..),
            V {sign} W.
        inclusion c2(P) :- count {{ V : treatment(P, dose_per_weight: V, ..) }} >= 2.
        inclusion c3(P) :- treatment(P, prednisone, dose_per_weight: V, ..), not treatment(P, cortisone, dose_per_weight: V, ..)."""
    others = (Fraction(1, 3), Fraction("0.333333333"), Fraction("0.3333333"), Fraction("0.33333"))
    charts = [
        (course("prednisone", 10, None), course("cortisone", dose, other), result(30, BEFORE))
        for dose, other in product((None, 5), others)
    ]
    charts += [(course("prednisone", 10, None), course("cortisone", 20, None), result(w, BEFORE)) for w in (30, 60)]
    charts += [(course("prednisone", 10, None), course("cortisone", Fraction("10.0000001"), None), result(30, BEFORE))]
    agree(rules, charts)


@pytest.mark.parametrize(
    "rules",
    [
        "inclusion c1(P) :- observation(P, body_weight, V, ..), observation(P, body_weight, W, ..), V * W * V < 5 'kg3'.",
        "inclusion c1(P) :- observation(P, body_weight, V, ..), observation(P, body_weight, W, ..), 100000 * V * W < 5 'kg2'.",
        """inclusion c1(P) :- observation(P, body_weight, V, ..), A = V * V, B = A * A, B < 5 'kg4'.""",
        """inclusion c1(P) :- observation(P, body_weight, V, ..), A = 1000000 * V, B = 1000 * A, B < 5 'kg'.""",
        """inclusion c1(P) :- observation(P, body_weight, V, ..), A = 1000000 * V, r(P, W), A + W + W < 5 'kg'.
           r(P, A) :- observation(P, body_weight, V, ..), A = 1000000 * V.
           r(P, A) :- observation(P, body_weight, V, ..), A = V / 3.
           r(P, A) :- observation(P, body_weight, V, ..), A = V / 7.""",
    ],
)
def test_numbers_that_would_need_more_than_64_bits(rules: str) -> None:
    agree(rules, [(result(v), result(w, BEFORE)) for v, w in product((3, 1300, 90_000, 1_300_000), repeat=2)])


def test_a_number_of_background_knowledge_between_ticks_or_beyond_the_codes() -> None:
    text = VOCABULARY.text.replace("dose: number 'mg')", "dose: number 'mg/d')")
    text = text.replace("30 'mg')", "3.333333333 'mg/d')").replace("5 'mg') [own]", "3000000 'mg/d') [own]")
    rules = """
        inclusion c1(P) :- treatment(P, D, dose: V, ..), strength(D, V).
        inclusion c2(P) :- treatment(P, D, dose: V, ..), strength(D, W), V < W.
        inclusion c3(P) :- treatment(P, D, dose: V, ..), strength(D, W), V >= W."""
    doses = (Fraction("3.333333333"), Fraction("3.33333"), Fraction(10, 3), 3_000_000, 2_000_000, 4_000_000, 5)
    charts: list[tuple[Record, ...]] = [
        (course(drug, dose, None),) for drug, dose in product(("prednisone", "cortisone"), doses)
    ]
    agree(rules, charts, Source("small.md", text))


def test_two_kinds_of_judgements_about_the_same_question() -> None:
    more = 'judgement advised(patient, question: judgement, decision: decision, on: date, until: date) "advised".\n'
    text = VOCABULARY.text.replace("judgement judged(", more + "judgement judged(")
    rules = """
        inclusion c1(P) :- judged(P, worth_it, ..).
        exclusion c2(P) :- advised(P, worth_it, ..)."""
    signed = (
        Judgement("worth_it", decision, on, until, "dr")
        for decision, on, until in product(("agreed", "refused"), (HERE, BEFORE), (point(LAST_DAY), BEFORE))
    )
    charts = [Chart(PATIENT, None), *(Chart(PATIENT, None, (), (j,)) for j in signed)]
    screener = screener_of(rules, Source("small.md", text))
    wrong = list(differences(screener, charts, [SCREENING] * len(charts), Compared(), compile_too=True))
    assert not wrong, "\n\n".join(map(str, wrong))


def test_a_chart_with_no_record_is_screened() -> None:
    assert agree("inclusion c1(P) :- observation(P, egfr, V, ..), V < 5 'mL/min/{1.73_m2}'.", [()]).given_back == 0


@pytest.mark.parametrize("latest", ["latest ", ""])
def test_answers_that_differ_are_in_one_class_and_no_third_is_meant(latest: str) -> None:
    text = VOCABULARY.text.replace(
        'concept no in answer "no" [own].',
        'concept no in answer "no" [own].\nconcept unclear in answer "unclear" [own].',
    )
    rules = "\n".join(
        f"inclusion c{i}(P) :- {latest}finding(P, biopsy, {answer}, ..)."
        for i, answer in enumerate(("yes", "no", "unclear"))
    )
    rules += f"\ninclusion c9(P) :- {latest}finding(P, biopsy, A, ..), A in answer."
    charts: list[tuple[Record, ...]] = [
        tuple(Record("finding", ("biopsy", answer, on)) for answer, on in zip(answers, (HERE, other), strict=True))
        for answers in product(("yes", "no", "answer"), repeat=2)
        for other in (HERE, BEFORE, Interval(BEFORE.low, HERE.low, Cause.IMPRECISE))
    ]
    agree(rules, charts, Source("small.md", text))


@pytest.mark.parametrize("through", [HERE, BEFORE, Interval(BEFORE.low, HERE.low, Cause.IMPRECISE)])
def test_a_class_does_not_mean_the_member_that_is_denied(through: Interval) -> None:
    rules = "\n".join(
        f"inclusion c{i}(P) :- condition(P, {disease}, ..)."
        for i, disease in enumerate(("epilepsy", "stroke", "cns_disease"))
    )
    charts = [
        Chart(PATIENT, None, (Record("condition", (said, on)),), (), REVIEWED, (Denied("condition", denied, through),))
        for said, denied in product(("cns_disease", "epilepsy", "condition"), ("epilepsy", "cns_disease", "sle"))
        for on in (HERE, BEFORE, Interval(BEFORE.low, HERE.low, Cause.IMPRECISE))
    ]
    wrong = list(differences(screener_of(rules), charts, [SCREENING] * len(charts), Compared()))
    assert not wrong, "\n\n".join(map(str, wrong))


def test_an_amount_by_a_rough_weight() -> None:
    rules = "\n".join(
        f"inclusion c{i}(P) :- treatment(P, prednisone, {column}: V, ..), V {sign} {limit}."
        for i, (column, sign, limit) in enumerate(
            (("dose_per_weight", s, f"{n} 'mg/kg/d'") for s, n in product(("<", ">"), ("0.16", "0.2", "0.33", "0.34"))),
        )
    )
    rules += "\n" + "\n".join(
        f"inclusion d{i}(P) :- treatment(P, prednisone, dose: V, ..), V {sign} {limit} 'mg/d'."
        for i, (sign, limit) in enumerate(product(("<", ">"), (5, 10, 29, 30, 60, 61)))
    )
    weights = (Interval(30, 60, Cause.IMPRECISE), at_least(30), at_most(60), 30, 60)
    amounts = (
        (10, None),
        (None, 1),
        (at_least(10), None),
        (None, at_most(1)),
        (Interval(5, 10, Cause.IMPRECISE), None),
    )
    charts = [(course("prednisone", *a), result(w, BEFORE)) for a, w in product(amounts, weights)]
    charts += [(course("prednisone", *a), result(30, BEFORE), result(60, BEFORE)) for a in amounts]
    agree(rules, charts)


def test_a_signature_until_a_rough_day() -> None:
    rough = (Interval(BEFORE.low, HERE.low + n, Cause.IMPRECISE) for n in (-1, 0, 10))
    charts = [
        Chart(PATIENT, None, (), (Judgement("worth_it", decision, on, until, "dr"), *more))
        for decision, on, until in product(("agreed", "refused"), (BEFORE, HERE), (*rough, HERE, point(LAST_DAY)))
        for more in ((), (Judgement("worth_it", "agreed", BEFORE, point(LAST_DAY), "dr"),))
    ]
    rules = "inclusion c1(P) :- judged(P, worth_it, ..).\nexclusion c2(P) :- not judged(P, worth_it, ..)."
    wrong = list(differences(screener_of(rules), charts, [SCREENING] * len(charts), Compared()))
    assert not wrong, "\n\n".join(map(str, wrong))
