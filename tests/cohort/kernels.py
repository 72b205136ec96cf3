"""The kernel of any program over any charts: as plain Python that looks where every number goes, and as machine code."""

import ast
import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, override

from trialog.answers import Screener, Status, Verdict
from trialog.charts.chart import Chart
from trialog.cohort.driver import ENTRY, PARAMETERS, STATUSES, VERDICTS, Protocol, protocol
from trialog.cohort.encoding import encoded, packed
from trialog.engines.kernel.llvm_text import NARROW
from trialog.engines.kernel.machine import Machine, machine

STATUS_NAMES = (Status.NOT_MET, Status.UNKNOWN, Status.MET)
_GAP, _UNTOUCHED = 8, -(2**62) - 12345
_ROOM = 4


@dataclass(frozen=True, slots=True)
class Found:
    """What the kernel says of one chart; `given_back` where it leaves the chart to the reference."""

    given_back: bool
    statuses: dict[str, Status]
    verdicts: dict[str, Verdict]


class WrongPlaceError(AssertionError):
    """The kernel reads or writes where it should not."""


class _Looked(list[int]):
    """A run of numbers in which no place counts from the end."""

    @override
    def __getitem__(self, at: Any) -> Any:
        if at < 0:
            raise WrongPlaceError(f"place {at} is read")
        return super().__getitem__(at)

    @override
    def __setitem__(self, at: Any, value: Any) -> None:
        if at < 0:
            raise WrongPlaceError(f"{value} is written at place {at}")
        super().__setitem__(at, value)


def _wrapped(number: int) -> int:
    """As a processor has it, which lets the highest bits go."""
    return (number + 2**63) % 2**64 - 2**63


class _Watching(ast.NodeTransformer):
    """Puts every sum and product into a call that holds it to 64 bits."""

    @override
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return ast.copy_location(ast.Call(ast.Name("_wrapped", ast.Load()), [node], []), node)

    @override
    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, int):
            assert _wrapped(node.value) == node.value
        return node


def wrapped(text: str, names: dict[str, Any]) -> int:
    """The value of an expression, every number on the way held to 64 bits."""
    tree = ast.fix_missing_locations(_Watching().visit(ast.parse(text, mode="eval")))
    return eval(compile(tree, "<text>", "eval"), {"_wrapped": _wrapped}, names)


@dataclass
class Kernel:
    """A screener's kernel, and how often it was given more room."""

    screener: Screener
    queries: tuple[str, ...] = ()
    rooms: dict[int, int] = field(default_factory=dict)

    @cached_property
    def protocol(self) -> Protocol:
        return protocol(self.screener, self.queries)

    @cached_property
    def _python(self) -> Callable[..., int]:
        tree = ast.fix_missing_locations(_Watching().visit(ast.parse(self.protocol.text)))
        names: dict[str, Any] = {"_wrapped": _wrapped}
        exec(compile(tree, "<kernel>", "exec"), names)
        return names[ENTRY]

    @cached_property
    def _machine(self) -> Machine:
        return machine(self.protocol.text, ENTRY, PARAMETERS)

    def as_python(self, charts: Sequence[Chart], days: Sequence[int]) -> list[Found]:
        return self._run(charts, days, self._call_python)

    def as_machine_code(self, charts: Sequence[Chart], days: Sequence[int]) -> list[Found]:
        return self._run(charts, days, self._call_machine)

    def _call_python(self, runs: Sequence[list[int]], first: int, last: int) -> int:
        return self._python(*runs, first, last)

    def _call_machine(self, runs: Sequence[list[int]], first: int, last: int) -> int:
        kinds = [ctypes.c_int32 if p in NARROW else ctypes.c_int64 for p in PARAMETERS]
        arrays = [(kind * len(run))(*run) for kind, run in zip(kinds, runs, strict=False)]
        answer = self._machine.call(*(ctypes.addressof(a) for a in arrays), first, last)
        for run, array in zip(runs, arrays, strict=True):
            run.clear()
            run.extend(array)
        return answer

    def _run(
        self, charts: Sequence[Chart], days: Sequence[int], call: Callable[[Sequence[list[int]], int, int], int]
    ) -> list[Found]:
        """All charts in one call, as a run over a bucket makes it; memory is kept from chart to chart."""
        layout = self.protocol.layout
        charted = packed([encoded(c, layout) for c in charts], layout)
        results = [_UNTOUCHED] * (self.protocol.width * len(charts))
        first = 0
        memory = self._memory()
        while first >= 0:
            runs = [*memory, layout.tables.numbers, *charted, list(days), results]
            looked = [_Looked(run) for run in runs]
            first = call(looked, first, len(charts))
            memory, results = [list(run) for run in looked[:4]], list(looked[9])
            self._untouched(memory)
            if first >= 0:
                short = memory[1][0]
                self.rooms[short] = self.rooms.get(short, _ROOM) * 4
                memory = self._memory()
        return [self._found(results[i :: len(charts)]) for i in range(len(charts))]

    def _memory(self) -> list[list[int]]:
        """Room for a few rows of each relation, with places between them that nobody may touch."""
        shape, size = self.protocol.layout.shape, self.protocol.layout.tables.size
        rooms = {h.number: self.rooms.get(h.number, _ROOM) for h in shape.held.values()}
        rows = [0] * (4 * max(rooms.values()) + 64)
        begins, room = [0], [0]
        for h in sorted(shape.held.values(), key=lambda h: h.number):
            rows += [_UNTOUCHED] * _GAP
            begins.append(len(rows))
            room.append(rooms[h.number])
            rows += [0] * (size if h.given is not None and h.given.by_concept else h.width * rooms[h.number])
        return [rows + [_UNTOUCHED] * _GAP, [0] * shape.count, begins, room]

    def _untouched(self, memory: Sequence[list[int]]) -> None:
        rows, _, begins, _ = memory
        for b in [*begins[1:], len(rows)]:
            if any(x != _UNTOUCHED for x in rows[b - _GAP : b]):
                raise WrongPlaceError("a row is written beyond the room of its relation")

    def _found(self, results: Sequence[int]) -> Found:
        p = self.protocol
        statuses = {r: STATUS_NAMES[results[1 + i] % STATUSES] for i, r in enumerate(p.relations) if not results[0]}
        begin = 1 + len(p.relations)
        verdicts = {c: VERDICTS[results[begin + i]] for i, c in enumerate(p.cohorts) if not results[0]}
        return Found(results[0] != 0, statuses, verdicts)
