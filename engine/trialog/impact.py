"""What would change if statements went: the pages without them, and the answers from each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from trialog.answers import Answers
from trialog.check import Pages, check
from trialog.problem import Problem, Severity
from trialog.program import Program
from trialog.source import Source, Span


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one patient: criteria and atoms that are still asked, and cohorts, with what is said before and after.

    `kind` is `case` or `chart`. `refused` are the errors for which the chart can no longer be used: nothing is said of the patient
    then.
    """

    kind: str
    patient: str
    statuses: tuple[tuple[str, str, str], ...]
    verdicts: tuple[tuple[str, str, str], ...]
    refused: tuple[Problem, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.statuses or self.verdicts or self.refused)


@dataclass(frozen=True)
class Impact:
    """`gone` are the things that are taken away, `stays` those that nobody stated as such, `errors` why the rest is not sound.

    `no_longer` are the criteria and atoms that are asked of nobody then, `changes` those of the patients for whom something
    changes, of `cases` cases and `charts` other charts. `unseen` are the criteria and atoms that rest on what goes, and of which no
    patient shows it.
    """

    trial: str
    kb: str
    selectors: tuple[str, ...]
    gone: Mapping[str, tuple[Span, ...]]
    stays: tuple[str, ...]
    errors: tuple[Problem, ...]
    cases: int
    charts: int
    no_longer: tuple[str, ...]
    changes: tuple[Change, ...]
    unseen: tuple[str, ...]


def without(pages: Pages, statements: Iterable[Span]) -> Pages:
    """The pages with blanks where these statements stand, so that everything else keeps its place."""
    gone: dict[Source, list[Span]] = {}
    for at in statements:
        gone.setdefault(at.source, []).append(at)

    def left(source: Source) -> Source:
        text = source.text
        for at in gone.get(source, ()):
            blank = "".join(c if c == "\n" else " " for c in at.words)
            text = text[: at.start] + blank + text[at.end :]
        return Source(source.name, text)

    protocol = left(pages.protocol) if pages.protocol is not None else None
    return replace(pages, vocabulary=tuple(left(v) for v in pages.vocabulary), protocol=protocol)


def checked_without(pages: Pages, statements: Iterable[Span], before: Program) -> tuple[Program | None, list[Problem]]:
    """The program of the pages without these statements; or None, and the errors that arise.

    Where the rule that has an atom's id goes, and others for its relation stay, the atom is still asked.
    """
    program, problems = check(without(pages, statements))
    errors = [p for p in problems if p.severity is Severity.ERROR]
    if program is None:
        return None, errors
    kept = {name: a for name, a in before.atoms.items() if a.relation in program.derived}
    return replace(program, atoms=kept), errors


def asked(program: Program) -> dict[str, str]:
    """The relation of each atom by its id, and of each criterion without one by its name."""
    ids = {a.relation: a.identifier for a in program.atoms.values()}
    relations = dict.fromkeys([*ids, *(c.relation for c in program.criteria)])
    return {ids.get(r, r): r for r in relations}


def change(kind: str, before: Answers, after: Answers | None, refused: Sequence[Problem] = ()) -> Change:
    """What is otherwise in `after`; None where the chart can no longer be used."""
    return Change(
        kind,
        before.chart.patient,
        tuple(_differences(_statuses(before), _statuses(after))),
        tuple(_differences(_verdicts(before), _verdicts(after))),
        tuple(refused),
    )


def _statuses(answers: Answers | None) -> dict[str, str]:
    return {} if answers is None else {n: answers.status(r).value for n, r in asked(answers.screener.program).items()}


def _verdicts(answers: Answers | None) -> dict[str, str]:
    return {} if answers is None else {c: answers.verdict(c).value for c in answers.screener.program.cohorts}


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name in before:
        if name in after and before[name] != after[name]:
            yield name, before[name], after[name]
