"""How records, values and rules are put into words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from trialog.answers import Status
from trialog.charts.chart import Judgement, Record
from trialog.program import Compared, Const, Premise, ProtocolAtom, Tallied, Tuple, Var
from trialog.proof.intervals import interval
from trialog.proof.step import Known
from trialog.source import Span
from trialog.tree import Summary
from trialog.values import GREATEST, LEAST, Cause, Interval, show_days, show_number
from trialog.vocabulary import Coded, Dated, Vocabulary

_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}
_PLACES = re.compile(r"\{(\w+)\}")
_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_OF_NUMBERS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least", "=": "exactly", "!=": "other than"}
_OF_DAYS = {"<": "before", "<=": "on or before", ">": "after", ">=": "on or after", "=": "on", "!=": "not on"}


@dataclass(frozen=True, slots=True, eq=False)
class Naming:
    """Of a clause's variables: the units of their values, the columns from which they come, and which are results."""

    units: Mapping[str, str]
    columns: Mapping[str, str]
    results: frozenset[str] = frozenset()


NO_NAMING = Naming({}, {})


class Wording:
    """Words for what the vocabulary names."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.of_records: dict[int, str] = {}

    def label(self, concept: str) -> str:
        return self.vocabulary.concepts[concept].label if concept in self.vocabulary.concepts else concept

    def a(self, concept: str) -> str:
        """The concept's label; that of a class as one of it."""
        label = self.label(concept)
        if len(self.vocabulary.descendants.get(concept, ())) < 2 or label.startswith(("a ", "an ")):
            return label
        return f"{'an' if label[0] in 'aeiouAEIO' else 'a'} {label}"

    def asked(self, premise: Premise, titles: Mapping[str, str], atoms: Mapping[str, ProtocolAtom]) -> str:
        """What a premise asks: a relation's phrase, or the author's own words."""
        relation = premise.relation if isinstance(premise, Tuple) else ""
        if isinstance(premise, Tallied):
            what = {Summary.COUNT: "different", Summary.LONGEST: "in one stretch"}.get(premise.summary, "in all")
            return f"there are {'more than' if premise.strict else 'at least'} {premise.bound} {what}"
        if relation in atoms:
            return f"{atoms[relation].phrase} ({atoms[relation].identifier})"
        if relation in titles:
            return titles[relation]
        if isinstance(premise, Tuple) and relation in self.vocabulary.relations:
            about = next(
                (str(a.value) for a in premise.args[1:] if isinstance(a, Const) and isinstance(a.value, str)), ""
            )
            return f"{self.label(about)} is recorded" if about else self.vocabulary.relations[relation].description
        return relation.split("/")[0].replace("_", " ") if relation else f"`{unspaced(premise.at)}`"

    def record_words(self, record: Record | Judgement) -> str:
        words = self.of_records.get(id(record))
        if words is None:
            words = self.of_records[id(record)] = self.words_of(record)
        return words

    def words_of(self, record: Record | Judgement) -> str:
        if isinstance(record, Judgement):
            verdict = "yes" if record.decision == "agreed" else "no"
            return f"{record.by} signed {verdict} on {show_days(record.on)}: {self.label(record.question)}"
        return legible(record.words or self.written(record))

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
                    name = "" if column.name == "value" else column.name.replace("_", " ") + " "
                    parts.append(f"{name}{show_amount(value)} {own}".strip())
                case str() if not (isinstance(column.type, Coded) and value == column.type.root):
                    parts.append(self.label(value))
        return ", ".join(parts) or record.relation

    def value(self, value: "str | Interval | None", unit: str = "") -> str:
        if value is None:
            return "[not recorded]"
        if isinstance(value, str):
            return self.label(value)
        words = show(value)
        return f"{words} {legible_unit(unit)}".rstrip() if unit and words[-1] != "]" else words

    def bindings(self, known: Known, units: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        return tuple((name, self.value(value, units.get(name, ""))) for name, value in known.items())

    def filled(self, phrase: str, values: Known, naming: Naming) -> str | None:
        """The phrase with values; None where one comes from what is not recorded, and no measure gives it a name."""

        def value(found: re.Match[str]) -> str:
            v = values.get(found[1])
            if v is None and found[1] in naming.results:
                return f"[{naming.columns[found[1]]}]"
            return show(v) if isinstance(v, Interval) else self.label(v) if v is not None else "[not recorded]"

        words = _PLACES.sub(value, phrase)
        return (
            None
            if "[not recorded]" in words and any(values.get(n, "") is None for n in _PLACES.findall(phrase))
            else words
        )

    def compared(self, p: Compared, known: Known, naming: Naming, status: Status) -> tuple[str, tuple[str, str]]:
        """The comparison of known values as a sentence, and what would make it hold or not, for example `at least 55 %`."""
        said = _said(p)
        days = _is_of_days(p, known) or _DAY.search(unspaced(p.at)) is not None
        words = _OF_DAYS if days else _OF_NUMBERS
        if said is None:
            text = f"`{unspaced(p.at)}`"
            holds = {Status.MET: "holds", Status.NOT_MET: "does not hold"}.get(status, "is not known")
            return f"{text} {holds}", (f"{text} holds", f"{text} does not hold")
        left, operator, right = said
        if {">": "<", ">=": "<="}.get(operator, operator) != p.operator:
            operator = _OPPOSITE[operator]  # of a split, which asks for the opposite of what is written
        mine, other = (p.right, p.left) if operator in (">", ">=") else (p.left, p.right)
        if not variables_in(left) and variables_in(right):
            left, right, mine, other = right, left, other, mine
            operator = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(operator, operator)
        one = _side(left, interval(mine, known) if days else None, known, naming)
        two = _side(right, interval(other, known) if days else None, known, naming)
        sides = (f"{words[operator]} {two}", f"{words[_OPPOSITE[operator]]} {two}")
        held = sides[0]
        subject = naming.columns.get(mine.name, one) if isinstance(mine, Var) else one
        sides = (f"{subject} is {sides[0]}", f"{subject} is {sides[1]}")
        match status:
            case Status.MET:
                return f"{one} is {held}", sides
            case Status.NOT_MET:
                return f"{one} is not {held}", sides
            case Status.UNKNOWN:
                return f"whether {one} is {held} is not known", sides


def _side(text: str, value: Interval | None, known: Known, naming: Naming) -> str:
    """One side of a comparison with values for variables; a day that is worked out with how it was."""
    spelled_out = spelled_text(text, known, naming)
    if value is None or re.fullmatch(r"[\w-]+", text):
        return spelled_out
    return f"{show_days(value)} ({spelled_out})"


def _is_of_days(p: Compared, known: Known) -> bool:
    return any(v is not None and v.of_days for v in (interval(p.left, known), interval(p.right, known)))


@lru_cache(maxsize=4096)
def _split(words: str) -> tuple[str, str, str] | None:
    if "{" in re.sub(r"'[^']*'", "", words):
        return None
    parts = re.split(r"(<=|>=|!=|<|>|=)(?=(?:[^']*'[^']*')*[^']*$)", words)
    return (parts[0].strip(), parts[1], parts[2].strip()) if len(parts) == 3 else None


def _said(p: Compared) -> tuple[str, str, str] | None:
    return _split(unspaced(p.at)) if p.at is not None else None


@lru_cache(maxsize=4096)
def _one_spaced(words: str) -> str:
    return " ".join(words.split())


def unspaced(at: Span | None) -> str:
    return _one_spaced(at.words) if at is not None else ""


_TOKEN = re.compile(r"'[^']*'|(?<![\w'])[A-Z]\w*|\*|(?<=\s)-(?=\s)|[^'A-Z*-]+|.")


@lru_cache(maxsize=4096)
def _tokens(words: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(words))


def variables_in(words: str) -> bool:
    return any(t[0].isupper() for t in _tokens(words))


def spelled_text(words: str, known: Known, naming: Naming) -> str:
    """An author's expression with values in the place of variables, and units as people write them."""
    parts: list[str] = []
    for token in _tokens(words):
        if token[0].isupper():
            value = known.get(token)
            unit = legible_unit(naming.units.get(token, ""))
            column = naming.columns.get(token, "")
            if isinstance(value, Interval):
                words = show(value)
                missing = f"[{column.removeprefix('the ')} not recorded]" if column else words
                parts.append(missing if words[-1] == "]" else f"{words} {unit}".rstrip())
            else:
                parts.append(value or column or token)
        elif token[0] == "'":
            parts.append(legible_unit(token[1:-1]))
        else:
            parts.append({"*": "×", "-": "−"}.get(token, token))
    return " ".join("".join(parts).split())


@lru_cache(maxsize=1024)
def legible_unit(unit: str) -> str:
    """A UCUM unit as people write it: `mL/min/1.73 m²`; nothing for scores and titers."""
    words = re.sub(r"/?\{[a-z]+\}", "", unit)
    words = re.sub(r"\{([^}]*)\}", lambda found: found[1].replace("_", " "), words)
    words = re.sub(r"\[IU\]", "IU", words).replace("mm[Hg]", "mmHg").replace("m2", "m²").replace("Cel", "°C")
    words = re.sub(r"\bu(?=mol|g|L)", "µ", words)
    return re.sub(r"(?<!\d)\.|\.(?!\d)", "·", words)


@lru_cache(maxsize=4096)
def legible(words: str) -> str:
    """A record's words with its units as people write them."""
    return re.sub(r"\S*\{[^}\s]*\}\S*", lambda found: legible_unit(found[0]), words) if "{" in words else words


def spelled(at: Span | None, known: Known) -> str:
    """The author's words, values in the place of variables."""
    return spelled_text(unspaced(at), known, NO_NAMING)


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
