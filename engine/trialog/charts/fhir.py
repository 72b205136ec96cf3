"""FHIR R4 bundles of one patient, read as charts. docs/charts.md says resource by resource what is read how."""

import enum
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from trialog.charts import fhir_clinical, fhir_drugs
from trialog.charts.chart import Chart, Denied, Place, Record, SetAside, Standing, Value
from trialog.charts.fhir_parts import Context, Found, MalformedError, Part, is_modified
from trialog.charts.fhir_results import observation
from trialog.charts.patient_json import patient_name
from trialog.charts.positions import Path, read_json, show_path, span_of
from trialog.charts.rows import contradicts, filled
from trialog.problem import Problem
from trialog.source import Source, Span
from trialog.vocabulary import Kind, Vocabulary

_READ: Mapping[str, Callable[[Part, Context], Iterator[Found]]] = {
    "Patient": fhir_clinical.patient,
    "Condition": fhir_clinical.condition,
    "Observation": observation,
    "MedicationRequest": fhir_drugs.request,
    "MedicationStatement": fhir_drugs.statement,
    "MedicationAdministration": fhir_drugs.administration,
    "Procedure": fhir_clinical.procedure,
    "DiagnosticReport": fhir_clinical.report,
    "Consent": fhir_clinical.consent,
}
_HALF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]")


class _RepeatedKeyError(ValueError):
    pass


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _RepeatedKeyError
    return members


def _no_constant(word: str) -> object:
    raise ValueError(word)


