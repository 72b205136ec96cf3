"""The commands as people type them: what they print, and the code they end with."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from trialog.cli import main
from trialog.usage import EXIT_CODES

ROOT = Path(__file__).parents[1]
TRIAL = "car-nk-b-cell-children"
SYNTHEA = ROOT.parent / "shared/charts/synthea"

type Printed = pytest.CaptureFixture[str]

GOOD = {
    "patient": "one",
    "screening": "2026-01-15",
    "facts": {
        "born": [{"on": "2014-05-02"}],
        "sex": [{"sex": "male"}],
        "observation": [{"measurement": "lvef", "value": "50 %", "on": "2026-01-02"}],
    },
}


@pytest.fixture
def charts(tmp_path: Path) -> Path:
    (tmp_path / "one.json").write_text(json.dumps(GOOD))
    return tmp_path


def test_pydatalog_screens_as_well_where_it_is_told_to(charts: Path, capsys: Printed) -> None:
    assert main(["screen", TRIAL, "--charts", str(charts), "--engine", "pydatalog"]) == 0
    said = capsys.readouterr()
    assert "both engines agree on 1 of 1 patients" in said.err
    assert "ineligible" in said.out


def test_the_cohort_engine_says_what_it_needs(charts: Path, tmp_path: Path, capsys: Printed) -> None:
    assert main(["screen", TRIAL, "--charts", str(charts), "--engine", "cohort"]) == 2
    assert "error[E632]" in capsys.readouterr().err
    out = str(tmp_path / "answers")
    assert main(["screen", TRIAL, "--charts", str(charts), "--engine", "cohort", "--out", out]) == 2
    said = capsys.readouterr().err
    assert "error[E633]" in said
    assert "trialog pack" in said


def test_screen_as_a_newcomer(capsys: Printed) -> None:
    assert main(["screen", TRIAL]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    for verdict in ("eligible", "ineligible", "undetermined", "awaiting judgement"):
        assert re.search(rf"^  \w+ +{verdict}$", printed.out, re.M), verdict
    assert "\033" not in printed.out


def test_no_line_is_wider_than_the_terminal(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    main(["screen", TRIAL])
    out = capsys.readouterr().out.splitlines()
    assert [line for line in out[2:] if len(line) > 80] == []


def test_json_is_the_contract(charts: Path, capsys: Printed) -> None:
    assert main(["screen", TRIAL, "--charts", str(charts), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["trial", "kb", "charts", "patients"]
    assert found["trial"] == TRIAL
    assert all(re.fullmatch("[0-9a-f]{64}", found[key]) for key in ("kb", "charts"))
    (patient,) = found["patients"]
    assert patient["patient"] == "one"
    assert list(patient["cohorts"]) == ["sle", "mdr_srns", "iga_nephropathy"]
    assert {name: len(c["atoms"]) for name, c in patient["cohorts"].items()} == {
        "sle": 25, "mdr_srns": 28, "iga_nephropathy": 26,
    }  # fmt: skip
    reasons = {"missing", "imprecise", "conflicting", "awaiting judgement"}
    for cohort in patient["cohorts"].values():
        assert cohort["verdict"] == "ineligible"
        for atom in cohort["atoms"].values():
            assert list(atom) == ["status", "reason", "because"]
            assert atom["status"] in {"met", "not met", "unknown"}
            assert (atom["reason"] in reasons) if atom["status"] == "unknown" else atom["reason"] is None
            assert atom["because"]
    assert patient["cohorts"]["sle"]["atoms"]["C4"]["status"] == "not met"


def test_the_same_run_prints_the_same_and_other_charts_hash_otherwise(charts: Path, capsys: Printed) -> None:
    command = ["screen", TRIAL, "--charts", str(charts), "--format", "json"]
    main(command)
    first = capsys.readouterr().out
    main(command)
    assert capsys.readouterr().out == first
    (charts / "one.json").write_text(json.dumps({**GOOD, "note": "looked at again"}))
    main(command)
    other = json.loads(capsys.readouterr().out)
    assert other["charts"] != json.loads(first)["charts"]
    assert other["kb"] == json.loads(first)["kb"]


def test_csv_has_a_line_for_each_patient_and_cohort(charts: Path, capsys: Printed) -> None:
    assert main(["screen", TRIAL, "--charts", str(charts), "--cohort", "sle", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(r["patient"], r["cohort"], r["verdict"], r["atoms"]) for r in rows] == [("one", "sle", "ineligible", "C4")]


def test_as_of_leaves_later_records_out(charts: Path, capsys: Printed) -> None:
    main(["screen", TRIAL, "--charts", str(charts), "--cohort", "sle", "--as-of", "2026-01-01", "--format", "json"])
    found = json.loads(capsys.readouterr().out)["patients"][0]["cohorts"]["sle"]["atoms"]["C4"]
    assert (found["status"], found["reason"]) == ("unknown", "missing")


def test_one_bad_chart_among_good_ones(charts: Path, capsys: Printed) -> None:
    (charts / "two.json").write_text('{"patient": "two", "facts": {"born": [{"on": "2014-13-02"}]}}')
    assert main(["screen", TRIAL, "--charts", str(charts)]) == 3
    printed = capsys.readouterr()
    assert "\none\n" in printed.out
    assert "two.json:1:" in printed.err and "2014-13-02" in printed.err
    assert "1 of 2 charts refused: two" in printed.err


def test_all_charts_bad(tmp_path: Path, capsys: Printed) -> None:
    (tmp_path / "two.json").write_text("{")
    assert main(["screen", TRIAL, "--charts", str(tmp_path)]) == 2
    assert "two.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["screen", "car-nk"], "E601"),
        (["check", "nowhere"], "E601"),
        (["check", "/"], "E601"),
        (["why", TRIAL, "nobody"], "E602"),
        (["screen", TRIAL, "--cohort", "slee"], "E603"),
        (["screen", TRIAL, "--reading", "five=six"], "E604"),
        (["screen", TRIAL, "--reading", "five_mg=six"], "E604"),
        (["screen", TRIAL, "--charts", "nowhere"], "E605"),
        (["why", TRIAL, "PATIENT", "--atom", "S44"], "E606"),
        (["graph", TRIAL, "S44"], "E608"),
    ],
)
def test_what_does_not_exist_is_named_with_a_way_out(command: list[str], code: str, capsys: Printed) -> None:
    assert main(command) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"error[{code}]: ")
    assert "help: " in printed.err
    assert "Traceback" not in printed.err


@pytest.mark.parametrize(
    "given", [["--as-of", "2026-02-30"], ["--as-of", "2026"], ["--reading", "five_mg"], ["--format", "xml"]]
)
def test_what_cannot_be_read_is_refused(given: list[str], capsys: Printed) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["screen", TRIAL, *given])
    assert stop.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_why_one_atom(charts: Path, capsys: Printed) -> None:
    assert main(["why", TRIAL, "one", "--charts", str(charts), "--atom", "C4"]) == 0
    out = capsys.readouterr().out
    assert "C4 not met: left ventricular ejection fraction is at least 55 %" in out
    assert "> • Cardiac function:" in out
    assert "50 % is not at least 55 %" in " ".join(out.split())
    assert "one.json:1 facts.observation[0]" in out
    assert "protocol.md:" in out
    assert re.search(r"^both engines agree on \d{3} relations$", out.splitlines()[-1])


def test_readings_names_who_is_flipped(capsys: Printed) -> None:
    assert main(["readings", TRIAL]) == 0
    out = capsys.readouterr().out
    assert len(re.findall(r"\(in force\)$", out, re.M)) == 10
    assert re.search(r"^    \S+  \w+: ineligible → eligible$", out, re.M)


def test_cases_agree(capsys: Printed) -> None:
    assert main(["cases", TRIAL]) == 0
    assert re.fullmatch(r"\d+ cases, \d+ expectations: all agree\n", capsys.readouterr().out)


def test_check_is_clean(capsys: Printed) -> None:
    assert main(["check"]) == 0
    assert capsys.readouterr().out == f"1 trial ({TRIAL}): no problems\n"


def test_check_tells_a_deleted_comparator_at_its_line(tmp_path: Path, capsys: Printed) -> None:
    kb = tmp_path / "kb"
    shutil.copytree(ROOT / "kb", kb)
    page = kb / "trials" / TRIAL / "protocol.md"
    lines = page.read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if "SpO2≥92%" in line)
    lines[at] = lines[at].replace("≥", "")
    page.write_text("\n".join(lines))
    assert main(["check", str(kb)]) == 1
    assert f"protocol.md:{at + 1}:" in capsys.readouterr().out


def test_graph_of_an_atom(capsys: Printed) -> None:
    assert main(["graph", TRIAL, "S9"]) == 0
    assert "rests on chart:observation/sledai_2k, sentence:" in capsys.readouterr().out
    assert main(["graph", TRIAL, "--all", "--format", "dot"]) == 0
    assert capsys.readouterr().out.startswith(f'digraph "{TRIAL}" {{')


@pytest.mark.skipif(not SYNTHEA.is_dir(), reason="the FHIR bundles of shared/charts are not on this machine")
def test_charts_that_nobody_here_wrote(capsys: Printed) -> None:
    assert main(["screen", TRIAL, "--charts", str(SYNTHEA), "--as-of", "2021-04-01", "--format", "json"]) == 0
    patients = json.loads(capsys.readouterr().out)["patients"]
    assert len(patients) == 24
    for p in patients:
        for name, cohort in p["cohorts"].items():
            for atom in ("C8", "C9", "C10"):
                assert (cohort["atoms"][atom]["status"], cohort["atoms"][atom]["reason"]) == ("unknown", "missing")
            youngest = {"sle": "S1", "mdr_srns": "N1", "iga_nephropathy": "I1"}[name]
            too_young = cohort["atoms"][youngest]["status"] == "not met"
            died = cohort["atoms"]["C2"]["status"] == "not met"
            assert cohort["verdict"] == ("ineligible" if too_young or died else "undetermined"), (p["patient"], name)
    assert sum(p["cohorts"]["sle"]["atoms"]["C2"]["status"] == "not met" for p in patients) == 2
    assert sum(p["cohorts"]["sle"]["atoms"]["C6"]["status"] == "met" for p in patients) == 3


def test_colours_only_on_a_terminal() -> None:
    command = [sys.executable, "-m", "trialog", "why", TRIAL, "sle-001-eligible", "--atom", "S1"]
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    assert "\033" not in done.stdout + done.stderr


def test_a_reader_who_stops_reading_is_no_error() -> None:
    command = f"{sys.executable} -m trialog screen {TRIAL} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stderr == ""


def test_the_readme_has_the_exit_codes() -> None:
    readme = (ROOT / "README.md").read_text()
    for code, meaning in EXIT_CODES.items():
        assert f"| {code} | {meaning} |" in readme


# -- how it is started and stopped -------------------------------------------------------------------------------


@pytest.mark.parametrize("closed", ["<&- 2>&-", "2>&-"])
@pytest.mark.parametrize("command", ["check kb", f"screen {TRIAL}", f"why {TRIAL} one --charts one.json"])
def test_closed_streams_change_nothing(command: str, closed: str, charts: Path) -> None:
    (charts / "kb").symlink_to(ROOT / "kb")
    whole = subprocess.run(f"{sys.executable} -m trialog {command}", shell=True, cwd=charts, capture_output=True)
    found = subprocess.run(
        f"{sys.executable} -m trialog {command} {closed}", shell=True, cwd=charts, capture_output=True
    )
    assert (found.returncode, found.stdout) == (whole.returncode, whole.stdout)
    assert whole.stdout


@pytest.mark.parametrize("command", ["check --format json", "check --format sarif", f"screen {TRIAL}"])
def test_nowhere_to_print_to_is_no_error(command: str) -> None:
    found = subprocess.run(f"{sys.executable} -m trialog {command} >&-", shell=True, capture_output=True)
    assert (found.returncode, found.stderr) == (0, b"")


def test_what_is_told_does_not_stand_in_what_is_printed(charts: Path) -> None:
    command = f"{sys.executable} -m trialog check nosuch 2>&-"
    found = subprocess.run(command, shell=True, cwd=charts, capture_output=True)
    assert (found.returncode, found.stdout) == (2, b"")


@pytest.mark.parametrize("module", ["trialog.cli", "argparse", "trialog.usage", "trialog.check", "markdown_it"])
def test_whoever_stops_it_while_it_is_loaded_sees_no_traceback(module: str) -> None:
    stopped = f"""
import sys
class Stopped:
    def find_spec(self, name, *_):
        if name == {module!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Stopped())
sys.argv = ["trialog", "check"]
from trialog.__main__ import run
sys.exit(run())
"""
    found = subprocess.run([sys.executable, "-c", stopped], capture_output=True, text=True)
    assert (found.returncode, found.stdout, found.stderr) == (130, "", "")
