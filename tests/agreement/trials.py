"""One trial: a program, a chart, and everything that must hold of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import override

from tests.agreement.charts import Charts
from tests.agreement.choices import Choices
from tests.agreement.making import Making, renamed
from tests.agreement.programs import DAYS, NUMBERS, SCREENING, VOCABULARY, Made, checked, made_relations, sound
from tests.agreement.suite import (
    OPINIONS,
    Counterexample,
    Subject,
    Tally,
    against_another_order,
    against_completions,
    against_more,
    against_opinions,
    rules_of,
)
from tests.agreement.walk import changed
from tests.agreement.witnesses import Witnesses
from tests.engines import Engine
from trialog.charts.chart import Chart
from trialog.check import Pages, check
from trialog.program import Program
from trialog.source import Source
from trialog.tree import Aggregate, Atom, Literal, Rule
from trialog.vocabulary import Vocabulary


def the_vocabulary() -> Vocabulary:
    program, problems = check(Pages((VOCABULARY,), None, None))
    assert program is not None, problems
    return program.vocabulary


SMALL = the_vocabulary()


@dataclass(frozen=True, repr=False)
class Trial:
    """A program that is sound, the same in another order and under other names, and charts."""

    made: Made
    subject: Subject
    other: Subject
    names: Mapping[str, str]
    charts: tuple[Chart, ...]
    picks: tuple[int, ...]  # of the charts that say more, those to look at

    def counterexample(
        self, completions: int, seed: object, tally: Tally, opinions: Mapping[str, Engine] = OPINIONS
    ) -> Counterexample | None:
        """The first thing that does not hold."""
        for chart in self.charts:
            found = (
                against_completions(self.subject, chart, completions, seed, tally)
                or against_opinions(self.subject, chart, tally, opinions)
                or against_another_order(self.subject, self.other, self.names, chart)
                or against_more(self.subject, chart, self.picks)
            )
            if found is not None:
                return found
        return None

    @override
    def __repr__(self) -> str:
        return "a trial"

    @override
    def __str__(self) -> str:
        return f"{self.made.page()[0].text}\nunder {dict(self.subject.readings)}"


def trial(choices: Choices) -> Trial | None:
    """A trial by these choices; None where nothing sound comes of them."""
    ready = sound(Making(choices, SMALL).program())
    if ready is None:
        return None
    made, program = ready
    try:
        return _trial(made, program, choices)
    except Exception as error:
        error.add_note(made.page()[0].text)
        raise


def _trial(made: Made, program: Program, choices: Choices) -> Trial:
    readings = {"strictness": choices.one(("strict", "loose"))}
    subject = subject_of(program, made, readings, VOCABULARY, 1 + choices.below(2))
    charts = tuple(chart_of(made, subject, choices) for _ in range(1 + choices.below(4)))
    picks = tuple(choices.below(1000) for _ in range(3))
    again, names = in_another_order(made, choices)
    vocabulary = _shuffled_facts(VOCABULARY, choices)
    other, problems = checked(Pages((vocabulary,), again.page()[0], None))
    assert other is not None, f"{problems}\n{again.page()[0].text}"
    return Trial(made, subject, subject_of(other, again, readings, vocabulary), names, charts, picks)


def chart_of(made: Made, subject: Subject, choices: Choices) -> Chart:
    """A chart about what the rules ask for; most of the time one in which some of the criteria may hold."""
    charts = Charts(choices, SMALL, subject.domain, 1 + choices.below(2))
    if not choices.chance(75):
        return charts.chart()
    rules: dict[str, list[Rule]] = {}
    for rule in made.rules:
        rules.setdefault(rule.head.relation, []).append(rule)
    return Witnesses(charts, rules).chart([c for c in subject.criteria if choices.chance(50)])


def subject_of(
    program: Program, made: Made, readings: Mapping[str, str], vocabulary: Source, most_added: int = 1
) -> Subject:
    rules = rules_of(vocabulary, made.page()[0])
    return Subject(program, rules, readings, DAYS, NUMBERS, SCREENING, most_added)


# -- the same in another order -------------------------------------------------------------------------------------


def in_another_order(made: Made, choices: Choices) -> tuple[Made, dict[str, str]]:
    """The program with its rules and their literals shuffled, with other names, and perhaps with all rules on one line."""
    heads = sorted({r.head.relation for r in made.rules} | made_relations(made.rules))
    names = dict(zip(heads, (f"n{i}" for i in choices.shuffled(range(len(heads)))), strict=True))
    sections = tuple(
        (cohort, tuple(_again(r, names, choices) for r in choices.shuffled(rules))) for cohort, rules in made.sections
    )
    return Made(sections, choices.one(("\n", " "))), names


def _again(rule: Rule, names: Mapping[str, str], choices: Choices) -> Rule:
    body = _shuffled(rule.body, choices)

    def call(node: object) -> object:
        return replace(node, relation=names.get(node.relation, node.relation)) if isinstance(node, Atom) else node

    return renamed(changed(replace(rule, body=body), call), choices, choices.one(("", "X", "Y", "Z")))


def _shuffled(body: Sequence[Literal], choices: Choices) -> tuple[Literal, ...]:
    inner = [replace(x, body=_shuffled(x.body, choices)) if isinstance(x, Aggregate) else x for x in body]
    return tuple(choices.shuffled(inner))


def _shuffled_facts(page: Source, choices: Choices) -> Source:
    facts = re.findall(r"^(?:like|strength)\(.*\n", page.text, re.MULTILINE)
    first = page.text.index(facts[0])
    rest = "".join(line for line in page.text.splitlines(keepends=True) if line not in facts)
    return Source(page.name, rest[:first] + "".join(choices.shuffled(facts)) + rest[first:])
