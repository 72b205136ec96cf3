"""Charts as tables: the same meaning as the JSON form."""

import csv
import datetime
import io
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from trialog.charts.chart import Chart, Place
from trialog.charts.files import ReadChart
from trialog.charts.read import read_charts
from trialog.vocabulary import Vocabulary

type Tables = Mapping[str, str | bytes]
type ReadTables = Callable[[Tables], list[ReadChart]]

PATIENTS = "patient,screening\na,2026-01-15\nb,\n"


@pytest.fixture
def tables(tmp_path: Path, vocabulary: Vocabulary) -> ReadTables:
    def reading(given_: Tables) -> list[ReadChart]:
        for name, content in given_.items():
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read_charts(tmp_path, vocabulary))

    return reading


def found(charts: list[ReadChart]) -> list[tuple[str, str, int]]:
    """The problems with the file and the line of each."""
    return [(p.code, Path(p.at.source.name).name, p.at.line) for chart in charts for p in chart.problems]


def test_each_patient_has_a_chart(tables: ReadTables) -> None:
    first, second = tables({
        "patients.csv": PATIENTS,
        "condition.csv": "patient,condition,from,to,note\na,SLE,2024-01,ongoing,\nb,epilepsy,2020,,\n,,,,\n",
        "judgements.csv": "patient,question,decision,on,until,by\na,survival_of_12_weeks,agreed,2026-01-10,,Dr A\n",
        "reviewed.csv": "patient,relation,concept,through\nb,condition,cns_disease,2026-01-15\n",
        "absent.csv": "patient,relation,concept,through\nb,condition,MAS,2026-01-15\n",
    })  # fmt: skip
    assert first.problems == second.problems == ()
    assert first.chart is not None
    assert second.chart is not None
    assert (first.name, second.name) == ("a", "b")
    assert (first.chart.screening is None, second.chart.screening is None) == (False, True)
    assert [r.values[0] for r in first.chart.records] == ["sle"]
    assert [r.values[0] for r in second.chart.records] == ["epilepsy"]
    assert len(first.chart.judgements) == len(second.chart.reviewed) == len(second.chart.denied) == 1
    assert (Path(first.chart.records[0].place.file).name, first.chart.records[0].place.line) == ("condition.csv", 2)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("condition.csv", "", ("E519", "condition.csv", 1)),
        ("condition.csv", "patient;condition\na;sle\n", ("E519", "condition.csv", 1)),
        ("condition.csv", "condition\nsle\n", ("E519", "condition.csv", 1)),
        ("condition.csv", "patient,condition,form\na,sle,2024\n", ("E507", "condition.csv", 1)),
        ("condition.csv", "patient,condition,condition\na,sle,sle\n", ("E504", "condition.csv", 1)),
        ("condition.csv", "patient,condition\n\na,sle,2024\n", ("E519", "condition.csv", 3)),
        ("condition.csv", "patient,condition\na,\"sle\n", ("E519", "condition.csv", 2)),
        ("condition.csv", "patient,condition\n,sle\n", ("E508", "condition.csv", 2)),
        ("condition.csv", "patient,condition\na,\"sle\n?\"\nb,lups\n", ("E511", "condition.csv", 2)),
        ("condition.csv", "patient,condition\nc,sle\n", ("E520", "condition.csv", 2)),
        ("conditions.csv", "patient,condition\na,sle\n", ("E510", "conditions.csv", 1)),
        ("condition.csv", b"patient,condition\na,\xff\n", ("E502", "condition.csv", 1)),
        ("condition.parquet", b"PAR1", ("E521", "condition.parquet", 1)),
        ("patients.csv", "patient\na\nb\na\n", ("E518", "patients.csv", 4)),
        ("patients.csv", "patient,screening\na,2026\n", ("E509", "patients.csv", 2)),
        ("chart.json", "{}", ("E505", "chart.json", 1)),
    ],
)  # fmt: skip
def test_what_is_wrong(tables: ReadTables, name: str, text: str | bytes, problem: tuple[str, str, int]) -> None:
    charts = tables({"patients.csv": PATIENTS, name: text})
    assert problem in found(charts)


def test_the_list_of_patients_must_be_there(tables: ReadTables) -> None:
    (only,) = tables({"condition.csv": "patient,condition\na,sle\n"})
    assert only.chart is None
    assert [p.code for p in only.problems] == ["E519"]


def test_a_wrong_row_refuses_its_patient_alone(tables: ReadTables) -> None:
    first, second = tables({"patients.csv": PATIENTS, "condition.csv": "patient,condition\na,sle\nb,lups\n"})
    assert first.chart is not None
    assert second.chart is None
    assert [p.code for p in second.problems] == ["E511"]


def test_a_row_of_nobody_refuses_all(tables: ReadTables) -> None:
    (only,) = tables({"patients.csv": PATIENTS, "condition.csv": "patient,condition\naa,sle\n"})
    assert only.chart is None


def test_one_table_in_two_forms_is_refused(tables: ReadTables) -> None:
    charts = tables({"patients.csv": PATIENTS, "sex.csv": "patient,sex\na,male\n", "sex.parquet": b""})
    assert "E504" in {code for code, _, _ in found(charts)}


def write_parquet(columns: Mapping[str, Sequence[object]]) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(pyarrow.table(dict(columns)), sink)
    return sink.getvalue()


