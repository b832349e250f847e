"""Whatever is done to a record inside a checkpointed chain is found, with its place."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.audit.chain import Verification, verify
from govlab.audit.checkpoint import Checkpoint
from govlab.errors import LogError
from govlab.log.evidence import COVERED, Chains, hashes, record_hash
from govlab.report.audit import verification_text

from .records import is_whole, records

SIZE = 9
LOG = records(SIZE)
ROWS = LOG.to_dicts()
FIELDS = [name for name in LOG.columns if name in COVERED or name in ("prev_hash", "record_hash")]
KEPT = verify(LOG.lazy()).chains[0].checkpoint()


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=LOG.schema)


def judged(rows: list[dict[str, Any]]) -> Verification:
    return verify(frame(rows).lazy(), [KEPT])


def flipped(value: Any, bit: int) -> Any:
    """`value` with one thing about it changed."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value ^ (1 << bit)
    if isinstance(value, float):
        return value + 2.0**-20
    if isinstance(value, str):
        at = bit % len(value)
        return value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
    if isinstance(value, list):
        return [*value, "x"]
    return value.replace(microsecond=value.microsecond ^ 1)


@given(st.integers(0, SIZE - 1), st.sampled_from(FIELDS), st.integers(0, 7))
def test_a_changed_field_is_found_at_its_record(at: int, field: str, bit: int) -> None:
    before = ROWS[at][field]
    after = "x" if before is None else flipped(before, bit)
    if field == "risk_tags" and before is None:
        after = ["x"]
    found = judged([*ROWS[:at], {**ROWS[at], field: after}, *ROWS[at + 1 :]])
    assert found.status == "compromised"
    if field == "tenant":  # it leaves its chain, and makes one of its own
        assert {gap.seq for gap in found.gaps() if gap.tenant == "acme"} >= {at}
    else:
        assert [(gap.kind, gap.row, gap.seq) for gap in found.gaps()] == [("changed", at, at)]


@given(st.integers(0, SIZE - 1), st.booleans())
def test_a_dropped_record_is_missing_at_its_place(at: int, renumber: bool) -> None:
    rows = [*ROWS[:at], *ROWS[at + 1 :]]
    if renumber:
        rows = [{**row, "seq": place} for place, row in enumerate(rows)]
    found = judged(rows)
    assert found.status == "compromised"
    kinds = {(gap.kind, gap.seq) for gap in found.gaps()}
    assert ("missing", at) in kinds or (at == 0 and {k for k, _ in kinds} == {"missing"})


@given(st.integers(0, SIZE - 2), st.booleans(), st.booleans())
def test_an_inserted_record_is_found(at: int, renumber: bool, linked: bool) -> None:
    new = {**ROWS[at], "event_id": "forged", "seq": at + 1}
    new["prev_hash"] = ROWS[at]["record_hash"] if linked else None
    new["record_hash"] = record_hash(new, new["prev_hash"])
    rows = [*ROWS[: at + 1], new, *ROWS[at + 1 :]]
    if renumber:
        rows = [{**row, "seq": place} for place, row in enumerate(rows)]
    found = judged(rows)
    assert found.status == "compromised"
    assert "forged" in {gap.event_id for gap in found.gaps() if gap.kind == "inserted"}


@given(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1))
def test_a_copied_record_is_inserted(at: int, after: int) -> None:
    found = judged([*ROWS[: after + 1], ROWS[at], *ROWS[after + 1 :]])
    assert [(gap.kind, gap.seq) for gap in found.gaps()] == [("inserted", at)]


@given(st.data())
def test_swapped_places_are_found(data: st.DataObject) -> None:
    one, other = sorted(data.draw(st.sets(st.integers(0, SIZE - 1), min_size=2, max_size=2)))
    rows = [dict(row) for row in ROWS]
    rows[one]["seq"], rows[other]["seq"] = other, one
    found = judged(rows)
    assert found.status == "compromised"
    places = {gap.seq for gap in found.gaps() if gap.kind in ("reordered", "missing")}
    assert places & {one, other}
    assert all(one <= (gap.seq or 0) <= other + 1 for gap in found.gaps())


@given(st.permutations(ROWS))
def test_the_order_of_rows_plays_no_part(rows: list[dict[str, Any]]) -> None:
    assert judged(rows).status == "ok"


