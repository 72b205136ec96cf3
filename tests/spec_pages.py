"""Spec pages: chapters of the manual whose rules, charts and answers are run on every engine.

A page is prose with headings. A section with a table of answers is a case: its rules are its `datalog` blocks, or its protocol in a
`markdown` block (where it has neither, those of the last section that has some); its charts are its `json` and `csv` blocks, in
the forms of docs/charts.md. docs/language.md tells the reader the same. A block `datalog vocabulary` on a page takes the place of
the vocabulary that all pages share.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import override

from tests.engines import ENGINES, Engine
from tests.sections import CODE, Fence, PageError, Section, Table, sections
from trialog.answers import Screener, Status
from trialog.charts.chart import Chart
from trialog.charts.read import read_charts
from trialog.check import Pages, check
from trialog.engines.reference import Reference, Rows
from trialog.plain import Row
from trialog.plan import Plan
from trialog.program import Program, ProtocolAtom
from trialog.proof import Explanations
from trialog.render.problems import render
from trialog.source import Source, Span
from trialog.values import days
from trialog.vocabulary import Vocabulary

ROOT = Path(__file__).parents[1]
SPEC = ROOT / "tests/spec"
SHARED = SPEC / "vocabulary.md"
SCREENED_ON = "2026-01-15"
"""The date of screening where a chart does not say one."""


# -- pages -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """A cell of a table of answers: of a patient, what is asked (a relation, an atom or a cohort), and the answer."""

    patient: str
    asked: str
    answer: str
    line: int


@dataclass(frozen=True, slots=True)
class Case:
    """A table of answers, with the rules and the charts that it is about, under readings where it names some."""

    page: str
    title: str
    pages: Pages
    charts: tuple[Fence, ...]
    readings: Mapping[str, str]
    wanted: tuple[Wanted, ...]

    def __str__(self) -> str:
        return f"{self.page}: {self.title}"


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT)) if page.is_relative_to(ROOT) else page.name


def programs(page: Path) -> Iterator[tuple[Section, Pages]]:
    """Each section of a page, with the pages of knowledge that its cases are about.

    What of the page is not rules is left blank in them, so that lines keep their numbers.
    """
    name, text = name_of(page), page.read_text(encoding="utf-8")
    parts = sections(text)
    own = [f for part in parts for f in part.fences if f.name == "vocabulary"]
    vocabulary = _only(name, text, own) if own else _shared()
    rules: tuple[Fence, ...] = ()
    for part in parts:
        rules = part.rules or rules
        written = [f for f in rules if f.language == "datalog"]
        protocols = [f for f in rules if f.language == "markdown"]
        if len(protocols) > 1:
            raise PageError(f"{name}:{protocols[1].line}: a section has one protocol")
        yield (
            part,
            Pages(
                (vocabulary, *([_only(name, text, written)] if written else [])),
                _only(name, text, protocols) if protocols else None,
                None,
            ),
        )


@cache
def _shared() -> Source:
    return Source(name_of(SHARED), SHARED.read_text(encoding="utf-8"))


def _only(name: str, text: str, fences: Iterable[Fence]) -> Source:
    lines = text.split("\n")
    kept = [""] * len(lines)
    for f in fences:
        first, last = f.line - 1, f.line - 1 + f.text.count("\n")
        around = slice(first, last) if f.language == "markdown" else slice(first - 1, last + 1)
        kept[around] = lines[around]
    return Source(name, "\n".join(kept))


def cases(page: Path) -> list[Case]:
    """The cases of a page, in order. Raises PageError where it is not written as it should be."""
    name = name_of(page).removeprefix("tests/spec/").removesuffix(".md")
    found: list[Case] = []
    for part, pages in programs(page):
        answers = [t for t in part.tables if any(CODE.fullmatch(h) for h in t.heads[1:])]
        if part.charts and not answers:
            raise PageError(f"{name}: `{part.title}` has charts and no answers")
        if answers and any(f.language == "csv" and not f.name for f in part.fences):
            raise PageError(f"{name}: `{part.title}` has a table without a name")
        for table in answers:
            if prose := {h for h in table.heads[1:] if not CODE.fullmatch(h)} - {"because"}:
                raise PageError(f"{name}: `{part.title}` does not ask for {', '.join(sorted(prose))}: in backticks?")
            readings = _readings(table)
            asked = [m[1] if (m := CODE.fullmatch(h)) else "" for h in table.heads[1:]]
            wanted = tuple(
                Wanted(cells[0], what, cell, line)
                for line, cells in table.rows
                for what, cell in zip(asked, cells[1:], strict=True)
                if what
            )
            title = ", ".join((part.title, *(f"{n} = {o}" for n, o in readings.items())))
            found.append(Case(name, title, pages, part.charts, readings, wanted))
    return found


def _readings(answers: Table) -> dict[str, str]:
    """The readings that a table of answers is for: `name = option` at the head of its first column."""
    chosen = (code.partition("=") for code in CODE.findall(answers.heads[0]))
    return {reading.strip(): option.strip() for reading, _, option in chosen}


# -- answers ---------------------------------------------------------------------------------------------------------


@cache
def program_of(pages: Pages) -> Program:
    """The program of a case. Raises PageError, with all that is said, where anything is wrong with it."""
    program, problems = check(pages)
    if program is None or problems:
        raise PageError("\n\n".join(render(p) for p in problems))
    return program


def charts_of(case: Case, vocabulary: Vocabulary) -> dict[str, Chart]:
    """The chart of each patient of the case. Of those who are in the answers alone, nothing is recorded."""
    patients = dict.fromkeys(w.patient for w in case.wanted)
    with TemporaryDirectory() as folder:
        documents, tables = Path(folder) / "documents", Path(folder) / "tables"
        documents.mkdir()
        tables.mkdir()
        for i, fence in enumerate(case.charts):
            path = tables / fence.name if fence.language == "csv" else documents / f"{i:03}.json"
            if path.exists():
                raise PageError(f"{case}: the table `{fence.name}` is given twice")
            text = _of_everybody(fence.text, patients) if fence.language == "csv" else fence.text
            path.write_text(text, encoding="utf-8")
        read = list(read_charts(documents, vocabulary)) if any(documents.iterdir()) else []
        listed = tables / "patients.csv"
        if not listed.exists():
            others = [p for p in patients if p not in {r.name for r in read}]
            listed.write_text("patient\n" + "".join(f"{_cell(p)}\n" for p in others), encoding="utf-8")
        read += read_charts(tables, vocabulary)
    if wrong := [p for r in read for p in r.problems]:
        raise PageError(f"{case}\n\n" + "\n\n".join(render(p) for p in wrong))
    charts = {r.chart.patient: r.chart for r in read if r.chart is not None}
    if len(charts) < len(read) or charts.keys() != patients.keys():
        raise PageError(f"{case}: the patients are {', '.join(charts)}; those answered for, {', '.join(patients)}")
    return charts


def _of_everybody(table: str, patients: Iterable[str]) -> str:
    """The table, in which a row of `everybody` is one of each patient."""
    rows = ((line, line.partition(",")) for line in table.splitlines())
    return "".join(
        "".join(f"{_cell(p)},{rest}\n" for p in patients) if first.strip() == "everybody" else f"{line}\n"
        for line, (first, _, rest) in rows
    )


def _cell(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


class _InPlace(Reference):
    """Another engine in the place of the reference."""

    def __init__(self, plan: Plan, engine: Engine) -> None:
        self.plan = plan
        self.engine = engine

    @override
    def run(self, facts: Mapping[str, Iterable[Row]]) -> Rows:
        rows = Rows()
        for name, found in self.engine(self.plan, facts).items():
            rows.give(name, found)
        return rows


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that was given. For the reference it has the reason of what is unknown, and `explained` is its proof's status."""

    wanted: Wanted
    answer: str
    explained: str

    @property
    def is_right(self) -> bool:
        return self.answer == self.wanted.answer and self.explained in ("", self.answer.partition(":")[0])


