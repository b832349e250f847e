"""Recorded decisions against their own snapshots: what differs, what cannot be told, done once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from govlab.bundle import load_bundle
from govlab.fidelity import Fidelity, check_fidelity
from govlab.kpi.stats import Clusters, design_effect, wilson
from govlab.log import scan_log
from govlab.registry import Registry, Written, add, open_registry
from tests.registry.conftest import LOG, NOW, acme, policy

__all__ = ["acme"]


def _rows(digest: str) -> list[dict[str, object]]:
    deny, other = {"policy_digest": digest, "decision": "DENY"}, {"policy_digest": "ffff"}
    return [
        {**deny, "env": "production", "run_id": "a"},
        {**deny, "env": "production", "policy_digest": f"{digest}|cfg:1", "run_id": "a"},
        {**deny, "env": "production", "decision": "ALLOW", "rule": "old/1", "run_id": "b"},
        {**other, "env": "production", "decision": "DENY", "run_id": "b"},
        {"decision": "DENY", "env": "production", "run_id": "b"},
        {**deny, "decision": "UNAVAILABLE", "env": "production", "run_id": "b"},
        {"policy_digest": digest, "env": "production", "run_id": "b"},
        {**deny, "env": None, "unknown_columns": "env", "run_id": "c"},
    ]


@pytest.fixture
def gate(tmp_path: Path) -> tuple[Registry, Path]:
    """A registry with one version, and a log of decisions under it."""
    path = tmp_path / "gate.yaml"
    path.write_text(policy("DENY"), encoding="utf-8")
    add(tmp_path / "registry", path, written=Written(NOW))
    rows = [{"event_id": str(n), "tool": "x", **row}
            for n, row in enumerate(_rows(load_bundle(path).digest))]  # fmt: skip
    log = tmp_path / "log.parquet"
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(log)
    return open_registry(tmp_path / "registry"), log


def test_each_decision_is_counted_once(gate: tuple[Registry, Path]) -> None:
    registry, log = gate
    found = check_fidelity(log, registry)
    (under,) = found.under
    assert (under.events, under.same, under.differs, under.undecidable) == (4, 2, 1, 1)
    assert (found.nameless, dict(found.foreign), found.unknown) == (1, {"ffff": 1}, 3)
    value = found.value()
    assert (value.numerator, value.denominator, value.unknown) == (1, 3, 3)
    assert value.value == pytest.approx(1 / 3)


def test_differences_have_their_rules_and_examples(gate: tuple[Registry, Path]) -> None:
    registry, log = gate
    differs, undecidable = check_fidelity(log, registry).kinds
    assert (differs.recorded, differs.recorded_rule) == ("ALLOW", "old/1")
    assert (differs.replayed, differs.rule) == ("DENY", "gate/1")
    assert differs.examples == ("2",)
    assert (undecidable.verdict, undecidable.lacks) == ("undecidable", ("env",))


def test_more_unknown_than_known_is_no_figure(gate: tuple[Registry, Path]) -> None:
    registry, log = gate
    rows = pl.read_parquet(log)
    foreign = rows.with_columns(policy_digest=pl.lit("ffff"))
    found = check_fidelity(pl.concat([rows, foreign]).lazy(), registry)
    assert found.value().value is None


def test_what_was_compared_is_not_replayed_again(
    acme: Registry, compared: tuple[Registry, Fidelity]
) -> None:
    registry, first = compared
    shutil.copytree(registry.folder / "fidelity", acme.folder / "fidelity")
    again = check_fidelity(LOG, acme)
    assert first.replayed == first.pieces > 40
    assert again.replayed == 0
    assert again.to_dict()["figure"] == first.to_dict()["figure"]
    assert again.kinds == first.kinds
    damaged = next((acme.folder / "fidelity").rglob("*.json"))
    damaged.write_text("{", encoding="utf-8")
    assert check_fidelity(LOG, acme).replayed == 1


def test_the_sample_differs_where_a_stale_engine_decided(
    compared: tuple[Registry, Fidelity],
) -> None:
    _, found = compared
    log = scan_log(LOG).with_columns(pl.col(pl.Categorical).cast(pl.String)).collect()
    stale = log.filter(
        (pl.col("decision_origin") == "in_process") & pl.col("policy_digest").is_not_null()
    )
    assert 0 < found.differs <= stale.height
    assert {k.recorded for k in found.kinds} == {"ALLOW"}
    examples = {id_ for k in found.kinds for id_ in k.examples}
    assert examples <= set(stale["event_id"])
    decided = log.filter(pl.col("decision").is_not_null() & (pl.col("decision") != "UNAVAILABLE"))
    assert found.compared + found.unknown == decided.height
    assert found.clusters.d == found.compared
    value = found.value()
    bounds = wilson(found.differs, found.compared, design_effect(found.clusters))
    assert (value.low, value.high) == bounds
    assert found.behind_s == 0


def test_pieces_add_up_to_the_whole(
    acme: Registry, compared: tuple[Registry, Fidelity], tmp_path: Path
) -> None:
    whole = tmp_path / "whole.parquet"
    scan_log(LOG).collect().write_parquet(whole)
    apart, together = compared[1], check_fidelity(whole, acme)
    assert together.pieces == 2
    assert together.to_dict()["figure"] == apart.to_dict()["figure"]
    assert [(k.events, k.recorded, k.rule) for k in together.kinds] == [
        (k.events, k.recorded, k.rule) for k in apart.kinds
    ]


def test_what_was_never_compared_is_unknown(acme: Registry) -> None:
    found = check_fidelity(LOG, acme, read_only=True)
    assert (found.compared, found.clusters) == (0, Clusters(0, 0, 0, 0, 0, 0))
    assert found.unchecked == sum(u.events for u in found.under)
    assert found.value().value is None
    assert not (acme.folder / "fidelity").exists()


def test_history_sees_the_whole_log_and_what_became_of_it(tmp_path: Path) -> None:
    path = tmp_path / "budget.yaml"
    path.write_text(
        "name: budget\nhistory:\n  calls: {count: 'true', per: [run_id], over: permitted}\n"
        "default: ALLOW\nrules:\n  - condition: history.calls >= 2\n    decision: DENY\n",
        encoding="utf-8",
    )
    kept = add(tmp_path / "registry", path, written=Written(NOW))
    log = pl.DataFrame(
        {
            "event_id": list("1234"),
            "tool": ["x"] * 4,
            "run_id": ["r"] * 4,
            "step": [0, 1, 2, 3],
            "decision": ["ALLOW", "ALLOW", "DENY", "DENY"],
            "executed": [True, True, False, False],
            "policy_digest": [None, kept.digest, kept.digest, kept.digest],
        }
    )
    found = check_fidelity(log.lazy(), open_registry(tmp_path / "registry"))
    assert (found.compared, found.differs, found.nameless) == (3, 0, 1)
    assert json.dumps(found.to_dict())
