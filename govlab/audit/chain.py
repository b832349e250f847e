"""Verification of a log's evidence chains: every record hashed again, every link followed (S17).

A chain shows change, gaps, insertion and reordering inside what it covers, not a cut tail nor a
rewrite by someone who may write it: only a signed checkpoint makes it `ok`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from govlab.audit.checkpoint import Checkpoint
from govlab.audit.entries import links_of_rows
from govlab.audit.links import LINKS, Gap, gaps, in_order
from govlab.audit.merkle import root
from govlab.entries import FORMAT as ENTRIES
from govlab.errors import LogError
from govlab.log.evidence import COVERED, hashes
from govlab.schema import MARKS

__all__ = [
    "BATCH",
    "FOREIGN",
    "NATIVE",
    "Chain",
    "Status",
    "Verification",
    "judge",
    "read_links",
    "verify",
]

Status = Literal["ok", "partial", "unanchored", "compromised", "none"]

BATCH = 250_000
"""Records that are hashed at once."""

NATIVE = ("cordum", "ms_agt_mesh")
"""Formats whose own chain `native` verifies, on the native file."""
FOREIGN = (*NATIVE, "scopeblind", "scopeblind_flat", "scopeblind_envelope")
"""Formats whose records carry a chain of their system's own: its rules need the native file."""


@dataclass(frozen=True, slots=True)
class Chain:
    """One tenant's chain: places `first` to `size` - 1 are there, `anchored` of them under a
    signed checkpoint.

    `digests` are the records' hashes in order (bytes), from which roots and proofs are made.
    """

    tenant: str | None
    status: Status
    records: int
    first: int
    size: int
    anchored: int
    gaps: tuple[Gap, ...]
    digests: tuple[bytes, ...] = ()

    def checkpoint(self) -> Checkpoint:
        """What the chain came to; raises LogError where it is broken or does not begin at 0."""
        if self.status == "compromised" or self.first:
            raise LogError(
                "a checkpoint needs a chain that is whole from its first record on; "
                "`govlab audit verify` says where it is not"
            )
        return Checkpoint(self.tenant, self.size, root(self.digests), self.digests[-1])


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of each chain of a log, and how many records stand in none.

    `status` is that of the worst chain; `none` where the log has no chain. `foreign` counts
    records by the format whose own chain they carry.
    """

    status: Status
    chains: tuple[Chain, ...]
    records: int
    unchained: int
    foreign: tuple[tuple[str, int], ...] = ()
    rules: str = "govlab"

    def gaps(self) -> Iterator[Gap]:
        """Everything wrong, chain by chain."""
        return (gap for chain in self.chains for gap in chain.gaps)


_WORST: tuple[Status, ...] = ("compromised", "unanchored", "partial", "ok")


def verify(
    log: pl.LazyFrame,
    checkpoints: Sequence[Checkpoint] = (),
    *,
    remembered: Sequence[Checkpoint] = (),
) -> Verification:
    """The chains of `log`, a log as `scan_log` gives it, judged against `checkpoints`.

    `remembered` is what earlier verifications found: it shows a rewrite, and anchors nothing.
    Raises LogError where the log cannot be read.

    >>> from govlab.log.evidence import Chains
    >>> rows = Chains().extend(pl.DataFrame({"tool": ["a", "b"], "source_ref": ["x:1", "x:2"]}))
    >>> verify(rows.lazy()).status
    'unanchored'
    >>> forged = rows.with_columns(tool=pl.Series(["a", "c"]))
    >>> [(gap.kind, gap.row) for gap in verify(forged.lazy()).gaps()]
    [('changed', 1)]
    """
    links, formats = read_links(log)
    foreign = formats.filter(pl.col("format").is_in(FOREIGN) & pl.col("chained"))
    counted = tuple((r["format"], r["records"]) for r in foreign.iter_rows(named=True))
    return judge(links, checkpoints, remembered=remembered, foreign=counted)


def judge(
    links: pl.DataFrame,
    checkpoints: Sequence[Checkpoint] = (),
    *,
    remembered: Sequence[Checkpoint] = (),
    foreign: tuple[tuple[str, int], ...] = (),
    starts: tuple[int, ...] = (0,),
    rules: str = "govlab",
) -> Verification:
    """The chains in `links` (all tenants); a chain begins at one of the places `starts`.

    Numbers alone are no chain: of a tenant, a record at the least states a hash.
    """
    stated = pl.col("stated").is_not_null()
    known = links.filter(stated | pl.col("seq").is_not_null(), stated.any().over("tenant"))
    parts: dict[Any, pl.DataFrame] = known.partition_by("tenant", as_dict=True)
    kept = {key[0]: in_order(part) for key, part in parts.items()}
    absent = {c.tenant for c in checkpoints} - set(kept)
    kept |= {tenant: known.clear() for tenant in absent}
    chains = [
        _chain(tenant, part, _of(checkpoints, tenant), _of(remembered, tenant), starts)
        for tenant, part in sorted(kept.items(), key=lambda pair: (pair[0] is not None, pair[0]))
    ]
    found = {chain.status for chain in chains}
    worst: Status = next((status for status in _WORST if status in found), "none")
    outside = links.height - known.height
    return Verification(worst, tuple(chains), links.height, outside, foreign, rules)


def _of(checkpoints: Sequence[Checkpoint], tenant: str | None) -> list[Checkpoint]:
    return sorted((c for c in checkpoints if c.tenant == tenant), key=lambda c: c.size)


def read_links(log: pl.LazyFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The links of a log's records, in its order, and its formats with their records.

    Formats in FOREIGN have no links here: what their hashes cover is not in the log.
    """
    have = log.collect_schema().names()
    wanted = {*COVERED, "tenant", "seq", "event_id", "prev_hash", "record_hash", "source_format",
              "evidence_uri", "evidence_sha256", "extra", MARKS[0]}  # fmt: skip
    lazy = log.select([name for name in have if name in wanted])
    parts, kinds = [LINKS.to_frame()], []
    start = 0
    try:
        for batch in lazy.collect_batches(chunk_size=BATCH, maintain_order=True):
            kinds.append(_formats(batch))
            parts += [_links(batch, start), links_of_rows(batch, start)]
            start += batch.height
    except pl.exceptions.ComputeError as error:
        why = str(error).partition("\n")[0]
        raise LogError(f"the log cannot be read: {why}; ingest its sources again") from error
    empty = pl.DataFrame(schema={"format": pl.String, "chained": pl.Boolean, "records": pl.Int64})
    formats = pl.concat([empty, *kinds]).group_by("format", "chained").agg(pl.col("records").sum())
    return pl.concat(parts), formats.sort("format", "chained")


