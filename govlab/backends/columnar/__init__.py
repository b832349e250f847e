"""The columnar engine: a plan's decisions for whole frames, by polars expressions.

The path of a frame: `attributes` -> `steps` (derived, lookups) -> `classes` (rows that no rule can
tell apart) -> `rounds` (risk, targets, conditions, combine) -> `variants` (second round) ->
`decide`. Conditions go through `compile`; what has no native form, through `dictionary`.
"""

from govlab.backends.columnar.census import attribute_marks
from govlab.backends.columnar.conformance import evaluate_frame
from govlab.backends.columnar.decide import COLUMNS, decide_frame, needed

__all__ = ["COLUMNS", "attribute_marks", "decide_frame", "evaluate_frame", "needed"]
