"""Packing tables quickly gives the same store, byte by byte, as packing what the readers read."""

import csv
import io
import os
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from trialog.charts.cells import Understanding, table_of
from trialog.charts.chart import Chart, Place, Record
from trialog.charts.files import chart_files
from trialog.charts.pack_any import pack_charts
from trialog.charts.pack_sources import NotPlainError
from trialog.charts.pack_tables import pack_tables
from trialog.charts.packing import pack
from trialog.charts.read import read_charts
from trialog.charts.rows import Cell, Row, record_of
from trialog.charts.store import StoreError, read_manifest
from trialog.charts.store_read import open_store
from trialog.charts.store_tables import tables as store_tables
from trialog.charts.store_write import tables_of
from trialog.problem import Problem
from trialog.source import Source, Span
from trialog.vocabulary import Vocabulary

type Cells = Mapping[str, Sequence[Sequence[str]]]

DAY = st.sampled_from(
    ["2025-03-01", "2025-03", "2024", "2025-12-31", "", "unknown", "ongoing", "2025-13", " 2025-01-01 ", "soon"]
)
GOOD_DAY = st.sampled_from(["2025-03-01", "2025-03", "2024", "2023-02-28", ""])
PATIENT = st.sampled_from(["ann", "bob", "cé", "dan"])
VALUE = st.sampled_from(
    ["60 %", "<5 U/L", "3-5 mg/dL", "200 umol/L", "1e9 mg/dL", "unknown", "", "2", "0.333333333 mg/dL", "5", "-1 %"]
)
MEASURED = st.sampled_from(
    ["lvef", "ast", "creatinine", "serum creatinine", "ecog", "body_temperature", "lvfe", "measurement"]
)
STANDING = st.sampled_from(["", "", "confirmed", "unconfirmed", "perhaps"])
TABLES: dict[str, tuple[tuple[str, ...], tuple[st.SearchStrategy[str], ...]]] = {
    "born": (("patient", "on"), (PATIENT, GOOD_DAY)),
    "condition": (
        ("patient", "condition", "from", "to", "standing", "note"),
        (
            PATIENT,
            st.sampled_from(["SLE", "epilepsy", "cns_disease", "EPILEPSY", "flu", ""]),
            GOOD_DAY,
            DAY,
            STANDING,
            st.sampled_from(["", "a, b"]),
        ),
    ),
    "observation": (
        ("patient", "measurement", "value", "on", "upper_limit"),
        (PATIENT, MEASURED, VALUE, GOOD_DAY, VALUE),
    ),
    "judgements": (
        ("patient", "question", "decision", "on", "until", "by", "status"),
        (
            PATIENT,
            st.just("survival_of_12_weeks"),
            st.sampled_from(["agreed", "refused"]),
            GOOD_DAY,
            GOOD_DAY,
            st.sampled_from(["Dr A", "B"]),
            st.sampled_from(["", "signed", "draft"]),
        ),
    ),
    "reviewed": (
        ("patient", "relation", "concept", "through"),
        (PATIENT, st.just("condition"), st.sampled_from(["condition", "SLE"]), GOOD_DAY),
    ),
    "absent": (
        ("patient", "relation", "concept", "through"),
        (PATIENT, st.just("condition"), st.sampled_from(["cns_disease", "SLE", "MAS"]), GOOD_DAY),
    ),
}


@st.composite
def folders(draw: st.DrawFn) -> dict[str, list[list[str]]]:
    """The tables of a few patients, most of the cells in order."""
    listed = draw(st.lists(PATIENT, min_size=1, max_size=4, unique=True))
    found: dict[str, list[list[str]]] = {
        "patients": [
            ["patient", "screening"],
            *([p, draw(st.sampled_from(["2026-01-15", "", "2026-01", "2026-02-01"]))] for p in listed),
        ]
    }
    for name in draw(st.sets(st.sampled_from(sorted(TABLES)))):
        header, cells = TABLES[name]
        rows = draw(st.lists(st.tuples(*cells), max_size=6))
        kept = [list(row) for row in rows if row[0] in listed]
        found[name] = [list(header), *kept]
    return found


def write(folder: Path, tables: Cells, parquet: frozenset[str]) -> Path:
    folder.mkdir()
    for name, rows in tables.items():
        if name in parquet:
            columns = {c: pa.array([row[i] or None for row in rows[1:]], pa.string()) for i, c in enumerate(rows[0])}
            pq.write_table(pa.table(columns), folder / f"{name}.parquet")
        else:
            text = io.StringIO(newline="")
            csv.writer(text, lineterminator="\n").writerows(rows)
            (folder / f"{name}.csv").write_text(text.getvalue(), encoding="utf-8")
    return folder


