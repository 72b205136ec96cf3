"""Questions about a run, held to a plain count over what the reference says of each patient."""

import csv
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trialog.answers import Answers, Screener, Status, Verdict
from trialog.charts.store_read import open_store
from trialog.cli import main
from trialog.cohort.against import difference
from trialog.cohort.answered import Answered, database, open_answers
from trialog.cohort.attrition import attrition, column
from trialog.cohort.driver import protocol
from trialog.cohort.missing import HELD_UP, Open, held_up
from trialog.cohort.output import MANIFEST, bucket_file
from trialog.knowledge import Library, shipped
from trialog.program import Criterion, Program
from trialog.synthetic.generate import generate
from trialog.tree import Role

TRIAL = "car-nk-b-cell-children"
PATIENTS = 400
READING = "sle_refractory=active_and_any_of_three"
GOLDEN = Path(__file__).with_name("attrition.txt")
type Printed = pytest.CaptureFixture[str]


@dataclass(frozen=True)
class Ran:
    """A store, two runs over it, and what the reference says under the readings of both."""

    program: Program
    store: Path
    folder: Path
    other: Path
    screener: Screener
    said: dict[str, Answers]
    otherwise: dict[str, Answers]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    root = tmp_path_factory.mktemp("ran")
    program, _ = Library(shipped()).program(TRIAL)
    assert program is not None
    store, folder, other = root / "store", root / "answers", root / "answers-otherwise"
    generate(store, PATIENTS, 3, 3, program.vocabulary, lambda _: None)
    screen = ["screen", TRIAL, "--charts", str(store), "--jobs", "1", "--out"]
    assert main([*screen, str(folder)]) == 0
    assert main([*screen, str(other), "--reading", READING]) == 0
    name, _, option = READING.partition("=")
    said = [_reference(store, s) for s in (Screener(program), Screener(program, {name: option}))]
    return Ran(program, store, folder, other, Screener(program), *said)


def _reference(store: Path, screener: Screener) -> dict[str, Answers]:
    charts = [r.chart for r in open_store(store, screener.program.vocabulary).charts() if r.chart is not None]
    return {c.patient: screener.screen(c, c.screening or date.today().toordinal()) for c in charts}


def lets_in(criterion: Criterion, answers: Answers) -> bool | None:
    """Whether the criterion lets the patient in; None where that is not known."""
    status = answers.status(criterion.relation)
    if status is Status.UNKNOWN:
        return None
    return (status is Status.MET) is (criterion.role is Role.INCLUSION)


def test_attrition_is_a_plain_count(ran: Ran) -> None:
    answers = open_answers(ran.folder)
    for cohort in ran.program.cohorts:
        criteria = ran.program.criteria_of(cohort)
        let = {name: [lets_in(c, a) for c in criteria] for name, a in ran.said.items()}
        with database(answers) as query:
            found = attrition(query, answers, ran.program, cohort)
        assert found.patients == PATIENTS
        verdicts = Counter(a.verdict(cohort) for a in ran.said.values())
        assert found.verdicts == {v: verdicts[v] for v in Verdict}
        assert [t.criterion for t in found.protocol] == list(criteria)
        for steps in (found.protocol, found.fewest):
            so_far: list[int] = []
            for t in steps:
                i = criteria.index(t.criterion)
                so_far.append(i)
                assert t.remain == sum(all(x[j] is not False for j in so_far) for x in let.values())
                assert t.surely_in == sum(all(x[j] is True for j in so_far) for x in let.values())
                assert t.keeps_out == sum(x[i] is False for x in let.values())
                assert t.alone == sum(x[i] is False and x.count(False) == 1 for x in let.values())
                assert t.open == sum(x[i] is None for x in let.values())


def test_each_step_loses_fewest(ran: Ran) -> None:
    answers = open_answers(ran.folder)
    for cohort in ran.program.cohorts:
        with database(answers) as query:
            found = attrition(query, answers, ran.program, cohort)
        left, remaining = list(ran.program.criteria_of(cohort)), list(ran.said.values())
        for t in found.fewest:
            kept = {c: [a for a in remaining if lets_in(c, a) is not False] for c in left}
            assert len(kept[t.criterion]) == max(map(len, kept.values()))
            remaining = kept[t.criterion]
            left.remove(t.criterion)
        assert not left


# -- what is missing ---------------------------------------------------------------------------------------------


def of_one(ran: Ran, patient: str, folder: Path) -> Answered:
    """A run over one patient: the row of the run over all."""
    folder.mkdir()
    told = json.loads((ran.folder / MANIFEST).read_text(encoding="utf-8"))
    for number in range(told["buckets"]):
        rows = pq.read_table(bucket_file(ran.folder, number))
        mine = rows.filter(pa.array([name == patient for name in rows.column("patient").to_pylist()]))
        if mine.num_rows:
            pq.write_table(mine, bucket_file(folder, 0))
    (folder / MANIFEST).write_text(json.dumps({**told, "buckets": 1, "patients": 1}), encoding="utf-8")
    return open_answers(folder)


