"""`trialog pack`: any charts, into a store."""

import argparse
import sys
from pathlib import Path

from trialog.charts.store import Refused, StoreError
from trialog.generate_command import needed, progress, the_vocabulary
from trialog.knowledge import shown
from trialog.problem import Problem
from trialog.source import Source, Span
from trialog.usage import UsageError, complain, emit, typed_wrong

_MOST_TOLD = 20


def pack(given: argparse.Namespace) -> int:
    """Write the store, say how much is in it, and name who was refused."""
    needed("numpy", "pyarrow")
    from trialog.charts.pack_any import is_database, pack_charts

    charts = given.charts
    if not is_database(charts):
        if not Path(charts).exists():
            help_ = "give a chart, a folder of charts or of tables, a database"
            raise typed_wrong("E605", f"there is no file or folder `{charts}`", help_)
        charts = shown(Path(charts))
    store = Path(shown(Path(given.store)))
    vocabulary = the_vocabulary(given)
    try:
        with progress("packing charts", None) as done:
            manifest, warnings = pack_charts(charts, store, vocabulary, given.buckets, done)
    except StoreError as error:
        raise UsageError(*error.problems) from None
    complain(warnings)
    complain(p for r in manifest.refused[:_MOST_TOLD] for p in _problems(r))
    count = len(manifest.buckets)
    emit([f"{manifest.patients} patients in {count} bucket{'s' * (count != 1)}, in {store}"])
    if refused := manifest.refused:
        which = ", ".join(r.name for r in refused[:5]) + (", …" if len(refused) > 5 else "")
        whole = f"{len(refused)} of {manifest.patients + len(refused)} charts refused: {which}"
        print(f"{whole}\n`{store / 'store.json'}` lists them with their problems", file=sys.stderr)  # noqa: T201 (the command line prints)
    return 3 if manifest.refused else 0


def _problems(refused: Refused) -> list[Problem]:
    return [
        Problem(str(p["code"]), str(p["claim"]), Span(Source(str(p["place"]), ""), 0, 0), str(p["help"]))
        for p in refused.problems
    ]
