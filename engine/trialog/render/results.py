"""The results of a run as JSON, the contract for other programs, and as CSV."""

import csv
import io
import json
from collections.abc import Sequence

from trialog.program import Program
from trialog.proof import Explanations
from trialog.screening import Screened, because, grounds


def as_json(
    trial: str,
    kb: str,
    charts: str,
    program: Program,
    cohorts: Sequence[str],
    run: Sequence[Screened],
    ascii_alone: bool = False,
) -> str:
    """`{"trial", "kb", "charts", "patients": [...]}` (see docs/json.md); `kb` and `charts` are SHA-256 of what was used.

    Where `ascii_alone`, other characters are escaped, for streams that cannot hold them.
    """
    patients = [_patient(s, program, cohorts) for s in run if s.answers is not None]
    return json.dumps(
        {"trial": trial, "kb": kb, "charts": charts, "patients": patients}, ensure_ascii=ascii_alone, indent=2
    )


def _patient(screened: Screened, program: Program, cohorts: Sequence[str]) -> dict[str, object]:
    answers = screened.answers
    assert answers is not None
    explanations = Explanations(answers)
    atoms: dict[str, dict[str, object]] = {}
    for cohort in cohorts:
        for a in program.atoms_of(cohort):
            if a.identifier not in atoms:
                step = explanations.of(a.relation)
                reason = step.reason.value if step.reason is not None else None
                atoms[a.identifier] = {
                    "status": answers.status(a.relation).value,
                    "reason": reason,
                    "because": because(step),
                }
    return {
        "patient": answers.chart.patient,
        "cohorts": {
            cohort: {
                "verdict": answers.verdict(cohort).value,
                "atoms": {a.identifier: atoms[a.identifier] for a in program.atoms_of(cohort)},
            }
            for cohort in cohorts
        },
    }


def as_csv(cohorts: Sequence[str], run: Sequence[Screened]) -> str:
    """One line for each patient and cohort: patient, cohort, verdict, and what it rests on."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["patient", "cohort", "verdict", "atoms", "because"])
    for s in run:
        if s.answers is None:
            continue
        explanations = Explanations(s.answers)
        for cohort in cohorts:
            found = grounds(s.answers, explanations, cohort)
            writer.writerow(
                [
                    _inert(s.answers.chart.patient),
                    cohort,
                    s.answers.verdict(cohort).value,
                    " ".join(g.atom for g in found),
                    _inert("; ".join(f"{g.atom} {g.status.value}: {g.because}" for g in found)),
                ]
            )
    return out.getvalue().rstrip("\n")


def _inert(cell: str) -> str:
    """The cell so that a spreadsheet does not take it for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
