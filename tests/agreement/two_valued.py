"""Plain two-valued Datalog, read off the tree: what a program means where nothing is unknown.

It knows no bounds, no plan and no interval, and shares nothing with the engines but the calendar. Numbers are held in base units.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from operator import eq, ge, gt, le, lt, ne

import networkx as nx

from trialog.tree import (
    Aggregate,
    Anonymous,
    Arithmetic,
    Atom,
    Comparison,
    ConceptName,
    Day,
    Expression,
    Holds,
    Latest,
    Length,
    Literal,
    Membership,
    Number,
    ReadingIs,
    Recorded,
    Rule,
    Summary,
    Term,
    Variable,
    literals_within,
)
from trialog.units import unit
from trialog.values import Duration, Exact, exact, shift
from trialog.vocabulary import Kind, Vocabulary

type Value = str | Exact
type Row = tuple[Value, ...]
type Env = dict[str, Value]
type Rows = dict[str, set[Row]]

_COMPARE = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_LEAP_CYCLE = range(730_120, 730_120 + 1461)  # four years of days


@dataclass(frozen=True)
class World:
    """One way the patient may be: rows in which every value is one value, numbers in base units.

    `lasts` holds of each measure and concept the last row on each day, with the days from which and before which it is the last.
    """

    patient: str
    screening: int
    rows: Mapping[str, frozenset[Row]]
    lasts: Mapping[tuple[str, str], tuple[tuple[Row, int, int], ...]]
    recorded: frozenset[tuple[str, str]]  # relation, and the concept asked about (empty for attributes)
    agreed: frozenset[tuple[str, str]]  # relation, and the question decided for the patient
    told: str = field(default="", compare=False)  # for people: how this world came about


@dataclass(frozen=True)
class Meaning:
    """Rules as they are written, of which `of_patient` have a patient as their first column."""

    rules: tuple[Rule, ...]
    vocabulary: Vocabulary
    of_patient: frozenset[str]
    readings: Mapping[str, str]

    def rows(self, world: World) -> Rows:
        """Every row of every relation that the rules define."""
        return _Evaluation(self, world).rows

    def terms(self, atom: Atom) -> list[Term]:
        """One for each column, `_` where none is written."""
        relation = self.vocabulary.relations.get(atom.relation)
        if relation is None:
            given = [a.term for a in atom.arguments]
            width = next((len(r.head.arguments) for r in self.rules if r.head.relation == atom.relation), 2)
            return given + [Anonymous(atom.at)] * (width - len(given))
        names = [] if relation.kind is Kind.KNOWN else ["patient"]
        names += [c.name for c in relation.columns]
        by_name = {a.column: a.term for a in atom.arguments if a.column is not None}
        ordered = [a.term for a in atom.arguments if a.column is None]
        return ordered + [by_name.get(n, Anonymous(atom.at)) for n in names[len(ordered) :]]

    def about(self, atom: Atom) -> str:
        relation = self.vocabulary.relations[atom.relation]
        if relation.kind is Kind.ATTRIBUTE or relation.concept_column is None:
            return ""
        term = self.terms(atom)[relation.concept_column + 1]
        assert isinstance(term, ConceptName)
        return term.name


class _Evaluation:
    def __init__(self, meaning: Meaning, world: World) -> None:
        self.meaning = meaning
        self.vocabulary = meaning.vocabulary
        self.world = world
        self.rows: Rows = {r.head.relation: set() for r in meaning.rules}
        for together in _in_order(meaning.rules):
            mine = [r for r in meaning.rules if r.head.relation in together]
            growing = True
            while growing:
                size = sum(len(self.rows[r]) for r in together)
                for rule in mine:
                    self.rows[rule.head.relation] |= set(self.heads(rule))
                growing = size != sum(len(self.rows[r]) for r in together)

    def heads(self, rule: Rule) -> Iterator[Row]:
        env: Env = {}
        first = rule.head.arguments[0].term
        if rule.head.relation in self.meaning.of_patient and isinstance(first, Variable):
            env[first.name] = self.world.patient
        for found in list(self.solve(rule.body, env)):
            yield tuple(self.value(a.term, found) for a in rule.head.arguments)

    # -- bodies --------------------------------------------------------------------------------------------------

    def solve(self, body: Sequence[Literal], env: Env) -> Iterator[Env]:
        """Every way to give the body's variables values."""
        if not body:
            yield env
            return
        ready = [i for waits in (False, True) for i, x in enumerate(body) if self.is_ready(x, env, waits)]
        assert ready, f"nothing gives a value to what is left: {body}"
        at = ready[0]
        rest = (*body[:at], *body[at + 1 :])
        for found in self.ways(body[at], env):
            yield from self.solve(rest, found)

    def is_ready(self, literal: Literal, env: Env, waits: bool) -> bool:
        """Whether the literal's turn has come: what binds first, and aggregates last of all."""
        match literal:
            case Holds(_, False) | ReadingIs():
                return True
            case Latest(_, when, False):
                return waits or not isinstance(when, Variable) or when.name in env
            case Comparison("=", left, right):
                missing = [*self.unbound(left, env), *self.unbound(right, env)]
                one = [x for x in (left, right) if isinstance(x, Variable) and x.name in missing]
                gives = not isinstance(left, ConceptName) and not isinstance(right, ConceptName)
                return not missing or (gives and len(missing) == 1 and bool(one))
            case Comparison(_, left, right):
                return not self.unbound(left, env) and not self.unbound(right, env)
            case Membership(term):
                return not self.unbound(term, env)
            case Holds(atom) | Latest(atom) | Recorded(atom):
                when = literal.when if isinstance(literal, Latest) else None
                terms = [a.term for a in atom.arguments] + ([when] if when is not None else [])
                return not any(self.unbound(t, env) for t in terms)
            case Aggregate():
                return waits

    def unbound(self, e: Expression, env: Env) -> list[str]:
        match e:
            case Variable(name):
                return [] if name in env else [name]
            case Arithmetic(_, left, right):
                return self.unbound(left, env) + self.unbound(right, env)
            case _:
                return []

    def ways(self, literal: Literal, env: Env) -> Iterator[Env]:
        """The literal's own ways to hold: for one that binds nothing, as things are or not at all."""
        match literal:
            case Holds(atom, negated):
                found = self.matching(atom, self.found(atom), env)
                yield from self.negated(found, env) if negated else found
            case Latest(atom, when, negated):
                found = self.last(atom, when, env)
                yield from self.negated(found, env) if negated else found
            case Recorded(atom, negated):
                asked = (atom.relation, self.meaning.about(atom))
                if (asked in self.world.recorded) != negated:
                    yield env
            case Membership(term, concept, negated):
                if (concept.name in self.vocabulary.ancestors[str(self.value(term, env))]) != negated:
                    yield env
            case ReadingIs(reading, option):
                if self.meaning.readings[reading] == option:
                    yield env
            case Comparison(operator, left, right):
                yield from self.compared(operator, left, right, env)
            case Aggregate():
                if self.reached(literal, env):
                    yield env

    def negated(self, found: Iterator[Env], env: Env) -> Iterator[Env]:
        if next(found, None) is None:
            yield env

    # -- atoms ---------------------------------------------------------------------------------------------------

    def found(self, atom: Atom) -> Iterable[Row]:
        if atom.relation == "screening":
            return [(self.world.patient, self.world.screening)]
        relation = self.vocabulary.relations.get(atom.relation)
        if relation is not None and relation.kind is Kind.JUDGEMENT:
            blank = [""] * (len(relation.columns) - 1)
            about = relation.concept_column or 0
            return [
                (self.world.patient, *blank[:about], q, *blank[about:])
                for r, q in self.world.agreed
                if r == atom.relation
            ]
        if atom.relation in self.rows:
            return list(self.rows[atom.relation])
        return self.world.rows.get(atom.relation, ())

    def last(self, atom: Atom, when: Term | None, env: Env) -> Iterator[Env]:
        """The last rows on the day `when`, which may be a day that the row itself gives."""
        for row, since, until in self.world.lasts.get((atom.relation, self.meaning.about(atom)), ()):
            for found in self.matching(atom, [row], env):
                day = self.world.screening if when is None else self.value(when, found)
                assert not isinstance(day, str)
                if since <= day < until:
                    yield found

    def matching(self, atom: Atom, rows: Iterable[Row], env: Env) -> Iterator[Env]:
        terms = self.meaning.terms(atom)
        for row in rows:
            bound = dict(env)
            if all(self.fits(t, v, bound) for t, v in zip(terms, row, strict=True)):
                yield bound

    def fits(self, term: Term, value: Value, env: Env) -> bool:
        match term:
            case Anonymous():
                return True
            case Variable(name):
                return env.setdefault(name, value) == value
            case ConceptName(name):
                return name in self.vocabulary.ancestors[str(value)]
            case Number() | Day():
                return self.value(term, env) == value

    # -- values --------------------------------------------------------------------------------------------------

    def value(self, e: Expression, env: Env) -> Value:
        match e:
            case Variable(name):
                return env[name]
            case ConceptName(name):
                return name
            case Number(value, written):
                return exact(value * unit(written or "").scale)
            case Day(day):
                return day
            case Arithmetic(sign, left, Length(duration)):
                day = self.value(left, env)
                assert isinstance(day, int)
                return shift(day, duration, 1 if sign == "+" else -1)
            case Arithmetic(sign, left, right):
                one, other = self.value(left, env), self.value(right, env)
                assert not isinstance(one, str) and not isinstance(other, str)
                by = {"+": one + other, "-": one - other, "*": one * other}
                return exact(by[sign] if sign in by else Fraction(one) / other)
            case Length() | Anonymous():
                raise AssertionError("neither stands for a value of its own")

    def compared(self, operator: str, left: Expression, right: Expression, env: Env) -> Iterator[Env]:
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Variable) and one.name not in env:
                yield {**env, one.name: self.value(other, env)}
                return
        if isinstance(left, ConceptName) or isinstance(right, ConceptName):  # to be a class is to be under it
            concept, other = (left, right) if isinstance(left, ConceptName) else (right, left)
            assert isinstance(concept, ConceptName)
            holds = concept.name in self.vocabulary.ancestors[str(self.value(other, env))]
            if holds == (operator == "="):
                yield env
        elif _COMPARE[operator](self.value(left, env), self.value(right, env)):
            yield env

    # -- aggregates ----------------------------------------------------------------------------------------------

    def reached(self, a: Aggregate, env: Env) -> bool:
        values = {tuple(found[v.name] for v in a.variables) for found in self.solve(a.body, env)}
        compare = _COMPARE[a.operator]
        match a.summary:
            case Summary.COUNT:
                return bool(compare(len(values), self.value(a.bound, env)))
            case Summary.MIN | Summary.MAX:
                pick = min if a.summary is Summary.MIN else max
                return bool(values) and bool(compare(pick(v for (v,) in values), self.value(a.bound, env)))
            case Summary.COVERED | Summary.LONGEST:
                assert isinstance(a.bound, Length)
                periods = [(int(b), int(e)) for b, e in values if int(b) <= int(e)]
                reaches = _is_covered if a.summary is Summary.COVERED else _is_longest
                gap = a.gap or Duration(0, 0)
                strict = a.operator in (">", "<=")
                return reaches(periods, gap, a.bound.duration, strict) == (a.operator in (">", ">="))