def bundle_of(source: Source) -> Part | None:
    """The FHIR resource that the text is; None where it is something else, or JSON that cannot be read as it should."""
    if '"resourceType"' not in source.text:
        return None
    try:
        whole = json.loads(
            source.text, parse_float=Decimal, parse_int=Decimal, parse_constant=_no_constant, object_pairs_hook=_unique
        )
    except (ValueError, ArithmeticError, RecursionError):
        return None
    if not isinstance(whole, dict) or "resourceType" not in whole:
        return None
    if _HALF_A_PAIR.search(source.text):
        problems: list[Problem] = []
        if read_json(source, problems) is None or problems:
            return None
    return Part(whole, ())


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Something wrong with a bundle, and the path to it."""

    code: str
    claim: str
    path: Path
    help: str = ""
    other: Path | None = None


class _RefusedError(Exception):
    def __init__(self, *troubles: _Trouble) -> None:
        super().__init__(*troubles)
        self.troubles = troubles


def read_bundle(bundle: Part, source: Source, vocabulary: Vocabulary, problems: list[Problem]) -> Chart | None:
    """The chart that a bundle makes. What is wrong is added to `problems`, all of it together."""
    troubles: list[_Trouble] = []
    chart = None
    try:
        chart = _chart(bundle, source.name, vocabulary, troubles)
    except MalformedError as error:
        troubles.append(_malformed(error))
    except _RefusedError as error:
        troubles.extend(error.troubles)
    if troubles:
        document = read_json(source, [])

        def span(path: Path) -> Span:
            return span_of(document, path) if document else Span(source, 0, 0)

        for t in troubles:
            related = ((span(t.other), "the other one"),) if t.other is not None else ()
            problems.append(Problem(t.code, t.claim, span(t.path), t.help, related=related))
    return chart


def _malformed(error: MalformedError) -> _Trouble:
    claim = f"{error.says} (`{show_path(error.path)}`)"
    return _Trouble("E523", claim, error.path, "correct it where the bundle is made")


def _chart(bundle: Part, file: str, vocabulary: Vocabulary, troubles: list[_Trouble]) -> Chart | None:
    _check_bundle(bundle)
    resources, set_aside = _resources(bundle, file, troubles)
    troubles.extend(_twice(resources))
    patients = [part for part, _ in resources if part.members["resourceType"] == "Patient"]
    if len(patients) != 1:
        holds = "no patient" if not patients else f"{len(patients)} patients"
        help_ = "a chart is of one patient: give a bundle for each"
        path = patients[1].path if patients else ()
        raise _RefusedError(*troubles, _Trouble("E522", f"the bundle holds {holds}", path, help_))
    (patient,) = patients
    name = patient_name(patient.text("id") or "")
    if name is None:
        raise _RefusedError(*troubles, _Trouble("E522", "the patient has no `id` that can be printed", patient.path))
    context = Context(vocabulary, file, patient.day("birthDate"), _entries(resources))
    whose = _Whose.of(patient, name, resources)
    found: list[Found] = []
    for part, _ in resources:
        try:
            found.extend(_read(part, context, whose))
        except MalformedError as error:
            troubles.append(_malformed(error))
        except _RefusedError as error:
            troubles.extend(error.troubles)
    records, denied, aside = _reconciled(found, vocabulary)
    return Chart(name, None, records, (), (), denied, (*set_aside, *aside, *_others(resources, file)), file)


def _check_bundle(bundle: Part) -> None:
    if bundle.text("resourceType") != "Bundle":
        claim = f"this is a FHIR {bundle.text('resourceType')}, not a Bundle"
        raise _RefusedError(_Trouble("E505", claim, ("resourceType",), "put the patient's resources into one Bundle"))
    if bundle.text("type") == "history":
        claim = "a bundle of type `history` holds records that no longer count"
        raise _RefusedError(_Trouble("E524", claim, ("type",), "export the current state of the records"))
    for link in bundle.parts("link"):
        if link.text("relation") == "next":
            claim = "the bundle is one page of several, so the chart would lack records"
            raise _RefusedError(_Trouble("E524", claim, link.path, "fetch all pages and put them into one bundle"))


type _Resources = list[tuple[Part, str | None]]
"""The resources of a bundle, each with its full URL."""


def _resources(bundle: Part, file: str, troubles: list[_Trouble]) -> tuple[_Resources, list[SetAside]]:
    found: _Resources = []
    set_aside: list[SetAside] = []
    for entry in bundle.parts("entry"):
        try:
            url, resource, asked = entry.text("fullUrl"), entry.part("resource"), entry.part("request")
            method = asked.text("method") if asked else None
            place = Place(file, 0, show_path(entry.path))
            if resource is None:
                set_aside.append(SetAside(f"entry {url or ''}".strip(), "it holds no resource", place))
            elif resource.text("resourceType") is None:
                raise MalformedError(resource.path, "the resource has no `resourceType`")
            elif method == "DELETE":
                set_aside.append(SetAside(f"entry {url or ''}".strip(), "it is to be deleted", place))
            else:
                found.append((resource, url))
        except MalformedError as error:
            troubles.append(_malformed(error))
    return found, set_aside


def _twice(resources: _Resources) -> Iterator[_Trouble]:
    first: dict[tuple[object, str], Part] = {}
    for part, url in resources:
        kind, id_ = part.members["resourceType"], part.members.get("id")
        for key in dict.fromkeys(name for name in (url, id_) if isinstance(name, str)):
            earlier = first.setdefault((kind, key), part)
            if earlier is not part and earlier.members != part.members:
                claim = f"the {kind} `{key[:80]}` is given in two versions"
                yield _Trouble("E525", claim, part.path, "keep the version that counts", earlier.path)
                break


def _entries(resources: _Resources) -> dict[str, Part]:
    """The resources by every reference that can mean them."""
    found: dict[str, Part] = {}
    for part, url in resources:
        kind, id_ = part.members["resourceType"], part.members.get("id")
        if isinstance(id_, str):
            found[f"{kind}/{id_}"] = part
        if url:
            found[url] = part
    return found


class _Subject(enum.IntEnum):
    """Whom a record is about, the worst last."""

    OURS = enum.auto()
    UNCLEAR = enum.auto()
    NO_PATIENT = enum.auto()
    ANOTHER = enum.auto()


_REFERENCE = re.compile(r"(?:^|/)([A-Z][A-Za-z]{2,40})/([A-Za-z0-9.-]{1,64})(?:/_history/[^/]+)?$")


@dataclass(frozen=True, slots=True)
class _Whose:
    """Tells whether a resource is about the bundle's patient."""

    id: str
    urls: frozenset[str]
    others: frozenset[str]  # full URLs of what is no patient
    identifiers: frozenset[tuple[str | None, str]]

    @classmethod
    def of(cls, patient: Part, id_: str, resources: _Resources) -> "_Whose":
        ours = frozenset(url for part, url in resources if part is patient and url)
        others = frozenset(url for part, url in resources if part is not patient and url)
        known = ((i.text("system"), i.text("value")) for i in patient.parts("identifier"))
        return cls(id_, ours, others, frozenset((system, value) for system, value in known if value))

    def subject(self, part: Part) -> tuple[_Subject, str]:
        """Whom the resource is about, and the reference that says so. Without a subject it is about the patient."""
        subject = part.part("patient" if part.members["resourceType"] == "Consent" else "subject")
        if subject is None:
            return _Subject.OURS, ""
        reference = subject.text("reference")
        if reference is None:
            identifier = subject.part("identifier")
            key = (identifier.text("system"), identifier.text("value")) if identifier else (None, None)
            return (_Subject.OURS if key in self.identifiers else _Subject.UNCLEAR), ""
        if reference in self.urls:
            return _Subject.OURS, reference
        if reference in self.others:
            return _Subject.NO_PATIENT, reference
        found = _REFERENCE.search(reference)
        if not found:
            return _Subject.UNCLEAR, reference
        if found[1] != "Patient":
            return _Subject.NO_PATIENT, reference
        return (_Subject.OURS if found[2] == self.id else _Subject.ANOTHER), reference


