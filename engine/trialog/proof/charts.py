"""Tuples that a chart records, may record, or lacks."""

from collections.abc import Iterator, Mapping, Sequence

from trialog.answers import Answers, Status
from trialog.charts.facts import NO_EVIDENCE, Evidence
from trialog.fetches import CERTAIN, OPEN, POSSIBLE
from trialog.plain import Row
from trialog.program import Const, Sort, Source, Tuple, Var
from trialog.proof.intervals import a_point, in_time, values_of
from trialog.proof.ready import Columns, Ready
from trialog.proof.step import FROM_CAUSE, Known, Part, Reason, Step, Steps
from trialog.proof.unrecorded import Unrecorded
from trialog.proof.wording import Wording
from trialog.values import Cause, Interval
from trialog.vocabulary import Kind, Relation

_DOUBTS = {
    Reason.MISSING: " (not confirmed, or not fully recorded)",
    Reason.CONFLICTING: " (records contradict each other)",
    Reason.IMPRECISE: " (not known precisely)",
}


class ChartTuples:
    """The ways in which tuples of a chart's relations may hold for one patient, and why others do not."""

    def __init__(self, answers: Answers, columns: Columns, wording: Wording, steps: Steps) -> None:
        self.answers = answers
        self.vocabulary = answers.screener.program.vocabulary
        self.patient = answers.chart.patient
        self.words = wording
        self.step = steps
        self.values: dict[
            tuple[int, int, bool], tuple[object, object, tuple[str | Interval, ...]]
        ] = {}  # kept alive: ids are theirs
        self.sorts, self.about, self.column = columns.sorts, columns.about, columns.in_row
        self.nothing = Unrecorded(answers, columns, wording, steps)
        self.about_rows: dict[tuple[object, ...], tuple[Row, ...]] = {}
        self.plain: dict[int, tuple[Row, Row]] = {}
        self.ordered: dict[tuple[str, str], tuple[Row, ...]] = {}

    def rows_of(self, latest: str, relation: str) -> tuple[Row, ...]:
        """The rows that a chart's relation has or may have, certain ones first."""
        found = self.ordered.get((latest, relation))
        if found is None:
            possible = self.answers.facts.get(f"{POSSIBLE} {latest}{relation}", {})
            certain = self.answers.facts.get(f"{CERTAIN} {latest}{relation}", {})
            found = self.ordered[latest, relation] = (*certain, *(r for r in possible if r not in certain))
        return found

    def evidence(self, name: str, row: Row) -> Evidence:
        return self.answers.facts.get(name, {}).get(row, NO_EVIDENCE)

    def recorded(self, p: Tuple) -> Step:
        about = next((a.value for a in p.args[1:] if isinstance(a, Const)), None)
        row: Row = (self.patient, about) if about is not None else (self.patient,)
        what = self.words.label(str(about)) if about is not None else self.vocabulary.relations[p.relation].description
        found = row in self.answers.facts.get(f"recorded {p.relation}", {})
        status = Status.MET if found is not p.negated else Status.NOT_MET
        records = self.evidence(f"recorded {p.relation}", row).records[-2:]
        if found:
            says = "; ".join(self.words.record_words(r) for r in records)
            return self.step(Part.RECORD, says, status, at=p.at, places=tuple(r.place for r in records))
        return self.step(Part.ABSENT, f"no record of {what}", status, at=p.at)

    def judged(self, p: Tuple, relation: Relation) -> Step:
        question = next(str(a.value) for a in p.args[1:] if isinstance(a, Const))
        row = (self.patient, question)
        label = self.words.label(question)
        sides = (f"the investigator signs yes: {label}", f"the investigator signs no: {label}")
        for mode, status in ((CERTAIN, Status.MET), (POSSIBLE, Status.UNKNOWN), ("refused", Status.NOT_MET)):
            name = f"{mode} {relation.name}"
            if row in self.answers.facts.get(name, {}):
                evidence = self.evidence(name, row)
                says = "; ".join(self.words.record_words(r) for r in evidence.records) or f"decided: {label}"
                why = FROM_CAUSE[evidence.doubt] if evidence.doubt is not None and status is Status.UNKNOWN else None
                places = tuple(r.place for r in evidence.records)
                unknown = sides if status is Status.UNKNOWN else None
                return self.step(Part.SIGNATURE, says, status, why, at=p.at, places=places, sides=unknown)
        lapsed = self.evidence(f"{OPEN} {relation.name}", row).records
        note = f" (no longer counts: {'; '.join(self.words.record_words(r) for r in lapsed)})" if lapsed else ""
        says = f"awaits the investigator's signature: {label}{note}"
        places = tuple(r.place for r in lapsed)
        return self.step(
            Part.OPEN, says, Status.UNKNOWN, Reason.AWAITING_JUDGEMENT, at=p.at, places=places, sides=sides
        )

    def chart_ways(
        self, p: Tuple, relation: Relation, known: Known, ready: Ready, stated: bool, whole: bool
    ) -> Iterator[tuple[Step | None, Known]]:
        """`stated`: the clause's head has values already, which are those of the tuple; `whole`: what does not fit is said too."""
        sorts = self.sorts[relation.name]
        latest = "latest " if p.source is Source.LATEST else ""
        when = self.when(p, known)
        matter = ready.classes if relation.kind is Kind.EVENT or not whole else {}  # of others nothing would be told
        seen: set[tuple[object, ...]] = set()
        possible = self.answers.facts.get(f"{POSSIBLE} {latest}{p.relation}", {})
        certain_rows = self.answers.facts.get(f"{CERTAIN} {latest}{p.relation}", {})
        fitting: set[int] = set()
        others: list[tuple[Row, Known | None, Evidence]] = []
        for row in self.rows_about(latest, p, known, matter):
            fits, sure_when = in_time(row[-2:] if latest else None, when)
            if not fits:
                continue
            plain = self.plain.setdefault(id(row), (row, row[:-2]))[1] if latest else row
            evidence = (certain_rows if row in certain_rows else possible)[row]
            values, sure = self.bound(
                p, plain, sorts, known, paired=True, causes=evidence.causes, subsuming=p.source is not Source.LATEST,
                stated=ready if stated else None,
            )  # fmt: skip
            if values is not None and isinstance(p.when, Var) and when is None:  # the day is the row's own
                own = values.get(p.when.name)
                fits, sure_when = in_time(row[-2:], own if isinstance(own, Interval) else None)
                if not fits:
                    continue
            if values is None or (matter is not ready.classes and not self.in_class(p, relation, values, ready)):
                if whole:
                    others.append((plain, values, evidence))
                continue
            fitting.update([id(r) for r in evidence.records])
            certain = sure and sure_when and row in certain_rows
            key = (tuple(map(id, evidence.records)), tuple(values.values()))
            if key in seen:
                continue
            seen.add(key)
            yield self.found(p, evidence, certain, sorts), values
        told: set[int] = set()
        for plain, values, evidence in others:
            records = {id(r) for r in evidence.records}
            class_ = self.other_class(p, relation, plain, sorts, ready)
            elsewhere = relation.kind is Kind.EVENT and (
                class_ or values is not None
            )  # told of with what is not recorded
            if not records & (fitting | told) and not elsewhere:
                told |= records
                yield self.unfitting(p, relation, plain, sorts, class_, evidence), known
        rest = self.nothing.way(p, relation, known, when, latest, ready)
        if rest[0].status is not Status.NOT_MET:
            yield rest
        elif whole:
            if latest and fitting and relation.kind is Kind.MEASURE:
                concept = self.words.label(self.nothing.concept(p, relation, known, ready))
                says = f"the latest result decides: no other {concept} counts"
                yield self.step(Part.ABSENT, says, Status.NOT_MET, at=p.at), known
            elif not (fitting and relation.kind is Kind.ATTRIBUTE):
                yield rest

    def found(self, p: Tuple, evidence: Evidence, certain: bool, sorts: tuple[Sort, ...]) -> Step:
        words = "; ".join(dict.fromkeys([self.words.record_words(r) for r in evidence.records]))
        why = None
        sides = None
        if not certain:
            doubt = evidence.doubt
            missing = Cause.MISSING in evidence.causes
            why = FROM_CAUSE[doubt] if doubt is not None else Reason.MISSING if missing else Reason.IMPRECISE
            sides = (f"it is confirmed in full: {words}", f"it is ruled out, or turns out otherwise: {words}")
            words += _DOUBTS.get(why, "")
        dates = [c for c, s in zip(evidence.causes, sorts[1:], strict=True) if s is Sort.DATE and c is not None]
        status = Status.MET if certain else Status.UNKNOWN
        places = tuple([r.place for r in evidence.records])
        return self.step(
            Part.RECORD, words, status, why, at=p.at, places=places, dates=dates[0] if dates else None, sides=sides
        )

    def other_class(self, p: Tuple, relation: Relation, row: Row, sorts: tuple[Sort, ...], ready: Ready) -> str:
        """The class that the clause asks for and that the row's concept cannot be in; empty where there is none."""
        at, below = self.about[relation.name], self.vocabulary.descendants
        about = p.args[at + 1] if at is not None else None
        concept = values_of(row, sorts, True)[at + 1] if at is not None else None
        if not isinstance(about, Var) or not isinstance(concept, str):
            return ""
        return next((u for u in ready.classes.get(about.name, ()) if below[concept].isdisjoint(below[u])), "")

    def unfitting(
        self, p: Tuple, relation: Relation, row: Row, sorts: tuple[Sort, ...], class_: str, evidence: Evidence
    ) -> Step:
        """A record of the right kind that is not what the literal asks for."""
        says = "; ".join(dict.fromkeys([self.words.record_words(r) for r in evidence.records]))
        places = tuple([r.place for r in evidence.records])
        why, alike = "another than the one in question", ""
        below = self.vocabulary.descendants
        if class_:
            why, alike = f"not {self.words.a(class_)}", f"none is {self.words.a(class_)}"
        own = values_of(row, sorts, True)[1:]
        for column, arg, value in zip(relation.columns, p.args[1:], own, strict=True) if not class_ else ():
            if isinstance(arg, Const) and isinstance(value, str) and not self.vocabulary.is_a(value, str(arg.value)):
                name, wanted = column.name.replace("_", " "), self.words.label(str(arg.value))
                open_ = not below[value].isdisjoint(below[str(arg.value)])
                why = f"{name} not recorded" if open_ else f"not {wanted}"
                alike = f"of none is recorded that it is {wanted}" if open_ else f"none is {wanted}"
        return self.step(Part.REJECTED, f"{says}: {why}", Status.NOT_MET, at=p.at, places=places, alike=alike)

    def rows_about(self, latest: str, p: Tuple, known: Known, classes: Mapping[str, tuple[str, ...]]) -> Sequence[Row]:
        """The rows that can fit the argument that says what they are about, and may be of the classes asked of it."""
        at, about = self.about[p.relation], self.column[p.relation]
        arg = p.args[at + 1] if at is not None else None
        wanted = arg.value if isinstance(arg, Const) else known.get(arg.name) if isinstance(arg, Var) else None
        asked = classes.get(arg.name, ()) if isinstance(arg, Var) else ()
        if about is None or not (isinstance(wanted, str) or asked):
            return self.rows_of(latest, p.relation)
        key = (latest, p.relation, wanted, isinstance(arg, Const), asked)
        found = self.about_rows.get(key)
        if found is None:
            above, below = self.vocabulary.ancestors, self.vocabulary.descendants
            found = self.about_rows[key] = tuple(
                [
                    row
                    for row in self.rows_of(latest, p.relation)
                    if not isinstance(wanted, str)
                    or (wanted in above[str(row[about])] if isinstance(arg, Const) else wanted == row[about])
                    if not any(below[str(row[about])].isdisjoint(below[u]) for u in asked)
                ]
            )
        return found

    def in_class(self, p: Tuple, relation: Relation, values: Known, ready: Ready) -> bool:
        """Whether a record may be of the class that the clause asks for; other records say nothing."""
        at = self.about[relation.name]
        about = p.args[at + 1] if at is not None and relation.kind is not Kind.ATTRIBUTE else None
        if not isinstance(about, Var):
            return True
        concept = values.get(about.name)
        below = self.vocabulary.descendants
        return not isinstance(concept, str) or all(
            not below[concept].isdisjoint(below[u]) for u in ready.classes.get(about.name, ())
        )

    def when(self, p: Tuple, known: Known) -> Interval | None:
        if p.source is not Source.LATEST:
            return None
        if p.when is None:
            return a_point(self.answers.screening)
        if isinstance(p.when, Const):
            assert not isinstance(p.when.value, str)
            return a_point(p.when.value)
        value = known.get(p.when.name)
        return value if isinstance(value, Interval) else None

    def bound(
        self,
        p: Tuple,
        row: Row,
        sorts: tuple[Sort, ...],
        known: Known,
        paired: bool,
        causes: tuple[Cause | None, ...] = (),
        subsuming: bool = True,
        stated: Ready | None = None,
    ) -> tuple[Known | None, bool]:
        """The known values with those of the row; None where they do not fit. And whether they surely fit."""
        is_a = self.vocabulary.ancestors
        values = dict(known)
        sure = True
        for arg, value in zip(p.args, self.read(row, sorts, paired, causes), strict=True):
            if isinstance(arg, Var):
                wanted = values.get(arg.name)
                if wanted is None:
                    values[arg.name] = value
                    continue
            elif not isinstance(arg, Const):
                continue
            elif isinstance(arg.value, str):
                if isinstance(value, str) and not (
                    value == arg.value or (subsuming and arg.value in is_a.get(value, ()))
                ):
                    return None, False
                continue
            else:
                wanted = a_point(arg.value)
            if isinstance(value, str):
                if value != wanted:
                    return None, False
            elif isinstance(wanted, Interval):
                if value.high < wanted.low or wanted.high < value.low:
                    return None, False
                alike = value.low == wanted.low and value.high == wanted.high
                sure = (
                    sure and alike and (value.low == value.high or (stated is not None and arg in stated.clause.args))
                )
        return values, sure

    def read(
        self, row: Row, sorts: tuple[Sort, ...], paired: bool, causes: tuple[Cause | None, ...] = ()
    ) -> tuple[str | Interval, ...]:
        """The row's values, with the causes for which they are not points."""
        key = (id(row), id(sorts), paired)
        found = self.values.get(key)
        if found is None:
            values = values_of(row, sorts, paired)
            if causes and len(causes) == len(values) - 1:
                values = (
                    values[0],
                    *(
                        Interval(v.low, v.high, c, v.of_days) if isinstance(v, Interval) and not v.is_point else v
                        for v, c in zip(values[1:], causes, strict=True)
                    ),
                )
            found = self.values[key] = (row, sorts, values)
        return found[2]
