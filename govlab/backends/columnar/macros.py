"""Macros over list columns: the body runs on all elements laid flat, row results by position."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from govlab.backends.columnar.cells import Cells, dtype_of, malformed_name, unknown_name
from govlab.backends.columnar.dictionary import free_locals, reads
from govlab.backends.columnar.flat import Flat
from govlab.lang.nodes import Macro

__all__ = ["flat_frame", "fold"]

# What one element says, ordered so that the row's result is the largest (an empty list: 0).
_NONE, _ERROR, _UNKNOWN, _ENDS = range(4)


def flat_frame(
    macro: Macro, frame: pl.DataFrame, lists: pl.Series, local: Mapping[str, str]
) -> tuple[pl.DataFrame, Flat]:
    """The elements of `lists` as the macro's variable, beside what its body reads of their rows.

    `local` names the columns that hold the variables of enclosing macros.
    """
    flat = Flat.of(lists)
    parts = [p for p in (macro.body, macro.condition) if p is not None]
    names = {n for p in parts for n in reads(p)}
    inner = {n for p in parts for n in free_locals(p)} - {macro.variable.name}
    flags = [f for n in names for f in (malformed_name(n), unknown_name(n)) if f in frame.columns]
    outer = [pl.col(local.get(n, n)).alias(n) for n in inner]
    below = frame.select("#row", *names, *flags, *outer)[flat.owners()]
    return below.with_columns(flat.elements.alias(macro.variable.name)), flat


def fold(macro: Macro, flat: Flat, body: Cells, condition: Cells | None) -> Cells:
    """The macro's result for each row, given its body's for each element."""
    match macro.kind:
        case "all":
            return _decided(flat, body, False)
        case "exists":
            return _decided(flat, body, True)
        case "exists_one":
            worst = _worst(flat, _codes(body))
            count = flat.rebuild(body.value.fill_null(False).cast(pl.Int64)).list.sum().fill_null(0)
            return _where(worst, count == 1)
        case "filter":
            kept = flat.rebuild(flat.elements, body.value.fill_null(False))
            return _where(_worst(flat, _codes(body)), kept)
        case "map":
            return _mapped(macro, flat, body, condition)


def _codes(cells: Cells) -> pl.Series:
    """For each element: a value, an error, or unknown."""
    failed = cells.value.is_null().cast(pl.UInt8)
    return failed if cells.unknown is None else failed + cells.unknown.cast(pl.UInt8)


def _worst(flat: Flat, codes: pl.Series) -> pl.Series:
    return flat.rebuild(codes).list.max().fill_null(_NONE)


def _where(worst: pl.Series, value: pl.Series) -> Cells:
    """`value` where nothing failed."""
    return Cells(
        value.set(worst != _NONE, None) if value.dtype != pl.List else _blank(value, worst),
        worst == _UNKNOWN,
    )


def _blank(lists: pl.Series, worst: pl.Series) -> pl.Series:
    frame = pl.DataFrame({"lists": lists, "worst": worst})
    return frame.select(pl.when(pl.col("worst") == _NONE).then(pl.col("lists"))).to_series()


def _decided(flat: Flat, body: Cells, by: bool) -> Cells:
    """`all` (by false) and `exists` (by true): one such element decides, whatever others are."""
    ends = (body.value == by).fill_null(False)
    codes = _codes(body).cast(pl.UInt8).set(ends, _ENDS)
    worst = _worst(flat, codes)
    value = pl.Series([not by, None, None, by], dtype=pl.Boolean).gather(worst.cast(pl.UInt32))
    return Cells(value, worst == _UNKNOWN)


def _mapped(macro: Macro, flat: Flat, body: Cells, condition: Cells | None) -> Cells:
    """`map(x, body)`, or `map(x, condition, body)`: a body that is not taken cannot fail."""
    values = body.value.cast(dtype_of(macro.body.type) or pl.Null)
    if condition is None:
        return _where(_worst(flat, _codes(body)), flat.rebuild(values))
    taken = condition.value.fill_null(False)
    failed = _codes(body).set(~taken, _NONE)
    both = pl.DataFrame({"a": failed, "b": _codes(condition)}).select(pl.max_horizontal("a", "b"))
    return _where(_worst(flat, both.to_series()), flat.rebuild(values, taken))
