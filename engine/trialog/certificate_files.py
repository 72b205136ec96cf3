"""The certificate that `trialog why` writes."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from trialog.answers import Answers
from trialog.certificates.certify import About, Certifier
from trialog.charts.chart import Chart
from trialog.knowledge import Library
from trialog.usage import emit, note, typed_wrong


def write_certificate(
    given: argparse.Namespace,
    library: Library,
    answers: Answers,
    cohorts: Sequence[str],
    engines: tuple[tuple[str, str], ...],
) -> None:
    """Write the certificate of what `trialog why` was asked for. Raises UsageError."""
    charts = chart_digest(answers.chart, Path(given.charts) if given.charts else library.folder(given.trial) / "cases")
    about = About(given.trial, library.digest(given.trial), charts, engines)
    certifier = Certifier(answers.screener, library=library, trial=given.trial)
    certificate = certifier.certificate(answers, about, cohorts, given.atom)
    write(given.certificate, as_text(certificate))
    said = f"certificate written to {given.certificate}; check it with `trialog verify`"
    if given.format == "text":
        emit(["", said])
    else:
        note(said)


def as_text(content: object) -> str:
    """JSON, the same bytes for the same content."""
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def write(path: str, words: str) -> None:
    try:
        Path(path).write_text(words, encoding="utf-8")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise typed_wrong(
            "E657", f"`{path}` cannot be written: {why}", "give the name of a file in a folder that is there"
        ) from None


def chart_digest(chart: Chart, path: Path) -> str:
    """The hash of the file that the chart was read from, or of the tables."""
    from trialog.charts.read import digest

    file = Path(chart.file)
    return digest(file if chart.file and file.is_file() else path)