def _runs(periods: list[tuple[int, int]], gap: Duration) -> list[tuple[int, int]]:
    """The stretches without a break; one that is over no longer than `gap` is none."""
    runs: list[tuple[int, int]] = []
    for begin, end in sorted(periods):
        goes_on = bool(runs) and begin <= shift(runs[-1][1], gap) + 1
        if goes_on:
            runs[-1] = (runs[-1][0], max(runs[-1][1], end))
        else:
            runs.append((begin, end))
    return runs


def _is_longest(periods: list[tuple[int, int]], gap: Duration, length: Duration, strict: bool) -> bool:
    need = [(shift(begin, length), end) for begin, end in _runs(periods, gap)]
    return any(last < end if strict else last <= end for last, end in need)


def _is_covered(periods: list[tuple[int, int]], gap: Duration, length: Duration, strict: bool) -> bool:
    """One stretch is that long, or all of them together are as long as `length` can be at most."""
    if not periods:
        return False
    days = sum(end - begin for begin, end in _runs(periods, gap))
    most = max(shift(start, length) - start for start in _LEAP_CYCLE)
    return (days > most if strict else days >= most) or _is_longest(periods, gap, length, strict)


def _in_order(rules: Iterable[Rule]) -> list[set[str]]:
    """The relations that rules define, those that rest on each other together, each after what it rests on."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    for rule in rules:
        graph.add_node(rule.head.relation)
        for literal in literals_within(rule.body):
            if isinstance(literal, Holds | Latest | Recorded):
                graph.add_edge(rule.head.relation, literal.atom.relation)
    defined = {r.head.relation for r in rules}
    parts = nx.condensation(graph)
    ordered = [set(parts.nodes[n]["members"]) & defined for n in reversed(list(nx.topological_sort(parts)))]
    return [part for part in ordered if part]
