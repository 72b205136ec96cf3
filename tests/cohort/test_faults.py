"""Faults planted in a copy of the package: charts of programs made at random, or of hard numbers, find each of them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import trialog

ROOT = Path(__file__).parents[2]
PACKAGE = Path(trialog.__file__).parent
BY_CHANCE = {
    "a roughly dated result that is not taken for the last": (
        "cohort/latest.py",
        "if S[c + width] <= since and S[c + width + 1] >= last:",
        "if S[c + width] <= since and S[c + width + 1] > last:",
    ),
    "a last result that nobody asks any more whether there is one": (
        "cohort/latest.py",
        "if not sure and may_be_more != 0 and unknown > 0:",
        "if False and unknown > 0:",
    ),
    "a denial that makes no record doubtful": (
        "cohort/records.py",
        "if about >= 0 and N[absent] != 0:\\n                if is_denied",
        "if False:\\n                if is_denied",
    ),
    "an unconfirmed record that is sure": (
        "cohort/records.py",
        "sure = S[r + width]\\n",
        "sure = 1\\n",
    ),
    "results of one day that are not drawn together": (
        "cohort/records.py",
        "if S[o + width] <= high and low <= S[o + width + 1]:",
        "if S[o + width] < high and low <= S[o + width + 1]:",
    ),
    "a history that is taken to be reviewed through the later end of a rough date": (
        "cohort/records.py",
        "if S[d] == relation and S[d + 2] >= screening:",
        "if S[d] == relation and S[d + 3] >= screening:",
    ),
    "a class that is taken for itself alone": (
        "engines/kernel/body.py",
        "{'!= 0' if i == classes[0] else '== 2'}",
        ">= 0",
    ),
}
BY_HAND = {
    "a dose worked out from the wrong end of the weight": (
        "cohort/products.py",
        "S[c + whole], high)",
        "S[c + whole], low)",
    ),
    "a signature that is taken to count until the later end of a rough date": (
        "cohort/records.py",
        "if S[r + 4] < screening:",
        "if S[r + 5] < screening:",
    ),
    "a denied member that a class may still mean": (
        "cohort/records.py",
        "if about >= 0 and N[absent] != 0:\\n        said",
        "if False:\\n        said",
    ),
    "answers that differ, taken for each of their members": (
        "cohort/latest.py",
        "put_possible(S, N, B, M, possible, at, row, 2)",
        "put_possible(S, N, B, M, possible, at, row, 0)",
    ),
    "an order of numbers between ticks that is not looked at": (
        "engines/kernel/limits.py",
        "return [unsure_order, *beyond((left, right), mine, values, ranges)]",
        "return beyond((left, right), mine, values, ranges)",
    ),
    "a limit beyond the largest code that nobody watches": (
        "engines/kernel/limits.py",
        "if code <= LARGEST_CODE:",
        "if True:",
    ),
    "numbers in a negation that nobody watches": (
        "engines/kernel/shape.py",
        "inner = [_bound_between(x.body, between, of_patient) for x in rule.body if isinstance(x, Absent)]",
        "inner = []",
    ),
    "a quotient that is taken for the number beside it": (
        "cohort/products.py",
        "tell(S, N, B, M, fractions, S[c + i], 0, 0)",
        "pass",
    ),
    "numbers beyond 64 bits that nobody watches": (
        "engines/kernel/limits.py",
        "return [_beyond(watched, values, most)] if watched else []",
        "return []",
    ),
}  # fmt: skip
FAULTS = BY_CHANCE | BY_HAND
HARD = ("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/cohort/test_edges.py")
MANY = ("-W", "ignore", "-m", "tests.cohort", "--programs", "200", "--as-found", "--jobs", "2")


def tried(package: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """What is said of this copy of the package."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("command", [HARD, MANY], ids=["hard numbers", "many programs"])
def test_nothing_is_found_where_nothing_is_wrong(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Without this, what is found in the others might be there in any case."""
    shutil.copytree(PACKAGE, tmp_path / "trialog", ignore=shutil.ignore_patterns("__pycache__"))
    ran = tried(tmp_path, *command)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name: str, tmp_path: Path) -> None:
    file, right, wrong = (part.replace("\\n", "\n") for part in FAULTS[name])
    copy = shutil.copytree(PACKAGE, tmp_path / "trialog", ignore=shutil.ignore_patterns("__pycache__"))
    text = (copy / file).read_text(encoding="utf-8")
    assert text.count(right) == 1, "the fault has one place"
    (copy / file).write_text(text.replace(right, wrong), encoding="utf-8")
    found = tried(tmp_path, *(HARD if name in BY_HAND else MANY))
    assert found.returncode == 1, found.stdout + found.stderr
    assert "by the kernel as" in found.stdout, found.stdout
