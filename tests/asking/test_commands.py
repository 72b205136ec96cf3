"""The commands as people use them: what the manual shows is what is printed; what is typed wrong is told."""

import json
import re
import shlex
from pathlib import Path

import pytest

from trialog.cli import main

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