def _cell(batch: pl.DataFrame, name: str, kind: pl.DataType) -> pl.Series:
    if name not in batch.columns:
        return pl.Series(name, [None], kind).new_from_index(0, batch.height)
    return batch.get_column(name).cast(kind)


def _formats(batch: pl.DataFrame) -> pl.DataFrame:
    links = [_cell(batch, name, pl.String()).is_not_null() for name in ("record_hash", "prev_hash")]
    chained = (links[0] | links[1]).alias("chained")
    kinds = pl.DataFrame([_cell(batch, "source_format", pl.String()).alias("format"), chained])
    return kinds.group_by("format", "chained").agg(pl.len().cast(pl.Int64).alias("records"))


def _links(batch: pl.DataFrame, start: int) -> pl.DataFrame:
    digests = pl.Series("found", [d.hex() for d in hashes(batch)], pl.String)
    names = {"tenant": "tenant", "seq": "seq", "event_id": "event_id",
             "prev_hash": "prev", "record_hash": "stated"}  # fmt: skip
    cells = [_cell(batch, old, LINKS[new]).alias(new) for old, new in names.items()]
    rows = pl.int_range(start, start + batch.height, eager=True, dtype=pl.Int64).alias("row")
    others = (*FOREIGN, ENTRIES)
    own = ~_cell(batch, "source_format", pl.String()).is_in(others).fill_null(False)
    return pl.DataFrame([rows, *cells, digests]).select(LINKS.names()).filter(own)


def _chain(
    tenant: str | None,
    rows: pl.DataFrame,
    signed: Sequence[Checkpoint],
    remembered: Sequence[Checkpoint],
    starts: tuple[int, ...],
) -> Chain:
    first = int(rows["seq"][0] or 0) if rows.height else 0
    last = rows["seq"].max() if rows.height else None
    size = last + 1 if isinstance(last, int) else 0
    wrong = gaps(rows)
    cut = next((c for c in signed if c.size == first > max(starts)), None)
    wrong += _beginning(tenant, rows, cut, starts)
    digests = _digests(rows)
    for checkpoint in (*signed, *remembered):
        if checkpoint is not cut and checkpoint.size > first:
            wrong += _held(checkpoint, rows, digests, (first, size), unless=bool(wrong))
    anchored = max((min(c.size, size) - first for c in signed if c.size > first), default=0)
    status: Status = (
        "compromised" if wrong else "partial" if cut else "ok" if anchored else "unanchored"
    )
    return Chain(tenant, status, rows.height, first, size, anchored, tuple(wrong), digests)


def _digests(rows: pl.DataFrame) -> tuple[bytes, ...]:
    """The stated hashes as bytes; what is no hash is kept as text, which no root was made from."""
    texts = rows["stated"].fill_null("").to_list()
    try:
        return tuple(map(bytes.fromhex, texts))
    except ValueError:
        return tuple(text.encode() for text in texts)


def _beginning(
    tenant: str | None, rows: pl.DataFrame, cut: Checkpoint | None, starts: tuple[int, ...]
) -> list[Gap]:
    if not rows.height:
        return []
    row = rows.row(0, named=True)
    first, prev = row["seq"], row["prev"]
    if (first in starts and prev is None) or (cut and prev == cut.head.hex()):
        return []
    if first in starts and row["stated"] != row["found"]:
        return []  # the record says of itself that it was changed
    span = f"records before {first}" if first not in starts else "the record it builds on"
    cure = "" if first in starts else "; a checkpoint signed at the cut would show it was trimmed"
    return [Gap(tenant, "missing", None, starts[0], None, f"{span} not there{cure}")]


def _held(
    checkpoint: Checkpoint,
    rows: pl.DataFrame,
    digests: Sequence[bytes],
    ends: tuple[int, int],
    *,
    unless: bool,
) -> list[Gap]:
    """What a checkpoint shows that links cannot: a cut tail, and a chain written anew."""
    first, size = ends
    tenant, wanted = checkpoint.tenant, checkpoint.size
    if wanted > size:
        span = f"record {size}" if wanted == size + 1 else f"records {size} to {wanted - 1}"
        return [Gap(tenant, "missing", None, size, None, f"{span} not there: the end was cut")]
    if unless:
        return []  # why it differs is said already
    kept = digests[: wanted - first]
    same_root = bool(first) or not checkpoint.root or root(kept) == checkpoint.root
    if kept and kept[-1] == checkpoint.head and same_root:
        return []
    row = rows.row(wanted - first - 1, named=True)
    return [
        Gap(tenant, "changed", row["row"], row["seq"], row["event_id"],
            f"the chain up to here is not the one whose checkpoint at size {wanted} was kept: "
            "it was written anew")
    ]  # fmt: skip
