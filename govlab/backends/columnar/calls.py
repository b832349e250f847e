"""Native forms of CEL's strict functions: one table, by name and argument types.

Each is total and strict: null where an operand is null or the function fails, never an exception.
Guards are `when/then`, never `&`: null & false is false, which would hide an error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable

import polars as pl

from govlab.backends.columnar.cells import DTYPES, is_nan
from govlab.backends.columnar.flat import Flat
from govlab.backends.columnar.moments import DURATION_FIELDS, TIMESTAMP_FIELDS, local_time
from govlab.backends.columnar.numbers import ARITHMETIC, CONVERSIONS, Handler
from govlab.backends.columnar.program import NOTHING, Col, Program, no_value

__all__ = ["NATIVE", "equal", "glob_pattern"]

_TRUE, _FALSE = ["1", "t", "true", "TRUE", "True"], ["0", "f", "false", "FALSE", "False"]
_SCALARS = ("bool", "int", "uint", "double", "string", "timestamp", "duration")
_Compare = Callable[[pl.Expr, pl.Expr], pl.Expr]


def _comparison(compare: _Compare, on_nan: bool, above: int | None = None) -> Handler:
    """A comparison; polars takes NaN for equal to itself and above all numbers, CEL does not.

    `above` is the operand that compares as true where it is above all numbers.
    """

    def apply(program: Program, a: Col, b: Col) -> pl.Expr:
        if not (a.nan or b.nan):
            return compare(a.value, b.value)
        a, b = program.bind(a), program.bind(b)
        found = compare(a.value, b.value)
        if any(c.constant is not NOTHING and not c.nan for c in (a, b)):
            # the literal cannot be above all numbers, so the other one is a NaN where this is wrong
            wrong = above is not None and (a, b)[above].nan
            return found & ((a if a.nan else b).value <= math.inf) if wrong else found
        missing = no_value((a, b))
        chain = pl.when(missing if missing is not None else pl.lit(False)).then(
            pl.lit(None, dtype=pl.Boolean)
        )
        is_nan = pl.any_horizontal([c.value.is_nan() for c in (a, b) if c.nan])
        return chain.when(is_nan).then(pl.lit(on_nan)).otherwise(found)

    return apply


equal: Handler = _comparison(lambda a, b: a == b, False)

_COMPARISONS: dict[str, Handler] = {
    "_==_": equal,
    "_!=_": _comparison(lambda a, b: a != b, True),
    "_<_": _comparison(lambda a, b: a < b, False, 1),
    "_<=_": _comparison(lambda a, b: a <= b, False, 1),
    "_>_": _comparison(lambda a, b: a > b, False, 0),
    "_>=_": _comparison(lambda a, b: a >= b, False, 0),
}


def _in(program: Program, needle: Col, over: Col | tuple[Col, ...]) -> pl.Expr:
    """`needle in over`; `over` is a list column, a constant list, or the elements of a list."""
    needle = program.bind(needle)
    if isinstance(over, tuple):
        found = pl.any_horizontal([equal(program, needle, e) for e in over])
        missing = no_value((needle, *over))
        return found if missing is None else pl.when(~missing).then(found)
    if over.constant is not NOTHING:
        return _among(needle, over)
    if needle.constant is not NOTHING:
        return _unless_nan(needle, over.value.list.contains(needle.value))
    both = pl.when(needle.value.is_not_null()).then(over.value.list.contains(needle.value))
    return pl.when(over.value.is_not_null()).then(_unless_nan(needle, both))


def _unless_nan(needle: Col, found: pl.Expr) -> pl.Expr:
    return (
        pl.when(needle.value.is_nan()).then(pl.lit(False)).otherwise(found) if needle.nan else found
    )


def _among(needle: Col, over: Col) -> pl.Expr:
    items = [i for i in over.constant if not is_nan(i)]  # NaN equals nothing
    dtype = DTYPES[needle.type.name]
    found = needle.value.is_in(pl.lit(pl.Series([items], dtype=pl.List(dtype))).first())
    return pl.when(needle.value.is_not_null()).then(_unless_nan(needle, found))


def _index(program: Program, over: Col, place: Col) -> pl.Expr:
    if place.constant is not NOTHING:
        found = over.value.list.get(max(place.constant, 0), null_on_oob=True)
        return found if place.constant >= 0 else pl.when(pl.lit(False)).then(found)
    over, place = program.bind(over), program.bind(place)
    inside = (place.value >= 0) & (place.value < over.value.list.len().cast(pl.Int64))
    return over.value.list.get(pl.when(inside).then(place.value), null_on_oob=True)


def _matches(_: Program, text: Col, pattern: Col) -> pl.Expr:
    return text.value.str.contains(pattern.constant.rust)


def glob_pattern(globs: Iterable[str]) -> str:
    """The Rust pattern that matches exactly the texts that one of `globs` does (S3)."""
    return rf"\A(?s:{'|'.join(map(_glob, globs))})\z"


def _glob(glob: str) -> str:
    wild = {"*": ".*", "?": "."}
    return "".join(wild.get(part, _escape(part)) for part in re.split(r"([*?])", glob))


def _escape(text: str) -> str:
    return "".join(c if c.isalnum() else f"\\x{{{ord(c):X}}}" for c in text)


def _matches_globs(text: pl.Expr, globs: tuple[str, ...]) -> pl.Expr:
    plain = [g for g in globs if "*" not in g and "?" not in g]
    wild = [g for g in globs if "*" in g or "?" in g]
    found = [text.is_in(plain)] if plain else []
    found += [text.str.contains(glob_pattern(wild))] if wild else []
    return pl.when(text.is_not_null()).then(pl.any_horizontal(found))


def _glob_test(program: Program, text: Col, globs: Col) -> pl.Expr:
    return _matches_globs(program.bind(text).value, globs.constant)


def _any_glob(program: Program, over: Col, globs: Col) -> pl.Expr:
    """Whether any element of a list matches: elements laid flat, results put back by position."""
    column = program.column(over)

    def test(frame: pl.DataFrame) -> list[pl.Series]:
        lists = frame.get_column(column)
        flat = Flat.of(lists)
        found = flat.elements.to_frame("e").select(_matches_globs(pl.col("e"), globs.constant))
        result = flat.rebuild(found.to_series()).list.any()
        return [result.set(lists.is_null(), None)]

    return pl.col(program.step([column], 1, test)[0])


def _timestamp_field(name: str) -> Handler:
    def apply(program: Program, instant: Col, where: Col | None = None) -> pl.Expr:
        if name == "getMilliseconds":
            return instant.value % 10**6 // 1000
        if where is None or where.constant == "UTC":
            return TIMESTAMP_FIELDS[name](instant.value)
        column, zone = program.column(instant), where.constant
        local = program.shared(
            ("local_time", column, zone),
            lambda: program.step([column], 1, lambda f: [local_time(f.get_column(column), zone)]),
        )
        return TIMESTAMP_FIELDS[name](pl.col(local[0]))

    return apply


def _duration_field(name: str) -> Handler:
    return lambda program, span: DURATION_FIELDS[name](program.bind(span).value)


def _length(_: Program, over: Col) -> pl.Expr:
    return over.value.list.len().cast(pl.Int64)


def _characters(_: Program, text: Col) -> pl.Expr:
    return text.value.str.len_chars().cast(pl.Int64)


def _truth(program: Program, text: Col) -> pl.Expr:
    text = program.bind(text)
    true = pl.when(text.value.is_in(_TRUE)).then(pl.lit(True))
    return true.when(text.value.is_in(_FALSE)).then(pl.lit(False))


_TEXTS = ("string", "string")
_FIELDS = (*TIMESTAMP_FIELDS, "getMilliseconds")

NATIVE: dict[tuple[str, tuple[str, ...]], Handler] = {
    **{
        (name, (kind, kind)): handler for name, handler in _COMPARISONS.items() for kind in _SCALARS
    },
    **ARITHMETIC,
    **CONVERSIONS,
    ("_+_", _TEXTS): lambda _, a, b: a.value + b.value,
    **{("@in", (kind, "list")): _in for kind in _SCALARS},
    ("_[_]", ("list", "int")): _index,
    ("size", ("string",)): _characters,
    ("size", ("list",)): _length,
    ("contains", _TEXTS): lambda _, a, b: a.value.str.contains(b.value, literal=True),
    ("startsWith", _TEXTS): lambda _, a, b: a.value.str.starts_with(b.value),
    ("endsWith", _TEXTS): lambda _, a, b: a.value.str.ends_with(b.value),
    ("matches", _TEXTS): _matches,
    ("bool", ("string",)): _truth,
    **{(name, ("timestamp",)): _timestamp_field(name) for name in _FIELDS},
    **{(name, _t): _timestamp_field(name) for name in _FIELDS for _t in [("timestamp", "string")]},
    **{(name, ("duration",)): _duration_field(name) for name in DURATION_FIELDS},
    ("@glob", ("string", "list")): _glob_test,
    ("@any_glob", ("list", "list")): _any_glob,
}
"""What runs on columns; a call that is not here runs by dictionary evaluation."""
