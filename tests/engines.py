"""Every engine by its name. What is asked of one is asked of all: a new engine is one more line here."""

from collections.abc import Callable, Iterable, Mapping

from trialog.engines import pydatalog
from trialog.engines.kernel import host as kernel
from trialog.engines.pydatalog import Refused
from trialog.engines.reference import Reference
from trialog.plain import Row
from trialog.plan import Plan

type Given = Mapping[str, Iterable[Row]]
type Found = Mapping[str, frozenset[Row]]
type Engine = Callable[[Plan, Given], Found]
"""Everything that follows from the facts of a chart. Raises Refused, with the reason, where the engine does not take the plan."""


def _reference(plan: Plan, given: Given) -> Found:
    rows = Reference(plan).run({name: list(some) for name, some in given.items()})
    return {rule.relation: frozenset(rows[rule.relation]) for stratum in plan.strata for rule in stratum.rules}


def _kernel(plan: Plan, given: Given) -> Found:
    try:
        return kernel.run(plan, given)
    except kernel.Refused as refused:
        raise Refused(str(refused)) from None


ENGINES: Mapping[str, Engine] = {
    "reference": _reference,
    "pydatalog": pydatalog.run,
    "kernel": _kernel,
}

__all__ = ["ENGINES", "Engine", "Found", "Given", "Refused"]
