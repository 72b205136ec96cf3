"""Imports point one way: a later stage knows the earlier ones, never the other way round."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "engine/trialog"

# Each may import those before it. A folder is one layer; the order within it is free, as long as there is no circle.
ORDER = (
    "source", "replacing", "problem", "spelling", "problem_pages", "values", "units", "codes", "vocabulary",
    "tree", "page", "lexer", "layout", "written", "cursor", "parse_body", "parse", "format",
    "program", "check", "mending", "knowledge",
    "plain", "splits", "ends", "fetches", "bounds", "plan", "engines",
    "charts", "synthetic", "answers", "cohort", "second_opinion", "certificates", "proof", "cases", "screening",
    "supposing", "minimal", "efforts", "telling", "outcomes", "datum", "weights", "wanted",
    "trying", "needs", "near", "ground", "what_if",
    "graph", "proof_graph", "selecting", "impact", "asking", "replies",
    "render", "usage", "arguments", "engine_choice", "explain_command", "why_lines", "certificate_files", "confirming", "commands",
    "generate_command", "pack_command", "cohort_command", "update_command", "attrition_command",
    "whynot_command", "check_command", "authoring_commands",
    "asking_commands",
    "graph_command", "impact_command", "verify_command", "fmt_command",
    "opened", "ask_command", "console", "notebook", "cli", "__main__",
)  # fmt: skip
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path != PACKAGE / "__init__.py"
}


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it: a late import points somewhere too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports by dots; name the module in full"
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


def within(path: Path) -> set[str]:
    """The package's own modules that a file imports."""
    named = {name.removeprefix("trialog.") for name in imported(path) if name.startswith("trialog.")}
    return named & MODULES.keys()


def layer(module: str) -> int:
    return ORDER.index(module.partition(".")[0])


def test_every_module_has_a_place_in_the_order() -> None:
    assert {module.partition(".")[0] for module in MODULES} == set(ORDER)


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module: str) -> None:
    upward = {other for other in within(MODULES[module]) if layer(other) > layer(module)}
    assert not upward, f"{module} is before {', '.join(sorted(upward))}, and imports it"


def test_there_is_no_circle() -> None:
    known = {module: within(path) - {module} for module, path in MODULES.items()}
    tuple(TopologicalSorter(known).static_order())


@pytest.mark.parametrize("module", MODULES)
def test_the_package_has_one_name(module: str) -> None:
    roots = {name.partition(".")[0] for name in imported(MODULES[module])}
    assert not roots & {"engine", "kb"}


@pytest.mark.parametrize("path", sorted(PACKAGE.parent.rglob("*.py")), ids=lambda path: path.name)
def test_no_file_is_too_long_to_be_read_in_one_go(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 520
