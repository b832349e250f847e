"""Replay: every action of a log decided again under a bundle, and what that comes to (J1, S22).

Three things are never added together: what a rule decided, where no rule matched and the default
holds, and what cannot be decided from this log.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from govlab.backends.columnar import decide_frame, needed
from govlab.bundle import Bundle, load_bundle
from govlab.errors import UsageError
from govlab.history import HELD, STATES, decide_all
from govlab.log import as_frame, conform
from govlab.plan import Plan, compile_plan
from govlab.replay_frames import decisions_frame, event_rows
from govlab.schema import DECISIONS

__all__ = ["ORIGINS", "Replay", "replay"]

ORIGINS = ("rule", "default", "error", "undecidable")
_BATCH = 250_000
# what the lists of events show of each, beside what the deciding rule read
_SHOWN = ("event_id", "ts", "run_id", "actor", "tool", "action", "resource", "args")


@dataclass(frozen=True, slots=True)
class Replay:
    """The decisions of one bundle over one log.

    `decided` has one row an event, in the log's order: the decisions frame of S22, `origin`
    (rule, default, error, undecidable), and the columns shown or grouped by.
    """

    bundle: Bundle
    plan: Plan
    decided: pl.DataFrame
    by: tuple[str, ...]
    seconds: float
    engine: str
    state: str
    held: str
    notes: tuple[str, ...] = ()
