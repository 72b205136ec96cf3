"""Rules with every name found and every argument in its column; local variables of aggregates renamed apart."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from trialog.check.declarations import BUILT_IN, Declarations
from trialog.check.variables import atom_variables, expression_variables, renamed, variables_of
from trialog.problem import Problem, did_you_mean
from trialog.source import Span
from trialog.tree import (
    Aggregate,
    Anonymous,
    Argument,
    Arithmetic,
    Atom,
    Comparison,
    ConceptName,
    Expression,
    Holds,
    Latest,
    Literal,
    Membership,
    ReadingIs,
    Recorded,
    Rule,
    Variable,
)
from trialog.vocabulary import Kind, Relation


def resolve(rules: Sequence[Rule], declared: Declarations) -> tuple[list[Rule], list[Problem]]:
    """The rules in which all names are known, each atom with one argument for each column, in the columns' order."""
    problems: list[Problem] = []
    arities: dict[str, tuple[int, Span]] = {}
    for rule in rules:
        name, relation = rule.head.relation, declared.vocabulary.relations.get(rule.head.relation)
        if relation is None and name not in BUILT_IN:
            first = arities.setdefault(name, (len(rule.head.arguments), rule.head.name_at))
            if first[0] != len(rule.head.arguments):
                problems.append(
                    Problem(
                        "E202",
                        f"`{name}` has {_columns(len(rule.head.arguments))} here and {first[0]} elsewhere",
                        rule.head.at,
                        "give all rules of a relation the same columns",
                        related=((first[1], "the other rule"),),
                    )
                )
    known = {name: count for name, (count, _) in arities.items()}
    resolver = _Resolver(declared, known, problems)
    good = [done for rule in rules if (done := resolver.rule(rule)) is not None]
    return good, problems


