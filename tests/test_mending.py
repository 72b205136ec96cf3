"""Safe fixes: what they mend is gone, nothing else changes, and files are written in one step or not at all."""

import os
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.fuzz_inputs import HEAD, PIECES, WHOLE
from trialog.check import Pages, check
from trialog.knowledge import Library, shipped
from trialog.lexer import Token, tokens
from trialog.mending import ChangedMeanwhile, Mending, edited, mending, write
from trialog.page import read_page
from trialog.problem import Edit, Fix, Problem
from trialog.source import Source, Span
from trialog.spelling import slip_of

ROOT = Path(__file__).parents[1]
WORDS = Source("words.md", (ROOT / "tests/golden/vocabulary.md").read_text(encoding="utf-8"))
soup = st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join)
LIBRARY = Library(shipped())
SHIPPED = LIBRARY.pages(LIBRARY.trials[0])[0]
assert SHIPPED.protocol is not None
PAGE = SHIPPED.protocol
TOKENS = [t for b in read_page(PAGE)[0].blocks for t in tokens(PAGE, b.at.start, b.at.end)[0]]


def mend(pages: Pages) -> tuple[list[Problem], Mending, Pages, list[Problem]]:
    """What is wrong, what is mended, the pages then, and what is wrong with them."""
    assert pages.protocol is not None
    before = check(pages)[1]
    made = mending(before, (*pages.vocabulary, pages.protocol))
    after = made.pages(pages)
    return before, made, after, check(after)[1]


def kinds(problems: list[Problem] | tuple[Problem, ...]) -> Counter[str]:
    return Counter(p.code for p in problems)


# -- what is mended is gone, and nothing new comes ---------------------------------------------------------------


_SLIPS = {">=": "≥", "<=": "=<", "!=": "≠", "..": "...", "*": "×", "-": "−", ",": "，", "(": "（", "=": "==", ".": "。"}
_MORE = (
    'reading strictness = lenient | severe "how strict".',
    "lax(P) :- reading strictness = lenient, born(P, _).",
    "severely(P) :- reading strictness = severe, not lax(P).",
    '@ "{Dose} from {Begin}" given(P, Dose) :- treatment(P, prednisone, dose: Dose, from: Begin, ..).',
    'concept nephritis in condition "nephritis" [guideline].',
    "liver(P) :- latest observation(P, alt, V, upper_limit: U), V <= 3 * U.",
    "equivalent_dose(tacrolimus, oral, 5 'mg') [own].",
    '@S9 "had nephritis" exclusion had_nephritis(P) :- '
    "condition(P, nephritis, from: From, to: To), screening(P, S), To >= S - 60 days, From <= S.",
    "frail(P) :- not had_nephritis(P), many(P), lowest(P).",
    "twice(P) :- given(P, A), given(P, B), A != 2 * B.",
    'source guideline "a guideline".',
    'measure walking(patient, measurement: measurement, on: date, value: quantity, upper_limit: quantity) "how far".',
)


@st.composite
def slips(draw: st.DrawFn, found: Sequence[Token]) -> dict[int, str]:
    """What is written instead of a few tokens, by their index; mostly it can be meant in one way alone."""
    chosen = draw(st.lists(st.integers(0, len(found) - 1), min_size=1, max_size=8, unique=True))
    return {i: slip(found, i, draw) for i in sorted(chosen)}


def slip(found: Sequence[Token], i: int, draw: st.DrawFn) -> str:
    token, words = found[i], found[i].words
    if words == "." and draw(st.booleans()):
        return ""
    if words in _SLIPS and token.kind == "sign":
        return _SLIPS[words]
    if token.kind == "text":
        return f"“{words[1:-1]}”"
    if token.kind == "name" and len(words) > 2 and not is_head(found, i):
        at = draw(st.integers(1, len(words) - 2))
        swapped = words[:at] + words[at + 1 : at + 2] + words[at : at + 1] + words[at + 2 :]
        return draw(st.sampled_from((swapped, words[:at] + words[at + 1 :], words[:at] + words[at] + words[at:])))
    return words


