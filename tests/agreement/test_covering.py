"""A rule that is told to add nothing adds nothing: in every completion of any chart, the other rule has all its rows.

Rules made at random are joined by others that differ from them in a little: a literal less or more, another number or concept.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

from tests.agreement.charts import Charts
from tests.agreement.choices import Choices, seeded
from tests.agreement.completions import completions
from tests.agreement.making import Making
from tests.agreement.programs import NOWHERE, Made, sound
from tests.agreement.test_never import also
from tests.agreement.trials import SMALL, VOCABULARY, subject_of
from trialog.check.twice import adding_nothing
from trialog.program import Program
from trialog.source import Span
from trialog.tree import Anonymous, Argument, Atom, ConceptName, Holds, Number, Rule

PROGRAMS, CHARTS, COMPLETIONS = 40, 3, 8


def changed(rule: Rule, choices: Choices) -> Rule:
    """The rule with one thing changed, somewhere."""
    body = list(rule.body)
    match choices.one(("less", "more", "number", "concept", "order")):
        case "less" if len(body) > 1:
            body.pop(choices.below(len(body)))
        case "more":
            patient = rule.head.arguments[0].term
            born = Atom(
                "born",
                (Argument(None, patient, NOWHERE), Argument(None, Anonymous(NOWHERE), NOWHERE)),
                False,
                NOWHERE,
                NOWHERE,
            )
            body.insert(choices.below(len(body) + 1), Holds(born, False, NOWHERE))
        case "number":
            body = [_with_another(x, choices) for x in body]
        case "concept":
            body = [_with_near(x, choices) for x in body]
        case _:
            body = choices.shuffled(body)
    return replace(rule, body=tuple(body), label=None, role=None)


def _with_another(node: Any, choices: Choices) -> Any:
    if isinstance(node, Number):
        return replace(node, value=choices.one((node.value, 0, 1, 2, 5, 30)))
    return _within(node, lambda part: _with_another(part, choices))


def _with_near(node: Any, choices: Choices) -> Any:
    if isinstance(node, ConceptName):
        near = sorted(SMALL.descendants[node.name] | SMALL.ancestors[node.name])
        return replace(node, name=choices.one((node.name, choices.one(near))))
    return _within(node, lambda part: _with_near(part, choices))


def _within(node: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(node, tuple):
        return tuple(change(part) for part in node)
    if is_dataclass(node) and not isinstance(node, (type, Span)):
        return replace(node, **{f.name: change(getattr(node, f.name)) for f in fields(node)})
    return node


def told(program: Program, made: Made) -> list[tuple[Rule, Rule]]:
    """The rules that are told to add nothing, each with the one that has all its rows."""
    _, places = made.page()

    def rule_at(at: Span) -> Rule:
        return next(r for r, (start, end) in zip(made.rules, places, strict=True) if start <= at.start < end)

    return [(rule_at(p.at), rule_at(p.related[0][0])) for p in adding_nothing(program, {})]


def test_a_rule_that_adds_nothing_has_no_row_of_its_own() -> None:
    tried = 0
    for n in range(PROGRAMS):
        choices = seeded(n)
        made = Making(choices, SMALL).program()
        sections = tuple(
            (c, (*rules, *(changed(r, choices) for r in rules for _ in range(4)))) for c, rules in made.sections
        )
        ready = sound(Made(sections))
        if ready is None:
            continue
        made, program = ready
        of_patient = {name for name, d in program.derived.items() if d.about_patient}
        pairs = [(a, b) for a, b in told(program, made) if a.head.relation in of_patient]
        tried += len(pairs)
        own = [replace(r, head=replace(r.head, relation=f"{name}{i}")) for i, pair in enumerate(pairs)
               for name, r in zip(("narrow", "wide"), pair, strict=True)]  # fmt: skip
        subject = subject_of(program, made, {"strictness": ("strict", "loose")[n % 2]}, VOCABULARY)
        meaning = also(subject, own)
        for i in range(CHARTS if pairs else 0):
            chart = Charts(seeded(f"{n} {i}"), SMALL, subject.domain, 1 + i).chart()
            for world in completions(chart, SMALL, subject.domain, COMPLETIONS, n)[0]:
                rows = meaning.rows(world)
                for j, (narrow, wide) in enumerate(pairs):
                    assert rows[f"narrow{j}"] <= rows[f"wide{j}"], f"{narrow}\n{wide}\n{world.told}"
    assert tried > 2 * PROGRAMS, "hardly any rule adds nothing: this tries little"