def _read(part: Part, context: Context, whose: _Whose) -> Iterator[Found]:
    kind = part.text("resourceType") or ""
    if kind not in _READ:
        return
    contents = part.parts("contained")
    inside = [p for p in contents if (kind, p.text("resourceType")) == ("DiagnosticReport", "Observation")]
    subject, reference = max(whose.subject(p) for p in (part, *inside)) if kind != "Patient" else (_Subject.OURS, "")
    match subject:
        case _Subject.ANOTHER:
            claim = f"the {kind} is about `{reference[:80]}`, and the bundle's patient is `{whose.id}`"
            path = (*part.path, "patient" if kind == "Consent" else "subject")
            raise _RefusedError(_Trouble("E522", claim, path, "take it out, or correct whom it is about"))
        case _Subject.NO_PATIENT:
            yield context.set_aside(kind, f"it is about `{reference[:80]}`, which is no patient", part)
            return
        case _Subject.OURS | _Subject.UNCLEAR:
            found = _READ[kind](part, context)
            if any(is_modified(p) for p in (part, *inside)):
                found = _doubted(found, context, "its meaning is changed by an extension that is not known here", True)
            if subject is _Subject.UNCLEAR:
                found = _doubted(found, context, "it is not clear whether it is about this patient", False)
            yield from found
    for contained in contents:
        inner = contained.text("resourceType") or "resource"
        if inner in _READ and contained not in inside:
            yield context.set_aside(f"{inner} contained in a {kind}", "it is not read there", contained)


def _doubted(found: Iterable[Found], context: Context, why: str, changed: bool) -> Iterator[Found]:
    """What was found, none of it confirmed; where the meaning is changed, no result or answer in it counts either."""
    for what in found:
        match what:
            case Record():
                values = _widest(what, context.vocabulary) if changed else what.values
                yield replace(what, values=values, standing=Standing.UNCONFIRMED, words=f"{what.words} ({why})")
            case Denied(relation, concept, _, place):
                yield SetAside(f"no {relation} {concept}", why, place)
            case SetAside():
                yield what


def _widest(record: Record, vocabulary: Vocabulary) -> tuple[Value, ...]:
    """The values of a measure with its result unknown."""
    relation = vocabulary.relations[record.relation]
    if relation.kind is not Kind.MEASURE:
        return record.values
    kept = {relation.concept_column, relation.position("on")}
    given = {c.name: v for i, (c, v) in enumerate(zip(relation.columns, record.values, strict=True)) if i in kept}
    return filled(relation, given, vocabulary)


type _Sorted = tuple[tuple[Record, ...], tuple[Denied, ...], tuple[SetAside, ...]]


def _reconciled(found: list[Found], vocabulary: Vocabulary) -> _Sorted:
    """The records, the "no"s and what is set aside. Where a record and a "no" contradict each other, neither counts."""
    records = [f for f in found if isinstance(f, Record)]
    denials = [f for f in found if isinstance(f, Denied)]
    set_aside = [f for f in found if isinstance(f, SetAside)]
    contradicted = [(d, r) for d in denials for r in records if contradicts(d, r, vocabulary)]
    against = {id(record) for _, record in contradicted}
    for denial in {id(d): d for d, _ in contradicted}.values():
        why = "refuted here, and confirmed elsewhere in the chart"
        set_aside.append(SetAside(f"no {denial.relation} {denial.concept}", why, denial.place))
    kept = [
        replace(r, standing=Standing.UNCONFIRMED, words=f"{r.words} (refuted elsewhere in the chart)")
        if id(r) in against
        else r
        for r in records
    ]
    out = {id(d) for d, _ in contradicted}
    return tuple(kept), tuple(d for d in denials if id(d) not in out), tuple(set_aside)


def _others(resources: _Resources, file: str) -> Iterator[SetAside]:
    """One line for each type of resource that is not read."""
    first: dict[str, tuple[Part, int]] = {}
    for part, _ in resources:
        kind = str(part.members["resourceType"])
        if kind not in _READ:
            earlier, count = first.get(kind, (part, 0))
            first[kind] = (earlier, count + 1)
    for kind, (part, count) in first.items():
        why = "read only where a course of a drug refers to it" if kind == "Medication" else _NO_CRITERION
        yield SetAside(f"{kind} ×{count}", why, Place(file, 0, show_path(part.path)))


_NO_CRITERION = "not a kind of record that criteria use"
