"""Figures of what must be found twice: uses, storms, launderings, people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from tests.kpi.brute.measures import grouped, key, minute, people, told
from tests.kpi.brute.rows import Found, Row, Truth, both, no
from tests.kpi.brute.saying import (
    answered,
    any_row,
    approved,
    denied,
    every,
    executed,
    held,
    limited,
    quick,
    rejected,
    unavailable,
)


def uses(rows: list[Row]) -> Found:
    found, lost = grouped(rows, key("tenant", "approval_id"), every(executed, approved), any_row)
    return told(sum(len(g) > 1 for g in found.values()), len(found), lost)


def storms(rows: list[Row]) -> Found:
    found, lost = grouped(rows, key("tenant", "run_id", "tool", "args_sha256"), any_row, any_row)
    return told(sum(len(g) >= 5 for g in found.values()), len(found), lost)


def _times(rows: Iterable[Row], of: Callable[[Row], Truth]) -> list[datetime]:
    return [r.cells["ts"] for r in rows if of(r) is True and r.cells.get("ts") is not None]


def after_deny(rows: list[Row]) -> Found:
    found, lost = grouped(rows, key("tenant", "run_id", "tool"), any_row, denied)
    refused = [group for group in found.values() if any(denied(r) is True for r in group)]
    times = [(_times(group, denied), _times(group, any_row)) for group in refused]
    states = [max(all_) > min(first) if first and all_ else None for first, all_ in times]
    known = Counter(states)
    return told(known[True], known[True] + known[False], known[None] + lost)


def laundering(rows: list[Row]) -> Found:
    keys = key("tenant", "trace_id", "tool", "args_sha256")
    found, lost = grouped(rows, keys, any_row, denied)
    refused = [group for group in found.values() if any(denied(r) is True for r in group)]
    states = [_laundered(group) for group in refused]
    known = Counter(states)
    return told(known[True], known[True] + known[False], known[None] + lost)


def _laundered(group: list[Row]) -> Truth:
    done = [r for r in group if executed(r) is True]
    if not done:
        return None if any(executed(r) is None for r in group) else False
    refused = [r for r in group if denied(r) is True]
    no_, yes = _times(group, denied), _times(group, executed)
    later: Truth = max(yes) > min(no_) if no_ and yes else None
    return both(later, no(_one_actor(refused, done)))


def _one_actor(refused: list[Row], done: list[Row]) -> Truth:
    """Unnamed actors aside: whether all are the same one; unknown where a side names nobody."""
    first, second = ({r.cells.get("actor") for r in side} - {None} for side in (refused, done))
    one = both(*(len(side) == 1 if side else None for side in (first, second)))
    same = first == second if len(first) == len(second) == 1 else None
    return (
        both(one, same) if same is not None else (False if one is False else _mixed(first, second))
    )


def _mixed(first: set[Any], second: set[Any]) -> Truth:
    return None if not first or not second else False


def open_minutes(rows: list[Row]) -> Found:
    def of(row: Row) -> Any:
        ts = row.cells.get("ts")
        return None if ts is None else [(row.cells.get("tenant"), minute(ts))]

    found, lost = grouped(rows, of, every(unavailable, executed), any_row)
    n = len(found)
    return Found(None if lost > n else n, n, None, lost)


def consistent(rows: list[Row]) -> Found:
    optional = ("tenant", "tool", "action")
    found, lost = grouped(rows, key(*optional, optional=optional), limited, any_row)
    often = [group for group in found.values() if len(group) > 1]
    texts = [{r.cells.get("constraints") for r in group} - {None} for group in often]
    states = [len(known) == 1 if known else None for known in texts]
    known = Counter(states)
    return told(known[True], known[True] + known[False], known[None] + lost)


answer = every(held, answered)


def _voter(row: Row) -> Any:
    named = people(row)
    return None if named is None else [(row.cells.get("tenant"), name) for name in named]


def _voter_minute(row: Row) -> Any:
    named, at = people(row), row.cells.get("approval_decided_at")
    if named is None or at is None:
        return None
    return [(row.cells.get("tenant"), name, minute(at)) for name in named]


def approvers(rows: list[Row]) -> Found:
    found, lost = grouped(rows, _voter, answer, any_row)
    n = len(found)
    return Found(None if lost > n else n, n, None, lost)


def busiest(rows: list[Row]) -> Found:
    found, lost = grouped(rows, _voter, answer, any_row)
    sizes = [len(group) for group in found.values()]
    n, d = max(sizes, default=0), sum(sizes)
    return Found(n / d if d and lost <= d else None, n, d, lost)


def habit(test: Callable[[list[Row]], bool]) -> Callable[[list[Row]], Found]:
    def of(rows: list[Row]) -> Found:
        found, lost = grouped(rows, _voter, answer, any_row)
        often = [group for group in found.values() if len(group) >= 20]
        return told(sum(map(test, often)), len(often), lost)

    return of


def never_no(group: list[Row]) -> bool:
    return not any(rejected(r) is True for r in group)


def hasty(group: list[Row]) -> bool:
    return 2 * sum(quick(r) is True for r in group) > len(group)


def bursts(rows: list[Row]) -> Found:
    found, lost = grouped(rows, _voter_minute, answer, any_row)
    return told(sum(len(g) >= 5 for g in found.values()), len(found), lost)
