"""Programs made backwards from the criterion that is wanted: a rule for it, then rules for what that rule asks of other relations.

All that the language has is made here (a test holds it), in rules that are sound by the way they are made; what the checks
refuse all the same is left out by `sound`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from unittest.mock import patch

import trialog.check
from tests.agreement.choices import Choices
from tests.agreement.walk import changed, within
from trialog.check import Pages
from trialog.problem import Problem, Severity
from trialog.program import Program
from trialog.source import Source, Span
from trialog.tree import (
    Aggregate,
    Anonymous,
    Argument,
    Arithmetic,
    Atom,
    Citation,
    Comparison,
    ConceptName,
    Day,
    Expression,
    Holds,
    Label,
    Latest,
    Length,
    Literal,
    Membership,
    Number,
    ReadingIs,
    Recorded,
    Role,
    Rule,
    Summary,
    Term,
    Variable,
)
from trialog.values import Duration, Exact, days, exact
from trialog.vocabulary import Amount, Coded, Dated, Kind, Measured, Relation, Vocabulary
from trialog.written import written

NOWHERE = Span(Source("", ""), 0, 0)
VOCABULARY = Source("small.md", (Path(__file__).parent / "small.md").read_text(encoding="utf-8"))
SCREENING = int(days("2024-03-31").low)
DAYS = tuple(int(days(d).low) for d in ("2024-03-31", "2024-03-01", "2024-02-29", "2024-01-31"))
NUMBERS: tuple[Exact, ...] = (30, 5, 29, 60)
COHORTS = {"all": "All cohorts", "first": "Cohort first: The first", "second": "Cohort second: The second"}

_SIGNS = (">=", "<", ">", "<=", "=", "!=")
_OPPOSITE = {">=": "<", "<": ">=", ">": "<=", "<=": ">", "!=": "="}
_DURATIONS = (Duration(0, 30), Duration(1, 0), Duration(0, 1), Duration(2, 0), Duration(0, 60), Duration(12, 0))
_OTHER_UNITS = {"mg/d": ("g/d", 1000), "mg": ("g", 1000), "kg": ("g", Fraction(1, 1000))}
_DEEPEST = 3


def checked(pages: Pages) -> tuple[Program | None, list[Problem]]:
    """As `check`, but for rules that never fire, which it refuses: engines have to be right about them all the same."""
    with patch.object(trialog.check, "never_fires", return_value=[]):
        return trialog.check.check(pages)


@dataclass(frozen=True, slots=True)
class Made:
    """The rules of each cohort, in the order of the page; those of `all` bind every cohort."""

    sections: tuple[tuple[str, tuple[Rule, ...]], ...]

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
                text += written(rule) + "\n"
                places.append((start, len(text)))
            text += "```\n"
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
        return Made(tuple((c, tuple([r for r in rules if next(left)])) for c, rules in self.sections))


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


# -- making --------------------------------------------------------------------------------------------------------


class Making:
    """Makes the rules. A variable's type is `date`, a root of concepts, or a unit in quotation marks."""

    def __init__(self, choices: Choices, vocabulary: Vocabulary) -> None:
        self.choices = choices
        self.vocabulary = vocabulary
        self.defined: dict[str, tuple[str, ...]] = {}  # relations that may be asked, with the types of their columns
        self.exact: set[str] = set()  # those of them that are about no patient
        self.beneath: list[Rule] = []
        self.fresh = 0

    def program(self) -> Made:
        sections: list[tuple[str, tuple[Rule, ...]]] = []
        identifier = 0
        for cohort in ("all", "first", "second")[: 2 + self.choices.below(2)]:
            criteria: list[Rule] = []
            before = len(self.beneath)
            for _ in range(1 + (self.choices.below(2) if cohort == "first" else 0)):
                identifier += 1
                role = self.choices.one((Role.INCLUSION, Role.EXCLUSION))
                name = f"c{identifier}"
                first = self.rule(name, (), 0)
                for n in range(1 + self.choices.below(2)):
                    one = first if n == 0 else self.opposite(first) or self.rule(name, (), 0)
                    label = Label(f"A{identifier}" if n == 0 else None, self.phrase(one), NOWHERE)
                    criteria.append(replace(one, role=role if n == 0 else None, label=label))
            sections.append((cohort, (*criteria, *self.beneath[before:])))
        return Made(tuple(sections))

    def opposite(self, rule: Rule) -> Rule | None:
        """Now and then the same rule with one of its literals turned round, and another one more."""
        if not self.choices.chance(40):
            return None
        at = self.choices.below(len(rule.body))
        match rule.body[at]:
            case Holds(one, negated) if [type(a.term) for a in one.arguments if isinstance(a.term, Variable)] == [
                Variable
            ]:
                turned: Literal = Holds(one, not negated, NOWHERE)
            case Comparison(operator, left, right) if operator != "=":
                turned = Comparison(_OPPOSITE[operator], left, right, NOWHERE)
            case _:
                return None
        body = (*rule.body[:at], turned, *rule.body[at + 1 :], *([self.judged()] if self.choices.chance(50) else []))
        return replace(rule, body=tuple(body))

    def phrase(self, rule: Rule) -> str:
        names = [a.term.name for a in rule.head.arguments if isinstance(a.term, Variable)]
        return f"holds of {{{names[0]}}}" if self.choices.chance(20) else "holds"

    def new(self, stem: str) -> str:
        self.fresh += 1
        return f"{stem}{self.fresh}"

    # -- rules ---------------------------------------------------------------------------------------------------

    def relation(self, types: tuple[str, ...], depth: int) -> str:
        """A relation with these columns after the patient: one that there is, or a new one."""
        known = [n for n, t in self.defined.items() if t == types and n not in self.exact]
        if known and (depth >= _DEEPEST or self.choices.chance(50)):
            return self.choices.one(known)
        name = self.new("r")
        rules = [self.rule(name, types, depth) for _ in range(1 + self.choices.below(2))]
        if len(types) == 2 and types[0] == types[1] and self.choices.chance(60):
            rules.append(self.recursive(name, types, depth))
        self.beneath += rules
        self.defined[name] = types
        return name

    def recursive(self, name: str, types: tuple[str, ...], depth: int) -> Rule:
        """A rule that rests on itself: from the left, from the right or twice."""
        a, b, c = (Variable(self.new("V"), NOWHERE) for _ in range(3))
        step = like if types == ("drug", "drug") and self.choices.chance(50) else self.relation(types, depth + 1)
        literals = {
            "left": ((name, a, b), (step, b, c)),
            "right": ((step, a, b), (name, b, c)),
            "twice": ((name, a, b), (name, b, c)),
        }
        body = tuple(self.holds(n, (x, y), n != like) for n, x, y in literals[self.choices.one(tuple(literals))])
        return Rule(None, None, self.holds(name, (a, c), True).atom, body, (), NOWHERE)

    def reaching(self) -> str:
        """A relation of background knowledge alone that rests on itself."""
        if "reaches1" not in self.exact:
            a, b, c = (Variable(n, NOWHERE) for n in "ABC")
            first = Rule(
                None, None, atom("reaches1", (a, b)), (Holds(atom(like, (a, b)), False, NOWHERE),), (), NOWHERE
            )
            left, right = Holds(atom("reaches1", (a, b)), False, NOWHERE), Holds(atom(like, (b, c)), False, NOWHERE)
            body = self.choices.one(
                (
                    (left, right),
                    (Holds(atom(like, (a, b)), False, NOWHERE), Holds(atom("reaches1", (b, c)), False, NOWHERE)),
                )
            )
            self.beneath += [first, Rule(None, None, atom("reaches1", (a, c)), body, (), NOWHERE)]
            self.exact.add("reaches1")
        return "reaches1"

    def holds(self, relation: str, terms: Sequence[Term], of_patient: bool) -> Holds:
        patient: list[Term] = [Variable("P", NOWHERE)] if of_patient else []
        return Holds(atom(relation, (*patient, *terms)), False, NOWHERE)

    def rule(self, name: str, types: tuple[str, ...], depth: int) -> Rule:
        known: dict[str, str] = {}
        body: list[Literal] = []
        head: list[Term] = [Variable("P", NOWHERE)]
        for type_ in types:
            leaves = self.vocabulary.descendants.get(type_, frozenset()) & self.vocabulary.leaves
            if leaves and self.choices.chance(10):
                head.append(ConceptName(self.choices.one(sorted(leaves)), NOWHERE))
            else:
                head.append(Variable(self.bind(type_, known, body, depth), NOWHERE))
        for _ in range(self.choices.below(3) if types else 1 + self.choices.below(3)):
            body.append(self.row(known, depth, True))
        for _ in range(self.choices.below(4)):
            body.append(self.test(known, depth))
        if self.choices.chance(25):
            body.append(self.aggregate(known, depth))
        if self.choices.chance(20):
            body += self.computed(known)
        if self.choices.chance(20):
            body = self.choices.shuffled(body)
        citations = (Citation("own", NOWHERE),) if self.choices.chance(5) else ()
        if "P" not in {v.name for v in within(tuple(body), Variable)}:
            body.append(self.holds("screening", (Anonymous(NOWHERE),), True))
        return tidy(Rule(None, None, atom(name, head), tuple(body), citations, NOWHERE))

    # -- literals that bind --------------------------------------------------------------------------------------

    def bind(self, type_: str, known: dict[str, str], body: list[Literal], depth: int) -> str:
        """A variable of this type, and the literal that gives it its values."""
        old = [v for v, t in known.items() if t == type_]
        if old and self.choices.chance(30):
            return self.choices.one(old)
        name = self.new("V")
        sources = [
            (r, i)
            for r in self.vocabulary.relations.values()
            for i, c in enumerate(r.columns)
            if self.fits(c.type, type_)
        ]
        sources = [(r, i) for r, i in sources if r.kind is not Kind.JUDGEMENT]
        if depth < _DEEPEST and self.choices.chance(25):
            body.append(self.derived((type_,), (Variable(name, NOWHERE),), depth))
        else:
            relation, at = self.choices.one(sources)
            body.append(self.literal(relation, known, {at: Variable(name, NOWHERE)}, True, type_))
        known[name] = type_
        return name

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

    def derived(self, types: tuple[str, ...], terms: Sequence[Term], depth: int) -> Holds:
        return self.holds(self.relation(types, depth + 1), terms, True)

    def row(self, known: dict[str, str], depth: int, binding: bool) -> Literal:
        """A literal about anything; one that binds variables where `binding`."""
        asked = [r for r in self.vocabulary.relations.values() if r.kind is not Kind.JUDGEMENT]
        match self.choices.below(8):
            case 7 if depth < _DEEPEST:
                types = self.choices.one(
                    (("drug",), ("date",), ("drug", "drug"), (), ("drug", "date"), ("'mg/d'",), ("condition", "date"))
                )
                return self.derived(types, [self.term(t, known, binding) for t in types], depth)
            case 6:
                return Holds(atom(self.reaching(), [self.term("drug", known, binding) for _ in "ab"]), False, NOWHERE)
            case 5 if binding:
                day = self.new("S")
                known[day] = "date"
                return self.holds("screening", (Variable(day, NOWHERE),), True)
            case _:
                return self.literal(self.choices.one(asked), known, {}, binding)

    # -- literals that test --------------------------------------------------------------------------------------

    def test(self, known: dict[str, str], depth: int) -> Literal:
        """A literal that binds nothing."""
        match self.choices.below(10):
            case 0 | 1:
                found = self.row(dict(known), depth, False)
                assert isinstance(found, Holds | Latest)
                return replace(found, negated=True)
            case 2:
                return replace(self.judged(), negated=self.choices.chance(40))
            case 3:
                return ReadingIs("strictness", self.choices.one(("strict", "loose")), NOWHERE)
            case 4:
                return self.recorded()
            case _ if known:
                return self.compared(known)
            case _:
                return self.judged()

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
        sign = self.choices.one(_SIGNS)
        if type_ == "date":
            if self.choices.chance(40):
                length = Length(self.choices.one(_DURATIONS), NOWHERE)
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
            length = Length(self.choices.one(_DURATIONS), NOWHERE)
            value = Arithmetic(self.choices.one("+-"), Variable(name, NOWHERE), length, NOWHERE)
        else:
            value = Arithmetic("*", Number(2, None, NOWHERE), Variable(name, NOWHERE), NOWHERE)
        known[new] = type_
        sign = self.choices.one(_SIGNS)
        return [
            Comparison("=", Variable(new, NOWHERE), value, NOWHERE),
            Comparison(sign, Variable(new, NOWHERE), self.constant(type_), NOWHERE),
        ]

    # -- aggregates ----------------------------------------------------------------------------------------------

    def aggregate(self, known: dict[str, str], depth: int) -> Aggregate:
        """One taken for each patient and each concept that the rule binds."""
        inner = {v: t for v, t in known.items() if t in self.vocabulary.concepts}
        body: list[Literal] = []
        match self.choices.below(3):
            case 0:
                value = self.own(self.choices.one(("drug", "condition", "date", "'mg/d'")), inner, body, depth)
                more = self.inside(inner, depth)
                bound: Expression = Number(self.choices.one((2, 1, 3, 0)), None, NOWHERE)
                sign = self.choices.one((">=", "<", ">", "<=", "="))
                one = Aggregate(Summary.COUNT, (value,), (*body, *more), None, sign, bound, NOWHERE)
            case 1:
                type_ = self.choices.one(("date", "'mg/d'", "'kg'"))
                value = self.own(type_, inner, body, depth)
                more = self.inside(inner, depth)
                outside: list[Expression] = [Variable(v, NOWHERE) for v, t in known.items() if t == type_]
                bound = self.choices.one(outside) if outside and self.choices.chance(40) else self.constant(type_)
                summary, sign = self.choices.one((Summary.MAX, Summary.MIN)), self.choices.one(_SIGNS[:5])
                one = Aggregate(summary, (value,), (*body, *more), None, sign, bound, NOWHERE)
            case _:
                begin, end = (Variable(self.new("V"), NOWHERE) for _ in range(2))
                inner |= {begin.name: "date", end.name: "date"}
                treatment = self.vocabulary.relations["treatment"]
                ends = {treatment.position("from") or 0: begin, treatment.position("to") or 0: end}
                body.append(self.literal(treatment, inner, ends, True))
                more = self.inside(inner, depth)
                summary, sign = self.choices.one((Summary.LONGEST, Summary.COVERED)), self.choices.one(_SIGNS[:4])
                gap = self.choices.one((None, Duration(0, 7), Duration(1, 0))) if summary is Summary.LONGEST else None
                length = Length(self.choices.one(_DURATIONS), NOWHERE)
                one = Aggregate(summary, (begin, end), (*body, *more), gap, sign, length, NOWHERE)
        return one

    def own(self, type_: str, inner: dict[str, str], body: list[Literal], depth: int) -> Variable:
        """A variable of the aggregate's own."""
        before = dict(inner)
        name = self.bind(type_, inner, body, depth)
        while name in before:
            name = self.bind(type_, inner, body, depth)
        return Variable(name, NOWHERE)

    def inside(self, inner: dict[str, str], depth: int) -> list[Literal]:
        found: list[Literal] = [self.row(inner, depth, True)] if self.choices.chance(25) else []
        return found + ([self.test(inner, depth)] if self.choices.chance(35) else [])


like = "like"


def atom(relation: str, terms: Sequence[Term]) -> Atom:
    return Atom(relation, tuple(Argument(None, t, NOWHERE) for t in terms), False, NOWHERE, NOWHERE)


def tidy(rule: Rule) -> Rule:
    """The rule with `_` for each variable that stands in it only once."""
    counted = Counter(v.name for v in within(rule, Variable))
    once = {name for name, times in counted.items() if times == 1 and name != "P"}

    def blank(node: object) -> object:
        is_one = isinstance(node, Argument) and isinstance(node.term, Variable) and node.term.name in once
        return replace(node, term=Anonymous(NOWHERE)) if isinstance(node, Argument) and is_one else node

    return changed(rule, blank)
