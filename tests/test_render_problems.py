"""How problems are shown: marks under what they mark, on any terminal; and as JSON and SARIF, which other programs read."""

import json
import re
import time
from pathlib import Path

import fastjsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from trialog.check import Pages, check
from trialog.mending import edited
from trialog.problem import Edit, Fix, Problem, Severity
from trialog.render.problems import render
from trialog.render.problems_json import problems_as_json
from trialog.render.sarif import problems_as_sarif
from trialog.source import Source, Span

ROOT = Path(__file__).parents[1]
GOLDEN = sorted((ROOT / "tests/golden").glob("E*.md"))
VOCABULARY = Source("kb/vocabulary/shared.md", (ROOT / "tests/golden/vocabulary.md").read_text(encoding="utf-8"))

_CHARACTERS = st.sampled_from("ab cd(),.'\"\t\n\n≥é́心🧒\u200b\u202e\x1b\x07" + "x" * 10)
texts = st.text(_CHARACTERS, min_size=1, max_size=300) | st.text("abc 心", min_size=200, max_size=400)


@st.composite
def spans(draw: st.DrawFn, source: Source) -> Span:
    start = draw(st.integers(0, len(source.text)))
    return Span(source, start, draw(st.integers(start, min(len(source.text), start + draw(st.integers(0, 80))))))


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    sources = [Source(f"page-{i}.md", draw(texts)) for i in range(draw(st.integers(1, 2)))]
    labels = st.sampled_from(("", "here", "1. `a` rests on `b`", "the concept is under another root than the one here"))
    related = tuple((draw(spans(s)), draw(labels)) for s in draw(st.lists(st.sampled_from(sources), max_size=4)))
    at = draw(spans(sources[0]))
    edit = draw(spans(sources[0]))
    fix = Fix("write it so", (Edit(edit, draw(st.sampled_from(("", "word", "心")))),), is_safe=draw(st.booleans()))
    return Problem(
        "E101",
        draw(st.sampled_from(("short", "a claim of `some words` " * 6))).strip(),
        at,
        draw(st.sampled_from(("", "take it out", "a way out `with words` " * 8))).strip(),
        draw(st.sampled_from(("", "The protocol's sentence. " * 12))),
        related,
        draw(st.sampled_from(Severity)),
        draw(labels),
        (fix,) if "\n" not in edit.words else (),
    )


@given(problems(), st.sampled_from((60, 80, 120)))
def test_no_line_is_wider_than_the_terminal_and_nothing_is_obeyed(problem: Problem, width: int) -> None:
    for line in render(problem, width=width).split("\n"):
        assert cell_len(line) <= width
        assert not re.search(r"[\x00-\x1f\x7f\u200b\u202e]", line)
        assert line == line.rstrip()


@given(problems())
def test_colour_changes_looks_alone(problem: Problem) -> None:
    coloured = render(problem, colour=True)
    plain = "\n".join(line.rstrip() for line in re.sub(r"\x1b\[\d+m", "", coloured).split("\n"))
    assert plain == render(problem)


@given(problems())
def test_every_place_and_every_label_is_shown(problem: Problem) -> None:
    """But for the fourth place and those after it of which the same is said: they are counted."""
    shown = render(problem)
    squeezed = "".join(re.sub(r"[|/\\_^-]", "", shown).split())
    said = [words for _, words in problem.related]
    alike = [said[:i].count(words) for i, words in enumerate(said)]
    hidden = sum(n >= 3 for n in alike)
    assert (f"and in {hidden} more place" in shown) == (hidden > 0)
    first = [place for place, n in zip(problem.related, alike, strict=True) if n < 3]
    for at, words in ((problem.at, problem.label), *first):
        assert "".join(re.sub(r"[|/\\_^-]", "", words).split()) in squeezed
        assert re.search(rf"^ *{at.line} [|]( |$)", shown, re.MULTILINE)
    assert f"--> {problem.at}" in shown


_SHORT = st.text(st.sampled_from("abc ,(心é\t"), min_size=1, max_size=40).filter(str.strip)


@given(_SHORT, st.data())
@example("心心 condtion\t(P)", None)
def test_a_mark_stands_under_what_it_marks(text: str, data: st.DataObject | None) -> None:
    start = text.index("c") if data is None else data.draw(st.integers(0, len(text) - 1))
    end = start + 1 if data is None else data.draw(st.integers(start + 1, len(text)))
    source = Source("page.md", f"first\n{text}\nlast")
    at = Span(source, 6 + start, 6 + end)
    _, _, line, mark, *_ = render(Problem("E101", "wrong", at)).split("\n")
    printed = text.replace("\t", " " * 4)
    before = text[:start].replace("\t", " " * 4)
    assert line == f"2 | {printed}".rstrip()
    assert mark.index("^") == cell_len(f"2 | {before}")
    width = cell_len(text[start:end].rstrip().replace("\t", " " * 4))
    assert mark.count("^") == max(width, 1)


def of_page(path: Path) -> list[Problem]:
    text = path.read_text(encoding="utf-8")
    rules = re.search(r"^`{3,}markdown\n(.*?)^`{3,4}$", text, re.MULTILINE | re.DOTALL)
    page = rules[1] if rules else text
    document = Source("source.txt", "Age: ≥5 years old\n")
    return check(Pages((VOCABULARY,), Source("kb/trials/a trial/protocol.md", page), document))[1]


def test_a_long_line_is_cut_without_delay() -> None:
    line = Source("bundle.json", "[" * 50_000)  # a whole bundle often stands on one line
    began = time.monotonic()
    assert "…" in render(Problem("E503", "this is not JSON", Span(line, 30_000, 30_001)))
    assert time.monotonic() - began < 5


