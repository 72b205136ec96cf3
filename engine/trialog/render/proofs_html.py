"""Proofs as one page that needs nothing else: no script, no other file; it can be printed."""

from collections.abc import Iterator, Sequence
from html import escape

from trialog.answers import Answers, Status
from trialog.program import ProtocolAtom
from trialog.proof import Explanations, Step
from trialog.proof.prose import paragraph
from trialog.proof.step import Part, told
from trialog.render.proofs import is_told
from trialog.render.terminal import sign
from trialog.values import show_day

_STYLE = """
body { font: 16px/1.45 Georgia, serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 1.6rem 0 .3rem; }
blockquote { margin: .3rem 0; padding-left: .8rem; border-left: 3px solid #bbb; color: #444; }
ul { list-style: none; margin: .1rem 0; padding-left: 1.1rem; } summary { cursor: pointer; }
li { margin: .15rem 0; overflow-wrap: anywhere; } code { font-size: .78rem; color: #555; }
.met { color: #1b6e34; } .not { color: #a1221c; } .unknown { color: #8a5a00; }
table { border-collapse: collapse; } td { padding: .1rem 1rem .1rem 0; }
@media print { body { margin: 0; font-size: 10pt; max-width: none; } section { break-inside: auto; } h2 { break-after: avoid; }
  details::details-content { content-visibility: visible !important; block-size: auto !important; } summary { list-style: none; } }
"""


def as_html(
    trial: str,
    answers: Answers,
    cohorts: Sequence[str],
    atoms: Sequence[ProtocolAtom],
    explanations: Explanations,
    agreed: int | None,
    plumbing: bool = False,
) -> str:
    """The verdicts, and each atom with its sentence, a paragraph and the whole proof to be unfolded."""
    return "\n".join(_Page(plumbing).lines(trial, answers, cohorts, atoms, explanations, agreed))


class _Page:
    def __init__(self, plumbing: bool) -> None:
        self.plumbing = plumbing
        self.written: set[int] = set()
        self.kept: list[tuple[Step, ...]] = []  # alive, since what was written is known by its id

    def lines(
        self,
        trial: str,
        answers: Answers,
        cohorts: Sequence[str],
        atoms: Sequence[ProtocolAtom],
        explanations: Explanations,
        agreed: int | None,
    ) -> Iterator[str]:
        title = escape(f"{answers.chart.patient}, screened on {show_day(answers.screening)}")
        yield f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>'
        yield f'<meta name="viewport" content="width=device-width">\n<style>{_STYLE}</style>\n</head>\n<body>'
        yield f"<h1>{title}</h1>\n<p>{escape(answers.screener.program.title)} ({escape(trial)})</p>\n<table>"
        for c in cohorts:
            yield f"<tr><td>{escape(c)}</td><td><b>{escape(answers.verdict(c).value)}</b></td></tr>"
        yield "</table>"
        for a in atoms:
            step = explanations.of(a.relation)
            note = f" ({step.reason.value})" if step.reason is not None else ""
            name = escape(a.identifier)
            yield f'<section id="{step.digest}">\n<h2 id="{name}">{name} <span class="{_class(step.status)}">'
            yield f"{step.status.value}{note}</span>: {escape(a.phrase)}</h2>"
            yield f"<blockquote>{escape(' '.join(a.quote.split()))}</blockquote>"
            yield f"<p>{escape(paragraph(step))}</p>"
            self.written.add(id(step))
            yield "<details open>\n<summary>The proof</summary>\n<ul>"
            beneath = told(step, self.plumbing)
            self.kept.append(beneath)
            for below in beneath:
                yield from self.item(below, beneath)
            yield "</ul>\n</details>\n</section>"
        if answers.chart.set_aside:
            yield "<h2>Set aside</h2>\n<ul>"
            for s in answers.chart.set_aside:
                yield f"<li>{escape(s.what)}: {escape(s.why)} <code>{escape(str(s.place))}</code></li>"
            yield "</ul>"
        said = (
            f"Both engines agree on {agreed} relations." if agreed is not None else "Not confirmed by a second engine."
        )
        yield f"<p>{said}</p>\n</body>\n</html>"

    def item(self, step: Step, beside: tuple[Step, ...] = ()) -> Iterator[str]:
        with_sign = step.part in (Part.CLAIM, Part.RULE, Part.COUNT) or step.status is Status.UNKNOWN
        mark = f'<span class="{_class(step.status)}">{sign(step.status)}</span> ' if with_sign else ""
        note = f" ({step.reason.value})" if step.reason is not None and not step.below else ""
        name = f'<a href="#{escape(step.atom)}">{escape(step.atom)}</a> ' if step.atom else ""
        places = "".join(f" <code>{escape(p)}</code>" for p in dict.fromkeys(str(p) for p in step.places if p.file))
        words = f"{mark}{name}{escape(step.says)}{note}{places}"
        below = () if is_told(step) and not self.plumbing else told(step, self.plumbing, beside)
        self.kept.append(below)
        if not below:
            yield f"<li>{words}</li>"
            return
        if id(step) in self.written:
            yield f'<li>{words} (<a href="#{step.digest}">as above</a>)</li>'
            return
        self.written.add(id(step))
        yield f'<li id="{step.digest}"><details>\n<summary>{words}</summary>\n<ul>'
        for s in below:
            yield from self.item(s, below)
        yield "</ul>\n</details></li>"


def _class(status: Status) -> str:
    return {Status.MET: "met", Status.NOT_MET: "not", Status.UNKNOWN: "unknown"}[status]
