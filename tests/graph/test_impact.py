"""What changes when something goes: worked out by hand in a small knowledge base, and never more than rests on it."""

import json
import shutil
from pathlib import Path

import networkx
import pytest

from tests.graph.conftest import KB
from trialog.answers import Screener
from trialog.charts.read import read_charts
from trialog.cli import main
from trialog.graph import dependencies
from trialog.impact import asked, change, checked_without, without
from trialog.knowledge import Library

type Printed = pytest.CaptureFixture[str]

_TREATED = {"A2": ("met", "not met"), "treated": ("met", "not met")}
_OUT = {"adults": ("eligible", "ineligible")}


def found_by(
    capsys: Printed, *selectors: str, kb: Path = KB, code: int = 0, more: tuple[str, ...] = ()
) -> dict[str, object]:
    assert main(["impact", "steroids", *selectors, "--kb", str(kb), "--format", "json", *more]) == code
    return json.loads(capsys.readouterr().out)


def changes(found: dict[str, object]) -> dict[str, tuple[dict[str, tuple[str, str]], dict[str, tuple[str, str]]]]:
    listed = found["changes"]
    assert isinstance(listed, list)
    return {c["patient"]: (_pairs(c["statuses"]), _pairs(c["verdicts"])) for c in listed}


def _pairs(named: dict[str, dict[str, str]]) -> dict[str, tuple[str, str]]:
    return {name: (s["before"], s["after"]) for name, s in named.items()}


def test_a_fact(capsys: Printed) -> None:
    """Ann and Cyd had prednisone, and their treatments were reviewed: without the fact they had no such steroid."""
    found = found_by(capsys, "fact:systemic/prednisone/oral")
    assert changes(found) == {"Ann": (_TREATED, _OUT), "Cyd": (_TREATED, _OUT)}
    assert (found["cases"], found["charts"], found["unseen"], found["no_longer"], found["problems"]) == (
        4,
        0,
        [],
        [],
        [],
    )


def test_a_rule(capsys: Printed) -> None:
    """Only Cyd is meant for the reading under which the second rule counts."""
    found = found_by(capsys, "rule:A1/2")
    assert changes(found) == {"Cyd": ({"A1": ("met", "not met")}, _OUT)}


def test_a_rule_that_bears_the_id(capsys: Printed) -> None:
    """The atom is still asked, and the criterion still one, for the other rule says so too."""
    found = found_by(capsys, "rule:A1/1")
    statuses = {"A1": ("met", "not met")}
    assert changes(found) == {
        "Ann": (statuses, _OUT), "Bob": (statuses, _OUT), "Dan": (statuses, {}),
    }  # fmt: skip
    assert found["no_longer"] == []


def test_a_criterion_that_goes_altogether(capsys: Printed) -> None:
    """Nobody is kept out for it: Dan had a statin, and is not asked any more."""
    found = found_by(capsys, "treated", "A2", "steroid")
    assert found["no_longer"] == ["A2", "treated"]
    assert changes(found) == {"Dan": ({}, {"adults": ("ineligible", "eligible")})}


def test_a_reading_decides_who_changes(capsys: Printed) -> None:
    found = found_by(capsys, "rule:A1/2", more=("--reading", "heart=ever"))
    assert set(changes(found)) == {"Ann", "Bob", "Cyd", "Dan"}


def test_other_charts_are_screened_as_well(tmp_path: Path, capsys: Printed) -> None:
    chart = json.loads((KB / "trials/steroids/cases/Ann.json").read_text(encoding="utf-8"))
    for name in ("Eve", "Fay"):
        drug = "prednisone" if name == "Eve" else "prednisolone"
        chart["facts"]["treatment"][0]["drug"] = drug
        (tmp_path / f"{name}.json").write_text(
            json.dumps({**chart, "patient": name, "expected": None}), encoding="utf-8"
        )
    (tmp_path / "Gus.json").write_text("{", encoding="utf-8")
    found = found_by(capsys, "fact:systemic/prednisone", code=3, more=("--charts", str(tmp_path)))
    assert (found["cases"], found["charts"]) == (4, 2)
    assert set(changes(found)) == {"Ann", "Cyd", "Eve"}


