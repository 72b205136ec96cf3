"""Checks a certificate: that its statuses and verdicts follow from its rules, and the rows of chart and background knowledge.

These two it takes on trust, and nothing that it can work out for itself. See `docs/certificates.md`.
"""

import json
import marshal
import operator
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from hashlib import sha256
from itertools import count
from typing import Any, cast

from trialog.tree import Summary
from trialog.values import Duration, duration_of, product, shift, value_of

SCHEMA = "trialog-certificate/1"
MOST_STEPS = 1_000_000
type Json = Any
type Row = tuple[Any, ...]  # texts, exact numbers and days: of a relation, or of the variables of a rule in their order
type Term = Callable[[Row], Any]
type Step = Callable[[Row, "Sight"], Iterable[Row]]  # each way in which a literal holds; none where it fails

_write = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
_MADE: "dict[bytes, dict[str, dict[str, Rule]]]" = {}  # the last rules, which are those of all certificates of a trial
_DOES: dict[str, Callable[..., Any]] = {
    "+": operator.add, "-": operator.sub, "*": product, "least": min, "greatest": max, "or": operator.or_,
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le}  # fmt: skip
_MODES = ("certain", "possible", "open")


class Rejected(Exception):  # noqa: N818 (a finding)
    """Why a certificate is not accepted, the node where it fails, and the id of the rule at work there, if any."""

    def __init__(self, why: str, node: str = "", rule: str = "") -> None:
        self.why, self.node, self.rule = why, node, rule


def digest(content: Json) -> str:
    """SHA-256 of the content as JSON with sorted keys and no white space, in UTF-8."""
    return sha256(_write(content).encode()).hexdigest()


def row_of(terms: list[str]) -> Row:
    return tuple([value_of(t) for t in terms])


class Sight:
    """The rows to rest on. What is `part` of a relation shows that there is a row, never that there is none."""

    def __init__(self, steps: Iterator[int]) -> None:
        self.steps = steps
        self.whole: dict[str, list[Row]] = {}
        self.part: dict[str, list[Row]] = {}
        self.slices: dict[str, dict[tuple[tuple[int, ...], Row], list[Row]]] = {}

    def rows(self, relation: str, at: tuple[int, ...], key: Row, all_of_it: bool, width: int = 0) -> list[Row]:
        """The rows whose columns `at` are `key`, which are `width` columns wide where that is known."""
        found = self.whole.get(relation, None if all_of_it else self.part.get(relation))
        if relation in self.slices:
            found = self.slices[relation].get((at, key))
        if found is None or (width and [r for r in found if len(r) != width]):
            raise Rejected(f"no premise says what rows of `{relation}` there are with {list(key)}")
        return [r for r in found if tuple([r[i] for i in at]) == key] if at else found

    def search(self, steps: list[Step], at: int, env: Row, failed: set[tuple[int, Row]]) -> Iterator[Row]:
        """Every solution; `failed` takes each way that led nowhere, with the literal at which it ended."""
        if next(self.steps) > MOST_STEPS:  # of the whole certificate
            raise Rejected(f"this takes more than {MOST_STEPS:,} steps to check")
        if at == len(steps):
            yield env
        elif further := steps[at](env, self):
            for x in further:
                yield from self.search(steps, at + 1, x, failed)
        else:
            failed.add((at, env))


