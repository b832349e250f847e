"""Events decided in order, each with what earlier ones add up to (S8).

`order` is the total order, `fates` says what became of an event, `naive` looks at every earlier
event for every event and is what others are checked against, `incremental` keeps sums.
"""

from govlab.history.fates import HELD, STATES, counterfactual, factual
from govlab.history.incremental import decide_in_order
from govlab.history.naive import decide_all, decide_each
from govlab.history.order import Decided, in_order, order

__all__ = [
    "HELD",
    "STATES",
    "Decided",
    "counterfactual",
    "decide_all",
    "decide_each",
    "decide_in_order",
    "factual",
    "in_order",
    "order",
]
