"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from govlab.fidelity import Fidelity, check_fidelity
from govlab.registry import Registry
from tests.registry.conftest import LOG, registry_at


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real logs and public vectors; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("GOVLAB_SHARED", Path(__file__).parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("real logs and public vectors are not beside this checkout (GOVLAB_SHARED)")
    return folder


@pytest.fixture(scope="session")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Registry, Fidelity]:
    """The sample dataset checked against its registry, which keeps what came of it; copy it."""
    registry = registry_at(tmp_path_factory.mktemp("compared") / "registry")
    return registry, check_fidelity(LOG, registry)


settings.register_profile("dev", max_examples=40, deadline=None)
settings.register_profile("ci", max_examples=300, deadline=None, derandomize=True)
settings.register_profile("deep", max_examples=5_000, deadline=None)
settings.load_profile(os.environ.get("GOVLAB_PROFILE", "dev"))
