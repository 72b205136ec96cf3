"""Proofs as sentences: in a line, in a paragraph, and what would settle them."""

from collections.abc import Iterator
from dataclasses import dataclass

from trialog.answers import Status
from trialog.proof.sides import AS_ASKED, OF_THAT_KIND
from trialog.proof.step import NOT_COUNTED, Part, Step, shown

_MOST_SENTENCES = 6
_MOST_WAYS = 3
_CONTEXT = (Part.DAY, Part.READING)


def line(step: Step) -> str:
    """What decides the status, in one line: what was found, or what is missing."""
    return _listed(_told_once(step), _MOST_SENTENCES, "; ") or step.says


def paragraph(step: Step) -> str:
    """The status, what decides it, what would settle it, and where it is recorded."""
    found = _told_once(step)
    parts = [_ended(_capital(s)) for s in found[:_MOST_SENTENCES]]
    if len(found) > _MOST_SENTENCES:
        parts.append(f"And {len(found) - _MOST_SENTENCES} more; `--length everything` has them all.")
    if step.status is Status.UNKNOWN:
        met, not_met = settling(step)
        parts.append(_ended(f"It is met if {_ways(met)}"))
        parts.append(_ended(f"It is not met if {_listed(not_met, _MOST_WAYS, ', and ')}"))
    places = list(dict.fromkeys([p for s in supporting(step) for p in s.places if p.file]))
    files = list(dict.fromkeys([p.file for p in places]))
    where = [
        ", ".join([(f"line {p.line} " if p.line else "") + p.path for p in places if p.file == f][:_MOST_SENTENCES])
        for f in files
    ]
    if places:
        parts.append(
            "Recorded in "
            + "; ".join(f"{f} ({w.strip()})" if w.strip() else f for f, w in zip(files, where, strict=True))
            + "."
        )
    return " ".join(parts)


def supporting(step: Step) -> Iterator[Step]:
    """The lines that decide the status, without those that they rest on in turn."""
    seen: set[int] = set()
    waiting = [step]
    while waiting:
        s = waiting.pop()
        if id(s) in seen:
            continue
        seen.add(id(s))
        yield s
        if s.part not in (Part.REJECTED, Part.GROUP) or s is step:
            waiting += [
                b
                for b in s.below
                if s.status is not Status.UNKNOWN or b.status is Status.UNKNOWN or b.part is Part.RECORD
            ]


def sentences(step: Step) -> Iterator[str]:
    """What the status rests on; a comparison stands behind the record whose value it compares."""
    below = list(shown(step.below))
    if not below:
        if step.part not in (Part.CLAIM, Part.RULE):
            yield step.says
        return
    if step.part in (Part.REJECTED, Part.GROUP):
        yield from _rejected(step)
        return
    records = [s for s in below if s.part is Part.RECORD and s.status is Status.MET]
    tests = [s for s in below if s.part is Part.TEST]
    for s in below:
        if s.part in _CONTEXT or (step.status is Status.UNKNOWN and s.status is not Status.UNKNOWN):
            continue
        if s.part is Part.FACT and s.status is Status.MET:
            continue
        if s in records and len(records) == 1 and tests:
            continue
        if s.part is Part.TEST:
            if len(records) == 1:
                yield f"{records[0].says}: {' and '.join(t.says for t in tests if t.status is s.status)}"
            else:
                yield s.says
        elif s.part in (Part.CLAIM, Part.RULE, Part.NOT) and s.below:
            if s.part is Part.CLAIM and s.atom:
                yield f"{s.atom} is {s.status.value}: {s.says}"
            else:
                if s.part is Part.RULE:
                    yield s.says
                yield from sentences(s)
        elif s.part is Part.COUNT:
            yield s.says
            if s.status is Status.UNKNOWN:
                yield from (
                    x
                    for b in shown(s.below)
                    if b.status is Status.UNKNOWN
                    for x in (sentences(b) if b.below else [b.says])
                )
        elif s.part is Part.REJECTED:
            yield from _rejected(s)
        else:
            yield s.says


