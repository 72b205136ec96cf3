"""Certificates with one thing changed, and what becomes of them."""

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from tests.certificates.making import Made, on_its_day
from trialog.certificates.certify import sealed
from trialog.certificates.confirm import against_chart, against_knowledge, intact
from trialog.certificates.verify import Rejected, digest, verify

type Json = Any

HASHES = "rejected by a hash"
LOGIC = "rejected by the checker's logic"
KNOWLEDGE = "rejected by the knowledge base"
CHART = "rejected by the chart"
NOTHING = "accepted: nothing was changed"
OTHERWISE = "accepted: the same is proved otherwise"
ANOTHER_DAY = "accepted: as it is written for the day that it names now"


class Believed(AssertionError):  # noqa: N818 (what was done, not what went wrong)
    """What was changed matters, and it was accepted."""


def outcome(made: Made, changed: Json) -> str:
    """What becomes of a changed certificate. Raises `Believed` where it is accepted though it says something else."""
    if intact(changed):
        return HASHES
    try:
        verify(changed)
    except Rejected:
        return LOGIC
    before = claims(made.certificate)  # fewer of them is no lie: which there must be is for the knowledge base to say
    if premises(changed) == premises(made.certificate) and any(c not in before for c in claims(changed)):
        raise Believed("from the same rules and rows the checker accepts other claims")
    if list(against_knowledge(changed, made.knowledge_base, made.certifier)):
        return KNOWLEDGE
    if list(against_chart(changed, made.chart, made.charts, made.certifier)):
        return CHART
    if changed == made.certificate:
        return NOTHING
    same = premises(changed, ("given",)) == premises(made.certificate, ("given",)) and claims(changed) == before
    if same and steps(changed) == steps(made.certificate):
        return OTHERWISE  # what it has of background knowledge, the knowledge base has confirmed
    if changed == on_its_day(made, changed):
        return ANOTHER_DAY
    raise Believed("what is accepted says something else than before")


def premises(c: Json, kinds: tuple[str, ...] = ("given", "known")) -> Json:
    """What a certificate takes on trust: header, rules, each cohort's criteria, and what chart and background knowledge give."""
    criteria = [[v["cohort"], v["criteria"]] for v in c["verdicts"]]
    leaves = [n for n in c["nodes"] if n["kind"] in kinds]
    return [c["header"], c["written"], c["rules"], criteria, sorted(digest(n) for n in leaves)]


def steps(c: Json) -> list[str]:
    """What each node says, whatever it rests on: rows, rules, values, and all candidates rejected."""
    said = ("kind", "relation", "row", "rule", "values", "rejected", "refused")
    return sorted(
        json.dumps(
            [[n.get(k) for k in said], {r: len(i) for r, i in n["rows"].items()} if n["kind"] == "exhausted" else 0]
        )
        for n in c["nodes"]
        if n["kind"] != "known"
    )


def claims(c: Json) -> Json:
    """What a certificate says of the patient, its proof left out."""
    return [
        *([s["relation"], s["atom"], s["phrase"], s["status"]] for s in c["statuses"]),
        *([v["cohort"], v["verdict"]] for v in c["verdicts"]),
    ]


def resealed(c: Json) -> Json:
    """The certificate with every hash as it must be for what it says now."""
    names: dict[str, str] = {}
    rules = {}
    for old, rule in c["rules"].items():
        names[old] = digest(rule)
        rules[names[old]] = rule
    nodes = []
    for node in c["nodes"]:
        content = _renamed({k: v for k, v in node.items() if k != "id"}, names)
        names[node["id"]] = digest(content)
        nodes.append({"id": names[node["id"]], **content})
    rest = {k: _renamed(v, names) for k, v in c.items() if k not in ("rules", "nodes")}
    return sealed({**rest, "rules": rules, "nodes": nodes})