def is_head(found: Sequence[Token], i: int) -> bool:
    """Whether the name stands where it is defined: as it is written there, so it is meant."""
    before = [t.words for t in found[max(0, i - 4) : i]][::-1]
    if before[:1] == ["reading"]:
        return before[1:2] not in ([","], [":-"])
    if before[:1] == ["="]:
        return before[2:3] != ["reading"] or before[3:4] not in ([","], [":-"])
    return not before or before[0] not in (",", ":-", "not", "latest", "recorded", "(", "in", "[")


def slipped(text: str, found: Sequence[Token], written: dict[int, str]) -> str:
    return edited(text, [(found[i].at.start, found[i].at.end, words) for i, words in written.items()])


@st.composite
def slipped_rules(draw: st.DrawFn) -> str:
    text = "\n".join(draw(st.lists(st.sampled_from((*WHOLE, *_MORE)), min_size=1, max_size=7)))
    found = tokens(Source("rules", text), 0, len(text))[0]
    return slipped(text, found, draw(slips(found)))


@settings(max_examples=300)
@given(slipped_rules() | soup)
@example("a(P) :- condtion(P, sle, ..)\nb(P) :- a(P), V ≥ 1.")
@example('concpt d in drug "d"\nconcept e in d “e”.\nold(P) :- treatment(P, e, …).')
@example('@ "{Begn}" a(P, Begin) :- condition(P, sle, from: Begin, ..).')
@example('a(P) :- latest observation(P, alt, V, uper_limit: U), V <= U [guidelin].\nsource guideline "words".')
@example("many(P) :- count(D : treatment(P, D, ...), treatmnt(P, D, ..)) >= 2.")
@example("a(P) :- reading x = y, codition(P, sle, form: X).")
@example('reading strict = yesno | noyes "how".\na(P) :- reading strct = yesnoo, born(P, _).')
@example("a(P)\nb(P)\n")
@example("had_lupus(P) :- condition(P, P, sle, ..).\nnone(P) :- not had_lupuss(P), screening(P, _).\nhad_lupus")
@example("....")
@example("a(P) :- born(P, B), B ＝＝ 2020-01-01.")
@example("a(P) :- born(P, B), B <= 2020−01−01.")
@example("a(P) :- latest observation(P, lvef, V, ..), V > 1．5 '%'.")
@example("a(P) :- latest observation(P, lvef, V, ..), V ≤= 1 '%', V <=≥ 1 '%'.")
def test_what_is_mended_is_gone_and_all_else_is_as_before(rules: str) -> None:
    pages = Pages((WORDS,), Source("protocol.md", f"{HEAD}{rules}\n```\n"), None)
    before, made, _, after = mend(pages)
    assert kinds(after) == kinds(before) - kinds(made.problems)
    assert not any(p.safe_fix is not None for p in after)


@pytest.mark.parametrize(
    "page",
    [
        "```datalog\n\n≥\n",
        f"{HEAD}\nold(P) :- born(P, B), B\n\n≥ 2020-01-01.\n",
        f"{HEAD}\nold(P) :- born(P, B), B\n\n   ＞ 2020-01-01.\n\n## Cohort b: B\n",
        "# cohort E: s\n",
        f"{HEAD}```\n\n## cohort B: Without criteria\n",
    ],
)
def test_what_is_mended_changes_nothing_else_of_a_page(page: str) -> None:
    before, made, after, left = mend(Pages((WORDS,), Source("protocol.md", page), None))
    assert kinds(left) == kinds(before) - kinds(made.problems)
    assert after.protocol is not None
    assert len(read_page(after.protocol)[0].quotes) == page.count("\n>")


def test_what_is_mended_in_a_vocabulary_is_gone_and_all_else_is_as_before() -> None:
    words = Source(WORDS.name, f"{WORDS.text}\n## cohort b: That is no word\n")
    before, made, _, after = mend(Pages((words,), Source("protocol.md", f"{HEAD}```\n"), None))
    assert kinds(made.problems) == {"E105": 1}
    assert kinds(after) == kinds(before) - kinds(made.problems) == {"E105": 1}


