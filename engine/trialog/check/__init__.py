"""From pages to a checked program: everything that is wrong, at once, or a `Program` that may be believed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trialog.check.declarations import Declarations, cited, declare
from trialog.check.follow_ons import OF_VARIABLES, resting_on_unread, together, without_value
from trialog.check.listed_classes import listed_classes
from trialog.check.lower import Lowering
from trialog.check.mismatches import mismatches
from trialog.check.names import resolve
from trialog.check.never import never_fires, without_facts
from trialog.check.quotes import misquoted
from trialog.check.safety import one_patient, unsafe
from trialog.check.statements import Standing, page_read, quotes_of
from trialog.check.strata import Edge, about_patients, chart_relations, computing_circles, edges, resting_on, stratify
from trialog.check.types import infer
from trialog.page import ALL_COHORTS, Block, Page
from trialog.parse import Broken
from trialog.problem import Problem, Severity
from trialog.program import Clause, Criterion, Derived, KnownFact, Program, ProtocolAtom, Sort, Tallied, Type
from trialog.source import Source, Span
from trialog.tree import ConceptName, Day, Number, RelationStatement, Rule, Statement, Term
from trialog.units import ONE, unit
from trialog.values import Exact, exact


@dataclass(frozen=True, slots=True)
class Pages:
    """The texts of a knowledge base: pages of vocabulary, one protocol, and the document that it quotes."""

    vocabulary: tuple[Source, ...]
    protocol: Source | None
    document: Source | None


_HARMLESS = frozenset({"E105", "E106", "E405", "E406", "E408"})
"""Codes of what leaves everything that is declared as it is."""


@dataclass(frozen=True, slots=True)
class _Written:
    """What stands on the pages: statements, what is left of those that cannot be read, and the protocol."""

    statements: list[tuple[Statement, Block]]
    broken: list[tuple[Broken, Block]]
    protocol: Page | None

    @property
    def own_page(self) -> Span | None:
        blocks = self.protocol.blocks if self.protocol is not None else ()
        return blocks[0].at if blocks else None

    @property
    def rules(self) -> list[tuple[Rule, Block]]:
        return [(s, block) for s, block in self.statements if isinstance(s, Rule)]


def check(pages: Pages, also: Sequence[Standing] = ()) -> tuple[Program | None, list[Problem]]:
    """The program that the pages mean, and every problem found. There is no program where there is an error.

    What has a safe fix is read as if it were mended, and what cannot be read is left out without being missed: each mistake
    is told once. `also` are statements that stand on none of the pages, such as what is asked at a console.
    """
    problems: list[Problem] = []
    written = _Written([], [], None)
    for source in (*pages.vocabulary, *([pages.protocol] if pages.protocol is not None else [])):
        read = page_read(source)
        page = read.page
        problems.extend((*read.of_page, *read.of_statements))
        written.statements.extend(read.statements)
        written.broken.extend(read.broken)
        if source is pages.protocol:
            written = replace(written, protocol=page)
        elif page.cohorts and all(p.safe_fix is not None for p in read.of_page):
            problems.append(
                Problem(
                    "E105",
                    "a page of vocabulary has no cohorts",
                    page.cohorts[0].at,
                    "move the cohort to the protocol's page",
                )
            )
    written.statements.extend(also)
    unread = frozenset(b.declares for b, _ in written.broken)
    declared, found = declare([s for s, _ in written.statements], written.own_page, unread)
    problems.extend(found)
    all_read = not written.broken and all(p.safe_fix is not None or p.code in _HARMLESS for p in problems)
    if written.protocol is not None and pages.document is not None:
        problems.extend(misquoted(written.protocol, pages.document))
    criteria, atoms, found = _marks(written, {p.at for p in problems if p.code == "E105" and p.safe_fix is None})
    problems.extend(found)
    program, found = _program(written, declared, criteria, atoms, all_read)
    problems.extend(found)
    if program is not None:
        problems.extend(without_facts(program, [s for s, _ in written.statements if isinstance(s, RelationStatement)]))
        quotes = quotes_of(written.statements)
        problems.extend(never_fires(program, quotes))
        problems.extend(listed_classes(program, quotes))
    problems.sort(key=lambda p: (p.at.source.name, p.at.start))
    problems = [_quoting(p, written.protocol) for p in together(problems)]
    sound = not any(p.severity is Severity.ERROR for p in problems)
    return (program if sound else None), problems


def _quoting(problem: Problem, protocol: Page | None) -> Problem:
    """The problem with the protocol's sentence that its rule rests on, where the rule says something else than it might."""
    if problem.quote or problem.code[1] not in "23" or protocol is None:
        return problem
    block = next((b for b in protocol.blocks if b.at.holds(problem.at)), None)
    return (
        problem
        if block is None or block.cohort is None
        else replace(problem, quote="\n".join(q.words for q in block.quotes))
    )


