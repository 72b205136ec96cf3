"""A query: the body of a rule whose head is the query's variables, checked as an author's rule is."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from trialog.check import Pages, check
from trialog.check.declarations import BUILT_IN
from trialog.check.variables import expression_variables, variables_of
from trialog.cursor import Cursor, SyntaxProblem
from trialog.page import Block
from trialog.parse_body import Bodies
from trialog.problem import Problem, Severity
from trialog.program import Derived, Program, Tallied, Tuple, Type, clauses_beneath
from trialog.source import Source, Span
from trialog.tree import (
    Aggregate,
    Anonymous,
    Argument,
    Atom,
    Holds,
    Latest,
    Literal,
    Recorded,
    Rule,
    Variable,
    literals_within,
)
from trialog.vocabulary import Kind

QUERY = "?-"
"""The relation that a query defines: a name that nobody can write."""

MOST_LITERALS = 60


@dataclass(frozen=True)
class Query:
    """A checked query: a column for each of its variables, the patient's first, and a program of all that it rests on."""

    written: str
    columns: tuple[str, ...]
    types: tuple[Type, ...]
    program: Program

    @property
    def derived(self) -> Derived:
        return self.program.derived[QUERY]

    @property
    def about_patient(self) -> bool:
        """Whether it is asked of each patient; else of background knowledge alone."""
        return self.derived.about_patient


def read_query(source: Source, pages: Pages, program: Program) -> tuple[Query | None, list[Problem]]:
    """The query that the text means beside the sound `program` of `pages`; None where something is wrong with it."""
    body, problems = _body(source)
    if not body:
        return None, [_of_a_query(p) for p in problems]
    whole = body[0].at.to(body[-1].at)
    patient = _patient(body, program)
    head = tuple(Argument(None, v, v.at) for v in _columns(body, patient))
    rule = Rule(None, None, Atom(QUERY, head, False, whole, whole), body, (), whole)
    sound, found = check(pages, [(rule, Block(None, (), whole))])
    found = [p for p in found if p.severity is Severity.ERROR]
    if patient is None:
        found = _without_a_patient(found, body, program)
    problems = sorted([*problems, *found], key=lambda p: (p.at.start, p.at.end))
    if sound is None or problems:
        return None, [_of_a_query(p) for p in problems]
    about = _beneath(sound)
    columns = tuple(str(a.term.name) for a in head if isinstance(a.term, Variable))
    return Query(whole.in_one_line, columns, about.derived[QUERY].columns, about), []


# -- reading -----------------------------------------------------------------------------------------------------


def _body(source: Source) -> tuple[tuple[Literal, ...], list[Problem]]:
    """The literals of the query, `?-` before them and the full stop after them left aside."""
    text = source.text
    start = len(text) - len(text.lstrip())
    if text.startswith(QUERY, start):
        start += len(QUERY)
    cursor = Cursor(Block(None, (), Span(source, start, len(text))))
    try:
        if cursor.at_end() and not cursor.problems:
            return (), [Problem("E681", "nothing is asked", Span(source, start, start), _EXAMPLE)]
        body = cursor.several(Bodies(cursor).literal, ",")
        if cursor.sees(":-"):
            help_ = "ask what stands behind `:-`: the variables of a query are its columns"
            raise SyntaxProblem(Problem("E681", "a query has no head", body[0].at, help_))
        if not cursor.accept(".") and not cursor.at_end():
            help_ = {"and": "`,` joins what must hold together", "or": "ask one after the other"}
            cursor.fail("`.` or `,`", "at the end of this query", help_.get(cursor.token.words, ""))
        if not cursor.at_end():
            help_ = "ask one query at a time; `,` joins what must hold together"
            raise SyntaxProblem(Problem("E681", "something stands behind the query", cursor.token.at, help_))
        if (size := len(literals_within(body))) > MOST_LITERALS:
            claim, help_ = f"this query has {size} literals", f"ask with {MOST_LITERALS} or fewer"
            raise SyntaxProblem(Problem("E681", claim, body[MOST_LITERALS % len(body)].at, help_))
    except SyntaxProblem as error:
        unread = [p for p in cursor.problems if p.safe_fix is None]
        return (), unread or [error.problem]
    return (body if all(p.safe_fix is not None for p in cursor.problems) else ()), cursor.problems


_EXAMPLE = "ask for what the rules ask for, as in `condition(P, epilepsy, ..).`"


def _atoms(body: Sequence[Literal]) -> Iterator[Atom]:
    """Every atom of the body, those inside aggregates too."""
    for literal in literals_within(tuple(body)):
        if isinstance(literal, Holds | Latest | Recorded):
            yield literal.atom


