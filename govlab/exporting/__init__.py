"""The engine that production runs: a bundle as one Python file, proved equal to replay.

The path of a bundle: `source` (its text: `modules`, `references` and `shaking` read govlab's own,
`reach` finds what is needed, `bundling` writes it, `tables` the outcomes), `parity` (replay and the
file, every event), `vectors`, `manifest`, `signing`, and `making`, which does it all. `verifying`
checks an export before anything of it runs.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from govlab.exporting.failures import ParityError
    from govlab.exporting.loading import Exported, open_engine
    from govlab.exporting.making import Export, export_engine
    from govlab.exporting.parity import Parity
    from govlab.exporting.source import engine_source
    from govlab.exporting.verifying import Verified, verified_engine, verify

__all__ = [
    "Export",
    "Exported",
    "Parity",
    "ParityError",
    "Verified",
    "engine_source",
    "export_engine",
    "open_engine",
    "verified_engine",
    "verify",
]

_HOMES = {
    "Export": "making",
    "Exported": "loading",
    "Parity": "parity",
    "ParityError": "failures",
    "Verified": "verifying",
    "engine_source": "source",
    "export_engine": "making",
    "open_engine": "loading",
    "verified_engine": "verifying",
    "verify": "verifying",
}


def __getattr__(name: str) -> Any:
    """What verifies and loads an engine needs no data frame, and is loaded without one."""
    if name not in _HOMES:
        raise AttributeError(f"module `govlab.exporting` has no `{name}`")
    found = getattr(importlib.import_module(f"govlab.exporting.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
