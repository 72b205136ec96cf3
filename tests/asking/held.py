"""What is said of sets of data, held against screening: it is asked anew of every outcome, and of every set with a datum less."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, islice, product

from trialog.answers import Answers, Status, Verdict
from trialog.datum import Datum
from trialog.needs import Needs, Wish
from trialog.outcomes import Outcome
from trialog.supposing import supposing

MOST = 400
type Asked = Callable[[Answers], Status | Verdict]


def outcomes_of(data: Sequence[Datum]) -> Iterator[tuple[Outcome, ...]]:
    """Every way in which the data may turn out together, single ones alone."""
    single = [[x for o in d.outcomes for x in (o.within or (o,))] for d in data]
    return product(*single)


def asked_with(answers: Answers, outcomes: Sequence[Outcome], asked: Asked) -> Status | Verdict:
    chart = supposing(answers.chart, dict.fromkeys(e for o in outcomes for e in o.edits))
    return asked(answers.screener.screen(chart, answers.screening))


def is_decided(found: Status | Verdict) -> bool:
    return found in (Status.MET, Status.NOT_MET, Verdict.ELIGIBLE, Verdict.INELIGIBLE)


def what_does_not_hold(answers: Answers, needs: Needs, asked: Asked) -> str | None:
    """The first thing that is said of the sets and is not so; None where all is so."""
    for need in needs.sets:
        names = [d.says for d in need.data]
        some = list(islice(outcomes_of(need.data), MOST))
        match needs.wish:
            case Wish.SETTLE:
                for one in some:
                    if not is_decided(asked_with(answers, one, asked)):
                        return f"{names} does not settle it: {[o.says for o in one]}"
            case Wish.MAKE_ELIGIBLE:
                said = [o for _, o in need.example]
                if not any(
                    asked_with(answers, one, asked) is Verdict.ELIGIBLE for one in some
                ) and len(some) < MOST:  # fmt: skip
                    return f"{names} cannot do it, with {said} or otherwise"
        for size in range(len(need.data)):
            for less in combinations(need.data, size):
                ways = list(islice(outcomes_of(less), MOST))
                if len(ways) == MOST:
                    continue
                match needs.wish:
                    case Wish.SETTLE:
                        if all(is_decided(asked_with(answers, one, asked)) for one in ways):
                            return f"{[d.says for d in less]} of {names} settles it too"
                    case Wish.MAKE_ELIGIBLE:
                        if any(asked_with(answers, one, asked) is Verdict.ELIGIBLE for one in ways):
                            return f"{[d.says for d in less]} of {names} can do it too"
    return None
