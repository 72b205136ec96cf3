"""Conditions, procedures, reports, consents and the patient's own data."""

from collections.abc import Iterator

from trialog.charts.chart import Denied, Standing, Value
from trialog.charts.dates import between, period_or_conflict
from trialog.charts.fhir_concepts import meant, said, texts_of, word_of
from trialog.charts.fhir_parts import Context, Found, Part, is_modified, moment, period_of, weaker
from trialog.charts.fhir_results import observation
from trialog.values import FIRST_DAY, LAST_DAY, UNKNOWN_DAY, Cause, Interval, point, show_days

_DOUBTED = ("unconfirmed", "provisional", "differential")
_VERIFICATION = ("entered-in-error", "refuted", *_DOUBTED, "confirmed")
_LIMITS = ("onset", "abatement", "severity", "bodySite", "stage")
_GOING_ON = ("active", "recurrence", "relapse")
_CLINICAL = (*_GOING_ON, "inactive", "remission", "resolved")


def patient(part: Part, context: Context) -> Iterator[Found]:
    """The patient's birth, sex and death, as far as they are recorded."""
    vocabulary = context.vocabulary
    if context.born is not None:
        words = f"Patient born {show_days(context.born)}"
        yield context.record("born", {"on": context.born}, Standing.CONFIRMED, words, part)
    gender = part.text("gender")
    if gender and gender != "unknown":
        if sex := vocabulary.named(gender, "sex"):
            yield context.record("sex", {"sex": sex}, Standing.CONFIRMED, f"Patient {gender}", part)
        else:
            yield context.set_aside(f"gender `{gender}`", "not in the vocabulary", part)
    died = part.day("deceasedDateTime")
    if died is None and part.flag("deceasedBoolean"):
        died = Interval(context.born.low if context.born else FIRST_DAY, LAST_DAY, Cause.MISSING)
    if died is not None:
        words = f"Patient died {show_days(died)}"
        yield context.record("died", {"on": died}, Standing.CONFIRMED, words, part)


def condition(part: Part, context: Context) -> Iterator[Found]:
    """The conditions that a Condition records, or the "no" that it states."""
    found = meant(part.part("code"), "condition", context)
    what = f"Condition {found.said}"
    verification = word_of(part.part("verificationStatus"), _VERIFICATION)
    if verification == "entered-in-error":
        yield context.set_aside(what, "entered in error", part)
    elif not found.concepts:
        yield context.set_aside(what, "not in the vocabulary" if part.has("code") else "it has no code", part)
    elif verification == "refuted":
        yield from _refuted(part, what, found.concepts if found.sure else (), context)
    else:
        sure = found.sure and verification == "confirmed"
        begin, end = _course(part, context)
        doubt = "" if sure else f" ({verification or 'nobody says that it is confirmed'})"
        words = f"{what} from {show_days(begin)} to {'ongoing' if end == point(LAST_DAY) else show_days(end)}{doubt}"
        standing = Standing.CONFIRMED if sure else Standing.UNCONFIRMED
        for concept in found.concepts:
            yield context.record("condition", {"condition": concept, "from": begin, "to": end}, standing, words, part)


def _refuted(part: Part, what: str, concepts: tuple[str, ...], context: Context) -> Iterator[Found]:
    recorded = part.day("recordedDate")
    if recorded is None:
        yield context.set_aside(what, "refuted, and nothing says when", part)
    elif any(key.startswith(_LIMITS) for key in part.members):
        yield context.set_aside(what, "refuted for one episode, place or degree, which says nothing of others", part)
    elif not concepts or "condition" not in context.vocabulary.relations:
        yield context.set_aside(what, "refuted, and it is not sure what", part)
    else:
        for concept in concepts:
            yield Denied("condition", concept, recorded, context.place(part))


def _course(part: Part, context: Context) -> tuple[Interval, Interval]:
    recorded = part.day("recordedDate")
    begin = moment(part, "onset", context.born) or between(None, recorded) or UNKNOWN_DAY
    end = moment(part, "abatement", context.born)
    if word_of(part.part("clinicalStatus"), _CLINICAL) in _GOING_ON:
        abated = any(key.startswith("abatement") for key in part.members)
        since = end.low if end else begin.low
        end = Interval(since, LAST_DAY, Cause.CONFLICTING) if abated else point(LAST_DAY)
    return period_or_conflict(begin, end)


_PROCEDURE = {"completed": Standing.CONFIRMED, "in-progress": Standing.CONFIRMED}
_NOT_DONE = {"not-done": "not done", "entered-in-error": "entered in error"}


def procedure(part: Part, context: Context) -> Iterator[Found]:
    """The procedures that a Procedure records."""
    found = meant(part.part("code"), "procedure", context)
    what = f"Procedure {found.said}"
    status = part.text("status") or "unknown"
    if status in _NOT_DONE:
        yield context.set_aside(what, _NOT_DONE[status], part)
    elif not found.concepts:
        yield context.set_aside(what, "not in the vocabulary" if part.has("code") else "it has no code", part)
    else:
        on = moment(part, "performed", context.born) or UNKNOWN_DAY
        if status == "in-progress" and (start := period_of(part, "performedPeriod")[0]) is not None:
            on = start
        standing = _PROCEDURE.get(status, Standing.UNCONFIRMED) if found.sure else Standing.UNCONFIRMED
        for concept in found.concepts:
            words = f"{what} ({status}) on {show_days(on)}"
            yield context.record("procedure", {"procedure": concept, "on": on}, standing, words, part)


