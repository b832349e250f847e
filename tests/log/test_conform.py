"""Foreign tables become typed rows; what does not fit is marked, never raised."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from govlab.errors import LogError
from govlab.log.conform import as_frame, conform, conformed


def one(name: str, value: Any, dtype: Any = None, tz: str | None = None) -> tuple[Any, Any]:
    """The cell and the mark that conform makes of one value."""
    given = pl.DataFrame({name: pl.Series([value], dtype=dtype)}).lazy()
    row = conform(given, tz=tz).collect().row(0, named=True)
    return row["cost_micro_usd" if name == "cost" else name], row["malformed_columns"]


@pytest.mark.parametrize(
    ("name", "value", "want"),
    [
        ("step", "7", 7), ("step", 7.0, 7), ("step", 7, 7), ("tokens_in", "0", 0),
        ("amount", "1e2", 100.0), ("amount", 3, 3.0), ("read_only", "True", True),
        ("read_only", False, False), ("run_id", 12, "12"), ("tool", "é", "é"),
        ("risk_tags", ["a"], ["a"]), ("risk_tags", [], []), ("cost", "0.0000005", 0),
        ("cost", "0.0000015", 2), ("cost", 0.0000025, 2), ("cost", "12.3456789", 12345679),
        ("cost", 3, 3_000_000), ("cost", Decimal("0.0000025"), 2), ("cost_micro_usd", "5", 5),
        ("ts", "2026-01-01T01:00:00.25+01:00", datetime(2026, 1, 1, 0, 0, 0, 250_000, tzinfo=UTC)),
        ("ts", "2026-01-01 00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_cells_that_fit(name: str, value: Any, want: Any) -> None:
    assert one(name, value) == (want, None)


@pytest.mark.parametrize(
    ("name", "value", "marked"),
    [
        ("step", "x", "step"), ("step", -1, "step"), ("step", 1.5, "step"), ("step", True, "step"),
        ("step", str(2**63), "step"), ("amount", float("nan"), "amount"),
        ("amount", "inf", "amount"), ("amount", -0.5, "amount"), ("read_only", "yes", "read_only"),
        ("read_only", 1, "read_only"), ("risk_tags", "a", "risk_tags"),
        ("risk_tags", ["a", None], "risk_tags"), ("risk_tags", [1], "risk_tags"),
        ("tool", 1.5, "tool"), ("cost", "-0.01", "cost,cost_micro_usd"),
        ("cost", "many", "cost,cost_micro_usd"), ("cost", float("inf"), "cost,cost_micro_usd"),
        ("cost", True, "cost,cost_micro_usd"), ("cost_micro_usd", -1, "cost,cost_micro_usd"),
        ("ts", "yesterday", "ts"), ("ts", "2026-01-01T00:00:00", "ts"), ("ts", 12, "ts"),
        ("ts", "2026-01-01T00:00:00.0000001Z", "ts"), ("ts", "2026-02-30T00:00:00Z", "ts"),
    ],
)  # fmt: skip
def test_cells_that_do_not_fit_are_null_and_marked(name: str, value: Any, marked: str) -> None:
    assert one(name, value) == (None, marked)


def test_a_null_cell_is_absent_not_malformed() -> None:
    assert one("step", None, pl.String) == (None, None)
    assert one("cost", None, pl.Float64) == (None, None)


def test_times_without_offset_need_a_zone() -> None:
    naive = datetime(2026, 7, 1, 12)  # noqa: DTZ001  that is the case
    with pytest.raises(LogError, match="`ts` holds times without offset"):
        one("ts", naive, pl.Datetime("us"))
    want = datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert one("ts", naive, pl.Datetime("us"), tz="Europe/Berlin") == (want, None)
    assert one("ts", "2026-07-01 12:00", tz="Europe/Berlin") == (want, None)


def test_times_that_do_not_exist_in_the_zone_are_malformed() -> None:
    assert one("ts", "2026-03-29 02:30:00", tz="Europe/Berlin") == (None, "ts")


def test_nanoseconds_that_are_not_whole_microseconds_are_malformed() -> None:
    kind = pl.Datetime("ns", "UTC")
    frame = pl.DataFrame({"ts": pl.Series([1_000, 1_001]).cast(kind)}).lazy()
    assert conform(frame).collect()["malformed_columns"].to_list() == [None, "ts"]


def test_marks_add_up_and_conform_is_idempotent() -> None:
    given = pl.LazyFrame({
        "tool": ["a", "b"], "step": ["x", "1"], "cost": ["1", "x"], "mine": [1, 2],
        "malformed_columns": ["ts", None],
    })  # fmt: skip
    once = conform(given)
    assert once.collect()["malformed_columns"].to_list() == ["ts,step", "cost,cost_micro_usd"]
    assert once.collect()["mine"].to_list() == [1, 2]
    assert conform(once).collect().equals(once.collect())


def test_anything_that_speaks_arrow_is_a_table() -> None:
    table = pa.table({"tool": ["a"], "step": [1]})
    assert as_frame(table).collect().equals(as_frame(pl.DataFrame(table)).collect())
    with pytest.raises(LogError, match="`dict` is no table"):
        as_frame({"tool": ["a"]})


CONFORM = {
    "tool": ["a", None], "step": [1, None], "destructive": [True, None],
    "risk_tags": [["x"], None], "malformed_columns": ["ts", None],
}  # fmt: skip
TYPES = {
    "step": pl.Int64,
    "risk_tags": pl.List(pl.String),
    "malformed_columns": pl.Categorical,
}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"step": [-1, 2]},
        {"risk_tags": [[None], ["x"]]},
        {"risk_tags": [["x", None], []]},
        {"tokens_in": [3, -3]},
        {"amount": [0.5, float("nan")]},
        {"cost": ["0.5", "x"]},
        {"ts": ["2026-07-01T12:00:00Z", "later"]},
    ],
    ids=lambda changed: next(iter(changed), "as it is"),
)
def test_a_table_in_memory_is_typed_as_any_other(changed: dict[str, list[Any]]) -> None:
    types = {n: t for n, t in TYPES.items() if n in {**CONFORM, **changed}}
    table = pl.DataFrame({**CONFORM, **changed}, schema_overrides=types)
    for given in (table, table.drop("malformed_columns"), pl.concat([table, table], rechunk=False)):
        want = conform(given.lazy()).collect()
        assert_frame_equal(conformed(given).collect(), want, categorical_as_str=True)


def test_a_table_that_is_conform_is_given_back_as_it_is() -> None:
    table = pl.DataFrame(CONFORM, schema_overrides=TYPES)
    assert "WITH_COLUMNS" not in conformed(table).explain()
    assert "WITH_COLUMNS" in conformed(table.lazy()).explain(), "of what is lazy nothing is known"
    with pytest.raises(LogError, match="`dict` is no table"):
        conformed({"tool": ["a"]})
