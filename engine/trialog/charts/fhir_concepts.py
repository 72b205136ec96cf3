"""What the codes, the words and the quantities of FHIR mean in our vocabulary."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from trialog.charts.amounts import AmountError, Written, bounded, converted, is_plain
from trialog.charts.fhir_parts import Context, Part
from trialog.charts.words import one_line
from trialog.units import UnitError, unit
from trialog.values import Exact, Interval
from trialog.vocabulary import Vocabulary

LOINC = "loinc"
_RESULTS = ("measurement", "finding")
UCUM = "http://unitsofmeasure.org"
SYSTEMS = {
    "http://loinc.org": LOINC,
    "urn:oid:2.16.840.1.113883.6.1": LOINC,
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
    "urn:oid:2.16.840.1.113883.6.88": "rxnorm",
    "http://hl7.org/fhir/sid/icd-10-cm": "icd10cm",
    "urn:oid:2.16.840.1.113883.6.90": "icd10cm",
    "http://hl7.org/fhir/sid/icd-10": "icd10",
    "http://snomed.info/sct": "snomed",
}
# SNOMED CT ends its full names with a word for the kind of thing; the vocabulary knows some of them, here is the rest.
_TAGS = ("(qualifier value)", "(observable entity)", "(regime/therapy)", "(morphologic abnormality)")


@dataclass(frozen=True, slots=True)
class Meant:
    """The concepts that a coded or worded thing may mean. Where it is not `sure`, each of them may be meant or not."""

    concepts: tuple[str, ...]
    sure: bool
    said: str
    by_words: bool = False  # no code was understood


def most_specific(names: Iterable[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    """The concepts without those that are a class of another among them."""
    found = set(names)
    return tuple(sorted(n for n in found if not any(n != m and vocabulary.is_a(m, n) for m in found)))


def said(codeable: Part | None) -> str:
    """The words of a coded thing for people; its code where there are none."""
    if codeable is None:
        return "without a code"
    codings = codeable.parts("coding")
    words = [codeable.text("text"), *(c.text("display") for c in codings), *(c.text("code") for c in codings)]
    return one_line(next((word for word in words if word), "without a code"))


def texts_of(codeable: Part) -> tuple[str, ...]:
    """Every text that says what is meant, the codes aside."""
    texts = (codeable.text("text"), *(coding.text("display") for coding in codeable.parts("coding")))
    return tuple(dict.fromkeys(text for text in texts if text))


def codes_of(codeable: Part) -> tuple[tuple[str, str], ...]:
    """The codes in systems that are known here, each with the short name of its system."""
    pairs = ((coding.text("system"), coding.text("code")) for coding in codeable.parts("coding"))
    return tuple((SYSTEMS[system], code) for system, code in pairs if system in SYSTEMS and code)


def named(words: str, root: str, vocabulary: Vocabulary) -> str | None:
    """The concept under `root` that goes by these words, a tag of SNOMED CT behind them set aside."""
    for tag in _TAGS:
        words = words.removesuffix(tag).rstrip()
    return vocabulary.named(words, root)


def meant(codeable: Part | None, root: str, context: Context) -> Meant:
    """What a CodeableConcept means under `root`: by its codes, else by its words.

    It is not sure where codes or words name different things, and where the words stand under a code that is none of the
    concept's, in a system of which the vocabulary has codes: `Creatinine` under LOINC's code for urine is not creatinine in
    serum, and `stroke` under ICD-10-CM's code for a personal history of stroke is no stroke.
    """
    if codeable is None:
        return Meant((), True, said(None))
    vocabulary = context.vocabulary
    codes = codes_of(codeable)
    coded = {c for system, code in codes if (c := vocabulary.coded(system, code, root))}
    worded = {c for words in texts_of(codeable) if (c := named(words, root, vocabulary))}
    concepts = most_specific((coded | worded) - {root}, vocabulary)
    ours = {**dict.fromkeys(_RESULTS, LOINC), "condition": "icd10cm"}.get(root)
    guessed = not coded and any(system == ours for system, _ in codes)
    return Meant(concepts, len(concepts) == 1 and not guessed, said(codeable), not coded)


def word_of(codeable: Part | None, allowed: tuple[str, ...]) -> str | None:
    """The first of the `allowed` codes that the coded thing has; None where it has none of them."""
    if codeable is None:
        return None
    words = {coding.text("code") for coding in codeable.parts("coding")} | {(codeable.text("text") or "").lower()}
    return next((word for word in allowed if word in words), None)


def show_quantity(quantity: Part) -> str:
    """The quantity as it stands there."""
    parts = (quantity.members.get("comparator"), quantity.members.get("value"), quantity.members.get("unit"))
    unit_ = None if quantity.has("unit") else quantity.members.get("code")
    return " ".join(str(part) for part in (*parts, unit_) if part is not None)


def factor(quantity: Part, to: str, ratio: Callable[[str], Exact]) -> Exact:
    """How many of the unit `to` one unit of the quantity is, `ratio` knowing the way from a unit to it.

    The UCUM code and the unit for people must agree where both are understood. Raises UnitError.
    """
    system = quantity.text("system")
    code = quantity.text("code") if system in (UCUM, None) else None
    written = [u for u in (code, quantity.text("unit")) if u and u != "1"]
    if not written:
        if is_plain(to):
            return 1
        raise UnitError("it has no unit")
    understood = [u for u in written if _is_unit(u)]
    factors = {ratio(u) for u in understood or written}
    if len(factors) > 1:
        raise UnitError(f"its units `{written[0]}` and `{written[1]}` disagree")
    return factors.pop()


def _is_unit(written: str) -> bool:
    try:
        unit(written)
    except UnitError:
        return False
    return True


def amount(quantity: Part, to: str, ratio: Callable[[str], Exact]) -> Interval:
    """The quantity as an interval in the unit `to`. Raises UnitError, or AmountError where it is not an amount."""
    value = quantity.number("value")
    if value is None:
        raise AmountError("it has no value")
    low, high = bounded(quantity.text("comparator"), value)
    return converted(Written(low, high, None), factor(quantity, to, ratio), to)


def amount_between(range_: Part, to: str, ratio: Callable[[str], Exact]) -> Interval:
    """A range as an interval in the unit `to`; a side not given is open. Raises as `amount` does."""
    low, high = range_.part("low"), range_.part("high")
    ends = [amount(end, to, ratio) for end in (low, high) if end]
    if not ends or not all(end.is_point for end in ends) or ends[0].low > ends[-1].high:
        raise AmountError("it is not a range")
    return converted(Written(ends[0].low if low else None, ends[-1].high if high else None, None), 1, to)
