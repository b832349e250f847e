"""The columnar engine: a plan's decisions for whole frames.

The path of a `batch`: its cells become codes (`dictionaries`, `bins`), a plan's guards fall apart
into `parts` that each read one unit of a row, `units` evaluates a part once for each value,
`layout` gives each guard a bit in the words of the rows that it may hold for, and `asked` says what
a value takes from these. A `machine` reads `values` block by block and looks that up; what stands
first (`spots`) is numbered (`numbering`, `chain`), and `endings` knows what comes of it. `engine`
combines outcomes as far as they are asked for (`telling`), with second rounds, what is unknown and
what rows lack (`missing`). `hanging` says what else decisions hang on where some columns are known.
What has no table goes row by row: `attributes` -> `steps` -> `rounds` -> `variants`, together
`settle`. Conditions go through `compile`; what has no native form, through `dictionary`.
"""

from govlab.backends.columnar.census import Census, assumed_rows, attribute_marks, census
from govlab.backends.columnar.conformance import evaluate_frame
from govlab.backends.columnar.decide import COLUMNS, decide_frame, needed, written
from govlab.backends.columnar.engine import Engine, rows_alike

__all__ = [
    "COLUMNS",
    "Census",
    "Engine",
    "assumed_rows",
    "attribute_marks",
    "census",
    "decide_frame",
    "evaluate_frame",
    "needed",
    "rows_alike",
    "written",
]
