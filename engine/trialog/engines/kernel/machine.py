"""A kernel as machine code: compiled once for a text and a processor, kept on disk, and called without holding Python's lock."""

import ctypes
import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from trialog.engines.kernel import llvm_text as text_of_llvm
from trialog.engines.kernel.llvm_text import llvm_text

_LEVEL = 2


@dataclass(frozen=True, slots=True)
class Machine:
    """`call` takes addresses of runs of whole numbers and two numbers; `engine` keeps its code alive.

    `compiled` is how long the compilation took, in seconds; None where the code was kept on disk.
    """

    call: Callable[..., int]
    engine: Any
    compiled: float | None


def cache_folder() -> Path:
    """Where machine code is kept: below the user's cache, as the XDG base directory specification has it."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "trialog" / "kernels"


def machine(text: str, entry: str, parameters: Sequence[str], announce: Callable[[], None] = lambda: None) -> Machine:
    """The function `entry` of the text. `announce` is called where it must be compiled first.

    Raises ImportError where llvmlite is not installed.
    """
    import llvmlite
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    cpu, features = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    compiler = Path(text_of_llvm.__file__).read_text(encoding="utf-8")
    told = "\0".join((text, entry, compiler, llvmlite.__version__, cpu, features, str(_LEVEL)))
    kept = _kept(hashlib.sha256(told.encode()).hexdigest())
    target = llvm.Target.from_default_triple().create_target_machine(cpu=cpu, features=features, opt=_LEVEL, jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
    code = _read(kept) if kept is not None else None
    compiled: float | None = None
    if code is None:
        announce()
        began = perf_counter()
        code = _compiled(llvm, target, text, entry)
        compiled = perf_counter() - began
        if kept is not None:
            _keep(kept, code)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    arguments = [ctypes.c_void_p if len(p) == 1 and p.isupper() else ctypes.c_int64 for p in parameters]
    call = ctypes.CFUNCTYPE(ctypes.c_int64, *arguments)(engine.get_function_address(entry))
    return Machine(call, engine, compiled)


def _compiled(llvm: Any, target: Any, text: str, entry: str) -> bytes:
    module = llvm.parse_assembly(llvm_text(text, (entry,)))
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=_LEVEL)
    llvm.create_pass_builder(target, options).getModulePassManager().run(
        module, llvm.create_pass_builder(target, options)
    )
    return target.emit_object(module)


def _kept(digest: str) -> Path | None:
    """The file for this code; None for a user without a home, for whom nothing is kept."""
    try:
        return cache_folder() / f"{digest}.o"
    except RuntimeError:
        return None


def _read(kept: Path) -> bytes | None:
    """The machine code on disk, which ends with a digest of itself; None where there is none, or it is not whole."""
    try:
        content = kept.read_bytes()
    except OSError:
        return None
    code, digest = content[:-32], content[-32:]
    return code if hashlib.sha256(code).digest() == digest else None


def _keep(kept: Path, code: bytes) -> None:
    """Keep the code for the next run; where that cannot be done, the next run compiles again."""
    beside = kept.with_name(f"{kept.name}.{os.getpid()}.part")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside.write_bytes(code + hashlib.sha256(code).digest())
        beside.replace(kept)
    except OSError:
        with suppress(OSError):
            beside.unlink()
