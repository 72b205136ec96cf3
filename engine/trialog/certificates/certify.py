"""From answers to a certificate: what is claimed, the rules, the rows, and the proof (see `docs/certificates.md`)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from trialog.answers import Answers, Question, Screener, Status, Verdict, status_of
from trialog.certificates.notation import Json, place
from trialog.certificates.prove import Proof, Prover
from trialog.certificates.verify import SCHEMA, digest
from trialog.charts.chart import Chart, Judgement, Record
from trialog.charts.facts import Evidence, Facts
from trialog.check.passages import passages
from trialog.check.statements import page_read
from trialog.fetches import CERTAIN, OPEN, POSSIBLE
from trialog.knowledge import Library
from trialog.plain import Row
from trialog.program import Clause, Criterion
from trialog.source import Span
from trialog.tree import Role
from trialog.values import show_day, show_days, term
from trialog.vocabulary import Kind


@dataclass(frozen=True, slots=True)
class About:
    """What a certificate is of, besides the patient: where the rules and the chart come from, and who confirms the answers."""

    trial: str
    knowledge_base: str  # hash
    charts: str  # hash
    engines: tuple[tuple[str, str], ...]  # of each engine what it says


class Certifier:
    """A screener made ready to have its answers certified."""

    def __init__(
        self, screener: Screener, root: Path | None = None, library: Library | None = None, trial: str = ""
    ) -> None:
        """`root` is the folder that places are told from; with a library, rules have the sentence that they stand below."""
        self.screener = screener
        self.program = screener.program
        self.root = root if root is not None or library is None else library.root
        self.library, self.trial = library, trial
        self.prover = Prover(screener.program, screener.plain, screener.plan)
        self.judgements = sorted(n for n, r in self.program.vocabulary.relations.items() if r.kind is Kind.JUDGEMENT)
        self.rules = {identifier: rule.content for identifier, rule in sorted(self.prover.rules.items())}

    # -- what does not depend on the patient ---------------------------------------------------------------------

    @cached_property
    def written(self) -> Json:
        """The author's rules in his own words, each with its place, the sentence above it, and the rules made of it."""
        quotes = self._quotes()
        found: dict[str, Json] = {}
        for rule in self.prover.rules.values():
            clause = rule.written.rule.origin
            words, where = self._words(clause), self.place(clause.at)
            entry = found.setdefault(
                f"{where} {words}",
                {
                    "words": words,
                    "place": where,
                    "phrase": clause.phrase,
                    "quote": self._quote(clause, quotes),
                    "rules": [],
                },
            )
            entry["rules"].append(rule.identifier)
        for entry in found.values():
            entry["rules"].sort()
        return [found[key] for key in sorted(found)]

    def _words(self, clause: Clause) -> str:
        if clause.at is not None:
            return clause.at.in_one_line
        split = ", ".join(p.at.in_one_line for p in clause.split_on if p.at is not None)
        return f"follows from other rules whichever way this is: {split}" if split else ""

    def _quotes(self) -> Mapping[Span, str]:
        if self.library is None:
            return {}
        pages, _ = self.library.pages(self.trial)
        if pages.protocol is None:
            return {}
        read = page_read(pages.protocol)
        return {rule.at: p.words for p in passages(read.page, read.statements) for rule in p.rules}

    def _quote(self, clause: Clause, quotes: Mapping[Span, str]) -> str:
        if clause.at is None:
            return ""
        return next(
            (" ".join(words.split()) for at, words in quotes.items() if at == clause.at or at.holds(clause.at)), ""
        )

    def place(self, at: Span | None) -> str:
        """The place as it is told from the knowledge base's folder, wherever that lies."""
        if at is None:
            return ""
        line, column = at.source.line_and_column(at.start)
        path = Path(at.source.name)
        if self.root is not None and path.resolve().is_relative_to(self.root.resolve()):
            path = path.resolve().relative_to(self.root.resolve())
        return f"{path.as_posix()}:{line}:{column}"

    def given(self, relation: str, facts: Facts, chart: Chart) -> Json:
        """All rows of a relation that the chart gives, with the records that each was made of."""
        rows = facts.get(relation, {})
        days = self.prover.days.of(relation)
        found = [self._given_row(row, evidence, days) for row, evidence in rows.items()]
        name = relation.rpartition(" ")[2]
        return {
            "kind": "given",
            "relation": relation,
            "rows": sorted(found, key=lambda r: r["row"]),
            "statements": self._statements(name, chart) if relation.startswith(f"{OPEN} ") else [],
        }

    def _given_row(self, row: Row, evidence: Evidence, days: tuple[bool, ...]) -> Json:
        found: Json = {"row": self.prover.row(row, days)}
        if evidence.records:
            found["records"] = [self._record(r) for r in evidence.records]
        if evidence.doubt is not None:
            found["doubt"] = evidence.doubt.value
        return found

    @staticmethod
    def _record(record: Record | Judgement) -> Json:
        match record:
            case Record(words=words):
                says = words
            case Judgement(question, decision, on, until, by):
                says = f"{question} {decision} by {by} on {show_days(on)}, until {show_days(until)}"
        return {"says": says, "place": place(record.place)}

    @staticmethod
    def _statements(relation: str, chart: Chart) -> Json:
        """What the chart says of how complete it is."""
        said = [
            *((f"all {relation} of {r.concept} up to {show_days(r.through)} is here", r) for r in chart.reviewed),
            *((f"no {relation} of {d.concept} up to {show_days(d.through)}", d) for d in chart.denied),
        ]
        return [{"says": says, "place": place(s.place)} for says, s in said if s.relation == relation]

    def refusals(self, cohort: str) -> Json:
        """The decisions of awaited judgements that are tried for a verdict: each names the questions that are refused."""
        return [_questions(refused) for refused in self.screener.refusals(cohort)]

    # -- the certificate -------------------------------------------------------------------------------------------

    def certificate(self, answers: Answers, about: About, cohorts: Iterable[str], atom: str | None = None) -> Json:
        """A certificate of the cohorts' verdicts and statuses, or of the status of one atom alone."""
        return _Certificate(self, answers).made(about, tuple(cohorts), atom)


