"""What would settle an unknown answer, how far a count falls short, and that nobody reads the names of relations."""

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialog.answers import Answers, Screener, Status
from trialog.charts.chart import Chart, Record
from trialog.charts.read import read_charts
from trialog.cli import main
from trialog.knowledge import Library, shipped
from trialog.proof import Explanations
from trialog.proof.prose import line, settling
from trialog.proof.step import Part, each
from trialog.values import UNKNOWN_AMOUNT, Cause, Interval, days, exact, point
from trialog.why_lines import why_lines

TRIAL = "car-nk-b-cell-children"
NOT_RECORDED = replace(UNKNOWN_AMOUNT, cause=Cause.MISSING)


@cache
def cases() -> dict[str, Answers]:
    library = Library(shipped())
    program, _ = library.program(TRIAL)
    assert program is not None
    screener = Screener(program)
    charts = read_charts(library.folder(TRIAL) / "cases", program.vocabulary)
    return {
        r.name: screener.screen(r.chart, r.chart.screening) for r in charts if r.chart and r.chart.screening is not None
    }


def case(name: str) -> Answers:
    return next(a for n, a in cases().items() if n.startswith(name))


def ways(of: Answers, atom: str) -> tuple[list[str], list[str]]:
    return settling(Explanations(of).of(of.screener.program.atoms[atom].relation))


@pytest.mark.parametrize(
    ("name", "atom", "met", "not_met"),
    [
        (
            "sle-032", "C8", ["the upper limit of aspartate aminotransferase is at least 31/3 U/L (about 10.33 U/L)"],
            ["the upper limit of aspartate aminotransferase is below 31/3 U/L (about 10.33 U/L)"],
        ),
        (
            "sle-151", "C8", ["aspartate aminotransferase (U/L) is at most 3 × its upper limit (U/L)"],
            ["aspartate aminotransferase (U/L) is above 3 × its upper limit (U/L)"],
        ),
        ("sle-151", "S1", ["the date of birth is on or before 2021-01-15"], ["the date of birth is after 2021-01-15"]),
        ("sle-151", "S9", ["SLE disease activity index 2000 is above 6"], ["SLE disease activity index 2000 is at most 6"]),
        (
            "sle-151", "C6",
            [
                "(the date of birth is after 2025-01-15 or the date of birth is before 2008-01-16) and estimated glomerular "
                "filtration rate is at least 30 mL/min/1.73 m²",
                "the date of birth is on or before 2025-01-15 and the date of birth is on or after 2008-01-16 and 0.413 "
                "mL/min/1.73 m²·mg/dL/cm × body height is at least 30 mL/min/1.73 m² × creatinine in serum",
            ],
            [
                "(the date of birth is on or before 2025-01-15 and the date of birth is on or after 2008-01-16) or estimated "
                "glomerular filtration rate is below 30 mL/min/1.73 m²",
                "the date of birth is after 2025-01-15 or the date of birth is before 2008-01-16 or 0.413 "
                "mL/min/1.73 m²·mg/dL/cm × body height is below 30 mL/min/1.73 m² × creatinine in serum",
            ],
        ),
    ],
)  # fmt: skip
def test_what_would_settle_it_names_the_value_the_limit_and_the_unit(
    name: str, atom: str, met: list[str], not_met: list[str]
) -> None:
    assert ways(case(name), atom) == (met, not_met)


def test_nothing_is_left_to_what_a_rule_asks_where_it_asks_for_a_value() -> None:
    """A result, a birth or an answer is told with the value; only a course of events may be as its rule asks."""
    for one in cases().values():
        explanations = Explanations(one)
        for atom in one.screener.program.atoms.values():
            for s in each(explanations.of(atom.relation)):
                if s.part is Part.OPEN and s.sides is not None and "the chart does not say" not in s.says:
                    assert not any("as the rule asks" in side for side in s.sides), (one.chart.patient, s)


# -- the limit that is worked out is that of the rule ------------------------------------------------------------


def answers(*records: Record) -> Answers:
    screener, day = case("sle-001").screener, case("sle-001").screening
    return screener.screen(Chart("somebody", day, records), day)


