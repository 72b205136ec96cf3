"""Proofs of what was derived of one patient: rows by rules, smallest height first, and that there are no other rows.

What the checker will look at in a rule is looked at here, and noted: every way that leads nowhere, with the literal at which it
ends, and everything asked of background knowledge. The two share no code.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

from trialog.certificates.notation import Days, Json, WrittenRule, written_rule
from trialog.certificates.verify import digest
from trialog.engines.reference import Rows
from trialog.engines.tally import reaches
from trialog.plain import Absent, Either, Fetch, Let, PlainProgram, Row, Slot, Step, Tally, Test
from trialog.plan import Plan
from trialog.program import Const, Difference, Expr, Greatest, Least, Product, Program, Shifted, Sum, Var, Whatever
from trialog.values import shift, term

type _Env = tuple[Any, ...]
type _Value = Callable[[_Env], Any]
type _Lookup = tuple[str, tuple[int, ...], Row]
type _Ways = Callable[[_Env, "_Look"], list[_Env]]


@dataclass(slots=True)
class _Look:
    """What is derived, and what was asked of background knowledge."""

    rows: Rows
    static: frozenset[str]
    asked: dict[_Lookup, None] = field(default_factory=dict)

    def up(self, relation: str, at: tuple[int, ...], key: Row) -> Iterable[Row]:
        if relation in self.static:
            self.asked[relation, at, key] = None
        return self.rows.matching(relation, at, key)


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal made ready: its `ways` to go on, and what it reads. `found` says which row it took, once all is bound."""

    ways: _Ways
    takes: str  # the relation of which it takes a row; empty where it takes none
    found: Callable[[_Env], tuple[tuple[int, ...], Row]] | None
    whole: tuple[str, ...]  # the relations of which it must know all rows
    width: int  # how many variables have values after it


class Prepared:
    """A rule made ready to be proved."""

    def __init__(self, rule: WrittenRule) -> None:
        self.written = rule
        self.content = rule.content
        self.identifier = digest(rule.content)
        self.relation = rule.rule.relation
        self.literals: list[Literal] = []
        names: list[str] = []
        for step in rule.rule.body:
            self.literals.append(_literal(step, names))
        assert tuple(names) == rule.variables
        self.head = [_slot(s, names) for s in rule.rule.slots]
        self.reads = tuple(dict.fromkeys(r for x in self.literals for r in ((x.takes,) if x.takes else x.whole)))

    def search(self, look: _Look) -> tuple[list[_Env], list[tuple[int, _Env]]]:
        """Every solution, and every way that led nowhere with the literal, counted from 1, at which it ended."""
        envs: list[_Env] = [()]
        failed: list[tuple[int, _Env]] = []
        for number, literal in enumerate(self.literals, 1):
            further: list[_Env] = []
            for env in envs:
                found = literal.ways(env, look)
                if found:
                    further += found
                else:
                    failed.append((number, env))
            if not further:
                return further, failed
            envs = further
        return envs, failed

    def values(self, env: _Env) -> list[str]:
        return [term(v, d) for v, d in zip(env, self.written.days, strict=False)]


def _literal(step: Step, names: list[str], within: bool = False) -> Literal:
    """What the literal binds is added to `names`."""
    match step:
        case Fetch(relation, slots):
            return _fetch(relation, slots, names)
        case Let(variable, value):
            given = _number(value, names)
            names.append(variable.name)
            return Literal(lambda env, _: [(*env, given(env))], "", None, (), len(names))
        case Absent(body):
            assert not within
            own = list(names)
            inner = [_literal(s, own, within=True) for s in body]
            whole = tuple(dict.fromkeys(r for x in inner for r in ((x.takes,) if x.takes else x.whole)))

            def absent(env: _Env, look: _Look) -> list[_Env]:
                envs = [env]
                for literal in inner:  # each way to its end, whichever the checker tries first
                    envs = [x for e in envs for x in literal.ways(e, look)]
                return [] if envs else [env]

            return Literal(absent, "", None, whole, len(names))
        case Tally():
            return _tally(step, names)
        case Test() | Either():
            holds = _test(step, names)
            return Literal(lambda env, _: [env] if holds(env) else [], "", None, (), len(names))
        case _:
            assert_never(step)


def _known(slots: Sequence[Slot], names: list[str]) -> tuple[tuple[int, ...], Callable[[_Env], Row]]:
    at = tuple(
        i
        for i, s in enumerate(slots)
        if not isinstance(s, Whatever) and not (isinstance(s, Var) and s.name not in names)
    )
    terms = [_slot(s, names) for i, s in enumerate(slots) if i in at and not isinstance(s, Whatever)]
    return at, lambda env: tuple([t(env) for t in terms])


