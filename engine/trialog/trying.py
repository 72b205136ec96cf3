"""Questions put to an engine about charts as they would be: is this settled, whatever comes of the data; can it come out well."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod

from trialog.answers import Answers, Status
from trialog.charts.chart import Chart
from trialog.charts.facts import facts
from trialog.datum import Datum
from trialog.engines.reference import Reference
from trialog.fetches import CERTAIN, POSSIBLE
from trialog.minimal import Clock, Items
from trialog.outcomes import Outcome
from trialog.plan import plan
from trialog.program import Criterion
from trialog.supposing import Edit, supposing
from trialog.tree import Role


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be settled: relations that are about the patient alone, and whether each must hold (None: either way will do).

    Several of them are the criteria of a cohort: settled when one surely fails, or all surely let the patient in.
    """

    wanted: tuple[tuple[str, bool], ...]
    is_verdict: bool

    @property
    def relations(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.wanted)


def of_criteria(criteria: Sequence[Criterion]) -> Target:
    return Target(tuple((c.relation, c.role is Role.INCLUSION) for c in criteria), is_verdict=True)


def of_relation(relation: str) -> Target:
    return Target(((relation, True),), is_verdict=False)


_MOST_COMBINED = 200  # ways in which data may come out together that are tried to see whether one more helps

type Chosen = tuple[tuple[int, Outcome], ...]
"""Data by number, and how each turned out."""


