"""Trials in great number, by Hypothesis, which makes what fails as small as it can."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, reject, seed, settings
from hypothesis import strategies as st

from tests.agreement.choices import drawn
from tests.agreement.suite import OPINIONS, Counterexample, Tally
from tests.agreement.trials import Trial, trial


@dataclass(frozen=True, slots=True)
class Found:
    """The smallest program and chart found of which something does not hold."""

    page: str
    readings: tuple[tuple[str, str], ...]
    shown: str


def run(start: int, programs: int, completions: int, engines: Sequence[str]) -> tuple[Tally, Found | None]:
    """Try that many programs from this seed on, or stop at the first that fails, made small."""
    tally = Tally()
    failed: list[tuple[Trial, Counterexample]] = []

    @seed(start)
    @settings(
        max_examples=programs,
        deadline=None,
        database=None,
        print_blob=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def hold(data: st.DataObject) -> None:
        try_one(data, completions, tally, failed, engines)

    try:
        hold()
    except AssertionError:
        one, counterexample = failed[-1]
        return tally, Found(one.made.page()[0].text, tuple(one.subject.readings.items()), f"{one}\n{counterexample}")
    return tally, None


def try_one(
    data: st.DataObject,
    completions: int,
    tally: Tally,
    failed: list[tuple[Trial, Counterexample]],
    engines: Sequence[str] = tuple(OPINIONS),
) -> None:
    """Make one trial, and fail with what is wrong in it."""
    one = trial(drawn(data.draw))
    if one is None:
        reject()
    tally.programs += not failed
    found = one.counterexample(completions, str(one.made), tally, {name: OPINIONS[name] for name in engines})
    if found is not None:
        failed.append((one, found))
        raise AssertionError(f"\n{one}\n{found}")