def test_parquet_says_the_same_as_csv(tables: ReadTables, tmp_path: Path) -> None:
    rows = {
        "patient": ["a", "b"],
        "measurement": ["ecog", "lvef"],
        "value": ["2", "60 %"],
        "on": [datetime.date(2026, 1, 2), None],
    }
    from_parquet = tables({"patients.csv": PATIENTS, "observation.parquet": write_parquet(rows)})
    (tmp_path / "observation.parquet").unlink()
    from_csv = tables({"observation.csv": "patient,measurement,value,on\na,ecog,2,2026-01-02\nb,lvef,60 %,\n"})
    assert [chart.problems for chart in from_parquet] == [(), ()]
    assert [bare(chart.chart) for chart in from_parquet] == [bare(chart.chart) for chart in from_csv]


@pytest.mark.parametrize("values", [[1.5, None], [True, None], [["x"], None]])
def test_parquet_columns_that_are_not_exact_are_refused(tables: ReadTables, values: list[object]) -> None:
    rows: dict[str, list[object]] = {"patient": ["a", "b"], "measurement": ["ecog", "ecog"], "value": values}
    charts = tables({"patients.csv": PATIENTS, "observation.parquet": write_parquet(rows)})
    assert {p.code for chart in charts for p in chart.problems} == {"E521"}


def test_parquet_numbers_that_are_exact_are_read(tables: ReadTables) -> None:
    rows = {"patient": ["a", "b"], "measurement": ["ecog", "ecog"], "value": [Decimal("1.50"), None]}
    first, _ = tables({"patients.csv": PATIENTS, "observation.parquet": write_parquet(rows)})
    assert first.problems == ()


def test_without_pyarrow_there_is_a_way_out(tables: ReadTables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    charts = tables({"patients.csv": PATIENTS, "sex.parquet": b""})
    (problem,) = charts[0].problems
    assert problem.code == "E521"
    assert "trialog[parquet]" in problem.help


DATES = st.sampled_from(["2023", "2024-05", "2024-05-06", "2025-01-01"])
NOTES = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=6).filter(str.strip)


def rows(required: Mapping[str, st.SearchStrategy[str]], optional: Mapping[str, st.SearchStrategy[str]]
         ) -> st.SearchStrategy[list[dict[str, str]]]:  # fmt: skip
    extra = {"note": NOTES, "standing": st.sampled_from(["confirmed", "unconfirmed"])}
    return st.lists(st.fixed_dictionaries(dict(required), optional={**optional, **extra}), max_size=3)


EVENTS = st.sampled_from(["cns_disease", "epilepsy", "SLE", "macrophage activation syndrome"])
CHARTS = st.fixed_dictionaries({
    "facts": st.fixed_dictionaries({}, optional={
        "observation": rows(
            {"measurement": st.sampled_from(["lvef", "LV ejection fraction"])},
            {"value": st.sampled_from(["60 %", "<5 %", ">= 55%", "50 - 60 %", "unknown", "x", "60"]), "on": DATES,
             "upper_limit": st.just("70 %")}),
        "condition": rows({"condition": EVENTS}, {"from": DATES, "to": DATES | st.just("ongoing")}),
        "treatment": rows({"drug": st.sampled_from(["MTX", "prednisone", "prednison"])},
                          {"dose": st.sampled_from(["5 mg/d", "0.005-0.01 g/d"]), "route": st.just("po"),
                           "from": DATES}),
        "sex": rows({"sex": st.just("female")}, {}),
    }),
    "judgements": st.lists(st.fixed_dictionaries(
        {"question": st.just("survival_of_12_weeks"), "decision": st.sampled_from(["agreed", "refused"]), "on": DATES},
        optional={"by": NOTES, "until": DATES, "status": st.just("draft")}), max_size=2),
    "absent": st.lists(st.fixed_dictionaries(
        {"relation": st.just("condition"), "concept": EVENTS, "through": DATES}), max_size=2),
    "reviewed": st.lists(st.fixed_dictionaries(
        {"relation": st.just("condition"), "concept": EVENTS, "through": DATES}), max_size=2),
})  # fmt: skip


def as_csv(rows_: list[dict[str, str]]) -> str:
    columns = ["patient", *dict.fromkeys(column for row in rows_ for column in row)]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows({"patient": "x", **row} for row in rows_)
    return text.getvalue()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(document=CHARTS)
def test_json_and_tables_mean_the_same(
    document: dict[str, dict[str, list[dict[str, str]]]], read: Callable[[object], ReadChart],
    tmp_path: Path, vocabulary: Vocabulary,
) -> None:  # fmt: skip
    as_json = read({"patient": "x", "screening": "2026-01-15", **document})
    for old in tmp_path.glob("tables/*"):
        old.unlink()
    (tmp_path / "tables").mkdir(exist_ok=True)
    parts = {**document["facts"], **{k: v for k, v in document.items() if k != "facts"}}
    for name, rows_ in parts.items():
        assert isinstance(rows_, list)
        (tmp_path / "tables" / f"{name}.csv").write_text(as_csv(rows_), encoding="utf-8", newline="")
    (tmp_path / "tables" / "patients.csv").write_text("patient,screening\nx,2026-01-15\n", encoding="utf-8")
    (as_tables,) = read_charts(tmp_path / "tables", vocabulary)
    assert sorted(p.code for p in as_json.problems) == sorted(p.code for p in as_tables.problems)
    assert bare(as_json.chart) == bare(as_tables.chart)


def bare(chart: Chart | None) -> Chart | None:
    """The chart without its places."""
    if chart is None:
        return None
    aside = tuple(replace(a, place=Place("")) for a in chart.set_aside)
    return replace(chart, file="", set_aside=aside)
