"""Action logs: read from what people have, stored as one table of attempted actions."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from govlab.log.conform import as_frame
    from govlab.log.fetch import fetch_agentdojo
    from govlab.log.ingestion import ingest
    from govlab.log.report import IngestReport, Progress
    from govlab.log.scan import scan_log, scan_runs

__all__ = ["IngestReport", "Progress", "as_frame", "fetch_agentdojo", "ingest",
           "scan_log", "scan_runs"]  # fmt: skip

_HOMES = {
    "IngestReport": "report",
    "Progress": "report",
    "as_frame": "conform",
    "fetch_agentdojo": "fetch",
    "ingest": "ingestion",
    "scan_log": "scan",
    "scan_runs": "scan",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module `govlab.log` has no `{name}`")
    found = getattr(importlib.import_module(f"govlab.log.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
