"""What one request may cost: stated bounds, so that none can starve the others."""

from __future__ import annotations

from typing import Final

__all__ = ["BODY", "CONNECTIONS", "EVALUATIONS", "HEADERS", "ID", "PAGE", "PATIENCE_S",
           "SEARCHED", "SEGMENT", "TOKEN"]  # fmt: skip

BODY: Final = 1 << 20
"""Bytes of one request's body."""
HEADERS: Final = 32 << 10
"""Bytes of one request's line and headers."""
PATIENCE_S: Final = 10.0
"""Seconds from the first byte of a request to its last."""
CONNECTIONS: Final = 1_000
"""Connections at the same time; who comes after that is told to come later (503)."""
EVALUATIONS: Final = 500
"""Items of one batch."""
ID: Final = 200
"""Characters of a request's id."""
PAGE: Final = 1_000
"""Results of one page of a search, where the caller asks for no fewer."""
SEARCHED: Final = 5_000
"""Resources that one page of a search tries."""
SEGMENT: Final = 64 << 20
"""Bytes of one file of the decision log."""
TOKEN: Final = 16
"""Characters that a token has at least."""
