"""A row of a chart as a person would say it."""

from collections.abc import Mapping

from trialog.charts.amounts import is_plain, least
from trialog.values import GREATEST, LAST_DAY, Cause, Interval, show_days, show_number
from trialog.vocabulary import Amount, Coded, Column, Dated, Kind, Relation, Vocabulary

EXTRA_COLUMNS = ("standing", "note")

_OWN_WORDS = ("route", "adequacy", "answer", "decision")  # columns whose values say themselves what they are


def one_line(text: str, longest: int = 120) -> str:
    """The text on one line, at most so long, without signs that cannot be printed."""
    line = " ".join("".join(char if char.isprintable() or char.isspace() else "\ufffd" for char in text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def row_words(relation: Relation, written: Mapping[str, str], vocabulary: Vocabulary) -> str:
    """What is written in a row's columns, in one line."""
    about = relation.concept_column
    subject = relation.columns[about] if about is not None and relation.kind is not Kind.ATTRIBUTE else None
    cells = {name: cell.strip() for name, cell in written.items() if name not in EXTRA_COLUMNS}
    said: list[str] = []
    first = [subject.name] if subject is not None and subject.name in cells else []
    for name in dict.fromkeys((*first, *cells)):
        text = cells[name]
        column = next((c for c in relation.columns if c.name == name), None)
        coded = column is not None and isinstance(column.type, Coded)
        if subject is not None and name == subject.name:
            said.append(_label(text, subject, vocabulary))
        elif column is not None and coded and subject is not None:
            said[-1:] = [f"{words.removesuffix(',')}," for words in said[-1:]]
            named = "" if name in _OWN_WORDS else f"{name.replace('_', ' ')}: "
            said.append(f"{named}{_label(text, column, vocabulary)},")
        elif text == "ongoing" and said:
            said[-1] += ","
            said.append("ongoing,")
        else:
            said.append(text if name in ("value", relation.name) else f"{name.replace('_', ' ')} {text}")
    if said:
        said[-1] = said[-1].removesuffix(",")
    what = [] if subject is not None else [relation.name.replace("_", " ")]
    note = written.get("note")
    return one_line(" ".join([*what, *said]) + (f" ({note.strip()})" if note else ""), 300)


def _label(words: str, column: Column, vocabulary: Vocabulary) -> str:
    """The concept's label where the row names it as the vocabulary does; else the row's own words."""
    concept = vocabulary.concepts.get(words)
    return concept.label if concept is not None and isinstance(column.type, Coded) else words


def cells_of(relation: Relation, values: tuple[Interval | str, ...], vocabulary: Vocabulary) -> dict[str, str]:
    """What could be written in the columns of a row with these values; what nobody recorded is left out."""
    about = relation.concept_column
    concept = vocabulary.concepts.get(str(values[about])) if about is not None else None
    found: dict[str, str] = {}
    for column, value in zip(relation.columns, values, strict=True):
        match value, column.type:
            case Interval(cause=Cause.MISSING), _:
                pass
            case Interval(), Dated():
                ongoing = value.low == value.high == LAST_DAY and column.name == "to"
                found[column.name] = "ongoing" if ongoing else show_days(value)
            case Interval(), Amount(unit):
                found[column.name] = _amount(value, unit)
            case Interval(), _:
                found[column.name] = _amount(value, concept.unit or "" if concept else "")
            case str(), Coded(root) if value == root:
                pass
            case str(), _:
                found[column.name] = value
    return found


def _amount(value: Interval, unit: str) -> str:
    low, high = show_number(value.low), show_number(value.high)
    if value.is_point:
        said = low
    elif value.high == GREATEST:
        said = f"≥{low}"
    else:
        said = f"≤{high}" if value.low <= least(unit) else f"{low}-{high}"
    return said if is_plain(unit) else f"{said} {unit}"
