"""Columns that figures need and a log has only inside others: limits as numbers, base digests.

Texts are read once for each distinct one, and what only approvals have only where there is one.
What a fact is made of is in `FACT_READS`: where a source cannot fill that, it cannot tell the fact.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from functools import partial
from hashlib import sha256
from itertools import accumulate, chain
from typing import Any

import msgspec
import polars as pl
import pyarrow as pa

from govlab.kpi.texts import by_text
from govlab.runtime.arguments import canonical

__all__ = ["BESIDE", "BOUND", "FACT_READS", "LIMITS", "with_facts"]

LIMITS = (
    "max_cost_micro_usd", "max_lines_changed", "max_files", "max_records", "max_retries",
    "timeout_s",
)  # fmt: skip
"""Numeric limits of S10 in their canonical units (micro-USD, seconds, counts)."""

BOUND = ("tenant", "actor", "principal", "tool", "action", "resource", "env", "args_sha256")
"""What an approval is bound to (S9)."""

BESIDE = ("delegation_chain", "approval_votes", "remediation")
"""Columns that sharpen a fact where the log has them."""

FACT_READS: dict[str, tuple[str, ...]] = {
    "duration_s": ("started_at", "ended_at"),
    "wait_s": ("approval_requested_at", "approval_decided_at"),
    "minute": ("ts",),
    "retries": ("attempt",),
    "approval_base": ("approval_policy_digest",),
    "digest_in_force": ("policy_digest",),
    "approvers": ("approved_by",),
    "voters": ("approved_by",),
    "self_approved": ("approved_by", "actor", "principal"),
    "answered_minute": ("approval_decided_at",),
    "action_sha256": ("approval_action_sha256", *BOUND),
    "digest_registered": ("policy_digest",),
    "approver_ineligible": ("approved_by",),
    "required_quorum": (),
    "evidence_required": (),
    "gate": (),
    "risk": (),
} | {f"limit_{name}": ("constraints",) for name in LIMITS}
"""The columns of a log that each fact is made of; what a bundle says of a row is of none."""


def with_facts(frame: pl.LazyFrame, wanted: Collection[str] | None = None) -> pl.LazyFrame:
    """`frame` with those facts that its columns allow, or with those of them that are `wanted`.

    `limit_*` is null where the decision set no such limit; `self_approved` is true where one who
    approved is the actor, its principal or in its delegation chain (S9). A fact that is a column
    already stays as it is.
    """
    have = set(frame.collect_schema().names())
    asked = set(FACT_READS if wanted is None else wanted)
    made = {name for name in asked & set(FACT_READS) if _reads(name) <= have}
    columns = {name: expr for name, expr in _COLUMNS.items() if name in made - have}
    of_some = {name: _of_some(name, have) for name in _SOME if name in made}
    frame = frame.with_columns(**columns, **of_some)
    if "constraints" not in have or made.isdisjoint(_STRUCT.to_schema()):
        return frame
    texts = pl.col("constraints").map_batches(_limits, return_dtype=_STRUCT)
    return frame.with_columns(texts.alias("limits")).unnest("limits")


def _reads(name: str) -> set[str]:
    return set(FACT_READS[name])


def _seconds(start: str, end: str) -> pl.Expr:
    return (pl.col(end) - pl.col(start)).dt.total_seconds()


def _base(digest: str) -> pl.Expr:
    """The text before the first `|`: what stands behind it names an overlay (S23)."""
    return pl.col(digest).map_batches(_bases, return_dtype=pl.String(), is_elementwise=True)


def _bases(digests: pl.Series) -> pl.Series:
    (found,) = by_text(digests, lambda texts: [texts.str.replace(r"(?s)\|.*", "")])
    return found


def _minute(column: str) -> pl.Expr:
    return pl.col(column).dt.epoch("s") // 60


_COLUMNS: dict[str, pl.Expr] = {
    "duration_s": _seconds("started_at", "ended_at"),
    "wait_s": _seconds("approval_requested_at", "approval_decided_at"),
    "minute": _minute("ts"),
    "retries": pl.col("attempt") - 1,
    "approval_base": _base("approval_policy_digest"),
    "digest_in_force": _base("policy_digest"),
    "approvers": pl.col("approved_by").list.n_unique().cast(pl.Int64),
    "answered_minute": _minute("approval_decided_at"),
}


def _action_hashes(rows: pl.DataFrame) -> pl.Series:
    """`action_sha256` of S9, of the variant where one was decided (S6).

    Absent keys are left out, nobody is bound to nothing.
    """
    said = _dispatched(rows)
    members = [_members(said[name]) for name in sorted(BOUND)]
    bound = pl.select(pl.concat_str(members, separator=",", ignore_nulls=True)).to_series()
    (found,) = by_text(bound, _sha256s)
    return found


def _dispatched(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` with what a recorded remediation set in the place of what was asked."""
    if "remediation" not in rows.columns or rows["remediation"].null_count() == rows.height:
        return rows
    (variants,) = by_text(rows["remediation"], _variants)
    set_ = variants.struct.unnest()
    return rows.with_columns(
        pl.coalesce(set_[name], pl.col(name).cast(pl.String)).alias(name) for name in BOUND
    )


def _variants(texts: pl.Series) -> list[pl.Series]:
    kind = pl.Struct(dict.fromkeys(BOUND, pl.String()))
    return [pl.Series([None if text is None else _variant(text) for text in texts], dtype=kind)]


