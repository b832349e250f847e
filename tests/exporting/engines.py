"""Exported engines for tests, and where they differ from the oracle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from govlab.backends.reference import decide
from govlab.bundle import Bundle, load_bundle
from govlab.exporting import Exported, engine_source, open_engine
from govlab.plan import Plan
from tests import generators

__all__ = ["bundle_of", "differing", "engine_of"]


def bundle_of(tree: Mapping[str, Any], folder: Path) -> Bundle:
    """The bundle of a tree, loaded from files below `folder`."""
    return load_bundle(generators.write(dict(tree), folder))


def engine_of(bundle: Bundle | str) -> Exported:
    """The exported engine of `bundle`, run in this process."""
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    return open_engine(engine_source(loaded))


def differing(
    plan: Plan, engine: Exported, rows: Iterable[tuple[Mapping[str, Any], frozenset[str]]]
) -> list[tuple[Mapping[str, Any], Any, Any]]:
    """The events that the two decide differently, with both decisions as JSON."""
    found = []
    for event, unknown in rows:
        want = decide(plan, event, unknown=unknown).to_dict()
        got = engine.decide(event, unknown=unknown).to_dict()
        if got != want:
            found.append((event, want, got))
    return found