def _fetch(relation: str, slots: tuple[Slot, ...], names: list[str]) -> Literal:
    at, key = _known(slots, names)
    takes: dict[str, int] = {}
    same: list[tuple[int, int]] = []
    for i, s in enumerate(slots):
        if isinstance(s, Var) and i not in at:
            if s.name in takes:
                same.append((i, takes[s.name]))
            else:
                takes[s.name] = i
    columns = list(takes.values())
    names += takes
    everywhere, bound = _known(slots, names)

    def ways(env: _Env, look: _Look) -> list[_Env]:
        found = look.up(relation, at, key(env))
        if not columns:
            return [env] if found else []
        return list(
            dict.fromkeys(env + tuple([r[c] for c in columns]) for r in found if all(r[i] == r[j] for i, j in same))
        )

    return Literal(ways, relation, lambda env: (everywhere, bound(env)), (), len(names))


def _tally(tally: Tally, names: list[str]) -> Literal:
    (at, key), width = _known(tally.key, names), len(tally.key)

    def ways(env: _Env, look: _Look) -> list[_Env]:
        found = look.up(tally.relation, at, key(env))
        return [env] if reaches(tally, [row[width:] for row in found]) else []

    return Literal(ways, "", None, (tally.relation,), len(names))


def _test(test: Test | Either, names: list[str]) -> Callable[[_Env], bool]:
    match test:
        case Either(left, right):
            one, other = _test(left, names), _test(right, names)
            return lambda env: one(env) or other(env)
        case Test(operator, left, right):
            a, b = _number(left, names), _number(right, names)
            match operator:
                case "=":
                    return lambda env: a(env) == b(env)
                case "!=":
                    return lambda env: a(env) != b(env)
                case "<":
                    return lambda env: a(env) < b(env)
                case "<=":
                    return lambda env: a(env) <= b(env)
            raise AssertionError(f"{operator} is not an operator of plain Datalog")


def _slot(slot: Var | Const, names: list[str]) -> _Value:
    if isinstance(slot, Const):
        value = slot.value
        return lambda _: value
    place = names.index(slot.name)
    return lambda env: env[place]


def _number(e: Expr, names: list[str]) -> _Value:
    match e:
        case Var() | Const():
            return _slot(e, names)
        case Sum(left, right):
            a, b = _number(left, names), _number(right, names)
            return lambda env: a(env) + b(env)
        case Difference(left, right):
            a, b = _number(left, names), _number(right, names)
            return lambda env: a(env) - b(env)
        case Product(left, right):
            a, b = _number(left, names), _number(right, names)
            return lambda env: a(env) * b(env)
        case Shifted(day, by, sign):
            start = _number(day, names)
            return lambda env: shift(start(env), by, sign)
        case Least(of):
            several = [_number(x, names) for x in of]
            return lambda env: min([v(env) for v in several])
        case Greatest(of):
            several = [_number(x, names) for x in of]
            return lambda env: max([v(env) for v in several])
        case _:
            assert_never(e)


@dataclass(frozen=True, slots=True)
class Group:
    """Relations whose rules rest on each other, or one relation alone, with their rules; in the order of the plan."""

    number: int
    relations: tuple[str, ...]
    rules: tuple[Prepared, ...]
    recursive: bool


class Prover:
    """A plan made ready to be proved: rules written down and prepared once, then used for each patient."""

    def __init__(self, program: Program, plain: PlainProgram, plan: Plan) -> None:
        self.program = program
        self.plan = plan
        self.days = Days(program, plain)
        self.static = frozenset(plan.facts)
        self.groups: list[Group] = []
        self.group_of: dict[str, Group] = {}
        self.made: dict[int, Prepared] = {}
        for stratum in plan.strata:
            rules = [Prepared(written_rule(r, self.days)) for r in stratum.rules]
            if stratum.recursive:
                self.add(sorted({r.relation for r in rules}), rules, True)
            else:
                for relation in sorted({r.relation for r in rules}):
                    self.add([relation], [r for r in rules if r.relation == relation], False)
        self.rules = {r.identifier: r for g in self.groups for r in g.rules}

    def add(self, relations: list[str], rules: list[Prepared], recursive: bool) -> None:
        alike = {r.identifier: r for r in rules}  # rules of several clauses may say the same
        group = Group(len(self.groups), tuple(relations), tuple(alike.values()), recursive)
        self.groups.append(group)
        self.group_of |= dict.fromkeys(relations, group)

    def sources(self, relation: str, rows: set[tuple[str, ...]]) -> Json:
        """What the rows of background knowledge rest on; the hierarchy of concepts cites its sources on its pages."""
        days = self.days.of(relation)
        cited = [
            {"row": row, "sources": sorted(f.sources)}
            for f in self.program.known.get(relation, ())
            if tuple(row := self.row(f.values, days)) in rows
        ]
        return sorted(cited, key=lambda c: (c["row"], c["sources"]))

    def rows(self, relation: str, rows: Iterable[Row]) -> list[list[str]]:
        """The rows as terms, in one order."""
        days = self.days.of(relation)
        return sorted(self.row(r, days) for r in rows)

    @staticmethod
    def row(row: Row, days: tuple[bool, ...]) -> list[str]:
        return [term(v, i < len(days) and days[i]) for i, v in enumerate(row)]


