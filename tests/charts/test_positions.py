"""The JSON reader that keeps positions reads what json.loads reads, and says where it does not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialog.charts.patient_json import plain
from trialog.charts.positions import DEEPEST, Members, read_json, span_of
from trialog.problem import Problem
from trialog.source import Source

VALUES = st.recursive(
    st.none() | st.booleans() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('abc"\\\n é', max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_it_reads_what_json_writes(value: object, indent: int | None, ascii_: bool) -> None:
    problems: list[Problem] = []
    node = read_json(Source("x", json.dumps(value, indent=indent, ensure_ascii=ascii_)), problems)
    assert problems == []
    assert node is not None
    assert plain(node) == value


@given(st.text('{}[]",:\\u0tfn1-. \n', max_size=40))
def test_it_accepts_and_refuses_what_the_standard_reader_does(text: str) -> None:
    problems: list[Problem] = []
    node = read_json(Source("x", text), problems)
    try:
        json.loads(text, parse_constant=lambda word: word[100000])
        valid = True
    except (ValueError, IndexError):
        valid = False
    assert (node is not None) == valid
    assert (node is None) == any(problem.code == "E503" for problem in problems)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1), ("   \n ", 1), ('{"a": 1,\n}', 2), ('{"a"\n 1}', 2), ("[1\n 2]", 2), ('{"a": NaN}', 1),
        ("[Infinity]", 1),
        ("[-Infinity]", 1), ("[01]", 1), ("[+1]", 1), ("[1.]", 1), ("[.5]", 1), ('["a\nb"]', 1), ('["\\x"]', 1),
        ('["\\ud800"]', 1), ("[1] 2", 1), ("{1: 2}", 1), ('"open', 1), ("[" * 100_000, 1), ('{"a":' * 100_000, 1),
        ("// no\n{}", 1), ("{'a': 1}", 1), ("[1,]", 1), ("tru", 1),
    ],
)  # fmt: skip
def test_what_is_not_json_is_one_problem_with_a_line(text: str, line: int) -> None:
    problems: list[Problem] = []
    assert read_json(Source("x", text), problems) is None
    assert [(p.code, p.at.line) for p in problems] == [("E503", line)]


def test_nesting_is_allowed_as_deep_as_it_says() -> None:
    problems: list[Problem] = []
    assert read_json(Source("x", "[" * DEEPEST + "]" * DEEPEST), problems) is not None
    assert read_json(Source("x", "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1)), problems) is None
    assert len(problems) == 1


def test_a_key_given_twice_is_reported_with_both_places() -> None:
    problems: list[Problem] = []
    read_json(Source("x", '{"a": 1,\n "b": 2,\n "a": 3}'), problems)
    assert [(p.code, p.at.line, p.related[0][0].line) for p in problems] == [("E504", 3, 1)]


def test_numbers_keep_every_digit() -> None:
    node = read_json(Source("x", '{"a": 0.10000000000000000000000001}'), [])
    assert node is not None
    assert plain(node) == {"a": "0.10000000000000000000000001"}


def test_a_path_leads_to_a_place_or_as_far_as_there_is_something() -> None:
    node = read_json(Source("x", '{"a":\n [1,\n  {"b": "c"}]}'), [])
    assert isinstance(node, Members)
    assert span_of(node, ("a", 1, "b")).words == '"c"'
    assert span_of(node, ("a", 1, "nothing", 4)).line == 3
    assert span_of(node, ("nothing",)).line == 1