def _renamed(x: Json, names: dict[str, str]) -> Json:
    if isinstance(x, str):
        return names.get(x, x)
    if isinstance(x, list):
        return [_renamed(y, names) for y in x]
    return {k: _renamed(v, names) for k, v in x.items()} if isinstance(x, dict) else x


# -- what is changed -----------------------------------------------------------------------------------------------


def mutated(certificate: Json, random: Random) -> tuple[str, Json]:
    """What kind of thing was changed, and the certificate with it; its hashes recomputed most of the time."""
    changed = json.loads(json.dumps(certificate))
    kinds = list(KINDS)
    random.shuffle(kinds)
    for kind in kinds:
        if KINDS[kind](changed, random):
            if kind != "a hash" and random.random() < 0.85:
                return kind, resealed(changed)
            return f"{kind}, hashes left", changed
    raise AssertionError("every certificate has a status")


def _of(c: Json, *kinds: str) -> list[Json]:
    return [n for n in c["nodes"] if n["kind"] in kinds]


def _other(term: str, random: Random) -> str:
    if term[:1] == "=":
        return random.choice(("=0", "=1", f"{term}0", "=-1/7"))
    if term[:1] == "@":
        return random.choice(("@2020-02-29", "@1999-12-31", "@2026-01-15"))
    return random.choice((f"{term}x", "somebody", "=0"))


def _value(c: Json, random: Random) -> bool:
    rows: list[list[str]] = []
    for n in c["nodes"]:
        match n["kind"]:
            case "given":
                rows += [r["row"] for r in n["rows"]]
            case "known":
                rows += [r for s in n["slices"] for r in (s["key"], *s["rows"])]
            case "derived":
                rows += [n["row"], n["values"]]
            case "exhausted":
                rows += [r["values"] for r in n["rejected"]]
            case _:
                pass
    rows = [r for r in rows if r]
    if not rows:
        return False
    row = random.choice(rows)
    i = random.randrange(len(row))
    row[i] = _other(row[i], random)
    return True


def _rule(c: Json, random: Random) -> bool:
    used = {n["rule"] for n in _of(c, "derived")} | {r["rule"] for n in _of(c, "exhausted") for r in n["rejected"]}
    ids = [i for i in c["rules"] if i in used] or list(c["rules"])
    if not ids:
        return False
    rule = c["rules"][random.choice(ids)]
    spots = [s for s in _spots(rule["body"]) if s]
    if random.random() < 0.3 or not spots:
        return _dropped(rule["body"], random)
    random.choice(spots)(random)
    return True


def _spots(x: Json) -> Iterator[Callable[[Random], None]]:
    """Each place in a body at which a sign, a value or a truth can be another."""
    if isinstance(x, list):
        for i, y in enumerate(x):
            if isinstance(y, str):
                yield lambda random, x=x, i=i: x.__setitem__(i, _other(x[i], random))
            else:
                yield from _spots(y)
    elif isinstance(x, dict):
        for k, y in x.items():
            if k == "op":
                yield lambda random, x=x: x.__setitem__("op", random.choice(["<", "<=", "=", "!=", "+", "least"]))
            elif isinstance(y, bool):
                yield lambda _, x=x, k=k: x.__setitem__(k, not x[k])
            elif k == "bound":
                yield lambda random, x=x: x.__setitem__("bound", random.choice(["=1", "=2", "=9", "P1M0D", "P0M1D"]))
            else:
                yield from _spots(y)


def _dropped(things: list[Json], random: Random) -> bool:
    if not things:
        return False
    things.pop(random.randrange(len(things)))
    return True


def _premise(c: Json, random: Random) -> bool:
    lists = [ids for n in _of(c, "derived") for ids in n["premises"] if ids]
    lists += [n["premises"] for n in _of(c, "exhausted", "supposed") if n["premises"]]
    return bool(lists) and _dropped(random.choice(lists), random)


