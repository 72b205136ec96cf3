"""What is missing, what would change and what a near miss is, as lines for people and as JSON."""

import json
from collections.abc import Iterator
from typing import assert_never

from trialog.answers import Verdict
from trialog.datum import Ask, Datum
from trialog.near import Change as Changed
from trialog.near import Near
from trialog.needs import Need, Needs, Wish
from trialog.render.terminal import painted, sign, wrapped
from trialog.values import show_day, show_number
from trialog.what_if import Change, Line, WhatIf, entry_words

_MOST_SETS = 5
_MOST_LINES = 12
_COUNTERFACTUAL = (
    "What would have to be otherwise in the record; no advice to alter one. "
    "What is recorded wrongly is corrected at its source."
)


# -- needs -------------------------------------------------------------------------------------------------------


def needs_lines(needs: Needs, width: int, colour: bool) -> Iterator[str]:
    """The sets, cheapest first, each datum with what it is asked for."""
    yield from wrapped(f"{needs.of}: {painted(needs.now.value, needs.now, colour)}", width, "", "  ")
    if needs.is_settled:
        yield f"  {_settled(needs)}"
        return
    if not needs.sets and not needs.partly:
        yield from wrapped(_none(needs), width, "  ", "  ")
        for datum, outcome in needs.left_open[:_MOST_LINES]:
            yield from wrapped(f"{datum.says} — {outcome}", width, "    ", "      ")
        if len(needs.left_open) > _MOST_LINES:
            yield f"    and {len(needs.left_open) - _MOST_LINES} more"
    shown = [(_heading(needs.wish, n, need), need) for n, need in enumerate(needs.sets[:_MOST_SETS])]
    partly = [s for s in needs.partly if s.data]
    shown += [(_partly(needs, n, need), need) for n, need in enumerate(partly[:_MOST_SETS])]
    for heading, need in shown:
        yield from wrapped(heading, width, "  ", "  ")
        outcomes = {id(d): o for d, o in need.example}
        for datum in need.data:
            effort = f"{datum.effort.label}, {show_number(datum.effort.points)}"
            about = datum.says.partition(": ")[0]
            if_so = f" — {outcomes[id(datum)].removeprefix(f'{about}, ')}" if id(datum) in outcomes else ""
            yield from wrapped(f"• {datum.says}{if_so} [{effort}]", width, "    ", "      ")
            asked = "; ".join(f"{a.identifier} {a.phrase}" for a in datum.atoms[:3])
            more = f"; and {len(datum.atoms) - 3} more" if len(datum.atoms) > 3 else ""
            if asked:
                yield from wrapped(f"for {asked}{more}", width, "      ", "      ")
    if len(needs.sets) > _MOST_SETS:
        yield f"  and {len(needs.sets) - _MOST_SETS} more sets, which cost more; --format json has all"
    if len(partly) > _MOST_SETS:
        yield f"  and {len(partly) - _MOST_SETS} more such sets; --format json has all"
    if needs.unsettled:
        names = ", ".join(u.replace("_", " ") for u in needs.unsettled)
        what = "settles them, whatever comes of it" if needs.wish is Wish.SETTLE else "can make them right"
        yield from wrapped(f"For the criteria {names}: nothing that could be asked for {what}.", width, "  ", "  ")
    if needs.unsolved:
        names = ", ".join(u.replace("_", " ") for u in needs.unsolved)
        words = f"For the criteria {names} there was no time to find the smallest sets. What could be asked for:"
        yield from wrapped(words, width, "  ", "  ")
        for datum in needs.unsolved_data:
            yield from wrapped(f"• {datum.says} [{show_number(datum.effort.points)}]", width, "    ", "      ")
    for said in _notes(needs):
        yield from wrapped(said, width, "  ", "  ")


def _settled(needs: Needs) -> str:
    match needs.now:
        case Verdict.ELIGIBLE:
            return "nothing is missing"
        case Verdict.INELIGIBLE:
            return "nothing that is missing could change this; `trialog near` shows what would"
        case _:
            return "nothing is missing: it is decided"


def _none(needs: Needs) -> str:
    match needs.wish:
        case Wish.MAKE_ELIGIBLE if needs.cut:
            return "No set was found that can make the patient eligible."
        case Wish.MAKE_ELIGIBLE:
            return f"None of the {len(needs.data)} data that could be asked for can make the patient eligible."
        case Wish.SETTLE if needs.cut:
            return "No set was found that settles it whatever comes of it."
        case Wish.SETTLE:
            all_of = f"All {len(needs.data)} data that could be asked for together may leave it open"
            return f"{all_of}, for example with:" if needs.left_open else f"{all_of}."
        case _:
            assert_never(needs.wish)


