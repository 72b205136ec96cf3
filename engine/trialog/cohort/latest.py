"""What generated functions call to draw together what a chart says of one thing: the latest record, and what a patient has one of.

Everything here is also compiled, as `records` is, which says how records lie.
"""

from trialog.cohort.records import joint, put_certain, put_possible, room
from trialog.engines.kernel.helpers import FIRST_DAY, LAST_DAY, Run, has


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
