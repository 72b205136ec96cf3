"""How many patients remain after each criterion, in the order of the protocol and in the order that loses fewest.

Everything follows from two counts: how many patients have each set of criteria that keep them out, and how many have each set of
criteria that do not surely let them in. Both are taken in one pass over the answers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trialog.answers import Status, Verdict
from trialog.cohort.answered import Answered, Query, name, text
from trialog.program import Criterion, Program
from trialog.tree import Role

WORD = 60
"""So many criteria, or items, are bits of one whole number."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A criterion in its turn. `remain` are the patients whom no criterion up to here keeps out, `surely_in` those whom all let in.

    Whatever the order: `keeps_out` are the patients whom the criterion surely keeps out, `alone` those whom no other does, `open`
    those for whom it is unknown.
    """

    criterion: Criterion
    remain: int
    surely_in: int
    keeps_out: int
    alone: int
    open: int


@dataclass(frozen=True, slots=True)
class Attrition:
    cohort: str
    patients: int
    verdicts: Mapping[Verdict, int]
    protocol: tuple[Taken, ...]
    fewest: tuple[Taken, ...]


def column(program: Program, relation: str) -> str:
    """How a run's answers call the relation (see `output.column_names`)."""
    return next((a.identifier for a in program.atoms.values() if a.relation == relation), relation)


def attrition(query: Query, answers: Answered, program: Program, cohort: str) -> Attrition:
    """Raises StoreError where the answers lack a column."""
    criteria = program.criteria_of(cohort)
    columns = [column(program, c.relation) for c in criteria]
    verdict = f"verdict_{cohort}"
    answers.require([*columns, verdict])
    out = [f"{name(k)} = {text(_keeps_out(c).value)}" for c, k in zip(criteria, columns, strict=True)]
    doubtful = [f"{name(k)} <> {text(_lets_in(c).value)}" for c, k in zip(criteria, columns, strict=True)]
    kept_out = histogram(query, answers, out)
    not_in = histogram(query, answers, doubtful)
    counts = {str(v): int(n) for v, n in query(f"SELECT {name(verdict)}, count(*) FROM {answers.rows()} GROUP BY ALL")}
    order = fewest_lost(kept_out, len(criteria))
    return Attrition(
        cohort,
        sum(kept_out.values()),
        {v: counts.get(v.value, 0) for v in Verdict},
        taken(criteria, range(len(criteria)), kept_out, not_in),
        taken(criteria, order, kept_out, not_in),
    )


def _keeps_out(criterion: Criterion) -> Status:
    return Status.NOT_MET if criterion.role is Role.INCLUSION else Status.MET


def _lets_in(criterion: Criterion) -> Status:
    return Status.MET if criterion.role is Role.INCLUSION else Status.NOT_MET


def bits(conditions: Sequence[str]) -> list[str]:
    """Whole numbers whose bits say which conditions hold."""
    return [
        " + ".join(f"CASE WHEN {c} THEN {1 << i} ELSE 0 END::BIGINT" for i, c in enumerate(conditions[at : at + WORD]))
        for at in range(0, len(conditions), WORD)
    ]


def together(words: Iterable[int]) -> int:
    """The set that several whole numbers give."""
    return sum(int(w) << (i * WORD) for i, w in enumerate(words))


def histogram(query: Query, answers: Answered, conditions: Sequence[str]) -> dict[int, int]:
    """How many patients have each set of conditions, as bits of a whole number."""
    if not conditions:
        return {0: answers.patients}
    rows = query(f"SELECT {', '.join(bits(conditions))}, count(*) FROM {answers.rows()} GROUP BY ALL")
    return {together(words): int(count) for *words, count in rows}


def fewest_lost(kept_out: Mapping[int, int], criteria: int) -> list[int]:
    """At each step the criterion that loses fewest of those who remain; of several the first of the protocol."""
    left, order = list(range(criteria)), list[int]()
    remaining = dict(kept_out)
    while left:
        lost = dict.fromkeys(left, 0)
        for found, count in remaining.items():
            for i in left:
                if found >> i & 1:
                    lost[i] += count
        best = min(left, key=lambda i: lost[i])
        left.remove(best)
        order.append(best)
        remaining = {found: count for found, count in remaining.items() if not found >> best & 1}
    return order


def taken(
    criteria: Sequence[Criterion], order: Iterable[int], kept_out: Mapping[int, int], not_in: Mapping[int, int]
) -> tuple[Taken, ...]:
    """The criteria one after the other."""
    found: list[Taken] = []
    so_far = 0
    for i in order:
        so_far |= 1 << i
        keeps_out = sum(n for who, n in kept_out.items() if who >> i & 1)
        found.append(
            Taken(
                criteria[i],
                sum(n for who, n in kept_out.items() if not who & so_far),
                sum(n for who, n in not_in.items() if not who & so_far),
                keeps_out,
                kept_out.get(1 << i, 0),
                sum(n for who, n in not_in.items() if who >> i & 1) - keeps_out,
            )
        )
    return tuple(found)
