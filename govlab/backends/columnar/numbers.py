"""Arithmetic on columns with the limits of CEL: overflow and division by zero are null.

polars wraps int64, floors `/` and `%`, and folds `x + 0.0`, which loses the sign of -0.0.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from govlab.backends.columnar.bounds import bounds, exact_bounds, fits
from govlab.backends.columnar.program import NOTHING, Col, Program
from govlab.runtime.values import INT_MIN, UINT_MAX

__all__ = ["ARITHMETIC", "CONVERSIONS", "Handler"]

Handler = Callable[..., pl.Expr]
"""`(program, *columns) -> value`, null where an operand is null or the operation fails."""

_Binary = Callable[[pl.Expr, pl.Expr], pl.Expr]
_WIDE = pl.Int128()
_US = 10**6
_SPAN = (2**63 - 1) // 1000  # the longest duration in microseconds
_FIRST, _LAST = -62135596800 * _US, 253402300800 * _US - 1
_DTYPES = {"int": pl.Int64(), "uint": pl.UInt64()}


def _wide(col: Col) -> pl.Expr:
    return col.value.cast(_WIDE)


def _checked(name: str, function: _Binary) -> Handler:
    """`function`, null where the result is out of range: looked for only where it can be."""

    def apply(program: Program, a: Col, b: Col) -> pl.Expr:
        if fits(exact_bounds(program, name, (a, b)), a.type):
            return function(a.value, b.value)
        if a.type.name == "int" and name in _OVERFLOWS:
            a, b = program.bind(a), program.bind(b)
            total = program.let(function(a.value, b.value))
            return pl.when(_OVERFLOWS[name](a.value, b.value, total) >= 0).then(total)
        return function(_wide(a), _wide(b)).cast(_DTYPES[a.type.name], strict=False)

    return apply


_OVERFLOWS: dict[str, Callable[[pl.Expr, pl.Expr, pl.Expr], pl.Expr]] = {
    "_+_": lambda a, b, total: (a ^ total) & (b ^ total),
    "_-_": lambda a, b, total: (a ^ b) & (a ^ total),
}
"""Negative where the wrapped total has a sign that the operands rule out."""


def _multiply_uint(program: Program, a: Col, b: Col) -> pl.Expr:
    """The product of two uints may not fit 128 signed bits: looked at before."""
    if fits(exact_bounds(program, "_*_", (a, b)), a.type):
        return a.value * b.value
    a, b = program.bind(a), program.bind(b)
    fitting = (b.value == 0) | (_wide(a) <= pl.lit(UINT_MAX, dtype=_WIDE) // _wide(b))
    return pl.when(fitting).then(_wide(a) * _wide(b)).cast(pl.UInt64, strict=False)


def _not_negative(program: Program, *cols: Col) -> bool:
    return all(bounds(program, c)[0] >= 0 for c in cols)


def _divide(program: Program, a: Col, b: Col) -> pl.Expr:
    """Quotient towards zero, null for zero and for the smallest int by -1."""
    if _not_negative(program, a, b):  # where flooring is no different
        return a.value // b.value
    a, b = program.bind(a), program.bind(b)
    quotient = program.let(_wide(a).abs() // pl.when(b.value != 0).then(_wide(b).abs()))
    negative = (a.value < 0) != (b.value < 0)
    signed = pl.when(negative).then(0 - quotient).otherwise(quotient)
    return signed.cast(_DTYPES[a.type.name], strict=False)


def _remainder(program: Program, a: Col, b: Col) -> pl.Expr:
    if _not_negative(program, a, b):
        return a.value % b.value
    a, b = program.bind(a), program.bind(b)
    usable = b.value != 0
    if a.type.name == "int":  # the one quotient out of range is an error for its remainder too
        usable &= (a.value != INT_MIN) | (b.value != -1)
    rest = program.let(_wide(a).abs() % pl.when(usable).then(_wide(b).abs()))
    signed = pl.when(a.value < 0).then(0 - rest).otherwise(rest)
    return signed.cast(_DTYPES[a.type.name], strict=False)


def _unfolded(program: Program, col: Col) -> pl.Expr:
    """A literal as a full column: polars folds `x + 0.0` away, as a scalar too."""
    if col.constant is NOTHING:
        return col.value
    number = col.constant
    full = program.step(
        [], 1, lambda f: [pl.repeat(number, f.height, dtype=pl.Float64, eager=True)]
    )
    return pl.col(full[0])


def _doubles(function: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Handler:
    return lambda program, a, b: function(_unfolded(program, a), _unfolded(program, b))


def _within(low: int, high: int, function: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Handler:
    """`function` of microseconds, null outside `low` to `high`."""

    def apply(program: Program, a: Col, b: Col) -> pl.Expr:
        total = program.let(function(a.value, b.value))
        return pl.when(total.is_between(low, high)).then(total)

    return apply


def _add(a: pl.Expr, b: pl.Expr) -> pl.Expr:
    return a + b


def _subtract(a: pl.Expr, b: pl.Expr) -> pl.Expr:
    return a - b


def _product(a: pl.Expr, b: pl.Expr) -> pl.Expr:
    return a * b


def _double_to_int(program: Program, a: Col) -> pl.Expr:
    """Towards zero; the bounds are exclusive, NaN lies beyond them in polars' order."""
    a = program.bind(a)
    inside = (a.value > -(2.0**63)) & (a.value < 2.0**63)
    return pl.when(inside).then(a.value.cast(pl.Int64, strict=False))


