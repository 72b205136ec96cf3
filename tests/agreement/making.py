"""Rules made backwards from the criterion that is wanted: one for it, then those of what that rule asks of other relations."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from tests.agreement.choices import Choices
from tests.agreement.literals import DURATIONS, SIGNS, Literals, atom
from tests.agreement.programs import NOWHERE, Made
from tests.agreement.walk import changed, within
from trialog.tree import (
    Aggregate,
    Anonymous,
    Argument,
    Arithmetic,
    Atom,
    Citation,
    Comparison,
    ConceptName,
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
from trialog.values import Duration
from trialog.vocabulary import Kind, Vocabulary

_DEEPEST = 3
_FORMS = ("long",) * 5 + ("limit",) * 2 + ("aggregate",) * 2 + ("computed",)
_OPPOSITE = {">=": "<", "<": ">=", ">": "<=", "<=": ">", "!=": "="}
_NEARLY = {">=": "<=", "<": ">", ">": "<", "<=": ">=", "!=": "!="}
_LIKE = "like"


class Making:
    """Makes the rules. A variable's type is `date`, a root of concepts, or a unit in quotation marks."""

    def __init__(self, choices: Choices, vocabulary: Vocabulary) -> None:
        self.choices = choices
        self.vocabulary = vocabulary
        self.literals = Literals(choices, vocabulary)
        self.defined: dict[str, tuple[str, ...]] = {}  # relations that may be asked, with the types of their columns
        self.exact: set[str] = set()  # those of them that are about no patient
        self.beneath: list[Rule] = []
        self.atoms = 0

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
                form = self.choices.one(_FORMS)
                first = self.criterion(name, form)
                for n in range(1 + self.choices.below(2)):
                    one = first if n == 0 else self.beside(first, form) or self.criterion(name, form)
                    label = Label(f"A{identifier}" if n == 0 else None, self.phrase(one), NOWHERE)
                    criteria.append(replace(one, role=role if n == 0 else None, label=label))
            beneath = self.beneath[before:]
            asked = [
                self.asked(name) for name in dict.fromkeys(r.head.relation for r in beneath) if name in self.defined
            ]
            sections.append((cohort, (*criteria, *asked, *beneath)))
        named = tuple((cohort, tuple(self.named(r) for r in rules)) for cohort, rules in sections)
        return Made(named, self.choices.one(("\n", " ")))

    def beside(self, first: Rule, form: str) -> Rule | None:
        """Another rule that has something in common with the first: its opposite, or the same limit of another aggregate."""
        if form != "aggregate" or self.choices.chance(40):
            return self.opposite(first)
        rule = self.short(first.head.relation, form)
        limits = [x for x in first.body if isinstance(x, Aggregate)]
        ours = [x for x in rule.body if isinstance(x, Aggregate)]
        if not limits or not ours or limits[0].summary is not Summary.COUNT or ours[0].summary is not Summary.COUNT:
            return rule
        like_it = replace(ours[0], operator=limits[0].operator, bound=limits[0].bound)
        return replace(rule, body=tuple(like_it if x is ours[0] else x for x in rule.body))

    def criterion(self, name: str, form: str) -> Rule:
        return self.rule(name, (), 0) if form == "long" else self.short(name, form)

    def named(self, rule: Rule) -> Rule:
        """Now and then with the names of its variables, the patient's too, given to one another."""
        return renamed(rule, self.choices) if self.choices.chance(20) else rule

    def opposite(self, rule: Rule) -> Rule | None:
        """Now and then the same rule with one of its literals turned round, and perhaps another literal more.

        Sometimes that literal is turned only nearly, so that neither rule holds at the limit, or both do.
        """
        if not self.choices.chance(50):
            return None
        for at in self.choices.shuffled(range(len(rule.body))):
            turned = self.turned(rule.body[at])
            if turned is not None:
                more = [self.literals.judged()] if self.choices.chance(50) else []
                return replace(rule, body=(*rule.body[:at], turned, *rule.body[at + 1 :], *more))
        return None

    def turned(self, literal: Literal) -> Literal | None:
        """What holds where the literal does not, or nearly that; None for what gives variables their values."""
        match literal:
            case Holds(one, negated) | Latest(one, _, negated) if _names(one) == 1:
                return replace(literal, negated=not negated)
            case Recorded(_, negated) | Membership(_, _, negated):
                return replace(literal, negated=not negated)
            case Comparison(operator, left, right) if operator != "=":
                nearly = self.choices.chance(50)
                return Comparison((_NEARLY if nearly else _OPPOSITE)[operator], left, right, NOWHERE)
            case Aggregate(operator=operator) if operator != "=":
                return replace(literal, operator=_OPPOSITE[operator])
            case ReadingIs(reading, option):
                return ReadingIs(reading, "strict" if option == "loose" else "loose", NOWHERE)
            case _:
                return None

    def asked(self, relation: str) -> Rule:
        """An atom that holds where the relation holds of the patient at all, so that its status is looked at too."""
        self.atoms += 1
        label = Label(f"R{self.atoms}", "holds", NOWHERE)
        body = self.holds(relation, [Anonymous(NOWHERE) for _ in self.defined[relation]], True)
        return Rule(label, None, atom(f"is_{relation}", (Variable("P", NOWHERE),)), (body,), (), NOWHERE)

    def phrase(self, rule: Rule) -> str:
        names = [a.term.name for a in rule.head.arguments if isinstance(a.term, Variable)]
        return f"holds of {{{names[0]}}}" if self.choices.chance(20) else "holds"

    def relation(self, types: tuple[str, ...], depth: int) -> str:
        """A relation with these columns after the patient: one that there is, or a new one."""
        known = [n for n, t in self.defined.items() if t == types and n not in self.exact]
        if known and (depth >= _DEEPEST or self.choices.chance(50)):
            return self.choices.one(known)
        name = self.literals.new("r")
        rules = [self.rule(name, types, depth)]
        if self.choices.chance(50):
            rules.append(self.opposite(rules[0]) or self.rule(name, types, depth))
        if len(types) == 2 and types[0] == types[1] and self.choices.chance(60):
            rules.append(self.recursive(name, types, depth))
        self.beneath += rules
        self.defined[name] = types
        return name

    def recursive(self, name: str, types: tuple[str, ...], depth: int) -> Rule:
        """A rule that rests on itself: from the left, from the right or twice."""
        a, b, c = (Variable(self.literals.new("V"), NOWHERE) for _ in range(3))
        step = _LIKE if types == ("drug", "drug") and self.choices.chance(50) else self.relation(types, depth + 1)
        literals = {
            "left": ((name, a, b), (step, b, c)),
            "right": ((step, a, b), (name, b, c)),
            "twice": ((name, a, b), (name, b, c)),
        }
        body = tuple(self.holds(n, (x, y), n != _LIKE) for n, x, y in literals[self.choices.one(tuple(literals))])
        return Rule(None, None, self.holds(name, (a, c), True).atom, body, (), NOWHERE)

    def reaching(self) -> str:
        """A relation of background knowledge alone that rests on itself."""
        if "reaches1" not in self.exact:
            a, b, c = (Variable(n, NOWHERE) for n in "ABC")
            first = Rule(
                None, None, atom("reaches1", (a, b)), (Holds(atom(_LIKE, (a, b)), False, NOWHERE),), (), NOWHERE
            )
            left, right = Holds(atom("reaches1", (a, b)), False, NOWHERE), Holds(atom(_LIKE, (b, c)), False, NOWHERE)
            body = self.choices.one(
                (
                    (left, right),
                    (Holds(atom(_LIKE, (a, b)), False, NOWHERE), Holds(atom("reaches1", (b, c)), False, NOWHERE)),
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
            concepts = sorted(self.vocabulary.descendants.get(type_, ()))
            if concepts and self.choices.chance(10):
                head.append(ConceptName(self.choices.one(concepts), NOWHERE))
            else:
                head.append(Variable(self.bind(type_, known, body, depth), NOWHERE))
        for _ in range(self.choices.one((0, 0, 1, 2) if types else (1, 1, 2, 3))):
            body.append(self.row(known, depth, True))
        for _ in range(self.choices.one((1, 0, 1, 2, 3))):
            body.append(self.test(known, depth))
        if self.choices.chance(20):
            body += self.literals.computed(known)
        if self.choices.chance(25):
            body.append(self.aggregate(known, depth))
        if self.choices.chance(20):
            body = self.choices.shuffled(body)
        citations = (Citation("own", NOWHERE),) if self.choices.chance(5) else ()
        if "P" not in {v.name for v in within(tuple(body), Variable)}:
            body.append(self.holds("screening", (Anonymous(NOWHERE),), True))
        return tidy(Rule(None, None, atom(name, head), tuple(body), citations, NOWHERE))

    def short(self, name: str, form: str) -> Rule:
        """Something recorded, and what is asked of one of its values; an aggregate; or one that asks for a computed day."""
        known: dict[str, str] = {}
        body: list[Literal] = []
        self.literals.plain = self.choices.chance(70)
        match form:
            case "limit":
                self.bind(self.choices.one((*self.literals.measured, "'mg/d'", "date", "drug")), known, body, _DEEPEST)
                body.append(self.literals.compared(known))
            case "computed":
                day = Variable(self.bind("date", known, body, _DEEPEST), NOWHERE)
                later = Variable(self.literals.new("N"), NOWHERE)
                length = Length(self.choices.one(DURATIONS), NOWHERE)
                body.append(Comparison("=", later, Arithmetic("+", day, length, NOWHERE), NOWHERE))
                one = self.aggregate(known, _DEEPEST)
                asked = self.vocabulary.relations["condition"]
                also = self.literals.literal(asked, {}, {asked.position("on") or 0: later}, False)
                body.append(replace(one, body=(*one.body, also)))
            case _:
                body.append(self.aggregate(known, _DEEPEST))
        self.literals.plain = False
        if "P" not in {v.name for v in within(tuple(body), Variable)}:
            body.append(self.holds("screening", (Anonymous(NOWHERE),), True))
        return tidy(Rule(None, None, atom(name, (Variable("P", NOWHERE),)), tuple(body), (), NOWHERE))

    # -- literals that bind --------------------------------------------------------------------------------------

    def bind(self, type_: str, known: dict[str, str], body: list[Literal], depth: int) -> str:
        """A variable of this type, and the literal that gives it its values."""
        old = [v for v, t in known.items() if t == type_]
        if old and self.choices.chance(30):
            return self.choices.one(old)
        name = self.literals.new("V")
        sources = [
            (r, i)
            for r in self.vocabulary.relations.values()
            for i, c in enumerate(r.columns)
            if self.literals.fits(c.type, type_)
        ]
        sources = [(r, i) for r, i in sources if r.kind is not Kind.JUDGEMENT]
        if depth < _DEEPEST and self.choices.chance(25):
            body.append(self.derived((type_,), (Variable(name, NOWHERE),), depth))
        else:
            relation, at = self.choices.one(sources)
            body.append(self.literals.literal(relation, known, {at: Variable(name, NOWHERE)}, True, type_))
        known[name] = type_
        return name

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
                return self.derived(types, [self.literals.term(t, known, binding) for t in types], depth)
            case 6:
                return Holds(
                    atom(self.reaching(), [self.literals.term("drug", known, binding) for _ in "ab"]), False, NOWHERE
                )
            case 5 if binding:
                day = self.literals.new("S")
                known[day] = "date"
                return self.holds("screening", (Variable(day, NOWHERE),), True)
            case _:
                return self.literals.literal(self.choices.one(asked), known, {}, binding)

    # -- literals that test --------------------------------------------------------------------------------------

    def test(self, known: dict[str, str], depth: int) -> Literal:
        """A literal that binds nothing."""
        match self.choices.below(10):
            case 0 | 1:
                found = self.row(dict(known), depth, False)
                assert isinstance(found, Holds | Latest)
                return replace(found, negated=True)
            case 2:
                return replace(self.literals.judged(), negated=self.choices.chance(40))
            case 3:
                return ReadingIs("strictness", self.choices.one(("strict", "loose")), NOWHERE)
            case 4:
                return self.literals.recorded()
            case _ if known:
                return self.literals.compared(known)
            case _:
                return self.literals.judged()

    def aggregate(self, known: dict[str, str], depth: int) -> Aggregate:
        """One taken for each patient and each concept that the rule binds."""
        wide = self.choices.chance(30)
        inner = {v: t for v, t in known.items() if wide or t in self.vocabulary.concepts}
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
                bound = (
                    self.choices.one(outside) if outside and self.choices.chance(40) else self.literals.constant(type_)
                )
                summary, sign = self.choices.one((Summary.MAX, Summary.MIN)), self.choices.one(SIGNS[:5])
                one = Aggregate(summary, (value,), (*body, *more), None, sign, bound, NOWHERE)
            case _:
                begin, end = (Variable(self.literals.new("V"), NOWHERE) for _ in range(2))
                inner |= {begin.name: "date", end.name: "date"}
                treatment = self.vocabulary.relations["treatment"]
                ends = {treatment.position("from") or 0: begin, treatment.position("to") or 0: end}
                body.append(self.literals.literal(treatment, inner, ends, True))
                more = self.inside(inner, depth)
                summary, sign = self.choices.one((Summary.LONGEST, Summary.COVERED)), self.choices.one(SIGNS[:4])
                gap = self.choices.one((None, Duration(0, 7), Duration(1, 0))) if summary is Summary.LONGEST else None
                length = Length(self.choices.one(DURATIONS), NOWHERE)
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


def _names(atom: Atom) -> int:
    """How many variables stand in it."""
    return len({a.term.name for a in atom.arguments if isinstance(a.term, Variable)})


def tidy(rule: Rule) -> Rule:
    """The rule with `_` for each variable that stands in it only once."""
    counted = Counter(v.name for v in within(rule, Variable))
    once = {name for name, times in counted.items() if times == 1 and name != "P"}

    def blank(node: object) -> object:
        is_one = isinstance(node, Argument) and isinstance(node.term, Variable) and node.term.name in once
        return replace(node, term=Anonymous(NOWHERE)) if isinstance(node, Argument) and is_one else node

    return changed(rule, blank)


def renamed(rule: Rule, choices: Choices, letter: str = "") -> Rule:
    """The rule with the names of its variables given to one another, each with the letter before it."""
    names = sorted({v.name for v in within(rule, Variable)})
    others = dict(zip(names, (letter + n for n in choices.shuffled(names)), strict=True))

    def call(node: object) -> object:
        match node:
            case Variable(name):
                return replace(node, name=others[name])
            case Label(_, phrase):
                return replace(node, phrase=re.sub(r"\{(\w+)\}", lambda m: "{" + others[m[1]] + "}", phrase))
            case _:
                return node

    return changed(rule, call)
