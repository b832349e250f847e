"""Drift: what changed in a log, when, how sure that is, and what may explain it (metrics 5, J16).

`catalog` says what is followed. `shares` (from the figures' own partials), `sightings`, `likeness`,
`novel` and `volume` make daily series of it; `shifts` finds the day of a change in one, `choosing`
which of all are told; `causes`, `state` and `wording` make alerts of them, `making` does it all.
"""

from govlab.drifting.asking import Asked
from govlab.drifting.making import drift, drift_of
from govlab.drifting.model import Alert, Drift, Verdict
from govlab.drifting.state import Accepted

__all__ = ["Accepted", "Alert", "Asked", "Drift", "Verdict", "drift", "drift_of"]
