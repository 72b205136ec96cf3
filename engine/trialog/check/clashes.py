"""What the literals of a rule want together, and which of them exclude each other.

A relation is known by the concepts that may stand in its columns and by the readings under which it may hold anything, found from
the rules upwards. What is said to clash holds in no completion of any chart; what is not may still never hold.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from trialog.check.linear import clashing
from trialog.program import (
    Arg,
    Chosen,
    Clause,
    Compared,
    Const,
    Distinct,
    Given,
    Premise,
    Program,
    Source,
    Tallied,
    Tuple,
    Under,
    Var,
    Whatever,
)
from trialog.tree import Summary
from trialog.values import Duration
from trialog.vocabulary import Coded, Kind, Vocabulary

type Concepts = int
"""A set of concepts, one bit for each."""
type Options = Mapping[str, frozenset[str]]
"""Of readings, the options under which something may hold; any, of a reading that is not named."""


@dataclass(frozen=True, slots=True)
class _Held:
    """What is known of the tuples of a relation: the concepts in each column, and the readings under which there may be any."""

    columns: tuple[Concepts, ...]
    options: Options


@dataclass(frozen=True, slots=True)
class Clash:
    """The literals that cannot hold together, with a way out."""

    of: tuple[Premise, ...]
    help: str
    why: str = ""


@dataclass
class _Wanted:
    """What the literals of one body want: for each variable its concepts, and for each reading its options."""

    concepts: dict[str, list[tuple[Premise, Concepts]]] = field(default_factory=dict)
    options: dict[str, list[tuple[Premise, frozenset[str]]]] = field(default_factory=dict)


class Clashes:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.vocabulary = program.vocabulary
        self.bit = {name: 1 << i for i, name in enumerate(program.vocabulary.concepts)}
        self.all: Concepts = (1 << len(self.bit)) - 1
        self.under_known: dict[str, Concepts] = {}
        self.held: dict[str, _Held] = {}
        self.compared: dict[int, tuple[int, ...]] = {}
        self.found: dict[int, Clash | None] = {}  # of each clause, as last looked at
        self.countable = sum(self.bit[c] for c in program.vocabulary.leaves) | self.stated()
        self.settle()

    def under(self, concept: str) -> Concepts:
        """The concept and all under it."""
        if concept not in self.under_known:
            self.under_known[concept] = sum(self.bit[c] for c in self.vocabulary.descendants[concept])
        return self.under_known[concept]

    def stated(self) -> Concepts:
        """What facts and heads of rules name: it may be counted though it has others under it."""
        values = [v for facts in self.program.known.values() for f in facts for v in f.values]
        values += [a.value for c in self.program.clauses for a in c.args if isinstance(a, Const)]
        named = {v for v in values if isinstance(v, str)}
        return sum(self.bit.get(v, 0) for v in named)

    # -- what relations hold -------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Find what each derived relation may hold, from nothing upwards; a relation that is not found holds nothing."""
        rules: dict[str, list[Clause]] = {}
        for clause in self.program.clauses:
            rules.setdefault(clause.relation, []).append(clause)
        for members in self.program.strata:
            together = [c for relation in members for c in rules.get(relation, ())]
            recursive = any(isinstance(p, Tuple) and p.relation in members for c in together for p in c.body)
            growing = True
            while growing:
                growing = False
                for relation in members:
                    found = self.held.get(relation)
                    for clause in rules.get(relation, ()):
                        found = _either(found, self.fires(clause))
                    if found is not None and found != self.held.get(relation):
                        self.held[relation] = found
                        growing = recursive

    def fires(self, clause: Clause) -> _Held | None:
        """What the clause may add to its relation; None where it never fires."""
        if any(self.is_empty(p) for p in clause.body):
            return None
        wanted = self.wanted(clause)
        self.found[id(clause)] = self.look(clause, wanted)
        if self.found[id(clause)] is not None:
            return None
        concepts = {name: _all_of([c for _, c in found], self.all) for name, found in wanted.concepts.items()}
        columns = tuple(
            concepts.get(a.name, self.all)
            if isinstance(a, Var)
            else self.under(a.value)
            if isinstance(a.value, str)
            else self.all
            for a in clause.args
        )
        options = {name: frozenset.intersection(*(o for _, o in found)) for name, found in wanted.options.items()}
        return _Held(columns, options)

    def is_empty(self, premise: Premise) -> bool:
        """Whether it asks for a tuple of a relation that holds none."""
        match premise:
            case Tuple(relation, _, _, False):
                return relation not in self.held and (
                    relation in self.program.derived
                    or (relation in self.program.known and not self.program.known[relation])
                )
            case Tallied(relation=relation, bound=bound, negated=False):
                return relation not in self.held and not _is_nothing(bound)
            case _:
                return False

    # -- what the literals of one body want ----------------------------------------------------------------------

    def wanted(self, clause: Clause) -> _Wanted:
        found = _Wanted()
        for premise in clause.body:
            match premise:
                case Tuple(negated=False):
                    for name, concepts in self.columns(premise):
                        found.concepts.setdefault(name, []).append((premise, concepts))
                    for reading, options in self.options(premise.relation):
                        found.options.setdefault(reading, []).append((premise, options))
                case Under(Var(name), concept, negated):
                    under = self.under(concept)
                    found.concepts.setdefault(name, []).append((premise, self.all & ~under if negated else under))
                case Chosen(reading, option):
                    found.options.setdefault(reading, []).append((premise, frozenset({option})))
                case Tallied(relation=relation, negated=False, bound=bound) if not _is_nothing(bound):
                    for reading, options in self.options(relation):
                        found.options.setdefault(reading, []).append((premise, options))
                case _:
                    pass
        for premise in clause.body:
            if isinstance(premise, Distinct) and premise.same:
                both = found.concepts.get(premise.left.name, []) + found.concepts.get(premise.right.name, [])
                found.concepts[premise.left.name] = found.concepts[premise.right.name] = both
        return found

    def options(self, relation: str) -> Iterator[tuple[str, frozenset[str]]]:
        if relation in self.held:
            yield from self.held[relation].options.items()

    def columns(self, premise: Tuple) -> Iterator[tuple[str, Concepts]]:
        """Of each variable of the tuple, the concepts that it may be; what is one by its nature goes by a name of its own."""
        relation = self.vocabulary.relations.get(premise.relation)
        if relation is None:
            held = self.held.get(premise.relation)
            for i, arg in enumerate(premise.args):
                if held is not None:
                    yield from _named(arg, held.columns[i], "")
        elif relation.kind is Kind.KNOWN:
            facts = list(self.matching(premise))
            if not facts:
                return
            for i, column in enumerate(relation.columns):
                if isinstance(column.type, Coded):
                    values = 0
                    for fact in facts:
                        values |= self.under(str(fact[i]))
                    yield from _named(premise.args[i], values, "")
        else:
            single = self.single(premise)
            for i, column in enumerate(relation.columns, 1):
                if isinstance(column.type, Coded):
                    arg = premise.args[i]
                    own = isinstance(arg, Const) and isinstance(arg.value, str)
                    concepts = self.under(str(arg.value) if isinstance(arg, Const) and own else column.type.root)
                    yield from _named(arg, concepts, f"{single}.{i}" if single else "")

    def single(self, premise: Tuple) -> str:
        """A name for the one tuple that it asks for, where there can be one alone: an attribute, or the latest of a measure."""
        relation = self.vocabulary.relations[premise.relation]
        if premise.source is Source.LATEST:
            return f"latest {premise.relation} {premise.args[(relation.concept_column or 0) + 1]} {premise.when}"
        return premise.relation if relation.kind is Kind.ATTRIBUTE and premise.source is Source.ALL else ""

    def matching(self, premise: Tuple) -> Iterator[tuple[object, ...]]:
        """The facts that fit the constants of the tuple."""
        for fact in self.program.known[premise.relation]:
            if all(
                not isinstance(arg, Const)
                or (self.vocabulary.is_a(str(v), arg.value) if isinstance(arg.value, str) else v == arg.value)
                for arg, v in zip(premise.args, fact.values, strict=True)
            ):
                yield fact.values

    # -- what cannot hold together -------------------------------------------------------------------------------

    def clash(self, clause: Clause) -> Clash | None:
        """Why the clause never fires, for reasons of its own; None where that rests on others, or where it may fire."""
        if id(clause) not in self.found:
            self.found[id(clause)] = self.look(clause, self.wanted(clause))
        return self.found[id(clause)]

    def look(self, clause: Clause, wanted: _Wanted) -> Clash | None:
        alone = next((p for p in clause.body if self.is_never(p, wanted)), None)
        if alone is not None:
            return Clash((alone,), *self.hint(alone))
        for found in wanted.concepts.values():
            if not _all_of([c for _, c in found], self.all):
                return Clash(
                    _fewest(found, lambda some: not _all_of(some, self.all)),
                    "where either will do, write a rule for each",
                    "no concept fits both",
                )
        for reading, options in wanted.options.items():
            if not frozenset.intersection(*(o for _, o in options)):
                few = _fewest(options, lambda some: not frozenset.intersection(*some))
                return Clash(few, f"a run takes one option of `{reading}`: write a rule for each")
        for p in clause.body:
            if isinstance(p, Tuple) and p.negated:
                denied = next((q for q in clause.body if isinstance(q, Tuple) and self.denies(p, q)), None)
                if denied is not None:
                    return Clash((denied, p), "take one of them out, or put them into rules of their own")
        compared = [p for p in clause.body if isinstance(p, Compared | Given)]
        equal = list(self.equalities(clause))
        if id(clause) not in self.compared:
            self.compared[id(clause)] = clashing([*compared, *(given for given, _ in equal)])
        found = self.compared[id(clause)]
        if found:
            alike = dict.fromkeys(p for i in found if i >= len(compared) for p in equal[i - len(compared)][1])
            return Clash(
                (*alike, *(compared[i] for i in found if i < len(compared))),
                "turn a comparison round, or write a rule for each where either will do",
                "there is one such value alone" if alike else "",
            )
        return None

    def equalities(self, clause: Clause) -> Iterator[tuple[Given, tuple[Tuple, Tuple]]]:
        """The numbers and dates that are equal because there is one tuple alone to take them from, with those who ask for it."""
        first: dict[str, Tuple] = {}
        for p in clause.body:
            if (
                isinstance(p, Tuple)
                and not p.negated
                and p.relation in self.vocabulary.relations
                and (one := self.single(p))
            ):
                before = first.setdefault(one, p)
                columns = self.vocabulary.relations[p.relation].columns
                for column, a, b in zip(columns, before.args[1:], p.args[1:], strict=True):
                    if not isinstance(column.type, Coded) and a != b:
                        if isinstance(a, Var) and not isinstance(b, Whatever):
                            yield Given(a, b), (before, p)
                        elif isinstance(b, Var) and not isinstance(a, Whatever):
                            yield Given(b, a), (before, p)

    def is_never(self, premise: Premise, wanted: _Wanted) -> bool:
        """Whether the literal holds for nobody, whatever else is asked."""
        match premise:
            case Tuple(relation, _, _, False) if relation in self.program.known:
                return bool(self.program.known[relation]) and not any(self.matching(premise))
            case Tuple(relation, _, args, False) if relation in self.held:
                columns = self.held[relation].columns
                return any(
                    isinstance(a, Const) and isinstance(a.value, str) and not self.under(a.value) & c
                    for a, c in zip(args, columns, strict=True)
                )
            case Under(Const(value), concept, negated):
                return self.vocabulary.is_a(str(value), concept) == negated
            case Distinct(left, right, same):
                if left == right:
                    return not same
                concepts = [_all_of([c for _, c in wanted.concepts.get(v.name, [])], self.all) for v in (left, right)]
                return not same and concepts[0] == concepts[1] and concepts[0].bit_count() == 1
            case Tallied(Summary.COUNT, relation, bound=int(bound), negated=False):
                most = self.most(premise)
                return most is not None and relation in self.held and bound > most
            case Tallied(bound=bound, strict=strict, negated=True):
                return _is_nothing(bound) and not strict
            case _:
                return False

    def most(self, premise: Tallied) -> int | None:
        """How many different concepts there can be at most to count; None where other things are counted."""
        held, types = self.held.get(premise.relation), self.program.derived[premise.relation].columns
        if held is None or len(types) != len(premise.key) + 1 or not types[-1].root:
            return None
        return (held.columns[-1] & self.under(types[-1].root) & self.countable).bit_count()

    def hint(self, premise: Premise) -> tuple[str, str]:
        match premise:
            case Tuple(relation=relation) if relation in self.program.known:
                return f"state such a fact of `{relation}`, or ask for another", "no fact fits"
            case Tallied(Summary.COUNT, bound=int(bound)) if (most := self.most(premise)) is not None and bound > most:
                return "declare what is to be counted, or ask for fewer", f"at most {most} can be counted"
            case Tallied():
                return "a count or a length is never below 0", ""
            case _:
                return "write another concept, or take the rule out", ""

    def denies(self, negated: Tuple, other: Tuple) -> bool:
        """Whether the negated tuple says that there is none such as the other."""
        if other.negated or (negated.relation, negated.source, negated.when) != (
            other.relation,
            other.source,
            other.when,
        ):
            return False
        if negated.source is Source.LATEST and self.single(negated) != self.single(other):
            return False
        return all(is_within(b, a, self.vocabulary) for a, b in zip(negated.args, other.args, strict=True))