@settings(max_examples=60, deadline=None)
@given(slips(TOKENS))
def test_slips_in_the_shipped_page_are_mended_or_told(written: dict[int, str]) -> None:
    text = slipped(PAGE.text, TOKENS, written)
    pages = Pages(SHIPPED.vocabulary, Source(PAGE.name, text), SHIPPED.document)
    before, made, after, left = mend(pages)
    assert after.protocol is not None
    assert kinds(left) == kinds(before) - kinds(made.problems)
    if not left:
        same = meant(after.protocol.text) == meant(PAGE.text)
        assert same, "what is mended means what was meant"


def meant(text: str) -> list[list[tuple[str, str]]]:
    """The tokens of a page's rules."""
    source = Source("page", text)
    blocks = read_page(source)[0].blocks
    return [[(t.kind, t.words) for t in tokens(source, b.at.start, b.at.end)[0]] for b in blocks]


# -- what is asked of a patient is never changed -----------------------------------------------------------------


@settings(max_examples=300)
@given(slipped_rules() | soup)
@example("a(P) :- latest observation(P, lvef, V, ...), V ≥ 55 ‘%’, not codition(P, sle, ..)")
@example("a(P) :- latest observation(P, lvfe, V, ..), V >= 55 'MG/DL'")
@example('reading strictness = lenient | severe "how strict".\nlax(P) :- reading strictness = lneient, born(P, _).')
def test_no_number_unit_date_comparison_concept_or_not_is_changed(rules: str) -> None:
    text = f"{HEAD}{rules}\n```\n"
    _, made, after, _ = mend(Pages((WORDS,), Source("protocol.md", text), None))
    assert after.protocol is not None
    assert asked(after.protocol.text) == asked(text)
    for p in made.problems:
        for edit in p.safe_fix.edits if p.safe_fix is not None else ():
            assert p.code not in ("E208", "E303", "E205", "E301", "E302")
            assert not any(c.isdigit() for c in edit.words + edit.at.words) or edit.at.words.isidentifier()


def asked(text: str) -> list[str]:
    """What the rules of a page ask with: numbers, units, dates, comparisons, negations and arguments, in their order."""
    found: list[str] = []
    source = Source("page", text)
    for block in read_page(source)[0].blocks:
        here = tokens(source, block.at.start, block.at.end)[0]
        for i, (t, following) in enumerate(zip(here, [*here[1:], here[-1]], strict=True)):
            is_option = i > 2 and here[i - 3].words == "reading"
            is_argument = t.kind == "name" and following.words in (",", ")") and not is_option
            compares = t.words in ("<", "<=", ">", ">=", "=", "!=", "+", "-", "*", "/", "not", "at", "gap")
            if t.kind in ("number", "unit", "date", "variable") or compares or is_argument:
                found.append(t.words)
    return found


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("asymptomatic_stroke", ("symptomatic_stroke",)),
        ("lvef_at_least_5", ("lvef_at_least_55",)),
        ("lvef_at_least_50", ("lvef_at_least_55",)),
        ("alt_low", ("ast_low",)),
        ("hypotension", ("hypertension",)),
        ("nitrite_given", ("nitrate_given",)),
        ("form", ("from",)),
        ("recent_infectin", ("recent_infection", "recent_injection")),
        ("typical", ("atypical",)),
        ("type_1_diabetes", ("type_2_diabetes",)),
    ],
)
def test_what_may_be_another_word_is_no_slip(word: str, names: tuple[str, ...]) -> None:
    assert slip_of(word, names) is None


@given(st.from_regex(r"[a-z]{5,9}(_[a-z]{5,9})?", fullmatch=True), st.data())
def test_a_slip_leads_back_to_its_name(name: str, data: st.DataObject) -> None:
    begin = name.rfind("_") + 1
    at = data.draw(st.integers(begin + 1, len(name) - 2))
    kinds_of_slip = (
        name[:at] + name[at + 1 :],
        name[:at] + name[at] + name[at:],
        name[:at] + name[at + 1] + name[at] + name[at + 2 :],
    )
    word = data.draw(st.sampled_from(kinds_of_slip))
    assert slip_of(word, {name}) == (name if word != name else None)
    assert slip_of(word, {name, word}) is None or word == name


