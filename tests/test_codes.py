"""A code is one kind of problem: what is claimed under it is claimed under no other, and some page provokes each claim."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import Check

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "engine/trialog").rglob("*.py"))
_CODE = re.compile(r"E\d\d\d")
ELSEWHERE = {
    "E108",
    "E303",
    "E305",
    "E409",
    "E509",
    "E512",
}  # told by a function that is given the code or the claim
type Claim = tuple[str, str]
"""A code, and a claim made under it, as a pattern: what is filled in may be anything."""

NOT_PROVOKED = {
    "E108": "a page that cannot be read has no text; see test_problem_pages.py",
    "E409": "a source document that cannot be read has none either; see test_problem_pages.py",
}


def claims() -> Iterator[Claim]:
    """Every claim that is written in the source beside a code: as a text, or by a name that the same function gives to texts."""
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for scope in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
            named = dict(names(scope))
            for code, claim in together(scope):
                if isinstance(code, ast.Constant) and isinstance(code.value, str) and _CODE.fullmatch(code.value):
                    yield from ((code.value, pattern) for pattern in patterns(claim, named))


def together(scope: ast.FunctionDef) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What stands side by side: two arguments of a call, or two values."""
    for node in ast.walk(scope):
        match node:
            case ast.Call(args=values) | ast.Tuple(elts=values):
                yield from pairwise(values)
            case _:
                pass


def names(scope: ast.FunctionDef) -> Iterator[tuple[str, list[ast.expr]]]:
    """What a function assigns to each name, one after the other."""
    found: dict[str, list[ast.expr]] = defaultdict(list)
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=False))
                for one, value in pairs:
                    if isinstance(one, ast.Name):
                        found[one.id].append(value)
    yield from found.items()


def patterns(claim: ast.expr, named: dict[str, list[ast.expr]]) -> Iterator[str]:
    match claim:
        case ast.Constant(value=str(words)):
            yield re.escape(words)
        case ast.JoinedStr(values=values):
            yield "".join(re.escape(str(v.value)) if isinstance(v, ast.Constant) else ".*" for v in values)
        case ast.IfExp(body=one, orelse=other):
            yield from (*patterns(one, named), *patterns(other, named))
        case ast.Name(id=name):
            for value in named.get(name, ()):
                yield from patterns(value, {})
        case _:
            pass


CLAIMS = sorted(set(claims()))
OF_PAGES = [(code, pattern) for code, pattern in CLAIMS if code < "E5" and code not in NOT_PROVOKED]


def test_the_claims_are_found() -> None:
    written = {code for path in FILES for code in re.findall(r'"(E\d\d\d)"', path.read_text(encoding="utf-8"))}
    assert len(OF_PAGES) > 100
    assert written - {code for code, _ in CLAIMS} <= ELSEWHERE


def test_no_claim_is_made_under_two_codes() -> None:
    codes: dict[str, set[str]] = defaultdict(set)
    for code, pattern in OF_PAGES:
        if len(pattern.replace(".*", "").replace("\\", "")) > 12:
            codes[pattern].add(code)
    assert {pattern: found for pattern, found in codes.items() if len(found) > 1} == {}


def test_no_two_pages_have_one_title() -> None:
    titles = [p.read_text(encoding="utf-8").partition("\n")[0][8:] for p in (ROOT / "docs/problems").glob("E*.md")]
    assert len(set(titles)) == len(titles)


@pytest.fixture(scope="module")
def said(golden: Check) -> set[tuple[str, str]]:
    """Every claim that the golden pages and the pages of the codes provoke."""
    pages = [p for p in (ROOT / "tests/golden").glob("*.md") if p.name != "vocabulary.md"]
    pages += [p for p in (ROOT / "docs/problems").glob("E[1-4]*.md") if p.stem not in NOT_PROVOKED]
    return {(p.code, p.claim) for path in pages for p in golden(path).problems}


@pytest.mark.parametrize(("code", "pattern"), OF_PAGES, ids=[f"{c}-{i}" for i, (c, _) in enumerate(OF_PAGES)])
def test_every_claim_is_provoked_by_a_page(code: str, pattern: str, said: set[tuple[str, str]]) -> None:
    assert any(c == code and re.fullmatch(pattern, claim) for c, claim in said), pattern
