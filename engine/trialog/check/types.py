"""The type of every variable and of every column that rules define; units included."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from trialog.check.declarations import Declarations
from trialog.check.variables import expression_variables
from trialog.check.written_units import unit_place, unknown_unit
from trialog.problem import Problem
from trialog.program import Sort, Type
from trialog.source import Span
from trialog.tree import (
    Aggregate,
    Anonymous,
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
    ReadingIs,
    Recorded,
    Rule,
    Term,
    Variable,
)
from trialog.units import ONE, Unit, UnitError, unit
from trialog.vocabulary import Amount, Coded, ColumnType, Dated, Kind, Measured, Relation, Vocabulary

PATIENT = Type(Sort.PATIENT)
DATE = Type(Sort.DATE)
SCREENING = (PATIENT, DATE)


@dataclass
class Types:
    """What inference has found: of each derived relation its columns, of each rule (by its place) its variables."""

    columns: dict[str, list[Type | None]] = field(default_factory=dict)
    variables: list[dict[str, Type]] = field(default_factory=list)


def column_type(column: ColumnType, about: Term | None, vocabulary: Vocabulary) -> Type | None:
    """The type of a chart's column; the unit of a `quantity` is that of the concept that the row is `about`."""
    match column:
        case Dated():
            return DATE
        case Amount(written):
            return Type(Sort.NUMBER, unit(written))
        case Coded(root):
            return Type(Sort.CONCEPT, root=root)
        case Measured():
            if isinstance(about, ConceptName) and about.name in vocabulary.concepts:
                written = vocabulary.concepts[about.name].unit
                return Type(Sort.NUMBER, unit(written)) if written is not None else None
            return None


class _From(IntEnum):
    """What a type is learnt from; of two, the one that is nearer to a declaration says more."""

    RELATIONS = 0
    EQUATIONS = 1
    CONSTANTS = 2


type _Place = tuple[int, str] | tuple[str, int]
"""A variable of the rule at that place, or a column of that relation."""


def infer(rules: Sequence[Rule], declared: Declarations) -> Types:
    """Types of all variables and derived columns, found by going round until nothing new is learnt.

    What is found does not depend on the order of rules and literals: declared columns come first, then equations, then
    constants, and of several types learnt at once that one is taken whose unit is written first in the alphabet.
    """
    types = Types()
    for rule in rules:
        if rule.head.relation not in declared.vocabulary.relations:
            types.columns.setdefault(rule.head.relation, list[Type | None]([None]) * len(rule.head.arguments))
    types.variables = [{} for _ in rules]
    looking = Inference(declared, types, [])
    while any(_learnt(rules, looking, source) for source in _From):
        pass
    return types


def _learnt(rules: Sequence[Rule], looking: "Inference", source: _From) -> bool:
    """Whether anything new was learnt from there, in one round."""
    found: dict[_Place, set[Type]] = {}
    for i, rule in enumerate(rules):
        for place, learnt in looking.learn(i, rule, source):
            found.setdefault(place, set()).add(learnt)
    for place, candidates in found.items():
        learnt = min(candidates, key=lambda t: (t.sort.value, t.root, t.unit.written, t.unit.scale, t.unit.dimension))
        match place:
            case (int(i), str(name)):
                looking.types.variables[i][name] = learnt
            case (str(relation), int(column)):
                looking.types.columns[relation][column] = learnt
    return bool(found)