def test_what_a_chart_speaks_of_may_go(capsys: Printed, tmp_path: Path) -> None:
    """A chart that names a concept which is gone can no longer be used, and that is said."""
    kb = tmp_path / "kb"
    shutil.copytree(KB, kb)
    page = kb / "trials/steroids/protocol.md"
    page.write_text(page.read_text(encoding="utf-8").replace(", not treatment(P, statin, ..)", ""), encoding="utf-8")
    assert main(["impact", "steroids", "concept:statin", "--kb", str(kb)]) == 0
    out = capsys.readouterr().out
    assert "1 of 4 cases changes" in out
    assert "Dan: the chart can no longer be used" in out


@pytest.mark.parametrize(
    ("selector", "code"),
    [
        ("fact:systemic", "E229"),
        ("concept:statin", "E208"),
        ("A2", "E201"),
        ("source:book", "E405"),
        ("reading:heart", "E209"),
    ],
)
def test_what_cannot_go_alone_is_told_with_the_errors(selector: str, code: str, capsys: Printed) -> None:
    found = found_by(capsys, selector, code=1)
    problems = found["problems"]
    assert isinstance(problems, list)
    assert code in {p["code"] for p in problems}
    assert (found["changes"], found["cases"]) == ([], 0)


def test_only_what_rests_on_it_changes() -> None:
    """For every statement that can go: no status and no verdict changes that the graph does not lead to."""
    library = Library(KB)
    pages = library.pages("steroids")[0]
    program, _ = library.program("steroids")
    assert program is not None
    known = dependencies(program, pages)
    charts = [r.chart for r in read_charts(KB / "trials/steroids/cases", program.vocabulary)]
    tried, seen = 0, 0
    for name, statements in known.statements.items():
        after, errors = checked_without(pages, statements, program)
        assert (after is None) == bool(errors)
        if after is None:
            continue
        tried += 1
        above = networkx.ancestors(known.graph, name) | {name}
        for option in program.readings["heart"].options:
            chosen = {"heart": option}
            before_it, after_it = Screener(program, chosen), Screener(after, chosen)
            for chart in charts:
                assert chart is not None and chart.screening is not None
                found = change(
                    "case", before_it.screen(chart, chart.screening), after_it.screen(chart, chart.screening)
                )
                assert {n for n, _, _ in found.statuses} <= above
                assert {f"cohort:{c}" for c, _, _ in found.verdicts} <= above
                seen += bool(found)
        assert set(asked(program)) - set(asked(after)) <= above
    assert tried >= 5 and seen >= 10


def test_everything_else_keeps_its_place() -> None:
    library = Library(KB)
    pages = library.pages("steroids")[0]
    program, _ = library.program("steroids")
    assert program is not None
    statements = [at for spans in dependencies(program, pages).statements.values() for at in spans]
    for at in statements:
        left = without(pages, [at])
        for before, after in zip((*pages.vocabulary, pages.protocol), (*left.vocabulary, left.protocol), strict=True):
            assert before is not None and after is not None
            assert len(before.text) == len(after.text)
            if before.name == at.source.name:
                assert after.text[at.start : at.end].strip() == ""
                assert (before.text[: at.start], before.text[at.end :]) == (
                    after.text[: at.start],
                    after.text[at.end :],
                )
            else:
                assert before == after


def test_a_fact_of_the_shipped_knowledge(capsys: Printed) -> None:
    """One child of the cases had tacrolimus on the skin alone: without the fact it would count as a treatment."""
    assert main(["impact", "car-nk-b-cell-children", "fact:local_form/tacrolimus/topical", "--format", "json"]) == 0
    changed = changes(json.loads(capsys.readouterr().out))
    assert list(changed) == ["mdr-029-tacrolimus-ointment"]
    statuses, verdicts = changed["mdr-029-tacrolimus-ointment"]
    assert verdicts == {"mdr_srns": ("ineligible", "eligible")}
    assert statuses["N3"] == ("not met", "met")
