"""Texts that somebody may take for a page: noise, tokens in any order, statements that mean nothing, real pages torn."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random

from tests.fuzz_statements import declaration, rule, term
from trialog.page import read_page
from trialog.source import Source

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Input:
    """The texts of a knowledge base."""

    protocol: str
    document: str | None = None
    vocabulary: str = ""


HEAD = """\
# A trial

## Cohort sle: Lupus

> Words of the protocol.

```datalog
inclusion young(P) :- born(P, _).
"""
DOCUMENT = "Words of the protocol.\n"
# As small as can be, for it is read again with every input.
WORDS = """\
```datalog
source own "made for this page".
concept condition "condition" [own].
concept cns_disease in condition "CNS disease" [own].
concept epilepsy in cns_disease "epilepsy" [own].
concept drug "drug" [own].
concept prednisone in drug "prednisone" [own].
concept measurement "measurement" [own].
concept lvef in measurement "LVEF" unit '%' [own].
concept creatinine in measurement "creatinine" unit 'mg/dL' where 1 'mg/dL' = 88.4 'umol/L' [own].
concept judgement "judgement" [own].
concept fit in judgement "fit?" [own].
concept decision "decision" [own].
concept agreed in decision "agreed" [own].
known equivalent_dose(drug: drug, dose: number 'mg') "as strong as prednisone".
equivalent_dose(prednisone, 5 'mg') [own].
event condition(patient, condition: condition, from: date, to: date) "a disease".
event treatment(patient, drug: drug, from: date, to: date, dose: number 'mg/d') "a course".
measure observation(patient, measurement: measurement, value: quantity, on: date, upper_limit: quantity) "a result".
attribute born(patient, on: date) "the date of birth".
judgement judged(patient, question: judgement, decision: decision, on: date, until: date) "signed".
```
"""
PIECES = (
    "inclusion", "exclusion", "concept", "source", "reading", "event", "measure", "known", "judgement", "attribute",
    "in", "also", "unit", "where", "code", "not", "latest", "recorded", "at", "count", "min", "covered", "longest", "gap",
    "born", "condition", "treatment", "observation", "judged", "screening", "equivalent_dose", "young", "old", "date",
    "patient", "drug", "epilepsy", "prednisone", "lvef", "fit", "own", "months", "days", "years", "number", "quantity",
    "P", "S", "V", "From", "To", "_", "1", "55", "0.5", "2024-02-30", "2024-02-29", "'%'", "'mg/d'", "'junk'", '"words"',
    "@S1", "@", "(", ")", "{", "}", "[", "]", ",", ",", ".", ".", "..", ":", ":-", "|", "=", "!=", "<", "<=", ">", ">=",
    "+", "-", "*", "/", "≥", "\\", '"', "'", "%", "```", "\n", "\n\n", "> ", "## Cohort a: b\n", "```datalog\n",
)  # fmt: skip
WHOLE = (
    "old(P) :- not young(P), born(P, _).", "young(P) :- not old(P).", "concept c in drug \"c\".", "concept d in c \"d\" unit 'kg'.",
    "many(P) :- count { D : treatment(P, D, ..), old(P) } >= 2.", "low(P, V) :- latest observation(P, lvef, V, ..), V < 55 '%'.",
    "long(P) :- longest { F, T : treatment(P, _, from: F, to: T, ..) } gap 7 days >= 3 months.",
    "lowest(P) :- min { V : low(P, V) } < 20 '%'.", "d(D) :- D in drug.", "equivalent_dose(c, oral, 5 'g').",
    "next(P, E) :- born(P, B), E = B + 1 month.", "next(P, E) :- next(P, B), E = B + 1 month.",
    '@S1 "words {P}" exclusion old(P) :- recorded died(P, ..).',
)  # fmt: skip


_TOKEN = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|%[^\n]*|\w+|\s+|:-|\.\.|[<>!]=|.", re.DOTALL)
_GAPS = ("\n", "\n\n\n", " % at the end\n", "\n % alone\n", "\t", " % one\n\n % two '\n", "")


def around(rules: str) -> Input:
    """A page that is right but for these rules."""
    return Input(f"{HEAD}{rules}\n```\n", DOCUMENT, WORDS)


