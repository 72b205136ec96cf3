"""A rule that is written again, its variables renamed and its literals in another order, is told; what says more is not."""

import re
from random import Random

import pytest

from trialog.check import Pages, check
from trialog.check.advice import advice
from trialog.check.statements import statements_of
from trialog.knowledge import Library, shipped
from trialog.problem import Problem
from trialog.source import Source
from trialog.tree import Aggregate, Rule

LIBRARY = Library(shipped())
*VOCABULARY, PROTOCOL, DOCUMENT = (
    Source(p.name, p.read_text(encoding="utf-8")) for p in LIBRARY.files(LIBRARY.trials[0])
)
RULES = [s for s, _ in statements_of(PROTOCOL)[1] if isinstance(s, Rule) and s.body]


def warnings(page: Source) -> list[Problem]:
    pages = Pages(tuple(VOCABULARY), page, DOCUMENT)
    program, problems = check(pages)
    assert program is not None, problems
    return advice(pages, program)


def shuffled(rule: Rule, random: Random) -> str:
    """The rule with other variables, and its literals, those in braces too, in another order."""
    literals: list[str] = []
    for x in rule.body:
        words = x.at.words
        if isinstance(x, Aggregate):
            inner = [y.at.words for y in random.sample(x.body, len(x.body))]
            start, end = x.body[0].at.start - x.at.start, x.body[-1].at.end - x.at.start
            words = words[:start] + ", ".join(inner) + words[end:]
        literals.append(words)
    random.shuffle(literals)
    text = f"{rule.head.at.words} :- {', '.join(literals)}."
    names = sorted(set(re.findall(r"(?<!\w)[A-Z]\w*", re.sub(r"'[^']*'", "", text))))
    others = dict(zip(names, random.sample(["Other", *(f"V{i}" for i in range(len(names)))], len(names)), strict=True))
    text = re.sub(r"'[^']*'|(?<!\w)[A-Z]\w*", lambda m: others.get(m[0], m[0]), text)
    return f'@ "with {" ".join(f"{{{v}}}" for v in others.values())}" {text}'  # one of them may stand in a phrase alone


def appended(text: str) -> Source:
    return Source(PROTOCOL.name, f"{PROTOCOL.text}\n```datalog\n{text}\n```\n")


@pytest.mark.parametrize("seed", range(4))
def test_each_rule_of_the_shipped_page_written_again_is_told(seed: int) -> None:
    random = Random(seed)
    again = [shuffled(rule, random) for rule in RULES]
    page = appended("\n".join(again))
    told = {p.at.words for p in warnings(page) if p.code == "E231"}
    assert [r for r in again if r not in told] == []
    assert len(told) == len(again)


def test_no_rule_of_the_shipped_page_is_told() -> None:
    assert [p for p in warnings(PROTOCOL) if p.code in ("E231", "E232", "E233")] == []


@pytest.mark.parametrize("seed", range(2))
def test_a_rule_with_one_more_literal_adds_nothing(seed: int) -> None:
    random = Random(seed)
    narrower: list[str] = []
    for rule in RULES:
        again = shuffled(rule, random)
        patient = again.partition("(")[2].partition(",")[0].partition(")")[0]
        narrower.append(f"{again[:-1]}, unrecorded observation({patient}, heart_rate, ..).")
    told = {p.at.words for p in warnings(appended("\n".join(narrower))) if p.code == "E232"}
    assert [r for r in narrower if r not in told] == []
