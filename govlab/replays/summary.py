"""What a replay comes to: three things never added together, coverage first (J1, S14, S22)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from govlab.backends.columnar import attribute_marks
from govlab.backends.columnar.distinct import group
from govlab.plan import Plan
from govlab.plan.sources import behind
from govlab.replays.outcomes import Outcomes
from govlab.schema import DECISIONS

__all__ = ["ORIGINS", "Gap", "Group", "Summary", "merged", "summarise"]

ORIGINS = ("rule", "default", "error", "undecidable")
_Uncovered = tuple[str | None, str | None, int]
_MARKS = ("absent", "malformed", "unknown")
_UNCOVERED = 10
_LACKS = {"row": pl.UInt32, "origin": pl.String, "attribute": pl.String, "mark": pl.UInt8}
_TIMES = "#times"  # the column that says how many events a row stands for
_UNKNOWN = 3  # of the marks that `attribute_marks` gives


@dataclass(frozen=True, slots=True)
class Group:
    """One value of a column: how its events were decided, by origin and by decision of a rule."""

    column: str
    value: str | None
    events: int
    origins: Mapping[str, int]
    decisions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Gap:
    """An attribute that deciding or open rules named and events lacked, by what it was instead."""

    attribute: str
    absent: int
    malformed: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The counts of one replay; `decisions` are those of rules alone."""

    events: int
    origins: Mapping[str, int]
    decisions: Mapping[str, int]
    default: str
    warming: int
    hindsight: int
    assumed: Mapping[str, int]  # events that rest on an assumption, by origin
    missing: tuple[Gap, ...]
    undecidable_missing: tuple[Gap, ...]
    by: tuple[Group, ...]
    rules: tuple[tuple[str, int, int], ...]  # rule, events it matched, events it decided
    uncovered: tuple[_Uncovered, ...]  # tool, action, events

    @property
    def coverage(self) -> float:
        """The share of events that a rule decided; 0 for an empty log."""
        return self.origins["rule"] / self.events if self.events else 0.0

    @property
    def exact(self) -> int:
        """Events that no value the log might still reveal could decide otherwise (S14)."""
        origins, assumed = self.origins, self.assumed
        return sum(origins[o] - assumed[o] for o in ("rule", "default"))

    def to_dict(self) -> dict[str, Any]:
        """The JSON form (S22); exact, by error, undecidable and assumed sum to the events."""
        o, assumed = self.origins, self.assumed
        return {
            "events": self.events,
            "coverage": self.coverage,
            "decisions": dict(self.decisions),
            "default": {"decision": self.default, "events": o["default"]},
            "error": {"events": o["error"]},
            "undecidable": {
                "events": o["undecidable"],
                "missing": [_gap(g) for g in self.undecidable_missing],
            },
            "replayability": {
                "exact": self.exact,
                "by_error": o["error"] - assumed["error"],
                "undecidable": o["undecidable"],
                "assumed": assumed["rule"] + assumed["default"] + assumed["error"],
                "warming": self.warming,
                "hindsight": self.hindsight,
                "missing": [_gap(g) for g in self.missing],
            },
            "by": [
                {
                    "column": g.column,
                    "value": g.value,
                    "events": g.events,
                    **g.origins,
                    "decisions": dict(g.decisions),
                }
                for g in self.by
            ],
            "rules": [
                {"id": rule, "hits": hits, "decides": decides} for rule, hits, decides in self.rules
            ],
            "uncovered": [{"tool": t, "action": a, "events": n} for t, a, n in self.uncovered],
        }


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "attribute": gap.attribute,
        "absent": gap.absent,
        "malformed": gap.malformed,
        "unknown": gap.unknown,
    }


