"""What generated functions call: calendars, counts and periods, on whole numbers alone.

`S` holds all rows. Everything here is also compiled, so it is written in the part of Python that numba takes: no tuples of unknown
length, no objects. Generated source begins with this file's text.
"""

type Run = list[int]

FIRST_DAY = 1
LAST_DAY = 3652059


def has(T: Run, at: int, x: int) -> bool:
    """Whether the flag of x is set among those that begin at `at`."""
    return (T[at + (x >> 5)] >> (x & 31)) & 1 != 0


def shift_days(day: int, days: int) -> int:
    """The day moved by so many days, held to the calendar."""
    return min(max(day + days, FIRST_DAY), LAST_DAY)


def month_begins(month: int) -> int:
    """The day before the first of a month; months are counted from March of the year 0, so that a leap day ends a year."""
    year = month // 12
    return year * 365 + year // 4 - year // 100 + year // 400 + (153 * (month - year * 12) + 2) // 5 - 306


def shift_months(day: int, months: int, days: int) -> int:
    """The day moved by months and then by days: the last day of a month that has no such day, as `trialog.values.shift`."""
    quarters = 4 * (day + 305) + 3  # of days, since the year 0 began in March
    century = quarters // 146097
    rest = quarters % 146097 // 4 * 4 + 3
    year = rest // 1461
    day_of_year = rest % 1461 // 4
    month = (5 * day_of_year + 2) // 153
    day_of_month = day_of_year - (153 * month + 2) // 5 + 1
    month += (century * 100 + year) * 12 + months
    if month < 10:  # January of the year 1
        return FIRST_DAY
    if month > 119997:  # December of the year 9999
        return LAST_DAY
    begin = month_begins(month)
    return shift_days(begin + min(day_of_month, month_begins(month + 1) - begin), days)


def count_points(S: Run, at: int, n: int, width: int, bound: int) -> bool:
    """Whether at least `bound` of the n rows, `width` numbers each, differ."""
    different = 0
    for i in range(n):
        new = True
        for j in range(i):
            same = True
            for c in range(width):
                if S[at + i * width + c] != S[at + j * width + c]:
                    same = False
                    break
            if same:
                new = False
                break
        if new:
            different += 1
            if different >= bound:
                return True
    return different >= bound


def count_apart(S: Run, at: int, n: int, bound: int) -> bool:
    """Whether at least `bound` of the n intervals do not touch each other."""
    apart = 0
    last = 0
    while apart < bound:
        found = False
        best = 0
        for i in range(n):
            low = S[at + 2 * i]
            high = S[at + 2 * i + 1]
            if (apart == 0 or low > last) and (not found or high < best):
                found = True
                best = high
        if not found:
            return False
        last = best
        apart += 1
    return True


def count_at_most(S: Run, at: int, n: int, bound: int) -> bool:
    """Whether the n intervals may hold `bound` different values: one that is not a point may hold any number of them."""
    points = 0
    for i in range(n):
        low = S[at + 2 * i]
        high = S[at + 2 * i + 1]
        if low != high:
            return True
        new = True
        for j in range(i):
            if S[at + 2 * j] == low and S[at + 2 * j + 1] == high:
                new = False
                break
        if new:
            points += 1
    return points >= bound


def sort_periods(S: Run, at: int, n: int) -> None:
    """The n periods in the order of their first days."""
    for i in range(1, n):
        begin = S[at + 2 * i]
        end = S[at + 2 * i + 1]
        j = i
        while j > 0 and S[at + 2 * j - 2] > begin:
            S[at + 2 * j] = S[at + 2 * j - 2]
            S[at + 2 * j + 1] = S[at + 2 * j - 1]
            j -= 1
        S[at + 2 * j] = begin
        S[at + 2 * j + 1] = end


def stretches(S: Run, at: int, n: int, gap_months: int, gap_days: int) -> int:
    """How many stretches the n sorted periods make, written over them: one that begins within the gap continues the last."""
    found = 0
    for i in range(n):
        begin = S[at + 2 * i]
        end = S[at + 2 * i + 1]
        if found > 0:
            last = S[at + 2 * found - 1]
            reach = shift_days(last, gap_days) if gap_months == 0 else shift_months(last, gap_months, gap_days)
            if begin <= reach + 1:
                if end > last:
                    S[at + 2 * found - 1] = end
                continue
        S[at + 2 * found] = begin
        S[at + 2 * found + 1] = end
        found += 1
    return found


def is_long(S: Run, at: int, n: int, months: int, days: int, strict: bool) -> bool:
    """Whether one of the n stretches is that long."""
    for i in range(n):
        begin = S[at + 2 * i]
        end = S[at + 2 * i + 1]
        need = shift_days(begin, days) if months == 0 else shift_months(begin, months, days)
        if need < end or (need == end and not strict):
            return True
    return False


def longest(S: Run, at: int, n: int, months: int, days: int, strict: bool, gap_months: int, gap_days: int) -> bool:
    """Whether one stretch of the n periods, gaps bridged, is that long."""
    sort_periods(S, at, n)
    return is_long(S, at, stretches(S, at, n, gap_months, gap_days), months, days, strict)


def covered(S: Run, at: int, n: int, months: int, days: int, strict: bool, most: int) -> bool:
    """Whether one stretch of the n periods is that long, or all together have `most` days, the most that the length can have."""
    if n == 0:
        return False
    sort_periods(S, at, n)
    found = stretches(S, at, n, 0, 0)
    total = 0
    for i in range(found):
        total += S[at + 2 * i + 1] - S[at + 2 * i]
    if most < total or (most == total and not strict):
        return True
    return is_long(S, at, found, months, days, strict)


def is_unsure(S: Run, N: Run, B: Run, fractions: int, code: int) -> bool:
    """Whether the odd code may be of two different numbers: all that is told of it must be one fraction."""
    known = -1
    for r in range(B[fractions], B[fractions] + N[fractions] * 3, 3):
        if S[r] != code:
            continue
        if S[r + 2] == 0:
            return True
        if known < 0:
            known = r
        elif S[r + 1] * S[known + 2] != S[known + 1] * S[r + 2]:
            return True
    return known < 0
