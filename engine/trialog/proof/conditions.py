"""Conditions on values that are already known: classes, differences, comparisons, aggregates."""

from trialog.answers import Status
from trialog.program import Const, Expr, Var
from trialog.proof.intervals import comparison, interval, worse
from trialog.proof.step import FROM_CAUSE, Known, Reason, Step
from trialog.proof.wording import Wording, spelled
from trialog.source import Span
from trialog.values import Cause


class Conditions:
    """Whether a condition holds of known values; None where there is nothing to say."""

    def __init__(self, wording: Wording) -> None:
        self.words = wording
        self.vocabulary = wording.vocabulary

    def under(self, arg: Var | Const, concept: str, negated: bool, known: Known) -> Step | None:
        value = known.get(arg.name) if isinstance(arg, Var) else str(arg.value)
        if not isinstance(value, str):
            return None
        vocabulary = self.vocabulary
        inside = vocabulary.is_a(value, concept)
        overlaps = bool(vocabulary.descendants[value] & vocabulary.descendants[concept])
        holds = (not overlaps if inside is False else False) if negated else inside
        if holds:
            return None
        if (not negated and overlaps) or (negated and not inside):
            return Step(f"{self.words.label(value)} may be {self.words.label(concept)}", Status.UNKNOWN, Reason.MISSING)
        return Step(
            f"{self.words.label(value)} is {'' if negated else 'not '}{self.words.label(concept)}", Status.NOT_MET
        )

    def distinct(self, left: Var, right: Var, same: bool, known: Known) -> Step | None:
        one, other = known.get(left.name), known.get(right.name)
        if not isinstance(one, str) or not isinstance(other, str):
            return None
        equal = one == other
        if equal is same:
            below = self.vocabulary.descendants
            if not same and one in below and below[one] & below[other]:
                return Step(
                    f"{self.words.label(one)} and {self.words.label(other)} may be the same",
                    Status.UNKNOWN,
                    Reason.MISSING,
                )
            return None
        if same:
            return Step(f"{self.words.label(one)} is not {self.words.label(other)}", Status.NOT_MET)
        return Step(f"both are the same: {self.words.label(one)}", Status.NOT_MET)

    def compared(self, operator: str, left: Expr, right: Expr, known: Known, at: Span | None) -> Step | None:
        one, other = interval(left, known), interval(right, known)
        if one is None or other is None:
            return None
        surely, maybe = comparison(operator, one, other)
        says = spelled(at, known)
        if surely:
            return Step(says, Status.MET, at=at)
        if maybe:
            cause = worse(one.cause, other.cause) or Cause.IMPRECISE
            return Step(f"{says} is not known", Status.UNKNOWN, FROM_CAUSE[cause], at=at)
        return Step(f"{says} does not hold", Status.NOT_MET, at=at)
