"""What happened to the synthetic patients: diseases, courses of drugs, biopsies, remissions."""

from collections.abc import Sequence

import numpy as np

from trialog.charts.periods import drawn_in
from trialog.synthetic.draws import Ints
from trialog.synthetic.people import IGA, NEPHROTIC, OTHER, SLE, People
from trialog.synthetic.rows import Rows, Shape
from trialog.synthetic.values import (
    HUNDREDTH,
    MISSING,
    Spans,
    hundredths,
    of_month,
    points,
    unknown_days,
    unknown_numbers,
    where,
    written_days,
)
from trialog.values import LAST_DAY

type Weighted = Sequence[tuple[str, int]]
"""Concepts, each as often as its weight says."""


def chosen(rows: Rows, column: str, who: People, here: Ints, options: Weighted) -> Ints:
    places = rows.shape.places(rows.table, column, [name for name, _ in options])
    return places[who.draws.one_of([weight for _, weight in options], len(here))]


def lasting(
    who: People, begin: Spans, start: Ints, shortest: int, longest: int, ongoing: int, unsaid: int
) -> tuple[Spans, Spans]:
    """When something began and ended: it goes on, or nobody says, or it took so many days; what is blurred drawn in."""
    draws, count = who.draws, len(start)
    roll = draws.below(100, count)
    end = written_days(start + draws.between(shortest, longest, count), draws, 4, 0.5, 0)
    never = points(np.full(count, LAST_DAY, np.int64))
    silent = Spans(begin.low, np.full(count, LAST_DAY, np.int64), np.full(count, MISSING, np.int8))
    end = where(roll < ongoing, never, where(roll < ongoing + unsaid, silent, end))
    end = Spans(end.low, np.maximum(end.high, begin.low), end.cause)
    one, two = drawn_in((begin.low, begin.high, begin.cause), (end.low, end.high, end.cause))
    return Spans(*one), Spans(*two)


# -- conditions ----------------------------------------------------------------------------------------------------

DISEASES: dict[int, Weighted] = {
    SLE: (("sle_by_2019_eular_acr", 55), ("sle", 25), ("lupus_nephritis", 10), ("lupus_erythematosus", 10)),
    NEPHROTIC: (
        ("srns_by_kdigo_2021", 60),
        ("steroid_resistant_nephrotic_syndrome", 18),
        ("nephrotic_syndrome", 15),
        ("steroid_sensitive_nephrotic_syndrome", 7),
    ),
    IGA: (("iga_nephropathy", 85), ("glomerular_disease", 15)),
    OTHER: (("juvenile_idiopathic_arthritis", 40), ("asthma", 40), ("condition", 20)),
}
CNS: Weighted = (
    ("epilepsy", 4),
    ("stroke", 2),
    ("bacterial_meningitis", 1),
    ("cns_lupus", 2),
    ("encephalitis", 1),
    ("cns_disease", 1),
)
SIGNS: Weighted = (("seizure", 3), ("psychosis", 1), ("migraine", 4), ("concussion", 2), ("headache", 3))
CAUSES: Weighted = (
    ("iga_vasculitis", 4),
    ("coeliac_disease", 2),
    ("crohns_disease", 2),
    ("hepatitis_b", 1),
    ("secondary_cause_of_iga_nephropathy", 1),
)
REPLACEMENT: Weighted = (
    ("dialysis_dependence", 3),
    ("on_haemodialysis", 3),
    ("on_peritoneal_dialysis", 2),
    ("kidney_transplant_recipient", 2),
)
DAILY: Weighted = (
    ("asthma", 3), ("allergic_rhinitis", 3), ("acute_viral_pharyngitis", 6), ("otitis_media", 4), ("obesity", 3), ("anemia", 3),
    ("essential_hypertension", 3), ("hypertension", 3), ("urinary_tract_infection", 3), ("acute_bronchitis", 4),
    ("sprain_of_ankle", 2), ("pneumonia", 2), ("covid_19", 3), ("atopic_dermatitis", 2),
)  # fmt: skip
# What nobody has, most of the time: which, percent of candidates and of others, days before screening it began, how long it
# took at least and at most, percent that go on and of which nobody says.
AILMENTS: tuple[tuple[Weighted, float, float, int, tuple[int, int, int, int]], ...] = (
    (CNS, 1, 11, 200, (5, 60, 25, 15)),
    (SIGNS, 3, 9, 300, (0, 5, 5, 15)),
    ((("macrophage_activation_syndrome", 1),), 1, 9, 100, (5, 40, 10, 15)),
    ((("uncontrolled_hypertension", 3), ("hypertensive_crisis", 1)), 1, 8, 300, (10, 200, 55, 15)),
    ((("secondary_iga_nephropathy", 1),), 0.5, 4, 900, (400, 900, 80, 15)),
    (CAUSES, 2, 7, 900, (200, 900, 70, 15)),
    ((("other_disease_needing_long_term_immunosuppression", 1),), 1, 6, 700, (100, 700, 60, 15)),
    ((("juvenile_idiopathic_arthritis", 3), ("ulcerative_colitis", 1)), 1, 5, 700, (100, 700, 60, 15)),
    (REPLACEMENT, 0.5, 5, 500, (30, 400, 60, 15)),
)


