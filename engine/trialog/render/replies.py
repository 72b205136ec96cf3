"""The reply to a query as people read it: a table of typed values at a terminal, and the same in HTML."""

import textwrap
from collections.abc import Iterator, Sequence
from html import escape
from itertools import zip_longest

from trialog.answers import Status
from trialog.program import Sort, Type
from trialog.proof import Step
from trialog.proof.wording import show_amount
from trialog.render.proofs import ProofLines
from trialog.render.terminal import painted, sign, wrapped
from trialog.replies import Limits, Reply, ReplyRow, Value
from trialog.values import Interval, show_days
from trialog.vocabulary import Vocabulary

NOT_RECORDED = "[not recorded]"
_MOST_NAMES = 5
_NARROWEST = 10


def value_words(value: Value, of: Type, vocabulary: Vocabulary) -> str:
    """A value with its type: a concept by its label and name, a date, a number with its unit."""
    match value:
        case None:
            return NOT_RECORDED
        case str() if of.sort is Sort.CONCEPT and value == of.root:
            return NOT_RECORDED  # something under the root, not known what
        case str() if of.sort is Sort.PATIENT or value not in vocabulary.concepts:
            return value
        case str():
            label = vocabulary.concepts[value].label
            return label if label == value else f"{label} ({value})"
        case Interval() if of.sort is Sort.DATE:
            return show_days(value)
        case Interval():
            amount = show_amount(value)
            return amount if amount == NOT_RECORDED else f"{amount} {of.unit.written}".rstrip()


def cells(reply: Reply, row: ReplyRow) -> list[str]:
    """The row's values in words, in the order of the query's columns."""
    vocabulary = reply.query.program.vocabulary
    return [value_words(v, t, vocabulary) for v, t in zip(row.values, reply.query.types, strict=True)]


# -- at a terminal -----------------------------------------------------------------------------------------------


def reply_lines(reply: Reply, width: int, colour: bool, limits: Limits) -> Iterator[str]:
    """The rows with numbers by which they are explained, and what is to be said of all of them."""
    if reply.rows and reply.query.columns:
        yield from _table(reply, width, colour)
        yield ""
    for said in sentences(reply, limits):
        first, *more = wrapped(said, width, "", "  ")
        for status in (Status.NOT_MET, Status.UNKNOWN, Status.MET):
            if first.startswith(status.value):
                first = painted(status.value, status, colour) + first[len(status.value) :]
                break
        yield first
        yield from more


def _table(reply: Reply, width: int, colour: bool) -> Iterator[str]:
    found = [cells(reply, row) for row in reply.rows]
    number, status = len(str(len(found))), max(len(row.status.value) for row in reply.rows)
    widths = _narrowed(
        [max(map(len, column)) for column in zip(reply.query.columns, *found, strict=True)], width - number - 2 - status
    )
    indent = " " * (number + 2 + status)
    if widths is not None:
        yield from _side_by_side(indent, [reply.query.columns], widths)
    for i, (row, said) in enumerate(zip(reply.rows, found, strict=True), 1):
        begin = f"{i:>{number}}  {painted(row.status.value, row.status, colour)}"
        if widths is not None:
            first, *more = _side_by_side(indent, [said], widths)
            yield f"{begin}{' ' * (status - len(row.status.value))}{first[len(indent) :]}"
            yield from more
            continue
        yield begin
        widest = max(map(len, reply.query.columns))
        for name, value in zip(reply.query.columns, said, strict=True):
            yield from wrapped(value, width, f"{'':{number}}  {name:<{widest}}  ", " " * (number + widest + 6))


def _narrowed(widths: list[int], room: int) -> list[int] | None:
    """The widths with the widest columns made narrower, so that all fit; None where they cannot."""
    while sum(w + 2 for w in widths) > room:
        widest = max(widths)
        if widest <= _NARROWEST:
            return None
        widths[widths.index(widest)] -= 1
    return widths


