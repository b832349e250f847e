"""Registries to test with: the two snapshots of the sample dataset, as they were in force."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from govlab.registry import Registry, Written, activate, add, open_registry
from govlab.sample.snapshots import SNAPSHOTS

LOG = Path(__file__).parents[2] / "datasets" / "acme-ops"
NOW = datetime(2026, 3, 20, tzinfo=UTC)


def policy(decision: str, *, name: str = "gate", version: str = "1.0.0") -> str:
    """A bundle in one file that decides `decision` for production."""
    return (
        f"name: {name}\nversion: {version}\nrules:\n"
        f"  - condition: has(event.env) && env == 'production'\n    decision: {decision}\n"
    )


@pytest.fixture
def acme(tmp_path: Path) -> Registry:
    """The registry of the sample dataset: 0.8.0, then 0.9.0."""
    return registry_at(tmp_path / "registry")


def registry_at(folder: Path) -> Registry:
    """The registry of the sample dataset, made in `folder`."""
    for snapshot in SNAPSHOTS:
        add(folder, LOG / "snapshots" / f"prod-safety-{snapshot.version}", written=Written(NOW))
        activate(folder, snapshot.version, at=snapshot.since, written=Written(NOW))
    return open_registry(folder)
