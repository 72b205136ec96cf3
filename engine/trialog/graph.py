"""What rests on what, for audit: from cohorts and criteria down to sentences, facts, sources and what charts are asked.

An edge leads from a thing to what it rests on (see `docs/graph.md`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trialog.check import Pages
from trialog.check.passages import passages
from trialog.check.statements import Standing, page_read
from trialog.page import Quote
from trialog.program import Chosen, Clause, Const, KnownFact, Program, Tallied, Tuple, Under, Var, Whatever
from trialog.source import Span
from trialog.tree import ConceptStatement, ReadingStatement, RelationStatement, Rule, SourceStatement
from trialog.values import Exact, show_day, show_number
from trialog.vocabulary import Dated, Kind, Relation

if TYPE_CHECKING:
    import networkx as nx

KINDS = ("cohort", "criterion", "atom", "relation", "rule", "reading", "fact", "chart", "concept", "source", "sentence")
"""The kinds of things in the order in which they are listed: each mostly rests on those after it."""


@dataclass(frozen=True)
class Dependencies:
    """Each node has a `kind`, a place `at`, `says` (a few words) and `text` (as it stands on the page); all may be empty.

    An atom has the name of its `relation`, a criterion its `role`. `statements` are the places of what was written to state a
    thing: its declaration, rules and facts.
    """

    graph: nx.DiGraph[str]
    statements: Mapping[str, tuple[Span, ...]]

    def of_the_trial(self) -> nx.DiGraph[str]:
        """What the cohorts rest on, and every sentence of the protocol: the vocabulary may hold more."""
        import networkx

        kept = {n for n, kind in self.graph.nodes(data="kind") if kind in ("cohort", "sentence")}
        for node in tuple(kept):
            kept |= networkx.descendants(self.graph, node)
        return self.graph.subgraph(kept).copy()


def dependencies(program: Program, pages: Pages) -> Dependencies:
    """What the program, which was made of these pages, rests on."""
    return _Making(program, pages).made()


class _Making:
    def __init__(self, program: Program, pages: Pages) -> None:
        import networkx

        self.program = program
        self.vocabulary = program.vocabulary
        self.graph: nx.DiGraph[str] = networkx.DiGraph()
        self.statements: dict[str, list[Span]] = {}
        self.ids = {a.relation: a.identifier for a in program.atoms.values()}
        self.protocol = pages.protocol
        sources = [*pages.vocabulary, *([pages.protocol] if pages.protocol is not None else [])]
        self.standing: list[Standing] = [s for source in sources for s in page_read(source).statements]
        self.declared = {
            (type(s), s.name): s.at
            for s, _ in self.standing
            if isinstance(s, ConceptStatement | RelationStatement | ReadingStatement | SourceStatement)
        }
        self.quotes: dict[Span, list[Quote]] = {}
        self.heads = {s.at: s.head.at for s, _ in self.standing if isinstance(s, Rule)}

    def made(self) -> Dependencies:
        if self.protocol is not None:
            read = page_read(self.protocol)
            for quote in read.page.quotes:
                self.node(self.sentence(quote.at), "sentence", quote.words, quote.at)
            for passage in passages(read.page, read.statements):
                self.quotes |= {rule.at: passage.quotes for rule in passage.rules}
        for name, cited in self.program.sources.items():
            at = self.declared.get((SourceStatement, name))
            says = cited.citation + ("" if cited.verified else " (unverified)")
            self.node(f"source:{name}", "source", says, at, stated=True)
        for name, reading in self.program.readings.items():
            self.node(f"reading:{name}", "reading", reading.description, reading.at, stated=True)
        self.concepts()
        self.relations()
        self.rules()
        self.cohorts()
        return Dependencies(self.graph, {name: tuple(found) for name, found in self.statements.items()})

    def node(self, name: str, kind: str, says: str, at: Span | None, stated: bool = False, **more: str) -> str:
        """Add a thing. Where it is `stated`, the place is a statement that can be taken away."""
        text = says if at is None or kind == "sentence" else at.words
        place = f"{at.source.name}:{at.line}" if at is not None else ""
        self.graph.add_node(
            name, kind=kind, says=" ".join(says.split()), at=place, text=text, **{"relation": "", "role": "", **more}
        )
        if at is not None and stated:
            self.state(name, at)
        return name

    def state(self, name: str, at: Span) -> None:
        found = self.statements.setdefault(name, [])
        if at not in found:
            found.append(at)

    def rests(self, above: str, below: str) -> None:
        self.graph.add_edge(above, below)

    def name(self, relation: str) -> str:
        """A relation with an id goes by its id."""
        return self.ids.get(relation, relation)

    # -- background knowledge ------------------------------------------------------------------------------------

    def concepts(self) -> None:
        """A class rests on what is under it: a rule that asks for the class asks for each of those."""
        for concept in self.vocabulary.concepts.values():
            at = self.declared.get((ConceptStatement, concept.name))
            self.node(f"concept:{concept.name}", "concept", concept.label, at, stated=True)
        for concept in self.vocabulary.concepts.values():
            for parent in concept.parents:
                self.rests(f"concept:{parent}", f"concept:{concept.name}")
            for source in concept.sources:
                self.rests(f"concept:{concept.name}", f"source:{source}")

    def relations(self) -> None:
        """The declared relations: those of background knowledge rest on their facts."""
        for relation in self.vocabulary.relations.values():
            at = self.declared.get((RelationStatement, relation.name))
            self.node(relation.name, "relation", relation.description, at, stated=True)
        results = (
            r for r in self.vocabulary.relations.values() if r.kind is Kind.MEASURE and r.position("value") is not None
        )
        result = next(results, None)  # where facts look for the measure by which one amount follows from another
        for relation in self.vocabulary.relations.values():
            if relation.product is not None and result is not None:
                self.rests(relation.name, self.item(result, relation.product.measure))
        for name, facts in self.program.known.items():
            for fact in facts:
                self.fact(name, fact)

    def fact(self, relation: str, fact: KnownFact) -> None:
        name = self.node(fact_name(fact, self.program), "fact", fact.at.in_one_line, fact.at, stated=True)
        self.state(relation, fact.at)
        self.rests(relation, name)
        for value in fact.values:
            if isinstance(value, str):
                self.rests(name, f"concept:{value}")
        for source in fact.sources:
            self.rests(name, f"source:{source}")

    # -- the protocol --------------------------------------------------------------------------------------------

    def sentence(self, at: Span) -> str:
        """A sentence of the protocol goes by its line on the page."""
        return f"sentence:{at.line}"

    def rules(self) -> None:
        rules: dict[tuple[str, Span], list[Clause]] = {}  # with the helpers that were made for its aggregates
        for clause in self.program.clauses:
            assert clause.at is not None, "what is checked was written somewhere"
            rules.setdefault((clause.helper_of or clause.relation, clause.at), []).append(clause)
        roles = {c.relation: c.role.value for c in self.program.criteria}
        seen: dict[str, int] = {}
        for (relation, at), clauses in sorted(rules.items(), key=lambda r: (r[0][1].source.name, r[0][1].start)):
            above = self.name(relation)
            seen[above] = seen.get(above, 0) + 1
            if seen[above] == 1:
                atom = self.program.atoms.get(above)
                kind = "atom" if atom is not None else "criterion" if relation in roles else "relation"
                says = atom.phrase if atom is not None else relation.replace("_", " ")
                self.node(above, kind, says, at, relation=relation, role=roles.get(relation, ""))
            said = self.heads[at].to(at).in_one_line
            rule = self.node(f"rule:{above}/{seen[above]}", "rule", said, at, stated=True)
            self.state(above, at)
            self.rests(above, rule)
            for below in self.below(clauses):
                self.rests(rule, below)
            for quote in self.quotes.get(at, ()):
                self.rests(rule, self.sentence(quote.at))

    def cohorts(self) -> None:
        for cohort, title in self.program.cohorts.items():
            self.node(f"cohort:{cohort}", "cohort", title, None)
            for c in self.program.criteria_of(cohort):
                self.rests(f"cohort:{cohort}", self.name(c.relation))

    def below(self, clauses: Sequence[Clause]) -> Iterator[str]:
        """What a rule asks for; `clauses` are the rule and the helpers of its aggregates."""
        body = [p for c in clauses for p in c.body]
        own = {c.relation for c in clauses if c.helper_of is not None}
        unders = [p for p in body if isinstance(p, Under)]
        classes = {p.arg.name: p.concept for p in unders if isinstance(p.arg, Var) and not p.negated}
        about: set[str] = set()  # of which charts are asked
        for premise in body:
            match premise:
                case Tuple("screening", args=(_, Whatever())):
                    pass  # it binds the patient, of whom every chart is about one
                case Tuple(relation, _, args) if relation not in own:
                    asked = self.asked(relation, args, classes)
                    about.add(asked.rpartition("/")[2])
                    yield asked
                    named = (a.value for a in args if isinstance(a, Const) and isinstance(a.value, str))
                    yield from (f"concept:{name}" for name in named if name not in about)
                case Tallied(_, relation) if relation not in own:
                    yield self.name(relation)
                case Chosen(reading, _):
                    yield f"reading:{reading}"
                case _:
                    pass
        yield from (f"concept:{p.concept}" for p in unders if p.concept not in about)

    def asked(self, relation: str, args: Sequence[object], classes: Mapping[str, str]) -> str:
        """The relation, or where it is a chart's: the item of the chart that is asked for, such as `chart:observation/egfr`."""
        declared = self.vocabulary.relations.get(relation)
        if relation == "screening":
            return self.node("chart:screening", "chart", "the date of screening", None)
        if declared is None or declared.kind is Kind.KNOWN:
            return self.name(relation)
        about = declared.concept_column
        arg = args[about + 1] if about is not None and declared.kind is not Kind.ATTRIBUTE else None
        concept = classes.get(arg.name) if isinstance(arg, Var) else arg.value if isinstance(arg, Const) else None
        return self.item(declared, concept if isinstance(concept, str) else None)

    def item(self, relation: Relation, concept: str | None) -> str:
        name, says = f"chart:{relation.name}", relation.description
        if concept is not None:
            label = self.vocabulary.concepts[concept].label
            name, says = f"{name}/{concept}", f"{relation.name.replace('_', ' ')}: {label}"
        self.node(name, "chart", says, None)
        self.rests(name, relation.name)
        if concept is not None:
            self.rests(name, f"concept:{concept}")
        return name


def fact_name(fact: KnownFact, program: Program) -> str:
    """The name of a fact's node: its relation and its values, such as `fact:equivalent_dose/prednisone/oral/5`."""
    columns = program.vocabulary.relations[fact.relation].columns
    values = (_value(v, isinstance(c.type, Dated)) for v, c in zip(fact.values, columns, strict=True))
    return "fact:" + "/".join((fact.relation, *values))


def _value(value: str | Exact, is_day: bool) -> str:
    return value if isinstance(value, str) else show_day(int(value)) if is_day else show_number(value)
