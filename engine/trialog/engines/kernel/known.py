"""Background knowledge that a rule asks for: what never changes is looked up in tables."""

from collections.abc import Mapping
from dataclasses import dataclass

from trialog.codes import is_exact
from trialog.engines.kernel.expressions import Coded
from trialog.engines.kernel.shape import Shape
from trialog.engines.kernel.tables import Tables, coded
from trialog.plain import Fetch, Row
from trialog.plan import Plan
from trialog.program import Const, Var


@dataclass(frozen=True, slots=True)
class Always:
    """It is known, whatever the patient."""


@dataclass(frozen=True, slots=True)
class Never:
    """Nothing is known that fits."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Text that asks for it."""

    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """What a number of a known row is: a variable's value, times `scale`; `is_exact` where every row's number lies on a tick."""

    variable: Var
    scale: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of `T` between two places, of which those that fit are to be found; the column `by` fits already."""

    begin: str
    end: str
    columns: tuple[Column, ...]
    by: int | None


type Known = Always | Never | Asked | Rows


def known(fetch: Fetch, plan: Plan, shape: Shape, tables: Tables, values: Mapping[str, Coded]) -> Known:
    """How the tables answer for these variables."""
    scales = shape.statics[fetch.relation]
    rows = plan.facts[fetch.relation]
    fixed = [(i, s.value) for i, s in enumerate(fetch.slots) if isinstance(s, Const)]
    asked = [(i, s) for i, s in enumerate(fetch.slots) if isinstance(s, Var)]
    kept = {tuple(row[i] for i, _ in asked) for row in rows if all(row[i] == v for i, v in fixed)}
    key = (fetch.relation, tuple(fixed), tuple(i for i, _ in asked))
    if not kept:
        return Never()
    if not asked:
        return Always()
    have_values = all(s.name in values for _, s in asked)
    if len(asked) <= 2 and have_values and all(isinstance(v, str) for r in kept for v in r):
        texts = [values[s.name].text for _, s in asked]
        if len(asked) == 1:
            at = tables.flags(key, (str(row[0]) for row in kept))
            return Asked(f"has(T, {at}, {texts[0]})")
        at = tables.pairs(key, ((str(row[0]), str(row[1])) for row in kept))
        return Asked(f"has(T, {at} + {texts[0]} * {tables.words}, {texts[1]})")
    own = tuple(scales[i] for i, _ in asked)
    return _rows(key, sorted(kept, key=repr), own, [s for _, s in asked], tables, values)


def _rows(
    key: object,
    kept: list[Row],
    own: tuple[int, ...],
    asked: list[Var],
    tables: Tables,
    values: Mapping[str, Coded],
) -> Rows:
    by = next((i for i, s in enumerate(asked) if s.name in values and isinstance(kept[0][i], str)), None)
    if by is None:
        numbers = [n for row in kept for n in coded(row, own, tables)]
        at = tables.run(("rows", key), numbers)
        begin, end = str(at), str(at + len(numbers))
    else:
        index: dict[str, list[int]] = {}
        for row in kept:
            index.setdefault(str(row[by]), []).extend(coded(row, own, tables))
        at = tables.lists((key, by), index)
        text = values[asked[by].name].text
        begin, end = f"T[{at} + {text}]", f"T[{at} + {text} + 1]"
    columns = tuple(
        Column(slot, own[i], all(isinstance(v := row[i], str) or is_exact(v) for row in kept))
        for i, slot in enumerate(asked)
    )
    return Rows(begin, end, columns, by)
