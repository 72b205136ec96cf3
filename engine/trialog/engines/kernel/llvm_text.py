"""Generated functions as LLVM's text: the part of Python that they are written in, statement by statement.

Every value is a whole number of 64 bits, every parameter in capitals a run of such numbers, or of `NARROW` ones. What is compiled
does just what Python does with the same text, as long as no number needs more than 64 bits, which `limits` sees to. Behind a guard
of `limits` that fires a number may need more: it comes out wrong and is not used, so nothing is told to LLVM that would make it
undefined.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count

_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Lt: "slt",
    ast.LtE: "sle",
    ast.Gt: "sgt",
    ast.GtE: "sge",
}
_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.BitAnd: "and",
    ast.BitOr: "or",
    ast.RShift: "ashr",
}
NARROW = frozenset("CR")
"""The runs whose numbers have 32 bits."""

_SHORT, _LONG, _MOST_INLINE = 60, 300, 3500
"""In nodes of their trees: short functions are written out wherever they are called, longer ones where that is not much in all."""
_HEAD = """\
declare i64 @llvm.smin.i64(i64, i64)
declare i64 @llvm.smax.i64(i64, i64)
"""


def llvm_text(source: str, entries: Sequence[str]) -> str:
    """The module that holds all functions of the source; those of `entries` can be called from outside."""
    tree = ast.parse(source)
    constants: dict[str, object] = {
        s.targets[0].id: s.value.value
        for s in tree.body
        if isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name) and isinstance(s.value, ast.Constant)
    }
    functions = [s for s in tree.body if isinstance(s, ast.FunctionDef)]
    arity = {f.name: len(f.args.args) for f in functions}
    calls = Counter(n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name))
    parts = [_HEAD]
    for f in functions:
        size = len(list(ast.walk(f)))
        is_inline = size < _SHORT or (size < _LONG and size * calls[f.name] < _MOST_INLINE)
        parts.append(_Function(f, constants, arity).text(f.name in entries, is_inline))
    return "\n".join(parts)


def _is_run(name: str) -> bool:
    return len(name) == 1 and name.isupper()


class _Function:
    def __init__(self, node: ast.FunctionDef, constants: dict[str, object], arity: dict[str, int]) -> None:
        self.node, self.constants, self.arity = node, constants, arity
        self.lines: list[str] = []
        self.numbers = count()
        self.locals = {a.arg for a in node.args.args if not _is_run(a.arg)}
        self.locals |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        self.leave: list[tuple[str, str]] = []  # where `continue` and `break` go to
        self.ended = False

    def text(self, is_entry: bool, is_inline: bool) -> str:
        parameters = ", ".join(
            f"ptr noalias nocapture %{a.arg}" if _is_run(a.arg) else f"i64 %p.{a.arg}" for a in self.node.args.args
        )
        attributes = "alwaysinline nounwind" if is_inline and not is_entry else "noinline nounwind"
        linkage = "" if is_entry else "internal "
        head = f"define {linkage}i64 @{self.node.name}({parameters}) {attributes} {{"
        self.lines.append("entry:")
        for name in sorted(self.locals):
            self.lines.append(f"  %v.{name} = alloca i64")
        for a in self.node.args.args:
            if not _is_run(a.arg):
                self.lines.append(f"  store i64 %p.{a.arg}, ptr %v.{a.arg}")
        self.block(self.node.body)
        if not self.ended:
            self.lines.append("  ret i64 0")
        return "\n".join([head, *self.lines, "}", ""])

    # -- lines -----------------------------------------------------------------------------------------------------

    def put(self, text: str) -> None:
        self.lines.append(f"  {text}")

    def value(self, text: str) -> str:
        name = f"%t{next(self.numbers)}"
        self.put(f"{name} = {text}")
        return name

    def labels(self, *stems: str) -> Iterator[str]:
        number = next(self.numbers)
        for stem in stems:
            yield f"{stem}{number}"

    def begin(self, label: str) -> None:
        if not self.ended:
            self.put(f"br label %{label}")
        self.lines.append(f"{label}:")
        self.ended = False

    def go(self, label: str) -> None:
        if not self.ended:
            self.put(f"br label %{label}")
        self.ended = True

    # -- statements ------------------------------------------------------------------------------------------------

    def block(self, statements: Sequence[ast.stmt]) -> None:
        for s in statements:
            if self.ended:
                return  # nothing reaches it
            self.statement(s)

    def statement(self, s: ast.stmt) -> None:
        match s:
            case ast.Assign(targets=[target], value=value):
                number = self.number(value)
                self.store(number, *self.place(target))
            case ast.AugAssign(target=target, op=op, value=value):
                at, kind = self.place(target)
                before = self.load(at, kind)
                self.store(self.value(f"{_ARITHMETIC[type(op)]} i64 {before}, {self.number(value)}"), at, kind)
            case ast.If(test=test, body=body, orelse=orelse):
                then, other, after = self.labels("then", "else", "after")
                self.branch(test, then, other if orelse else after)
                self.lines.append(f"{then}:")
                self.ended = False
                self.block(body)
                self.go(after)
                if orelse:
                    self.lines.append(f"{other}:")
                    self.ended = False
                    self.block(orelse)
                    self.go(after)
                self.lines.append(f"{after}:")
                self.ended = False
            case ast.While(test=test, body=body, orelse=[]):
                again, inside, after = self.labels("while", "do", "done")
                self.begin(again)
                self.branch(test, inside, after)
                self.lines.append(f"{inside}:")
                self.ended = False
                self.leave.append((again, after))
                self.block(body)
                self.leave.pop()
                self.go(again)
                self.lines.append(f"{after}:")
                self.ended = False
            case ast.For(
                target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=args), body=body, orelse=[]
            ):
                self.loop(name, args, body)
            case ast.Return(value=value):
                self.put(f"ret i64 {self.number(value) if value is not None else '0'}")
                self.ended = True
            case ast.Continue():
                self.go(self.leave[-1][0])
            case ast.Break():
                self.go(self.leave[-1][1])
            case ast.Expr(value=ast.Call() as called):
                self.number(called)
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case _:
                raise AssertionError(f"generated functions hold no {ast.unparse(s)}")

    def loop(self, name: str, args: Sequence[ast.expr], body: Sequence[ast.stmt]) -> None:
        """`range` is worked out once, and the variable may be changed in the body, as in Python."""
        numbers = [self.number(a) for a in args]
        start, stop, step = ("0", numbers[0], "1") if len(args) == 1 else (*numbers, "1") if len(args) == 2 else numbers
        again, inside, onward, after = self.labels("for", "do", "next", "done")
        counter = f"%c.{again}"
        self.lines.insert(1, f"  {counter} = alloca i64")
        self.put(f"store i64 {start}, ptr {counter}")
        self.begin(again)
        now = self.value(f"load i64, ptr {counter}")
        self.put(f"br i1 {self.value(f'icmp slt i64 {now}, {stop}')}, label %{inside}, label %{after}")
        self.lines.append(f"{inside}:")
        self.ended = False
        self.put(f"store i64 {now}, ptr %v.{name}")
        self.leave.append((onward, after))
        self.block(body)
        self.leave.pop()
        self.begin(onward)
        further = self.value(f"add nsw i64 {now}, {step}")
        self.put(f"store i64 {further}, ptr {counter}")
        self.go(again)
        self.lines.append(f"{after}:")
        self.ended = False

    def place(self, target: ast.expr) -> tuple[str, str]:
        """Where a variable or a number of a run stands, and of what kind it is."""
        match target:
            case ast.Name(id=name):
                return f"%v.{name}", "i64"
            case ast.Subscript(value=ast.Name(id=run), slice=index):
                kind = "i32" if run in NARROW else "i64"
                return self.value(f"getelementptr {kind}, ptr %{run}, i64 {self.number(index)}"), kind
            case _:
                raise AssertionError(f"nothing is stored at {ast.unparse(target)}")

    def store(self, value: str, at: str, kind: str) -> None:
        narrow = value if kind == "i64" else self.value(f"trunc i64 {value} to {kind}")
        self.put(f"store {kind} {narrow}, ptr {at}")

    def load(self, at: str, kind: str) -> str:
        found = self.value(f"load {kind}, ptr {at}")
        return found if kind == "i64" else self.value(f"sext {kind} {found} to i64")

    # -- conditions ------------------------------------------------------------------------------------------------

    def branch(self, test: ast.expr, then: str, other: str) -> None:
        """Go to one of the two; what `and` and `or` need not look at is not looked at."""
        match test:
            case ast.BoolOp(op=op, values=values):
                for part in values[:-1]:
                    (further,) = self.labels("and" if isinstance(op, ast.And) else "or")
                    self.branch(part, *((further, other) if isinstance(op, ast.And) else (then, further)))
                    self.lines.append(f"{further}:")
                    self.ended = False
                self.branch(values[-1], then, other)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.branch(operand, other, then)
            case ast.Constant(value=bool() as always):
                self.go(then if always else other)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                found = self.value(f"icmp {_COMPARISONS[type(op)]} i64 {self.number(left)}, {self.number(right)}")
                self.put(f"br i1 {found}, label %{then}, label %{other}")
                self.ended = True
            case _:
                found = self.value(f"icmp ne i64 {self.number(test)}, 0")
                self.put(f"br i1 {found}, label %{then}, label %{other}")
                self.ended = True

    # -- numbers ---------------------------------------------------------------------------------------------------

    def number(self, e: ast.expr) -> str:
        match e:
            case ast.Constant(value=int() as value) if abs(value) < 2**63:
                return str(int(value))
            case ast.Name(id=name) if name in self.locals:
                return self.value(f"load i64, ptr %v.{name}")
            case ast.Name(id=name) if name in self.constants:
                return str(self.constants[name])
            case ast.Subscript():
                return self.load(*self.place(e))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
                return str(-value)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.value(f"sub i64 0, {self.number(operand)}")
            case ast.BinOp(left=left, op=ast.FloorDiv() | ast.Mod() as op, right=right):
                return self.divided(self.number(left), self.number(right), isinstance(op, ast.FloorDiv))
            case ast.BinOp(left=left, op=op, right=right):
                one = self.number(left)
                return self.value(f"{_ARITHMETIC[type(op)]} i64 {one}, {self.number(right)}")
            case ast.Call(func=ast.Name(id="min" | "max" as which), args=args):
                numbers = [self.number(a) for a in args]
                found = numbers[0]
                for other in numbers[1:]:
                    found = self.value(f"call i64 @llvm.s{which}.i64(i64 {found}, i64 {other})")
                return found
            case ast.Call(func=ast.Name(id=function), args=args):
                assert len(args) == self.arity[function], f"{function} takes {self.arity[function]} numbers"
                given = [
                    f"ptr %{a.id}" if isinstance(a, ast.Name) and _is_run(a.id) else f"i64 {self.number(a)}"
                    for a in args
                ]
                return self.value(f"call i64 @{function}({', '.join(given)})")
            case ast.Compare(ops=[_]) | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                return self.chosen(e, "1", "0")
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.chosen(test, body, orelse)
            case _:
                raise AssertionError(f"generated functions hold no {ast.unparse(e)}")

    def divided(self, left: str, right: str, quotient: bool) -> str:
        """As Python divides: towards the lesser number. The divisor is above zero."""
        rest = self.value(f"srem i64 {left}, {right}")
        negative = self.value(f"icmp slt i64 {rest}, 0")
        if not quotient:
            return self.value(f"add i64 {rest}, {self.value(f'select i1 {negative}, i64 {right}, i64 0')}")
        found = self.value(f"sdiv i64 {left}, {right}")
        return self.value(f"sub i64 {found}, {self.value(f'zext i1 {negative} to i64')}")

    def chosen(self, test: ast.expr, body: "ast.expr | str", orelse: "ast.expr | str") -> str:
        then, other, after = self.labels("yes", "no", "chosen")
        place = f"%c.{after}"
        self.lines.insert(1, f"  {place} = alloca i64")
        self.branch(test, then, other)
        for label, value in ((then, body), (other, orelse)):
            self.lines.append(f"{label}:")
            self.ended = False
            self.put(f"store i64 {value if isinstance(value, str) else self.number(value)}, ptr {place}")
            self.go(after)
        self.lines.append(f"{after}:")
        self.ended = False
        return self.value(f"load i64, ptr {place}")
