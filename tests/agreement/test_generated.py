"""Programs made at random: every engine, completions, other names, another order, charts that say more.

The examples are the same at each run; `python -m tests.agreement --seed N` looks for others.
"""

import os
from dataclasses import fields, is_dataclass
from enum import Enum

from hypothesis import HealthCheck, Phase, given, settings

from tests.agreement.choices import seeded
from tests.agreement.making import Making
from tests.agreement.programs import VOCABULARY
from tests.agreement.run import TRIALS, try_one
from tests.agreement.suite import Counterexample, Tally
from tests.agreement.trials import SMALL, Trial, in_another_order, trial
from trialog import tree
from trialog.page import read_page
from trialog.parse import parse
from trialog.source import Span

PROGRAMS = int(os.environ.get("TRIALOG_PROGRAMS", "250"))
COMPLETIONS = 8
SHORTHANDS = {"Term", "Expression", "Literal", "Statement"}  # unions of the others


def test_programs_made_at_random_mean_what_they_say() -> None:
    tally = Tally()
    failed: list[tuple[Trial, Counterexample]] = []

    @settings(
        max_examples=PROGRAMS,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(TRIALS)
    def hold(one: Trial | None) -> None:
        try_one(one, COMPLETIONS, tally, failed)

    hold()
    assert tally.programs >= PROGRAMS * 0.98
    for engine, asked in tally.opinions.items():
        assert asked + tally.refused.get(engine, 0) == tally.charts
        assert asked > tally.charts / 2, f"{engine} refuses most programs"


def test_every_construct_of_the_language_is_made() -> None:
    """Each class of the tree, each of its enumerations' members, each operator and each way to leave a part out."""
    made: set[object] = set()

    def visit(node: object) -> None:
        if isinstance(node, tuple):
            for part in node:
                visit(part)
        elif is_dataclass(node) and not isinstance(node, (type, Span)):
            made.add(type(node).__name__)
            for f in fields(node):
                value = getattr(node, f.name)
                if isinstance(value, (bool, Enum)) or value is None or f.name == "operator":
                    made.add((type(node).__name__, f.name, value))
                visit(value)

    for block in read_page(VOCABULARY)[0].blocks:
        visit(tuple(parse(block)[0]))
    for n in range(400):
        visit(Making(seeded(n), SMALL).program().rules)
    classes = {name for name, kind in vars(tree).items() if is_dataclass(kind)} - {"Span", "Duration"}
    assert classes <= made
    assert {("Aggregate", "summary", s) for s in tree.Summary} <= made
    assert {("Rule", "role", r) for r in (*tree.Role, None)} <= made
    assert {("Comparison", "operator", o) for o in ("=", "!=", "<", "<=", ">", ">=")} <= made
    assert {("Aggregate", "operator", o) for o in ("=", "<", "<=", ">", ">=")} <= made
    assert {("Arithmetic", "operator", o) for o in "+-*/"} <= made
    assert {
        (kind, "negated", no) for kind in ("Holds", "Latest", "Membership", "Recorded") for no in (True, False)
    } <= made
    assert {
        ("Atom", "rest", True),
        ("Latest", "when", None),
        ("Aggregate", "gap", None),
        ("Argument", "column", None),
    } <= made
    assert {("Label", "identifier", None), ("RelationStatement", "kind", tree.Kind.MEASURE)} <= made


def test_what_is_shuffled_is_the_same_program() -> None:
    for n in range(20):
        one = trial(seeded(n))
        if one is None:
            continue
        again, names = in_another_order(one.made, seeded(n))
        assert sorted(names) == sorted({r.head.relation for r in one.made.rules} | names.keys())
        assert len(again.rules) == len(one.made.rules)
        assert again.page()[0].text != one.made.page()[0].text
