"""The replay itself: read the columns a bundle needs, decide batch by batch, keep the order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from govlab.backends.columnar.attributes import columns_of
from govlab.bundle import Bundle, load_bundle
from govlab.cube.model import Cube
from govlab.errors import UsageError, did_you_mean
from govlab.history import HELD, STATES
from govlab.log.citation import cite
from govlab.log.cubefile import is_cube
from govlab.log.declared import PROPERTIES
from govlab.log.whole import Whole, whole_log
from govlab.plan import Plan, compile_plan
from govlab.plan.assume import with_assumptions
from govlab.replays.cubed import refuse_with_cube, replay_cube
from govlab.replays.model import SHOWN, Replay
from govlab.replays.selected import selected_of
from govlab.replays.shared import Shared
from govlab.schema import LIST_TEXT, MARKS, RUNS
from govlab.selection import Selected, Selection
from govlab.selection.model import Instant
from govlab.types import Type

__all__ = ["Given", "replay", "replay_selection"]


def replay(  # noqa: PLR0913  the options of the command, one argument each
    log: Any,
    bundle: Bundle | str | Path,
    *,
    by: Sequence[str] = (),
    state: str = "counterfactual",
    held: str = "recorded",
    where: str | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
    last: str | None = None,
    as_of: Instant | None = None,
    tz: str = "UTC",
    assume: Mapping[str, Any] | None = None,
    default: str | None = None,
) -> Replay:
    """Every event of `log` decided under `bundle`, and those reported that the filters choose.

    `log` is a path, a `LazyFrame`, a `DataFrame`, an Arrow table or a cube; `by` names columns to
    count decisions by; `state` and `held` say how history features see earlier decisions (S8).
    `where` is CEL over every column; `since` is in, `until` is out; `last` is a span such as
    `30d`, counted from the newest event or `as_of`; days begin in the zone `tz` (J2). To explore,
    `assume` gives values to attributes that are absent or unknown, and `default` is ALLOW, DENY or
    REQUIRE_APPROVAL: what rests on them is counted as assumed, never as exact.

    Raises UsageError for a column, state or filter that does not exist and a value that is not of
    its attribute's type, LogError where the log
    cannot be read, BundleError where the bundle does not load.

    >>> import polars as pl
    >>> log = pl.DataFrame({"tool": ["aws-cli", "calculator"], "env": ["production", "dev"]})
    >>> replay(log, "prod-safety").summary.events
    2
    >>> replay(log, "prod-safety", where="env == 'dev'").summary.events
    1
    """
    asked = Selection(where, since, until, last, as_of, tz)
    return replay_selection(
        log, bundle, asked, by=by, state=state, held=held, assume=assume, default=default
    )


def replay_selection(  # noqa: PLR0913  as above
    log: Any,
    bundle: Bundle | str | Path,
    selection: Selection,
    *,
    by: Sequence[str] = (),
    state: str = "counterfactual",
    held: str = "recorded",
    assume: Mapping[str, Any] | None = None,
    default: str | None = None,
    org: Bundle | None = None,
) -> Replay:
    """As `replay`, with its filters as one value; `org` derives attributes before the bundle."""
    given = Given(log, selection, tuple(by), state, held, assume or {}, default, org)
    return given.replay(bundle)


class _Rows(NamedTuple):
    """The log with what of its runs is asked for, and which of its rows are reported; and the log
    as it is on disk, where nothing was derived."""

    selected: Selected
    whole: Whole
    frame: pl.LazyFrame  # the rows that are reported
    declared: Mapping[str, Type]  # by the bundle that they were selected for

    def serves(self, declared: Mapping[str, Type]) -> bool:
        """Whether another bundle, which declares these attributes, reads them as the same rows."""
        both = {*declared, *self.declared}
        reads = {*self.selected.scope.reads, *(n for n in both if n.startswith(PROPERTIES))}
        return all(self.declared.get(n) == declared.get(n) for n in reads)


@dataclass(frozen=True, slots=True)
class Given:
    """All that a replay is told but its bundle; replays of the same rows share their frame."""

    log: Any
    selection: Selection
    by: tuple[str, ...]
    state: str
    held: str
    assume: Mapping[str, Any]
    default: str | None
    org: Bundle | None = None
    rows: list[_Rows] = field(default_factory=list)

    def replay(self, bundle: Bundle | str | Path) -> Replay:
        """The replay under one bundle."""
        _check(self.state, STATES, "state")
        _check(self.held, HELD, "held")
        loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
        log, by, assume = self.log, self.by, self.assume
        if isinstance(log, Cube) or is_cube(log):
            refuse_with_cube("an organisation file", self.org)
            return replay_cube(
                log, loaded, self.selection, by=by, assume=assume, default=self.default
            )
        plan = with_assumptions(compile_plan(loaded), assume, self.default)
        rows = self._rows(loaded)
        have = [n for n in rows.frame.collect_schema().names() if not n.endswith(LIST_TEXT)]
        _check_columns(by, have)
        told = self._of_history if plan.has_history() else self._of_columns
        return told(loaded, plan, rows, have)

    def _of_history(self, bundle: Bundle, plan: Plan, rows: _Rows, have: Sequence[str]) -> Replay:
        """What became of earlier events counts, so every row and column may."""
        log = rows.selected.log.select(have)
        made = self._replay(bundle, plan, "scalar", rows, log, tuple(have))
        return replace(made, keep=rows.selected.keep)

    def _of_columns(self, bundle: Bundle, plan: Plan, rows: _Rows, have: Sequence[str]) -> Replay:
        reads = sorted({c for name in plan.reads() for c in columns_of(name)})
        beside = (*self.by, *rows.selected.scope.columns())
        wanted = dict.fromkeys(("event_id", *reads, *MARKS, *SHOWN, *beside))
        shown = tuple(n for n in wanted if n in have)
        made = self._replay(bundle, plan, "columnar", rows, rows.frame, shown)
        kinds = rows.whole.kinds if rows.frame is rows.whole.frame else None
        return replace(made, kinds=kinds, shared=Shared(rows.frame, kinds, (plan,), self.by))

    def _replay(
        self, bundle: Bundle, plan: Plan, engine: str, rows: _Rows, log: pl.LazyFrame,
        shown: tuple[str, ...],
    ) -> Replay:  # fmt: skip
        source = cite(self.log) if isinstance(self.log, str | Path) else None
        state = None if rows.whole.state is None else f"{rows.whole.state} {self.selection}"
        return Replay(
            bundle, plan, engine, self.by, log, shown, self.state, self.held, rows.selected.scope,
            source, state,
        )  # fmt: skip

    def _rows(self, bundle: Bundle) -> _Rows:
        """The rows that are reported; the same where the bundles read them as the same."""
        declared = bundle.readable()
        for known in self.rows:
            if known.serves(declared):
                return known
        path = self.log if isinstance(self.log, str | Path) else None
        whole = whole_log(self.log, declared)
        if self.org is not None:  # what is derived stands in no list's text, and in no log on disk
            names = whole.frame.collect_schema().names()
            own = whole.frame.select(n for n in names if not n.endswith(LIST_TEXT))
            whole = Whole(own, None, None)
        selected = selected_of(
            whole.frame, path, self.selection, declared=declared, by=self.by, org=self.org
        )
        self.rows.append(_Rows(selected, whole, selected.frame, declared))
        return self.rows[-1]


def _check(word: str, allowed: tuple[str, ...], what: str) -> None:
    if word not in allowed:
        raise UsageError(f"`{word}` is no {what}; use {' or '.join(allowed)}")


def _check_columns(by: Sequence[str], have: Sequence[str]) -> None:
    for name in by:
        if name not in have:
            raise UsageError(
                f"the log has no column `{name}` to count by; "
                f"{did_you_mean(name, _known(have)) or 'it has ' + ', '.join(have[:12])}"
            )


def _known(have: Sequence[str]) -> list[str]:
    """The columns of the log, and of its runs."""
    return [*have, *(f"run.{name}" for name in RUNS)]
