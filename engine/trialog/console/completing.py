"""What may stand where somebody types: commands, relations and their columns, concepts, readings, patients."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from trialog.asking import QUERY, names_of
from trialog.console.lines import command_in
from trialog.console.session import OWN, SHARED, Session
from trialog.program import Program
from trialog.tree import Summary
from trialog.vocabulary import Coded, Vocabulary

_WORDS = ("not ", "latest ", "recorded ", "unrecorded ", "reading ", *(f"{s.value} {{ " for s in Summary))
_NAME = re.compile(r"[A-Za-z0-9_-]*$")


@dataclass(frozen=True, slots=True)
class Candidate:
    """`text` in the place of the `length` characters before the cursor; `says` what it is."""

    text: str
    length: int
    says: str


def candidates(session: Session, before: str) -> Iterator[Candidate]:
    """What may follow `before`, the text up to the cursor."""
    name = command_in(before, (*OWN, *SHARED))
    word = _word(before)
    if name is not None and before.strip() != word:
        last = "" if before[-1:].isspace() else before.split()[-1]
        yield from _fitting(last, _arguments(session, name))
        return
    if before.strip() == word:
        yield from _fitting(word, ((c, "command") for c in (*OWN, *SHARED) if c in (*OWN, *session.parsers)))
    if word[:1].isupper():
        return  # a variable: nobody else names it
    yield from _fitting(word, _in_a_query(session, before[: len(before) - len(word)]))


def _word(before: str) -> str:
    found = _NAME.search(before)
    return found[0] if found else ""


def _fitting(word: str, of: Iterable[tuple[str, str]]) -> Iterator[Candidate]:
    """Those that begin with the word, then those that hold it."""
    found = sorted(dict(of).items())
    folded = word.casefold()
    begin = [x for x in found if x[0].casefold().startswith(folded)]
    hold = [x for x in found if x not in begin and len(folded) > 2 and folded in x[0].casefold()]
    for text, says in (*begin, *hold):
        yield Candidate(text, len(word), says)


def _arguments(session: Session, command: str) -> Iterator[tuple[str, str]]:
    program = session.opened.program
    match command:
        case "patient":
            yield from _patients(session)
        case "cohort":
            yield from program.cohorts.items()
        case "reading":
            for name, r in program.readings.items():
                yield from ((f"{name}={option}", r.description) for option in r.options)
        case "why" | "whynot" | "needs" | "whatif" | "near" | "graph" | "impact":
            yield from ((a.identifier, a.phrase) for a in program.atoms.values())
            yield from _patients(session)
        case _:
            pass


def _patients(session: Session) -> Iterator[tuple[str, str]]:
    if "charts" in vars(session.opened):  # nobody waits for charts while typing
        yield from ((name, "patient") for name in session.opened.patients)


# -- in a query --------------------------------------------------------------------------------------------------


def _in_a_query(session: Session, before: str) -> Iterator[tuple[str, str]]:
    program = session.opened.program
    if re.search(r"\bin\s+$", before):
        yield from _concepts(program.vocabulary, program.vocabulary.concepts)
        return
    if named := re.search(r"\breading\s+(?:(\w+)\s*=\s*)?$", before):
        reading = program.readings.get(named[1] or "")
        yield from (
            ((o, "option") for o in reading.options)
            if reading is not None
            else ((n, r.description) for n, r in program.readings.items())
        )
        return
    place = _open_atom(before)
    if place is None:
        yield from _relations(program)
        yield from ((w, "") for w in _WORDS)
    else:
        yield from _of_a_column(program, *place)


def _open_atom(before: str) -> tuple[str, list[str]] | None:
    """The relation within whose brackets the cursor stands, and its arguments so far."""
    depth = 0
    for i in range(len(before) - 1, -1, -1):
        match before[i]:
            case ")":
                depth += 1
            case "(" if depth:
                depth -= 1
            case "(":
                name = re.search(r"([a-z]\w*)\s*$", before[:i])
                return (name[1], before[i + 1 :].split(",")) if name else None
            case "{" | "}" if not depth:
                return None
            case _:
                pass
    return None


def _relations(program: Program) -> Iterator[tuple[str, str]]:
    for name, columns in names_of(program).items():
        if name == QUERY:
            continue
        declared = program.vocabulary.relations.get(name)
        atom = next((a for a in program.atoms.values() if a.relation == name), None)
        said = f"{atom.identifier}: {atom.phrase}" if atom is not None else f"{len(columns)} columns"
        yield f"{name}(", f"{declared.kind.value}: {', '.join(columns)}" if declared is not None else said


def _of_a_column(program: Program, relation: str, arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The concepts of the column that the cursor stands in, and the names of columns."""
    names = names_of(program).get(relation, ())
    declared = program.vocabulary.relations.get(relation)
    column, sign, _ = arguments[-1].partition(":")
    here = column.strip() if sign else names[len(arguments) - 1] if len(arguments) <= len(names) else ""
    for c in declared.columns if declared is not None else ():
        if c.name == here and isinstance(c.type, Coded):
            yield from _concepts(program.vocabulary, program.vocabulary.descendants[c.type.root])
    if not sign:
        yield from ((f"{name}: ", "column") for name in names if name and name != "patient")


def _concepts(vocabulary: Vocabulary, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    yield from ((name, vocabulary.concepts[name].label) for name in names)
