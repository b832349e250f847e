"""Every peer decides like govlab where nothing is missing: what is compared is the same work."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import govlab
from tests.bench import byhand, workload
from tests.bench.peers import PEERS, Peer
from tests.bench.peers.neutral import Combine, answers, columns, present, rows, targets

RULES = workload.rules(60)


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return present(workload.rows(2_000))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Agent OS: an older pydantic's words
@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_a_peer_decides_like_govlab(peer: Peer, frame: pl.DataFrame, tmp_path: Path) -> None:
    if peer.version() is None:
        pytest.skip(f"`{peer.package}` is not installed: pip install -e '.[bench]'")
    module = peer.open()
    given = targets(RULES) if peer.targets_only else RULES
    firsts = module.load(given)(module.inputs(rows(frame, given)))
    found = [Combine(given)(first) for first in firsts]
    expected = answers(frame, given, tmp_path)
    assert found == expected
    assert len({rule for _, rule in expected}) > 20, "the sample reaches many rules"
    assert {decision for decision, _ in expected} == {
        "ALLOW", "ALLOW_WITH_CONSTRAINTS", "REQUIRE_APPROVAL", "DENY"
    }  # fmt: skip


def test_hand_written_polars_decides_like_govlab(frame: pl.DataFrame, tmp_path: Path) -> None:
    bundle = workload.bundle(RULES, tmp_path)
    text = pl.col("decision", "rule", "status").cast(pl.String)
    limit = pl.col("constraints").cast(pl.String).str.extract(r"(\d+)").cast(pl.Int64)
    ours = govlab.replay(frame, bundle).frame.select(text, limit).collect()
    hand = byhand.decided(frame.lazy(), RULES).select(text, "constraints").collect()
    assert ours.equals(hand)
    assert ours.get_column("constraints").n_unique() > 5


def test_every_kind_of_condition_is_compared() -> None:
    kinds = {condition.kind for rule in RULES for condition in rule.conditions}
    assert kinds == set(workload.Kind.__args__)


def test_rows_hold_what_rules_read_and_nothing_missing(frame: pl.DataFrame) -> None:
    for row in rows(frame, RULES):
        assert set(row) == {*columns(RULES), "cost"}
        assert None not in row.values()


def test_rules_that_are_narrowed_keep_their_targets() -> None:
    assert [rule.globs for rule in targets(RULES)] == [rule.globs for rule in RULES]
    assert not any(rule.conditions for rule in targets(RULES))
