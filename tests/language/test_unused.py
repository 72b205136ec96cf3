"""What nothing uses is told, and nothing else: of a trial's own page by that trial, of the vocabulary by all trials together."""

import re
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialog.check import Pages, check
from trialog.check.advice import advice
from trialog.cli import main
from trialog.problem import Problem, Severity
from trialog.source import Source

ROOT = Path(__file__).parents[2]
WORDS = Source("words.md", (ROOT / "tests/golden/vocabulary.md").read_text(encoding="utf-8"))
PAGE = "# T\n\n## Cohort a: A\n\n> Words.\n\n```datalog\n{}\n```\n"


def warned(rules: str) -> list[Problem]:
    pages = Pages((WORDS,), Source("protocol.md", PAGE.format(rules)), None)
    program, problems = check(pages)
    assert program is not None, problems
    found = advice(pages, program)
    assert all(p.severity is Severity.WARNING for p in found)
    return found


# -- relations, against networkx ---------------------------------------------------------------------------------

_NAMES = tuple("bcdefg")
_ASKED = {"plain": "{}(P)", "not": "not {}(P)", "count": "count {{ D : treatment(P, D, ..), {}(P) }} >= 1"}
graphs = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("bcdefg"), st.sampled_from(sorted(_ASKED)))).map(
    lambda found: [(a, b, how) for a, b, how in found if a < b]
)


@given(graphs, st.integers(0, 99))
def test_every_relation_on_which_no_criterion_rests_is_told_once_and_no_other(
    found: list[tuple[str, str, str]], start: int
) -> None:
    rules = "inclusion a(P) :- born(P, _).\n"
    rules += "".join(f"{name}(P) :- born(P, B), B > {1900 + start + i}-01-01.\n" for i, name in enumerate(_NAMES))
    rules += "".join(
        f"{above}(P) :- born(P, B), B > {1900 + i}-02-02, {_ASKED[how].format(below)}.\n"
        for i, (above, below, how) in enumerate(found)
    )
    graph: nx.DiGraph[str] = nx.DiGraph([(above, below) for above, below, _ in found])
    graph.add_nodes_from(("a", *_NAMES))
    idle = set(_NAMES) - nx.descendants(graph, "a")
    problems = [p for p in warned(rules) if p.code == "E222"]
    named = [re.findall(r"`(\w)`", p.claim) + re.findall(r"`(\w)`", p.help) for p in problems]
    assert sorted(n for names in named for n in names) == sorted(idle)
    for first, *with_it in named:
        assert set(with_it) <= nx.descendants(graph, first)


# -- declarations ------------------------------------------------------------------------------------------------

USED = """\
source book "A book".
concept organ "organ".
concept heart in organ "heart".
concept surgery in condition "surgery".
concept heart_surgery in surgery "heart surgery" [book].
known site(condition: condition, organ: organ) "where it is".
site(heart_surgery, heart) [book].
reading strictness = strict | loose "how strict".
inclusion a(P) :- reading strictness = strict, condition(P, C, ..), C in surgery, site(C, _).
inclusion a(P) :- reading strictness = loose, condition(P, surgery, ..).
"""


def test_what_is_used_in_any_way_is_not_told() -> None:
    assert [p for p in warned(USED) if p.code in ("E222", "E223", "E224", "E225", "E226")] == []


@pytest.mark.parametrize(
    ("declared", "code", "named"),
    [
        ('source paper "A paper".', "E226", "paper"),
        ('concept tissue "tissue".', "E224", "tissue"),
        ('concept fit_again in judgement "is the patient fit again?".', "E224", "fit_again"),
        ('concept serum_iron in measurement "iron" unit \'ug/dL\' code loinc "2498-4".', "E224", "serum_iron"),
        ('known like(one: drug, other: drug) "alike".\nlike(prednisone, prednisolone) [own].', "E223", "like"),
        ('event visit(patient, sex: sex, on: date) "a visit".', "E223", "visit"),
        ('reading doses = low | high "which".', "E225", "doses"),
        ('reading doses = low | middle | high "which".\nb(P) :- reading doses = low, a(P).', "E225", "middle"),
    ],
)
def test_what_is_not_is_told_at_its_declaration(declared: str, code: str, named: str) -> None:
    (problem,) = [p for p in warned(USED + declared) if p.code != "E222" and int(p.code[1:]) < 230]
    assert problem.code == code
    assert f"`{named}`" in problem.claim


