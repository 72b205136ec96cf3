"""A failure, made small, as a spec page: it runs with the others from then on."""

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from tests.agreement.programs import VOCABULARY
from tests.agreement.suite import Counterexample
from tests.agreement.trials import Trial
from tests.chart_json import chart_json
from tests.spec_pages import SPEC, write_case
from trialog.answers import Status
from trialog.page import read_page
from trialog.written import written

FOLDER = SPEC / "found"


@dataclass(frozen=True, slots=True)
class Saved:
    """Where a failure was written; or why its chart cannot be."""

    path: Path | None
    why_not: str = ""

    def __str__(self) -> str:
        if self.path is None:
            return f"this cannot be kept as a page: {self.why_not}"
        return f"kept as {self.path.relative_to(SPEC.parents[1])}: read what it expects before you keep it"


def save(trial: Trial, found: Counterexample, folder: Path = FOLDER) -> Saved:
    """Write the page. What a completion contradicts is expected to be unknown; all else as the reference engine has it."""
    vocabulary = trial.subject.program.vocabulary
    said = trial.subject.statuses(found.chart)
    expected = {c: (Status.UNKNOWN if f"`{c}`" in found.about else s).value for c, s in said.items()}
    rules = "\n".join(written(replace(r, role=None, label=None)) for r in trial.made.rules)
    try:
        chart = chart_json(replace(found.chart, screening=trial.subject.screening), vocabulary)
    except ValueError as error:
        return Saved(None, str(error))
    (block,) = read_page(VOCABULARY)[0].blocks
    folder.mkdir(exist_ok=True)
    path = folder / f"{sha256((rules + chart).encode()).hexdigest()[:8]}.md"
    title = "Found by a program made at random"
    write_case(path, title, rules, chart, expected, block.at.words, trial.subject.readings)
    return Saved(path)
