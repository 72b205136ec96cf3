"""Trials in great number, by Hypothesis, which makes what fails as small as it can."""

import traceback
from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, Verbosity, given, reject, seed, settings
from hypothesis import strategies as st

from tests.agreement.choices import drawn
from tests.agreement.save import save
from tests.agreement.suite import OPINIONS, Counterexample, Tally
from tests.agreement.trials import Trial, trial


@st.composite
def _trials(draw: st.DrawFn) -> Trial | None:
    return trial(drawn(draw))


TRIALS = _trials()


def run(start: int, programs: int, completions: int, engines: Sequence[str], small: bool) -> tuple[Tally, str]:
    """Try that many programs from this seed on, or stop at the first that fails; what to say of that one, if there is one.

    Where it is to be made `small`, which takes its time, it is also kept as a spec page.
    """
    tally = Tally()
    failed: list[tuple[Trial, Counterexample]] = []

    @seed(start)
    @settings(
        max_examples=programs,
        deadline=None,
        database=None,
        print_blob=False,
        verbosity=Verbosity.quiet,
        phases=(Phase.generate, Phase.shrink) if small else (Phase.generate,),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(TRIALS)
    def hold(one: Trial | None) -> None:
        try_one(one, completions, tally, failed, engines)

    try:
        hold()
    except Exception as error:
        if not failed:
            return tally, "".join(traceback.format_exception(error))
        one, counterexample = failed[-1]
        kept = f"\n{save(one, counterexample)}" if small else ""
        return tally, f"{one}\n{counterexample}{kept}"
    return tally, ""


def try_one(
    one: Trial | None,
    completions: int,
    tally: Tally,
    failed: list[tuple[Trial, Counterexample]],
    engines: Sequence[str] = tuple(OPINIONS),
) -> None:
    """Look at one trial, and fail with what is wrong in it."""
    if one is None:
        reject()
    tally.programs += not failed
    found = one.counterexample(completions, str(one.made), tally, {name: OPINIONS[name] for name in engines})
    if found is not None:
        failed.append((one, found))
        raise AssertionError(f"\n{one}\n{found}")
