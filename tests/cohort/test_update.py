"""Charts that changed, screened into an earlier run: what a run over all charts finds, and nothing else."""

import json
from argparse import Namespace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.store.stores import packed
from trialog.charts.chart import Chart
from trialog.charts.store_read import open_store
from trialog.cli import main
from trialog.cohort import output, update
from trialog.cohort.output import MANIFEST, bucket_file
from trialog.knowledge import Library, shipped
from trialog.synthetic.generate import generate
from trialog.update_command import update_answers
from trialog.vocabulary import Vocabulary

TRIAL = "car-nk-b-cell-children"
BUCKETS = 3
type Printed = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    program, _ = Library(shipped()).program(TRIAL)
    assert program is not None
    return program.vocabulary


def charts_of(seed: int, folder: Path, vocabulary: Vocabulary) -> dict[str, Chart]:
    generate(folder, 200, seed, 1, vocabulary, lambda _: None)
    return {r.chart.patient: r.chart for r in open_store(folder, vocabulary).charts() if r.chart is not None}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory, vocabulary: Vocabulary) -> Path:
    """Charts as they were, those that changed or are new, and all as they are then."""
    root = tmp_path_factory.mktemp("stores")
    old, new = charts_of(1, root / "one", vocabulary), charts_of(2, root / "two", vocabulary)
    changed = {name: chart for i, (name, chart) in enumerate(sorted(new.items())) if i % 5 == 0}
    for name in sorted(changed)[::4]:
        del old[name]
    packed(old.values(), root / "before", vocabulary, BUCKETS)
    packed(changed.values(), root / "changed", vocabulary, 2)
    packed({**old, **changed}.values(), root / "after", vocabulary, BUCKETS)
    assert main(["screen", TRIAL, "--charts", str(root / "after"), "--out", str(root / "wanted")]) == 0
    return root


@pytest.fixture
def folder(stores: Path, tmp_path: Path) -> Path:
    """A run over the charts as they were."""
    assert main(["screen", TRIAL, "--charts", str(stores / "before"), "--out", str(tmp_path / "answers")]) == 0
    return tmp_path / "answers"


def assert_same(folder: Path, wanted: Path) -> None:
    for number in range(BUCKETS):
        mine, other = (pq.read_table(bucket_file(f, number)).replace_schema_metadata(None) for f in (folder, wanted))
        assert mine.column_names == other.column_names
        assert mine.to_pylist() == other.to_pylist()
        said, expected = output.said(folder, number), output.said(wanted, number)
        assert said is not None and expected is not None and said[1] == expected[1]
    told, expected_told = (json.loads((f / MANIFEST).read_text(encoding="utf-8")) for f in (folder, wanted))
    assert told == expected_told


def command(stores: Path, folder: Path) -> list[str]:
    return ["screen", TRIAL, "--charts", str(stores / "changed"), "--update", str(folder)]


def test_an_update_is_a_run_over_all(stores: Path, folder: Path, capsys: Printed) -> None:
    capsys.readouterr()
    assert main(command(stores, folder)) == 0
    assert "40 patients from" in capsys.readouterr().out
    assert_same(folder, stores / "wanted")
    assert not update.beside(folder).exists()
    assert main(command(stores, folder)) == 0  # once more changes nothing
    assert_same(folder, stores / "wanted")
    assert main(["screen", TRIAL, "--charts", str(stores / "before"), "--out", str(folder)]) == 0
    assert "had their answers from an earlier run" not in capsys.readouterr().out  # nothing updated is taken for it


def test_stopped_while_it_screens_it_leaves_the_run_as_it_was(
    stores: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    with monkeypatch.context() as patched:
        patched.setattr(update, "_move", _stopped)
        with pytest.raises(KeyboardInterrupt):
            update_now(stores, folder)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert main(["attrition", TRIAL, str(folder)]) == 0
    assert main(command(stores, folder)) == 0
    assert_same(folder, stores / "wanted")


def _stopped(*_: Path) -> None:
    raise KeyboardInterrupt


def update_now(stores: Path, folder: Path) -> None:
    """As `main` does, which would make an exit code of what stops it."""
    paths = {"trial": TRIAL, "charts": str(stores / "changed"), "update": str(folder)}
    update_answers(Namespace(**paths, kb=None, out=None, engine="auto", reading=[], as_of=None, jobs=None))


def test_stopped_while_it_moves_it_is_not_taken_for_whole(
    stores: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    def stopped(made: Path, folder: Path) -> None:
        (folder / MANIFEST).unlink()
        for path in made.glob("bucket-00001.*"):
            path.replace(folder / path.name)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(update, "_move", stopped)
        with pytest.raises(KeyboardInterrupt):
            update_now(stores, folder)
    assert main(["attrition", TRIAL, str(folder)]) == 2
    assert "E636" in capsys.readouterr().err
    assert main(command(stores, folder)) == 0
    assert_same(folder, stores / "wanted")


def test_a_full_run_forgets_an_update_that_was_stopped(
    stores: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(update, "_move", _stopped)
        with pytest.raises(KeyboardInterrupt):
            update_now(stores, folder)
    assert main(["screen", TRIAL, "--charts", str(stores / "after"), "--out", str(folder)]) == 0
    assert not update.beside(folder).exists()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--out", "elsewhere"], "E647"),
        (["--engine", "reference"], "E647"),
        (["--as-of", "2026-01-01"], "E647"),
        (["--reading", "sle_refractory=active_and_any_of_three"], "E647"),
    ],
)
def test_what_does_not_fit_the_run_is_refused(
    more: list[str], code: str, stores: Path, folder: Path, capsys: Printed
) -> None:
    assert main([*command(stores, folder), *more]) == 2
    assert f"error[{code}]" in capsys.readouterr().err
    assert not update.beside(folder).exists()
