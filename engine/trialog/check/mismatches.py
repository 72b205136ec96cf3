"""Where types and units do not fit: in arguments, comparisons and aggregates."""

from collections.abc import Iterable, Mapping, Sequence

from trialog.check.declarations import Declarations
from trialog.check.types import DATE, Inference, Types
from trialog.check.variables import atom_variables, expression_variables, variables_of
from trialog.problem import Problem, did_you_mean
from trialog.program import Sort, Type
from trialog.source import Span
from trialog.tree import (
    Aggregate,
    Anonymous,
    Arithmetic,
    Atom,
    Comparison,
    ConceptName,
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
    Summary,
    Term,
    Variable,
)
from trialog.vocabulary import Coded, Kind

_TURNED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def mismatches(rules: Sequence[Rule], declared: Declarations, types: Types) -> list[Problem]:
    """Every place in the rules where a type or a unit does not fit what was inferred."""
    inference = Inference(declared, types, [])
    telling = _Mismatches(inference)
    for rule, variables in zip(rules, types.variables, strict=True):
        telling.tell(rule, variables)
    return inference.problems


class _Mismatches:
    def __init__(self, inference: Inference) -> None:
        self.inference = inference
        self.told: set[str] = set()  # the rule's variables whose unit was said not to be known

    def tell(self, rule: Rule, variables: dict[str, Type]) -> None:
        self.told = set()
        for literal in rule.body:
            self.tell_literal(literal, variables)
        for literal in rule.body:
            self.tell_results_of_any_unit(literal)
        self.tell_atom(rule.head, variables)
        mentioned = [v for x in rule.body for v in variables_of(x) if v.name not in variables]
        measured = {v.name for x in rule.body for v in self.of_declared(x)}  # its unit is asked for elsewhere
        for name, at in {v.name: v.at for v in reversed(mentioned) if v.name not in measured | self.told}.items():
            shown = name.split("'")[0]
            self.inference.say(
                self.inference.problems,
                "E311",
                f"nothing says what `{shown}` is: a date, a number or a concept",
                at,
                "use it in a relation that the vocabulary declares",
            )

    def of_declared(self, literal: Literal) -> list[Variable]:
        """The variables that stand in relations which the vocabulary declares."""
        match literal:
            case Holds(atom) | Latest(atom) | Recorded(atom):
                declared = atom.relation in self.inference.vocabulary.relations
                return atom_variables(atom) if declared else []
            case Aggregate(body=body):
                return [v for x in body for v in self.of_declared(x)]
            case Membership() | Comparison() | ReadingIs():
                return []

    def tell_atom(self, atom: Atom, variables: Mapping[str, Type]) -> None:
        for argument, column in zip(atom.arguments, self.inference.of_columns(atom), strict=False):
            if not isinstance(argument.term, Anonymous):
                self.tell_argument(argument.term, column, variables, atom)

    def tell_argument(self, term: Term, column: Type | None, variables: Mapping[str, Type], atom: Atom) -> None:
        found = self.inference.of_expression(term, variables, self.inference.problems, column)
        if column is None or found is None:
            return
        if found.sort is not column.sort:
            self.inference.say(
                self.inference.problems,
                "E304",
                f"a {column.sort.value} is wanted here in `{atom.relation}`, not a {found.sort.value}",
                term.at,
                "check the order of the arguments",
            )
        elif column.sort is Sort.NUMBER:
            fits = self.inference.same_unit(None, column, term, found, term.at, self.inference.problems)
            if (
                fits
                and isinstance(term, Variable)
                and found.unit.dimension == column.unit.dimension
                and found.unit.scale != column.unit.scale
            ):
                self.inference.say(
                    self.inference.problems,
                    "E302",
                    f"`{term.name}` has another unit elsewhere",
                    term.at,
                    "use one unit throughout a rule",
                )
        elif column.sort is Sort.CONCEPT and column.root and found.root and found.root != column.root:
            misplaced = f"the concept `{term.name}`" if isinstance(term, ConceptName) else "this"
            claim = f"{misplaced} is a {found.root}; `{atom.relation}` wants a {column.root} here"
            self.tell_root(claim, term, found.root, column.root)

    def tell_root(self, claim: str, term: Term, found: str, wanted: str) -> None:
        """Say that a concept is under another root than is wanted."""
        help_ = ""
        if isinstance(term, ConceptName):
            help_ = did_you_mean(term.name, self.inference.vocabulary.descendants[wanted])
        if not help_ and (relation := self.relation_about(found)):
            help_ = f"a {found} is asked for with `{relation}`; here a concept under `{wanted}` is wanted"
        self.inference.say(self.inference.problems, "E305", claim, term.at, help_ or f"name a concept under `{wanted}`")

    def relation_about(self, root: str) -> str:
        """The relation of charts whose rows are about concepts of this root; empty where there is none."""
        for relation in self.inference.vocabulary.relations.values():
            at = relation.concept_column
            column = relation.columns[at].type if at is not None and relation.kind is not Kind.KNOWN else None
            if isinstance(column, Coded) and column.root == root:
                return relation.name
        return ""

    def tell_literal(self, literal: Literal, variables: Mapping[str, Type]) -> None:
        match literal:
            case Holds(atom) | Recorded(atom):
                self.tell_atom(atom, variables)
            case Latest(atom, when):
                self.tell_atom(atom, variables)
                found = DATE if when is None else self.inference.of_term(when, variables)
                if found is not None and found.sort is not Sort.DATE:
                    self.inference.say(
                        self.inference.problems,
                        "E304",
                        f"a date is wanted after `at`, not a {found.sort.value}",
                        literal.at,
                        "name a variable that holds a date",
                    )
            case Membership(term, concept, _, at):
                found = self.inference.of_term(term, variables)
                if found is not None and (found.sort is not Sort.CONCEPT):
                    self.inference.say(
                        self.inference.problems,
                        "E304",
                        f"a concept is wanted before `in`, not a {found.sort.value}",
                        at,
                        "use a variable of a concept column",
                    )
                elif (
                    found is not None
                    and found.root
                    and (root := self.inference.root(concept.name)) not in ("", found.root)
                ):
                    self.tell_root(
                        f"`{concept.name}` is a {root}, and this is a {found.root}", concept, root, found.root
                    )
            case Comparison():
                self.tell_comparison(literal, variables)
            case Aggregate():
                self.tell_aggregate(literal, variables)
            case ReadingIs():
                pass

    def tell_comparison(self, c: Comparison, variables: Mapping[str, Type]) -> None:
        problems = self.inference.problems
        for side, other in ((c.left, c.right), (c.right, c.left)):
            if isinstance(side, Length) and isinstance(other, Arithmetic) and other.operator == "-":
                sides = [self.inference.of_expression(e, variables, None) for e in (other.left, other.right)]
                if all(t is not None and t.sort is Sort.DATE for t in sides):
                    operator = c.operator if side is c.left else _TURNED[c.operator]
                    instead = (
                        f"{other.right.at.in_one_line} + {side.at.in_one_line} {operator} {other.left.at.in_one_line}"
                    )
                    self.inference.say(
                        problems,
                        "E306",
                        "two dates cannot be subtracted from each other",
                        other.at,
                        f"write `{instead}`",
                    )
                    return
        beside = [self.inference.of_expression(e, variables, None) for e in (c.right, c.left)]
        left, right = (
            self.inference.of_expression(e, variables, problems, w)
            for e, w in zip((c.left, c.right), beside, strict=True)
        )
        for side in (c.left, c.right):
            self.tell_units(expression_variables(side), variables)
        if left is None or right is None:
            return
        if left.sort is not right.sort:
            self.unlike("E304", left.sort.value, c.left, right.sort.value, c.right, "compare like with like")
        elif left.sort is Sort.NUMBER:
            self.inference.same_unit(c.left, left, c.right, right, c.at, problems)
        elif left.sort in (Sort.CONCEPT, Sort.PATIENT) and c.operator not in ("=", "!="):
            claim = f"a {left.sort.value} is not more or less than another"
            self.inference.say(problems, "E304", claim, c.at, "only `=` and `!=` compare them")
        elif left.sort is Sort.CONCEPT and left.root and right.root and left.root != right.root:
            self.unlike("E305", left.root, c.left, right.root, c.right, "compare concepts of one root")

    def tell_results_of_any_unit(self, literal: Literal) -> None:
        """Say of which results something is asked though each may be in another unit, since nothing says what was measured."""
        match literal:
            case Holds(atom) | Latest(atom):
                if self.inference.is_about_unknown(atom):
                    return
                for argument, type_ in zip(atom.arguments, self.inference.of_columns(atom), strict=False):
                    match argument.term:
                        case Variable() if type_ is None:
                            self.tell_units([argument.term], {})
                        case Number(at=at) if type_ is None:
                            self.tell_unit(at.in_one_line, at)
                        case _:
                            pass
            case Aggregate(body=body):
                for inner in body:
                    self.tell_results_of_any_unit(inner)
            case Recorded() | Membership() | Comparison() | ReadingIs():
                pass

    def tell_unit(self, words: str, at: Span) -> None:
        help_ = "name the measured concept in the relation, so that its unit is known"
        self.inference.say(self.inference.problems, "E308", f"the unit of `{words}` is not known", at, help_)

    def tell_units(self, asked: Iterable[Variable], variables: Mapping[str, Type]) -> None:
        """Say of which of these variables the type is not known: they stand for results of which each has a unit of its own."""
        for variable in asked:
            if variable.name not in variables and variable.name not in self.told:
                self.told.add(variable.name)
                self.tell_unit(variable.name.split("'")[0], variable.at)

    def unlike(
        self, code: str, left: str, left_side: Expression, right: str, right_side: Expression, help_: str
    ) -> None:
        """Say that two things which are compared are of different kinds, with the kind of each."""
        claim = f"a {left} is compared with a {right}"
        related = ((right_side.at, f"a {right}"),)
        problem = Problem(code, claim, left_side.at, help_, related=related, label=f"a {left}")
        self.inference.problems.append(problem)

    def tell_aggregate(self, a: Aggregate, variables: Mapping[str, Type]) -> None:
        for inner in a.body:
            self.tell_literal(inner, variables)
        kinds = [variables.get(v.name) for v in a.variables]
        name = a.summary.value
        match a.summary:
            case Summary.COUNT:
                if len(kinds) != 1:
                    self.inference.say(
                        self.inference.problems,
                        "E309",
                        "`count` takes one variable",
                        a.at,
                        "count one thing: `count { D : … }`",
                    )
                if not (
                    isinstance(a.bound, Number)
                    and a.bound.unit is None
                    and isinstance(a.bound.value, int)
                    and 0 <= a.bound.value <= 10_000
                ):
                    self.inference.say(
                        self.inference.problems,
                        "E309",
                        "a count is compared with a whole number",
                        a.bound.at,
                        "an aggregate has no value that a variable could hold: compare it here, as in `>= 2`"
                        if isinstance(a.bound, Variable)
                        else "write it in digits, without a unit",
                    )
                    self.told |= {v.name for v in expression_variables(a.bound)}
            case Summary.MIN | Summary.MAX:
                if len(kinds) != 1 or (kinds[0] is not None and not kinds[0].sort.is_wide):
                    self.inference.say(
                        self.inference.problems,
                        "E309",
                        f"`{name}` takes one variable, a number or a date",
                        a.at,
                        f"`{name} {{ V : … }}`",
                    )
                    return
                bound = self.inference.of_expression(a.bound, variables, self.inference.problems, kinds[0])
                if bound is not None and kinds[0] is not None:
                    if bound.sort is not kinds[0].sort:
                        help_, (v,) = "compare like with like", a.variables
                        self.unlike("E304", kinds[0].sort.value, v, bound.sort.value, a.bound, help_)
                    elif bound.sort is Sort.NUMBER:
                        self.inference.same_unit(
                            a.variables[0], kinds[0], a.bound, bound, a.at, self.inference.problems
                        )
            case Summary.COVERED | Summary.LONGEST:
                if len(kinds) != 2 or any(k is not None and k.sort is not Sort.DATE for k in kinds):
                    self.inference.say(
                        self.inference.problems,
                        "E309",
                        f"`{name}` takes two dates, a beginning and an end",
                        a.at,
                        f"`{name} {{ From, To : … }}`",
                    )
                if not isinstance(a.bound, Length):
                    self.inference.say(
                        self.inference.problems,
                        "E309",
                        f"`{name}` is compared with a duration",
                        a.bound.at,
                        "write `3 months` or `90 days`",
                    )
                if a.operator in ("=", "!="):
                    self.inference.say(
                        self.inference.problems,
                        "E309",
                        f"`{name}` is not compared by `{a.operator}`",
                        a.at,
                        "use `>=`, `>`, `<` or `<=`",
                    )
        if a.operator == "!=":
            self.inference.say(
                self.inference.problems,
                "E309",
                "an aggregate is not compared by `!=`",
                a.at,
                "write two rules: one for less, one for more",
            )
        if a.gap is not None and a.summary is not Summary.LONGEST:
            self.inference.say(
                self.inference.problems, "E309", f"`{name}` bridges no gaps", a.at, "only `longest` has a `gap`"
            )