def respaced(r: Random, rules: str) -> str:
    """The rules with line breaks and comments between some of their tokens, or as they are."""
    if r.randrange(3):
        return rules
    often = r.choice((2, 5, 20))
    return "".join(
        token if r.randrange(often) or not (token.isspace() or token in "().,{}[]") else f"{token}{r.choice(_GAPS)}"
        for token in _TOKEN.findall(rules)
    )


# -- noise and tokens --------------------------------------------------------------------------------------------

_SIGNS = "\n\n \t\r\f\x00\x85\u2028\ufeff>#`~-*1.%\"'@(){}[],.:|=!<>+/≥“aPé_\\&𝒳"


def noise(r: Random) -> Input:
    """Bytes, or signs that mean something to a reader of pages, in any place."""
    match r.randrange(4):
        case 0:
            text = r.randbytes(r.randrange(300)).decode("utf-8", "replace")
        case 1:
            text = r.randbytes(r.randrange(300)).decode("latin-1")
        case _:
            text = "".join(r.choices(_SIGNS, k=r.randrange(200)))
    match r.randrange(4):
        case 0:
            return Input(text, None, WORDS)
        case 1:
            return replace(around(""), document=text)
        case 2:
            return replace(around(""), vocabulary=text)
        case _:
            return around(text)


def soup(r: Random) -> Input:
    """Tokens of the language, and of pages, in any order."""
    return around(r.choice((" ", " ", "", "\n")).join(r.choices(PIECES, k=r.randrange(1, 40))))


# -- statements that can be read ---------------------------------------------------------------------------------


def statements(r: Random) -> Input:
    """Statements that can be read, most of which make no sense together."""
    made = [r.choice((rule, rule, rule, declaration))(r) for _ in range(r.randrange(1, 6))]
    return around(respaced(r, "\n".join([*made, *r.sample(WHOLE, r.randrange(3))])))


_SOUND = (
    "born(P, B), screening(P, S), B + 18 years <= S", "condition(P, cns_disease, ..)", "not condition(P, epilepsy, ..)",
    "screening(P, S), condition(P, C, from: From, to: To), C in cns_disease, To >= S - 60 days, From <= S",
    "latest observation(P, lvef, V, ..), V >= 55 '%'", "latest observation(P, creatinine, W, upper_limit: U), W <= 3 * U",
    "treatment(P, D, from: F, dose: Dose), equivalent_dose(D, Much), Dose * 5 'mg' >= 1 'mg/d' * Much, F >= 2020-01-01",
    "recorded observation(P, lvef, ..)", "unrecorded observation(P, creatinine, ..)", "judged(P, fit, ..)", "young(P)",
    "not judged(P, fit, ..)", "count { D : treatment(P, D, ..), D in drug } >= 2", "reading how = second", "not young(P)",
    "longest { From, To : treatment(P, prednisone, from: From, to: To) } gap 7 days >= 3 months",
    "covered { From, To : treatment(P, prednisone, from: From, to: To) } >= 12 months",
    "min { V : observation(P, creatinine, V, ..) } < 1 'mg/dL'", "born(P, B), latest observation(P, lvef, V, ..) at B, V < 30 '%'",
)  # fmt: skip


def nearly(r: Random) -> Input:
    """Rules that are right, or were before one of them was torn."""
    heads = r.sample(
        ("a(P)", "old(P)", "inclusion c(P)", "exclusion d(P)", '@S1 "words" inclusion e(P)'), r.randrange(1, 4)
    )
    rules = [f"{head} :- {', '.join(r.sample(_SOUND, r.choice((1, 1, 2, 3))))}." for head in heads]
    if r.randrange(3):
        at = r.randrange(len(rules))
        rules[at] = torn(r, rules[at])
    return around(respaced(r, "\n".join(['reading how = first | second "how it is read".', *rules])))


# -- real pages, torn --------------------------------------------------------------------------------------------

