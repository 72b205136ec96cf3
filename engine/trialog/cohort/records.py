"""What generated functions call to make the rows that a plan asks of a chart's records: `trialog.charts.facts`, on whole numbers.

Of each relation the records come with their columns (one number for a name, two for the ends of a day or an amount) and whether
they are confirmed. `above` is where the table stands that says of x and y whether y is x or a class above it; `words` is how many
numbers a row of it has. Everything here is also compiled; see `helpers`.
"""

from trialog.engines.kernel.helpers import FIRST_DAY, Run, has


def is_denied(
    S: Run,
    N: Run,
    B: Run,
    T: Run,
    absent: int,
    relation: int,
    concept: int,
    begin: int,
    screening: int,
    above: int,
    words: int,
) -> bool:
    """Whether an explicit "no", said at screening or before, is of this name and reaches the beginning."""
    for d in range(B[absent], B[absent] + N[absent] * 4, 4):
        if S[d] == relation and S[d + 2] <= screening and begin <= S[d + 3]:
            if has(T, above + concept * words, S[d + 1]):
                return True
    return False


def count_records(
    S: Run,
    N: Run,
    B: Run,
    M: Run,
    T: Run,
    rec: int,
    cnt: int,
    first: int,
    seen: int,
    bits: int,
    width: int,
    more: int,
    about: int,
    begin: int,
    end: int,
    relation: int,
    absent: int,
    screening: int,
    above: int,
    words: int,
) -> None:
    """The records that count at screening, their days held to it; behind the columns when, and whether they surely count.

    What names they have is noted in `N[seen]`, by the bits that stand at each name's number from `bits` on, if there are any.
    """
    row = width + 1 + more
    out = width + 4 + more
    for r in range(B[rec], B[rec] + N[rec] * row, row):
        if begin >= 0 and S[r + begin] > screening:
            continue
        n = N[cnt]
        if n >= M[cnt]:
            N[0] = cnt
            return
        c = B[cnt] + n * out
        for i in range(width):
            S[c + i] = S[r + i]
        for i in range(more):
            S[c + width + 3 + i] = S[r + width + 1 + i]
        if bits >= 0:
            N[seen] |= T[bits + S[r + about]]
        sure = S[r + width]
        S[c + width] = FIRST_DAY
        S[c + width + 1] = screening
        if begin >= 0:
            low = S[r + begin]
            high = S[r + begin + 1]
            S[c + width] = low
            S[c + width + 1] = min(high, screening)
            S[c + begin + 1] = min(high, screening)
            if end >= 0:
                S[c + end] = min(max(S[r + end], low), screening)
                S[c + end + 1] = min(max(S[r + end + 1], low), screening)
            if high > screening:
                sure = 0
            if about >= 0 and N[absent] != 0:
                if is_denied(S, N, B, T, absent, relation, S[r + about], low, screening, above, words):
                    sure = 0
        S[c + width + 2] = sure
        S[c + out - 1] = 0
        if first > 0:
            S[c + out - 1] = S[B[first] + S[r + about]]
            S[B[first] + S[r + about]] = c
        N[cnt] = n + 1
    return


def forget(S: Run, N: Run, B: Run, cnt: int, first: int, row: int, about: int) -> None:
    """Leave no name with a first record, for the next patient."""
    for c in range(B[cnt], B[cnt] + N[cnt] * row, row):
        S[B[first] + S[c + about]] = 0
    return


def room(N: Run, B: Run, M: Run, k: int, width: int) -> int:
    """Where the next row of the relation goes; -1 where there is no room."""
    n = N[k]
    if n >= M[k]:
        N[0] = k
        return -1
    N[k] = n + 1
    return B[k] + n * width


def joint(S: Run, T: Run, at: int, n: int, column: int, lists: int, above: int, words: int) -> int:
    """The narrowest class that the names in this column of the n rows, whose places stand from `at` on, are all in."""
    first = S[S[at] + column]
    for j in range(T[lists + first], T[lists + first + 1]):
        c = T[j]
        every = True
        for i in range(n):
            if not has(T, above + S[S[at + i] + column] * words, c):
                every = False
                break
        if every:
            return c
    return first


def put_possible(S: Run, N: Run, B: Run, M: Run, k: int, at: int, width: int, mark: int) -> None:
    """A row that may hold, copied from the work place `at`."""
    r = room(N, B, M, k, width + 1)
    if r >= 0:
        for i in range(width):
            S[r + i] = S[at + i]
        S[r + width] = mark
    return


def put_certain(S: Run, N: Run, B: Run, M: Run, k: int, at: int, width: int) -> None:
    r = room(N, B, M, k, width)
    if r >= 0:
        for i in range(width):
            S[r + i] = S[at + i]
    return


def means_denied(
    S: Run,
    N: Run,
    B: Run,
    T: Run,
    absent: int,
    relation: int,
    said: int,
    member: int,
    low: int,
    high: int,
    screening: int,
    above: int,
    words: int,
) -> bool:
    """Whether the chart denies the member, and not the class that was recorded."""
    for d in range(B[absent], B[absent] + N[absent] * 4, 4):
        if S[d] == relation and S[d + 2] <= screening and low <= S[d + 3] and high <= S[d + 2]:
            denied = S[d + 1]
            if has(T, above + member * words, denied) and not has(T, above + said * words, denied):
                return True
    return False


