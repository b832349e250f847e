"""Shares, sums, quantiles and groups over rows."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from tests.kpi.brute.rows import Found, Row, Truth, both
from tests.kpi.brute.saying import seconds


def told(n: int, d: int, unknown: int) -> Found:
    return Found(None if d == 0 or unknown > d else n / d, n, d, unknown)


def rate(rows: Iterable[Row], of: Callable[[Row], Truth], among: Callable[[Row], Truth]) -> Found:
    n = d = unknown = 0
    for row in rows:
        a, o = among(row), of(row)
        if a is False:
            continue
        if a is None or o is None:
            unknown += 1
        else:
            d, n = d + 1, n + o
    return told(n, d, unknown)


def runs(rows: Iterable[Row], of: Callable[[Row], Truth], among: Callable[[Row], Truth]) -> Found:
    states: dict[Any, set[str]] = defaultdict(set)
    for row in rows:
        if row.cells.get("run_id") is None:
            continue
        key, a, o = (row.cells.get("tenant"), row.cells["run_id"]), among(row), of(row)
        if a is True:
            states[key].add({True: "holds", False: "fails", None: "open"}[o])
        elif a is None and o is not True:
            states[key].add("open")
    n = sum("holds" in s and s == {"holds"} for s in states.values())
    d = n + sum("fails" in s for s in states.values())
    unknown = sum("open" in s and "fails" not in s for s in states.values())
    return told(n, d, unknown)


def count(rows: Iterable[Row], of: Callable[[Row], Truth]) -> Found:
    found = Counter(of(row) for row in rows)
    known = found[True] + found[False]
    n = found[True]
    return Found(None if found[None] > known else n, n, None, found[None])


def total(rows: Iterable[Row], number: Callable[[Row], int | None],
          among: Callable[[Row], Truth]) -> Found:  # fmt: skip
    rows = list(rows)
    found = Counter(among(row) for row in rows)
    n = sum(number(row) or 0 for row in rows if among(row) is True)
    known = found[True] + found[False]
    return Found(None if found[None] > known else n, n, None, found[None])


def quantile(rows: Iterable[Row], start: str, end: str | datetime | None, among: Any,
             q: float) -> Found:  # fmt: skip
    known: list[int] = []
    unknown = 0
    for row in rows:
        a = among(row)
        if a is False:
            continue
        first = row.cells.get(start)
        last = row.cells.get(end) if isinstance(end, str) else end
        if a is None or first is None or last is None:
            unknown += 1
        elif isinstance(end, str):
            known.append(seconds(first, last))
        else:
            known.append(max(int(last.timestamp()) - math.floor(first.timestamp()), 0))
    known.sort()
    d = len(known)
    if not d or unknown > d:
        return Found(None, None, d, unknown)
    return Found(known[max(math.ceil(q * d), 1) - 1], None, d, unknown)


def grouped(
    rows: Iterable[Row],
    keys: Callable[[Row], list[tuple[Any, ...]] | None],
    among: Callable[[Row], Truth],
    bears: Callable[[Row], Truth],
) -> tuple[dict[tuple[Any, ...], list[Row]], int]:
    """The rows of each key, and how many that matter nobody can place."""
    found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    lost = 0
    for row in rows:
        own, a, matter = keys(row), among(row), both(among(row), bears(row))
        if matter is not False and (own is None or matter is None):
            lost += 1
        if a is True and own is not None:
            for key in own:
                found[key].append(row)
    return found, lost


def key(*names: str, optional: tuple[str, ...] = ("tenant",)) -> Any:
    def of(row: Row) -> list[tuple[Any, ...]] | None:
        cells = [(name, row.cells.get(name)) for name in names]
        if any(value is None for name, value in cells if name not in optional):
            return None
        return [tuple(value for _, value in cells)]

    return of


def minute(at: datetime) -> int:
    return int(at.timestamp()) // 60


def people(row: Row) -> list[str] | None:
    try:
        votes = json.loads(row.cells.get("approval_votes") or "null")
    except ValueError:
        votes = None
    if isinstance(votes, list) and votes:
        try:
            return sorted({vote["approver"] for vote in votes if _is_text(vote["approver"])})
        except (KeyError, TypeError, ValueError):
            pass
    return row.cells.get("approved_by")


def _is_text(value: Any) -> bool:
    if not isinstance(value, str):
        raise ValueError(value)
    return True
