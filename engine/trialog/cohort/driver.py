"""The whole kernel of a protocol: from the records of many patients to a status for each atom and a verdict for each cohort."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trialog.answers import Screener, Verdict
from trialog.cohort.layout import Layout, layout_of, stage
from trialog.cohort.sources import loading, sources
from trialog.engines.kernel.source import Written, helper_text, write
from trialog.engines.kernel.writer import Writer, text_of
from trialog.fetches import CERTAIN, POSSIBLE
from trialog.tree import Role
from trialog.vocabulary import Kind

VERDICTS = (Verdict.INELIGIBLE, Verdict.ELIGIBLE, Verdict.UNDETERMINED, Verdict.AWAITING_JUDGEMENT)
NOT_MET, UNKNOWN, MET = 0, 1, 2
STATUSES = 4
"""A result is a status and, times this, the number of the rule that gave it, 0 where none did."""
ENTRY = "screen"
PARAMETERS = ("S", "N", "B", "M", "T", "C", "D", "O", "P", "R", "first", "last")


@dataclass(frozen=True)
class Protocol:
    """Source text that screens patients, and what its results mean, column by column.

    The first column is 1 where the reference must screen the patient; then come the statuses of `relations` and the verdicts
    for `cohorts`.
    """

    text: str
    layout: Layout
    written: Written
    relations: tuple[str, ...]
    cohorts: tuple[str, ...]

    @property
    def width(self) -> int:
        return 1 + len(self.relations) + len(self.cohorts)


def protocol(screener: Screener, queries: Sequence[str] = ()) -> Protocol:
    """Besides atoms and criteria, `queries` are asked: relations about the patient alone, which the screener was told of.

    Raises Refused where the rules hold what a kernel cannot do.
    """
    program = screener.program
    layout = layout_of(screener)
    rules = write(layout.plan, layout.shape, layout.tables, screener.program.vocabulary.ancestors)
    asked = [*(a.relation for a in program.atoms.values()), *(c.relation for c in program.criteria), *queries]
    relations = tuple(dict.fromkeys(asked))
    driver = "\n".join(_Driver(screener, layout, relations).lines())
    own = [text_of(Path(__file__).with_name(f"{name}.py")) for name in ("records", "latest", "products")]
    text = "\n\n".join((helper_text(), *own, rules.text, stage(layout), driver))
    return Protocol(text, layout, rules, relations, tuple(program.cohorts))


class _Driver:
    def __init__(self, screener: Screener, layout: Layout, relations: tuple[str, ...]) -> None:
        self.screener, self.layout, self.relations = screener, layout, relations
        self.judgements = [r for r in layout.asked if r.kind is Kind.JUDGEMENT]
        self.stage = stage(layout).splitlines()

    def lines(self) -> Iterator[str]:
        w = Writer()
        loads = [loading(w, source) for source in sources(self.layout)]
        self.deciding(w)
        for i, cohort in enumerate(self.screener.program.cohorts):
            self.verdict(w, i, cohort)
        self.screening(w, loads)
        yield from w.lines

    def status(self, relation: str) -> tuple[int, int]:
        """The numbers of what says that the relation holds, and of what says that it may; 0 where nothing does."""
        number = self.layout.number
        return number(f"{CERTAIN} {relation}") or number(relation), number(f"{POSSIBLE} {relation}")

    def verdict(self, w: Writer, at: int, cohort: str) -> None:
        """0, 1 and 2 of `VERDICTS`; 3 where something is unknown and judgements bear on all of that."""
        resting = self.screener.on_judgements
        with w.inside(f"def verdict_{at}(N):  # {cohort}"):
            w.line("found = 1")
            w.line("waiting = 1")
            for c in self.screener.program.criteria_of(cohort):
                met, maybe = self.status(c.relation)
                holds = f"N[{met}] != 0" if met else "False"
                may = f"N[{maybe}] != 0" if maybe else "False"
                if c.role is Role.INCLUSION:
                    w.line(f"if not ({holds} or {may}):")
                    w.line("    return 0")
                else:
                    w.line(f"if {holds}:")
                    w.line("    return 0")
                with w.inside(f"if not ({holds}) and {may}:"):
                    w.line("found = 2")
                    if c.relation not in resting:
                        w.line("waiting = 0")
            w.line("return 3 if found == 2 and waiting != 0 else found")

    def deciding(self, w: Writer) -> None:
        """Every judgement that is still awaited signed: refused for the questions of its kind flagged in `T`, else agreed."""
        flags = "".join(f", refused_{i}" for i in range(len(self.judgements)))
        with w.inside(f"def decide(S, N, B, T{flags}):"):
            for i, r in enumerate(self.judgements):
                certain, possible, unknown = (
                    self.layout.number(f"{m} {r.name}") for m in ("certain", "possible", "open")
                )
                if not unknown:
                    continue
                awaited = f"if S[B[{unknown}] + q] != 0:"
                with w.inside(f"for q in range({self.layout.tables.size}):"), w.inside(awaited):
                    for k in (certain, possible):
                        if k:
                            w.line(f"S[B[{k}] + q] = 0 if has(T, refused_{i}, q) else 1")
                    w.line(f"S[B[{unknown}] + q] = 0")
            w.line("return")

    def screening(self, w: Writer, loads: Sequence[str]) -> None:
        layout = self.layout
        derived = 1 + max((h.number for h in layout.shape.held.values() if h.given is not None), default=0)
        with w.inside(f"def {ENTRY}({', '.join(PARAMETERS)}):"):
            w.line("patients = O[0]")
            with w.inside("for p in range(first, last):"):
                with w.inside(f"for k in range({layout.shape.count}):"):
                    w.line("N[k] = 0")
                for load in loads:
                    w.line(load)
                w.line("if N[0] == 0:")
                w.line("    prepare(S, N, B, M, T, P[p])")
                w.line("if N[0] == 0:")
                w.line("    derive(S, N, B, M, T)")
                w.line("if N[0] > 0:")
                w.line("    return p")
                with w.inside("if N[0] < 0:"):
                    w.line(f"{_result(0)} = 1")
                    w.line("continue")
                w.line(f"{_result(0)} = 0")
                for i, relation in enumerate(self.relations):
                    met, maybe = self.status(relation)
                    text = (
                        f"{UNKNOWN} + {STATUSES} * N[{maybe}] if N[{maybe}] != 0 else {NOT_MET}"
                        if maybe
                        else f"{NOT_MET}"
                    )
                    if met:
                        text = f"{MET} + {STATUSES} * N[{met}] if N[{met}] != 0 else ({text})"
                    w.line(f"{_result(1 + i)} = {text}")
                self.verdicts(w, derived)
            w.line("return -1")

    def verdicts(self, w: Writer, derived: int) -> None:
        first = 1 + len(self.relations)
        for i, cohort in enumerate(self.screener.program.cohorts):
            w.line(f"{_result(first + i)} = verdict_{i}(N)")
            _ = cohort
        signed = [x.strip() for x in self.stage if x.strip().startswith("judgements(")]
        for i, cohort in enumerate(self.screener.program.cohorts):
            with w.inside(f"if {_result(first + i)} == 3:"):
                w.line(f"{_result(first + i)} = 2")
                for refused in self.screener.refusals(cohort):
                    at = "".join(
                        f", {self.layout.tables.flags(('refused', r.name, refused), (str(q) for of, q in refused if of == r.name))}"
                        for r in self.judgements
                    )
                    with w.inside(f"if {_result(first + i)} == 2:"):
                        for line in signed:
                            w.line(line.replace("screening)", "P[p])"))
                        w.line(f"decide(S, N, B, T{at})")
                        with w.inside(f"for k in range({derived}, {self.layout.shape.count}):"):
                            w.line("N[k] = 0")
                        w.line("derive(S, N, B, M, T)")
                        w.line("if N[0] > 0:")
                        w.line("    return p")
                        with w.inside("if N[0] < 0:"):
                            w.line(f"{_result(0)} = 1")
                            w.line("N[0] = 0")
                        with w.inside(f"if verdict_{i}(N) == 1:"):
                            w.line(f"{_result(first + i)} = 3")


def _result(column: int) -> str:
    """The text of patient p's result."""
    return f"R[p + {column} * patients]" if column else "R[p]"
