"""Whether `needs` gives every smallest set: held against all subsets of the data, each screened with all its outcomes.

`python -m tests.asking.complete --seeds 0 1000` asks it of more programs than the tests do.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, islice
from time import monotonic

from tests.agreement.choices import seeded
from tests.agreement.trials import trial
from tests.asking.held import asked_with, is_decided, outcomes_of
from trialog.answers import Answers, Screener, Status, Verdict
from trialog.datum import Datum
from trialog.needs import Needs, Wish, needs_of_cohort, needs_of_relation

type Asked = Callable[[Answers], Status | Verdict]


def suffices(answers: Answers, data: Sequence[Datum], wish: Wish, asked: Asked, most: int) -> bool | None:
    """Whether the data do it; None where they may turn out in too many ways."""
    ways = list(islice(outcomes_of(data), most + 1))
    if len(ways) > most:
        return None
    if wish is Wish.SETTLE:
        return all(is_decided(asked_with(answers, o, asked)) for o in ways)
    return any(asked_with(answers, o, asked) is Verdict.ELIGIBLE for o in ways)


def by_force(answers: Answers, needs: Needs, asked: Asked, most: int, until: float) -> list[set[Datum]] | None:
    """All smallest sets; None where there are too many ways to try."""
    found: list[set[Datum]] = []
    for size in range(len(needs.data) + 1):
        for some in combinations(needs.data, size):
            if any(f <= set(some) for f in found):
                continue
            does = suffices(answers, some, needs.wish, asked, most)
            if does is None or monotonic() > until:
                return None
            if does:
                found.append(set(some))
    return found


def _status(relation: str) -> Asked:
    return lambda answers: answers.status(relation)


def _verdict(cohort: str) -> Asked:
    return lambda answers: answers.verdict(cohort)


def compared(
    seed: int, most_data: int = 6, most: int = 250, seconds: float = 4.0, search: float = 3.0
) -> Iterator[tuple[Needs, str]]:
    """What was compared of a program made at random, and what is otherwise; empty where nothing is."""
    made = trial(seeded(f"brute {seed}"))
    if made is None:
        return
    subject = made.subject
    screener = Screener(subject.program, subject.readings)
    for chart in made.charts[:2]:
        answers = screener.screen(chart, subject.domain.screening)
        asks: list[tuple[Needs, Asked]] = []
        for atom in list(subject.program.atoms.values())[:4]:
            asks.append((needs_of_relation(answers, atom.relation, seconds=search), _status(atom.relation)))
        for cohort in subject.program.cohorts:
            asks += [(needs_of_cohort(answers, cohort, w, seconds=search), _verdict(cohort)) for w in Wish]
        for needs, asked in asks:
            if needs.is_settled or needs.cut or needs.untried or len(needs.data) > most_data:
                continue
            forced = by_force(answers, needs, asked, most, monotonic() + seconds)
            if forced is None:
                continue
            said = [set(n.data) for n in needs.sets]
            missed = [[d.says for d in f] for f in forced if f not in said]
            more = [[d.says for d in s] for s in said if s not in forced]
            wrong = f"{needs.of}, {needs.wish.value}: not said {missed}, not smallest {more}\n{chart}\n{made}"
            yield needs, wrong if missed or more else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", nargs=2, type=int, default=(0, 100), metavar=("FROM", "TO"))
    count = wrongs = 0
    for seed in range(*parser.parse_args().seeds):
        for _, wrong in compared(seed):
            count += 1
            if wrong:
                wrongs += 1
                print(f"seed {seed}: {wrong}", flush=True)  # noqa: T201 (a command)
    print(f"{count} answers compared, {wrongs} with other sets")  # noqa: T201 (a command)


if __name__ == "__main__":
    main()
