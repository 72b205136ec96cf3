"""The kernel over one bucket: a status of each relation, a verdict for each cohort, patient by patient."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trialog.answers import Screener, Status
from trialog.charts.store_read import Store
from trialog.cohort.columns import Columns, columns
from trialog.cohort.driver import ENTRY, PARAMETERS, STATUSES, VERDICTS, Protocol, protocol
from trialog.engines.kernel.host import room_for
from trialog.engines.kernel.machine import Machine, machine

if TYPE_CHECKING:
    import numpy as np

    type Numbers = np.ndarray[Any, np.dtype[np.int64]]

_ROOM = 16
STATUS_NAMES = (Status.NOT_MET, Status.UNKNOWN, Status.MET)


@dataclass(frozen=True)
class Bucket:
    """What was found of the patients of one bucket.

    `statuses` and `verdicts` are indices into `STATUS_NAMES` and `VERDICTS`, a row for each relation or cohort with one for each
    patient; `rules` are numbers of the kernel's rules, 0 where none decided. `by_reference` marks the patients whom the
    reference screened, `unborn` those whose birth comes after the screening: of these nothing is said. `on_today` marks those
    whose charts have no day, and who were screened on the run's.
    """

    number: int
    names: Any  # a column of texts, as Arrow has it
    days: "Numbers"
    statuses: "np.ndarray[Any, Any]"
    rules: "np.ndarray[Any, Any]"
    verdicts: "np.ndarray[Any, Any]"
    by_reference: "np.ndarray[Any, Any]"
    on_today: "np.ndarray[Any, Any]"
    unborn: "np.ndarray[Any, Any]"


@dataclass
class Memory:
    """What one thread works in: room for the rows of a patient, made larger when one has more."""

    rooms: dict[int, int]
    S: "Numbers"
    N: "Numbers"
    B: "Numbers"
    M: "Numbers"


@dataclass(frozen=True)
class Kernel:
    """A protocol made ready to screen many patients; threads may use it side by side."""

    screener: Screener
    protocol: Protocol
    machine: Machine
    tables: "Numbers"
    own: threading.local = field(default_factory=threading.local)

    def memory(self) -> Memory:
        found: Memory | None = getattr(self.own, "memory", None)
        if found is None:
            held = self.protocol.layout.shape.held.values()
            found = self.own.memory = self.made({h.number: _ROOM for h in held})
        return found

    def made(self, rooms: dict[int, int]) -> Memory:
        import numpy as np

        m = room_for(self.protocol.written, rooms)
        return Memory(rooms, *(np.array(run, np.int64) for run in (m.S, m.N, m.B, m.M)))

    def results(self, found: Columns, days: "Numbers") -> "np.ndarray[Any, np.dtype[np.int32]]":
        """The kernel's numbers, a row for each column of `Protocol` with one for each patient."""
        import numpy as np

        patients = len(days)
        results = np.zeros((self.protocol.width, patients), np.int32)
        runs = (self.tables, found.narrow, found.wide, found.offsets, days, results)
        first = 0
        while first >= 0:
            m = self.memory()
            addresses = [run.ctypes.data for run in (m.S, m.N, m.B, m.M, *runs)]
            first = self.machine.call(*addresses, max(first, 0), patients)
            if first >= 0:  # a patient has more rows than there is room for
                short = int(m.N[0])
                self.own.memory = self.made(m.rooms | {short: m.rooms[short] * 4})
        return results


def kernel(screener: Screener, announce: Callable[[], None] = lambda: None) -> Kernel:
    """`announce` is called where the rules must be compiled first. Raises Refused, and ImportError without llvmlite or numpy."""
    import numpy as np

    made = protocol(screener)
    return Kernel(
        screener,
        made,
        machine(made.text, ENTRY, PARAMETERS, announce),
        np.array(made.layout.tables.numbers, np.int64),
    )


def screen_bucket(ready: Kernel, store: Store, number: int, as_of: int | None, today: int) -> Bucket:
    """Screen the patients of a bucket, each `as_of` or on the chart's own day, or `today`. Raises StoreError."""
    import numpy as np

    found = columns(store, number, ready.protocol.layout)
    days = np.where(found.screening > 0, found.screening, today) if as_of is None else np.full(len(found.names), as_of)
    days = days.astype(np.int64)
    results = ready.results(found, days)
    relations, cohorts = len(ready.protocol.relations), len(ready.protocol.cohorts)
    codes = results[1 : 1 + relations]
    bucket = Bucket(
        number,
        found.names,
        days,
        (codes & (STATUSES - 1)).astype(np.uint8),
        (codes >> STATUSES.bit_length() - 1).astype(np.uint16),
        results[1 + relations : 1 + relations + cohorts].astype(np.uint8),
        results[0] != 0,
        (found.screening == 0) & (as_of is None),
        found.born > days,
    )
    _by_reference(ready, store, bucket)
    return bucket


def _by_reference(ready: Kernel, store: Store, bucket: Bucket) -> None:
    """Let the reference screen those whom the kernel gave back."""
    rows = [int(row) for row in bucket.by_reference.nonzero()[0] if not bucket.unborn[row]]
    if not rows:
        return
    for row, chart in store.charts_in(bucket.number, rows):
        answers = ready.screener.screen(chart, int(bucket.days[row]))
        for i, relation in enumerate(ready.protocol.relations):
            bucket.statuses[i, row] = STATUS_NAMES.index(answers.status(relation))
            bucket.rules[i, row] = 0
        for i, cohort in enumerate(ready.protocol.cohorts):
            bucket.verdicts[i, row] = VERDICTS.index(answers.verdict(cohort))


__all__ = ["STATUS_NAMES", "VERDICTS", "Bucket", "Kernel", "kernel", "screen_bucket"]
