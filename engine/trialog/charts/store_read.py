"""Reading a store: tables that were checked, and charts exactly as they were written into it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trialog.charts.chart import Chart, Denied, Judgement, Place, Record, Reviewed, SetAside, Standing, Value
from trialog.charts.files import ReadChart, nowhere
from trialog.charts.store import (
    MANIFEST,
    Bucket,
    Manifest,
    StoreError,
    bucket_name,
    bucket_number,
    read_manifest,
)
from trialog.charts.store_checks import wrong_rows, wrong_schema
from trialog.charts.store_tables import (
    ABSENT,
    JUDGEMENTS,
    PATIENTS,
    REVIEWED,
    SET_ASIDE,
    Field,
    tables,
    vocabulary_digest,
)
from trialog.charts.words import cells_of, row_words
from trialog.codes import number_of
from trialog.problem import Problem
from trialog.values import Cause, Interval, exact
from trialog.vocabulary import Coded, Dated, Relation, Vocabulary

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Store:
    """A store that may be read with this vocabulary. Threads may read it side by side."""

    path: Path
    manifest: Manifest
    vocabulary: Vocabulary

    @cached_property
    def fields(self) -> Mapping[str, tuple[Field, ...]]:
        return tables(self.vocabulary)

    def file(self, number: int, table: str) -> Path:
        return self.path / bucket_name(number) / f"{table}.parquet"

    def table(self, number: int, name: str, checked: bool = True, only: Sequence[str] = ()) -> "pa.Table":
        """A table of a bucket, or those columns of it that are named in `only`.

        Raises StoreError where it is not what a store holds; all that is wrong with it at once. Rows are looked at where
        `checked`; whether the file is whole and has these columns always.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.file(number, name)
        if problem := self._damaged(self.manifest.buckets[number], path):
            raise StoreError(problem)
        try:
            file = pq.ParquetFile(path)
            fields = tuple(f for f in self.fields[name] if not only or f.name in only)
            problems = list(wrong_schema(file.schema_arrow, fields, path))
            if problems:
                raise StoreError(*problems)
            found = file.read(columns=[f.name for f in fields], use_threads=False)
        except (pa.ArrowException, OSError, ValueError) as error:
            why = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
            raise StoreError(Problem("E528", f"`{path.name}` cannot be read: {why}", nowhere(path), _AGAIN)) from None
        rows = self.manifest.buckets[number].files[path.name].rows
        if found.num_rows != rows:
            claim = f"`{path.name}` has {found.num_rows} rows, and `{MANIFEST}` says {rows}"
            raise StoreError(Problem("E528", claim, nowhere(path), _AGAIN))
        if checked:
            patients = self.manifest.buckets[number].patients
            if problems := list(wrong_rows(found, fields, path, patients, self.vocabulary)):
                raise StoreError(*problems)
        return found

    @staticmethod
    def _damaged(bucket: Bucket, path: Path) -> Problem | None:
        listed = bucket.files.get(path.name)
        if listed is None:
            return Problem(
                "E528", f"`{MANIFEST}` does not list `{path.parent.name}/{path.name}`", nowhere(path), _AGAIN
            )
        try:
            size = path.stat().st_size
        except OSError:
            return Problem("E528", f"`{path.parent.name}/{path.name}` is missing in the store", nowhere(path), _AGAIN)
        if size != listed.bytes:
            claim = f"`{path.name}` has {size} bytes, and `{MANIFEST}` says {listed.bytes}"
            return Problem("E528", claim, nowhere(path), _AGAIN)
        return None

    def bucket(self, number: int) -> Mapping[str, "pa.Table"]:
        """All tables of a bucket. Raises StoreError with everything that is wrong in any of them."""
        found: dict[str, pa.Table] = {}
        problems: list[Problem] = []
        if not (self.path / bucket_name(number)).is_dir():
            claim = f"`{bucket_name(number)}` is missing in the store"
            raise StoreError(Problem("E528", claim, nowhere(self.path / bucket_name(number)), _AGAIN))
        for name in self.fields:
            try:
                found[name] = self.table(number, name)
            except StoreError as error:
                problems.extend(error.problems)
        if problems:
            raise StoreError(*problems)
        return found

    # -- charts ----------------------------------------------------------------------------------------------------

    def charts(self) -> Iterator[ReadChart]:
        """Every chart, bucket by bucket; those refused when the store was packed first, each with the reason."""
        for refused in self.manifest.refused:
            yield ReadChart(refused.name, None, tuple(self._as_told(refused.problems)))
        for number in range(len(self.manifest.buckets)):
            try:
                content = self.bucket(number)
            except StoreError as error:
                yield ReadChart(str(self.path / bucket_name(number)), None, error.problems)
                continue
            for chart in self._charts(number, content):
                yield ReadChart(chart.patient, chart)

    def _as_told(self, told: Sequence[Mapping[str, str | int]]) -> Iterator[Problem]:
        for t in told:
            yield Problem(str(t["code"]), str(t["claim"]), nowhere(Path(str(t["place"]))), str(t["help"]))

    def charts_of(self, patient: str) -> Iterator[ReadChart]:
        """What the store has of this patient, read from the one bucket where that can be."""
        for refused in self.manifest.refused:
            if refused.name == patient:
                yield ReadChart(refused.name, None, tuple(self._as_told(refused.problems)))
        if not self.manifest.buckets:
            return
        number = bucket_number(patient, len(self.manifest.buckets))
        try:
            names = self.table(number, PATIENTS).column("patient").to_pylist()
            if patient in names:
                row = names.index(patient)
                cut = {name: _of_patient(table, row, name) for name, table in self.bucket(number).items()}
                yield from (ReadChart(patient, chart) for chart in self._charts(number, cut, row))
        except StoreError as error:
            yield ReadChart(patient, None, error.problems)

    def charts_in(self, number: int, rows: Sequence[int]) -> Iterator[tuple[int, Chart]]:
        """The charts of these patients of a bucket, each with its row; only their rows are looked at. Raises StoreError."""
        content = {name: self.table(number, name, checked=False) for name in self.fields}
        patients = self.manifest.buckets[number].patients
        for row in rows:
            cut = {name: _of_patient(table, row, name) for name, table in content.items()}
            problems = [
                problem
                for name, table in cut.items()
                for problem in wrong_rows(table, self.fields[name], self.file(number, name), patients, self.vocabulary)
            ]
            if problems:
                raise StoreError(*problems)
            yield from ((row, chart) for chart in self._charts(number, cut, row))

    def names(self) -> Iterator[str]:
        """The names of all patients, bucket by bucket."""
        for number in range(len(self.manifest.buckets)):
            yield from self.table(number, PATIENTS).column("patient").to_pylist()

    def _charts(self, number: int, content: Mapping[str, "pa.Table"], only: int | None = None) -> Iterator[Chart]:
        listed = content[PATIENTS].to_pylist()
        rows = {name: _by_patient(table) for name, table in content.items() if name != PATIENTS}
        for row, patient in enumerate(listed) if only is None else ((only, listed[0]),):
            yield Chart(
                str(patient["patient"]),
                int(patient["screening"]) or None,
                tuple(
                    self._record(relation, r, self._place(number, name, i))
                    for name, relation in self.vocabulary.relations.items()
                    if name in rows
                    for i, r in rows[name].get(row, ())
                ),
                tuple(
                    Judgement(
                        r["question"],
                        "agreed" if r["agreed"] else "refused",
                        _days(r, "on"),
                        _days(r, "until"),
                        r["by"],
                        self._place(number, JUDGEMENTS, i),
                    )
                    for i, r in rows[JUDGEMENTS].get(row, ())
                ),
                tuple(
                    Reviewed(r["relation"], r["concept"], _days(r, "through"), self._place(number, REVIEWED, i))
                    for i, r in rows[REVIEWED].get(row, ())
                ),
                tuple(
                    Denied(r["relation"], r["concept"], _days(r, "through"), self._place(number, ABSENT, i))
                    for i, r in rows[ABSENT].get(row, ())
                ),
                tuple(SetAside(r["what"], r["why"], Place(r["place"])) for _, r in rows[SET_ASIDE].get(row, ())),
                str(self.path),
            )

    def _place(self, number: int, table: str, row: int) -> Place:
        return Place(str(self.file(number, table)), 0, f"row {row + 1}")

    def _record(self, relation: Relation, row: "_Row", place: Place) -> Record:
        values: list[Value] = []
        for column in relation.columns:
            match column.type:
                case Coded():
                    values.append(row[column.name])
                case Dated():
                    values.append(_days(row, column.name))
                case _:
                    values.append(_number(row, column.name))
        standing = Standing.CONFIRMED if row["confirmed"] else Standing.UNCONFIRMED
        words = row_words(relation, cells_of(relation, tuple(values), self.vocabulary), self.vocabulary)
        return Record(relation.name, tuple(values), standing, place, words)


