"""How much of a log is held in memory at a time."""

from __future__ import annotations

from typing import Final

__all__ = ["BATCH"]

BATCH: Final = 50_000
"""Rows that are held before they are written."""
