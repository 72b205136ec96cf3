"""What may be wrong with a table of a store, and where: a column, a row."""

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from trialog.charts.files import nowhere
from trialog.charts.store_tables import OPTIONAL, Field, Holds, arrow_type
from trialog.charts.words import one_line
from trialog.codes import BEYOND_CODE, END_CODE, code_of
from trialog.problem import Problem, did_you_mean
from trialog.values import FIRST_DAY, LAST_DAY, Cause, exact
from trialog.vocabulary import Vocabulary

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_AGAIN = "the store was changed, or written by something else: pack or generate it again"
_ENDS = re.compile(r"-?[0-9]{1,400}(/[1-9][0-9]{0,400})? -?[0-9]{1,400}(/[1-9][0-9]{0,400})?")


def wrong_schema(found: "pa.Schema", fields: tuple[Field, ...], path: Path) -> Iterator[Problem]:
    """A column that is missing, and one of another type."""
    for f in fields:
        at = found.get_field_index(f.name)
        if at < 0:
            help_ = did_you_mean(f.name, set(found.names) - {g.name for g in fields}) or _AGAIN
            yield Problem("E529", f"`{path.name}` has no column `{f.name}`", nowhere(path), help_)
        elif not found.field(at).type.equals(arrow_type(f.holds)):
            claim = f"the column `{f.name}` of `{path.name}` holds {found.field(at).type}, not {arrow_type(f.holds)}"
            yield Problem("E529", claim, nowhere(path), _AGAIN)


def wrong_rows(
    table: "pa.Table", fields: tuple[Field, ...], path: Path, patients: int, vocabulary: Vocabulary
) -> Iterator[Problem]:
    """The first row of each column that holds what no store does."""
    for f in fields:
        if found := _wrong(table, f, patients, vocabulary):
            row, what = found
            claim = f"row {row + 1} of `{path.parent.name}/{path.name}`, column `{f.name}`: {one_line(what, 200)}"
            yield Problem("E530", claim, nowhere(path), _AGAIN)


def _wrong(table: "pa.Table", f: Field, patients: int, vocabulary: Vocabulary) -> tuple[int, str] | None:
    """The first row that is wrong, and how; None where none is."""
    import numpy as np

    column = table.column(f.name).combine_chunks()
    if column.null_count and f.holds not in OPTIONAL:
        return int(np.argmax(column.is_null().to_numpy(zero_copy_only=False))), "nothing stands there"
    match f.holds:
        case Holds.NAME:
            names = column.to_pylist()
            at = next((i for i in range(1, len(names)) if names[i - 1] >= names[i]), None)
            return None if at is None else (at, f"`{names[at]}` does not come after `{names[at - 1]}`")
        case Holds.PATIENT:
            rows = column.to_numpy()
            if at := _first(rows[1:] < rows[:-1]):
                return at[0] + 1, "the rows are not sorted by patient"
            if len(rows) and (rows[0] < 0 or rows[-1] >= patients):
                at = _first((rows < 0) | (rows >= patients)) or (0,)
                return at[0], f"there is no patient in row {rows[at[0]] + 1} of `patients`"
        case Holds.DAY:
            days = column.to_numpy()
            low = 0 if f.name == "screening" else FIRST_DAY
            if _within(days, low, LAST_DAY):
                return None
            if at := _first((days < low) | (days > LAST_DAY)):
                return at[0], f"{days[at[0]]} is no day of the calendar"
        case Holds.DAYS:
            spread = column.to_numpy()
            low_days = table.column(f.name.removesuffix("_spread")).to_numpy()
            if not spread.any():
                return None
            ends = spread.astype(np.int64) + low_days
            if at := _first((spread < 0) | ((ends > LAST_DAY) & (low_days <= LAST_DAY))):
                return at[0], "the high end is before the low one, or after all days"
        case Holds.CODE:
            codes = column.to_numpy()
            if at := _first(_no_codes(codes)):
                return at[0], f"{column[at[0]]} is the code of no number"
        case Holds.CODES:
            spread = column.to_numpy()
            low_codes = table.column(f.name.removesuffix("_spread")).to_numpy()
            if not spread.any():
                return None
            if at := _first((spread < 0) | (_no_codes(spread + low_codes) & ~_no_codes(low_codes))):
                return at[0], "the high end is below the low one, or no code"
        case Holds.CONCEPT | Holds.CAUSE | Holds.WORD:
            return _unknown_word(column, f, vocabulary)
        case Holds.EXACT:
            return _wrong_ends(column, table, f)
        case Holds.TEXT | Holds.FLAG:
            pass
    return None


def _first(strange: "np.ndarray") -> tuple[int] | None:
    """The first row that is marked."""
    at = int(strange.argmax()) if len(strange) else 0
    return (at,) if len(strange) and strange[at] else None


def _within(numbers: "np.ndarray", low: int, high: int) -> bool:
    """Whether no number is below or above; which one is need not be known then."""
    return not len(numbers) or bool(numbers.min() >= low and numbers.max() <= high)


def _no_codes(codes: "np.ndarray") -> "np.ndarray":
    import numpy as np

    found = np.abs(codes) > BEYOND_CODE
    if found.any():
        found[found] = np.abs(codes[found]) != END_CODE
    return found


def _unknown_word(column: "pa.DictionaryArray", f: Field, vocabulary: Vocabulary) -> tuple[int, str] | None:
    """The first row whose word is not one that may stand there."""
    import numpy as np

    words = column.dictionary.to_pylist()
    match f.holds:
        case Holds.CAUSE:
            known = {cause.value for cause in Cause}
        case Holds.WORD:
            known = set(vocabulary.relations) if f.name == "relation" else set(words)
        case _:
            known = set(vocabulary.descendants.get(f.root, vocabulary.concepts))
    strange = [i for i, word in enumerate(words) if word not in known]
    if not strange:
        return None
    indices = column.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    at = _first(np.isin(indices, strange))
    if at is None:
        return None
    word = str(words[indices[at[0]]])
    what = f"a {f.root or 'concept'} of the vocabulary" if f.holds is Holds.CONCEPT else "a word that may stand there"
    return at[0], f"`{word[:60]}` is not {what}"


def _wrong_ends(column: "pa.Array", table: "pa.Table", f: Field) -> tuple[int, str] | None:
    """The first row whose codes need exact ends that are not there, or whose exact ends are none."""
    import numpy as np

    name = f.name.removesuffix("_exact")
    low = table.column(name).to_numpy()
    odd = ((low | table.column(f"{name}_spread").to_numpy()) & 1) == 1
    if column.null_count == len(column) and not odd.any():
        return None
    given = column.is_valid().to_numpy(zero_copy_only=False)
    if at := _first(odd & ~given):
        return at[0], "the codes lie between two ticks, and the exact numbers are missing"
    for row in np.flatnonzero(given):
        written = str(column[int(row)])
        ends = _codes_of(written)
        if ends is None:
            return int(row), f"`{written[:60]}` are no two numbers"
        if ends != (low[row], low[row] + table.column(f"{name}_spread")[int(row)].as_py()):
            return int(row), f"`{written[:60]}` are not the numbers that the codes are of"
    return None


@lru_cache(maxsize=1 << 16)
def _codes_of(written: str) -> tuple[int, int] | None:
    """The codes of both ends; None where they are not two numbers, the low one first."""
    if not _ENDS.fullmatch(written):
        return None
    low, high = (exact(Fraction(end)) for end in written.split(" "))
    return (code_of(low), code_of(high)) if low <= high else None
