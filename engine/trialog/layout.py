"""A statement's tokens as lines. Layout moves white space, and comments behind commas; it changes no token."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from trialog.lexer import Token
from trialog.tree import Summary
from trialog.vocabulary import Kind

WIDEST_RULE = 100
WIDEST_DECLARATION = 120  # wider, for many concepts together are read as a table is
_STEP = 4
_DECLARATIONS = {kind.value for kind in Kind} | {"source", "concept", "reading"}
_SUMMARIES = {summary.value for summary in Summary}
_OPENS, _CLOSES = "([{", ")]}"
_OPERATORS = {"=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "|"}
_CLAUSES = ("also", "unit", "where", "code")
_BEFORE_NAMES = (",", "code", "where", "=", "*")  # before a name that only looks like the word that begins a clause


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with its `%`; `alone` where nothing but white space stands before it on its line."""

    words: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Word:
    """A token of a statement, with the comments between it and the next token."""

    kind: str
    words: str
    comments: tuple[Comment, ...] = ()

    @classmethod
    def of(cls, token: Token) -> "Word":
        return cls(token.kind, token.words)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A word in its place: whether white space stands before it, and whether its line may end before it."""

    word: Word
    spaced: bool
    may_break: bool


type _Part = tuple[_Piece, ...]


def laid_out(statement: Sequence[Word]) -> list[str]:
    """The lines of a statement that can be read, its full stop included.

    What fits goes on one line. Otherwise a rule has one literal a line, a concept as many of its clauses on a line as fit, and
    any other declaration one clause a line. A fact and a source have one line, however long.
    """
    words = _behind_punctuation(statement)
    lines = _Lines(WIDEST_RULE)
    if words[0].kind == "label":
        lines.whole(_pieces(words[:2]), beneath=0)
        words = words[2:]
    pieces = _pieces(words)
    stop = pieces[-1:] if words[-2].comments else ()  # comments may keep the full stop from what it ends
    pieces = pieces[: len(pieces) - len(stop)]
    if len(words) > 1 and words[1].kind == "name" and words[0].words in _DECLARATIONS:
        if words[0].words == "source":
            lines.whole(pieces)
        else:
            together = words[0].words == "concept" or lines.fits(pieces, 0)
            lines.width = WIDEST_DECLARATION
            lines.clauses(_clauses(pieces), together)
    elif (neck := _find(pieces, (":-",))) < len(pieces):
        lines.rule(pieces[: neck + 1], pieces[neck + 1 :])
    else:
        lines.whole(pieces)
    if stop:
        lines.put(stop, _STEP, _STEP)
    return lines.lines


def _behind_punctuation(statement: Sequence[Word]) -> list[Word]:
    """The words, with no comment before a comma or `:-`, nor one at a line's end before the full stop."""
    found: list[Word] = []
    for i, word in enumerate(statement):
        before = found[-1].comments if found else ()
        last = i == len(statement) - 1
        if (
            word.kind == "sign"
            and before
            and (word.words in (",", ":-") or (last and not word.comments and not any(c.alone for c in before)))
        ):
            found[-1] = replace(found[-1], comments=())
            later = tuple(replace(c, alone=True) for c in word.comments)
            found.append(replace(word, comments=(*before, *later)))
        else:
            found.append(word)
    return found


def _pieces(words: Sequence[Word]) -> _Part:
    found: list[_Piece] = []
    inside = ""  # the brackets that are open
    for i, word in enumerate(words):
        before = words[i - 1] if i else None
        sign = word.words if word.kind == "sign" else ""
        after = before.words if before is not None and before.kind == "sign" else ""
        # A minus before which no operand stands is the number's own.
        negative = after == "-" and i > 1 and words[i - 2].kind == "sign" and words[i - 2].words not in _CLOSES
        spaced = not (
            before is None
            or after in ("(", "[")
            or sign in (")", "]", ",", ".")
            or (sign == ":" and not inside.endswith("{"))
            or (sign == "(" and before.kind == "name")
            or negative
        )
        operator = sign in _OPERATORS and bool(before) and (not after or after in _CLOSES)
        found.append(_Piece(word, spaced, after == "," or operator))
        if sign and sign in _OPENS:
            inside += sign
        elif sign and sign in _CLOSES:
            inside = inside[:-1]
    return tuple(found)


def _find(pieces: _Part, signs: tuple[str, ...], start: int = 0) -> int:
    """Where the first of these signs stands that is in no brackets opened since `start`; the end where there is none."""
    depth = 0
    for i in range(start, len(pieces)):
        word = pieces[i].word
        if word.kind != "sign":
            continue
        if depth == 0 and word.words in signs:
            return i
        depth += (word.words in _OPENS) - (word.words in _CLOSES)
    return len(pieces)


