"""The reference engine: the obvious reading of a plan, one event at a time. The oracle."""

from govlab.backends.reference.decide import (
    Asked,
    Round,
    decide,
    decide_rounds,
    decision_of,
    early_states,
    hangs_on,
)
from govlab.backends.reference.walker import evaluate

__all__ = [
    "Asked",
    "Round",
    "decide",
    "decide_rounds",
    "decision_of",
    "early_states",
    "evaluate",
    "hangs_on",
]
