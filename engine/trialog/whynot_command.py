"""`trialog whynot`: what an answer lacks, on one screen."""

import argparse
from collections.abc import Iterator, Sequence

from trialog.answers import Status, Verdict
from trialog.commands import Asked, about_one_patient
from trialog.program import Criterion
from trialog.proof import Explanations, Lack
from trialog.render.terminal import painted, sign, wrapped
from trialog.tree import Role
from trialog.usage import emit
from trialog.values import show_day

_MOST_FOUND = 3


def whynot(given: argparse.Namespace) -> int:
    """Say what stands between a patient and a cohort, or an atom and being met: by the rule that came nearest."""
    return about_one_patient(given, lambda asked: _say(given, asked))


def _say(given: argparse.Namespace, asked: Asked) -> int:
    answers = asked.answers
    explanations = Explanations(answers)
    emit([f"{given.patient}, screened on {show_day(answers.screening)}"])
    if given.atom is not None:
        atom = asked.program.atoms[given.atom]
        status = answers.status(atom.relation)
        emit(["", f"{given.atom} is {painted(status.value, status, given.colour)}: {atom.phrase}"])
        emit(_lack_lines(explanations.lacking(atom.relation), given, "  "))
        return 0
    for cohort in asked.cohorts:
        verdict = answers.verdict(cohort)
        emit(["", f"{cohort}: {painted(verdict.value, verdict, given.colour)}"])
        if verdict is Verdict.ELIGIBLE:
            continue
        unsatisfied = answers.unsatisfied(cohort)
        surely = [c for c, kept_out in unsatisfied if kept_out]
        emit(_criteria_lines(surely or [c for c, _ in unsatisfied], explanations, given))
        if surely and len(surely) < len(unsatisfied):
            more = len(unsatisfied) - len(surely)
            emit([f"  not known: {more} more {'criterion' if more == 1 else 'criteria'}"])
    return 0


def _criteria_lines(
    criteria: Sequence[Criterion], explanations: Explanations, given: argparse.Namespace
) -> Iterator[str]:
    for c in criteria:
        wanted = Status.MET if c.role is Role.INCLUSION else Status.NOT_MET
        yield from _lack_lines(explanations.lacking(c.relation, wanted), given, "  ")


def _lack_lines(lacks: Sequence[Lack], given: argparse.Namespace, indent: str) -> Iterator[str]:
    for lack in lacks:
        named = " ".join(x for x in (lack.atom, lack.phrase) if x)
        mark = painted(sign(lack.status), lack.status, given.colour)
        head = wrapped(f"{sign(lack.status)} {named}", given.width, indent, indent + "  ")
        yield head[0].replace(sign(lack.status), mark, 1)
        yield from head[1:]
        for found in lack.found[:_MOST_FOUND]:
            yield from wrapped(found, given.width, indent + "    ", indent + "      ")
        if len(lack.found) > _MOST_FOUND:
            more = f"and {len(lack.found) - _MOST_FOUND} more"
            named = f": `trialog why {given.trial} {given.patient} --atom {lack.atom}`" if lack.atom else ""
            yield f"{indent}    {more}{named}"
        if lack.asked:
            yield from wrapped(f"wanted: {lack.asked}", given.width, indent + "    ", indent + "      ")