def summarise(
    plan: Plan,
    frame: pl.DataFrame,
    outcomes: Outcomes,
    by: tuple[str, ...],
    begins: datetime | None = None,
    times: pl.Series | None = None,
) -> Summary:
    """The counts over the rows of `frame`, a part of the log, which came out as `outcomes`.

    `begins` is the oldest time of the whole log, where `frame` is a selection of it; `times` how
    many events each row stands for.
    `uncovered` has all tools and actions, until parts are `merged`.
    """
    each = pl.repeat(1, frame.height, dtype=pl.UInt64, eager=True) if times is None else times
    decided = outcomes.decided.with_columns(_totals(outcomes.of_row, each, outcomes.decided.height))
    lacks = _lacks(plan, frame, outcomes, each)
    return Summary(
        events=int(each.sum()),
        origins=_counts(decided, "origin", ORIGINS),
        decisions=_counts(_of(decided, ["rule"], "decision"), "decision", DECISIONS),
        default=plan.default.decision,
        warming=_warming(plan, frame, begins),
        hindsight=_hindsight(plan, frame, each),
        assumed=_counts(decided.filter("assumed"), "origin", ORIGINS),
        missing=_gaps(lacks),
        undecidable_missing=_gaps(lacks.filter(pl.col("origin") == "undecidable")),
        by=tuple(one for column in by for one in _groups(frame, outcomes, column, each)),
        rules=_rules(plan, decided),
        uncovered=_uncovered(frame, outcomes, each),
    )


def merged(parts: Sequence[Summary]) -> Summary:
    """The summary of all rows, of the summaries of parts of one log under one plan."""
    first = parts[0]
    return replace(
        first,
        events=sum(p.events for p in parts),
        origins=_sums(p.origins for p in parts),
        decisions=_sums(p.decisions for p in parts),
        warming=sum(p.warming for p in parts),
        hindsight=sum(p.hindsight for p in parts),
        assumed=_sums(p.assumed for p in parts),
        missing=_merged_gaps([g for p in parts for g in p.missing]),
        undecidable_missing=_merged_gaps([g for p in parts for g in p.undecidable_missing]),
        by=_merged_groups([g for p in parts for g in p.by]),
        rules=tuple(
            (rules[0][0], sum(r[1] for r in rules), sum(r[2] for r in rules))
            for rules in zip(*(p.rules for p in parts), strict=True)
        ),
        uncovered=_merged_uncovered(parts),
    )