def may_hold(
    S: Run,
    N: Run,
    B: Run,
    M: Run,
    T: Run,
    possible: int,
    at: int,
    width: int,
    about: int,
    relation: int,
    absent: int,
    low: int,
    high: int,
    screening: int,
    above: int,
    words: int,
    members: int,
) -> None:
    """The row at the work place, and where its class has members that the chart denies, each other member by itself."""
    if about >= 0 and N[absent] != 0:
        said = S[at + about]
        begin = T[members + said]
        end = T[members + said + 1]
        any_denied = False
        for j in range(begin + 1, end):
            if means_denied(S, N, B, T, absent, relation, said, T[j], low, high, screening, above, words):
                any_denied = True
                break
        if any_denied:
            for j in range(begin, end):
                if not means_denied(S, N, B, T, absent, relation, said, T[j], low, high, screening, above, words):
                    S[at + about] = T[j]
                    put_possible(S, N, B, M, possible, at, width, 1)
            S[at + about] = said
            return
    put_possible(S, N, B, M, possible, at, width, 0)
    return


def events(
    S: Run,
    N: Run,
    B: Run,
    M: Run,
    T: Run,
    cnt: int,
    first: int,
    certain: int,
    possible: int,
    width: int,
    more: int,
    about: int,
    on: int,
    relation: int,
    absent: int,
    measure: int,
    kinds: int,
    screening: int,
    above: int,
    words: int,
    members: int,
    lists: int,
) -> None:
    """What counted records say: results that may be of one moment are drawn together, and may hold no common answer."""
    row = width + 4 + more
    at = B[0]
    near = at + width
    for c in range(B[cnt], B[cnt] + N[cnt] * row, row):
        low = S[c + width]
        high = S[c + width + 1]
        sure = S[c + width + 2]
        for i in range(width):
            S[at + i] = S[c + i]
        agreed = True
        n = 0
        if measure != 0:
            o = S[B[first] + S[c + about]]
            while o != 0:
                if S[o + width] <= high and low <= S[o + width + 1]:
                    S[near + n] = o
                    n += 1
                o = S[o + row - 1]
            if n > 1:
                for i in range(width):
                    if T[kinds + i] == 0:
                        for j in range(n):
                            if S[S[near + j] + i] != S[c + i]:
                                agreed = False
                    elif i != on and i != on + 1:
                        for j in range(n):
                            if T[kinds + i] == 1:
                                S[at + i] = min(S[at + i], S[S[near + j] + i])
                            else:
                                S[at + i] = max(S[at + i], S[S[near + j] + i])
        if sure != 0 and agreed:
            if certain > 0:
                put_certain(S, N, B, M, certain, at, width)
        if possible > 0:
            may_hold(
                S, N, B, M, T, possible, at, width, about, relation, absent, low, high, screening, above, words, members
            )
        if sure != 0 and not agreed:
            for i in range(width):
                if T[kinds + i] == 0:
                    S[at + i] = joint(S, T, near, n, i, lists, above, words)
            if certain > 0:
                put_certain(S, N, B, M, certain, at, width)
            if possible > 0:
                put_possible(S, N, B, M, possible, at, width, 2)
    return


def recorded(S: Run, B: Run, T: Run, first: int, k: int, related: int, related_end: int, concept: int) -> None:
    """Whether anything is recorded that is this, of this class, or a class that it may be of."""
    S[B[k] + concept] = 0
    for j in range(related, related_end):
        if S[B[first] + T[j]] != 0:
            S[B[k] + concept] = 1
            return
    return


def openness(
    S: Run,
    N: Run,
    B: Run,
    T: Run,
    k: int,
    relation: int,
    reviewed: int,
    absent: int,
    needed: int,
    needed_end: int,
    leaves: int,
    screening: int,
    above: int,
    words: int,
) -> None:
    """A class is open unless the chart says of each of its members that all is recorded, or that there was none."""
    closings = 0
    for d in range(B[reviewed], B[reviewed] + N[reviewed] * 4, 4):
        if S[d] == relation and S[d + 2] >= screening:
            S[B[0] + closings] = S[d + 1]
            closings += 1
    for d in range(B[absent], B[absent] + N[absent] * 4, 4):
        if S[d] == relation and S[d + 2] == screening:
            S[B[0] + closings] = S[d + 1]
            closings += 1
    for j in range(needed, needed_end):
        concept = T[j]
        if closings == 0:
            S[B[k] + concept] = 1
            continue
        S[B[k] + concept] = 0
        closed = False
        for c in range(closings):
            if has(T, above + concept * words, S[B[0] + c]):
                closed = True  # with all its members
                break
        if closed:
            continue
        for i in range(T[leaves + concept], T[leaves + concept + 1]):
            closed = False
            for c in range(closings):
                if has(T, above + T[i] * words, S[B[0] + c]):
                    closed = True
                    break
            if not closed:
                S[B[k] + concept] = 1
                break
    return


def judgements(
    S: Run,
    N: Run,
    B: Run,
    T: Run,
    signed: int,
    certain: int,
    possible: int,
    unknown: int,
    needed: int,
    needed_end: int,
    screening: int,
) -> None:
    """Of each question the last signed decision on or before screening, where it still counts then."""
    begin = B[signed]
    end = B[signed] + N[signed] * 6
    for j in range(needed, needed_end):
        question = T[j]
        last = FIRST_DAY
        counted = False
        for r in range(begin, end, 6):
            if S[r] == question and S[r + 3] <= screening:
                counted = True
                if S[r + 2] > last:
                    last = S[r + 2]
        sure = counted
        agreeing = 0
        others = 0
        for r in range(begin, end, 6):
            if S[r] == question and S[r + 2] <= screening and S[r + 3] >= last:
                if S[r + 4] < screening:
                    sure = False
                if S[r + 1] != 0 and S[r + 5] >= screening:
                    agreeing += 1
                else:
                    others += 1
        if unknown > 0:
            S[B[unknown] + question] = 0 if sure else 1
        if possible > 0:
            S[B[possible] + question] = 1 if agreeing > 0 else 0
        if certain > 0:
            S[B[certain] + question] = 1 if agreeing > 0 and sure and others == 0 else 0
    return
