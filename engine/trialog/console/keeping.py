"""What of a session may be kept in a file: lines of which every word is the program's own, so that none can be a person's name."""

import re
import shlex
from collections.abc import Iterator

from trialog.asking import names_of
from trialog.console.lines import command_in
from trialog.console.session import COMMANDS, SHARED, Session
from trialog.tree import Summary

_NEVER = ("patient", "whatif")
_OF_QUERIES = (
    "not", "latest", "recorded", "unrecorded", "reading", "in", "at", "patient", "ongoing",
    "day", "days", "week", "weeks", "month", "months", "year", "years", *(s.value for s in Summary),
)  # fmt: skip
_OF_SELECTORS = (
    "cohort",
    "criterion",
    "atom",
    "relation",
    "rule",
    "reading",
    "fact",
    "chart",
    "concept",
    "source",
    "sentence",
)
_NUMBER = re.compile(r"[\d.]+|\d{4}(-\d{2}){0,2}|E\d+")
_UNIT = re.compile(r"'[^']*'")
_NAME = re.compile(r"[^\W\d][\w-]*")


def names_nobody(text: str, session: Session) -> bool:
    """Whether nothing that was typed can be about one patient, whose name may be misspelt."""
    known = session.opened.patients if "charts" in vars(session.opened) else None
    if any(name in text for name in (*(known or ()), session.patient or "") if name):
        return False
    command = command_in(text, COMMANDS)
    if command is None:
        asked = _UNIT.sub(" ", text.partition("?-")[2] if text.lstrip().startswith("?-") else text)
        words = {*_OF_QUERIES, *_vocabulary(session)}
        is_bare = '"' not in asked and "%" not in asked  # texts and comments say anything
        return is_bare and all(w[0].isupper() or w == "_" or w in words for w in _NAME.findall(asked))
    if command not in COMMANDS or command in _NEVER:
        return False
    try:
        typed = shlex.split(text)[1:]
    except ValueError:
        return False  # nobody can tell what is quoted
    if command in SHARED and typed and known is None:
        return False  # any of these words may be a patient
    if any(name in word for word in typed for name in known or ()):
        return False
    own = {*_OF_SELECTORS, *_vocabulary(session), *session.opened.program.cohorts, *_options(session, command)}
    own.update(session.opened.program.atoms)
    pieces = [p for word in typed for p in re.split(r"[=,:+/]", word) if p]
    return all(p in own or _NUMBER.fullmatch(p) for p in pieces)


def _vocabulary(session: Session) -> Iterator[str]:
    """The names that the page and the vocabulary give: of relations and columns, concepts, readings and their options."""
    program = session.opened.program
    for name, columns in names_of(program).items():
        yield from (name, *columns)
    yield from program.vocabulary.concepts
    for name, reading in program.readings.items():
        yield from (name, *reading.options)


def _options(session: Session, command: str) -> Iterator[str]:
    """What may be typed behind a command of the command line: its options, and words among which one is to be chosen."""
    parser = session.parsers.get(command)
    for action in parser._actions if parser is not None else ():  # argparse shows them in no other way
        yield from (o for o in action.option_strings if o not in ("--patient", "--charts"))
        yield from action.choices or ()
