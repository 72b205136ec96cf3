"""Soundness, stated literally: what is said of an incomplete chart holds in every completion of it.

A chart is made at random, and completed at random in many ways: intervals become points, classes become members, unconfirmed
records happened or did not, events are added where nobody reviewed the history, judgements are decided. A criterion that is met
in the chart must be met in each of them, and one that is not met, in none.

The size of the run is set by the environment: `TRIALOG_CHARTS` charts for each program, `TRIALOG_COMPLETIONS` completions for
each chart, from the seed `TRIALOG_SEED` on.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from random import Random

import pytest

from trialog.bounds import CERTAIN, OPEN, POSSIBLE, bounds
from trialog.charts.chart import Chart, Denied, Judgement, Record, Reviewed, Standing, Value
from trialog.charts.dates import period
from trialog.charts.facts import NO_EVIDENCE, Facts, facts
from trialog.check import Pages, check
from trialog.engines.reference import Reference
from trialog.plain import PlainProgram, Row
from trialog.plan import plan
from trialog.program import Program
from trialog.render.problems import render
from trialog.source import Source
from trialog.values import FIRST_DAY, GREATEST, LAST_DAY, LEAST, UNKNOWN_AMOUNT, Cause, Exact, Interval, days, exact, point
from trialog.vocabulary import Coded, Dated, Kind, Measured, Relation, Vocabulary

CHARTS = int(os.environ.get("TRIALOG_CHARTS", "25"))
COMPLETIONS = int(os.environ.get("TRIALOG_COMPLETIONS", "12"))
SEED = int(os.environ.get("TRIALOG_SEED", "0"))

PATIENT = "somebody"
SCREENING = int(days("2024-03-31").low)

VOCABULARY = """
```datalog
source own "made for this test".

concept drug "drug" [own].
concept steroid in drug "steroid" [own].
concept prednisone in steroid "prednisone" [own].
concept cortisone in steroid "cortisone" [own].
concept inhibitor in drug "inhibitor" [own].
concept tacrolimus in inhibitor "tacrolimus" [own].
concept ciclosporin in inhibitor "ciclosporin" [own].
concept mixture in steroid, inhibitor "both at once" [own].
concept methotrexate in drug "methotrexate" [own].

concept condition "condition" [own].
concept cns_disease in condition "disease of the central nervous system" [own].
concept epilepsy in cns_disease "epilepsy" [own].
concept stroke in cns_disease "stroke" [own].
concept sle in condition "lupus" [own].

concept course "course of a disease" [own].
concept remission in course "remission" [own].
concept complete_remission in remission "complete remission" [own].
concept partial_remission in remission "partial remission" [own].
concept relapse in course "relapse" [own].

concept measurement "measurement" [own].
concept egfr in measurement "eGFR" unit 'mL/min/{1.73_m2}' [own].
concept body_weight in measurement "weight" unit 'kg' [own].
concept pressure in measurement "blood pressure" unit 'mm[Hg]' [own].
concept systolic in pressure "systolic" unit 'mm[Hg]' [own].
concept diastolic in pressure "diastolic" unit 'mm[Hg]' [own].

concept finding "question" [own].
concept test in finding "test" [own].
concept other_test in finding "another test" [own].

concept answer "answer" [own].
concept yes in answer "yes" [own].
concept no in answer "no" [own].

concept question "question to the investigator" [own].
concept worth_it in question "worth it?" [own].
concept active in question "active?" [own].

concept decision "decision" [own].
concept agreed in decision "agreed" [own].
concept refused in decision "refused" [own].

concept sex "sex" [own].
concept male in sex "male" [own].
concept female in sex "female" [own].

concept route "route" [own].
concept oral in route "oral" [own].
concept intravenous in route "intravenous" [own].

concept mechanism "mechanism" [own].
concept calcineurin in mechanism "calcineurin" [own].
concept folate in mechanism "folate" [own].

known works_by(drug: drug, mechanism: mechanism) "how it works".
known equivalent(drug: drug, route: route, dose: number 'mg') "as strong as 5 mg".
known next(one: course, other: course) "what may come after".

works_by(tacrolimus, calcineurin) [own].
works_by(ciclosporin, calcineurin) [own].
works_by(mixture, calcineurin) [own].
works_by(methotrexate, folate) [own].
equivalent(prednisone, oral, 5 'mg') [own].
equivalent(prednisone, intravenous, 6 'mg') [own].
equivalent(cortisone, oral, 25 'mg') [own].
next(relapse, partial_remission) [own].
next(partial_remission, complete_remission) [own].

event condition(patient, condition: condition, from: date, to: date) "a disease".
event treatment(patient, drug: drug, from: date, to: date, dose: number 'mg/d', dose_per_weight: number 'mg/kg/d', route: route)
    "a course of a drug" where dose = dose_per_weight * body_weight.
event disease_course(patient, course: course, on: date) "a turn of the disease".
measure observation(patient, measurement: measurement, value: quantity, on: date, upper_limit: quantity) "a result".
measure finding(patient, question: finding, answer: answer, on: date) "an answer".
attribute born(patient, on: date) "birth".
attribute died(patient, on: date) "death".
attribute sex(patient, sex: sex) "sex".
judgement judged(patient, question: question, decision: decision, on: date, until: date) "signed".

reading strictness = strict | loose "how strict to be".
```
"""

# Every rule for a relation of the patient alone is a criterion whose statuses are compared.
PROGRAMS = {
    "events": """
        had_epilepsy(P) :- condition(P, epilepsy, ..).
        had_cns(P) :- condition(P, cns_disease, ..).
        no_cns(P) :- not condition(P, cns_disease, ..).
        no_condition(P) :- not condition(P, condition, ..).
        recent_cns(P) :-
            screening(P, S), condition(P, C, from: From, to: To), C in cns_disease, To >= S - 60 days, From <= S.
        no_recent_cns(P) :- not recent_cns(P).
        lasting(P) :- screening(P, S), condition(P, cns_disease, to: To), To >= S.
        other_condition(P) :- condition(P, C, ..), not C in cns_disease.
        only_cns(P) :- not other_condition(P).
        has_two(P) :- condition(P, A, ..), condition(P, B, ..), A != B.
        has_one_at_most(P) :- not has_two(P).
        same_twice(P) :- condition(P, A, from: X, ..), condition(P, B, from: Y, ..), A = B, X < Y.
        joined_twice(P) :- condition(P, A, from: X, ..), condition(P, A, from: Y, ..), X < Y.
        began_on_a_day(P) :- condition(P, sle, from: 2024-02-29, ..).
        not_begun_on_a_day(P) :- not condition(P, sle, from: 2024-02-29, ..).
        began(P, C, X) :- condition(P, C, from: X, ..).
        sle_first(P) :- began(P, sle, X), not began_before(P, X).
        began_before(P, X) :- began(P, _, X), began(P, _, Y), Y < X.
        began_together(P) :- began(P, sle, X), began(P, C, X), C in cns_disease.
        never_together(P) :- not began_together(P).
        sle_without_epilepsy(P) :- condition(P, sle, ..), not condition(P, epilepsy, ..).
        not_begun_so(P) :- condition(P, sle, from: X, ..), not condition(P, cns_disease, from: X, ..).
        drug_without(P) :- treatment(P, D, ..), not in_use(P, D).
        in_use(P, D) :- treatment(P, D, to: T, ..), screening(P, S), T >= S.
        both(P) :-
            had_epilepsy(P), condition(P, stroke, ..), treatment(P, prednisone, ..), disease_course(P, relapse, _).
        six(P) :- condition(P, epilepsy, ..), condition(P, stroke, ..), treatment(P, D, ..), D in steroid,
            treatment(P, tacrolimus, ..), disease_course(P, relapse, X), disease_course(P, remission, Y), X < Y.
        not_six(P) :- not six(P).
        has(P, C) :- condition(P, C, ..).
        has_sle(P) :- has(P, sle).
        has_cns(P) :- has(P, C), C in cns_disease.
        has_not_sle(P) :- not has(P, sle).
        misses_one(P) :- next(_, C), not disease_course(P, C, _).
        named(P) :- condition(P, C, ..), C = sle.
        unnamed(P) :- condition(P, C, ..), C != cns_disease.
    """,
    "drugs": """
        mechanisms_differ(P) :- treatment(P, A, ..), treatment(P, B, ..), works_by(A, X), works_by(B, Y), X != Y.
        one_mechanism(P) :- not mechanisms_differ(P).
        known_drug(P) :- treatment(P, D, ..), works_by(D, calcineurin).
        unknown_drug(P) :- treatment(P, D, ..), not works_by(D, _).
        strong(P) :-
            treatment(P, D, dose: Dose, route: R, ..), D in steroid, equivalent(D, R, E),
            Dose * 5 'mg' >= 20 'mg/d' * E.
        never_strong(P) :- not strong(P).
        strong_for_weight(P) :- treatment(P, D, dose_per_weight: Dose, ..), D in steroid, Dose >= 1 'mg/kg/d'.
        never_strong_for_weight(P) :- not strong_for_weight(P).
        steroid_and_inhibitor(P) :- treatment(P, D, ..), D in steroid, D in inhibitor.
        not_both(P) :- not steroid_and_inhibitor(P).
        steroid_not_inhibitor(P) :- treatment(P, D, ..), D in steroid, not D in inhibitor.
        by_mouth(P) :- treatment(P, prednisone, route: oral, ..).
        not_by_mouth(P) :- not treatment(P, prednisone, route: oral, ..).
        two_drugs(P) :- count { D : treatment(P, D, ..) } >= 2.
        two_steroids(P) :- count { D : treatment(P, D, ..), D in steroid } >= 2.
        under_two(P) :- count { D : treatment(P, D, ..), D in steroid } < 2.
        exactly_one(P) :- count { D : treatment(P, D, ..), D in steroid } = 1.
        none_at_all(P) :- count { D : treatment(P, D, ..) } <= 0.
        any_number(P) :- count { D : treatment(P, D, ..) } >= 0.
        two_beginnings(P) :- count { X : treatment(P, _, from: X, ..) } >= 2.
        beginnings_under_three(P) :- count { X : treatment(P, _, from: X, ..) } < 3.
        two_doses(P) :- count { X : treatment(P, prednisone, dose: X, ..) } > 1.
        one_dose(P) :- not two_doses(P).
        in_strict_reading(P) :- reading strictness = strict, treatment(P, tacrolimus, ..).
        in_loose_reading(P) :- reading strictness = loose, treatment(P, inhibitor, ..).
        as_read(P) :- in_strict_reading(P).
        as_read(P) :- in_loose_reading(P).
        not_as_read(P) :- not as_read(P).
        drug_at(P, D, From, To) :- treatment(P, D, from: From, to: To, ..), D in inhibitor.
        at_the_same_time(P) :- drug_at(P, A, From, To), drug_at(P, B, Begin, End), A != B, From <= End, Begin <= To.
        sparing(P, D) :- treatment(P, D, ..), D in inhibitor.
        sparing(P, D) :- treatment(P, D, ..), D = methotrexate.
        two_sparing(P) :- count { D : sparing(P, D) } >= 2.
        sparing_both(P) :- sparing(P, A), sparing(P, B), works_by(A, X), works_by(B, Y), X != Y.
        long_drug(P, D) :- sparing(P, D), longest { From, To : treatment(P, D, from: From, to: To) } >= 3 months.
        some_long(P) :- long_drug(P, _).
        two_long(P) :- count { D : long_drug(P, D) } >= 2.
        no_long(P) :- not long_drug(P, tacrolimus).
    """,
    "periods": """
        steroid(P, From, To) :- treatment(P, D, from: From, to: To), D in steroid.
        covered_3(P) :- covered { From, To : steroid(P, From, To) } >= 3 months.
        covered_more(P) :- covered { From, To : steroid(P, From, To) } > 90 days.
        covered_less(P) :- covered { From, To : steroid(P, From, To) } < 3 months.
        covered_at_most(P) :- covered { From, To : steroid(P, From, To) } <= 90 days.
        covered_12(P) :- covered { From, To : steroid(P, From, To) } >= 12 months.
        longest_3(P) :- longest { From, To : steroid(P, From, To) } >= 3 months.
        longest_less(P) :- longest { From, To : steroid(P, From, To) } < 3 months.
        longest_over(P) :- longest { From, To : steroid(P, From, To) } > 30 days.
        bridged(P) :- longest { From, To : steroid(P, From, To) } gap 7 days >= 3 months.
        bridged_by_months(P) :- longest { From, To : steroid(P, From, To) } gap 1 month >= 6 months.
        never_bridged(P) :- not bridged(P).
        directly(P) :- longest { From, To : treatment(P, prednisone, from: From, to: To) } >= 2 months.
        since(P, From) :- steroid(P, From, To), screening(P, S), To >= S.
        since(P, From) :- steroid(P, From, To), since(P, Later), To + 1 day >= Later.
        for_6_months(P) :- since(P, From), screening(P, S), From + 6 months <= S.
        not_for_6_months(P) :- not for_6_months(P).
        later(P, From) :- steroid(P, From, _), steroid(P, After, _), From < After.
        last_began_late(P) :- steroid(P, From, _), not later(P, From), screening(P, S), From >= S - 1 month.
        earliest(P) :- min { From : steroid(P, From, _) } <= 2023-06-30.
        not_earliest(P) :- min { From : steroid(P, From, _) } > 2023-06-30.
        latest_end(P) :- max { To : steroid(P, _, To) } >= 2024-01-31.
        latest_end_before(P) :- max { To : steroid(P, _, To) } < 2024-01-31.
        low_dose(P) :- min { X : treatment(P, prednisone, dose: X, ..) } < 5 'mg/d'.
        always_low_dose(P) :- max { X : treatment(P, prednisone, dose: X, ..) } <= 5 'mg/d'.
        top_dose(P) :- max { X : treatment(P, steroid, dose: X, ..) } = 20 'mg/d'.
        a_leap(P) :- steroid(P, From, To), From + 1 month <= To, To - 1 year <= From.
        between(P) :- disease_course(P, remission, X), disease_course(P, relapse, Y), X <= Y, Y <= X + 3 months.
        never_between(P) :- not between(P).
        after(P, X, Y) :- disease_course(P, A, X), disease_course(P, B, Y), next(A, B), X <= Y.
        reached(P, X) :- disease_course(P, relapse, X).
        reached(P, Y) :- reached(P, X), after(P, X, Y).
        reached_this_year(P) :- reached(P, X), X >= 2024-01-01.
        not_reached_this_year(P) :- not reached_this_year(P).
        a_day_apart(P) :- disease_course(P, remission, X), disease_course(P, relapse, Y), X = Y + 1 day.
        a_span(P) :- disease_course(P, remission, X), Y = X + 1 month, disease_course(P, relapse, Z), Z > Y.
        on_the_day(P) :- disease_course(P, remission, X), Y = X + 1 month, disease_course(P, relapse, Y).
        other_days(P) :- disease_course(P, remission, X), disease_course(P, relapse, Y), X != Y.
        no_other_days(P) :- not other_days(P).
        remission_since(P) :- steroid(P, From, _), disease_course(P, complete_remission, X), X >= From.
        no_remission_since(P) :- steroid(P, _, _), not remission_since(P).
    """,
    "results": """
        egfr_30(P) :- latest observation(P, egfr, V, ..), V >= 30 'mL/min/{1.73_m2}'.
        not_egfr_30(P) :- not egfr_30(P).
        egfr_between(P) :- latest observation(P, egfr, V, ..), V >= 30 'mL/min/{1.73_m2}', V < 60 'mL/min/{1.73_m2}'.
        egfr_recorded(P) :- recorded observation(P, egfr, ..).
        formula(P) :- unrecorded observation(P, egfr, ..), latest observation(P, body_weight, W, ..), W > 30 'kg'.
        within_limit(P) :- latest observation(P, egfr, V, upper_limit: U), V <= 2 * U.
        halved(P) :-
            observation(P, egfr, A, X, ..), observation(P, egfr, B, Y, ..), X <= Y, Y <= X + 3 months, 2 * B <= A.
        not_halved(P) :- not halved(P).
        ever_30(P) :- observation(P, egfr, V, ..), V >= 30 'mL/min/{1.73_m2}'.
        never_30(P) :- not ever_30(P).
        had_pressure(P) :- observation(P, pressure, ..).
        high_pressure(P) :- latest observation(P, pressure, V, ..), V > 120 'mm[Hg]'.
        high_systolic(P) :- latest observation(P, systolic, V, ..), V > 120 'mm[Hg]'.
        not_high_systolic(P) :- latest observation(P, systolic, ..), not high_systolic(P).
        spread(P) :-
            latest observation(P, systolic, V, ..), latest observation(P, diastolic, W, ..), V - W >= 40 'mm[Hg]'.
        product(P) :- latest observation(P, systolic, V, ..), latest observation(P, diastolic, W, ..),
            V * W >= 9600 'mm[Hg].mm[Hg]', (V + W) / 2 < 120 'mm[Hg]'.
        negative_product(P) :- latest observation(P, systolic, V, ..), latest observation(P, diastolic, W, ..),
            (V - 100 'mm[Hg]') * (W - 80 'mm[Hg]') > 0 'mm[Hg].mm[Hg]'.
        weight_then(P) :- condition(P, sle, from: X, ..), latest observation(P, body_weight, W, ..) at X, W >= 30 'kg'.
        light_then(P) :- condition(P, sle, from: X, ..), latest observation(P, body_weight, W, ..) at X, W < 30 'kg'.
        not_light_then(P) :- not light_then(P).
        unweighed_then(P) :- condition(P, sle, from: X, ..), not latest observation(P, body_weight, ..) at X.
        weight_on_a_day(P) :- latest observation(P, body_weight, W, ..) at 2023-12-31, W >= 30 'kg'.
        no_weight_on_a_day(P) :- not latest observation(P, body_weight, ..) at 2023-12-31.
        gained(P) :- screening(P, S), Then = S - 3 months, latest observation(P, body_weight, A, ..) at Then,
            latest observation(P, body_weight, B, ..), B > A + 2 'kg'.
        same_weight(P) :-
            latest observation(P, body_weight, A, ..), latest observation(P, body_weight, B, ..) at 2023-12-31, A = B.
        other_weight(P) :-
            latest observation(P, body_weight, A, ..), latest observation(P, body_weight, B, ..) at 2023-12-31, A != B.
        exactly_30(P) :- latest observation(P, egfr, 30 'mL/min/{1.73_m2}', ..).
        not_exactly_30(P) :- not latest observation(P, egfr, 30 'mL/min/{1.73_m2}', ..).
        test_yes(P) :- latest finding(P, test, yes, ..).
        test_not_yes(P) :- not latest finding(P, test, yes, ..).
        test_no(P) :- latest finding(P, test, no, ..).
        test_some(P) :- latest finding(P, test, A, ..), A in answer.
        test_new(P) :- latest finding(P, test, yes, on: X), screening(P, S), X >= S - 60 days.
        test_old(P) :- latest finding(P, test, _, on: X), screening(P, S), X < S - 60 days.
        tests_agree(P) :- latest finding(P, test, A, ..), latest finding(P, other_test, B, ..), A = B.
        tests_same(P) :- latest finding(P, test, A, ..), latest finding(P, other_test, A, ..).
        tests_differ(P) :- latest finding(P, test, A, ..), latest finding(P, other_test, B, ..), A != B.
        tests_do_not_agree(P) :- not tests_same(P).
        highest(P) :- max { V : observation(P, egfr, V, ..) } >= 60 'mL/min/{1.73_m2}'.
        lowest(P) :- min { V : observation(P, egfr, V, ..) } >= 30 'mL/min/{1.73_m2}'.
        twice_measured(P) :- count { X : observation(P, egfr, _, X, ..) } >= 2.
        any_test(P) :- latest finding(P, finding, yes, ..).
        test_at(P) :- disease_course(P, relapse, X), latest finding(P, test, yes, ..) at X.
        no_test_at(P) :- disease_course(P, relapse, X), not latest finding(P, test, yes, ..) at X.
        halved_since(P) :- latest observation(P, egfr, V, X, ..), observation(P, egfr, W, Y, ..), Y < X, 2 * V <= W.
    """,
    "classes": """
        twice(P) :- treatment(P, D, ..), count { X : treatment(P, D, from: X, ..) } >= 2.
        few(P) :- treatment(P, D, ..), count { X : treatment(P, D, from: X, ..) } < 2.
        long_of_one(P) :- treatment(P, D, ..), longest { X, Y : treatment(P, D, from: X, to: Y) } >= 2 months.
        short_of_one(P) :- treatment(P, D, ..), longest { X, Y : treatment(P, D, from: X, to: Y) } < 2 months.
        covered_by_one(P) :- treatment(P, D, ..), covered { X, Y : treatment(P, D, from: X, to: Y) } >= 2 months.
        hardly_covered_by_one(P) :- treatment(P, D, ..), covered { X, Y : treatment(P, D, from: X, to: Y) } < 2 months.
        unexplained(P) :- treatment(P, D, ..), count { M : works_by(D, M) } < 1.
        explained(P) :- treatment(P, D, ..), count { M : works_by(D, M) } >= 1.
        same_way(A, B) :- works_by(A, M), works_by(B, M).
        alike(P) :- treatment(P, A, ..), treatment(P, B, ..), same_way(A, B), A != B.
        unlike(P) :- treatment(P, A, ..), treatment(P, B, ..), not same_way(A, B).
        alone(P) :- treatment(P, A, ..), not treated_before(P, A).
        treated_before(P, A) :- treatment(P, A, from: X, ..), treatment(P, A, from: Y, ..), Y < X.
        top_of_one(P) :- treatment(P, D, ..), max { X : treatment(P, D, from: X, ..) } >= 2024-01-01.
        not_top_of_one(P) :- treatment(P, D, ..), max { X : treatment(P, D, from: X, ..) } < 2024-01-01.
        first_of_one(P) :- treatment(P, D, ..), min { X : treatment(P, D, from: X, ..) } < 2024-01-01.
        not_first_of_one(P) :- treatment(P, D, ..), min { X : treatment(P, D, from: X, ..) } >= 2024-01-01.
        as_condition(P, sle) :- condition(P, epilepsy, ..).
        as_condition(P, C) :- condition(P, C, ..), C in cns_disease.
        as_sle(P) :- as_condition(P, sle).
        as_stroke(P) :- not as_condition(P, stroke).
        as_both(P) :- count { C : as_condition(P, C) } >= 2.
        as_one(P) :- count { C : as_condition(P, C) } <= 1.
        counted_from(P, 2024-01-31) :- condition(P, stroke, ..).
        counted_from(P, X) :- condition(P, epilepsy, from: X, ..).
        counted_late(P) :- counted_from(P, X), X >= 2024-01-31.
        counted_early(P) :- counted_from(P, X), X < 2024-01-31.
        counted_once(P) :- count { X : counted_from(P, X) } = 1.
        paired(P, A, B) :- treatment(P, A, ..), treatment(P, B, ..), A != B.
        paired_inhibitor(P) :- paired(P, A, _), A in inhibitor.
        paired_both(P) :- paired(P, A, B), A in inhibitor, B in steroid.
        unpaired(P) :- treatment(P, A, ..), not paired(P, A, _).
        never_paired(P) :- not paired(P, _, _).
        pairs(P) :- count { A : paired(P, A, prednisone) } >= 1.
        no_pairs(P) :- count { A : paired(P, A, prednisone) } < 1.
        linked(P, A, B) :- paired(P, A, B).
        linked(P, A, C) :- linked(P, A, B), paired(P, B, C).
        linked_to_itself(P) :- linked(P, A, A).
        linked_methotrexate(P) :- linked(P, prednisone, methotrexate).
        not_linked(P) :- not linked(P, prednisone, methotrexate).
        same_route(P) :- treatment(P, A, route: R, ..), treatment(P, B, route: R, ..), A != B.
        other_route(P) :- treatment(P, A, route: R, ..), not by_route(P, R, A).
        by_route(P, R, A) :- treatment(P, B, route: R, ..), treatment(P, A, ..), A != B.
        route_twice(P) :- count { R : treatment(P, prednisone, route: R, ..) } >= 2.
        route_once(P) :- count { R : treatment(P, prednisone, route: R, ..) } < 2.
    """,
    "aggregates": """
        of_nobody(P) :- treatment(P, prednisone, ..), count { M : works_by(prednisone, M) } < 1.
        of_somebody(P) :- not treatment(P, tacrolimus, ..), count { M : works_by(tacrolimus, M) } >= 1.
        calm_drugs(P) :- count { D : treatment(P, D, from: X, ..), not condition(P, cns_disease, from: X, ..) } >= 1.
        no_calm_drugs(P) :- count { D : treatment(P, D, from: X, ..), not condition(P, cns_disease, from: X, ..) } < 1.
        two_calm_drugs(P) :- count { D : treatment(P, D, ..), not condition(P, cns_disease, ..) } >= 2.
        drugs_since(P) :- count { D : treatment(P, D, from: X, ..), latest finding(P, test, yes, Y), Y <= X } >= 1.
        no_drugs_since(P) :- count { D : treatment(P, D, from: X, ..), latest finding(P, test, yes, Y), Y <= X } < 1.
        drugs_while_tested(P) :- count { D : treatment(P, D, from: X, ..), latest finding(P, test, yes, ..) at X } >= 2.
        no_drugs_while_tested(P) :-
            count { D : treatment(P, D, from: X, ..), latest finding(P, test, yes, ..) at X } <= 0.
        drugs_if_active(P) :- count { D : treatment(P, D, ..), judged(P, active, ..) } >= 1.
        no_drugs_if_active(P) :- count { D : treatment(P, D, ..), judged(P, active, ..) } < 1.
        drugs_if_tested(P) :- count { D : treatment(P, D, ..), recorded finding(P, test, ..) } >= 1.
        another(P) :- treatment(P, D, ..), D in steroid, count { A : treatment(P, A, ..), A != D } >= 1.
        no_other(P) :- treatment(P, D, ..), D in steroid, count { A : treatment(P, A, ..), A != D } < 1.
        rose_above(P) :- latest observation(P, systolic, V, ..), max { W : observation(P, diastolic, W, ..) } >= V.
        stayed_below(P) :- latest observation(P, systolic, V, ..), max { W : observation(P, diastolic, W, ..) } < V.
        double(P) :- latest observation(P, systolic, V, ..), min { W : observation(P, diastolic, W, ..) } = 2 * V.
        not_double(P) :-
            latest observation(P, systolic, V, ..), min { W : observation(P, diastolic, W, ..) } > V - 20 'mm[Hg]'.
        top_is_20(P) :- max { X : treatment(P, _, dose: X, ..) } = 20 'mg/d'.
        bottom_is_20(P) :- min { X : treatment(P, _, dose: X, ..) } = 20 'mg/d'.
        bottom_above(P) :- min { X : treatment(P, _, dose: X, ..) } > 0.004 'g/d'.
        top_below(P) :- max { X : treatment(P, _, dose: X, ..) } < 0.06 'g/d'.
        last_relapse_new(P) :- screening(P, S), max { X : disease_course(P, relapse, X) } >= S - 2 months.
        last_relapse_old(P) :- screening(P, S), max { X : disease_course(P, relapse, X) } < S - 2 months.
        after_remission(P) :- disease_course(P, remission, Y), min { X : treatment(P, _, from: X, ..) } > Y.
        in_remission(P) :- disease_course(P, remission, Y), max { X : disease_course(P, relapse, X) } <= Y.
        long_before(P) :-
            covered { X, Y : treatment(P, D, from: X, to: Y), D in steroid, disease_course(P, relapse, Z), Y < Z } >= 1 month.
        never_long_before(P) :-
            covered { X, Y : treatment(P, D, from: X, to: Y), D in steroid, disease_course(P, relapse, Z), Y < Z } < 1 month.
        long_enough(P) :- longest { X, Y : strong(P, X, Y) } >= 2 months.
        not_long_enough(P) :- longest { X, Y : strong(P, X, Y) } < 2 months.
        strong(P, X, Y) :-
            treatment(P, D, from: X, to: Y, dose: V, route: R, ..), equivalent(D, R, E), V * 5 'mg' >= 20 'mg/d' * E.
        no_day(P) :- longest { X, Y : treatment(P, _, from: X, to: Y) } >= 0 days.
        day_less(P) :- covered { X, Y : treatment(P, _, from: X, to: Y) } < 1 day.
        days_of_tests(P) :- count { X : finding(P, test, _, X) } >= 2.
        one_day_of_tests(P) :- count { X : finding(P, test, _, X) } = 1.
        answers(P) :- count { A : finding(P, test, A, _) } >= 2.
        one_answer(P) :- count { A : finding(P, test, A, _) } < 2.
    """,
    "corners": """
        in_turn(P, A, B) :- treatment(P, A, from: X, ..), treatment(P, B, from: Y, ..), X < Y.
        repeated(P) :- in_turn(P, A, A).
        not_repeated(P) :- treatment(P, A, ..), not in_turn(P, A, A).
        repeated_inhibitor(P) :- in_turn(P, A, A), A in inhibitor.
        one_day(P) :- treatment(P, _, from: X, to: X, ..).
        not_one_day(P) :- treatment(P, A, ..), not of_one_day(P, A).
        of_one_day(P, A) :- treatment(P, A, from: X, to: X, ..).
        stated(P, 5 'mg/d') :- condition(P, sle, ..).
        stated(P, V) :- treatment(P, prednisone, dose: V, ..).
        stated_low(P) :- stated(P, V), V <= 5 'mg/d'.
        stated_high(P) :- stated(P, V), V >= 0.02 'g/d'.
        not_stated_high(P) :- not stated_high(P).
        stated_exactly(P) :- stated(P, 20 'mg/d').
        not_stated_exactly(P) :- not stated(P, 20 'mg/d').
        limit(5 'mg/d').
        limit(20 'mg/d').
        at_a_limit(P) :- treatment(P, _, dose: V, ..), limit(V).
        above_a_limit(P) :- treatment(P, _, dose: V, ..), limit(L), V > L.
        above_all_limits(P) :- treatment(P, D, dose: V, ..), not below_a_limit(P, D, V).
        below_a_limit(P, D, V) :- treatment(P, D, dose: V, ..), limit(L), V <= L.
        halves(P) :- treatment(P, _, dose: V, ..), W = V / 2, W >= 10 'mg/d', W < 30 'mg/d'.
        lowered(P) :-
            treatment(P, _, dose: V, from: X, ..), treatment(P, _, dose: W, from: Y, ..), X < Y, U = V - W,
            U > 0 'mg/d'.
        mirrored(P) :- treatment(P, _, dose: V, ..), -2 * V + 40 'mg/d' > 0 'mg/d'.
        squared(P) :- treatment(P, _, dose: V, ..), (V - 20 'mg/d') * (V - 20 'mg/d') > 1 'mg/d.mg/d'.
        divided(P) :- treatment(P, _, dose: V, ..), V / -2 < -10 'mg/d'.
        same_value(P) :- treatment(P, A, dose: V, ..), treatment(P, B, dose: W, ..), A != B, V = W.
        same_variable(P) :- treatment(P, A, dose: V, ..), treatment(P, B, dose: V, ..), A != B.
        never_same_variable(P) :- not same_variable(P).
        shared_day(P) :- condition(P, C, from: X, ..), disease_course(P, _, X), C in cns_disease.
        never_shared_day(P) :- not shared_day(P).
        month_later(P) :-
            condition(P, _, from: X, ..), Y = X + 1 month, Z = Y - 30 days, disease_course(P, _, W), W >= Z, W <= Y.
        chained(P, A, X) :- disease_course(P, A, X).
        chained(P, B, X) :- chained(P, A, X), next(A, B).
        chained_far(P) :- chained(P, complete_remission, X), X >= 2023-06-30.
        not_chained_far(P) :- not chained_far(P).
        chained_any(P) :- chained(P, C, _), C in remission.
        six_joined(P, D) :-
            treatment(P, D, from: A, to: B), condition(P, _, from: C, ..), A <= C, disease_course(P, relapse, E),
            C <= E,
            disease_course(P, remission, F), F >= A, finding(P, test, _, G), G <= B, condition(P, sle, to: H), H >= A.
        six_joined_steroid(P) :- six_joined(P, D), D in steroid.
        not_six_joined(P) :- not six_joined(P, prednisone).
        six_counted(P) :- count { D : six_joined(P, D) } >= 1.
        six_uncounted(P) :- count { D : six_joined(P, D) } < 1.
        is_surely(P) :- treatment(P, _, ..), tacrolimus in inhibitor, not tacrolimus in steroid.
        never(P) :- treatment(P, _, ..), tacrolimus in steroid.
        surely_read(P) :- screening(P, _), reading strictness = strict.
        unread(P) :- not surely_read(P).
        group(inhibitor).
        group(steroid).
        of_group(P) :- treatment(P, D, ..), group(D).
        of_no_group(P) :- treatment(P, D, ..), not group(D).
        after_answer(P, A, X) :- latest finding(P, test, A, X), disease_course(P, _, Y), X <= Y.
        after_yes(P) :- after_answer(P, yes, _).
        after_no_yes(P) :- not after_answer(P, yes, _).
        two_tests(P) :- finding(P, Q, A, X), finding(P, R, A, Y), Q != R, X <= Y.
        tested_alike(P) :- finding(P, Q, A, _), Q in finding, not finding(P, test, A, _).
        measured_twice(P) :- observation(P, M, _, X, ..), observation(P, M, _, Y, ..), X < Y, M in pressure.
        never_measured(P) :- not observation(P, measurement, ..).
        measured_other(P) :- observation(P, M, ..), not M in pressure.
        limits(P) :- observation(P, egfr, V, _, U), V > U.
        at_the_end(P) :-
            treatment(P, D, to: T, ..), D in steroid, latest observation(P, body_weight, W, ..) at T, W > 30 'kg'.
        later_weight(P) :-
            treatment(P, _, from: X, ..), Y = X + 3 months, latest observation(P, body_weight, W, on: Z, ..) at Y,
            Z > X, W > 30 'kg'.
        no_later_weight(P) :-
            treatment(P, _, from: X, ..), Y = X + 3 months, not latest observation(P, body_weight, ..) at Y.
        old_weight(P) :- treatment(P, A, ..), not weighed(P, A).
        weighed(P, A) :- treatment(P, A, from: X, ..), latest observation(P, body_weight, W, ..) at X, W >= 1 'kg'.
    """,
    "attributes": """
        adult(P) :- born(P, B), screening(P, S), B + 18 years <= S.
        child(P) :- born(P, B), screening(P, S), S < B + 18 years.
        not_adult(P) :- not adult(P).
        is_male(P) :- sex(P, male).
        is_not_male(P) :- not sex(P, male).
        is_female(P) :- sex(P, S), S != male.
        some_sex(P) :- sex(P, sex).
        no_death(P) :- not died(P, _).
        dead(P) :- died(P, _).
        no_death_recorded(P) :- unrecorded died(P, ..).
        sex_recorded(P) :- recorded sex(P, ..).
        alive_and_worth_it(P) :- unrecorded died(P, ..), judged(P, worth_it, ..).
        is_active(P) :- judged(P, active, ..).
        is_not_active(P) :- not judged(P, active, ..).
        either(P) :- judged(P, active, ..).
        either(P) :- judged(P, worth_it, ..).
        neither(P) :- not either(P).
        lived_long(P) :- born(P, B), died(P, D), B + 1 year <= D.
        not_lived_long(P) :- born(P, B), died(P, D), not B_then(P, B, D).
        sick_as_child(P) :- born(P, B), condition(P, sle, from: X, ..), X < B + 3 years.
        not_sick_as_child(P) :- not sick_as_child(P).
        age_at_remission(P) :- born(P, B), disease_course(P, remission, X), B + 1 year <= X, X <= B + 10 years.
        known_sex(P) :- sex(P, S), S in sex.
        treated_and_active(P) :-
            judged(P, active, ..), count { D : treatment(P, D, ..) } >= 2, not condition(P, stroke, ..).
        weight_at_birth(P) :- born(P, B), latest observation(P, body_weight, W, ..) at B, W < 30 'kg'.
    """.replace("not B_then(P, B, D)", "B + 1 year > D"),
}  # fmt: skip


# -- the program ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """A checked program, prepared for each choice of readings; `criteria` are its relations of the patient alone."""

    program: Program
    plain: PlainProgram
    engines: Mapping[str, Reference]
    criteria: tuple[str, ...]
    about: frozenset[str]

    def statuses(self, given: Facts, option: str) -> dict[str, tuple[bool, bool]]:
        """Of each criterion, whether it certainly holds and whether it possibly does."""
        rows = self.engines[option].run(given)
        row = (PATIENT,)
        return {
            c: (row in rows[f"{CERTAIN} {c}"] or row in rows[c], row in rows[f"{POSSIBLE} {c}"] or row in rows[c])
            for c in self.criteria
        }


def ready(rules: str) -> Ready:
    page = Source("rules.md", f"{VOCABULARY}\n```datalog\n{rules}\n```\n")
    program, problems = check(Pages((page,), None, None))
    assert program is not None, "\n".join(render(p) for p in problems)
    criteria = tuple(n for n, d in program.derived.items() if len(d.columns) == 1 and d.about_patient and "/" not in n)
    plain = bounds(program)
    wanted = [name for c in criteria for name in (c, f"{CERTAIN} {c}", f"{POSSIBLE} {c}")]
    engines = {o: Reference(plan(plain, {"strictness": o}, wanted)) for o in ("strict", "loose")}
    about = frozenset(n for n in program.vocabulary.relations if f"{n}(" in rules) | {"observation"}
    return Ready(program, plain, engines, criteria, about)


prepared = cache(ready)

# -- charts at random ----------------------------------------------------------------------------------------------

_MONTHS = [f"{year}-{month:02}" for year in (2022, 2023, 2024) for month in range(1, 13)][8:30]
_NUMBERS = (0, 1, 2, 4, 5, 6, 19, 20, 21, 25, 29, 30, 31, 59, 60, 61, 80, 99, 100, 119, 120, 121, Fraction(9999, 100))


class Charts:
    """Makes charts at random, each from small and telling values, so that thresholds are met, missed and hit."""

    def __init__(self, random: Random, vocabulary: Vocabulary) -> None:
        self.random = random
        self.vocabulary = vocabulary
        self.favourites: dict[str, str] = {}  # concepts of which this chart has several
        self.ends: list[int] = []  # of periods, after which others may begin

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def chart(self, about: frozenset[str]) -> Chart:
        """A chart with records of the relations that it is to be `about`."""
        records: list[Record] = []
        self.favourites = {c: self.concept(c, 0.9) for c in self.vocabulary.concepts} if self.chance(0.6) else {}
        rich = self.random.choice((1, 2, 4))
        relations = [r for r in self.vocabulary.relations.values() if r.name in about]
        for relation in relations:
            if relation.kind in (Kind.EVENT, Kind.MEASURE):
                most = rich * (2 if relation.kind is Kind.MEASURE else 1)
                records += [self.record(relation) for _ in range(self.random.randint(0, most))]
            elif relation.kind is Kind.ATTRIBUTE:
                records += [self.record(relation) for _ in range(self.random.choice((0, 1, 1, 2)))]
        judgements = [self.judgement() for _ in range(self.random.randint(0, 3))]
        dated = [r for r in relations if r.kind in (Kind.EVENT, Kind.MEASURE)]
        reviewed = [s for r in dated for s in self.statements(r, Reviewed, 0.8)]
        denied = [s for r in dated for s in self.statements(r, Denied, 0.25)]
        return Chart(PATIENT, None, tuple(records), tuple(judgements), tuple(reviewed), tuple(denied))

    def statements[T](self, relation: Relation, kind: type[T], often: float) -> Iterator[T]:
        while self.chance(often):
            root = concept_root(relation)
            concept = root if self.chance(0.5) else self.concept(root, 0.5)
            through = self.random.choice(
                (point(SCREENING), point(SCREENING), point(SCREENING + 9), days("2024"), days("2024-03"), self.day())
            )
            yield kind(relation.name, concept, through)  # type: ignore[call-arg]
            often /= 2

    def concept(self, root: str, leaf: float = 0.75) -> str:
        if root in self.favourites and self.chance(0.6):
            return self.favourites[root]
        under = self.vocabulary.descendants[root]
        some = under & self.vocabulary.leaves if self.chance(leaf) else under
        return self.random.choice(sorted(some))

    def day(self) -> Interval:
        month = self.random.choice(_MONTHS)
        match self.random.randint(0, 9):
            case 0:
                return days(month[:4])
            case 1 | 2:
                return days(month)
            case 3:
                return Interval(SCREENING - self.random.randint(1, 90), SCREENING + self.random.randint(-1, 9), Cause.IMPRECISE)
            case 4:
                return point(SCREENING - self.random.choice((0, 1, 59, 60, 61, 90, 91, 92, 182, 183)))
            case 5:
                return point(int(days(month).high))
            case _:
                return point(self.random.randint(int(days(month).low), int(days(month).high)))

    def number(self, measure: bool) -> Interval:
        value = self.random.choice(_NUMBERS)
        match self.random.randint(0, 9):
            case 0:
                return Interval(0, value, Cause.IMPRECISE) if value else point(0)
            case 1:
                return Interval(value, GREATEST, Cause.IMPRECISE)
            case 2:
                return Interval(value, value + self.random.choice((1, 2, 40)), Cause.IMPRECISE)
            case 3:
                return UNKNOWN_AMOUNT
            case 4 if measure and self.chance(0.1):
                return Interval(LEAST, GREATEST, Cause.MISSING)
            case _:
                return point(value)

    def value(self, type_: object) -> Value:
        match type_:
            case Dated():
                return self.day()
            case Coded(root):
                return self.concept(root)
            case _:
                return self.number(isinstance(type_, Measured))

    def record(self, relation: Relation) -> Record:
        values = [self.value(c.type) for c in relation.columns]
        if (to := relation.position("to")) is not None and relation.position("from") is not None:
            begin, end = self.term()
            values[relation.position("from") or 0], values[to] = begin, end
        if relation.name == "born":
            year = self.random.choice((2005, 2006, 2007, 2020, 2021, 2024))
            values[0] = self.random.choice((days(f"{year}"), days(f"{year}-03"), days(f"{year}-03-31"), days("2006-04-01")))
        return Record(relation.name, tuple(values), Standing.UNCONFIRMED if self.chance(0.12) else Standing.CONFIRMED)

    def term(self) -> tuple[Interval, Interval]:
        while True:
            begin = None if self.chance(0.05) else self.day()
            end = None if self.chance(0.2) else self.day()
            if self.ends and self.chance(0.3):
                begin = point(self.random.choice(self.ends) + self.random.choice((0, 1, 2, 8, 9)))
            if begin is not None and self.chance(0.5):
                length = self.random.choice((0, 1, 27, 28, 29, 30, 60, 89, 90, 91, 92, 120, 183, 364, 365, 366))
                low = int(begin.low) + length
                end = Interval(low, low + int(begin.high - begin.low), begin.cause)
            try:
                begin, end = period(begin, end)
            except ValueError:
                continue
            if end.high <= SCREENING:
                self.ends.append(int(end.high))
            return begin, end

    def judgement(self) -> Judgement:
        until = self.random.choice((point(LAST_DAY), point(SCREENING), self.day()))
        return Judgement(self.random.choice(("worth_it", "active")), self.random.choice(("agreed", "refused")), self.day(), until, "dr")  # fmt: skip


def concept_root(relation: Relation) -> str:
    column = relation.columns[relation.concept_column or 0].type
    assert isinstance(column, Coded)
    return column.root


# -- completions at random -----------------------------------------------------------------------------------------


class ImpossibleError(Exception):
    """What is recorded contradicts itself: there is no such chart."""


class Completion:
    """One way in which a chart may be completed, decided at random, and the rows that hold then."""

    def __init__(self, random: Random, chart: Chart, program: "Ready") -> None:
        vocabulary, asked = program.program.vocabulary, program.plain.asked
        self.random = random
        self.program = program
        self.chart = chart
        self.vocabulary = vocabulary
        self.makes = Charts(random, vocabulary)
        self.closed = [
            (s.relation, s.concept, self.pick(s.through), isinstance(s, Denied)) for s in (*chart.reviewed, *chart.denied)
        ]
        self.recorded = list(self.agreed([r for r in chart.records if self.relation(r).kind is not Kind.ATTRIBUTE]))
        self.added: list[Record] = []
        if len(set(self.moments())) < len({(r.relation, r.values) for r in self.recorded if self.relation(r).kind is Kind.MEASURE}):
            raise ImpossibleError  # two results of one moment that were recorded of a class and of its member
        self.add()
        self.asked = sorted(asked | {("observation", "body_weight")})
        self.lasts = {a: self.latest(*a) for a in self.asked if self.vocabulary.relations[a[0]].kind is Kind.MEASURE}
        self.recorded = [self.with_amounts(r) for r in self.recorded]
        self.added = [self.with_amounts(r) for r in self.added]
        self.attributes = list(self.decided_attributes())
        self.judgements = list(self.decided_judgements())

    def relation(self, record: Record) -> Relation:
        return self.vocabulary.relations[record.relation]

    def pick(self, of: Interval) -> Exact:
        """A value of the interval: an end of it, or something telling inside."""
        if of.is_point:
            return of.low
        near = [n for n in (*_NUMBERS, of.low + 1, of.high - 1) if of.low <= n <= of.high]
        if FIRST_DAY <= of.low and of.high <= LAST_DAY and of.high > 10_000:
            inside = [d for d in (*range(SCREENING - 100, SCREENING + 3), SCREENING - 183) if of.low <= d <= of.high]
            return self.random.choice([of.low, of.high, *inside, self.random.randint(int(of.low), int(of.high))])
        return self.random.choice([of.low, of.high, *near])

    def leaf(self, concept: str) -> str:
        return self.random.choice(sorted(self.vocabulary.descendants[concept] & self.vocabulary.leaves))

    # -- events and measures -----------------------------------------------------------------------------------------

    def point(self, record: Record) -> Record:
        """The record with every value a point; a period begins before it ends."""
        relation = self.relation(record)
        values = [v if isinstance(v, Interval) and v.cause is Cause.MISSING and not isinstance(c.type, Dated)
                  else point(self.pick(v)) if isinstance(v, Interval) else self.leaf(v)
                  for v, c in zip(record.values, relation.columns, strict=True)]  # fmt: skip
        from_, to = relation.position("from"), relation.position("to")
        if from_ is not None and to is not None:
            begin, end = record.values[from_], record.values[to]
            assert isinstance(begin, Interval) and isinstance(end, Interval)
            first = self.pick(begin)
            values[from_] = point(first)
            values[to] = point(self.pick(Interval(max(first, end.low), end.high, end.cause)))
        if relation.product is None:
            values = [point(self.pick(v)) if isinstance(v, Interval) and not v.is_point else v for v in values]
        return Record(record.relation, tuple(values))

    def day_of(self, record: Record) -> int:
        relation = self.relation(record)
        at = relation.position("on")
        at = relation.position("from") if at is None else at
        day = record.values[at or 0]
        assert isinstance(day, Interval)
        return int(day.low)

    def about(self, record: Record) -> str:
        return str(record.values[self.relation(record).concept_column or 0])

    def denials(self, record: Record, day: int) -> set[str]:
        """The classes of which the chart says that there was nothing up to that day or later, and the record is one."""
        return {
            concept
            for relation, concept, through, denied in self.closed
            if denied and relation == record.relation and day <= through
            if self.vocabulary.is_a(self.about(record), concept)
        }

    def happened(self, record: Record) -> Record | None:
        """The record as it was, or nothing: where it is not confirmed, or where the chart denies it.

        What was suspected and then denied was not. A class that was recorded is none of its members that are denied.
        """
        unconfirmed = record.standing is Standing.UNCONFIRMED
        if unconfirmed and self.random.random() < 0.5:
            return None
        done = self.point(record)
        contradicted = self.denials(record, self.day_of(done))
        if contradicted and (unconfirmed or self.random.random() < 0.5):
            return None
        for _ in range(20):
            if self.denials(done, self.day_of(done)) <= contradicted:
                return done
            done = replace(done, values=tuple(v if isinstance(v, Interval) else self.leaf(str(w))
                                              for v, w in zip(done.values, record.values, strict=True)))  # fmt: skip
        if unconfirmed:
            return None
        raise ImpossibleError  # every member of a class is denied, and the class recorded

    def agreed(self, records: Sequence[Record]) -> Iterator[Record]:
        """What happened of the records; two results of one measure on one day say one thing, which lies between them."""
        happened = [(r, done) for r in records if (done := self.happened(r)) is not None]
        one: dict[object, tuple[Value, ...]] = {}
        for recorded, done in happened:
            if self.relation(done).kind is not Kind.MEASURE:
                yield done
                continue

            def moment(recorded: Record, done: Record) -> object:
                return recorded.relation, self.about(recorded), self.day_of(done)

            group = [d for r, d in happened if r.relation == recorded.relation and moment(r, d) == moment(recorded, done)]
            about, answers = self.relation(done).concept_column, self.random.choice(group).values
            values = one.setdefault(moment(recorded, done), tuple(
                self.between([d.values[i] for d in group]) if isinstance(v, Interval) else answers[i]
                for i, v in enumerate(done.values)))  # fmt: skip
            yield replace(done, values=tuple(done.values[i] if i == about else v for i, v in enumerate(values)))

    def between(self, values: Sequence[Value]) -> Interval:
        ends = [v for v in values if isinstance(v, Interval)]
        return point(self.pick(Interval(min(v.low for v in ends), max(v.high for v in ends))))

    def add(self) -> None:
        """Events and measures that nobody recorded, where nothing says that there were none."""
        for relation in self.vocabulary.relations.values():
            if relation.kind not in (Kind.EVENT, Kind.MEASURE) or relation.name not in self.program.about:
                continue
            for _ in range(self.random.choice((0, 0, 1, 1, 2, 3))):
                new = self.point(replace(self.makes.record(relation), standing=Standing.CONFIRMED))
                reviewed = any(
                    name == relation.name and self.vocabulary.is_a(self.about(new), concept) and self.day_of(new) <= through
                    for name, concept, through, _ in self.closed
                )
                if not reviewed and not (relation.kind is Kind.MEASURE and self.moment(new) in self.moments()):
                    self.added.append(new)

    def moment(self, record: Record) -> tuple[str, str, int]:
        return record.relation, self.about(record), self.day_of(record)

    def moments(self) -> list[tuple[str, str, int]]:
        """Of each result, what was measured when: a completion has one result of it."""
        return [self.moment(r) for r in (*self.recorded, *self.added) if self.relation(r).kind is Kind.MEASURE]

    def with_amounts(self, record: Record) -> Record:
        """The record with the amounts filled in that nobody recorded: the one follows from the other by the weight."""
        p = self.relation(record).product
        if p is None:
            return record
        relation, values = self.relation(record), list(record.values)
        whole_at, part_at = relation.position(p.whole) or 0, relation.position(p.part) or 0
        whole, part = values[whole_at], values[part_at]
        assert isinstance(whole, Interval) and isinstance(part, Interval)
        weight = self.weight(min(self.day_of(record), SCREENING))
        if whole.cause is Cause.MISSING and part.cause is Cause.MISSING:
            part = point(self.pick(part))
        if whole.cause is Cause.MISSING:
            whole = point(part.low * weight) if weight else point(self.pick(whole))
        elif part.cause is Cause.MISSING:
            part = point(exact(Fraction(whole.low) / weight)) if weight else point(self.pick(part))
        values[whole_at], values[part_at] = point(exact(whole.low)), part
        return replace(record, values=tuple(values))

    def weight(self, day: int) -> Exact | None:
        """The last weight on the day, where it is above 0."""
        found = [row for row in self.lasts["observation", "body_weight"] if row[-2] <= day < row[-1]]  # type: ignore[operator]
        return found[0][2] if found and found[0][2] > 0 else None  # type: ignore[operator, return-value]

    # -- the latest ----------------------------------------------------------------------------------------------------

    def latest(self, name: str, concept: str) -> list[Row]:
        """The rows of the last record under `concept` on any day. What is added counts only where none is recorded."""
        relation = self.vocabulary.relations[name]

        def under(records: Sequence[Record]) -> list[Record]:
            return [r for r in records if r.relation == name and self.vocabulary.is_a(self.about(r), concept)
                    and self.day_of(r) <= SCREENING]  # fmt: skip

        recorded = under(self.recorded)
        first = min((self.day_of(r) for r in recorded), default=LAST_DAY)
        by_day: dict[int, list[Record]] = {}
        for r in (*recorded, *(r for r in under(self.added) if self.day_of(r) < first)):
            by_day.setdefault(self.day_of(r), []).append(r)
        turns = [*sorted(by_day), LAST_DAY + 1]
        rows: list[Row] = []
        for day, until in zip(turns, turns[1:], strict=False):
            one = self.random.choice(by_day[day])
            flat: list[str | Exact] = [PATIENT]
            for i, v in enumerate(one.values):
                if i == relation.concept_column:
                    flat.append(concept)
                elif isinstance(v, str):
                    flat.append(v)
                else:  # two results of one day: the true one lies between them
                    ends = [x for r in by_day[day] if isinstance(x := r.values[i], Interval)]
                    flat += [self.pick(Interval(min(x.low for x in ends), max(x.high for x in ends)))] * 2
            rows.append((*flat, day, until))
        return rows

    # -- attributes and judgements -----------------------------------------------------------------------------------

    def decided_attributes(self) -> Iterator[Record]:
        """Of each attribute one value at most: one that is recorded for sure, or any where none is."""
        for relation in self.vocabulary.relations.values():
            if relation.kind is not Kind.ATTRIBUTE:
                continue
            mine = [r for r in self.chart.records if r.relation == relation.name]
            sure = [r for r in mine if r.standing is Standing.CONFIRMED and all(
                v.high <= SCREENING for v, c in zip(r.values, relation.columns, strict=True) if isinstance(v, Interval) and isinstance(c.type, Dated))]  # fmt: skip
            if not sure:
                made = self.makes.record(relation)
                if self.random.random() < 0.7:
                    yield self.point(self.random.choice([*mine, made]))
                continue
            one = self.random.choice(sure)
            values: list[Value] = []
            for i, v in enumerate(one.values):
                if isinstance(v, str):
                    values.append(v)
                else:
                    ends = [x for r in sure if isinstance(x := r.values[i], Interval)]
                    values.append(Interval(min(x.low for x in ends), max(x.high for x in ends)))
            yield self.point(replace(one, values=tuple(values)))

    def decided_judgements(self) -> Iterator[Judgement]:
        """Every question decided: by the last signature that still counts at screening, or else at random."""
        dated = [(self.pick(j.on), self.pick(j.until), j) for j in self.chart.judgements]
        for question in sorted(self.vocabulary.descendants["question"]):
            signed = [(on, until, j) for on, until, j in dated if j.question == question and on <= SCREENING]
            last = [(until, j) for on, until, j in signed if on == max(on for on, _, _ in signed)]
            until, j = self.random.choice(last) if last else (0, None)
            decision = j.decision if j is not None and until >= SCREENING else self.random.choice(("agreed", "refused"))
            yield Judgement(question, decision, point(SCREENING), point(SCREENING), "dr")

    # -- rows ----------------------------------------------------------------------------------------------------------

    def facts(self) -> Facts:
        """The rows of the completed chart, in which nothing is open any more."""
        relations = self.vocabulary.relations.values()
        reviewed = [Reviewed(r.name, concept_root(r), point(LAST_DAY)) for r in relations if r.kind in (Kind.EVENT, Kind.MEASURE)]
        records = (*self.recorded, *self.added, *self.attributes)
        whole = Chart(PATIENT, None, records, tuple(self.judgements), tuple(reviewed))
        found = facts(whole, SCREENING, self.vocabulary, frozenset(self.asked))
        before = facts(self.chart, SCREENING, self.vocabulary, frozenset(self.asked))
        for r in relations:
            if r.kind is not Kind.ATTRIBUTE:
                assert not found.get(f"{OPEN} {r.name}"), "a completed chart leaves nothing open"
            found[f"{OPEN} {r.name}"] = {}
            found[f"{OPEN} latest {r.name}"] = {}
            found[f"recorded {r.name}"] = before.get(f"recorded {r.name}", {})
            rows = [row for (name, _), lasts in self.lasts.items() if name == r.name for row in lasts]
            for mode in (CERTAIN, POSSIBLE):
                found[f"{mode} latest {r.name}"] = dict.fromkeys(rows, NO_EVIDENCE)
        return found

    def __str__(self) -> str:
        return "\n".join(["  completed:", *(f"    {show(r)}" for r in self.recorded), "  added:", *(f"    {show(r)}" for r in self.added),
                          "  attributes:", *(f"    {show(r)}" for r in self.attributes), "  decided:",
                          *(f"    {j.question} {j.decision}" for j in self.judgements)])  # fmt: skip


def show(record: Record) -> str:
    from trialog.values import show_days, show_number

    said = []
    for v in record.values:
        if isinstance(v, str):
            said.append(v)
        elif v.low >= 700_000 and v.high <= LAST_DAY:
            said.append(show_days(v))
        elif v.is_point:
            said.append(show_number(v.low))
        else:
            said.append(f"[{v.low}, {'…' if v.high == GREATEST else v.high}]")
    standing = "" if record.standing is Standing.CONFIRMED else " (unconfirmed)"
    return f"{record.relation}({', '.join(said)}){standing}"


def show_chart(chart: Chart) -> str:
    from trialog.values import show_days

    lines = [f"  {show(r)}" for r in chart.records]
    lines += [f"  {j.question} {j.decision} on {show_days(j.on)} until {show_days(j.until)}" for j in chart.judgements]
    lines += [f"  reviewed {s.relation} {s.concept} through {show_days(s.through)}" for s in chart.reviewed]
    lines += [f"  denied {s.relation} {s.concept} through {show_days(s.through)}" for s in chart.denied]
    return "\n".join(lines) or "  (nothing)"


# -- the comparison ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counterexample:
    criterion: str
    said: str
    found: str
    chart: Chart
    completion: Completion

    def __str__(self) -> str:
        return f"{self.criterion} is {self.said}, and {self.found} in a completion of\n{show_chart(self.chart)}\n{self.completion}"


def disagreement(program: Ready, chart: Chart, option: str, seeds: Sequence[int]) -> Counterexample | None:
    """A criterion whose status some completion contradicts."""
    vocabulary = program.program.vocabulary
    said = program.statuses(facts(chart, SCREENING, vocabulary, program.plain.asked), option)
    for seed in seeds:
        try:
            completion = Completion(Random(seed), chart, program)
        except ImpossibleError:
            continue
        found = program.statuses(completion.facts(), option)
        for c, (certain, possible) in said.items():
            certainly, possibly = found[c]
            if certain and not possible:
                return Counterexample(c, "met and not met", "either", chart, completion)
            if certainly != possibly:
                return Counterexample(c, "anything", "unknown", chart, completion)
            if certain and not certainly:
                return Counterexample(c, "met", "not met", chart, completion)
            if certainly and not possible:
                return Counterexample(c, "not met", "met", chart, completion)
    return None


def without(chart: Chart) -> Iterator[Chart]:
    """The chart with one thing left out, for each thing in it."""
    for name in ("records", "judgements", "reviewed", "denied"):
        things = getattr(chart, name)
        for i in range(len(things)):
            yield replace(chart, **{name: (*things[:i], *things[i + 1 :])})
    for i, r in enumerate(chart.records):
        if r.standing is Standing.UNCONFIRMED:
            sure = replace(r, standing=Standing.CONFIRMED)
            yield replace(chart, records=(*chart.records[:i], sure, *chart.records[i + 1 :]))
        for j, v in enumerate(r.values):
            if isinstance(v, Interval) and not v.is_point:
                for end in (v.low, v.high):
                    one = replace(r, values=(*r.values[:j], point(end), *r.values[j + 1 :]))
                    yield replace(chart, records=(*chart.records[:i], one, *chart.records[i + 1 :]))


def minimised(program: Ready, found: Counterexample, option: str) -> Counterexample:
    """A counterexample to the same criterion with as little in the chart as will do."""
    shrinking = True
    while shrinking:
        shrinking = False
        for smaller in without(found.chart):
            again = disagreement(program, smaller, option, range(300))
            if again is not None and again.criterion == found.criterion:
                found, shrinking = again, True
                break
    every = (disagreement(program, found.chart, option, [seed]) for seed in range(600))
    same = [f for f in every if f is not None and f.criterion == found.criterion]
    return min(same, key=lambda f: len(f.completion.recorded) + len(f.completion.added), default=found)


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_said_of_a_chart_holds_in_every_completion(name: str) -> None:
    program = prepared(PROGRAMS[name])
    for n in range(SEED, SEED + CHARTS):
        chart = Charts(Random(f"{name} {n}"), program.program.vocabulary).chart(program.about)
        option = ("strict", "loose")[n % 2]
        found = disagreement(program, chart, option, [n * 10_000 + i for i in range(COMPLETIONS)])
        if found is not None:
            pytest.fail(f"chart {n}, {option}: {minimised(program, found, option)}")