# -- which fixes are made together -------------------------------------------------------------------------------

LETTERS = Source("letters.md", "abcdefghij")


@st.composite
def fixed(draw: st.DrawFn) -> Problem:
    starts = draw(st.lists(st.integers(0, 9), min_size=1, max_size=2, unique=True))
    edits = [
        Edit(Span(LETTERS, s, min(s + draw(st.integers(0, 3)), 10)), draw(st.sampled_from(("", "x", "yy"))))
        for s in sorted(starts)
    ]
    if len(edits) == 2 and edits[0].at.end > edits[1].at.start:
        edits.pop()
    fix = Fix("mend it", tuple(edits), is_safe=draw(st.booleans()))
    return Problem("E101", "wrong", edits[0].at, fixes=(fix,))


@given(st.lists(fixed(), max_size=5))
def test_fixes_that_touch_each_other_are_not_made_together(problems: list[Problem]) -> None:
    made = mending(problems, [LETTERS])
    edits = made.edits.get(LETTERS, ())
    for one, other in pairwise(edits):
        assert one.at.end <= other.at.start
        assert one.at.start < other.at.start
    for p in problems:
        whole = p.safe_fix is not None and all(e in edits for e in p.safe_fix.edits)
        assert (p in made.problems) == whole, "a fix is made as a whole or not at all"
    assert mending(problems, []).problems == ()


# -- files -------------------------------------------------------------------------------------------------------

_WRONG = f"{HEAD}a(P) :- condtion(P, sle, ..)\nb(P) :- a(P).\n```\n"
_RIGHT = _WRONG.replace("condtion", "condition").replace("..)\n", "..).\n")


def mending_of(path: Path) -> tuple[Mending, Source]:
    read = Source(str(path), _WRONG)
    _, made, _, _ = mend(Pages((WORDS,), read, None))
    assert made.problems
    return made, read


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=ascii)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "marked"])
def test_line_ends_and_marks_stay(tmp_path: Path, end: str, mark: bytes) -> None:
    path = tmp_path / "page.md"
    path.write_bytes(mark + _WRONG.replace("\n", end).encode())
    path.chmod(0o640)
    made, source = mending_of(path)
    write(made, source)
    assert path.read_bytes() == mark + _RIGHT.replace("\n", end).encode()
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


@given(st.text("ab\r\n", max_size=12), st.data())
def test_an_edit_stands_where_it_stood(written: str, data: st.DataObject) -> None:
    """Whatever the line ends, the file reads as the page does once both are edited."""
    text = written.replace("\r\n", "\n").replace("\r", "\n")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    path = Path(os.environ["PYTEST_TMP"]) / "page.md"
    path.write_bytes(written.encode())
    source = Source(str(path), text)
    edit = Edit(Span(source, start, end), "x")
    write(Mending((), {source: (edit,)}), source)
    found = path.read_bytes().decode().replace("\r\n", "\n").replace("\r", "\n")
    assert found == edited(text, [(start, end, "x")])


@pytest.fixture(autouse=True)
def a_place_for_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_TMP", str(tmp_path))


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.md").write_text(_WRONG, encoding="utf-8")
    (tmp_path / "page.md").symlink_to("real.md")
    made, source = mending_of(tmp_path / "page.md")
    write(made, source)
    assert (tmp_path / "page.md").is_symlink()
    assert (tmp_path / "real.md").read_text(encoding="utf-8") == _RIGHT


def test_a_file_that_changed_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(_WRONG + "More.\n", encoding="utf-8")
    made, source = mending_of(path)
    with pytest.raises(ChangedMeanwhile):
        write(made, source)
    assert path.read_text(encoding="utf-8") == _WRONG + "More.\n"


def test_a_file_is_whole_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.md"
    path.write_text(_WRONG, encoding="utf-8")
    made, source = mending_of(path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(made, source)
    assert path.read_text(encoding="utf-8") == _WRONG
    assert list(tmp_path.iterdir()) == [path]
