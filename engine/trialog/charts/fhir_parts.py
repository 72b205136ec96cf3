"""The objects of a FHIR bundle, each with the path that leads to it, and what a resource is found to say."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from trialog.charts.chart import Denied, Place, Record, SetAside, Standing, Value
from trialog.charts.dates import between, day_of
from trialog.charts.positions import Path, show_path
from trialog.charts.rows import filled
from trialog.charts.words import one_line
from trialog.values import Cause, Duration, Exact, Interval, decimal, shift
from trialog.vocabulary import Vocabulary

type Found = Record | Denied | SetAside


class MalformedError(Exception):
    """A part of a bundle is not what FHIR says it is."""

    def __init__(self, path: Path, says: str) -> None:
        super().__init__(says)
        self.path, self.says = path, says


def _named(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return "a text" if value.strip() else "an empty text"
        case Decimal():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"


@dataclass(frozen=True, slots=True)
class Part:
    """An object in a bundle. Every reading of a member raises MalformedError where it is of another kind."""

    members: Mapping[str, object]
    path: Path

    def has(self, key: str) -> bool:
        return key in self.members

    def part(self, key: str) -> "Part | None":
        """The object under the key, None where there is none."""
        value = self.members.get(key)
        if isinstance(value, dict):
            return Part(value, (*self.path, key))
        return self._refused(key, "an object", value)

    def parts(self, key: str) -> "tuple[Part, ...]":
        """The objects in the list under the key."""
        value = self.members.get(key)
        if not isinstance(value, list):
            self._refused(key, "a list of objects", value)
            return ()
        for i, item in enumerate(value):
            if not isinstance(item, dict):
                raise MalformedError((*self.path, key, i), f"an object is expected here, and this is {_named(item)}")
        return tuple(Part(item, (*self.path, key, i)) for i, item in enumerate(value))

    def text(self, key: str) -> str | None:
        value = self.members.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        return self._refused(key, "a text", value)

    def flag(self, key: str) -> bool | None:
        value = self.members.get(key)
        return value if isinstance(value, bool) else self._refused(key, "true or false", value)

    def number(self, key: str) -> Exact | None:
        """The number under the key, exactly; MalformedError also where it is larger than any measurement."""
        value = self.members.get(key)
        if not isinstance(value, Decimal):
            return self._refused(key, "a number", value)
        try:
            return decimal(str(value))
        except ValueError as error:
            raise MalformedError((*self.path, key), str(error)) from None

    def day(self, key: str) -> Interval | None:
        """The days that the date under the key can mean."""
        written = self.text(key)
        try:
            return day_of(written) if written else None
        except ValueError as error:
            raise MalformedError((*self.path, key), str(error)) from None

    def _refused(self, key: str, wanted: str, value: object) -> None:
        if key in self.members:
            says = f"`{key}` should be {wanted}, and this is {_named(value)}"
            raise MalformedError((*self.path, key), says)


@dataclass(frozen=True, slots=True)
class Context:
    """What the reading of one resource needs of the rest of its bundle. `entries` by full URL and by `Type/id`."""

    vocabulary: Vocabulary
    file: str
    born: Interval | None
    entries: Mapping[str, Part]

    def place(self, part: Part) -> Place:
        return Place(self.file, 0, show_path(part.path))

    def set_aside(self, what: str, why: str, part: Part) -> SetAside:
        return SetAside(one_line(what), one_line(why), self.place(part))

    def record(
        self, relation: str, given: Mapping[str, Value], standing: Standing, words: str, part: Part
    ) -> Record | SetAside:
        """The record of these values; set aside where the vocabulary declares no such relation."""
        declared = self.vocabulary.relations.get(relation)
        if declared is None:
            return self.set_aside(words, f"the vocabulary has no relation `{relation}`", part)
        values = filled(declared, given, self.vocabulary)
        return Record(relation, values, standing, self.place(part), one_line(words, 300))


def is_modified(part: Part) -> bool:
    """Whether the part says that its meaning is changed in a way that is not understood here."""
    return bool(part.members.get("modifierExtension"))


def weaker(one: Standing, other: Standing) -> Standing:
    """Confirmed only where both are."""
    return one if other is Standing.CONFIRMED else other


def period_of(part: Part, key: str) -> tuple[Interval | None, Interval | None]:
    """The start and the end of the period under the key."""
    period = part.part(key)
    return (period.day("start"), period.day("end")) if period else (None, None)


def moment(part: Part, stem: str, born: Interval | None) -> Interval | None:
    """The days on which something can have happened that is given as a date, a period or an age.

    None where nothing is given, or only words.
    """
    for suffix in ("DateTime", "Instant"):
        if (day := part.day(stem + suffix)) is not None:
            return day
    if part.has(stem + "Period"):
        return between(*period_of(part, stem + "Period"))
    if part.has(stem + "Age"):
        age = _at_age(part.part(stem + "Age"), born)
        return between(age, age)
    if (range_ := part.part(stem + "Range")) is not None:
        return between(_at_age(range_.part("low"), born), _at_age(range_.part("high"), born))
    return None


def _at_age(age: Part | None, born: Interval | None) -> Interval | None:
    """The days on which somebody is that old; half a year more or less is not told from a whole one."""
    if age is None or born is None or age.has("comparator"):
        return None
    value = age.number("value")
    if value is None or value < 0:
        return None
    whole = int(value)
    match age.text("code") or age.text("unit"):
        case "a" | "years" | "year":
            first, last = Duration(12 * whole, 0), Duration(12 * (whole + 1), 0)
        case "mo" | "months" | "month":
            first, last = Duration(whole, 0), Duration(whole + 1, 0)
        case "wk" | "weeks" | "week":
            first, last = Duration(0, 7 * whole), Duration(0, 7 * (whole + 1))
        case "d" | "days" | "day":
            first, last = Duration(0, whole), Duration(0, whole + 1)
        case _:
            return None
    return Interval(shift(int(born.low), first), shift(int(born.high), last), Cause.IMPRECISE)
