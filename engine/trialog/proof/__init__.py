"""Why a relation holds, fails or stays unknown for a patient: rules, records and what is missing, as a tree.

The search reads the author's clauses against the rows that an engine derived. It decides nothing: the status at the root is the
engine's, and a tree that says otherwise is a defect, which the tests look for.
"""

from collections.abc import Callable

from trialog.answers import Answers, Status
from trialog.fetches import OPEN
from trialog.plain import Row
from trialog.proof.nearest import Lack, lacking
from trialog.proof.search import Explanation
from trialog.proof.step import Reason, Step

__all__ = ["Explanations", "Lack", "Reason", "Step", "explain"]


def explain(answers: Answers, relation: str) -> Step:
    """Why the relation, which is about the patient alone, has its status."""
    return Explanations(answers).of(relation)


class Explanations:
    """Explanations of one patient's answers, which share what they have in common."""

    def __init__(self, answers: Answers, look: Callable[[], None] | None = None) -> None:
        """`look` is called again and again while an explanation is searched for; it raises where there is to be an end."""
        self._explanation = Explanation(answers, look)

    def of(self, relation: str) -> Step:
        """Why the relation, which is about the patient alone, has its status."""
        return self._explanation.relation(relation)

    def lacking(self, relation: str, wanted: Status = Status.MET) -> list[Lack]:
        """What stands between the relation and the status that is wanted, by the rule that came nearest."""
        return lacking(self._explanation, relation, wanted)

    def of_row(self, relation: str, row: Row, certain: bool) -> Step:
        """Why the relation has this row, for certain or possibly."""
        found = self._explanation
        derived = found.program.derived[relation]
        sorts = tuple(c.sort for c in derived.columns)
        return found.derived_step(relation, row, sorts, certain, derived.is_exact)

    def of_no_row(self, relation: str) -> Step:
        """Why no row of the relation is recorded: none can be, or some may be that is not recorded."""
        found = self._explanation
        is_open = (found.patient,) in found.rows(f"{OPEN} {relation}")
        return found.open(relation) if is_open else found.failures.no_more(relation)
