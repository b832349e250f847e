"""The engine that production runs: a bundle as one Python file, proved equal to replay.

The path of a bundle: `source` (its text: `modules`, `references` and `shaking` read govlab's own,
`reach` finds what is needed, `bundling` writes it, `tables` the outcomes), `parity` (replay and the
file, every event), `vectors`, `manifest`, `signing`, and `making`, which does it all. `verifying`
checks an export before anything of it runs.
"""

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