class _Certificate:
    def __init__(self, certifier: Certifier, answers: Answers) -> None:
        self.certifier, self.answers = certifier, answers
        self.program = certifier.program
        self.nodes: dict[str, Json] = {}
        self.actual = Proof(certifier.prover, answers.rows, self.nodes)
        self.supposed: dict[frozenset[Question], Proof] = {}

    def made(self, about: About, cohorts: tuple[str, ...], atom: str | None) -> Json:
        program = self.program
        asked = {a.identifier for cohort in cohorts for a in program.atoms_of(cohort)}
        atoms = [a for a in program.atoms.values() if a.identifier in asked]
        criteria: list[Criterion] = (
            [] if atom is not None else [c for cohort in cohorts for c in program.criteria_of(cohort)]
        )
        relations = {a.relation: None for a in atoms if atom in (None, a.identifier)}
        relations |= dict.fromkeys(c.relation for c in criteria)
        statuses = [_Claim(self.actual, r, self.answers.status(r), self.answers.chart.patient) for r in relations]
        verdicts: list[Json] = [] if atom is not None else [self.verdict(cohort) for cohort in cohorts]
        proofs = [self.actual, *self.supposed.values()]
        for p in proofs:
            p.solve()
        self.actual.knowledge({k: None for p in proofs for k in p.known})
        for p in proofs:
            p.ids |= {r: i for r, i in self.actual.ids.items() if r in self.certifier.prover.static}
            p.build(lambda relation, p=p: self.leaf(relation, p))
        words = {a.relation: a for a in atoms}
        certificate = {
            "schema": SCHEMA,
            "header": self.header(about, cohorts, atom),
            "statuses": [
                {
                    **c.written(),
                    "atom": words[c.relation].identifier if c.relation in words else "",
                    "phrase": words[c.relation].phrase if c.relation in words else "",
                }
                for c in statuses
            ],
            "verdicts": [
                {
                    **said,
                    "supposing": [{**s, "statuses": [c.written() for c in s["statuses"]]} for s in said["supposing"]],
                }
                for said in verdicts
            ],
            "written": self.certifier.written,
            "rules": self.certifier.rules,
            "nodes": [{"id": i, **content} for i, content in self.nodes.items()],
        }
        return sealed(certificate)

    def header(self, about: About, cohorts: tuple[str, ...], atom: str | None) -> Json:
        answers = self.answers
        return {
            "trialog": version("trialog"),
            "trial": about.trial,
            "title": self.program.title,
            "knowledge_base": about.knowledge_base,
            "charts": about.charts,
            "patient": term(answers.chart.patient),
            "screening": show_day(answers.screening),
            "readings": dict(sorted(answers.screener.readings.items())),
            "cohorts": list(cohorts),
            "atom": atom or "",
            "judgements": self.certifier.judgements,
            "engines": [{"engine": name, "says": says} for name, says in about.engines],
        }

    def leaf(self, relation: str, proof: Proof) -> str:
        """The node of a relation that no rule derives: given by the chart, supposed, or without rows."""
        if relation not in self.certifier.screener.plan.given:
            return proof.add({"kind": "exhausted", "rows": {relation: []}, "premises": [], "rejected": []})
        refused = next((r for r, p in self.supposed.items() if p is proof), None)
        _, _, name = relation.partition(" ")
        if refused is None or name not in self.certifier.judgements:
            return proof.add(self.certifier.given(relation, self.answers.facts, self.answers.chart))
        recorded = [
            proof.add(self.certifier.given(r, self.answers.facts, self.answers.chart))
            for r in (relation, f"{OPEN} {name}")
        ]
        return proof.add(
            {
                "kind": "supposed",
                "relation": relation,
                "refused": _questions(refused),
                "premises": list(dict.fromkeys(recorded)),
            }
        )

    def verdict(self, cohort: str) -> Json:
        """The verdict with its criteria. One that is not decided says what awaited judgements would make of it."""
        criteria, verdict = self.program.criteria_of(cohort), self.answers.verdict(cohort)
        supposing: list[Json] = []
        if verdict in (Verdict.UNDETERMINED, Verdict.AWAITING_JUDGEMENT):
            for refused in self.answers.screener.refusals(cohort):
                claims = self.if_decided(criteria, refused)
                supposing.append({"refused": _questions(refused), "statuses": claims})
                if verdict is Verdict.AWAITING_JUDGEMENT and all(_lets_in(c, claims) for c in criteria):
                    break
        return {
            "cohort": cohort,
            "verdict": verdict.value,
            "criteria": [{"relation": c.relation, "role": c.role.value} for c in criteria],
            "supposing": supposing,
        }

    def if_decided(self, criteria: tuple[Criterion, ...], refused: frozenset[Question]) -> list["_Claim"]:
        """The statuses that show what the verdict would be if what is awaited were decided so."""
        patient, on_judgements = self.answers.chart.patient, self.answers.screener.on_judgements
        for c in criteria:
            if c.relation not in on_judgements and self.answers.status(c.relation) is Status.UNKNOWN:
                return [_Claim(self.actual, c.relation, Status.UNKNOWN, patient)]  # whatever is decided
        decided = self.answers.decided(refused)
        if refused not in self.supposed:
            self.supposed[refused] = Proof(self.certifier.prover, decided, self.nodes)
        proof = self.supposed[refused]
        claims = {c.relation: status_of(c.relation, patient, decided) for c in criteria}
        decisive = [
            c.relation
            for c in criteria
            if claims[c.relation] is Status.UNKNOWN or (claims[c.relation] is Status.MET) is (c.role is Role.EXCLUSION)
        ]
        return [_Claim(proof, r, claims[r], patient) for r in (decisive[:1] or claims)]


