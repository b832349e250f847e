"""One condition over a frame of variables: how language tests run on columns."""

from __future__ import annotations

from typing import Any

import polars as pl

from govlab.backends.columnar.cells import Cells, dtype_of, unknown_name
from govlab.backends.columnar.compile import evaluate_nodes
from govlab.backends.columnar.dictionary import evaluate_distinct, reads
from govlab.backends.columnar.native import Native
from govlab.lang.nodes import Node
from govlab.runtime.states import ERROR, UNKNOWN, Mark
from govlab.types import Type

__all__ = ["evaluate_frame"]


def evaluate_frame(node: Node, frame: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """What `node` comes to in every row: values, and `value`, `error` or `unknown`.

    A column of `frame` is a variable by its name, null where absent; `name#malformed` and
    `name#unknown` (bool) are read where given. Times come as Datetime or Duration and go as
    Int64 microseconds; what no column can hold comes as a column of Python objects.

    >>> from govlab.lang.nodes import Variable
    >>> from govlab.lang.syntax import Span
    >>> from govlab.types import INT
    >>> evaluate_frame(Variable(INT, Span(0, 1), "n"), pl.DataFrame({"n": [1, None]}))[1].to_list()
    ['value', 'error']
    """
    states = _states_frame(node, frame)
    if not Native().storable(node):
        return _objects(node, states)
    cells = evaluate_nodes([node], states)[0]
    return cells.value, _status(cells)


def _status(cells: Cells) -> pl.Series:
    no = pl.lit(False)
    frame = pl.DataFrame({"value": cells.value})
    if cells.unknown is not None:
        frame = frame.with_columns(cells.unknown.alias("unknown"))
        no = pl.col("unknown")
    text = (
        pl.when(no)
        .then(pl.lit("unknown"))
        .when(pl.col("value").is_null())
        .then(pl.lit("error"))
        .otherwise(pl.lit("value"))
    )
    return frame.with_columns(text.alias("status")).get_column("status")


def _objects(node: Node, states: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    groups, results = evaluate_distinct(node, states)
    rows: list[Any] = [results[i] for i in groups.ids]
    words = ["unknown" if r is UNKNOWN else "error" if r is ERROR else "value" for r in rows]
    values = [None if isinstance(r, Mark) else r for r in rows]
    return pl.Series(values, dtype=pl.Object), pl.Series(words, dtype=pl.String)


def _states_frame(node: Node, frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` as a states frame; a variable that it lacks is absent, unless it is unknown."""
    wanted = reads(node)
    lacking = [
        pl.lit(None, dtype=dtype_of(t)).alias(n)
        for n, t in wanted.items()
        if n not in frame.columns
    ]
    typed = [_typed(n, t) for n, t in wanted.items() if n in frame.columns]
    flags = [unknown_name(n) for n in wanted if unknown_name(n) in frame.columns]
    clear = [pl.when(~pl.col(f)).then(pl.col(f.removesuffix("#unknown"))) for f in flags]
    row = pl.int_range(frame.height, dtype=pl.UInt32, eager=True).alias("#row")
    return frame.with_columns(row).with_columns(*lacking, *typed).with_columns(clear)


def _typed(name: str, type_: Type) -> pl.Expr:
    units = {"timestamp": pl.Datetime("us", "UTC"), "duration": pl.Duration("us")}
    wanted = units.get(type_.name)
    return pl.col(name) if wanted is None else pl.col(name).cast(wanted).cast(pl.Int64)
