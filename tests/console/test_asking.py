"""What is said of queries that are wrong, and that any text at all is told so in the words of whoever asks.

`pytest --rewrite-golden` writes what is said now into the pages of `wrong/`.
"""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.console.conftest import Small
from trialog.asking import MOST_LITERALS, QUERY, read_query
from trialog.problem import Problem
from trialog.render.problems import render
from trialog.source import Source

PAGES = sorted((Path(__file__).parent / "wrong").glob("*.md"))
_PAIR = re.compile(r"^```datalog\n(.*?)\n?```\n\n```text\n(.*?)```$", re.MULTILINE | re.DOTALL)


def problems_of(text: str, small: Small) -> list[Problem]:
    query, problems = read_query(Source("query", text), small.pages, small.program)
    assert (query is None) == bool(problems)
    return problems


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_what_is_said_of_a_wrong_query(path: Path, small: Small, request: pytest.FixtureRequest) -> None:
    text = path.read_text(encoding="utf-8")

    def again(found: re.Match[str]) -> str:
        said = "\n\n".join(render(p) for p in problems_of(found[1], small))
        assert said, f"nothing is wrong with {found[1]}"
        return f"```datalog\n{found[1]}\n```\n\n```text\n{said}\n```"

    said = _PAIR.sub(again, text)
    if request.config.getoption("--rewrite-golden"):
        path.write_text(said, encoding="utf-8")
    assert said == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_it_is_said_in_the_words_of_whoever_asks(path: Path, small: Small) -> None:
    for query, _ in _PAIR.findall(path.read_text(encoding="utf-8")):
        for p in problems_of(query, small):
            told = " ".join((p.claim, p.help, p.label, *(label for _, label in p.related)))
            assert p.at.source.text == query
            assert QUERY not in told and not re.search(r"\b(rule|block|body|declare it)\b", told), told
            assert p.help or p.label or p.code == "E103"
            assert all(len(line) <= 80 for line in render(p).splitlines())


WORDS = st.sampled_from(
    [
        word
        for line in (
            "P D V B S _ ( ) { } , . : ; :- ?- .. = >= < + - * / ? %",
            "not latest recorded unrecorded count longest covered max in at gap reading days",
            "born screening condition treatment observation judged like adult_and_fit strictness strict",
            "epilepsy lvef prednisone nothing_of_this fit_for_infusion patient drug on from",
            "5 55 0.1 '%' 'mg' 2025-03-31 2025-13-01 \"text\" ≥",
        )
        for word in line.split()
    ]
)
QUERIES = st.one_of(
    st.text(max_size=40),
    st.lists(WORDS, max_size=25).map(" ".join),
    st.lists(WORDS, max_size=12).map(lambda w: "born(P, B), " + " ".join(w)),
)


@settings(max_examples=400)
@given(QUERIES)
def test_any_text_is_a_query_or_told_what_is_wrong_in_it(small: Small, text: str) -> None:
    for p in problems_of(text, small):
        assert 0 <= p.at.start <= p.at.end <= len(text)
        assert p.at.source.text == text
        assert QUERY not in p.claim + p.help
        render(p)


def test_a_long_query_is_refused_before_it_is_looked_at(small: Small) -> None:
    one = "born(P, B)"
    assert problems_of(", ".join([one] * MOST_LITERALS), small) == []
    (problem,) = problems_of(", ".join([one] * (MOST_LITERALS + 1)), small)
    assert problem.code == "E681"
    nested = f"count {{ B : {', '.join([one] * 5000)} }} >= 1"
    assert [p.code for p in problems_of(nested, small)] == ["E681"]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("born(P, B), screening(P, S)", ("P", "B", "S")),
        ("V >= 55 '%', latest observation(X, lvef, V, ..)", ("X", "V")),
        ("count { D : treatment(P, D, from: F, ..), screening(P, S), F <= S } >= 2", ("P",)),
        ("count { D : treatment(P, D, ..) } >= 2", ("P",)),
        ("adult_and_fit(P)", ("P",)),
        ("not adult_and_fit(P)", ("P",)),
    ],
)
def test_the_columns_are_the_variables_the_patient_first(text: str, columns: tuple[str, ...], small: Small) -> None:
    query, problems = read_query(Source("query", text), small.pages, small.program)
    assert query is not None, problems
    assert query.columns == columns
    assert query.about_patient
