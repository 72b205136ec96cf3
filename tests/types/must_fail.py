"""Wrong on purpose: the type checker must refuse this file, or its strictness has been lost."""

from typing import assert_never

from trialog.answers import Status
from trialog.source import Source


def a_forgotten_case(status: Status) -> str:
    match status:
        case Status.MET:
            return "met"
        case Status.NOT_MET:
            return "not met"
        case _:
            assert_never(status)  # `Status.UNKNOWN` comes here


def a_number_for_a_text() -> Source:
    return Source("page.md", 3)


def no_annotations(status):
    return status
