"""Selection: which events of a log are reported, and what that leaves out (J2).

Filters choose what is reported; history, runs and order are those of the whole log.
"""

from govlab.selection.apply import Selected, select
from govlab.selection.model import CHOSEN, Scope, Selection

__all__ = ["CHOSEN", "Scope", "Selected", "Selection", "select"]
