"""The page of each code: where the pages lie, what each claims, and what it says."""

import re
from pathlib import Path


def shipped_pages() -> Path:
    """The pages of this installation: `problems` inside the package, or `docs/problems` beside its source root."""
    inside = Path(__file__).parent / "problems"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "docs/problems"


def page(code: str) -> str | None:
    """The page of a code, in Markdown; None where there is none."""
    path = shipped_pages() / f"{code}.md"
    return path.read_text(encoding="utf-8") if re.fullmatch(r"E\d{3}", code) and path.is_file() else None


def claims() -> dict[str, dict[str, str]]:
    """What each code claims, under the headings of the index, in its order."""
    found: dict[str, dict[str, str]] = {}
    index = shipped_pages() / "README.md"
    for line in index.read_text(encoding="utf-8").splitlines() if index.is_file() else ():
        if line.startswith("## "):
            found[line.removeprefix("## ")] = {}
        elif listed := re.fullmatch(r"- \[(E\d{3})\]\(E\d{3}\.md\): (.+)", line):
            found[next(reversed(found), "")][listed[1]] = listed[2]
    return {heading: codes for heading, codes in found.items() if codes}
