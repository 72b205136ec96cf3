"""Typed Datalog for clinical-trial criteria: who is eligible, why, why not, and what is missing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from trialog.notebook import Trial


def open(  # noqa: A001 (it is written `trialog.open`)
    trial: str,
    *,
    charts: str | Path | None = None,
    kb: str | Path | None = None,
    as_of: date | str | None = None,
    readings: Mapping[str, str] | None = None,
    seconds: float = 10,
    rows: int = 1000,
) -> Trial:
    """A trial and its charts, of which a program or a notebook may ask. Raises `trialog.notebook.Wrong`."""
    from trialog.notebook import Trial

    return Trial(trial, charts, kb, as_of, readings or {}, seconds, rows)
