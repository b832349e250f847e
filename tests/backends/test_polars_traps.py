"""What polars does that would make decisions wrong without a word, and why the engine is built so.

Each test shows the trap as this version of polars has it, or fails to say that it is gone; then
the pin in pyproject.toml and the cure may be looked at again.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from govlab.backends.columnar.numbers import ARITHMETIC
from govlab.backends.columnar.program import Col, Program
from govlab.types import DOUBLE

ROWS = 300_000
CURE = pl.QueryOptFlags(check_order_observe=False)
GONE = "polars no longer permutes these rows: the pin in pyproject.toml may be looked at again"


def _log(folder: Path) -> tuple[Path, list[str]]:
    """A file of many small row groups, and what `_literal_branches` gives in its order."""
    path = folder / "log.parquet"
    frame = pl.DataFrame({"n": pl.int_range(ROWS, eager=True) * 7919 % 1000})
    frame.write_parquet(path, row_group_size=100)
    return path, ["a" if n > 500 else "b" for n in frame["n"]]


def _literal_branches() -> pl.Expr:
    return pl.when(pl.col("n") > 500).then(pl.lit("a")).otherwise(pl.lit("b")).alias("v")


def _joined() -> tuple[pl.LazyFrame, list[str]]:
    left = pl.DataFrame({"k": pl.int_range(20_000, eager=True) * 31 % 200}).lazy()
    right = pl.DataFrame({"k": pl.int_range(200, eager=True)}).with_columns(t=pl.col("k") * 5 % 7)
    wanted = ["a" if k * 5 % 7 > 3 else "b" for k in (n * 31 % 200 for n in range(20_000))]
    branch = pl.when(pl.col("t") > 3).then(pl.lit("a")).otherwise(pl.lit("b")).alias("v")
    joined = left.join(right.lazy(), on="k", how="left", maintain_order="left").select(branch)
    return joined, wanted


def test_trap_1_a_scan_with_literal_branches_changes_places(tmp_path: Path) -> None:
    path, wanted = _log(tmp_path)
    lazy = pl.scan_parquet(path).select(_literal_branches())
    assert any(lazy.collect()["v"].to_list() != wanted for _ in range(10)), GONE
    for _ in range(5):
        assert lazy.collect(optimizations=CURE)["v"].to_list() == wanted


def test_trap_1_a_join_with_literal_branches_changes_places() -> None:
    lazy, wanted = _joined()
    assert any(lazy.collect()["v"].to_list() != wanted for _ in range(10)), GONE
    for _ in range(5):
        assert lazy.collect(optimizations=CURE)["v"].to_list() == wanted


def test_trap_1_eager_expressions_run_without_the_optimisation(tmp_path: Path) -> None:
    path, wanted = _log(tmp_path)
    frame = pl.read_parquet(path)
    assert "check_order_observe: False" in str(pl.QueryOptFlags._eager())
    for _ in range(5):
        assert frame.select(_literal_branches())["v"].to_list() == wanted


def test_trap_2_nested_when_is_not_nested_by_the_engine() -> None:
    frame = pl.DataFrame({"#row": [0, 1, 2], "d": [1.0, 2.0, 0.0]})
    program = Program(frame)
    col = Col(pl.col("d"), DOUBLE)
    for _ in range(60):
        value = ARITHMETIC["_/_", ("double", "double")](program, col, col)
        col = program.trim(Col(value, DOUBLE, size=1 + 2 * col.size))
        assert len(str(col.value)) < 4_000  # as one expression it would have 2^60 operands
    done = program.run(frame)
    assert done.get_column(program.column(col)).to_list()[:2] == [1.0, 1.0]


def test_null_condition_takes_otherwise_so_both_sides_are_written() -> None:
    frame = pl.DataFrame({"c": [True, False, None]})
    naive = frame.select(pl.when("c").then(pl.lit("x")).otherwise(pl.lit("y"))).to_series()
    both = pl.when("c").then(pl.lit("x")).when(~pl.col("c")).then(pl.lit("y"))
    assert naive.to_list() == ["x", "y", "y"]
    assert frame.select(both).to_series().to_list() == ["x", "y", None]


def test_guards_by_and_would_hide_an_error() -> None:
    frame = pl.DataFrame({"a": [float("nan")], "b": [None]}, schema_overrides={"b": pl.Float64})
    absorbed = frame.select((pl.col("a") < pl.col("b")) & ~pl.col("a").is_nan()).item()
    assert absorbed is False  # NaN < <error> is an error in CEL


def test_a_literal_against_a_scalar_column_has_height_one() -> None:
    frame = pl.DataFrame({"n": [1, 2, 3]}).with_columns(s=pl.lit(0.5))
    assert frame.select(pl.lit(0.0) <= pl.col("s")).height == 1
    plain = pl.DataFrame(frame.get_columns())  # as series: no scalar is left
    assert plain.select(pl.lit(0.0) <= pl.col("s")).height == 3


def test_adding_zero_is_folded_away_and_loses_the_sign() -> None:
    frame = pl.DataFrame({"d": [-0.0, -0.0]})
    assert str(frame.select(pl.col("d") + 0.0).item(0, 0)) == "-0.0"
    full = frame.with_columns(z=pl.repeat(0.0, 2, eager=True))
    assert str(full.select(pl.col("d") + pl.col("z")).item(0, 0)) == "0.0"


def test_integers_wrap_floor_and_nan_equals_itself() -> None:
    frame = pl.DataFrame({"i": [2**63 - 1], "m": [-7], "d": [float("nan")]})
    wrapped, floored, same = frame.select(
        pl.col("i") + 1, (pl.col("m") // 2).alias("q"), (pl.col("d") == pl.col("d")).alias("e")
    ).row(0)
    assert (wrapped, floored, same) == (-(2**63), -4, True)
