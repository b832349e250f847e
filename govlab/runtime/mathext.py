"""Numbers: the math library of cel-go. Standard library only."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import and_, or_, xor
from typing import Any

from govlab.runtime.integers import int64, uint64
from govlab.runtime.signatures import no_overload, takes
from govlab.runtime.values import UINT_MAX, CelError, Uint, compare, kind

__all__ = ["MATH_CALLS"]

_NUMERIC = ("int", "uint", "double")


def _extreme(name: str, sign: int) -> Callable[..., Any]:
    """The first of the greatest (`sign` 1) or least (-1) of some numbers, or of a list of them."""

    def apply(*values: Any) -> Any:
        one_list = len(values) == 1 and kind(values[0]) == "list"
        numbers: Sequence[Any] = values[0] if one_list else values
        if not numbers:
            raise CelError(f"`{name}` of no numbers")
        if any(kind(number) not in _NUMERIC for number in numbers):
            raise no_overload(name, *values)
        found = numbers[0]
        for number in numbers[1:]:
            found = number if compare(number, found) == sign else found
        return found

    return apply


def _round(value: float) -> float:
    """The nearest whole number, halves away from zero; infinities and NaN as they are."""
    if not math.isfinite(value):
        return value
    whole = float(math.trunc(value))
    away = math.copysign(1.0, value) if abs(value - whole) >= 0.5 else 0.0
    return math.copysign(whole + away, value)


def _towards(function: Callable[[float], int]) -> Callable[[float], float]:
    """`function` (floor, ceil, trunc) as CEL has it: infinities and NaN as they are, -0.0 kept."""
    return lambda v: math.copysign(float(function(v)), v) if math.isfinite(v) else v


def _absolute(value: Any) -> Any:
    match kind(value):
        case "int":
            return int64(abs(value))
        case "uint":
            return value
        case _:
            return abs(value)


def _sign(value: Any) -> Any:
    match kind(value):
        case "double":
            return value if math.isnan(value) else float((value > 0) - (value < 0))
        case "uint":
            return Uint(value > 0)
        case _:
            return (value > 0) - (value < 0)


def _square_root(value: Any) -> float:
    return math.sqrt(value) if value >= 0 else math.nan


def _bits(function: Callable[[int, int], int]) -> Callable[[int, int], int]:
    return lambda a, b: uint64(function(a, b)) if isinstance(a, Uint) else function(a, b)


def _complement(value: int) -> int:
    return Uint(UINT_MAX - value) if isinstance(value, Uint) else ~value


def _shift_left(value: int, by: int) -> int:
    shifted = value << _offset(by) & UINT_MAX if by < 64 else 0
    return Uint(shifted) if isinstance(value, Uint) else _signed(shifted)


def _shift_right(value: int, by: int) -> int:
    """Zeros come in from the left, also before a negative number."""
    shifted = (value & UINT_MAX) >> _offset(by) if by < 64 else 0
    return Uint(shifted) if isinstance(value, Uint) else _signed(shifted)


def _offset(by: int) -> int:
    if by < 0:
        raise CelError(f"a negative offset: {by}")
    return by


def _signed(bits: int) -> int:
    return bits - 2**64 if bits >= 2**63 else bits


# name -> function, kinds of arguments
_MATH: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "math.ceil": (_towards(math.ceil), ("double",)),
    "math.floor": (_towards(math.floor), ("double",)),
    "math.trunc": (_towards(math.trunc), ("double",)),
    "math.round": (_round, ("double",)),
    "math.abs": (_absolute, _NUMERIC),
    "math.sign": (_sign, _NUMERIC),
    "math.sqrt": (_square_root, _NUMERIC),
    "math.isNaN": (math.isnan, ("double",)),
    "math.isInf": (math.isinf, ("double",)),
    "math.isFinite": (math.isfinite, ("double",)),
    "math.bitAnd": (_bits(and_), ("int int", "uint uint")),
    "math.bitOr": (_bits(or_), ("int int", "uint uint")),
    "math.bitXor": (_bits(xor), ("int int", "uint uint")),
    "math.bitNot": (_complement, ("int", "uint")),
    "math.bitShiftLeft": (_shift_left, ("int int", "uint int")),
    "math.bitShiftRight": (_shift_right, ("int int", "uint int")),
}
MATH_CALLS: dict[str, Callable[..., Any]] = {
    "math.greatest": _extreme("math.greatest", 1),
    "math.least": _extreme("math.least", -1),
    **{name: takes(name, function, *kinds) for name, (function, kinds) in _MATH.items()},
}
