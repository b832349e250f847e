"""Outcomes of policies as far as they are asked for: vectors that come to the same are one.

With many rules there are far more vectors of outcomes than answers: one denial decides whatever
else matched, and beside the deciding rule only what adds a limit, an approval or a remedy counts.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from govlab.backends.columnar.layout import Bools, Ints
from govlab.plan.decision import RESTRICTIVENESS
from govlab.plan.model import NO_TARGET, Plan, RulePlan, decode, encode

__all__ = ["Telling"]

_NONE, _TRUE, _UNKNOWN, _ERROR, _DENIED = range(5)
_WORDS = {"true": _TRUE, "unknown": _UNKNOWN, "error": _ERROR}


@dataclass(frozen=True, slots=True)
class Telling:
    """Of the default, then of each policy: tables by outcome number."""

    root: int
    state: Ints
    rank: Ints
    speaks: Bools  # adds to what is asked for, whatever decides
    limits: Bools

    @classmethod
    def of(cls, plan: Plan, wanted: Collection[str]) -> Self | None:
        """For the columns `wanted` of decisions; None where all outcomes are told."""
        if "matched" in wanted:
            return None
        size = max((encode(len(p.rules), "true") for p in plan.policies), default=encode(0, "true"))
        shape = len(plan.policies) + 1, size
        found = cls(plan.root, np.zeros(shape, np.int64), np.zeros(shape, np.int64),
                    np.zeros(shape, bool), np.zeros(shape, bool))  # fmt: skip
        found._put(0, 1, plan.default, wanted)
        for at, policy in enumerate(plan.policies, 1):
            for code in range(encode(len(policy.rules), "true")):
                outcome = decode(code)
                if outcome is not None:
                    found.state[at, code] = _WORDS[outcome.verdict]
                    if outcome.rule is not None and outcome.verdict == "true":
                        found._put(at, code, policy.rules[outcome.rule], wanted)
        return found

    def _put(self, at: int, code: int, rule: RulePlan, wanted: Collection[str]) -> None:
        self.state[at, code] = _DENIED if rule.decision == "DENY" else _TRUE
        self.rank[at, code] = 1 + RESTRICTIVENESS[rule.decision]
        self.limits[at, code] = bool(rule.constraints)
        self.speaks[at, code] = (
            bool(rule.set) or rule.decision == "REMEDIATE"
            or ("constraints" in wanted and bool(rule.constraints))
            or ("approvals" in wanted and rule.requirement is not None)
            or ("evidence_required" in wanted and rule.evidence_required)
        )  # fmt: skip

    def traits(self, policy: Ints, rule: Ints) -> NDArray[np.uint8] | None:
        """Of no rule, then of each rule of its policy (below 0: the target), three numbers each,
        where it is true, in error and unknown.

        0 to 7 tell how strict that is (5 unknown, 6 error, 7 a denial); 8 is added where the rule
        speaks, 16 where it limits. None in a chain of bundles: the default may stand there beside
        what rules of a later bundle say.
        """
        if self.root < len(self.state) - 1:
            return None
        at, code = policy + 1, encode(0, "true") + 3 * np.maximum(rule, 0)
        strength = np.where(self.state[at, code] == _DENIED, 7, self.rank[at, code])
        true = strength + 8 * self.speaks[at, code] + 16 * self.limits[at, code]
        found = np.zeros((len(rule) + 1, 3), np.uint8)
        found[1:] = [0, 6, 5]
        found[1:, 0] = np.where(rule < 0, 0, true)
        return found.reshape(-1)

    def keys(self, codes: Ints) -> Ints:
        """Rows that agree where outcome numbers (a column a policy) come to the same."""
        at = np.arange(len(self.state))
        silent = ~(self.state[at[1 : self.root + 1], codes[:, : self.root]] > 0).any(axis=1)
        every = np.column_stack([silent.astype(np.int64), codes])
        state = self.state[at, every]
        worst = state.max(axis=1)
        rank = np.where((state == worst[:, None]) & (worst[:, None] > _NONE), 1, 0)
        together = worst == _TRUE
        rank[together] = self.rank[at, every][together]
        by = rank.argmax(axis=1)  # of equals the first
        code = every[np.arange(len(every)), by]
        covered = (by > 0) | (codes != NO_TARGET).any(axis=1)
        limited = together & self.limits[at, every].any(axis=1)
        kept = np.where(self.speaks[at, every] & together[:, None], every, 0)
        return np.column_stack([worst, by, code, covered, limited, kept])
