"""Packing tables that need not fit into memory: DuckDB sorts them by bucket and patient, cells are understood in columns.

Only what is plain is done here. A patient in whose rows something is out of the ordinary is read by the reader of tables; and
where a whole table is, `NotPlainError` says so, and all of it is. So the store is the same byte by byte, and so is what is told.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from trialog.charts.cells import Flags, Ints, Understanding, Understood, table_of
from trialog.charts.chart import Chart, Denied, Judgement, Place, Reviewed, SetAside
from trialog.charts.pack_sources import NotPlainError, Table, columns_read, lines_of, plain_tables, quoted
from trialog.charts.packing import buckets_for, in_order, refused_chart
from trialog.charts.patient_json import patient_name, screening_day
from trialog.charts.rows import Cell, Row, denied_of, judgement_of, recorded_relations, reviewed_of
from trialog.charts.store import Bucket, Manifest, Refused, bucket_number, new_store
from trialog.charts.store_tables import ABSENT, JUDGEMENTS, PATIENTS, REVIEWED, tables, vocabulary_digest
from trialog.charts.store_write import arrow_table, tables_of, write_bucket
from trialog.charts.tables import Patient, chart_of_rows
from trialog.problem import Problem
from trialog.source import Source, Span
from trialog.vocabulary import Kind, Vocabulary

if TYPE_CHECKING:
    import duckdb

_MEMORY = "600MB"
_BATCH = 100_000
_NOWHERE = Span(Source("", ""), 0, 0)

type _Said = Judgement | SetAside | Reviewed | Denied | None


def pack_tables(
    folder: Path,
    files: list[Path],
    store: Path,
    vocabulary: Vocabulary,
    buckets: int | None,
    done: Callable[[int], None],
    shown: Callable[[Path], str] = str,
) -> Manifest:
    """As `packing.pack`, of a folder of tables. Raises NotPlainError where the readers have to look at all of it."""
    import duckdb

    given = plain_tables(files, vocabulary, shown)
    if PATIENTS not in given:
        raise NotPlainError

    def write(path: Path) -> Manifest:
        with tempfile.TemporaryDirectory(prefix=f".{store.name}-", dir=store.parent) as beside:
            con = duckdb.connect(str(Path(beside) / "sorted.duckdb"))
            try:
                con.execute(f"SET memory_limit = '{_MEMORY}'")
                con.execute(f"SET temp_directory = '{quoted(str(Path(beside) / 'spilled'))}'")
                packing = _Packing(con, given, folder, vocabulary, path)
                number = packing.listed(buckets)
                packing.sort()
                written: list[Bucket] = []
                for i in range(number):
                    written.append(packing.bucket(i))
                    done(written[-1].patients)
            except duckdb.Error as error:
                if isinstance(error, duckdb.OutOfMemoryException) or "space" in str(error):
                    raise OSError(28, "no room to sort the tables") from None
                raise NotPlainError(str(error)) from error
            finally:
                con.close()
        if packing.refused and not any(b.patients for b in written):
            raise NotPlainError  # nothing can be used: the reader tells why
        return Manifest(vocabulary_digest(vocabulary), tuple(written), None, in_order(packing.refused))

    return new_store(store, write)


@dataclass
class _Packing:
    con: "duckdb.DuckDBPyConnection"
    given: Mapping[str, Table]
    folder: Path
    vocabulary: Vocabulary
    store: Path
    refused: list[Refused] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fields = tables(self.vocabulary)
        relations = self.vocabulary.relations
        self.understanding = {
            name: Understanding(relations[name], self.fields[name], self.vocabulary)
            for name in recorded_relations(self.vocabulary)
        }
        self.regular: dict[str, bool] = {}
        self.said: dict[tuple[str, tuple[str | None, ...]], _Said] = {}

    # -- sorting ---------------------------------------------------------------------------------------------------

    def listed(self, buckets: int | None) -> int:
        """List the patients with their buckets, and the row of each in its bucket; the number of buckets."""
        con, table = self.con, self.given[PATIENTS]
        column = "screening" if "screening" in table.columns else "NULL"
        (count,) = self._one(f"SELECT count(*) FROM {table.scan} WHERE {_written(table)}")
        number = buckets or buckets_for(count)
        con.execute("CREATE TABLE names (patient VARCHAR, bucket INTEGER, screening VARCHAR, n BIGINT)")
        reader = con.cursor().execute(
            f"SELECT patient, {column}::VARCHAR AS screening, n FROM {table.scan} WHERE {_written(table)}"
        )
        while rows := reader.fetchmany(_BATCH):
            if any(r[0] is None or patient_name(r[0]) != r[0] for r in rows):
                raise NotPlainError
            batch = pa.table(  # noqa: F841 (DuckDB finds it by its name)
                {
                    "patient": [r[0] for r in rows],
                    "bucket": pa.array([bucket_number(r[0], number) for r in rows], pa.int32()),
                    "screening": pa.array([r[1] for r in rows], pa.string()),
                    "n": [r[2] for r in rows],
                }
            )
            con.execute("INSERT INTO names SELECT * FROM batch")
        if self._one("SELECT count(DISTINCT patient) FROM names") != (count,):
            raise NotPlainError
        con.execute(
            "CREATE TABLE listed AS SELECT *, row_number() OVER (PARTITION BY bucket ORDER BY patient) - 1 AS row"
            " FROM names ORDER BY bucket, row"
        )
        return number

    def sort(self) -> None:
        """Put the rows of every other table in the order of buckets. Each has a patient who is listed."""
        for name, table in self.given.items():
            if name == PATIENTS:
                continue
            cells = "".join(f', t."{c}"::VARCHAR AS "{c}"' for c in columns_read(table))
            self.con.execute(
                f'CREATE TABLE "sorted_{name}" AS SELECT l.bucket, l.row, t.n{cells}'
                f" FROM {table.scan} t JOIN listed l ON t.patient::VARCHAR = l.patient ORDER BY l.bucket, l.row, t.n"
            )
            (all_,) = self._one(f"SELECT count(*) FROM {table.scan} WHERE {_written(table)}")
            if self._one(f'SELECT count(*) FROM "sorted_{name}"') != (all_,):
                raise NotPlainError

    def _table(self, query: str) -> "pa.Table":
        found: pa.Table = self.con.cursor().sql(query).to_arrow_table()
        return found

    def _one(self, query: str) -> tuple[Any, ...]:
        found = self.con.cursor().execute(query).fetchall()
        return found[0]

    # -- one bucket ------------------------------------------------------------------------------------------------

    def bucket(self, number: int) -> Bucket:
        """Write one bucket."""
        listed = self._table(f"SELECT patient, screening, n FROM listed WHERE bucket = {number} ORDER BY row")
        names = listed.column("patient").to_pylist()
        strange = np.zeros(len(names), bool)  # those whose rows the reader of tables is to look at
        days = np.zeros(len(names), np.int64)
        for i, written in enumerate(listed.column("screening").to_pylist()):
            if written is not None and written.strip():
                try:
                    days[i] = screening_day(written.strip())
                except ValueError:
                    strange[i] = True
        rows = {
            name: self._table(f'SELECT * EXCLUDE (bucket) FROM "sorted_{name}" WHERE bucket = {number} ORDER BY row, n')
            for name in self.given
            if name != PATIENTS
        }
        patients = {name: table.column("row").to_numpy().astype(np.int64) for name, table in rows.items()}
        understood = {n: u.understood(rows[n]) for n, u in self.understanding.items() if n in rows}
        for name, found in understood.items():
            strange[patients[name][found.wrong]] = True
            if self.vocabulary.relations[name].kind is Kind.ATTRIBUTE:
                strange[np.flatnonzero(np.bincount(patients[name], minlength=len(names)) > 1)] = True
        said = {name: self._said(name, rows[name]) for name in (JUDGEMENTS, REVIEWED, ABSENT) if name in rows}
        for name, found_ in said.items():
            wrong = np.array([s is None or isinstance(s, SetAside) for s in found_], bool)
            strange[patients[name][wrong]] = True
        if ABSENT in said:
            self._contradicted(said[ABSENT], patients, understood, strange)
        charts = self._by_the_reader(number, listed, np.flatnonzero(strange)) if strange.any() else {}
        plain = ~strange
        content = self._content(names, days, plain, patients, understood, said, charts)
        return write_bucket(self.store, number, content)

    def _said(self, name: str, rows: "pa.Table") -> list[_Said]:
        """What each row of judgements, reviews or denials says; None where something is wrong."""
        meaning = {JUDGEMENTS: judgement_of, REVIEWED: reviewed_of, ABSENT: denied_of}[name]
        columns = [c for c in rows.column_names if c not in ("row", "n")]
        found: list[_Said] = []
        for cells in zip(*(rows.column(c).to_pylist() for c in columns), strict=True):
            key = (name, cells)
            if key not in self.said:
                written = {c: Cell(w.strip(), _NOWHERE) for c, w in zip(columns, cells, strict=True) if w and w.strip()}
                problems: list[Problem] = []
                what = meaning(Row(written, _NOWHERE, Place("")), self.vocabulary, problems)
                self.said[key] = None if problems else what
            found.append(self.said[key])
        return found

    def _contradicted(
        self,
        denials: Iterable[_Said],
        patients: Mapping[str, Ints],
        understood: Mapping[str, Understood],
        strange: Flags,
    ) -> None:
        """Patients of whom something is denied of which there is a record, whenever it was, are for the reader."""
        about: dict[tuple[str, str], list[int]] = {}
        for row, denied in zip(patients[ABSENT].tolist(), denials, strict=True):
            if isinstance(denied, Denied):
                about.setdefault((denied.relation, denied.concept), []).append(row)
        for (relation, concept), who in about.items():
            if relation not in understood:
                continue
            column = self.vocabulary.relations[relation].columns[
                self.vocabulary.relations[relation].concept_column or 0
            ]
            places = self.understanding[relation].places[column.name]
            under = [places[c] for c in self.vocabulary.descendants[concept] if c in places]
            recorded = patients[relation][np.isin(understood[relation].concepts, under)]
            strange[np.intersect1d(recorded, np.array(who, np.int64))] = True

    # -- the reader of tables --------------------------------------------------------------------------------------

    def _by_the_reader(self, number: int, listed: "pa.Table", strange: Ints) -> dict[int, Chart]:
        """The charts of these patients as the reader of tables gives them, by row; those refused are noted."""
        of_patient: dict[int, dict[str, list[Row]]] = {int(row): {} for row in strange}
        wanted = ", ".join(map(str, strange.tolist()))
        first: dict[int, int] = {}  # of each text, the line at which it begins in its file
        held: list[Source] = []

        def source(table: Table, line: int, text: str) -> Source:
            made = Source(table.name, text)
            held.append(made)
            first[id(made)] = line
            return made

        for name, table in self.given.items():
            if name == PATIENTS:
                continue
            for row, line, text, cells in self._strange_rows(name, number, wanted):
                at = Span(source(table, line, text), 0, len(text))
                written = {c: Cell(w, at) for c, w in cells.items() if w and c != "patient"}
                of_patient[row].setdefault(name, []).append(Row(written, at, Place(table.name, line)))
        names, screenings, at_list = (listed.column(c).to_pylist() for c in ("patient", "screening", "n"))
        charts: dict[int, Chart] = {}
        regular = self._is_regular(PATIENTS)
        lines = lines_of(self.given[PATIENTS], [] if regular else [at_list[r] for r in strange.tolist()])
        for row in strange.tolist():
            n = at_list[row]
            line, text = (n + 2, names[row]) if regular else lines[n][:2]
            at = Span(source(self.given[PATIENTS], line, text), 0, len(text))
            day, own = None, list[Problem]()
            if written_day := (screenings[row] or "").strip():
                try:
                    day = screening_day(written_day)
                except ValueError as error:
                    own.append(Problem("E509", str(error), at, "dates are written 2025-03-31"))
            read = chart_of_rows(Patient(names[row], day, at, own), of_patient[row], str(self.folder), self.vocabulary)
            if read.chart is not None:
                charts[row] = read.chart
            else:
                told = refused_chart(read.name, read.problems, lambda p: first.get(id(p.at.source), 1))
                self.refused.append(told)
        return charts

    def _strange_rows(self, name: str, number: int, wanted: str) -> Iterator[tuple[int, int, str, dict[str, str]]]:
        """The rows of these patients: whose it is, on which line, with what text and cells."""
        found = self._table(
            f'SELECT * EXCLUDE (bucket) FROM "sorted_{name}" WHERE bucket = {number} AND row IN ({wanted}) ORDER BY row, n'
        ).to_pylist()
        if self._is_regular(name):
            for r in found:
                row, n = r.pop("row"), r.pop("n")
                cells = {c: stripped for c, w in r.items() if w is not None and (stripped := w.strip())}
                yield row, n + 2, ",".join(cells.values()), cells
            return
        lines = lines_of(self.given[name], [r["n"] for r in found])
        for r in found:
            yield r["row"], *lines[r["n"]]

    def _is_regular(self, name: str) -> bool:
        """Whether the line of each row follows from its number."""
        if name not in self.regular:
            table = self.given[name]
            is_regular = table.is_regular
            if table.path.suffix.lower() == ".parquet":
                breaks = " OR ".join(f"regexp_matches(\"{c}\"::VARCHAR, '[\\n\\r]')" for c in table.columns)
                is_regular = self._one(f"SELECT count(*) FROM {table.scan} WHERE {breaks}") == (0,)
            self.regular[name] = is_regular
        return self.regular[name]

    # -- the tables of the bucket ----------------------------------------------------------------------------------

    def _content(
        self,
        names: list[str],
        days: Ints,
        plain: Flags,
        patients: Mapping[str, Ints],
        understood: Mapping[str, Understood],
        said: Mapping[str, list[_Said]],
        charts: Mapping[int, Chart],
    ) -> dict[str, "pa.Table"]:
        stays = plain.copy()
        stays[list(charts)] = True
        place = np.cumsum(stays) - 1  # the row of each patient in the bucket
        beyond = np.zeros(len(names), bool)
        content: dict[str, pa.Table] = {}
        for name in self.understanding:
            if name in understood:
                kept = plain[patients[name]]
                content[name] = table_of(
                    self.fields[name], place[patients[name]], understood[name], kept, self.vocabulary
                )
                beyond[patients[name][kept & understood[name].beyond]] = True
        read = tables_of(charts.values(), self.vocabulary)
        order = np.array(sorted(charts), np.int64)
        beyond[order] = read[PATIENTS].column("beyond").to_numpy()
        days[order] = read[PATIENTS].column("screening").to_numpy()
        at = np.flatnonzero(stays)
        content[PATIENTS] = arrow_table(
            self.fields[PATIENTS],
            {
                "patient": [names[i] for i in at],
                "screening": pa.array(days[at].astype(np.int32)),
                "beyond": pa.array(beyond[at]),
            },
            self.vocabulary,
        )
        for name, found in said.items():
            content[name] = _statements(name, found, place[patients[name]], plain[patients[name]], self.vocabulary)
        for name, fields in self.fields.items():
            one = content.get(name)
            if name == PATIENTS:
                continue
            two = read[name].set_column(
                0, fields[0].name, pa.array(place[order][read[name].column("patient").to_numpy()].astype(np.int32))
            )
            if one is None:
                content[name] = two.cast(read[name].schema)
            elif two.num_rows:
                content[name] = _merged(one, two, fields, self.vocabulary)
        return content


def _written(table: Table) -> str:
    """The condition that something is written in a row."""
    return "(" + " OR ".join(f'"{c}" IS NOT NULL' for c in table.columns) + ")"


def _statements(name: str, said: list[_Said], patients: Ints, kept: Flags, vocabulary: Vocabulary) -> "pa.Table":
    """The table of the statements that are kept, under the numbers of their patients."""
    charts: dict[int, Chart] = {}
    judgements: dict[int, list[Judgement]] = {}
    reviews: dict[int, list[Reviewed]] = {}
    denials: dict[int, list[Denied]] = {}
    for row, what, keep in zip(patients.tolist(), said, kept.tolist(), strict=True):
        match what:
            case Judgement() if keep:
                judgements.setdefault(row, []).append(what)
            case Reviewed() if keep:
                reviews.setdefault(row, []).append(what)
            case Denied() if keep:
                denials.setdefault(row, []).append(what)
            case _:
                pass
    for row in {*judgements, *reviews, *denials}:
        charts[row] = Chart(
            f"{row:010}",
            None,
            (),
            tuple(judgements.get(row, ())),
            tuple(reviews.get(row, ())),
            tuple(denials.get(row, ())),
        )
    table = tables_of(charts.values(), vocabulary)[name]
    rows = np.array(sorted(charts), np.int64)[table.column("patient").to_numpy()]
    return table.set_column(0, "patient", pa.array(rows.astype(np.int32))).cast(table.schema)


def _merged(one: "pa.Table", two: "pa.Table", fields: tuple[Any, ...], vocabulary: Vocabulary) -> "pa.Table":
    """Both tables in the order of patients."""
    words = {f.name: pa.string() for f in fields if pa.types.is_dictionary(one.schema.field(f.name).type)}
    plain = pa.schema([pa.field(f.name, words.get(f.name, one.schema.field(f.name).type)) for f in fields])
    both = pa.concat_tables([one.cast(plain), two.cast(plain)])
    order = np.argsort(both.column("patient").to_numpy(), kind="stable")
    rows = both.take(pa.array(order))
    columns = {
        f.name: rows.column(f.name).to_pylist() if f.name in words else rows.column(f.name).combine_chunks()
        for f in fields
    }
    return arrow_table(fields, columns, vocabulary)
