"""Plain two-valued Datalog, as `bounds` writes it and engines run it: nothing in it is unknown.

Relations go by names such as `certain lvef_at_least_55`, `possible condition`, `open condition`. Values are patients' names,
concepts' names, day numbers and exact numbers.
"""

from dataclasses import dataclass, field

from trialog.program import Clause, Const, Difference, Expr, Greatest, Least, Product, Shifted, Sum, Var, Whatever
from trialog.tree import Summary
from trialog.values import Duration, Exact

type Value = str | Exact
type Row = tuple[Value, ...]
type Slot = Var | Const | Whatever


@dataclass(frozen=True, slots=True)
class Fetch:
    """There is a row of `relation` that fits the slots; variables without a value take the row's."""

    relation: str
    slots: tuple[Slot, ...]

    def __str__(self) -> str:
        return f"{self.relation}({', '.join(_show(s) for s in self.slots)})"


@dataclass(frozen=True, slots=True)
class Test:
    """`left operator right`; the operator is one of `=` `!=` `<` `<=`."""

    operator: str
    left: Expr
    right: Expr

    def __str__(self) -> str:
        return f"{_show(self.left)} {self.operator} {_show(self.right)}"


@dataclass(frozen=True, slots=True)
class Either:
    left: Test
    right: Test

    def __str__(self) -> str:
        return f"({self.left} or {self.right})"


@dataclass(frozen=True, slots=True)
class Let:
    variable: Var
    value: Expr

    def __str__(self) -> str:
        return f"{self.variable.name} := {_show(self.value)}"


@dataclass(frozen=True, slots=True)
class Tally:
    """What `summary` makes of the rows of `relation` that begin with `key` reaches `bound`, or exceeds it where `strict`.

    After the key a row holds one interval for `count`, two for `covered` and `longest`: two columns each where `paired`.
    Where `sure`, the tally is one that the true values cannot fall below, else one that they cannot exceed.
    """

    summary: Summary
    relation: str
    key: tuple[Slot, ...]
    bound: int | Duration
    strict: bool
    gap: Duration
    paired: bool
    sure: bool

    def __str__(self) -> str:
        key = ", ".join(_show(s) for s in self.key)
        reached = f"{'>' if self.strict else '>='} {self.bound}"
        return f"{'least' if self.sure else 'most'} {self.summary.value} {self.relation}({key}, …) {reached}"


@dataclass(frozen=True, slots=True)
class Absent:
    """The body has no solution; its variables without a value outside are its own."""

    body: "tuple[Fetch | Test | Either | Tally, ...]"

    def __str__(self) -> str:
        return f"not ({', '.join(str(x) for x in self.body)})"


type Step = Fetch | Test | Either | Let | Tally | Absent


@dataclass(frozen=True, slots=True)
class Rule:
    """`origin` is the clause that it was rewritten from; `readings` are those under which it holds at all."""

    relation: str
    slots: tuple[Var | Const, ...]
    body: tuple[Step, ...]
    readings: frozenset[tuple[str, str]]
    origin: Clause = field(compare=False, repr=False)

    def __str__(self) -> str:
        head = f"{self.relation}({', '.join(_show(s) for s in self.slots)})"
        return f"{head} :- {', '.join(str(x) for x in self.body)}."


def _show(e: Expr | Slot) -> str:
    match e:
        case Var(name):
            return name
        case Const(value):
            return str(value)
        case Whatever():
            return "_"
        case Sum(left, right):
            return f"({_show(left)} + {_show(right)})"
        case Difference(left, right):
            return f"({_show(left)} - {_show(right)})"
        case Product(left, right):
            return f"({_show(left)} * {_show(right)})"
        case Shifted(day, by, sign):
            return f"({_show(day)} {'+' if sign > 0 else '-'} {by})"
        case Least(of):
            return f"least({', '.join(_show(x) for x in of)})"
        case Greatest(of):
            return f"greatest({', '.join(_show(x) for x in of)})"


@dataclass(frozen=True)
class PlainProgram:
    """`strata` are groups of relations, each after all that it negates or tallies. `facts` are the same for every patient.

    `splits` are the clauses that no author wrote, of which rules were made all the same (see `splits.py`).
    """

    rules: tuple[Rule, ...]
    strata: tuple[frozenset[str], ...]
    facts: dict[str, frozenset[Row]]
    asked: frozenset[tuple[str, str]]  # (relation, concept) of `latest` and `recorded`
    splits: tuple[Clause, ...] = ()

    def __str__(self) -> str:
        return "\n".join(str(rule) for rule in self.rules)
