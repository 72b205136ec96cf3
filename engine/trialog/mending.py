"""Safe fixes made: which of them, what the pages read then, and the files written, each in one step or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from trialog.check import Pages
from trialog.problem import Edit, Problem
from trialog.replacing import replace_file
from trialog.source import Source

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Mending:
    """The problems whose safe fixes are made, and the edits to each page, in the order of its text."""

    problems: tuple[Problem, ...]
    edits: Mapping[Source, tuple[Edit, ...]]

    def text(self, source: Source) -> str:
        return edited(source.text, [(e.at.start, e.at.end, e.words) for e in self.edits.get(source, ())])

    def pages(self, pages: Pages) -> Pages:
        """The pages as they read with the fixes made. The document that they quote stays as it is."""
        vocabulary = tuple(self._page(s) for s in pages.vocabulary)
        protocol = pages.protocol
        return replace(pages, vocabulary=vocabulary, protocol=None if protocol is None else self._page(protocol))

    def _page(self, source: Source) -> Source:
        return Source(source.name, self.text(source)) if source in self.edits else source


def mending(problems: Iterable[Problem], pages: Iterable[Source]) -> Mending:
    """The safe fixes that can be made together: of two that touch the same words, the first."""
    writable = set(pages)
    fixed: list[Problem] = []
    edits: dict[Source, list[Edit]] = {}
    for p in problems:
        fix = p.safe_fix
        if fix is None or any(e.at.source not in writable for e in fix.edits):
            continue
        if all(e in edits.get(e.at.source, ()) for e in fix.edits):
            fixed.append(p)  # the same change mends this too
        elif not any(_touch(e, other) for e in fix.edits for other in edits.get(e.at.source, ())):
            fixed.append(p)
            for e in fix.edits:
                edits.setdefault(e.at.source, []).append(e)
    return Mending(
        tuple(fixed), {s: tuple(sorted(found, key=lambda e: (e.at.start, e.at.end))) for s, found in edits.items()}
    )


def _touch(one: Edit, other: Edit) -> bool:
    a, b = sorted((one.at, other.at), key=lambda at: (at.start, at.end))
    return b.start < a.end or a.start == b.start


def edited(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    """The text with other words from each start to its end; the edits are in order and do not overlap."""
    parts: list[str] = []
    at = 0
    for start, end, words in edits:
        parts += [text[at:start], words]
        at = end
    return "".join([*parts, text[at:]])


class ChangedMeanwhile(Exception):  # noqa: N818 (nothing went wrong: somebody else was quicker)
    """A file no longer reads as it did when it was checked."""


def write(mended: Mending, source: Source) -> None:
    """Make the edits in the file of a page, in one step; line ends and a byte order mark stay as they are.

    Raises ChangedMeanwhile, or OSError where the file cannot be written; then it stays as it is.
    """
    path = Path(source.name).resolve()
    raw = path.read_bytes()
    text = raw.decode("utf-8-sig")
    if text.replace("\r\n", "\n").replace("\r", "\n") != source.text:
        raise ChangedMeanwhile
    longer = [i for i, _ in enumerate(text) if text.startswith("\r\n", i)]

    def there(offset: int) -> int:
        """Where what stands at an offset of the page stands in the file."""
        at = offset
        for i in longer:
            if i >= at:
                break
            at += 1
        return at

    edits = [(there(e.at.start), there(e.at.end), e.words) for e in mended.edits[source]]
    content = edited(text, edits).encode()
    replace_file(path, (_BYTE_ORDER_MARK if raw.startswith(_BYTE_ORDER_MARK) else b"") + content)
