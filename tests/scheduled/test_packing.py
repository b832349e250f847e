"""What is kept comes back as it was, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.scheduled.packing import DamagedError, packed, unpacked


@dataclass(frozen=True)
class Held:
    frame: pl.DataFrame
    more: dict[str, pl.DataFrame]
    at: datetime | None
    lost: int


def held(words: list[str | None]) -> Held:
    times = pl.Series("ts", [datetime(2026, 1, 2, tzinfo=UTC)], pl.Datetime("us", "UTC"))
    frame = pl.DataFrame(
        {
            "word": pl.Series(words, dtype=pl.Categorical()),
            "mask": pl.Series(range(len(words)), dtype=pl.UInt64),
            "list": pl.Series([[word] for word in words], dtype=pl.List(pl.String)),
        }
    )
    return Held(frame, {"times": times.to_frame(), "none": frame.clear()}, times[0], 3)


@given(st.lists(st.none() | st.text(max_size=8), max_size=30))
def test_frames_numbers_and_times_come_back_with_their_types(words: list[str | None]) -> None:
    value = held(words)
    found = unpacked(packed(value), Held)
    assert found.frame.schema == value.frame.schema
    assert found.frame.equals(value.frame)
    assert {name: f.schema for name, f in found.more.items()} == {
        name: f.schema for name, f in value.more.items()
    }
    assert (found.at, found.lost) == (value.at, 3)


def test_words_are_those_of_this_process_when_it_reads_them() -> None:
    """Codes of categories are given out anew in every process: here two come together."""
    first, second = held(["a", "b"]), held(["b", "c", None])
    found = [unpacked(packed(one), Held).frame for one in (second, first)]
    together = pl.concat(found)["word"]
    assert together.cast(pl.String).to_list() == ["b", "c", None, "a", "b"]
    assert together.n_unique() == 4


@given(st.data())
def test_whatever_byte_is_changed_or_lost_is_noticed(data: st.DataObject) -> None:
    content = packed(held(["a", None]))
    at = data.draw(st.integers(0, len(content) - 1))
    change = data.draw(st.integers(1, 255))
    for damaged in (
        content[:at],
        content[:at] + bytes([content[at] ^ change]) + content[at + 1 :],
        content[:at] + content[at + 1 :],
    ):
        with pytest.raises(DamagedError):
            unpacked(damaged, Held)


@dataclass(frozen=True)
class Holding:
    each: dict[str, Held] | None


def test_a_kind_that_has_other_fields_by_now_is_not_read() -> None:
    @dataclass(frozen=True)
    class Held:
        frame: pl.DataFrame

    with pytest.raises(DamagedError, match="unexpected keyword"):
        unpacked(packed(held([])), Held)


def test_what_a_kind_names_is_read_and_nothing_else() -> None:
    value = Holding({"one": held([])})
    found = unpacked(packed(value), Holding)
    assert found.each is not None
    assert found.each["one"].lost == 3
    with pytest.raises(DamagedError, match="`Holding` is not known"):
        unpacked(packed(value), Held)
    with pytest.raises(DamagedError, match="it is no `Holding`"):
        unpacked(packed(value.each), Holding)
