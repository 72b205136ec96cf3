"""Cases: charts that say what the answers about their patient must be, and whether they are."""

from collections.abc import Iterator
from dataclasses import dataclass

from trialog.answers import Screener, Status, Verdict
from trialog.charts.files import ReadChart
from trialog.charts.positions import Members, Node, Text
from trialog.problem import Problem, did_you_mean
from trialog.program import Program
from trialog.proof import Explanations, Reason
from trialog.source import Span

_STATUSES = {s.value for s in Status} | {f"{Status.UNKNOWN.value}: {r.value}" for r in Reason}
_VERDICTS = {v.value for v in Verdict}


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a case says of one cohort: of its verdict (`atom` is None), or of one atom's status and reason."""

    cohort: str
    atom: str | None
    wanted: str
    at: Span


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What a case wants and what is found."""

    patient: str
    expectation: Expectation
    found: str


def expectations(read: ReadChart, program: Program) -> tuple[dict[str, str], list[Expectation], list[Problem]]:
    """The readings that a case is meant for, what it expects, and what is wrong with how it says so."""
    problems: list[Problem] = []
    readings: dict[str, str] = {}
    found: list[Expectation] = []
    for key, node in _members(read.expected, problems):
        match key:
            case "readings":
                for name, option in _members(node, problems):
                    if name not in program.readings or _text(option) not in program.readings[name].options:
                        problems.append(
                            Problem(
                                "E607",
                                f"`{name}` = `{_text(option)}` is no reading of this trial",
                                option.at,
                                did_you_mean(name, program.readings),
                            )
                        )
                    else:
                        readings[name] = _text(option)
            case "cohorts":
                for cohort, said in _members(node, problems):
                    if cohort not in program.cohorts:
                        problems.append(
                            Problem(
                                "E607", f"there is no cohort `{cohort}`", said.at, did_you_mean(cohort, program.cohorts)
                            )
                        )
                        continue
                    found.extend(_of_cohort(cohort, said, program, problems))
            case _:
                problems.append(
                    Problem(
                        "E607",
                        f"`{key}` is not something that a case expects",
                        node.at,
                        "expect `cohorts`, under `readings` if need be",
                    )
                )
    return readings, found, problems


def _of_cohort(cohort: str, said: Node, program: Program, problems: list[Problem]) -> Iterator[Expectation]:
    ids = {a.identifier for a in program.atoms_of(cohort)}
    for key, node in _members(said, problems):
        if key == "verdict":
            if _text(node) in _VERDICTS:
                yield Expectation(cohort, None, _text(node), node.at)
            else:
                problems.append(
                    Problem("E607", f"`{_text(node)}` is no verdict", node.at, did_you_mean(_text(node), _VERDICTS))
                )
        elif key == "atoms":
            for atom, status in _members(node, problems):
                if atom not in ids:
                    problems.append(
                        Problem(
                            "E607", f"the cohort `{cohort}` has no atom `{atom}`", status.at, did_you_mean(atom, ids)
                        )
                    )
                elif _text(status) not in _STATUSES:
                    problems.append(
                        Problem(
                            "E607", f"`{_text(status)}` is no status", status.at, did_you_mean(_text(status), _STATUSES)
                        )
                    )
                else:
                    yield Expectation(cohort, atom, _text(status), status.at)
        else:
            problems.append(
                Problem(
                    "E607",
                    f"`{key}` is not something that a case expects of a cohort",
                    node.at,
                    "expect its `verdict` and `atoms`",
                )
            )


def _members(node: Node | None, problems: list[Problem]) -> Iterator[tuple[str, Node]]:
    if isinstance(node, Members):
        for key, value in node.members:
            yield key.value, value
    elif node is not None:
        problems.append(
            Problem(
                "E607",
                "an object is expected here",
                node.at,
                'write `{"cohorts": {"name": {"verdict": "…", "atoms": {"ID": "…"}}}}`',
            )
        )


def _text(node: Node) -> str:
    return node.value if isinstance(node, Text) else ""


def disagreements(
    read: ReadChart, expected: list[Expectation], screener: Screener, screening: int
) -> list[Disagreement]:
    """Where the answers about the case's patient are not what it expects."""
    assert read.chart is not None
    answers = screener.screen(read.chart, screening)
    explanations = Explanations(answers)
    found: list[Disagreement] = []
    for e in expected:
        if e.atom is None:
            got = answers.verdict(e.cohort).value
        else:
            got = answers.atom(e.atom).value
            if ":" in e.wanted:
                reason = explanations.of(screener.program.atoms[e.atom].relation).reason
                got = f"{got}: {reason.value}" if reason is not None else got
        if got != e.wanted:
            found.append(Disagreement(read.chart.patient, e, got))
    return found
