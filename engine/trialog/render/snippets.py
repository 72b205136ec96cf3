"""Lines of a text with places in them marked: underlines with a few words each, as wide as the terminal and no wider."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trialog.source import Source, Span

_TAB = 4
_SHOWN_OF_LONG = 3  # lines at each end of a stretch of many lines
_LEAST_LABEL = 24


@dataclass(frozen=True, slots=True)
class Mark:
    """A place, the words beside it, and whether it is the one that a problem is about."""

    at: Span
    words: str
    is_primary: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text of one look: `plain`, `primary`, `secondary` or `gutter`."""

    text: str
    look: str = "plain"


type Row = tuple[Piece, ...]


def snippet(marks: Sequence[Mark], width: int, gutter: int) -> list[Row]:
    """The lines of one source on which the marks stand, lines near each other together; `gutter` is as wide as the numbers."""
    source = marks[0].at.source
    single = [m for m in marks if _lines(m.at)[0] == _lines(m.at)[1]]
    long = [m for m in marks if m not in single]
    rails = 2 * len(long)
    shown: set[int] = {_lines(m.at)[0] for m in single}
    for m in long:
        first, last = _lines(m.at)
        shown |= {n for n in range(first, last + 1) if min(n - first, last - n) < _SHOWN_OF_LONG}
    rows: list[Row] = []
    before = 0
    for number in sorted(shown):
        if before and number == before + 2:
            rows += _line(source, number - 1, [], long, width, gutter, rails)
        elif before and number > before + 1:
            rows.append((Piece("." * 3 + " " * max(0, gutter - 1), "gutter"), *_rails(long, before, True)))
        rows += _line(source, number, [m for m in single if _lines(m.at)[0] == number], long, width, gutter, rails)
        before = number
    return rows


def last_line(at: Span) -> int:
    """The last line that is shown of a place, counted from 1."""
    return _lines(at)[1]


def _lines(at: Span) -> tuple[int, int]:
    """The first and the last line of a place, white space at its end aside."""
    end = at.start + max(len(at.words.rstrip()), 0)
    first = at.line
    return first, max(first, at.source.line_and_column(max(end - 1, at.start))[0])


def _line(
    source: Source, number: int, marks: list[Mark], long: list[Mark], width: int, gutter: int, rails: int
) -> list[Row]:
    """A line with its number, and under it the marks that stand on it, and the ends of the longer ones."""
    room = max(width - gutter - 3 - rails, 20)
    text = Shown.of(source.line(number))
    start = source.offset(number)
    ends = [m for m in long if _lines(m.at)[1] == number]
    rows: list[Row] = []
    for low, high, here in _windows(text, start, marks, room):
        rows.append(
            (Piece(f"{number:>{gutter}} | ", "gutter"), *_rails(long, number, False), Piece(text.cut(low, high)))
        )
        for under in _under(text, start, here, low, room):
            rows.append((Piece(f"{'':>{gutter}} | ", "gutter"), *_rails(long, number, True), *under))
    for m in ends:
        reach = text.column(min(m.at.start + len(m.at.words.rstrip()), start + len(text.widths)) - start)
        line = "_" * (min(reach, room) + rails - 2 * long.index(m) - 2) + ("^" if m.is_primary else "-")
        look = _look(m)
        others = _rails([x for x in long if long.index(x) < long.index(m)], number, True)
        words = _wrapped(m.words, width - gutter - 3 - len(line) - 2 * long.index(m) - 2)
        first = (Piece("|" + line + (" " + words[0] if words else ""), look),)
        if words and len(words) > 1:
            words, first = _wrapped(m.words, room), (Piece("|" + line, look),)
            rows.append((Piece(f"{'':>{gutter}} | ", "gutter"), *others, *first))
            rows += [(Piece(f"{'':>{gutter}} | ", "gutter"), *others, Piece("  " + w, look)) for w in words]
        else:
            rows.append((Piece(f"{'':>{gutter}} | ", "gutter"), *others, *first))
    return rows


def _rails(long: Sequence[Mark], number: int, below: bool) -> Iterable[Piece]:
    """The bars at the left that run along stretches of several lines: on a line, or below it."""
    for m in long:
        first, last = _lines(m.at)
        starts = number == first and not below
        yield Piece("/ " if starts else "| " if first <= number <= last - below else "  ", _look(m))


def _look(mark: Mark) -> str:
    return "primary" if mark.is_primary else "secondary"


# -- the text of a line ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """A line as a terminal shows it: of each character what is printed, and how many columns that takes."""

    pieces: tuple[str, ...]
    widths: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> "Shown":
        if text.isascii() and text.isprintable():
            return cls(tuple(text), (1,) * len(text))
        pieces = tuple(_printed(c) for c in text)
        return cls(pieces, tuple(_cells(p) for p in pieces))

    def column(self, index: int) -> int:
        """The column, from 0, at which the character of that index begins."""
        return sum(self.widths[:index])

    @property
    def width(self) -> int:
        return sum(self.widths)

    def cut(self, low: int, high: int) -> str:
        """What stands in the columns from `low` to `high`, with `…` where something is cut off."""
        first, last = low + (low > 0), high - (high < self.width)
        column, kept = 0, ""
        for piece, wide in zip(self.pieces, self.widths, strict=True):
            if first <= column and column + wide <= last:
                kept += piece
            elif column < first < column + wide or column < last < column + wide:
                kept += " "  # half of a wide character
            column += wide
        return ("…" if low else "") + kept.rstrip() + ("…" if high < self.width else "")


