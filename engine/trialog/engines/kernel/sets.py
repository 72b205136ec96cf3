"""Source text about the rows of a relation as a set: what adds one to it, and what an aggregate asks of it."""

from collections.abc import Iterable, Iterator, Sequence

from trialog.engines.kernel.limits import TO_REFERENCE, unsure
from trialog.engines.kernel.shape import Held
from trialog.engines.kernel.writer import Writer
from trialog.engines.tally import most_days
from trialog.plain import Tally
from trialog.tree import Summary
from trialog.values import Duration


def adding(widths: Iterable[int]) -> Iterator[str]:
    """Functions that add a row of so many numbers, if there is none like it."""
    for width in widths:
        cells = [f"x{i}" for i in range(width)]
        yield f"def add_{width}(S, N, B, M, k, {', '.join(cells)}):"
        yield "    n = N[k]"
        yield "    b = B[k]"
        yield f"    for r in range(b, b + n * {width}, {width}):"
        same = " and ".join(f"S[r{f' + {i}' if i else ''}] == {c}" for i, c in enumerate(cells))
        yield f"        if {same}:"
        yield "            return"
        yield "    if n >= M[k]:"
        yield "        N[0] = k"
        yield "        return"
        yield f"    r = b + n * {width}"
        for i, c in enumerate(cells):
            yield f"    S[r{f' + {i}' if i else ''}] = {c}"
        yield "    N[k] = n + 1"
        yield ""
        yield ""


def collected(tally: Tally, at: int, width: int) -> tuple[list[int], str]:
    """The columns that the aggregate works on, and the text that asks for its answer."""
    match tally.summary:
        case Summary.COUNT:
            columns = list(range(at, width))
            if not tally.paired:
                return columns, f"count_points(S, at, n, {len(columns)}, {tally.bound})"
            called = "count_apart" if tally.sure else "count_at_most"
            return columns, f"{called}(S, at, n, {tally.bound})"
        case Summary.COVERED | Summary.LONGEST:
            assert isinstance(tally.bound, Duration)
            pairs = ([at + 1, at + 2] if tally.sure else [at, at + 3]) if tally.paired else [at, at + 1]
            length = f"{tally.bound.months}, {tally.bound.days}, {tally.strict}"
            if tally.summary is Summary.COVERED:
                return pairs, f"covered(S, at, n, {length}, {most_days(tally.bound)})"
            return pairs, f"longest(S, at, n, {length}, {tally.gap.months}, {tally.gap.days})"
        case Summary.MIN | Summary.MAX:
            raise AssertionError("the check turns `min` and `max` into comparisons")


def reaching(w: Writer, tally: Tally, held: Held, at: int, tests: Sequence[str]) -> None:
    """The lines that collect the values of the rows for which the tests do not go on, and ask whether they reach the bound."""
    columns, test = collected(tally, at, held.width)
    w.line("at = B[0]")
    w.line("n = 0")
    with w.inside(
        f"for r in range(B[{held.number}], B[{held.number}] + N[{held.number}] * {held.width}, {held.width}):"
    ):
        w.lines += tests
        if tally.summary is not Summary.COUNT:
            w.line(f"if S[r + {columns[0]}] > S[r + {columns[1]}]:")
            w.line("    continue")
        for c in columns:
            if c < len(held.between) and held.between[c]:
                w.line(f"if S[r + {c}] % 2 != 0 and {unsure(f'S[r + {c}]')}:")
                w.line(f"    {TO_REFERENCE}")
        for i, c in enumerate(columns):
            w.line(f"S[at + n * {len(columns)} + {i}] = S[r + {c}]")
        w.line("n += 1")
    w.line(f"return {test}")
