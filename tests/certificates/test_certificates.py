"""Every answer has a certificate that the checker accepts; what is changed in one is not believed."""

import ast
import json
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import fastjsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.certificates.making import CHARTS, ENGINES, KNOWLEDGE, Made, of_cases, of_programs
from tests.certificates.mutations import KINDS, NOTHING, OTHERWISE, mutated, outcome, resealed
from trialog.certificates.certify import About
from trialog.certificates.confirm import against_chart, against_knowledge
from trialog.certificates.prov import as_prov
from trialog.certificates.verify import SCHEMA, Rejected, verify
from trialog.values import GREATEST, Duration, Exact, duration_of, duration_term, exact, term, value_of

ROOT = Path(__file__).parents[2]
CHECKER = ROOT / "engine/trialog/certificates/verify.py"


@pytest.fixture(scope="module")
def cases() -> list[Made]:
    return list(of_cases())


@pytest.fixture(scope="module")
def programs() -> list[Made]:
    return list(of_programs(0, 30))


@pytest.fixture(scope="module")
def everything(cases: list[Made], programs: list[Made]) -> list[Made]:
    return [*cases, *programs]


def test_the_checker_is_small_and_shares_no_code() -> None:
    text = CHECKER.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    imported: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
        elif isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
    own = {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names}
    assert own == {"trialog.tree", "trialog.values"}


def test_every_certificate_is_accepted_and_is_about_every_status_and_verdict(everything: list[Made]) -> None:
    verdicts: Counter[str] = Counter()
    for made in everything:
        verify(made.certificate)
        answers, program = made.answers, made.certifier.program
        said = {s["relation"]: s["status"] for s in made.certificate["statuses"]}
        expected = {a.relation for a in program.atoms.values()} | {c.relation for c in program.criteria}
        assert said == {relation: answers.status(relation).value for relation in expected}
        assert {v["cohort"]: v["verdict"] for v in made.certificate["verdicts"]} == {
            cohort: answers.verdict(cohort).value for cohort in program.cohorts
        }
        verdicts.update(v["verdict"] for v in made.certificate["verdicts"])
    assert verdicts.keys() == {"eligible", "ineligible", "undetermined", "awaiting judgement"}


def test_every_certificate_is_confirmed_by_what_it_was_made_from(everything: list[Made]) -> None:
    for made in everything:
        assert list(against_knowledge(made.certificate, made.knowledge_base, made.certifier)) == []
        assert list(against_chart(made.certificate, made.chart, made.charts, made.certifier)) == []


def test_every_certificate_is_as_the_schema_says(everything: list[Made]) -> None:
    schema = json.loads((ROOT / "docs/certificate-1.schema.json").read_text(encoding="utf-8"))
    assert schema["properties"]["schema"]["const"] == SCHEMA
    valid = fastjsonschema.compile(schema)
    for made in everything[::3]:
        valid(json.loads(json.dumps(made.certificate)))


def test_of_an_atom_alone(cases: list[Made]) -> None:
    one = cases[0]
    for atom in one.certifier.program.atoms:
        about = About("trial", KNOWLEDGE, CHARTS, ENGINES)
        certificate = one.certifier.certificate(one.answers, about, one.certifier.program.cohorts, atom)
        verify(certificate)
        assert [s["atom"] for s in certificate["statuses"]] == [atom]
        assert certificate["verdicts"] == []


def test_the_same_input_gives_the_same_bytes(cases: list[Made]) -> None:
    for made, again in zip(cases, of_cases(), strict=True):
        assert json.dumps(made.certificate) == json.dumps(again.certificate)


def test_resealing_changes_nothing(everything: list[Made]) -> None:
    for made in everything[::5]:
        assert resealed(made.certificate) == made.certificate


@pytest.mark.parametrize("seed", range(2))
def test_no_change_is_believed(everything: list[Made], seed: int) -> None:
    random = Random(f"changes {seed}")
    found: Counter[str] = Counter()
    kinds: set[str] = set()
    for _ in range(120):
        made = random.choice(everything)
        kind, changed = mutated(made.certificate, random)
        kinds.add(kind.removesuffix(", hashes left"))
        found[outcome(made, changed)] += 1
    assert found[NOTHING] + found[OTHERWISE] < 30
    assert len(kinds) > len(KINDS) // 2


def test_each_premise_dropped_alone_is_missed_or_was_not_needed(programs: list[Made]) -> None:
    made = max(programs, key=lambda m: len(m.certificate["nodes"]))
    rejected = 0
    for n, node in enumerate(made.certificate["nodes"]):
        for i in range(len(node.get("rejected", ()))):
            changed = json.loads(json.dumps(made.certificate))
            del changed["nodes"][n]["rejected"][i]
            with pytest.raises(Rejected, match="not those listed"):
                verify(resealed(changed))
            rejected += 1
    assert rejected


@pytest.mark.parametrize("wrong", [None, 3, [], {}, {"schema": SCHEMA}, "x"])
def test_what_is_no_certificate_is_rejected_and_not_a_traceback(wrong: object) -> None:
    with pytest.raises(Rejected):
        verify(wrong)


@settings(deadline=None)
@given(st.data())
def test_anything_in_the_place_of_anything_is_no_traceback(data: st.DataObject) -> None:
    made = _SMALL[data.draw(st.integers(0, len(_SMALL) - 1))]
    here = changed = json.loads(json.dumps(made.certificate))
    while True:
        key = data.draw(st.sampled_from(sorted(here) if isinstance(here, dict) else list(range(len(here)))))
        if not here[key] or not isinstance(here[key], (dict, list)) or data.draw(st.integers(0, 4)) == 0:
            here[key] = data.draw(st.sampled_from(_ODD))
            break
        here = here[key]
    with suppress(KeyError, TypeError, ValueError, AttributeError):
        changed = resealed(changed)
    with suppress(Rejected):
        verify(changed)


_ODD: list[Any] = [None, 0, 1, True, "", "x", "=1/0", "=1", "@2020-02-30", "?X", [], {}, [[]]]
_SMALL = list(of_programs(0, 3))


@given(st.one_of(st.text(), st.fractions().map(exact), st.integers(-GREATEST, GREATEST)), st.booleans())
def test_a_term_is_read_as_it_was_written(value: str | Exact, is_day: bool) -> None:
    assert value_of(term(value, is_day)) == value


@given(st.integers(0, 12_000), st.integers(0, 999_999))
def test_a_duration_is_read_as_it_was_written(months: int, days: int) -> None:
    assert duration_of(duration_term(Duration(months, days))) == Duration(months, days)


def test_the_provenance_names_only_what_it_describes(cases: list[Made]) -> None:
    for made in cases[::10]:
        document = as_prov(made.certificate)
        known = document["entity"].keys()
        for edge in document["wasDerivedFrom"].values():
            assert {edge["prov:generatedEntity"], edge["prov:usedEntity"]} <= known
        for edge in document["wasGeneratedBy"].values():
            assert edge["prov:entity"] in known
            assert edge["prov:activity"] in document["activity"]
        claimed = {i for s in made.certificate["statuses"] for i in s["proof"]}
        assert {f"sha256:{i}" for i in claimed} <= known
