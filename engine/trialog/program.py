"""The checked program: every name resolved, every unit converted, aggregates lifted into rules of their own.

Only `check` makes a `Program`; holding one means that its rules are safe, typed and stratified.
"""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from trialog.source import Span
from trialog.tree import Role, Summary
from trialog.units import ONE, Unit
from trialog.values import Duration, Exact
from trialog.vocabulary import Vocabulary


class Sort(enum.Enum):
    """What the values of a column are. Dates and numbers may be imprecise; patients and concepts may not."""

    PATIENT = "patient"
    CONCEPT = "concept"
    DATE = "date"
    NUMBER = "number"

    @property
    def is_wide(self) -> bool:
        """Whether a value of this sort may be an interval."""
        return self in (Sort.DATE, Sort.NUMBER)


@dataclass(frozen=True, slots=True)
class Type:
    """The type of a column or a variable; `unit` matters for numbers alone, `root` for concepts."""

    sort: Sort
    unit: Unit = ONE
    root: str = ""


@dataclass(frozen=True, slots=True)
class Var:
    name: str


@dataclass(frozen=True, slots=True)
class Const:
    """A concept's name, a day, or a number in the unit of its column."""

    value: str | Exact


@dataclass(frozen=True, slots=True)
class Whatever:
    """Any value at all."""


type Arg = Var | Const | Whatever


@dataclass(frozen=True, slots=True)
class Sum:
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Difference:
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Product:
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Shifted:
    """The date `by` after `date`, or before it where `sign` is -1."""

    date: "Expr"
    by: Duration
    sign: int


@dataclass(frozen=True, slots=True)
class Least:
    """The least of several values; `bounds` writes it, authors do not."""

    of: "tuple[Expr, ...]"


@dataclass(frozen=True, slots=True)
class Greatest:
    """The greatest of several values; `bounds` writes it, authors do not."""

    of: "tuple[Expr, ...]"


type Expr = Var | Const | Sum | Difference | Product | Shifted | Least | Greatest


class Source(enum.Enum):
    """Which tuples of a chart's relation a literal asks for."""

    ALL = "all"
    LATEST = "latest"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class Tuple:
    """A tuple of `relation`, or none where negated. `when` is the day for which the latest is wanted."""

    relation: str
    source: Source
    args: tuple[Arg, ...]
    negated: bool
    when: Var | Const | None = None
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Under:
    """The concept is `concept` or under it."""

    arg: Var | Const
    concept: str
    negated: bool
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Distinct:
    """The two concepts are different things, or the same where `same`."""

    left: Var
    right: Var
    same: bool
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Compared:
    """`left operator right`, both in one unit; the operator is one of `=` `!=` `<` `<=`."""

    operator: str
    left: Expr
    right: Expr
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Given:
    """The variable is the value of the expression."""

    variable: Var
    expression: Expr
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Chosen:
    """This run takes that option of the reading."""

    reading: str
    option: str
    at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Tallied:
    """What `summary` makes of `relation`'s tuples for this key is at least `bound` (less than it where negated).

    The relation's columns are the key, then the one or two variables of the aggregate. `bound` is a number of different
    values, or a length; where `strict`, it must be exceeded.
    """

    summary: Summary
    relation: str
    key: tuple[Arg, ...]
    bound: int | Duration
    strict: bool
    gap: Duration
    negated: bool
    at: Span | None = field(default=None, compare=False, repr=False)


type Premise = Tuple | Under | Distinct | Compared | Given | Chosen | Tallied


@dataclass(frozen=True, slots=True)
class Clause:
    """A checked rule. `helper_of` names the relation for whose aggregate it was made, None for an author's own rule.

    `split_on` is empty for what an author wrote, and names the facts that may be either way where `splits` made the clause.
    """

    relation: str
    args: tuple[Var | Const, ...]
    body: tuple[Premise, ...]
    phrase: str = ""
    helper_of: str | None = None
    at: Span | None = field(default=None, compare=False, repr=False)
    split_on: tuple[Premise, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Derived:
    """A relation that rules define. It is exact when no chart bears on it, and then never unknown."""

    name: str
    columns: tuple[Type, ...]
    is_exact: bool
    about_patient: bool


@dataclass(frozen=True, slots=True)
class Reading:
    name: str
    options: tuple[str, ...]
    description: str
    at: Span = field(compare=False, repr=False)

    @property
    def default(self) -> str:
        return self.options[0]


@dataclass(frozen=True, slots=True)
class Criterion:
    """An inclusion or exclusion of a cohort (`all`: of every cohort)."""

    relation: str
    role: Role
    cohort: str
    quote: str
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ProtocolAtom:
    """A relation of the protocol whose status can be asked by its id."""

    identifier: str
    relation: str
    phrase: str
    cohort: str
    quote: str
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class KnownFact:
    """A tuple of background knowledge, with the citations of its sources."""

    relation: str
    values: tuple[str | Exact, ...]
    sources: tuple[str, ...]
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class CitedSource:
    name: str
    citation: str
    verified: bool


@dataclass(frozen=True)
class Program:
    """`clauses` are in no order; `strata` lists derived relations so that each comes after all that it negates or counts."""

    title: str
    vocabulary: Vocabulary
    sources: Mapping[str, CitedSource]
    readings: Mapping[str, Reading]
    known: Mapping[str, tuple[KnownFact, ...]]
    clauses: tuple[Clause, ...]
    derived: Mapping[str, Derived]
    strata: tuple[frozenset[str], ...]
    cohorts: Mapping[str, str]
    criteria: tuple[Criterion, ...]
    atoms: Mapping[str, ProtocolAtom]

    def atoms_of(self, cohort: str) -> tuple[ProtocolAtom, ...]:
        """The atoms that bind the cohort, in the order of the page."""
        return tuple(a for a in self.atoms.values() if a.cohort in ("all", cohort))

    def criteria_of(self, cohort: str) -> tuple[Criterion, ...]:
        return tuple(c for c in self.criteria if c.cohort in ("all", cohort))


def clauses_beneath(clauses: Iterable[Clause], relations: Iterable[str]) -> tuple[Clause, ...]:
    """Those of the clauses that the relations rest on, from above down."""
    by_head: dict[str, list[Clause]] = {}
    for c in clauses:
        by_head.setdefault(c.relation, []).append(c)
    reached = dict.fromkeys(relations)
    waiting = list(reached)
    found: list[Clause] = []
    while waiting:
        for clause in by_head.get(waiting.pop(0), ()):
            found.append(clause)
            for p in clause.body:
                if isinstance(p, Tuple | Tallied) and p.relation not in reached:
                    reached[p.relation] = None
                    waiting.append(p.relation)
    return tuple(found)
