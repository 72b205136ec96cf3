"""Proofs at a terminal: as lines one below the other, each part once."""

from collections.abc import Iterator

from trialog.answers import Status
from trialog.proof.step import Part, Step, shown, told
from trialog.render.terminal import painted, sign, wrapped

_WITH_SIGN = (Part.CLAIM, Part.RULE, Part.COUNT)


class ProofLines:
    """Writes proofs below each other; what was written already is named and not written again."""

    def __init__(self, width: int, colour: bool, plumbing: bool = False) -> None:
        self.width = width
        self.colour = colour
        self.plumbing = plumbing
        self.written: dict[int, str] = {}
        self.kept: list[tuple[Step, ...]] = []  # alive, since what was written is known by its id

    def below(self, step: Step, name: str) -> Iterator[str]:
        """What the step rests on; `name` is what it goes by further down."""
        self.written.setdefault(id(step), name)
        beneath = told(step, self.plumbing)
        self.kept.append(beneath)
        for s in beneath:
            yield from self.lines(s, 1, name, beneath)

    def lines(self, step: Step, depth: int, name: str, beside: tuple[Step, ...] = ()) -> Iterator[str]:
        indent = "  " * min(depth, 12)
        mark = sign(step.status) if step.part in _WITH_SIGN or step.status is Status.UNKNOWN else "-"
        note = f" ({step.reason.value})" if step.reason is not None and not step.below else ""
        named = f"{step.atom} " if step.atom else ""
        beneath = () if is_told(step) and not self.plumbing else told(step, self.plumbing, beside)
        self.kept.append(beneath)
        again = self.written.get(id(step)) if beneath else None
        if again is not None:
            note = (
                f" (as above: {step.atom})"
                if step.atom
                else f" (as above, in {again})"
                if again != name
                else " (as above)"
            )
        if self.plumbing and step.bindings:
            note += f" [{', '.join(f'{v} = {x}' for v, x in step.bindings)}]"
        lines = wrapped(f"{mark} {named}{step.says}{note}", self.width, indent, indent + "  ")
        if self.colour and mark != "-":
            lines[0] = lines[0].replace(mark, painted(mark, step.status, True), 1)
        yield from lines
        if again is not None:
            return
        self.written[id(step)] = step.atom or name
        for place in dict.fromkeys(str(p) for p in step.places if p.file):
            yield f"{indent}    {place}"  # in one piece, to be copied
        if self.plumbing and step.part is Part.RULE and step.at is not None:
            yield f"{indent}    {step.at}"
        for s in beneath:
            yield from self.lines(s, depth + 1, step.atom or name, beneath)


def is_told(step: Step) -> bool:
    """Whether the line says itself all that the lines below it say: a candidate with its one reason."""
    return step.part is Part.REJECTED and any(
        not b.below and step.says.endswith(f": {b.says}") for b in shown(step.below)
    )
