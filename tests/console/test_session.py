"""What becomes of what is typed at a console, without a terminal: choices, commands of the command line, completion."""

import argparse
import io
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from trialog.cli import main
from trialog.console.completing import candidates
from trialog.console.keeping import names_nobody
from trialog.console.lines import command_in, is_whole
from trialog.console.session import COMMANDS, OWN, SHARED, Session
from trialog.console.terminal import Enough, Paged, history, state_folder

type Printed = pytest.CaptureFixture[str]
type Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def typed(here: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """What `trialog console` ends with and prints when these lines are piped in."""

    def piped(*lines: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        code = main(["console", "small", "--kb", str(here / "kb"), "--charts", str(here / "charts")])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return piped


@pytest.fixture
def session(here: Path) -> Session:
    return Session(given(here, {}))


def given(here: Path, parsers: dict[str, argparse.ArgumentParser]) -> argparse.Namespace:
    return argparse.Namespace(
        trial="small",
        kb=str(here / "kb"),
        charts=str(here / "charts"),
        as_of=None,
        reading=[],
        seconds=10.0,
        rows=1000,
        commands=parsers,
    )


# -- lines -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "command", "whole"),
    [
        ("", None, True),
        ("why 1", "why", True),
        ("why", "why", True),
        ("?", "?", True),
        ("wyh 1", "wyh", True),
        ("reading strictness=loose", "reading", True),
        ("?- reading strictness = loose, born(P, B)", None, False),
        ("near(P, D).", None, True),
        ("born(P, B)", None, False),
        ("born(P, B), % not yet.", None, False),
        ("treatment(P, D, ..)", None, False),
        ("treatment(P, D, ..),\n D in glucocorticoid.", None, True),
        ("latest observation(P, lvef, V, ..), V < 55 '%'.", None, True),
        ("latest observation(P, lvef, V, ..), V < 5.", None, True),
        ("not born(P, B).", None, True),
        ("D in glucocorticoid.", None, True),
    ],
)
def test_a_query_goes_on_to_its_full_stop_and_a_command_to_the_end_of_its_line(
    text: str, command: str | None, whole: bool
) -> None:
    assert command_in(text, COMMANDS) == command
    assert is_whole(text, COMMANDS) is whole


# -- sessions ----------------------------------------------------------------------------------------------------


def test_a_session_that_is_piped_in(typed: Typed) -> None:
    code, out, err = typed("treatment(P, D, ..),", "  D in glucocorticoid.", "why 1", "why Dan", "quit", "born(P, B).")
    assert (code, err) == (0, "")
    assert "1 met: P = Ann, D = prednisone" in out
    assert "Dan not met: treatment(P, D, ..), D in glucocorticoid" in out
    assert "2014-05-02" not in out, "nothing is read behind `quit`"


def test_what_was_chosen_holds_for_what_follows(typed: Typed) -> None:
    code, out, err = typed(
        "patient Ann", "adult_and_fit(P).", "reading strictness=loose", "adult_and_fit(P).", "as-of 2026-01-01",
        "screening(P, S).", "adult_and_fit(P).", "cohort", "screening(P, S).",
    )  # fmt: skip
    assert (code, err) == (0, "")
    statuses = [line for line in out.splitlines() if line.endswith("for Ann")]
    assert statuses == ["not met for Ann", "met for Ann", "met for Ann", "unknown for Ann"]
    assert "met for 4 of 4 patients" in out


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("wyh", "E683"),
        ("patient Eve", "E602"),
        ("cohort slee", "E603"),
        ("reading strictness=none", "E604"),
        ("reading strictness", "E683"),
        ("as-of yesterday", "E685"),
        ("as-of 2026-01", "E685"),
        ("why 1", "E682"),
        ("why", "E684"),
        ("why 'S1", "E683"),
        ("brn(P, B).", "E201"),
        ("born(P, B", "E103"),
        ("graph S44", "E608"),
        ("why Ann S9", "E606"),
    ],
)
def test_what_is_wrong_is_told_and_the_session_goes_on(line: str, code: str, typed: Typed) -> None:
    # a query without its full stop takes in what follows, so it comes last
    lines = ["born(P, B).", line] if line == "born(P, B" else [line, "born(P, B)."]
    ended, out, err = typed(*lines)
    assert ended == 2
    assert (err.startswith(f"error[{code}]: ") and "help: " in err) or code == "E103"
    assert "2014-05-02" in out


def test_a_row_is_that_of_the_last_reply_and_of_no_older_one(typed: Typed) -> None:
    _, out, err = typed("born(P, B).", "brn(P, B).", "why 1")
    assert "E682" in err and "1 met:" not in out