def conditions(shape: Shape, who: People) -> Rows:
    rows = Rows(shape, "condition")
    draws = who.draws
    for kind, options in DISEASES.items():
        here = who.ill_with(kind)
        here = here[draws.chance(np.where(who.candidate[here], 99, 90), len(here))]
        which = chosen(rows, "condition", who, here, options)
        first = shape.places("condition", "condition", [options[0][0]])[0]
        which = np.where(who.candidate[here] & draws.chance(85, len(here)), first, which)
        _condition(rows, who, here, which, 1500, (200, 900, 75, 15), 97)
    for options, of_candidates, of_others, ago, course in AILMENTS:
        here = who.those(of_candidates, of_others)
        _condition(rows, who, here, chosen(rows, "condition", who, here, options), ago, course, 85)
    for _ in range(4):
        here = who.those(45, 45)
        _condition(rows, who, here, chosen(rows, "condition", who, here, DAILY), 1200, (3, 300, 30, 30), 92)
    rows.repeated(draws, 2)
    return rows


def _condition(
    rows: Rows, who: People, here: Ints, which: Ints, ago: int, course: tuple[int, int, int, int], sure: float
) -> None:
    start = who.before(here, 0, ago)
    begin, end = lasting(who, written_days(start, who.draws, 8, 3, 2), start, *course)
    rows.add(here, condition=which, from_=begin, to=end, confirmed=who.confirmed(here, sure))


# -- drugs ---------------------------------------------------------------------------------------------------------

STEROIDS: Weighted = (
    ("prednisone", 55),
    ("prednisolone", 20),
    ("methylprednisolone", 15),
    ("dexamethasone", 4),
    ("glucocorticoid", 6),
)
LISTED: Weighted = (
    ("cyclophosphamide", 12), ("mycophenolate_mofetil", 22), ("azathioprine", 10), ("methotrexate", 10), ("ciclosporin", 10),
    ("tacrolimus", 14), ("sirolimus", 3), ("leflunomide", 4), ("telitacicept", 3), ("belimumab", 8), ("rituximab", 12),
    ("immunosuppressant", 4), ("calcineurin_inhibitor", 2), ("mycophenolic_acid", 3),
)  # fmt: skip
SPARING: Weighted = (
    ("tacrolimus", 30), ("ciclosporin", 20), ("mycophenolate_mofetil", 22), ("cyclophosphamide", 8), ("rituximab", 12),
    ("telitacicept", 2), ("calcineurin_inhibitor", 4), ("srns_steroid_sparing_drug", 2),
)  # fmt: skip
INHIBITORS: Weighted = (
    ("enalapril", 25), ("lisinopril", 15), ("ramipril", 15), ("captopril", 8), ("losartan", 18), ("valsartan", 8),
    ("candesartan", 5), ("ace_inhibitor", 3), ("renin_angiotensin_inhibitor", 3),
)  # fmt: skip
ROUTES: Weighted = (("oral", 80), ("intravenous", 11), ("route", 7), ("topical", 2))
LOCAL: Weighted = (("topical", 60), ("inhaled", 40))


