"""The command `graph`: what rests on what, of a trial or in one patient's proofs."""

from __future__ import annotations

import argparse
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from trialog.commands import finish, one_patient, the_program
from trialog.program import Program
from trialog.render.graphs.drawn import Drawn, drawn
from trialog.render.terminal import wrapped
from trialog.selecting import Selector, read_selectors, select
from trialog.usage import UsageError, emit, holds_ascii_alone, typed_wrong
from trialog.values import show_day

if TYPE_CHECKING:
    import networkx as nx

_NEAR = (
    2  # steps: to the rules of a thing and what they ask for, and to the rules that ask for it and what those are for
)
_PLURALS = {"criterion": "criteria", "chart": "chart items", "missing": "missing"}


def graph(given: argparse.Namespace) -> int:
    """Print the neighbourhood of what was selected, or of everything where that is asked for."""
    if given.all and given.selectors:
        raise typed_wrong("E643", "both selectors and `--all` are given", "give one of them")
    about_charts = {"--charts": given.charts, "--as-of": given.as_of, "--reading": given.reading}
    idle = next((option for option, value in about_charts.items() if value), None)
    if given.patient is None and idle is not None:
        raise typed_wrong("E643", f"`{idle}` is given, and no patient", "name one with `--patient`, or leave it out")
    if not given.all and not given.selectors and given.format != "text":
        raise typed_wrong(
            "E643",
            f"what is to be shown as {given.format} is not said",
            "give a selector such as `+C6`, or `--all` for the whole graph",
        )
    return _of_patient(given) if given.patient is not None else _of_trial(given)


def _of_trial(given: argparse.Namespace) -> int:
    from trialog.graph import KINDS, dependencies

    library, program = the_program(given)
    found = dependencies(program, library.pages(given.trial)[0])
    if given.selectors:
        selectors = selectors_of(given, found.graph, KINDS)
        asked, _ = select(found.graph, [_begun(s) for s in selectors])
        near, _ = select(found.graph, [s.widened(_NEAR, _NEAR) for s in selectors])
        _show(given, drawn(found.graph, _title(given.trial, selectors), asked, near))
    elif given.all:
        _show(given, drawn(found.of_the_trial(), given.trial))
    else:
        whole = found.of_the_trial()
        emit(wrapped(program.title, given.width, "", "  "))
        emit(_counts(whole, KINDS, given.width))
        name = _first(program)
        _say_how(given, name, f"{name} with its neighbours", f"{name}+", f"what rests on {name}, all the way")
    return 0


def _of_patient(given: argparse.Namespace) -> int:
    from trialog.proof_graph import KINDS, proof_graph

    library, program = the_program(given)
    run = one_patient(given, library, program)
    answers = run[0].answers
    if answers is None:
        return finish(run)
    found = proof_graph(answers)
    title = f"{given.trial}, {answers.chart.patient}, screened on {show_day(answers.screening)}"
    if given.selectors:
        selectors = selectors_of(given, found, KINDS)
        asked, _ = select(found, [_begun(s) for s in selectors])
        near, _ = select(found, [s.widened(None, 0) for s in selectors])
        _show(given, drawn(found, _title(title, selectors), asked, near))
    elif given.all:
        _show(given, drawn(found, title))
    else:
        emit(wrapped(title, given.width, "", "  "))
        emit(f"  cohort:{cohort}: {answers.verdict(cohort).value}" for cohort in program.cohorts)
        emit(_counts(found, KINDS, given.width))
        name = _first(program)
        _say_how(given, name, f"the proof of {name}", f"cohort:{next(iter(program.cohorts))}", "the proof of a verdict")
    return finish(run)


def selectors_of(given: argparse.Namespace, graph: nx.DiGraph[str], kinds: Sequence[str]) -> list[Selector]:
    """The selectors that were typed. All that is wrong with them is told at once."""
    selectors, problems = read_selectors(given.selectors, kinds)
    _, more = select(graph, selectors)
    if problems or more:
        raise UsageError(*problems, *more)
    return selectors


def _first(program: Program) -> str:
    """The name of something to begin with."""
    return next(iter(program.atoms), program.criteria[0].relation)


def _begun(selector: Selector) -> Selector:
    """Where a selector begins: what it names, steps left out. What is in several parts begins nowhere else."""
    if len(selector.terms) > 1:
        return selector
    return Selector((replace(selector.terms[0], down=0, up=0),))


def _title(of: str, selectors: Sequence[Selector]) -> str:
    return f"{of}: {' '.join(str(s) for s in selectors)}"


def _counts(graph: nx.DiGraph[str], kinds: Sequence[str], width: int) -> list[str]:
    found = Counter(kind for _, kind in graph.nodes(data="kind"))
    words = [f"{found[k]} {k if found[k] == 1 else _PLURALS.get(k, f'{k}s')}" for k in kinds if found[k]]
    return wrapped(f"{', '.join(words)}; {graph.number_of_edges()} edges", width, "  ", "  ")


def _say_how(given: argparse.Namespace, name: str, says: str, other: str, other_says: str) -> None:
    """What may be asked for, where nothing was."""
    patient = f" --patient {shlex.quote(given.patient)}" if given.patient is not None else ""
    command = f"trialog graph {given.trial}{patient}"
    ways = ((name, says), (other, other_says), ("--all", "the whole graph"), (f"+{name} --format svg", "as a drawing"))
    emit(["", "Ask for what you want to see, behind this command:"])
    widest = max(len(way) for way, _ in ways)
    emit(f"  {way:<{widest}}  {words}" for way, words in ways)
    emit(["", *wrapped(f"`{command} --help` tells more.", given.width, "", "  ")])


def _show(given: argparse.Namespace, found: Drawn) -> None:
    match given.format:
        case "svg":
            from trialog.render.graphs.svg import as_svg

            emit(as_svg(found))
        case "dot":
            from trialog.render.graphs.dot import as_dot

            emit(as_dot(found))
        case "mermaid":
            from trialog.render.graphs.mermaid import as_mermaid

            emit(as_mermaid(found))
        case "graphml":
            from trialog.render.graphs.files import as_graphml

            emit([as_graphml(found)])
        case "json":
            from trialog.render.graphs.files import as_json

            emit([as_json(found, holds_ascii_alone())])
        case _:
            from trialog.render.graphs.lines import as_lines

            emit(as_lines(found, given.width))
