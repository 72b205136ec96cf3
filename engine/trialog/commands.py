"""The commands for investigators: who is eligible, why, why not, and what each reading changes."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from trialog.answers import Answers, Screener
from trialog.charts.chart import Chart
from trialog.charts.files import ReadChart
from trialog.knowledge import Library, shipped, shown
from trialog.problem import Problem, did_you_mean
from trialog.program import Program
from trialog.screening import Screened, screen_all, was_refused
from trialog.usage import (
    DISAGREEMENT,
    UsageError,
    complain,
    emit,
    holds_ascii_alone,
    library_at,
    note,
    typed_problem,
    typed_wrong,
)
from trialog.values import show_day

if TYPE_CHECKING:
    from trialog.engines.worker import Worker
    from trialog.second_opinion import SecondOpinion

_MOST_IDS = 20

# -- what every run needs ----------------------------------------------------------------------------------------


def the_program(given: argparse.Namespace) -> tuple[Library, Program]:
    library = library_at(Path(given.kb))[0] if given.kb else Library(shipped())
    if given.trial not in library.trials:
        raise typed_wrong(
            "E601",
            f"there is no trial `{given.trial}`",
            did_you_mean(given.trial, library.trials) or f"there is {', '.join(f'`{t}`' for t in library.trials)}",
        )
    program, problems = library.program(given.trial)
    if program is None:
        raise UsageError(*problems)
    return library, program


def the_cohorts(given: argparse.Namespace, program: Program) -> tuple[str, ...]:
    wanted: str | None = vars(given).get("cohort")
    if wanted is None:
        return tuple(program.cohorts)
    if wanted not in program.cohorts:
        raise typed_wrong(
            "E603",
            f"there is no cohort `{wanted}`",
            did_you_mean(wanted, program.cohorts) or f"there are {', '.join(f'`{c}`' for c in program.cohorts)}",
        )
    return (wanted,)


def chosen_readings(given: argparse.Namespace, program: Program) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for name, option in given.reading:
        if name not in program.readings:
            raise typed_wrong(
                "E604",
                f"there is no reading `{name}`",
                did_you_mean(name, program.readings) or f"there are {', '.join(f'`{r}`' for r in program.readings)}",
            )
        options = program.readings[name].options
        if option not in options:
            raise typed_wrong(
                "E604",
                f"the reading `{name}` has no option `{option}`",
                did_you_mean(option, options) or f"its options are {', '.join(f'`{o}`' for o in options)}",
            )
        if chosen.get(name, option) != option:
            raise typed_wrong(
                "E604", f"the reading `{name}` is given twice, as `{chosen[name]}` and as `{option}`", "give it once"
            )
        chosen[name] = option
    return chosen


def chart_folder(given: argparse.Namespace, library: Library) -> Path:
    path = Path(given.charts) if given.charts else library.folder(given.trial) / "cases"
    if not path.exists():
        raise typed_wrong(
            "E605",
            f"there is no file or folder `{path}`",
            "give a chart, a folder of charts or a folder of tables"
            if given.charts
            else "this trial has no cases: give `--charts PATH`",
        )
    return path


def read_all(path: Path, program: Program, patient: str | None = None) -> Iterator[ReadChart]:
    """The charts, with a progress bar on a terminal where there are many files; others than the patient's may be left out."""
    from trialog.charts.read import read_charts, read_charts_of

    here = Path(shown(path))
    found = (
        read_charts(here, program.vocabulary) if patient is None else read_charts_of(here, program.vocabulary, patient)
    )
    many = path.is_dir() and sum(1 for _ in path.iterdir()) > 20
    if not (many and sys.stderr.isatty()):
        yield from found
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading charts", total=sum(1 for p in path.iterdir() if p.suffix == ".json") or None)
        for read in found:
            progress.advance(task)
            yield read


def _screened(given: argparse.Namespace) -> tuple[Library, Program, Path, Sequence[str], list[Screened]]:
    library, program = the_program(given)
    cohorts = the_cohorts(given, program)
    screener = Screener(program, chosen_readings(given, program))
    path = chart_folder(given, library)
    run = list(screen_all(screener, read_all(path, program), given.as_of, date.today().toordinal()))
    return library, program, path, cohorts, run


def named(charts: Sequence[ReadChart], names: Sequence[str], path: Path) -> list[ReadChart]:
    """The charts of those who are named. Raises UsageError with every name that is nobody's.

    A chart that was refused may be theirs, and a file in which nobody was found is no patient: what is wrong with them is told too.
    """
    unknown = [n for n in dict.fromkeys(names) if all(r.name != n for r in charts)]
    if not unknown:
        return [r for r in charts if r.name in names]
    refused = [p for r in charts if r.chart is None for p in r.problems]
    there = [r.name for r in charts if r.chart is not None or not r.problems]  # of a store, names alone may be read
    if not there:
        raise UsageError(*(refused or [_nobody(n, there, path) for n in unknown]))
    raise UsageError(*(_nobody(n, there, path) for n in unknown), *refused)


