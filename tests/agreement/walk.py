"""Through a tree: every node of a kind, and the same tree with some nodes changed."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace

from trialog.source import Source, Span


def within[T](node: object, kind: type[T]) -> Iterator[T]:
    """The nodes of this kind, the outer before the inner."""
    if isinstance(node, kind):
        yield node
    if isinstance(node, tuple):
        for part in node:
            yield from within(part, kind)
    elif is_dataclass(node) and not isinstance(node, (type, Span, Source)):
        for f in fields(node):
            yield from within(getattr(node, f.name), kind)


def changed[T](node: T, change: Callable[[object], object]) -> T:
    """The tree with each node, the inner before the outer, as `change` makes it."""
    if isinstance(node, tuple):
        return tuple(changed(part, change) for part in node)  # type: ignore[return-value]
    if not is_dataclass(node) or isinstance(node, (type, Span, Source)):
        return node
    parts = {f.name: changed(getattr(node, f.name), change) for f in fields(node)}
    return change(replace(node, **parts))  # type: ignore[return-value]
