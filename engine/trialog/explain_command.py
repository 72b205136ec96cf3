"""`trialog explain E206`: the page of a code."""

import argparse

from trialog.problem import did_you_mean
from trialog.problem_pages import claims, page, shipped_pages
from trialog.render.pages import index_lines, page_lines
from trialog.usage import emit, typed_wrong


def explain(given: argparse.Namespace) -> int:
    """Print what a code means and what to do about it; without a code, list them all."""
    listed = claims()
    if not listed:
        raise typed_wrong("E616", f"the pages of the codes are not in {shipped_pages()}", "install trialog anew")
    if given.code is None:
        emit(index_lines(listed, given.width, given.colour))
        return 0
    code = given.code.upper() if given.code[:1] in "eE" else f"E{given.code}"
    text = page(code)
    if text is None:
        known = [code for codes in listed.values() for code in codes]
        help_ = did_you_mean(code, known) or "`trialog explain` lists all codes"
        raise typed_wrong("E616", f"there is no code `{given.code}`", help_)
    emit(page_lines(text, given.width, given.colour))
    return 0