def _nobody(name: str, there: Sequence[str], path: Path) -> Problem:
    from trialog.charts.read import MANY_NAMES

    count = f"there {'is' if len(there) == 1 else 'are'} {'' if len(there) < MANY_NAMES else 'more than '}{len(there)}"
    among = ", among them " if len(there) > 3 else ": " if there else ""
    help_ = did_you_mean(name, there) or f"{count}{among}{', '.join(there[:3])}"
    return typed_problem("E602", f"there is no patient `{name}` in {shown(path)}", help_)


def one_patient(given: argparse.Namespace, library: Library, program: Program) -> list[Screened]:
    """The run over the charts of the patient who was named; there is at least one."""
    screener = Screener(program, chosen_readings(given, program))
    path = chart_folder(given, library)
    mine = named(list(read_all(path, program, given.patient)), [given.patient], path)
    return list(screen_all(screener, iter(mine), given.as_of, date.today().toordinal()))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command about one patient is asked of: the answers, and the cohorts that were chosen."""

    library: Library
    program: Program
    cohorts: tuple[str, ...]
    answers: Answers


def about_one_patient(given: argparse.Namespace, say: Callable[[Asked], int]) -> int:
    """Have a command said of the patient who was named, and say what was refused; return the code to end with."""
    library, program = the_program(given)
    cohorts = the_atoms(given, program)[0] if "atom" in given else the_cohorts(given, program)
    run = one_patient(given, library, program)
    answers = run[0].answers
    code = say(Asked(library, program, cohorts, answers)) if answers is not None else 0
    return code or finish(run)


def one_patient_chart(given: argparse.Namespace, library: Library, program: Program, patient: str) -> Chart | None:
    """The chart of a patient; None where it was refused. Raises UsageError where there is none."""
    path = chart_folder(given, library)
    found = [r for r in read_all(path, program, patient) if r.name == patient]
    if not found:
        raise typed_wrong(
            "E602", f"there is no patient `{patient}` in {shown(path)}", "give the chart it was made from"
        )
    return found[0].chart if len(found) == 1 else None


def finish(run: Sequence[Screened]) -> int:
    """Say what was refused, on the error stream, and with what code to end."""
    problems = [p for s in run for p in s.problems]
    complain(problems)
    refused = [s.name for s in run if was_refused(s)]
    if refused:
        which = ", ".join(refused[:5]) + (", …" if len(refused) > 5 else "")
        note(f"{len(refused)} of {len(run)} charts refused: {which}")
    return 0 if not refused else 3 if any(s.answers is not None for s in run) else 2


# -- screen ------------------------------------------------------------------------------------------------------


def screen(given: argparse.Namespace) -> int:
    """Print each patient's verdict for each cohort."""
    library, program, path, cohorts, run = _screened(given)
    match given.format:
        case "json":
            from trialog.charts.read import digest
            from trialog.render.results import as_json

            plain = holds_ascii_alone()
            emit([as_json(given.trial, library.digest(given.trial), digest(path), program, cohorts, run, plain)])
        case "csv":
            from trialog.render.results import as_csv

            emit([as_csv(cohorts, run)])
        case _:
            from trialog.render.terminal import verdict_lines

            emit([*_heading(given, program, path, run), ""])
            emit(verdict_lines(cohorts, run, given.width, given.colour))
            emit(_afterword(given, run))
    code = finish(run)
    if given.engine == "pydatalog":
        answers = [s.answers for s in run if s.answers is not None]
        from trialog.confirming import confirmed

        return code if confirmed(answers, program, "patients", lambda lines: note("\n".join(lines))) else DISAGREEMENT
    return code


def _heading(given: argparse.Namespace, program: Program, path: Path, run: Sequence[Screened]) -> list[str]:
    screened = [s.answers for s in run if s.answers is not None]
    of_its_own = {a.screening for a in screened}
    days = (
        ""
        if not of_its_own
        else f" on {show_day(min(of_its_own))}"
        if len(of_its_own) == 1
        else " on dates of their own"
    )
    today = given.as_of is None and any(a.chart.screening is None for a in screened)
    lines = [
        program.title,
        f"{len(screened)} patient{'s' * (len(screened) != 1)} from {shown(path)}, screened{days}"
        + (" (today, where a chart has no screening date; --as-of DATE chooses)" if today else ""),
    ]
    if given.reading:
        lines.append("read with " + ", ".join(f"{n} = {o}" for n, o in given.reading))
    return lines


def _afterword(given: argparse.Namespace, run: Sequence[Screened]) -> list[str]:
    lines: list[str] = []
    aside = sum(len(s.answers.chart.set_aside) for s in run if s.answers is not None)
    if aside:
        lines += [
            "",
            f"{aside} records, or kinds of record, were set aside; `trialog why {given.trial} PATIENT` lists them with the reason.",
        ]
    return lines


