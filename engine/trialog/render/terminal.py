"""What people read at a terminal: tables of verdicts, and explanations as indented lines."""

import textwrap
from collections.abc import Sequence
from typing import assert_never

from trialog.answers import Status, Verdict
from trialog.proof import Explanations
from trialog.screening import Ground, Screened, counts, grounds

_MOST_GROUNDS = 3
_COLOUR = {
    Verdict.ELIGIBLE: "32", Verdict.INELIGIBLE: "31", Verdict.UNDETERMINED: "33", Verdict.AWAITING_JUDGEMENT: "36",
    Status.MET: "32", Status.NOT_MET: "31", Status.UNKNOWN: "33",
}  # fmt: skip


def painted(words: str, meaning: Verdict | Status, colour: bool) -> str:
    return f"\033[{_COLOUR[meaning]}m{words}\033[0m" if colour else words


def verdict_lines(cohorts: Sequence[str], run: Sequence[Screened], width: int, colour: bool) -> list[str]:
    """Each patient with a verdict for each cohort and its reason; then how many patients have each verdict."""
    lines: list[str] = []
    widest = max((len(c) for c in cohorts), default=0)
    for s in run:
        if s.answers is None:
            continue
        explanations = Explanations(s.answers)
        lines.append(s.answers.chart.patient)
        for cohort in cohorts:
            verdict = s.answers.verdict(cohort)
            lines.append(f"  {cohort:<{widest}}  {painted(verdict.value, verdict, colour)}")
            if verdict is not Verdict.ELIGIBLE:
                lines += _ground_lines(grounds(s.answers, explanations, cohort, _MOST_GROUNDS), verdict, width)
    lines.append("")
    header = f"{'':<{widest}}  " + "  ".join(v.value for v in Verdict)
    lines.append(header)
    for cohort in cohorts:
        found = counts(list(run), cohort)
        lines.append(f"{cohort:<{widest}}  " + "  ".join(f"{found[v]:>{len(v.value)}}" for v in Verdict))
    return lines


def _ground_lines(found: list[Ground], verdict: Verdict, width: int) -> list[str]:
    """The first grounds in full, the others by their ids."""
    lines: list[str] = []
    first = sorted(found, key=lambda g: _weight(g, verdict))
    for g in first[:_MOST_GROUNDS]:
        status = g.status.value if g.reason is None else g.reason.value
        lines += wrapped(f"{g.atom} {status}: {g.because}", width, "      ", "        ")
    if len(first) > _MOST_GROUNDS:
        lines += wrapped("and " + ", ".join(g.atom for g in first[_MOST_GROUNDS:]), width, "      ", "        ")
    return lines


def _weight(ground: Ground, verdict: Verdict) -> int:
    """What is missing comes before what awaits a signature, unless signatures are all that is awaited."""
    awaited = ground.reason is not None and ground.reason.value == Verdict.AWAITING_JUDGEMENT.value
    return int(not awaited if verdict is Verdict.AWAITING_JUDGEMENT else awaited)


def wrapped(words: str, width: int, first: str, following: str, whole: bool = False) -> list[str]:
    """Lines of at most `width`; where words stay `whole`, so that they can be typed again, one of them may be longer."""
    return textwrap.wrap(
        words,
        max(width, 40),
        initial_indent=first,
        subsequent_indent=following,
        break_on_hyphens=False,
        break_long_words=not whole,
    ) or [first]


def sign(status: Status) -> str:
    match status:
        case Status.MET:
            return "✓"
        case Status.NOT_MET:
            return "✗"
        case Status.UNKNOWN:
            return "?"
        case _:
            assert_never(status)
