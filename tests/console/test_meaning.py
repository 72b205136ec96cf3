"""A query means what a rule with its body means: the same rows, and for each patient the same status."""

from collections import Counter
from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import trialog.check
from tests.agreement.programs import SCREENING, VOCABULARY, checked
from tests.agreement.run import TRIALS
from tests.agreement.trials import Trial
from tests.agreement.walk import changed
from trialog.answers import Screener
from trialog.asking import QUERY, Query, read_query
from trialog.charts.chart import Chart
from trialog.charts.files import ReadChart
from trialog.check import Pages
from trialog.check.variables import atom_variables, variables_of
from trialog.fetches import CERTAIN, OPEN, POSSIBLE
from trialog.program import Program
from trialog.replies import Limits, reply
from trialog.source import Source, Span
from trialog.tree import Anonymous, Rule, Variable
from trialog.written import written

PROGRAMS = 50
UNHURRIED = Limits(seconds=600, rows=100_000)
NOWHERE = Span(Source("", ""), 0, 0)


def body_of(rule: Rule) -> str:
    """What stands behind `:-`, with the full stop."""
    return written(replace(rule, label=None, role=None, citations=())).partition(":- ")[2]


def of_the_patient_alone(rule: Rule) -> Rule:
    """A rule with this body and the patient for its head; what stands once in it is left open, as an author would."""
    patient = rule.head.arguments[0]
    seen = Counter(v.name for x in rule.body for v in variables_of(x))
    assert isinstance(patient.term, Variable)
    seen[patient.term.name] += 2

    def open_(node: object) -> object:
        return Anonymous(node.at) if isinstance(node, Variable) and seen[node.name] == 1 else node

    head = replace(rule.head, relation="probe", arguments=(patient,))
    return Rule(None, None, head, changed(rule.body, open_), (), rule.at)


def with_rule(one: Trial, text: str) -> Program | None:
    page = one.made.page()[0]
    return checked(Pages((VOCABULARY,), Source(page.name, f"{page.text}\n```datalog\n{text}\n```\n"), None))[0]


def the_query(one: Trial, text: str) -> Query | None:
    pages = Pages((VOCABULARY,), one.made.page()[0], None)
    left_out = [patch.object(trialog.check, name, return_value=[]) for name in ("never_fires", "listed_classes")]
    with left_out[0], left_out[1]:
        return read_query(Source("query", text), pages, one.subject.program)[0]


class Compared(Counter[str]):
    """How often each thing was compared."""


def differs(one: Trial, rule: Rule, tally: Compared) -> str:
    """What the query says otherwise than a rule with its body; empty where they agree, or where there is no such rule."""
    text = body_of(rule)
    query = the_query(one, text)
    first = rule.head.arguments[0].term if rule.head.arguments else None
    alone = with_rule(one, written(of_the_patient_alone(rule))) if isinstance(first, Variable) else None
    if query is None or alone is None or not query.about_patient or query.columns[0] != getattr(first, "name", ""):
        tally["left out"] += 1
        return ""
    whole = with_rule(one, f"probe({', '.join(query.columns)}) :- {text}")
    assert whole is not None, text
    by_rule, rows_by_rule = (Screener(p, one.subject.readings, ["probe"]) for p in (alone, whole))
    for chart in one.charts:
        chart_ = ReadChart(chart.patient, chart)
        said = reply(query, one.subject.readings, [chart_], SCREENING, SCREENING, UNHURRIED)
        if said.refused:  # born after the screening: nothing is said of such a chart
            continue
        status = by_rule.screen(chart, SCREENING).status("probe")
        tally[status.value] += 1
        if said.statuses[chart.patient] is not status:
            return f"{text}\nis {said.statuses[chart.patient].value}, and a rule with this body {status.value}"
        if found := other_rows(said.answers(chart.patient).rows.found, rows_by_rule, chart):
            return f"{text}\n{found}"
        tally["rows"] += len(said.rows)
        for row in said.rows:
            if said.why(row).status is not row.status:
                return f"{text}\n{row} is explained otherwise"
    return ""


def other_rows(mine: object, screener: Screener, chart: Chart) -> str:
    assert isinstance(mine, dict)
    rows = screener.screen(chart, SCREENING).rows
    for mode in ("", f"{CERTAIN} ", f"{POSSIBLE} ", f"{OPEN} "):
        if frozenset(mine.get(f"{mode}{QUERY}", ())) != frozenset(rows[f"{mode}probe"]):
            return f"other rows are {mode}so"
    return ""


def test_a_query_has_the_rows_and_statuses_of_a_rule_with_its_body() -> None:
    tally = Compared()

    @settings(
        max_examples=PROGRAMS,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),  # `python -m tests.agreement` makes what fails small
        suppress_health_check=list(HealthCheck),
    )
    @given(TRIALS)
    def hold(one: Trial | None) -> None:
        if one is None:
            return
        for rule in one.made.rules:
            if rule.body and atom_variables(rule.head):
                assert not (found := differs(one, rule, tally)), f"{one}\n{found}"

    hold()
    assert min(tally["met"], tally["not met"], tally["unknown"]) >= 15, tally
    assert tally["rows"] >= 100, tally
    assert tally["left out"] < tally["met"] + tally["not met"] + tally["unknown"], tally


@pytest.mark.parametrize("text", ["like(A, B).", "?- like(A, B)", "  ?-like(A,B) .\n% so it is\n"])
def test_a_query_of_background_knowledge_is_asked_of_nobody(text: str) -> None:
    pages = Pages((VOCABULARY,), None, None)
    program, _ = checked(pages)
    assert program is not None
    query, problems = read_query(Source("query", text), pages, program)
    assert query is not None, problems
    said = reply(query, {}, [], None, SCREENING, UNHURRIED)
    assert [r.values for r in said.rows] == sorted(f.values for f in program.known["like"])
