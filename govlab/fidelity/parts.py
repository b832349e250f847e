"""A log as pieces that are checked once: each is known by the digest of its file."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path

import polars as pl

from govlab.log.collect import collected
from govlab.log.scan import scan_log
from govlab.log.store import is_log
from govlab.selection import CHOSEN

__all__ = ["Census", "Part", "base_digest", "census", "is_decided", "joined", "parts"]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a log and the name of its content; None where that has none, as of a frame."""

    frame: pl.LazyFrame
    key: str | None


@dataclass(frozen=True, slots=True)
class Census:
    """A piece's recorded decisions: how many name each snapshot (None: none), and its newest `ts`.

    Columns of `by`: `digest` (before the first `|`), `events`, `newest`.
    """

    by: pl.DataFrame

    def of(self, digest: str) -> int:
        """How many decisions name `digest`."""
        return int(self.by.filter(pl.col("digest") == digest)["events"].sum())


def parts(log: Path | pl.LazyFrame) -> list[Part]:
    """The files of the log folder or file `log`; a frame is one piece without a name."""
    if isinstance(log, pl.LazyFrame):
        return [Part(log, None)]
    files = sorted(log.glob("actions/*/*.parquet")) if is_log(log) else [log]
    return [Part(scan_log(file), _digest(file)) for file in files]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def joined(pieces: Iterable[Part], whole: pl.LazyFrame) -> Part:
    """All pieces as one: what reads history cannot be checked piece by piece."""
    keys = [piece.key for piece in pieces]
    if None in keys:
        return Part(whole, None)
    return Part(whole, sha256("\n".join(map(str, keys)).encode()).hexdigest())


def census(part: Part) -> Census:
    """The recorded decisions of a piece, by the snapshot that they name."""
    have = set(part.frame.collect_schema().names())
    lacking = {"decision", "policy_digest", "ts"} - have
    kinds = {"ts": pl.Datetime("us", "UTC")}
    frame = part.frame.with_columns(
        pl.lit(None, kinds.get(name, pl.String())).alias(name) for name in sorted(lacking)
    )
    newest = pl.col("ts").max()
    decisions = frame.filter(is_decided(have)).group_by(base_digest()).agg(
        pl.len().cast(pl.Int64).alias("events"), newest.alias("newest")
    )  # fmt: skip
    return Census(collected(decisions, in_pieces=True).sort("digest"))


def is_decided(have: Collection[str] = ()) -> pl.Expr:
    """Whether a decision is on record and looked at, in columns `have`; `UNAVAILABLE` is none."""
    said = pl.col("decision").is_not_null() & (pl.col("decision").cast(pl.String) != "UNAVAILABLE")
    return said & pl.col(CHOSEN) if CHOSEN in have else said


def base_digest() -> pl.Expr:
    """`digest`: the recorded snapshot, without the overlay that stands behind the first `|`."""
    return pl.col("policy_digest").cast(pl.String).str.split("|").list.first().alias("digest")
