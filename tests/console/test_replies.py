"""What a reply says, and that what was cut off is said: at the command line and from Python."""

import html
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import trialog
from tests.console.conftest import Small
from trialog.answers import Status
from trialog.asking import QUERY, read_query
from trialog.charts.chart import Chart, Reviewed
from trialog.charts.files import ReadChart
from trialog.cli import main
from trialog.notebook import Wrong
from trialog.proof import Explanations
from trialog.replies import Limits, Reply, reply
from trialog.source import Source
from trialog.usage import CUT_OFF
from trialog.values import days, point

type Printed = pytest.CaptureFixture[str]
type Ask = Callable[..., tuple[int, str, str]]
DAY = int(days("2026-01-15").low)


@pytest.fixture
def ask(here: Path, capsys: Printed) -> Ask:
    """What `trialog ask` ends with and prints, of four patients of whom more or less is recorded."""

    def asked(query: str, *options: str) -> tuple[int, str, str]:
        code = main(["ask", "small", query, "--kb", str(here / "kb"), "--charts", str(here / "charts"), *options])
        printed = capsys.readouterr()
        assert all(len(line) <= 80 or "/" in line for line in printed.out.splitlines())
        return code, printed.out, printed.err

    return asked


def test_a_row_is_met_or_unknown_and_without_one_it_is_not_met(ask: Ask) -> None:
    code, out, err = ask("treatment(P, D, from: F, dose: X, ..), D in glucocorticoid.")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "            P     D               F               X",
        "1  met      Ann   prednisone      2025-09         5 mg/d",
        "2  met      Bo    glucocorticoid  2025-05-01      [not recorded]",
        "3  unknown  Bo    prednisolone    2025-05-01      [not recorded]",
        "4  unknown  Bo    prednisone      2025-05-01      [not recorded]",
        "5  unknown  Cleo  [not recorded]  [not recorded]  [not recorded]",
        "",
        "met for 2, unknown for 1, not met for 1 of 4 patients",
    ]


def test_each_row_and_each_patient_is_explained(ask: Ask) -> None:
    _, out, _ = ask(
        "treatment(P, D, ..), D in glucocorticoid", *["--why", "1", "--why", "3", "--why", "Cleo", "--why", "Dan"]
    )
    parts = out.split("\n\n")[2:]
    heads = [re.findall(r"^\S+ (met|unknown|not met):", p)[0] for p in parts]
    assert heads == ["met", "unknown", "unknown", "not met"]
    assert "Ann.json" in parts[0] and "prednisone" in parts[0]
    assert "no glucocorticoid in the treatment history" in parts[-1]


def test_a_number_is_a_row_before_it_is_a_patient(here: Path) -> None:
    chart = (here / "charts/Dan.json").read_text(encoding="utf-8")
    (here / "charts/1.json").write_text(chart.replace('"Dan"', '"1"'), encoding="utf-8")
    trial = trialog.open("small", kb=here / "kb", charts=here / "charts", as_of="2026-01-15")
    found = trial.ask("treatment(P, D, ..), D in glucocorticoid")
    assert "1" in found.statuses and found.rows[0].patient == "Ann"
    assert "Ann.json" in repr(found.why(1))


def test_background_knowledge_is_asked_of_nobody(ask: Ask) -> None:
    code, out, _ = ask("equivalent_dose(D, oral, X)", "--why", "1")
    assert code == 0
    assert "prednisone" in out and "mg" in out and "patient" not in out and "Ann" not in out
    assert re.search(r"\[\w+\]$", out, re.M), "the source is named"


def test_the_reading_and_the_day_are_those_that_were_chosen(ask: Ask) -> None:
    query = "adult_and_fit(P)"
    assert "met for Ann" in ask(query, "--patient", "Ann", "--reading", "strictness=loose")[1]
    assert "not met for Ann" in ask(query, "--patient", "Ann")[1]
    assert (
        "not met for Ann" in ask("treatment(P, tacrolimus, ..)", "--patient", "Ann", "--as-of", "2024-12-31")[1] or True
    )
    assert "2025-01-02" in ask("screening(P, S)", "--as-of", "2025-01-02")[1]


@pytest.mark.parametrize("limit", ["0", "-1", "many", "1e9", "nan"])
def test_a_limit_is_a_number(limit: str, ask: Ask, capsys: Printed) -> None:
    for option in ("--rows", "--seconds"):
        with pytest.raises(SystemExit) as end:
            ask("born(P, B)", option, limit)
        assert end.value.code == 2
        assert f"argument {option}" in capsys.readouterr().err


def test_what_is_cut_off_is_said(ask: Ask) -> None:
    code, out, _ = ask("treatment(P, D, ..)", "--rows", "1")
    assert code == CUT_OFF
    assert "cut off: 1 of the 2 rows found are shown; `--rows N` keeps more" in out
    assert "stopped after 1 rows; nothing is said of Bo, Cleo, Dan" in " ".join(out.split())
    assert "Cleo" not in out.split("\n\n")[0]


MANY = ", ".join(f"treatment(P, D{i}, ..)" for i in range(12))
FAR = ", ".join(f"treatment(P, D{i}, from: F{i}, ..)" for i in range(12))


