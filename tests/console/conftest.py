"""A small knowledge base that the tests of queries share."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import shared
from trialog.charts.chart import Chart
from trialog.charts.read import read_charts
from trialog.check import Pages, check
from trialog.program import Program
from trialog.source import Source

PAGE = """\
# A trial

## Cohort sle: Systemic lupus erythematosus

> Patients of 18 years or more who are fit for the infusion.

```datalog
reading strictness = strict | loose "how strictly it is taken".

@S1 "is an adult and fit"
inclusion adult_and_fit(P) :-
    reading strictness = strict, born(P, B), screening(P, S), B + 18 years <= S, judged(P, fit_for_infusion, ..).
adult_and_fit(P) :- reading strictness = loose, judged(P, fit_for_infusion, ..).
```
"""


@dataclass(frozen=True)
class Small:
    pages: Pages
    program: Program


@pytest.fixture(scope="session")
def small() -> Small:
    pages = Pages((shared(),), Source("protocol.md", PAGE), None)
    program, problems = check(pages)
    assert program is not None, problems
    return Small(pages, program)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in: a knowledge base, and charts of a course, of a class, of nothing and of none."""
    trial = tmp_path / "kb/trials/small"
    (tmp_path / "kb/vocabulary").mkdir(parents=True)
    (trial / "cases").mkdir(parents=True)
    (tmp_path / "charts").mkdir()
    (tmp_path / "kb/vocabulary/words.md").write_text(shared().text, encoding="utf-8")
    (trial / "protocol.md").write_text(PAGE, encoding="utf-8")
    (trial / "source.txt").write_text("Patients of 18 years or more who are fit for the infusion.\n", encoding="utf-8")
    for name, content in CHARTS.items():
        chart = {"patient": name, "screening": "2026-01-15", **content}
        (tmp_path / f"charts/{name}.json").write_text(json.dumps(chart), encoding="utf-8")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


SIGNED = [
    {"question": "fit_for_infusion", "decision": "agreed", "on": "2026-01-02", "until": "2026-12-31", "by": "Dr A"}
]
CHARTS: dict[str, dict[str, object]] = {
    "Ann": {
        "facts": {
            "born": [{"on": "2014-05-02"}],
            "treatment": [
                {"drug": "prednisone", "from": "2025-09", "to": "2026-01-10", "dose": "5 mg/d"},
                {"drug": "tacrolimus", "from": "2025-01-02", "to": "2025-02-01"},
            ],
        },
        "judgements": SIGNED,
        "reviewed": [{"relation": "treatment", "concept": "drug", "through": "2026-01-15"}],
    },
    "Bo": {
        "facts": {"born": [{"on": "1999-05-02"}], "treatment": [{"drug": "glucocorticoid", "from": "2025-05-01"}]},
        "reviewed": [{"relation": "treatment", "concept": "drug", "through": "2026-01-15"}],
    },
    "Cleo": {},
    "Dan": {"reviewed": [{"relation": "treatment", "concept": "glucocorticoid", "through": "2026-01-15"}]},
}


@pytest.fixture
def busy(small: Small, here: Path) -> Chart:
    """A chart of so many courses that joining them all with themselves never ends."""
    courses = [{"drug": "tacrolimus", "from": f"2025-01-{d:02}", "to": "2025-02-01"} for d in range(1, 20)]
    path = here / "busy.json"
    path.write_text(json.dumps({"patient": "busy", "screening": "2026-01-15", "facts": {"treatment": courses}}))
    (read,) = read_charts(path, small.program.vocabulary)
    assert read.chart is not None, read.problems
    return read.chart