def _variant(text: str) -> dict[str, str] | None:
    """What one remediation sets of what an approval is bound to; none where it is no variant."""
    try:
        remedy = _REMEDY.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    said = {**remedy.set, "args_sha256": remedy.args_sha256}
    return {name: value for name in BOUND if isinstance(value := said.get(name), str)}


def _members(cells: pl.Series) -> pl.Series:
    """The members of RFC 8785's object, made once for each distinct text."""
    label = canonical(cells.name)

    def made(texts: pl.Series) -> list[pl.Series]:
        said = [None if text is None else f"{label}:{canonical(text)}" for text in texts]
        return [pl.Series(cells.name, said, dtype=pl.String)]

    (found,) = by_text(cells, made)
    return found.alias(cells.name)


def _sha256s(bound: pl.Series) -> list[pl.Series]:
    said = [sha256(f"{{{text}}}".encode()).hexdigest() if text else None for text in bound]
    return [pl.Series(said, dtype=pl.String)]


def _self_approved(rows: pl.DataFrame) -> pl.Series:
    approvers = pl.col("approved_by").cast(pl.List(pl.String))
    own = [pl.col(name).cast(pl.String) for name in ("actor", "principal")]
    found = [approvers.list.contains(name).fill_null(value=False) for name in own]
    if "delegation_chain" in rows.columns:
        chain = pl.col("delegation_chain").cast(pl.List(pl.String)).fill_null([])
        found.append(approvers.list.set_intersection(chain).list.len().fill_null(0) > 0)
    return rows.select(pl.any_horizontal(found).alias("found")).to_series()


def _voters(rows: pl.DataFrame) -> pl.Series:
    """Who answered: those who voted, where votes are on record, else those who approved."""
    approved = rows["approved_by"].cast(pl.List(pl.String))
    if "approval_votes" not in rows.columns:
        return approved
    votes = rows["approval_votes"].cast(pl.String).to_list()
    people = _lists([_names(text) for text in votes])
    return people.zip_with(people.is_not_null(), approved)


def _lists(rows: Sequence[list[str] | None]) -> pl.Series:
    """As a column: polars looks at each list on its own, arrow at the texts of all."""
    ends = accumulate((len(row or ()) for row in rows), initial=0)
    starts = [None if row is None else end for row, end in zip([*rows, []], ends, strict=True)]
    texts = pa.array(list(chain.from_iterable(row or () for row in rows)), pa.large_string())
    found = pa.LargeListArray.from_arrays(pa.array(starts, pa.int64()), texts)
    return pl.Series(found, dtype=pl.List(pl.String))


def _names(text: str | None) -> list[str] | None:
    """Each voter of one text once; None where it is no list of votes."""
    try:
        votes = _VOTES.decode(text) if text else []
    except (msgspec.DecodeError, RecursionError):
        return None
    return list({vote.approver: None for vote in votes}) or None


class _Vote(msgspec.Struct, gc=False):
    approver: str


_VOTES = msgspec.json.Decoder(list[_Vote])


class _Remedy(msgspec.Struct):
    set: dict[str, Any]
    args_sha256: str | None = None


_REMEDY = msgspec.json.Decoder(_Remedy)


# fact -> what it is made of beside its own columns, in which rows it is looked for, how, its type
_SOME: dict[
    str, tuple[tuple[str, ...], tuple[str, ...], Callable[[pl.DataFrame], pl.Series], pl.DataType]
] = {
    "action_sha256": (
        ("remediation",), ("approval_action_sha256",), _action_hashes, pl.String()
    ),
    "self_approved": (("delegation_chain",), ("approved_by",), _self_approved, pl.Boolean()),
    "voters": (
        ("approval_votes",), ("approval_votes", "approved_by"), _voters, pl.List(pl.String())
    ),
}  # fmt: skip


def _of_some(name: str, have: set[str]) -> pl.Expr:
    """The fact where it is looked for, null elsewhere."""
    beside, where, made, kind = _SOME[name]
    columns = sorted({*FACT_READS[name], *(column for column in beside if column in have)})
    marks = [column for column in where if column in have]
    found = partial(_placed, marks=marks, made=made, kind=kind)
    return pl.struct(columns).map_batches(found, return_dtype=kind, is_elementwise=True)


def _placed(
    cells: pl.Series,
    *,
    marks: list[str],
    made: Callable[[pl.DataFrame], pl.Series],
    kind: pl.DataType,
) -> pl.Series:
    rows = cells.struct.unnest()
    there = rows.select(pl.any_horizontal(pl.col(m).is_not_null() for m in marks)).to_series()
    # in one piece each: `list.contains` of polars 2.1 panics where columns are cut differently
    found = made(rows.filter(there).rechunk()).cast(kind)
    # lists cannot be scattered: each row takes its place among what was found, or the null behind
    place = there.cum_sum().cast(pl.Int64) - 1
    return found.gather(
        place.zip_with(there, pl.repeat(None, len(rows), dtype=pl.Int64, eager=True))
    )


_STRUCT = pl.Struct({f"limit_{name}": pl.Int64() for name in LIMITS})


def _limits(texts: pl.Series) -> pl.Series:
    (found,) = by_text(texts, lambda known: [pl.Series([_read(t) for t in known], dtype=_STRUCT)])
    return found


def _read(text: str | None) -> dict[str, Any]:
    """Limits of one text; what is no JSON object of whole numbers sets none to be checked."""
    try:
        found = json.loads(text) if text else None
    except ValueError:
        found = None
    limits = found if isinstance(found, dict) else {}
    return {f"limit_{name}": _whole(limits.get(name)) for name in LIMITS}


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
