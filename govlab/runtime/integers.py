"""CEL's two integer types: 64 bits, and an error rather than a wrong number beyond them."""

from __future__ import annotations

from govlab.runtime.values import INT_MAX, INT_MIN, UINT_MAX, CelError, Uint

__all__ = ["int64", "uint64"]


def int64(value: int) -> int:
    """`value` as a CEL int; raises CelError where it is out of range."""
    if not INT_MIN <= value <= INT_MAX:
        raise CelError("integer overflow")
    return value


def uint64(value: int) -> Uint:
    """`value` as a CEL uint; raises CelError where it is out of range."""
    if not 0 <= value <= UINT_MAX:
        raise CelError("unsigned integer overflow")
    return Uint(value)
