"""The small vocabulary of the tests of charts."""

import pytest

from tests.charts.conftest import CONCEPTS, RELATIONS
from trialog.vocabulary import Vocabulary


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return Vocabulary({c.name: c for c in CONCEPTS}, {r.name: r for r in RELATIONS})
