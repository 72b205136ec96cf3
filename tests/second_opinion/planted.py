"""Faults planted in the reference engine, so that the two engines disagree."""

from collections.abc import Iterable
from typing import Any

import pytest

from trialog.engines import reference
from trialog.plain import Tally, Value
from trialog.program import Expr


def compare_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes `<=` for `<`."""
    rightly = reference._Prepared.test

    def test(self: reference._Prepared, operator: str, left: Expr, right: Expr) -> Any:
        return rightly(self, "<" if operator == "<=" else operator, left, right)

    monkeypatch.setattr(reference._Prepared, "test", test)


def count_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts one too few."""
    rightly = reference.reaches

    def reaches(tally: Tally, rows: Iterable[tuple[Value, ...]]) -> bool:
        return rightly(tally, list(rows)[1:])

    monkeypatch.setattr(reference, "reaches", reaches)
