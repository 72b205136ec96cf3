"""What is told never to fire does not: in no completion of any chart is there a patient of whom such a rule holds."""

import re
from random import Random

import pytest
from tests.agreement.test_completions import (
    CHARTS,
    COMPLETIONS,
    PROGRAMS,
    SEED,
    Charts,
    Completion,
    ImpossibleError,
    Rules,
    checked,
    page_of,
    ready,
    show_chart,
    sound,
)

from trialog.charts.facts import facts
from trialog.check.never import never_fires
from trialog.program import Program
from trialog.values import days

SCREENING = int(days("2024-03-31").low)


def alone(rule: str, name: str) -> str:
    """The rule's body as that of a relation of the patient."""
    text = f"{name}(P) :- {rule.partition(' :- ')[2]}"
    for variable in set(re.findall(r"\b(?:V\d+|S|X|New)\b", text)):
        if len(re.findall(rf"\b{variable}\b", text)) == 1:
            text = re.sub(rf"\b{variable}\b", "_", text)
    return text


def told(program: Program, rules: list[str]) -> list[str]:
    """The rules that are told never to fire."""
    lines = {p.at.source.line(p.at.line) for p in never_fires(program, {}) if p.code == "E227"}
    assert lines <= set(rules)
    return sorted(lines)


@pytest.mark.parametrize("n", range(SEED, SEED + PROGRAMS))
def test_a_rule_that_never_fires_holds_in_no_completion(n: int) -> None:
    vocabulary = ready("").program.vocabulary
    rules = sound(Rules(Random(n), vocabulary).program())
    program, _ = checked(page_of("\n".join(rules)))
    assert program is not None
    dead = told(program, rules)
    if not dead:
        return
    tried = ready("\n".join([*rules, *(alone(rule, f"dead{i}") for i, rule in enumerate(dead))]))
    for i in range(CHARTS):
        chart = Charts(Random(f"{n} {i}"), vocabulary).chart(tried.about)
        for seed in range(COMPLETIONS // 2):
            try:
                completion = Completion(Random(n * 10_000 + i * 100 + seed), chart, tried)
            except ImpossibleError:
                continue
            for option in ("strict", "loose"):
                found = tried.statuses(facts(chart, SCREENING, vocabulary, tried.plain.asked), option)
                assert not any(found[f"dead{j}"][0] for j in range(len(dead)))
                held = tried.statuses(completion.facts(), option)
                for j, rule in enumerate(dead):
                    assert held[f"dead{j}"] == (False, False), f"{rule}\n{show_chart(chart)}\n{completion}"
