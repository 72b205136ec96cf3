"""Whether pyDatalog derives the same of many patients, said one by one where it does not."""

from collections.abc import Callable, Iterable, Sequence
from typing import assert_never

from trialog.answers import Answers
from trialog.program import Program
from trialog.usage import complain


def confirmed(screened: Sequence[Answers], program: Program, what: str, say: Callable[[Iterable[str]], None]) -> bool:
    """Derive everything with pyDatalog too; False where the two engines disagree on a chart."""
    from trialog.engines.worker import Worker
    from trialog.second_opinion import Agreed, Disagreed, SecondOpinion, Unconfirmed, problems

    agreed, differ = 0, 0
    with Worker() as worker:
        for answers in screened:
            opinion = SecondOpinion(answers, worker).opinion()
            match opinion:
                case Agreed():
                    agreed += 1
                case Unconfirmed(why):
                    say([f"{answers.chart.patient}: not confirmed by a second engine: {why}"])
                case Disagreed():
                    differ += 1
                    say([f"{answers.chart.patient}: the two engines disagree"])
                    complain(problems(opinion, program))
                case _:
                    assert_never(opinion)
    say([f"both engines agree on {agreed} of {len(screened)} {what}"])
    return not differ
