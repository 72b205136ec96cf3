"""`why` as a person sees it: the answer, and on the last line whether both engines agree."""

import os
import re
import shutil
import time
from pathlib import Path

import pytest

from tests.second_opinion.planted import compare_wrongly, count_wrongly
from tests.second_opinion.test_worker import is_gone, posix
from trialog.answers import Screener, Verdict
from trialog.charts.read import read_charts
from trialog.cli import main
from trialog.engines import worker
from trialog.engines.worker import Worker
from trialog.knowledge import Library, shipped
from trialog.second_opinion import Agreed, Disagreed, SecondOpinion

ROOT = Path(__file__).parents[2]
type Printed = pytest.CaptureFixture[str]

PROTOCOL = """\
# A small trial

## Cohort sle: Systemic lupus erythematosus

> Patients are adults who had two drugs.

```datalog
@S1 "is an adult"
inclusion adult(P) :- born(P, B), screening(P, S), B + 18 years <= S.

@S2 "had two drugs"
inclusion two_drugs(P) :- count { D : treatment(P, D, from: From, ..), screening(P, S), From <= S } >= 2.
```
"""
CHART = """\
{"patient": "Tim", "screening": "2026-01-15",
 "facts": {"born": [{"on": "2008-01-15"}],
           "treatment": [{"drug": "prednisone", "from": "2026-01-15", "to": "2026-01-15"},
                         {"drug": "tacrolimus", "from": "2025-01-02", "to": "2025-02-01"}]}}
"""


@pytest.fixture(autouse=True)
def kb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with a knowledge base in which one rule is about a birthday that is the day of screening."""
    trial = tmp_path / "kb/trials/small"
    (trial / "cases").mkdir(parents=True)
    (tmp_path / "kb/vocabulary").mkdir()
    shutil.copy(ROOT / "tests/golden/vocabulary.md", tmp_path / "kb/vocabulary/words.md")
    (trial / "protocol.md").write_text(PROTOCOL, encoding="utf-8")
    (trial / "source.txt").write_text("Patients are adults who had two drugs.\n", encoding="utf-8")
    (trial / "cases/Tim.json").write_text(CHART, encoding="utf-8")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return trial


def ask(capsys: Printed, *options: str) -> tuple[int, list[str], str]:
    code = main(["why", "small", "Tim", "--kb", "kb", *options])
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    return code, printed.out.splitlines(), printed.err


def line_of(kb: Path, words: str) -> int:
    lines = (kb / "protocol.md").read_text(encoding="utf-8").splitlines()
    return next(i for i, line in enumerate(lines, start=1) if words in line)


def test_both_engines_agree(capsys: Printed) -> None:
    code, out, err = ask(capsys)
    assert (code, err) == (0, "")
    assert "  sle: eligible" in out
    assert re.fullmatch(r"both engines agree on \d+ relations", out[-1])


def test_one_engine(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "COMMAND", ("a process that nobody wants",))
    code, out, _ = ask(capsys, "--one-engine")
    assert code == 0
    assert "engine" not in out[-1]


# -- a fault planted in one engine -------------------------------------------------------------------------------


def test_a_disagreement_names_the_rule_its_place_and_the_rows(
    kb: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare_wrongly(monkeypatch)
    (kb / "protocol.md").write_text(PROTOCOL.replace("From <= S", "From < S + 1 day"), encoding="utf-8")
    code, out, err = ask(capsys)
    assert code == 4
    assert out[-1] == "the two engines disagree: rely on nothing above"
    assert re.findall(r"disagree on (.+)", err) == [
        "what is possible of `adult` (S1)",
        "what is certain of `adult` (S1)",
    ]
    assert f"--> kb/trials/small/protocol.md:{line_of(kb, '@S1')}:" in err
    assert "--> the reference engine alone: nothing\n" in err
    assert "--> pyDatalog alone: (Tim)\n" in err
    assert "two_drugs" not in err
    assert [line for line in err.splitlines() if len(line) > 80 and "inclusion" not in line] == []


def test_a_disagreement_inside_an_aggregate_names_its_rule(
    kb: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare_wrongly(monkeypatch)
    (kb / "protocol.md").write_text(PROTOCOL.replace("B + 18 years <= S", "B + 18 years < S + 1 day"), encoding="utf-8")
    code, _, err = ask(capsys)
    assert code == 4
    told = re.findall(r"disagree on what is (\w+) of the aggregate of `two_drugs` \(S2\)", " ".join(err.split()))
    assert told == ["possible", "certain"]
    assert f"--> kb/trials/small/protocol.md:{line_of(kb, '@S2')}:" in err
    assert "(Tim, prednisone)" in err


def test_a_disagreement_about_a_count(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    count_wrongly(monkeypatch)
    code, _, err = ask(capsys)
    assert code == 4
    assert re.findall(r"disagree on (.+)", err) == ["what is certain of `two_drugs` (S2)"]
    assert "--> pyDatalog alone: (Tim)\n" in err


def test_of_several_rules_the_guilty_one_is_named(kb: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    compare_wrongly(monkeypatch)
    rules = PROTOCOL.replace(
        "B + 18 years <= S.", "B + 99 years < S.\nadult(P) :- born(P, B), screening(P, S), B + 18 years <= S."
    ).replace("From <= S", "From < S + 1 day")
    (kb / "protocol.md").write_text(rules, encoding="utf-8")
    code, _, err = ask(capsys)
    assert code == 4
    places = set(re.findall(r"--> kb/trials/small/protocol.md:(\d+)", err))
    assert places == {str(line_of(kb, "18 years"))}


def test_what_follows_from_a_disagreement_is_not_told(
    kb: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare_wrongly(monkeypatch)
    rules = PROTOCOL.replace("From <= S", "From < S + 1 day") + (
        "\n> Patients are adults who had two drugs.\n\n```datalog\nexclusion child(P) :- screening(P, _), not adult(P).\n```\n"
    )
    (kb / "protocol.md").write_text(rules, encoding="utf-8")
    code, _, err = ask(capsys)
    assert code == 4
    assert "child" not in err


# -- no second opinion -------------------------------------------------------------------------------------------


@posix
def test_what_never_ends_is_told_at_the_deadline(kb: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference stops at the first row that will do; pyDatalog goes through 40 to the power of 6 of them."""
    drugs = "".join(
        f', {{"drug": "prednisone", "from": "2020-02-{i // 2 + 1:02}", "to": "2025-02-{i % 2 + 1:02}"}}'
        for i in range(38)
    )
    chart = CHART.replace('"to": "2025-02-01"}', '"to": "2025-02-01"}' + drugs)
    (kb / "cases/Tim.json").write_text(chart, encoding="utf-8")
    several = ", ".join(f"treatment(P, D{i}, from: F{i}, ..)" for i in "abcdef")
    used = ", ".join(f"D{i} = D{i}, F{i} <= S" for i in "abcdef")
    rules = PROTOCOL.replace("born(P, B), screening(P, S), B + 18 years <= S", f"screening(P, S), {several}, {used}")
    (kb / "protocol.md").write_text(rules, encoding="utf-8")
    monkeypatch.setattr(worker, "SECONDS", 2.0)
    started: list[int] = []
    rightly = Worker.start

    def start(self: Worker) -> object:
        process = rightly(self)
        assert process is not None
        started.append(process.pid)
        return process

    monkeypatch.setattr(Worker, "start", start)
    began = time.monotonic()
    code, out, err = ask(capsys)
    assert (code, err) == (0, "")
    assert out[-1] == "not confirmed by a second engine: pyDatalog did not answer within 2 s"
    assert time.monotonic() - began < 8
    assert len(set(started)) == 1
    assert is_gone(started[0])
    assert "  sle: eligible" in out