_AGAIN = "the store is damaged: pack or generate it again"

type _Row = Mapping[str, Any]  # what Arrow gives for a row of a table that was checked


def open_store(path: Path, vocabulary: Vocabulary) -> Store:
    """The store in a folder. Raises StoreError."""
    try:
        import numpy  # noqa: F401 (what reading needs)
        import pyarrow  # noqa: F401
    except ImportError as error:
        help_ = "pip install 'trialog[cohort]'"
        raise StoreError(
            Problem("E534", f"a store needs {error.name}, which is not installed", nowhere(path), help_)
        ) from None
    manifest = read_manifest(path)
    if manifest.vocabulary != vocabulary_digest(vocabulary):
        claim = f"`{path}` was packed with another vocabulary than this trial's"
        help_ = "pack or generate it again with this one, or name the knowledge base and trial that it was made for"
        raise StoreError(Problem("E527", claim, nowhere(path / MANIFEST), help_))
    return Store(path, manifest, vocabulary)


def _of_patient(table: "pa.Table", row: int, name: str) -> "pa.Table":
    """The rows of one patient, the number of each row beside it."""
    import numpy as np
    import pyarrow as pa

    if name == PATIENTS:
        return table.slice(row, 1)
    first, end = np.searchsorted(table.column("patient").to_numpy(), [row, row + 1])
    cut = table.slice(int(first), int(end - first))
    return cut.append_column(_NUMBER, pa.array(range(int(first), int(end)), pa.int64()))


_NUMBER = "row number"


def _by_patient(table: "pa.Table") -> dict[int, list[tuple[int, _Row]]]:
    found: dict[int, list[tuple[int, _Row]]] = {}
    for i, row in enumerate(table.to_pylist()):
        found.setdefault(row["patient"], []).append((row.get(_NUMBER, i), row))
    return found


def _days(row: _Row, name: str) -> Interval:
    low = row[name]
    return Interval(low, low + row[f"{name}_spread"], _cause(row[f"{name}_cause"]))


def _number(row: _Row, name: str) -> Interval:
    low, cause = row[name], _cause(row[f"{name}_cause"])
    if (written := row[f"{name}_exact"]) is not None:
        ends = [exact(Fraction(end)) for end in written.split(" ")]
        return Interval(ends[0], ends[1], cause)
    return Interval(number_of(low), number_of(low + row[f"{name}_spread"]), cause)


def _cause(word: str | None) -> Cause | None:
    return None if word is None else Cause(word)