def _either(one: _Held | None, other: _Held | None) -> _Held | None:
    if one is None or other is None:
        return one or other
    columns = tuple(a | b for a, b in zip(one.columns, other.columns, strict=True))
    return _Held(columns, {n: one.options[n] | other.options[n] for n in one.options.keys() & other.options.keys()})


def _all_of(some: Sequence[Concepts], all_: Concepts) -> Concepts:
    for concepts in some:
        all_ &= concepts
    return all_


def is_within(narrow: Arg, wide: Arg, vocabulary: Vocabulary) -> bool:
    """Whether all that the one argument may stand for, the other may stand for too."""
    match wide, narrow:
        case Whatever(), _:
            return True
        case Const(str(a)), Const(str(b)):
            return vocabulary.is_a(b, a)
        case _:
            return wide == narrow


def _named(arg: Arg, concepts: Concepts, single: str) -> Iterator[tuple[str, Concepts]]:
    if isinstance(arg, Var):
        yield arg.name, concepts
    if single:
        yield single, concepts


def _fewest[T](found: Sequence[tuple[Premise, T]], excludes: Callable[[Sequence[T]], bool]) -> tuple[Premise, ...]:
    """As few of the premises as will do to exclude each other."""
    for pair in combinations(found, 2):
        if excludes([x for _, x in pair]):
            return tuple(p for p, _ in pair)
    left = list(found)
    for one in found:
        without = [x for x in left if x is not one]
        if without and excludes([x for _, x in without]):
            left = without
    return tuple(p for p, _ in left)


def _is_nothing(bound: int | Duration) -> bool:
    return bound == 0 or bound == Duration(0, 0)
