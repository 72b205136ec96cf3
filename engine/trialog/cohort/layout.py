"""What a plan asks of charts: how its rows are held, and the source text of the functions that make them of a patient's records."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from trialog.answers import Screener
from trialog.engines.kernel.limits import FRACTIONS, PER_UNIT
from trialog.engines.kernel.shape import Given, Shape, fetches, is_at_screening, rules_of, shape_of, under_classes
from trialog.engines.kernel.tables import Tables, number_concepts
from trialog.plain import Fetch
from trialog.plan import Plan
from trialog.program import Const
from trialog.vocabulary import Coded, Dated, Kind, Relation, Vocabulary

REVIEWED, ABSENT, SIGNED = "reviewed", "absent", "signed"
"""Relations of the kernel's own: what a chart says of histories, and what was signed."""


@dataclass(frozen=True, slots=True)
class Flat:
    """A relation's columns as numbers: a name is one, a day or an amount its two ends. `kinds` are 0, and 1 and 2 for ends."""

    kinds: tuple[int, ...]
    scales: tuple[int, ...]
    between: tuple[int, ...]
    starts: Mapping[str, int]  # of each column the number where it begins

    @property
    def width(self) -> int:
        return len(self.kinds)

    @property
    def classes(self) -> tuple[int, ...]:
        return tuple(i for i, kind in enumerate(self.kinds) if kind == 0)


def flat(relation: Relation) -> Flat:
    kinds: list[int] = []
    scales: list[int] = []
    between: list[int] = []
    starts: dict[str, int] = {}
    for column in relation.columns:
        starts[column.name] = len(kinds)
        match column.type:
            case Coded():
                kinds.append(0)
                scales.append(1)
            case Dated():
                kinds += [1, 2]
                scales += [1, 1]
            case _:
                between += [len(kinds), len(kinds) + 1]
                kinds += [1, 2]
                scales += [PER_UNIT, PER_UNIT]
    return Flat(tuple(kinds), tuple(scales), tuple(between), starts)


def _given(relation: Relation, more: int) -> dict[str, Given]:
    """How each relation of plain Datalog is held that a chart brings of this one."""
    own, name = flat(relation), relation.name
    about = _about(relation, own)
    seen = (f"seen {name}", about) if about >= 0 and relation.kind is not Kind.ATTRIBUTE else None
    rows = Given(own.scales, (), False, own.between, seen=seen)
    maybe = Given(own.scales, own.classes, False, own.between, seen=seen)
    by_concept = Given((1,), (), True)
    record = {
        f"record {name}": Given((*own.scales, *(1,) * (1 + more)), (), False, own.between),
        f"counted {name}": Given((*own.scales, *(1,) * (4 + more)), (), False, own.between),
        f"first {name}": by_concept,
        f"seen {name}": Given(()),
    }
    match relation.kind:
        case Kind.EVENT | Kind.MEASURE:
            latest = (1, 1)
            found = record | {
                f"certain {name}": rows,
                f"possible {name}": maybe,
                f"open {name}": by_concept,
                f"recorded {name}": by_concept,
                f"open latest {name}": Given((1, 1, 1)),
            }
            for mode, classes in (("certain", ()), ("possible", own.classes)):
                index = (f"begin {mode} latest {name}", f"end {mode} latest {name}")
                found[f"{mode} latest {name}"] = Given((*own.scales, *latest), classes, False, own.between, index)
                found |= dict.fromkeys(index, by_concept)
            return found
        case Kind.ATTRIBUTE:
            nothing = Given(())
            return record | {
                f"certain {name}": rows,
                f"possible {name}": maybe,
                f"open {name}": nothing,
                f"recorded {name}": nothing,
            }
        case Kind.JUDGEMENT:
            return {f"{mode} {name}": by_concept for mode in ("certain", "possible", "open")}
        case Kind.KNOWN:
            return {}


@dataclass(frozen=True)
class Layout:
    """How a screener's charts are held: the relations asked for, in the order in which their rows are made."""

    vocabulary: Vocabulary
    plan: Plan
    tables: Tables
    shape: Shape
    asked: tuple[Relation, ...]
    records: tuple[Relation, ...]  # those whose records are needed
    weighed: Relation | None  # the measure from which amounts follow

    def number(self, name: str) -> int:
        """The number of the relation, 0 where nothing asks for it."""
        held = self.shape.held.get(name)
        return held.number if held is not None else 0


