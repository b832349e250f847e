"""The order in which alerts are told: what began together stands together, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from govlab.drifting.model import Alert

__all__ = ["placed_worst_first"]

_DAY: Final = timedelta(days=1)
_STATES: Final = ("new", "ongoing", "accepted", "resolved")


def placed_worst_first(alerts: Sequence[Alert]) -> list[Alert]:
    """`alerts` with those that began within a day of a surer one, in the same part, beside it.

    Parts with something new and worse come first, explained ones behind the others.
    """
    together: dict[str, list[Alert]] = {}
    for alert in sorted(alerts, key=lambda one: (bool(one.explained_by), -abs(one.verdict.z))):
        leader = next((group[0] for group in together.values() if _belongs(alert, group[0])), None)
        if leader is None:
            together[alert.id] = [alert]
        else:
            together[leader.id].append(replace(alert, beside=leader.id))
    groups = sorted(together.values(), key=_badness)
    return [alert for group in groups for alert in group]


def _belongs(alert: Alert, leader: Alert) -> bool:
    one, other = alert.verdict, leader.verdict
    near = alert.state == leader.state and abs(one.since - other.since) <= _DAY
    whole = one.key.cut is None or other.key.cut is None
    same = (one.key.cut, one.key.at) == (other.key.cut, other.key.at)
    return near and (whole or same or one.key.figure == other.key.figure)


def _badness(group: Sequence[Alert]) -> tuple[int, bool, bool, float]:
    leader = group[0]
    worse = any(alert.verdict.way == "worse" for alert in group)
    better = leader.verdict.way == "better"
    explained = bool(leader.explained_by)
    return (_STATES.index(leader.state), explained or better, not worse, -abs(leader.verdict.z))
