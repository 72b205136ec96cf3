"""A rule that is told to add nothing adds nothing: in every completion of any chart, the other rule holds wherever it does.

Rules made at random are joined by others that differ from them in a little: a literal less or more, another number or concept.
"""

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

from trialog.check.twice import adding_nothing
from trialog.program import Program
from trialog.vocabulary import Vocabulary


def literals(body: str) -> list[str]:
    """The literals of a body, those in braces left together."""
    return re.findall(r"(?:[^,({]|\([^()]*\)|\{(?:[^{}()]|\([^()]*\))*\})+", body)


def changed(rule: str, random: Random, vocabulary: Vocabulary) -> str:
    """The rule with one thing changed, somewhere."""
    head, _, body = rule.removesuffix(".").partition(" :- ")
    found = [x.strip() for x in literals(body)]
    concepts = [m for m in re.finditer(r"\b[a-z_]+\b", body) if m[0] in vocabulary.concepts]
    numbers = list(re.finditer(r"(?<= )\d+(?= ')", body))
    match random.choice(("less", "more", "number", "concept", "order")):
        case "less" if len(found) > 1:
            found.pop(random.randrange(len(found)))
        case "more":
            found.insert(
                random.randint(0, len(found)),
                random.choice(("born(P, _)", "treatment(P, _, ..)", "judged(P, active, ..)")),
            )
        case "number" if numbers:
            m = random.choice(numbers)
            return f"{head} :- {body[: m.start()]}{random.choice((0, 5, 20, 60, 120))}{body[m.end() :]}."
        case "concept" if concepts:
            m = random.choice(concepts)
            near = vocabulary.descendants[m[0]] | vocabulary.ancestors[m[0]]
            return f"{head} :- {body[: m.start()]}{random.choice(sorted(near))}{body[m.end() :]}."
        case _:
            random.shuffle(found)
    text = f"{head} :- {', '.join(found)}."
    for v in set(re.findall(r"\b(?:V\d+|S|X|New)\b", text.partition(" :- ")[2])):
        if len(re.findall(rf"\b{v}\b", text)) == 1:
            text = re.sub(rf"\b{v}\b", "_", text)
    return text


def told(program: Program) -> list[tuple[str, str]]:
    """The rules that are told to add nothing, each with the one that holds wherever it does."""
    found = [(p.at, p.related[0][0]) for p in adding_nothing(program, {})]
    return [(a.source.line(a.line), b.source.line(b.line)) for a, b in found]


def joined(i: int, narrow: str, wide: str) -> list[str]:
    """Rules for a relation that holds where the narrow rule holds and the wide one does not."""
    head = narrow.partition("(")[2].partition(")")[0].count(",")
    args = ", ".join(["P", *(f"A{j}" for j in range(head))])
    return [
        f"narrow{i}({narrow.partition('(')[2]}",
        f"wide{i}({wide.partition('(')[2]}",
        f"out{i}(P) :- narrow{i}({args}), not wide{i}({args}).",
    ]


@pytest.mark.parametrize("n", range(SEED, SEED + PROGRAMS))
def test_a_rule_that_adds_nothing_holds_nowhere_else(n: int) -> None:
    vocabulary = ready("").program.vocabulary
    random = Random(n)
    rules = Rules(random, vocabulary).program()
    rules += [changed(r, random, vocabulary) for r in rules if re.match(r"r\d", r) for _ in range(6)]
    rules = sound(list(dict.fromkeys(rules)))
    program, _ = checked(page_of("\n".join(rules)))
    assert program is not None
    pairs = told(program)
    tried = ready("\n".join([*rules, *(line for i, pair in enumerate(pairs) for line in joined(i, *pair))]))
    for i in range(CHARTS // 4):
        chart = Charts(Random(f"{n} {i}"), vocabulary).chart(tried.about)
        for seed in range(COMPLETIONS // 2):
            try:
                completion = Completion(Random(n * 10_000 + i * 100 + seed), chart, tried)
            except ImpossibleError:
                continue
            for option in ("strict", "loose"):
                held = tried.statuses(completion.facts(), option)
                for j, (narrow, wide) in enumerate(pairs):
                    assert held[f"out{j}"] == (False, False), f"{narrow}\n{wide}\n{show_chart(chart)}\n{completion}"
