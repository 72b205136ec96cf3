"""What an author is warned of: nothing that makes an answer wrong, and mostly a mistake. Told by `trialog check` alone."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from trialog.check import Pages
from trialog.check.limits import Limits
from trialog.check.members import memberless
from trialog.check.numbers import differing_numbers
from trialog.check.passages import passages, without_rules
from trialog.check.statements import Standing, quotes_of, statements_of
from trialog.check.twice import adding_nothing, stated_twice
from trialog.check.unsaid import unsaid
from trialog.check.unused import unused, uses
from trialog.problem import Problem
from trialog.program import Program
from trialog.source import Source


def advice(pages: Pages, program: Program) -> list[Problem]:
    """All warnings about a trial's own page; `program` is what these pages were checked to be."""
    if pages.protocol is None:
        return []
    page, own, _ = statements_of(pages.protocol)
    standing = _of(pages.vocabulary) + own
    quotes = quotes_of(standing)
    found, limits = passages(page, own), Limits(standing)
    problems = [
        *unused(own, uses(standing, program), program.vocabulary),
        *memberless(program, standing, quotes),
        *stated_twice(program),
        *adding_nothing(program, quotes),
        *without_rules(found),
        *differing_numbers(found, limits),
        *unsaid(page, own, found, limits, standing),
    ]
    return sorted(problems, key=lambda p: (p.at.source.name, p.at.start))


def advice_on_vocabulary(trials: Sequence[tuple[Pages, Program]]) -> list[Problem]:
    """What the vocabulary that these trials share declares, and none of them uses."""
    if not trials:
        return []
    pages, program = trials[0]
    used = [uses(_of([*p.vocabulary, *([p.protocol] if p.protocol is not None else [])]), of) for p, of in trials]
    return unused(_of(pages.vocabulary), reduce(or_, used), program.vocabulary, shared=True)


def _of(sources: Sequence[Source]) -> tuple[Standing, ...]:
    return tuple(s for source in sources for s in statements_of(source)[1])