def _sums(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in parts:
        for name, n in part.items():
            found[name] = found.get(name, 0) + n
    return found


def _merged_gaps(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
    named: dict[str, list[Gap]] = {}
    for gap in gaps:
        named.setdefault(gap.attribute, []).append(gap)
    found = [
        Gap(name, sum(g.absent for g in own), sum(g.malformed for g in own),
            sum(g.unknown for g in own))
        for name, own in named.items()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda g: (-(g.absent + g.malformed + g.unknown), g.attribute)))


def _merged_groups(groups: Sequence[Group]) -> tuple[Group, ...]:
    named: dict[tuple[str, str | None], list[Group]] = {}
    for one in groups:
        named.setdefault((one.column, one.value), []).append(one)
    columns = list(dict.fromkeys(g.column for g in groups))
    found = [
        Group(column, value, sum(g.events for g in own), _sums(g.origins for g in own),
              _sums(g.decisions for g in own))
        for (column, value), own in named.items()
    ]  # fmt: skip
    order = {column: at for at, column in enumerate(columns)}
    return tuple(sorted(found, key=lambda g: (order[g.column], -g.events, g.value or "")))


def _merged_uncovered(parts: Sequence[Summary]) -> tuple[_Uncovered, ...]:
    counts: dict[tuple[str | None, str | None], int] = {}
    for part in parts:
        for tool, action, n in part.uncovered:
            counts[tool, action] = counts.get((tool, action), 0) + n
    rows = [(tool, action, n) for (tool, action), n in counts.items()]
    # an absent name is before all others
    rows.sort(key=lambda r: (-r[2], r[0] is not None, r[0] or "", r[1] is not None, r[1] or ""))
    return tuple(rows[:_UNCOVERED])


def _counts(frame: pl.DataFrame, column: str, known: Iterable[str]) -> dict[str, int]:
    """How often each of `known` occurs, zero where it does not."""
    found = dict(_tally(frame, column).iter_rows())
    return {value: found.get(value, 0) for value in known}


def _tally(frame: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """How many events there are of each combination of `keys`, last column."""
    groups = group((frame.get_column(key) for key in keys), frame.height)
    totals = _totals(groups.ids, frame.get_column(_TIMES), len(groups))
    return frame.select(keys)[groups.rows].with_columns(totals)


def _totals(ids: pl.Series, each: pl.Series, count: int) -> pl.Series:
    """How many events there are of each of `count` ids: below 2^53, which doubles hold exactly."""
    found = np.bincount(ids.to_numpy(), each.to_numpy(), minlength=count)
    return pl.Series(_TIMES, found.astype(np.uint64))


def _of(decided: pl.DataFrame, origins: Iterable[str], column: str) -> pl.DataFrame:
    """One column of the events of `origins`; filtering all columns would copy them."""
    return decided.select(column, "origin", _TIMES).filter(pl.col("origin").is_in(list(origins)))


def _lacks(plan: Plan, frame: pl.DataFrame, outcomes: Outcomes, each: pl.Series) -> pl.DataFrame:
    """A row for each attribute that an event lacks: origin, attribute, and what it was.

    Marks are 1 absent, 2 malformed, 3 unknown; they are found only where something is lacking.
    """
    decided = outcomes.decided
    open_ = decided.get_column("origin") == "undecidable"
    rows = outcomes.where((decided.get_column("lacks").list.len().fill_null(0) > 0) | open_)
    if not len(rows):
        return pl.DataFrame(schema={**_LACKS, _TIMES: pl.UInt64})
    lists = decided.select("origin", attribute="lacks")[outcomes.of_row[rows]]
    exploded = lists.with_row_index("row").explode("attribute", empty_as_null=False)
    wanted = {*exploded.get_column("attribute").unique(), *behind(plan)}
    marks = attribute_marks(plan, frame[rows], wanted)
    parts = [
        part.with_columns(mark=_mark(marks, str(name), part.get_column("row"))).select(list(_LACKS))
        for (name,), part in exploded.drop_nulls("attribute").group_by("attribute")
    ]
    named = pl.concat([pl.DataFrame(schema=_LACKS), *parts])
    found = pl.concat([named, _behind(plan, marks, lists, named)])
    return found.with_columns(each[rows][found.get_column("row")].alias(_TIMES))


def _behind(
    plan: Plan, marks: pl.DataFrame, lists: pl.DataFrame, named: pl.DataFrame
) -> pl.DataFrame:
    """Of undecidable events of which `named` says nothing unknown: what risk and history lack."""
    places = lists.select("origin").with_row_index("row").filter(pl.col("origin") == "undecidable")
    rows = places.join(named.filter(pl.col("mark") == _UNKNOWN), on="row", how="anti")
    found = [pl.DataFrame(schema=_LACKS)]
    for name in behind(plan):
        if name in marks.columns:
            mark = marks.get_column(name).gather(rows.get_column("row"))
            part = rows.with_columns(attribute=pl.lit(name), mark=mark).select(list(_LACKS))
            found.append(part.filter(pl.col("mark") == _UNKNOWN))
    return pl.concat(found)


def _mark(marks: pl.DataFrame, attribute: str, rows: pl.Series) -> pl.Series:
    """The marks of one attribute at `rows`; what no bundle reads is absent."""
    if attribute in marks.columns:
        return marks.get_column(attribute).gather(rows)
    return pl.repeat(1, len(rows), dtype=pl.UInt8, eager=True)


def _gaps(lacks: pl.DataFrame) -> tuple[Gap, ...]:
    """The missing attributes, by what they were, most frequent first."""
    counts: dict[str, dict[int, int]] = {}
    for attribute, mark, n in _tally(lacks, "attribute", "mark").iter_rows():
        counts.setdefault(attribute, {})[mark] = n
    found = [Gap(name, *(by.get(mark, 0) for mark in (1, 2, 3))) for name, by in counts.items()]
    return tuple(sorted(found, key=lambda g: (-(g.absent + g.malformed + g.unknown), g.attribute)))


def _groups(frame: pl.DataFrame, outcomes: Outcomes, column: str, each: pl.Series) -> list[Group]:
    """Decisions by each value of a column of the log, most frequent first."""
    kinds = outcomes.decided.select("origin", "decision")
    alike = group(kinds.get_columns(), kinds.height)
    rows = pl.DataFrame([
        _plain(frame, column).alias("value"), alike.ids[outcomes.of_row].alias("kind"),
        each.alias(_TIMES),
    ])  # fmt: skip
    counts = _tally(rows, "value", "kind").cast({"value": pl.String})
    names = kinds[alike.rows].rows()
    values: dict[str | None, list[tuple[str, str, int]]] = {}
    for value, kind, n in counts.iter_rows():  # a row a group
        values.setdefault(value, []).append((*names[kind], n))
    groups = [_group(column, value, parts) for value, parts in values.items()]
    return sorted(groups, key=lambda g: (-g.events, g.value or ""))


def _plain(frame: pl.DataFrame, column: str) -> pl.Series:
    """A column of the log to count by; categories stay numbers until they are counted."""
    if column not in frame.columns:
        return pl.repeat(None, frame.height, dtype=pl.String, eager=True)
    cells = frame.get_column(column)
    return cells if isinstance(cells.dtype, pl.Categorical | pl.Enum) else cells.cast(pl.String)


def _group(column: str, value: str | None, parts: list[tuple[str, str, int]]) -> Group:
    origins = {o: sum(n for where, _, n in parts if where == o) for o in ORIGINS}
    decisions = {
        d: sum(n for where, decision, n in parts if (where, decision) == ("rule", d))
        for d in DECISIONS
    }
    return Group(column, value, sum(origins.values()), origins, decisions)


def _rules(plan: Plan, decided: pl.DataFrame) -> tuple[tuple[str, int, int], ...]:
    """Each rule of the plan, in order: how often it took part, and how often it decided.

    Erring is deciding (S4.2b); what an undecidable event would come to is not.
    """
    matched = decided.select("matched", _TIMES).explode("matched", empty_as_null=False)
    hits = dict(_tally(matched, "matched").iter_rows())
    decides = dict(_tally(_of(decided, ["rule", "error"], "rule"), "rule").iter_rows())
    ids = (rule.id for policy in plan.policies for rule in policy.rules)
    return tuple((rule, hits.get(rule, 0), decides.get(rule, 0)) for rule in ids)


def _uncovered(frame: pl.DataFrame, outcomes: Outcomes, each: pl.Series) -> tuple[_Uncovered, ...]:
    """The tools and actions that no rule spoke of, with their events."""
    rows = outcomes.where(outcomes.decided.get_column("origin") == "default")
    names = [_plain(frame, name)[rows].alias(name) for name in ("tool", "action")]
    counts = _tally(pl.DataFrame([*names, each[rows].alias(_TIMES)]), "tool", "action")
    named = counts.cast({"tool": pl.String, "action": pl.String})
    return tuple(named.iter_rows())  # a row a tool and action


def _warming(plan: Plan, frame: pl.DataFrame, begins: datetime | None) -> int:
    """Events whose history window begins before the log does, or has no beginning (S8)."""
    features = [f for scope in plan.scopes for f in scope.history]
    if not features or frame.is_empty():
        return 0
    windows = [f.within_us for f in features]
    if "ts" not in frame.columns or any(w is None for w in windows):
        return frame.height
    longest = max(w for w in windows if w is not None)
    start = pl.col("ts").min() if begins is None else pl.lit(begins, frame.schema["ts"])
    age = (pl.col("ts") - start).dt.total_microseconds()
    return frame.filter((age < longest) | pl.col("ts").is_null()).height


def _hindsight(plan: Plan, frame: pl.DataFrame, times: pl.Series) -> int:
    """Events with a column that the bundle reads and the source filled afterwards (S12)."""
    if "hindsight_columns" not in frame.columns:
        return 0
    reads = {"cost_micro_usd" if name == "cost" else name for name in plan.reads()}
    marks = frame.select(pl.col("hindsight_columns").cast(pl.String), times.alias(_TIMES))
    counts = _tally(marks, "hindsight_columns")
    return sum(n for mark, n in counts.iter_rows() if reads & set((mark or "").split(",")))