def treatments(shape: Shape, who: People) -> Rows:
    rows = Rows(shape, "treatment")
    draws = who.draws
    had = np.flatnonzero(draws.chance(np.array([85, 85, 70, 12], np.int64)[who.ill], len(who)))
    drug = chosen(rows, "drug", who, had, STEROIDS)
    start = who.before(had, 40, 700)
    length = draws.between(30, 400, len(had))
    goes_on = draws.chance(45, len(had))
    _course(rows, who, had, drug, start, np.where(goes_on, -1, length), _strong(who, had))
    after = np.flatnonzero(~goes_on & draws.chance(75, len(had)))  # tapered, without a gap or with one
    gap = np.where(draws.chance(75, len(after)), 1, draws.between(5, 60, len(after)))
    begun = np.minimum(start[after] + length[after] + gap, who.screening[had[after]] - 1)
    _course(
        rows,
        who,
        had[after],
        drug[after],
        begun,
        np.where(draws.chance(70, len(after)), -1, 60),
        _weak(who, had[after]),
    )
    beside = draws.some(had, 7)
    _course(
        rows,
        who,
        beside,
        chosen(rows, "drug", who, beside, STEROIDS),
        who.before(beside, 10, 300),
        120,
        _weak(who, beside),
    )
    for kind, options, slots in (
        (SLE, LISTED, (92, 80, 35, 15)),
        (NEPHROTIC, SPARING, (95, 82, 40, 15)),
        (IGA, LISTED, (65, 25, 8, 3)),
        (OTHER, LISTED, (15, 5, 2, 1)),
    ):
        for share in slots:
            here = who.draws.some(who.ill_with(kind), share)
            which = chosen(rows, "drug", who, here, options)
            length = np.where(draws.chance(50, len(here)), -1, draws.between(20, 500, len(here)))
            _course(rows, who, here, which, who.before(here, 30, 800), length, _of_day(who, here, 20, 150))
    malaria = np.flatnonzero(draws.chance(np.where(who.ill == SLE, 82, 6), len(who)))
    which = chosen(rows, "drug", who, malaria, (("hydroxychloroquine", 94), ("antimalarial", 4), ("chloroquine", 2)))
    _course(rows, who, malaria, which, who.before(malaria, 20, 900), -1, _of_day(who, malaria, 10, 40))
    for share in np.array([[25, 45, 85, 5], [5, 12, 30, 2]], np.int64):
        here = np.flatnonzero(draws.chance(share[who.ill], len(who)))
        length = np.where(draws.chance(65, len(here)), -1, draws.between(20, 300, len(here)))
        _course(
            rows,
            who,
            here,
            chosen(rows, "drug", who, here, INHIBITORS),
            who.before(here, 20, 500),
            length,
            _of_day(who, here, 1, 5),
        )
    local = who.those(6, 8)
    which = chosen(rows, "drug", who, local, (("hydrocortisone", 40), ("fluticasone", 40), ("tacrolimus", 20)))
    _course(rows, who, local, which, who.before(local, 5, 400), 30, _none(local), LOCAL)
    rows.repeated(draws, 2)
    return rows


type _Dose = tuple[Spans, Spans]
"""In mg/d, and in mg/kg/d."""


def _none(here: Ints) -> _Dose:
    return unknown_numbers(len(here)), unknown_numbers(len(here))


def _strong(who: People, here: Ints) -> _Dose:
    """About 1 mg/kg/d, of which some are given for the day, and some not at all."""
    roll = who.draws.below(100, len(here))
    by_weight = hundredths(who.draws.between(8, 20, len(here)) * 10)
    of_day = hundredths(who.draws.between(4, 24, len(here)) * 250)
    none = unknown_numbers(len(here))
    return where((roll >= 62) & (roll < 88), of_day, none), where(roll < 62, by_weight, none)


def _weak(who: People, here: Ints) -> _Dose:
    known = who.draws.chance(88, len(here))
    of_day = hundredths(who.draws.between(1, 8, len(here)) * 250)
    return where(known, of_day, unknown_numbers(len(here))), unknown_numbers(len(here))


def _of_day(who: People, here: Ints, least: int, most: int) -> _Dose:
    known = who.draws.chance(70, len(here))
    of_day = points(who.draws.between(least, most, len(here)) * 1000 * HUNDREDTH)
    return where(known, of_day, unknown_numbers(len(here))), unknown_numbers(len(here))


def _course(
    rows: Rows,
    who: People,
    here: Ints,
    drug: Ints,
    start: Ints,
    length: Ints | int,
    dose: _Dose,
    routes: Weighted = ROUTES,
) -> None:
    """A course of so many days; one of -1 goes on, or nobody says how long."""
    draws, count = who.draws, len(here)
    days = np.broadcast_to(np.asarray(length), count)
    begin = written_days(start, draws, 6, 2, 1.5)
    silent = Spans(begin.low, np.full(count, LAST_DAY, np.int64), np.full(count, MISSING, np.int8))
    roll = draws.below(100, count)
    over = np.where(days < 0, LAST_DAY, np.minimum(start + np.abs(days), LAST_DAY))
    end = where(roll < np.where(who.candidate[here], 2, 9), silent, points(over))
    blurred = (roll >= 95) & (days >= 0)
    end = where(blurred, of_month(np.where(blurred, over, start)), end)
    end = Spans(end.low, np.maximum(end.high, begin.low), end.cause)
    one, two = drawn_in((begin.low, begin.high, begin.cause), (end.low, end.high, end.cause))
    adequacy = chosen(
        rows, "adequacy", who, here, (("standard_dose", 68), ("below_standard_dose", 12), ("adequacy", 20))
    )
    rows.add(
        here, drug=drug, from_=Spans(*one), to=Spans(*two), dose=dose[0], dose_per_weight=dose[1],
        route=chosen(rows, "route", who, here, routes), adequacy=adequacy, confirmed=who.confirmed(here, 95),
    )  # fmt: skip


