"""A trial and its charts, read once, of which anything may be asked."""

import argparse
from collections.abc import Sequence
from datetime import date
from functools import cached_property

from trialog.asking import read_query
from trialog.charts.files import ReadChart
from trialog.commands import chart_folder, chosen_readings, named, read_all, the_program
from trialog.replies import Limits, Reply, reply
from trialog.source import Source
from trialog.usage import UsageError, typed_wrong
from trialog.values import days


class Opened:
    """What was typed of a command says which trial, charts, readings and day; all of them are there."""

    def __init__(self, given: argparse.Namespace) -> None:
        """Raises UsageError."""
        self.library, self.program = the_program(given)
        self.trial: str = given.trial
        self.pages = self.library.pages(given.trial)[0]
        self.folder = chart_folder(given, self.library)
        self.readings = chosen_readings(given, self.program)
        self.as_of: int | None = given.as_of

    @cached_property
    def charts(self) -> tuple[ReadChart, ...]:
        return tuple(read_all(self.folder, self.program))

    @property
    def patients(self) -> tuple[str, ...]:
        """Those who have a chart: one that was refused is nobody's."""
        return tuple(r.name for r in self.charts if r.chart is not None)

    def of(self, patients: Sequence[str]) -> list[ReadChart]:
        """The charts of these patients; of all, where none is named. Raises UsageError."""
        return named(self.charts, patients, self.folder) if patients else list(self.charts)

    def ask(self, text: str, patients: Sequence[str], limits: Limits) -> Reply:
        """The reply to a query. Raises UsageError with all that is wrong with it."""
        query, problems = read_query(Source("query", text), self.pages, self.program)
        if query is None:
            raise UsageError(*problems)
        charts = self.of(patients) if query.about_patient else []
        return reply(query, self.readings, charts, self.as_of, date.today().toordinal(), limits)


def typed_day(written: str) -> int:
    """The day that was typed. Raises UsageError."""
    try:
        when = days(written)
    except ValueError as error:
        raise typed_wrong("E685", str(error), "write it as 2026-01-31") from None
    if not when.is_point:
        raise typed_wrong("E685", f"`{written}` is not one day", "write it as 2026-01-31")
    return int(when.low)