def test_what_is_wrong_with_a_chart_is_told_once(typed: Typed, here: Path) -> None:
    (here / "charts/Eve.json").write_text(
        '{"patient": "Eve", "facts": {"born": [{"on": "2001-13-01"}]}}', encoding="utf-8"
    )
    code, out, err = typed("born(P, B).", "born(P, B), B < 2000-01-01.")
    assert code == 3
    assert err.count("error[") == 1
    assert err.count("1 of 5 charts refused: Eve") == 2, "the number is said each time"
    assert "of 4 patients" in out


# -- commands of the command line ---------------------------------------------------------------------------------


def taken(session: Session, line: str, *, positional: Sequence[str], options: Sequence[str] = ()) -> list[str]:
    """What a command with these arguments is given, when this line is typed."""
    found: list[argparse.Namespace] = []

    def run(arguments: argparse.Namespace) -> int:
        found.append(arguments)
        return 0

    parser = argparse.ArgumentParser()
    parser.set_defaults(run=run)
    for name in positional:
        parser.add_argument(name, **({"nargs": "*"} if name == "selectors" else {}))  # type: ignore[arg-type]
    for name in options:
        parser.add_argument(name, action="append")
    session.parsers = dict.fromkeys(SHARED, parser)
    assert session.take(line) == 0
    return [f"{k}={v}" for k, v in sorted(vars(found[0]).items()) if v and k not in ("run", "width")]


def test_a_command_is_given_what_the_session_knows(session: Session) -> None:
    session.take("patient Ann")
    session.take("reading strictness=loose")
    session.take("as-of 2026-01-02")
    everything = ["--charts", "--as-of", "--reading", "--kb", "--atom"]
    charts, kb = session.given.charts, session.given.kb
    known = ["as_of=['2026-01-02']", "atom=['S1']", f"charts=['{charts}']", f"kb=['{kb}']"]
    for line in ("needs S1", "needs Ann S1", "needs --atom S1"):
        said = taken(session, line, positional=["trial", "patient"], options=everything)
        assert said == [*known, "patient=Ann", "reading=['strictness=loose']", "trial=small"]
    said = taken(
        session, "whatif Bo treatment(prednisone)", positional=["trial", "patient", "facts"], options=["--charts"]
    )
    assert said == [f"charts=['{charts}']", "facts=treatment(prednisone)", "patient=Bo", "trial=small"]
    said = taken(session, "graph +S1 S2+", positional=["trial", "selectors"], options=["--charts", "--patient"])
    assert said == [f"charts=['{charts}']", "patient=['Ann']", "selectors=['+S1', 'S2+']", "trial=small"]
    needs = {"positional": ["trial", "patient"], "options": ["--as-of", "--reading"]}
    said = taken(session, "needs --as-of=2026-01-03 --reading other=option", **needs)
    readings = "reading=['other=option', 'strictness=loose']"
    assert said == ["as_of=['2026-01-03']", "patient=Ann", readings, "trial=small"], "what is typed counts"
    assert taken(session, "needs --reading strictness=strict", **needs)[2] == "reading=['strictness=strict']"
    session.take("cohort")
    said = taken(session, "graph +S1", positional=["trial", "selectors"], options=["--charts", "--patient"])
    assert said == ["selectors=['+S1']", "trial=small"]


def test_a_patient_whose_name_begins_like_an_option(typed: Typed, here: Path) -> None:
    chart = (here / "charts/Ann.json").read_text(encoding="utf-8")
    (here / "charts/x.json").write_text(chart.replace('"Ann"', '"-x"'), encoding="utf-8")
    for lines in (("patient -x", "whynot", "graph S1"), ("whynot -x",), ("whynot -x S1",)):
        code, out, err = typed(*lines)
        assert (code, err) == (0, ""), lines
        assert "-x, screened on" in out
    code, _, err = typed("why -y")
    assert (code == 2 and "usage" not in err and "E684" in err) or "E602" in err


def test_a_command_that_is_not_there_is_said_to_be_so(session: Session, capsys: Printed) -> None:
    session.parsers = {}
    assert session.take("needs Ann") == 2
    assert "E683" in capsys.readouterr().err


def test_the_commands_of_the_command_line_are_the_same_ones(typed: Typed) -> None:
    code, out, err = typed("patient Ann", "why S1 --one-engine", "graph S1", "explain E206", "screen --cohort sle")
    assert (code, err) == (0, "")
    assert "S1 not met: is an adult and fit" in out and "E206" in out and "ineligible" in out


# -- completion --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "first"),
    [
        ("tre", "treatment("),
        ("pati", "patient"),
        ("patient A", "Ann"),
        ("cohort ", "sle"),
        ("reading strictness=l", "strictness=loose"),
        ("why S", "S1"),
        ("born(P, B), adu", "adult_and_fit("),
        ("treatment(P, pred", "prednisolone"),
        ("treatment(P, D, ro", "route: "),
        ("treatment(P, D, route: o", "oral"),
        ("condition(P, epi", "epilepsy"),
        ("treatment(P, D, ..), D in gluco", "glucocorticoid"),
        ("count { D : treatm", "treatment("),
        ("born(P, B), reading stri", "strictness"),
        ("born(P, B), reading strictness = l", "loose"),
        ("scr", "screening("),
    ],
)
def test_what_may_follow_is_offered(before: str, first: str, session: Session) -> None:
    assert session.opened.patients
    found = list(candidates(session, before))
    assert first in [c.text for c in found[:3]], [c.text for c in found]
    assert all(c.text for c in found)


