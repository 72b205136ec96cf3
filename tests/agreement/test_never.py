"""What is told never to fire does not: in no completion of any chart is there a patient of whom such a rule holds."""

from collections.abc import Sequence
from dataclasses import replace

from tests.agreement.charts import Charts
from tests.agreement.choices import seeded
from tests.agreement.completions import completions
from tests.agreement.making import Making
from tests.agreement.programs import Made, sound
from tests.agreement.suite import Subject
from tests.agreement.trials import SMALL, VOCABULARY, subject_of
from tests.agreement.two_valued import Meaning
from trialog.check.never import never_fires
from trialog.check.statements import statements_of
from trialog.program import Program
from trialog.tree import Aggregate, Rule

PROGRAMS, CHARTS, COMPLETIONS = 60, 3, 8


def told(program: Program, made: Made) -> list[Rule]:
    """The rules that are told never to fire; where the braces of an aggregate are told of, the rule with these in its body."""
    _, places = made.page()
    found: list[Rule] = []
    for p in never_fires(program, {}):
        rule = next(r for r, (start, end) in zip(made.rules, places, strict=True) if start <= p.at.start < end)
        written = statement_at(made, p.at.start)
        braces = [y for x, y in zip(written.body, rule.body, strict=True)
                  if isinstance(x, Aggregate) and isinstance(y, Aggregate)
                  and any(x.at.start < at.start < x.at.end for at in (p.at, *(there for there, _ in p.related)))]  # fmt: skip
        others = tuple(x for x in rule.body if not isinstance(x, Aggregate))
        found.append(replace(rule, body=(*others, *braces[0].body)) if braces else rule)
    return found


def statement_at(made: Made, at: int) -> Rule:
    """The rule as it is read from the page, with places."""
    _, standing, _ = statements_of(made.page()[0])
    return next(s for s, _ in standing if isinstance(s, Rule) and s.at.start <= at < s.at.end)


def also(subject: Subject, rules: Sequence[Rule]) -> Meaning:
    """The meaning of the program with other rules beside it, each for a relation of its own."""
    meaning = subject.meaning
    patients = {r.head.relation for r in rules}
    return replace(meaning, rules=(*meaning.rules, *rules), of_patient=meaning.of_patient | patients)


def test_a_rule_that_never_fires_holds_in_no_completion() -> None:
    dead = rules = 0
    for n in range(PROGRAMS):
        ready = sound(Making(seeded(n), SMALL).program())
        if ready is None:
            continue
        made, program = ready
        of_patient = {name for name, d in program.derived.items() if d.about_patient}
        found = [r for r in told(program, made) if r.head.relation in of_patient]
        dead, rules = dead + len(found), rules + len(made.rules)
        own = [replace(r, head=replace(r.head, relation=f"dead{i}")) for i, r in enumerate(found)]
        for option in ("strict", "loose"):
            subject = subject_of(program, made, {"strictness": option}, VOCABULARY)
            meaning = also(subject, own)
            for i in range(CHARTS if found else 0):
                chart = Charts(seeded(f"{n} {i}"), SMALL, subject.domain, 1 + i).chart()
                for world in completions(chart, SMALL, subject.domain, COMPLETIONS, n)[0]:
                    rows = meaning.rows(world)
                    for r, rule in zip(own, found, strict=True):
                        assert not rows[r.head.relation], f"{rule}\nholds where\n{world.told}"
    assert 20 * dead > rules, "hardly any rule of these programs never fires: they try nothing"
