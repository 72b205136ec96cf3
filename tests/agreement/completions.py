"""The completions of a chart, one by one: all there are in a small domain, or a sample."""

from tests.agreement.choices import Choices, every, seeded
from tests.agreement.completing import Completion, Domain, ImpossibleError
from tests.agreement.two_valued import World
from trialog.charts.chart import Chart
from trialog.vocabulary import Vocabulary


def completions(
    chart: Chart, vocabulary: Vocabulary, domain: Domain, most: int, seed: object
) -> tuple[list[World], bool]:
    """Completions of the chart, and whether these are all there are in the domain.

    Where there are more than `most`, that many are made at random.
    """
    found: list[World] = []
    for tried, world in enumerate(every(lambda choices: completed(chart, vocabulary, domain, choices))):
        if tried >= 4 * most or len(found) > most:
            sample = (completed(chart, vocabulary, domain, seeded(f"{seed} {i}")) for i in range(most))
            return [w for w in sample if w is not None], False
        if world is not None:
            found.append(world)
    return found, True


def completed(chart: Chart, vocabulary: Vocabulary, domain: Domain, choices: Choices) -> World | None:
    """One completion; None where the decisions contradict each other."""
    try:
        return Completion(chart, vocabulary, domain, choices).world()
    except ImpossibleError:
        return None