class _Claim:
    """That a relation about the patient alone has this status; what that rests on is wanted of the proof at once."""

    def __init__(self, proof: Proof, relation: str, status: Status, patient: str) -> None:
        self.proof, self.relation, self.status, self.row = proof, relation, status, (patient,)
        exact = relation in proof.prover.group_of
        self.sure, self.maybe = [relation] * 2 if exact else [f"{m} {relation}" for m in (CERTAIN, POSSIBLE)]
        match status:
            case Status.MET:
                proof.claims.append([(self.sure, self.row)])
            case Status.NOT_MET:
                proof.claims.append([self.maybe])
            case Status.UNKNOWN:
                proof.claims.append([(self.maybe, self.row), self.sure])

    def written(self) -> Json:
        match self.status:
            case Status.MET:
                proof = [self.proof.ids[self.sure, self.row]]
            case Status.NOT_MET:
                proof = self.proof.all_rows([self.maybe])
            case Status.UNKNOWN:
                proof = [self.proof.ids[self.maybe, self.row], *self.proof.all_rows([self.sure])]
        return {"relation": self.relation, "status": self.status.value, "proof": proof}


def _lets_in(criterion: Criterion, claims: list[_Claim]) -> bool:
    wanted = Status.MET if criterion.role is Role.INCLUSION else Status.NOT_MET
    return any(c.relation == criterion.relation and c.status is wanted for c in claims)


def _questions(refused: frozenset[Question]) -> Json:
    return sorted([name, term(str(question))] for name, question in refused)


def sealed(certificate: Json) -> Json:
    """The certificate with the hash of all that it says."""
    content = {k: v for k, v in certificate.items() if k != "sha256"}
    short = {**content, "rules": list(content["rules"]), "nodes": [n["id"] for n in content["nodes"]]}
    return {**content, "sha256": digest(short)}
