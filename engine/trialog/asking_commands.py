"""The commands that ask what is missing, what would be if, and what a near miss is."""

import argparse

from trialog.answers import Answers
from trialog.commands import Asked, about_one_patient
from trialog.usage import UsageError, emit, holds_ascii_alone
from trialog.values import show_day


def needs(given: argparse.Namespace) -> int:
    """Print the smallest sets of data and judgements that settle an answer, or can make a patient eligible."""
    from trialog.needs import Wish, needs_of_atom, needs_of_cohort
    from trialog.render.asking import needs_json, needs_lines

    def say(asked: Asked) -> int:
        answers = asked.answers
        if given.atom is not None:
            found = [needs_of_atom(answers, given.atom, given.most, given.seconds)]
        else:
            wish = Wish.MAKE_ELIGIBLE if given.eligible else Wish.SETTLE
            found = [needs_of_cohort(answers, c, wish, given.most, given.seconds) for c in asked.cohorts]
        if given.format == "json":
            _as_json(given, answers, "needs", [needs_json(n) for n in found])
            return 0
        _heading(answers)
        for n in found:
            emit(["", *needs_lines(n, given.width, given.colour)])
        return 0

    return about_one_patient(given, say)


def whatif(given: argparse.Namespace) -> int:
    """Print what changes in one patient's answers if facts are added or retracted."""
    from trialog.render.asking import what_if_json, what_if_lines
    from trialog.what_if import read_edits, what_if

    def say(asked: Asked) -> int:
        edits, problems = read_edits(asked.answers, given.add, given.retract)
        if problems:
            raise UsageError(*problems)
        found = what_if(asked.answers, edits)
        if given.format == "json":
            _as_json(given, asked.answers, "what_if", what_if_json(found))
            return 0
        _heading(asked.answers)
        emit(what_if_lines(found, given.width, given.colour))
        return 0

    return about_one_patient(given, say)


def near(given: argparse.Namespace) -> int:
    """Print the fewest, smallest changes that would make a patient eligible."""
    from trialog.near import near as near_of
    from trialog.render.asking import near_json, near_lines

    def say(asked: Asked) -> int:
        found = [near_of(asked.answers, c, given.most, given.seconds) for c in asked.cohorts]
        if given.format == "json":
            _as_json(given, asked.answers, "near", [near_json(n) for n in found])
            return 0
        _heading(asked.answers)
        for n in found:
            emit(["", *near_lines(n, given.width, given.colour)])
        return 0

    return about_one_patient(given, say)


def _heading(answers: Answers) -> None:
    emit([f"{answers.chart.patient}, screened on {show_day(answers.screening)}"])


def _as_json(
    given: argparse.Namespace, answers: Answers, what: str, found: dict[str, object] | list[dict[str, object]]
) -> None:
    from trialog.render.asking import as_json

    plain = holds_ascii_alone()
    emit([as_json(given.trial, answers.chart.patient, answers.screening, what, found, plain)])
