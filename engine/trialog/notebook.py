"""The same questions from Python: replies that are values, and show themselves as text and in HTML."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import override

from trialog.answers import Screener, Status
from trialog.ask_command import asked_for
from trialog.opened import Opened, typed_day
from trialog.problem import Problem, did_you_mean
from trialog.proof import Explanations, Step
from trialog.render.replies import explained_html, reply_html, reply_lines, step_lines, why_heading
from trialog.render.terminal import wrapped
from trialog.replies import Limits, Reply, ReplyRow
from trialog.screening import screen_all
from trialog.usage import UsageError, typed_wrong

_WIDTH = 100


class Wrong(ValueError):  # noqa: N818 (what was asked is wrong)
    """What was asked for cannot be answered: all that is wrong, as text and as `problems`."""

    def __init__(self, error: UsageError) -> None:
        super().__init__(error.rendered(colour=False))
        self.problems: tuple[Problem, ...] = error.problems


def _telling[**P, R](asks: Callable[P, R]) -> Callable[P, R]:
    def told(*given: P.args, **named: P.kwargs) -> R:
        try:
            return asks(*given, **named)
        except UsageError as error:
            raise Wrong(error) from None

    told.__doc__ = asks.__doc__
    return told


@dataclass(frozen=True)
class Explained:
    """Why something has its status. `step` is the explanation, `heading` what it explains."""

    heading: str
    step: Step

    @override
    def __repr__(self) -> str:
        lines = wrapped(self.heading, _WIDTH, "", "  ")
        return "\n".join([*lines, *step_lines(self.step, _WIDTH, False)])

    def _repr_html_(self) -> str:
        return explained_html(self.heading, self.step)


@dataclass(frozen=True)
class Asked:
    """The reply to a query. `rows` have values and a status each, `statuses` are those of the patients who were asked."""

    reply: Reply
    limits: Limits

    @property
    def columns(self) -> tuple[str, ...]:
        return self.reply.query.columns

    @property
    def rows(self) -> tuple[ReplyRow, ...]:
        return self.reply.rows

    @property
    def statuses(self) -> Mapping[str, Status]:
        return self.reply.statuses

    @property
    def is_whole(self) -> bool:
        """Whether no limit of time or rows cut anything off."""
        return self.reply.is_whole

    @_telling
    def why(self, row: int | str) -> Explained:
        """Why a row, counted from 1 as it is shown, or a patient has its status. Raises Wrong; TimeoutError in time."""
        what = asked_for(self.reply, str(row))
        step = self.reply.why(self.rows[what - 1]) if isinstance(what, int) else self.reply.why_of(what)
        return Explained(why_heading(self.reply, what), step)

    @override
    def __repr__(self) -> str:
        return "\n".join(reply_lines(self.reply, _WIDTH, False, self.limits))

    def _repr_html_(self) -> str:
        return reply_html(self.reply, self.limits)


class Trial:
    """A trial and its charts, read once (see `trialog.open`)."""

    @_telling
    def __init__(
        self,
        trial: str,
        charts: str | Path | None,
        kb: str | Path | None,
        as_of: date | str | None,
        readings: Mapping[str, str],
        seconds: float,
        rows: int,
    ) -> None:
        self.limits = Limits(seconds, rows)
        self._opened = Opened(
            argparse.Namespace(
                trial=trial,
                charts=str(charts) if charts is not None else None,
                kb=str(kb) if kb is not None else None,
                as_of=_day(as_of),
                reading=list(readings.items()),
            )
        )

    @property
    def patients(self) -> tuple[str, ...]:
        """The names of the patients of whom there are charts; one that was refused is nobody's."""
        return self._opened.patients

    @_telling
    def ask(self, query: str, patient: str | None = None) -> Asked:
        """The reply to a query: of all patients, of one, or of background knowledge. Raises Wrong."""
        return Asked(self._opened.ask(query, [patient] if patient is not None else [], self.limits), self.limits)

    @_telling
    def why(self, patient: str, atom: str) -> Explained:
        """Why an atom of the protocol, such as S4, has its status for a patient. Raises Wrong."""
        opened = self._opened
        atoms = opened.program.atoms
        if atom not in atoms:
            help_ = did_you_mean(atom, atoms) or f"there are {', '.join(list(atoms)[:20])}"
            raise typed_wrong("E606", f"there is no atom `{atom}`", help_)
        screener = Screener(opened.program, opened.readings)
        (one,) = screen_all(screener, iter(opened.of([patient])[:1]), opened.as_of, date.today().toordinal())
        if one.answers is None:
            raise UsageError(*one.problems)
        step = Explanations(one.answers).of(atoms[atom].relation)
        return Explained(f"{patient}: {atom} {step.status.value}: {atoms[atom].phrase}", step)

    @override
    def __repr__(self) -> str:
        return f"{self._opened.trial}: {self._opened.program.title}"

    def _repr_html_(self) -> str:
        return f"<p><b>{escape(self._opened.trial)}</b>: {escape(self._opened.program.title)}</p>"


def _day(given: date | str | None) -> int | None:
    """Raises UsageError."""
    if given is None or isinstance(given, date):
        return given.toordinal() if given is not None else None
    return typed_day(given)
