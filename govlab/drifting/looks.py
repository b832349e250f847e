"""How likely the surest of many looks at one series is as sure as it is where nothing changed.

Looks at neighbouring days see nearly the same actions. Worsley's bound allows for that: the first
look, and each later one only as far as its neighbour did not tell already (Worsley 1983).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["chance_of", "tail"]

Floats = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)
_ROOT: Final = math.sqrt(2.0)
# Press et al., Numerical Recipes, erfcc: relative error below 1.2e-7 everywhere
_ERFC: Final = (-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807,
                -1.13520398, 1.48851587, -0.82215223, 0.17087277)  # fmt: skip


def tail(z: Floats) -> Floats:
    """The probability that a normal number is above `z`.

    >>> [round(float(p), 5) for p in tail(np.array([0.0, 1.959964, -3.0]))]
    [0.5, 0.025, 0.99865]
    """
    x = np.abs(z) / _ROOT
    t = 1 / (1 + x / 2)
    power = np.zeros_like(t)
    for factor in reversed(_ERFC):
        power = power * t + factor
    upper = t * np.exp(-x * x + power) / 2
    return np.asarray(np.where(z >= 0, upper, 1 - upper))


def chance_of(z: float, neighbours: Floats) -> float:
    """The probability that one of the looks is beyond `z` on either side; a bound, at most 1.

    `neighbours` are the correlations of each look with the next: there is one look more.

    >>> alone = chance_of(3.0, np.array([]))
    >>> apart, same = (chance_of(3.0, np.full(9, r)) / alone for r in (0.0, 0.999))
    >>> round(apart, 2), round(same, 1)
    (9.98, 1.5)
    """
    b = abs(z)
    alone = float(2 * tail(np.array([b]))[0])
    if not len(neighbours) or alone * (len(neighbours) + 1) <= 0 or b < 1:
        return min(alone * (len(neighbours) + 1), 1.0)
    x, weights = _NODES * b, _WEIGHTS * b
    r = np.clip(neighbours, 0.0, 0.9999)[:, None]
    left = np.sqrt(1 - r * r)
    beyond = tail((b - r * x) / left) + tail((b + r * x) / left)
    density = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    later = float((beyond * density * weights).sum())
    return min(alone + later, 1.0)
