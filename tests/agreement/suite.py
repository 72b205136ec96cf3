"""What holds of every program and every chart, and the first thing found that does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from tests.agreement import asp
from tests.agreement.charts import saying_more
from tests.agreement.completing import PATIENT, Domain, show_chart
from tests.agreement.completions import completions
from tests.agreement.two_valued import Meaning, World
from tests.agreement.walk import within
from tests.engines import ENGINES, Engine, Refused
from trialog.answers import Answers, Screener, Status, Verdict
from trialog.bounds import bounds
from trialog.charts.chart import Chart
from trialog.charts.facts import facts
from trialog.engines.reference import Reference
from trialog.fetches import CERTAIN, POSSIBLE
from trialog.page import read_page
from trialog.parse import parse
from trialog.plain import PlainProgram
from trialog.plan import Plan, plan
from trialog.program import Program, Sort
from trialog.source import Source
from trialog.tree import Atom, ConceptName, Latest, Recorded, Role, Rule
from trialog.values import Exact
from trialog.vocabulary import Kind

OPINIONS: Mapping[str, Engine] = {**{name: e for name, e in ENGINES.items() if name != "reference"}, "clingo": asp.run}


@dataclass(frozen=True, slots=True)
class Counterexample:
    """Something that was said, and what shows that it is wrong."""

    about: str
    chart: Chart
    against: str

    def __str__(self) -> str:
        return f"{self.about}\nof the chart\n{show_chart(self.chart)}\nbut\n{self.against}"


@dataclass
class Tally:
    """How much was tried, and how often the engine said unknown where every completion agreed."""

    programs: int = 0
    charts: int = 0
    worlds: int = 0
    statuses: int = 0
    whole: int = 0  # charts of which every completion in the domain was looked at
    unknown: int = 0
    avoidable: int = 0  # of these, where all the completions looked at agreed
    unknown_whole: int = 0  # the same of the charts of which every completion was looked at
    avoidable_whole: int = 0
    opinions: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    """A checked program made ready for one choice of readings."""

    program: Program
    rules: tuple[Rule, ...]
    readings: Mapping[str, str]
    days: tuple[int, ...]
    numbers: tuple[Exact, ...]
    screening: int
    most_added: int

    @cached_property
    def criteria(self) -> tuple[str, ...]:
        """The relations whose status is asked: the protocol's atoms and criteria, or else all of the patient alone."""
        if self.program.criteria:
            return tuple(
                dict.fromkeys(
                    [a.relation for a in self.program.atoms.values()] + [c.relation for c in self.program.criteria]
                )
            )
        derived = self.program.derived.items()
        return tuple(n for n, d in derived if len(d.columns) == 1 and d.about_patient and "/" not in n)

    @cached_property
    def screener(self) -> Screener:
        return Screener(self.program, self.readings)

    @cached_property
    def plain(self) -> PlainProgram:
        return self.screener.plain if self.program.criteria else bounds(self.program)

    @cached_property
    def plan(self) -> Plan:
        if self.program.criteria:
            return self.screener.plan
        wanted = [name for c in self.criteria for name in (c, f"{CERTAIN} {c}", f"{POSSIBLE} {c}")]
        return plan(self.plain, self.readings, wanted)

    @cached_property
    def engine(self) -> Reference:
        return self.screener.engine if self.program.criteria else Reference(self.plan)

    @cached_property
    def meaning(self) -> Meaning:
        patients = {n for n, d in self.program.derived.items() if d.columns and d.columns[0].sort is Sort.PATIENT}
        return Meaning(self.rules, self.program.vocabulary, frozenset(patients), self.readings)

    @cached_property
    def domain(self) -> Domain:
        vocabulary = self.program.vocabulary
        mentioned = {a.relation for r in self.rules for a in within(r.body, Atom)}
        about = mentioned & vocabulary.relations.keys()
        products = {p.measure for n in about if (p := vocabulary.relations[n].product) is not None}
        weighed = {
            (n, c)
            for n, r in vocabulary.relations.items()
            if r.kind is Kind.MEASURE and r.position("value")
            for c in products
        }
        latest = (x.atom for x in within(self.rules, Latest))
        asked = {(a.relation, self.meaning.about(a)) for a in latest} | weighed
        about |= {n for n, _ in asked}
        about = {n for n in about if vocabulary.relations[n].kind is not Kind.KNOWN}
        named = frozenset(c.name for c in within(self.rules, ConceptName))
        added = self.most_added
        return Domain(self.screening, self.days, self.numbers, added, frozenset(about), frozenset(asked), named)

    def statuses(self, chart: Chart) -> dict[str, Status]:
        rows = self.engine.run(facts(chart, self.screening, self.program.vocabulary, self.plain.asked))
        found: dict[str, Status] = {}
        for c in self.criteria:
            met = (PATIENT,) in rows[f"{CERTAIN} {c}"] or (PATIENT,) in rows[c]
            possible = met or (PATIENT,) in rows[f"{POSSIBLE} {c}"]
            found[c] = Status.MET if met else Status.UNKNOWN if possible else Status.NOT_MET
        return found

    def truths(self, world: World) -> dict[str, bool]:
        rows = self.meaning.rows(world)
        return {c: (PATIENT,) in rows[c] for c in self.criteria}

    def asks_what_is_recorded(self) -> bool:
        return any(True for _ in within(self.rules, Recorded))


