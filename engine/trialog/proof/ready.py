"""The clauses of a program made ready to be explained: in what order their premises are looked at, and what their values are in."""

from collections.abc import Iterable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from trialog.answers import Screener, Status
from trialog.program import Chosen, Clause, Const, Given, KnownFact, Premise, Sort, Tuple, Under, Var
from trialog.proof.intervals import needs, sort_of
from trialog.proof.wording import Naming
from trialog.vocabulary import Amount, Kind, Measured, Relation, Vocabulary

type Together = tuple[tuple[int, Premise], ...]
"""Premises that share variables, in the order in which they are looked at, each with its place in the body."""


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A clause; its premises in groups that share no variable, when its head is free and when its head has values."""

    clause: Clause
    patient: str | None  # the variable that is the patient
    free: tuple[Together, ...]
    bound: tuple[Together, ...]
    naming: Naming
    classes: dict[str, tuple[str, ...]]  # that the clause asks of its variables


@dataclass(frozen=True, slots=True, eq=False)
class Within:
    """The clause that is being explained, and the row that its head makes, under whose rank the premises' rows must lie."""

    ready: Ready
    status: Status  # that is to be explained
    stated: bool  # the head has values already
    mode: str = ""
    rank: int | None = None


class Columns:
    """Of the vocabulary's relations: what their rows consist of, and where they say what they are about."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        relations = vocabulary.relations.items()
        self.sorts: dict[str, tuple[Sort, ...]] = {
            name: tuple([Sort.PATIENT] * (r.kind is not Kind.KNOWN) + [sort_of(c.type) for c in r.columns])
            for name, r in relations
        }
        self.about = {name: r.concept_column for name, r in relations}
        self.in_row = {name: None if r.kind is Kind.ATTRIBUTE else _in_row(r) for name, r in relations}


def _in_row(relation: Relation) -> int | None:
    """Where a row says what it is about: after the patient, and two columns for each date or number before."""
    about = relation.concept_column
    return None if about is None else 1 + sum(1 + sort_of(c.type).is_wide for c in relation.columns[:about])


class Readied:
    """The clauses of a screener's program under its readings, by relation."""

    def __init__(self, screener: Screener) -> None:
        self.program = screener.program
        self.units: dict[str, tuple[str, ...]] = {}
        self.sorts = {name: tuple([c.sort for c in d.columns]) for name, d in self.program.derived.items()}
        self.columns = Columns(self.program.vocabulary)
        self.facts: dict[str, dict[str, tuple[KnownFact, ...]]] = {}
        self.place = {name: i for i, names in enumerate(self.program.strata) for name in names}
        self.clauses: dict[str, list[Ready]] = {}
        self.titles: dict[str, str] = {a.relation: a.phrase for a in self.program.atoms.values()}
        self.atoms = {a.relation: a for a in self.program.atoms.values()}
        for clause in self.program.clauses:
            if clause.phrase and "{" not in clause.phrase:
                self.titles.setdefault(clause.relation, clause.phrase)
        ordered = sorted(self.program.clauses, key=lambda c: self.place.get(c.relation, 0))
        for clause in ordered:
            if all(screener.readings[p.reading] == p.option for p in clause.body if isinstance(p, Chosen)):
                self.clauses.setdefault(clause.relation, []).append(self.ready(clause))
        self.splits: dict[str, list[Ready]] = {}
        for clause in screener.plain.splits:
            self.splits.setdefault(clause.relation, []).append(self.ready(clause))

    def facts_of(self, relation: str, about: str | None) -> tuple[KnownFact, ...]:
        """The facts of a relation of background knowledge; those that begin with a concept where one is given."""
        if about is None:
            return self.program.known[relation]
        facts = self.facts.get(relation)
        if facts is None:
            facts = self.facts[relation] = dict[str, tuple[KnownFact, ...]]()
            for fact in self.program.known[relation]:
                facts[str(fact.values[0])] = (*facts.get(str(fact.values[0]), ()), fact)
        return facts.get(about, ())

    def is_recursive(self, one: str, other: str) -> bool:
        """Whether the two relations rest on each other, or are the same."""
        return self.place.get(one, -1) == self.place.get(other, -2)

    def ready(self, clause: Clause) -> Ready:
        derived = self.program.derived[clause.relation]
        first = clause.args[0] if clause.args else None
        about_patient = bool(derived.columns) and derived.columns[0].sort is Sort.PATIENT
        patient = first.name if about_patient and isinstance(first, Var) else None
        mine = {patient} if patient is not None else set[str]()
        head = mine | {a.name for a in clause.args if isinstance(a, Var)}
        units = self.units_of(clause)
        if clause.relation not in self.units:
            self.units[clause.relation] = tuple(
                units.get(a.name, "") if isinstance(a, Var) else "" for a in clause.args
            )
        return Ready(
            clause,
            patient,
            _grouped(clause.body, mine),
            _grouped(clause.body, head),
            Naming(units, *self.columns_of(clause)),
            _classes(clause),
        )

    def columns_of(self, clause: Clause) -> tuple[dict[str, str], frozenset[str]]:
        """From what column of a chart's relation each variable has its value, a result's by what was measured; and the results."""
        found: dict[str, str] = {}
        results: set[str] = set()
        vocabulary = self.program.vocabulary
        for p in clause.body:
            relation = vocabulary.relations.get(p.relation) if isinstance(p, Tuple) else None
            if not isinstance(p, Tuple) or relation is None or relation.kind is Kind.KNOWN:
                continue
            at = relation.concept_column
            about = p.args[at + 1] if at is not None else None
            label = vocabulary.concepts[str(about.value)].label if isinstance(about, Const) else ""
            for column, arg in zip(relation.columns, p.args[1:], strict=True):
                if isinstance(arg, Var):
                    name = column.name.replace("_", " ")
                    if relation.kind is Kind.ATTRIBUTE:
                        name = relation.description
                    elif name == "value" and label:
                        name = label
                        results.add(arg.name)
                    elif label and name != "on":
                        name = f"the {name} of {label}"
                    found[arg.name] = name
        return found, frozenset(results)

    def units_of(self, clause: Clause) -> dict[str, str]:
        """In what unit the values of the clause's variables are, as charts and pages write it."""
        found: dict[str, str] = {}
        vocabulary = self.program.vocabulary
        for p in clause.body:
            if not isinstance(p, Tuple):
                continue
            relation = vocabulary.relations.get(p.relation)
            if relation is None:
                units: Iterable[str] = self.units.get(p.relation, ())
            else:
                args = p.args if relation.kind is Kind.KNOWN else p.args[1:]
                at = relation.concept_column
                about = args[at] if at is not None and relation.kind is not Kind.KNOWN else None
                measured = vocabulary.concepts[str(about.value)].unit if isinstance(about, Const) else None
                own = [
                    c.type.unit
                    if isinstance(c.type, Amount)
                    else (measured or "")
                    if isinstance(c.type, Measured)
                    else ""
                    for c in relation.columns
                ]
                units = own if relation.kind is Kind.KNOWN else ["", *own]
            found |= {a.name: u for a, u in zip(p.args, units, strict=False) if isinstance(a, Var) and u}
        return found


