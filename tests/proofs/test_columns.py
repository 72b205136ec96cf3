"""A relation may say when something was before it says what."""

from tests.agreement.programs import SCREENING, VOCABULARY
from trialog.answers import Screener, Status
from trialog.charts.chart import Chart, Record
from trialog.check import Pages, check
from trialog.proof import explain
from trialog.source import Source
from trialog.values import days

HAD = '\n\n```datalog\nevent had(patient, on: date, what: drug) "what was had".\n```\n'
RULES = """# A

## Cohort a: A

> Q.

```datalog
inclusion a(P) :- had(P, _, prednisone).
exclusion b(P) :- had(P, _, D), D in steroid.
inclusion c(P) :- had(P, _, tacrolimus).
```
"""


def test_dates_may_stand_before_what_a_record_is_about() -> None:
    program, problems = check(Pages((Source("v.md", VOCABULARY.text + HAD),), Source("late.md", RULES), None))
    assert program is not None, problems
    chart = Chart("P", None, (Record("had", (days("2010-01-01"), "prednisone")),))
    answers = Screener(program).screen(chart, SCREENING)
    for relation, status in (("a", Status.MET), ("b", Status.MET), ("c", Status.UNKNOWN)):
        step = explain(answers, relation)
        assert (step.status, answers.status(relation)) == (status, status)
        assert step.below
