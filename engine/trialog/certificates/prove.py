"""Proofs of what was derived of one patient: rows by rules, smallest height first, and that there are no other rows.

What the checker will look at in a rule is looked at here, and noted: every way that leads nowhere, with the literal at which it
ends, and everything asked of background knowledge. The two share no code.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from trialog.certificates.notation import Days, Json, written_rule
from trialog.certificates.prepared import Env, Literal, Look, Lookup, Prepared
from trialog.certificates.verify import digest
from trialog.engines.reference import Rows
from trialog.plain import PlainProgram, Row
from trialog.plan import Plan
from trialog.program import Program
from trialog.values import term


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


@dataclass(frozen=True, slots=True)
class _Solution:
    """A row that a rule gives, with the values of the rule's variables."""

    rule: Prepared
    env: Env
    row: tuple[str, Row]


@dataclass(frozen=True, slots=True)
class _Way:
    """A row's derivation of least height."""

    height: int
    rule: Prepared
    env: Env


class Proof:
    """The proof of what was derived in one run. `nodes` is shared by the runs of a certificate.

    A claim is rows that were derived, and the names of relations of which all rows are to be known.
    """

    def __init__(self, prover: Prover, rows: Rows, nodes: dict[str, Json]) -> None:
        self.prover, self.rows, self.nodes = prover, rows, nodes
        self.claims: list[list[tuple[str, Row] | str]] = []
        self.ways: dict[tuple[str, Row], _Way] = {}
        self.failed: dict[str, list[tuple[Prepared, int, Env]]] = {}  # by the first relation of a group
        self.asked: dict[str, dict[Lookup, None]] = {}
        self.known: dict[Lookup, None] = {}
        self.wanted: dict[tuple[str, Row] | str, None] = {}
        self.ids: dict[tuple[str, Row] | str, str] = {}

    def solve(self) -> None:
        """Find how everything is derived on which the claims may rest, from the top down, and then what they do rest on."""
        some = {c[0] for claim in self.claims for c in claim if isinstance(c, tuple)}  # some rows of these are wanted
        whole = {c for claim in self.claims for c in claim if isinstance(c, str)}
        solved: list[tuple[Group, list[_Solution]]] = []
        for group in reversed(self.prover.groups):
            all_of_it = not whole.isdisjoint(group.relations)
            if all_of_it or not some.isdisjoint(group.relations):
                found = self.solutions(group)
                solved.append((group, found))
                for rule in group.rules if all_of_it else {s.rule for s in found}:
                    some |= rule.takes
                    whole.update(rule.reads if all_of_it else rule.whole)
        for group, found in reversed(solved):
            self.derive(group, found)
        for claim in self.claims:
            self.want(claim)

    # -- what is derived, and how -------------------------------------------------------------------------------

    def solutions(self, group: Group) -> "list[_Solution]":
        """Every way in which the group's rules give a row. What leads nowhere is kept too, and what was asked."""
        look = Look(self.rows, self.prover.static)
        failed: list[tuple[Prepared, int, Env]] = []
        solved: list[_Solution] = []
        for rule in group.rules:
            envs, nowhere = rule.search(look)
            failed += [(rule, number, env) for number, env in nowhere]
            solved += [_Solution(rule, env, (rule.relation, tuple([t(env) for t in rule.head]))) for env in envs]
        self.failed[group.relations[0]] = failed
        self.asked[group.relations[0]] = look.asked
        return solved

    def derive(self, group: Group, solved: "list[_Solution]") -> None:
        """Find each row's derivation of least height; the rows of the groups below have theirs."""
        growing = True
        while growing:
            growing = False
            for one in solved:
                height = self.height(one.rule, one.env)
                known = self.ways.get(one.row)
                if height is None or (known is not None and height > known.height):
                    continue
                if known is None or height < known.height or _before(one.rule, one.env, known):
                    self.ways[one.row] = _Way(height, one.rule, one.env)
                    growing = growing or known is None or height < known.height
            growing = growing and group.recursive

    def height(self, rule: Prepared, env: Env) -> int | None:
        """One more than the highest of the rows that the rule takes; None where one of these has no derivation yet."""
        highest = 0
        for literal in rule.literals:
            if literal.takes in self.prover.group_of:
                row = self.taken(literal, env)
                if row is None:
                    return None
                highest = max(highest, self.ways[literal.takes, row].height)
        return highest + 1

    def taken(self, literal: Literal, env: Env) -> Row | None:
        """The row that a literal takes; of several, one with the least height."""
        assert literal.found is not None
        at, key = literal.found(env)
        rows = [r for r in self.rows.matching(literal.takes, at, key) if (literal.takes, r) in self.ways]
        if len(rows) < 2:
            return rows[0] if rows else None
        return min(rows, key=lambda r: (self.ways[literal.takes, r].height, str(r)))

    # -- what is wanted -------------------------------------------------------------------------------------------

    def want(self, claim: list[tuple[str, Row] | str]) -> None:
        """What is claimed is wanted, and all that it rests on."""
        waiting = list(claim)
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
            look = Look(self.rows, self.prover.static)
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

    def build(self, leaf: Callable[[str], str]) -> None:
        """Make the nodes of all that is wanted, each after those it rests on; `leaf` those of relations that a chart gives."""
        by_group: dict[int, list[tuple[str, Row]]] = {}
        for item in self.wanted:
            if isinstance(item, tuple):
                by_group.setdefault(self.prover.group_of[item[0]].number, []).append(item)
            elif item not in self.prover.group_of and item not in self.prover.static:
                self.ids[item] = leaf(item)
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

    def knowledge(self, lookups: Mapping[Lookup, None]) -> None:
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


def _before(rule: Prepared, env: Env, other: _Way) -> bool:
    """Of two derivations of one height, the same one is taken each time."""
    return (rule.identifier, rule.values(env)) < (other.rule.identifier, other.rule.values(other.env))
