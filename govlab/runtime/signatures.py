"""Which kinds of values a function takes: looked at when it is called, for what is behind `dyn`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from govlab.runtime.values import CelError, kind

__all__ = ["no_overload", "takes"]


def no_overload(function: str, *values: Any) -> CelError:
    """The error of a function given values of kinds that it does not take."""
    return CelError(f"no such overload: {function}({', '.join(map(kind, values))})")


def takes(name: str, function: Callable[..., Any], *signatures: str) -> Callable[..., Any]:
    """`function`, raising CelError unless the kinds of its arguments are one of `signatures`.

    >>> takes("contains", lambda text, part: part in text, "string string")("abc", "b")
    True
    """
    known = frozenset(tuple(signature.split()) for signature in signatures)

    def checked(*values: Any) -> Any:
        if tuple(map(kind, values)) not in known:
            raise no_overload(name, *values)
        return function(*values)

    return checked
