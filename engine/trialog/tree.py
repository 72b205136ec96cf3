"""The language as it is written. Where a thing was written rides along in `at` and never compares."""

from dataclasses import dataclass, field
from enum import Enum

from trialog.source import Span
from trialog.values import Duration, Exact
from trialog.vocabulary import Kind


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Anonymous:
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ConceptName:
    name: str
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its unit; None where no unit is written."""

    value: Exact
    unit: str | None
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Day:
    """A date, as a day number."""

    day: int
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Length:
    """A duration."""

    duration: Duration
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    operator: str  # + - * /
    left: "Expression"
    right: "Expression"
    at: Span = field(compare=False, repr=False)


type Term = Variable | Anonymous | ConceptName | Number | Day
type Expression = Term | Length | Arithmetic


@dataclass(frozen=True, slots=True)
class Argument:
    """A term, with the name of its column where one is written."""

    column: str | None
    term: Term
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Atom:
    """`rest` says that `..` was written: the columns not mentioned do not matter."""

    relation: str
    arguments: tuple[Argument, ...]
    rest: bool
    at: Span = field(compare=False, repr=False)
    name_at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Holds:
    atom: Atom
    negated: bool
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Latest:
    """The last recorded row on or before `when`; on or before screening where `when` is None."""

    atom: Atom
    when: Term | None
    negated: bool
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Recorded:
    """Whether the chart has any such record at all."""

    atom: Atom
    negated: bool
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Membership:
    """`term in concept`."""

    term: Term
    concept: ConceptName
    negated: bool
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ReadingIs:
    reading: str
    option: str
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    operator: str  # = != < <= > >=
    left: Expression
    right: Expression
    at: Span = field(compare=False, repr=False)


class Summary(Enum):
    """What an aggregate makes of the tuples in its braces."""

    COUNT = "count"
    MIN = "min"
    MAX = "max"
    COVERED = "covered"
    LONGEST = "longest"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`summary { variables : body } gap operator bound`."""

    summary: Summary
    variables: tuple[Variable, ...]
    body: "tuple[Literal, ...]"
    gap: Duration | None
    operator: str
    bound: Expression
    at: Span = field(compare=False, repr=False)


type Literal = Holds | Latest | Recorded | Membership | ReadingIs | Comparison | Aggregate


@dataclass(frozen=True, slots=True)
class Citation:
    source: str
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SourceStatement:
    name: str
    citation: str
    verified: bool
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Equality:
    """`1 'mg/dL' = 88.4 'umol/L'` in the declaration of a concept."""

    left: Number
    right: Number


@dataclass(frozen=True, slots=True)
class Code:
    system: str
    code: str


@dataclass(frozen=True, slots=True)
class ConceptStatement:
    name: str
    parents: tuple[ConceptName, ...]
    label: str
    also: tuple[str, ...]
    unit: str | None
    conversions: tuple[Equality, ...]
    codes: tuple[Code, ...]
    citations: tuple[Citation, ...]
    at: Span = field(compare=False, repr=False)
    name_at: Span = field(compare=False, repr=False)
    unit_at: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ColumnType:
    """`date`, `number` with or without a unit, `quantity`, or the name of a root concept."""

    name: str
    unit: str | None
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ColumnStatement:
    """The first column of most relations is the bare word `patient`: then `type` is None."""

    name: str
    type: ColumnType | None
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ColumnProduct:
    """`where whole = part * measure`: what is not recorded of the two columns follows from the other."""

    whole: str
    part: str
    measure: str
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RelationStatement:
    kind: Kind
    name: str
    columns: tuple[ColumnStatement, ...]
    description: str
    product: "ColumnProduct | None"
    at: Span = field(compare=False, repr=False)
    name_at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ReadingStatement:
    """The first option is the default."""

    name: str
    options: tuple[str, ...]
    description: str
    at: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Label:
    """`@ID "phrase"` before a rule; `identifier` is None where only a phrase is given."""

    identifier: str | None
    phrase: str
    at: Span = field(compare=False, repr=False)


class Role(Enum):
    """What a rule's head is to its cohort."""

    INCLUSION = "inclusion"
    EXCLUSION = "exclusion"


@dataclass(frozen=True, slots=True)
class Rule:
    """A fact is a rule without a body."""

    label: Label | None
    role: Role | None
    head: Atom
    body: tuple[Literal, ...]
    citations: tuple[Citation, ...]
    at: Span = field(compare=False, repr=False)


type Statement = SourceStatement | ConceptStatement | RelationStatement | ReadingStatement | Rule


def literals_within(body: tuple[Literal, ...]) -> "list[Literal]":
    """Every literal of a body, those inside aggregates too."""
    found: list[Literal] = []
    for literal in body:
        found.append(literal)
        if isinstance(literal, Aggregate):
            found.extend(literals_within(literal.body))
    return found
