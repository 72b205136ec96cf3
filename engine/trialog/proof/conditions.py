"""Conditions on values that are already known: classes, differences, comparisons."""

from trialog.answers import Status
from trialog.program import Compared, Distinct, Program, Under, Var
from trialog.proof.intervals import comparison, interval, worse
from trialog.proof.sides import solved
from trialog.proof.step import FROM_CAUSE, Known, Part, Reason, Step, Steps
from trialog.proof.wording import Naming, Wording
from trialog.values import Cause


class Conditions:
    """Whether a condition holds of known values; None where nothing is known of them."""

    def __init__(self, program: Program, wording: Wording, steps: Steps) -> None:
        self.program = program
        self.words = wording
        self.step = steps
        self.vocabulary = wording.vocabulary

    def path(self, concept: str, above: str) -> tuple[str, ...]:
        """The concepts from the one to the one above it, by the shortest way."""
        ways = [(concept,)]
        while ways:
            way = ways.pop(0)
            if way[-1] == above:
                return way
            ways += [(*way, p) for p in self.vocabulary.concepts[way[-1]].parents if self.vocabulary.is_a(p, above)]
        return (concept,)

    def under(self, p: Under, known: Known) -> Step | None:
        value = known.get(p.arg.name) if isinstance(p.arg, Var) else str(p.arg.value)
        if not isinstance(value, str):
            return None
        vocabulary, label = self.vocabulary, self.words.label
        inside = vocabulary.is_a(value, p.concept)
        if inside:
            path = self.path(value, p.concept)
            sources = tuple(dict.fromkeys(s for c in path[:-1] for s in vocabulary.concepts[c].sources))
            cited = f" [{', '.join(sources)}]" if sources else ""
            says = (
                f"{' → '.join(label(c) for c in path)}{cited}"
                if len(path) > 1
                else f"{label(value)} is the one asked for"
            )
            status = Status.NOT_MET if p.negated else Status.MET
            return self.step(
                Part.FACT, says, status, at=p.at, plumbing=len(path) == 1, alike=f"each is {self.words.a(p.concept)}"
            )
        if vocabulary.descendants[value] & vocabulary.descendants[p.concept]:
            says = f"{label(value)} may be {self.words.a(p.concept)}; which it was is not recorded"
            sides = (f"it was {self.words.a(p.concept)}", f"it was not {self.words.a(p.concept)}")
            sides = (sides[1], sides[0]) if p.negated else sides
            return self.step(Part.TEST, says, Status.UNKNOWN, Reason.MISSING, at=p.at, sides=sides)
        says = f"{label(value)} is not {self.words.a(p.concept)}"
        status = Status.MET if p.negated else Status.NOT_MET
        return self.step(Part.FACT, says, status, at=p.at, alike=f"none is {self.words.a(p.concept)}")

    def distinct(self, p: Distinct, known: Known) -> Step | None:
        one, other = known.get(p.left.name), known.get(p.right.name)
        if not isinstance(one, str) or not isinstance(other, str):
            return None
        below, label = self.vocabulary.descendants, self.words.label
        doubt = ""
        if not p.same and one == other and len(below.get(one, ())) > 1:
            doubt = f"both are only recorded as {label(one)}: they may be the same, or different"
        elif not p.same and one != other and below.get(one, frozenset()) & below.get(other, frozenset()):
            doubt = f"{label(one)} and {label(other)} may be the same"
        if doubt:
            sides = ("they were different", "they were the same")
            return self.step(Part.TEST, doubt, Status.UNKNOWN, Reason.MISSING, at=p.at, sides=sides)
        if one == other:
            status = Status.MET if p.same else Status.NOT_MET
            return self.step(
                Part.TEST, f"both are the same: {label(one)}", status, at=p.at, plumbing=p.same, alike="all the same"
            )
        status = Status.NOT_MET if p.same else Status.MET
        return self.step(Part.TEST, f"{label(one)} is not {label(other)}", status, at=p.at, plumbing=not p.same)

    def compared(self, p: Compared, known: Known, naming: Naming) -> Step | None:
        one, other = interval(p.left, known), interval(p.right, known)
        if one is None or other is None:
            return None
        surely, maybe = comparison(p.operator, one, other)
        status = Status.MET if surely else Status.UNKNOWN if maybe else Status.NOT_MET
        says, sides = self.words.compared(p, known, naming, status)
        if status is not Status.UNKNOWN:
            return self.step(Part.TEST, says, status, at=p.at)
        sides = solved(p, known, naming) or sides
        cause = worse(one.cause, other.cause) or Cause.IMPRECISE
        return self.step(Part.TEST, says, status, FROM_CAUSE[cause], at=p.at, sides=sides)
