"""Tuples of background knowledge."""

from collections.abc import Iterator

from trialog.answers import Status
from trialog.program import Const, Tuple, Var
from trialog.proof.charts import ChartTuples
from trialog.proof.explaining import Way
from trialog.proof.intervals import values_of
from trialog.proof.ready import Readied
from trialog.proof.step import Known, Part, Step, Steps
from trialog.proof.wording import Wording


class Facts:
    """What is stated of the world, which is the same for all patients."""

    def __init__(self, ready: Readied, charts: ChartTuples, wording: Wording, steps: Steps) -> None:
        self.ready = ready
        self.charts = charts
        self.words = wording
        self.step = steps
        self.stated: dict[int, Step] = {}  # by the ids of facts, which the program keeps alive

    def ways(self, p: Tuple, known: Known, whole: bool) -> Iterator[Way]:
        relation = self.ready.program.vocabulary.relations[p.relation]
        sorts = self.ready.columns.sorts[p.relation]
        any_fits = False
        first = p.args[0]
        of = known.get(first.name) if isinstance(first, Var) else first.value if isinstance(first, Const) else None
        for fact in self.ready.facts_of(p.relation, of if isinstance(of, str) and isinstance(first, Var) else None):
            values, _ = self.charts.bound(p, fact.values, sorts, known, paired=False)
            if values is None:
                continue
            any_fits = True
            if (step := self.stated.get(id(fact))) is None:
                shown = ", ".join([self.words.value(v) for v in values_of(fact.values, sorts, False)])
                says = f"{relation.description}: {shown} [{', '.join(fact.sources)}]"
                step = self.stated[id(fact)] = self.step(Part.FACT, says, Status.MET, at=fact.at)
            yield step, values
        if whole and not any_fits:
            given = [self.words.value(v) for a in p.args if isinstance(a, Var) and (v := known.get(a.name)) is not None]
            of = f" of {', '.join(given)}" if given else ""
            says = f"nothing is stated{of} that would be {relation.description}; what is not stated is not so"
            alike = f"of none is stated {relation.description}"
            yield self.step(Part.ABSENT, says, Status.NOT_MET, at=p.at, alike=alike), known