def _rejected(c: Json, random: Random) -> bool:
    lists = [n["rejected"] for n in _of(c, "exhausted") if n["rejected"]]
    return bool(lists) and _dropped(random.choice(lists), random)


def _listed(c: Json, random: Random) -> bool:
    lists = [ids for n in _of(c, "exhausted") for ids in n["rows"].values() if ids]
    return bool(lists) and _dropped(random.choice(lists), random)


def _patient(c: Json, random: Random) -> bool:
    rows = [r["row"] for n in _of(c, "given") for r in n["rows"]] + [n["row"] for n in _of(c, "derived")]
    if rows:
        random.choice(rows)[0] = "another patient"
    return bool(rows)


def _fact(c: Json, random: Random) -> bool:
    lists = [n["rows"] for n in _of(c, "given") if n["rows"]] + [
        s["rows"] for n in _of(c, "known") for s in n["slices"]
    ]
    lists = [x for x in lists if x]
    return bool(lists) and _dropped(random.choice(lists), random)


def _status(c: Json, random: Random) -> bool:
    s = random.choice(c["statuses"])
    s["status"] = random.choice([x for x in ("met", "not met", "unknown") if x != s["status"]])
    return True


def _verdict(c: Json, random: Random) -> bool:
    if not c["verdicts"]:
        return False
    v = random.choice(c["verdicts"])
    v["verdict"] = random.choice(
        [x for x in ("eligible", "ineligible", "undetermined", "awaiting judgement") if x != v["verdict"]]
    )
    return True


def _claim(c: Json, random: Random) -> bool:
    return _dropped(c["statuses"], random)


def _criterion(c: Json, random: Random) -> bool:
    lists = [v["criteria"] for v in c["verdicts"] if v["criteria"]]
    return bool(lists) and _dropped(random.choice(lists), random)


def _supposed(c: Json, random: Random) -> bool:
    some = _of(c, "supposed")
    if some and random.random() < 0.5:
        random.choice(some)["refused"].append(["judged", "something"])
        return True
    lists = [v["supposing"] for v in c["verdicts"] if v["supposing"]]
    return bool(lists) and _dropped(random.choice(lists), random)


def _proof(c: Json, random: Random) -> bool:
    one, other = random.choice(c["statuses"]), random.choice(c["statuses"])
    one["proof"], other["proof"] = other["proof"], one["proof"]
    return True


def _whole_node(c: Json, random: Random) -> bool:
    return _dropped(c["nodes"], random)


def _whole_rule(c: Json, random: Random) -> bool:
    if not c["rules"]:
        return False
    del c["rules"][random.choice(list(c["rules"]))]
    return True


def _header(c: Json, random: Random) -> bool:
    key = random.choice(("knowledge_base", "charts", "patient", "screening", "trialog", "title", "judgements", "atom"))
    said = c["header"][key]
    c["header"][key] = "2020-01-01" if key == "screening" else [*said, "x"] if isinstance(said, list) else f"{said}x"
    return True


def _hash(c: Json, random: Random) -> bool:
    if not c["nodes"]:
        return False
    node = random.choice(c["nodes"])
    i = random.randrange(64)
    node["id"] = f"{node['id'][:i]}{'0' if node['id'][i] != '0' else '1'}{node['id'][i + 1 :]}"
    return True


KINDS: dict[str, Callable[[Json, Random], bool]] = {
    "a value": _value,
    "a rule": _rule,
    "a premise dropped": _premise,
    "a rejected candidate dropped": _rejected,
    "a listed row dropped": _listed,
    "another patient's row": _patient,
    "a fact dropped": _fact,
    "a status": _status,
    "a verdict": _verdict,
    "a status dropped": _claim,
    "a criterion dropped": _criterion,
    "what is supposed": _supposed,
    "proofs swapped": _proof,
    "a node dropped": _whole_node,
    "a rule dropped": _whole_rule,
    "the header": _header,
    "a hash": _hash,
}
