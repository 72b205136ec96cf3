"""The command that lays pages out: `trialog fmt`."""

import argparse
import shutil
from codecs import BOM_UTF8
from pathlib import Path

from trialog.knowledge import read, shown
from trialog.problem import Problem
from trialog.replacing import replace_file
from trialog.source import Source, Span
from trialog.usage import complain, emit, library_at, typed_wrong


def fmt(given: argparse.Namespace) -> int:
    """Lay pages out anew, or tell which would change."""
    from trialog.format import formatted, unreadable

    pages = _pages_at(Path(given.path or given.kb or "."))
    room = max(0, shutil.get_terminal_size((80, 24)).lines - 6)  # lines of difference that a screen still holds
    unread: list[Problem] = []
    problems: list[Problem] = []
    changed = 0
    for path in pages:
        page = read(path, unread)
        if page is None:
            continue
        problems.extend(unreadable(page))
        content = path.read_bytes()
        mark = BOM_UTF8 if content.startswith(BOM_UTF8) else b""
        page = Source(page.name, content.decode("utf-8-sig"))
        new = formatted(page)
        if new == page.text:
            continue
        if given.check:
            room = _would_change(page, new, room)
        elif _written(path, mark + new.encode(), unread):
            emit([f"{page.name} laid out anew"])
        else:
            continue
        changed += 1
    complain([*unread, *problems])
    what = "would change" if given.check else "laid out anew"
    emit([f"{len(pages)} page{'s' * (len(pages) != 1)}: {changed or 'none'} {what}" + _left(problems)])
    return 1 if unread or problems or (given.check and changed) else 0


def _left(problems: list[Problem]) -> str:
    count = len(problems)
    return f"; what has {count} error{'s' * (count != 1)} is left as it is" if problems else ""


def _pages_at(path: Path) -> list[Path]:
    """The page that a path leads to, or the pages of a knowledge base that lie in its folder."""
    if path.is_file():
        return [path]
    library, _ = library_at(path)
    here = path.resolve()
    pages = (*(library.root / "vocabulary").glob("*.md"), *(library.root / "trials").glob("*/protocol.md"))
    found = sorted(page for page in pages if page.is_relative_to(here))
    if not found:
        raise typed_wrong(
            "E601", f"`{path}` holds no page", "pages are those in `vocabulary`, and the `protocol.md` of each trial"
        )
    return found


def _would_change(page: Source, new: str, room: int) -> int:
    """Print that a page would change, and as much of the difference as there is room for; the room that is left."""
    from difflib import unified_diff

    before, after = (text.replace("\r\n", "\n").replace("\r", "\n").split("\n") for text in (page.text, new))
    lines = list(unified_diff(before, after, n=1, lineterm=""))[2:]
    emit([f"{page.name} would change, by {len(lines)} lines of difference", *lines[:room]])
    if 0 < room < len(lines):
        emit(["…"])
    return max(0, room - len(lines))


def _written(path: Path, content: bytes, problems: list[Problem]) -> bool:
    """Put the content in the place of what the page holds. Where that cannot be done, it is a problem."""
    try:
        replace_file(path, content)
    except OSError as error:
        at = Span(Source(shown(path), ""), 0, 0)
        claim = f"`{shown(path)}` cannot be written: {error.strerror}"
        problems.append(
            Problem("E613", claim, at, "check the rights to it and to its folder, and that the disk is not full")
        )
        return False
    return True
