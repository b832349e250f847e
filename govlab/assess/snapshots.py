"""What the bundle in force says of each action: gate, risk, evidence due, who may approve (S23).

Asked of the bundle whose digest the record names; gate and risk of other records are those of the
bundle given, so that a log without digests can be cut by them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from govlab.assess.reading import Beside
from govlab.backends.columnar import decide_frame, needed
from govlab.plan import Plan
from govlab.plan.admit import base_digest

__all__ = ["DECIDED", "beside_of"]

DECIDED = "#decided."
"""Before the columns of the decisions frame, beside those of the log."""

_GIVES = {
    "gate": pl.String(),
    "risk": pl.String(),
    "evidence_required": pl.Boolean(),
    "required_quorum": pl.Int64(),
    "approver_ineligible": pl.Boolean(),
}
_KEPT = ("decision", "reason", "gate", "risk", "constraints", "status", "approvals",
         "evidence_required")  # fmt: skip


def beside_of(plan: Plan) -> Beside:
    """What `plan`, which has no history, says of each action, and its decision under DECIDED."""
    reads = (*needed(plan), "policy_digest", "approved_by")
    return Beside((*_GIVES, *(DECIDED + name for name in _KEPT)), reads, lambda b: _put(b, plan))


def _put(batch: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    decided = decide_frame(plan, batch).select(pl.col(_KEPT).name.prefix(DECIDED))
    rows = pl.concat([batch, decided], how="horizontal")
    said = rows.select(
        pl.col(f"{DECIDED}gate").alias("gate"),
        pl.col(f"{DECIDED}risk").alias("risk"),
        pl.when(_in_force(batch, plan))
        .then(f"{DECIDED}evidence_required")
        .alias("evidence_required"),
    )
    people = _people(rows.select(_in_force(batch, plan).alias("own"), *_asked(batch)), plan)
    return pl.concat([rows, said, people], how="horizontal")


def _in_force(batch: pl.DataFrame, plan: Plan) -> pl.Expr:
    """Whether the record names this very snapshot, and it could be decided."""
    if "policy_digest" not in batch.columns:
        return pl.lit(value=False)
    own = pl.col("policy_digest").cast(pl.String).str.replace(r"(?s)\|.*", "") == base_digest(
        plan.digest
    )
    return own & (pl.col(f"{DECIDED}status") != "undecidable")


def _asked(batch: pl.DataFrame) -> Sequence[pl.Expr]:
    kind = pl.List(pl.String())
    by = pl.col("approved_by").cast(kind) if "approved_by" in batch.columns else pl.lit(None, kind)
    return pl.col(f"{DECIDED}approvals").alias("asked"), by.alias("by")


def _people(rows: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """`required_quorum` and `approver_ineligible`, once for each distinct request and answer."""
    wanted = pl.col("own") & pl.col("asked").is_not_null()
    keyed = rows.select(
        pl.when(wanted).then("asked").alias("asked"),
        pl.when(wanted).then(pl.col("by").list.sort().list.join("\x1f")).alias("by"),
    )
    distinct = keyed.filter(pl.col("asked").is_not_null()).unique()
    found = [_requirement(asked, by, plan.groups) for asked, by in distinct.iter_rows()]
    schema = {name: _GIVES[name] for name in ("required_quorum", "approver_ineligible")}
    table = distinct.with_columns(pl.DataFrame(found, schema=schema, orient="row"))
    joined = keyed.join(
        table, on=["asked", "by"], how="left", nulls_equal=True, maintain_order="left"
    )
    return joined.select(list(schema))


def _requirement(
    asked: str, by: str | None, groups: Mapping[str, tuple[str, ...]]
) -> tuple[int, bool | None]:
    """The most people asked for; whether too few of those who approved were named (S9)."""
    requirements: list[dict[str, Any]] = json.loads(asked)
    quorum = max(int(r["quorum"]) for r in requirements)
    if not by:  # an approval that names nobody says nothing of who gave it
        return quorum, None
    voters = set(by.split("\x1f"))
    named = [{p for g in r["approvers"] for p in groups.get(g, (g,))} for r in requirements]
    return quorum, any(
        len(voters & who) < min(r["quorum"], len(voters))
        for r, who in zip(requirements, named, strict=True)
    )