_READIED: WeakKeyDictionary[Screener, Readied] = WeakKeyDictionary()


def readied(screener: Screener) -> Readied:
    """The screener's clauses; they are made ready once."""
    found = _READIED.get(screener)
    if found is None:
        found = _READIED[screener] = Readied(screener)
    return found


def _classes(clause: Clause) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for u in clause.body:
        if isinstance(u, Under) and not u.negated and isinstance(u.arg, Var):
            found[u.arg.name] = (*found.get(u.arg.name, ()), u.concept)
    return found


def _grouped(body: tuple[Premise, ...], bound: set[str]) -> tuple[Together, ...]:
    """The premises, those that share a variable without a value together."""
    groups: list[tuple[set[str], list[tuple[int, Premise]]]] = []
    for i, premise in enumerate(body):
        shared = (needs(premise) | ({premise.variable.name} if isinstance(premise, Given) else set())) - bound
        together = [(i, premise)]
        for group in [g for g in groups if g[0] & shared]:
            groups.remove(group)
            shared |= group[0]
            together = group[1] + together
        groups.append((shared, sorted(together, key=lambda one: one[0])))
    groups.sort(key=lambda g: g[1][0][0])
    return tuple(_ordered(together, bound) for _, together in groups)


def _ordered(premises: list[tuple[int, Premise]], bound: set[str]) -> Together:
    """Tests as soon as they can be made, tuples in the order of the page."""
    left, known, order = list(premises), set(bound), list[tuple[int, Premise]]()
    while left:
        one = _next(left, known)
        left.remove(one)
        order.append(one)
        known |= needs(one[1]) | ({one[1].variable.name} if isinstance(one[1], Given) else set())
    return tuple(order)


def _next(left: list[tuple[int, Premise]], known: set[str]) -> tuple[int, Premise]:
    for one in left:
        p = one[1]
        if not _gives_values(p) and needs(p) <= known:
            return one
    tuples = [one for one in left if _gives_values(one[1])]
    for one in tuples:
        when = one[1].when if isinstance(one[1], Tuple) else None
        if not isinstance(when, Var) or when.name in known:
            return one
    return (tuples or left)[0]


def _gives_values(p: Premise) -> bool:
    return isinstance(p, Tuple) and not p.negated
