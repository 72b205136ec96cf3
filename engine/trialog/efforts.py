"""What it costs to learn something, by the knowledge base's facts about efforts."""

from dataclasses import dataclass
from functools import cached_property

from trialog.program import Program
from trialog.values import Exact
from trialog.vocabulary import EFFORT, Amount, Coded

UNRATED = "unrated"
_DEFAULT: Exact = 10
"""What an effort costs that no fact rates. Whoever is shown such a cost is told so."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What it takes, and its points; `is_rated` is False where the knowledge base does not say and the default stands in."""

    label: str
    points: Exact
    is_rated: bool


@dataclass(frozen=True)
class Efforts:
    """The facts of a program about efforts."""

    program: Program

    @cached_property
    def _points(self) -> dict[str, Exact]:
        found: dict[str, Exact] = {}
        for name, facts in self.program.known.items():
            relation = self.program.vocabulary.relations[name]
            match [c.type for c in relation.columns]:
                case [Coded(root), Amount()] if root == EFFORT:
                    for fact in facts:
                        effort, points = fact.values
                        if isinstance(effort, str) and not isinstance(points, str) and points > 0:
                            found[effort] = points
                case _:
                    pass
        return found

    @cached_property
    def _takes(self) -> dict[str, str]:
        """The effort that stands beside each concept."""
        found: dict[str, str] = {}
        for name, facts in self.program.known.items():
            match [c.type for c in self.program.vocabulary.relations[name].columns]:
                case [Coded(), Coded(root)] if root == EFFORT:
                    found |= {str(f.values[0]): str(f.values[1]) for f in facts}
                case _:
                    pass
        return found

    def named(self, effort: str) -> Effort:
        """The effort of this name, such as `signature`."""
        concept = self.program.vocabulary.concepts.get(effort)
        if effort in self._points and effort != UNRATED and concept is not None:
            return Effort(concept.label, self._points[effort], is_rated=True)
        label = "an effort that the knowledge base does not rate"
        return Effort(label, self._points.get(UNRATED, _DEFAULT), is_rated=False)

    def about(self, concept: str, otherwise: str) -> Effort:
        """What it takes to learn something about the concept: by the nearest class of which a fact says so, else `otherwise`."""
        vocabulary = self.program.vocabulary
        above = vocabulary.ancestors.get(concept, frozenset())
        told = sorted((c for c in above if c in self._takes), key=lambda c: (-len(vocabulary.ancestors[c]), c))
        return self.named(self._takes[told[0]] if told else otherwise)