type Leaf = Callable[[str, "Proof"], str]
"""Adds the node of all rows of a relation that a chart gives, and returns its id."""


@dataclass(frozen=True, slots=True)
class _Way:
    """A row's derivation of least height."""

    height: int
    rule: Prepared
    env: _Env


class Proof:
    """The proof of what was derived in one run. `nodes` is shared by the runs of a certificate."""

    def __init__(self, prover: Prover, rows: Rows, leaf: Leaf, nodes: dict[str, Json]) -> None:
        self.prover, self.rows, self.leaf, self.nodes = prover, rows, leaf, nodes
        self.ways: dict[tuple[str, Row], _Way] = {}
        self.failed: dict[str, list[tuple[Prepared, int, _Env]]] = {}  # by the first relation of a group
        self.asked: dict[str, dict[_Lookup, None]] = {}
        self.known: dict[_Lookup, None] = {}
        self.wanted: dict[tuple[str, Row] | str, None] = {}
        self.ids: dict[tuple[str, Row] | str, str] = {}
        for group in prover.groups:
            self.solve(group)

    # -- what is derived, and how -------------------------------------------------------------------------------

    def solve(self, group: Group) -> None:
        """Find each row's derivation of least height, and everything that leads nowhere."""
        look = _Look(self.rows, self.prover.static)
        failed: list[tuple[Prepared, int, _Env]] = []
        solved: list[tuple[Prepared, _Env, tuple[str, Row]]] = []
        for rule in group.rules:
            envs, nowhere = rule.search(look)
            failed += [(rule, number, env) for number, env in nowhere]
            solved += [(rule, env, (rule.relation, tuple([t(env) for t in rule.head]))) for env in envs]
        self.failed[group.relations[0]] = failed
        self.asked[group.relations[0]] = look.asked
        growing = True
        while growing:
            growing = False
            for rule, env, derived in solved:
                height = self.height(rule, env)
                known = self.ways.get(derived)
                if height is None or (known is not None and height > known.height):
                    continue
                if known is None or height < known.height or _before(rule, env, known):
                    self.ways[derived] = _Way(height, rule, env)
                    growing = growing or known is None or height < known.height
            growing = growing and group.recursive

    def height(self, rule: Prepared, env: _Env) -> int | None:
        """One more than the highest of the rows that the rule takes; None where one of these has no derivation yet."""
        highest = 0
        for literal in rule.literals:
            if literal.takes in self.prover.group_of:
                row = self.taken(literal, env)
                if row is None:
                    return None
                highest = max(highest, self.ways[literal.takes, row].height)
        return highest + 1

    def taken(self, literal: Literal, env: _Env) -> Row | None:
        """The row that a literal takes; of several, one with the least height."""
        assert literal.found is not None
        at, key = literal.found(env)
        rows = [r for r in self.rows.matching(literal.takes, at, key) if (literal.takes, r) in self.ways]
        if len(rows) < 2:
            return rows[0] if rows else None
        return min(rows, key=lambda r: (self.ways[literal.takes, r].height, str(r)))

    # -- what is wanted -------------------------------------------------------------------------------------------

    def want(self, wanted: Iterable[tuple[str, Row] | str]) -> None:
        """Rows that were derived, or the names of relations of which all rows are to be known: with all that they rest on."""
        waiting = list(wanted)
        while waiting:
            item = waiting.pop()
            if isinstance(item, str) and item in self.prover.group_of:
                item = self.prover.group_of[item].relations[0]
            if item in self.wanted:
                continue
            self.wanted[item] = None
            if isinstance(item, str):
                group = self.prover.group_of.get(item)
                if group is not None:
                    self.known |= self.asked[item]
                    waiting += [(name, row) for name in group.relations for row in self.rows[name]]
                    waiting += [r for rule in group.rules for r in rule.reads if r not in group.relations]
                continue
            way = self.ways[item]
            look = _Look(self.rows, self.prover.static)
            before = 0
            for literal in way.rule.literals:
                if literal.takes in self.prover.group_of:
                    row = self.taken(literal, way.env)
                    assert row is not None
                    waiting.append((literal.takes, row))
                elif literal.takes:
                    waiting.append(literal.takes)
                    literal.ways(way.env[:before], look)
                elif literal.whole:
                    waiting += literal.whole
                    literal.ways(way.env[:before], look)
                before = literal.width
            self.known |= look.asked

    # -- nodes ----------------------------------------------------------------------------------------------------

    def add(self, content: Json) -> str:
        """A node, by the hash of what it says."""
        identifier = digest(content)
        self.nodes[identifier] = content
        return identifier

    def build(self) -> None:
        """Make the nodes of all that is wanted, each after those it rests on."""
        by_group: dict[int, list[tuple[str, Row]]] = {}
        for item in self.wanted:
            if isinstance(item, tuple):
                by_group.setdefault(self.prover.group_of[item[0]].number, []).append(item)
            elif item not in self.prover.group_of and item not in self.prover.static:
                self.ids[item] = self.leaf(item, self)
        for group in self.prover.groups:
            mine = by_group.get(group.number, [])
            for item in sorted(mine, key=lambda i: self.ways[i].height) if len(mine) > 1 else mine:
                self.ids[item] = self.derived(item)
            if group.relations[0] in self.wanted:
                self.ids[group.relations[0]] = self.exhausted(group)

    def all_rows(self, relations: Iterable[str]) -> list[str]:
        """The ids of the nodes of all rows of these relations, without background knowledge of which nothing was asked."""
        found: list[str] = []
        for relation in relations:
            group = self.prover.group_of.get(relation)
            name = group.relations[0] if group is not None else relation
            if name in self.ids or name not in self.prover.static:
                found.append(self.ids[name])
        return list(dict.fromkeys(found))

    def derived(self, item: tuple[str, Row]) -> str:
        way, (relation, row) = self.ways[item], item
        premises: list[list[str]] = []
        for literal in way.rule.literals:
            if literal.takes in self.prover.group_of:
                taken = self.taken(literal, way.env)
                assert taken is not None
                premises.append([self.ids[literal.takes, taken]])
            else:
                premises.append(self.all_rows((literal.takes,) if literal.takes else literal.whole))
        return self.add(
            {
                "kind": "derived",
                "relation": relation,
                "row": self.prover.row(row, self.prover.days.of(relation)),
                "rule": way.rule.identifier,
                "values": way.rule.values(way.env),
                "premises": premises,
            }
        )

    def exhausted(self, group: Group) -> str:
        rejected = [
            {"rule": rule.identifier, "literal": number, "values": rule.values(env)}
            for rule, number, env in self.failed[group.relations[0]]
        ]
        reads = dict.fromkeys(r for rule in group.rules for r in rule.reads if r not in group.relations)
        return self.add(
            {
                "kind": "exhausted",
                "rows": {name: sorted(self.ids[name, row] for row in self.rows[name]) for name in group.relations},
                "premises": self.all_rows(reads),
                "rejected": sorted(rejected, key=lambda r: (r["rule"], r["literal"], r["values"])),
            }
        )

    def knowledge(self, lookups: Mapping[_Lookup, None]) -> None:
        """The nodes of what was asked of background knowledge, which are the same for all runs of a certificate."""
        by_relation: dict[str, list[tuple[tuple[int, ...], Row]]] = {}
        for relation, at, key in lookups:
            by_relation.setdefault(relation, []).append((at, key))
        for relation, asked in by_relation.items():
            days = self.prover.days.of(relation)
            slices = [
                {
                    "columns": list(at),
                    "key": [term(v, c < len(days) and days[c]) for v, c in zip(key, at, strict=True)],
                    "rows": self.prover.rows(relation, self.rows.matching(relation, at, key)),
                }
                for at, key in asked
            ]
            content = {
                "kind": "known",
                "relation": relation,
                "slices": sorted(slices, key=lambda s: (s["columns"], s["key"])),
                "sources": self.prover.sources(relation, {tuple(row) for s in slices for row in s["rows"]}),
            }
            self.ids[relation] = self.add(content)


def _before(rule: Prepared, env: _Env, other: _Way) -> bool:
    """Of two derivations of one height, the same one is taken each time."""
    return (rule.identifier, rule.values(env)) < (other.rule.identifier, other.rule.values(other.env))
