"""Every figure once more, row by row in plain Python, from metrics.md and S9, S10, S23.

Nothing here is shared with the terms of `govlab.kpi`: a row is a dictionary, and what its source
cannot tell is UNKNOWN. Truth is True, False or None (unknown).
"""

from tests.kpi.brute.figures import FIGURES, figure
from tests.kpi.brute.rows import Found, Row, Source
from tests.kpi.brute.saying import BOUND

__all__ = ["BOUND", "FIGURES", "Found", "Row", "Source", "figure"]
