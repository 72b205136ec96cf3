"""What holds of any text that somebody gives for a page, right or wrong."""

import re
from collections import Counter

from trialog.check import Pages, check
from trialog.check.advice import advice
from trialog.format import formatted
from trialog.lexer import tokens
from trialog.mending import mending
from trialog.page import Block, read_page
from trialog.parse import parse
from trialog.problem import Problem, Severity
from trialog.render.problems import render
from trialog.source import Source

_QUOTED = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|%[^\n]*")


def told(pages: Pages) -> list[Problem]:
    """The problems of the pages, each of which can be shown. So can what they are warned of."""
    program, problems = check(pages)
    assert (program is None) == any(p.severity is Severity.ERROR for p in problems)
    warnings = advice(pages, program) if program is not None else []
    assert all(p.severity is Severity.WARNING for p in warnings)
    for p in (*problems, *warnings):
        edits = [edit for fix in p.fixes for edit in fix.edits]
        words = (p.claim, p.help, p.label, *(w for _, w in p.related), *(fix.says for fix in p.fixes))
        assert re.fullmatch(r"E[1-4]\d\d", p.code)
        assert p.claim
        assert not any("\n" in w for w in words)
        for at in (p.at, *(at for at, _ in p.related), *(edit.at for edit in edits)):
            assert 0 <= at.start <= at.end <= len(at.source.text)
        assert p.code in render(p)
    return problems


def mended(pages: Pages, problems: list[Problem]) -> Pages:
    """The pages with all safe fixes made, of which nothing is told but what was told before, less what was mended."""
    made = mending(problems, (*pages.vocabulary, *([pages.protocol] if pages.protocol is not None else [])))
    after = made.pages(pages)
    if made.edits:
        before = Counter(p.code for p in problems) - Counter(p.code for p in made.problems)
        assert Counter(p.code for p in told(after)) == before
    return after


def laid_out(source: Source) -> str:
    """The page with its rules laid out, of which nothing but white space has changed, and once is enough."""
    new = Source(source.name, formatted(source))
    if new.text == source.text:
        return new.text
    assert formatted(new) == new.text
    before, after = read_page(source)[0], read_page(new)[0]
    at_before, at_after = 0, 0
    for old, laid in zip(before.blocks, after.blocks, strict=True):
        if laid.at.words == old.at.words or old.at.end == len(before.source.text):  # a block without an end is left
            continue
        read, problems = parse(old)
        assert not problems
        assert parse(laid) == (read, [])
        assert _words(laid) == _words(old)
        assert comments(laid.at.words) == comments(old.at.words)
        assert after.source.text[at_after : laid.at.start] == before.source.text[at_before : old.at.start]
        at_before, at_after = old.at.end, laid.at.end
    assert after.source.text[at_after:] == before.source.text[at_before:]
    return new.text


def comments(text: str) -> list[str]:
    """The comments of a block, without the white space at their ends."""
    return [found[0].rstrip() for found in _QUOTED.finditer(text) if found[0].startswith("%")]


def _words(block: Block) -> list[str]:
    return [token.words for token in tokens(block.at.source, block.at.start, block.at.end)[0]]
