"""Where types and units do not fit: in arguments, comparisons and aggregates."""

from collections.abc import Mapping, Sequence

from trialog.check.declarations import Declarations
from trialog.check.types import DATE, Inference, Types
from trialog.check.variables import atom_variables, expression_variables, variables_of
from trialog.problem import Problem, did_you_mean
from trialog.program import Sort, Type
from trialog.tree import (
    Aggregate,
    Anonymous,
    Atom,
    Comparison,
    ConceptName,
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

    def tell(self, rule: Rule, variables: dict[str, Type]) -> None:
        for literal in rule.body:
            self.tell_literal(literal, variables)
        self.tell_atom(rule.head, variables)
        mentioned = [v for x in rule.body for v in variables_of(x) if v.name not in variables]
        measured = {v.name for x in rule.body for v in self.of_declared(x)}  # its unit is asked for elsewhere
        for name, at in {v.name: v.at for v in reversed(mentioned) if v.name not in measured}.items():
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
        found = self.inference.of_expression(term, variables, self.inference.problems)
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
            self.inference.same_unit(None, column, term, found, term.at, self.inference.problems)
            if (
                isinstance(term, Variable)
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
            self.inference.say(
                self.inference.problems,
                "E305",
                f"{misplaced} is a {found.root}; `{atom.relation}` wants a {column.root} here",
                term.at,
                did_you_mean(term.name, self.inference.vocabulary.descendants[column.root])
                if isinstance(term, ConceptName)
                else "",
            )

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
                elif found is not None and found.root and self.inference.root(concept.name) != found.root:
                    self.inference.say(
                        self.inference.problems,
                        "E305",
                        f"`{concept.name}` is a {self.inference.root(concept.name)}, and this is a {found.root}",
                        concept.at,
                        did_you_mean(concept.name, self.inference.vocabulary.descendants[found.root]),
                    )
            case Comparison():
                self.tell_comparison(literal, variables)
            case Aggregate():
                self.tell_aggregate(literal, variables)
            case ReadingIs():
                pass

    def tell_comparison(self, c: Comparison, variables: Mapping[str, Type]) -> None:
        left = self.inference.of_expression(c.left, variables, self.inference.problems)
        right = self.inference.of_expression(c.right, variables, self.inference.problems)
        untold = [v for side in (c.left, c.right) for v in expression_variables(side) if v.name not in variables]
        for variable in {v.name: v for v in reversed(untold)}.values():
            self.inference.say(
                self.inference.problems,
                "E308",
                f"the unit of `{variable.name}` is not known",
                variable.at,
                "name the measured concept in the relation, so that its unit is known",
            )
        if left is None or right is None:
            return
        if left.sort is not right.sort:
            self.inference.say(
                self.inference.problems,
                "E304",
                f"a {left.sort.value} is compared with a {right.sort.value}",
                c.at,
                "compare like with like",
            )
        elif left.sort is Sort.NUMBER:
            self.inference.same_unit(c.left, left, c.right, right, c.at, self.inference.problems)
        elif left.sort in (Sort.CONCEPT, Sort.PATIENT) and c.operator not in ("=", "!="):
            self.inference.say(
                self.inference.problems,
                "E304",
                f"a {left.sort.value} is not more or less than another",
                c.at,
                "only `=` and `!=` compare them",
            )
        elif left.sort is Sort.CONCEPT and left.root and right.root and left.root != right.root:
            self.inference.say(
                self.inference.problems,
                "E305",
                f"a {left.root} is compared with a {right.root}",
                c.at,
                "compare concepts of one root",
            )

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
                        "write it in digits, without a unit",
                    )
            case Summary.MIN | Summary.MAX:
                if len(kinds) != 1 or (kinds[0] is not None and not kinds[0].sort.is_wide):
                    self.inference.say(
                        self.inference.problems,
                        "E309",
                        f"`{name}` takes one variable, a number or a date",
                        a.at,
                        f"`{name} {{ V : … }}`",
                    )
                bound = self.inference.of_expression(a.bound, variables, self.inference.problems)
                if bound is not None and kinds[0] is not None:
                    if bound.sort is not kinds[0].sort:
                        self.inference.say(
                            self.inference.problems,
                            "E304",
                            f"a {kinds[0].sort.value} is compared with a {bound.sort.value}",
                            a.at,
                            "compare like with like",
                        )
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
