"""Functions made at random, in the part of Python that generated functions are written in: machine code does what Python does."""

import ctypes
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialog.engines.kernel.llvm_text import llvm_text
from trialog.engines.kernel.machine import machine

_FUNCTIONS = 40
_CELLS = 8


class Making:
    """Makes a function over a run of numbers `S` and two numbers, none of whose numbers grows beyond 64 bits."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.names = ["a", "b", "x", "y"]
        self.loops = 0

    def function(self, name: str, others: tuple[str, ...]) -> str:
        self.others = others
        body = ["    x = 0", "    y = 1", *self.block(1, 4), *(f"    {self.ending()}" for _ in range(1))]
        return "\n".join([f"def {name}(S, a, b):", *body])

    def ending(self) -> str:
        return self.random.choice(("return x", "return x - y", f"return {self.number(2)}"))

    def block(self, depth: int, most: int) -> Iterator[str]:
        for _ in range(self.random.randint(1, most)):
            yield from self.statement(depth)

    def statement(self, depth: int) -> Iterator[str]:
        r, pad = self.random, "    " * depth
        match r.randrange(11 if depth < 4 else 6):
            case 0 | 1:
                yield f"{pad}{r.choice('xyab')} = {self.small(3)}"
            case 2:
                yield f"{pad}S[({self.number(2)}) % {_CELLS}] = {self.small(2)}"
            case 3:
                yield f"{pad}{r.choice('xy')} {r.choice(('+=', '-='))} {self.small(1)}"
            case 4:
                yield f"{pad}S[({self.number(1)}) % {_CELLS}] += {r.randint(-3, 3)}"
            case 5:
                if self.loops and r.random() < 0.5:
                    yield f"{pad}if {self.condition(2)}:"
                    yield f"{pad}    {r.choice(('continue', 'break'))}"
                elif r.random() < 0.3:
                    yield f"{pad}if {self.condition(2)}:"
                    yield f"{pad}    {self.ending()}"
                else:
                    yield f"{pad}pass  # nothing"
            case 6 | 7:
                yield f"{pad}if {self.condition(3)}:"
                yield from self.block(depth + 1, 2)
                if r.random() < 0.5:
                    yield f"{pad}else:"
                    yield from self.block(depth + 1, 2)
            case 8 | 9:
                i = f"i{depth}{r.randrange(2)}"
                yield f"{pad}for {i} in range({self.range()}):"
                self.loops += 1
                self.names.append(i)
                yield from self.block(depth + 1, 3)
                if r.random() < 0.3:
                    yield f"{pad}    {i} = {i} + {r.randint(1, 3)}"
                self.names.pop()
                self.loops -= 1
            case _:
                w = f"w{depth}"
                yield f"{pad}{w} = {r.randint(0, 4)}"
                yield f"{pad}while {w} > 0 and ({self.condition(1)}):"
                yield f"{pad}    {w} -= 1"
                self.loops += 1
                yield from self.block(depth + 1, 2)
                self.loops -= 1

    def range(self) -> str:
        r = self.random
        stop = f"({self.number(1)}) % 6"
        return r.choice((stop, f"{r.randint(-3, 2)}, {stop}", f"{r.randint(-3, 2)}, {stop}, {r.randint(1, 3)}"))

    def small(self, depth: int) -> str:
        """Kept small, so that sums of what was stored before do not grow."""
        return f"({self.number(depth)}) % {self.random.choice((7, 1000, 1 << 20))} - {self.random.choice((0, 3, 500))}"

    def number(self, depth: int) -> str:
        r = self.random
        if depth <= 0 or r.random() < 0.2:
            return r.choice(
                (
                    *self.names,
                    str(r.randint(-9, 9)),
                    str(r.randint(-(2**40), 2**40)),
                    f"-{r.choice(self.names)}",
                    "LIMIT",
                )
            )
        one, other = self.number(depth - 1), self.number(depth - 1)
        match r.randrange(11):
            case 0 | 1:
                return f"({one}) {r.choice('+-')} ({other})"
            case 2:
                return f"(({one}) % 1000) * (({other}) % 1009 - 500)"
            case 3:
                return f"({one}) // {r.choice((1, 2, 3, 7, 400000))}"
            case 4:
                return f"({one}) % {r.choice((1, 2, 3, 7, 400000))}"
            case 5:
                return f"{r.choice(('min', 'max'))}({one}, {other}, {self.number(0)})"
            case 6:
                return f"({one} if {self.condition(depth - 1)} else {other})"
            case 7:
                return f"S[({one}) % {_CELLS}]"
            case 8:
                return f"(1 if {self.condition(depth - 1)} else 0)"
            case 9 if self.others:
                return f"({r.choice(self.others)}(S, ({one}) % 100, ({other}) % 100)) % 1000"
            case _:
                return f"-({one})"

    def condition(self, depth: int) -> str:
        r = self.random
        if depth <= 0 or r.random() < 0.4:
            return r.choice(
                (
                    f"{self.number(depth - 1)} {r.choice(('==', '!=', '<', '<=', '>', '>='))} {self.number(depth - 1)}",
                    "True",
                    "False",
                )
            )
        one, other = self.condition(depth - 1), self.condition(depth - 1)
        return r.choice(
            (
                f"not ({one})",
                f"({one}) and ({other})",
                f"({one}) or ({other})",
                f"({one}) and ({other}) and not ({one})",
            )
        )


def made(seed: int) -> str:
    random = Random(seed)
    names: list[str] = []
    parts = ["LIMIT = 140737488355328"]
    for i in range(_FUNCTIONS):
        parts.append(Making(random).function(f"f{i}", tuple(names[-2:])))
        names.append(f"f{i}")
    cases = "\n".join(f"    if which == {i}:\n        return {n}(S, a, b)" for i, n in enumerate(names))
    parts.append(f"def call(S, which, a, b):\n{cases}\n    return 0")
    return "\n\n\n".join(parts) + "\n"


@pytest.mark.parametrize("seed", range(3))
def test_machine_code_does_what_python_does(seed: int) -> None:
    text = made(seed)
    names: dict[str, Any] = {}
    exec(compile(text, "<made>", "exec"), names)
    compiled = machine(text, "call", ("S", "which", "a", "b"))
    random = Random(seed)
    for which in range(_FUNCTIONS):
        for _ in range(12):
            cells = [random.choice((0, 1, -1, random.randint(-(2**40), 2**40))) for _ in range(_CELLS)]
            a, b = random.randint(-50, 50), random.randint(-(2**40), 2**40)
            array = (ctypes.c_int64 * _CELLS)(*cells)
            found = compiled.call(ctypes.addressof(array), which, a, b)
            wanted = names["call"](cells, which, a, b)
            function = text.split("\n\n\n")[1 + which]
            assert found == wanted, f"{function}\nof {a}, {b}"
            assert list(array) == cells, f"{function}\nof {a}, {b}"


@settings(max_examples=40)
@given(st.integers(-(2**31), 2**31 - 1), st.integers(-5, 5))
def test_numbers_of_32_bits_stand_side_by_side(number: int, more: int) -> None:
    text = "def f(C, R, a):\n    R[1] = C[1] * a\n    R[2] = C[0]\n    R[2] |= a\n    return C[2] + a\n"
    given, found = (ctypes.c_int32 * 3)(7, -3, number), (ctypes.c_int32 * 4)(5, 5, 5, 5)
    compiled = machine(text, "f", ("C", "R", "a"))
    assert compiled.call(ctypes.addressof(given), ctypes.addressof(found), more) == number + more
    assert (list(given), list(found)) == ([7, -3, number], [5, -3 * more, 7 | more, 5])


@settings(max_examples=40)
@given(st.integers(-(2**62), 2**62), st.sampled_from([1, 2, 3, 7, 10, 400000, 2**40]))
def test_quotients_go_to_the_lesser_number(number: int, divisor: int) -> None:
    text = "def f(S, x, y):\n    S[0] = x // y\n    S[1] = x % y\n    return 0\n"
    array = (ctypes.c_int64 * 2)()
    compiled = machine(text, "f", ("S", "x", "y"))
    compiled.call(ctypes.addressof(array), number, divisor)
    assert tuple(array) == divmod(number, divisor)


@pytest.mark.parametrize(
    "text",
    [
        "def f(S, a):\n    return [a]\n",
        "def f(S, a):\n    return a if a < 1 < 2 else 0\n",
        "def f(S, a):\n    return a ** 2\n",
        "def f(S, a):\n    return g(a)\n",
        "def f(S, a):\n    for x in S:\n        a = x\n    return a\n",
        "def f(S, a):\n    a, b = 1, 2\n    return a\n",
        "def f(S, a):\n    return a / 2\n",
        "def f(S, a):\n    return 'text'\n",
        "def f(S, a):\n    for x in range(3):\n        a = x\n    else:\n        a = 9\n    return a\n",
        "def f(S, a):\n    while a > 0:\n        a -= 1\n    else:\n        a = 9\n    return a\n",
        "def f(S, a):\n    return 1.5\n",
        "def f(S, a):\n    return 9223372036854775808\n",
        "def f(S, a):\n    return range(1)\n",
        "def f(S, a):\n    x = y = 3\n    return x\n",
        "def f(S, a):\n    return f(S)\n",
    ],
)
def test_what_is_no_part_of_it_is_not_compiled(text: str) -> None:
    with pytest.raises((AssertionError, KeyError)):
        llvm_text(text, ("f",))
