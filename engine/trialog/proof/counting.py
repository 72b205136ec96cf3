"""What an aggregate counts, what it does not count and why, and what it comes to."""

import re

from trialog.answers import Status
from trialog.engines.tally import amount, reaches
from trialog.fetches import CERTAIN, OPEN, POSSIBLE
from trialog.plain import Row, Tally
from trialog.program import Const, Sort, Tallied, Var
from trialog.proof.explaining import Explaining
from trialog.proof.failing import Failures
from trialog.proof.ready import Within
from trialog.proof.step import FROM_CAUSE, Known, Part, Reason, Step, dates_below, joint, worst
from trialog.tree import Summary
from trialog.values import show_day

_TURNED = {Status.MET: Status.NOT_MET, Status.NOT_MET: Status.MET, Status.UNKNOWN: Status.UNKNOWN}


class Counts:
    def __init__(self, explanation: Explaining, failures: Failures) -> None:
        self.e = explanation
        self.failures = failures

    def tallied(self, p: Tallied, known: Known) -> Step:
        e = self.e
        derived = e.program.derived[p.relation]
        exact = derived.is_exact
        key = tuple(known.get(a.name) if isinstance(a, Var) else a.value for a in p.key if isinstance(a, Var | Const))
        sorts = tuple(c.sort for c in derived.columns)
        width = len(key)

        def rows(mode: str) -> list[Row]:
            name = p.relation if exact else f"{mode} {p.relation}"
            found = [r for r in e.rows(name) if all(k is None or k == v for k, v in zip(key, r[:width], strict=True))]
            return sorted(found, key=str)

        value = sorts[-1]
        countable = p.summary is Summary.COUNT and value is Sort.CONCEPT and not exact
        sure_rows = rows("countable") if countable else rows(CERTAIN)
        maybe_rows = rows(POSSIBLE)
        paired = not exact and value.is_wide
        is_open = (e.patient,) in e.rows(f"{OPEN} {p.relation}")
        least = Tally(p.summary, p.relation, (), p.bound, p.strict, p.gap, paired, True)
        most = Tally(p.summary, p.relation, (), p.bound, p.strict, p.gap, paired, False)
        sure = reaches(least, [r[width:] for r in sure_rows])
        maybe = is_open or reaches(most, [r[width:] for r in maybe_rows])
        reached = Status.MET if sure else Status.UNKNOWN if maybe else Status.NOT_MET
        status = _TURNED[reached] if p.negated else reached
        counted = [e.derived_step(p.relation, row, sorts, True, exact) for row in sure_rows]
        steps = list({id(s): s for s in counted}.values())
        doubtful = [
            e.derived_step(p.relation, r, sorts, False, exact) for r in maybe_rows if r not in sure_rows and not exact
        ]
        extra: list[Step] = []
        if is_open:
            for ready in e.clauses.get(p.relation, ()):
                rule = e.holds(Within(ready, Status.UNKNOWN, False), {})
                if rule is not None:
                    extra += [x for x in rule.below if x.status is Status.UNKNOWN] if rule.plumbing else [rule]
        why = None
        if reached is Status.UNKNOWN:
            shown = [*(extra if is_open else ()), *doubtful]
            unknown = tuple(s for s in shown if s.status is Status.UNKNOWN)
            dates = [d for s in (*steps, *shown) for d in dates_below(s)] if value is Sort.DATE else []
            dated = FROM_CAUSE[worst(dates)] if dates else None
            why = (joint(extra) if is_open else dated or joint(unknown)) or dated or Reason.IMPRECISE
        uncounted = [s for s in (*doubtful, *extra) if id(s) not in {id(x) for x in steps}]
        below = [*steps, *{id(s): s for s in uncounted}.values()]
        if not exact and not is_open:
            below.append(self.failures.no_more(p.relation))
        says, sides = self.words(p, sure_rows, maybe_rows, width, paired, reached)
        if reached is Status.NOT_MET:
            says = self.at_most(p, maybe_rows, width, paired)
        unknown_sides = (sides[1], sides[0]) if p.negated else sides
        return e.step(
            Part.COUNT, says, status, why, tuple(below), p.at, sides=unknown_sides if status is Status.UNKNOWN else None
        )

    @staticmethod
    def asked(p: Tallied) -> str:
        """What the rule asks for, the opposite of the bound where it is negated."""
        if p.negated:
            bound = f"{'at most' if p.strict else 'less than'} {p.bound}"
            return bound.replace("less", "fewer") if p.summary is Summary.COUNT else bound
        bound = f"{'more than' if p.strict else 'at least'} {p.bound}"
        return f"{bound} different" if p.summary is Summary.COUNT and (str(p.bound) != "1" or p.strict) else bound

    def names(self, rows: list[Row], width: int) -> str:
        values = [v for r in rows if isinstance(v := r[width], str)]
        names = list(dict.fromkeys([self.e.words.label(v) for v in values]))
        return f": {', '.join(names)}" if names else ""

    def at_most(self, p: Tallied, maybe: list[Row], width: int, paired: bool) -> str:
        """How many can count at most, or how long the periods can be, since it is not enough."""
        asked = f"asked for: {self.asked(p)}"
        if p.summary is Summary.COUNT:
            most = len({r[width:] for r in maybe})
            can = f"at most {most} can count{self.names(maybe, width)}" if most else "none can count"
            return f"{can}; {asked}"
        turned = [
            (r[1], r[0], r[3], r[2]) if paired else r for r in (r[width:] for r in maybe)
        ]  # as long as they can be
        most_days = re.sub(r"^1 days", "1 day", amount(p.summary, p.gap, paired, turned))
        what = "in one stretch" if p.summary is Summary.LONGEST else "in all"
        periods = list(dict.fromkeys(x for x in (self.period(r, paired) for r in turned) if x))
        if not periods:
            return f"no day can count; {asked}"
        gaps = f", gaps up to {p.gap} bridged" if p.gap.days or p.gap.months else ""
        return f"at most {most_days} {what}{gaps} ({'; '.join(periods)}); {asked}"

    def words(
        self, p: Tallied, sure: list[Row], maybe: list[Row], width: int, paired: bool, reached: Status
    ) -> tuple[str, tuple[str, str]]:
        """What was counted, against what is asked for; of periods, which they were."""
        bound = f"{'more than' if p.strict else 'at least'} {p.bound}"
        asked = self.asked(p)
        found = amount(p.summary, p.gap, paired, [r[width:] for r in sure])
        doubt = f", {len(maybe)} that may count" if len(maybe) > len(sure) else ""
        if p.summary is Summary.COUNT:
            says = f"{found} counted for certain{self.names(sure, width)}{doubt}; asked for: {asked}"
            return says, (f"{bound} are recorded that count", f"it is certain that {_fewer(p)} count")
        what = "in one stretch" if p.summary is Summary.LONGEST else "in all"
        periods = [self.period(r[width:], paired) for r in sure]
        listed = f" ({'; '.join(dict.fromkeys(x for x in periods if x))})" if any(periods) else ""
        gaps = f", gaps up to {p.gap} bridged" if p.gap.days or p.gap.months else ""
        may = ", and there may be more" if reached is Status.UNKNOWN else ""
        says = f"{re.sub(r'^1 days', '1 day', found)} {what} for certain{gaps}{listed}{may}; asked for: {asked}"
        shorter = "no longer than" if p.strict else "shorter than"
        return says, (f"the periods come to {bound} {what}", f"the periods are known, and {shorter} {p.bound} {what}")

    @staticmethod
    def period(row: Row, paired: bool) -> str:
        """The days that surely belong to a period; empty where none do."""
        days = [int(v) for v in row if not isinstance(v, str)]
        begin, end = (days[1], days[2]) if paired else (days[0], days[1])
        return f"{show_day(begin)} to {show_day(end)}" if begin <= end else ""


def _fewer(p: Tallied) -> str:
    return f"at most {p.bound}" if p.strict else f"fewer than {p.bound}"
