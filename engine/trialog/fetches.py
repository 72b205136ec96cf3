"""How an author's tuple is fetched: which relation, which slots, and what a row must pass besides."""

from dataclasses import dataclass, field

from trialog.check.types import column_type
from trialog.ends import Ends, variables
from trialog.plain import Either, Fetch, Slot, Step, Test
from trialog.program import Clause, Const, Expr, Given, Program, Sort, Source, Tuple, Var, Whatever
from trialog.values import FIRST_DAY, LAST_DAY
from trialog.vocabulary import Kind

CERTAIN, POSSIBLE, OPEN = "certain", "possible", "open"


@dataclass
class Body:
    """A body in the making, for one mode and one choice of literals left out."""

    mode: str
    will_be_bound: set[str]  # by the tuples that are kept, whatever their order
    steps: list[Step] = field(default_factory=list)
    bound: set[str] = field(default_factory=set)


class Fetches:
    """The tuples of one clause, and what is exact in it."""

    def __init__(self, program: Program, clause: Clause) -> None:
        self.program = program
        self.vocabulary = program.vocabulary
        self.clause = clause
        self.asked: set[tuple[str, str]] = set()
        self.fresh = 0
        self.exact_variables = self._exact_variables()
        self.ends = Ends(self.exact_variables)

    def is_exact(self, relation: str, source: Source = Source.ALL) -> bool:
        if relation in self.program.derived:
            return self.program.derived[relation].is_exact
        return (
            relation == "screening"
            or source is Source.RECORDED
            or self.vocabulary.relations[relation].kind is Kind.KNOWN
        )

    def sorts(self, premise: Tuple) -> list[Sort]:
        if premise.relation == "screening":
            return [Sort.PATIENT, Sort.DATE]
        if premise.relation in self.program.derived:
            return [t.sort for t in self.program.derived[premise.relation].columns]
        relation = self.vocabulary.relations[premise.relation]
        patient = [] if relation.kind is Kind.KNOWN else [Sort.PATIENT]
        found = [column_type(c.type, None, self.vocabulary) for c in relation.columns]
        return patient + [Sort.NUMBER if t is None else t.sort for t in found]

    def _exact_variables(self) -> frozenset[str]:
        exact: set[str] = set()
        for p in self.clause.body:
            if isinstance(p, Tuple) and not p.negated and self.is_exact(p.relation, p.source):
                exact |= {a.name for a in p.args if isinstance(a, Var)}
        growing = True
        while growing:
            size = len(exact)
            exact |= {
                p.variable.name for p in self.clause.body if isinstance(p, Given) and variables(p.expression) <= exact
            }
            growing = size != len(exact)
        return frozenset(exact)

    def new(self, stem: str) -> Var:
        self.fresh += 1
        return Var(f"{stem}~{self.fresh}")

    def name(self, p: Tuple, mode: str) -> str:
        if p.source is Source.RECORDED:
            return f"recorded {p.relation}"
        if self.is_exact(p.relation):
            return p.relation
        return f"{mode} latest {p.relation}" if p.source is Source.LATEST else f"{mode} {p.relation}"

    def about(self, p: Tuple) -> int | None:
        """Which argument of a chart's tuple says what it is about."""
        relation = self.vocabulary.relations.get(p.relation)
        if relation is None or relation.kind in (Kind.KNOWN, Kind.ATTRIBUTE) or relation.concept_column is None:
            return None
        return relation.concept_column + 1

    def kind(self, p: Tuple) -> Kind | None:
        relation = self.vocabulary.relations.get(p.relation)
        return relation.kind if relation is not None else None

    def slots(
        self, p: Tuple, body: Body, mode: str, bind: bool
    ) -> tuple[tuple[Slot, ...], list[Fetch | Test | Either]]:
        """The slots of a fetch, and the tests that its row must pass besides."""
        slots: list[Slot] = []
        tests: list[Fetch | Test | Either] = []
        exact = self.is_exact(p.relation, p.source)
        about = self.about(p)
        if p.source is not Source.ALL and about is not None:
            self.asked.add(
                (p.relation, str(named.value)) if isinstance(named := p.args[about], Const) else (p.relation, "")
            )
        if p.source is Source.RECORDED and about is None:
            return (p.args[0],), tests
        if p.source is Source.RECORDED or (about is not None and self.kind(p) is Kind.JUDGEMENT):
            return (p.args[0], p.args[about or 0]), tests
        for i, (arg, sort) in enumerate(zip(p.args, self.sorts(p), strict=True)):
            if sort.is_wide and not exact:
                slots.extend(self.wide(arg, body, mode, tests, bind))
            elif isinstance(arg, Const) and sort is Sort.CONCEPT and not (p.source is Source.LATEST and i == about):
                slots.append(self.under(str(arg.value), tests))
            elif isinstance(arg, Var) and arg.name not in self.exact_variables and not bind and sort is Sort.CONCEPT:
                slots.append(self.member_of(arg, tests) if mode == POSSIBLE else arg)
            elif isinstance(arg, Var) and arg.name not in self.exact_variables and sort.is_wide:
                slots.append(self.point_in(arg, mode, tests))
            else:
                slots.append(arg)
        if p.source is Source.LATEST:
            since, until = self.new("Since"), self.new("Until")
            slots.extend((since, until))
            low, high = self.when(p, body)
            if mode == CERTAIN:
                tests += [Test("<=", since, low), Test("<", high, until)]
            else:
                tests += [Test("<=", since, high), Test("<", low, until)]
        return tuple(slots), tests

    def when(self, p: Tuple, body: Body) -> tuple[Expr, Expr]:
        if p.when is None:
            if "screening day" not in body.bound:
                body.steps.insert(0, Fetch("screening", (p.args[0], Var("screening day"))))
                body.bound.add("screening day")
            return Var("screening day"), Var("screening day")
        if isinstance(p.when, Var) and p.when.name not in self.exact_variables | body.bound | body.will_be_bound:
            return Const(FIRST_DAY), Const(LAST_DAY)  # the day is not known: any row may be the one
        low, high = self.ends.of(p.when)
        return low, high

    def member_of(self, arg: Var, tests: list[Fetch | Test | Either]) -> Var:
        """A concept that the variable's may be: what is recorded as a class may be any of its members."""
        member = self.new(arg.name)
        tests.append(Fetch("is_a", (member, arg)))
        return member

    def point_in(self, arg: Var, mode: str, tests: list[Fetch | Test | Either]) -> Var:
        """An exact value that the variable's may be, or in what is certain must be."""
        value, (low, high) = self.new(arg.name), self.ends.of(arg)
        tests += (
            [Test("=", value, low), Test("=", value, high)]
            if mode == CERTAIN
            else [Test("<=", low, value), Test("<=", value, high)]
        )
        return value

    def under(self, concept: str, tests: list[Fetch | Test | Either]) -> Slot:
        if concept in self.vocabulary.leaves:
            return Const(concept)
        member = self.new("Member")
        tests.append(Fetch("is_a", (member, Const(concept))))
        return member

    def wide(
        self, arg: Var | Const | Whatever, body: Body, mode: str, tests: list[Fetch | Test | Either], bind: bool
    ) -> tuple[Slot, Slot]:
        """The two columns of a value that may be an interval."""
        if isinstance(arg, Whatever):
            return arg, arg
        if bind and isinstance(arg, Var) and arg.name not in body.bound and arg.name not in self.exact_variables:
            body.bound.add(arg.name)
            low, high = self.ends.of(arg)
            return low, high
        low, high = self.ends.of(arg)
        own_low, own_high = self.new("Low"), self.new("High")
        if mode == CERTAIN:
            tests += [Test("=", own_low, low), Test("=", own_high, low)]
            if high != low:
                tests.append(Test("=", low, high))
        else:
            tests += [Test("<=", own_low, high), Test("<=", low, own_high)]
        return own_low, own_high