_BLOCK = re.compile(r"^(`{3,})(markdown|datalog|source)\b *(\S*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)


@cache
def _examples() -> tuple[Input, ...]:
    """What the golden pages and the pages about problems show as wrong, and as the way out."""
    shared = (ROOT / "tests/golden/vocabulary.md").read_text(encoding="utf-8")
    found: list[Input] = []
    for path in sorted([*(ROOT / "tests/golden").glob("*.md"), *(ROOT / "docs/problems").glob("*.md")]):
        for block in _BLOCK.finditer(path.read_text(encoding="utf-8")):
            match block[2], block[3]:
                case "markdown", "vocabulary":
                    found.append(Input(f"{HEAD}```\n", DOCUMENT, f"{shared}\n{block[4]}"))
                case "markdown", _:
                    found.append(Input(block[4], DOCUMENT, shared))
                case "datalog", _:
                    found.append(Input(f"{HEAD}{block[4]}```\n", DOCUMENT, shared))
                case _ if found:
                    found[-1] = replace(found[-1], document=block[4])
                case _:
                    pass
    return tuple(found)


@cache
def _knowledge() -> Input:
    """The knowledge base as it is."""
    trial = min((ROOT / "kb/trials").iterdir())
    vocabulary = "\n\n".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / "kb/vocabulary").glob("*.md")))
    protocol, document = ((trial / name).read_text(encoding="utf-8") for name in ("protocol.md", "source.txt"))
    return Input(protocol, document, vocabulary)


@cache
def _blocks() -> tuple[str, ...]:
    """Each block of the knowledge base, without its fences."""
    pages = (read_page(Source("", text))[0] for text in (_knowledge().vocabulary, _knowledge().protocol))
    return tuple(block.at.words for page in pages for block in page.blocks if len(block.at.words) < 2500)


def torn(r: Random, text: str) -> str:
    """The text after some of its characters, tokens or lines were taken out, doubled, moved, mixed with others, put in."""
    for _ in range(r.choice((1, 1, 1, 2, 2, 3, 5))):
        parts: list[str] = r.choice((list, _TOKEN.findall, _TOKEN.findall, _TOKEN.findall, _lines))(text)
        start = r.randrange(len(parts) + 1)
        end = min(len(parts), start + r.choice((1, 1, 1, 2, 3, 10)))
        match r.randrange(6):
            case 0:
                parts[start:end] = []
            case 1:
                parts[start:start] = parts[start:end] * r.choice((1, 1, 2, 20))
            case 2:
                other = r.randrange(len(parts) + 1)
                moved = parts[start:end]
                parts[start:end] = []
                parts[other:other] = moved
            case 3:
                others: list[str] = _TOKEN.findall(r.choice(_blocks()))
                at = r.randrange(len(others) + 1)
                parts[start:end] = others[at : at + r.choice((1, 2, 5, 20))]
            case 4:
                parts[start:end] = [r.choice(PIECES)]
            case _:
                parts.insert(start, r.choice((r.choice(PIECES), r.choice(_SIGNS), term(r))))
        text = "".join(parts)
    return text


def _lines(text: str) -> list[str]:
    return [line + "\n" for line in text.split("\n")]


def _torn_somewhere(r: Random, whole: Input) -> Input:
    match r.randrange(8):
        case 0 if whole.document is not None:
            return replace(whole, document=torn(r, whole.document))
        case 1:
            return replace(whole, vocabulary=torn(r, whole.vocabulary))
        case _:
            return replace(whole, protocol=torn(r, whole.protocol))


def examples(r: Random) -> Input:
    """A golden page or an example of a problem, torn."""
    return _torn_somewhere(r, r.choice(_examples()))


def blocks(r: Random) -> Input:
    """A block of the knowledge base, torn, among the rules of a small page or as its vocabulary."""
    block = respaced(r, torn(r, r.choice(_blocks())))
    return around(block) if r.randrange(4) else replace(around(""), vocabulary=f"{WORDS}\n```datalog\n{block}\n```\n")


def knowledge(r: Random) -> Input:
    """The whole knowledge base, torn in one place."""
    return _torn_somewhere(r, _knowledge())


# How many of 2,000 inputs are of each kind. The whole knowledge base takes 100 times as long as the others.
KINDS: Mapping[Callable[[Random], Input], int] = {
    noise: 200, soup: 250, statements: 550, nearly: 350, examples: 350, blocks: 299, knowledge: 1,
}  # fmt: skip


def drawn(seed: int) -> tuple[str, Input]:
    """The input that a seed stands for, and the name of its kind."""
    r = Random(seed)
    (kind,) = r.choices(tuple(KINDS), tuple(KINDS.values()))
    return kind.__name__, kind(r)
