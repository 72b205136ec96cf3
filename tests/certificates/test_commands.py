"""`trialog why --certificate` and `trialog verify`, as they are typed."""

import json
from pathlib import Path

import pytest

from trialog.cli import main

TRIAL, PATIENT = "car-nk-b-cell-children", "iga-008-judgement-expired"
CASES = Path(__file__).parents[2] / f"kb/trials/{TRIAL}/cases"


@pytest.fixture
def certificate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "answer.json"
    assert main(["why", TRIAL, PATIENT, "--one-engine", "--certificate", str(path)]) == 0
    assert f"certificate written to {path}" in capsys.readouterr().out
    return path


def test_what_is_written_is_accepted_and_confirmed(
    certificate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    provenance = tmp_path / "answer.prov.json"
    assert main(["verify", str(certificate), "--charts", str(CASES), "--prov", str(provenance)]) == 0
    said = capsys.readouterr().out
    assert f"accepted: {PATIENT}" in said
    assert said.count("confirmed: ") == 3
    assert "not asked: " not in said
    assert json.loads(provenance.read_text(encoding="utf-8")).keys() >= {"entity", "activity", "wasDerivedFrom"}


def test_what_is_not_confirmed_is_said(certificate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(certificate)]) == 0
    assert capsys.readouterr().out.count("not asked: ") == 2


def test_of_an_atom_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "atom.json"
    assert main(["why", TRIAL, PATIENT, "--atom", "C2", "--one-engine", "--certificate", str(path)]) == 0
    assert main(["verify", str(path), "--charts", str(CASES)]) == 0
    assert "  C2 " in capsys.readouterr().out.partition("accepted")[2]


def test_another_verdict_is_rejected_without_a_word_on_the_output(
    certificate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = json.loads(certificate.read_text(encoding="utf-8"))
    changed["verdicts"][0]["verdict"] = "eligible"
    certificate.write_text(json.dumps(changed), encoding="utf-8")
    assert main(["verify", str(certificate)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "error[E654]" in err
