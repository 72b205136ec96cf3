"""Some patients of a run, to be asked why: who they are, and whether the reference says of them what the answers do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trialog.answers import Answers, Verdict
from trialog.cohort.answered import Answered, Query, name, text
from trialog.cohort.attrition import column
from trialog.problem import Problem
from trialog.source import Source, Span


@dataclass(frozen=True, slots=True)
class Sampled:
    """A patient, and the answers' row: a day, and a status, a rule's number or a verdict by column."""

    patient: str
    screening: int
    row: dict[str, object]


def sample(query: Query, answers: Answered, cohorts: Sequence[str], most: int) -> list[Sampled]:
    """So many patients, the same for the same answers: of each verdict for each cohort one after the other."""
    answers.require(f"verdict_{c}" for c in cohorts)
    by_verdict: list[list[str]] = []
    for c in cohorts:
        statement = (
            f"SELECT {name(f'verdict_{c}')}, min_by(patient, md5(patient), {most}) FROM {answers.rows()} GROUP BY ALL"
        )
        found = {str(v): [str(p) for p in patients] for v, patients in query(statement)}
        by_verdict += [found.get(v.value, []) for v in Verdict]
    chosen = list(dict.fromkeys(p[i] for i in range(most) for p in by_verdict if i < len(p)))[:most]
    columns = sorted(answers.columns - {"patient", "screening", "by_reference", "on_today"})
    listed = ", ".join(text(p) for p in chosen)
    statement = (
        f"SELECT patient, screening, {', '.join(map(name, columns))} FROM {answers.rows()} WHERE patient IN ({listed})"
    )
    rows = {
        patient: Sampled(patient, screening.toordinal(), dict(zip(columns, row, strict=True)))
        for patient, screening, *row in (query(statement) if chosen else ())
    }
    return [rows[p] for p in chosen]


def disagreements(answers: Answered, sampled: Sampled, said: Answers) -> Iterator[Problem]:
    """Where the reference says otherwise than the answers, each with the rule that gave the status."""
    program = said.screener.program
    relations = dict.fromkeys((*(a.relation for a in program.atoms.values()), *(c.relation for c in program.criteria)))
    for relation in relations:
        own = column(program, relation)
        was, now = sampled.row.get(own), said.status(relation).value
        if was != now:
            yield _differs(answers, sampled, own, was, now)
    for cohort in program.cohorts:
        was, now = sampled.row.get(f"verdict_{cohort}"), said.verdict(cohort).value
        if was != now:
            yield _differs(answers, sampled, f"verdict_{cohort}", was, now)


def _differs(answers: Answered, sampled: Sampled, own: str, was: object, now: str) -> Problem:
    number = sampled.row.get(f"{own}_rule")
    rule = answers.rules.get(number) if isinstance(number, int) else None
    by = f", by rule {number}" if rule is not None else ""
    claim = f"`{own}` of `{sampled.patient}` is `{was}` in the answers{by}, and `{now}` by the reference"
    place = Span(Source(rule.at if rule is not None and rule.at else str(answers.path), ""), 0, 0)
    help_ = "screen again, if the charts are others than those of the run; if not, rely on none of these answers"
    return Problem("E649", claim, place, help_)
