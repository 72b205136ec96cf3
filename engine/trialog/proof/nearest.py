"""Why not, briefly: of the rules that could have made it so, the one that came nearest, and what it lacks."""

from dataclasses import dataclass

from trialog.answers import Status
from trialog.proof.prose import sentences, settling
from trialog.proof.search import Explanation
from trialog.proof.step import Part, Step, shown


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that the nearest rule asks for and that is not so, or not known, and what there is against what is asked."""

    atom: str
    phrase: str
    status: Status
    found: tuple[str, ...]
    asked: str  # of what is not known: what would settle it


def lacking(explanation: Explanation, relation: str, wanted: Status = Status.MET) -> list[Lack]:
    """What stands between the relation and the status that is wanted."""
    step = explanation.relation(relation)
    if step.status is wanted:
        return []
    if step.status is Status.UNKNOWN:
        return _unknown(step, wanted)
    if wanted is Status.NOT_MET:
        return [_lack(step, step)]
    rules = [
        [s for group in explanation.failures.failing(ready, {}, stated=False) for s in group]
        for ready in explanation.clauses.get(relation, ())
    ]
    if not rules:
        return [Lack(step.atom, step.says, step.status, ("no rule could make it so under the chosen readings",), "")]
    nearest = min(rules, key=_distance)
    found: list[Lack] = []
    here: list[Step] = []
    for s in nearest:
        claim = _claim(s)
        if claim is not None and claim.status is Status.NOT_MET:
            name = next((n for n, known in explanation.known.items() if known is claim), None)
            found += lacking(explanation, name) if name is not None else [_lack(step, claim)]
        elif claim is not None:  # it holds, and must not
            found.append(_lack(claim, claim))
        else:
            here.append(s)
    if here:
        rejected = (Part.REJECTED, Part.GROUP)
        told = [
            [s.says] if s.part not in rejected and not (s.plumbing and s.below) else list(sentences(s)) for s in here
        ]
        words = [w for each in told for w in each]
        found.insert(0, Lack(step.atom, step.says, step.status, tuple(dict.fromkeys(words)), ""))
    return found


def _distance(lacks: list[Step]) -> tuple[int, bool]:
    """How many things a rule lacks; of two that lack as many, one is nearer that lacks a value than one that is for other patients.

    That there is nothing else to be found is no lack of its own.
    """
    own = [s for s in lacks if s.part is not Part.ABSENT]
    return len(own or lacks), any(s.part is Part.NOT for s in own)


def _claim(step: Step) -> Step | None:
    """The relation about the patient alone that the line is about, or is the opposite of."""
    if step.part is Part.NOT and len(step.below) == 1:
        return step.below[0] if step.below[0].part is Part.CLAIM else None
    return step if step.part is Part.CLAIM else None


def _unknown(step: Step, wanted: Status) -> list[Lack]:
    """What is not known of an unknown line: the atoms and phrases on which it rests where it has none itself."""
    claims = dict(_claims(step, wanted) or [(step, wanted)])
    return [_lack(s, s, which) for s, which in claims.items()]


def _claims(step: Step, wanted: Status) -> list[tuple[Step, Status]] | None:
    """The unknown lines with an atom or a phrase, and how each should be; None where something else is unknown too."""
    if step.part is Part.NOT and step.below:
        return _claims(step.below[0], Status.MET if wanted is Status.NOT_MET else Status.NOT_MET)
    if step.part is Part.CLAIM and (step.atom or not step.plumbing):
        return [(step, wanted)]
    if not (step.plumbing and step.below):
        return None
    found: list[tuple[Step, Status]] = []
    for s in step.below:
        if s.status is Status.UNKNOWN:
            below = _claims(s, wanted)
            if below is None:
                return None
            found += below
    return found


def _lack(named: Step, step: Step, wanted: Status = Status.MET) -> Lack:
    asked = ""
    if step.status is Status.UNKNOWN:
        met, not_met = settling(step)
        asked = " or ".join(met[:2]) if wanted is Status.MET else " and ".join(not_met[:2])
    found = tuple(dict.fromkeys(sentences(step))) or tuple(s.says for s in shown(step.below))
    return Lack(named.atom, named.says, step.status, found, asked)
