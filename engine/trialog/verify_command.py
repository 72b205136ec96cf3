"""`trialog verify`: a certificate checked by itself, against a knowledge base, and against charts."""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from trialog.answers import Screener
from trialog.certificate_files import as_text, chart_digest, write
from trialog.certificates.certify import Certifier
from trialog.certificates.confirm import against_chart, against_knowledge, intact
from trialog.certificates.verify import SCHEMA, Rejected, verify
from trialog.knowledge import shown
from trialog.problem import Problem
from trialog.source import Source, Span
from trialog.usage import UsageError, complain, emit, typed_wrong

MOST_BYTES = 64 * 1024 * 1024
_MOST_DIFFERENCES = 4


# -- verify ----------------------------------------------------------------------------------------------------------


def verify_file(given: argparse.Namespace) -> int:
    """Check a certificate by itself; against a knowledge base and charts where these are given."""
    certificate = read_certificate(given.file)
    try:
        if changed := intact(certificate):
            raise _rejected(given.file, "E654", f"the certificate was changed after it was written, {changed}", "")
        verify(certificate)
    except Rejected as found:
        where = f"node `{found.node[:12]}`" if len(found.node) == 64 else found.node or "the certificate"
        problem = _problem(
            given.file,
            "E650",
            f"the certificate is rejected at {where}: {found.why.replace('`', '')}",
            "rely on nothing in it; ask for a new one with `trialog why … --certificate FILE`",
        )
        related, quote = _at_work(certificate, found.rule if len(found.node) == 64 else "")
        problem = replace(problem, related=related, quote=quote)
        complain([problem])
        return 1
    except UsageError as error:
        complain(error.problems)
        return 1
    header = certificate["header"]
    confirmed = ["every status and verdict follows from its rules and rows"]
    problems: list[Problem] = []
    if given.kb or given.charts:
        confirmed += _confirm(given, certificate, problems)
    if problems:
        complain(problems)
        return 1
    emit([f"accepted: {header['patient']}, screened on {header['screening']} for {header['trial']}"])
    emit(f"  {v['cohort']}: {v['verdict']}" for v in certificate["verdicts"])
    emit(f"  {s['atom']} {s['status']}" for s in certificate["statuses"] if header["atom"])
    emit(["", *(f"confirmed: {words}" for words in confirmed)])
    if not (given.kb or given.charts):
        emit(["not asked: whether these are a knowledge base's rules (give --kb PATH)"])
    if not given.charts:
        emit(["not asked: whether these are a chart's rows (give --charts PATH)"])
    emit(f"{e['engine']}: {e['says']}" for e in header["engines"])
    if given.prov:
        from trialog.certificates.prov import as_prov

        write(given.prov, as_text(as_prov(certificate)))
        emit([f"provenance written to {given.prov}"])
    return 0


def _confirm(given: argparse.Namespace, certificate: Any, problems: list[Problem]) -> list[str]:
    """What is confirmed by the knowledge base, and by the charts; `problems` takes what is not."""
    from trialog.commands import chosen_readings, one_patient_chart, the_program

    header = certificate["header"]
    asked = argparse.Namespace(
        kb=given.kb, trial=header["trial"], charts=given.charts, reading=list(header["readings"].items())
    )
    library, program = the_program(asked)
    certifier = Certifier(Screener(program, chosen_readings(asked, program)), library=library, trial=asked.trial)
    here = shown(library.root)
    different = list(against_knowledge(certificate, library.digest(asked.trial), certifier))
    problems += _different(given.file, "E651", f"the certificate is not what `{here}` gives", different)
    said = [f"its rules and background knowledge are those of {here}"]
    if given.charts and not problems:
        chart = one_patient_chart(asked, library, program, header["patient"].removeprefix("'"))
        if chart is None:
            raise typed_wrong("E602", f"the chart of `{header['patient']}` was refused", "see `trialog screen`")
        charts = chart_digest(chart, Path(given.charts))
        different = list(against_chart(certificate, chart, charts, certifier))
        problems += _different(given.file, "E652", f"the certificate is not what `{given.charts}` gives", different)
        said.append(f"its rows are those of the chart in {given.charts}")
    return said


def _different(file: str, code: str, claim: str, different: list[str]) -> list[Problem]:
    """A problem for each difference, up to a few."""
    more = len(different) - _MOST_DIFFERENCES
    shown = [*different[:_MOST_DIFFERENCES], *([f"{more} more differences"] if more > 0 else [])]
    return [
        _problem(file, code, f"{claim}: {words}", "give what it was made from, or ask for a new one") for words in shown
    ]


def read_certificate(file: str) -> Any:
    """The certificate in a file. Raises UsageError where there is none that can be checked."""
    path = Path(file)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _unread(
                file,
                "E656",
                f"`{file}` is larger than any certificate",
                f"a certificate has {MOST_BYTES >> 20} MB at most",
            )
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) and error.strerror else str(error)).lower()
        raise _unread(file, "E655", f"`{file}` cannot be read: {why}", "is the name right?") from None
    help_ = "`trialog why … --certificate FILE` writes one; was the file cut off on its way?"
    try:
        found = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        why = str(error).partition("\n")[0].replace("`", "")[:80]
        raise _unread(file, "E653", f"`{file}` is not a certificate: {why[:1].lower()}{why[1:]}", help_) from None
    if not isinstance(found, dict) or "schema" not in found:
        raise _unread(file, "E653", f"`{file}` is not a certificate: it names no schema", help_)
    if found["schema"] != SCHEMA:
        schema = str(found["schema"])[:40].replace("`", "")
        raise _unread(
            file,
            "E658",
            f"the certificate is of another version: `{schema}`",
            f"this version of trialog checks `{SCHEMA}`",
        )
    parts = {
        "header": dict,
        "statuses": list,
        "verdicts": list,
        "written": list,
        "rules": dict,
        "nodes": list,
        "sha256": str,
    }
    for name, kind in parts.items():
        if not isinstance(found.get(name), kind):
            raise _unread(
                file, "E653", f"`{file}` is not a certificate: `{name}` is missing or is something else", help_
            )
    if not all(isinstance(n, dict) and isinstance(n.get("id"), str) for n in found["nodes"]):
        raise _unread(file, "E653", f"`{file}` is not a certificate: a node has no id", help_)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object that says nothing twice: of two values one would be read over."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _at_work(certificate: Any, rule: str) -> tuple[tuple[tuple[Span, str], ...], str]:
    """The places of the rule at work, and the sentence that it stands below."""
    try:
        written = [w for w in certificate["written"] if rule and rule in w["rules"]]
        places = [str(w["place"]) for w in written if w["place"]]
        quote = next((str(w["quote"]) for w in written), "")
    except (KeyError, TypeError):
        return (), ""
    return tuple((Span(Source(p, ""), 0, 0), "the rule at work") for p in places), quote


def _problem(file: str, code: str, claim: str, help_: str) -> Problem:
    return Problem(code, claim, Span(Source(file, ""), 0, 0), help_)


def _unread(file: str, code: str, claim: str, help_: str) -> UsageError:
    return UsageError(_problem(file, code, claim, help_))


def _rejected(file: str, code: str, claim: str, help_: str) -> UsageError:
    return UsageError(_problem(file, code, claim, help_ or "rely on nothing in it; ask for a new one"))
