"""What if a fact were recorded, or were not: the answers before and after, the chart itself left as it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trialog.answers import Answers, Status, Verdict
from trialog.charts.chart import Chart, Denied, Judgement, Record, Reviewed
from trialog.charts.rows import contradicts
from trialog.ground import read_addition, read_retraction
from trialog.problem import Problem
from trialog.proof import Explanations, Step
from trialog.proof.wording import Wording
from trialog.source import Source, Span
from trialog.supposing import Add, Edit, Entry, Take, supposing
from trialog.values import show_days
from trialog.vocabulary import Kind


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a proof that is there before or after alone; `depth` is how far below the atom it stands."""

    depth: int
    says: str
    status: Status


@dataclass(frozen=True, slots=True)
class Change:
    """A status or a verdict that changed, with the lines of its proof that differ; of a verdict there are none."""

    of: str
    phrase: str
    before: str
    after: str
    gone: tuple[Line, ...] = ()
    new: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class WhatIf:
    """`reasons` are atoms whose status stays and whose proof is another one."""

    added: tuple[Entry, ...]
    retracted: tuple[Entry, ...]
    verdicts: tuple[Change, ...]
    statuses: tuple[Change, ...]
    reasons: tuple[Change, ...]
    before: Answers
    after: Answers


def read_edits(
    answers: Answers, additions: Sequence[str], retractions: Sequence[str]
) -> tuple[tuple[Edit, ...], list[Problem]]:
    """The edits that are typed, and everything that is wrong with them; where something is, there are no edits."""
    vocabulary = answers.screener.program.vocabulary
    edits: list[Edit] = []
    problems: list[Problem] = []
    for text in retractions:
        taken, wrong = read_retraction(text, answers.chart, vocabulary)
        edits += [t for t in taken if t not in edits]
        problems += wrong
    for text in additions:
        entry, wrong = read_addition(text, vocabulary, answers.screening)
        edits += [Add(entry)] if entry is not None else []
        problems += wrong
    if not problems:
        problems += _contradictions(answers, supposing(answers.chart, edits))
    return (() if problems else tuple(edits)), problems


def _contradictions(answers: Answers, chart: Chart) -> Iterator[Problem]:
    """What no chart may state at once."""
    vocabulary = answers.screener.program.vocabulary
    at = Span(Source("command line", ""), 0, 0)
    for denied in chart.denied:
        for record in chart.records:
            is_old = denied in answers.chart.denied and record in answers.chart.records
            if not is_old and contradicts(denied, record, vocabulary):
                claim = f"the chart would say that there was no {denied.concept}, and record one"
                yield Problem("E517", claim, at, "retract the one of the two that is not meant")
    for name, relation in vocabulary.relations.items():
        old, new = (sum(r.relation == name for r in c.records) for c in (answers.chart, chart))
        if relation.kind is Kind.ATTRIBUTE and new > 1 and new > old:
            claim = f"the chart would give `{name}` twice, and a patient has one"
            yield Problem("E517", claim, at, f"retract the other one too: `{name}(_)`")


def what_if(answers: Answers, edits: Sequence[Edit]) -> WhatIf:
    """The answers about the chart with the edits made, compared with those about the chart as it is."""
    screener = answers.screener
    after = screener.screen(supposing(answers.chart, edits), answers.screening)
    one, other = Explanations(answers), Explanations(after)
    statuses: list[Change] = []
    reasons: list[Change] = []
    for atom in screener.program.atoms.values():
        old, new = one.of(atom.relation), other.of(atom.relation)
        gone, come = _differing(old, new), _differing(new, old)
        words = [_status_words(s) for s in (old, new)]
        change = Change(atom.identifier, atom.phrase, words[0], words[1], gone, come)
        if words[0] != words[1]:
            statuses.append(change)
        elif gone or come:
            reasons.append(change)
    verdicts = tuple(
        Change(c, title, b.value, a.value)
        for c, title in screener.program.cohorts.items()
        if (b := answers.verdict(c)) is not (a := after.verdict(c))
    )
    return WhatIf(
        tuple(e.what for e in edits if isinstance(e, Add)),
        tuple(getattr(answers.chart, e.section)[e.index] for e in edits if isinstance(e, Take)),
        verdicts,
        tuple(statuses),
        tuple(reasons),
        answers,
        after,
    )


def verdicts(answers: Answers) -> dict[str, Verdict]:
    """The verdict for each cohort."""
    return {c: answers.verdict(c) for c in answers.screener.program.cohorts}


def _status_words(step: Step) -> str:
    return f"{step.status.value}: {step.reason.value}" if step.reason is not None else step.status.value


def _differing(step: Step, other: Step) -> tuple[Line, ...]:
    """The lines below the step that are not below the other."""
    theirs = {(x.says, x.status) for x in _below(other, 0)}
    return tuple(dict.fromkeys(x for x in _below(step, 0) if (x.says, x.status) not in theirs))


def _below(step: Step, depth: int) -> Iterator[Line]:
    for s in step.below:
        yield Line(depth, s.says, s.status)
        yield from _below(s, depth + 1)


def entry_words(entry: Entry, answers: Answers) -> str:
    """The entry in words, as proofs show it."""
    words = Wording(answers.screener.program.vocabulary)
    match entry:
        case Record() | Judgement():
            return words.record_words(entry)
        case Reviewed() | Denied():
            kind = "reviewed:" if isinstance(entry, Reviewed) else "no"
            history = entry.relation.replace("_", " ")
            return f"{kind} {words.label(entry.concept)}, {history} history up to {show_days(entry.through)}"
