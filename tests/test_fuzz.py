"""The fuzzer finds what is planted, makes it small, and finds nothing where nothing is."""

import re
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests import fuzz, invariants
from tests.fuzz_inputs import KINDS, Input, drawn
from trialog.format import formatted
from trialog.source import Source

type Printed = pytest.CaptureFixture[str]

WHOLE_WAY = fuzz.the_whole_way


def test_some_hundred_inputs() -> None:
    found = fuzz.tally(range(1, 601))
    assert found.failures == []
    assert found.inputs.keys() | {"knowledge"} == {kind.__name__ for kind in KINDS}
    assert 20 < found.sound.total() < 200
    assert len(found.codes) > 30


def test_a_seed_makes_its_input_again() -> None:
    assert [drawn(seed) for seed in range(50)] == [drawn(seed) for seed in range(50)]
    assert len({drawn(seed)[1] for seed in range(50)}) > 40


def test_processes_find_what_one_finds(capsys: Printed) -> None:
    assert fuzz.main(["--inputs", "520", "--jobs", "2"]) == 0
    apart = capsys.readouterr().out
    assert fuzz.main(["--inputs", "520", "--jobs", "1"]) == 0
    together = capsys.readouterr().out
    assert apart.splitlines()[:-1] == together.splitlines()[:-1]
    assert re.search(r"^520 inputs: \d+ sound, \d+ with problems, 0 tracebacks, 0 hangs$", apart, re.M)
    assert re.search(r"^[\d,]+ seconds, [\d,]+ inputs per second$", apart, re.M)


def plant(monkeypatch: pytest.MonkeyPatch, fault: Callable[[Input], None]) -> None:
    def the_whole_way(given: Input) -> set[str]:
        fault(given)
        return WHOLE_WAY(given)

    monkeypatch.setattr(fuzz, "the_whole_way", the_whole_way)


def test_a_traceback_is_found_shrunk_and_made_again(monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    def fault(given: Input) -> None:
        if "latest" in given.protocol and ")" in given.protocol:
            raise KeyError("planted")

    plant(monkeypatch, fault)
    assert fuzz.main(["--inputs", "60"]) == 1
    printed = capsys.readouterr().out
    found = re.search(r"^== KeyError, in (\w+): python -m tests\.fuzz --seed (\d+) --inputs 1$", printed, re.M)
    assert found
    assert printed.count("== ") == 1, "many inputs, one cause"
    assert re.search(r"^protocol:\n(latest\)|\)latest)\ndocument:\n", printed, re.M)
    assert "planted" in printed
    assert re.search(r", [1-9]\d* tracebacks, 0 hangs$", printed, re.M)
    assert fuzz.main(["--seed", found[2], "--inputs", "1"]) == 1
    assert ", 1 tracebacks, 0 hangs" in capsys.readouterr().out


def test_a_hang_is_found(monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    def fault(given: Input) -> None:
        while "longest" in given.protocol:
            with suppress(Exception):  # as the code under test might
                pass

    plant(monkeypatch, fault)
    monkeypatch.setattr(fuzz, "DEADLINE", 0.05)
    monkeypatch.setattr(fuzz, "_PATIENCE", 2.0)
    assert fuzz.main(["--inputs", "30"]) == 1
    printed = capsys.readouterr().out
    assert "== Hang, in " in printed
    assert "fault" in printed
    assert re.search(r", 0 tracebacks, [1-9]\d* hangs$", printed, re.M)


FAULTS: dict[str, Callable[[str, str], str]] = {
    "a comment lost": lambda _, after: after.replace("% why", ""),
    "a comment changed": lambda _, after: after.replace("% why", "% wyh"),
    "a word changed": lambda _, after: after.replace("b(P)", "c(P)"),
    "prose changed": lambda _, after: after.replace("Some  prose", "Some prose"),
    "another line end": lambda _, after: after + "\n",
    "never enough": lambda before, after: after.replace("a(P) ", "a(P)" + " " * before.count(" ")),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_of_layout_is_seen(fault: Callable[[str, str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    page = Source("page.md", "Some  prose\n\n```datalog\na(P):-b(P).% why\n```\n")
    assert invariants.laid_out(page) == "Some  prose\n\n```datalog\na(P) :- b(P).  % why\n```\n"

    def faulty(source: Source) -> str:
        return fault(source.text, formatted(source))

    monkeypatch.setattr(invariants, "formatted", faulty)
    with pytest.raises(AssertionError):
        invariants.laid_out(page)