def _printed(char: str) -> str:
    """What is printed for a character: no tab, and nothing that a terminal would obey."""
    from unicodedata import category

    if char == "\t":
        return " " * _TAB
    if char < " ":
        return chr(0x2400 + ord(char))
    return "�" if category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") else char


def _cells(piece: str) -> int:
    if piece.isascii():
        return len(piece)
    from rich.cells import cell_len

    return cell_len(piece)


# -- what stands under a line ------------------------------------------------------------------------------------


def _columns(text: Shown, start: int, mark: Mark) -> tuple[int, int]:
    """The columns of a mark on its line: the first, and the one after the last."""
    begin = text.column(min(mark.at.start - start, len(text.widths)))
    end = text.column(min(mark.at.start + len(mark.at.words.rstrip()) - start, len(text.widths)))
    return begin, max(end, begin + 1)


def _windows(text: Shown, start: int, marks: list[Mark], room: int) -> Iterable[tuple[int, int, list[Mark]]]:
    """The stretches of a line to show, as columns, each with the marks on it: one, unless marks stand too far apart."""
    if text.width <= room:
        yield 0, text.width, marks
        return
    groups: list[list[Mark]] = []
    for m in sorted(marks, key=lambda m: _columns(text, start, m)):
        span = [_columns(text, start, x) for x in (*(groups[-1] if groups else ()), m)]
        if groups and max(e for _, e in span) - min(b for b, _ in span) <= room * 3 // 4:
            groups[-1].append(m)
        else:
            groups.append([m])
    for group in groups or [[]]:
        columns = [_columns(text, start, m) for m in group]
        begin, end = min((b for b, _ in columns), default=0), max((e for _, e in columns), default=0)
        words = max((len(m.words) for m in group), default=0)
        beside = end + 1 + min(words, room // 2)  # so that the words find room beside the mark
        wanted = min(max(beside, min(text.width, end + room // 3)), begin + room)
        low = 0 if wanted <= room else max(0, min(wanted - room, begin - 2))
        yield low, min(low + room, text.width), group


def _under(text: Shown, start: int, marks: list[Mark], low: int, room: int) -> Iterable[Row]:
    """The underlines of the marks, and their words: beside the last one, below the others, from right to left."""
    if not marks:
        return
    places = [(*_columns(text, start, m), m) for m in marks]
    places = [(max(b - low, 0), min(max(e - low, b - low + 1), room), m) for b, e, m in places]
    line: list[tuple[str, str]] = [(" ", "plain")] * max(e for _, e, _ in places)
    for begin, end, m in sorted(places, key=lambda p: p[2].is_primary):
        line[begin:end] = [("^" if m.is_primary else "-", _look(m))] * (end - begin)
    hanging = sorted((p for p in places if p[2].words), key=lambda p: (p[0], p[2].is_primary))
    row = _joined(line)
    if len(places) == 1 and hanging and hanging[0][1] + 1 + len(hanging[0][2].words) > room >= hanging[0][1]:
        begin, _, m = hanging[0]
        if len(m.words) + 1 <= begin:  # no room at its right, but at its left
            space = " " * (begin - len(m.words) - 1)
            yield (Piece(space), Piece(f"{m.words} ", _look(m)), *_joined(line[begin:]))
            return
    if hanging and hanging[-1][1] == len(line) and all(p[0] < hanging[-1][0] for p in places if p != hanging[-1]):
        begin, end, m = hanging[-1]
        if end + 1 + len(m.words) <= room:
            row = (*row, Piece(f" {m.words}", _look(m)))
            hanging.pop()
    yield row
    while hanging:
        begin, _, m = hanging.pop()
        bars = {b: x for b, _, x in hanging if b != begin}
        yield _bars({**bars, begin: m})
        words = _wrapped(m.words, room - begin)
        if room - begin < min(len(m.words), _LEAST_LABEL):
            words = _wrapped(m.words, room)
            begin = max(0, min(begin, room - max(len(w) for w in words)))
        for w in words:
            left = _bars({b: x for b, x in bars.items() if b < begin})
            gap = begin - sum(len(p.text) for p in left)
            yield (*left, Piece(" " * gap), Piece(w, _look(m)))


def _bars(at: dict[int, Mark]) -> Row:
    """A row of bars that lead from marks to their words."""
    line: list[tuple[str, str]] = [(" ", "plain")] * (max(at, default=-1) + 1)
    for column, mark in at.items():
        line[column] = ("|", _look(mark))
    return _joined(line)


def _joined(line: Sequence[tuple[str, str]]) -> Row:
    """The characters, those of one look in a row together."""
    pieces: list[Piece] = []
    for char, look in line:
        if pieces and pieces[-1].look == look:
            pieces[-1] = Piece(pieces[-1].text + char, look)
        else:
            pieces.append(Piece(char, look))
    return tuple(pieces)


def _wrapped(words: str, room: int) -> list[str]:
    return textwrap.wrap(words, max(room, _LEAST_LABEL), break_on_hyphens=False)
