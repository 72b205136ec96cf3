"""Where knowledge lies, and how it is read: vocabulary, trials, and what they hash to."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from trialog.check import Pages, check
from trialog.problem import Problem
from trialog.program import Program
from trialog.source import Source, Span


def shipped() -> Path:
    """The knowledge base of this installation: `kb` inside the package, or beside its source root."""
    inside = Path(__file__).parent / "kb"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "kb"


@dataclass(frozen=True)
class Library:
    """A folder with `vocabulary/*.md` and `trials/<id>/`."""

    root: Path

    @cached_property
    def trials(self) -> tuple[str, ...]:
        """The ids of the trials, in alphabetical order."""
        folder = self.root / "trials"
        return tuple(sorted(p.parent.name for p in folder.glob("*/protocol.md"))) if folder.is_dir() else ()

    def folder(self, trial: str) -> Path:
        return self.root / "trials" / trial

    def files(self, trial: str) -> tuple[Path, ...]:
        """The files that a trial's program is made of."""
        own = (self.folder(trial) / "protocol.md", self.folder(trial) / "source.txt")
        return (*sorted((self.root / "vocabulary").glob("*.md")), *own)

    def digest(self, trial: str) -> str:
        """SHA-256 over the names and bytes of those files."""
        import hashlib

        total = hashlib.sha256()
        for path in self.files(trial):
            if path.is_file():
                content = path.read_bytes()
                total.update(f"{path.relative_to(self.root).as_posix()}\0{len(content)}\0".encode())
                total.update(content)
        return total.hexdigest()

    def pages(self, trial: str) -> tuple[Pages, list[Problem]]:
        """The texts of a trial, and what could not be read."""
        problems: list[Problem] = []
        *vocabulary, protocol, document = self.files(trial)
        pages = [s for path in vocabulary if (s := read(path, problems)) is not None]
        page = read(protocol, problems)
        source = read(document, problems, "E409") if page is not None else None
        return Pages(tuple(pages), page, source), problems

    def program(self, trial: str) -> tuple[Program | None, list[Problem]]:
        """The checked program of a trial, and all that is wrong with its pages."""
        pages, unread = self.pages(trial)
        if any(p.code == "E108" for p in unread):
            return None, unread  # what the other pages take from these would only be missed
        program, found = check(pages)
        return (program if not unread else None), [*unread, *found]

    def advice(self, programs: Mapping[str, Program]) -> list[Problem]:
        """All warnings about the pages of these trials; about the vocabulary too, where they are all the trials there are."""
        from trialog.check.advice import advice, advice_on_vocabulary

        pages = {trial: self.pages(trial)[0] for trial in programs}
        problems = [p for trial, program in programs.items() for p in advice(pages[trial], program)]
        if set(programs) == set(self.trials):
            problems.extend(advice_on_vocabulary([(pages[trial], program) for trial, program in programs.items()]))
        return problems


def read(path: Path, problems: list[Problem], code: str = "E108") -> Source | None:
    """The text of a page, named as a person standing here would type it; None, and a problem, where it cannot be read."""
    name = shown(path)
    at = Span(Source(name, ""), 0, 0)
    try:
        return Source(name, path.read_text(encoding="utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"))
    except FileNotFoundError:
        problems.append(Problem(code, f"there is no file `{name}`", at, "write it, or give the folder that holds it"))
    except UnicodeDecodeError as error:
        problems.append(
            Problem(code, f"`{name}` is not UTF-8 text: byte {error.start} cannot be read", at, "save it as UTF-8")
        )
    except OSError as error:
        problems.append(
            Problem(code, f"`{name}` cannot be read: {error.strerror}", at, "check that it is a file that you may read")
        )
    return None


def shown(path: Path) -> str:
    """The path relative to where the person stands, if it is below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
