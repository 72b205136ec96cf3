"""What `trialog why` prints: proofs as text at three lengths, as a page and as JSON."""

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trialog.answers import Answers, Status
from trialog.program import ProtocolAtom
from trialog.proof import Explanations
from trialog.proof.prose import line, paragraph
from trialog.render.proofs import ProofLines
from trialog.render.terminal import painted, wrapped
from trialog.usage import complain, emit, holds_ascii_alone
from trialog.values import show_day

if TYPE_CHECKING:
    from trialog.second_opinion import SecondOpinion


def length(given: argparse.Namespace) -> str:
    """One atom is told in full where nothing else is asked for, a whole protocol in paragraphs."""
    return given.length or ("paragraph" if given.atom is None and not given.plumbing else "everything")


def why_lines(
    given: argparse.Namespace, answers: Answers, cohorts: Sequence[str], atoms: Sequence[ProtocolAtom]
) -> Iterator[str]:
    """The verdicts and each atom's proof, as long as it was asked for."""
    explanations = Explanations(answers)
    yield f"{given.patient}, screened on {show_day(answers.screening)}"
    for cohort in cohorts:
        verdict = answers.verdict(cohort)
        yield f"  {cohort}: {painted(verdict.value, verdict, given.colour)}"
    proofs = ProofLines(given.width, given.colour, given.plumbing)
    how_long = length(given)
    for a in atoms:
        step, status = explanations.of(a.relation), answers.status(a.relation)
        note = f" ({step.reason.value})" if step.reason is not None else ""
        head = f"{a.identifier} {status.value}{note}: {a.phrase}"
        if how_long == "line":
            head += f" – {line(step)}"
        first, *more = wrapped(
            head, given.width, "" if how_long != "line" else "  ", "  " if how_long != "line" else "    "
        )
        if how_long != "line" or a is atoms[0]:
            yield ""
        yield first.replace(status.value, painted(status.value, status, given.colour), 1)
        yield from more
        if how_long == "line":
            continue
        if given.atom is not None or status is not Status.MET:
            yield from wrapped(" ".join(a.quote.split()), given.width, "  > ", "  > ")
        if how_long == "paragraph":
            yield from wrapped(paragraph(step), given.width, "  ", "  ")
        else:
            yield from proofs.below(step, a.identifier)
            if status is Status.UNKNOWN:
                from trialog.proof.prose import settling

                met, not_met = settling(step)
                yield "  to settle it:"
                for ways, what in ((met, "met"), (not_met, "not met")):
                    joined = "; or ".join(ways) if what == "met" else "; and ".join(ways)
                    yield from wrapped(f"{what} if {joined}", given.width, "    ", "      ")
        if given.atom is not None:
            yield f"  {a.at}"
    if given.atom is None and answers.chart.set_aside:
        yield from ("", "set aside:")
        for s in answers.chart.set_aside:
            yield from wrapped(f"{s.what}: {s.why}", given.width, "  ", "    ")


def proofs_for_others(
    given: argparse.Namespace,
    answers: Answers,
    cohorts: Sequence[str],
    atoms: Sequence[ProtocolAtom],
    second: "SecondOpinion | None",
) -> int:
    """Print the proofs as JSON or as a page; the code to end with, should the engines disagree."""
    from trialog.second_opinion import Agreed, Disagreed, problems
    from trialog.usage import DISAGREEMENT

    opinion = second.opinion() if second is not None else None
    if isinstance(opinion, Disagreed):
        complain(problems(opinion, answers.screener.program))
        return DISAGREEMENT
    agreed = opinion.relations if isinstance(opinion, Agreed) else None
    explanations = Explanations(answers)
    if given.format == "json":
        from trialog.render.proofs_json import as_json

        emit([as_json(given.trial, answers, cohorts, atoms, explanations, agreed, holds_ascii_alone())])
    else:
        from trialog.render.proofs_html import as_html

        emit([as_html(given.trial, answers, cohorts, atoms, explanations, agreed, given.plumbing)])
    return 0
