"""Stores of both kinds, and engines of bundles written in a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from govlab.enforcing import Store
from tests.enforcing.engines import Make, engine_of


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return lambda text: engine_of(tmp_path, text)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return (
        Store.in_memory() if request.param == "memory" else Store.in_file(tmp_path / "store.sqlite")
    )
