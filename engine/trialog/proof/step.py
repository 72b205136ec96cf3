"""The lines of a proof: values with a hash of what they hold, equal ones one object."""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from trialog.answers import Status
from trialog.charts.chart import Place
from trialog.source import Span
from trialog.values import Cause, Interval

type Known = Mapping[str, str | Interval | None]
"""The values of variables: a concept or patient, an interval, or None where an unrecorded tuple leaves it open."""


class Reason(enum.Enum):
    """Why a status is unknown."""

    MISSING = "missing"
    CONFLICTING = "conflicting"
    IMPRECISE = "imprecise"
    AWAITING_JUDGEMENT = "awaiting judgement"


FROM_CAUSE = {Cause.MISSING: Reason.MISSING, Cause.IMPRECISE: Reason.IMPRECISE, Cause.CONFLICTING: Reason.CONFLICTING}


NOT_COUNTED = "does not count"  # what is said of a candidate whose reasons stand below it


class Part(enum.Enum):
    """What a line of a proof is."""

    CLAIM = "claim"  # a relation, or one of its tuples
    RULE = "rule"  # a rule, with the values of its variables; one line below for each literal where it holds
    NOT = "not"  # what is below is turned round
    RECORD = "record"
    SIGNATURE = "signature"
    FACT = "fact"  # background knowledge, and the places of concepts
    TEST = "test"
    COUNT = "count"  # an aggregate, above what it counts and what it does not
    ABSENT = "absent"  # nothing of the kind, and why nothing of the kind can be missing
    OPEN = "open"  # nothing of the kind, and something may be missing
    REJECTED = "rejected"  # a candidate, above the reason why it does not count
    GROUP = "group"  # candidates that do not count for the same reason
    DAY = "day"  # the date of screening
    READING = "reading"


@dataclass(slots=True, eq=False)
class Step:
    """One line of a proof: a true sentence, but for claims and rules, which have the status that stands beside them.

    `reason` is there where the status is unknown; `below` is what the line rests on. Lines are equal when all that they hold is.
    Nobody changes one; it is not frozen because Python takes six times as long to make it then, and there are hundreds in a proof.
    """

    says: str
    status: Status
    reason: Reason | None = None
    below: "tuple[Step, ...]" = ()
    at: Span | None = field(default=None, repr=False)  # the rule, the literal or the fact
    places: tuple[Place, ...] = field(default=(), repr=False)  # the records
    dates: Cause | None = None  # why the dates of the record are not single days
    atom: str = ""  # the id of the atom that the line is about
    part: Part = Part.CLAIM
    plumbing: bool = False  # shown to those alone who ask how the rules are put together
    bindings: tuple[tuple[str, str], ...] = ()  # of a rule that holds: its variables and their values
    sides: tuple[str, str] | None = None  # of an unknown line: what would make it so, and what would not
    alike: str = ""  # of a failed test: what candidates that fail it have in common
    height: int = field(default=1, repr=False)
    _digest: str = field(default="", init=False, repr=False)

    @property
    def digest(self) -> str:
        """A hash of everything that the line and those below it hold."""
        if not self._digest:
            hashed = blake2b(digest_size=16)
            for own in (
                self.says, self.status.value, self.reason and self.reason.value, self.at and (self.at.source.name, self.at.start),
                [str(p) for p in self.places], self.atom, self.part.value, self.plumbing, self.bindings, self.sides, self.alike,
            ):  # fmt: skip
                hashed.update(repr(own).encode() + b"\0")
            for below in self.below:
                hashed.update(below.digest.encode())
            self._digest = hashed.hexdigest()
        return self._digest

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Step) and self.digest == other.digest)

    def __hash__(self) -> int:
        return hash(self.digest)


