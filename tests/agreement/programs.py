"""Programs made backwards from the criterion that is wanted: a rule for it, then rules for what that rule asks of other relations.

All that the language has is made here (a test holds it), in rules that are sound by the way they are made; what the checks
refuse all the same is left out by `sound`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import trialog.check
from tests.agreement.walk import within
from trialog.check import Pages
from trialog.problem import Problem, Severity
from trialog.program import Program
from trialog.source import Source, Span
from trialog.tree import (
    Atom,
    Rule,
)
from trialog.values import Exact, days
from trialog.written import written

NOWHERE = Span(Source("", ""), 0, 0)
VOCABULARY = Source("small.md", (Path(__file__).parent / "small.md").read_text(encoding="utf-8"))
SCREENING = int(days("2024-03-31").low)
DAYS = tuple(int(days(d).low) for d in ("2024-03-31", "2024-03-01", "2024-02-29", "2024-01-31"))
NUMBERS: tuple[Exact, ...] = (30, 5, 29, 60)
COHORTS = {"all": "All cohorts", "first": "Cohort first: The first", "second": "Cohort second: The second"}


def checked(pages: Pages) -> tuple[Program | None, list[Problem]]:
    """As `check`, but for rules that never fire and classes in lists, which it refuses: engines have to be right about them too."""
    left_out = [patch.object(trialog.check, name, return_value=[]) for name in ("never_fires", "listed_classes")]
    with left_out[0], left_out[1]:
        return trialog.check.check(pages)


@dataclass(frozen=True, slots=True)
class Made:
    """The rules of each cohort, in the order of the page; those of `all` bind every cohort."""

    sections: tuple[tuple[str, tuple[Rule, ...]], ...]
    between: str = "\n"  # what stands behind each rule

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(r for _, rules in self.sections for r in rules)

    def page(self) -> tuple[Source, list[tuple[int, int]]]:
        """The program as an author would write it, and where each rule begins and ends."""
        text = "# Made at random\n"
        places: list[tuple[int, int]] = []
        for cohort, rules in self.sections:
            text += f"\n## {COHORTS[cohort]}\n\n> What is wanted.\n\n```datalog\n"
            for rule in rules:
                start = len(text)
                text += written(rule) + self.between
                places.append((start, len(text)))
            text += "\n```\n"
        return Source("made.md", text), places

    def checked(self) -> tuple[Program | None, list[bool]]:
        """The checked program, and of each rule whether nothing is wrong in it."""
        page, places = self.page()
        program, problems = checked(Pages((VOCABULARY,), page, None))
        wrong = [p.at.start for p in problems if p.severity is Severity.ERROR and p.at.source.name == page.name]
        return program, [not any(start <= at < end for at in wrong) for start, end in places]

    def without(self, kept: Sequence[bool]) -> "Made":
        """The rules that are kept."""
        left = iter(kept)
        sections = tuple((c, tuple([r for r in rules if next(left)])) for c, rules in self.sections)
        return replace(self, sections=sections)


def sound(made: Made) -> tuple[Made, Program] | None:
    """The program without the rules in which something is wrong; None where nothing is left."""
    while made.rules:
        program, kept = made.checked()
        if program is not None:
            return made, program
        if all(kept):
            return None
        made = founded(made.without(kept))
    return None


def founded(made: Made) -> Made:
    """Without the rules that rest on a relation which has none, or on itself alone."""
    while True:
        defined: set[str] = set()
        growing = True
        while growing:
            size = len(defined)
            defined |= {r.head.relation for r in made.rules if made_relations(r.body) <= defined}
            growing = size != len(defined)
        kept = [made_relations(r.body) <= defined for r in made.rules]
        if all(kept):
            return made
        made = made.without(kept)


def made_relations(node: object) -> set[str]:
    """The relations in a piece of tree that no vocabulary declares."""
    return {a.relation for a in within(node, Atom) if a.relation[-1].isdigit()}
