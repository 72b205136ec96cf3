"""Problems as JSON, for other programs; the fields are described in `docs/json.md`."""

import json
from collections.abc import Sequence

from trialog.problem import Fix, Problem, Severity
from trialog.source import Span


def problems_as_json(trials: Sequence[str], problems: Sequence[Problem], mended: Sequence[Problem], plain: bool) -> str:
    """One object: the trials that were checked, what is wrong, and what was mended. `plain` keeps to ASCII."""
    shown = {
        "trials": list(trials),
        "errors": sum(p.severity is Severity.ERROR for p in problems),
        "warnings": sum(p.severity is Severity.WARNING for p in problems),
        "problems": [problem_object(p) for p in problems],
        "mended": [problem_object(p) for p in mended],
    }
    return json.dumps(shown, ensure_ascii=plain, indent=2)


def problem_object(p: Problem) -> dict[str, object]:
    """One problem as an object."""
    return {
        "code": p.code,
        "severity": p.severity.value,
        "claim": p.claim,
        "help": p.help or None,
        "quote": " ".join(p.quote.split()) or None,
        "at": _place(p.at, p.label),
        "related": [_place(at, words) for at, words in p.related],
        "fixes": [_fix(f) for f in p.fixes],
    }


def _fix(f: Fix) -> dict[str, object]:
    return {"says": f.says, "safe": f.is_safe, "edits": [{**_span(e.at), "words": e.words} for e in f.edits]}


def _place(at: Span, label: str) -> dict[str, object]:
    return {**_span(at), "label": label or None}


def _span(at: Span) -> dict[str, object]:
    """The file, and where in it; null where the file has no text."""
    if not at.source.text:
        return {"file": at.source.name, "line": None, "column": None, "end_line": None, "end_column": None}
    line, column = at.source.line_and_column(at.start)
    end_line, end_column = at.source.line_and_column(at.end)
    return {"file": at.source.name, "line": line, "column": column, "end_line": end_line, "end_column": end_column}
