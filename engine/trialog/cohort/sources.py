"""The tables of a chart as a kernel takes them: column by column, the rows of many patients one after the other.

`C` holds what needs no more than 32 bits, `D` the rest, and `O` where all stands: first how many patients there are, then of each
table where each of its columns begins, and where in `O` the rows of each patient begin, one further where they end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from trialog.cohort.layout import ABSENT, REVIEWED, SIGNED, Layout
from trialog.engines.kernel.writer import Writer
from trialog.vocabulary import Coded, Dated, Relation


class Form(Enum):
    """What a column is: one number, or the low end of days or of numbers and how far the high end is from it."""

    ONE = "one"
    DAYS = "days"
    NUMBERS = "numbers"

    @property
    def size(self) -> int:
        return 1 if self is Form.ONE else 2


@dataclass(frozen=True, slots=True)
class Source:
    """A table: the number of the relation that its rows go to, and where in `O` its places stand."""

    name: str
    number: int
    forms: tuple[Form, ...]
    at: int

    @property
    def width(self) -> int:
        return sum(f.size for f in self.forms)


def record_of(relation: Relation) -> str:
    return f"record {relation.name}"


def sources(layout: Layout) -> tuple[Source, ...]:
    """All tables that the kernel reads; the places of all end where the rows of the first patient are told of."""
    found: list[Source] = []
    at = 1
    one, days = Form.ONE, Form.DAYS
    of = {record_of(r): forms_of(r) for r in layout.records}
    of |= {REVIEWED: (one, one, days), ABSENT: (one, one, days), SIGNED: (one, one, days, days)}
    for name, forms in of.items():
        found.append(Source(name, layout.number(name), forms, at))
        at += found[-1].width + 1
    return tuple(found)


def forms_of(relation: Relation) -> tuple[Form, ...]:
    """The columns, whether the record is confirmed, and of two amounts that make a third whether each is missing."""
    more = (Form.ONE,) * (1 if relation.product is None else 3)
    return (*(_form(c.type) for c in relation.columns), *more)


def _form(type_: object) -> Form:
    match type_:
        case Coded():
            return Form.ONE
        case Dated():
            return Form.DAYS
        case _:
            return Form.NUMBERS


def places(of: Sequence[Source], patients: int, rows: Sequence[int]) -> Iterator[int]:
    """What `O` begins with, where the tables have so many rows: all but where the rows of each patient begin."""
    yield patients
    narrow, wide, starts = 0, 0, 1 + sum(s.width + 1 for s in of)
    for source, n in zip(of, rows, strict=True):
        for form in source.forms:
            for _ in range(form.size):
                if form is Form.NUMBERS:
                    yield wide
                    wide += n
                else:
                    yield narrow
                    narrow += n
        yield starts
        starts += patients + 1


def loading(w: Writer, source: Source) -> str:
    """The function that lays out the rows of one patient; gives the text that calls it for patient `p`."""
    k, name = source.number, f"load_{source.number}"
    with w.inside(f"def {name}(S, N, B, M, C, D, O, p):  # {source.name}"):
        w.line(f"starts = O[{source.at + source.width}] + p")
        w.line("begin = O[starts]")
        w.line("rows = O[starts + 1] - begin")
        w.line(f"if rows > M[{k}]:")
        w.line(f"    N[0] = {k}")
        w.line("    return")
        w.line(f"N[{k}] = rows")
        w.line(f"place = B[{k}]")
        for i in range(source.width):
            w.line(f"c{i} = O[{source.at + i}] + begin")
        with w.inside("for r in range(rows):"):
            i = 0
            for form in source.forms:
                match form:
                    case Form.ONE:
                        w.line(f"S[place + {i}] = C[c{i} + r]")
                    case Form.DAYS | Form.NUMBERS:
                        run = "C" if form is Form.DAYS else "D"
                        w.line(f"low = {run}[c{i} + r]")
                        w.line(f"S[place + {i}] = low")
                        w.line(f"S[place + {i + 1}] = low + {run}[c{i + 1} + r]")
                    case _:
                        assert_never(form)
                i += form.size
            w.line(f"place += {source.width}")
        w.line("return")
    return f"{name}(S, N, B, M, C, D, O, p)"