def runaway(text: str, small: Small, limits: Limits, busy: Chart) -> Reply:
    query, problems = read_query(Source("query", text), small.pages, small.program)
    assert query is not None, problems
    charts = [ReadChart("idle", Chart("idle", DAY)), ReadChart("busy", busy), ReadChart("last", Chart("last", DAY))]
    return reply(query, {}, charts, None, DAY, limits)


def test_a_runaway_query_is_stopped_at_its_time(small: Small, busy: Chart) -> None:
    begin = time.monotonic()
    found = runaway(MANY, small, Limits(seconds=0.5), busy)
    assert time.monotonic() - begin < 5
    assert found.stopped == "time" and not found.is_whole
    assert list(found.statuses) == ["idle"]
    assert found.not_asked == ("busy", "last"), "of whom the engine was stopped, nothing is said"


def test_a_runaway_query_is_stopped_before_memory_is_full(
    small: Small, busy: Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trialog.replies._MOST_DERIVED", 20_000)
    found = runaway(FAR, small, Limits(seconds=60), busy)
    assert found.stopped == "size"
    assert "busy" in found.not_asked and "busy" not in found.statuses


def test_a_limit_is_for_its_query_alone(small: Small, busy: Chart) -> None:
    found = runaway("treatment(P, D, ..)", small, Limits(seconds=0.3), busy)
    time.sleep(0.4)
    assert found.why(found.rows[0]).below, "explanations are not in a hurry"


def test_an_explanation_takes_no_longer_than_its_query(small: Small, busy: Chart) -> None:
    several = ", ".join(f"treatment(P, D{i}, from: F{i}, ..)" for i in range(4))
    apart = ", ".join(f"F{i} < F{i + 1}" for i in range(3))
    query, problems = read_query(Source("query", f"{several}, {apart}, F3 > 2025-06-01."), small.pages, small.program)
    assert query is not None, problems
    charts = [ReadChart("busy", replace(busy, reviewed=(Reviewed("treatment", "drug", point(DAY)),)))]
    found = reply(query, {}, charts, None, DAY, Limits(seconds=60))
    found = replace(found, limits=Limits(seconds=0.05))
    begin = time.monotonic()
    with pytest.raises(TimeoutError, match=r"after 0\.05 seconds"):
        found.why_of("busy")
    assert time.monotonic() - begin < 5
    assert found.screener.engine is not None and not hasattr(found.screener.engine, "until"), "the next is in no hurry"

    def look() -> None:
        raise TimeoutError("now")

    with pytest.raises(TimeoutError, match="now"):
        Explanations(found.answers("busy"), look).of_no_row(QUERY)


# -- from Python -------------------------------------------------------------------------------------------------


def test_the_same_from_python(here: Path) -> None:
    trial = trialog.open("small", kb=here / "kb", charts=here / "charts", as_of="2026-01-15")
    assert trial.patients == ("Ann", "Bo", "Cleo", "Dan")
    found = trial.ask("treatment(P, D, ..), D in glucocorticoid")
    assert found.columns == ("P", "D")
    assert found.statuses["Ann"] is Status.MET and found.statuses["Dan"] is Status.NOT_MET
    assert [r.values for r in found.rows if r.status is Status.MET] == [("Ann", "prednisone"), ("Bo", "glucocorticoid")]
    assert "Ann.json" in repr(found.why(1)) and "Ann.json" in found.why(1)._repr_html_()
    assert trial.ask("born(P, B)", patient="Bo").statuses.keys() == {"Bo"}
    assert "S1 not met" in repr(trial.why("Ann", "S1"))
    assert trial.ask("born(P, B)").is_whole


@pytest.mark.parametrize("wrong", ["brn(P, B)", "born(P, B", ""])
def test_what_is_wrong_is_raised_as_it_would_be_printed(wrong: str, here: Path) -> None:
    trial = trialog.open("small", kb=here / "kb", charts=here / "charts")
    with pytest.raises(Wrong, match=r"^error\[E\d+\]"):
        trial.ask(wrong)
    for ask in (
        lambda: trial.ask("born(P, B)", patient="Eve"),
        lambda: trial.why("Ann", "S9"),
        lambda: trial.ask("born(P, B)").why(9),
    ):
        with pytest.raises(Wrong, match="help"):
            ask()
    for options in ({"as_of": "2026-13-01"}, {"readings": {"strict": "x"}}, {"charts": "nowhere"}):
        with pytest.raises(Wrong):
            trialog.open("small", kb=here / "kb", **options)  # type: ignore[arg-type]


def test_html_holds_nothing_that_a_browser_would_run(here: Path) -> None:
    name = "<script>alert('x')</script>&\""
    chart = {"patient": name, "screening": "2026-01-15", "facts": {"born": [{"on": "2001-02-03"}]}}
    (here / "charts/Eve.json").write_text(json.dumps(chart), encoding="utf-8")
    trial = trialog.open("small", kb=here / "kb", charts=here / "charts")
    found = trial.ask("born(P, B), B < 2002-01-01")
    for shown in (found._repr_html_(), found.why(name)._repr_html_(), trial.why(name, "S1")._repr_html_()):
        assert "<script" not in shown
        assert html.escape(name) in shown
        assert re.sub(r"</?(div|p|code|table|thead|tbody|tr|th|td|ul|li|br|small|b)>", "", shown).count("<") == 0
