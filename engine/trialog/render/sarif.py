"""Problems as SARIF 2.1.0, which code hosts and editors read."""

import json
import re
from collections.abc import Sequence
from pathlib import PurePath
from urllib.parse import quote

from trialog.problem import Edit, Fix, Problem, Severity
from trialog.problem_pages import page
from trialog.source import Span

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def problems_as_sarif(problems: Sequence[Problem], version: str, plain: bool) -> str:
    """One run of trialog with a result for each problem, and a rule for each code. `plain` keeps to ASCII."""
    codes = sorted({p.code for p in problems})
    severity = {p.code: p.severity for p in problems}
    run = {
        "tool": {
            "driver": {
                "name": "trialog",
                "version": version,
                "rules": [_rule(code, _LEVEL[severity[code]]) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(p, codes.index(p.code)) for p in problems],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=plain, indent=2)


def _rule(code: str, level: str) -> dict[str, object]:
    """The code, with what its page says."""
    text = page(code) or f"# {code}: {code}\n"
    title, _, rest = text.partition("\n")
    meaning = re.search(r"## What it means\n\n(.+?)\n\n", rest, re.DOTALL)
    claim = title.removeprefix(f"# {code}: ")
    return {
        "id": code,
        "shortDescription": {"text": claim},
        "fullDescription": {"text": " ".join(meaning[1].split()) if meaning else claim},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": level},
    }


def _result(p: Problem, index: int) -> dict[str, object]:
    said = f"{p.claim[:1].upper()}{p.claim[1:]}" + (f" ({p.help})" if p.help else "")
    result: dict[str, object] = {
        "ruleId": p.code,
        "ruleIndex": index,
        "level": _LEVEL[p.severity],
        "message": _message(said),
        "locations": [_location(p.at, p.label)],
    }
    if p.related:
        result["relatedLocations"] = [{"id": i, **_location(at, words)} for i, (at, words) in enumerate(p.related, 1)]
    if p.fixes:
        result["fixes"] = [_fix(f) for f in p.fixes]
    if p.quote:
        result["properties"] = {"protocol": " ".join(p.quote.split())}
    return result


def _message(words: str) -> dict[str, str]:
    """The words as a SARIF message, in which single braces would enclose the number of an argument."""
    return {"text": words.replace("{", "{{").replace("}", "}}")}


def _location(at: Span, label: str) -> dict[str, object]:
    place: dict[str, object] = {"artifactLocation": {"uri": _uri(at)}}
    if at.source.text:
        place["region"] = {**_region(at), "snippet": {"text": at.words}}
    return {"physicalLocation": place, **({"message": _message(label)} if label else {})}


def _region(at: Span) -> dict[str, int]:
    """Lines and columns from 1; the end is the column after the last."""
    line, column = at.source.line_and_column(at.start)
    end_line, end_column = at.source.line_and_column(at.end)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _uri(at: Span) -> str:
    """The file's name as a relative reference, or as a `file` address where it is absolute."""
    path = PurePath(at.source.name)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _fix(fix: Fix) -> dict[str, object]:
    changes: dict[str, list[Edit]] = {}
    for edit in fix.edits:
        changes.setdefault(_uri(edit.at), []).append(edit)
    return {
        "description": _message(fix.says),
        "artifactChanges": [
            {
                "artifactLocation": {"uri": uri},
                "replacements": [{"deletedRegion": _region(e.at), "insertedContent": {"text": e.words}} for e in edits],
            }
            for uri, edits in changes.items()
        ],
        "properties": {"isSafe": fix.is_safe},
    }