def _split(pieces: _Part) -> Iterator[_Part]:
    """The parts that commas outside of brackets divide; each has its comma, and the last the rest."""
    start = 0
    while start < len(pieces):
        end = _find(pieces, (",",), start) + 1
        yield pieces[start:end]
        start = end


def _clauses(pieces: _Part) -> Iterator[_Part]:
    """The parts of a declaration: its name and what is above it, its text, and what each keyword after that begins.

    The sources go with what stands before them.
    """
    start, depth, described = 0, 0, False
    for i, piece in enumerate(pieces):
        word, before = piece.word, pieces[i - 1].word.words if i else ""
        if depth == 0 and (
            (word.kind == "text" and not described)
            or (described and word.kind == "name" and word.words in _CLAUSES and before not in _BEFORE_NAMES)
        ):
            yield pieces[start:i]
            start = i
            described = True
        if word.kind == "sign":
            depth += (word.words in _OPENS) - (word.words in _CLOSES)
    yield pieces[start:]


def _flat(part: _Part) -> str | None:
    """The part on one line, without what stands behind its last word; None where a comment ends a line within it."""
    if any(piece.word.comments for piece in part[:-1]):
        return None
    return "".join((" " if piece.spaced and i else "") + piece.word.words for i, piece in enumerate(part))


@dataclass(slots=True)
class _Lines:
    """Lines as they are written, the last one open for more unless a comment has ended it."""

    width: int
    lines: list[str] = field(default_factory=list)
    open: bool = False

    def fits(self, part: _Part, indent: int) -> bool:
        """Whether the part can stand on one line."""
        text = _flat(part)
        return text is not None and indent + len(text) <= self.width

    def put(self, part: _Part, indent: int, beneath: int, fresh: bool = True) -> None:
        """Write a part that no comment breaks, and the comments behind it; one that stands alone stands `beneath` in."""
        text = _flat(part) or ""
        joined = f"{self.lines[-1]}{' ' * part[0].spaced}{text}" if self.open and not fresh else ""
        if joined and len(joined) <= self.width:
            self.lines[-1] = joined
        else:
            self.lines.append(" " * indent + text)
        self.open = True
        for comment in part[-1].word.comments:
            if comment.alone or not self.open:
                self.lines.append(" " * beneath + comment.words)
            else:
                self.lines[-1] += f"  {comment.words}"
            self.open = False

    def flow(self, part: _Part, indent: int, further: int, beneath: int, fresh: bool = True) -> None:
        """Write a part on as many lines as it needs, broken where it may be; what goes on stands `further` in."""
        start = 0
        for i in range(1, len(part) + 1):
            if i == len(part) or part[i].may_break or part[i - 1].word.comments:
                below = beneath if i == len(part) else further
                self.put(part[start:i], further if start else indent, below, fresh and not start)
                start = i

    def whole(self, part: _Part, beneath: int = _STEP) -> None:
        """Write a part on one line, whatever its width; only comments break it."""
        start = 0
        for i in range(1, len(part) + 1):
            if i == len(part) or part[i - 1].word.comments:
                self.put(part[start:i], _STEP if start else 0, beneath if i == len(part) else _STEP)
                start = i

    def clauses(self, parts: Iterable[_Part], together: bool) -> None:
        """Write the parts, where they go `together` as many on each line as fit; one that needs several has them for itself."""
        fresh = True
        for i, part in enumerate(parts):
            indent = _STEP if i else 0
            if whole := self.fits(part, indent):
                self.put(part, indent, _STEP, fresh)
            else:
                self.flow(part, indent, 2 * _STEP, _STEP)
            fresh = not (whole and together)

    def rule(self, head: _Part, body: _Part) -> None:
        if self.fits((*head, *body), 0):
            self.put((*head, *body), 0, 0)
            return
        self.flow(head, 0, 2 * _STEP, _STEP)
        cited = _find(body, ("[",))
        self.literals(body[:cited], _STEP)
        if cited < len(body):
            self.flow(body[cited:], _STEP, 2 * _STEP, _STEP, fresh=False)

    def literals(self, body: _Part, indent: int) -> None:
        """Write each literal from a fresh line on."""
        for part in _split(body):
            if self.fits(part, indent):
                self.put(part, indent, indent)
            elif len(part) > 1 and part[0].word.words in _SUMMARIES and part[1].word.words == "{":
                self.aggregate(part, indent)
            else:
                self.flow(part, indent, indent + _STEP, indent)

    def aggregate(self, part: _Part, indent: int) -> None:
        colon = _find(part, (":",), 2)
        close = _find(part, ("}",), 2)
        self.flow(part[: colon + 1], indent, indent + 2 * _STEP, indent + _STEP)
        self.literals(part[colon + 1 : close], indent + _STEP)
        self.flow(part[close:], indent, indent + _STEP, indent)