def test_what_is_surely_missing_stands_open_in_the_chart(ran: Ran, tmp_path: Path) -> None:
    made = protocol(ran.screener)
    unknown = Open(ran.screener, made.written.reasons, made.relations)
    checked = 0
    for cohort in ran.program.cohorts:
        held = sorted(name for name, a in ran.said.items() if a.verdict(cohort) in HELD_UP)[:12]
        for patient in held:
            answers = of_one(ran, patient, tmp_path / f"{cohort} {patient}")
            with database(answers) as query:
                found = held_up(query, answers, ran.screener, unknown, cohort)
            said = ran.said[patient]
            assert sum(found.patients.values()) == 1
            assert found.untold + len(found.items) > 0
            for m in found.items:
                if m.surely:
                    checked += 1
                    assert any(
                        row[0] == patient and (not m.item.concept or m.item.concept in row[1:])
                        for mode in ("open", "open latest")
                        for row in said.facts.get(f"{mode} {m.item.relation}", ())
                    ), (patient, m)
    assert checked > 50


def test_who_is_held_up_is_counted_once(ran: Ran) -> None:
    made = protocol(ran.screener)
    unknown = Open(ran.screener, made.written.reasons, made.relations)
    answers = open_answers(ran.folder)
    for cohort in ran.program.cohorts:
        with database(answers) as query:
            found = held_up(query, answers, ran.screener, unknown, cohort)
        verdicts = Counter(a.verdict(cohort) for a in ran.said.values())
        assert found.patients == {v: verdicts[v] for v in HELD_UP}
        held = sum(found.patients.values())
        assert sum(m.alone for m in found.items) + found.untold <= held
        assert all(m.surely + m.maybe <= held and m.alone <= m.surely + m.maybe for m in found.items)


# -- against another run -----------------------------------------------------------------------------------------


def test_what_another_reading_changes_is_a_plain_count(ran: Ran) -> None:
    mine, other = open_answers(ran.folder), open_answers(ran.other)
    columns = {column(ran.program, a.relation): a.relation for a in ran.program.atoms.values()}
    columns |= {column(ran.program, c.relation): c.relation for c in ran.program.criteria}
    with database(mine) as query:
        found = difference(query, mine, other, ran.program.cohorts, columns)
    assert found.patients == PATIENTS
    assert not found.here.patients and not found.there.patients and not found.columns
    for cohort in ran.program.cohorts:
        crossed = _crossed((n, a.verdict(cohort), ran.otherwise[n].verdict(cohort)) for n, a in ran.said.items())
        assert {(c.was, c.now): (c.patients, list(c.examples)) for c in found.verdicts[cohort]} == crossed
    assert any(c.was != c.now for c in found.verdicts["sle"]), "the reading changes something"
    for name, relation in columns.items():
        crossed = _crossed((n, a.status(relation), ran.otherwise[n].status(relation)) for n, a in ran.said.items())
        changed = {k: v for k, v in crossed.items() if k[0] != k[1]}
        said = {(c.was, c.now): (c.patients, list(c.examples)) for c in found.statuses.get(name, ())}
        assert said == changed, name


def _crossed(
    pairs: Iterator[tuple[str, Verdict, Verdict]] | Iterator[tuple[str, Status, Status]],
) -> dict[tuple[str, str], tuple[int, list[str]]]:
    names: dict[tuple[str, str], list[str]] = {}
    for name, was, now in pairs:
        names.setdefault((was.value, now.value), []).append(name)
    return {k: (len(v), sorted(v)[:3]) for k, v in names.items()}


