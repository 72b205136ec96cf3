"""What the parts of the search ask of each other."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from trialog.plain import Row
from trialog.program import Premise, Program, Sort
from trialog.proof.ready import Readied, Ready, Within
from trialog.proof.step import Known, Step, Steps
from trialog.proof.wording import Wording

type Way = tuple[Step | None, Known]
"""How a premise may hold: the line that says so, and the values of variables with those that it gives."""


class Explaining(Protocol):
    """The search, as those see it who explain failures and aggregates for it."""

    program: Program
    patient: str
    ready: Readied
    clauses: Mapping[str, list[Ready]]
    step: Steps
    words: Wording
    making: set[str]
    none: dict[str, Step]  # that relations have no rows but those found

    def rows(self, name: str) -> Mapping[Row, int]: ...

    def title(self, name: str) -> str: ...

    def start(self, ready: Ready, known: Known) -> Known: ...

    def ways(self, premise: Premise, known: Known, within: Within, whole: bool) -> Iterable[Way]: ...

    def holds(self, within: Within, known: Known) -> Step | None: ...

    def derived_step(self, relation: str, row: Row, sorts: tuple[Sort, ...], certain: bool, exact: bool) -> Step: ...
