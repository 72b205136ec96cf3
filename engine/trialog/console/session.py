"""A session at a console: what was chosen, and what becomes of each thing that is typed."""

import argparse
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence

from trialog.ask_command import asked_for, finish
from trialog.commands import chosen_readings
from trialog.console.lines import command_in
from trialog.opened import Opened, typed_day
from trialog.problem import Problem, did_you_mean
from trialog.render.problems import shows_colour
from trialog.render.replies import reply_lines, why_lines
from trialog.render.terminal import wrapped
from trialog.replies import Limits, Reply
from trialog.usage import CUT_OFF, UsageError, columns, emit, typed_wrong
from trialog.values import show_day

OWN = ("patient", "cohort", "reading", "as-of", "help", "quit")
SHARED = ("why", "whynot", "needs", "whatif", "near", "graph", "impact", "readings", "screen", "explain")
"""Commands of the command line that may be typed as well; what the session knows is filled in."""
COMMANDS = (*OWN, *SHARED, "exit", "?")

HELP = """\
A query is the body of a rule and ends with a full stop:
  treatment(P, D, from: F, ..), D in calcineurin_inhibitor.
A command is one line:
  why ROW          explain a row of the last reply
  why PATIENT      explain why the patient has no row in it
  why, why S4      explain all statuses of the patient chosen, or that of S4
  whynot, needs, whatif, near   what stands in the way, and what would change it
  graph S4         what rests on what; with a patient chosen, in the proofs
  impact, readings, screen, explain CODE   as on the command line
  patient NAME     ask of this patient alone; `patient` says who there is
  cohort           ask of all patients again; `cohort NAME` keeps commands to it
  reading NAME=OPTION   read a sentence otherwise; `reading` says how all are read
  as-of DATE       the screening date; `as-of` alone takes each chart's own
  help, quit"""


class Left(Exception):  # noqa: N818 (somebody goes, nothing is wrong)
    """The session is over."""


