"""Of all proofs of a relation the one of least height is given, by brute force on small programs."""

from functools import cache
from random import Random

import pytest

from tests.agreement.programs import SCREENING, VOCABULARY
from trialog.answers import Screener, Status
from trialog.charts.chart import Chart, Record
from trialog.check import Pages, check
from trialog.proof import explain
from trialog.proof.step import Part, Step
from trialog.source import Source
from trialog.values import days

BORN = Chart("P", None, (Record("born", (days("2010-01-01"),)),))


def least(rules: dict[int, list[tuple[int, ...]]], number: int) -> int:
    """The least height of a proof: a record is one step, and a rule and its head are two above the highest it asks for."""

    @cache
    def of(n: int) -> int:
        return min(2 + max((of(m) for m in body), default=1) for body in rules[n])

    return of(number)


@pytest.mark.parametrize("seed", range(40))
def test_no_proof_is_lower(seed: int) -> None:
    random = Random(seed)
    rules = {
        n: [tuple(random.sample(range(n), random.randint(1, min(n, 3)))) for _ in range(random.randint(1, 3))]
        if n
        else [()]
        for n in range(7)
    }
    lines = [
        f"{'inclusion ' if n == 6 and i == 0 else ''}r{n}(P) :- {', '.join(f'r{m}(P)' for m in body) or 'born(P, _)'}."
        for n, bodies in rules.items()
        for i, body in enumerate(bodies)
    ]
    page = Source("heights.md", "# A\n\n## Cohort a: A\n\n> Q.\n\n```datalog\n" + "\n".join(lines) + "\n```\n")
    program, problems = check(Pages((VOCABULARY,), page, None))
    assert program is not None, problems
    step = explain(Screener(program).screen(BORN, SCREENING), "r6")
    assert step.status is Status.MET
    assert step.height == least(rules, 6)
    assert deepest(step) == step.height


def deepest(step: Step) -> int:
    """How many steps lie one below the other; the deepest is a record."""
    if not step.below:
        assert step.part is Part.RECORD
        return 1
    return 1 + max(deepest(s) for s in step.below)
