"""What is typed at a console: a query, which ends with a full stop, or a command, which ends with its line."""

import re
from collections.abc import Collection

from trialog.asking import QUERY
from trialog.lexer import tokens
from trialog.source import Source

_WORD = re.compile(r"\s*([A-Za-z][\w-]*|\?)(?![\w(])(?!\s*[(:])")
_OF_A_QUERY = re.compile(r"[(){}<>=,:]|\?-|\bin\s")


def command_in(text: str, commands: Collection[str]) -> str | None:
    """The command that the text begins with, or the word that stands where one would; None for a query.

    What begins with a word and has nothing of a query in it is a command that somebody mistyped.
    """
    found = _WORD.match(text)
    if found is None or text.lstrip().startswith(QUERY):
        return None
    word = found[1]
    if word in commands:
        return word
    first, *more = text.strip().splitlines()
    return None if more or _OF_A_QUERY.search(first) or first.rstrip().endswith(".") else word


def is_whole(text: str, commands: Collection[str]) -> bool:
    """Whether nothing more is waited for."""
    if not text.strip() or command_in(text, commands) is not None:
        return True
    found, _ = tokens(Source("query", text), 0, len(text))
    return len(found) > 1 and found[-2].words == "."
