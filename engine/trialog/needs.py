"""What is missing before something can be decided: the smallest sets of data and judgements that would settle it.

A set *settles* a status or a verdict when that is decided whatever each of its data turns out to be, and none of its subsets does.
A set *can make* a patient eligible when some outcome of it does, and no outcome of any of its subsets does. Both are tried: each
set is screened with its outcomes. `docs/decisions/0020-needs.md` says what a datum and an outcome are.
"""

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from time import monotonic

from trialog.answers import Answers, Status, Verdict
from trialog.datum import Datum
from trialog.minimal import Clock, Items, OutOfTimeError, smallest
from trialog.outcomes import Outcome
from trialog.trying import Target, Trying, edits_of, of_criteria, of_relation
from trialog.values import Exact, exact
from trialog.wanted import Wanted

MOST_SETS = 12
SECONDS = 10.0
_LEAST_SECONDS = 2.0  # for screening what was found, however long it took to find
_UNHURRIED = 3600.0


class Wish(enum.Enum):
    """What the data are to do."""

    SETTLE = "settle"
    MAKE_ELIGIBLE = "make eligible"


@dataclass(frozen=True, slots=True)
class Need:
    """One set. `example` are outcomes with which the patient is eligible, where that was asked for."""

    data: tuple[Datum, ...]
    cost: Exact
    example: tuple[tuple[Datum, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Needs:
    """The sets, cheapest first.

    `now` is the status or verdict that is known without them. `data` are all that could be asked for, `left_open` outcomes of
    all of them that still leave it unknown, `cut` why there may be more sets: each is empty where there is nothing to say.

    Where the search ended before it had a set for each criterion, `sets` are those alone that keep the patient out whatever comes
    of them. `partly` are then sets that do it but for the criteria `unsolved`, for which there was no time (`unsolved_data` is
    what could be asked for these), and `unsettled`, which nothing that could be asked for settles.
    """

    of: str
    wish: Wish
    now: Status | Verdict
    sets: tuple[Need, ...]
    data: tuple[Datum, ...] = ()
    left_open: tuple[tuple[Datum, str], ...] = ()
    cut: str = ""
    screened: int = 0
    partly: tuple[Need, ...] = ()
    unsolved: tuple[str, ...] = ()
    unsolved_data: tuple[Datum, ...] = ()
    unsettled: tuple[str, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether nothing is needed, or nothing can help."""
        match self.now:
            case Status():
                return self.now is not Status.UNKNOWN
            case Verdict():
                return self.now in (Verdict.ELIGIBLE, Verdict.INELIGIBLE)

    @property
    def untried(self) -> int:
        """How many outcomes were left out, there being too many."""
        return sum(d.left_out for s in self.sets for d in s.data)


def needs_of_atom(answers: Answers, identifier: str, most: int = MOST_SETS, seconds: float = SECONDS) -> Needs:
    """What would settle the atom's status, whatever it turns out to be."""
    relation = answers.screener.program.atoms[identifier].relation
    return _needs(answers, identifier, answers.status(relation), of_relation(relation), Wish.SETTLE, most, seconds)


def needs_of_relation(answers: Answers, relation: str, most: int = MOST_SETS, seconds: float = SECONDS) -> Needs:
    """The same of a relation without an id that is about the patient alone."""
    return _needs(answers, relation, answers.status(relation), of_relation(relation), Wish.SETTLE, most, seconds)


def needs_of_cohort(
    answers: Answers, cohort: str, wish: Wish = Wish.SETTLE, most: int = MOST_SETS, seconds: float = SECONDS
) -> Needs:
    """What would settle the verdict for the cohort, or can make the patient eligible for it."""
    target = of_criteria(answers.screener.program.criteria_of(cohort))
    return _needs(answers, cohort, answers.verdict(cohort), target, wish, most, seconds)


def _needs(
    answers: Answers, of: str, now: Status | Verdict, target: Target, wish: Wish, most: int, seconds: float
) -> Needs:
    nothing = Needs(of, wish, now, ())
    if nothing.is_settled:
        return nothing
    found = combined(answers, target, wish, most, seconds)
    every, cuts = found.data, list(found.cuts)
    apart = {*found.unsolved, *found.unsettled}
    searched = replace(target, wanted=tuple(w for w in target.wanted if w[0] not in apart))
    whole = Trying(answers, searched, every, Clock(max(seconds, _LEAST_SECONDS)))
    kept: list[Need] = []
    alone: list[Need] = []  # these keep the patient out, whatever comes of them and of all others
    for parts in (*found.alone, *found.sets):
        try:
            if wish is Wish.MAKE_ELIGIBLE:
                holds = whole.status(edits_of(one for p in parts for one in p.good)) is Status.MET
            else:
                holds = all(
                    whole.undecided(
                        frozenset(every.index(d) for d in p.data), edits_of(one for o in parts if o is not p for one in o.good)
                    ) is None
                    for p in parts
                )  # fmt: skip
        except OutOfTimeError:
            cuts.append(_out_of_time(seconds))
            continue
        if holds:
            example = [(d, o.says) for p in parts for d, o in p.good] if wish is Wish.MAKE_ELIGIBLE else []
            mine = {d for p in parts for d in p.data}
            (alone if parts in found.alone else kept).append(
                _need(_by_cost(d for d in every if d in mine), tuple(example))
            )
        else:
            cuts.append("what settles one criterion can open another one: such sets are left out")
    if found.unsettled and not cuts:
        kept = []  # all was tried, and what settles the rest settles nothing
    left: tuple[tuple[Datum, str], ...] = ()
    if wish is Wish.SETTLE and not kept and not alone and not cuts:
        whole = Trying(answers, target, every, Clock(max(seconds, _LEAST_SECONDS)))
        with suppress(OutOfTimeError):
            left = tuple((every[i], o.says) for i, o in whole.undecided(frozenset(range(len(every)))) or ())
    return replace(
        nothing,
        sets=_cheapest(_minimal(alone if apart else alone + kept)),
        partly=_cheapest(_minimal(kept)) if apart else (),
        unsettled=found.unsettled if cuts else (),
        unsolved=found.unsolved,
        unsolved_data=found.unsolved_data,
        data=_by_cost(every),
        left_open=left,
        cut="; ".join(dict.fromkeys(cuts)),
        screened=found.screened + whole.screened,
    )


def _minimal(sets: list[Need]) -> list[Need]:
    """The sets without those that hold another one."""
    return [s for s in dict.fromkeys(sets) if not any(set(other.data) < set(s.data) for other in sets)]


def _by_cost(data: Iterable[Datum]) -> tuple[Datum, ...]:
    """The cheapest first; those that cost the same in the order in which the rules ask for them."""
    return tuple(sorted(data, key=lambda d: d.effort.points))


def _cheapest(sets: Iterable[Need]) -> tuple[Need, ...]:
    return tuple(sorted(sets, key=lambda s: (s.cost, len(s.data))))


def _need(data: tuple[Datum, ...], example: tuple[tuple[Datum, str], ...] = ()) -> Need:
    return Need(data, exact(Fraction(sum(d.effort.points for d in data))), example)


def _share(
    answers: Answers,
    data: Mapping[tuple[object, ...], Datum],
    some: set[tuple[object, ...]],
    others: set[tuple[object, ...]],
) -> bool:
    """Whether something of the one could bear on what the other is about: the same datum, or one about overlapping concepts."""
    if some & others:
        return True
    below = answers.screener.program.vocabulary.descendants

    def about(keys: set[tuple[object, ...]]) -> set[tuple[str, str]]:
        return {(data[k].relation, c) for k in keys for c in below.get(data[k].concept, frozenset({""}))}

    return bool(about(some) & about(others))


@dataclass(frozen=True, slots=True)
class Part:
    """A set for criteria that share no datum with others, and outcomes with which they let the patient in, if there are any."""

    data: tuple[Datum, ...]
    good: tuple[tuple[Datum, Outcome], ...]


def _as_they_are(items: Items) -> Items:
    return items


@dataclass(frozen=True, slots=True)
class Combined:
    """Sets for all criteria but those `unsolved`, for which the search ended before it had one, and `unsettled`: there is none.

    `alone` are sets with which one criterion keeps the patient out, whatever comes of them and of all others.
    """

    alone: tuple[tuple[Part, ...], ...]
    sets: tuple[tuple[Part, ...], ...]
    data: tuple[Datum, ...]
    cuts: tuple[str, ...]
    screened: int
    unsolved: tuple[str, ...]
    unsolved_data: tuple[Datum, ...]
    unsettled: tuple[str, ...]


def _out_of_time(seconds: float) -> str:
    return f"the search ended after {seconds:g} seconds; there may be other sets, and better ones"


def combined(
    answers: Answers,
    target: Target,
    wish: Wish,
    most: int,
    seconds: float,
    data_of: Callable[[Sequence[str]], dict[tuple[object, ...], Datum]] | None = None,
) -> Combined:
    """The sets, found by searching the parts that share no datum.

    Criteria that share no datum are searched apart, and one set of each is put together; those that already let the patient in
    need nothing. `data_of` gives the data of criteria, by key: how a datum may turn out rests on all of them that ask for it.
    """

    def asked_for(names: Sequence[str]) -> dict[tuple[object, ...], Datum]:
        return data_of(names) if data_of is not None else Wanted(answers, names).found

    every: dict[tuple[object, ...], Datum] = {}
    groups: list[tuple[set[str], set[tuple[object, ...]]]] = []
    wanted = dict(target.wanted)
    unhurried = Clock(_UNHURRIED)
    unsolved: list[str] = []
    unsolved_data: list[Datum] = []
    unsettled: list[str] = []
    for name, _ in target.wanted:
        if Trying(answers, Target(((name, wanted[name]),), target.is_verdict), (), unhurried).status(()) is Status.MET:
            continue
        found = asked_for([name])
        every |= found
        names, keys = {name}, set(found)
        for group in [g for g in groups if _share(answers, every, g[1], keys)]:
            groups.remove(group)
            names |= group[0]
            keys |= group[1]
        groups.append((names, keys))
    for names, _ in groups:
        if len(names) > 1:
            every |= asked_for([name for name in wanted if name in names])
    together: list[tuple[Part, ...]] = [()]
    alone: list[tuple[Part, ...]] = []  # with these the patient is kept out whatever comes of them, and of all others
    cuts: list[str] = []
    screened = 0
    end = Clock(seconds).end
    for i, (names, keys) in enumerate(sorted(groups, key=lambda g: len(g[1]))):
        clock = Clock(max(end - monotonic(), 0) / (len(groups) - i))
        data = _by_cost(d for k, d in every.items() if k in keys)
        part = Target(tuple((n, wanted[n]) for n in sorted(names)), target.is_verdict)
        trying = Trying(answers, part, data, clock)
        costs = [d.effort.points for d in data]
        counted = frozenset(i for i, d in enumerate(data) if d.is_counted)
        if wish is Wish.SETTLE:
            sets = smallest(costs, trying.settles, trying.with_more_undecided, most, clock, counted)
        else:
            with suppress(OutOfTimeError):
                trying.likely_first()
            # With changes of what is recorded the fewest come first: single ones are known by now, and pairs are next.
            grown = trying.with_more_in_vain if data_of is None else _as_they_are
            sets = smallest(costs, trying.can_do, grown, most, clock, counted, asks_all=False)
        if sets.is_cut_by_time:
            cuts.append(_out_of_time(seconds))
        elif sets.cut:
            cuts.append(sets.cut)
        screened += trying.screened
        is_late = sets.is_cut_by_time
        ways: list[Part] = []
        for items in sets.sets:
            try:
                good = trying.known_good(items, Clock(max(seconds, _LEAST_SECONDS))) or ()
            except OutOfTimeError:
                cuts.append(_out_of_time(seconds))
                is_late = True
                continue
            ways.append(Part(tuple(data[i] for i in sorted(items)), tuple((data[i], o) for i, o in good)))
        if wish is Wish.SETTLE:
            alone += [(way,) for way in ways if way.data and not way.good]
            ways = [way for way in ways if way.good or not way.data]
        if not ways and is_late:
            unsolved += sorted(names)
            unsolved_data += data
            continue
        if not ways and not sets.sets:
            unsettled += sorted(names)
            continue
        together = [(*parts, way) for parts in together for way in ways]
        together.sort(key=lambda parts: sum(d.effort.points for p in parts for d in p.data))
        if len(together) > most:
            cuts.append(f"the search ended with the first {most} sets; there may be more")
            together = together[:most]
    return Combined(
        tuple(alone), tuple(together), tuple(every.values()), tuple(cuts), screened, tuple(unsolved), tuple(unsolved_data),
        tuple(unsettled),
    )  # fmt: skip