class Rule:
    """A rule made ready: `steps` are its literals, `widths` how many variables have a value after each."""

    def __init__(self, content: Json) -> None:
        names: list[str] = []
        self.relation, self.steps, self.widths = content["relation"], list[Step](), list[int]()
        for step in content["body"]:
            self.steps.append(self.step(step, names))
            self.widths.append(len(names))
        self.head = [self.term(s, names) for s in content["head"]]
        if names != content["variables"]:
            raise ValueError("the variables are not those of the body")

    def step(self, step: Json, names: list[str], within: bool = False) -> Step:
        """A literal; what it binds is added to `names`. Where it stands `within` a negation, all rows matter."""
        match step:
            case {"fetch": relation, "slots": slots}:
                (at, key), width = self.known(slots, names), len(slots)
                free = [(i, s) for i, s in enumerate(slots) if s != "_" and i not in at]
                takes = {s: i for i, s in reversed(free)}
                same, columns = [(i, takes[s]) for i, s in free if takes[s] != i], sorted(takes.values())
                names += [slots[i][1:] for i in columns]
                return lambda env, sight: {
                    (*env, *[r[i] for i in columns])
                    for r in sight.rows(relation, at, key(env), within, width)
                    if not same or all(r[i] == r[j] for i, j in same)
                }
            case {"tally": _, "relation": relation, "key": slots}:
                (at, key), width = self.known(slots, names), len(slots)
                return lambda env, seen: [env] if _reaches(step, width, seen.rows(relation, at, key(env), True)) else []
            case {"let": name, "be": be} if not within and name not in names:
                given = self.term(be, names)
                names.append(name)
                return lambda env, _: [(*env, given(env))]
            case {"absent": body} if not within:
                own = list(names)
                inner = [self.step(s, own, True) for s in body]
                return lambda env, sight: [env] if next(sight.search(inner, 0, env, set()), None) is None else []
            case _:
                test = self.term(step, names)
                return lambda env, _: [env] if test(env) else []

    def known(self, slots: list[str], names: list[str]) -> tuple[tuple[int, ...], Term]:
        """The columns for which there are values before, and these values."""
        at = tuple([i for i, s in enumerate(slots) if s != "_" and (s[:1] != "?" or s[1:] in names)])
        terms = [self.term(slots[i], names) for i in at]
        return at, lambda env: tuple([t(env) for t in terms])

    def term(self, term: Json, names: list[str]) -> Term:
        """A value, a variable, or what is made of such; a test is a term that is true or false."""
        if isinstance(term, str):
            place, fixed = (names.index(term[1:]), None) if term[:1] == "?" else (-1, value_of(term))
            return (lambda _: fixed) if place < 0 else lambda env: env[place]
        of, op = [self.term(t, names) for t in term["of"]], term["op"]
        if op in ("after", "before"):
            by, sign = duration_of(term["by"]), 1 if op == "after" else -1
            return lambda env: shift(of[0](env), by, sign)
        does = _DOES[op]
        return lambda env: does(*[t(env) for t in of])


def _reaches(t: Json, width: int, found: list[Row]) -> bool:
    """Whether the rows, their key of that width left out, reach the aggregate's bound: surely, or perhaps."""
    rows, what, paired, sure = [r[width:] for r in found], Summary(t["tally"]), t["paired"], t["sure"]
    if what is Summary.COUNT:
        least, apart, last = cast(Any, value_of(t["bound"])), 0, None
        for low, high in sorted(rows, key=lambda r: r[1]) if paired and sure else ():
            if last is None or low > last:  # intervals surely differ where they do not touch
                apart, last = apart + 1, high
        most = sum(least if paired and r[0] != r[1] else 1 for r in set(rows))  # one may be any number of values
        return (apart if paired and sure else most) >= least
    length, gap = duration_of(t["bound"]), {Summary.LONGEST: t["gap"], Summary.COVERED: "P0M0D"}[what]
    stretches: list[list[int]] = []
    for begin, end in sorted([((r[1], r[2]) if sure else (r[0], r[3])) if paired else r for r in rows]):
        if stretches and begin <= end and begin <= shift(stretches[-1][1], duration_of(gap)) + 1:
            stretches[-1][1] = max(stretches[-1][1], end)
        elif begin <= end:
            stretches.append([begin, end])
    left = [end - shift(begin, length) for begin, end in stretches]
    if what is Summary.COVERED and stretches:  # together, however long the months of the bound are
        left.append(sum(end - begin for begin, end in stretches) - _most_days(length))
    return any(days > 0 if t["strict"] else days >= 0 for days in left)


@lru_cache(maxsize=64)
def _most_days(length: Duration) -> int:
    return max(shift(day, length) - day for day in range(730120, 730120 + 1461))  # four years from 2000-01-01