def test_who_is_in_one_run_alone_is_named(ran: Ran, tmp_path: Path, capsys: Printed) -> None:
    one = of_one(ran, min(ran.said), tmp_path / "one")
    assert main(["attrition", TRIAL, str(ran.folder), "--against", str(one.path)]) == 0
    assert f"{PATIENTS - 1} only in" in " ".join(capsys.readouterr().out.split())
    assert main(["attrition", TRIAL, str(one.path), "--against", str(ran.folder), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)["against"]
    assert (told["in_both"], told["only_here"]["patients"], told["only_there"]["patients"]) == (1, 0, PATIENTS - 1)
    two = of_one(ran, max(ran.said), tmp_path / "two")
    assert main(["attrition", TRIAL, str(one.path), "--against", str(two.path)]) == 2
    assert "E645" in capsys.readouterr().err


# -- proofs ------------------------------------------------------------------------------------------------------


def test_proofs_are_of_all_verdicts_and_the_same_each_time(ran: Ran, capsys: Printed) -> None:
    command = ["attrition", TRIAL, str(ran.folder), "--explain", "4", "--charts", str(ran.store), "--cohort", "sle"]
    assert main(command) == 0
    out, err = capsys.readouterr()
    assert not err
    there = {a.verdict("sle").value for a in ran.said.values()}
    assert {line.partition(": ")[2] for line in out.splitlines() if line.startswith("  sle: ")} == there
    assert main(command) == 0
    assert capsys.readouterr().out == out


def test_a_status_that_the_reference_does_not_give_is_told(ran: Ran, tmp_path: Path, capsys: Printed) -> None:
    patient = next(n for n, a in sorted(ran.said.items()) if a.atom("C3") is Status.MET)
    folder = of_one(ran, patient, tmp_path / "wrong").path
    rows = pq.read_table(bucket_file(folder, 0))
    at = rows.schema.get_field_index("C3")
    pq.write_table(rows.set_column(at, "C3", pa.array(["not met"]).dictionary_encode()), bucket_file(folder, 0))
    assert main(["attrition", TRIAL, str(folder), "--explain", "1", "--charts", str(ran.store)]) == 4
    out, err = capsys.readouterr()
    assert "E649" in err and "`C3`" in err and "by rule" in " ".join(err.split()) and "protocol.md:" in err
    assert "gives each of them" not in out


# -- what is printed, and what is wrong --------------------------------------------------------------------------


def test_no_line_is_wider_than_80_columns(ran: Ran, capsys: Printed) -> None:
    command = ["attrition", TRIAL, str(ran.folder)]
    for typed in (command, [*command, "--against", str(ran.other)]):
        assert main(typed) == 0
        out = capsys.readouterr().out
        assert out and all(len(line) <= 80 for line in out.splitlines() if "/" not in line)


def test_text_of_a_small_run(
    ran: Ran, capsys: Printed, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(ran.folder.parent)
    said = ""
    command = ["attrition", TRIAL, ran.folder.name, "--cohort", "sle"]
    for typed in (command, [*command, "--against", ran.other.name]):
        assert main(typed) == 0
        said += capsys.readouterr().out + "\n"
    if request.config.getoption("--rewrite-golden"):
        GOLDEN.write_text(said, encoding="utf-8")
    assert said == GOLDEN.read_text(encoding="utf-8")


def test_csv_and_json_say_the_same(ran: Ran, capsys: Printed) -> None:
    assert main(["attrition", TRIAL, str(ran.folder), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)["cohorts"]
    assert main(["attrition", TRIAL, str(ran.folder), "--format", "csv"]) == 0
    rows = list(csv.DictReader(StringIO(capsys.readouterr().out)))
    for cohort in ran.program.cohorts:
        mine = [int(r["remain"]) for r in rows if r["cohort"] == cohort and r["order"] == "protocol"]
        assert mine == [t["remain"] for t in told[cohort]["protocol_order"]]


def _without_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def _a_store(folder: Path) -> None:
    shutil.rmtree(folder)
    (folder / "bucket-00000").mkdir(parents=True)


def _of_another_program(folder: Path) -> None:
    (folder / MANIFEST).write_text('{"format": "something else"}', encoding="utf-8")


def _without_a_bucket(folder: Path) -> None:
    bucket_file(folder, 1).unlink()


def _with_half_a_bucket(folder: Path) -> None:
    path = bucket_file(folder, 1)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _without_a_column(folder: Path) -> None:
    path = bucket_file(folder, 1)
    pq.write_table(pq.read_table(path).drop_columns(["C3"]), path)


def _with_fewer_rows(folder: Path) -> None:
    path = bucket_file(folder, 1)
    pq.write_table(pq.read_table(path).slice(1), path)


def _by_another_knowledge_base(folder: Path) -> None:
    told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    (folder / MANIFEST).write_text(json.dumps({**told, "knowledge_base": "another"}), encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (_without_manifest, "E636"),
        (shutil.rmtree, "E636"),
        (_a_store, "E636"),
        (_of_another_program, "E637"),
        (_without_a_bucket, "E637"),
        (_with_half_a_bucket, "E637"),
        (_without_a_column, "E637"),
        (_with_fewer_rows, "E637"),
        (_by_another_knowledge_base, "E648"),
    ],
)
def test_what_is_not_a_whole_run_is_named(damage: object, code: str, ran: Ran, tmp_path: Path, capsys: Printed) -> None:
    folder = Path(shutil.copytree(ran.folder, tmp_path / "answers"))
    assert callable(damage)
    damage(folder)
    assert main(["attrition", TRIAL, str(folder)]) == 2
    out, err = capsys.readouterr()
    assert f"error[{code}]" in err and not out
