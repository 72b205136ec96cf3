"""Whether every variable of a rule has a value: something positive must bind it before anything else may use it."""

from collections.abc import Mapping, Sequence

from trialog.check.variables import atom_variables, expression_variables, variables_of
from trialog.problem import Problem
from trialog.program import Sort, Type
from trialog.tree import (
    Aggregate,
    Anonymous,
    Atom,
    Comparison,
    ConceptName,
    Holds,
    Latest,
    Literal,
    Membership,
    ReadingIs,
    Recorded,
    Rule,
    Variable,
)


def patient_of(rule: Rule, variables: Mapping[str, Type]) -> frozenset[str]:
    """The patient of the head, who needs no literal to be bound: a rule is asked of every patient there is."""
    first = rule.head.arguments[0].term if rule.head.arguments else None
    if (
        rule.body
        and isinstance(first, Variable)
        and first.name in variables
        and variables[first.name].sort is Sort.PATIENT
    ):
        return frozenset({first.name})
    return frozenset()


def unsafe(rules: Sequence[Rule], types: Sequence[Mapping[str, Type]]) -> list[Problem]:
    """Every variable that no literal binds, each once."""
    problems: list[Problem] = []
    for rule, variables in zip(rules, types, strict=True):
        bound = binding(rule.body, patient_of(rule, variables))
        used = [a.term for a in rule.head.arguments if isinstance(a.term, Variable)]
        for a in rule.head.arguments:
            if isinstance(a.term, Anonymous):
                problems.append(
                    Problem(
                        "E204", "`_` in the head of a rule stands for nothing", a.at, "name a value that the body binds"
                    )
                )
        for literal in rule.body:
            used.extend(_free(literal, bound))
        seen: set[str] = set()
        for variable in used:
            if variable.name not in bound and variable.name not in seen:
                seen.add(variable.name)
                shown = variable.name.split("'")[0]
                problems.append(
                    Problem(
                        "E204",
                        f"nothing gives `{shown}` a value",
                        variable.at,
                        f"mention `{shown}` in a relation of the body that is not negated"
                        if rule.body
                        else "a fact has no variables",
                    )
                )
    return problems


def _free(literal: Literal, bound: frozenset[str]) -> list[Variable]:
    """The variables that the literal needs values for, those of an aggregate's body bound inside it left out."""
    if isinstance(literal, Aggregate):
        inside = binding(literal.body, bound)
        inner = [v for x in literal.body for v in _free(x, inside) if v.name not in inside]
        return [
            *inner,
            *(v for v in literal.variables if v.name not in inside),
            *(v for v in expression_variables(literal.bound) if v.name not in bound),
        ]
    return variables_of(literal)


def binding(body: Sequence[Literal], before: frozenset[str]) -> frozenset[str]:
    """The variables that have a value once the body holds."""
    bound = set(before)
    growing = True
    while growing:
        size = len(bound)
        for literal in body:
            match literal:
                case Holds(atom, False) | Latest(atom, _, False):
                    bound |= {v.name for v in atom_variables(atom)}
                case Comparison("=", left, right):
                    for one, other in ((left, right), (right, left)):
                        needs = {v.name for v in expression_variables(other)}
                        # to be equal to a class is to be under it, which gives nothing a value
                        if (
                            isinstance(one, Variable)
                            and needs <= bound
                            and not isinstance(other, Anonymous | ConceptName)
                        ):
                            bound.add(one.name)
                case Holds() | Latest() | Recorded() | Membership() | Comparison() | ReadingIs() | Aggregate():
                    pass
        growing = len(bound) != size
    return frozenset(bound)


def one_patient(
    rules: Sequence[Rule], about_patient: frozenset[str], types: Sequence[Mapping[str, Type]]
) -> list[Problem]:
    """A rule that rests on a chart speaks of one patient, who is the first argument of its head."""
    problems: list[Problem] = []
    for rule, variables in zip(rules, types, strict=True):
        patients = sorted(n for n, t in variables.items() if t.sort is Sort.PATIENT)
        if rule.head.relation not in about_patient:
            continue
        first = rule.head.arguments[0].term if rule.head.arguments else None
        if not isinstance(first, Variable) or first.name not in patients:
            problems.append(
                Problem(
                    "E213",
                    f"`{rule.head.relation}` rests on a chart, and its first argument is not the patient",
                    rule.head.at,
                    "make the patient the first argument",
                )
            )
        elif len(patients) > 1:
            problems.append(
                Problem(
                    "E213",
                    f"this rule speaks of several patients: {', '.join(f'`{p}`' for p in patients)}",
                    rule.at,
                    "use one variable for the patient throughout",
                )
            )
        for literal in rule.body:
            for atom in _atoms(literal):
                if (
                    atom.relation in about_patient
                    and atom.arguments
                    and not isinstance(atom.arguments[0].term, Variable)
                ):
                    problems.append(
                        Problem(
                            "E213",
                            f"`{atom.relation}` does not say of which patient",
                            atom.at,
                            "give the rule's patient as its first argument",
                        )
                    )
        if any(isinstance(a.term, Variable) and a.term.name in patients for a in rule.head.arguments[1:]):
            problems.append(
                Problem(
                    "E213",
                    "the patient stands twice in the head",
                    rule.head.at,
                    "once, as the first argument, is enough",
                )
            )
    return problems


def _atoms(literal: Literal) -> list[Atom]:
    match literal:
        case Holds(atom) | Latest(atom) | Recorded(atom):
            return [atom]
        case Aggregate(body=body):
            return [a for x in body for a in _atoms(x)]
        case Membership() | Comparison() | ReadingIs():
            return []
