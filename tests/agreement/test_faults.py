"""Faults planted in a copy of the package: the suite of this folder finds each of them within a minute."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import trialog

ROOT = Path(__file__).parents[2]
PACKAGE = Path(trialog.__file__).parent
FAULTS = {
    "what is not possible, taken for what is not certain": (
        "bounds.py",
        "opposite = POSSIBLE if body.mode == CERTAIN else CERTAIN",
        "opposite = CERTAIN",
    ),
    "a negation that asks no more whether the history is open": (
        "bounds.py",
        "if body.mode == CERTAIN and not self.fetches.is_exact(p.relation, p.source):",
        "if False:",
    ),
    "an aggregate that asks no more whether the history is open": (
        "bounds.py",
        'if certain and not self.fetches.is_exact(p.relation):\n            body.steps.append(Absent((Fetch(f"{OPEN}',
        'if False:\n            body.steps.append(Absent((Fetch(f"{OPEN}',
    ),
    "the better end of an interval where the worse counts": (
        "ends.py",
        "return [Test(operator, l_high, r_low)]",
        "return [Test(operator, l_low, r_high)]",
    ),
    "`>=` turned into `>` in what all engines count by": (
        "engines/tally.py",
        "return _count(rows, tally) >= tally.bound",
        "return _count(rows, tally) > tally.bound",
    ),
    "the opposite of `<` without the limit itself": ("splits.py", '"<": "<=", "<=": "<"}', '"<": "<", "<=": "<"}'),
    "a split that forgets what one of its cases asks besides": (
        "splits.py",
        "body = (one.body - {x}) | (other.body - {y}) | set(common)",
        "body = (one.body - {x}) | set(common)",
    ),
    "a last result that nobody asks any more whether there is one": (
        "charts/facts.py",
        "if not s.sure and may_be_more:",
        "if False:",
    ),
    "a roughly dated result that is not taken for the last": (
        "charts/latest.py",
        "if on.low <= since and on.high >= latest)",
        "if on.low <= since and on.low >= latest)",
    ),
    "a history that is taken to be reviewed through the later end of a rough date": (
        "charts/facts.py",
        "return statement.through.low >= screening",
        "return statement.through.high >= screening",
    ),
    "a signature that is taken to count until the later end of a rough date": (
        "charts/facts.py",
        "all(j.until.low >= self.screening for j in last)",
        "all(j.until.high >= self.screening for j in last)",
    ),
    "a class that is taken for itself alone, and not for its members": (
        "charts/facts.py",
        "[v] if isinstance(v, Interval) or v in self.vocabulary.leaves else sorted(self.vocabulary.descendants[v])",
        "[v]",
    ),
    "`<=` turned into `<` in the reference engine": (
        "engines/reference.py",
        "return lambda env, _: one(env) <= other(env)",
        "return lambda env, _: one(env) < other(env)",
    ),
}


SIZES = ("--programs", "1200", "--completions", "12", "--jobs", "2", "--engines", "clingo", "--as-found")


def tried(package: Path) -> subprocess.CompletedProcess[str]:
    """What the suite says of this copy of the package."""
    return subprocess.run(
        [sys.executable, "-m", "tests.agreement", *SIZES],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        timeout=900,  # of a machine that is busy; how many programs it takes is what counts
        check=False,
    )


def test_nothing_is_found_where_nothing_is_wrong(tmp_path: Path) -> None:
    """Without this, what is found in the others might be there in any case."""
    shutil.copytree(PACKAGE, tmp_path / "trialog", ignore=shutil.ignore_patterns("__pycache__"))
    ran = tried(tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "disagreements            0" in ran.stdout


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name: str, tmp_path: Path) -> None:
    file, right, wrong = FAULTS[name]
    copy = shutil.copytree(PACKAGE, tmp_path / "trialog", ignore=shutil.ignore_patterns("__pycache__"))
    text = (copy / file).read_text(encoding="utf-8")
    assert text.count(right) == 1, "the fault has one place"
    (copy / file).write_text(text.replace(right, wrong), encoding="utf-8")
    ran = tried(tmp_path)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "disagreements            1" in ran.stdout
    assert "Traceback" not in ran.stdout
