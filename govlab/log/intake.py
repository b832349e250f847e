"""From records to rows of the log: typed frames, digests of arguments, ids, duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import polars as pl

from govlab.log.cells import Cells, framed, series, typed
from govlab.log.conform import COLUMNS, polars_type
from govlab.log.plainlists import digests
from govlab.log.records import CARRIED, FILE, Action
from govlab.runtime import arguments
from govlab.runtime.withheld import WITHHELD
from govlab.schema import ACTIONS, MARKS, RUN_REQUEST

__all__ = ["PROVENANCE", "Ids", "Parted", "Seen", "as_table", "digested", "identified"]

PROVENANCE: Final = ("source_format", "source_ref", "extra", "time_source", "weight")
"""What may differ between two copies of one action."""

_IDENTITY = ("ts", "actor", "tool", "action", "resource", "args_sha256")


def as_table(actions: Sequence[Action]) -> pl.DataFrame:
    """Rows of the canonical columns that any of `actions` has, typed, and `LINE`, `FILE`.

    A cell that is not of its column's type, or a negative count, is null and marked malformed.
    `unknown_columns` among the values names what a source cannot tell of that row alone.
    """
    present = {name for action in actions for name in action.values}
    columns = [
        _cells(name, [action.values.get(name) for action in actions])
        for name in COLUMNS
        if name in present
    ]
    columns += [
        Cells(pl.Series(name, [action.values.get(name) for action in actions], pl.String))
        for name in CARRIED
        if name in present
    ]
    files = pl.Series(FILE, [action.values[FILE] for action in actions], pl.Int64)
    return framed([*columns, Cells(files)], [action.line for action in actions])


def _cells(name: str, values: list[Any]) -> Cells:
    kind = COLUMNS[name].type
    return (
        Cells(series(name, values, kind)) if kind.name == "timestamp" else typed(name, values, name)
    )


def digested(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with `args_sha256` where there are arguments: one digest per distinct text."""
    if "args" not in frame.columns:
        return frame
    known = "args_sha256" in frame.columns
    if known and not (frame["args_sha256"].is_null() & frame["args"].is_not_null()).any():
        return frame
    whole = pl.col("args").cast(pl.String)
    if MARKS[0] in frame.columns:  # of what is left of arguments the digest would be another's
        marks = pl.col(MARKS[0]).cast(pl.String).str.split(",").list
        partly = marks.contains(WITHHELD) | marks.contains("args_sha256")
        whole = pl.when(~partly.fill_null(False)).then(whole)
    bare = frame.filter(pl.col("args_sha256").is_null()) if known else frame
    distinct = bare.select(whole.alias("args"))["args"].drop_nulls().unique(maintain_order=True)
    if known and distinct.is_empty():
        return frame
    made = whole.replace_strict(
        distinct, pl.Series(digests(distinct.to_list()), dtype=pl.String), default=None
    )
    stated = [pl.col("args_sha256")] if known else []
    return frame.with_columns(pl.coalesce(*stated, made).alias("args_sha256"))


@dataclass(slots=True)
class Ids:
    """Makes ids for actions that have none: a hash of tenant, run, place in the run, content.

    Equal calls of one run differ by place; without a run, equal actions differ by how often
    they were seen. File names take no part (J6).
    """

    places: dict[bytes, int] = field(default_factory=dict)

    def of(self, row: Mapping[str, Any]) -> str:
        """The id of one row with the canonical columns it has."""
        if row.get("run_id") is None:
            content = [row.get("tenant"), *(row.get(name) for name in _IDENTITY)]
            return _hash([*content, self._next(content)])
        run = [row.get("tenant"), row["run_id"]]
        place = row.get("step")
        place = self._next(run) if place is None else place
        return _hash([*run, place, row.get("tool"), row.get("action"), row.get("args_sha256")])

    def _next(self, key: list[Any]) -> int:
        name = sha256(arguments.canonical(key).encode()).digest()[:16]
        self.places[name] = self.places.get(name, -1) + 1
        return self.places[name]


def _hash(parts: list[Any]) -> str:
    return sha256(arguments.canonical(parts).encode(errors="surrogatepass")).hexdigest()[:32]


def identified(frame: pl.DataFrame, ids: Ids) -> pl.DataFrame:
    """`frame` with an `event_id` in every row."""
    if "event_id" in frame.columns and not frame["event_id"].null_count():
        return frame
    stated = frame["event_id"].to_list() if "event_id" in frame.columns else [None] * frame.height
    read = [n for n in ("tenant", "run_id", "step", *_IDENTITY) if n in frame.columns]
    rows = frame.select(read).iter_rows(named=True)
    made = [known or ids.of(row) for known, row in zip(stated, rows, strict=True)]
    return frame.with_columns(pl.Series("event_id", made, pl.String))


@dataclass(frozen=True, slots=True)
class Parted:
    """A batch without its duplicates: what is new, what was there, what contradicts."""

    fresh: pl.DataFrame
    identical: pl.DataFrame
    conflicting: pl.DataFrame


_KEY = ("_key", "_key2")
_PAST = pl.Schema({"_key": pl.UInt64, "_key2": pl.UInt64, "_content": pl.UInt64})


@dataclass(slots=True)
class Seen:
    """The rows met so far, as 24 bytes each: two hashes of the id, one of the content."""

    past: list[pl.DataFrame] = field(default_factory=list)

    def part(self, frame: pl.DataFrame) -> Parted:
        """`frame` parted by whether its (tenant, event_id) was met before, here or in the past."""
        hashes = _hashes(frame)
        earlier = self._earlier(hashes)
        judged = hashes.join(earlier, on=_KEY, how="left", maintain_order="left").with_columns(
            _new=pl.col("_past").is_null() & pl.struct(_KEY).is_first_distinct(),
            _first=pl.coalesce("_past", pl.col("_content").first().over(_KEY)),
        )
        same = pl.col("_content") == pl.col("_first")
        kinds = judged.select("_new", _same=~pl.col("_new") & same, _other=~pl.col("_new") & ~same)
        self.past.append(hashes.filter(kinds["_new"]))
        same_rows, other_rows = frame.filter(kinds["_same"]), frame.filter(kinds["_other"])
        return Parted(frame.filter(kinds["_new"]), same_rows, other_rows)

    def _earlier(self, hashes: pl.DataFrame) -> pl.DataFrame:
        past = pl.concat([_PAST.to_frame(), *self.past])
        found = past.join(hashes, on=_KEY, how="semi")
        return found.rename({"_content": "_past"})


def _hashes(frame: pl.DataFrame) -> pl.DataFrame:
    """Two independent hashes of tenant and id, and one of everything that is said of the action."""
    ids = frame.select(_or_null(frame, "tenant"), "event_id")
    said = [n for n in (*ACTIONS, *RUN_REQUEST) if n not in PROVENANCE and n != "event_id"]
    content = frame.select(_or_null(frame, name) for name in said)
    return pl.DataFrame({
        "_key": ids.hash_rows(seed=1),
        "_key2": ids.hash_rows(seed=7919),
        "_content": content.hash_rows(seed=3),
    })  # fmt: skip


def _or_null(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column as its stored type, or nulls of it: a hash must not depend on which columns came."""
    dtype = polars_type(COLUMNS[name].type)
    return pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype).alias(name)
