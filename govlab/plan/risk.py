"""Risk classes of a chain of bundles (S5, S7): the highest is what a decision reports."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["CLASSES", "highest"]

CLASSES = ("low", "medium", "high", "critical")


def highest(classes: Iterable[str | None]) -> str | None:
    """The highest class; `unknown` where a bundle of the chain cannot tell, None where none has
    classes.

    An unknown class could be critical: it stands above high, below critical.

    >>> highest(["low", None, "high"]), highest([None]), highest(["unknown", "high"])
    ('high', None, 'unknown')
    """
    order = {"low": 0, "medium": 1, "high": 2, "unknown": 3, "critical": 4}
    return max((c for c in classes if c is not None), key=lambda c: order[c], default=None)
