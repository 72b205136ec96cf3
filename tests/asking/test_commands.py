"""The commands as people use them: what the manual shows is what is printed; what is typed wrong is told."""

import json
import re
import shlex
from pathlib import Path

import pytest

from trialog.cli import main
from trialog.second_opinion import Disagreed, SecondOpinion

TRIAL = "car-nk-b-cell-children"
MANUAL = (Path(__file__).parents[2] / "docs/what_is_missing.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```sh\n(.*?)\n```\n\n```text\n(.*?)```", MANUAL, re.DOTALL)
# Each question to a chart in another state: decided, lacking data, hopeless, almost empty.
QUESTIONS = [
    "needs TRIAL sle-001-eligible",
    "needs TRIAL sle-032-upper-limits-not-reported --eligible",
    "needs TRIAL sle-032-upper-limits-not-reported --atom C8",
    "needs TRIAL sle-020-egfr-29.9-awaiting --cohort sle --reading five_mg=last_dose",
    "needs TRIAL mdr-057-other-disease-waived --cohort sle --most 1 --eligible",
    "needs TRIAL sle-151-nothing-recorded --cohort sle --seconds 0.2",
    "needs TRIAL sle-151-nothing-recorded --eligible --seconds 0.2",
    "near TRIAL sle-001-eligible --cohort sle",
    "near TRIAL sle-010-ecog-3 --cohort sle --seconds 1",
    "near TRIAL sle-004-day-before-fifth-birthday --cohort sle",
    "near TRIAL mdr-070-no-biopsy --seconds 1",
    "whatif TRIAL sle-001-eligible",
    "whatif TRIAL sle-001-eligible --retract 'treatment(prednisone)' --add 'sex(male)' --retract 'sex(_)'",
    "whatif TRIAL sle-001-eligible --as-of 2026-03-01 --add 'reviewed treatment drug through 2026-03-01'",
]


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def printed(typed: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main(shlex.split(typed.replace("TRIAL", TRIAL)))
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(("typed", "shown"), SHOWN, ids=[t for t, _ in SHOWN])
def test_the_manual_shows_what_is_printed(typed: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = printed(typed.removeprefix("trialog "), capsys)
    assert (code, err) == (0, "")
    assert out.startswith(shown), out


def test_the_manual_shows_each_question() -> None:
    assert [t.split()[1] for t, _ in SHOWN] == ["needs", "whatif", "near"]


@pytest.mark.parametrize("typed", QUESTIONS)
def test_what_is_printed_fits_eighty_columns_and_is_json_where_asked(
    typed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = printed(typed, capsys)
    assert code == 0
    assert out.strip()
    assert [line for line in out.splitlines() if len(line) > 80] == []
    code, out, _ = printed(f"{typed} --format json", capsys)
    assert code == 0
    found = json.loads(out)
    assert found["trial"] == TRIAL
    assert {"needs", "near", "what_if"} & found.keys()


def test_a_search_that_was_cut_off_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = printed("needs TRIAL sle-151-nothing-recorded --cohort sle --seconds 0.1", capsys)
    assert "the search ended after 0.1 seconds" in " ".join(out.split())
    _, out, _ = printed("needs TRIAL mdr-057-other-disease-waived --cohort sle --most 1 --eligible", capsys)
    assert "the search ended with the first 1 sets" in " ".join(out.split())


@pytest.mark.parametrize("cohort", ["sle", "mdr_srns", "iga_nephropathy"])
def test_what_was_found_before_the_search_was_cut_off_is_shown(cohort: str, capsys: pytest.CaptureFixture[str]) -> None:
    typed = f"needs TRIAL sle-151-nothing-recorded --cohort {cohort} --seconds 0.3"
    _, out, _ = printed(typed, capsys)
    assert "This settles all but some criteria" in out or "This settles it" in out
    assert "•" in out and "there may be other sets" in " ".join(out.split())
    _, out, _ = printed(f"{typed} --format json", capsys)
    (found,) = json.loads(out)["needs"]
    assert any(s["data"] for s in (*found["sets"], *found["partly"]))
    assert found["unsolved"] or found["unsettled"]


def test_a_place_that_why_prints_can_be_retracted(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = printed("why TRIAL sle-001-eligible --atom C4 --one-engine", capsys)
    place = next(line.strip() for line in out.splitlines() if "facts.observation" in line)
    code, out, _ = printed(f"whatif TRIAL sle-001-eligible --retract '{place}'", capsys)
    assert code == 0
    assert "C4 met → unknown: missing" in out


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("needs TRIAL sle-001", "E602"),
        ("needs TRIAL sle-001-eligible --cohort sel", "E603"),
        ("needs TRIAL sle-001-eligible --atom S99", "E606"),
        ("near TRIAL sle-001-eligible --reading five=1", "E604"),
        ("near nothing sle-001-eligible", "E601"),
        ("whatif TRIAL sle-001-eligible --add 'obsrvation(lvef)'", "E510"),
        ("whatif TRIAL sle-001-eligible --add lvef", "E660"),
        ("whatif TRIAL sle-001-eligible --retract 'treatment(tacrolimus)'", "E661"),
    ],
)
def test_what_is_typed_wrong_is_told(typed: str, code: str, capsys: pytest.CaptureFixture[str]) -> None:
    ended, out, err = printed(typed, capsys)
    assert ended == 2
    assert out == ""
    assert f"error[{code}]" in err


@pytest.mark.parametrize("typed", ["--seconds 0", "--seconds x", "--most 0", "--most many", "--atom S4 --eligible"])
def test_limits_that_make_no_sense_are_refused(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        printed(f"needs TRIAL sle-001-eligible {typed}", capsys)
    assert ended.value.code == 2


ABOUT_ONE = ("why", "whynot", "needs", "near", "whatif")


@pytest.mark.parametrize("command", ABOUT_ONE)
def test_where_there_is_no_chart_that_is_told_and_nobody_is_named(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = printed(f"{command} TRIAL Ann --charts {tmp_path}", capsys)
    assert (code, out) == (2, "")
    assert "error[E505]" in err and "E602" not in err


@pytest.mark.parametrize("command", ABOUT_ONE)
def test_a_chart_that_was_refused_is_told_beside_a_name_that_is_nobodys(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    (tmp_path / "Ann.json").write_text('{"patient": "Ann", "screening": "2026-01-15", "facts": {}}', encoding="utf-8")
    code, out, err = printed(f"{command} TRIAL Zoe --charts {tmp_path}", capsys)
    assert (code, out) == (2, "")
    assert "there is 1: Ann" in err
    assert err.count("error[") == 2


@pytest.mark.parametrize("command", ABOUT_ONE)
def test_a_patient_whose_name_begins_like_an_option(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.json").write_text('{"patient": "-x", "screening": "2026-01-15", "facts": {}}', encoding="utf-8")
    code, _, err = printed(f"{command} TRIAL -x --charts {tmp_path}", capsys)
    assert code == 2
    assert f"trialog {command} {TRIAL} --charts" in " ".join(err.split()) and "-- -x" in err and "E602" in err
    more = "--seconds 0.1" if command in ("needs", "near") else "--one-engine" if command == "why" else ""
    code, out, err = printed(f"{command} TRIAL --charts {tmp_path} {more} -- -x", capsys)
    assert (code, err) == (0, "")
    assert out.startswith("-x, screened on")


def test_all_that_is_wrong_with_a_question_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    code, _, err = printed(f"ask TRIAL 'sex(P, S)' --why 99 --why Zoe --charts {tmp_path}", capsys)
    assert code == 2
    assert err.count("error[E682]") == 2
    assert err.index("1 of 1 charts refused") < err.index("error[E682]")


@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_a_certificate_is_said_to_be_written_or_not(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "c.json"
    typed = f"why TRIAL sle-001-eligible --atom C4 --format {form} --certificate {file}"
    code, out, err = printed(f"{typed} --one-engine", capsys)
    assert code == 0
    assert f"certificate written to {file}" in (out if form == "text" else err)
    assert err == "" or form != "text"
    file.unlink()

    def opinion(_: SecondOpinion) -> Disagreed:
        return Disagreed(())

    monkeypatch.setattr(SecondOpinion, "opinion", opinion)
    code, _, err = printed(typed, capsys)
    assert code == 4
    assert f"no certificate is written to {file}: the two engines disagree" in " ".join(err.split())
    assert not file.exists()
