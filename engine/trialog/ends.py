"""The ends of what an expression may be, and how two such intervals compare for sure and perhaps."""

from trialog.plain import Either, Test
from trialog.program import Const, Difference, Expr, Greatest, Least, Product, Shifted, Sum, Var

_ENDS = (".low", ".high")


class Ends:
    """Of expressions over variables of which `exact` have one value and all others two ends."""

    def __init__(self, exact: frozenset[str]) -> None:
        self.exact = exact

    def of(self, arg: Var | Const) -> tuple[Var | Const, Var | Const]:
        """The least and the greatest value of a variable or constant, as slots."""
        if isinstance(arg, Const) or arg.name in self.exact:
            return arg, arg
        return Var(f"{arg.name}{_ENDS[0]}"), Var(f"{arg.name}{_ENDS[1]}")

    def low(self, e: Expr) -> Expr:
        """The least value that the expression may have."""
        return self._end(e, 0)

    def high(self, e: Expr) -> Expr:
        """The greatest value that the expression may have."""
        return self._end(e, 1)

    def _end(self, e: Expr, which: int) -> Expr:
        """The least (0) or greatest (1) value that the expression may have."""
        match e:
            case Var():
                return self.of(e)[which]
            case Const():
                return e
            case Sum(left, right):
                return Sum(self._end(left, which), self._end(right, which))
            case Difference(left, right):
                return Difference(self._end(left, which), self._end(right, 1 - which))
            case Shifted(day, by, sign):
                return Shifted(self._end(day, which), by, sign)
            case Product(left, right):
                corners = {
                    Product(x, y): None
                    for x in (self.low(left), self.high(left))
                    for y in (self.low(right), self.high(right))
                }
                several = tuple(corners)
                return several[0] if len(several) == 1 else (Greatest if which else Least)(several)
            case Least() | Greatest():
                return e

    def compare(self, operator: str, left: Expr, right: Expr, certain: bool) -> list[Test | Either]:
        l_low, l_high, r_low, r_high = self.low(left), self.high(left), self.low(right), self.high(right)
        match operator:
            case "=" if l_low == l_high and r_low == r_high:
                return [Test("=", l_low, r_low)]
            case "=" if certain:
                return [Test("=", l_low, l_high), Test("=", r_low, r_high), Test("=", l_low, r_low)]
            case "=":
                return [Test("<=", l_low, r_high), Test("<=", r_low, l_high)]
            case "!=" if certain:
                return [Either(Test("<", l_high, r_low), Test("<", r_high, l_low))]
            case "!=":
                return [Either(Test("<", l_low, r_high), Test("<", r_low, l_high))]
            case _ if certain:
                return [Test(operator, l_high, r_low)]
            case _:
                return [Test(operator, l_low, r_high)]


def variables(e: Expr) -> set[str]:
    """The names of the variables in an expression."""
    match e:
        case Var(name):
            return {name}
        case Const():
            return set()
        case Sum(left, right) | Difference(left, right) | Product(left, right):
            return variables(left) | variables(right)
        case Shifted(day):
            return variables(day)
        case Least(of) | Greatest(of):
            return set[str]().union(*(variables(x) for x in of))