def given(case: Case, engine: str) -> Iterator[Given]:
    """What an engine answers in each cell of the case. Raises Refused where it does not take the plan."""
    program = program_of(case.pages)
    relations = {w.asked: _relation(w, program, case) for w in case.wanted if w.asked not in program.cohorts}
    own = {a.relation for a in program.atoms.values()}
    nowhere = Span(Source(case.page, ""), 0, 0)
    atoms = {  # so that whatever is asked is planned for, and explained
        asked: ProtocolAtom(asked, relation, relation.replace("_", " "), "all", "", nowhere)
        for asked, relation in relations.items()
        if relation not in own
    }
    screener = Screener(replace(program, atoms={**program.atoms, **atoms}), case.readings)
    if engine != "reference":
        screener.engine = _InPlace(screener.plan, ENGINES[engine])
    charts = charts_of(case, program.vocabulary)
    day = int(days(SCREENED_ON).low)
    answers = {
        name: screener.screen(chart, chart.screening if chart.screening is not None else day)
        for name, chart in charts.items()
    }
    proofs = {name: Explanations(a) for name, a in answers.items()} if engine == "reference" else {}
    for w in case.wanted:
        mine = answers[w.patient]
        if w.asked in program.cohorts:
            yield Given(w, mine.verdict(w.asked).value, "")
            continue
        answer, explained = mine.status(relations[w.asked]).value, ""
        if proofs:
            step = proofs[w.patient].of(relations[w.asked])
            explained = step.status.value
            if ":" in w.answer:
                answer = f"{answer}: {step.reason.value}" if step.reason is not None else answer
            elif answer == Status.UNKNOWN.value and step.reason is None:
                explained = "unknown for no reason"
        yield Given(w if proofs else replace(w, answer=w.answer.partition(":")[0]), answer, explained)


