"""The stores that a history can be kept in, each empty and with a way to open it once more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from govlab.scheduled.store import Store, open_store
from tests.scheduled.bucket import serving

__all__ = ["KINDS", "opening"]

KINDS = ("folder", "bucket")


@contextmanager
def opening(
    kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Callable[[], Store]]]:
    """The place of a store of that kind, and what opens it; skips where no client is installed."""
    if kind == "folder":
        yield str(folder / "history"), lambda: open_store(folder / "history")
        return
    pytest.importorskip("obstore")
    with serving() as bucket:
        said = {"ENDPOINT": bucket.address, "ALLOW_HTTP": "true", "SKIP_SIGNATURE": "true"}
        for name, value in said.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        monkeypatch.setenv("AWS_REGION", "here")
        yield "s3://bucket/nightly", lambda: open_store("s3://bucket/nightly")
