"""Units as an author writes them: where they stand, and what is told of one that is not known."""

from collections.abc import Iterable

from trialog.problem import Edit, Fix, Problem, near
from trialog.source import Span
from trialog.units import UnitError, known_symbols, unit


def unit_place(at: Span) -> Span:
    """Where the unit stands, with its quotes, in what ends with one."""
    quote = at.words.find("'")
    return at if quote < 0 else Span(at.source, at.start + quote, at.end)


def unknown_unit(error: UnitError, written: str, at: Span, wanted: Iterable[str] = ()) -> Problem:
    """A unit that is not understood. `wanted` are the units that fit the place; a person chooses, never a machine."""
    fitting = [u for u in dict.fromkeys(wanted) if u]
    likely = near(written, fitting or known_symbols())
    fixes = tuple(Fix(f"write '{u}'", (Edit(at, f"'{u}'"),)) for u in likely)
    help_ = "write it as UCUM does, e.g. `'mg/dL'`"
    if likely:
        help_ = f"did you mean {' or '.join(f"`'{u}'`" for u in likely)}?"
    elif fitting:
        help_ = f"what stands here is measured in {' or '.join(f"`'{u}'`" for u in fitting[:3])}"
    claim = str(error).replace(
        f"`{written}` in the unit `{written}` is not understood", f"the unit `{written}` is not known"
    )
    return Problem("E303", claim, at, help_, fixes=fixes)


def unit_is_known(written: str, at: Span, problems: list[Problem]) -> bool:
    """Whether the unit is understood; where it is not, that is a problem."""
    try:
        unit(written)
    except UnitError as error:
        problems.append(unknown_unit(error, written, at))
        return False
    return True
