"""The command `impact`: which answers change if what a selector names goes."""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from trialog.answers import Screener
from trialog.cases import expectations
from trialog.charts.files import ReadChart, refused
from trialog.commands import chart_folder, chosen_readings, finish, read_all, the_program
from trialog.graph import KINDS, Dependencies, dependencies
from trialog.graph_command import selectors_of
from trialog.impact import Change, Impact, asked, change, checked_without
from trialog.knowledge import Library
from trialog.program import Program
from trialog.screening import Screened, screen_all
from trialog.selecting import select
from trialog.usage import emit, holds_ascii_alone, typed_wrong


def impact(given: argparse.Namespace) -> int:
    """Print what changes for the trial's own cases, and for the charts that are given."""
    if not given.selectors:
        raise typed_wrong("E643", "what goes is not said", "give a selector, for example of a rule: `rule:NAME/1`")
    library, program = the_program(given)
    readings = chosen_readings(given, program)
    pages = library.pages(given.trial)[0]
    known = dependencies(program, pages)
    selectors = selectors_of(given, known.graph, KINDS)
    names, _ = select(known.graph, selectors)
    gone = {name: known.statements[name] for name in known.graph if name in names and name in known.statements}
    stays = tuple(name for name in known.graph if name in names and name not in gone)
    if not gone:
        raise typed_wrong(
            "E644",
            f"no page states {', '.join(f'`{name}`' for name in stays[:3])}{', …' if len(stays) > 3 else ''} as such",
            "name what is stated on a page: a rule, a fact, a concept, a relation, a reading or a source",
        )
    statements = tuple(dict.fromkeys(at for spans in gone.values() for at in spans))
    after, errors = checked_without(pages, statements, program)
    runs = _Runs(given, library, program, after, readings)
    changes = list(runs.changes()) if after is not None else []
    seen = {name for c in changes for name, _, _ in c.statuses}
    no_longer = tuple(name for name in asked(program) if name not in asked(after)) if after is not None else ()
    resting = _resting(known, gone)
    found = Impact(
        given.trial,
        library.digest(given.trial),
        tuple(str(s) for s in selectors),
        gone,
        stays,
        tuple(errors),
        runs.counts["case"],
        runs.counts["chart"],
        no_longer,
        tuple(c for c in changes if c),
        tuple(n for n in asked(program) if n in resting - {*seen, *no_longer}) if after is not None else (),
    )
    if given.format == "json":
        from trialog.render.impact import as_json

        emit([as_json(found, holds_ascii_alone())])
    else:
        from trialog.render.impact import as_lines

        emit(as_lines(found, given.width, given.colour))
    return finish(runs.before) or (1 if errors else 0)


class _Runs:
    """The runs over cases and charts, with everything and without what goes."""

    def __init__(
        self,
        given: argparse.Namespace,
        library: Library,
        program: Program,
        after: Program | None,
        readings: Mapping[str, str],
    ) -> None:
        self.given = given
        self.library = library
        self.program = program
        self.after = after
        self.readings = readings
        self.counts: Counter[str] = Counter()
        self.before: list[Screened] = []
        self.screeners: dict[tuple[bool, tuple[tuple[str, str], ...]], Screener] = {}

    def changes(self) -> Iterator[Change]:
        assert self.after is not None
        for kind, path in self.paths():
            reads = list(read_all(path, self.program))
            same = self.after.vocabulary == self.program.vocabulary
            again = reads if same else list(read_all(path, self.after))
            if len(again) == len(reads):
                pairs = list(zip(reads, again, strict=True))
            else:  # what is refused as a whole may hold several patients
                named = {r.name: r for r in again}
                why = tuple(p for r in again if r.chart is None for p in r.problems)
                pairs = [(r, named.get(r.name, ReadChart(r.name, None, why))) for r in reads]
            for read, later in pairs:
                yield from self.of_chart(kind, read, later)

    def paths(self) -> Iterator[tuple[str, Path]]:
        cases = self.library.folder(self.given.trial) / "cases"
        if cases.is_dir():
            yield "case", cases
        if self.given.charts is not None or not cases.is_dir():
            yield "chart", chart_folder(self.given, self.library)

    def of_chart(self, kind: str, read: ReadChart, later: ReadChart) -> Iterator[Change]:
        screened = self.screened(read, True)
        self.before.append(screened)
        if screened.answers is not None:
            self.counts[kind] += 1
            after = self.screened(later, False)
            why = [p for p in after.problems if refused([p])] if after.answers is None else []
            yield change(kind, screened.answers, after.answers, why)

    def screened(self, read: ReadChart, whole: bool) -> Screened:
        """A case is read as it says that it is meant; what was typed comes first."""
        program = self.program if whole or self.after is None else self.after
        meant = {**expectations(read, program)[0], **self.readings}
        readings = {name: option for name, option in meant.items() if name in program.readings}
        key = (whole, tuple(sorted(readings.items())))
        if key not in self.screeners:
            self.screeners[key] = Screener(program, readings)
        return next(screen_all(self.screeners[key], iter([read]), self.given.as_of, date.today().toordinal()))


def _resting(known: Dependencies, gone: Iterable[str]) -> set[str]:
    """What goes, and all that rests on it."""
    import networkx

    return {above for name in gone for above in (name, *networkx.ancestors(known.graph, name))}
