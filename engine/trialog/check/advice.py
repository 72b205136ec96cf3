"""What an author is warned of: nothing that makes an answer wrong, and mostly a mistake. Told by `trialog check` alone."""

from collections.abc import Iterable, Sequence

from trialog.check.members import memberless
from trialog.check.statements import Standing, quotes_of, statements_of
from trialog.check.twice import adding_nothing, stated_twice
from trialog.check.unused import Uses, unused, uses
from trialog.problem import Problem
from trialog.program import Program
from trialog.source import Source
from trialog.vocabulary import Vocabulary


def advice(vocabulary: Sequence[Source], protocol: Source, program: Program) -> list[Problem]:
    """All warnings about a trial's own page; `program` is what these pages were checked to be."""
    _, own, _ = statements_of(protocol)
    standing = _standing(vocabulary) + own
    quotes = quotes_of(standing)
    problems = [
        *unused(own, uses(standing, program), program.vocabulary),
        *memberless(program, standing, quotes),
        *stated_twice(program),
        *adding_nothing(program, quotes),
    ]
    return sorted(problems, key=lambda p: (p.at.source.name, p.at.start))


def advice_on_vocabulary(vocabulary: Sequence[Source], trials: Iterable[tuple[Source, Program]]) -> list[Problem]:
    """What of the shared vocabulary none of the trials uses."""
    shared = _standing(vocabulary)
    used: Uses | None = None
    words: Vocabulary | None = None
    for protocol, program in trials:
        more = uses(shared + statements_of(protocol)[1], program)
        used, words = more if used is None else used | more, program.vocabulary
    return [] if used is None or words is None else unused(shared, used, words, shared=True)


def _standing(pages: Sequence[Source]) -> tuple[Standing, ...]:
    return tuple(s for page in pages for s in statements_of(page)[1])
