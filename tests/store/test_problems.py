"""What is wrong with a store is told with the file, the column, and the row or the bucket; `problems.md` has the words."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.agreement.trials import SMALL
from tests.store.stores import packed
from trialog.charts.chart import Chart, Record
from trialog.charts.read import read_charts, read_charts_of
from trialog.charts.store import MANIFEST, Manifest, StoreError, new_store
from trialog.codes import TICKS_PER_UNIT
from trialog.problem import Problem
from trialog.render.problems import render
from trialog.values import Cause, Interval, point
from trialog.vocabulary import Vocabulary

PAGE = Path(__file__).parent / "problems.md"
FILE = "bucket-00000/observation.parquet"


def _observed(value: Interval, on: Interval) -> Record:
    return Record("observation", ("egfr", value, on))


CHARTS = (
    Chart(
        "ann",
        738000,
        (_observed(point(1), point(737000)), _observed(point(2), Interval(737000, 737030, Cause.IMPRECISE))),
    ),
    Chart("bob", None, (_observed(point(3), point(737100)),)),
)


def column(name: str, values: Sequence[object], type_: pa.DataType | None = None) -> Callable[[Path], None]:
    """Puts other values into a column of the table of observations."""

    def change(store: Path) -> None:
        table = pq.read_table(store / FILE)
        at = table.column_names.index(name)
        made = pa.array(values, type_ or table.schema.field(name).type)
        _write(store, FILE, table.set_column(at, pa.field(name, made.type), made))

    return change


def word(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(store: Path) -> None:
        table = pq.read_table(store / FILE)
        at = table.column_names.index(name)
        words = [new if w == old else w for w in table.column(name).to_pylist()]
        _write(
            store,
            FILE,
            table.set_column(at, pa.field(name, table.schema.field(name).type), pa.array(words).dictionary_encode()),
        )

    return change


def _write(store: Path, file: str, table: pa.Table) -> None:
    """The table in the place of another, so that the manifest does not betray it."""
    pq.write_table(table, store / file)
    manifest = json.loads((store / MANIFEST).read_text())
    manifest["buckets"][0]["files"][Path(file).name]["bytes"] = (store / file).stat().st_size
    (store / MANIFEST).write_text(json.dumps(manifest))


def dropped(name: str) -> Callable[[Path], None]:
    return lambda store: _write(store, FILE, pq.read_table(store / FILE).drop_columns([name]))


def cut(store: Path) -> None:
    content = (store / FILE).read_bytes()
    (store / FILE).write_bytes(content[: len(content) // 2])


def noise(store: Path) -> None:
    size = (store / FILE).stat().st_size
    (store / FILE).write_bytes(b"x" * size)


def manifest(**changed: object) -> Callable[[Path], None]:
    def change(store: Path) -> None:
        whole = json.loads((store / MANIFEST).read_text())
        (store / MANIFEST).write_text(json.dumps({**whole, **changed}))

    return change


def patients(names: Sequence[str]) -> Callable[[Path], None]:
    def change(store: Path) -> None:
        table = pq.read_table(store / "bucket-00000/patients.parquet")
        table = table.set_column(0, pa.field("patient", pa.string()), pa.array(names))
        _write(store, "bucket-00000/patients.parquet", table)

    return change


WRONG: dict[str, Callable[[Path], object]] = {
    "E526 no manifest": lambda s: (s / MANIFEST).unlink(),
    "E526 a manifest that is none": lambda s: (s / MANIFEST).write_text('{"format": "trialog store"}'),
    "E526 a manifest of another version": manifest(version=2),
    "E527 another vocabulary": manifest(vocabulary="0" * 64),
    "E528 a bucket is missing": lambda s: shutil.rmtree(s / "bucket-00000"),
    "E528 a file is missing": lambda s: (s / FILE).unlink(),
    "E528 a file was cut off": cut,
    "E528 a file is no Parquet": noise,
    "E528 a row is missing": lambda s: _write(s, FILE, pq.read_table(s / FILE).slice(1)),
    "E529 a column is missing": dropped("value_spread"),
    "E529 a column of another type": column("value", [1.0, 2.0, 3.0], pa.float64()),
    "E530 unsorted": column("patient", [1, 0, 1]),
    "E530 nobody": column("patient", [0, 0, 2]),
    "E530 unsorted names": patients(["bob", "ann"]),
    "E530 a concept that is not known": word("measurement", "egfr", "egrf"),
    "E530 a concept of another column": word("measurement", "egfr", "steroid"),
    "E530 a cause that is none": word("on_cause", "imprecise", "forgotten"),
    "E530 no day": column("on", [737000, 737000, 4_000_000]),
    "E530 a day before the first": column("on", [0, 737000, 737100]),
    "E530 an end before the beginning": column("on_spread", [0, -1, 0]),
    "E530 a code of no number": column("value", [2 * TICKS_PER_UNIT, 2**40, 2 * TICKS_PER_UNIT]),
    "E530 a negative spread": column("value_spread", [0, 0, -2]),
    "E530 a code between ticks without the number": column("value", [2 * TICKS_PER_UNIT + 1, 0, 0]),
    "E530 an exact number that is none": column("value_exact", [None, "a third", None]),
    "E530 an exact number of another code": column("value_exact", [None, "1/3 1/3", None]),
    "E530 something left out": column("on", [737000, None, 737100]),
}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    packed(CHARTS, Path("store"), SMALL)
    return Path("store")


def told(store: Path, vocabulary: Vocabulary = SMALL) -> list[Problem]:
    return [p for r in read_charts(store, vocabulary) for p in r.problems]


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_where_it_is(store: Path, name: str, request: pytest.FixtureRequest) -> None:
    assert told(store) == []
    WRONG[name](store)
    problems = told(store)
    assert {p.code for p in problems} == {name[:4]}
    assert all(r.chart is None for r in read_charts(store, SMALL))
    assert {p.code for r in read_charts_of(store, SMALL, "ann") for p in r.problems} == {name[:4]}
    said = "\n\n".join(render(p, False, 80) for p in problems)
    assert max(map(len, said.splitlines())) <= 80
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else "# What is said of a store that is wrong\n"
    section = f"\n## {name}\n\n```text\n{said}\n```\n"
    if request.config.getoption("--rewrite-golden"):
        old = re.compile(rf"\n## {re.escape(name)}\n\n```text\n.*?\n```\n", re.DOTALL)
        text = old.sub(lambda _: section, text) if old.search(text) else text + section
        PAGE.write_text(text, encoding="utf-8")
    assert section in text


def test_every_problem_of_the_page_is_provoked() -> None:
    assert re.findall(r"^## (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE) == list(WRONG)


def test_a_store_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    def fails(_: Path) -> Manifest:
        raise OSError(28, "No space left on device")

    def interrupted(store: Path) -> Manifest:
        (store / "bucket-00000").mkdir()
        raise KeyboardInterrupt

    path = tmp_path / "s"
    with pytest.raises(KeyboardInterrupt):
        new_store(path, interrupted)
    assert not path.exists()
    packed((), path, SMALL)
    with pytest.raises(StoreError, match="there is something at") as found:
        new_store(path, fails)
    assert found.value.problems[0].code == "E531"
    assert told(path) == []
