"""A run over a whole store: what was stopped goes on, what changed is screened again, and nothing half-written counts."""

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.agreement.trials import SCREENING, SMALL
from tests.cohort.stores import BUCKETS, TODAY, chart, ready, run, store, written
from trialog.charts.chart import Chart, Record
from trialog.charts.store import StoreError, bucket_number
from trialog.charts.store_read import Store
from trialog.cohort import output
from trialog.cohort import run as running
from trialog.cohort.columns import columns
from trialog.cohort.encoding import encoded, packed
from trialog.cohort.export import TABLE, export
from trialog.cohort.run import Done, run_all
from trialog.render.problems import render
from trialog.screening import screen_all
from trialog.values import point

CHARTS = tuple(chart(n) for n in range(60))
ROOT = Path(__file__).parents[2]

OTHERS: list[Callable[[running.Run], running.Run]] = [
    lambda r: replace(r, origin=replace(r.origin, as_of=SCREENING)),
    lambda r: replace(r, origin=replace(r.origin, readings={"strictness": "loose"})),
    lambda r: replace(r, origin=replace(r.origin, knowledge="other")),
    lambda r: replace(r, origin=replace(r.origin, trial="other")),
    lambda r: replace(r, origin=replace(r.origin, rules="other")),
    lambda r: replace(r, origin=replace(r.origin, today=TODAY + 1)),
]