def _heading(wish: Wish, n: int, need: Need) -> str:
    cost = show_number(need.cost)
    match wish:
        case Wish.SETTLE:
            return f"This settles it, whatever comes of it (cost {cost}):" if n == 0 else f"Or this (cost {cost}):"
        case Wish.MAKE_ELIGIBLE:
            return (
                f"This can make the patient eligible, if it comes out so (cost {cost}):"
                if n == 0
                else f"Or this (cost {cost}):"
            )
        case _:
            assert_never(wish)


def _partly(needs: Needs, n: int, need: Need) -> str:
    """The heading of a set that does it but for some criteria."""
    what = "settles" if needs.wish is Wish.SETTLE else "can make right"
    cost = show_number(need.cost)
    return f"This {what} all but some criteria (cost {cost}):" if n == 0 else f"Or this (cost {cost}):"


def _notes(needs: Needs) -> Iterator[str]:
    if needs.cut:
        yield f"Note: {needs.cut}."
    if needs.untried:
        yield f"Note: {needs.untried} ways in which these data may turn out were too many to be tried."
    if any(not d.effort.is_rated for s in needs.sets for d in s.data):
        yield "Note: the knowledge base does not rate each of these efforts; the default stands for the others."


def needs_json(needs: Needs) -> dict[str, object]:
    """See docs/json.md."""
    return {
        "of": needs.of,
        "wish": needs.wish.value,
        "now": needs.now.value,
        "sets": [
            {
                "cost": show_number(s.cost),
                "data": [_datum_json(d) for d in s.data],
                "outcomes": [{"says": d.says, "outcome": o} for d, o in s.example],
            }
            for s in needs.sets
        ],
        "partly": [{"cost": show_number(s.cost), "data": [_datum_json(d) for d in s.data]} for s in needs.partly],
        "unsolved": list(needs.unsolved),
        "unsettled": list(needs.unsettled),
        "unsolved_data": [_datum_json(d) for d in needs.unsolved_data],
        "left_open": [{"says": d.says, "outcome": o} for d, o in needs.left_open],
        "asked_of": len(needs.data),
        "untried": needs.untried,
        "cut": needs.cut or None,
    }


def _datum_json(datum: Datum) -> dict[str, object]:
    return {
        "kind": datum.ask.value,
        "relation": datum.relation,
        "concept": datum.concept or None,
        "says": datum.says,
        "effort": datum.effort.label,
        "points": show_number(datum.effort.points),
        "is_rated": datum.effort.is_rated,
        "atoms": [{"id": a.identifier, "phrase": a.phrase} for a in datum.atoms],
    }


# -- what if -----------------------------------------------------------------------------------------------------


def what_if_lines(found: WhatIf, width: int, colour: bool) -> Iterator[str]:
    """What is supposed; then verdicts and statuses that change, with the lines of the proofs that differ."""
    for words, entries in (("if there were also", found.added), ("if there were not", found.retracted)):
        for entry in entries:
            yield from wrapped(f"{words}: {entry_words(entry, found.before)}", width, "", "  ")
    yield ""
    for cohort in found.before.screener.program.cohorts:
        before, after = found.before.verdict(cohort), found.after.verdict(cohort)
        same = " (as before)" if before is after else ""
        was = "" if before is after else f"{painted(before.value, before, colour)} → "
        yield f"  {cohort}: {was}{painted(after.value, after, colour)}{same}"
    for change in found.statuses:
        yield ""
        yield from wrapped(f"{change.of} {change.before} → {change.after}: {change.phrase}", width, "", "  ")
        yield from _proof_lines(change, width)
    if not found.statuses:
        yield ""
        yield "no status changes"
    if found.reasons:
        ids = ", ".join(c.of for c in found.reasons)
        yield ""
        yield from wrapped(f"the same status for other reasons: {ids}", width, "", "  ")


def _proof_lines(change: Change, width: int) -> Iterator[str]:
    for mark, lines in (("-", change.gone), ("+", change.new)):
        for line in lines[:_MOST_LINES]:
            indent = "  " * min(line.depth + 1, 10)
            yield from wrapped(f"{mark} {sign(line.status)} {line.says}", width, indent, indent + "    ")
        if len(lines) > _MOST_LINES:
            yield f"  {mark} and {len(lines) - _MOST_LINES} more lines"