def _program(
    written: _Written,
    declared: Declarations,
    criteria: tuple[Criterion, ...],
    atoms: dict[str, ProtocolAtom],
    all_read: bool,
) -> tuple[Program | None, list[Problem]]:
    rules = [r for r, _ in written.rules]
    protocol = written.protocol
    resolved, problems = resolve(rules, declared)
    known_names = set(declared.vocabulary.relations)
    facts = [r for r in resolved if not r.body and r.head.relation in known_names]
    derivations = [r for r in resolved if r.body or r.head.relation not in known_names]
    for r in rules:
        is_fact = not r.body and r.head.relation in known_names
        what, page = (f"this fact of `{r.head.relation}`", written.own_page) if is_fact else ("this rule", r.at)
        cited(r.citations, declared.sources, r.at, page, what, problems, declared.unread)
    types = infer([*facts, *derivations], declared)
    found = mismatches([*facts, *derivations], declared, types)
    dependencies = edges(derivations)
    read = {r.at for r in resolved}
    unread = declared.unread | {r.head.relation for r in rules if r.at not in read}
    unsure = {r.at for r in resting_on_unread(derivations, dependencies, unread, declared.doubtful)}
    problems.extend(p for p in found if p.code not in OF_VARIABLES or not any(at.holds(p.at) for at in unsure))
    problems = without_value(problems, unsafe([*facts, *derivations], types.variables, unsure), resolved)
    about = about_patients(dependencies, declared.vocabulary)
    problems.extend(one_patient(derivations, about, types.variables[len(facts) :], unsure))
    strata, found = stratify(derivations, dependencies)
    problems.extend(found)
    problems.extend(computing_circles(derivations, strata))
    if (
        not all_read
        or len(resolved) != len(rules)
        or any(p.severity is Severity.ERROR and p.safe_fix is None for p in problems)
    ):
        return None, problems
    problems.extend(_idle(atoms, criteria, dependencies))
    inexact = resting_on(dependencies, chart_relations(declared.vocabulary))
    lowering = Lowering(declared, types)
    clauses: list[Clause] = [
        c for r, v in zip(derivations, types.variables[len(facts) :], strict=True) for c in lowering.clauses(r, v)
    ]
    problems.extend(_keys(clauses, lowering.helpers, inexact))
    derived = {
        name: Derived(name, tuple(t or Type(Sort.CONCEPT) for t in columns), name not in inexact, name in about)
        for name, columns in types.columns.items()
    }
    for c in clauses:
        if c.helper_of is not None:
            owner = derived[c.helper_of]
            derived[c.relation] = Derived(c.relation, lowering.helpers[c.relation], owner.is_exact, owner.about_patient)
    known: dict[str, list[KnownFact]] = {
        n: [] for n, r in declared.vocabulary.relations.items() if r.kind.value == "known"
    }
    for r in facts:
        columns = declared.vocabulary.relations[r.head.relation].columns
        units = [getattr(c.type, "unit", "") for c in columns]
        values = tuple(_value(a.term, u) for a, u in zip(r.head.arguments, units, strict=True))
        known[r.head.relation].append(KnownFact(r.head.relation, values, tuple(c.source for c in r.citations), r.at))
    return Program(
        protocol.title if protocol is not None else "",
        declared.vocabulary,
        declared.sources,
        declared.readings,
        {n: tuple(f) for n, f in known.items()},
        tuple(clauses),
        derived,
        _with_helpers(strata, clauses),
        {c.name: c.title for c in protocol.cohorts} if protocol is not None else {},
        criteria,
        atoms,
    ), problems


def _idle(atoms: dict[str, ProtocolAtom], criteria: Sequence[Criterion], dependencies: Sequence[Edge]) -> list[Problem]:
    """Atoms on which no criterion rests: what the protocol says there would decide nothing."""
    used = {c.relation for c in criteria}
    growing = True
    while growing:
        size = len(used)
        used |= {e.below for e in dependencies if e.above in used}
        growing = len(used) != size
    return [
        Problem(
            "E221",
            f"no criterion rests on the atom `{a.identifier}`",
            _first_line(a.at),
            "mark its rule with `inclusion` or `exclusion`, or use it in a criterion",
            quote=a.quote,
        )
        for a in atoms.values()
        if a.relation not in used
    ]


def _first_line(at: Span) -> Span:
    return Span(at.source, at.start, at.start + len(at.words.partition("\n")[0]))


def _with_helpers(strata: Sequence[frozenset[str]], clauses: Sequence[Clause]) -> tuple[frozenset[str], ...]:
    """The strata with each helper just before the relation that it helps, in the order in which they were made."""
    helpers: dict[str, list[str]] = {}
    for c in clauses:
        if c.helper_of is not None:
            helpers.setdefault(c.helper_of, []).append(c.relation)
    found: list[frozenset[str]] = []
    for members in strata:
        found.extend(frozenset({h}) for m in sorted(members) for h in helpers.get(m, ()))
        found.append(members)
    return tuple(found)


def _value(term: Term, written: str) -> str | Exact:
    match term:
        case ConceptName(name):
            return name
        case Number(value, own):
            return exact(value * unit(own or "").scale / (unit(written) if written else ONE).scale)
        case Day(day):
            return day
    raise AssertionError("the safety check refuses variables in facts")


