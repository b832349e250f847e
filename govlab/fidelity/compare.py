"""One snapshot replayed over one piece of a log, and held against what was recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from govlab.bundle import Bundle
from govlab.fidelity.model import EXAMPLES, Kind
from govlab.fidelity.parts import base_digest, is_decided
from govlab.replays import replay
from govlab.selection import CHOSEN

__all__ = ["Compared", "compare"]

_BESIDE = ("decision", "rule", "policy_digest", CHOSEN)
_KEYS = ("verdict", "recorded", "recorded_rule", "replayed", "rule", "lacks")


@dataclass(frozen=True, slots=True)
class Compared:
    """What one snapshot's replay of one piece says of the decisions recorded under it.

    `runs`: `run`, `same`, `differs`, `undecidable`; without a run, all actions are one row.
    """

    kinds: tuple[Kind, ...]
    runs: pl.DataFrame


def compare(frame: pl.LazyFrame, bundle: Bundle) -> Compared:
    """The decisions recorded under `bundle` in `frame` against its replay.

    What reads history sees the whole of `frame`, with what really became of each action.
    """
    have = frame.collect_schema().names()
    own = is_decided(have) & (base_digest() == bundle.digest)
    whole = any(member.history for member in bundle.chain())
    beside = [name for name in _BESIDE if name in have]
    chosen = frame if whole else frame.filter(own)
    decided = replay(chosen, bundle, by=beside, state="factual").decided
    rows = _judged(decided, bundle.digest)
    return Compared(tuple(_kinds(rows, bundle.digest)), _runs(rows))


def _judged(decided: pl.DataFrame, digest: str) -> pl.DataFrame:
    """The rows recorded under `digest` with a verdict each."""
    have = decided.columns
    logged = {
        name: pl.col(f"log.{name}").cast(pl.String) if f"log.{name}" in have else pl.lit(None)
        for name in ("decision", "rule", "policy_digest", "run_id")
    }
    time = pl.Datetime("us", "UTC")
    ts = pl.col("log.ts") if "log.ts" in have else pl.lit(None, time)
    verdict = (
        pl.when(pl.col("status") == "undecidable")
        .then(pl.lit("undecidable"))
        .when(pl.col("recorded") == pl.col("replayed"))
        .then(pl.lit("same"))
        .otherwise(pl.lit("differs"))
    )
    return (
        decided.lazy()
        .select(
            "event_id",
            "status",
            recorded=logged["decision"],
            recorded_rule=logged["rule"].cast(pl.String),
            replayed="decision",
            rule="rule",
            lacks=pl.col("lacks").list.join(","),
            run=logged["run_id"].cast(pl.String),
            ts=ts,
            decision=logged["decision"],
            policy_digest=logged["policy_digest"],
            **{CHOSEN: pl.col(f"log.{CHOSEN}") if f"log.{CHOSEN}" in have else pl.lit(value=True)},
        )
        .filter(is_decided((CHOSEN,)) & (base_digest() == digest))
        .with_columns(verdict=verdict)
        .collect()
    )


def _runs(rows: pl.DataFrame) -> pl.DataFrame:
    verdicts = ("same", "differs", "undecidable")
    counts = [(pl.col("verdict") == v).sum().cast(pl.Int64).alias(v) for v in verdicts]
    return rows.group_by("run").agg(counts).sort("run")


def _kinds(rows: pl.DataFrame, digest: str) -> list[Kind]:
    """What is the same is one kind a decision: its rules and examples tell nothing."""
    same = pl.col("verdict") == "same"
    quiet = [pl.when(~same).then(name).alias(name) for name in ("recorded_rule", "rule")]
    lacks = pl.when(pl.col("verdict") == "undecidable").then("lacks").alias("lacks")
    table = (
        rows.with_columns(*quiet, lacks)
        .sort("ts", "event_id", nulls_last=True)
        .group_by(_KEYS)
        .agg(
            pl.len().cast(pl.Int64).alias("events"),
            pl.col("ts").first().alias("first"),
            pl.col("event_id").drop_nulls().head(EXAMPLES).alias("examples"),
        )
        .sort(_KEYS, nulls_last=True)
    )
    return [_kind(row, digest) for row in table.iter_rows(named=True)]


def _kind(row: dict[str, Any], digest: str) -> Kind:
    first: datetime | None = row["first"]
    lacks = tuple(name for name in (row["lacks"] or "").split(",") if name)
    examples = () if row["verdict"] == "same" else tuple(row["examples"])
    return Kind(digest, row["verdict"], row["recorded"], row["recorded_rule"], row["replayed"],
                row["rule"], lacks, row["events"], first, examples)  # fmt: skip
