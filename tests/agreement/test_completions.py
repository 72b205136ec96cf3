"""What is said of an incomplete chart holds in every completion of it: the programs of `programs.md`, charts made at random.

A criterion that is met in the chart must hold in each completion, and one that is not met, in none. The completions are evaluated
by `two_valued`, which knows no bounds. `python -m tests.agreement` tries more, on programs made at random too.
"""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.agreement.charts import Charts
from tests.agreement.choices import seeded
from tests.agreement.completing import PATIENT, Domain
from tests.agreement.completions import completed, completions
from tests.agreement.programs import DAYS, NUMBERS, SCREENING, VOCABULARY, checked
from tests.agreement.suite import (
    OPINIONS,
    Subject,
    Tally,
    against_completions,
    against_more,
    against_opinions,
    rules_of,
)
from tests.agreement.trials import SMALL
from trialog.charts.chart import Chart
from trialog.check import Pages, check
from trialog.render.problems import render
from trialog.source import Source
from trialog.values import Exact, days

CHARTS, COMPLETIONS = 24, 10
PAGE = (Path(__file__).parent / "programs.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```datalog *(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
DECLARED = BLOCKS.pop("")
DAYS_OF_PROGRAMS = tuple(
    int(days(d).low)
    for d in ("2024-03-31", "2024-01-31", "2024-02-29", "2024-03-01", "2023-12-31", "2023-06-30", "2006-03-31")
)
NUMBERS_OF_PROGRAMS: tuple[Exact, ...] = (20, 0, 5, 30, 29, 60, 100)


@cache
def subject(name: str, option: str) -> Subject:
    page = Source("rules.md", f"```datalog\n{DECLARED}```\n\n```datalog\n{BLOCKS[name]}\n```\n")
    program, problems = checked(Pages((page,), None, None))
    assert program is not None, "\n".join(render(p) for p in problems)
    readings = {"strictness": option}
    return Subject(program, rules_of(page), readings, DAYS_OF_PROGRAMS, NUMBERS_OF_PROGRAMS, SCREENING, 2)


@pytest.mark.parametrize("name", BLOCKS)
def test_what_is_said_of_a_chart_holds_in_every_completion(name: str) -> None:
    for n in range(CHARTS):
        one = subject(name, ("strict", "loose")[n % 2])
        choices = seeded(f"{name} {n}")
        chart = Charts(choices, one.program.vocabulary, one.domain, 1 + n % 4).chart()
        found = against_completions(one, chart, COMPLETIONS, n, Tally()) or against_more(
            one, chart, [choices.below(1000) for _ in range(3)]
        )
        assert found is None, f"chart {n}: {found}"


@pytest.mark.parametrize("name", BLOCKS)
def test_every_engine_derives_the_same_rows(name: str) -> None:
    one = subject(name, "strict")
    chart = Charts(seeded(name), one.program.vocabulary, one.domain, 3).chart()
    tally = Tally()
    found = against_opinions(one, chart, tally)
    assert found is None, str(found)
    assert {**tally.opinions, **tally.refused}.keys() == OPINIONS.keys()


# -- completions themselves ----------------------------------------------------------------------------------------

NOTHING = Chart(PATIENT, None)
RELATIONS = frozenset({"condition", "observation", "judged", "sex"})
NAMED = frozenset({"cns_disease", "sle", "egfr", "body_weight"})
DOMAIN = Domain(SCREENING, DAYS[:2], NUMBERS[:2], 1, RELATIONS, frozenset(), NAMED)


def test_every_completion_is_made_once_and_some_are_what_one_expects() -> None:
    worlds, whole = completions(NOTHING, SMALL, DOMAIN, 10_000, 0)
    assert whole
    leaves = ("epilepsy", "stroke", "sle")
    nothing_or_one = 1 + len(leaves) * len(DOMAIN.days)
    measured = 1 + 2 * len(DOMAIN.days) * len(DOMAIN.numbers)
    sexes, judgements = 3, 4  # none, male or female; each of two questions either way
    assert len(worlds) == nothing_or_one * measured * sexes * judgements
    assert len({(w.rows["condition"], w.rows["observation"], w.rows["sex"], w.agreed) for w in worlds}) == len(worlds)


def test_completions_made_at_random_are_among_all_of_them() -> None:
    every, _ = completions(NOTHING, SMALL, DOMAIN, 10_000, 0)
    made = [completed(NOTHING, SMALL, DOMAIN, seeded(n)) for n in range(50)]
    assert all(w in every for w in made)


def test_the_small_vocabulary_is_sound() -> None:
    assert check(Pages((VOCABULARY,), None, None))[1] == []