@pytest.mark.parametrize(
    "declared",
    [
        'concept lupus_of_the_brain in cns_disease "lupus of the brain".\nexclusion b(P) :- condition(P, cns_disease, ..).',
        'concept new_drug in drug "a new drug".\nexclusion b(P) :- count { D : treatment(P, D, ..) } >= 2.',
        'reading doses = low | high "which".\nexclusion b(P) :- reading doses = high, condition(P, sle, ..).',
    ],
)
def test_what_a_class_a_count_or_the_other_option_takes_in_is_used(declared: str) -> None:
    assert [p for p in warned(USED + declared) if p.code in ("E224", "E225")] == []


# -- a knowledge base --------------------------------------------------------------------------------------------

SHARED = """

```datalog
source paper "A paper".
concept side "side" [paper].
concept left in side "left" [own].
event fall(patient, side: side, on: date) "a fall".
concept happy in finding "happy" [own].
concept content in finding "content" also "at ease" [own].
concept glad in judgement "is the patient glad?" [own].
older(P) :- born(P, B), B < 1900-01-01 [own].
```
"""
TRIALS = {
    "one": "inclusion a(P) :- fall(P, left, _), older(P).",
    "two": "inclusion a(P) :- latest finding(P, happy, yes, ..), judged(P, glad, ..).",
}


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A knowledge base with a vocabulary that two trials share."""
    (tmp_path / "vocabulary").mkdir()
    (tmp_path / "vocabulary/words.md").write_text(WORDS.text + SHARED, encoding="utf-8")
    for name, rules in TRIALS.items():
        trial(tmp_path, name, rules)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def trial(base: Path, name: str, rules: str) -> None:
    (base / "trials" / name).mkdir(parents=True, exist_ok=True)
    (base / "trials" / name / "protocol.md").write_text(PAGE.format(rules), encoding="utf-8")
    (base / "trials" / name / "source.txt").write_text("Words.", encoding="utf-8")


def said(path: str, capsys: pytest.CaptureFixture[str]) -> set[str]:
    """What is warned of, of the vocabulary that this test adds; a warning leaves the exit code at 0."""
    capsys.readouterr()
    assert main(["check", path]) == 0
    printed = capsys.readouterr().out
    assert "error[" not in printed
    names = re.findall(r"warning\[(E\d+)\]: .*?`(\w+)`[^`\n]*\n +--> vocabulary", printed)
    return {f"{code} {name}" for code, name in names}


def test_the_vocabulary_is_for_all_trials(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = {x.partition(" ")[2] for x in said(".", capsys)} & set(re.findall(r"\b[a-z]+\b", SHARED))
    assert own == set()
    assert said("trials/one", capsys) == set()
    trial(base, "two", "inclusion a(P) :- born(P, _).")
    assert said(".", capsys) >= {"E224 happy", "E224 glad"}
    assert "E224 content" not in said(".", capsys), "a chart may have it under another name"
    trial(base, "one", "inclusion a(P) :- born(P, _).")
    assert said(".", capsys) >= {"E223 fall", "E222 older", "E224 happy"}
    assert said("trials/one", capsys) == set()
    trial(base, "two", "inclusion a(P) :- nothing(P).")
    assert main(["check", "."]) == 1
    assert "warning[E223]" not in capsys.readouterr().out, "what the broken trial uses is not known"
