"""What is missing, and how many patients of a cohort it holds up: read off the rules that leave their criteria open.

The answers name one rule for each unknown status, the first that makes it possible. What stands open in the body of that rule is
surely missing; what the rule can rest on through relations that have no column in the answers may be. Other rules may rest on
more: they are not looked at.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from trialog.answers import Screener, Status, Verdict
from trialog.cohort.answered import Answered, Query, name, text
from trialog.cohort.attrition import WORD, column, together
from trialog.plain import Absent, Either, Fetch, Let, Rule, Tally, Test
from trialog.plain import Step as PlainStep
from trialog.program import Const, Var
from trialog.vocabulary import Coded, Kind

HELD_UP = (Verdict.UNDETERMINED, Verdict.AWAITING_JUDGEMENT)


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """Something that charts record."""

    relation: str
    concept: str


@dataclass(frozen=True, slots=True)
class Missing:
    """For `surely` it is missing, for `maybe` others it may be, or be unclear; for `alone` of all these no other item is named."""

    item: Item
    surely: int
    maybe: int
    alone: int


@dataclass(frozen=True, slots=True)
class HeldUp:
    """Of a cohort: how many patients are held up, by what; `untold` are those whose rules name nothing."""

    cohort: str
    patients: Mapping[Verdict, int]
    items: tuple[Missing, ...]
    untold: int


@dataclass(frozen=True, slots=True)
class Rests:
    """What a rule rests on that is not certain. `unclear` are records that may be imprecise, not confirmed or contradicted.

    `follow` are relations with a column, `through` those met on the way elsewhere.
    """

    surely: frozenset[Item] = frozenset()
    maybe: frozenset[Item] = frozenset()
    unclear: frozenset[Item] = frozenset()
    follow: frozenset[str] = frozenset()
    through: frozenset[str] = frozenset()

    def __or__(self, other: "Rests") -> "Rests":
        return Rests(
            self.surely | other.surely,
            self.maybe | other.maybe,
            self.unclear | other.unclear,
            self.follow | other.follow,
            self.through | other.through,
        )

    def at_most(self) -> "Rests":
        """The same where it is not sure that the literal is what stands open."""
        return Rests(frozenset(), self.surely | self.maybe, self.unclear, frozenset(), self.follow | self.through)


class Open:
    """What the rules of a program can rest on that charts leave open. `reasons` are the rules by number, from 1."""

    def __init__(self, screener: Screener, reasons: Sequence[Rule], relations: Sequence[str]) -> None:
        self.vocabulary = screener.program.vocabulary
        self.reasons = reasons
        self.relations = relations
        self.rules: dict[str, list[Rule]] = {}
        for rule in reasons:
            self.rules.setdefault(rule.relation, []).append(rule)
        self._known: dict[str, Rests] = {}

    @cached_property
    def of_rules(self) -> dict[str, dict[int, Rests]]:
        """Of each relation that the answers have, by the number of the rule that leaves it open."""
        found: dict[str, dict[int, Rests]] = {r: {} for r in self.relations}
        for i, rule in enumerate(self.reasons, 1):
            mode, _, relation = rule.relation.partition(" ")
            if mode == "possible" and relation in found:
                found[relation][i] = self.of_body(rule.body)
        return found

    @cached_property
    def items(self) -> list[Item]:
        every = {
            item
            for rests in self.of_rules.values()
            for r in rests.values()
            for item in (*r.surely, *r.maybe, *self.in_doubt(r))
        }
        return sorted(every)

    @staticmethod
    def in_doubt(rests: Rests) -> frozenset[Item]:
        """Unclear records count where nothing else is named on which the rule rests."""
        return rests.unclear if not rests.surely and not rests.follow else frozenset()

    def of_body(self, body: Iterable[PlainStep]) -> Rests:
        steps, found = tuple(body), Rests()
        for step in steps:
            match step:
                case Fetch():
                    found |= self.of_fetch(step, steps)
                case Tally(_, relation):
                    found |= self.of_relation(relation).at_most()
                case Absent(inner):
                    for x in inner:
                        if isinstance(x, Fetch) and x.relation.startswith("certain "):
                            found |= self.not_certain(x, inner)
                case Test() | Either() | Let():
                    pass
        return found

    def not_certain(self, fetch: Fetch, steps: Sequence[PlainStep]) -> Rests:
        """What may stand open where it is not certain that there is a row."""
        relation = fetch.relation.removeprefix("certain ")
        if relation in self.relations:
            return Rests(follow=frozenset({relation}))
        both = Rests()
        for mode in ("possible", "open"):
            both |= self.of_fetch(Fetch(f"{mode} {relation}", fetch.slots), steps)
        return both.at_most()

    def of_fetch(self, fetch: Fetch, steps: Sequence[PlainStep]) -> Rests:
        mode, _, relation = fetch.relation.partition(" ")
        relation = relation.removeprefix("latest ")
        if mode not in ("possible", "open"):
            return Rests()
        if relation in self.vocabulary.relations:
            items = frozenset({Item(relation, self.concept(relation, fetch, steps))})
            return Rests(unclear=items) if mode == "possible" else Rests(surely=items)
        if relation in self.relations:
            return Rests(follow=frozenset({relation}))
        return self.of_relation(fetch.relation)

    def of_relation(self, relation: str) -> Rests:
        """What every one of its rules rests on is sure; what one of them does may be."""
        if not self._known:
            self._known = dict.fromkeys(self.rules, Rests())
            growing = True
            while growing:
                found = {name: self._of_rules(rules) for name, rules in self.rules.items()}
                growing = found != self._known
                self._known = found
        return self._known.get(relation, Rests())

    def _of_rules(self, rules: Sequence[Rule]) -> Rests:
        each = [self.of_body(r.body) for r in rules]
        every = Rests()
        for rests in each:
            every |= rests.at_most()
        return every | Rests(surely=each[0].surely.intersection(*(r.surely for r in each)))

    def concept(self, relation: str, fetch: Fetch, steps: Sequence[PlainStep]) -> str:
        """What the rows are about; the root of the column where a rule does not say."""
        declared = self.vocabulary.relations[relation]
        at = declared.concept_column
        if declared.kind is Kind.ATTRIBUTE or at is None:
            return ""
        about = next((s for s in fetch.slots[1:2]), None)
        if isinstance(about, Const):
            return str(about.value)
        if isinstance(about, Var):
            for x in steps:
                if (
                    isinstance(x, Fetch)
                    and x.relation == "is_a"
                    and x.slots[0] == about
                    and isinstance(x.slots[1], Const)
                ):
                    return str(x.slots[1].value)
        kind = declared.columns[at].type
        return kind.root if isinstance(kind, Coded) else ""


def held_up(query: Query, answers: Answered, screener: Screener, unknown: Open, cohort: str) -> HeldUp:
    """Count the patients of a cohort whom each item holds up. Raises StoreError where the answers lack a column."""
    program = screener.program
    criteria = [c.relation for c in program.criteria_of(cohort)]
    order = _from_below(unknown, criteria)
    columns = {r: column(program, r) for r in order}
    verdict = f"verdict_{cohort}"
    answers.require([verdict, *columns.values(), *(f"{c}_rule" for c in columns.values())])
    words = -(-len(unknown.items) // WORD) or 1
    sources = ", ".join(f"{name(c)}, {name(c + '_rule')}" for c in columns.values())
    wanted = ", ".join(text(v.value) for v in HELD_UP)
    rows = f"SELECT {name(verdict)} AS verdict, {sources} FROM {answers.rows()} WHERE {name(verdict)} IN ({wanted})"
    for relation in order:
        masks = ", ".join(_masks(unknown, relation, columns[relation], words))
        rows = f"SELECT *, {masks} FROM ({rows})"
    totals = [
        " | ".join(name(f"{kind} {w} {r}") for r in criteria) or "0"
        for kind in ("surely", "maybe")
        for w in range(words)
    ]
    counts: dict[Verdict, int] = dict.fromkeys(HELD_UP, 0)
    found = {item: [0, 0, 0] for item in unknown.items}
    untold = 0
    for said, *masks, count in query(f"SELECT verdict, {', '.join(totals)}, count(*) FROM ({rows}) GROUP BY ALL"):
        counts[Verdict(said)] += count
        surely, maybe = together(masks[:words]), together(masks[words:])
        either = surely | maybe
        untold += count if not either else 0
        for i, item in enumerate(unknown.items):
            if either >> i & 1:
                found[item][0 if surely >> i & 1 else 1] += count
                found[item][2] += count if either == 1 << i else 0
    items = [Missing(item, *numbers) for item, numbers in found.items() if any(numbers)]
    items.sort(key=lambda m: (-m.surely - m.maybe, -m.surely, m.item))
    return HeldUp(cohort, counts, tuple(items), untold)


def _from_below(unknown: Open, criteria: Iterable[str]) -> list[str]:
    """The criteria and all that they rest on and answers have a column for, each after those that it rests on."""
    order: list[str] = []
    entered: set[str] = set()

    def enter(relation: str) -> None:
        if relation in entered:
            return
        entered.add(relation)
        for rests in unknown.of_rules[relation].values():
            for below in sorted(rests.follow | rests.through):
                enter(below)
        order.append(relation)

    for c in criteria:
        enter(c)
    return order


def _masks(unknown: Open, relation: str, own: str, words: int) -> Iterable[str]:
    """Of a relation: the items that are surely missing where it is unknown, and those that may be, as bits."""
    numbers = {item: i for i, item in enumerate(unknown.items)}
    before = _from_below(unknown, [relation])
    for kind in ("surely", "maybe"):
        for w in range(words):
            cases: list[str] = []
            for rule, rests in unknown.of_rules[relation].items():
                items = rests.surely if kind == "surely" else rests.maybe | unknown.in_doubt(rests)
                mask = sum(1 << (numbers[x] - w * WORD) for x in items if numbers[x] // WORD == w)
                below = [f"{kind} {w} {r}" for r in sorted(rests.follow) if r in before and r != relation]
                if kind == "maybe":
                    below += [
                        f"{k} {w} {r}" for r in sorted(rests.through) if r != relation for k in ("surely", "maybe")
                    ]
                cases.append(f"WHEN {rule} THEN {' | '.join([f'{mask}::BIGINT', *map(name, below)])}")
            inside = f"CASE {name(own + '_rule')} {' '.join(cases)} ELSE 0 END" if cases else "0::BIGINT"
            unclear = f"CASE WHEN {name(own)} = {text(Status.UNKNOWN.value)} THEN {inside} ELSE 0 END"
            yield f"({unclear})::BIGINT AS {name(f'{kind} {w} {relation}')}"