def content(path: Path) -> dict[str, bytes]:
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


@settings(
    deadline=None, max_examples=60, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck)
)
@example(
    {
        "patients": [["patient", "screening"], ["bob", "2026-01-15"]],
        "born": [["patient", "on"], ["bob", ""], ["bob", "2024"]],
        "observation": [["patient", "measurement", "value", "on", "upper_limit"]],
    },
    2,
    {"born", "observation"},
)
@given(folders(), st.integers(1, 3), st.sets(st.sampled_from(["patients", *TABLES])))
def test_the_quick_way_gives_what_the_readers_give(
    tmp_path_factory: pytest.TempPathFactory,
    vocabulary: Vocabulary,
    tables: dict[str, list[list[str]]],
    buckets: int,
    parquet: set[str],
) -> None:
    here = tmp_path_factory.mktemp("pack")
    folder = write(here / "charts", tables, frozenset(parquet))
    try:
        pack(read_charts(folder, vocabulary), here / "slow", vocabulary, buckets, lambda _: None)
    except StoreError:
        with pytest.raises(NotPlainError):
            pack_tables(folder, chart_files(folder), here / "quick", vocabulary, buckets, lambda _: None)
        assert not (here / "quick").exists()
        return
    pack_tables(folder, chart_files(folder), here / "quick", vocabulary, buckets, lambda _: None)
    assert content(here / "quick") == content(here / "slow")


DAYS = (
    "2025-03-01",
    "2025-03",
    "2025",
    "2025-03-31",
    "2025-04-01",
    "2024",
    "unknown",
    "ongoing",
    "soon",
    " 2025-03-02 ",
    "",
)
VALUES = (
    "60 %", "<5 U/L", ">5 U/L", "3-5 mg/dL", "5-3 mg/dL", "200 umol/L", "1e9 mg/dL", "unknown", "", "2", "0.333333333 mg/dL",
    "-1 %", "-1 Cel", "<40 Cel", "1e99 %", "x", "60", "101 mg/dL/dL",
)  # fmt: skip
MEASURES = ("lvef", "LVEF", "ast", "serum creatinine", "ecog", "body_temperature", "measurement", "lvfe", "", "unknown")


def rows_of(relation: str) -> list[dict[str, str]]:
    match relation:
        case "condition":
            pairs = product(("sle", "cns_disease"), DAYS, DAYS, ("", "confirmed", "unconfirmed", "perhaps"))
            return [dict(zip(("condition", "from", "to", "standing"), row, strict=True)) for row in pairs]
        case "observation":
            pairs = product(MEASURES, VALUES, ("2025-03", "", "x"), ("40 U/L", "", "1 %"))
            return [dict(zip(("measurement", "value", "on", "upper_limit"), row, strict=True)) for row in pairs]
        case "treatment":
            pairs = product(
                ("MTX", ""), ("10 mg/d", "1 g/d", "10", ""), ("1/3 mg/kg/d", "0.3 mg/kg/d", ""), ("po", "sea", "")
            )
            return [dict(zip(("drug", "dose", "dose_per_weight", "route"), row, strict=True)) for row in pairs]
        case _:
            return [dict(zip(("on",), (day,), strict=True)) for day in DAYS]


@pytest.mark.parametrize("name", ["condition", "observation", "treatment", "born"])
def test_cells_mean_what_they_mean_in_rows(name: str, vocabulary: Vocabulary) -> None:
    relation, fields = vocabulary.relations[name], store_tables(vocabulary)[name]
    rows = rows_of(name)
    columns = {c: pa.array([row[c] or None for row in rows], pa.string()) for c in rows[0]}
    found = Understanding(relation, fields, vocabulary).understood(pa.table(columns))
    nowhere = Span(Source("", ""), 0, 0)
    records: list[Record | None] = []
    for row in rows:
        problems: list[Problem] = []
        cells = {c: Cell(w.strip(), nowhere) for c, w in row.items() if w.strip()}
        record = record_of(relation, Row(cells, nowhere, Place("")), vocabulary, problems)
        records.append(None if problems else record)
    assert found.wrong.tolist() == [r is None for r in records]
    right = [r for r in records if r is not None]
    expected = tables_of([Chart("x", None, tuple(right))], vocabulary)[name]
    made = table_of(fields, np.zeros(len(rows), np.int64), found, ~found.wrong, vocabulary)
    assert made.equals(expected)
    assert 0 < len(right) < len(rows)


