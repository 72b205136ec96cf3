"""`trialog screen --update`: the patients of a store, screened again into the run that has their earlier answers."""

import argparse
from datetime import date
from pathlib import Path

from trialog.answers import Screener
from trialog.charts.store import StoreError, is_store
from trialog.cohort_command import made_ready
from trialog.commands import chart_folder, chosen_readings, the_program
from trialog.generate_command import needed, progress
from trialog.knowledge import shown
from trialog.usage import UsageError, emit, note, typed_wrong

_MOST_NAMED = 5


def update_answers(given: argparse.Namespace) -> int:
    """Screen the patients of a store as the run was, and say how many were new."""
    library, program = the_program(given)
    chosen = chosen_readings(given, program)
    path = chart_folder(given, library)
    if given.out is not None or given.engine not in ("auto", "cohort"):
        claim = "`--update` writes into the run that it names, with the cohort engine"
        raise typed_wrong("E647", claim, "leave out `--out`, and any other engine")
    if not is_store(path):
        claim = f"`{shown(path)}` is no store, and the cohort engine reads nothing else"
        raise typed_wrong("E633", claim, f"trialog pack {shown(path)} STORE; then give `--charts STORE`")
    needed("numpy", "pyarrow", "llvmlite")
    from trialog.charts.store_read import open_store
    from trialog.cohort.answered import open_answers
    from trialog.cohort.update import finish_earlier, update

    folder = Path(given.update)
    try:
        finish_earlier(folder)
        answers = open_answers(folder)
        if answers.trial != given.trial or answers.knowledge != library.digest(given.trial):
            claim = f"`{folder}` holds answers by another trial or knowledge base than this"
            raise typed_wrong("E648", claim, "name those of the run, or screen all patients again")
        other = [f"{n}={o}" for n, o in chosen.items() if answers.readings.get(n) != o]
        if other or (given.as_of is not None and given.as_of != answers.as_of):
            said = other[0] if other else f"on {date.fromordinal(given.as_of)}"
            claim = f"`{folder}` was screened otherwise than `{said}`"
            raise typed_wrong("E647", claim, "leave it out: an update screens as the run did")
        store = open_store(path, program.vocabulary)
        ready = made_ready(Screener(program, answers.readings))
        if [r.text for r in answers.rules.values()] != [str(r) for r in ready.protocol.written.reasons]:
            claim = f"`{folder}` holds answers by another version of trialog"
            raise typed_wrong("E648", claim, "screen all patients again")
        patients = store.manifest.patients
        with progress(f"screening {patients} patients", patients) as told:
            done = update(ready, store, answers, told)
    except StoreError as error:
        raise UsageError(*error.problems) from None
    emit(
        [
            f"{done.screened:,} patients from {shown(path)} screened",
            f"{done.before:,} of the run's answers replaced, {done.patients:,} patients in {folder} now",
        ]
    )
    for names, why in (
        (done.unborn, "were born after the screening"),
        (done.refused, "were refused when the store was packed; `store.json` has the reasons"),
    ):
        if names:
            which = ", ".join(names[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")
            note(f"{len(names)} patients are no longer in the run: they {why}: {which}")
    return 3 if done.unborn or done.refused else 0
