"""Rules with every name found and every argument in its column; local variables of aggregates renamed apart."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from trialog.check.declarations import BUILT_IN, Declarations
from trialog.check.scopes import apart, misused_variables
from trialog.problem import Problem
from trialog.source import Span
from trialog.spelling import asked, respelt
from trialog.tree import (
    Aggregate,
    Anonymous,
    Argument,
    Arithmetic,
    Atom,
    Comparison,
    ConceptName,
    Expression,
    Holds,
    Latest,
    Literal,
    Membership,
    ReadingIs,
    Recorded,
    Rule,
    Term,
    Variable,
    literals_within,
)
from trialog.vocabulary import Coded, Kind, Relation


def resolve(rules: Sequence[Rule], declared: Declarations) -> tuple[list[Rule], list[Problem]]:
    """The rules in which all names are known, each atom with one argument for each column, in the columns' order."""
    problems: list[Problem] = []
    heads: dict[str, tuple[int, Span]] = {}
    for rule in rules:
        name = rule.head.relation
        if name not in declared.vocabulary.relations and name not in BUILT_IN:
            heads.setdefault(name, (len(rule.head.arguments), rule.head.at))
    resolver = _Resolver(declared, heads, problems)
    good = [done for rule in rules if (done := resolver.rule(rule)) is not None]
    return good, problems