@given(st.fractions(min_value=Fraction(1, 30), max_value=500, max_denominator=30), st.integers(-2, 2))
def test_a_limit_that_is_worked_out_is_the_one_from_which_on_it_is_met(value: Fraction, beside: int) -> None:
    def result(limit: Interval) -> Record:
        day = point(case("sle-001").screening)
        return Record("observation", ("ast", point(exact(value)), day, limit))

    (met,), (not_met,) = ways(answers(result(NOT_RECORDED)), "C8")
    found = re.fullmatch(r"the upper limit of .* is at least ([\d./]+) U/L( \(about [\d.]+ U/L\))?", met)
    assert found, met
    assert not_met == met.replace("at least", "below")
    limit = max(Fraction(found[1]) + Fraction(beside, 1000), Fraction(0))
    status = answers(result(point(exact(limit)))).atom("C8")
    assert (status is Status.MET) is (limit >= Fraction(found[1]))


@pytest.mark.parametrize("relation", ["at_least_5_years_old", "older_than_a_year", "under_18_years"])
@pytest.mark.parametrize("beside", [-1, 0, 1])
def test_a_day_that_is_worked_out_is_the_last_or_the_first_on_which_it_is_met(relation: str, beside: int) -> None:
    (met,), _ = settling(Explanations(answers()).of(relation))
    found = re.fullmatch(r".* is (on or before|on or after) (\d{4}-\d\d-\d\d)", met)
    assert found, met
    born = answers(Record("born", (point(days(found[2]).low + beside),)))
    wanted = beside <= 0 if found[1] == "on or before" else beside >= 0
    assert (born.status(relation) is Status.MET) is wanted


# -- counts ------------------------------------------------------------------------------------------------------


def test_a_count_that_falls_short_says_how_many_can_count_at_most() -> None:
    for one in cases().values():
        explanations = Explanations(one)
        for atom in one.screener.program.atoms.values():
            for s in each(explanations.of(atom.relation)):
                if s.part is not Part.COUNT:
                    continue
                assert "asked for: " in s.says
                short = re.match(r"at most |none can count|no day can count", s.says) is not None
                assert short is not ("for certain" in s.says)
                assert short is (s.status is Status.NOT_MET), s.says


@pytest.mark.parametrize(
    ("name", "atom", "says"),
    [
        ("sle-079", "S6", "at most 1 can count: mycophenolate mofetil; asked for: at least 2 different"),
        ("iga-043", "S6", "none can count; asked for: at least 2 different"),
        ("iga-024", "I3", "at most 91 days in one stretch (2025-10-16 to 2026-01-15); asked for: at least 3 months"),
        ("iga-001", "N4", "at most 228 days in all (2025-06-01 to 2026-01-15); asked for: at least 1 year"),
        ("mdr-001", "S4", "no day can count; asked for: at least 3 months"),
    ],
)
def test_the_bound_is_told_with_what_is_asked_for(name: str, atom: str, says: str) -> None:
    one = case(name)
    assert line(Explanations(one).of(one.screener.program.atoms[atom].relation)) == says


# -- words -------------------------------------------------------------------------------------------------------


def lines_of(one: Answers) -> Iterator[str]:
    program = one.screener.program
    for length in ("line", "paragraph", "everything"):
        asked = SimpleNamespace(patient="P", length=length, atom=None, plumbing=False, width=10_000, colour=False)
        yield from why_lines(asked, one, tuple(program.cohorts), tuple(program.atoms.values()))  # type: ignore[arg-type]


def test_no_relation_goes_by_its_name_and_no_phrase_has_a_gap() -> None:
    program = case("sle-001").screener.program
    named = {c.relation for c in program.clauses if c.phrase}
    raw = {"on steroid since", *(n.replace("_", " ") for n in program.derived if n not in named and n.count("_") > 1)}
    for one in cases().values():
        for words in lines_of(one):
            assert not [r for r in raw if f" {r}:" in words or words.endswith(f" {r}")], words
            assert "[not recorded] " not in words, words


def test_a_dose_is_told_as_what_the_rule_compares(capsys: pytest.CaptureFixture[str]) -> None:
    main(["why", TRIAL, "sle-089-methylprednisolone-4-mg", "--atom", "S8", "--one-engine"])
    said = " ".join(capsys.readouterr().out.split())
    assert "methylprednisolone at a dose of 5 mg/d or less of prednisone or its equivalent" in said


def test_a_candidate_that_fails_under_several_rules_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    main(["why", TRIAL, "sle-088-steroid-reduced-to-5-mg", "--atom", "S8", "--one-engine"])
    said = capsys.readouterr().out
    assert said.count("does not count") == 1
    assert said.count("prednisone → glucocorticoid") == 1
    assert said.count("5 mg/d is\n") == 1


def test_whynot_names_what_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    for name in cases():
        main(["whynot", TRIAL, name])
        for words in capsys.readouterr().out.splitlines():
            assert words.strip() not in ("?", "✗"), name
