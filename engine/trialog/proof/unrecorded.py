"""Tuples that a chart does not record: open, or closed by what was reviewed, and what is recorded instead."""

from collections.abc import Iterator

from trialog.answers import Answers, Status
from trialog.charts.chart import Judgement, Record
from trialog.charts.facts import closing
from trialog.fetches import OPEN, POSSIBLE
from trialog.program import Const, Tuple, Var
from trialog.proof.intervals import in_time
from trialog.proof.ready import Columns, Ready
from trialog.proof.sides import of_unrecorded
from trialog.proof.step import Known, Part, Reason, Step, Steps
from trialog.proof.wording import Wording
from trialog.values import Interval, show_day, show_days
from trialog.vocabulary import Coded, Dated, Kind, Relation


class Unrecorded:
    """What may be missing from one patient's chart, and what cannot be."""

    def __init__(self, answers: Answers, columns: Columns, wording: Wording, steps: Steps) -> None:
        self.answers = answers
        self.vocabulary = answers.screener.program.vocabulary
        self.patient = answers.chart.patient
        self.about = columns.about
        self.words = wording
        self.step = steps
        self.of: dict[str, list[Record]] = {}
        for record in answers.chart.records:
            self.of.setdefault(record.relation, []).append(record)
        self.recorded_under: dict[str, frozenset[str]] = {}
        self.absences: dict[tuple[object, ...], Step] = {}

    def concept(self, p: Tuple, relation: Relation, known: Known, ready: Ready) -> str:
        """What the literal asks about: a concept, or a class of them."""
        at = self.about[relation.name]
        if relation.kind is Kind.ATTRIBUTE or at is None:
            return ""
        about = p.args[at + 1]
        value = about.value if isinstance(about, Const) else known.get(about.name) if isinstance(about, Var) else None
        if isinstance(value, str):
            return value
        column = relation.columns[at].type
        classes = ready.classes.get(about.name, ()) if isinstance(about, Var) else ()
        return next(iter(classes), column.root if isinstance(column, Coded) else "")

    def way(
        self, p: Tuple, relation: Relation, known: Known, when: Interval | None, latest: str, ready: Ready
    ) -> tuple[Step, Known]:
        """The way in which a tuple holds that the chart does not record: open, or closed by what was reviewed."""
        concept = self.concept(p, relation, known, ready)
        openings = self.answers.facts.get(f"{OPEN} {latest}{p.relation}", {})
        is_open = (
            any(r[:2] == (self.patient, concept) and in_time(r[2:], when)[0] for r in openings)
            if latest
            else (self.patient,) in openings
            if not concept
            else (self.patient, concept) in openings
        )
        if is_open:
            others = {a.name: None for a in p.args if isinstance(a, Var) and a.name not in known}
            return self.open(p, relation, concept, latest, known, ready), {**known, **others}
        key = (p.relation, latest, concept, when, id(p.at) if latest or not concept else None)
        step = self.absences.get(key)
        if step is None:
            step = self.absences[key] = self.closed(p, relation, concept, when, latest)
        return step, known

    def open(self, p: Tuple, relation: Relation, concept: str, latest: str, known: Known, ready: Ready) -> Step:
        what = self.words.label(concept) if concept else relation.description
        reviewed = "" if latest or not concept else ", and the chart does not say that this was reviewed"
        says = f"nothing {'more ' if self.has_any(relation, concept) else ''}is recorded of {what}{reviewed}"
        sides = of_unrecorded(p, relation, concept, known, ready, self.words, self.answers.screening)
        return self.step(Part.OPEN, says, Status.UNKNOWN, Reason.MISSING, at=p.at, sides=sides)

    def closed(self, p: Tuple, relation: Relation, concept: str, when: Interval | None, latest: str) -> Step:
        """Nothing of the kind is recorded, and nothing of the kind can be missing: with what was searched, and through when."""
        what = self.words.label(concept) if concept else relation.description
        instead = self.instead(p, concept, when, latest) if latest or not concept else ()
        by = (
            closing(self.answers.chart, relation.name, concept, self.answers.screening, self.vocabulary)
            if concept
            else ()
        )
        if not concept or (latest and (instead or not by)):
            words = "; ".join(dict.fromkeys(self.words.record_words(r) for r in instead))
            places = tuple(r.place for r in dict.fromkeys(instead))
            says = (
                f"{words}: the latest result decides"
                if words and latest
                else words or f"the recorded {what} is another"
            )
            return self.step(Part.ABSENT, says, Status.NOT_MET, at=p.at, places=places)
        history = relation.name.replace("_", " ")
        through = f", reviewed through {max((show_days(c.through) for c in by), default='')}" if by else ""
        other = "other " if self.has_any(relation, concept) else ""
        below = tuple(self.others(relation, concept, self.words.a(concept)))
        column = relation.columns[self.about[relation.name] or 0].type
        is_root = isinstance(column, Coded) and column.root == concept
        named = ("nothing else" if other else "nothing") if is_root else f"no {other}{what}"
        says = f"{named} in the {history} history{through}"
        return self.step(Part.ABSENT, says, Status.NOT_MET, below=below, at=p.at, places=tuple(c.place for c in by))

    def others(self, relation: Relation, concept: str, what: str) -> Iterator[Step]:
        """The other records of the relation: those of other concepts, and those that are later than screening."""
        at = self.about[relation.name]
        if at is None or relation.kind is not Kind.EVENT:
            return
        mine = self.of.get(relation.name, [])
        say = self.words.record_words
        apart = [r for r in mine if not self.vocabulary.is_a(str(r.values[at]), concept)]
        steps = [self.step(Part.REJECTED, f"{say(r)}: not {what}", Status.NOT_MET, places=(r.place,)) for r in apart]
        if len(steps) > 1:
            names = ", ".join(dict.fromkeys([self.words.label(str(r.values[at])) for r in apart]))
            says = f"{len(steps)} recorded, none is {what}: {names}"
            yield self.step(Part.GROUP, says, Status.NOT_MET, below=tuple(steps), alike=f"none is {what}")
        else:
            yield from steps
        for r in mine:
            day = next((v for c, v in zip(relation.columns, r.values, strict=True) if isinstance(c.type, Dated)), None)
            if r not in apart and isinstance(day, Interval) and day.low > self.answers.screening:
                says = f"{say(r)}: after the screening on {show_day(self.answers.screening)}"
                yield self.step(Part.REJECTED, says, Status.NOT_MET, places=(r.place,))

    def instead(self, p: Tuple, concept: str, when: Interval | None, latest: str) -> tuple[Record | Judgement, ...]:
        """What is recorded instead of what a literal asks for."""
        rows = self.answers.facts.get(f"{POSSIBLE} {latest}{p.relation}", {})
        return tuple(
            r
            for row, evidence in rows.items()
            if not latest or (row[1] == concept and in_time(row[-2:], when)[0])
            for r in evidence.records
        )

    def has_any(self, relation: Relation, concept: str) -> bool:
        """Whether anything under the concept is recorded."""
        found = self.recorded_under.get(relation.name)
        if found is None:
            about = self.about[relation.name]
            mine = self.of.get(relation.name, ()) if about is not None else ()
            found = self.recorded_under[relation.name] = frozenset().union(
                *[self.vocabulary.ancestors[str(r.values[about or 0])] for r in mine]
            )
        return concept in found
