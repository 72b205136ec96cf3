"""Where the variables of a rule stand: those that occur once, those that a phrase mentions, those of an aggregate alone."""

from collections import Counter

from trialog.check.variables import atom_variables, expression_variables, renamed, variables_of
from trialog.problem import Problem, did_you_mean
from trialog.source import Span
from trialog.spelling import asked, respelt, slip_of
from trialog.tree import Aggregate, Literal, Rule


def misused_variables(rule: Rule) -> list[Problem]:
    """Variables that occur only once, and those that the rule's phrase mentions and the rule does not."""
    problems: list[Problem] = []
    body = [v for x in rule.body for v in variables_of(x)]
    in_body = {v.name for v in body}
    seen = Counter(v.name for v in [*atom_variables(rule.head), *body])
    named = {slip_of(n, seen) or n for n in placeholders(rule.label.phrase)} if rule.label is not None else set[str]()
    told: set[str] = set()
    for variable in atom_variables(rule.head)[1:] if rule.body else atom_variables(rule.head):
        name = variable.name
        if name not in in_body and name not in told:
            told.add(name)
            help_ = (
                did_you_mean(name, in_body) or f"mention `{name}` in a relation of the body that is not negated"
                if rule.body
                else "a fact has no variables: write a concept, a number or a date"
            )
            problems.append(Problem("E204", f"nothing gives `{name}` a value", variable.at, help_))
    for variable in body:
        name = variable.name
        if seen[name] == 1 and name not in named:
            fixes = respelt(variable.at, [n for n in seen if n != name], may_mend=False)
            help_ = asked(fixes) or "use it, or write `_` where the value does not matter"
            problems.append(
                Problem("E205", f"the variable `{name}` occurs only once in this rule", variable.at, help_, fixes=fixes)
            )
    if rule.label is not None:
        for name in dict.fromkeys(placeholders(rule.label.phrase)):
            if name not in seen:
                at = _in_phrase(rule.label.at, name)
                fixes = respelt(at, seen)
                problems.append(
                    Problem(
                        "E216",
                        f"the phrase mentions `{{{name}}}`, which is no variable of the rule",
                        at,
                        asked(fixes) or "use the rule's own variables",
                        fixes=fixes,
                    )
                )
    return problems


def _in_phrase(label: Span, name: str) -> Span:
    """Where the phrase of a label mentions the variable."""
    found = label.words.find(f"{{{name}}}")
    return label if found < 0 else Span(label.source, label.start + found + 1, label.start + found + 1 + len(name))


def apart(rule: Rule) -> tuple[list[Literal], list[Problem]]:
    """The body, in which each aggregate has its local variables to itself."""
    problems: list[Problem] = []
    outside = {v.name: v.at for v in atom_variables(rule.head)}
    for x in rule.body:
        found = expression_variables(x.bound) if isinstance(x, Aggregate) else variables_of(x)
        for v in found:
            outside.setdefault(v.name, v.at)
    done: list[Literal] = []
    for i, x in enumerate(rule.body):
        if not isinstance(x, Aggregate):
            done.append(x)
            continue
        local = {v.name for v in variables_of(x)} - outside.keys()
        for v in x.variables:
            if v.name in outside:
                problems.append(
                    Problem(
                        "E217",
                        f"`{v.name}` ranges over an aggregate, and is used outside of it too",
                        v.at,
                        "use another name inside the braces",
                        related=((outside[v.name], "used here"),),
                    )
                )
        for inner in x.body:
            if isinstance(inner, Aggregate):
                help_ = "name the inner one in a rule of its own"
                problems.append(Problem("E217", "an aggregate stands inside another", inner.at, help_))
        done.append(renamed(x, {name: f"{name}'{i}" for name in local}))
    return done, problems


def placeholders(phrase: str) -> list[str]:
    """The variables that a phrase mentions in braces."""
    return [part.split("}")[0] for part in phrase.split("{")[1:] if "}" in part]
