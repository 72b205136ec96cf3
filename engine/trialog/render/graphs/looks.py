"""What the kinds of things look like, in every drawing."""

from trialog.render.graphs.drawn import Thing

EDGE = "#667788"
_KINDS = {
    "cohort": ("#dde7f7", "#2f5597"),
    "criterion": ("#e7eefb", "#2f5597"),
    "atom": ("#eef3fd", "#2f5597"),
    "relation": ("#ffffff", "#667788"),
    "rule": ("#f6f6f6", "#555555"),
    "reading": ("#f3e8fa", "#7b4397"),
    "fact": ("#fdf3dc", "#a8750c"),
    "chart": ("#e2f3ea", "#27774b"),
    "concept": ("#fbf8ef", "#8a7a3c"),
    "source": ("#f7ece4", "#9c5a2b"),
    "sentence": ("#fdeaf0", "#a03a5e"),
    "record": ("#e2f3ea", "#27774b"),
    "missing": ("#ffffff", "#a8750c"),
}
_STATUSES = {
    "met": ("#e2f3ea", "#27774b"),
    "eligible": ("#e2f3ea", "#27774b"),
    "not met": ("#fbe5e3", "#b3261e"),
    "ineligible": ("#fbe5e3", "#b3261e"),
    "unknown": ("#fdf3dc", "#a8750c"),
    "undetermined": ("#fdf3dc", "#a8750c"),
    "awaiting judgement": ("#e0f2f5", "#146c7a"),
}


def looks_of(thing: Thing) -> tuple[str, str]:
    """The colours of a thing's ground and of its border: by its status where it has one, else by its kind."""
    return _STATUSES.get(thing.status) or _KINDS.get(thing.kind, ("#ffffff", "#555555"))