class Steps:
    """Makes lines; of those that hold the same there is one."""

    def __init__(self) -> None:
        self.made: dict[tuple[object, ...], Step] = {}

    def __call__(
        self,
        part: Part,
        says: str,
        status: Status,
        reason: Reason | None = None,
        below: tuple[Step, ...] = (),
        at: Span | None = None,
        places: tuple[Place, ...] = (),
        dates: Cause | None = None,
        atom: str = "",
        plumbing: bool = False,
        bindings: tuple[tuple[str, str], ...] = (),
        sides: tuple[str, str] | None = None,
        alike: str = "",
    ) -> Step:
        key = (
            says, id(status), id(part), id(reason), below and tuple(map(id, below)), id(at), places and tuple(map(id, places)),
            id(dates), atom, plumbing, bindings, sides,
        )  # fmt: skip
        step = self.made.get(key)
        if step is None:
            height = 1 + max([b.height for b in below]) if below else 1
            step = self.made[key] = Step(
                says, status, reason, below, at, places, dates, atom, part, plumbing, bindings, sides, alike, height
            )
        return step

    def turned(self, step: Step, status: Status) -> Step:
        """What the opposite of the line comes to."""
        sides = (step.sides[1], step.sides[0]) if step.sides is not None else None
        return self(Part.NOT, f"not: {step.says}", status, step.reason, (step,), plumbing=True, sides=sides)

    def because(self, step: Step, reason: Reason) -> Step:
        """The unknown line for another reason."""
        return self(
            step.part, step.says, step.status, reason, step.below, step.at, step.places, step.dates, step.atom,
            step.plumbing, step.bindings, step.sides, step.alike,
        )  # fmt: skip


def dates_below(step: Step) -> list[Cause]:
    """Why records that the line rests on are not dated to the day."""
    return [*([step.dates] if step.dates is not None else []), *(d for s in step.below for d in dates_below(s))]


def worst(causes: Iterable[Cause]) -> Cause:
    """Missing before conflicting before imprecise. There is at least one."""
    found = set(causes)
    return next(c for c in (Cause.MISSING, Cause.CONFLICTING, Cause.IMPRECISE) if c in found)


def dated(make: Steps, below: tuple[Step, ...]) -> tuple[Step, ...]:
    """A comparison that is not decided for want of a date has the reason for which the records beside it lack theirs."""
    if not [s for s in below if s.reason is Reason.IMPRECISE and not s.below and not s.places]:
        return below
    dates = [d for s in below for d in dates_below(s)]
    if not dates:
        return below
    why = FROM_CAUSE[worst(dates)]
    return tuple(
        make.because(s, why) if s.reason is Reason.IMPRECISE and not s.below and not s.places else s for s in below
    )


def joint(steps: Iterable[Step]) -> Reason | None:
    """The reason of steps together: the first, in the order of `Reason`, that any of the unknown ones has."""
    reasons = {s.reason for s in steps if s.status is Status.UNKNOWN}
    return next((r for r in Reason if r in reasons), None)


def shown(steps: Iterable[Step], plumbing: bool = False) -> Iterable[Step]:
    """The lines without plumbing, in the place of which is what it rests on, each once; all of them where it is asked for."""
    seen: set[int] = set()
    waiting = list(steps)[::-1]
    while waiting:
        step = waiting.pop()
        if id(step) in seen:
            continue
        seen.add(id(step))
        if step.plumbing and not plumbing:
            waiting += step.below[::-1]
        else:
            yield step


def told(step: Step, plumbing: bool, beside: Iterable[Step] = ()) -> tuple[Step, ...]:
    """What stands below the line where people read it.

    A candidate is told once, however many rules it fails under, and without the lines that stand `beside` it already.
    """
    lines = tuple(shown(step.below, plumbing))
    if plumbing:
        return lines
    if step.part is Part.REJECTED:
        there = {id(s) for s in beside}
        lines = tuple(s for s in lines if id(s) not in there)
    alike: dict[object, list[Step]] = {}
    for s in lines:
        key = (s.says, id(s.below[0])) if s.part is Part.REJECTED and s.says.endswith(NOT_COUNTED) else id(s)
        alike.setdefault(key, []).append(s)
    return tuple(several[0] if len(several) == 1 else _as_one(several) for several in alike.values())


def _as_one(candidates: list[Step]) -> Step:
    """One candidate that fails under several rules, with the reasons of all."""
    first = candidates[0]
    reasons = {id(r): r for c in candidates for r in c.below[1:]}
    return replace(first, below=(first.below[0], *reasons.values()))


def each(step: Step, seen: set[int] | None = None) -> Iterable[Step]:
    """The line and every line below it, each once."""
    seen = set() if seen is None else seen
    if id(step) not in seen:
        seen.add(id(step))
        yield step
        for below in step.below:
            yield from each(below, seen)
