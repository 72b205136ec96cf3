"""Which numbers a sentence states, in what unit, and how its words compare with them; what limits nothing is passed over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialog.check.sentences import Amount, Stated, stated
from trialog.units import ONE, unit
from trialog.values import Duration, show_number

SENTENCES: dict[str, list[str]] = {
    # the shipped protocol's own ways to write
    "Left ventricular ejection fraction (LVEF) ≥55% with no obvious abnormality": [">= 55 %"],
    "eGFR≥30ML/min/1.73m2; (For patients with an eGFR \\< 30 mL/min/1.73 m² or": [">= 30 mL/min/1.73m2", "< 30 mL/min/1.73m2"],
    "(AST) and (ALT)≤3.0 ULN, Total Bilirubin (TBIL) in serum ≤2.0×ULN;": ["<= 3 times", "<= 2 times"],
    "ECOG: 0\\\n∙ 2;": ["0", "2"],
    "effective contraceptive measures the first year after CAR-NK infusion": [],
    "according to the 2019 EULAR/ACR SLE classification criteria": [],
    "≥3M of high dose glucocorticoids(prednisone≥1mg/kg/d or other": [">= 3 ?", ">= 1 mg/kg/d"],
    "and at least 2 of the following treatments": [">= 2"],
    "can not be reduced to 5mg/d after 6-month of routine treatment": ["<= 5 mg/d", ">= 6 months"],
    "SLEDAI 2K score\\>6 points;": ["> 6 points"],
    "(CNS) disease within 60 days prior to screening": ["<= 60 days"],
    "(MAS) within one month prior to screening": ["<= 1 month"],
    "after 12 months of treatment with two standard doses": [">= 1 year"],
    "at least one of the two drugs is a calcineurin inhibitor": [],
    "after 3 to 6 months of adequate treatment with one inhibitor": [">= 3 months", "<= 6 months"],
    "for ≥ 3 months; and 24-hour urine protein ≥500mg or UPCR≥0.5mg/mg": [">= 3 months", ">= 500 mg", ">= 0.5 times"],
    "≥ 50% decline in eGFR within 3 months": [">= 50 %, falling", "<= 3 months"],
    # others'
    "Age 18-75 years, inclusive": [">= 18 years", "<= 75 years"],
    "aged between 18 and 65 years": [">= 18 years", "<= 65 years"],
    "18 years of age or older": [">= 18 years"],
    "absolute neutrophil count ≥ 1.5 × 10^9/L, platelets ≥100,000/mm3": [">= 1.5 10*9/L", ">= 100000 /mm3"],
    "ANC > 1.0x10⁹/L; hemoglobin not less than 9.0 g/dL": ["> 1 10*9/L", ">= 9 g/dL"],
    "≤ 2.5 times the upper limit of normal; twice the ULN": ["<= 2.5 times", "2 times"],
    "COVID-19 within the last 4 weeks; IL-6, anti-CD20, HLA-B27, H1N1": ["<= 28 days"],
    "blood pressure ≥140/90 mmHg": [">= 140 mm[Hg]", ">= 90 mm[Hg]"],
    "ANA titre of at least 1:80": [">= 80"],
    "1) No cancer in the previous 5 years": ["<= 5 years"],
    "a. no more than 10 mg per day for at least two weeks": ["<= 10 mg/d", ">= 14 days"],
    "type 2 diabetes, CTCAE v5.0, see Section 5.2.1 and Table 3, on Day 1": [],
    "more than one relapse in the preceding 12 months": ["> 1", "<= 1 year"],
    "5-FU or 6-MP; 12-lead ECG; the 2nd visit; 2003 ISN/RPS": [],
    "creatinine does not exceed 1.5 mg/dL": ["<= 1.5 mg/dL"],
    "over the age of 12; under 40 kg": ["> 12", "< 40 kg"],
    "eGFR 30": ["30"],
    "a life expectancy of 12 weeks or more": [">= 84 days"],
    "0.5 g/day or 1 g/24h": ["0.5 g/d", "1 g/d"],
    "eGFR decreased by more than 25%": ["> 25 %, falling"],
    "CD4 count ≥ 200 cells/µL": [">= 200 /uL"],
    "greater than or equal to 2 years; less than 3 months": [">= 2 years", "< 3 months"],
    "stable for 4 weeks": [">= 28 days"],
    "treated on 2024-05-31 or 31/05/2024": [],
}  # fmt: skip


def shown(one: Stated) -> str:
    amount = one.amount
    if amount.length is not None:
        what = str(amount.length)
    else:
        unit_ = "" if amount.unit is None else "times" if amount.unit == ONE else amount.unit.written or "10*9/L"
        what = f"{show_number(amount.value)} {unit_ or ('?' if one.has_unit else '')}".strip()
    return f"{one.sign or ''} {what}{', falling' if one.change < 0 else ''}".strip()


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_numbers_of_a_sentence(sentence: str) -> None:
    assert [shown(one) for one in stated(sentence)] == SENTENCES[sentence]


WORDS = {
    ">=": ("≥", ">=", "≥ ", "at least ", "no less than ", "not less than ", "greater than or equal to ", "equal to or more than "),
    ">": (">", "\\>", "more than ", "greater than ", "above ", "exceeding ", "older than "),
    "<=": ("≤", "<=", "at most ", "no more than ", "not more than ", "up to ", "less than or equal to ", "not exceeding "),
    "<": ("<", "\\<", "less than ", "below ", "under ", "fewer than ", "younger than "),
}  # fmt: skip
BEHIND = {">=": ("or more", "or older", "or greater"), "<=": ("or less", "or younger", "or fewer")}
UNITS = {
    " mg": unit("mg"), "mg/dL": unit("mg/dL"), " mg/kg/day": unit("mg/kg/d"), "%": unit("%"), " kg/m²": unit("kg/m2"),
    " mmol/L": unit("mmol/L"), " x ULN": ONE, " U/L": unit("U/L"), " mL/min": unit("mL/min"), " g/24h": unit("g/d"),
}  # fmt: skip
TIMES = {"days": (0, 1), " weeks": (0, 7), "-month": (1, 0), " years": (12, 0), " yrs": (12, 0)}
numbers = st.integers(0, 1899)


@given(st.sampled_from([(s, w) for s, ws in WORDS.items() for w in ws]), numbers, st.sampled_from(sorted(UNITS)))
def test_a_comparator_a_number_and_a_unit_are_read_as_they_are_written(said: tuple[str, str], n: int, of: str) -> None:
    sign, words = said
    text = f"creatinine {words}{n}{of} at screening"
    (one,) = stated(text)
    assert (one.amount, one.sign, one.is_bare) == (Amount(n, UNITS[of]), sign, False)
    assert text[one.start : one.end].strip() == f"{words}{n}{of}".lstrip("\\").strip()


@given(st.sampled_from([(s, w) for s, ws in BEHIND.items() for w in ws]), numbers, st.sampled_from(sorted(TIMES)))
def test_a_comparator_may_follow(said: tuple[str, str], n: int, of: str) -> None:
    months, days = TIMES[of]
    (one,) = stated(f"aged {n}{of} {said[1]}, male")
    assert (one.amount.length, one.sign) == (Duration(months * n, days * n), said[0])


@given(
    st.text(alphabet=st.sampled_from("0123456789.,/-%<>≥≤ \n()[]:xmgdLkyear^×µ⁹²"), max_size=60) | st.text(max_size=60)
)
def test_any_text(text: str) -> None:
    for one in (*stated(text), *stated(text, in_passing=True)):
        assert 0 <= one.start < one.end <= len(text)
    assert len(stated(text)) <= len(stated(text, in_passing=True))