def _rejected(step: Step) -> Iterator[str]:
    """A candidate with its reason; where the reason lies with others that it goes together with, it and they."""
    about, untold, _ = step.says.partition(f": {NOT_COUNTED}")
    if not untold:
        yield step.says
        return
    yield about
    for s in step.below[1:]:
        if s.part is Part.REJECTED:
            yield from _rejected(s)


@dataclass(frozen=True, slots=True)
class _Ways:
    """Ways of which `all` have to be so, or any; each is a sentence or such ways in turn."""

    of: "tuple[_Ways | str, ...]"
    all: bool


def settling(step: Step) -> tuple[list[str], list[str]]:
    """Of an unknown line: the ways in which it would be met, and all that would have to be for it not to be."""
    met, not_met = _settling(step)
    if not met.of or not not_met.of:
        return [f"so it is: {step.says}"], [f"not so: {step.says}"]
    met = met if not met.all else _Ways((met,), all=False)
    not_met = not_met if not_met.all else _Ways((not_met,), all=True)
    return [_in_words(w, False) for w in met.of], [_in_words(w, False) for w in not_met.of]


def _settling(step: Step) -> tuple[_Ways, _Ways]:
    """What would make the line met, and what not; nothing of a line that only comes back to a rule told further up."""
    if step.part is Part.NOT and step.below:
        met, not_met = _settling(step.below[0])
        return not_met, met
    if step.sides is not None:
        return _Ways((step.sides[0],), all=False), _Ways((step.sides[1],), all=True)
    each = [_settling(s) for s in step.below if s.status is Status.UNKNOWN]
    if not step.below and not step.plumbing:
        return _Ways((f"so it is: {step.says}",), all=False), _Ways((f"not so: {step.says}",), all=True)
    is_any = step.part is Part.CLAIM  # of the rules; else all of the premises
    return _together([m for m, _ in each], all_=not is_any), _together([n for _, n in each], all_=is_any)


def _together(ways: list[_Ways], all_: bool) -> _Ways:
    """All of the ways, or any, as few as say it: those in ways of the same sort stand beside the others, each once."""
    found: list[_Ways | str] = []
    for w in ways:
        if w.all is all_ or len(w.of) == 1:
            found += w.of
        elif w.of:
            found.append(w)
    once = list(dict.fromkeys(found))
    # what holds as soon as a simple one does, which is asked for or enough anyway, adds nothing
    simple = {w for w in once if isinstance(w, str) and AS_ASKED not in w and OF_THAT_KIND not in w}
    kept = tuple(w for w in once if isinstance(w, str) or not simple & set(w.of))
    if len(kept) == 1 and not isinstance(kept[0], str):
        return kept[0]
    return _Ways(kept, all_)


def _in_words(ways: _Ways | str, nested: bool) -> str:
    if isinstance(ways, str):
        return ways
    words = (" and " if ways.all else " or ").join(_in_words(w, True) for w in ways.of)
    return f"({words})" if nested else words


def _told_once(step: Step) -> list[str]:
    """The sentences, each once; a record that stands before its comparison does not stand alone as well."""
    found = list(dict.fromkeys(sentences(step)))
    return [s for s in found if not any(other.startswith(f"{s}: ") for other in found)]


def _ended(words: str) -> str:
    return words if words.endswith(("?", ".")) else f"{words}."


def _ways(ways: list[str]) -> str:
    return _listed(ways, _MOST_WAYS, ", or if ")


def _listed(words: list[str], most: int, between: str) -> str:
    more = f"{between}{len(words) - most} more" if len(words) > most else ""
    return between.join(words[:most]) + more


def _capital(words: str) -> str:
    first = words.split(" ", 1)[0]
    return words if first[1:] != first[1:].lower() else words[:1].upper() + words[1:]