def _relation(wanted: Wanted, program: Program, case: Case) -> str:
    atom = program.atoms.get(wanted.asked)
    name = atom.relation if atom is not None else wanted.asked
    derived = program.derived.get(name)
    if derived is None or not derived.about_patient or len(derived.columns) != 1:
        raise PageError(f"{case}: `{wanted.asked}` is not a relation of the patient alone, an atom or a cohort")
    return name


# -- saved cases -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Saved:
    """A case as a page of its own: rules, the chart of one patient as JSON, and the status of each relation asked."""

    title: str
    rules: str
    chart: str
    expected: Mapping[str, str]
    vocabulary: str = ""  # empty: the one that all pages share
    readings: Mapping[str, str] = field(default_factory=dict)


def write_case(
    path: Path,
    title: str,
    rules: str,
    chart: str,
    expected: Mapping[str, str],
    vocabulary: str = "",
    readings: Mapping[str, str] | None = None,
) -> None:
    """Write the case as a page, which is run with the others once it lies under `tests/spec/`.

    `chart` is JSON (see `tests.chart_json`); where it does not say a date of screening, that is SCREENED_ON.
    Raises ValueError, and writes nothing, where the same case could not be read back.
    """
    saved = Saved(title, _ended(rules), _ended(chart), dict(expected), _ended(vocabulary), dict(readings or {}))
    text = _page_of(saved)
    try:
        same = _saved(text) == saved
    except (ValueError, PageError):
        same = False
    if not same:
        raise ValueError(f"a page cannot hold this case: {saved}")
    path.write_text(text, encoding="utf-8")


def read_case(path: Path) -> Saved:
    """The case that `write_case` wrote."""
    return _saved(path.read_text(encoding="utf-8"))


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _page_of(saved: Saved) -> str:
    chosen = ", ".join(f"`{name} = {option}`" for name, option in saved.readings.items())
    heads = [f"patient{', under ' if chosen else ''}{chosen}", *(f"`{relation}`" for relation in saved.expected)]
    cells = [_patient(saved.chart), *saved.expected.values()]
    rows = [heads, ["---"] * len(heads), [c.replace("|", "\\|") for c in cells]]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    own = _fenced("datalog vocabulary", saved.vocabulary) if saved.vocabulary else ""
    return f"# {saved.title}\n\n{own}{_fenced('datalog', saved.rules)}{_fenced('json', saved.chart)}{table}"


def _fenced(info: str, text: str) -> str:
    ticks = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
    return f"{ticks}{info}\n{text}{ticks}\n\n"


def _patient(chart: str) -> str:
    """The patient's name, as it stands in the JSON."""
    found = json.loads(chart)
    return str(found.get("patient", "")) if isinstance(found, dict) else ""


def _saved(text: str) -> Saved:
    part, *others = sections(text)
    texts = {f"{f.language} {f.name}".strip(): f.text for f in part.fences}
    if others or len(part.tables) != 1 or len(texts) != len(part.fences) or not texts.keys() >= {"datalog", "json"}:
        raise ValueError("a saved case has one section with rules, one chart and one table")
    table = part.tables[0]
    names = [found[1] for head in table.heads[1:] if (found := CODE.fullmatch(head))]
    [(_, cells)] = table.rows
    return Saved(
        part.title,
        texts["datalog"],
        texts["json"],
        dict(zip(names, cells[1:], strict=True)),
        texts.get("datalog vocabulary", ""),
        _readings(table),
    )
