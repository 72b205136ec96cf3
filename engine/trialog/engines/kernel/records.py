"""What generated functions call to make the rows that a plan asks of a chart's records: `trialog.charts.facts`, on whole numbers.

Of each relation the records come with their columns (one number for a name, two for the ends of a day or an amount) and whether
they are confirmed. `above` is where the table stands that says of x and y whether y is x or a class above it; `words` is how many
numbers a row of it has. Everything here is also compiled; see `helpers`.
"""

type Run = list[int]

FIRST_DAY = 1
LAST_DAY = 3652059
TICKS = 100000
ENDLESS = 140737488355328
MOST_FACTOR = 1073741824
MOST_TERM = 2147483648


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
    """The records that count at screening, their days held to it; behind the columns when, and whether they surely count."""
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


def latest(
    S: Run,
    N: Run,
    B: Run,
    M: Run,
    T: Run,
    first: int,
    certain: int,
    possible: int,
    of_certain: int,
    of_possible: int,
    unknown: int,
    width: int,
    more: int,
    about: int,
    concept: int,
    related: int,
    related_end: int,
    under: int,
    may_be_more: int,
    every: int,
    kinds: int,
    lists: int,
    above: int,
    words: int,
) -> None:
    """The last record of one name: for the day of screening, or where `every` for each day of the calendar."""
    row = width + 4 + more
    mine = B[0] + width + 2
    all_of = 0
    since = FIRST_DAY
    if of_certain > 0:
        S[B[of_certain] + concept] = N[certain]
    if of_possible > 0:
        S[B[of_possible] + concept] = N[possible]
    for j in range(related, related_end):
        c = S[B[first] + T[j]]
        while c != 0:
            S[mine + all_of] = c
            all_of += 1
            if every == 0 and S[c + width + 1] > since:
                since = S[c + width + 1]
            c = S[c + row - 1]
    found = mine + all_of
    while True:
        until = LAST_DAY + 1
        sure = False
        last = FIRST_DAY
        for j in range(all_of):
            c = S[mine + j]
            low = S[c + width]
            high = S[c + width + 1]
            if since < low and low < until:
                until = low
            if since < high and high < until:
                until = high
            if S[c + width + 2] != 0 and high <= since and low > last and has(T, under, S[c + about]):
                last = low
            if S[c + width + 2] != 0 and high <= since and has(T, under, S[c + about]):
                sure = True
        n = 0
        for j in range(all_of):
            c = S[mine + j]
            if S[c + width] <= since and S[c + width + 1] >= last:
                S[found + n] = c
                n += 1
        if not sure and may_be_more != 0 and unknown > 0:
            r = room(N, B, M, unknown, 3)
            if r >= 0:
                S[r] = concept
                S[r + 1] = since
                S[r + 2] = until
        if n > 0:
            answers(
                S,
                N,
                B,
                M,
                T,
                certain,
                possible,
                width,
                about,
                concept,
                found,
                n,
                sure,
                since,
                until,
                kinds,
                lists,
                above,
                words,
            )
        since = until
        if since > LAST_DAY:
            break
    if of_certain > 0:
        S[B[of_certain + 1] + concept] = N[certain]
    if of_possible > 0:
        S[B[of_possible + 1] + concept] = N[possible]
    return


def answers(
    S: Run,
    N: Run,
    B: Run,
    M: Run,
    T: Run,
    certain: int,
    possible: int,
    width: int,
    about: int,
    concept: int,
    found: int,
    n: int,
    sure: bool,
    since: int,
    until: int,
    kinds: int,
    lists: int,
    above: int,
    words: int,
) -> None:
    """The rows that the n candidates make: days and amounts drawn together, answers in names kept apart."""
    at = B[0]
    for i in range(width):
        S[at + i] = S[S[found] + i]
        if T[kinds + i] == 1:
            for j in range(1, n):
                S[at + i] = min(S[at + i], S[S[found + j] + i])
        if T[kinds + i] == 2:
            for j in range(1, n):
                S[at + i] = max(S[at + i], S[S[found + j] + i])
    different = different_answers(S, T, found, n, width, about, kinds)
    if about >= 0:
        S[at + about] = concept
    row = width
    if since > 0:
        S[at + width] = since
        S[at + width + 1] = until
        row += 2
    if sure and different > 1:
        for i in range(width):
            if T[kinds + i] == 0 and i != about:
                S[at + i] = joint(S, T, found, n, i, lists, above, words)
        if certain > 0:
            put_certain(S, N, B, M, certain, at, row)
        if possible > 0:
            put_possible(S, N, B, M, possible, at, row, 2)
    for j in range(n):
        if not is_first(S, T, found, j, width, about, kinds):
            continue
        for i in range(width):
            if T[kinds + i] == 0 and i != about:
                S[at + i] = S[S[found + j] + i]
        if sure and different == 1 and certain > 0:
            put_certain(S, N, B, M, certain, at, row)
        if possible > 0:
            put_possible(S, N, B, M, possible, at, row, 0)
    return


def is_first(S: Run, T: Run, found: int, j: int, width: int, about: int, kinds: int) -> bool:
    """Whether no candidate before it has the same answers."""
    for o in range(j):
        same = True
        for i in range(width):
            if T[kinds + i] == 0 and i != about and S[S[found + o] + i] != S[S[found + j] + i]:
                same = False
                break
        if same:
            return False
    return True


def different_answers(S: Run, T: Run, found: int, n: int, width: int, about: int, kinds: int) -> int:
    different = 0
    for j in range(n):
        if is_first(S, T, found, j, width, about, kinds):
            different += 1
    return different


def attribute(
    S: Run,
    N: Run,
    B: Run,
    M: Run,
    T: Run,
    cnt: int,
    certain: int,
    possible: int,
    unknown: int,
    known: int,
    width: int,
    kinds: int,
    lists: int,
    above: int,
    words: int,
) -> None:
    """What a patient has one of: the sure records drawn together, or where there are none, all."""
    row = width + 4
    found = B[0] + width + 2
    n = 0
    for c in range(B[cnt], B[cnt] + N[cnt] * row, row):
        if S[c + width + 2] != 0:
            S[found + n] = c
            n += 1
    sure = n > 0
    if not sure:
        if unknown > 0:
            N[unknown] = 1
        for c in range(B[cnt], B[cnt] + N[cnt] * row, row):
            S[found + n] = c
            n += 1
    if n > 0:
        if known > 0:
            N[known] = 1
        answers(S, N, B, M, T, certain, possible, width, -1, 0, found, n, sure, 0, 0, kinds, lists, above, words)
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