# -- SARIF -------------------------------------------------------------------------------------------------------

VALID = fastjsonschema.compile(json.loads((ROOT / "tests/sarif/schema.json").read_text(encoding="utf-8")))


def sarif(found: list[Problem]) -> dict[str, object]:
    printed: dict[str, object] = json.loads(problems_as_sarif(found, "0.1.0", plain=False))
    VALID(printed)
    return printed


@given(st.lists(problems(), max_size=3))
def test_sarif_is_valid(found: list[Problem]) -> None:
    sarif(found)


def test_the_schema_refuses_what_is_not_sarif() -> None:
    with pytest.raises(fastjsonschema.JsonSchemaException):
        VALID({"version": "2.1.0", "runs": [{"tool": {"driver": {}}}]})


@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: p.stem)
def test_sarif_says_what_the_text_says(path: Path) -> None:
    found = of_page(path)
    printed = sarif(found)
    (run,) = printed["runs"]  # type: ignore[misc]
    rules = run["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == sorted({p.code for p in found})
    for rule in rules:
        assert rule["help"]["markdown"].startswith(f"# {rule['id']}: {rule['shortDescription']['text']}\n")
        assert rule["fullDescription"]["text"].endswith(".")
    assert run["columnKind"] == "unicodeCodePoints"
    for p, result in zip(found, run["results"], strict=True):
        assert result["ruleId"] == p.code == rules[result["ruleIndex"]]["id"]
        assert result["level"] == p.severity.value
        said = result["message"]["text"].replace("{{", "{").replace("}}", "}")
        assert said.casefold().startswith(p.claim.casefold())
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == p.at.source.name.replace(" ", "%20")
        assert place["region"]["snippet"]["text"] == p.at.words
        assert between(p.at.source.text, place["region"]) == p.at.words
        assert len(result.get("relatedLocations", ())) == len(p.related)
        for fix, written in zip(p.fixes, result.get("fixes", ()), strict=True):
            (change,) = written["artifactChanges"]
            for edit, replacement in zip(fix.edits, change["replacements"], strict=True):
                assert between(edit.at.source.text, replacement["deletedRegion"]) == edit.at.words
                assert replacement["insertedContent"]["text"] == edit.words


def between(text: str, region: dict[str, int]) -> str:
    """The words of a region: lines and columns counted from 1, in code points, the end not included."""
    lines = text.split("\n")

    def offset(line: int, column: int) -> int:
        return sum(len(words) + 1 for words in lines[: line - 1]) + column - 1

    return text[offset(region["startLine"], region["startColumn"]) : offset(region["endLine"], region["endColumn"])]


# -- JSON --------------------------------------------------------------------------------------------------------

PLACE = {"file", "line", "column", "end_line", "end_column"}


@pytest.mark.parametrize("plain", [False, True], ids=["utf-8", "ascii"])
@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: p.stem)
def test_json_says_what_the_text_says(path: Path, plain: bool) -> None:
    found = of_page(path)
    text = problems_as_json(["small"], found, found[:1], plain)
    assert text.isascii() or not plain
    printed = json.loads(text)
    assert set(printed) == {"trials", "errors", "warnings", "problems", "mended"}
    assert printed["errors"] + printed["warnings"] == len(printed["problems"]) == len(found)
    assert printed["mended"] == printed["problems"][:1]
    for p, shown in zip(found, printed["problems"], strict=True):
        assert set(shown) == {"code", "severity", "claim", "help", "quote", "at", "related", "fixes"}
        assert (shown["code"], shown["claim"], shown["severity"]) == (p.code, p.claim, p.severity.value)
        for place in (shown["at"], *shown["related"]):
            assert set(place) == {*PLACE, "label"}
        for fix in shown["fixes"]:
            assert set(fix) == {"says", "safe", "edits"}
            assert all(set(edit) == {*PLACE, "words"} for edit in fix["edits"])
        safe = [fix for fix in shown["fixes"] if fix["safe"]]
        assert len(safe) == (p.safe_fix is not None)
        if p.safe_fix is not None:
            made = edited(p.at.source.text, [(e.at.start, e.at.end, e.words) for e in p.safe_fix.edits])
            assert applied(p.at.source.text, safe[0]["edits"]) == made


def applied(text: str, edits: list[dict[str, int | str]]) -> str:
    """The text with the edits made as a program would that reads the JSON alone."""
    lines = text.split("\n")
    starts = [sum(len(words) + 1 for words in lines[:i]) for i in range(len(lines))]
    for e in sorted(edits, key=lambda e: (e["line"], e["column"]), reverse=True):
        line, column, end_line, end_column = (int(e[k]) for k in ("line", "column", "end_line", "end_column"))
        text = text[: starts[line - 1] + column - 1] + str(e["words"]) + text[starts[end_line - 1] + end_column - 1 :]
    return text


def test_the_manual_names_every_field() -> None:
    manual = (ROOT / "docs/json.md").read_text(encoding="utf-8")
    example_shown = manual.partition("trialog check --format json")[2]
    printed = json.loads(re.findall(r"```json\n(.*?)```", example_shown, re.DOTALL)[0])
    assert set(printed) == {"trials", "errors", "warnings", "problems", "mended"}
    (shown,) = printed["problems"]
    assert set(shown) == {"code", "severity", "claim", "help", "quote", "at", "related", "fixes"}
    assert set(shown["at"]) == {*PLACE, "label"}
    assert set(shown["fixes"][0]) == {"says", "safe", "edits"}
    assert set(shown["fixes"][0]["edits"][0]) == {*PLACE, "words"}
