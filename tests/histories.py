"""Random bundles whose rules read history, and events close enough in time to meet (S8)."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from tests import generators
from tests.generators import Words, condition

__all__ = ["bundle", "rows", "twins"]

Tree = dict[str, Any]

_PER = ["actor", "tenant", "workflow", "principal", "team", "risk_tags", "delegation_depth"]
_SUMS = ["cost", "tokens_in", "records_affected", "delegation_depth"]
_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
_ODD_TIMES = [None, datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)]
_WHO = ["a", "b", "ab"]


def bundle(rng: random.Random) -> Tree:
    """A bundle of `generators` with features at every level, and policies that read them."""
    tree = generators.bundle(rng)
    level, number = tree, 0
    while True:
        names = [f"f{number}_{at}" for at in range(rng.choice([1, 2, 3]))]
        words = Words(rng, level.get("attributes", {}), lookups="lookups" in level)
        features = {name: _feature(rng, words) for name in names}
        level["history"] = features
        level["policies"] = _reading(rng, f"h{number}", features) + level["policies"]
        if "parent" not in level:
            return tree
        level, number = level["parent"], number + 1


def _feature(rng: random.Random, words: Words) -> Tree:
    per = rng.sample(_PER[:5], rng.choice([1, 1, 1, 2])) if rng.random() < 0.8 else _PER[5:6]
    feature: Tree = {"per": per}
    if rng.random() < 0.6:
        feature["count"] = rng.choice(["true", "true", condition(rng, words)])
    else:
        feature["sum"] = rng.choice(_SUMS)
    if rng.random() < 0.7:
        feature["within"] = rng.choice(["1m", "7m", "1h", "400d", "2000000d", "1us"])
    if rng.random() < 0.6:
        feature["over"] = rng.choice(["permitted", "denied", "attempted"])
    return feature


def _reading(rng: random.Random, prefix: str, features: Tree) -> list[Tree]:
    found = []
    for at, (name, feature) in enumerate(features.items()):
        limit = rng.choice(["0.0", "5.0"] if feature.get("sum") == "cost" else ["0", "2", "100"])
        decision = rng.choice(["DENY", "REQUIRE_APPROVAL", "ALLOW_WITH_CONSTRAINTS", "REMEDIATE"])
        rule: Tree = {"condition": f"history.{name} > {limit}", "decision": decision, "reason": "h"}
        match decision:
            case "REQUIRE_APPROVAL":
                rule |= {"approvers": ["ann"], "quorum": 1}
            case "ALLOW_WITH_CONSTRAINTS":
                rule["constraints"] = {"max_files": 3}
            case "REMEDIATE":
                sets = rng.choice([{"tokens_in": "1"}, {"cost": "0.5"}, {"region": "'a'"}])
                rule["remediation"] = {"set": sets, "apply": rng.choice(["automatic", "suggest"])}
        guard = [{"condition": f"history.{name} == history.{name}", "decision": "ALLOW"}]
        found.append({"name": f"{prefix}_{at}", "rules": [rule] + guard * (rng.random() < 0.3)})
    return found


def rows(rng: random.Random, count: int) -> list[Tree]:
    """Events of few agents within hours, some without a time or a key, with what became of them."""
    found = generators.rows(rng, count)
    span = rng.choice([1, 20, 600])
    for row in found:
        row["ts"] = _NOON + timedelta(seconds=rng.randint(0, 60 * span))
        if rng.random() < 0.03:
            row["ts"] = rng.choice(_ODD_TIMES)
        for name in ("actor", "tenant", "workflow", "principal"):
            row[name] = rng.choice(_WHO) if rng.random() < 0.95 else None
        if rng.random() < 0.7:
            row["unknown_columns"] = row["malformed_columns"] = None
        row |= {"run_id": rng.choice(["r1", "r2", None]), "step": rng.choice([1, 2, 10, None]),
                "files_changed": rng.choice([1, 5, None]), **_became(rng)}  # fmt: skip
    return found


def _became(rng: random.Random) -> Tree:
    return {
        "executed": rng.choice([True, False, None, None]),
        "decision": rng.choice([None, "ALLOW", "ALLOW", "DENY", "REQUIRE_APPROVAL", "REMEDIATE"]),
        "approval_status": rng.choice([None, "approved", "rejected", "expired", "pending"]),
    }


def twins(rng: random.Random, count: int) -> list[Tree]:
    """As `rows`, without anything unknown or malformed: what production sees."""
    plain = {"unknown_columns": None, "malformed_columns": None}
    found = [row | plain for row in rows(rng, count)]
    return sorted(found, key=lambda row: row["ts"] or _NOON)
