"""What is declared or defined and never used: by a trial, of its own page; by no trial at all, of the shared vocabulary."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trialog.check.statements import Standing, quoted
from trialog.page import Block
from trialog.problem import Problem, Severity
from trialog.program import Chosen, Const, Premise, Program, Tallied, Tuple, Under, Var, Whatever
from trialog.source import Span
from trialog.tree import (
    ConceptStatement,
    Holds,
    Latest,
    ReadingStatement,
    Recorded,
    RelationStatement,
    Rule,
    SourceStatement,
    literals_within,
)
from trialog.vocabulary import EFFORT, Coded, Kind, Vocabulary


@dataclass(frozen=True, slots=True)
class Uses:
    """What the pages of a trial use, by name."""

    resting: frozenset[str]  # the relations that a criterion or an atom rests on
    asked: frozenset[str]  # the relations that some rule asks
    concepts: frozenset[str]  # what rules, facts and columns mention
    options: frozenset[tuple[str, str]]  # the readings that rules ask for
    sources: frozenset[str]  # what is cited

    def __or__(self, other: "Uses") -> "Uses":
        return Uses(
            self.resting | other.resting,
            self.asked | other.asked,
            self.concepts | other.concepts,
            self.options | other.options,
            self.sources | other.sources,
        )


def uses(standing: Iterable[Standing], program: Program) -> Uses:
    """What the program uses. `standing` are all the statements that it was made of."""
    asks: dict[str, set[str]] = {}
    for clause in program.clauses:
        asks.setdefault(clause.relation, set()).update(_relations(clause.body))
    resting = {c.relation for c in program.criteria} | {a.relation for a in program.atoms.values()}
    ahead = list(resting)
    while ahead:
        new = asks.get(ahead.pop(), set()) - resting
        resting |= new
        ahead.extend(new)
    premises = [p for clause in program.clauses for p in clause.body]
    cited = {c.source for s, _ in standing if isinstance(s, ConceptStatement | Rule) for c in s.citations}
    return Uses(
        frozenset(resting),
        frozenset().union(*asks.values()),
        frozenset(_concepts(program)),
        frozenset((p.reading, p.option) for p in premises if isinstance(p, Chosen)),
        frozenset(cited),
    )


def _relations(body: Iterable[Premise]) -> set[str]:
    return {p.relation for p in body if isinstance(p, Tuple | Tallied)}


def _concepts(program: Program) -> Iterable[str]:
    """The concepts that are named; and the root of what a rule takes whatever it is, for then everything under it counts."""
    for relation in program.vocabulary.relations.values():
        if relation.product is not None:
            yield relation.product.measure
    for facts in program.known.values():
        yield from (v for f in facts for v in f.values if isinstance(v, str))
    for clause in program.clauses:
        yield from (a.value for a in clause.args if isinstance(a, Const) and isinstance(a.value, str))
        within = {p.arg.name for p in clause.body if isinstance(p, Under) and isinstance(p.arg, Var) and not p.negated}
        for p in clause.body:
            if isinstance(p, Under):
                yield p.concept
            elif isinstance(p, Tuple):
                relation = program.vocabulary.relations.get(p.relation)
                yield from (a.value for a in p.args if isinstance(a, Const) and isinstance(a.value, str))
                if relation is not None and relation.kind is not Kind.KNOWN:
                    for column, arg in zip(relation.columns, p.args[1:], strict=True):
                        any_ = isinstance(arg, Whatever) or (isinstance(arg, Var) and arg.name not in within)
                        if isinstance(column.type, Coded) and any_:
                            yield column.type.root


def unused(standing: Sequence[Standing], used: Uses, vocabulary: Vocabulary, shared: bool = False) -> list[Problem]:
    """What these statements declare or define, and nothing uses. `shared`: they are the vocabulary of all trials, `used` by any."""
    rule = "no rule of any trial" if shared else "no rule"
    problems: list[Problem] = []
    for statement, _ in standing:
        match statement:
            case SourceStatement(name) if name not in used.sources:
                problems.append(
                    _told("E226", f"nothing cites the source `{name}`", statement.at, "cite it, or take it out")
                )
            case RelationStatement(name=name) if name not in used.asked and not _rates_efforts(name, vocabulary):
                help_ = "ask it in a rule, or take the declaration out"
                problems.append(_told("E223", f"{rule} asks `{name}`", statement.name_at, help_))
            case ReadingStatement(name, options):
                asked = {option for reading, option in used.options if reading == name}
                idle = [f"`{o}`" for o in options if o not in asked]
                help_ = "write what it changes into a rule, or take it out"
                if not asked:
                    problems.append(_told("E225", f"{rule} asks for the reading `{name}`", statement.at, help_))
                elif len(idle) > 1:
                    alike = f"{', '.join(idle[:-1])} and {idle[-1]}"
                    problems.append(
                        _told("E225", f"{rule} tells the options {alike} of `{name}` apart", statement.at, help_)
                    )
            case ConceptStatement(name=name) if _is_idle(name, used, vocabulary, shared):
                root = not vocabulary.concepts[name].parents
                claim = f"no relation has a column of `{name}`" if root else f"{rule} asks for the concept `{name}`"
                help_ = "give a relation such a column" if root else "ask for it in a rule"
                problems.append(_told("E224", claim, statement.name_at, f"{help_}, or take the concept out"))
            case _:
                pass
    return [*problems, *_rests_nothing(standing, used, vocabulary)]


def _rates_efforts(name: str, vocabulary: Vocabulary) -> bool:
    """Whether the relation says what it costs to learn something, which `trialog needs` asks and no rule."""
    return any(c.type == Coded(EFFORT) for c in vocabulary.relations[name].columns)


def _is_idle(name: str, used: Uses, vocabulary: Vocabulary, shared: bool) -> bool:
    """Whether nothing asks for the concept, for one above it or for one under it.

    In the shared vocabulary charts find the names of what they record, asked for or not; a question that no chart knows by another
    name or a code exists for rules alone.
    """
    if used.concepts & (vocabulary.ancestors[name] | vocabulary.descendants[name]):
        return False
    concept = vocabulary.concepts[name]
    columns = [(r, i, c.type.root) for r in vocabulary.relations.values() for i, c in enumerate(r.columns)
               if isinstance(c.type, Coded)]  # fmt: skip
    if not concept.parents:
        return not any(root == name for _, _, root in columns)
    if not shared:
        return True
    questions = {root for r, i, root in columns if i == r.concept_column and r.kind in (Kind.MEASURE, Kind.JUDGEMENT)}
    is_question = bool(questions & vocabulary.ancestors[name])
    return is_question and name in vocabulary.leaves and not concept.also and not concept.codes


def _rests_nothing(standing: Sequence[Standing], used: Uses, vocabulary: Vocabulary) -> Iterable[Problem]:
    """Relations on which no criterion rests; those that stand under another such go with it."""
    first: dict[str, tuple[Rule, Block]] = {}
    below: dict[str, set[str]] = {}
    for s, block in standing:
        if isinstance(s, Rule) and s.head.relation not in used.resting and s.head.relation not in vocabulary.relations:
            first.setdefault(s.head.relation, (s, block))
            below.setdefault(s.head.relation, set()).update(_asked(s))
    left = dict.fromkeys(first)
    tops = [n for n in first if not any(n in asked for other, asked in below.items() if other != n)]
    for name in (*tops, *first):
        if name not in left:
            continue
        with_it = [n for n in left if n != name and n in _reached(name, below)]
        for n in (name, *with_it):
            del left[n]
        rule, block = first[name]
        help_ = "use it in a criterion, or take it out"
        if with_it:
            help_ += f", and {', '.join(f'`{n}`' for n in with_it)} with it"
        yield _told("E222", f"no criterion rests on the relation `{name}`", rule.head.at, help_, block)


def _asked(rule: Rule) -> set[str]:
    return {x.atom.relation for x in literals_within(rule.body) if isinstance(x, Holds | Latest | Recorded)}


def _reached(name: str, below: Mapping[str, set[str]]) -> set[str]:
    reached, ahead = set[str](), [name]
    while ahead:
        new = below.get(ahead.pop(), set()) - reached
        reached |= new
        ahead.extend(new)
    return reached


def _told(code: str, claim: str, at: Span, help_: str, block: Block | None = None) -> Problem:
    return Problem(code, claim, at, help_, quoted(block) if block is not None else "", severity=Severity.WARNING)
