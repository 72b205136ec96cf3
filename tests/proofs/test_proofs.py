"""What holds of every proof, of the cases that are shipped and of generated programs."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import override

import pytest

from tests.agreement.suite import Subject
from trialog.answers import Answers, Screener, Status
from trialog.charts.read import read_charts
from trialog.knowledge import Library, shipped
from trialog.program import Chosen
from trialog.proof import Explanations, Step
from trialog.proof.prose import line, paragraph
from trialog.proof.step import Part, each
from trialog.render.proofs_html import as_html
from trialog.render.proofs_json import as_json
from trialog.why_lines import why_lines

TRIAL = "car-nk-b-cell-children"


@pytest.fixture(scope="module")
def answers() -> list[Answers]:
    library = Library(shipped())
    program, _ = library.program(TRIAL)
    assert program is not None
    screener = Screener(program)
    charts = read_charts(library.folder(TRIAL) / "cases", program.vocabulary)
    return [screener.screen(r.chart, r.chart.screening) for r in charts if r.chart and r.chart.screening is not None]


def holding(step: Step) -> Iterator[Step]:
    """The lines on which a met line rests, without what lies below an opposite, or beside what was counted."""
    yield step
    if step.part is Part.NOT:
        return
    for below in step.below:
        if not (step.part is Part.COUNT and below.status is not Status.MET):
            yield from holding(below)


def check(one: Answers, relations: list[str]) -> None:
    """What holds of the proofs of one patient."""
    explanations, again = Explanations(one), Explanations(one)
    readings = one.screener.readings
    made: dict[str, Step] = {}
    for relation in relations:
        step = explanations.of(relation)
        assert step.status is one.status(relation)
        assert (step.reason is None) == (step.status is not Status.UNKNOWN)
        assert step == again.of(relation)
        if step.status is Status.MET:
            assert all(s.status is Status.MET for s in holding(step)), relation
        if step.status is Status.NOT_MET:
            rules = [
                c for c in one.screener.program.clauses
                if c.relation == relation and all(readings[p.reading] == p.option for p in c.body if isinstance(p, Chosen))
            ]  # fmt: skip
            assert [s.at for s in step.below] == [c.at for c in rules], relation
            assert all(s.part is Part.RULE and s.status is Status.NOT_MET and s.below for s in step.below)
        for s in each(step):
            assert s.says
            assert s.height == 1 + max((b.height for b in s.below), default=0)
            assert made.setdefault(s.digest, s) is s, "equal parts are one"


def test_proofs_of_the_cases(answers: list[Answers]) -> None:
    for one in answers[::4]:
        program = one.screener.program
        relations = [a.relation for a in program.atoms.values()] + [c.relation for c in program.criteria]
        check(one, list(dict.fromkeys(relations)))


def test_a_rule_that_holds_has_a_line_for_each_literal(answers: list[Answers]) -> None:
    for one in answers[::7]:
        bodies: dict[object, set[int]] = {}
        for c in one.screener.program.clauses:  # what an aggregate collects has the place of its rule
            bodies.setdefault(c.at, set()).add(len(c.body))
        explanations = Explanations(one)
        for atom in one.screener.program.atoms.values():
            for s in each(explanations.of(atom.relation)):
                if s.part is Part.RULE and s.status is Status.MET and not s.says.startswith("whether or not"):
                    assert s.at is not None
                    assert len(s.below) in bodies[s.at]


def test_not_met_names_every_record_that_could_match(answers: list[Answers]) -> None:
    """S6 names every drug that is recorded: those that count, and the others with the reason."""
    for one in answers:
        if one.atom("S6") is not Status.NOT_MET:
            continue
        step = Explanations(one).of(one.screener.program.atoms["S6"].relation)
        named = {p for s in each(step) for p in s.places}
        assert {r.place for r in one.chart.records if r.relation == "treatment"} <= named, one.chart.patient


def test_history_says_through_when_it_was_reviewed(answers: list[Answers]) -> None:
    one = next(a for a in answers if a.chart.patient.startswith("sle-079"))
    step = Explanations(one).of(one.screener.program.atoms["S10"].relation)
    assert "reviewed through 2026-01-15" in paragraph(step)
    assert "hydroxychloroquine" in line(Explanations(one).of("had_hydroxychloroquine"))


@pytest.mark.parametrize("length", ["line", "paragraph", "everything"])
@pytest.mark.parametrize("plumbing", [False, True])
def test_what_people_read_fits_and_names_no_helpers(answers: list[Answers], length: str, plumbing: bool) -> None:
    for one in answers[::12]:
        program = one.screener.program
        asked = SimpleNamespace(patient="P", length=length, atom=None, plumbing=plumbing, width=80, colour=False)
        lines = list(why_lines(asked, one, tuple(program.cohorts), tuple(program.atoms.values())))  # type: ignore[arg-type]
        for words in lines:
            # only what is to be copied in one piece may be wider
            assert len(words) <= 80 or re.fullmatch(r"\s*\S+( \S+)?[.)]*", words.strip()), words
            if not plumbing:
                assert not re.search(r"\w{5,}/\d+\.\d+", words), words
                assert not any(p in words for p in ("systemic course", "sparing course", "by this rule")), words
        for atom in program.atoms:
            assert any(words.lstrip().startswith(f"{atom} ") for words in lines)


class Checked(HTMLParser):
    """Holds that every element is closed, that nothing is fetched and no script is run."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.links: set[str] = set()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "img", "iframe")
        given = dict(attrs)
        assert not any(name == "src" or name.startswith("on") for name in given)
        assert given.get("id") not in self.ids
        self.ids |= {given["id"] or ""} if "id" in given else set()
        self.links |= {(given["href"] or "")[1:]} if "href" in given else set()
        if tag != "meta":
            self.open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_escaped(answers: list[Answers]) -> None:
    for one in answers[::20]:
        program = one.screener.program
        text = as_html("<trial>", one, tuple(program.cohorts), tuple(program.atoms.values()), Explanations(one), 3)
        page = Checked()
        page.feed(text)
        assert page.open == []
        assert page.links <= page.ids
        assert "&lt;trial&gt;" in text
        assert "<trial>" not in text