_REPORT = dict.fromkeys(("final", "amended", "corrected", "appended"), Standing.CONFIRMED)
_NO_REPORT = {"cancelled": "cancelled", "entered-in-error": "entered in error"}


def report(part: Part, context: Context) -> Iterator[Found]:
    """The procedure and the findings that a DiagnosticReport records, and the Observations that it contains."""
    what = f"DiagnosticReport {said(part.part('code'))}"
    status = part.text("status") or "unknown"
    if status in _NO_REPORT:
        yield context.set_aside(what, _NO_REPORT[status], part)
        return
    standing = _REPORT.get(status, Standing.UNCONFIRMED)
    on = moment(part, "effective", context.born) or between(None, part.day("issued")) or UNKNOWN_DAY
    done = meant(part.part("code"), "procedure", context)
    of_kidney = done.sure and "renal_biopsy" in done.concepts
    for concept in done.concepts:
        held = standing if done.sure else Standing.UNCONFIRMED
        words = f"{what} ({status}) on {show_days(on)}"
        yield context.record("procedure", {"procedure": concept, "on": on}, held, words, part)
    for conclusion in part.parts("conclusionCode"):
        finding = meant(conclusion, "pathology", context)
        if not finding.concepts:
            yield context.set_aside(f"{what}: {finding.said}", "not in the vocabulary", conclusion)
        for concept in finding.concepts:
            held = standing if finding.sure and of_kidney else Standing.UNCONFIRMED
            doubt = "" if of_kidney else " (it does not say that it is of a renal biopsy)"
            words = f"{what} ({status}) on {show_days(on)}: {finding.said}{doubt}"
            yield context.record("biopsy_finding", {"finding": concept, "on": on}, held, words, part)
    if conclusion := part.text("conclusion"):
        yield context.set_aside(f"{what}: “{conclusion[:80]}”", "a conclusion in words is not read", part)
    for contained in part.parts("contained"):
        if contained.text("resourceType") == "Observation":
            yield from observation(contained, context, standing)
    for result in part.parts("result"):
        reference = result.text("reference") or ""
        if not reference.startswith("#") and reference not in context.entries:
            yield context.set_aside(f"{what}: a result", "it is not in the bundle", result)


def consent(part: Part, context: Context) -> Iterator[Found]:
    """What a Consent agrees to or refuses. A consent to a study that is not known here confirms nothing."""
    scope = part.part("scope")
    what = f"Consent {said(scope)}"
    decision = _decision(part)
    if decision not in ("agreed", "refused", _NO_LONGER):
        yield context.set_aside(what, decision, part)
        return
    provision = part.part("provision")
    subjects = [*part.parts("category"), *(rule for rule in (part.part("policyRule"),) if rule)]
    subjects += [*(provision.parts("code") if provision else ())]
    purposes = [Part({"coding": [p.members]}, p.path) for p in (provision.parts("purpose") if provision else ())]
    named = [meant(subject, "consent", context) for subject in (*subjects, *purposes)]
    known = {concept: n.sure for n in named for concept in n.concepts if concept != "consent"}
    on = part.day("dateTime") or UNKNOWN_DAY
    doubts = _doubts(part, provision)
    words = f"{what} {decision} on {show_days(on)}{f' ({doubts})' if doubts else ''}"
    if not known:
        if not _is_research(scope) or "consent" not in context.vocabulary.concepts:
            yield context.set_aside(what, "it names nothing that is in the vocabulary", part)
            return
        known = {"consent": False}  # to something, not known to what
        words = f"{words} (it does not say to which study)"
    for concept, sure in known.items():
        given: dict[str, Value] = {
            "to": concept,
            "decision": "decision" if decision == _NO_LONGER else decision,
            "on": on,
        }
        standing = Standing.CONFIRMED if sure else Standing.UNCONFIRMED
        yield context.record("consent", given, weaker(standing, _held(doubts)), words, part)


_NO_LONGER = "no longer in force"


def _held(doubts: str) -> Standing:
    return Standing.UNCONFIRMED if doubts else Standing.CONFIRMED


def _decision(part: Part) -> str:
    """`agreed` or `refused`, or why it is neither."""
    provision = part.part("provision")
    denied = provision is not None and provision.text("type") == "deny"
    match part.text("status"):
        case "active":
            return "refused" if denied else "agreed"
        case "rejected":
            return "refused"
        case "draft" | "proposed" as status:
            return f"nobody has agreed yet: {status}"
        case "inactive":
            return _NO_LONGER
        case "entered-in-error":
            return "entered in error"
        case other:
            return f"its status is `{other}`" if other else "it has no status"


def _doubts(part: Part, provision: Part | None) -> str:
    """Why the decision may not hold as it stands; empty where nothing speaks against it."""
    if any(verification.flag("verified") is False for verification in part.parts("verification")):
        return "not verified"
    if provision is None:
        return ""
    if provision.parts("provision"):
        return "with exceptions that are not read"
    if is_modified(provision) or any(day is not None for day in period_of(provision, "period")):
        return "not for all times"
    return ""


def _is_research(scope: Part | None) -> bool:
    return scope is not None and (
        word_of(scope, ("research",)) is not None or "research" in {text.lower() for text in texts_of(scope)}
    )
