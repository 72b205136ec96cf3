"""What `trialog impact` found, for people and for other programs (see `docs/json.md`)."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from trialog.impact import Change, Impact
from trialog.render.problems import render
from trialog.render.problems_json import problem_object
from trialog.render.terminal import wrapped


def as_lines(found: Impact, width: int, colour: bool) -> Iterator[str]:
    """What goes, who changes and how, and totals; or why it cannot go."""
    for name, places in found.gone.items():
        yield from _wrapped(f"without {name}", width)
        yield from (f"    {at.source.name}:{at.line}" for at in places)
    if found.stays:
        yield from _wrapped(f"no page states as such: {', '.join(found.stays)}", width)
    yield ""
    if found.errors:
        errors = _count(len(found.errors), "error")
        yield from _wrapped(f"It cannot go alone: the pages without it have {errors}.", width)
        for problem in found.errors:
            yield ""
            yield render(problem, colour, width)
        return
    if found.no_longer:
        yield from _wrapped(f"no longer asked: {', '.join(found.no_longer)}", width)
    for kind, total in (("case", found.cases), ("chart", found.charts)):
        changes = [c for c in found.changes if c.kind == kind]
        if total or kind == "case":
            yield f"{len(changes)} of {_count(total, kind)} {'changes' if len(changes) == 1 else 'change'}"
        yield from _of_patients(changes, width)
    totals = [
        *_totals("", [s for c in found.changes for s in c.statuses]),
        *_totals("verdict for ", [v for c in found.changes for v in c.verdicts]),
    ]
    if totals:
        yield ""
        yield "in total"
        for line in totals:
            yield from _wrapped(line, width, "  ", "      ")
    if found.unseen:
        yield ""
        yield from _wrapped(f"These rest on it, and no patient shows it: {', '.join(found.unseen)}", width)


def _of_patients(changes: Sequence[Change], width: int) -> Iterator[str]:
    """First each whose verdict changes; then those of whom statuses alone change, together where the same ones do."""
    together: dict[tuple[str, ...], list[str]] = {}
    for c in changes:
        if c.refused:
            yield from _wrapped(f"{c.patient}: the chart can no longer be used", width, "  ", "      ")
            for problem in c.refused:
                yield from _wrapped(f"{problem.code}: {problem.claim}", width, "      ", "        ")
        elif c.verdicts:
            yield from _wrapped(f"{c.patient}: {', '.join(_parts(c))}", width, "  ", "      ")
        else:
            together.setdefault(tuple(_parts(c)), []).append(c.patient)
    for parts, patients in together.items():
        if len(patients) == 1:
            yield from _wrapped(f"{patients[0]}: {', '.join(parts)}", width, "  ", "      ")
        else:
            yield from _wrapped(f"{len(patients)} patients: {', '.join(parts)}", width, "  ", "      ")
            yield from _wrapped(", ".join(patients), width, "      ", "      ")


def _parts(change: Change) -> Iterator[str]:
    for name, before, after in change.statuses:
        yield f"{name} {before} → {after}"
    for cohort, before, after in change.verdicts:
        yield f"verdict for {cohort} {before} → {after}"


def _totals(prefix: str, changes: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """For each name how often which change occurs."""
    found: dict[str, Counter[str]] = {}
    for name, before, after in changes:
        found.setdefault(name, Counter())[f"{before} → {after}"] += 1
    for name, counted in found.items():
        yield f"{prefix}{name}: " + ", ".join(f"{n} {way}" for way, n in sorted(counted.items()))


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


def _wrapped(words: str, width: int, first: str = "", following: str = "    ") -> list[str]:
    return wrapped(words, width, first, following, whole=True)


def as_json(found: Impact, plain: bool) -> str:
    """One object; `plain` keeps to ASCII."""
    shown = {
        "trial": found.trial,
        "kb": found.kb,
        "selectors": list(found.selectors),
        "gone": [
            {"name": name, "at": [{"file": at.source.name, "line": at.line} for at in places]}
            for name, places in found.gone.items()
        ],
        "stays": list(found.stays),
        "problems": [problem_object(p) for p in found.errors],
        "cases": found.cases,
        "charts": found.charts,
        "no_longer": list(found.no_longer),
        "changes": [_change(c) for c in found.changes],
        "unseen": list(found.unseen),
    }
    return json.dumps(shown, ensure_ascii=plain, indent=2)


def _change(change: Change) -> dict[str, object]:
    return {
        "kind": change.kind,
        "patient": change.patient,
        "statuses": {name: {"before": b, "after": a} for name, b, a in change.statuses},
        "verdicts": {name: {"before": b, "after": a} for name, b, a in change.verdicts},
        "problems": [problem_object(p) for p in change.refused],
    }
