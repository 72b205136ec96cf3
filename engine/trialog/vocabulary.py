"""What the pages declare: concepts in their hierarchy, relations with their columns; and how a chart's words find them."""

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from graphlib import TopologicalSorter
from types import MappingProxyType

from trialog.units import UnitError, ratio
from trialog.values import Exact, Interval, exact

EFFORT = "effort"
"""The root of what it takes to learn something; `known` relations with a column of it say what a datum costs."""


class Kind(enum.Enum):
    """What a relation holds, and so what absence in it means."""

    KNOWN = "known"
    EVENT = "event"
    MEASURE = "measure"
    ATTRIBUTE = "attribute"
    JUDGEMENT = "judgement"


@dataclass(frozen=True, slots=True)
class Dated:
    """A column of dates."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A column of numbers in one unit, the empty text for pure numbers."""

    unit: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A column of numbers in the unit of the measured concept that stands in the same row."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of concepts under `root`."""

    root: str


type ColumnType = Dated | Amount | Measured | Coded


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: ColumnType


@dataclass(frozen=True, slots=True)
class Product:
    """The column `whole` is the column `part` times the last `measure` that was recorded when the row begins."""

    whole: str
    part: str
    measure: str


@dataclass(frozen=True, slots=True)
class Relation:
    """A declared relation. `columns` leaves out the patient, who comes first in all but `known` relations."""

    name: str
    kind: Kind
    columns: tuple[Column, ...]
    description: str
    product: Product | None = None

    def position(self, column: str) -> int | None:
        """Where the column stands among `columns`."""
        return next((i for i, c in enumerate(self.columns) if c.name == column), None)

    @property
    def concept_column(self) -> int | None:
        """The column that says what a row is about: the first of concepts. None where there is none."""
        return next((i for i, c in enumerate(self.columns) if isinstance(c.type, Coded)), None)


@dataclass(frozen=True, slots=True)
class Conversion:
    """`left` of `left_unit` is `right` of `right_unit`, for one measured concept."""

    left: Exact
    left_unit: str
    right: Exact
    right_unit: str


@dataclass(frozen=True, slots=True)
class Concept:
    """A code with a place in a hierarchy. `unit` is what it is measured in, None where it is not measured."""

    name: str
    label: str
    parents: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    unit: str | None = None
    conversions: tuple[Conversion, ...] = ()
    codes: tuple[tuple[str, str], ...] = ()
    sources: tuple[str, ...] = ()


def normalised(words: str) -> str:
    """The words as they are compared: case, white space, hyphens and a trailing `(disorder)` and its like set aside."""
    words = re.sub(r"\s*\((disorder|finding|procedure|situation|substance|product)\)\s*$", "", words.casefold())
    return " ".join(re.sub(r"[\s_\-‐‑–]+", " ", words).split())


@dataclass(frozen=True)
class Vocabulary:
    """Every concept and relation by name."""

    concepts: Mapping[str, Concept]
    relations: Mapping[str, Relation]
    _ratios: dict[tuple[str, str], Exact | UnitError] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def ancestors(self) -> Mapping[str, frozenset[str]]:
        """Of each concept: itself and every class above it. The hierarchy has no cycle, or the check has refused it."""
        found: dict[str, frozenset[str]] = {}
        for name in TopologicalSorter({c.name: c.parents for c in self.concepts.values()}).static_order():
            found[name] = frozenset({name}).union(*(found[p] for p in self.concepts[name].parents))
        return MappingProxyType(found)

    @cached_property
    def descendants(self) -> Mapping[str, frozenset[str]]:
        """Of each concept: itself and everything under it."""
        found: dict[str, set[str]] = {name: set() for name in self.concepts}
        for name, above in self.ancestors.items():
            for ancestor in above:
                found[ancestor].add(name)
        return MappingProxyType({name: frozenset(under) for name, under in found.items()})

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Where each concept stands among all, so that what is made of a set of them is made in one order."""
        return MappingProxyType({name: i for i, name in enumerate(self.concepts)})

    @cached_property
    def leaves(self) -> frozenset[str]:
        """The concepts with nothing under them."""
        return frozenset(name for name, under in self.descendants.items() if len(under) == 1)

    def is_a(self, concept: str, ancestor: str) -> bool:
        """Whether the concept is `ancestor` or under it."""
        return ancestor in self.ancestors[concept]

    def joint(self, concepts: Iterable[str]) -> str:
        """The narrowest class that all of these concepts of one root are in; a concept itself where they are the same."""
        over = frozenset[str].intersection(*(self.ancestors[c] for c in concepts))
        return max(over, key=lambda c: (len(self.ancestors[c]), c))

    @cached_property
    def _by_words(self) -> Mapping[str, tuple[str, ...]]:
        words: dict[str, tuple[str, ...]] = {}
        for concept in self.concepts.values():
            for said in {normalised(w) for w in (concept.name, concept.label, *concept.also)}:
                words[said] = (*words.get(said, ()), concept.name)
        return words

    @cached_property
    def _by_code(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        codes: dict[tuple[str, str], tuple[str, ...]] = {}
        for concept in self.concepts.values():
            for code in concept.codes:
                codes[code] = (*codes.get(code, ()), concept.name)
        return codes

    def named(self, words: str, root: str) -> str | None:
        """The concept under `root` that goes by these words: its name, its label or another name it has."""
        return next((c for c in self._by_words.get(normalised(words), ()) if self.is_a(c, root)), None)

    def coded(self, system: str, code: str, root: str) -> str | None:
        """The concept under `root` with this code; `system` is a short name such as `loinc` or `rxnorm`."""
        return next((c for c in self._by_code.get((system, code), ()) if self.is_a(c, root)), None)

    def names_under(self, root: str) -> Iterable[str]:
        """Every name of every concept under `root`, for suggestions."""
        for name in self.descendants.get(root, frozenset()):
            concept = self.concepts[name]
            yield from (concept.name, concept.label, *concept.also)

    def factor(self, concept: str, unit: str) -> Exact:
        """How many of the concept's own unit one `unit` is, its conversions used where arithmetic alone does not do.

        Raises UnitError where the concept has no unit or there is no way from the one unit to the other.
        """
        known = self._ratios.get((concept, unit))
        if known is None:
            try:
                known = self._factor(self.concepts[concept], unit)
            except UnitError as error:
                known = UnitError(*error.args)  # one that was raised would keep alive all that its callers held
            self._ratios[concept, unit] = known
        if isinstance(known, UnitError):
            raise UnitError(*known.args)
        return known

    def _factor(self, concept: Concept, unit: str) -> Exact:
        if concept.unit is None:
            raise UnitError(f"{concept.label} has no unit")
        try:
            return ratio(unit, concept.unit)
        except UnitError as plain:
            for c in concept.conversions:
                for amount, here, per, there in (
                    (c.left, c.left_unit, c.right, c.right_unit),
                    (c.right, c.right_unit, c.left, c.left_unit),
                ):
                    # `amount` of `here` is `per` of `there`: unit → here → there → the concept's own.
                    try:
                        return exact(Fraction(ratio(unit, here) * per) / amount * ratio(there, concept.unit))
                    except UnitError:
                        continue
            raise plain

    def amount(self, concept: str, value: Interval, unit: str) -> Interval:
        """The value, given in `unit`, in the concept's own unit. Raises UnitError (see `factor`)."""
        by = self.factor(concept, unit)
        return Interval(exact(value.low * by), exact(value.high * by), value.cause)
