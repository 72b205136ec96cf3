"""What generated functions call to work out an amount that follows from another and a measure.

Everything here is also compiled, as `records` is, which says how records lie.
"""

from trialog.cohort.records import room
from trialog.engines.kernel.helpers import FIRST_DAY, LAST_DAY, Run, has

TICKS = 100000
ENDLESS = 140737488355328
MOST_FACTOR = 1073741824
MOST_TERM = 2147483648


def measured(
    S: Run,
    B: Run,
    T: Run,
    first: int,
    row: int,
    width: int,
    about: int,
    value: int,
    related: int,
    related_end: int,
    under: int,
    low: int,
    high: int,
) -> bool:
    """The last value on some day from `low` to `high`, its ends written to the work place; False where none surely is."""
    at = B[0]
    mine = at + 2
    all_of = 0
    for j in range(related, related_end):
        c = S[B[first] + T[j]]
        while c != 0:
            S[mine + all_of] = c
            all_of += 1
            c = S[c + row - 1]
    since = FIRST_DAY
    some = False
    while True:
        until = LAST_DAY + 1
        sure = False
        last = FIRST_DAY
        for j in range(all_of):
            c = S[mine + j]
            if since < S[c + width] and S[c + width] < until:
                until = S[c + width]
            if since < S[c + width + 1] and S[c + width + 1] < until:
                until = S[c + width + 1]
            if S[c + width + 2] != 0 and has(T, under, S[c + about]) and S[c + width + 1] <= since:
                sure = True
                if S[c + width] > last:
                    last = S[c + width]
        if since <= high and low < until:
            if not sure:
                return False
            for j in range(all_of):
                c = S[mine + j]
                if S[c + width] <= since and S[c + width + 1] >= last:
                    if not some or S[c + value] < S[at]:
                        S[at] = S[c + value]
                    if not some or S[c + value + 1] > S[at + 1]:
                        S[at + 1] = S[c + value + 1]
                    some = True
        since = until
        if since > high or since > LAST_DAY:
            return some
    return some


def tell(S: Run, N: Run, B: Run, M: Run, fractions: int, code: int, x: int, y: int) -> None:
    """Keep what the code is of: x over y, or where y is 0 another number."""
    if code % 2 != 0:
        r = room(N, B, M, fractions, 3)
        if r >= 0:
            S[r] = code
            S[r + 1] = x
            S[r + 2] = y if x < MOST_TERM and y < MOST_TERM else 0
    return


def tell_recorded(
    S: Run, N: Run, B: Run, M: Run, T: Run, fractions: int, cnt: int, width: int, row: int, kinds: int
) -> None:
    """Keep that the odd codes of counted records are of numbers that are not known."""
    for c in range(B[cnt], B[cnt] + N[cnt] * row, row):
        for i in range(width):
            if T[kinds + i] != 0:
                tell(S, N, B, M, fractions, S[c + i], 0, 0)
    return


def multiplied(S: Run, N: Run, B: Run, M: Run, fractions: int, x: int, y: int) -> int:
    """The code of the product of two amounts that are not below zero."""
    if x >= ENDLESS or y >= ENDLESS:
        return 0 if x == 0 or y == 0 else ENDLESS
    if x % 2 != 0 or y % 2 != 0 or x < 0 or y < 0 or x > MOST_FACTOR or y > MOST_FACTOR:
        N[0] = -1
        return 0
    product = x * y
    code = 2 * (product // (4 * TICKS)) + (0 if product % (4 * TICKS) == 0 else 1)
    tell(S, N, B, M, fractions, code, 0, 0)
    return code


def divided(S: Run, N: Run, B: Run, M: Run, fractions: int, x: int, y: int) -> int:
    """The code of one amount over another that is above zero."""
    if x >= ENDLESS:
        return ENDLESS
    if y >= ENDLESS:
        return 0 if x == 0 else 1
    if x % 2 != 0 or y % 2 != 0 or x < 0:
        N[0] = -1
        return 0
    code = 2 * (TICKS * x // y) + (0 if TICKS * x % y == 0 else 1)
    tell(S, N, B, M, fractions, code, x, y)
    return code


def complete(
    S: Run,
    N: Run,
    B: Run,
    M: Run,
    T: Run,
    fractions: int,
    cnt: int,
    width: int,
    whole: int,
    part: int,
    first: int,
    row: int,
    about: int,
    value: int,
    of_width: int,
    related: int,
    related_end: int,
    under: int,
) -> None:
    """Of each counted record the amount that follows from another and a measure, where one of the two is not given."""
    out = width + 6
    for c in range(B[cnt], B[cnt] + N[cnt] * out, out):
        if S[c + width + 3] == S[c + width + 4]:
            continue
        if not measured(
            S, B, T, first, row, of_width, about, value, related, related_end, under, S[c + width], S[c + width + 1]
        ):
            continue
        low = S[B[0]]
        high = S[B[0] + 1]
        if low <= 0:
            continue
        if S[c + width + 3] != 0:
            S[c + whole] = multiplied(S, N, B, M, fractions, S[c + part], low)
            S[c + whole + 1] = multiplied(S, N, B, M, fractions, S[c + part + 1], high)
        else:
            S[c + part] = divided(S, N, B, M, fractions, S[c + whole], high)
            S[c + part + 1] = divided(S, N, B, M, fractions, S[c + whole + 1], low)
    return
