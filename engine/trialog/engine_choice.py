"""Which engine `trialog screen` screens with, and which options it has: none is taken and then left aside."""

import argparse

from trialog.usage import typed_wrong

_NOT_FOR = {
    "reference": ("out", "jobs", "master"),
    "pydatalog": ("out", "jobs", "master"),
    "cohort": ("format", "master"),
    "spark": ("format",),
    "update": ("format", "jobs", "master"),
}
_HELP = {
    "out": "only the answers about a store go into files: give `--engine cohort` or `--engine spark`",
    "jobs": "only `--engine cohort` and `--engine spark` take several at once",
    "master": "only Spark has one: give `--engine spark`",
    "format": "the answers are in the files; `--out` with a name in `.csv` or `.duckdb` gives them in another form",
}


def engine_of(given: argparse.Namespace) -> str:
    """The engine, or `update`; an engine that is not named follows from the options. Raises UsageError."""
    engine = given.engine
    if given.update is not None:
        engine = "update"
    elif engine == "auto":
        engine = "spark" if given.master is not None else "cohort" if given.out is not None else "reference"
    given.engine = engine if engine != "update" else given.engine
    for option in _NOT_FOR[engine]:
        if getattr(given, option) not in (None, "table"):
            what = "`--update`" if engine == "update" else f"`--engine {engine}`"
            raise typed_wrong("E662", f"{what} has no `--{option}`", _HELP[option])
    return engine