def _is_about_patients(relation: str, program: Program) -> bool:
    declared, derived = program.vocabulary.relations.get(relation), program.derived.get(relation)
    if declared is not None:
        return declared.kind is not Kind.KNOWN
    return relation in BUILT_IN or (derived is not None and derived.about_patient)


def _patient(body: Sequence[Literal], program: Program) -> Variable | None:
    """The variable of whom the query asks: the first that stands in the first column of what is said of patients."""
    for atom in _atoms(body):
        for i, argument in enumerate(atom.arguments):
            first = argument.column == "patient" or (i == 0 and argument.column is None)
            if first and isinstance(argument.term, Variable) and _is_about_patients(atom.relation, program):
                return argument.term
    return None


def _columns(body: Sequence[Literal], patient: Variable | None) -> list[Variable]:
    """The patient, then every variable but for those that stand in one aggregate alone, in the order of the text."""
    found = {patient.name: patient} if patient is not None else {}
    for x in body:
        for v in expression_variables(x.bound) if isinstance(x, Aggregate) else variables_of(x):
            found.setdefault(v.name, v)
    return list(found.values())


# -- what is wrong -----------------------------------------------------------------------------------------------


def _without_a_patient(problems: list[Problem], body: Sequence[Literal], program: Program) -> list[Problem]:
    """The problems of a query that names no patient, told once, and only where nothing else is wrong."""
    others = [p for p in problems if p.code != "E213"]
    about = next((a for a in _atoms(body) if _is_about_patients(a.relation, program)), None)
    if others or about is None or not problems:
        return others or problems
    claim = f"`{about.relation}` is said of a patient, and this query does not say of whom"
    example = f"{about.relation}(P, ..)"
    if about.arguments and isinstance(about.arguments[0].term, Anonymous):
        blank = about.arguments[0].term.at
        example = f"{about.at.words[: blank.start - about.at.start]}P{about.at.words[blank.end - about.at.start :]}"
    return [Problem("E680", claim, about.at, f"put a variable first, as in `{' '.join(example.split())}`")]


def _of_a_query(problem: Problem) -> Problem:
    """The problem in the words of somebody who asks, and wrote no rule."""

    def said(words: str) -> str:
        for old, new in _WORDS:
            words = re.sub(old, new, words)
        return words

    related = tuple((at, said(label)) for at, label in problem.related)
    help_ = said(problem.help)
    if help_.startswith("declare it"):
        help_ = "no name is spelled like it; `trialog console` completes names with Tab"
    if problem.claim.startswith("a patient is wanted here"):
        help_ = "put a variable there; `--patient NAME`, or `patient NAME` at the console, chooses whom to ask"
    if problem.code == "E227":
        help_ = "the answer is no, whoever is asked"
    return replace(problem, claim=said(problem.claim), help=help_, label=said(problem.label), related=related)


_WORDS = (
    (r"this rule\b", "this query"),
    (r"the rule\b", "the query"),
    (r"its rule\b", "this query"),
    (r"a rule without an aggregate", "a query without an aggregate"),
    (r"alternatives are rules of their own", "ask for alternatives one after the other"),
    (r"of the body\b", "of the query"),
    ("the end of the block", "the end"),
    (re.escape(f"`{QUERY}`"), "this query"),
)


# -- what it rests on --------------------------------------------------------------------------------------------


def _beneath(program: Program) -> Program:
    """The query and what it rests on, without the criteria: less to rewrite and to run."""
    clauses = clauses_beneath(program.clauses, [QUERY])
    reached = {QUERY, *(c.relation for c in clauses)}
    reached.update(p.relation for c in clauses for p in c.body if isinstance(p, Tuple | Tallied))
    return replace(
        program,
        clauses=tuple(c for c in program.clauses if c.relation in reached),  # in the order of the page
        derived={name: d for name, d in program.derived.items() if name in reached},
        strata=tuple(kept for members in program.strata if (kept := members & reached)),
        criteria=(),
        atoms={name: a for name, a in program.atoms.items() if a.relation in reached},
    )


def names_of(program: Program) -> Mapping[str, tuple[str, ...]]:
    """The relations that may be asked for, each with the names of its columns; empty names where it has none."""
    declared = {
        name: (*(() if r.kind is Kind.KNOWN else ("patient",)), *(c.name for c in r.columns))
        for name, r in program.vocabulary.relations.items()
    }
    derived = {name: tuple("" for _ in d.columns) for name, d in program.derived.items() if "/" not in name}
    return {**declared, **derived, "screening": ("", "")}
