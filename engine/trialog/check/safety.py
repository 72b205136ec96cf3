"""Whether every variable of a rule has a value: something positive must bind it before anything else may use it."""

from collections.abc import Mapping, Sequence, Set

from trialog.check.variables import atom_variables, expression_variables, variables_of
from trialog.problem import Problem
from trialog.program import Sort, Type
from trialog.source import Span
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


def _may_be_patient(rule: Rule, variables: Mapping[str, Type]) -> frozenset[str]:
    first = rule.head.arguments[0].term if rule.body and rule.head.arguments else None
    if isinstance(first, Variable) and (first.name not in variables or variables[first.name].sort is Sort.PATIENT):
        return frozenset({first.name})
    return frozenset()


def unsafe(rules: Sequence[Rule], types: Sequence[Mapping[str, Type]], unsure: Set[Span]) -> list[Problem]:
    """Every variable that no literal binds, each once.

    In the rules at the places in `unsure`, which rest on what could not be read, the first argument of the head may be the
    patient as far as is known.
    """
    problems: list[Problem] = []
    for rule, variables in zip(rules, types, strict=True):
        bound = binding(
            rule.body, _may_be_patient(rule, variables) if rule.at in unsure else patient_of(rule, variables)
        )
        used = [a.term for a in rule.head.arguments if isinstance(a.term, Variable)]
        for a in rule.head.arguments:
            if isinstance(a.term, Anonymous):
                claim, help_ = "`_` in the head of a rule stands for nothing", "name a value that the body binds"
                if not rule.body:
                    claim, help_ = "`_` in a fact stands for nothing", "write a concept, a number or a date"
                problems.append(Problem("E204", claim, a.at, help_))
        for literal in rule.body:
            used.extend(_free(literal, bound))
        seen: set[str] = set()
        for variable in used:
            if variable.name not in bound and variable.name not in seen:
                seen.add(variable.name)
                shown = variable.name.split("'")[0]
                claim = f"nothing gives `{shown}` a value"
                help_ = f"mention `{shown}` in a relation of the body that is not negated"
                problems.append(Problem("E204", claim, variable.at, help_))
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
    rules: Sequence[Rule], about_patient: frozenset[str], types: Sequence[Mapping[str, Type]], unsure: Set[Span]
) -> list[Problem]:
    """A rule that rests on a chart speaks of one patient, who is the first argument of its head (see `unsafe` for `unsure`)."""
    problems: list[Problem] = []
    for rule, variables in zip(rules, types, strict=True):
        patients = sorted(n for n, t in variables.items() if t.sort is Sort.PATIENT)
        if rule.head.relation not in about_patient:
            continue
        first = rule.head.arguments[0].term if rule.head.arguments else None
        if rule.at in unsure and _may_be_patient(rule, variables) and not patients:
            continue
        if not isinstance(first, Variable) or first.name not in patients:
            problems.append(
                Problem(
                    "E213",
                    f"`{rule.head.relation}` rests on a chart, and its first argument is not the patient",
                    rule.head.at,
                    "make the patient the first argument",
                )
            )
            continue
        if len(patients) > 1:
            places = {
                v.name: v.at for x in reversed(rule.body) for v in reversed(variables_of(x)) if v.name in patients
            }
            others = [n for n in patients if n != first.name]
            related = tuple((places[n], f"`{n}` is a patient too") for n in others[1:])
            problems.append(
                Problem(
                    "E213",
                    f"this rule speaks of several patients: {', '.join(f'`{p}`' for p in patients)}",
                    places.get(others[0], rule.at),
                    "use one variable for the patient throughout",
                    related=((first.at, f"`{first.name}` is the patient"), *related),
                    label=f"`{others[0]}` is a patient too",
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
                            atom.arguments[0].at,
                            f"give the rule's patient, `{first.name}`",
                        )
                    )
        twice = [a.at for a in rule.head.arguments[1:] if isinstance(a.term, Variable) and a.term.name == first.name]
        if twice:
            help_ = "once, as the first argument, is enough"
            problems.append(Problem("E213", "the patient stands twice in the head", twice[0], help_))
    return problems


def _atoms(literal: Literal) -> list[Atom]:
    match literal:
        case Holds(atom) | Latest(atom) | Recorded(atom):
            return [atom]
        case Aggregate(body=body):
            return [a for x in body for a in _atoms(x)]
        case Membership() | Comparison() | ReadingIs():
            return []
