"""Synthetic charts: the same numbers give the same bytes, and what is made up is what a reader might have read."""

import gc
import weakref
from pathlib import Path

import pytest

from tests.chart_json import chart_json
from tests.store.shares import TRIAL, shares
from trialog.answers import Status
from trialog.charts.read import read_charts
from trialog.charts.store import StoreError, read_manifest
from trialog.charts.store_read import open_store
from trialog.codes import LARGEST_CODE, TICKS_PER_UNIT
from trialog.knowledge import Library, shipped
from trialog.synthetic.generate import generate
from trialog.units import UnitError
from trialog.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    program, _ = Library(shipped()).program(TRIAL)
    assert program is not None
    return program.vocabulary


def content(path: Path) -> dict[str, bytes]:
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


def made(path: Path, vocabulary: Vocabulary, patients: int = 300, seed: int = 3, buckets: int = 3) -> dict[str, bytes]:
    generate(path, patients, seed, buckets, vocabulary, lambda _: None)
    return content(path)


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path, vocabulary: Vocabulary) -> None:
    one = made(tmp_path / "one", vocabulary)
    assert made(tmp_path / "two", vocabulary) == one
    for i, other in enumerate(({"seed": 4}, {"patients": 301}, {"buckets": 4})):
        assert made(tmp_path / f"other{i}", vocabulary, **other) != one


def test_every_patient_is_there_once_and_says_what_it_is(tmp_path: Path, vocabulary: Vocabulary) -> None:
    made(tmp_path / "s", vocabulary)
    found = [r.name for r in read_charts(tmp_path / "s", vocabulary)]
    assert sorted(found) == [f"synthetic-{n:08}" for n in range(1, 301)]
    said = read_manifest(tmp_path / "s").synthetic
    assert said is not None
    assert said["seed"] == 3


def test_a_synthetic_chart_is_one_that_could_have_been_read(tmp_path: Path, vocabulary: Vocabulary) -> None:
    made(tmp_path / "s", vocabulary, patients=40, buckets=1)
    for read in read_charts(tmp_path / "s", vocabulary):
        assert read.chart is not None
        chart_json(read.chart, vocabulary)  # raises where it would be read otherwise


def test_who_is_beyond_codes_is_marked(tmp_path: Path, vocabulary: Vocabulary) -> None:
    made(tmp_path / "s", vocabulary, patients=20_000, buckets=1)
    table = open_store(tmp_path / "s", vocabulary).table(0, "patients")
    marked = {n for n, b in zip(table["patient"].to_pylist(), table["beyond"].to_pylist(), strict=True) if b}
    bound = LARGEST_CODE / (2 * TICKS_PER_UNIT)
    beyond = set[str]()
    store = open_store(tmp_path / "s", vocabulary)
    observed = store.table(0, "observation")
    names = table["patient"].to_pylist()
    for row, exact in zip(observed["patient"].to_pylist(), observed["value_exact"].to_pylist(), strict=True):
        if exact is not None and any(float(_quotient(end)) > bound for end in exact.split(" ")):
            beyond.add(names[row])
    assert marked == beyond
    assert marked


def _quotient(end: str) -> float:
    above, _, below = end.partition("/")
    return int(above) / int(below or 1)


def test_every_atom_is_met_not_met_and_unknown_for_a_fair_share() -> None:
    atoms, verdicts = shares(1500, 1)
    few = {(a, s.value) for a, found in atoms.items() for s in Status if found[s] < 1500 * 0.012}
    assert few == set()
    assert all(said["eligible"] and said["ineligible"] and said["undetermined"] for said in verdicts.values())


def test_what_is_left_of_a_failed_run_is_taken_away(
    tmp_path: Path, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trialog.charts import store_write

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_write.Path, "write_bytes", full)
    with pytest.raises(StoreError, match="no space left on device") as found:
        made(tmp_path / "s", vocabulary)
    assert [p.code for p in found.value.problems] == ["E531"]
    assert not (tmp_path / "s").exists()


def test_what_has_no_unit_in_common_keeps_nothing_alive(vocabulary: Vocabulary) -> None:
    class Held:
        pass

    def ask() -> "weakref.ref[Held]":
        held = Held()
        with pytest.raises(UnitError):
            vocabulary.factor("lvef", "umol/L")
        return weakref.ref(held)

    first, second = ask(), ask()
    gc.collect()
    assert first() is None
    assert second() is None