def _double_to_uint(program: Program, a: Col) -> pl.Expr:
    a = program.bind(a)
    inside = (a.value >= 0.0) & (a.value < 2.0**64)
    return pl.when(inside).then(a.value.cast(pl.UInt64, strict=False))


def _text_to(kind: str, sign: str) -> Handler:
    """Digits after an optional `sign`, at most 24 characters; leading zeros mean nothing."""
    written = rf"\A{sign}[0-9]{{1,24}}\z"

    def apply(program: Program, a: Col) -> pl.Expr:
        a = program.bind(a)
        fits = a.value.str.contains(written) & (a.value.str.len_chars() < 25)
        digits = a.value.str.replace(r"\A\+?(-?)0*([0-9])", "${1}${2}")
        wide = pl.when(fits).then(digits.cast(_WIDE, strict=False))
        return wide.cast(_DTYPES[kind], strict=False)

    return apply


def _seconds_to_timestamp(program: Program, a: Col) -> pl.Expr:
    a = program.bind(a)
    inside = a.value.is_between(_FIRST // _US, _LAST // _US)
    return pl.when(inside).then(a.value * _US)


def _negative(program: Program, a: Col) -> pl.Expr:
    if fits(exact_bounds(program, "-_", (a,)), a.type):
        return 0 - a.value
    return (0 - _wide(a)).cast(pl.Int64, strict=False)


_II, _UU, _DD = ("int", "int"), ("uint", "uint"), ("double", "double")
_TS, _SPANS = ("timestamp", "duration"), ("duration", "duration")

ARITHMETIC: dict[tuple[str, tuple[str, ...]], Handler] = {
    ("_+_", _II): _checked("_+_", _add),
    ("_-_", _II): _checked("_-_", _subtract),
    ("_*_", _II): _checked("_*_", _product),
    ("_/_", _II): _divide,
    ("_%_", _II): _remainder,
    ("-_", ("int",)): _negative,
    ("_+_", _UU): _checked("_+_", _add),
    ("_-_", _UU): _checked("_-_", _subtract),
    ("_*_", _UU): _multiply_uint,
    ("_/_", _UU): _divide,
    ("_%_", _UU): _remainder,
    ("_+_", _DD): _doubles(_add),
    ("_-_", _DD): _doubles(_subtract),
    ("_*_", _DD): _doubles(_product),
    ("_/_", _DD): _doubles(lambda a, b: a / b),
    ("-_", ("double",)): lambda program, a: -_unfolded(program, a),
    ("_+_", _TS): _within(_FIRST, _LAST, _add),
    ("_+_", _TS[::-1]): _within(_FIRST, _LAST, _add),
    ("_-_", _TS): _within(_FIRST, _LAST, _subtract),
    ("_-_", ("timestamp", "timestamp")): _within(-_SPAN, _SPAN, _subtract),
    ("_+_", _SPANS): _within(-_SPAN, _SPAN, _add),
    ("_-_", _SPANS): _within(-_SPAN, _SPAN, _subtract),
}

CONVERSIONS: dict[tuple[str, tuple[str, ...]], Handler] = {
    **{
        (name, (name,)): lambda _, a: a.value
        for name in ("int", "uint", "double", "bool", "string", "timestamp", "duration")
    },
    ("int", ("uint",)): lambda _, a: a.value.cast(pl.Int64, strict=False),
    ("int", ("double",)): _double_to_int,
    ("int", ("string",)): _text_to("int", "[+-]?"),
    ("int", ("timestamp",)): lambda _, a: a.value // _US,
    ("uint", ("int",)): lambda _, a: a.value.cast(pl.UInt64, strict=False),
    ("uint", ("double",)): _double_to_uint,
    ("uint", ("string",)): _text_to("uint", r"\+?"),
    ("double", ("int",)): lambda _, a: a.value.cast(pl.Float64),
    ("double", ("uint",)): lambda _, a: a.value.cast(pl.Float64),
    ("string", ("int",)): lambda _, a: a.value.cast(pl.String),
    ("string", ("uint",)): lambda _, a: a.value.cast(pl.String),
    ("string", ("bool",)): lambda _, a: (
        pl.when(a.value).then(pl.lit("true")).when(~a.value).then(pl.lit("false"))
    ),
    ("timestamp", ("int",)): _seconds_to_timestamp,
}
