"""What was measured and answered: visits with their results, findings, consents."""

from dataclasses import dataclass

import numpy as np

from trialog.synthetic.draws import Ints
from trialog.synthetic.people import IGA, NEPHROTIC, OTHER, SLE, People
from trialog.synthetic.rows import Rows, Shape
from trialog.synthetic.values import (
    HUNDREDTH,
    at_least,
    at_most,
    converted,
    hundredths,
    points,
    unknown_numbers,
    where,
    written_days,
)
from trialog.units import UnitError

VISITS = 4
MOST_MICRO = 600  # umol/L


@dataclass(frozen=True, slots=True)
class Result:
    """How a measurement comes out, in hundredths of its unit: for most, and for those for whom it is out of bounds."""

    name: str
    usual: tuple[int, int]
    other: tuple[int, int]
    step: int = 100  # results are given in these
    out: int = 12  # percent out of bounds
    recorded: int = 85  # percent of visits
    limit: int = 0  # the upper limit of normal, 0 where none is reported
    below: int = 0  # results below it are written `<`
    above: int = 0  # and above it `>`
    of: tuple[int, ...] = (SLE, NEPHROTIC, IGA, OTHER)
    elsewhere: int = 100  # of a hundred such results of `of`, how many others have


RESULTS = (
    Result("ecog", (0, 200), (300, 400), recorded=75),
    Result("lvef", (5500, 7500), (3500, 5490), step=10, recorded=60),
    Result("spo2", (9200, 10000), (8400, 9190), above=9900),
    Result("egfr", (3000, 13000), (800, 2990), step=10, out=16, recorded=75, above=9000),
    Result("creatinine", (30, 120), (150, 600), step=1),
    Result("ast", (1000, 12000), (12010, 30000), step=10, limit=4000, below=1200),
    Result("alt", (1000, 13500), (13510, 30000), step=10, limit=4500, below=1200),
    Result("total_bilirubin", (20, 240), (241, 600), step=1, limit=120, below=30),
    Result("sledai_2k", (700, 2400), (0, 600), out=30, of=(SLE,), elsewhere=20),
    Result("eular_acr_2019_score", (1000, 3000), (200, 900), out=25, recorded=60, of=(SLE,), elsewhere=15),
    Result("ana_titre", (8000, 128000), (1000, 7900), step=1000, out=20, recorded=50, of=(SLE,), elsewhere=20),
    Result("urine_protein_24h", (50000, 400000), (2000, 49990), step=10, out=40, recorded=60, below=5000),
    Result("upcr", (50000, 400000), (2000, 49990), step=10, out=40, recorded=65, below=4000),
    Result("systolic_blood_pressure", (9000, 13500), (13600, 17000), recorded=95),
    Result("diastolic_blood_pressure", (5000, 8500), (8600, 11000), recorded=95),
    Result("heart_rate", (6000, 11000), (11100, 15000), recorded=90),
    Result("body_temperature", (3600, 3750), (3760, 3990), step=10, recorded=70),
    Result("hemoglobin", (1000, 1500), (600, 990), step=10),
    Result("albumin", (300, 480), (120, 290), step=10, out=30),
    Result("platelets", (15000, 40000), (2000, 14900)),
)


def observations(shape: Shape, who: People) -> Rows:
    rows = Rows(shape, "observation")
    draws = who.draws
    last = who.screening - draws.between(0, 20, len(who))
    last[draws.chance(2, len(who))] += 30  # after screening: they do not count
    visits = draws.one_of((20, 35, 25, 20), len(who))
    for visit in range(VISITS):
        came = np.flatnonzero(visits >= visit)
        when = last[came] - (visit * 60 + draws.below(35, len(came)) if visit else 0)
        for result in RESULTS:
            _add(rows, who, result, came, when, visit)
        _body(rows, who, came, when)
    _implausible(rows, who, last)
    rows.repeated(draws, 2)
    return rows


