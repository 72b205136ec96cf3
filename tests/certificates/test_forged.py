"""Certificates forged with every hash in order: what a chart or the knowledge base says is passed off as something else."""

import json
from dataclasses import replace
from itertools import count, pairwise
from typing import Any

import pytest

from tests.certificates.making import Made, made, of_cases
from tests.certificates.mutations import resealed
from trialog.certificates.certify import sealed
from trialog.certificates.confirm import against_chart, against_knowledge
from trialog.certificates.verify import Rejected, Rule, Sight, digest, verify
from trialog.charts.chart import Chart

type Json = Any


@pytest.fixture(scope="module")
def cases() -> dict[str, Made]:
    return {m.name: m for m in of_cases()}


def believed(forged: Json, one: Made) -> bool:
    """Whether the checker, the knowledge base and the chart all accept it."""
    try:
        verify(forged)
    except Rejected:
        return False
    return not [
        *against_knowledge(forged, one.knowledge_base, one.certifier),
        *against_chart(forged, one.chart, one.charts, one.certifier),
    ]


def lied(one: Made, chart: Chart) -> Made:
    """What would be certified if the chart were another."""
    assert chart.screening is not None
    return made(one.name, one.certifier, chart, chart.screening, one.certificate["header"]["trial"])


@pytest.mark.parametrize("kind", ["exhausted", "Exhausted"])
def test_rows_of_the_chart_are_not_said_away_by_a_node_that_no_chart_is_asked_about(
    cases: dict[str, Made], kind: str
) -> None:
    one = cases["sle-001-eligible"]
    chart = replace(one.chart, records=tuple(r for r in one.chart.records if r.relation != "treatment"))
    forged = json.loads(json.dumps(lied(one, chart).certificate))
    assert forged["verdicts"] != one.certificate["verdicts"]
    for node in forged["nodes"]:
        if node["kind"] == "given" and node["relation"].endswith(" treatment") and not node["rows"]:
            identifier, relation = node["id"], node["relation"]
            node.clear()
            node |= {"id": identifier, "kind": kind, "rows": {relation: []}, "premises": [], "rejected": []}
    assert not believed(resealed(forged), one)


def aliases(written: str) -> str:
    """The same value, written otherwise."""
    return f"{written}/1" if written.startswith("=") else f"'{written}"


def test_rows_of_background_knowledge_are_not_said_away_by_writing_their_key_otherwise(cases: dict[str, Made]) -> None:
    one, tried = cases["sle-001-eligible"], 0
    for n, node in enumerate(one.certificate["nodes"]):
        for i, part in enumerate(node["slices"] if node["kind"] == "known" else ()):
            if not part["rows"] or any(k.startswith("@") for k in part["key"]):
                continue
            forged = json.loads(json.dumps(one.certificate))
            forged["nodes"][n]["slices"][i] |= {"key": [aliases(k) for k in part["key"]], "rows": []}
            rows = {tuple(r) for s in forged["nodes"][n]["slices"] for r in s["rows"]}
            forged["nodes"][n]["sources"] = one.certifier.prover.sources(node["relation"], rows)
            forged = resealed(forged)
            assert list(against_knowledge(forged, one.knowledge_base, one.certifier))
            tried += 1
    assert tried


def test_what_the_chart_gives_is_not_exhausted_too(cases: dict[str, Made]) -> None:
    forged = json.loads(json.dumps(cases["sle-001-eligible"].certificate))
    relation = next(n["relation"] for n in forged["nodes"] if n["kind"] == "given")
    content: Json = {"kind": "exhausted", "rows": {relation: []}, "premises": [], "rejected": []}
    forged["nodes"].append({"id": digest(content), **content})
    with pytest.raises(Rejected, match="given twice"):
        verify(sealed(forged))


def test_what_is_supposed_rests_on_the_chart_alone(cases: dict[str, Made]) -> None:
    tried = 0
    for one in cases.values():
        nodes = {n["id"]: n for n in one.certificate["nodes"]}
        for node in one.certificate["nodes"]:
            if node["kind"] != "supposed" or not node["relation"].startswith("certain "):
                continue
            forged = json.loads(json.dumps(one.certificate))
            _, name = node["relation"].split()
            mine = next(n for n in forged["nodes"] if n["id"] == node["id"])
            there = [i for i in node["premises"] if nodes[i]["relation"] == f"open {name}"]
            assert there
            content = {"kind": "supposed", "relation": f"open {name}", "refused": node["refused"], "premises": there}
            at = forged["nodes"].index(mine)
            forged["nodes"].insert(at, {"id": digest(content), **content})
            mine["premises"] = [*[i for i in node["premises"] if i not in there], digest(content)]
            with pytest.raises(Rejected):
                verify(resealed(forged))
            tried += 1
            break
    assert tried


def test_numbers_that_grow_without_end_are_not_worked_out() -> None:
    names = [f"A{i}" for i in range(40)]
    squares = [{"let": b, "be": {"op": "*", "of": [f"?{a}", f"?{a}"]}} for a, b in pairwise(names)]
    body = [{"let": names[0], "be": "=99"}, *squares]
    rule = Rule({"relation": "x", "variables": names, "head": [], "body": body})
    with pytest.raises(ValueError, match="a thousand digits"):
        list(Sight(count()).search(rule.steps, 0, (), set()))


def test_rules_that_are_ready_share_nothing_with_the_certificate_that_they_are_from(
    cases: dict[str, Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever changes a certificate that was accepted does not change how the next one is checked."""
    monkeypatch.setattr("trialog.certificates.verify._MADE", {})
    one = cases["sle-001-eligible"].certificate
    other = json.loads(json.dumps(one))
    verify(other)
    counts = [step for rule in other["rules"].values() for step in rule["body"] if step.get("tally") == "count"]
    assert counts
    for step in counts:
        step["bound"] = "=1000"
    verify(one)
    with pytest.raises(Rejected, match="hash of the rule"):
        verify(other)
    verify(one)


def test_the_steps_of_the_whole_certificate_are_counted(
    cases: dict[str, Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = cases["sle-001-eligible"].certificate
    verify(certificate)
    monkeypatch.setattr("trialog.certificates.verify.MOST_STEPS", 200)  # more than any one node takes
    with pytest.raises(Rejected, match="more than 200 steps"):
        verify(certificate)