class Session:
    """What was chosen so far: `given` holds it as the command line would."""

    def __init__(self, given: argparse.Namespace) -> None:
        """Raises UsageError."""
        self.given = given
        self.opened = Opened(given)
        self.limits = Limits(given.seconds, given.rows)
        self.parsers: Mapping[str, argparse.ArgumentParser] = given.commands
        self.patient: str | None = None
        self.cohort: str | None = None
        self.last: Reply | None = None
        self.told: set[Problem] = set()  # of charts: once is enough
        self.own: Mapping[str, Callable[[Sequence[str]], int]] = {
            "patient": self.choose_patient,
            "cohort": self.choose_cohort,
            "reading": self.choose_reading,
            "as-of": self.choose_day,
            "help": self.help,
            "?": self.help,
            "quit": self.quit,
            "exit": self.quit,
        }

    def take(self, text: str) -> int:
        """Do what was typed, and return the code with which a command would end. Raises Left, KeyboardInterrupt."""
        if not text.strip():
            return 0
        try:
            command = command_in(text, COMMANDS)
            return self.ask(text) if command is None else self.command(command, text)
        except UsageError as error:
            sys.stdout.flush()
            print(error.rendered(shows_colour(sys.stderr)), file=sys.stderr)  # noqa: T201 (the command line prints)
            return 2

    # -- queries -------------------------------------------------------------------------------------------------

    def ask(self, text: str) -> int:
        self.last = None
        found = self.opened.ask(text, [self.patient] if self.patient is not None else [], self.limits)
        self.last = found
        emit(reply_lines(found, columns(), shows_colour(sys.stdout), self.limits))
        sys.stdout.flush()
        code = finish(found, self.told)
        self.told.update(found.problems)
        return code

    def why(self, word: str) -> int | None:
        """Explain a row of the last reply, or a patient's status in it; None where the word means something else."""
        is_row = word.isascii() and word.isdigit()
        if self.last is None:
            if is_row:
                raise typed_wrong("E682", f"there is no reply with a row {word}", "ask something first")
            return None
        if not is_row and (word not in self.last.statuses or not word):
            return None
        try:
            emit(why_lines(self.last, asked_for(self.last, word), columns(), shows_colour(sys.stdout)))
        except TimeoutError as late:
            emit([f"{word}: {late}"])
            return CUT_OFF
        return 0

    # -- commands ------------------------------------------------------------------------------------------------

    def command(self, name: str, text: str) -> int:
        try:
            words = shlex.split(text)[1:]
        except ValueError:
            raise typed_wrong("E683", "a quotation mark has no end", "close it on the same line") from None
        if name == "why" and len(words) == 1 and (code := self.why(words[0])) is not None:
            return code
        if name in self.own:
            return self.own[name](words)
        if name not in SHARED:
            help_ = (
                did_you_mean(name, COMMANDS) or "`help` lists the commands; a relation has its arguments in brackets"
            )
            raise typed_wrong("E683", f"there is no command `{name}`", help_)
        parser = self.parsers.get(name)
        if parser is None:
            raise typed_wrong("E683", f"`{name}` is not part of this installation", "`help` lists the commands")
        return self.hand_over(parser, self.arguments(parser, name, words))

    def arguments(self, parser: argparse.ArgumentParser, name: str, words: Sequence[str]) -> list[str]:
        """The words that would have been typed at the command line, with what was chosen here."""
        actions = [a for a in parser._actions if a.dest != "help"]  # argparse shows them in no other way
        positional = [a.dest for a in actions if not a.option_strings]
        options = {o for a in actions for o in a.option_strings}
        rest = list(words)
        placed, behind = [self.opened.trial] if "trial" in positional else [], list[str]()
        patient = self.patient
        if "patient" in positional:
            if rest and rest[0] in self.opened.patients:
                patient = rest.pop(0)
            if patient is None and not {"-h", "--help"} & set(rest):
                raise typed_wrong("E684", f"`{name}` is asked of one patient", "choose one with `patient NAME`")
            behind = [patient] if patient is not None else []
        if {"trial", "patient"} >= set(positional) and "--atom" in options and rest and not rest[0].startswith("-"):
            rest.insert(0, "--atom")
        typed = {word.partition("=")[0] for word in rest}
        chosen: list[str] = []
        if "--patient" in options - typed and patient is not None:
            chosen.append(f"--patient={patient}")  # in one word: a name may begin with `-`
        if "--patient" not in options or chosen or "--patient" in typed:
            chosen += self.chosen(options - (typed - {"--reading"}), rest)
        if self.given.kb and "--kb" in options - typed:
            chosen += ["--kb", self.given.kb]
        if any(name.startswith("-") for name in behind):
            return [*placed, *rest, *chosen, "--", *behind]
        return [*placed, *behind, *rest, *chosen]

    def chosen(self, options: set[str], typed: Sequence[str]) -> list[str]:
        """Of these options, those that say which charts, on which day and how read. A reading that was typed counts instead."""
        found: list[str] = []
        names = {word.removeprefix("--reading=").partition("=")[0] for word in typed}
        if "--charts" in options and self.given.charts:
            found += ["--charts", self.given.charts]
        if "--as-of" in options and self.given.as_of is not None:
            found += ["--as-of", show_day(self.given.as_of)]
        if "--reading" in options:
            kept = [(name, option) for name, option in self.given.reading if name not in names]
            found += [word for name, option in kept for word in ("--reading", f"{name}={option}")]
        if "--cohort" in options and self.cohort is not None:
            found += ["--cohort", self.cohort]
        return found

    def hand_over(self, parser: argparse.ArgumentParser, arguments: list[str]) -> int:
        """What the command line does with these words."""
        try:
            given, behind = parser.parse_known_args(arguments)
            if behind and ("selectors" not in given or any(w.startswith("-") for w in behind)):
                parser.error(f"unrecognized arguments: {' '.join(behind)}")
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 2
        if behind:
            given.selectors += behind
        given.width, given.colour = columns(), shows_colour(sys.stdout)
        return given.run(given)

    # -- choices -------------------------------------------------------------------------------------------------

    def choose_patient(self, words: Sequence[str]) -> int:
        if not words:
            names = self.opened.patients
            emit([f"asked of {self.patient or 'all patients'}; there are {len(names)}:"])
            emit(wrapped(", ".join(names), columns(), "  ", "  "))
            return 0
        name = " ".join(words)
        self.opened.of([name])
        self.patient = name
        emit([f"asked of {name}"])
        return 0

    def choose_cohort(self, words: Sequence[str]) -> int:
        cohorts = self.opened.program.cohorts
        if not words:
            self.patient = self.cohort = None
            emit([f"asked of all {len(self.opened.patients)} patients, for all cohorts: {', '.join(cohorts)}"])
            return 0
        if words[0] not in cohorts or len(words) > 1:
            name = " ".join(words)
            help_ = did_you_mean(name, cohorts) or f"there are {', '.join(f'`{c}`' for c in cohorts)}"
            raise typed_wrong("E603", f"there is no cohort `{name}`", help_)
        self.cohort = words[0]
        emit([f"commands are kept to the cohort {self.cohort}; queries are asked of {self.patient or 'all patients'}"])
        return 0

    def choose_reading(self, words: Sequence[str]) -> int:
        program = self.opened.program
        if words:
            name, sign, option = "".join(words).partition("=")
            if not sign:
                help_ = f"write `reading {name}=OPTION`"
                raise typed_wrong("E683", f"`{name}` is not a reading with an option", help_)
            others = [(n, o) for n, o in self.given.reading if n != name]
            wanted = argparse.Namespace(**{**vars(self.given), "reading": [*others, (name, option)]})
            self.opened.readings = chosen_readings(wanted, program)
            self.given.reading = wanted.reading
        for name, reading in program.readings.items():
            chosen = self.opened.readings.get(name, reading.default)
            if not words or name == words[0].partition("=")[0]:
                others_ = ", ".join(o for o in reading.options if o != chosen)
                emit(wrapped(f"{name} = {chosen} (not {others_}): {reading.description}", columns(), "", "  "))
        return 0

    def choose_day(self, words: Sequence[str]) -> int:
        if words:
            self.given.as_of = typed_day(" ".join(words))
        else:
            self.given.as_of = None
        self.opened.as_of = self.given.as_of
        day = "each chart's own screening date" if self.given.as_of is None else show_day(self.given.as_of)
        emit([f"screened on {day}"])
        return 0

    def help(self, _: Sequence[str]) -> int:
        emit(HELP.splitlines())
        return 0

    def quit(self, _: Sequence[str]) -> int:
        raise Left