# -- procedures, biopsies, courses of disease ----------------------------------------------------------------------

BIOPSIES: dict[int, tuple[int, Weighted]] = {
    SLE: (45, (("lupus_nephritis_on_biopsy", 85), ("membranous_nephropathy", 8), ("pathology", 7))),
    NEPHROTIC: (
        85,
        (
            ("focal_segmental_glomerulosclerosis", 45),
            ("minimal_change_disease", 35),
            ("membranous_nephropathy", 10),
            ("pathology", 5),
            ("biopsy_not_diagnostic", 5),
        ),
    ),
    IGA: (
        92,
        (
            ("iga_nephropathy_on_biopsy", 85),
            ("lupus_nephritis_on_biopsy", 4),
            ("minimal_change_disease", 5),
            ("pathology", 6),
        ),
    ),
    OTHER: (5, (("normal_kidney_tissue", 100),)),
}


def procedures(shape: Shape, who: People) -> tuple[Rows, Rows]:
    """The procedures, and what pathologists found in biopsies."""
    rows, found = Rows(shape, "procedure"), Rows(shape, "biopsy_finding")
    draws = who.draws
    for kind, (share, options) in BIOPSIES.items():
        here = draws.some(who.ill_with(kind), share)
        on = written_days(who.before(here, 30, 1200), draws, 5, 2, 1)
        both = draws.below(100, len(here))  # the procedure alone, the finding alone, or both
        one, two = np.flatnonzero(both < 90), np.flatnonzero(both >= 6)
        rows.add(here[one], procedure="renal_biopsy", on=on.at(one), confirmed=who.confirmed(one, 97))
        which = chosen(found, "finding", who, here, options)
        found.add(here[two], finding=which[two], on=on.at(two), confirmed=who.confirmed(two, 96))
    for options, of_candidates, of_others in (
        ((("haemodialysis", 2), ("peritoneal_dialysis", 1), ("kidney_transplantation", 1)), 0.5, 6),
        ((("echocardiography", 1),), 75, 60),
        ((("electrocardiogram", 1),), 75, 60),
        ((("chest_x_ray", 1), ("measurement_of_respiratory_function", 1)), 40, 40),
        ((("procedure", 1),), 0.5, 3),
    ):
        here = who.those(of_candidates, of_others)
        on = written_days(who.before(here, 0, 300), draws)
        rows.add(here, procedure=chosen(rows, "procedure", who, here, options), on=on, confirmed=who.confirmed(here))
    rows.repeated(draws, 2)
    found.repeated(draws, 1)
    return rows, found


def disease_courses(shape: Shape, who: People) -> Rows:
    rows = Rows(shape, "disease_course")
    draws = who.draws
    shares = np.array([[12, 30, 16, 2], [10, 16, 12, 2], [20, 40, 22, 3]], np.int64)
    for course, share in zip(("complete_remission", "partial_remission", "relapse"), shares, strict=True):
        here = np.flatnonzero(draws.chance(share[who.ill], len(who)))
        on = written_days(who.before(here, 5, 900), draws, 8, 3, 2)
        name = draws.chance(6, len(here)) & (course != "relapse")
        places = shape.places("disease_course", "course", (course, "remission"))
        rows.add(here, course=np.where(name, places[1], places[0]), on=on, confirmed=who.confirmed(here, 94))
    return rows


def attributes(shape: Shape, who: People) -> dict[str, Rows]:
    draws = who.draws
    born, died, sex = (Rows(shape, name) for name in ("born", "died", "sex"))
    here = who.those(99, 96)
    birth = written_days(who.screening[here] - who.age[here], draws, 8, 5, 0)
    born.add(here, on=birth, confirmed=who.confirmed(here, 99))
    here = who.those(0, 3)
    day = who.before(here, -10, 200)
    on = where(draws.chance(15, len(here)), unknown_days(len(here)), written_days(day, draws))
    died.add(here, on=on, confirmed=who.confirmed(here, 85))
    here = who.those(99, 96)
    places = shape.places("sex", "sex", ("female", "male", "other_sex"))
    named = np.where(who.female[here], places[0], places[1])
    sex.add(here, sex=np.where(draws.chance(0.5, len(here)), places[2], named), confirmed=who.confirmed(here, 99.5))
    return {"born": born, "died": died, "sex": sex}
