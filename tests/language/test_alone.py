"""A relation that rests on itself alone is empty; whatever asks for it, the check says so or goes on, and raises nothing."""

from pathlib import Path

import pytest

from trialog.check import Pages, check
from trialog.source import Source

WORDS = Source("words.md", (Path(__file__).parents[1] / "golden/vocabulary.md").read_text(encoding="utf-8"))
ALONE = "p(P, X) :- p(P, X), born(P, _).\n"


@pytest.mark.parametrize(
    "asked",
    [
        "q(P) :- count { X : p(P, X) } >= 2.",
        "q(P) :- max { X : p(P, X) } >= 2 'mg'.",
        "q(P) :- p(P, X), p(P, Y), X != Y.",
        "q(P) :- p(P, X), condition(P, X, ..).",
        "q(P) :- born(P, _), not p(P, _).",
    ],
)
def test_a_relation_that_rests_on_itself_alone(asked: str) -> None:
    page = Source("rules.md", f"```datalog\n{ALONE}{asked}\n```\n")
    program, problems = check(Pages((WORDS, page), None, None))
    assert (program is None) == bool(problems)


def test_an_aggregate_over_the_rest_of_its_rule_is_not_recursive() -> None:
    rules = """\
later(P, On) :- condition(P, epilepsy, from: On, ..).
later(P, On) :- many(P), condition(P, epilepsy, from: On, ..).
many(P) :- later(P, On), max { To : condition(P, epilepsy, to: To) } >= On.
"""
    _, problems = check(Pages((WORDS, Source("rules.md", f"```datalog\n{rules}```\n")), None, None))
    assert "E206" in {p.code for p in problems}
