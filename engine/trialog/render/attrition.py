"""Attrition, what is missing, and what differs between two runs: as text, JSON and CSV."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from trialog.answers import Verdict
from trialog.cohort.against import Alone, Crossed, Difference
from trialog.cohort.answered import Answered
from trialog.cohort.attrition import Attrition, Taken
from trialog.cohort.missing import HeldUp, Item
from trialog.program import Criterion, Program
from trialog.render.terminal import wrapped
from trialog.tree import Role
from trialog.vocabulary import Kind

_NUMBER = 11
_MOST_ITEMS = 20
_MOST_IDS = 3


@dataclass(frozen=True)
class Told:
    """What was asked of a run: attrition and what is missing for each cohort, or what differs in another run.

    `atoms` are the ids of those that a criterion rests on, by its relation.
    """

    program: Program
    answers: Answered
    atoms: Mapping[str, tuple[str, ...]]
    attritions: tuple[Attrition, ...]
    missing: tuple[HeldUp, ...]
    difference: Difference | None
    other: Answered | None


def criterion(told: Told, one: Criterion) -> str:
    """A criterion in a few words, with the ids of the atoms that it rests on."""
    words = one.relation.replace("_", " ")
    ids = told.atoms.get(one.relation, ())
    shown = f"{ids[0]}, …, {ids[-1]}" if len(ids) > _MOST_IDS else ", ".join(ids)
    without = "without " if one.role is Role.EXCLUSION else ""
    return f"{without}{words} ({shown})" if ids else f"{without}{words}"


def item(program: Program, one: Item) -> str:
    """An item in words."""
    relation = program.vocabulary.relations[one.relation]
    kind = "judgement" if relation.kind is Kind.JUDGEMENT else one.relation.replace("_", " ")
    known = program.vocabulary.concepts.get(one.concept)
    label = known.label if known is not None else one.concept
    return f"{kind}: {label}" if one.concept else kind


# -- text --------------------------------------------------------------------------------------------------------


def lines(told: Told, width: int) -> Iterator[str]:
    yield told.program.title
    yield from wrapped(_run(told.answers), width, "", "  ")
    if told.difference is not None and told.other is not None:
        yield from _difference_lines(told, told.difference, told.other, width)
        return
    for a, m in zip(told.attritions, told.missing, strict=True):
        yield from ("", a.cohort)
        yield from wrapped(", ".join(f"{n:,} {v.value}" for v, n in a.verdicts.items()), width, "  ", "  ")
        first = ("remain", "surely in", "keeps out", "it alone")
        yield from ("", *_table("in the order of the protocol", first, _steps(told, a.protocol, True), width))
        second = ("remain", "surely in", "loses")
        yield from (
            "",
            *_table("in the order that loses fewest", second, _steps(told, a.fewest, False, a), width),
        )
        yield from _missing_lines(told.program, m, width)
    yield ""
    yield from wrapped(_MEANING, width, "", "")
    if any(m.items for m in told.missing):
        yield ""
        yield from wrapped(_OF_MISSING, width, "", "")


_MEANING = (
    "remain: no criterion so far surely keeps them out; surely in: all criteria so far surely let them in; between the two, "
    "something is unknown. keeps out: so many this criterion keeps out, whatever the order; it alone: no other does. "
    "The order that loses fewest takes at each step the criterion that keeps most of those who remain; "
    "another order may keep more at some step."
)
_OF_MISSING = (
    "missing: so many have a criterion that is open because this is not in the chart; may be: for so many others it may be "
    "missing, or recorded and not clear, and the answers do not tell whether it is this or something else; "
    "it alone: nothing else is named for them. "
    "One rule is looked at for each unknown status, the first that leaves it open: with what is missing found, a patient "
    "may still be held up by something else, or come out as not eligible. "
    "An item is no proof of need: `trialog needs` gives the smallest sets for one patient."
)


def _run(run: Answered) -> str:
    day = f" on {date.fromordinal(run.as_of)}" if run.as_of is not None else ""
    return f"{run.patients:,} patient{'s' * (run.patients != 1)} screened{day}, by the answers in {run.path}"


def _steps(
    told: Told, taken: Sequence[Taken], is_protocol: bool, whole: Attrition | None = None
) -> list[tuple[str, tuple[int, ...]]]:
    rows: list[tuple[str, tuple[int, ...]]] = []
    before = whole.patients if whole is not None else 0
    for t in taken:
        last = (t.keeps_out, t.alone) if is_protocol else (before - t.remain,)
        rows.append((criterion(told, t.criterion), (t.remain, t.surely_in, *last)))
        before = t.remain
    return rows


def _table(title: str, heads: Sequence[str], rows: Sequence[tuple[str, tuple[int, ...]]], width: int) -> Iterator[str]:
    label = min(max(width, 70), 80) - 2 - _NUMBER * len(heads)
    first, *more = wrapped(title, label, "", "  ")
    yield "  " + f"{first:<{label}}" + "".join(f"{h:>{_NUMBER}}" for h in heads)
    yield from (f"  {m}" for m in more)
    for words, numbers in rows:
        first, *more = _wrapped(words, label - 1)
        yield "  " + f"{first:<{label}}" + "".join(f"{n:>{_NUMBER},}" for n in numbers)
        yield from (f"  {m}" for m in more)


def _wrapped(words: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(words, width, subsequent_indent="  ", break_on_hyphens=False) or [""]


def _missing_lines(program: Program, found: HeldUp, width: int) -> Iterator[str]:
    held = sum(found.patients.values())
    if not held:
        return
    waiting = found.patients[Verdict.AWAITING_JUDGEMENT]
    yield ""
    yield from wrapped(
        f"what holds up the {held:,} who are undetermined or await a judgement ({waiting:,})", width, "  ", "  "
    )
    rows = [(item(program, m.item), (m.surely, m.maybe, m.alone)) for m in found.items[:_MOST_ITEMS]]
    yield from _table("", ("missing", "may be", "it alone"), rows, width)
    if len(found.items) > _MOST_ITEMS:
        yield f"  and {len(found.items) - _MOST_ITEMS} more, of which `--format json` tells"
    if found.untold:
        yield f"  of {found.untold:,} the answers name nothing"


def _difference_lines(told: Told, found: Difference, other: Answered, width: int) -> Iterator[str]:
    yield from wrapped(f"against {_run(other)}", width, "", "  ")
    yield from (f"  {line}" for line in origins(told.answers, other))
    for alone, path in ((found.here, told.answers.path), (found.there, other.path)):
        if alone.patients:
            yield from wrapped(f"{alone.patients:,} only in {path}: {_names(alone)}", width, "  ", "    ")
    if found.columns:
        yield from wrapped(f"only in one of them: {', '.join(found.columns)}", width, "  ", "    ")
    for cohort, crossed in found.verdicts.items():
        same = sum(c.patients for c in crossed if c.was == c.now)
        yield from ("", f"{cohort}: {same:,} of {found.patients:,} have the same verdict")
        yield from _crossed_lines([c for c in crossed if c.was != c.now], width)
    yield ""
    if not found.statuses:
        yield "no status of an atom or a criterion changes"
    else:
        yield "statuses that change"
    for name, crossed in found.statuses.items():
        atom = told.program.atoms.get(name)
        yield from wrapped(f"{name} {atom.phrase}" if atom is not None else name.replace("_", " "), width, "  ", "    ")
        yield from _crossed_lines(crossed, width, "  ")


def origins(mine: Answered, other: Answered) -> Iterator[str]:
    """What the answers of two runs follow from, as far as it differs."""
    for reading in sorted(mine.readings.keys() | other.readings.keys()):
        was, now = mine.readings.get(reading, "not asked"), other.readings.get(reading, "not asked")
        if was != now:
            yield f"{reading}: {was} → {now}"
    if mine.as_of != other.as_of:
        days = ("each chart's own day" if d is None else str(date.fromordinal(d)) for d in (mine.as_of, other.as_of))
        yield f"screened on: {' → '.join(days)}"
    if mine.knowledge != other.knowledge:
        yield "by another knowledge base"


def _crossed_lines(crossed: Sequence[Crossed], width: int, indent: str = "") -> Iterator[str]:
    for c in crossed:
        more = ", …" if c.patients > len(c.examples) else ""
        words = f"{c.patients:,} {c.was} → {c.now}: {', '.join(c.examples)}{more}"
        yield from wrapped(words, width, f"{indent}  ", f"{indent}    ")


def _names(alone: Alone) -> str:
    return ", ".join(alone.names) + (", …" if alone.patients > len(alone.names) else "")


# -- for programs ------------------------------------------------------------------------------------------------


def as_json(told: Told, ascii_alone: bool = False) -> str:
    """What the text tells, with all items (see docs/cohort.md)."""
    a = told.answers
    found: dict[str, object] = {"trial": a.trial, "kb": a.knowledge, "patients": a.patients}
    if told.difference is not None and told.other is not None:
        d = told.difference
        found["against"] = {
            "kb": told.other.knowledge,
            "changed": list(origins(a, told.other)),
            "in_both": d.patients,
            "only_here": {"patients": d.here.patients, "among": d.here.names},
            "only_there": {"patients": d.there.patients, "among": d.there.names},
            "columns_in_one_only": d.columns,
            "verdicts": {c: [_crossed(x) for x in crossed] for c, crossed in d.verdicts.items()},
            "statuses": {c: [_crossed(x) for x in crossed] for c, crossed in d.statuses.items()},
        }
    else:
        found["cohorts"] = {x.cohort: _cohort(told, x, m) for x, m in zip(told.attritions, told.missing, strict=True)}
    return json.dumps(found, ensure_ascii=ascii_alone, indent=2)


def _cohort(told: Told, a: Attrition, m: HeldUp) -> dict[str, object]:
    return {
        "verdicts": {v.value: n for v, n in a.verdicts.items()},
        "protocol_order": [_taken(told, t) for t in a.protocol],
        "order_that_loses_fewest": [_taken(told, t) for t in a.fewest],
        "held_up": {v.value: n for v, n in m.patients.items()},
        "nothing_named": m.untold,
        "items": [
            {
                "relation": x.item.relation,
                "concept": x.item.concept,
                "says": item(told.program, x.item),
                "missing": x.surely,
                "may_be": x.maybe,
                "alone": x.alone,
            }
            for x in m.items
        ],
    }


def _taken(told: Told, t: Taken) -> dict[str, object]:
    return {
        "criterion": t.criterion.relation,
        "role": t.criterion.role.value,
        "atoms": told.atoms.get(t.criterion.relation, ()),
        "remain": t.remain,
        "surely_in": t.surely_in,
        "keeps_out": t.keeps_out,
        "alone": t.alone,
        "unknown": t.open,
    }


def _crossed(c: Crossed) -> dict[str, object]:
    return {"was": c.was, "now": c.now, "patients": c.patients, "among": c.examples}


def as_csv(told: Told) -> str:
    """The attrition, one line for each criterion in each order; of two runs, one line for each change."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if told.difference is not None:
        writer.writerow(("of", "was", "now", "patients", "among"))
        for name, crossed in (*told.difference.verdicts.items(), *told.difference.statuses.items()):
            writer.writerows((name, c.was, c.now, c.patients, " ".join(c.examples)) for c in crossed)
        return out.getvalue().rstrip("\n")
    writer.writerow(
        ("cohort", "order", "step", "criterion", "role", "remain", "surely_in", "keeps_out", "alone", "unknown")
    )
    for a in told.attritions:
        for order, steps in (("protocol", a.protocol), ("fewest lost", a.fewest)):
            for i, t in enumerate(steps, 1):
                c = t.criterion
                numbers = (t.remain, t.surely_in, t.keeps_out, t.alone, t.open)
                writer.writerow((a.cohort, order, i, c.relation, c.role.value, *numbers))
    return out.getvalue().rstrip("\n")
