"""A second opinion on a patient's answers: both engines derive everything, and must derive the same."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from trialog.answers import Answers
from trialog.engines.fence import named, reads, why_refused
from trialog.engines.reference import Reference, Rows
from trialog.engines.worker import Unanswered, Worker
from trialog.fetches import CERTAIN, OPEN, POSSIBLE
from trialog.plain import Row, Rule
from trialog.plan import Plan, Stratum
from trialog.problem import Problem
from trialog.program import Program, Sort
from trialog.source import Source, Span
from trialog.values import Exact, show_day, show_number

_MOST_ROWS = 3


@dataclass(frozen=True, slots=True)
class Agreed:
    """Both engines derive the same rows of so many relations."""

    relations: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows of a relation that one engine alone derives, and the rules by which it does."""

    rules: tuple[Rule, ...]
    by_reference: frozenset[Row]
    by_pydatalog: frozenset[Row]


@dataclass(frozen=True, slots=True)
class Disagreed:
    """Where the engines first differ; what follows from it is not listed."""

    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """There is no second opinion, for this reason; the answers are those of the reference engine."""

    why: str


type Opinion = Agreed | Disagreed | Unconfirmed


class SecondOpinion:
    """pyDatalog at work on what the answers and all verdicts rest on, while something else is done."""

    def __init__(self, answers: Answers, worker: Worker) -> None:
        self.plan = answers.screener.plan
        self.worker = worker
        for cohort in answers.screener.program.cohorts:
            answers.verdict(cohort)  # which may rest on what follows where judgements are decided
        self.runs = answers.runs()
        self.refused = why_refused(self.plan)
        self.asked = None if self.refused else worker.ask(self.plan, [facts for facts, _ in self.runs])

    def opinion(self) -> Opinion:
        """Wait for pyDatalog, though not past the worker's deadline, and compare."""
        if self.asked is None:
            return Unconfirmed(self.refused or "")
        found = self.asked.answer()
        if isinstance(found, Unanswered):
            return Unconfirmed(found.why)
        relations = {rule.relation for stratum in self.plan.strata for rule in stratum.rules}
        for (_, rows), derived in zip(self.runs, found, strict=True):
            differing = {r for r in relations if frozenset(rows[r]) != derived[r]}
            if differing:
                return Disagreed(tuple(self.differences(differing, rows, derived)))
        return Agreed(len(relations))

    def differences(
        self, differing: set[str], rows: Rows, derived: Mapping[str, frozenset[Row]]
    ) -> Iterator[Difference]:
        """One for each relation that differs though all that it is derived from is the same."""
        for stratum in self.plan.strata:
            read = {x.relation for rule in stratum.rules for x, _ in reads(rule.body)} - stratum.relations
            for relation in sorted(stratum.relations & differing) if not read & differing else ():
                reference = frozenset(rows[relation])
                yield Difference(
                    self.guilty(stratum, relation, rows),
                    reference - derived[relation],
                    derived[relation] - reference,
                )

    def guilty(self, stratum: Stratum, relation: str, rows: Rows) -> tuple[Rule, ...]:
        """The relation's rules that, each taken alone, derive other rows in one engine than in the other; else all of them."""
        rules = tuple(r for r in stratum.rules if r.relation == relation)
        alone = tuple(replace(rule, relation=f"{relation} {i}") for i, rule in enumerate(rules))
        read = {x.relation for rule in rules for x, _ in reads(rule.body)}
        given = {name: tuple(rows[name]) for name in read}
        plan = Plan(
            (Stratum(frozenset(r.relation for r in alone), alone, recursive=False),),
            {},
            frozenset(read),
            self.plan.asked,
        )
        found = self.worker.ask(plan, [given]).answer()
        if isinstance(found, Unanswered):
            return rules
        again = Reference(plan).run(given)
        return (
            tuple(
                rule
                for rule, own in zip(rules, alone, strict=True)
                if frozenset(again[own.relation]) != found[0][own.relation]
            )
            or rules
        )


# -- as a problem ------------------------------------------------------------------------------------------------


def problems(opinion: Disagreed, program: Program) -> list[Problem]:
    """What is told of a disagreement: the rule's name and place, and what each engine alone derives."""
    return [_problem(d, program) for d in opinion.differences]


def _problem(difference: Difference, program: Program) -> Problem:
    rule, *others = {r.origin.at: r for r in difference.rules}.values()
    related = [(other.origin.at, "or this rule") for other in others if other.origin.at is not None]
    for engine, rows in (
        ("the reference engine alone", difference.by_reference),
        ("pyDatalog alone", difference.by_pydatalog),
    ):
        related.append((Span(Source(engine, ""), 0, 0), _shown(rule, rows, program)))
    return Problem(
        "E609",
        f"the two engines disagree on {_what(rule, program)}",
        rule.origin.at or Span(Source("a rule without a place", ""), 0, 0),
        "rely on no answer about this patient; report the rule and the chart",
        related=tuple(related),
    )


def _what(rule: Rule, program: Program) -> str:
    """What the rule derives, as its author calls it."""
    atom = next((f" ({a.identifier})" for a in program.atoms.values() if f"`{a.relation}`" == named(rule)), "")
    name = f"{'the aggregate of ' if rule.origin.helper_of is not None else ''}{named(rule)}{atom}"
    match rule.relation.partition(" "):
        case (mode, " ", _) if mode in (CERTAIN, POSSIBLE):
            return f"what is {mode} of {name}"
        case (mode, " ", _) if mode == OPEN:
            return f"for whom {name} is open"
        case _:
            return name


def _shown(rule: Rule, rows: Iterable[Row], program: Program) -> str:
    """The first rows, in words."""
    mode, _, _ = rule.relation.partition(" ")
    columns = program.derived[rule.origin.relation].columns
    sorts = [c.sort for c in columns for _ in range(1 + (c.sort.is_wide and mode in (CERTAIN, POSSIBLE)))]
    shown = sorted(
        "(" + ", ".join(_value(v, sorts[i] if i < len(sorts) else None) for i, v in enumerate(row)) + ")"
        for row in rows
    )
    more = [f"and {len(shown) - _MOST_ROWS} more"] if len(shown) > _MOST_ROWS else []
    return ", ".join([*shown[:_MOST_ROWS], *more]) or "nothing"


def _value(value: str | Exact, sort: Sort | None) -> str:
    if isinstance(value, str):
        return value
    return show_day(int(value)) if sort is Sort.DATE else show_number(value)