class _Resolver:
    def __init__(self, declared: Declarations, heads: Mapping[str, tuple[int, Span]], problems: list[Problem]) -> None:
        self.declared = declared
        self.heads = heads  # of each relation that rules define: how many columns it has, and the first rule's head
        self.problems = problems
        self.failed = False
        self.body: tuple[Literal, ...] = ()  # of the rule that is looked at

    def tell(
        self,
        code: str,
        claim: str,
        at: Span,
        help_: str,
        *,
        related: tuple[tuple[Span, str], ...] = (),
        label: str = "",
    ) -> None:
        self.problems.append(Problem(code, claim, at, help_, related=related, label=label))
        self.failed = True

    def misspelt(self, code: str, claim: str, at: Span, known: Iterable[str], help_: str, may_mend: bool = True) -> str:
        """Say that a name is not known, and give the name that must have been meant, or the name itself."""
        fixes = respelt(at, known, may_mend)
        self.problems.append(Problem(code, claim, at, asked(fixes) or help_, fixes=fixes))
        if fixes and fixes[0].is_safe:
            return fixes[0].edits[0].words
        self.failed = True
        return at.words

    def rule(self, rule: Rule) -> Rule | None:
        self.failed = False
        self.body = rule.body
        head = self.head(rule)
        misused = misused_variables(rule)
        body, nested = apart(rule)
        for problem in (*misused, *nested):
            self.problems.append(problem)
            self.failed = self.failed or problem.safe_fix is None
        told = len(self.problems)
        literals = tuple(self.literal(x) for x in body)
        here = {p.at for p in self.problems[told:]}  # a variable that must not stand there need not be said to be alone
        if here:
            self.problems[:told] = [p for p in self.problems[:told] if p.code != "E205" or p.at not in here]
        return None if self.failed else replace(rule, head=head, body=literals)

    def roots_of(self, body: Sequence[Literal]) -> Iterator[tuple[str, str]]:
        """The variables of concepts that stand in declared columns, each with the root of its column."""
        for literal in literals_within(tuple(body)):
            match literal:
                case Holds(atom) | Latest(atom) | Recorded(atom):
                    relation = self.declared.vocabulary.relations.get(atom.relation)
                    columns = relation.columns if relation is not None else ()
                    first = int(relation is not None and relation.kind is not Kind.KNOWN)
                    for i, argument in enumerate(atom.arguments):
                        for j, column in enumerate(columns, first):
                            here = i == j if argument.column is None else argument.column == column.name
                            if here and isinstance(argument.term, Variable) and isinstance(column.type, Coded):
                                yield argument.term.name, column.type.root
                case Membership() | Comparison() | ReadingIs() | Aggregate():
                    pass

    # -- names ---------------------------------------------------------------------------------------------------

    def head(self, rule: Rule) -> Atom:
        head = rule.head
        relation = self.declared.vocabulary.relations.get(head.relation)
        if head.relation in BUILT_IN or (relation is not None and (rule.body or relation.kind is not Kind.KNOWN)):
            kind = "every program's own" if relation is None else f"the chart's ({relation.kind.value})"
            claim = f"`{head.relation}` is {kind}: {'rules' if rule.body else 'facts'} may not add to it"
            if relation is not None and relation.kind is Kind.KNOWN:
                claim = f"`{head.relation}` is known by its facts alone; a rule may not add to it"
            help_ = (
                "give the rule a relation of its own" if rule.body else "it is recorded in charts; take the fact out"
            )
            self.tell("E211", claim, head.at, help_)
            return head
        if any(a.column for a in head.arguments) or head.rest:
            what = "rule" if rule.body else "fact"
            help_ = "leave column names and `..` to the body" if rule.body else "give all columns, without their names"
            self.tell("E202", f"the head of a {what} gives all its columns, by their order", head.at, help_)
            for argument in head.arguments:
                self.concept(argument, None)
            return head
        if relation is not None:
            return self.placed(head, relation)
        count, first = self.heads[head.relation]
        if len(head.arguments) != count:
            self.tell(
                "E202",
                f"`{head.relation}` has {_columns(len(head.arguments))} here and {count} elsewhere",
                head.at,
                "give all rules of a relation the same columns",
                related=((first, f"{_columns(count)} here"),),
            )
        for argument in head.arguments:
            self.concept(argument, None)
        return head

    def atom(self, written: Atom) -> Atom:
        """The atom with its relation's own name and columns."""
        relations = self.declared.vocabulary.relations
        atom = written
        if atom.relation not in relations and atom.relation not in self.heads and atom.relation not in BUILT_IN:
            if atom.relation in self.declared.unread:
                return self.not_known(atom)
            name = self.misspelt(
                "E201",
                f"there is no relation `{atom.relation}`",
                atom.name_at,
                [*relations, *self.heads, *BUILT_IN, *self.declared.unread],
                self.way_to_ask(atom.relation) or "declare it, or write a rule that defines it",
            )
            if name not in relations and name not in self.heads and name not in BUILT_IN:
                return self.not_known(replace(atom, relation=name))
            atom = replace(atom, relation=name)
        if atom.relation in relations:
            return self.placed(atom, relations[atom.relation])
        return self.counted(atom, 2 if atom.relation in BUILT_IN else self.heads[atom.relation][0])

    def way_to_ask(self, name: str) -> str:
        """How to ask for what is a concept and not a relation."""
        vocabulary = self.declared.vocabulary
        for relation in vocabulary.relations.values():
            column = relation.columns[relation.concept_column] if relation.concept_column is not None else None
            if (
                column is not None
                and isinstance(column.type, Coded)
                and column.type.root in vocabulary.ancestors.get(name, ())
            ):
                first = "" if relation.kind is Kind.KNOWN else "P, "
                return f"`{name}` is a concept: it is asked for as in `{relation.name}({first}{name}, ..)`"
        return ""

    def not_known(self, atom: Atom) -> Atom:
        """An atom of which nothing more can be said than what concepts it names."""
        self.failed = True
        for argument in atom.arguments:
            self.concept(argument, None)
        return atom

    def counted(self, atom: Atom, columns: int) -> Atom:
        for argument in atom.arguments:
            if argument.column:
                claim = f"the columns of `{atom.relation}` have no names"
                self.tell("E203", claim, argument.at, "give its arguments in order")
        given = len(atom.arguments)
        if given > columns or (given < columns and not atom.rest):
            first = self.heads.get(atom.relation)
            self.tell(
                "E202",
                f"`{atom.relation}` has {_columns(columns)}, and {given} "
                f"argument{'s are' if given != 1 else ' is'} given",
                atom.at,
                "end with `..` to leave columns out" if given < columns else "take arguments out",
                related=((first[1], "defined here"),) if first is not None else (),
            )
        filled = [*atom.arguments, *(_blank(atom) for _ in range(columns - given))]
        for argument in filled:
            self.concept(argument, None)
        return replace(atom, arguments=tuple(filled), rest=False)

    def placed(self, atom: Atom, relation: Relation) -> Atom:
        if relation.name in self.declared.unread:
            return self.not_known(atom)
        names = [c.name for c in relation.columns]
        roots = {c.name: c.type.root for c in relation.columns if isinstance(c.type, Coded)}
        if relation.kind is not Kind.KNOWN:
            names.insert(0, "patient")
        filled: dict[str, Argument] = {}
        last_named: Argument | None = None
        for i, argument in enumerate(atom.arguments):
            column = argument.column
            if column is None:
                column = names[i] if last_named is None and i < len(names) else None
                if last_named is not None:
                    self.tell(
                        "E202",
                        "an argument without a name follows one with a name",
                        argument.at,
                        "put it before, or name it",
                        related=((last_named.at, "this one has a name"),),
                    )
            else:
                last_named = argument
                if column not in names:
                    column = self.column(argument, column, relation, [n for n in names if n not in filled])
                if column in filled:
                    self.tell(
                        "E203",
                        f"the column `{column}` is given twice",
                        argument.at,
                        "take one out",
                        related=((filled[column].at, "the first"),),
                    )
            self.concept(argument, roots.get(column or ""))
            if column is not None:
                filled.setdefault(column, argument)
        positional = sum(a.column is None for a in atom.arguments)
        if positional > len(names) or (len(filled) < len(names) and not atom.rest and last_named is None):
            self.tell(
                "E202",
                f"`{relation.name}` has {_columns(len(names))}, and {positional} "
                f"argument{'s are' if positional != 1 else ' is'} given",
                atom.at,
                f"its columns are {', '.join(names)}; end with `..` to leave some out",
            )
        arguments = tuple(replace(filled[n], column=None) if n in filled else _blank(atom) for n in names)
        return replace(atom, arguments=arguments, rest=False)

    def column(self, argument: Argument, column: str, relation: Relation, names: list[str]) -> str | None:
        """The column that must have been meant; None where that cannot be told."""
        at = Span(argument.at.source, argument.at.start, argument.at.start + len(column))
        claim = f"`{relation.name}` has no column `{column}`"
        help_ = f"its columns are {', '.join(c.name for c in relation.columns)}"
        name = self.misspelt("E203", claim, at, names, help_)
        return name if name in names else None

    def concept(self, argument: Argument, root: str | None) -> None:
        if isinstance(argument.term, ConceptName):
            self.concept_name(argument.term, root)

    def concept_name(self, concept: ConceptName, beside: Expression | str | None) -> None:
        """Say that a concept is not declared. Those under the root of its column, or of what it stands `beside`, may be meant."""
        vocabulary = self.declared.vocabulary
        if concept.name in vocabulary.concepts:
            return
        if concept.name in self.declared.unread:
            self.failed = True
            return
        root = self.root(beside)
        known = vocabulary.descendants.get(root or "", vocabulary.concepts.keys())
        of_kind = f" under `{root}`" if root in vocabulary.concepts else ""
        help_ = f"declare it with `concept`{of_kind}; a variable begins with a capital"
        self.misspelt(
            "E208", f"there is no concept `{concept.name}`", concept.at, known, help_, may_mend=False
        )  # what is not in the vocabulary may be another thing of nearly the same name

    def literal(self, literal: Literal) -> Literal:
        match literal:
            case Holds():
                return self.holds(literal)
            case Latest() | Recorded():
                return self.asked(literal)
            case Membership(term, concept):
                self.concepts_of(term, None)
                self.concept_name(concept, term)
                return literal
            case ReadingIs():
                return self.reading(literal)
            case Comparison(_, left, right):
                for side, other in ((left, right), (right, left)):
                    self.concepts_of(side, other)
                return literal
            case Aggregate(body=body, bound=bound):
                self.concepts_of(bound, None)
                return replace(literal, body=tuple(self.literal(x) for x in body))

    def reading(self, literal: ReadingIs) -> ReadingIs:
        readings = self.declared.readings
        name = literal.reading
        if name not in readings:
            if name in self.declared.unread:
                self.failed = True
                return literal
            claim = f"there is no reading `{name}`"
            name = self.misspelt("E209", claim, _first_name(literal.at), readings, "declare it with `reading`")
            if name not in readings:
                return literal
        options = readings[name].options
        option = literal.option
        if option not in options:
            claim = f"the reading `{name}` has no option `{option}`"
            at = Span(literal.at.source, literal.at.end - len(option), literal.at.end)
            option = self.misspelt("E209", claim, at, options, f"its options are {', '.join(options)}")
        return replace(literal, reading=name, option=option)

    def holds(self, literal: Holds) -> Holds:
        done = replace(literal, atom=self.atom(literal.atom))
        relation = self.declared.vocabulary.relations.get(done.atom.relation)
        if relation is not None and relation.kind is Kind.JUDGEMENT:
            self.only_question(done.atom, relation, literal.at)
        return done

    def asked(self, literal: Latest | Recorded) -> Literal:
        """A literal that asks what a chart records."""
        done = replace(literal, atom=self.atom(literal.atom))
        relation = self.declared.vocabulary.relations.get(done.atom.relation)
        latest = isinstance(literal, Latest)
        if isinstance(literal, Latest) and literal.when is not None:
            self.concepts_of(literal.when, None)
        asks = (Kind.MEASURE,) if latest else (Kind.MEASURE, Kind.EVENT, Kind.ATTRIBUTE)
        if relation is None or relation.kind not in asks:
            if relation is not None or done.atom.relation in self.heads:
                self.tell(
                    "E214",
                    f"`{done.atom.relation}` is not a measure{'' if latest else ', an event or an attribute'}",
                    done.atom.name_at,
                    "`latest` picks the last value of a measure"
                    if latest
                    else "`recorded` asks about measures, events and attributes",
                )
        elif (
            relation.kind is not Kind.ATTRIBUTE
            and relation.concept_column is not None
            and relation.name not in self.declared.unread
        ):
            about = done.atom.arguments[relation.concept_column + 1].term
            if not isinstance(about, ConceptName):
                self.tell(
                    "E214",
                    f"what is measured must be named here, not {_say(about)}",
                    about.at,
                    self.named_as(about) or f"write the concept, as in `{relation.name}(P, lvef, ..)`",
                )
            others = [a for i, a in enumerate(done.atom.arguments) if i not in (0, relation.concept_column + 1)]
            if not latest and any(not isinstance(a.term, Anonymous) for a in others):
                self.tell("E214", "only patient and concept matter to `recorded`", literal.at, "end with `..`")
        return done

    def named_as(self, term: Term) -> str:
        """The concept that somebody wrote as a variable, as a question; empty where there is none."""
        name = term.name.lower() if isinstance(term, Variable) else ""
        return f"did you mean `{name}`?" if name in self.declared.vocabulary.concepts else ""

    def only_question(self, atom: Atom, relation: Relation, at: Span) -> None:
        about = (relation.concept_column or 0) + 1
        if len(atom.arguments) <= about or relation.name in self.declared.unread:
            return
        if not isinstance(atom.arguments[about].term, ConceptName):
            self.tell("E214", "the question of a judgement must be named", at, "write the question's concept")
        if any(not isinstance(a.term, Anonymous) for i, a in enumerate(atom.arguments) if i not in (0, about)):
            self.tell(
                "E214",
                "only patient and question matter to a judgement",
                at,
                f"end with `..`; `{relation.name}` holds when the last signed decision that still counts is yes",
            )

    def concepts_of(self, expression: Expression, beside: Expression | None) -> None:
        if isinstance(expression, ConceptName):
            self.concept_name(expression, beside)
        elif isinstance(expression, Arithmetic):
            self.concepts_of(expression.left, None)
            self.concepts_of(expression.right, None)

    def root(self, expression: Expression | str | None) -> str | None:
        """The root that a variable's column takes; a name is a root itself."""
        if not isinstance(expression, Variable):
            return expression if isinstance(expression, str) else None
        return dict(self.roots_of(self.body)).get(expression.name.split("'")[0])


def _first_name(reading: Span) -> Span:
    """Where the name stands in `reading name = option`."""
    found = re.search(r"(?<=\s)[a-z]\w*", re.sub(r"%[^\n]*", lambda m: " " * len(m[0]), reading.words))
    return (
        reading if found is None else Span(reading.source, reading.start + found.start(), reading.start + found.end())
    )


def _columns(count: int) -> str:
    return f"{count} column{'s' * (count != 1)}"


def _blank(atom: Atom) -> Argument:
    return Argument(None, Anonymous(atom.at), atom.at)


def _say(term: object) -> str:
    return f"the variable `{term.name}`" if isinstance(term, Variable) else "left open"