DAMAGES: list[Callable[[bytes], bytes]] = [
    lambda content: content[: len(content) // 2],
    lambda content: content[:0],
    lambda content: content[:-1],
    lambda content: content + b"\0",
    lambda content: b"\0" * len(content),
    lambda content: content[:-60] + bytes([content[-60] ^ 1]) + content[-59:],
    lambda content: content[:200] + bytes(50) + content[250:],
    lambda content: content[: len(content) // 3] + b"\xff" + content[len(content) // 3 + 1 :],
]


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return store(tmp_path_factory.mktemp("charts") / "store", CHARTS)


@pytest.fixture(scope="module")
def whole(charts: Store, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of an uninterrupted run."""
    folder = tmp_path_factory.mktemp("whole") / "answers"
    assert [d.kept for d in run_all(run(charts, folder))] == [False] * BUCKETS
    return written(folder)


def answers(folder: Path) -> pa.Table:
    """The rows of all buckets."""
    return pa.concat_tables([pq.read_table(path) for path in sorted(folder.glob("bucket-*.parquet"))])


# -- what is found -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_of", [None, SCREENING + 20])
def test_the_answers_are_those_of_the_reference(charts: Store, tmp_path: Path, as_of: int | None) -> None:
    made = ready()
    done = run_all(run(charts, tmp_path / "answers", as_of))
    rows = {r["patient"]: r for r in answers(tmp_path / "answers").to_pylist()}
    unborn: set[str] = set()
    given_back = 0
    for one in screen_all(made.screener, charts.charts(), as_of, TODAY):
        if one.answers is None:
            unborn.add(one.name)
            continue
        row = rows.pop(one.name)
        given_back += row["by_reference"]
        assert row["screening"].toordinal() == one.answers.screening
        for cohort in made.protocol.cohorts:
            assert row[f"verdict_{cohort}"] == one.answers.verdict(cohort).value
        for name, relation in zip(
            output.column_names(made.screener, made.protocol), made.protocol.relations, strict=True
        ):
            assert row[name] == one.answers.status(relation).value, (one.name, name)
            assert (row[f"{name}_rule"] > 0) == (row[name] != "not met" and not row["by_reference"])
    assert not rows, "of nobody else is anything said"
    assert unborn == {name for d in done for name in d.counts.unborn}
    assert len(unborn) > 3
    assert given_back == sum(d.counts.by_reference for d in done) > 0
    assert sum(d.counts.patients for d in done) == len(CHARTS) - len(unborn)


def test_the_rules_of_a_status_are_those_that_gave_it(charts: Store, tmp_path: Path) -> None:
    run_all(run(charts, tmp_path / "answers"))
    rules = json.loads((tmp_path / "answers" / output.MANIFEST).read_text())["rules"]
    of = {r["rule"]: r["of"] for r in rules}
    atoms = ready().screener.program.atoms
    for row in answers(tmp_path / "answers").to_pylist():
        for identifier, atom in atoms.items():
            if number := row[f"{identifier}_rule"]:
                mode = "certain" if row[identifier] == "met" else "possible"
                assert of[number] in (f"{mode} {atom.relation}", atom.relation)


def test_a_bucket_as_columns_is_its_charts_encoded_one_by_one(charts: Store) -> None:
    layout = ready().protocol.layout
    for number in range(BUCKETS):
        found = columns(charts, number, layout)
        own = sorted((c for c in CHARTS if bucket_number(c.patient, BUCKETS) == number), key=lambda c: c.patient)
        assert found.names.to_pylist() == [c.patient for c in own]
        runs = (found.narrow, found.wide, found.offsets)
        assert tuple(run.tolist() for run in runs) == packed([encoded(c, layout) for c in own], layout)


def test_a_patient_without_a_birth_date_is_screened(tmp_path: Path) -> None:
    of = store(tmp_path / "store", [Chart("nobody", None)])
    (done, *_) = [d for d in run_all(run(of, tmp_path / "answers")) if d.counts.patients]
    assert done.counts.patients == 1
    assert not done.counts.unborn
    (row,) = answers(tmp_path / "answers").to_pylist()
    assert row["verdict_first"] == "undetermined"
    assert {row["A1"], row["A2"], row["A4"]} == {"unknown"}


def test_an_empty_store_has_no_answers(tmp_path: Path) -> None:
    assert [d.counts.patients for d in run_all(run(store(tmp_path / "store", []), tmp_path / "answers"))] == [
        0
    ] * BUCKETS
    assert answers(tmp_path / "answers").num_rows == 0


def test_a_patient_with_many_records_is_given_more_room(tmp_path: Path) -> None:
    many = tuple(Record("observation", ("egfr", point(n), point(SCREENING - n))) for n in range(700))
    charts = [Chart("much", SCREENING, many), *(c for c in CHARTS if c.screening is not None)]
    of = store(tmp_path / "store", charts)
    run_all(run(of, tmp_path / "answers"))
    rows = {r["patient"]: r for r in answers(tmp_path / "answers").to_pylist()}
    for one in screen_all(ready().screener, of.charts(), None, TODAY):
        if one.answers is not None:
            assert rows[one.name]["verdict_first"] == one.answers.verdict("first").value


# -- going on ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("after", "suffix"), [(0, ".parquet"), (2, ".parquet"), (1, ".json"), (BUCKETS, ".json")])
def test_a_run_that_was_killed_goes_on(
    charts: Store, whole: dict[str, bytes], tmp_path: Path, after: int, suffix: str
) -> None:
    folder = tmp_path / "answers"
    killed = subprocess.run(
        [sys.executable, "-m", "tests.cohort.stopped", str(charts.path), str(folder), str(after), suffix],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert output.MANIFEST not in written(folder), "the run is not whole"
    assert any(name.endswith(".part") for name in written(folder))
    done = run_all(run(charts, folder))
    assert sum(d.kept for d in done) == after
    assert written(folder) == whole


def test_a_run_in_which_one_bucket_fails_goes_on(
    charts: Store, whole: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "answers"
    screen = running.screen_bucket

    def fails(*given: object) -> object:
        if given[2] == 2:
            raise RuntimeError("something that nobody thought of")
        return screen(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "screen_bucket", fails)
    with pytest.raises(RuntimeError):
        run_all(run(charts, folder))
    assert output.MANIFEST not in written(folder)
    monkeypatch.undo()
    assert any(d.kept for d in run_all(run(charts, folder)))
    assert written(folder) == whole


def test_a_run_that_is_whole_has_nothing_to_do(charts: Store, whole: dict[str, bytes], tmp_path: Path) -> None:
    told: list[Done] = []
    first = run_all(run(charts, tmp_path / "answers"), jobs=1, told=told.append)
    assert sorted(d.number for d in told) == list(range(BUCKETS))
    again = run_all(run(charts, tmp_path / "answers"), jobs=3)
    assert all(d.kept for d in again)
    assert [replace(d, kept=False) for d in again] == [
        replace(d, counts=replace(d.counts, unborn=tuple(d.counts.unborn))) for d in first
    ]
    assert written(tmp_path / "answers") == whole


def test_only_a_bucket_that_changed_is_screened_again(charts: Store, tmp_path: Path) -> None:
    run_all(run(charts, tmp_path / "answers"))
    old = CHARTS[8]
    new = replace(old, records=(*old.records, Record("observation", ("body_weight", point(31), point(SCREENING)))))
    changed = store(tmp_path / "store", [new if c is old else c for c in CHARTS])
    done = run_all(run(changed, tmp_path / "answers"))
    assert [d.number for d in done if not d.kept] == [bucket_number(old.patient, BUCKETS)]
    run_all(run(changed, tmp_path / "full"))
    assert written(tmp_path / "answers") == written(tmp_path / "full")


@pytest.mark.parametrize("changed", OTHERS)
def test_answers_that_follow_from_something_else_are_not_taken(
    charts: Store, tmp_path: Path, changed: Callable[[running.Run], running.Run]
) -> None:
    before = run(charts, tmp_path / "answers")
    run_all(before)
    after = changed(before)
    assert not any(d.kept for d in run_all(after))
    run_all(replace(after, folder=tmp_path / "full"))
    assert written(tmp_path / "answers") == written(tmp_path / "full")


@pytest.mark.parametrize("file", [output.bucket_file, output.digest_file])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_written_again(
    charts: Store,
    whole: dict[str, bytes],
    tmp_path: Path,
    damage: Callable[[bytes], bytes],
    file: Callable[[Path, int], Path],
) -> None:
    run_all(run(charts, tmp_path / "answers"))
    path = file(tmp_path / "answers", 1)
    path.write_bytes(damage(path.read_bytes()))
    assert [d.number for d in run_all(run(charts, tmp_path / "answers")) if not d.kept] == [1]
    assert written(tmp_path / "answers") == whole


def test_files_of_buckets_that_there_are_no_more_are_taken_away(
    charts: Store, whole: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "answers"
    folder.mkdir()
    output.bucket_file(folder, 77).write_bytes(whole["bucket-00001.parquet"])
    (folder / "bucket-00002.0a1b2c.part").write_bytes(b"half")
    run_all(run(charts, folder))
    assert written(folder) == whole


# -- where it cannot be --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "strange", ["notes.txt", "bucket-00001.csv", "answers.json.bak", "store.json", "bucket-x.parquet", "sub"]
)
def test_a_folder_that_holds_something_else_is_left_alone(charts: Store, tmp_path: Path, strange: str) -> None:
    folder = tmp_path / "answers"
    folder.mkdir()
    if strange == "sub":
        (folder / strange).mkdir()
    else:
        (folder / strange).write_text("mine", encoding="utf-8")
    with pytest.raises(StoreError) as refused:
        run_all(run(charts, folder))
    assert [p.code for p in refused.value.problems] == ["E535"]
    assert [p.name for p in folder.iterdir()] == [strange]


def test_what_is_said_of_it_is_what_its_page_says(
    charts: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("answers").mkdir()
    Path("answers/notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(StoreError) as refused:
        run_all(run(charts, Path("answers")))
    said = render(refused.value.problems[0])
    assert f"```\n{said.rstrip()}\n```" in (ROOT / "docs/problems/E535.md").read_text(encoding="utf-8")


def test_a_file_in_the_place_of_the_folder_is_left_alone(charts: Store, tmp_path: Path) -> None:
    (tmp_path / "answers").write_text("mine", encoding="utf-8")
    with pytest.raises(StoreError) as refused:
        run_all(run(charts, tmp_path / "answers"))
    assert [p.code for p in refused.value.problems] == ["E531"]
    assert (tmp_path / "answers").read_text(encoding="utf-8") == "mine"


@contextmanager
def no_file_longer_than(most: int) -> Iterator[None]:
    """As on a disk that is full after so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("most", [0, 100, 3000])
def test_a_full_disk_is_told_and_leaves_nothing_half_written(
    charts: Store, whole: dict[str, bytes], tmp_path: Path, most: int
) -> None:
    folder = tmp_path / "answers"
    ready()
    with no_file_longer_than(most), pytest.raises(StoreError) as told:
        run_all(run(charts, folder))
    assert {p.code for p in told.value.problems} == {"E531"}
    assert all(content == whole[name] for name, content in written(folder).items())
    assert output.MANIFEST not in written(folder)
    run_all(run(charts, folder))
    assert written(folder) == whole


def test_a_disk_that_is_full_at_the_end_leaves_no_manifest(
    charts: Store, whole: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "answers"
    run_all(run(charts, folder))
    with no_file_longer_than(100), pytest.raises(StoreError):
        run_all(run(charts, folder))
    assert output.MANIFEST not in written(folder)
    assert f"{output.MANIFEST}.part" not in written(folder)
    assert all(d.kept for d in run_all(run(charts, folder)))
    assert written(folder) == whole


def test_a_store_that_is_damaged_is_told_and_the_rest_stays(tmp_path: Path) -> None:
    of = store(tmp_path / "store", CHARTS)
    path = of.file(1, "observation")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(StoreError) as told:
        run_all(run(of, tmp_path / "answers"), jobs=1)
    assert [p.code for p in told.value.problems] == ["E528"]
    assert "observation.parquet" in told.value.problems[0].claim
    assert output.MANIFEST not in written(tmp_path / "answers")


# -- one file ------------------------------------------------------------------------------------------------------


def test_one_file_holds_what_the_buckets_hold(charts: Store, tmp_path: Path) -> None:
    import csv

    import duckdb

    folder = tmp_path / "answers"
    run_all(run(charts, folder))
    rows = sorted(answers(folder).to_pylist(), key=lambda r: r["patient"])
    export(folder, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == [
            {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in r.items()} for r in rows
        ]
    export(folder, tmp_path / "out.duckdb")
    with duckdb.connect(str(tmp_path / "out.duckdb"), read_only=True) as database:
        found = database.execute(f"SELECT * FROM {TABLE} ORDER BY patient")
        names = [d[0] for d in found.description or ()]
        assert [dict(zip(names, r, strict=True)) for r in found.fetchall()] == rows


@pytest.mark.parametrize("name", ["out.csv", "out.duckdb"])
def test_one_file_that_cannot_be_written_is_told(charts: Store, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "answers"
    run_all(run(charts, folder))
    (tmp_path / name).write_text("older", encoding="utf-8")
    with no_file_longer_than(100), pytest.raises(StoreError) as told:
        export(folder, tmp_path / name)
    assert [p.code for p in told.value.problems] == ["E531"]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["answers", name]), "nothing half-written is left"
    assert (tmp_path / name).read_text(encoding="utf-8") == "older"


def test_the_vocabulary_is_the_programs() -> None:
    assert ready().screener.program.vocabulary.relations == SMALL.relations
