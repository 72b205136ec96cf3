"""The days of beginnings and ends, many at a time: what `dates.period` does of one."""

import numpy as np
from numpy.typing import NDArray

type Days = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int8]]
"""The low ends, the high ends, and the causes, -1 for none."""


def drawn_in(begin: Days, end: Days) -> tuple[Days, Days]:
    """The beginnings and the ends, each drawn in by the other. No end may be before its beginning."""
    begin_high = np.minimum(begin[1], end[1])
    end_low = np.maximum(begin[0], end[0])
    return (
        (begin[0], begin_high, np.where(begin[0] < begin_high, begin[2], np.int8(-1))),
        (end_low, end[1], np.where(end_low < end[1], end[2], np.int8(-1))),
    )