def test_json_has_each_step_once(answers: list[Answers]) -> None:
    one = answers[0]
    program = one.screener.program
    read = json.loads(
        as_json(TRIAL, one, tuple(program.cohorts), tuple(program.atoms.values()), Explanations(one), None)
    )
    steps = read["steps"]
    assert set(read["atoms"]) == set(program.atoms)
    assert {a["proof"] for a in read["atoms"].values()} <= set(steps)
    assert {b for s in steps.values() for b in s["below"]} <= set(steps)


def test_whynot_names_the_atoms_that_are_not_met(answers: list[Answers]) -> None:
    for one in answers[::5]:
        explanations = Explanations(one)
        for atom in one.screener.program.atoms.values():
            lacks = explanations.lacking(atom.relation)
            assert (lacks == []) == (one.status(atom.relation) is Status.MET)
            assert all(x.found for x in lacks), (one.chart.patient, atom.identifier)


def test_generated_programs() -> None:
    from tests.agreement.choices import seeded
    from tests.agreement.trials import trial

    tried = 0
    for seed in range(60):
        one = trial(seeded(seed))
        if one is None:
            continue
        for chart in one.charts:
            screener = screener_of(one.subject)
            found = screener.screen(chart, one.subject.screening)
            relations = [
                d
                for d, x in screener.program.derived.items()
                if x.about_patient and len(x.columns) == 1 and "/" not in d
            ]
            asked = {a.relation for a in screener.program.atoms.values()} | {
                c.relation for c in screener.program.criteria
            }
            check(found, sorted(asked & set(relations)))
            tried += 1
    assert tried > 50


def screener_of(subject: Subject) -> Screener:
    return Screener(subject.program, subject.readings)