def what_if_json(found: WhatIf) -> dict[str, object]:
    """See docs/json.md."""
    return {
        "added": [entry_words(e, found.before) for e in found.added],
        "retracted": [entry_words(e, found.before) for e in found.retracted],
        "verdicts": {
            c: {"before": found.before.verdict(c).value, "after": found.after.verdict(c).value}
            for c in found.before.screener.program.cohorts
        },
        "statuses": {c.of: _change_json(c) for c in found.statuses},
        "other_reasons": {c.of: _change_json(c) for c in found.reasons},
    }


def _change_json(change: Change) -> dict[str, object]:
    def lines(found: tuple[Line, ...]) -> list[dict[str, str]]:
        return [{"says": x.says, "status": x.status.value} for x in found]

    return {"before": change.before, "after": change.after, "gone": lines(change.gone), "new": lines(change.new)}


# -- near misses -------------------------------------------------------------------------------------------------


def near_lines(found: Near, width: int, colour: bool) -> Iterator[str]:
    """The sets of changes, the fewest first, and from when on waiting alone would do."""
    yield f"{found.cohort}: {painted(found.now.value, found.now, colour)}"
    if found.now is Verdict.ELIGIBLE:
        yield "  nothing would have to be otherwise"
        return
    if found.from_day is not None:
        day = show_day(found.from_day)
        yield from wrapped(
            f"Screened on {day}, the patient is eligible if nothing else happens until then.", width, "  ", "  "
        )
    else:
        until = show_day(found.looked_until)
        words = (
            "Waiting alone does not make the patient eligible: tried were all days up to "
            f"{until}, and later ones on which the patient reaches an age that rules name."
        )
        yield from wrapped(words, width, "  ", "  ")
    if found.sets:
        yield from wrapped(_COUNTERFACTUAL, width, "  ", "  ")
    for n, changes in enumerate(found.sets[:_MOST_SETS]):
        many = f"{len(changes)} changes" if len(changes) > 1 else "1 change"
        yield f"  {many}:" if n == 0 else f"  or {many}:"
        for change in changes:
            yield from wrapped(f"• {change_words(change)}", width, "    ", "      ")
    if len(found.sets) > _MOST_SETS:
        yield f"  and {len(found.sets) - _MOST_SETS} more; --format json has all"
    if found.unsolved:
        names = ", ".join(u.replace("_", " ") for u in found.unsolved)
        yield from wrapped(f"There was no time to find what would make right: {names}.", width, "  ", "  ")
    if not found.sets:
        yield from wrapped("No set of changes was found that makes the patient eligible.", width, "  ", "  ")
    if found.cut:
        yield from wrapped(f"Note: {found.cut}.", width, "  ", "  ")


def change_words(change: Changed) -> str:
    """A change in a line, with the atoms that ask for it."""
    ids = f" ({', '.join(a.identifier for a in change.datum.atoms)})" if change.datum.atoms else ""
    says = change.datum.says
    match change.datum.ask:
        case Ask.LESS:
            return f"without: {says}{ids}"
        case Ask.MORE:
            return f"also: {change.after}{ids}"
        case Ask.VALUE | Ask.DATE:
            column, _, record = says.partition(" of: ")
            return f"{column} {change.before} → {change.after}{ids}: {record}"
        case Ask.DECISION:
            return f"{says} {change.before} → {change.after}{ids}"
        case _:
            return f"{says} — {change.after}{ids}"


def near_json(found: Near) -> dict[str, object]:
    """See docs/json.md."""
    return {
        "cohort": found.cohort,
        "now": found.now.value,
        "eligible_from": show_day(found.from_day) if found.from_day is not None else None,
        "looked_until": show_day(found.looked_until),
        "sets": [
            [
                {
                    "kind": c.datum.ask.value,
                    "says": change_words(c),
                    "before": c.before or None,
                    "after": c.after,
                    "size": show_number(c.size),
                    "atoms": [a.identifier for a in c.datum.atoms],
                }
                for c in changes
            ]
            for changes in found.sets
        ],
        "unsolved": list(found.unsolved),
        "cut": found.cut or None,
    }


def as_json(
    trial: str, patient: str, screening: int, what: str, found: dict[str, object] | list[dict[str, object]],
    ascii_alone: bool,
) -> str:  # fmt: skip
    """One patient's answer to one of these questions."""
    head = {"trial": trial, "patient": patient, "screening": show_day(screening)}
    return json.dumps({**head, what: found}, ensure_ascii=ascii_alone, indent=2)
