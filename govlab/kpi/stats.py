"""Intervals for figures whose actions come in clusters, and for quantiles (S23)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["FEWEST", "Clusters", "Ranked", "design_effect", "order_interval", "quantile", "wilson"]

FEWEST = 10
"""Clusters below which no interval is given."""

_Z = NormalDist().inv_cdf(0.975)
_EXACT = 1000  # up to this size the binomial is summed, above it is normal


@dataclass(frozen=True, slots=True)
class Clusters:
    """Sums over clusters of `n` (numerator) and `d` (denominator) of each."""

    count: int
    n: int
    d: int
    nn: int
    nd: int
    dd: int


def design_effect(c: Clusters) -> float:
    """How many times the variance of n/d exceeds the binomial one: linearised (ratio) estimator.

    At a rate of 0 or 1 the residuals say nothing: clusters are then taken to be of one mind. Never
    below 1. Cochran, Sampling Techniques, 3rd ed., 6.4 and 9A.

    >>> design_effect(Clusters(count=2, n=10, d=20, nn=100, nd=100, dd=200))
    20.0
    """
    if c.d == 0 or c.count < 2:
        return 1.0
    rate = c.n / c.d
    if rate in (0.0, 1.0):
        return max(c.dd / c.d, 1.0)
    residual = c.nn - 2 * rate * c.nd + rate * rate * c.dd
    variance = c.count / (c.count - 1) * residual / c.d**2
    return max(variance / (rate * (1 - rate) / c.d), 1.0)


def wilson(n: int, d: int, deff: float = 1.0) -> tuple[float, float]:
    """The 95 % score interval of n/d with effective size d/deff. Wilson 1927.

    >>> [round(bound, 3) for bound in wilson(5, 10)]
    [0.237, 0.763]
    """
    size, rate = d / deff, n / d
    centre = rate + _Z**2 / (2 * size)
    half = _Z * math.sqrt(rate * (1 - rate) / size + (_Z / (2 * size)) ** 2)
    scale = 1 + _Z**2 / size
    low = 0.0 if n == 0 else max((centre - half) / scale, 0.0)
    return low, 1.0 if n == d else min((centre + half) / scale, 1.0)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Values that occur, sorted, and the rank of the last of each."""

    values: NDArray[np.int64]
    ranks: NDArray[np.int64]

    @staticmethod
    def of(values: ArrayLike, counts: ArrayLike) -> Ranked:
        """Of sorted `values`, and how often each of them occurs."""
        return Ranked(np.asarray(values, np.int64), np.cumsum(counts, dtype=np.int64))

    @property
    def total(self) -> int:
        """How many there are."""
        return int(self.ranks[-1]) if len(self.ranks) else 0

    def at(self, rank: int) -> int:
        """The value of a rank, which counts from 1."""
        return int(self.values[np.searchsorted(self.ranks, rank)])


def quantile(table: Ranked, q: float) -> int:
    """The value at the rank ceil(q n).

    >>> quantile(Ranked.of([1, 5, 9], [1, 2, 1]), 0.5)
    5
    """
    return table.at(max(math.ceil(q * table.total), 1))


def order_interval(table: Ranked, q: float) -> tuple[int, int] | None:
    """The 95 % interval of a quantile between two order statistics; None where there is none.

    >>> order_interval(Ranked.of(range(1, 101), [1] * 100), 0.5)
    (40, 61)
    """
    low, high = _ranks(table.total, q)
    return (table.at(low), table.at(high)) if low >= 1 and high <= table.total else None


def _ranks(total: int, q: float) -> tuple[int, int]:
    """Ranks r, s with P(r <= B < s) >= 95 %, B binomial: 2.5 % at most on each side."""
    if total > _EXACT:
        spread = _Z * math.sqrt(total * q * (1 - q))
        return math.floor(total * q - spread), math.ceil(total * q + spread) + 1
    below, rank = 0.0, 0
    while below + (step := math.comb(total, rank) * q**rank * (1 - q) ** (total - rank)) <= 0.025:
        below, rank = below + step, rank + 1
    low, above, rank = rank, 0.0, total
    while above + (step := math.comb(total, rank) * q**rank * (1 - q) ** (total - rank)) <= 0.025:
        above, rank = above + step, rank - 1
    return low, rank + 1