@given(st.integers(0, SIZE - 2))
def test_a_chain_written_anew_is_found_by_the_checkpoint_alone(at: int) -> None:
    plain = LOG.drop("seq", "prev_hash", "record_hash")
    forged = plain.with_columns(
        tool=pl.when(pl.int_range(pl.len()) == at).then(pl.lit("x")).otherwise("tool")
    )
    anew = Chains().extend(forged)
    assert verify(anew.lazy()).status == "unanchored"
    assert verify(anew.lazy(), [KEPT]).status == "compromised"


def test_a_cut_tail_is_found_by_the_checkpoint_alone() -> None:
    assert verify(LOG.head(5).lazy()).status == "unanchored"
    found = verify(LOG.head(5).lazy(), [KEPT])
    assert [(gap.kind, gap.seq) for gap in found.gaps()] == [("missing", 5)]


def test_records_after_the_checkpoint_are_not_anchored() -> None:
    early = verify(LOG.head(4).lazy()).chains[0].checkpoint()
    (chain,) = verify(LOG.lazy(), [early]).chains
    assert (chain.status, chain.anchored, chain.records) == ("ok", 4, SIZE)


def test_a_log_trimmed_at_a_checkpoint_is_partial_and_else_compromised() -> None:
    cut = verify(LOG.head(4).lazy()).chains[0].checkpoint()
    left = LOG.tail(SIZE - 4)
    assert verify(left.lazy(), [cut]).status == "partial"
    assert verify(left.lazy(), [cut, KEPT]).status == "partial"
    assert verify(left.lazy()).status == "compromised"
    other = Checkpoint("acme", 4, cut.root, bytes(32))
    assert verify(left.lazy(), [other]).status == "compromised"
    with pytest.raises(LogError, match="from its first record on"):
        verify(left.lazy(), [cut]).chains[0].checkpoint()


def test_each_tenant_has_a_chain_and_none_may_be_absent() -> None:
    log = records(10, ("acme", None, "other"))
    found = verify(log.lazy())
    kept = [chain.checkpoint() for chain in found.chains]
    assert [(c.tenant, c.size) for c in kept] == [(None, 3), ("acme", 4), ("other", 3)]
    assert verify(log.lazy(), kept).status == "ok"
    without = log.filter(pl.col("tenant").ne_missing("other"))
    gaps = list(verify(without.lazy(), kept).gaps())
    assert [(gap.tenant, gap.kind, gap.seq) for gap in gaps] == [("other", "missing", 0)]


def test_a_log_without_a_chain_is_none_and_foreign_chains_are_counted() -> None:
    assert verify(pl.LazyFrame({"tool": ["a"]})).status == "none"
    foreign = LOG.with_columns(source_format=pl.lit("cordum"))
    found = verify(foreign.lazy())
    assert (found.status, found.foreign) == ("none", (("cordum", SIZE),))


def test_records_that_state_no_hash_are_accused_of_nothing() -> None:
    """Numbers in a column `seq`, and links of receipts whose hashes are elsewhere."""
    numbered = LOG.drop("prev_hash", "record_hash")
    found = verify(numbered.lazy())
    assert (found.status, found.unchained, found.foreign) == ("none", SIZE, ())
    receipts = LOG.drop("record_hash").with_columns(source_format=pl.lit("scopeblind"))
    found = verify(receipts.lazy())
    linked = LOG["prev_hash"].drop_nulls().len()
    assert (found.status, found.foreign) == ("none", (("scopeblind", linked),))
    assert "that system's own tools verify it" in verification_text(found)
    assert verify(numbered.lazy(), [KEPT]).status == "compromised"


@given(st.integers(0, 40), st.sampled_from([("a",), ("a", None), (None, "b", "c")]))
def test_the_independent_verifier_agrees(n: int, tenants: tuple[str | None, ...]) -> None:
    log = records(n, tenants) if n else LOG.clear()
    assert is_whole(log)
    assert not list(verify(log.lazy()).gaps())


def test_the_independent_verifier_sees_a_change_too() -> None:
    assert not is_whole(LOG.with_columns(tool=pl.lit("other")))


def test_columns_as_text_give_what_one_record_gives() -> None:
    assert [d.hex() for d in hashes(LOG)] == [record_hash(row, row["prev_hash"]) for row in ROWS]
    stored = LOG.with_columns(pl.col("tool", "actor", "decision").cast(pl.Categorical))
    assert hashes(stored) == hashes(LOG)