class Trying:
    """Screens charts with outcomes added, for one target alone, and remembers what came of each."""

    def __init__(self, answers: Answers, target: Target, data: Sequence[Datum], clock: Clock) -> None:
        self.answers = answers
        self.target = target
        self.data = data
        self.clock = clock
        self.vocabulary = answers.screener.program.vocabulary
        names = [n for r in target.relations for n in (r, f"{CERTAIN} {r}", f"{POSSIBLE} {r}")]
        self.engine = Reference(plan(answers.screener.plain, answers.screener.readings, names))
        self.asked = answers.screener.plain.asked
        self.known: dict[frozenset[Edit], Status] = {}
        self.screened = 0
        self._goods: dict[Items, Chosen] = {}

    def status(self, edits: Sequence[Edit]) -> Status:
        """Met where everything is as it should be, not met where it cannot be any more."""
        key = frozenset(edits)
        if key not in self.known:
            chart = supposing(self.answers.chart, dict.fromkeys(edits))
            self.known[key] = self.status_on(chart, self.answers.screening)
        return self.known[key]

    def status_on(self, chart: Chart, screening: int) -> Status:
        """The same of a chart that is screened on another day."""
        self.clock.check()
        self.screened += 1
        rows = self.engine.run(facts(chart, screening, self.vocabulary, self.asked))
        row = (chart.patient,)
        found: set[Status] = set()
        for name, holds in self.target.wanted:
            sure = row in rows[f"{CERTAIN} {name}"] or row in rows[name]
            maybe = sure or row in rows[f"{POSSIBLE} {name}"]
            if sure is not maybe:
                found.add(Status.UNKNOWN)
            else:
                found.add(Status.MET if sure is holds else Status.NOT_MET)
        return next(s for s in (Status.NOT_MET, Status.UNKNOWN, Status.MET) if s in found or s is Status.MET)

    def likely_first(self) -> None:
        """Put first the outcomes that by themselves do most for the target, so that a good one is found early."""
        order = list(Status)
        self.data = [
            replace(
                d,
                outcomes=tuple(
                    sorted(d.outcomes, key=lambda o: (order.index(_rank(self.status(o.edits))), not o.within))
                ),
            )
            for d in self.data
        ]

    def in_order(self, items: Items) -> list[int]:
        """The data whose very being there rules ask about come first: only behind them does more never take away."""
        return sorted(items, key=lambda i: (not self.data[i].is_counted, len(self.data[i].outcomes), i))

    # -- whatever comes of them ----------------------------------------------------------------------------------

    def undecided(self, items: Items, before: tuple[Edit, ...] = ()) -> Chosen | None:
        """Outcomes of the data, on top of `before`, that leave the target unknown; None where it is settled whatever they are."""
        return self._undecided(self.in_order(items), 0, before, ())

    def _undecided(self, order: list[int], at: int, edits: tuple[Edit, ...], chosen: Chosen) -> Chosen | None:
        settled = self.status(edits) is not Status.UNKNOWN
        if at == len(order):
            return None if settled else chosen
        item = order[at]
        if settled and not any(self.data[i].is_counted for i in order[at:]):
            return None
        for outcome in self.data[item].outcomes:
            found = self._undecided(order, at + 1, (*edits, *outcome.edits), (*chosen, (item, outcome)))
            if found is None:
                continue
            if not outcome.within:
                return found
            for one in outcome.within:
                found = self._undecided(order, at + 1, (*edits, *one.edits), (*chosen, (item, one)))
                if found is not None:
                    return found
        return None

    def settles(self, items: Items) -> bool:
        """Whether the target is settled whatever comes of the data."""
        return self.undecided(items) is None

    def with_more_undecided(self, items: Items) -> Items:
        """Data that do not settle the target either: these and, of those not counted, as many as are quickly found."""
        chosen = self.undecided(items)
        assert chosen is not None, "these do not settle it"
        edits = edits_of(chosen)
        found = set(items)
        for item in range(len(self.data)):
            if item in found or self.data[item].is_counted:
                continue
            for outcome in (x for o in self.data[item].outcomes for x in (o.within or (o,))):
                if self.status((*edits, *outcome.edits)) is Status.UNKNOWN:
                    found.add(item)
                    edits = (*edits, *outcome.edits)
                    break
        return frozenset(found)

    # -- if it comes out well ------------------------------------------------------------------------------------

    def good(self, items: Items) -> Chosen | None:
        """Outcomes of the data with which the target is met; None where there are none."""
        return self._good(self.in_order(items), 0, (), ())

    def _good(self, order: list[int], at: int, edits: tuple[Edit, ...], chosen: Chosen) -> Chosen | None:
        status = self.status(edits)
        counted = any(self.data[i].is_counted for i in order[at:])
        if status is Status.MET and not counted:
            rest = tuple((i, _single(self.data[i].outcomes[0])) for i in order[at:])
            return (*chosen, *rest) if self.status((*edits, *edits_of(rest))) is Status.MET else chosen
        if at == len(order):
            return chosen if status is Status.MET else None
        if status is Status.NOT_MET and not counted:
            return None
        item = order[at]
        for outcome in self.data[item].outcomes:
            for one in (outcome, *outcome.within):
                found = self._good(order, at + 1, (*edits, *one.edits), (*chosen, (item, one)))
                if found is not None:
                    return found
        return None

    def known_good(self, items: Items, clock: Clock) -> Chosen | None:
        """Outcomes with which the target is met, looked for as long as the clock says where they are not known yet."""
        if items not in self._goods:
            self.clock = clock
            self.can_do(items)
        return self._goods.get(items)

    def can_do(self, items: Items) -> bool:
        """Whether the data may come out so that the target is met."""
        found = self.good(items)
        if found is not None:
            self._goods[items] = found
        return found is not None

    def with_more_in_vain(self, items: Items) -> Items:
        """Data that cannot make the target met either: these and, of those not counted, as many as are quickly found."""
        found = set(items)
        ways = prod(len(self.data[i].outcomes) for i in items)
        for item in range(len(self.data)):
            more = ways * len(self.data[item].outcomes)
            is_more = item not in found and not self.data[item].is_counted
            if is_more and more <= _MOST_COMBINED and not self.can_do(frozenset((*found, item))):
                found.add(item)
                ways = more
        return frozenset(found)


def _rank(status: Status) -> Status:
    """Met, then unknown, then not met, in the order of `Status`."""
    return {Status.MET: Status.MET, Status.UNKNOWN: Status.NOT_MET, Status.NOT_MET: Status.UNKNOWN}[status]


def _single(outcome: Outcome) -> Outcome:
    return outcome.within[0] if outcome.within else outcome


def edits_of(chosen: Iterable[tuple[object, Outcome]]) -> tuple[Edit, ...]:
    """The edits of data that turned out so."""
    return tuple(e for _, o in chosen for e in o.edits)
