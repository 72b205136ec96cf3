"""Machine code that is kept on disk: what is not whole is not run, and where nothing can be kept all goes on."""

import ctypes
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from trialog.engines.kernel.machine import Machine, cache_folder, machine

TEXT = "def twice(S, a):\n    S[0] = 2 * a\n    return S[0]\n"

CHANGES: list[Callable[[bytes], bytes]] = [
    lambda code: code[:0],
    lambda code: code[:10],
    lambda code: code[:-1],
    lambda code: code[: len(code) // 2],
    lambda code: code + b"\0",
    lambda code: code[:100] + bytes([code[100] ^ 1]) + code[101:],
    lambda code: code[:-5] + bytes([code[-5] ^ 1]) + code[-4:],
    lambda code: b"\0" * len(code),
    lambda code: code[::-1],
]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/trialog/kernels"


def made(text: str = TEXT, announce: Callable[[], None] = lambda: None) -> Machine:
    return machine(text, "twice", ("S", "a"), announce)


def twice(found: Machine, number: int) -> int:
    cell = (ctypes.c_int64 * 1)()
    assert found.call(ctypes.addressof(cell), number) == cell[0]
    return cell[0]


def test_code_is_compiled_once_and_then_kept(cache: Path) -> None:
    announced: list[str] = []
    first = made(announce=lambda: announced.append("first"))
    again = made(announce=lambda: announced.append("again"))
    assert announced == ["first"]
    assert first.compiled is not None and again.compiled is None
    assert twice(first, 21) == twice(again, 21) == 42
    assert [p.suffix for p in cache.iterdir()] == [".o"]


def test_other_rules_have_other_code(cache: Path) -> None:
    made()
    other = made(TEXT.replace("2 *", "3 *"))
    assert other.compiled is not None
    assert twice(other, 21) == 63
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_was_cut_off_or_changed_is_made_again(cache: Path, change: Callable[[bytes], bytes]) -> None:
    made()
    (kept,) = cache.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(change(whole))
    found = made()
    assert found.compiled is not None
    assert twice(found, 21) == 42
    assert made().compiled is None, "it was written again"


def test_a_folder_in_the_place_of_the_file_is_survived(cache: Path) -> None:
    made()
    (kept,) = cache.iterdir()
    kept.unlink()
    kept.mkdir()
    found = made()
    assert found.compiled is not None
    assert twice(found, 21) == 42
    assert [p.name for p in cache.iterdir()] == [kept.name], "nothing half-written is left"


def test_a_cache_that_is_a_file_is_survived(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way", encoding="utf-8")
    for _ in range(2):
        found = made()
        assert found.compiled is not None
        assert twice(found, 21) == 42


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_cache_that_cannot_be_written_is_survived(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o500)
    found = made()
    assert twice(found, 21) == 42


def test_a_cache_that_refuses_to_be_made_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert twice(made(), 21) == 42
    monkeypatch.setattr(Path, "write_bytes", refuse)
    assert twice(made(), 21) == 42


def test_where_nobody_has_a_home_it_is_compiled_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("could not determine home directory")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", homeless)
    assert twice(made(), 21) == 42


def test_a_cache_is_in_its_own_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder().parts[-2:] == ("trialog", "kernels")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == Path.home() / ".cache/trialog/kernels"
