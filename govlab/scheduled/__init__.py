"""Scheduled runs: what a log's days came to, kept, so that a night counts only what is new (J16).

`history` keeps parts and editions in a folder or an object store; `pieces` are the days of a log.
"""

from govlab.scheduled.edition import Outcome
from govlab.scheduled.history import History, digest_of, open_history
from govlab.scheduled.pieces import Period, Piece, pieces_of
from govlab.scheduled.store import named_from

__all__ = [
    "History",
    "Outcome",
    "Period",
    "Piece",
    "digest_of",
    "named_from",
    "open_history",
    "pieces_of",
]
