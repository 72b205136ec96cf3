"""What may be typed at the command line: commands, their arguments, and what is told of words that are none."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn, override

from trialog.render.problems import shows_colour
from trialog.usage import EXIT_CODES, columns, typed_wrong


class Parser(argparse.ArgumentParser):
    """A parser that tells of a name which begins with `-`, and so was taken for an option."""

    typed: Sequence[str] = ()

    @override
    def parse_known_args(  # type: ignore[override]  # another class of namespace is never asked for
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        self.typed = tuple(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace or argparse.Namespace())

    @override
    def error(self, message: str) -> NoReturn:
        """Raises UsageError for such a name; else prints what is wrong and ends with 2."""
        known = self._option_string_actions
        name = next((w for w in self.typed if w[:1] == "-" and not _is_option(w, known)), None)
        if name is not None and message.startswith("the following arguments are required: ") and "PATIENT" in message:
            typed = " ".join(w for w in self.typed if w != name)
            raise typed_wrong(
                "E602",
                f"`{name}` is taken for an option, and no patient is named",
                f"a name that begins with `-` stands last, behind `--`: `{self.prog} {typed} -- {name}`",
            )
        super().error(message)


def _is_option(word: str, known: Mapping[str, object]) -> bool:
    """Whether the word is an option, or the beginning of one."""
    return word == "--" or any(o.startswith(word.partition("=")[0]) for o in known)


SELECTORS = """\
selectors:
  C6                     C6 itself; `graph` shows its neighbours too
  +C6                    C6 and what it rests on
  C6+                    C6 and what rests on it
  2+C6, C6+2, +C6+       two steps, and both ways
  concept:lvef+          what rests on a concept; KIND:NAME names any thing:
                         cohort, criterion, atom, relation, rule, reading,
                         fact, chart, concept, source, sentence
  rule:C6                all rules for C6; rule:C6/2 is the second
  sentence:118           what is quoted on line 118; sentence:'ULN' what has
                         these words
  +cohort:sle,source:own+   a comma asks for what is in both
  C6 C7                  several selectors ask for what is in any of them"""


def _day(written: str) -> int:
    from trialog.values import days

    try:
        when = days(written)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not when.is_point:
        raise argparse.ArgumentTypeError(f"`{written}` is not one day; write it as 2026-01-31")
    return int(when.low)


def _reading(written: str) -> tuple[str, str]:
    name, sign, option = written.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError(f"`{written}` is not a reading; write NAME=OPTION")
    return name.strip(), option.strip()


def _add_charts(
    one: argparse.ArgumentParser,
    says: str = "a chart, a folder of charts or of tables (default: the trial's own cases)",
) -> None:
    """Which charts, on which day, and how ambiguous sentences are read."""
    one.add_argument("--charts", metavar="PATH", help=says)
    one.add_argument(
        "--as-of", metavar="DATE", type=_day, help="the screening date (default: the chart's own, else today)"
    )
    one.add_argument(
        "--reading",
        metavar="NAME=OPTION",
        type=_reading,
        action="append",
        default=[],
        help="understand an ambiguous sentence otherwise; may be repeated",
    )


def _seconds(written: str) -> float:
    try:
        seconds = float(written)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"`{written}` is not a number of seconds from 0 to a day")
    return seconds


def _up_to(most: int, what: str) -> Callable[[str], int]:
    def number(written: str) -> int:
        if not (written.isascii() and written.isdigit() and len(written) <= 9 and 0 < int(written) <= most):
            raise argparse.ArgumentTypeError(f"`{written}` is not a number of {what} from 1 to {most}")
        return int(written)

    return number


def _seed(written: str) -> int:
    if not (written.isascii() and written.isdigit() and len(written) <= 9):
        raise argparse.ArgumentTypeError(f"`{written}` is not a whole number from 0 to 999999999")
    return int(written)


def _add_store(one: argparse.ArgumentParser) -> None:
    """Into how many buckets a store is cut, and whose words its charts are in."""
    one.add_argument(
        "--buckets", metavar="B", type=_up_to(100_000, "buckets"), help="default: one for each 15,000 patients"
    )
    one.add_argument("--trial", metavar="TRIAL", help="whose vocabulary counts (default: that of the only trial)")


def _add_limits(one: argparse.ArgumentParser) -> None:
    """How far a search goes before it says that it was cut off."""
    one.add_argument(
        "--most", metavar="N", type=_up_to(1000, "sets"), default=12, help="give at most so many sets (default: 12)"
    )
    one.add_argument(
        "--seconds", metavar="S", type=_seconds, default=10.0, help="search so long for each answer (default: 10)"
    )
    one.add_argument("--format", choices=("text", "json"), default="text", help="what to print (default: text)")


def _add_query_limits(one: argparse.ArgumentParser) -> None:
    """How long a query may take, and how much of its reply is kept."""
    one.add_argument(
        "--seconds", metavar="N", type=_seconds, default=10.0, help="stop a query after N seconds (default: 10)"
    )
    one.add_argument(
        "--rows",
        metavar="N",
        type=_up_to(1_000_000, "rows"),
        default=1000,
        help="keep N rows of a reply (default: 1000)",
    )


def parser(run: Mapping[str, Callable[[argparse.Namespace], int]]) -> argparse.ArgumentParser:
    """What may be typed: a command of those in `run`, by name, with its arguments."""
    codes = "exit codes:\n" + "\n".join(f"  {code}  {meaning}" for code, meaning in EXIT_CODES.items())
    whole = Parser(
        prog="trialog",
        description="Who is eligible for a trial, why, why not, and what is missing.",
        epilog=codes,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action=_ShowVersion, nargs=0, help="print the version and stop")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, says: str) -> argparse.ArgumentParser:
        one = commands.add_parser(
            name,
            help=says,
            description=says[0].upper() + says[1:] + ".",
            epilog=codes,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        one.set_defaults(run=run[name], colour=shows_colour(sys.stdout), width=columns())
        one.add_argument("--kb", metavar="FOLDER", help="another knowledge base than the one installed")
        return one

    one = command("check", "tell everything that is wrong in a knowledge base")
    one.add_argument(
        "path",
        nargs="?",
        metavar="PATH",
        help="a knowledge base, a trial's folder or its page (default: the one installed)",
    )
    one.add_argument(
        "--format", choices=("text", "json", "sarif"), default="text", help="what to print (default: text)"
    )
    one.add_argument("--fix", action="store_true", help="mend what can only be meant in one way, and tell the rest")
    one.add_argument("--diff", action="store_true", help="show what `--fix` would change, and change nothing")
    one = command("explain", "say what a code such as E206 means, and what to do")
    one.add_argument("code", nargs="?", metavar="CODE", help="the code (default: list all)")
    one = command("fmt", "lay out the rules on pages, and nothing else on them")
    one.add_argument(
        "path",
        nargs="?",
        metavar="PATH",
        help="a page, or a folder of a knowledge base (default: the one you stand in)",
    )
    one.add_argument("--check", action="store_true", help="write nothing; tell which pages would change, and how")
    for name, says in (
        ("screen", "give each patient's verdict for each cohort, with the reason"),
        ("why", "explain a patient's statuses, with rules, records and what is missing"),
        ("whynot", "say briefly what a patient lacks for a cohort or an atom"),
        ("readings", "show which patients each reading of an ambiguous sentence flips"),
    ):
        one = command(name, says)
        one.add_argument("trial", metavar="TRIAL", help="the id of a trial: the name of its folder under `trials/`")
        if name in ("why", "whynot"):
            one.add_argument("patient", metavar="PATIENT", help="the patient's name, as `screen` prints it")
            one.add_argument("--atom", metavar="ID", help="this atom alone, for example S4")
        if name == "why":
            one.add_argument(
                "--length",
                choices=("line", "paragraph", "everything"),
                help="how much to say (default: everything of one atom, else a paragraph of each)",
            )
            one.add_argument("--plumbing", action="store_true", help="show how the rules are put together, too")
            one.add_argument(
                "--format", choices=("text", "html", "json"), default="text", help="what to print (default: text)"
            )
            one.add_argument(
                "--one-engine", action="store_true", help="do not wait for pyDatalog to confirm the answers"
            )
            one.add_argument("--certificate", metavar="FILE", help="write a certificate that `verify` can check")
        _add_charts(one)
        one.add_argument("--cohort", metavar="C", help="this cohort alone")
        if name == "screen":
            one.add_argument(
                "--format", choices=("table", "json", "csv"), default="table", help="what to print (default: table)"
            )
            one.add_argument(
                "--engine",
                choices=("auto", "reference", "pydatalog", "cohort", "spark"),
                default="auto",
                help="what derives the answers (default: cohort for a store with --out, else reference)",
            )
            one.add_argument(
                "--out", metavar="PATH", help="where the answers about a store go: a folder, a .csv or a .duckdb"
            )
            one.add_argument(
                "--update",
                metavar="ANSWERS",
                help="put the answers about these patients in the place of theirs in a run",
            )
            one.add_argument("--jobs", metavar="N", type=_up_to(256, "threads"), help="threads of the cohort engine")
            one.add_argument(
                "--master", metavar="URL", help="the Spark to screen on (default: the one configured, else local[2])"
            )
    for name, says in (
        ("needs", "tell what is missing before an answer is settled, cheapest first"),
        ("whatif", "tell which answers change if facts are added or retracted"),
        ("near", "tell the fewest and smallest changes that would make a patient eligible"),
    ):
        one = command(name, says)
        one.add_argument("trial", metavar="TRIAL", help="the id of a trial")
        one.add_argument("patient", metavar="PATIENT", help="the patient's name, as `screen` prints it")
        if name == "needs":
            asked = one.add_mutually_exclusive_group()
            asked.add_argument("--atom", metavar="ID", help="what settles this atom alone, for example S4")
            asked.add_argument(
                "--eligible", action="store_true", help="what can make the patient eligible, if it comes out so"
            )
        if name == "whatif":
            for option, what in (
                ("--add", "a fact that the chart would state besides"),
                ("--retract", "one that it would not"),
            ):
                says = f'{what}, for example "observation(lvef, 50 %%, 2026-01-10)"; may be repeated'
                one.add_argument(option, metavar="FACT", action="append", default=[], help=says)
            one.add_argument("--format", choices=("text", "json"), default="text", help="what to print (default: text)")
        else:
            one.add_argument("--cohort", metavar="C", help="this cohort alone")
            _add_limits(one)
        _add_charts(one)
    one = command("cases", "compare the answers about a trial's own cases with what they expect")
    one.add_argument("trial", metavar="TRIAL", help="the id of a trial")
    one.add_argument(
        "--second-opinion", action="store_true", help="have pyDatalog confirm the answers about every case"
    )
    one = command("graph", "show what rests on what, from the protocol's sentences to charts")
    one.epilog = f"{SELECTORS}\n\n{codes}"
    one.add_argument("trial", metavar="TRIAL", help="the id of a trial")
    one.add_argument("selectors", metavar="SELECTOR", nargs="*", help="what to show (default: say how much there is)")
    one.add_argument("--all", action="store_true", help="show the whole graph")
    one.add_argument(
        "--format",
        choices=("text", "svg", "dot", "mermaid", "graphml", "json"),
        default="text",
        help="what to print (default: text)",
    )
    one.add_argument("--patient", metavar="PATIENT", help="show the proofs of this patient's answers instead")
    _add_charts(one)
    one = command("impact", "tell which answers change if a rule, a fact or a concept goes")
    one.epilog = f"{SELECTORS}\n\n{codes}"
    one.add_argument("trial", metavar="TRIAL", help="the id of a trial")
    one.add_argument("selectors", metavar="SELECTOR", nargs="*", help="what goes")
    _add_charts(one, "charts to screen as well as the trial's own cases")
    one.add_argument("--format", choices=("text", "json"), default="text", help="what to print (default: text)")
    one = command("verify", "check a certificate that `why` wrote, by itself or against its sources")
    one.add_argument("file", metavar="FILE", help="the certificate")
    one.add_argument("--charts", metavar="PATH", help="confirm that its rows are those of the chart here")
    one.add_argument("--prov", metavar="FILE", help="write what is accepted as W3C PROV-JSON")
    one = command("ask", "answer a query over charts, or over background knowledge")
    one.add_argument("trial", metavar="TRIAL", help="the id of a trial")
    one.add_argument("query", metavar="QUERY", help="the body of a rule, as in 'condition(P, epilepsy, ..).'")
    _add_charts(one)
    one.add_argument(
        "--patient", metavar="P", action="append", default=[], help="ask of this patient alone; may be repeated"
    )
    one.add_argument(
        "--why",
        metavar="ROW",
        action="append",
        default=[],
        help="explain this row of the reply, or the status of the patient named; may be repeated",
    )
    _add_query_limits(one)
    one = command("generate", "make up synthetic charts by chance, and write them into a store")
    one.add_argument("path", metavar="PATH", help="the store; nothing may be there yet")
    most = _up_to(10_000_000, "patients")
    one.add_argument("--patients", metavar="N", type=most, required=True, help="how many patients, up to 10 million")
    one.add_argument("--seed", metavar="S", type=_seed, default=0, help="other charts for another number (default: 0)")
    _add_store(one)
    one = command("pack", "put charts into a store, from which millions of patients can be screened")
    one.add_argument(
        "charts", metavar="CHARTS", help="a chart, a folder of charts or of tables, a .duckdb file, a postgres: URL"
    )
    one.add_argument("store", metavar="STORE", help="the store; nothing may be there yet")
    _add_store(one)
    one = command("attrition", "tell how many patients each criterion leaves, and what is missing")
    one.add_argument("trial", metavar="TRIAL", help="the id of a trial")
    one.add_argument("answers", metavar="ANSWERS", help="the folder that `screen --out` wrote")
    one.add_argument("--cohort", metavar="C", help="this cohort alone")
    one.add_argument("--against", metavar="ANSWERS", help="tell whose answers differ in another run")
    one.add_argument(
        "--explain", metavar="N", type=_up_to(1000, "patients"), help="explain N patients, and check their answers"
    )
    one.add_argument("--charts", metavar="STORE", help="what the run screened, for --explain")
    one.add_argument("--format", choices=("text", "json", "csv"), default="text", help="what to print (default: text)")
    one = command("console", "ask and be told why, one question after the other")
    one.add_argument("trial", metavar="TRIAL", help="the id of a trial")
    _add_charts(one)
    one.add_argument("--no-history", action="store_true", help="keep nothing of what is typed after the end")
    _add_query_limits(one)
    one.set_defaults(commands=commands.choices)
    return whole


class _ShowVersion(argparse.Action):
    """Prints the version, which is looked up only when it is asked for."""

    @override
    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        from importlib.metadata import version

        print(f"trialog {version('trialog')}")  # noqa: T201 (the command line prints)
        parser.exit()
