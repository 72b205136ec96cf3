"""A small knowledge base with everything that a graph shows, and graphs made at random."""

from pathlib import Path

import pytest

from trialog.graph import Dependencies, dependencies
from trialog.knowledge import Library

KB = Path(__file__).parent / "kb"


@pytest.fixture(scope="session")
def known() -> Dependencies:
    library = Library(KB)
    program, problems = library.program("steroids")
    assert program is not None, problems
    return dependencies(program, library.pages("steroids")[0])