GOOD: Cells = {
    "patients": [["patient", "screening"], ["ann", "2026-01-15"], ["bob", ""], ["cé", "soon"]],
    "born": [["patient", "on"], ["ann", "2014-05-02"], ["bob", "2013"], ["cé", "2012"]],
    "condition": [
        ["patient", "condition", "from", "to", "note"],
        ["ann", "SLE", "2024-01", "ongoing", ""],
        ["bob", "epilepsy", "2024-01", "2023-01", "a, b"],
        ["bob", "flu", "", "", ""],
    ],
    "judgements": [
        ["patient", "question", "decision", "on", "by", "status"],
        ["ann", "survival_of_12_weeks", "agreed", "2026-01-10", "Dr A", "draft"],
    ],
}


@pytest.mark.parametrize("parquet", [frozenset(), frozenset(GOOD)], ids=["csv", "parquet"])
def test_who_is_refused_is_listed_with_file_and_line(
    tmp_path: Path, vocabulary: Vocabulary, parquet: frozenset[str]
) -> None:
    folder = write(tmp_path / "charts", GOOD, parquet)
    pack_charts(str(folder), tmp_path / "s", vocabulary, 2, lambda _: None)
    told = {r.name: [(p["code"], p["place"]) for p in r.problems] for r in read_manifest(tmp_path / "s").refused}
    kind = "parquet" if parquet else "csv"
    assert told == {
        "bob": [("E515", f"{folder}/condition.{kind}:3"), ("E511", f"{folder}/condition.{kind}:4")],
        "cé": [("E509", f"{folder}/patients.{kind}:4")],
    }
    charts = {r.name: r.chart for r in read_charts(tmp_path / "s", vocabulary)}
    assert charts["ann"] is not None
    assert [str(s.place) for s in charts["ann"].set_aside] == [f"{folder}/judgements.{kind}:2"]
    assert charts["bob"] is None


def test_a_database_is_packed_as_its_tables(tmp_path: Path, vocabulary: Vocabulary) -> None:
    path = tmp_path / "charts.duckdb"
    with duckdb.connect(str(path)) as con:
        for name, (header, *rows) in GOOD.items():
            con.execute(f"CREATE TABLE {name} ({', '.join(f'"{c}" VARCHAR' for c in header)})")
            con.executemany(
                f"INSERT INTO {name} VALUES ({', '.join('?' for _ in header)})",
                [[c or None for c in row] for row in rows],
            )
    pack_charts(str(path), tmp_path / "s", vocabulary, 2, lambda _: None)
    folder = write(tmp_path / "charts", GOOD, frozenset(GOOD))
    pack_charts(str(folder), tmp_path / "t", vocabulary, 2, lambda _: None)
    one, two = (open_store(tmp_path / name, vocabulary) for name in ("s", "t"))
    tables_ = [t for t in one.fields if t != "set_aside"]  # whose places are elsewhere
    assert all(one.table(b, t).equals(two.table(b, t)) for b in range(2) for t in tables_)
    assert {p["place"] for r in one.manifest.refused for p in r.problems} == {
        f"{path}/condition.parquet:3", f"{path}/condition.parquet:4", f"{path}/patients.parquet:4",
    }  # fmt: skip
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("charts", ["nowhere.duckdb", "text.db", "postgres://ann:secret@127.0.0.1:1/charts"])
def test_a_database_that_cannot_be_read(tmp_path: Path, vocabulary: Vocabulary, charts: str) -> None:
    (tmp_path / "text.db").write_text("no database")
    where = charts if ":" in charts else str(tmp_path / charts)
    with pytest.raises(StoreError) as found:
        pack_charts(where, tmp_path / "s", vocabulary, None, lambda _: None)
    (problem,) = found.value.problems
    assert problem.code == "E533"
    assert "secret" not in f"{problem}"
    assert not (tmp_path / "s").exists()


def test_postgres_is_packed_as_its_tables(tmp_path: Path, vocabulary: Vocabulary) -> None:
    url = os.environ.get("TRIALOG_POSTGRES")
    if not url:
        pytest.skip("TRIALOG_POSTGRES names no PostgreSQL database for tests")
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{url}' AS pg (TYPE postgres)")
        for name, (header, *rows) in GOOD.items():
            con.execute(f"DROP TABLE IF EXISTS pg.{name}")
            con.execute(f"CREATE TABLE pg.{name} ({', '.join(f'"{c}" VARCHAR' for c in header)})")
            con.executemany(
                f"INSERT INTO pg.{name} VALUES ({', '.join('?' for _ in header)})",
                [[c or None for c in row] for row in rows],
            )
    manifest, _ = pack_charts(url, tmp_path / "s", vocabulary, 2, lambda _: None)
    assert manifest.patients == 1
    assert [r.name for r in manifest.refused] == ["bob", "cé"]
