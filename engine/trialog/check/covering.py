"""Whether one rule holds wherever another does: its literals, with other variables, follow from the other's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from trialog.check.clashes import is_within
from trialog.check.linear import clashing
from trialog.program import (
    Arg,
    Chosen,
    Clause,
    Compared,
    Const,
    Difference,
    Distinct,
    Expr,
    Given,
    Greatest,
    Least,
    Premise,
    Product,
    Program,
    Shifted,
    Source,
    Sum,
    Tallied,
    Tuple,
    Under,
    Var,
    Whatever,
)
from trialog.vocabulary import Measured

type Names = Mapping[str, Arg]
"""What the variables of one rule stand for in another."""

_ENOUGH = 3000  # steps, after which no more ways are tried to lay one rule over another
_NEGATED = {"<": "<=", "<=": "<"}


class Covering:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.vocabulary = program.vocabulary
        self.helpers = {c.relation: c for c in program.clauses if c.helper_of is not None}
        self.steps = 0

    def covers(self, wide: Clause, narrow: Clause) -> bool:
        """Whether `wide` surely holds wherever `narrow` does, for the same tuple."""
        self.steps = 0
        names: dict[str, Arg] = {}
        for a, b in zip(wide.args, narrow.args, strict=True):
            if isinstance(a, Const):
                if a != b:
                    return False
            elif names.setdefault(a.name, b) != b:
                return False
        ordered = sorted(wide.body, key=lambda p: (isinstance(p, Compared), not isinstance(p, Tuple) or p.negated))
        uses = [v for p in wide.body if isinstance(p, Tuple) for v in {a.name for a in p.args if isinstance(a, Var)}]
        once = {v for v in uses if uses.count(v) == 1} - names.keys()
        return next(self.laid(ordered, narrow.body, names, once), None) is not None

    def laid(self, wide: Sequence[Premise], narrow: Sequence[Premise], names: Names, once: set[str]) -> Iterator[Names]:
        """The ways in which each literal of `wide` follows from `narrow`."""
        if not wide:
            yield names
            return
        first, *rest = wide
        for more in self.follows(first, narrow, names, once):
            self.steps += 1
            if self.steps > _ENOUGH:
                return
            yield from self.laid(rest, narrow, more, once)

    def follows(self, one: Premise, narrow: Sequence[Premise], names: Names, once: set[str]) -> Iterator[Names]:
        match one:
            case Tuple("screening", args=(_, Whatever())):
                yield names  # there is a screening date for everybody
            case Compared():
                compared = [p for p in narrow if isinstance(p, Compared | Given)]
                if self.is_implied(one, compared, names):
                    yield names
            case Under(arg, concept, negated):
                if self.is_under(_meant(arg, names), concept, negated, narrow):
                    yield names
            case _:
                for other in narrow:
                    yield from self.matches(one, other, narrow, names, once)

    def matches(
        self, one: Premise, other: Premise, narrow: Sequence[Premise], names: Names, once: set[str]
    ) -> Iterator[Names]:
        match one, other:
            case Tuple(), Tuple():
                yield from self.tuples(one, other, narrow, names, once)
            case Chosen(), Chosen():
                if one == other:
                    yield names
            case Distinct(a, b, same), Distinct(c, d, also) if same == also:
                for left, right in ((c, d), (d, c)):
                    if (more := _bound(names, a, left)) is not None and (done := _bound(more, b, right)) is not None:
                        yield done
            case Given(variable, value), Given(result, found):
                if (more := _bound(names, variable, result)) is not None and _renamed(value, more) == found:
                    yield more
            case Tallied(), Tallied() if self.is_as_much(one, other):
                yield from self.bodies(one.relation, one.key, other.relation, other.key, names)
            case _:
                pass

    # -- tuples --------------------------------------------------------------------------------------------------

    def tuples(
        self, one: Tuple, other: Tuple, narrow: Sequence[Premise], names: Names, once: set[str]
    ) -> Iterator[Names]:
        if (one.source, one.negated) != (other.source, other.negated):
            return
        if one.relation in self.helpers and other.relation in self.helpers:
            yield from self.bodies(one.relation, one.args, other.relation, other.args, names)
        if one.relation != other.relation:
            return
        more: Names | None = names
        if one.when is not None or other.when is not None:
            more = None if one.when is None or other.when is None else _bound(names, one.when, other.when)
        relation = self.vocabulary.relations.get(one.relation)
        measured = relation is not None and any(isinstance(c.type, Measured) for c in relation.columns)
        alike = one.source is Source.LATEST or measured
        about = (relation.concept_column or 0) + 1 if relation is not None and alike else -1
        for i, (a, b) in enumerate(zip(one.args, other.args, strict=True)):
            if more is None:
                return
            if i == about:  # the latest of a class is another than that of a member, and its unit may be
                more = _bound(more, a, b) if isinstance(a, Var) else more if a == b else None
            elif one.negated:
                more = more if is_within(_meant(a, more), b, self.vocabulary) else None
            else:
                more = self.argument(a, b, narrow, more, once)
        if more is not None:
            yield more

    def argument(self, a: Arg, b: Arg, narrow: Sequence[Premise], names: Names, once: set[str]) -> Names | None:
        """`a` of the wider rule, which must take whatever `b` of the narrower one takes."""
        match a, b:
            case Whatever(), _:
                return names
            case Const(str(wide)), Const(str(own)):
                return names if self.vocabulary.is_a(own, wide) else None
            case Const(str(wide)), Var():
                return names if self.is_under(b, wide, False, narrow) else None
            case Const(), _:
                return names if a == b else None
            case Var(name), Const(str(own)) if own not in self.vocabulary.leaves and name not in once:
                return None  # it may be one member here and another there
            case Var(), Var() | Const():
                return _bound(names, a, b)
            case _:
                return None

    def is_under(self, arg: Arg, concept: str, negated: bool, narrow: Sequence[Premise]) -> bool:
        match arg:
            case Const(str(own)):
                return not negated and self.vocabulary.is_a(own, concept)
            case Var():
                said = [p.concept for p in narrow if isinstance(p, Under) and p.arg == arg and p.negated == negated]
                return any(self.vocabulary.is_a(*((concept, c) if negated else (c, concept))) for c in said)
            case _:
                return False

    # -- comparisons ---------------------------------------------------------------------------------------------

    def is_implied(self, one: Compared, narrow: Sequence[Compared | Given], names: Names) -> bool:
        left, right = _renamed(one.left, names), _renamed(one.right, names)
        if left is None or right is None:
            return False
        match one.operator:
            case "!=":
                return any(
                    isinstance(p, Compared)
                    and p.operator == "!="
                    and (p.left, p.right) in ((left, right), (right, left))
                    for p in narrow
                )
            case "=":
                opposites = [Compared("<", left, right), Compared("<", right, left)]
            case operator:
                opposites = [Compared(_NEGATED[operator], right, left)]
        return all(clashing([*narrow, opposite]) for opposite in opposites)

    # -- aggregates ----------------------------------------------------------------------------------------------

    def is_as_much(self, one: Tallied, other: Tallied) -> bool:
        if isinstance(one.bound, int) and isinstance(other.bound, int):
            enough = one.bound >= other.bound if one.negated else one.bound <= other.bound
            one = replace(one, bound=other.bound) if enough else one
        return (one.summary, one.bound, one.strict, one.gap, one.negated) == (
            other.summary, other.bound, other.strict, other.gap, other.negated,
        )  # fmt: skip

    def bodies(
        self, one: str, one_args: Sequence[Arg], other: str, other_args: Sequence[Arg], names: Names
    ) -> Iterator[Names]:
        """The ways in which the braces of two aggregates say the same, with other variables."""
        a, b = self.helpers[one], self.helpers[other]
        if len(a.args) != len(b.args) or len(a.body) != len(b.body):
            return
        inside = {n: v for n, v in names.items() if not _is_local(n)}
        for way in self.same(a.body, b.body, inside):
            found: Names | None = {**names, **{n: v for n, v in way.items() if not _is_local(n)}}
            for i, (x, y) in enumerate(zip(a.args, b.args, strict=True)):
                if isinstance(x, Var) and _is_local(x.name) and found is not None:
                    mine, its = (one_args[i], other_args[i]) if i < len(one_args) else (None, None)
                    joined = way.get(x.name) == y
                    found = (found if mine is None or its is None else _bound(found, mine, its)) if joined else None
            if found is not None:
                yield found

    def same(self, one: Sequence[Premise], other: Sequence[Premise], names: Names) -> Iterator[Names]:
        """The ways in which two bodies have the same literals, each variable going by one other name."""
        if not one:
            yield names
            return
        first, *rest = one
        for i, candidate in enumerate(other):
            self.steps += 1
            if self.steps > _ENOUGH:
                return
            for more in self.equal(first, candidate, names):
                yield from self.same(rest, [*other[:i], *other[i + 1 :]], more)

    def equal(self, one: Premise, other: Premise, names: Names) -> Iterator[Names]:
        match one, other:
            case Tuple(), Tuple():
                if (one.relation, one.source, one.negated) == (other.relation, other.source, other.negated):
                    yield from _paired([*one.args, *_some(one.when)], [*other.args, *_some(other.when)], names)
                elif one.relation in self.helpers and other.relation in self.helpers and one.negated == other.negated:
                    yield from self.bodies(one.relation, one.args, other.relation, other.args, names)
            case Under(a, concept, negated), Under(b, also, denied):
                if (concept, negated) == (also, denied):
                    yield from _paired([a], [b], names)
            case Distinct(a, b, same), Distinct(c, d, also):
                if same == also:
                    yield from _paired([a, b], [c, d], names)
                    yield from _paired([a, b], [d, c], names)
            case Compared(operator, left, right), Compared(sign, low, high) if operator == sign:
                yield from _expressions([left, right], [low, high], names)
                if operator in ("=", "!="):
                    yield from _expressions([left, right], [high, low], names)
            case Given(variable, value), Given(result, found):
                yield from _expressions([variable, value], [result, found], names)
            case Chosen(), Chosen():
                if one == other:
                    yield names
            case _:
                pass


def _is_local(name: str) -> bool:
    """Whether the variable ranges over the braces of an aggregate, and is no variable of the rule itself."""
    return "'" in name


def _some(arg: Var | Const | None) -> list[Arg]:
    return [] if arg is None else [arg]


def _meant(arg: Arg, names: Names) -> Arg:
    """What the argument stands for; a variable that stands for nothing yet is nothing that another rule has."""
    return names.get(arg.name, Whatever()) if isinstance(arg, Var) else arg


def _bound(names: Names, arg: Arg, to: Arg) -> Names | None:
    """The names with one more, unless the variable stands for something else."""
    if not isinstance(arg, Var):
        return names if arg == to else None
    if isinstance(to, Whatever):
        return None
    return {**names, arg.name: to} if names.get(arg.name, to) == to else None


def _paired(one: Sequence[Arg], other: Sequence[Arg], names: Names) -> Iterator[Names]:
    """The names under which the arguments are the same, no two variables going by one."""
    if len(one) != len(other):
        return
    for a, b in zip(one, other, strict=True):
        if isinstance(a, Var) and isinstance(b, Var):
            if names.get(a.name, b) != b or any(v == b and n != a.name for n, v in names.items()):
                return
            names = {**names, a.name: b}
        elif a != b:
            return
    yield names


def _expressions(one: Sequence[Expr], other: Sequence[Expr], names: Names) -> Iterator[Names]:
    found: Names | None = names
    for a, b in zip(one, other, strict=True):
        found = _unified(a, b, found) if found is not None else None
    if found is not None:
        yield found


def _unified(a: Expr, b: Expr, names: Names) -> Names | None:
    match a, b:
        case ((Var() | Const()), (Var() | Const())):
            return next(_paired([a], [b], names), None)
        case (Sum(l, r), Sum(m, s)) | (Difference(l, r), Difference(m, s)) | (Product(l, r), Product(m, s)):
            more = _unified(l, m, names)
            return None if more is None else _unified(r, s, more)
        case Shifted(date, by, sign), Shifted(other, length, way):
            return _unified(date, other, names) if (by, sign) == (length, way) else None
        case _:
            return None


def _renamed(e: Expr, names: Names) -> Expr | None:
    """The expression with what its variables stand for; None where one stands for nothing yet."""
    match e:
        case Var(name):
            found = names.get(name)
            return found if isinstance(found, Var | Const) else None
        case Const():
            return e
        case Sum(left, right) | Difference(left, right) | Product(left, right):
            a, b = _renamed(left, names), _renamed(right, names)
            return None if a is None or b is None else type(e)(a, b)
        case Shifted(date, by, sign):
            moved = _renamed(date, names)
            return None if moved is None else Shifted(moved, by, sign)
        case Least() | Greatest():
            raise AssertionError("authors do not write it")
