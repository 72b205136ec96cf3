"""Literals made at random: rows of declared relations, comparisons, signatures, what is recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from tests.agreement.choices import Choices
from tests.agreement.programs import DAYS, NOWHERE, NUMBERS
from trialog.tree import (
    Anonymous,
    Argument,
    Arithmetic,
    Atom,
    Comparison,
    ConceptName,
    Day,
    Expression,
    Holds,
    Latest,
    Length,
    Literal,
    Membership,
    Number,
    Recorded,
    Term,
    Variable,
)
from trialog.values import Duration, exact
from trialog.vocabulary import Amount, Coded, Dated, Kind, Measured, Relation, Vocabulary

SIGNS = (">=", "<", ">", "<=", "=", "!=")
DURATIONS = (Duration(0, 30), Duration(1, 0), Duration(0, 1), Duration(2, 0), Duration(0, 60), Duration(12, 0))
_OTHER_UNITS = {"mg/d": ("g/d", 1000), "mg": ("g", 1000), "kg": ("g", Fraction(1, 1000))}


class Literals:
    """Makes literals. A variable's type is `date`, a root of concepts, or a unit in quotation marks.

    What is `known` are the variables that have a value already, with their types; a literal that binds adds its own.
    """

    def __init__(self, choices: Choices, vocabulary: Vocabulary) -> None:
        self.choices = choices
        self.vocabulary = vocabulary
        self.fresh = 0
        self.plain = False  # whether rows of charts ask for no more than they have to

    def new(self, stem: str) -> str:
        self.fresh += 1
        return f"{stem}{self.fresh}"

    def fits(self, column: object, type_: str) -> bool:
        match column:
            case Dated():
                return type_ == "date"
            case Coded(root):
                return type_ == root
            case Amount(unit):
                return type_ == f"'{unit}'"
            case Measured():
                return type_ in self.measured
        return False

    @property
    def measured(self) -> Mapping[str, str]:
        """Units in quotation marks, with the concept that is measured in each."""
        return {f"'{c.unit}'": c.name for c in self.vocabulary.concepts.values() if c.unit is not None}

    def literal(
        self, relation: Relation, known: dict[str, str], fixed: Mapping[int, Term], binding: bool, unit: str = ""
    ) -> Holds | Latest:
        """A row of a declared relation, its columns at `fixed` filled already; new variables only where `binding`."""
        latest = relation.kind is Kind.MEASURE and self.choices.chance(60)
        about = relation.concept_column
        measured = self.measured.get(unit) or self.choices.one(sorted(self.measured.values()))
        has_unit = any(isinstance(c.type, Measured) for c in relation.columns)
        terms: dict[int, Term] = dict(fixed)
        for i, c in enumerate(relation.columns):
            if i in terms:
                continue
            match c.type:
                case Coded(root) if i == about and (has_unit or latest):
                    name = measured if has_unit else self.choices.one(sorted(self.vocabulary.descendants[root]))
                    terms[i] = ConceptName(name, NOWHERE)
                case Coded(root):
                    terms[i] = self.term(root, known, binding)
                case Dated():
                    terms[i] = self.term("date", known, binding)
                case Amount(written_):
                    terms[i] = self.term(f"'{written_}'", known, binding)
                case Measured():
                    terms[i] = self.term(f"'{self.vocabulary.concepts[measured].unit}'", known, binding)
        patient: list[Term] = [] if relation.kind is Kind.KNOWN else [Variable("P", NOWHERE)]
        in_order = [terms[i] for i in range(len(relation.columns))]
        one = self.named(relation, patient, in_order)
        if not latest:
            return Holds(one, False, NOWHERE)
        dates = [v for v, t in known.items() if t == "date"]
        when: Term | None = None
        if self.choices.chance(30):
            when = (
                Variable(self.choices.one(dates), NOWHERE)
                if dates and self.choices.chance(60)
                else self.constant("date")
            )
        return Latest(one, when, False, NOWHERE)

    def named(self, relation: Relation, patient: Sequence[Term], terms: Sequence[Term]) -> Atom:
        """The atom in full, or with the columns that matter named, or the last ones left out."""
        match self.choices.below(3):
            case 0:
                return atom(relation.name, (*patient, *terms))
            case 1:
                shown = [
                    Argument(c.name, t, NOWHERE)
                    for c, t in zip(relation.columns, terms, strict=True)
                    if not isinstance(t, Anonymous)
                ]
                first = [Argument(None, t, NOWHERE) for t in patient]
                return Atom(relation.name, (*first, *shown), True, NOWHERE, NOWHERE)
            case _:
                kept = list(terms)
                while kept and isinstance(kept[-1], Anonymous):
                    kept.pop()
                one = atom(relation.name, (*patient, *kept))
                return replace(one, rest=len(kept) < len(terms))

    def term(self, type_: str, known: dict[str, str], binding: bool) -> Term:
        """`_`, a variable that is known, a new one where `binding`, or a constant."""
        if self.plain:
            return Anonymous(NOWHERE)
        old = [v for v, t in known.items() if t == type_]
        match self.choices.below(10):
            case 9 | 8 if old:
                return Variable(self.choices.one(old), NOWHERE)
            case 7 | 6 if binding:
                name = self.new("V")
                known[name] = type_
                return Variable(name, NOWHERE)
            case 5:
                return self.constant(type_)
            case 4 | 3 if type_ in self.vocabulary.concepts:
                return self.constant(type_)
            case _:
                return Anonymous(NOWHERE)

    def constant(self, type_: str) -> Term:
        if type_ == "date":
            return Day(self.choices.one(DAYS), NOWHERE)
        if type_ in self.vocabulary.concepts:
            return ConceptName(self.choices.one(sorted(self.vocabulary.descendants[type_])), NOWHERE)
        return self.number(type_)

    def number(self, type_: str) -> Number:
        value, unit = self.choices.one((*NUMBERS, 0)), type_[1:-1]
        if unit in _OTHER_UNITS and self.choices.chance(15):
            unit, by = _OTHER_UNITS[unit]
            value = exact(Fraction(value) / by)
        return Number(value, unit, NOWHERE)

    def judged(self) -> Holds:
        patient, question = Variable("P", NOWHERE), ConceptName("worth_it", NOWHERE)
        return Holds(replace(atom("judged", (patient, question)), rest=True), False, NOWHERE)

    def recorded(self) -> Recorded:
        asked = (
            ("treatment", "steroid"),
            ("condition", "sle"),
            ("observation", "egfr"),
            ("finding", "biopsy"),
            ("sex", ""),
        )
        name, concept = self.choices.one(asked)
        about = (ConceptName(concept, NOWHERE),) if concept else ()
        one = replace(atom(name, (Variable("P", NOWHERE), *about)), rest=True)
        return Recorded(one, self.choices.chance(50), NOWHERE)

    def compared(self, known: Mapping[str, str]) -> Comparison | Membership:
        name, type_ = self.choices.one(list(known.items()))
        left: Expression = Variable(name, NOWHERE)
        others: list[Term] = [Variable(v, NOWHERE) for v, t in known.items() if t == type_ and v != name]
        if type_ in self.vocabulary.concepts:
            concept = self.choices.one(sorted(self.vocabulary.descendants[type_]))
            if others and self.choices.chance(40):
                return Comparison(self.choices.one(("!=", "=")), left, self.choices.one(others), NOWHERE)
            if self.choices.chance(20):
                return Comparison(self.choices.one(("!=", "=")), left, ConceptName(concept, NOWHERE), NOWHERE)
            return Membership(Variable(name, NOWHERE), ConceptName(concept, NOWHERE), self.choices.chance(40), NOWHERE)
        right: Expression = self.choices.one(others) if others and self.choices.chance(60) else self.constant(type_)
        sign = self.choices.one(SIGNS)
        if type_ == "date":
            if self.choices.chance(40):
                length = Length(self.choices.one(DURATIONS), NOWHERE)
                right = Arithmetic(self.choices.one(("-", "+")), right, length, NOWHERE)
        elif self.choices.chance(30):
            by: Expression = Number(self.choices.one((2, 3)), None, NOWHERE)
            match self.choices.below(4):
                case 0:
                    left = Arithmetic("*", by, left, NOWHERE)
                case 1:
                    left = Arithmetic("/", left, by, NOWHERE)
                case 2:
                    right = Arithmetic("-", right, self.number(type_), NOWHERE)
                case _:
                    left = Arithmetic("+", left, self.number(type_), NOWHERE)
        if self.choices.chance(15):
            left, right = right, left
        return Comparison(sign, left, right, NOWHERE)

    def computed(self, known: dict[str, str]) -> list[Literal]:
        """A new value, and a test of it."""
        wide = [(v, t) for v, t in known.items() if t not in self.vocabulary.concepts]
        if not wide:
            return []
        name, type_ = self.choices.one(wide)
        new = self.new("N")
        if type_ == "date":
            length = Length(self.choices.one(DURATIONS), NOWHERE)
            value = Arithmetic(self.choices.one("+-"), Variable(name, NOWHERE), length, NOWHERE)
        else:
            value = Arithmetic("*", Number(2, None, NOWHERE), Variable(name, NOWHERE), NOWHERE)
        known[new] = type_
        sign = self.choices.one(SIGNS)
        return [
            Comparison("=", Variable(new, NOWHERE), value, NOWHERE),
            Comparison(sign, Variable(new, NOWHERE), self.constant(type_), NOWHERE),
        ]


def atom(relation: str, terms: Sequence[Term]) -> Atom:
    return Atom(relation, tuple(Argument(None, t, NOWHERE) for t in terms), False, NOWHERE, NOWHERE)