def layout_of(screener: Screener) -> Layout:
    """Raises Refused where the plan holds what a kernel cannot do."""
    program, plan = screener.program, screener.plan
    vocabulary = program.vocabulary
    constants = {
        str(s.value) for r in rules_of(plan) for s in r.slots if isinstance(s, Const) and isinstance(s.value, str)
    }
    known = {v for some in plan.facts.values() for row in some for v in row if isinstance(v, str)}
    tables = Tables(number_concepts({*vocabulary.concepts, *constants, *known}))
    mentioned = {f.relation for r in rules_of(plan) for f in fetches(r.body)}
    asked = tuple(
        r
        for r in vocabulary.relations.values()
        if r.kind is not Kind.KNOWN and any(m.split(" ")[-1] == r.name for m in mentioned & plan.given)
    )
    weighed = next(
        (r for r in vocabulary.relations.values() if r.kind is Kind.MEASURE and r.position("value") is not None), None
    )
    products = any(r.product is not None for r in asked)
    wanted = {r.name for r in asked if r.kind is not Kind.JUDGEMENT} | (
        {weighed.name} if weighed and products else set()
    )
    records = tuple(r for r in vocabulary.relations.values() if r.name in wanted)
    every: dict[str, Given] = {"fractions": Given((1,) * 3), "screening": Given((1,), is_one=True)}
    for r in vocabulary.relations.values():
        more = 2 if r.product is not None else 0
        for name, how in _given(r, more).items():
            mode, of = name.split(" ", 1)
            match mode:
                case "record" | "counted" | "first" | "seen":
                    needed = r in records
                case "begin" | "end":
                    needed = of in mentioned
                case _:
                    needed = name in mentioned or _is_needed(name, r, mentioned)
            if needed:
                every[name] = how
    scopes = {REVIEWED: Given((1,) * 4), ABSENT: Given((1,) * 4), SIGNED: Given((1,) * 6)}
    shape = shape_of(plan, every | scopes)
    assert shape.held["fractions"].number == FRACTIONS
    return Layout(vocabulary, plan, tables, shape, asked, records, weighed if products else None)


def _is_needed(name: str, relation: Relation, mentioned: set[str]) -> bool:
    """Openness also says whether an older result may pass for the latest."""
    return (
        name == f"open {relation.name}"
        and relation.kind is Kind.MEASURE
        and f"open latest {relation.name}" in mentioned
    )


def stage(layout: Layout) -> str:
    """The source text of `prepare`, which makes all rows that the plan asks of one patient's records."""
    lines = ["def prepare(S, N, B, M, T, screening):"]
    lines += [f"    {x}" for x in _Stage(layout).lines()]
    return "\n".join([*lines, "    return N[0]", ""])


