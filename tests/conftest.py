"""Pages of Markdown as tests: a protocol with something wrong in it, and exactly what we say about it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import settings

from trialog.check import Pages, check
from trialog.check.advice import advice
from trialog.problem import Problem
from trialog.render.problems import render
from trialog.source import Source, Span

settings.register_profile("unhurried", deadline=None)  # a busy machine makes no test fail
settings.load_profile("unhurried")

_BLOCK = re.compile(r"^(`{3,})(markdown|datalog|source|text)\b *(\S*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
# What `trialog check` alone tells, and what the pages of other codes need not mind.
WARNINGS = frozenset(
    ["E222", "E223", "E224", "E225", "E226", "E230", "E231", "E232", "E233", "E411", "E412", "E413", "E414", "E415"]
)
VOCABULARY = Path(__file__).parent / "golden/vocabulary.md"
# What stands around a block of rules that is shown alone, so that nothing else is wrong.
_AROUND = """\
# A trial

## Cohort sle: Systemic lupus erythematosus

> Patients of 18 years or more who are fit for the infusion.

```datalog
inclusion adult_and_fit(P) :- born(P, B), screening(P, S), B + 18 years <= S, judged(P, fit_for_infusion, ..).
```

```datalog
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-golden", action="store_true", help="write what is said now into the pages that expect it"
    )


@dataclass(frozen=True)
class Golden:
    """What a page expects to be said, and what is said, as text; and the problems that are said."""

    expected: str
    said: str
    problems: tuple[Problem, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(p.code for p in self.problems)


type Check = Callable[[Path], Golden]
"""Checks a page."""


def shared() -> Source:
    """The vocabulary that all pages share."""
    return Source("kb/vocabulary/shared.md", VOCABULARY.read_text(encoding="utf-8"))


def problems_of(blocks: Sequence[tuple[str, str, str]], warned: bool = False) -> list[Problem]:
    """All that is wrong with the pages in these blocks (language, name, text); what is warned of too, where asked."""
    protocol, document, vocabulary = None, None, [shared()]
    for language, name, text in blocks:
        match language, name:
            case "markdown", "vocabulary":
                vocabulary.append(Source("kb/vocabulary/own.md", text))
            case "markdown", _:
                protocol = Source("protocol.md", text)
            case "datalog", _:
                protocol = Source("protocol.md", f"{_AROUND}{text}```\n")
            case _:
                document = Source("source.txt", text)
    pages = Pages(tuple(vocabulary), protocol, document)
    program, problems = check(pages)
    assert (program is None) == bool(problems), "there is a program where nothing is wrong, and only there"
    if program is not None and warned:
        problems = advice(pages, program)
    alone = {
        Source("protocol.md", f"{_AROUND}{text}```\n"): text for language, _, text in blocks if language == "datalog"
    }
    return [_alone(p, alone) for p in problems]


def _alone(problem: Problem, alone: Mapping[Source, str]) -> Problem:
    """The problem of a block that is shown alone, its lines counted as people count them there."""

    def moved(at: Span) -> Span:
        if at.source not in alone:
            return at
        shown = Source("example.md", alone[at.source])
        return Span(shown, max(at.start - len(_AROUND), 0), max(at.end - len(_AROUND), 0))

    return replace(
        problem,
        quote=""
        if problem.at.source in alone
        else problem.quote,  # what is quoted around the block is not shown either
        at=moved(problem.at),
        related=tuple((moved(at), words) for at, words in problem.related),
        fixes=tuple(
            replace(fix, edits=tuple(replace(edit, at=moved(edit.at)) for edit in fix.edits)) for fix in problem.fixes
        ),
    )


@pytest.fixture(scope="session")
def golden(request: pytest.FixtureRequest) -> Check:
    """Checks the protocol of a page: its `markdown` or `datalog` block, with the `source` block where there is one.

    A block `markdown vocabulary` is a page of vocabulary beside the one that all pages share. A block `datalog` stands on a
    page where all else is right. What is expected is the first `text` block; under `--rewrite-golden` it is written anew.
    """

    def checked(path: Path) -> Golden:
        text = path.read_text(encoding="utf-8")
        found = list(_BLOCK.finditer(text))
        end = next((i for i, block in enumerate(found) if block[2] == "text"), None)
        assert end is not None, f"{path} expects nothing: it has no block marked `text`"
        expected = found[end]
        problems = problems_of([(b[2], b[3], b[4]) for b in found[:end]], path.stem[:4] in WARNINGS)
        said = "\n\n".join(render(p) for p in problems) + "\n"
        wanted = expected[4]
        if request.config.getoption("--rewrite-golden") and said != wanted:
            path.write_text(text[: expected.start(4)] + said + text[expected.end(4) :], encoding="utf-8")
            wanted = said
        return Golden(wanted, said, tuple(problems))

    return checked


@pytest.fixture(scope="session")
def mended() -> Callable[[str, str], list[Problem]]:
    """What is wrong with the `datalog` or `markdown` blocks in a text that says how to mend an example of a code."""
    return lambda text, code: [
        p for b in _BLOCK.finditer(text) if b[2] != "text" for p in problems_of([(b[2], b[3], b[4])], code in WARNINGS)
    ]