def _side_by_side(indent: str, rows: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    for row in rows:
        columns = [textwrap.wrap(value, w) or [""] for value, w in zip(row, widths, strict=True)]
        for lines in zip_longest(*columns, fillvalue=""):
            yield f"{indent}{''.join(f'  {x:<{w}}' for x, w in zip(lines, widths, strict=True))}".rstrip()


def sentences(reply: Reply, limits: Limits) -> Iterator[str]:
    """What the rows do not show: the statuses, what may be there besides, and what was left out."""
    yield from _of_statuses(reply)
    if reply.may_have_more:
        yield f"more may be so than is recorded of {_named(reply.may_have_more)}"
    if reply.left_out:
        kept = f"cut off: {len(reply.rows)} of the {len(reply.rows) + reply.left_out} rows found are shown"
        yield f"{kept}; `--rows N` keeps more"
    left = f"nothing is said of {_named(reply.not_asked)}" if reply.not_asked else ""
    match reply.stopped:
        case "":
            return
        case "time":
            yield "; ".join(x for x in (f"stopped after {limits.seconds:g} s", left, "`--seconds N` allows more") if x)
        case "rows":
            yield "; ".join(x for x in (f"stopped after {limits.rows} rows", left) if x)
        case _:
            help_ = "ask for less: join what belongs together, or ask of one patient"
            yield "; ".join(x for x in ("stopped: too many rows are derived on the way", left, help_) if x)


def _of_statuses(reply: Reply) -> Iterator[str]:
    if not reply.query.about_patient:
        if reply.statuses:
            (only,) = reply.statuses.values()
            rows = len(reply.rows) + reply.left_out
            many = f": {rows} row{'s' * (rows != 1)} of background knowledge" if reply.query.columns else ""
            yield "not met: background knowledge has no such row" if only is Status.NOT_MET else f"{only.value}{many}"
        return
    if len(reply.statuses) == 1 and not reply.not_asked:
        ((name, status),) = reply.statuses.items()
        yield f"{status.value} for {name}"
        return
    counts = [(s, sum(x is s for x in reply.statuses.values())) for s in (Status.MET, Status.UNKNOWN, Status.NOT_MET)]
    said = [f"{s.value} for {n}" for s, n in counts if n]
    if said:
        asked = len(reply.statuses)
        yield f"{', '.join(said)} of {asked} patient{'s' * (asked != 1)}"
    elif not reply.not_asked:
        yield "there is nobody to ask about"


def _named(patients: Sequence[str]) -> str:
    """How many patients, and who they are where that is short."""
    if len(patients) <= _MOST_NAMES:
        return ", ".join(patients)
    return f"{len(patients)} patients: {', '.join(patients[:3])}, …"


def why_heading(reply: Reply, what: int | str) -> str:
    """The row, counted from 1, or the patient, with the status that is explained."""
    if isinstance(what, str):
        return f"{what} {reply.statuses[what].value}: {reply.query.written}"
    row = reply.rows[what - 1]
    pairs = zip(reply.query.columns, cells(reply, row), strict=True)
    return f"{what} {row.status.value}: {', '.join(f'{name} = {value}' for name, value in pairs)}".removesuffix(": ")


def why_lines(reply: Reply, what: int | str, width: int, colour: bool) -> list[str]:
    """Why a row, counted from 1, or a patient has its status. Raises TimeoutError."""
    row = reply.rows[what - 1] if isinstance(what, int) else None
    status = row.status if row is not None else reply.statuses[str(what)]
    step = reply.why(row) if row is not None else reply.why_of(str(what))
    first, *more = wrapped(why_heading(reply, what), width, "", "  ")
    lines = [first.replace(status.value, painted(status.value, status, colour), 1), *more]
    return [*lines, *step_lines(step, width, colour)]


def step_lines(step: Step, width: int, colour: bool) -> list[str]:
    """What a line rests on; the line itself where it rests on nothing that is shown."""
    proof = ProofLines(width, colour)
    return list(proof.below(step, "this")) or list(proof.lines(step, 1, "this"))


# -- in HTML -----------------------------------------------------------------------------------------------------


def reply_html(reply: Reply, limits: Limits) -> str:
    """A table that stands by itself, and below it what is to be said of all rows. Everything in it is escaped."""
    head = "".join(f"<th>{escape(name)}</th>" for name in ("", "", *reply.query.columns))
    body = "".join(
        f"<tr><td>{i}</td><td>{escape(row.status.value)}</td>"
        f"{''.join(f'<td>{escape(value)}</td>' for value in cells(reply, row))}</tr>"
        for i, row in enumerate(reply.rows, 1)
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if reply.rows else ""
    said = "".join(f"<p>{escape(s)}</p>" for s in sentences(reply, limits))
    return f"<div><p><code>?- {escape(reply.query.written)}.</code></p>{table}{said}</div>"


def explained_html(heading: str, step: Step) -> str:
    """An explanation under its heading, as lists within lists."""
    below = "".join(map(step_html, step.below or (step,)))
    return f"<div><p>{escape(heading)}</p><ul>{below}</ul></div>"


def step_html(step: Step) -> str:
    """An explanation as lists within lists."""
    reason = f" ({step.reason.value})" if step.reason is not None and not step.below else ""
    name = f"{step.atom} " if step.atom else ""
    where = "".join(f"<br><small>{escape(str(p))}</small>" for p in step.places if p.file)
    below = f"<ul>{''.join(map(step_html, step.below))}</ul>" if step.below else ""
    return f"<li>{sign(step.status)} {escape(name + step.says + reason)}{where}{below}</li>"