def verify(certificate: Json) -> None:
    """Accept the certificate by returning. Raises Rejected."""
    check = _Check()
    try:
        check.certificate(certificate)
    except Rejected as found:
        raise Rejected(found.why, found.node or check.at, check.rule) from None
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise Rejected(f"this is not what belongs here: {error!r:.200}", check.at, check.rule) from None


class _Check:
    def __init__(self) -> None:
        self.at, self.rule, self.used, self.steps = "", "", set[str](), count()
        self.nodes: dict[str, tuple[str, dict[str, Json], set[str]]] = {}  # kind, rows of relations, what is supposed

    def certificate(self, c: Json) -> None:
        sealed = {**c, "rules": list(c["rules"]), "nodes": [node["id"] for node in c["nodes"]]}
        if c["schema"] != SCHEMA or sealed.pop("sha256") != digest(sealed):
            raise Rejected("the hash of the certificate is another than it says")
        self.header, self.patient = c["header"], value_of(c["header"]["patient"])
        self.rules = _MADE.get(said := marshal.dumps(c["rules"], 0), {})  # of each relation that they derive
        for self.rule, content in () if said in _MADE else marshal.loads(said).items():
            if digest(content) != self.rule:
                raise Rejected("the hash of the rule is another than its name")
            self.rules.setdefault(content["relation"], {})[self.rule] = Rule(content)
        _MADE.clear()
        _MADE[said], leaves = self.rules, set(self.rules)
        kinds = {k.__name__: k for k in (self.given, self.known, self.supposed, self.derived, self.exhausted)}
        for node in c["nodes"]:
            self.at, self.rule, of = node["id"], "", set[str]()
            if digest({k: v for k, v in node.items() if k != "id"}) != self.at:
                raise Rejected("the hash of the node is another than its name")
            kind, rows, _ = self.nodes[self.at] = node["kind"], kinds[node["kind"]](node, of), of
            if len(of) > 1:
                raise Rejected("this rests on judgements as recorded and as supposed, or supposed in two ways")
            bare = {r for r in rows if kind in ("given", "known") or (kind == "exhausted" and r not in self.rules)}
            if twice := bare & leaves:
                raise Rejected(f"the rows of `{min(twice)}` are given twice, or rules derive them")
            leaves |= bare
        self.claims(c)
        if unused := [i for i in self.nodes if i not in self.used]:
            raise Rejected("nothing rests on this node", unused[0])

    def sight(self, ids: list[str], of: set[str]) -> Sight:
        """What these nodes let one see. Each stands above in the certificate: nothing rests on itself."""
        sight = Sight(self.steps)
        for kind, rows, supposed in [self.nodes[i] for i in ids]:
            (sight.part if kind == "derived" else sight.slices if kind == "known" else sight.whole).update(rows)
            of |= supposed
        self.used.update(ids)
        return sight

    def given(self, node: Json, of: set[str]) -> dict[str, Json]:
        """All rows of a relation that the chart gives, which are of the one patient, on the one day."""
        relation, rows = node["relation"], [row_of(r["row"]) for r in node["rows"]]
        on_the_day = relation != "screening" or rows == [(self.patient, value_of(f"@{self.header['screening']}"))]
        if not on_the_day or any(r[0] != self.patient for r in rows):
            raise Rejected(f"a row of `{relation}` is another patient's, or of another day")
        of |= {"recorded" for name in self.header["judgements"] if relation.endswith(f" {name}")}
        return {relation: rows}

    def known(self, node: Json, _: set[str]) -> dict[str, Json]:
        """All rows of background knowledge that have these values in these columns."""
        slices = {(tuple(s["columns"]), row_of(s["key"])): [row_of(r) for r in s["rows"]] for s in node["slices"]}
        return {node["relation"]: slices}

    def supposed(self, node: Json, of: set[str]) -> dict[str, Json]:
        """The rows of judgements if those awaited were refused for some questions, and agreed for all others."""
        [(mode, name)] = [(m, n) for n in self.header["judgements"] for m in _MODES if node["relation"] == f"{m} {n}"]
        whole = self.sight([i for i in node["premises"] if self.nodes[i][0] == "given"], set()).whole
        of.add(digest(node["refused"]))
        agreed = [r for r in whole[f"open {name}"] if [name, r[1]] not in node["refused"]]
        signed = [r for r in whole[f"{mode} {name}"] if r not in whole[f"open {name}"]]
        return {node["relation"]: [] if mode == "open" else signed + agreed}

    def derived(self, node: Json, of: set[str]) -> dict[str, Json]:
        """A row, by a rule whose every literal holds."""
        self.rule, env, row, so_far = node["rule"], row_of(node["values"]), row_of(node["row"]), 0
        rule = self.rules[node["relation"]][self.rule]
        for number, (step, width, below) in enumerate(zip(rule.steps, rule.widths, node["premises"], strict=True), 1):
            if env[:width] not in step(env[:so_far], self.sight(below, of)):
                raise Rejected(f"literal {number} of the rule does not hold")
            so_far = width
        if so_far != len(env) or tuple([t(env) for t in rule.head]) != row:
            raise Rejected("the rule gives another row")
        return {rule.relation: [row]}

    def exhausted(self, node: Json, of: set[str]) -> dict[str, Json]:
        """All rows of relations that rest on each other: their rules give no more. `rejected` is all that led nowhere."""
        rows = {name: [self.sight([i], of).part[name][0] for i in ids] for name, ids in node["rows"].items()}
        sight, rejected = self.sight(node["premises"], of), set[Json]()
        sight.part = rows  # not whole: what is negated or counted is exhausted before
        for identifier, rule in [x for name in rows for x in self.rules.get(name, {}).items()]:
            self.rule, failed = identifier, set[tuple[int, Row]]()
            for env in sight.search(rule.steps, 0, (), failed):
                if (row := tuple([t(env) for t in rule.head])) not in rows[rule.relation]:
                    raise Rejected(f"the rule gives a row that is not listed: {list(row)}")
            rejected |= {(identifier, at + 1, env) for at, env in failed}
        if wrong := rejected ^ {(r["rule"], r["literal"], row_of(r["values"])) for r in node["rejected"]}:
            self.rule, at, env = min(wrong, key=str)
            raise Rejected(f"the candidates rejected by literal {at} are not those listed, such as {list(env)}")
        return rows

    def claims(self, c: Json) -> None:
        actual = self.statuses(c["statuses"], "recorded")
        for v in c["verdicts"]:
            found = self.verdict(v, actual)
            tried = [self.verdict(v, self.statuses(s["statuses"], digest(s["refused"]))) for s in v["supposing"]]
            self.at = f"the verdict for {v['cohort']}"
            found = "awaiting judgement" if found == "undetermined" and "eligible" in tried else found
            if found != v["verdict"] or (found == "undetermined" and (not tried or "open" in tried)):
                raise Rejected(f"its statuses do not make the patient {v['verdict']}, but {found}")

    def statuses(self, claims: list[Json], world: str) -> dict[str, str]:
        for claim in claims:
            self.at, of, relation = f"the status of {claim['relation']}", set[str](), claim["relation"]
            sure, maybe = [relation if relation in self.rules else f"{mode} {relation}" for mode in _MODES[:2]]
            sight = self.sight(claim["proof"], of)
            none = {r for r, rows in sight.whole.items() if (self.patient,) not in rows}
            there = {r for r, rows in sight.part.items() if (self.patient,) in rows}
            holds = {"met": sure in there, "not met": maybe in none, "unknown": maybe in there and sure in none}
            if not holds[claim["status"]] or of - {world}:
                raise Rejected(f"what it rests on does not show that it is {claim['status']}")
        return {claim["relation"]: claim["status"] for claim in claims}

    def verdict(self, v: Json, statuses: dict[str, str]) -> str:  # `open`: some are not given, and no other decides
        found = {(x["role"], statuses.get(x["relation"])) for x in v["criteria"]}
        if found & {("inclusion", "not met"), ("exclusion", "met")}:
            return "ineligible"
        fits, unknown = found <= {("inclusion", "met"), ("exclusion", "not met")}, any(s == "unknown" for _, s in found)
        return "eligible" if fits else "undetermined" if unknown else "open"
