"""Programs in great number, each with charts, by Hypothesis, which makes what fails as small as it can."""

import traceback
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, fields
from functools import partial

from hypothesis import HealthCheck, Phase, Verbosity, given, reject, seed, settings
from hypothesis import strategies as st

from tests.agreement.choices import drawn
from tests.cohort.chart_level import Compared, differences
from tests.cohort.programs import Case, case

_BATCH = 40  # programs of one seed: what is tried does not depend on the number of processes
_COMPILED = 20  # one of so many programs is also compiled


@dataclass
class Tried:
    """How many programs came so far, and what was wrong with the last of them."""

    programs: int = 0
    wrong: str = ""


def _cases(hard: bool) -> st.SearchStrategy[Case | None]:
    @st.composite
    def made(draw: st.DrawFn) -> Case | None:
        return case(drawn(draw), hard)

    return made()


CASES, HARD_CASES = _cases(hard=False), _cases(hard=True)


def try_one(one: Case, compared: Compared, tried: Tried, every: int = _COMPILED) -> None:
    """Look at one program and its charts, and fail with what differs. One of `every` is also compiled."""
    tried.programs += 1
    days = [one.subject.screening] * len(one.charts)
    compile_too = tried.programs % every == 1 or "machine code" in tried.wrong
    for found in differences(one.subject.screener, one.charts, days, compared, compile_too=compile_too):
        tried.wrong = f"{one!r}\n{found}"
        raise AssertionError(tried.wrong)


def run(start: int, programs: int, small: bool) -> tuple[Compared, str]:
    """Try that many programs from this seed on, or stop at the first that fails; what to say of that one, if there is one."""
    compared, tried = Compared(), Tried()

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
    @given(CASES if start % 2 else HARD_CASES)
    def hold(one: Case | None) -> None:
        if one is None:
            reject()
        try_one(one, compared, tried)

    try:
        hold()
    except Exception as error:
        return compared, tried.wrong or "".join(traceback.format_exception(error))
    return compared, ""


def run_many(programs: int, start: int, jobs: int, small: bool) -> tuple[Compared, list[str]]:
    """Half of the programs with simple numbers, half with hard ones."""
    sizes = [min(_BATCH, programs - begun) for begun in range(0, programs, _BATCH)]
    total, wrong = Compared(), list[str]()
    with ProcessPoolExecutor(jobs) as pool:
        batches = [pool.submit(partial(run, small=small), start * 1000 + i, size) for i, size in enumerate(sizes)]
        for batch in as_completed(batches):
            compared, found = batch.result()
            for f in fields(Compared):
                mine, other = getattr(total, f.name), getattr(compared, f.name)
                if isinstance(mine, dict):
                    setattr(total, f.name, {k: mine.get(k, 0) + other.get(k, 0) for k in [*mine, *other]})
                else:
                    setattr(total, f.name, mine + other)
            wrong += [found] if found else []
            if found and not small:
                pool.shutdown(cancel_futures=True)
                break
    return total, wrong