# -- why ---------------------------------------------------------------------------------------------------------


def why(given: argparse.Namespace) -> int:
    """Explain one patient's verdicts and statuses, and have a second engine confirm them."""
    if given.one_engine:
        return about_one_patient(given, lambda asked: _explain(given, asked, None))
    from trialog.engines.worker import Worker

    with Worker() as worker:
        return about_one_patient(given, lambda asked: _explain(given, asked, worker))


def _explain(given: argparse.Namespace, asked: Asked, worker: "Worker | None") -> int:
    from trialog.second_opinion import SecondOpinion
    from trialog.why_lines import proofs_for_others, why_lines

    program, cohorts, answers = asked.program, asked.cohorts, asked.answers
    wanted = [
        a for a in dict.fromkeys(a for c in cohorts for a in program.atoms_of(c)) if given.atom in (None, a.identifier)
    ]
    second = SecondOpinion(answers, worker) if worker is not None else None
    if given.format != "text":
        code, says = proofs_for_others(given, answers, cohorts, wanted, second), "says what stands with the answer"
    else:
        emit(why_lines(given, answers, cohorts, wanted))
        code, says = _confirm(second, program, given.width) if second is not None else (0, "was not asked")
    if given.certificate and code:
        note(f"no certificate is written to {given.certificate}: the two engines disagree")
    elif given.certificate:
        from trialog.certificate_files import write_certificate

        engines = (("trialog", "derived this"), ("pyDatalog", says))
        write_certificate(given, asked.library, answers, cohorts, engines)
    return code


def the_atoms(given: argparse.Namespace, program: Program) -> tuple[tuple[str, ...], list[str]]:
    """The cohorts that are asked for, and the ids of their atoms, among which is the one that is asked for."""
    cohorts = the_cohorts(given, program)
    ids = [a.identifier for c in cohorts for a in program.atoms_of(c)]
    if given.atom is not None and given.atom not in ids:
        raise typed_wrong(
            "E606",
            f"there is no atom `{given.atom}`",
            did_you_mean(given.atom, ids) or _there_are(ids),
        )
    return cohorts, ids


def _there_are(ids: Sequence[str]) -> str:
    """What there is instead, in words."""
    shown = ", ".join(ids[:_MOST_IDS]) + (", …" if len(ids) > _MOST_IDS else "")
    return f"there {'is' if len(ids) == 1 else 'are'} {shown}" if ids else "no rule of the page has an id"


def _confirm(second: "SecondOpinion", program: Program, width: int) -> tuple[int, str]:
    """Say on the last line whether the second engine agrees; return the code to end with, and what it says."""
    from trialog.render.terminal import wrapped
    from trialog.second_opinion import Agreed, Disagreed, Unconfirmed, problems

    if sys.stdout is not None:
        sys.stdout.flush()  # what is known is shown while we wait
    opinion = second.opinion()
    match opinion:
        case Agreed(relations):
            emit(["", f"both engines agree on {relations} relations"])
            return 0, f"agrees on {relations} relations"
        case Unconfirmed(why):
            emit(["", *wrapped(f"not confirmed by a second engine: {why}", width, "", "  ")])
            return 0, f"does not confirm this: {why}"
        case Disagreed():
            emit(["", "the two engines disagree: rely on nothing above"])
            complain(problems(opinion, program))
            return DISAGREEMENT, "disagrees"
        case _:
            assert_never(opinion)


# -- readings ----------------------------------------------------------------------------------------------------


def readings(given: argparse.Namespace) -> int:
    """Print, for each option of each reading that is not the one in force, whose verdict it changes."""
    library, program = the_program(given)
    cohorts = the_cohorts(given, program)
    chosen = chosen_readings(given, program)
    path = chart_folder(given, library)
    charts = list(read_all(path, program))
    today = date.today().toordinal()
    base = Screener(program, chosen)
    before = list(screen_all(base, iter(charts), given.as_of, today))
    for name, reading in program.readings.items():
        emit([f"{name}: {reading.description}"])
        for option in reading.options:
            if option == base.readings[name]:
                emit([f"  {option} (in force)"])
                continue
            after = screen_all(Screener(program, {**chosen, name: option}), iter(charts), given.as_of, today)
            flips = [
                f"    {b.answers.chart.patient}  {c}: {b.answers.verdict(c).value} → {a.answers.verdict(c).value}"
                for b, a in zip(before, after, strict=True)
                if a.answers is not None and b.answers is not None
                for c in cohorts
                if b.answers.verdict(c) is not a.answers.verdict(c)
            ]
            emit(
                [
                    f"  {option}: " + (f"{len(flips)} verdicts change" if len(flips) != 1 else "1 verdict changes"),
                    *flips,
                ]
            )
    return finish(before)
