"""Proofs for other programs: each step once, under the hash of what it holds."""

import json
from collections.abc import Sequence

from trialog.answers import Answers, Status
from trialog.program import ProtocolAtom
from trialog.proof import Explanations, Step
from trialog.proof.prose import line, paragraph, settling
from trialog.proof.step import each
from trialog.values import show_day


def as_json(
    trial: str,
    answers: Answers,
    cohorts: Sequence[str],
    atoms: Sequence[ProtocolAtom],
    explanations: Explanations,
    agreed: int | None,
    ascii_alone: bool = False,
) -> str:
    """`{"trial", "patient", "screened", "agreed", "cohorts", "atoms", "steps"}` (see docs/json.md)."""
    told: dict[str, object] = {}
    steps: dict[str, object] = {}
    seen: set[int] = set()
    for a in atoms:
        step = explanations.of(a.relation)
        met, not_met = settling(step) if step.status is Status.UNKNOWN else ([], [])
        told[a.identifier] = {
            "status": step.status.value, "reason": step.reason.value if step.reason is not None else None, "phrase": a.phrase,
            "quote": " ".join(a.quote.split()), "line": line(step), "paragraph": paragraph(step),
            "met_if": met, "not_met_if": not_met, "proof": step.digest,
        }  # fmt: skip
        steps |= {s.digest: _step(s) for s in each(step, seen)}
    return json.dumps(
        {
            "trial": trial, "patient": answers.chart.patient, "screened": show_day(answers.screening), "agreed": agreed,
            "cohorts": {c: answers.verdict(c).value for c in cohorts}, "atoms": told, "steps": steps,
        },
        ensure_ascii=ascii_alone, indent=2,
    )  # fmt: skip


def _step(s: Step) -> dict[str, object]:
    at = None if s.at is None else {"file": s.at.source.name, "line": s.at.line}
    return {
        "part": s.part.value, "says": s.says, "status": s.status.value,
        "reason": s.reason.value if s.reason is not None else None, "atom": s.atom or None, "plumbing": s.plumbing,
        "bindings": dict(s.bindings), "at": at, "places": [{"file": p.file, "line": p.line, "path": p.path} for p in s.places],
        "below": [b.digest for b in s.below],
    }  # fmt: skip