class Inference:
    def __init__(self, declared: Declarations, types: Types, problems: list[Problem]) -> None:
        self.vocabulary = declared.vocabulary
        self.doubtful = declared.doubtful
        self.types = types
        self.problems = problems

    # -- what is known of a column -------------------------------------------------------------------------------

    def of_columns(self, atom: Atom) -> list[Type | None]:
        if atom.relation == "screening":
            return list(SCREENING)
        relation = self.vocabulary.relations.get(atom.relation)
        if relation is None:
            return self.types.columns.get(atom.relation) or [None for _ in atom.arguments]
        first = [] if relation.kind is Kind.KNOWN else [PATIENT]
        about = self.about(atom, relation)
        return [*first, *(column_type(c.type, about, self.vocabulary) for c in relation.columns)]

    def is_about_unknown(self, atom: Atom) -> bool:
        """Whether the vocabulary says nothing of this relation, or of the concept that is asked for."""
        relation = self.vocabulary.relations.get(atom.relation)
        about = self.about(atom, relation) if relation is not None else None
        return relation is None or (isinstance(about, ConceptName) and about.name not in self.vocabulary.concepts)

    def about(self, atom: Atom, relation: Relation) -> Term | None:
        if relation.concept_column is None:
            return None
        return atom.arguments[relation.concept_column + (relation.kind is not Kind.KNOWN)].term

    def root(self, concept: str) -> str:
        """The root that the concept is under; empty where that is not known."""
        if concept in self.doubtful:
            return ""
        return next(a for a in self.vocabulary.ancestors[concept] if not self.vocabulary.concepts[a].parents)

    # -- learning ------------------------------------------------------------------------------------------------

    def learn(self, i: int, rule: Rule, source: _From) -> Iterator[tuple[_Place, Type]]:
        """What the rule, the `i`-th, tells of variables and columns whose type is not known yet."""
        variables = self.types.variables[i]
        for literal in rule.body:
            for name, learnt in self.learn_literal(literal, variables, source):
                if name not in variables:
                    yield (i, name), learnt
        columns = self.types.columns.get(rule.head.relation)
        for column, argument in enumerate(rule.head.arguments if columns is not None else ()):
            if columns is not None and columns[column] is None:
                is_variable = isinstance(argument.term, Variable)
                learnt = self.of_term(argument.term, variables)
                if learnt is not None and source is (_From.RELATIONS if is_variable else _From.CONSTANTS):
                    yield (rule.head.relation, column), learnt

    def learn_literal(
        self, literal: Literal, variables: Mapping[str, Type], source: _From
    ) -> Iterator[tuple[str, Type]]:
        match literal:
            case Holds(atom) | Latest(atom) | Recorded(atom) if source is _From.RELATIONS:
                for argument, column in zip(atom.arguments, self.of_columns(atom), strict=False):
                    if isinstance(argument.term, Variable) and column is not None:
                        yield argument.term.name, column
            case Membership(Variable(name), concept) if source is _From.CONSTANTS:
                if concept.name in self.vocabulary.concepts:
                    yield name, Type(Sort.CONCEPT, root=self.root(concept.name))
            case Comparison("=", left, right):
                for one, other in ((left, right), (right, left)):
                    mentions = _From.EQUATIONS if expression_variables(other) else _From.CONSTANTS
                    if isinstance(one, Variable) and one.name not in variables and source is mentions:
                        found = self.of_expression(other, variables, None)
                        if found is not None:
                            yield one.name, found
            case Aggregate(body=body):
                for inner in body:
                    yield from self.learn_literal(inner, variables, source)
            case Holds() | Latest() | Recorded() | Membership() | ReadingIs() | Comparison():
                pass

    def of_term(self, term: Term, variables: Mapping[str, Type]) -> Type | None:
        match term:
            case Variable(name):
                return variables.get(name)
            case Anonymous():
                return None
            case ConceptName(name):
                return Type(Sort.CONCEPT, root=self.root(name))
            case Number(_, written):
                try:
                    return Type(Sort.NUMBER, unit(written or ""))
                except UnitError:
                    return None
            case Day():
                return DATE

    def of_expression(
        self,
        e: Expression,
        variables: Mapping[str, Type],
        problems: list[Problem] | None,
        wanted: Type | None = None,
    ) -> Type | None:
        """The type of the expression; None where it has none, and then `problems` says why, if it is given.

        `wanted` is the type of what it stands beside, where that is known.
        """
        match e:
            case Length(_, at):
                self.say(problems, "E306", "a duration stands alone", at, "add it to a date, or subtract it from one")
                return None
            case Arithmetic(operator, left, right, at):
                return self.of_arithmetic(operator, left, right, at, variables, problems)
            case Number(_, written, at) if written is not None:
                try:
                    return Type(Sort.NUMBER, unit(written))
                except UnitError as error:
                    if problems is not None:
                        fitting = self.fitting_units(wanted)
                        problems.append(unknown_unit(error, written, unit_place(at), fitting))
                    return None
            case Anonymous(at):
                self.say(problems, "E306", "`_` has no value here", at, "give it a name, and bind it in a relation")
                return None
            case _:
                return self.of_term(e, variables)

    def of_arithmetic(
        self,
        operator: str,
        left: Expression,
        right: Expression,
        at: Span,
        variables: Mapping[str, Type],
        problems: list[Problem] | None,
    ) -> Type | None:
        l_type = self.of_expression(left, variables, problems)
        if isinstance(right, Length):
            if l_type is not None and (l_type.sort is not Sort.DATE or operator not in "+-"):
                self.say(
                    problems,
                    "E306",
                    f"a duration can be added to a date, not to this {l_type.sort.value}",
                    at,
                    "write `date + 3 months`",
                )
                return None
            return l_type
        r_type = self.of_expression(right, variables, problems, l_type if operator in "+-" else None)
        if l_type is None or r_type is None:
            return None
        if l_type.sort is not Sort.NUMBER or r_type.sort is not Sort.NUMBER:
            self.say(
                problems,
                "E306",
                f"`{operator}` cannot join a {l_type.sort.value} and a {r_type.sort.value}",
                at,
                _instead(operator, l_type, left, r_type, right),
            )
            return None
        match operator:
            case "*":
                return Type(Sort.NUMBER, l_type.unit * r_type.unit)
            case "/":
                if not isinstance(right, Number) or right.value == 0:
                    self.say(
                        problems,
                        "E306",
                        "only a number other than 0 may divide",
                        at,
                        "multiply the other side of the comparison instead",
                    )
                    return None
                return Type(Sort.NUMBER, l_type.unit / r_type.unit)
            case _:
                return l_type if self.same_unit(left, l_type, right, r_type, at, problems) else None

    def say(self, problems: list[Problem] | None, code: str, claim: str, at: Span, help_: str) -> None:
        if problems is not None:
            problems.append(Problem(code, claim, at, help_))

    def fitting_units(self, wanted: Type | None) -> list[str]:
        """The units in which something of this type is written: its own first, then those of the vocabulary that fit it."""
        if wanted is None or wanted.sort is not Sort.NUMBER or not wanted.unit.written:
            return []
        conversions = [c for k in self.vocabulary.concepts.values() for c in k.conversions]
        pairs = [(c.left_unit, c.right_unit) for c in conversions]
        others = {there for a, b in pairs for here, there in ((a, b), (b, a)) if here == wanted.unit.written}
        return [wanted.unit.written, *sorted(u for u in others if unit(u).dimension == wanted.unit.dimension)]

    def same_unit(
        self,
        left: Expression | None,
        l_type: Type,
        right: Expression,
        r_type: Type,
        at: Span,
        problems: list[Problem] | None,
    ) -> bool:
        """Whether the units of two numbers fit; where not, it is said, with the unit of each."""
        for side, other in ((right, l_type), (left, r_type)):
            if isinstance(side, Number) and side.unit is None and other.unit != ONE:
                fitting = self.fitting_units(other)
                example = f"`{side.at.in_one_line} '{fitting[0] if fitting else '%'}'`"
                self.say(
                    problems,
                    "E301",
                    f"`{side.at.in_one_line}` has no unit",
                    side.at,
                    f"write the unit that the protocol gives, e.g. {example}",
                )
                return False
        if l_type.unit.dimension == r_type.unit.dimension:
            return True
        if problems is not None:
            claim = f"the units of `{at.in_one_line}` do not fit"
            l_unit, r_unit = _show(l_type.unit), _show(r_type.unit)
            help_ = "compare, add and subtract only what is measured in units of one kind"
            if left is None:
                problems.append(
                    Problem("E302", claim, at, f"{l_unit} is wanted here, not {r_unit}", label=f"in {r_unit}")
                )
            else:
                related = ((right.at, f"in {r_unit}"),)
                problems.append(Problem("E302", claim, left.at, help_, related=related, label=f"in {l_unit}"))
        return False


def _instead(operator: str, l_type: Type, left: Expression, r_type: Type, right: Expression) -> str:
    """What to write for what cannot be computed so."""
    sorts = {l_type.sort, r_type.sort}
    if not sorts <= {Sort.DATE, Sort.NUMBER}:
        return "only numbers and dates can be computed with"
    if sorts == {Sort.DATE}:
        return "compare `From + 3 months <= To` instead"
    if operator in "+-" and l_type.sort is Sort.DATE:
        days = right.at.in_one_line if isinstance(right, Number) else "30"
        return f"a number of days or months has its unit: `{left.at.in_one_line} {operator} {days} days`"
    return "a date can have a duration added or taken away, and no more"


def _show(u: Unit) -> str:
    if u.written:
        return f"`{u.written}`"
    if not u.dimension:
        return (
            "pure numbers"
            if u.scale == 1
            else f"hundredths ({u.scale})"
            if u.scale.denominator == 100
            else f"{u.scale}"
        )
    parts = ".".join(name + (str(power) if power != 1 else "") for name, power in u.dimension)
    return f"`{parts}`"
