"""The numbers of quotes against those of rules: on the shipped page with each comparator and number changed, and on small pages."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialog.check.limits import Limits
from trialog.check.numbers import differing_numbers
from trialog.check.passages import passages, without_rules
from trialog.check.statements import Standing, statements_of
from trialog.check.unsaid import unsaid
from trialog.knowledge import Library, shipped
from trialog.lexer import Token, tokens
from trialog.problem import Problem
from trialog.source import Source
from trialog.tree import Aggregate, Comparison, Rule
from trialog.values import Duration

LIBRARY = Library(shipped())
*VOCABULARY, PROTOCOL, _ = (Source(p.name, p.read_text(encoding="utf-8")) for p in LIBRARY.files(LIBRARY.trials[0]))
SHARED: tuple[Standing, ...] = tuple(s for page in VOCABULARY for s in statements_of(page)[1])
OTHER = {">=": ">", ">": ">=", "<=": "<", "<": "<="}


def told(text: str) -> list[Problem]:
    """What is said of the numbers of a page, and of its quotes without rules."""
    page, own, problems = statements_of(Source("protocol.md", text))
    assert not problems
    every = SHARED + own
    found, limits = passages(page, own), Limits(every)
    return [*without_rules(found), *differing_numbers(found, limits), *unsaid(page, own, found, limits, every)]


def codes(text: str) -> set[str]:
    return {p.code for p in told(text)}


# -- the shipped page --------------------------------------------------------------------------------------------

RULES = [s for s, _ in statements_of(PROTOCOL)[1] if isinstance(s, Rule) and s.body]


def signs_and_numbers() -> Iterator[tuple[Rule, Token]]:
    for rule in RULES:
        start = rule.label.at.end if rule.label is not None else rule.at.start
        for token in tokens(PROTOCOL, start, rule.at.end)[0]:
            if token.kind == "number" or token.words in OTHER:
                yield rule, token


TOKENS = [token for _, token in signs_and_numbers()]


def share(tried: list[str], is_told: Callable[[str], bool]) -> tuple[int, int]:
    return sum(is_told(text) for text in tried), len(tried)


def with_another(token: Token, words: str) -> str:
    return PROTOCOL.text[: token.at.start] + words + PROTOCOL.text[token.at.end :]


def test_the_shipped_page_has_nothing_of_the_kind() -> None:
    assert told(PROTOCOL.text) == []


def test_a_changed_comparator_is_told_where_the_quote_has_one() -> None:
    """The others compare dates of two records, or with numbers that stand in no quote."""
    tried = [with_another(t, OTHER[t.words]) for t in TOKENS if t.words in OTHER]
    found, of = share(tried, lambda text: "E414" in codes(text))
    assert of >= 80
    assert found >= 34, f"{found} of {of} are told"


def test_a_changed_number_is_told() -> None:
    """What is not told has become a number that the words beside it say of something else."""
    tried = [with_another(t, str(int(t.words.split(".")[0]) + 1)) for t in TOKENS if t.kind == "number"]
    found, of = share(tried, lambda text: bool(codes(text)))
    assert of >= 50
    assert found >= 0.88 * of, f"{found} of {of} are told"


def test_a_comparison_left_out_is_told_where_no_other_rule_has_its_number() -> None:
    tried: list[str] = []
    for rule in RULES:
        for x in rule.body:
            if isinstance(x, Comparison | Aggregate) and any(t.at.start in range(x.at.start, x.at.end) for t in TOKENS):
                always = f"screening({rule.head.arguments[0].at.words}, _)"
                tried.append(PROTOCOL.text[: x.at.start] + always + PROTOCOL.text[x.at.end :])
    found, of = share(tried, lambda text: bool(codes(text)))
    assert found >= 17, f"{found} of {of} are told"


@pytest.mark.parametrize("note", ["Not computable: the name of the cohort.\n", "Not computable: the title and the aim"])
def test_a_quote_without_its_reason_is_told(note: str) -> None:
    text = PROTOCOL.text.replace(note, "Of no consequence.\n" if note.endswith("\n") else "The title and the aim")
    assert codes(text) == {"E413"}


def test_a_quote_without_its_rules_is_told() -> None:
    """Each block in turn is left empty. What rests on a quote further up is told there, if its quote says a number."""
    page, own, _ = statements_of(PROTOCOL)
    every = passages(page, own)
    alone = [p for p in every if p.rules and not any(set(p.rules) & set(q.rules) for q in every if q is not p)]
    assert len(alone) >= 40
    for passage in alone:
        text = PROTOCOL.text
        for rule in reversed(passage.rules):
            text = text[: rule.at.start] + text[rule.at.end :]
        lines = {p.at.line for p in told(text) if p.code == "E413"}
        assert passage.quotes[0].at.line in lines, passage.words


# -- small pages -------------------------------------------------------------------------------------------------

WORDS = {
    ">=": ("≥{}", "of at least {}", "not less than {}", "{} or more"),
    ">": ("\\>{}", "of more than {}", "above {}"),
    "<=": ("≤{}", "of at most {}", "no more than {}", "{} or less"),
    "<": ("\\<{}", "less than {}", "below {}"),
}
AGREE = {">=": {">=", "<"}, "<": {">=", "<"}, ">": {">", "<="}, "<=": {">", "<="}}
said = st.sampled_from([(sign, words) for sign, ways in WORDS.items() for words in ways])
signs = st.sampled_from(sorted(OTHER))


def page(quote: str, rule: str, notes: str = "") -> str:
    return f"# T\n\n## Cohort a: A\n\n> {quote}\n\n{notes}\n\n```datalog\n{rule}\n```\n"


@given(said, signs, st.integers(2, 98), st.booleans(), st.sampled_from(("{} %", "{}%", "{} percent of", "{}")))
def test_a_rule_agrees_with_the_words_or_with_their_opposite(
    said: tuple[str, str], sign: str, n: int, turned: bool, amount: str
) -> None:
    """Whatever side of the comparison the number stands on, and whether or not the words give its unit."""
    wanted, words = said
    quote = f"LVEF {words.format(amount.format(n))} at screening."
    mirrored = {">=": "<=", ">": "<", "<=": ">=", "<": ">"}[sign]
    comparison = f"{n} '%' {mirrored} V" if turned else f"V {sign} {n} '%'"
    found = told(page(quote, f"inclusion a(P) :- latest observation(P, lvef, V, ..), {comparison}."))
    if "percent" in quote and (wanted, words) in ((">=", "{} or more"), ("<=", "{} or less")):
        return  # `55 percent of or more` is no sentence
    assert {p.code for p in found} == (set() if sign in AGREE[wanted] else {"E414"})
    for p in found:
        assert p.at.words == comparison


@given(said, signs, st.integers(2, 30), st.sampled_from(("days", "weeks", "months", "years")), st.integers(0, 3))
def test_lengths_of_time_wherever_they_stand(said: tuple[str, str], sign: str, n: int, period: str, way: int) -> None:
    """`F + 3 months <= T`, `F <= T - 3 months` and the length of a course say the same."""
    wanted, words = said
    mirrored = {">=": "<=", ">": "<", "<=": ">=", "<": ">"}[sign]
    from_, to = f"F + {n} {period} {mirrored} T", f"F {mirrored} T - {n} {period}"
    comparison = (from_, to, f"T {sign} F + {n} {period}", f"T - {n} {period} {sign} F")[way]
    rule = f"inclusion a(P) :- treatment(P, prednisone, from: F, to: T), {comparison}."
    quote = f"Prednisone for {words.format(f'{n} {period}')}."
    assert codes(page(quote, rule)) == (set() if sign in AGREE[wanted] else {"E414"})
    longest = f"inclusion a(P) :- longest {{ F, T : treatment(P, prednisone, from: F, to: T) }} {sign} {n} {period}."
    assert codes(page(quote, longest)) == (set() if sign in AGREE[wanted] else {"E414"})


@given(said, signs, st.integers(2, 9))
def test_a_count_of_more_than_one_is_a_count_of_two_or_more(said: tuple[str, str], sign: str, n: int) -> None:
    wanted, words = said
    bound = {(">=", ">"): n - 1, (">", ">="): n + 1, ("<=", "<"): n + 1, ("<", "<="): n - 1}
    other = bound.get((wanted, sign), n)
    rule = f"inclusion a(P) :- count {{ D : treatment(P, D, ..) }} {sign} {other}."
    agrees = other != n or sign in AGREE[wanted]
    assert codes(page(f"A number of drugs {words.format(n)} was given.", rule)) == (set() if agrees else {"E414"})


@given(st.integers(2, 90), st.integers(2, 90), st.sampled_from(("≥{} %", "{} %", "{}")))
def test_a_number_that_no_rule_has_is_told_and_so_is_one_that_no_words_have(n: int, other: int, how: str) -> None:
    rule = f"inclusion a(P) :- latest observation(P, lvef, V, ..), V >= {other} '%'."
    missing = "E412" if how == "{}" else "E411"
    assert codes(page(f"LVEF {how.format(n)} at screening.", rule)) == (set() if n == other else {missing, "E415"})
    said_beside = page(f"LVEF {how.format(n)} at screening.", rule, f"The sponsor says: {other} %.")
    assert codes(said_beside) == (set() if n == other else {missing})
    read_as = page(f"LVEF {how.format(n)} at screening.", rule, f"Read as: LVEF of {other} % or more.")
    assert codes(read_as) == set()


@pytest.mark.parametrize(
    ("quote", "limit", "agrees"),
    [
        ("500 mg or more", "500 'mg/d'", True),  # of a day's urine
        ("≥0.5 g/24h", "500 'mg/d'", True),
        ("≥0.5 g/day", "499 'mg/d'", False),
        ("≥500 g/day", "500 'mg/d'", False),
        ("≥500 U/L", "500 'mg/d'", False),
    ],
)
def test_units_are_converted(quote: str, limit: str, agrees: bool) -> None:
    rule = f"inclusion a(P) :- latest observation(P, urine_protein_24h, V, ..), V >= {limit}."
    assert ("E411" not in codes(page(f"Urine protein {quote}.", rule))) == agrees


@pytest.mark.parametrize("limit", ["130 'mg/dL' / 88.4", "25 'mg/dL' / 17"])
def test_a_molar_mass_is_reckoned_with(limit: str) -> None:
    """130 umol/L of creatinine are 130 / 88.4 mg/dL, which is 25 / 17."""
    rule = f"inclusion a(P) :- latest observation(P, creatinine, V, ..), V SIGN {limit}."
    assert codes(page("Creatinine ≤ 130 µmol/L.", rule.replace("SIGN", "<="), "25 / 17 mg/dL")) == set()
    assert codes(page("Creatinine ≤ 130 µmol/L.", rule.replace("SIGN", "<"), "25 / 17 mg/dL")) == {"E414"}
    assert "E411" in codes(page("Creatinine ≤ 131 µmol/L.", rule.replace("SIGN", "<=")))


@pytest.mark.parametrize(
    ("percent", "fall"),
    [(50, "2 * B SIGN A"), (60, "B SIGN 0.4 * A"), (60, "2.5 * B SIGN A"), (60, "0.4 * A - B >= 0 'mL/min/{1.73_m2}'")],
)
def test_a_fall_is_what_is_left(percent: int, fall: str) -> None:
    def told_with(sign: str) -> set[str]:
        rule = (
            f"inclusion a(P) :- observation(P, egfr, A, ..), observation(P, egfr, B, ..), {fall.replace('SIGN', sign)}."
        )
        return codes(page(f"eGFR: ≥ {percent}% decline.", rule))

    assert told_with("<=") == set()
    assert told_with("<") == ({"E414"} if "SIGN" in fall else set())


def test_a_label_says_what_the_protocol_says() -> None:
    rule = (
        'concept lives in judgement "is the predicted survival {} 12 weeks?".\ninclusion a(P) :- judged(P, lives, ..).'
    )
    assert codes(page("Survival ≥ 12 weeks.", rule.replace("{}", "at least"))) == set()
    assert codes(page("Survival ≥ 12 weeks.", rule.replace("{}", "more than"))) == {"E414"}
    assert codes(page("Survival ≥ 12 weeks.", rule.replace("12", "11"))) == {"E411"}


def test_a_rule_is_held_against_its_own_quote_first() -> None:
    text = page("Two courses within 3 months, each for at least 3 months.", "inclusion a(P) :- b(P), c(P).")
    text += "\n> within 3 months\n\n```datalog\nb(P) :- treatment(P, D, from: F, ..), treatment(P, E, from: T, ..),"
    text += " D != E, T <= F + 3 months.\n```\n"
    text += "\n> at least 3 months\n\n```datalog\nc(P) :- longest { F, T : treatment(P, _, from: F, to: T) } SIGN 3 months.\n```\n"
    assert codes(text.replace("SIGN", ">=")) == set()
    assert codes(text.replace("SIGN", ">")) == {"E414"}


def test_what_says_nothing_of_a_limit() -> None:
    quote = "Diagnosed by the 2021 KDIGO guideline (CD19, IL-6), 24-hour urine, type 2 diabetes, see section 5.1."
    assert codes(page(quote, "inclusion a(P) :- condition(P, sle, ..).")) == set()


def test_days_are_no_months() -> None:
    assert Duration(1, 0) != Duration(0, 30)
    rule = "inclusion a(P) :- screening(P, S), condition(P, sle, from: F, ..), F >= S - 1 month."
    assert "E411" in codes(page("Lupus within 30 days.", rule))