class _Stage:
    def __init__(self, layout: Layout) -> None:
        self.layout, self.tables, self.vocabulary = layout, layout.tables, layout.vocabulary
        above = self.vocabulary.ancestors
        t = self.tables
        self.above = t.pairs("above", ((c, a) for c, all_above in above.items() for a in all_above))
        self.members = t.members(above)
        narrowest = {
            c: [t.code(a) for a in sorted(classes, key=lambda a: (len(above[a]), a), reverse=True)]
            for c, classes in above.items()
        }
        self.lists = t.lists("narrowest", narrowest)
        self.codes = {name: i for i, name in enumerate(self.vocabulary.relations)}
        self.mentioned = [f for r in rules_of(layout.plan) for f in fetches(r.body) if isinstance(f, Fetch)]

    def lines(self) -> Iterable[str]:
        number, words = self.layout.number, self.tables.words
        yield f"S[B[{number('screening')}]] = screening"
        yield f"N[{number('screening')}] = 1"
        absent, reviewed = number(ABSENT), number(REVIEWED)
        for r in self.layout.records:
            own = flat(r)
            begin, end = _day(r, own, "on", "from"), _day(r, own, "to")
            about = _about(r, own) if r.kind is not Kind.ATTRIBUTE else -1
            seen = f"seen {r.name}"
            yield (
                f"count_records(S, N, B, M, T, {number(f'record {r.name}')}, {number(f'counted {r.name}')}, "
                f"{self.first(r)}, {number(seen)}, {self.tables.seen(seen)}, {own.width}, {_more(r)}, {about}, "
                f"{begin}, {end}, {self.codes[r.name]}, {absent}, screening, {self.above}, {words})"
            )
        for r in self.layout.records:
            own = flat(r)
            if own.between and self.layout.weighed is not None:
                are_between = self.tables.run(("between", r.name), [int(i in own.between) for i in range(own.width)])
                yield (
                    f"tell_recorded(S, N, B, M, T, {FRACTIONS}, {number(f'counted {r.name}')}, {own.width}, "
                    f"{own.width + 4 + _more(r)}, {are_between})"
                )
        for r in self.layout.records:
            if r.product is not None and self.layout.weighed is not None:
                yield self.completed(r, self.layout.weighed)
        for r in self.layout.asked:
            yield f"# {r.name}: {r.description}"
            own = flat(r)
            kinds = self.tables.run(("kinds", r.name), [*own.kinds, 0])
            names = {mode: number(f"{mode} {r.name}") for mode in ("certain", "possible", "open", "recorded")}
            common = f"{kinds}, {self.lists}, {self.above}, {words}"
            match r.kind:
                case Kind.ATTRIBUTE:
                    yield (
                        f"attribute(S, N, B, M, T, {number(f'counted {r.name}')}, {names['certain']}, {names['possible']}, "
                        f"{names['open']}, {names['recorded']}, {own.width}, {common})"
                    )
                case Kind.JUDGEMENT:
                    needed = self.needed(r)
                    yield (
                        f"judgements(S, N, B, T, {number(SIGNED)}, {names['certain']}, {names['possible']}, "
                        f"{names['open']}, {needed[0]}, {needed[1]}, screening)"
                    )
                case Kind.EVENT | Kind.MEASURE:
                    on = _day(r, own, "on", "from")
                    if names["certain"] or names["possible"]:
                        measure = 1 if r.kind is Kind.MEASURE else 0
                        yield (
                            f"events(S, N, B, M, T, {number(f'counted {r.name}')}, {self.first(r)}, "
                            f"{names['certain']}, {names['possible']}, {own.width}, {_more(r)}, "
                            f"{_about(r, own)}, {on}, {self.codes[r.name]}, {absent}, {measure}, {kinds}, screening, "
                            f"{self.above}, {words}, {self.members}, {self.lists})"
                        )
                    yield from self.about_concepts(r, own, names, common, reviewed, absent)
                case Kind.KNOWN:
                    pass
        for r in self.layout.records:
            if first := self.first(r):
                row, about = flat(r).width + 4 + _more(r), _about(r, flat(r))
                yield f"forget(S, N, B, {number(f'counted {r.name}')}, {first}, {row}, {about})"

    def about_concepts(
        self, r: Relation, own: Flat, names: Mapping[str, int], common: str, reviewed: int, absent: int
    ) -> Iterable[str]:
        """What is recorded, open and the latest, of each concept that is asked for."""
        number, words, above = self.layout.number, self.tables.words, self.vocabulary.ancestors
        first, about = self.first(r), _about(r, own)
        if names["recorded"]:
            for concept in self.concepts(f"recorded {r.name}"):
                related = self.related(concept)
                yield f"recorded(S, B, T, {first}, {names['recorded']}, {related}, {self.tables.code(concept)})"
        if names["open"]:
            begin, end = self.needed(r)
            column = r.columns[r.concept_column or 0].type
            root = column.root if isinstance(column, Coded) else ""
            mine = self.vocabulary.descendants[root] & self.vocabulary.leaves
            leaves: dict[str, list[int]] = {}
            for leaf in sorted(mine):
                for a in above[leaf]:
                    leaves.setdefault(a, []).append(self.tables.code(leaf))
            at = self.tables.lists(("leaves", root), leaves)
            yield (
                f"openness(S, N, B, T, {names['open']}, {self.codes[r.name]}, {reviewed}, {absent}, {begin}, {end}, {at}, "
                f"screening, {self.above}, {words})"
            )
        latest = {mode: number(f"{mode} latest {r.name}") for mode in ("certain", "possible", "open")}
        if any(latest.values()):
            every = 0 if all(is_at_screening(x, r.name) for x in rules_of(self.layout.plan)) else 1
            for concept in self.latest_concepts(r):
                code = self.tables.code(concept)
                under = self.tables.flags(("below", concept), self.vocabulary.descendants[concept])
                may_be_more = f"S[B[{names['open']}] + {code}]" if names["open"] else "1"
                yield (
                    f"latest(S, N, B, M, T, {first}, {latest['certain']}, {latest['possible']}, "
                    f"{number(f'begin certain latest {r.name}')}, {number(f'begin possible latest {r.name}')}, {latest['open']}, "
                    f"{own.width}, {_more(r)}, {about}, {code}, {self.related(concept)}, {under}, {may_be_more}, {every}, {common})"
                )

    def completed(self, r: Relation, of: Relation) -> str:
        product, own, weighed = r.product, flat(r), flat(of)
        assert product is not None
        under = self.tables.flags(("below", product.measure), self.vocabulary.descendants[product.measure])
        number = self.layout.number
        return (
            f"complete(S, N, B, M, T, {FRACTIONS}, {number(f'counted {r.name}')}, {own.width}, {own.starts[product.whole]}, "
            f"{own.starts[product.part]}, {self.first(of)}, {weighed.width + 4 + _more(of)}, {_about(of, weighed)}, "
            f"{weighed.starts['value']}, {weighed.width}, {self.related(product.measure)}, {under})"
        )

    def related(self, concept: str) -> str:
        """Where everything stands that is the concept, under it, or a class that it is in; and where it ends."""
        mine = self.vocabulary.descendants[concept] | self.vocabulary.ancestors[concept]
        numbers = sorted(self.tables.code(c) for c in mine)
        at = self.tables.run(("related", concept), numbers)
        return f"{at}, {at + len(numbers)}"

    def first(self, r: Relation) -> int:
        """The number of what says where the first record of each name lies; 0 where nothing asks for records by name."""
        by_name = r.kind is Kind.MEASURE or self.layout.number(f"recorded {r.name}")
        return self.layout.number(f"first {r.name}") if r.kind is not Kind.ATTRIBUTE and by_name else 0

    def concepts(self, relation: str, at: int = 1) -> list[str]:
        """The concepts of which this relation is asked."""
        slots = [f.slots[at] for f in self.mentioned if f.relation == relation]
        return sorted({str(s.value) for s in slots if isinstance(s, Const)})

    def latest_concepts(self, r: Relation) -> list[str]:
        at = 1 + (_about(r, flat(r)))
        found = {
            *self.concepts(f"certain latest {r.name}", at),
            *self.concepts(f"possible latest {r.name}", at),
            *self.concepts(f"open latest {r.name}"),
        }
        return sorted(found)

    def needed(self, r: Relation) -> tuple[int, int]:
        """Where the concepts stand whose flags are asked for, and where they end: all under the root, where any may be."""
        column = r.columns[r.concept_column or 0].type
        root = column.root if isinstance(column, Coded) else ""
        under = self.vocabulary.descendants[root]
        concepts: set[str] = set(self.latest_concepts(r)) if r.kind is Kind.MEASURE else set()
        for rule in rules_of(self.layout.plan):
            for f, classes in under_classes(rule.body):
                if f.relation.split(" ")[-1] == r.name and self.is_by_concept(f.relation):
                    slot = f.slots[1]
                    mine = [self.vocabulary.descendants[c] for c in classes]
                    concepts |= {str(slot.value)} if isinstance(slot, Const) else under.intersection(*mine)
        concepts &= under
        numbers = sorted(self.tables.code(c) for c in concepts)
        at = self.tables.run(("needed", r.name), numbers)
        return at, at + len(numbers)

    def is_by_concept(self, name: str) -> bool:
        held = self.layout.shape.held.get(name)
        return held is not None and held.given is not None and held.given.by_concept


def _day(relation: Relation, own: Flat, *names: str) -> int:
    """Where the first of these columns that there is begins, if it holds days; else -1."""
    at = next((found for name in names if (found := relation.position(name)) is not None), None)
    if at is None or not isinstance(relation.columns[at].type, Dated):
        return -1
    return own.starts[relation.columns[at].name]


def _about(relation: Relation, own: Flat) -> int:
    """Where the number stands that says what a row is about; -1 where nothing does."""
    at = relation.concept_column
    return own.starts[relation.columns[at].name] if at is not None else -1


def _more(relation: Relation) -> int:
    """How many numbers a record has besides: whether each of two amounts is missing of which one follows from the other."""
    return 2 if relation.product is not None else 0


__all__ = ["ABSENT", "REVIEWED", "SIGNED", "Flat", "Layout", "flat", "layout_of", "stage"]
