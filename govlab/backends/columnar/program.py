"""Expressions in stages: whatever is used more than once becomes a column first.

Checked arithmetic and NaN guards use an operand several times; as one expression `a / b / c / ...`
would grow exponentially. A `Program` keeps expressions small by binding them to columns, stage by
stage; every stage is one eager `with_columns`, so rows cannot change places (polars 2.1 can permute
the rows of lazily composed plans).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import polars as pl

from govlab.types import Type

__all__ = ["NOTHING", "Bounds", "Col", "Program", "Step", "any_of", "no_value", "unknown_of"]

NOTHING: Final = object()
"""Stands where a `Col` is no constant."""
_LARGE = 24  # operators in one expression, before it is bound to a column

Step = Callable[[pl.DataFrame], Sequence[pl.Series]]
Bounds = tuple[int, int]
"""The least and the greatest of whole numbers."""


@dataclass(frozen=True, slots=True)
class Col:
    """What a node compiles to: its value, null where it is an error or unknown.

    `unknown` is never null, and None where nothing unknown can be below; `size` counts operators,
    1 for a bare column; `nan` says whether a double may be NaN; `constant` holds a literal's value;
    `bounds` what a whole number lies between, where that is known.
    """

    value: pl.Expr
    type: Type
    unknown: pl.Expr | None = None
    size: int = 1
    nan: bool = False
    constant: Any = NOTHING
    bounds: Bounds | None = None


def any_of(flags: Iterable[pl.Expr | None]) -> pl.Expr | None:
    """True where any of `flags` is; None where there are none."""
    given = [f for f in flags if f is not None]
    if not given:
        return None
    return given[0] if len(given) == 1 else pl.any_horizontal(given)


def unknown_of(cols: Iterable[Col]) -> pl.Expr | None:
    """Where any of `cols` is unknown: what a strict function of them is."""
    return any_of(c.unknown for c in cols)


def no_value(cols: Iterable[Col]) -> pl.Expr | None:
    """Where any of `cols` has no value; None where all are constants."""
    return any_of(c.value.is_null() for c in cols if c.constant is NOTHING)


def _full(frame: pl.DataFrame, expr: pl.Expr) -> pl.Series:
    """A literal in every row."""
    return frame.select("#row", expr.alias("literal")).get_column("literal")


def _computed(frame: pl.DataFrame, exprs: Sequence[pl.Expr]) -> list[pl.Series]:
    """A column of full height for each expression.

    Where a `when` takes one literal branch in every row, polars 2.1 may make the whole expression
    one value of height 1, and then refuses to place it beside others. All its inputs are the same
    in every row then, so the value is too.
    """
    if not exprs:
        return []
    try:
        made = frame.select(exprs).get_columns()
    except pl.exceptions.ShapeError:
        made = [frame.select(expr).to_series() for expr in exprs]
    height = frame.height
    return [s if len(s) == height else s.new_from_index(0, height) for s in made]


class Program:
    """Columns to be computed, in stages; compiled against the columns of one frame."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.schema = frame.schema
        self._frame = frame
        self._ready = dict.fromkeys(frame.columns, 0)
        self._stages: list[tuple[list[pl.Expr], list[tuple[Step, tuple[str, ...]]]]] = []
        self._names = 0
        self._extremes: dict[str, Bounds] = {}
        self._shared: dict[Hashable, list[str]] = {}

    def has(self, column: str) -> bool:
        """Whether the frame has `column`."""
        return column in self.schema

    def may_be_nan(self, column: str) -> bool:
        """Whether NaN occurs in `column` of the frame."""
        return self.schema[column] == pl.Float64 and bool(
            self._frame.get_column(column).is_nan().any()
        )

    def extremes(self, column: str) -> Bounds | None:
        """The least and greatest number in `column`; None where the frame has no such numbers."""
        if self.schema.get(column) not in (pl.Int64, pl.UInt64):
            return None
        if column not in self._extremes:
            series = self._frame.get_column(column)
            low, high = series.min(), series.max()
            self._extremes[column] = (
                (low, high) if isinstance(low, int) and isinstance(high, int) else (0, 0)
            )
        return self._extremes[column]

    def let(self, expr: pl.Expr) -> pl.Expr:
        """The column that `expr` is bound to."""
        reads = expr.meta.root_names()
        if not reads:
            return pl.col(self.step((), 1, lambda frame: [_full(frame, expr)])[0])
        name = self._name()
        self._stage(reads, (name,))[0].append(expr.alias(name))
        return pl.col(name)

    def step(self, reads: Iterable[str], results: int, function: Step) -> list[str]:
        """Columns that `function` computes from a frame that has the columns `reads`."""
        names = tuple(self._name() for _ in range(results))
        self._stage(reads, names)[1].append((function, names))
        return list(names)

    def shared(self, key: Hashable, make: Callable[[], list[str]]) -> list[str]:
        """The columns that `make` adds, added once for each `key`."""
        if key not in self._shared:
            self._shared[key] = make()
        return self._shared[key]

    def bind(self, col: Col) -> Col:
        """`col` as bare columns, to be used any number of times."""
        if col.size == 1:
            return col
        unknown = None if col.unknown is None else self.let(col.unknown)
        return replace(col, value=self.let(col.value), unknown=unknown, size=1)

    def trim(self, col: Col) -> Col:
        """`col`, bound where its expression has grown large."""
        return self.bind(col) if col.size > _LARGE else col

    def column(self, col: Col) -> str:
        """The name of a column that holds the value of `col`."""
        names = col.value.meta.root_names()
        bare = col.size == 1 and col.constant is NOTHING and col.value.meta.is_column()
        return names[0] if bare else self.let(col.value).meta.output_name()

    def run(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`frame` with every column computed.

        Columns go through series: polars 2.1 keeps a column of one value as a scalar, and
        `literal < scalar column` has height 1.
        """
        for exprs, steps in self._stages:
            made = _computed(frame, exprs)
            for function, names in steps:
                made += [s.alias(n) for s, n in zip(function(frame), names, strict=True)]
            frame = frame.hstack(made)
        return frame

    def _name(self) -> str:
        self._names += 1
        return f"#{self._names}"

    def _stage(
        self, reads: Iterable[str], names: Iterable[str]
    ) -> tuple[list[pl.Expr], list[tuple[Step, tuple[str, ...]]]]:
        """The first stage that may read `reads`; `names` are ready after it."""
        at = max((self._ready[name] for name in reads), default=0)
        while len(self._stages) <= at:
            self._stages.append(([], []))
        self._ready |= dict.fromkeys(names, at + 1)
        return self._stages[at]