def test_what_is_offered_is_what_there_is(session: Session) -> None:
    """What stands in the place of what was typed is a query that is read, or a word of one."""
    assert list(candidates(session, "treatment(P, X")) == []
    assert not [c for c in candidates(session, "treatment(P, ") if c.text == "epilepsy"], "of another kind"
    assert {c.text for c in candidates(session, "")} >= set(OWN)
    assert not [c for c in candidates(session, "patient ") if c.text == "S1"]


# -- history and pages -------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="modes of files are those of POSIX")
def test_history_is_its_owners_alone_and_names_no_patient(session: Session, here: Path) -> None:
    assert session.opened.patients
    folder = here / "state/trialog"
    assert state_folder() == folder
    folder.mkdir(parents=True)
    (folder / "history").touch(mode=0o644)
    kept = history(session)
    lines = ["born(P, B).", "patient Ann", "why Ann S1", "whatif x", "graph S1 --patient Bo", "why 1"]
    for line in lines:
        kept.append_string(line)
    assert stat.S_IMODE((folder / "history").stat().st_mode) == 0o600
    stored = (folder / "history").read_text(encoding="utf-8")
    assert "born(P, B)" in stored and "why 1" in stored
    assert not [name for name in session.opened.patients if name in stored]
    assert "whatif" not in stored
    assert kept.get_strings() == lines, "all are there for this session"
    assert names_nobody("born(P, B).", session) and not names_nobody("patient Zoe", session)


def test_a_patient_is_not_named_before_the_charts_are_read_nor_in_quotation_marks(session: Session) -> None:
    vars(session.opened).pop("charts", None)
    assert not names_nobody("why Ann S1", session) and not names_nobody("near Ann", session)
    assert names_nobody("born(P, B).", session) and names_nobody("as-of 2026-01-15", session)
    assert session.opened.patients
    assert names_nobody("why S1", session)
    assert not names_nobody("why A\\nn", session) and not names_nobody('why A"n"n', session)


@pytest.mark.parametrize(
    "line",
    [
        "why Anne", "why Anne S1", "needs Anne", "near Anne --seconds 3", "graph S1 Anne", "whynot anne_smith", "impact anne",
        "pateint Anne", "wyh Anne", "cohort Anne", "screen --charts charts/anne.json", "why Bo_", "reading Anne=strict",
        "condition(anne, epilepsy).", 'condition(P, "Anne").', "explain Anne", "as-of Anne", "graph sentence:Anne",
        "born(P, B). % Anne Smith",
    ],
)  # fmt: skip
def test_a_misspelt_name_is_not_kept(line: str, session: Session) -> None:
    assert session.opened.patients
    assert not names_nobody(line, session)


@pytest.mark.parametrize(
    "line",
    [
        "why 1", "why S1", "why", "needs S1", "graph +S1 S1+", "graph concept:epilepsy+", "cohort sle", "as-of 2026-01-15",
        "reading strictness=loose", "help", "quit", "explain E206", "impact rule:S1/2", "screen",
        "latest observation(P, lvef, V, ..), V >= 55.5 '%'.", "condition(P, C, from: F, ..), F > 2025-01-31 - 60 days.",
        "?- reading strictness = loose, not judged(P, fit_for_infusion, ..).",
        "count { D : treatment(P, D, ..) } >= 2, born(P, _).",
    ],
)  # fmt: skip
def test_what_can_be_nobodys_name_is_kept(line: str, session: Session) -> None:
    assert session.opened.patients
    assert names_nobody(line, session), line


def test_history_that_cannot_be_kept_stops_nobody(
    session: Session, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "a-file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(here / "a-file"))
    history(session).append_string("born(P, B).")


def test_a_long_reply_comes_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINES", "10")
    monkeypatch.setenv("COLUMNS", "80")
    said = iter([True, True, False])

    def more(_: object) -> bool:
        return next(said)

    monkeypatch.setattr("trialog.console.terminal._more", more)
    out = io.StringIO()
    paged = Paged(out)
    for n in range(40):
        print(n, file=paged)
    assert out.getvalue().split() == [str(n) for n in range(40)]
    assert next(said, None) is None, "after 9, 18 and 27 lines, and then no more"

    def enough(_: object) -> bool:
        raise Enough

    monkeypatch.setattr("trialog.console.terminal._more", enough)
    with pytest.raises(Enough):
        print("\n".join("x" * 30), file=Paged(io.StringIO()))