def _keys(clauses: Sequence[Clause], helpers: dict[str, tuple[Type, ...]], inexact: frozenset[str]) -> list[Problem]:
    """Aggregates are taken for each patient and concept; a date or number as key would have to be exact."""
    problems = []
    for c in clauses:
        for premise in c.body:
            if isinstance(premise, Tallied) and c.relation in inexact:
                for i, _ in enumerate(premise.key):
                    if helpers[premise.relation][i].sort.is_wide:
                        problems.append(
                            Problem(
                                "E310",
                                "this aggregate would be taken for each date or number of its rule",
                                premise.at or c.at,  # type: ignore[arg-type]
                                "bind dates and numbers inside the braces, or compare them in a rule without an aggregate",
                            )
                        )
                        break
    return problems


def _marks(written: _Written, told: set[Span]) -> tuple[tuple[Criterion, ...], dict[str, ProtocolAtom], list[Problem]]:
    """The criteria and atoms that rules are marked as, each with the quote that it rests on.

    At the places in `told` it was said already that a cohort does not begin as it should.
    """
    problems: list[Problem] = []
    criteria: dict[tuple[str, str], Criterion] = {}
    atoms: dict[str, ProtocolAtom] = {}
    by_relation: dict[str, str] = {}
    label_of: dict[str, Span] = {}
    protocol = written.protocol
    no_cohorts = protocol if protocol is not None and not protocol.cohorts else None
    for rule, block in written.rules:
        quote = "\n".join(q.words for q in block.quotes)
        if rule.role is not None or (rule.label is not None and rule.label.identifier is not None):
            if block.cohort is None:
                if no_cohorts and no_cohorts.source is block.at.source:
                    continue
                problems.append(
                    Problem(
                        "E105",
                        f"`{rule.head.relation}` stands outside of every cohort",
                        rule.head.at,
                        "put it under a heading `## Cohort name: Title` or `## All cohorts`",
                    )
                )
                continue
            if not quote:
                problems.append(
                    Problem(
                        "E404",
                        f"`{rule.head.relation}` rests on no quote",
                        rule.head.at,
                        "quote the protocol's sentence above the block",
                    )
                )
            if len(rule.head.arguments) != 1:
                problems.append(
                    Problem(
                        "E212",
                        f"`{rule.head.relation}` must be about the patient alone",
                        rule.head.at,
                        "give it one argument, the patient",
                        quote=quote,
                    )
                )
        cohort = block.cohort or ALL_COHORTS
        if rule.role is not None:
            before = criteria.setdefault(
                (rule.head.relation, cohort), Criterion(rule.head.relation, rule.role, cohort, quote, rule.at)
            )
            if before.role is not rule.role:
                problems.append(
                    Problem(
                        "E212",
                        f"`{rule.head.relation}` is both inclusion and exclusion",
                        rule.head.at,
                        "make two relations of it",
                        quote=quote,
                        related=((before.at, f"here it is an {before.role.value}"),),
                    )
                )
        if rule.label is not None and rule.label.identifier is not None:
            identifier, relation = rule.label.identifier, rule.head.relation
            first = atoms.get(identifier)
            if first is not None and first.relation != relation:
                problems.append(
                    Problem(
                        "E210",
                        f"`{identifier}` is the id of two relations, `{first.relation}` and `{relation}`",
                        rule.label.at,
                        "give each its own id",
                        related=((label_of[identifier], "the first"),),
                    )
                )
            elif by_relation.get(relation, identifier) != identifier:
                problems.append(
                    Problem(
                        "E210",
                        f"`{relation}` has two ids, `{by_relation[relation]}` and `{identifier}`",
                        rule.label.at,
                        "keep one of them",
                        related=((label_of[by_relation[relation]], "the other"),),
                    )
                )
            elif first is None:
                if not rule.label.phrase.strip():
                    problems.append(
                        Problem(
                            "E410",
                            f"the atom `{identifier}` has no phrase",
                            rule.label.at,
                            "say in a few words what it means when it holds",
                        )
                    )
                atoms[identifier] = ProtocolAtom(identifier, relation, rule.label.phrase, cohort, quote, rule.at)
                by_relation[relation] = identifier
                label_of[identifier] = rule.label.at
    if protocol is not None:
        broken = {block.cohort for _, block in written.broken}
        for c in protocol.cohorts:
            marked = {*(k.cohort for k in criteria.values()), *broken}
            if not marked & {c.name, ALL_COHORTS} and c.at not in told:
                problems.append(
                    Problem(
                        "E220",
                        f"the cohort `{c.name}` has no criteria",
                        c.at,
                        "mark rules under it with `inclusion` or `exclusion`",
                    )
                )
        if not protocol.cohorts:
            at = protocol.blocks[0].at if protocol.blocks else Span(protocol.source, 0, 0)
            problems.append(
                Problem("E105", "the page has no cohort", at, "begin one with a heading `## Cohort name: Title`")
            )
    return tuple(criteria.values()), atoms, problems