def test_what_pydatalog_is_not_trusted_with_is_told_with_the_rule_and_its_place(kb: Path, capsys: Printed) -> None:
    rules = PROTOCOL.replace(
        '@S2 "had',
        "linked(P, A, B) :- treatment(P, A, from: F, ..), treatment(P, B, from: F, ..).\n"
        "linked(P, A, C) :- linked(P, A, B), linked(P, B, C).\n"
        "inclusion has_linked(P) :- linked(P, _, _).\n\n"
        '@S2 "had',
    )
    (kb / "protocol.md").write_text(rules, encoding="utf-8")
    code, out, err = ask(capsys)
    assert (code, err) == (0, "")
    said = " ".join(" ".join(out).split())
    at = f"kb/trials/small/protocol.md:{line_of(kb, 'linked(P, A, C)')}:1"
    assert said.endswith(
        f"not confirmed by a second engine: `linked` rests on itself more than once in one rule ({at})"
    )


def test_no_process_is_left_after_an_error(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[int] = []
    rightly = Worker.kill

    def kill(self: Worker) -> None:
        killed.append(self.process.pid if self.process is not None else 0)
        rightly(self)

    monkeypatch.setattr(Worker, "kill", kill)
    assert main(["why", "small", "Tom", "--kb", "kb"]) == 2
    assert "E602" in capsys.readouterr().err
    assert killed and (os.name != "posix" or all(is_gone(p) for p in killed if p))


# -- every case --------------------------------------------------------------------------------------------------


def test_every_case_is_confirmed(capsys: Printed) -> None:
    assert main(["cases", "small", "--kb", "kb", "--second-opinion"]) == 0
    assert capsys.readouterr().out.endswith("both engines agree on 1 of 1 cases\n")


def test_a_case_on_which_the_engines_disagree(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    compare_wrongly(monkeypatch)
    assert main(["cases", "small", "--kb", "kb", "--second-opinion"]) == 4
    printed = capsys.readouterr()
    assert printed.out.endswith("Tim: the two engines disagree\nboth engines agree on 0 of 1 cases\n")
    assert "error[E609]" in printed.err


def test_a_case_without_a_second_opinion(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "COMMAND", ("/there/is/no/such/program",))
    assert main(["cases", "small", "--kb", "kb", "--second-opinion"]) == 0
    told = "Tim: not confirmed by a second engine: no process could be started for pyDatalog\n"
    assert capsys.readouterr().out.endswith(f"{told}both engines agree on 0 of 1 cases\n")


# -- what the verdicts rest on -----------------------------------------------------------------------------------


def test_what_would_be_if_judgements_were_decided_is_confirmed_too() -> None:
    library = Library(shipped())
    program, _ = library.program("car-nk-b-cell-children")
    assert program is not None
    chart = library.folder("car-nk-b-cell-children") / "cases/sle-020-egfr-29.9-awaiting.json"
    (read,) = read_charts(chart, program.vocabulary)
    assert read.chart is not None and read.chart.screening is not None
    answers = Screener(program).screen(read.chart, read.chart.screening)
    assert len(answers.runs()) == 1
    with Worker(seconds=60) as one:
        assert isinstance(SecondOpinion(answers, one).opinion(), Agreed)
        (_, decided), *_ = answers.runs()[1:]
        assert answers.verdict("sle") is Verdict.AWAITING_JUDGEMENT
        name = next(iter(program.atoms.values())).relation
        decided.found[f"certain {name}"] = {("somebody else",): 0}
        opinion = SecondOpinion(answers, one).opinion()
    assert isinstance(opinion, Disagreed)
    assert {d.rules[0].relation for d in opinion.differences} == {f"certain {name}"}
