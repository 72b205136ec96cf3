"""What was signed, reviewed and denied of the synthetic patients."""

import numpy as np

from trialog.charts.store_tables import ABSENT, JUDGEMENTS, REVIEWED
from trialog.synthetic.draws import Flags, Ints
from trialog.synthetic.people import IGA, NEPHROTIC, SLE, People
from trialog.synthetic.rows import Rows, Shape
from trialog.synthetic.values import Spans, of_month, points, where, written_days
from trialog.values import LAST_DAY
from trialog.vocabulary import Coded, Kind

QUESTIONS = (
    # question, percent of candidates and of others of whom it was decided, percent agreed, for whom it matters most
    ("survival_of_12_weeks", 98, 80, 92, None),
    ("ecg_without_obvious_abnormality", 98, 80, 88, None),
    ("no_serious_lung_lesion", 98, 80, 88, None),
    ("include_despite_renal_function", 30, 45, 65, None),
    ("moderate_to_severe_sle_activity", 90, 60, 75, SLE),
    ("intolerant_to_standard_sle_treatments", 50, 45, 45, SLE),
    ("single_cni_benefit_outweighs_risk", 50, 45, 65, NEPHROTIC),
    ("other_disease_benefit_outweighs_risk", 30, 35, 60, NEPHROTIC),
    ("intolerant_to_conventional_iga_treatment", 50, 45, 45, IGA),
    ("iga_benefit_outweighs_risk", 50, 45, 60, IGA),
)
SIGNERS = ("synthetic investigator 1", "synthetic investigator 2", "synthetic investigator 3")


def judgements(shape: Shape, who: People) -> Rows:
    rows = Rows(shape, JUDGEMENTS)
    draws = who.draws
    for question, of_candidates, of_others, agreed, kind in QUESTIONS:
        matters = np.ones(len(who), bool) if kind is None else who.ill == kind
        share = np.where(who.candidate & matters, of_candidates, np.where(matters, of_others, of_others // 2))
        here = np.flatnonzero(draws.chance(share, len(who)))
        yes = draws.chance(np.where(who.candidate[here] & (agreed > 70), 98, agreed), len(here))
        _signed(rows, who, question, here, yes, who.before(here, 0, 60))
        again = np.flatnonzero(draws.chance(3, len(here)))  # decided once more, and often otherwise
        _signed(rows, who, question, here[again], ~yes[again], who.before(here[again], -5, 30))
    return rows


def _signed(rows: Rows, who: People, question: str, here: Ints, yes: Flags, day: Ints) -> None:
    draws = who.draws
    on = written_days(day, draws, 2, 0, 0)
    roll = draws.below(100, len(here))
    expired = who.screening[here] - 1 - draws.below(30, len(here))
    expired = np.maximum(expired, on.high)
    later = who.screening[here] + draws.below(90, len(here))
    blurred = of_month(later)
    until = where(
        roll < np.where(who.candidate[here], 1, 8),
        points(expired),
        where(roll < 30, points(np.maximum(later, on.high)), points(np.full(len(here), LAST_DAY, np.int64))),
    )
    until = where(roll > 97, Spans(blurred.low, np.maximum(blurred.high, on.high), blurred.cause), until)
    rows.add(here, question=question, agreed=yes, on=on, until=until, by=draws.below(len(SIGNERS), len(here)))


def reviewed(shape: Shape, who: People) -> Rows:
    """Most of the histories are reviewed as a whole, some in part, some up to a day before screening."""
    rows = Rows(shape, REVIEWED)
    draws, vocabulary = who.draws, shape.vocabulary
    for name, relation in vocabulary.relations.items():
        if relation.kind is not Kind.EVENT:
            continue
        column = relation.columns[relation.concept_column or 0].type
        assert isinstance(column, Coded)
        of_all = who.all_reviewed | draws.chance(20, len(who))
        _reviewed(rows, who, name, column.root, np.flatnonzero(of_all))
    for relation, concept, share in (
        ("condition", "cns_disease", 6),
        ("condition", "disease_needing_long_term_immunosuppression", 5),
        ("condition", "renal_replacement_therapy", 5),
        ("treatment", "glucocorticoid", 6),
        ("treatment", "renin_angiotensin_inhibitor", 5),
        ("observation", "egfr", 30),
        ("observation", "ana_titre", 15),
        ("finding", "finding", 8),
    ):
        _reviewed(rows, who, relation, concept, draws.some(who.everyone, share))
    return rows


def _reviewed(rows: Rows, who: People, relation: str, concept: str, here: Ints) -> None:
    draws = who.draws
    early = draws.chance(np.where(who.candidate[here], 1, 5), len(here))
    through = who.screening[here] + np.where(early, -draws.between(1, 90, len(here)), draws.below(3, len(here)))
    days = where(draws.chance(1, len(here)), of_month(through), points(through))
    rows.add(here, relation=relation, concept=concept, through=days)


def absent(shape: Shape, who: People, conditions: Rows) -> Rows:
    """An explicit "no" of what no record of the chart is of."""
    rows = Rows(shape, ABSENT)
    draws, vocabulary = who.draws, shape.vocabulary
    of_record = np.concatenate(conditions.columns["condition"])
    whose = np.concatenate(conditions.who)
    for concept, share in (
        ("cns_disease", 18),
        ("possible_cns_disease", 8),
        ("macrophage_activation_syndrome", 18),
        ("secondary_cause_of_iga_nephropathy", 12),
        ("uncontrolled_hypertension", 10),
        ("renal_replacement_therapy", 15),
        ("sle", 6),
    ):
        under = shape.places("condition", "condition", sorted(vocabulary.descendants[concept]))
        has = np.zeros(len(who), bool)
        has[whose[np.isin(of_record, under)]] = True
        here = np.flatnonzero(draws.chance(share, len(who)) & ~has)
        through = who.screening[here] - np.where(draws.chance(15, len(here)), draws.between(1, 60, len(here)), 0)
        rows.add(here, relation="condition", concept=concept, through=points(through))
    return rows
