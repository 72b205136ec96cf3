"""Statements that can be read, and that mean nothing: made by chance of the words of the small vocabulary."""

from collections.abc import Sequence
from random import Random

_COLUMNS = {
    "born": 2, "condition": 4, "treatment": 5, "observation": 5, "judged": 5, "equivalent_dose": 2, "screening": 2,
    "young": 1, "old": 1, "a": 1, "b": 2, "c": 3, "died": 2,
}  # fmt: skip
_NAMED = ("on", "from", "to", "value", "dose", "until", "drug", "upper_limit")
_VARIABLES = ("P", "P", "P", "S", "V", "W", "D", "From", "To", "_", "_")
_CONCEPTS = (
    "condition",
    "cns_disease",
    "epilepsy",
    "drug",
    "prednisone",
    "lvef",
    "creatinine",
    "fit",
    "agreed",
    "own",
    "mine",
)
_UNITS = ("%", "mg", "mg/d", "mg/dL", "umol/L", "d", "1", "junk", "")
_LENGTHS = ("1 day", "60 days", "3 months", "1 year", "0 weeks", "100000 years", "100001 days")


def _number(r: Random) -> str:
    number = r.choice(
        ("0", "1", "2", "5", "55", "0.5", "88.4", "999999999999999", "1000000000000001", "-3", "0.000001")
    )
    return number if r.randrange(2) else f"{number} '{r.choice(_UNITS)}'"


def term(r: Random) -> str:
    """A variable, a concept, a number or a date."""
    match r.randrange(12):
        case 0 | 1:
            return _number(r)
        case 2:
            return r.choice(("2024-02-29", "0001-01-01", "9999-12-31", "2024-02-30"))
        case 3 | 4 | 5:
            return r.choice(_CONCEPTS)
        case _:
            return r.choice(_VARIABLES)


def _expression(r: Random, depth: int = 0) -> str:
    match r.randrange(8):
        case 0 | 1 if depth < 3:
            return f"{_expression(r, depth + 1)} {r.choice('+-*/')} {_expression(r, depth + 1)}"
        case 2 if depth < 3:
            return f"({_expression(r, depth + 1)})"
        case 3:
            return r.choice(_LENGTHS)
        case _:
            return term(r)


def _atom(r: Random, relations: Sequence[str] = tuple(_COLUMNS)) -> str:
    name = r.choice(relations)
    count = _COLUMNS[name] if r.randrange(5) else r.randrange(1, 7)
    arguments = ["P" if r.randrange(8) else term(r)]
    match r.randrange(4):
        case 0:
            arguments += [".."]
        case 1:
            arguments += [f"{r.choice(_NAMED)}: {term(r)}" for _ in range(r.randrange(3))]
        case _:
            arguments += [term(r) for _ in range(count - 1)]
    return f"{name}({', '.join(arguments)})"


def _literal(r: Random, depth: int = 0) -> str:
    match r.randrange(12):
        case 0:
            return f"not {_atom(r)}"
        case 1:
            return f"{'not ' * r.randrange(2)}latest {_atom(r)}" + r.choice(
                ("", "", " at S", " at 2024-02-29", " at P")
            )
        case 2:
            return f"{r.choice(('recorded', 'unrecorded'))} {_atom(r)}"
        case 3:
            return f"{'not ' * r.randrange(2)}{r.choice((r.choice(_VARIABLES), term(r)))} in {r.choice(_CONCEPTS)}"
        case 4:
            return f"reading {r.choice(('how', 'sle'))} = {r.choice(('first', 'second', 'third'))}"
        case 5 | 6:
            return f"{_expression(r)} {r.choice(('=', '=', '!=', '<', '<=', '>', '>='))} {_expression(r)}"
        case 7 if depth < 2:
            of = r.choice(("count", "min", "max", "covered", "longest"))
            variables = ", ".join(r.choices(("D", "V", "From", "To", "P"), k=2 if of in ("covered", "longest") else 1))
            inside = ", ".join(_literal(r, depth + 1) for _ in range(r.randrange(1, 3)))
            gap = r.choice(("", "", " gap 7 days"))
            return f"{of} {{ {variables} : {inside} }}{gap} {r.choice(('>=', '<', '='))} {_expression(r)}"
        case _:
            return _atom(r)


def rule(r: Random) -> str:
    """A rule or a fact, marked or not."""
    label = r.choice(("", "", "", '@S1 "words {P}" ', '@S2 "more" ', '@ "from {From} to {V}" '))
    role = r.choice(("", "", "inclusion ", "exclusion "))
    body = ", ".join(_literal(r) for _ in range(r.choice((0, 1, 1, 2, 2, 3, 4))))
    cited = r.choice(("", "", "", " [own]", " [own, nobody]"))
    head = _atom(r, ("a", "a", "b", "c", "young", "old", "born", "equivalent_dose"))
    return f"{label}{role}{head}{' :- ' * bool(body)}{body}{cited}."


def declaration(r: Random) -> str:
    """A source, a reading, a relation or a concept."""
    match r.randrange(6):
        case 0:
            return f'source {r.choice(("own", "nobody", "mine"))} "words"{r.choice(("", " unverified"))}.'
        case 1:
            options = " | ".join(r.choices(("first", "second"), k=r.randrange(1, 4)))
            return f'reading {r.choice(("how", "sle"))} = {options} "words".'
        case 2:
            types = ("date", "number", "number 'mg'", "number 'junk'", "quantity", *_CONCEPTS)
            columns = ", ".join(f"{r.choice(_NAMED)}: {r.choice(types)}" for _ in range(r.randrange(4)))
            first = r.choice(("patient", "patient", "patient: date", "drug: drug"))
            where = r.choice(("", "", " where dose = value * lvef"))
            kind = r.choice(("known", "event", "measure", "attribute", "judgement"))
            name = r.choice((*_COLUMNS, "mine"))
            return f'{kind} {name}({first}{", " * bool(columns)}{columns}) "words"{where}.'
        case _:
            parents = f" in {', '.join(r.choices(_CONCEPTS, k=r.randrange(1, 3)))}" if r.randrange(4) else ""
            also = r.choice(("", "", ' also "x"', ' also "LVEF", ""'))
            unit = r.choice(("", "", f" unit '{r.choice(_UNITS)}'"))
            where = f" where {_number(r)} = {_number(r)}" if not r.randrange(4) else ""
            code = r.choice(("", ' code loinc "1-1"', ' code loinc "1-1", rxnorm "7"'))
            cited = r.choice(("", " [own]", " [nobody]"))
            return f'concept {r.choice((*_CONCEPTS, "other"))}{parents} "words"{also}{unit}{where}{code}{cited}.'