def _add(rows: Rows, who: People, result: Result, came: Ints, when: Ints, visit: int) -> None:
    draws, vocabulary = who.draws, rows.shape.vocabulary
    share = np.where(who.is_ill_with(came, result.of), result.recorded, result.recorded * result.elsewhere // 100)
    certain = who.candidate[came] & (share > 40)
    share = share * 45 // 100 if visit else np.where(certain, 97, share)
    at = np.flatnonzero(draws.chance(share, len(came)))
    here, on = came[at], when[at]
    out = draws.chance(np.where(who.candidate[here], min(result.out, 3), result.out), len(here))
    steps = [(low // result.step, high // result.step) for low, high in (result.usual, result.other)]
    values = result.step * np.where(out, *(draws.between(*ends, len(here)) for ends in reversed(steps)))
    spans = hundredths(values)
    if result.below:
        spans = where(values < result.below, at_most(np.full(len(here), result.below * HUNDREDTH)), spans)
    if result.above:
        high = (values > result.above) & draws.chance(50, len(here))
        spans = where(high, at_least(np.full(len(here), result.above * HUNDREDTH)), spans)
    try:
        factor = vocabulary.factor(result.name, "umol/L")
        micro = np.minimum(values * factor.denominator // (100 * factor.numerator), MOST_MICRO)
        spans = where(draws.chance(25, len(here)), converted(micro, factor, MOST_MICRO), spans)
    except UnitError:
        pass
    unit = vocabulary.concepts[result.name].unit or ""
    unread = draws.chance(1, len(here))  # measured, and the result is not known
    spans = where(unread, unknown_numbers(len(here), unit), spans)
    limits = unknown_numbers(len(here), unit)
    if result.limit:
        lower = draws.chance(30, len(here))
        given = hundredths(np.where(lower, result.limit * 9 // 10, result.limit))
        limits = where(draws.chance(np.where(who.candidate[here], 98, 86), len(here)), given, limits)
    dates = written_days(on, draws, months=2, years=0.3, missing=0.3)
    rows.add(
        here, measurement=result.name, value=spans, on=dates, upper_limit=limits, confirmed=who.confirmed(here, 98)
    )
    again = np.flatnonzero(draws.chance(2, len(here)))  # another result of the same day
    other = hundredths(np.maximum(values[again] + result.step * draws.between(-3, 8, len(again)), 0))
    few = here[again]
    rows.add(
        few, measurement=result.name, value=other, on=dates.at(again), upper_limit=limits.at(again), confirmed=True
    )


def _body(rows: Rows, who: People, came: Ints, when: Ints) -> None:
    """Weight and height, as they go with age."""
    draws = who.draws
    for name, least, growth, spread, recorded in (
        ("body_weight", 700, 290, 600, 85),
        ("body_height", 7000, 600, 1200, 70),
    ):
        at = np.flatnonzero(draws.chance(recorded, len(came)))
        here = came[at]
        values = least + who.age[here] * growth // 365 + draws.below(spread, len(here))
        spans = hundredths(values // 10 * 10)
        limits, dates = unknown_numbers(len(here)), written_days(when[at], draws, 1, 0.2, 0.2)
        rows.add(here, measurement=name, value=spans, on=dates, upper_limit=limits, confirmed=True)


def _implausible(rows: Rows, who: People, last: Ints) -> None:
    """Now and then somebody types a number that no code holds: such a chart is screened from the exact text."""
    here = who.draws.some(who.everyone, 0.05)
    whole = converted(np.full(len(here), 1), 10_000_000, 1)
    beside = unknown_numbers(len(here))
    rows.add(here, measurement="ana_titre", value=whole, on=points(last[here]), upper_limit=beside, confirmed=True)


# -- answers -------------------------------------------------------------------------------------------------------

FINDINGS = (
    # question, percent of candidates and of others who have an answer, percent of `yes` among the answers
    ("steroids_together_of_1_mg_per_kg", 10, 8, 50),
    ("steroid_once_at_5_mg_or_less", 10, 8, 40),
    ("receives_renal_replacement_therapy", 3, 7, 45),
    ("recent_sign_was_cns_disease", 4, 7, 50),
    ("other_disease_needs_immunosuppression", 4, 8, 50),
    ("iga_nephropathy_is_secondary", 4, 9, 50),
    ("eular_acr_2019_clinical_item", 40, 25, 75),
    ("pregnancy_ruled_out", 1, 2, 60),
)


def findings(shape: Shape, who: People) -> Rows:
    rows = Rows(shape, "finding")
    draws = who.draws
    answers = shape.places("finding", "answer", ("yes", "no", "positive", "negative", "answer"))
    girls = np.flatnonzero(who.female)
    asked = girls[draws.chance(np.where(who.candidate[girls], 92, 65), len(girls))]
    yes = draws.chance(np.where(who.age[asked] > 11 * 365, 80, 8), len(asked))
    _answer(rows, who, "childbearing_potential", asked, np.where(yes, answers[0], answers[1]))
    tested = girls[draws.chance(np.where(who.candidate[girls], 92, 60), len(girls))]
    positive = draws.chance(np.where(who.candidate[tested], 2, 16), len(tested))
    unread = draws.chance(2, len(tested))
    test = np.where(unread, answers[4], np.where(positive, answers[2], answers[3]))
    _answer(rows, who, "pregnancy_test", tested, test)
    for question, of_candidates, of_others, share in FINDINGS:
        here = who.those(of_candidates, of_others)
        yes = draws.chance(share, len(here))
        _answer(rows, who, question, here, np.where(yes, answers[0], answers[1]))
    rows.repeated(draws, 2)
    return rows


def _answer(rows: Rows, who: People, question: str, here: Ints, answer: Ints) -> None:
    dates = written_days(who.before(here, 0, 40), who.draws)
    rows.add(here, question=question, answer=answer, on=dates, confirmed=who.confirmed(here, 98))


CONSENTS = (
    ("participation_in_car_nk_b_cell_children", 97, 85, 92),
    ("contraception", 90, 60, 72),
    ("single_calcineurin_inhibitor_inclusion", 40, 35, 75),
    ("inclusion_despite_other_disease", 30, 30, 70),
    ("inclusion_despite_intolerance", 35, 35, 75),
)


def consents(shape: Shape, who: People) -> Rows:
    rows = Rows(shape, "consent")
    draws = who.draws
    decisions = shape.places("consent", "decision", ("agreed", "refused", "decision"))
    for to, of_candidates, of_others, share in CONSENTS:
        here = who.those(of_candidates, of_others)
        agreed = draws.chance(np.where(who.candidate[here], 97, share), len(here))
        decision = np.where(draws.chance(1, len(here)), decisions[2], np.where(agreed, decisions[0], decisions[1]))
        signed = who.before(here, 0, 60)
        dates = written_days(signed, draws, 1, 0.2, 0.5)
        rows.add(here, to=to, decision=decision, on=dates, confirmed=who.confirmed(here, 98))
        changed = np.flatnonzero(draws.chance(3, len(here)))  # withdrawn, or agreed after all
        few, other = here[changed], np.where(agreed[changed], decisions[1], decisions[0])
        later = points(signed[changed] + draws.between(0, 10, len(few)))
        rows.add(few, to=to, decision=other, on=later, confirmed=True)
    return rows
