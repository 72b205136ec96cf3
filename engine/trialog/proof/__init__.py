"""Why a relation holds, fails or stays unknown for a patient: rules, records and what is missing, as a tree.

The search reads the author's clauses against the rows that an engine derived. It decides nothing: the status at the root is the
engine's, and a tree that says otherwise is a defect, which the tests look for.
"""

from trialog.answers import Answers, Status
from trialog.proof.nearest import Lack, lacking
from trialog.proof.search import Explanation
from trialog.proof.step import Reason, Step

__all__ = ["Explanations", "Lack", "Reason", "Step", "explain"]


def explain(answers: Answers, relation: str) -> Step:
    """Why the relation, which is about the patient alone, has its status."""
    return Explanations(answers).of(relation)


class Explanations:
    """Explanations of one patient's answers, which share what they have in common."""

    def __init__(self, answers: Answers) -> None:
        self._explanation = Explanation(answers)

    def of(self, relation: str) -> Step:
        """Why the relation, which is about the patient alone, has its status."""
        return self._explanation.relation(relation)

    def lacking(self, relation: str, wanted: Status = Status.MET) -> list[Lack]:
        """What stands between the relation and the status that is wanted, by the rule that came nearest."""
        return lacking(self._explanation, relation, wanted)
