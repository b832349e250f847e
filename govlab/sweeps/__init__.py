"""Every value of a bundle's params on one log, and the trade-off between what they come to."""

from govlab.sweeps.model import Figure, Objective, Point, Sweep
from govlab.sweeps.run import sweep, sweep_selection

__all__ = ["Figure", "Objective", "Point", "Sweep", "sweep", "sweep_selection"]
