"""Why a clause does not hold: every candidate with the reason for which it does not count."""

from collections.abc import Iterator, Sequence

from trialog.answers import Status
from trialog.program import Tuple
from trialog.proof.explaining import Explaining
from trialog.proof.ready import Ready, Together, Within
from trialog.proof.step import NOT_COUNTED, Known, Part, Step


class Failures:
    def __init__(self, explanation: Explaining) -> None:
        self.e = explanation

    def rule(self, ready: Ready, known: Known, stated: bool) -> Step:
        """The clause, which does not hold: the first of its premises, or groups of premises, of which nothing comes."""
        return self.line(ready, next(iter(self.failing(ready, known, stated)), ()))

    def failing(self, ready: Ready, known: Known, stated: bool) -> Iterator[tuple[Step, ...]]:
        """For each group of premises, sharing no variable with the others, of which nothing comes: why."""
        within = Within(ready, Status.NOT_MET, stated)
        start = self.e.start(ready, known)
        for together in ready.bound if stated else ready.free:
            steps = self.of(together, start, within)
            if steps is not None:
                yield steps

    def of(self, together: Together, start: Known, within: Within) -> tuple[Step, ...] | None:
        """Why nothing comes of the premises; None where something does, or may."""
        comes, steps = self.rejected(together, 0, start, within, first=True)
        return None if comes else self.grouped(steps)

    def line(self, ready: Ready, below: tuple[Step, ...]) -> Step:
        phrase = ready.clause.phrase
        named = phrase and "{" not in phrase and phrase != self.e.ready.titles.get(ready.clause.relation)
        says = phrase if named else "not by this rule"
        return self.e.step(Part.RULE, says, Status.NOT_MET, None, below, ready.clause.at, plumbing=not named)

    def rejected(
        self, together: Together, at: int, known: Known, within: Within, first: bool = False
    ) -> tuple[bool, list[Step]]:
        """Whether something comes of the premises from `at` on, and every candidate of which nothing comes.

        Where `first`, the candidates do not matter once something comes.
        """
        if at == len(together):
            return True, []
        premise = together[at][1]
        gives = isinstance(premise, Tuple) and not premise.negated
        found: list[Step] = []
        comes = False
        for step, values in self.e.ways(premise, known, within, whole=True):
            if step is not None and step.status is Status.NOT_MET:
                found.append(step)
                continue
            further, below = self.rejected(together, at + 1, values, within, first)
            if further and first:
                return True, []
            comes = comes or further
            if not below:
                continue
            if gives and step is not None and step.part not in (Part.DAY, Part.FACT):
                if not further:
                    found.append(self.candidate(step, below))
                else:
                    found += below
            else:
                found += below
        return comes, found

    def candidate(self, step: Step, reasons: list[Step]) -> Step:
        """A tuple that might have counted, and why it does not."""
        reasons = list(self.grouped(reasons))
        first = _at_heart(reasons[0])
        alike = reasons[0].alike if len(reasons) == 1 else ""
        what = _at_heart(step)
        about = what.says if what.part in (Part.RECORD, Part.FACT, Part.OPEN) or _is_named(what) else step.says
        if step.status is Status.UNKNOWN and what.part is Part.OPEN:
            about = "anything that is not recorded"
        is_told = len(reasons) == 1 and not first.below
        says = f"{about}: {first.says if is_told else NOT_COUNTED}"
        return self.e.step(
            Part.REJECTED, says, Status.NOT_MET, None, (step, *reasons), reasons[0].at, what.places, alike=alike
        )  # fmt: skip

    def grouped(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        """The lines, each once; candidates that do not count for the same reason together."""
        once = list({id(s): s for s in steps}.values())
        alike: dict[str, list[Step]] = {}
        for s in once:
            if s.part is Part.REJECTED and s.alike:
                alike.setdefault(s.alike, []).append(s)
        found: list[Step] = []
        for s in once:
            several = alike.get(s.alike, []) if s.part is Part.REJECTED and s.alike else []
            if len(several) < 2:
                found.append(s)
            elif s is several[0]:
                says = f"{len(several)} recorded, {s.alike}"
                found.append(self.e.step(Part.GROUP, says, Status.NOT_MET, below=tuple(several), alike=s.alike))
        return tuple(found)

    def no_more(self, name: str) -> Step:
        """A derived relation has no tuple but those found: every candidate of each rule, with why it does not count."""
        step = self.e.none.get(name)
        if step is not None:
            return step
        e = self.e
        title = e.title(name)
        if f"none {name}" in e.making:
            return e.step(Part.ABSENT, f"the same rules give nothing further: {title}", Status.NOT_MET, plumbing=True)
        e.making.add(f"none {name}")
        below: list[Step] = []
        for ready in e.clauses.get(name, ()):
            rejected: list[Step] = []
            if not e.program.derived[name].is_exact:
                within = Within(ready, Status.NOT_MET, False)
                start = e.start(ready, {})
                for together in ready.free:
                    comes, found = self.rejected(together, 0, start, within)
                    if not comes:
                        rejected = found
                        break
                    rejected += found
            below.append(self.line(ready, self.grouped(rejected)))
        e.making.discard(f"none {name}")
        derived = e.program.derived[name]
        has_any = bool(e.rows(name if derived.is_exact else f"possible {name}"))
        says = f"no {'other ' if has_any else ''}{title}"
        step = e.none[name] = e.step(Part.CLAIM, says, Status.NOT_MET, None, tuple(below), plumbing=bool(below))
        return step


def _is_named(step: Step) -> bool:
    """Whether the line is a rule with a phrase of its own."""
    return step.part is Part.RULE and not step.plumbing


def _at_heart(step: Step) -> Step:
    """The line itself, or the one line that it puts in other words: the record on which alone a tuple rests."""
    while step.plumbing and step.below:
        shown = [s for s in step.below if s.part in (Part.RULE, Part.RECORD, Part.CLAIM, Part.OPEN)] or list(step.below)
        step = shown[0]
    return step
