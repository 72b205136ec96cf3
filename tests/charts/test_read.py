"""Files and folders of charts, whatever is in them."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trialog.charts.read import ReadChart, digest, read_charts
from trialog.problem import Severity
from trialog.vocabulary import Vocabulary

type Read = Callable[[Path], list[ReadChart]]

CHART = '{"patient": "%s", "facts": {}}'


@pytest.fixture
def at(vocabulary: Vocabulary) -> Read:
    return lambda path: list(read_charts(path, vocabulary))


def code_of(charts: list[ReadChart]) -> str:
    (chart,) = charts
    assert chart.chart is None
    (problem,) = chart.problems
    assert problem.severity is Severity.ERROR
    return problem.code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "E503"),
        (b"  \n", "E503"),
        (b"\xff\xfe{\x00}\x00", "E502"),
        (b'{"patient": "\xe9"}', "E502"),
        (b"[" * 100_000, "E503"),
        (b'{"resourceType": ' * 100_000, "E503"),
        (b'{"resourceType": "Bundle", "entry": [NaN]}', "E503"),
        (b'{"resourceType": "Patient", "id": "p"}', "E505"),
        (b'{"resourceType": 5}', "E523"),
        (b"{}", "E505"),
        (b'{"a": "resourceType"}', "E505"),
        (b"[]", "E506"),
        (b'"resourceType"', "E506"),
        (b'{"patient": "x"}\n{"patient": "y"}\n', "E503"),
        (b"patient,condition\n", "E503"),
    ],
)
def test_a_file_that_is_no_chart(at: Read, tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    assert code_of(at(path)) == code


def test_a_byte_order_mark_is_left_aside(at: Read, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b"\xef\xbb\xbf" + CHART.encode() % b"a")
    (chart,) = at(tmp_path)
    assert chart.problems == ()


def test_what_cannot_be_read(at: Read, tmp_path: Path) -> None:
    assert code_of(at(tmp_path / "missing.json")) == "E501"
    assert code_of(at(tmp_path / "nul\0.json")) == "E501"
    assert code_of(at(tmp_path / ("long" * 200))) == "E501"
    (tmp_path / "folder.json").mkdir()
    assert code_of(at(tmp_path)) == "E501"
    (tmp_path / "folder.json").rmdir()
    (tmp_path / "dangling.json").symlink_to(tmp_path / "nowhere")
    assert code_of(at(tmp_path)) == "E501"


def test_a_pipe_is_not_waited_for(at: Read, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    assert code_of(at(tmp_path / "pipe.json")) == "E501"


def test_a_folder_without_charts(at: Read, tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("…", encoding="utf-8")
    (tmp_path / "deeper").mkdir()
    assert code_of(at(tmp_path)) == "E505"


def test_one_table_is_no_chart(at: Read, tmp_path: Path) -> None:
    (tmp_path / "condition.csv").write_text("patient,condition\n", encoding="utf-8")
    assert code_of(at(tmp_path / "condition.csv")) == "E505"


def test_a_folder_is_read_by_name_and_other_files_are_passed_over(at: Read, tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.json").write_text(CHART % name, encoding="utf-8")
    (tmp_path / "README.md").write_text("…", encoding="utf-8")
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    charts = at(tmp_path)
    assert [chart.name for chart in charts] == ["a", "b", "broken.json"]
    assert [chart.chart is None for chart in charts] == [False, False, True]


def test_two_charts_of_one_patient_are_both_refused(at: Read, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.json").write_text(CHART % "same", encoding="utf-8")
    charts = at(tmp_path)
    assert [chart.chart for chart in charts] == [None, None]
    for chart, here, there in zip(charts, ("one", "two"), ("two", "one"), strict=True):
        (problem,) = chart.problems
        assert problem.code == "E518"
        assert problem.at.source.name.endswith(f"{here}.json")
        assert problem.related[0][0].source.name.endswith(f"{there}.json")


def test_the_digest_is_of_names_and_bytes_alone(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two" / "deeper"
    for folder in (one, two):
        folder.mkdir(parents=True)
        (folder / "a.json").write_text(CHART % "a", encoding="utf-8")
        (folder / "b.json").write_text(CHART % "b", encoding="utf-8")
    (two / "README.md").write_text("…", encoding="utf-8")
    assert digest(one) == digest(two)
    assert digest(one / "a.json") == digest(two / "a.json") != digest(one)
    (two / "b.json").write_text(CHART % "c", encoding="utf-8")
    assert digest(one) != digest(two)
    (one / "b.json").rename(one / "c.json")
    assert len({digest(one), digest(two)}) == 2
    with pytest.raises(OSError, match="missing"):
        digest(tmp_path / "missing")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["patient", "facts", "condition", "observation", "from", "value", "measurement", "absent", "x",
                         "judgements", "reviewed", "resourceType", "entry"]), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(JSON)
def test_any_json_is_a_chart_or_a_problem(vocabulary: Vocabulary, tmp_path: Path, document: object) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    (found,) = read_charts(path, vocabulary)
    assert (found.chart is None) == bool(found.problems)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.binary(max_size=60) | st.text('{}[]",:\\u0patient1-. \n', max_size=60).map(str.encode), st.sampled_from(
    ["x.json", "patients.csv"]))  # fmt: skip
def test_any_bytes_are_a_chart_or_a_problem(vocabulary: Vocabulary, tmp_path: Path, content: bytes, name: str) -> None:
    for old in tmp_path.iterdir():
        old.unlink()
    (tmp_path / name).write_bytes(content)
    for found in read_charts(tmp_path, vocabulary):
        assert (found.chart is None) == bool(found.problems)


def test_files_in_another_form_are_named(vocabulary: Vocabulary, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"patient": "a", "facts": {}}')
    (tmp_path / "b.ndjson").write_text("{}")
    found = {read.name: read for read in read_charts(tmp_path, vocabulary)}
    assert found["a"].chart is not None
    assert [p.severity.value for p in found["b.ndjson"].problems] == ["warning"]
