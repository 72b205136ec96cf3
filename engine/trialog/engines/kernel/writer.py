"""Source text in the making."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Writer:
    """Lines of source text, indented."""

    lines: list[str] = field(default_factory=list)
    depth: int = 0

    def line(self, text: str = "") -> None:
        self.lines.append("    " * self.depth + text if text else "")

    @contextmanager
    def inside(self, text: str) -> Iterator[None]:
        self.line(text)
        self.depth += 1
        yield
        self.depth -= 1


def text_of(path: Path) -> str:
    """The text of a file of functions, without what it imports from other such files, whose text comes before it."""
    text = path.read_text(encoding="utf-8")
    imports = [s for s in ast.parse(text).body if isinstance(s, ast.ImportFrom)]
    left_out = {n for s in imports for n in range(s.lineno, (s.end_lineno or s.lineno) + 1)}
    return "\n".join(line for n, line in enumerate(text.split("\n"), 1) if n not in left_out)
