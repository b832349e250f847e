"""Engines and events for tests of what enforces."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from govlab.backends.scalar.live import LiveEngine, compile_live
from govlab.bundle import load_bundle
from govlab.plan import Approval, Vote, action_sha256, compile_plan

__all__ = ["NOON", "approval_of", "engine_of", "event"]

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def engine_of(folder: Path, text: str) -> LiveEngine:
    """The engine of a bundle written as YAML."""
    file = folder / "bundle.yaml"
    file.write_text(text, encoding="utf-8")
    return compile_live(compile_plan(load_bundle(file)))


def event(number: int = 0, **more: Any) -> dict[str, Any]:
    """An event of its own, `number` seconds after noon."""
    at = NOON + timedelta(seconds=number)
    return {"event_id": f"e{number}", "ts": at, "tool": "x", "actor": "bot", **more}


def approval_of(engine: LiveEngine, asked: Any, **changed: Any) -> Approval:
    """An approval of all that is asked, given at noon by ann, with some of it `changed`."""
    given: dict[str, Any] = {
        "status": "approved", "requested_at": NOON, "votes": (Vote("ann", "approve", NOON),),
        "policy_digest": engine.engine.plan.digest, "action_sha256": action_sha256(asked),
    }  # fmt: skip
    return Approval(**given | changed)


Make = Callable[[str], LiveEngine]
