"""How records, values and rules are put into words."""

import re
from collections.abc import Mapping

from trialog.charts.chart import Judgement, Record
from trialog.program import Premise, ProtocolAtom, Tuple
from trialog.proof.step import Known
from trialog.source import Span
from trialog.values import GREATEST, LEAST, Cause, Interval, show_days, show_number
from trialog.vocabulary import Coded, Dated, Vocabulary


class Wording:
    """Words for what the vocabulary names."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def label(self, concept: str) -> str:
        return self.vocabulary.concepts[concept].label if concept in self.vocabulary.concepts else concept

    def asked(self, premise: Premise, atoms: Mapping[str, ProtocolAtom]) -> str:
        """What a premise asks: an atom's phrase, a relation's name, or the author's own words."""
        relation = premise.relation if isinstance(premise, Tuple) else ""
        if relation in atoms:
            return f"{atoms[relation].phrase} ({atoms[relation].identifier})"
        is_derived = bool(relation) and relation not in self.vocabulary.relations
        words = relation if is_derived else spelled(premise.at, {}).removeprefix("not ")
        return f"`{words}`"

    def record_words(self, record: Record | Judgement) -> str:
        if isinstance(record, Judgement):
            verdict = "yes" if record.decision == "agreed" else "no"
            return f"{record.by} signed {verdict} on {show_days(record.on)}: {self.label(record.question)}"
        return record.words or self.written(record)

    def written(self, record: Record) -> str:
        relation = self.vocabulary.relations[record.relation]
        about = relation.concept_column
        unit = self.vocabulary.concepts[str(record.values[about])].unit if about is not None else None
        parts: list[str] = []
        for column, value in zip(relation.columns, record.values, strict=True):
            match value:
                case Interval(cause=Cause.MISSING):
                    continue
                case Interval() if isinstance(column.type, Dated):
                    parts.append(f"{'' if column.name == 'on' else column.name + ' '}{show_days(value)}")
                case Interval():
                    own = getattr(column.type, "unit", unit or "")
                    parts.append(
                        f"{'' if column.name == 'value' else column.name.replace('_', ' ') + ' '}{show_amount(value)} {own}".strip()
                    )
                case str() if not (isinstance(column.type, Coded) and value == column.type.root):
                    parts.append(self.label(value))
        return ", ".join(parts) or record.relation


def spelled(at: Span | None, known: Known) -> str:
    """The author's words, values in the place of variables."""
    if at is None:
        return ""
    words = " ".join(at.words.split())

    def value(found: re.Match[str]) -> str:
        v = known.get(found.group())
        return show(v) if isinstance(v, Interval) else found.group()

    return re.sub(r"(?<![\w'])[A-Z]\w*(?![\w'])(?=(?:[^']*'[^']*')*[^']*$)", value, words)


def show(value: Interval) -> str:
    """A value in an author's expression."""
    return show_days(value) if value.of_days else show_amount(value)


def show_amount(value: Interval) -> str:
    """A number, the interval that it lies in, or that nothing is recorded of it."""
    if value.is_point:
        return show_number(value.low)
    below, above = value.low in (0, LEAST), value.high >= GREATEST
    if below and above:
        return "[not recorded]"
    if above:
        return f"≥{show_number(value.low)}"
    return (
        f"≤{show_number(value.high)}"
        if value.low == LEAST
        else f"{show_number(value.low)} to {show_number(value.high)}"
    )


def filled(phrase: str, values: Known) -> str:
    def value(found: re.Match[str]) -> str:
        v = values.get(found[1])
        return show(v) if isinstance(v, Interval) else str(v).replace("_", " ") if v is not None else "[not recorded]"

    return re.sub(r"\{(\w+)\}", value, phrase)