class _Resolver:
    def __init__(self, declared: Declarations, derived: Mapping[str, int], problems: list[Problem]) -> None:
        self.declared = declared
        self.derived = derived
        self.problems = problems

    def rule(self, rule: Rule) -> Rule | None:
        before = len(self.problems)
        relation = self.declared.vocabulary.relations.get(rule.head.relation)
        if rule.head.relation in BUILT_IN or (relation is not None and relation.kind is not Kind.KNOWN):
            kind = "every program's own" if relation is None else f"the chart's ({relation.kind.value})"
            self.problems.append(
                Problem(
                    "E211",
                    f"`{rule.head.relation}` is {kind}: rules may not add to it",
                    rule.head.at,
                    "give the rule a relation of its own",
                )
            )
        if any(a.column for a in rule.head.arguments) or rule.head.rest:
            self.problems.append(
                Problem(
                    "E202",
                    "the head of a rule names all its columns by their order",
                    rule.head.at,
                    "leave column names and `..` to the body",
                )
            )
        head = self.atom(rule.head)
        self.singletons(rule)
        body = tuple(self.literal(x) for x in self.apart(rule))
        return replace(rule, head=head, body=body) if len(self.problems) == before else None

    # -- names ---------------------------------------------------------------------------------------------------

    def atom(self, atom: Atom) -> Atom:
        relation = self.declared.vocabulary.relations.get(atom.relation)
        if atom.relation in BUILT_IN:
            return self.counted(atom, 2)
        if relation is None:
            if atom.relation not in self.derived:
                names = [*self.declared.vocabulary.relations, *self.derived, *BUILT_IN]
                self.problems.append(
                    Problem(
                        "E201",
                        f"there is no relation `{atom.relation}`",
                        atom.name_at,
                        did_you_mean(atom.relation, names) or "declare it, or write a rule that defines it",
                    )
                )
                return atom
            return self.counted(atom, self.derived[atom.relation])
        return self.placed(atom, relation)

    def counted(self, atom: Atom, columns: int) -> Atom:
        for argument in atom.arguments:
            if argument.column:
                self.problems.append(
                    Problem(
                        "E203",
                        f"the columns of `{atom.relation}` have no names",
                        argument.at,
                        "give its arguments in order",
                    )
                )
        given = len(atom.arguments)
        if given > columns or (given < columns and not atom.rest):
            self.problems.append(
                Problem(
                    "E202",
                    f"`{atom.relation}` has {_columns(columns)}, and {given} "
                    f"argument{'s are' if given != 1 else ' is'} given",
                    atom.at,
                    "end with `..` to leave columns out" if given < columns else "take arguments out",
                )
            )
        filled = [*atom.arguments, *(_blank(atom) for _ in range(columns - given))]
        for argument in filled:
            self.concept(argument)
        return replace(atom, arguments=tuple(filled), rest=False)

    def placed(self, atom: Atom, relation: Relation) -> Atom:
        names = [c.name for c in relation.columns]
        if relation.kind is not Kind.KNOWN:
            names.insert(0, "patient")
        filled: dict[str, Argument] = {}
        named = False
        for i, argument in enumerate(atom.arguments):
            self.concept(argument)
            if argument.column is None:
                if named:
                    self.problems.append(
                        Problem(
                            "E202",
                            "an argument without a name follows one with a name",
                            argument.at,
                            "put it before, or name it",
                        )
                    )
                elif i < len(names):
                    filled[names[i]] = argument
                continue
            named = True
            if argument.column not in names:
                self.problems.append(
                    Problem(
                        "E203",
                        f"`{relation.name}` has no column `{argument.column}`",
                        argument.at,
                        did_you_mean(argument.column, names) or f"its columns are {', '.join(names)}",
                    )
                )
            elif argument.column in filled:
                self.problems.append(
                    Problem("E203", f"the column `{argument.column}` is given twice", argument.at, "take one out")
                )
            else:
                filled[argument.column] = argument
        positional = sum(a.column is None for a in atom.arguments)
        if positional > len(names) or (len(filled) < len(names) and not atom.rest and not named):
            self.problems.append(
                Problem(
                    "E202",
                    f"`{relation.name}` has {_columns(len(names))}, and {positional} "
                    f"argument{'s are' if positional != 1 else ' is'} given",
                    atom.at,
                    f"its columns are {', '.join(names)}; end with `..` to leave some out",
                )
            )
        arguments = tuple(replace(filled[n], column=None) if n in filled else _blank(atom) for n in names)
        return replace(atom, arguments=arguments, rest=False)

    def concept(self, argument: Argument) -> None:
        if isinstance(argument.term, ConceptName):
            self.concept_name(argument.term)

    def concept_name(self, concept: ConceptName) -> None:
        concepts = self.declared.vocabulary.concepts
        if concept.name not in concepts:
            self.problems.append(
                Problem(
                    "E208",
                    f"there is no concept `{concept.name}`",
                    concept.at,
                    did_you_mean(concept.name, concepts)
                    or "declare it with `concept`; a variable begins with a capital",
                )
            )

    def literal(self, literal: Literal) -> Literal:
        relations = self.declared.vocabulary.relations
        match literal:
            case Holds(atom):
                relation = relations.get(atom.relation)
                done = replace(literal, atom=self.atom(atom))
                if relation is not None and relation.kind is Kind.JUDGEMENT:
                    self.only_question(done.atom, relation, literal.at)
                return done
            case Latest(atom) | Recorded(atom):
                relation = relations.get(atom.relation)
                done = replace(literal, atom=self.atom(atom))
                latest = isinstance(literal, Latest)
                if isinstance(literal, Latest) and literal.when is not None:
                    self.concepts_of(literal.when)
                fits = relation is not None and (
                    relation.kind is Kind.MEASURE
                    if latest
                    else relation.kind in (Kind.MEASURE, Kind.EVENT, Kind.ATTRIBUTE)
                )
                if not fits and (relation is not None or atom.relation in self.derived):
                    self.problems.append(
                        Problem(
                            "E214",
                            f"`{atom.relation}` is not a measure{'' if latest else ', an event or an attribute'}",
                            literal.at,
                            "`latest` picks the last value of a measure"
                            if latest
                            else "`recorded` asks about measures, events and attributes",
                        )
                    )
                elif (
                    relation is not None
                    and relation.kind is not Kind.ATTRIBUTE
                    and relation.concept_column is not None
                    and len(done.atom.arguments) > relation.concept_column + 1
                ):
                    about = done.atom.arguments[relation.concept_column + 1].term
                    if not isinstance(about, ConceptName):
                        self.problems.append(
                            Problem(
                                "E214",
                                f"what is measured must be named here, not {_say(about)}",
                                about.at,
                                f"write the concept, as in `{relation.name}(P, lvef, ..)`",
                            )
                        )
                    if not latest and any(
                        not isinstance(a.term, Anonymous)
                        for i, a in enumerate(done.atom.arguments)
                        if i not in (0, relation.concept_column + 1)
                    ):
                        self.problems.append(
                            Problem(
                                "E214", "only patient and concept matter to `recorded`", literal.at, "end with `..`"
                            )
                        )
                return done
            case Membership(term, concept):
                self.concepts_of(term)
                self.concept_name(concept)
                return literal
            case ReadingIs(reading, option):
                readings = self.declared.readings
                if reading not in readings:
                    self.problems.append(
                        Problem(
                            "E209",
                            f"there is no reading `{reading}`",
                            literal.at,
                            did_you_mean(reading, readings) or "declare it with `reading`",
                        )
                    )
                elif option not in readings[reading].options:
                    self.problems.append(
                        Problem(
                            "E209",
                            f"the reading `{reading}` has no option `{option}`",
                            literal.at,
                            did_you_mean(option, readings[reading].options)
                            or f"its options are {', '.join(readings[reading].options)}",
                        )
                    )
                return literal
            case Comparison(_, left, right):
                for side in (left, right):
                    self.concepts_of(side)
                return literal
            case Aggregate(body=body, bound=bound):
                self.concepts_of(bound)
                return replace(literal, body=tuple(self.literal(x) for x in body))

    def only_question(self, atom: Atom, relation: Relation, at: Span) -> None:
        about = (relation.concept_column or 0) + 1
        if len(atom.arguments) <= about:
            return
        if not isinstance(atom.arguments[about].term, ConceptName):
            self.problems.append(
                Problem("E214", "the question of a judgement must be named", at, "write the question's concept")
            )
        if any(not isinstance(a.term, Anonymous) for i, a in enumerate(atom.arguments) if i not in (0, about)):
            self.problems.append(
                Problem(
                    "E214",
                    "only patient and question matter to a judgement",
                    at,
                    f"end with `..`; `{relation.name}` holds when the last signed decision that still counts is yes",
                )
            )

    def concepts_of(self, expression: Expression) -> None:
        if isinstance(expression, ConceptName):
            self.concept_name(expression)
        elif isinstance(expression, Arithmetic):
            self.concepts_of(expression.left)
            self.concepts_of(expression.right)

    # -- variables -----------------------------------------------------------------------------------------------

    def singletons(self, rule: Rule) -> None:
        seen: Counter[str] = Counter()
        where: dict[str, Span] = {}
        for variable in [*atom_variables(rule.head), *(v for x in rule.body for v in variables_of(x))]:
            seen[variable.name] += 1
            where[variable.name] = variable.at
        named = set(placeholders(rule.label.phrase)) if rule.label is not None else set[str]()
        for name, count in seen.items():
            if count == 1 and name not in named:
                self.problems.append(
                    Problem(
                        "E205",
                        f"the variable `{name}` occurs only once in this rule",
                        where[name],
                        did_you_mean(name, [n for n in seen if n != name])
                        or "write `_` where the value does not matter",
                    )
                )
        if rule.label is not None:
            for name in placeholders(rule.label.phrase):
                if name not in seen:
                    self.problems.append(
                        Problem(
                            "E216",
                            f"the phrase mentions `{{{name}}}`, which is no variable of the rule",
                            rule.label.at,
                            did_you_mean(name, seen) or "use the rule's own variables",
                        )
                    )

    def apart(self, rule: Rule) -> list[Literal]:
        """The body, in which each aggregate has its local variables to itself."""
        outside = {v.name for v in atom_variables(rule.head)}
        for x in rule.body:
            if isinstance(x, Aggregate):
                outside |= {v.name for v in expression_variables(x.bound)}
            else:
                outside |= {v.name for v in variables_of(x)}
        done: list[Literal] = []
        for i, x in enumerate(rule.body):
            if isinstance(x, Aggregate):
                local = {v.name for v in variables_of(x)} - outside
                for v in x.variables:
                    if v.name in outside:
                        self.problems.append(
                            Problem(
                                "E217",
                                f"`{v.name}` ranges over an aggregate, and is used outside of it too",
                                v.at,
                                "use another name inside the braces",
                            )
                        )
                for inner in x.body:
                    if isinstance(inner, Aggregate):
                        self.problems.append(
                            Problem(
                                "E217",
                                "an aggregate stands inside another",
                                inner.at,
                                "name the inner one in a rule of its own",
                            )
                        )
                done.append(renamed(x, {name: f"{name}'{i}" for name in local}))
            else:
                done.append(x)
        return done


def _columns(count: int) -> str:
    return f"{count} column{'s' * (count != 1)}"


def _blank(atom: Atom) -> Argument:
    return Argument(None, Anonymous(atom.at), atom.at)


def _say(term: object) -> str:
    return f"the variable `{term.name}`" if isinstance(term, Variable) else "left open"


def placeholders(phrase: str) -> list[str]:
    """The variables that a phrase mentions in braces."""
    return [part.split("}")[0] for part in phrase.split("{")[1:] if "}" in part]
