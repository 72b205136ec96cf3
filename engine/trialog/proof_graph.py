"""The proofs of one patient's answers as a graph: steps, down to records of the chart and facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trialog.answers import Answers, Status
from trialog.graph import fact_name
from trialog.proof import Explanations
from trialog.proof.step import Part, Reason, Step, shown

if TYPE_CHECKING:
    import networkx as nx

KINDS = ("cohort", "criterion", "atom", "step", "record", "fact", "missing")


def proof_graph(answers: Answers) -> nx.DiGraph[str]:
    """An edge from each step to what it rests on, beginning with the cohorts and all criteria and atoms of the page.

    Nodes have what those of `trialog.graph` have, and a `status` and a `reason`. Criteria, atoms and facts go by their names; other
    steps are numbered. Steps that say the same of the same things are one.
    """
    return _Making(answers).graph


class _Making:
    def __init__(self, answers: Answers) -> None:
        import networkx

        program = answers.screener.program
        explanations = Explanations(answers)
        self.answers = answers
        self.graph: nx.DiGraph[str] = networkx.DiGraph()
        self.facts = {f.at: fact_name(f, program) for facts in program.known.values() for f in facts}
        self.roles = {c.relation: c.role.value for c in program.criteria}
        self.numbers: dict[str, int] = {}
        self.known: dict[tuple[object, ...], str] = {}
        ids = {a.relation: a.identifier for a in program.atoms.values()}
        for relation in [*ids, *(c.relation for c in program.criteria if c.relation not in ids)]:
            kind = "atom" if relation in ids else "criterion"
            step = explanations.of(relation)
            self.add(ids.get(relation, relation), kind, step, [self.node(s) for s in shown(step.below)], relation)
        for cohort, title in program.cohorts.items():
            name, verdict = f"cohort:{cohort}", answers.verdict(cohort).value
            self.graph.add_node(
                name, kind="cohort", says=title, at="", text=title, relation="", role="", status=verdict, reason=""
            )
            for c in program.criteria_of(cohort):
                self.graph.add_edge(name, ids.get(c.relation, c.relation))

    def add(self, name: str, kind: str, step: Step, below: Sequence[str], relation: str = "") -> None:
        places = list(dict.fromkeys(str(p) for p in step.places if p.file))
        if not places and step.at is not None:
            places = [f"{step.at.source.name}:{step.at.line}"]
        self.graph.add_node(
            name,
            kind=kind,
            says=step.says,
            at="; ".join(places),
            text=step.at.words if step.at is not None and not step.places else step.says,
            relation=relation,
            role=self.roles.get(relation, ""),
            status=step.status.value,
            reason=step.reason.value if step.reason is not None else "",
        )
        self.graph.add_edges_from((name, other) for other in below)

    def node(self, step: Step) -> str:
        """The step's node; an atom's is its own where it is asked for as it is, and a step where its opposite is."""
        if step.atom and step.status is self.answers.atom(step.atom):
            return step.atom
        below = [self.node(s) for s in shown(step.below)]
        key = (step.says, step.status, step.reason, step.at, step.places, step.atom, *below)
        if key not in self.known:
            kind = self.kind(step)
            fact = self.facts.get(step.at) if kind == "fact" and step.at is not None else None
            self.numbers[kind] = self.numbers.get(kind, 0) + (fact is None)
            self.known[key] = fact or f"{kind}:{self.numbers[kind]}"
            self.add(self.known[key], kind, step, below)
        return self.known[key]

    def kind(self, step: Step) -> str:
        """A fact that a rule would not have is a step: the fact itself stands as it is."""
        if step.places and step.part in (Part.RECORD, Part.SIGNATURE, Part.ABSENT):
            return "record"
        if step.at in self.facts and step.status is Status.MET:
            return "fact"
        is_open = (
            step.part is Part.OPEN and not step.below and step.reason in (Reason.MISSING, Reason.AWAITING_JUDGEMENT)
        )
        return "missing" if is_open else "step"