def rules_of(*sources: Source) -> tuple[Rule, ...]:
    """The facts and rules on these pages, as they are written."""
    return tuple(r for s in sources for r in _rules_of(s))


@lru_cache(maxsize=64)
def _rules_of(source: Source) -> tuple[Rule, ...]:
    page, _ = read_page(source)
    return tuple(s for block in page.blocks for s in parse(block)[0] if isinstance(s, Rule))


# -- properties ----------------------------------------------------------------------------------------------------


def against_completions(subject: Subject, chart: Chart, most: int, seed: object, tally: Tally) -> Counterexample | None:
    """Met means that all completions agree, not met that it holds in none; the same of a verdict for each cohort."""
    said = subject.statuses(chart)
    worlds, whole = completions(chart, subject.program.vocabulary, subject.domain, most, seed)
    tally.charts, tally.whole, tally.worlds = tally.charts + 1, tally.whole + whole, tally.worlds + len(worlds)
    tally.statuses += len(said)
    verdicts = _verdicts(subject, chart)
    held: dict[str, set[bool]] = {c: set() for c in said}
    for world in worlds:
        truths = subject.truths(world)
        for c, truth in truths.items():
            held[c].add(truth)
            if (said[c] is Status.MET and not truth) or (said[c] is Status.NOT_MET and truth):
                found = "holds" if truth else "does not hold"
                return Counterexample(f"`{c}` is {said[c].value}", chart, f"it {found} where\n{world.told}")
        for cohort, verdict in verdicts.items():
            eligible = _is_eligible(subject, cohort, truths)
            if (verdict is Verdict.ELIGIBLE and not eligible) or (verdict is Verdict.INELIGIBLE and eligible):
                found = "is eligible" if eligible else "is not eligible"
                return Counterexample(f"`{cohort}`: {verdict.value}", chart, f"the patient {found} where\n{world.told}")
    unknown = [c for c, status in said.items() if status is Status.UNKNOWN]
    avoidable = sum(len(held[c]) == 1 for c in unknown)
    tally.unknown, tally.avoidable = tally.unknown + len(unknown), tally.avoidable + avoidable
    if whole:
        tally.unknown_whole, tally.avoidable_whole = (
            tally.unknown_whole + len(unknown),
            tally.avoidable_whole + avoidable,
        )
    return None


def _verdicts(subject: Subject, chart: Chart) -> dict[str, Verdict]:
    if not subject.program.cohorts:
        return {}
    answers: Answers = subject.screener.screen(chart, subject.screening)
    return {cohort: answers.verdict(cohort) for cohort in subject.program.cohorts}


def _is_eligible(subject: Subject, cohort: str, truths: Mapping[str, bool]) -> bool:
    return all(truths[c.relation] == (c.role is Role.INCLUSION) for c in subject.program.criteria_of(cohort))


def against_opinions(
    subject: Subject, chart: Chart, tally: Tally, opinions: Mapping[str, Engine] = OPINIONS
) -> Counterexample | None:
    """Every engine derives the same rows of every relation."""
    given = facts(chart, subject.screening, subject.program.vocabulary, subject.plain.asked)
    rows = subject.engine.run(given)
    for name, engine in opinions.items():
        try:
            found = engine(subject.plan, given)
        except Refused:
            tally.refused[name] = tally.refused.get(name, 0) + 1
            continue
        tally.opinions[name] = tally.opinions.get(name, 0) + 1
        for stratum in subject.plan.strata:
            for rule in stratum.rules:
                mine, other = frozenset(rows[rule.relation]), frozenset(found[rule.relation])
                if mine != other:
                    differ = (
                        f"only here: {sorted(map(str, mine - other))}\nonly there: {sorted(map(str, other - mine))}"
                    )
                    return Counterexample(f"{name} derives other rows of `{rule.relation}`", chart, differ)
    return None


def against_more(subject: Subject, chart: Chart, picks: Sequence[int]) -> Counterexample | None:
    """What a chart decides stays decided, and the same, in one that says more: in those that the picks point to."""
    if subject.asks_what_is_recorded():
        return None
    more = list(saying_more(chart, subject.program.vocabulary, subject.domain))
    closed = [
        replace(chart, reviewed=(*chart.reviewed[:i], *chart.reviewed[i + 1 :])) for i in range(len(chart.reviewed))
    ]
    pairs = [(chart, m) for m in more] + [(less, chart) for less in closed]
    for pick in picks if pairs else ():
        less, other = pairs[pick % len(pairs)]
        before, after = subject.statuses(less), subject.statuses(other)
        for c, status in before.items():
            if status is not Status.UNKNOWN and after[c] is not status:
                said = f"it is {after[c].value} where the chart says more:\n{show_chart(other)}"
                return Counterexample(f"`{c}` is {status.value}", less, said)
    return None


def against_another_order(
    subject: Subject, other: Subject, names: Mapping[str, str], chart: Chart
) -> Counterexample | None:
    """A program that says the same with other names and in another order has the same answers."""
    before, after = subject.statuses(chart), other.statuses(chart)
    for c, status in before.items():
        if after[names[c]] is not status:
            said = f"it is {after[names[c]].value} where rules, literals and facts stand in another order"
            return Counterexample(f"`{c}` is {status.value}", chart, said)
    return None
