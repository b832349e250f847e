"""The inspection of a log: every part of the page, from one reading of the log each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from govlab.bundle import Bundle, load_bundle
from govlab.errors import LogError
from govlab.inspection.actors import actors
from govlab.inspection.columns import fills
from govlab.inspection.figures import figure_states, unlocks
from govlab.inspection.foreign import foreign_tables, frequent_in
from govlab.inspection.frequent import frequent
from govlab.inspection.model import Fill, Inspection, Sources, TableFile
from govlab.inspection.period import period_of
from govlab.inspection.sources import decisions_of, manifest_of, runs_of, sources_of
from govlab.inspection.starters import fit_of, read_by, starters
from govlab.log.cached import Opened, open_log
from govlab.log.collect import collected
from govlab.log.cubefile import is_cube
from govlab.log.report import Progress
from govlab.log.store import is_log
from govlab.replays.organisation import load_org
from govlab.replays.selected import selected_of
from govlab.selection import Scope, Selected, Selection
from govlab.selection.model import Instant

__all__ = ["inspect_log", "inspect_selection"]


def inspect_log(  # noqa: PLR0913  the options of the command, one argument each
    log: str | Path,
    *,
    bundles: Sequence[str | Path] = (),
    org: str | Path | None = None,
    where: str | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
    last: str | None = None,
    as_of: Instant | None = None,
    tz: str = "UTC",
) -> Inspection:
    """What `log` can answer: its sources, period, actors, columns, figures, and how each starter
    (and each of `bundles`) fits it; of the events that the filters choose (J2).

    `org` is an organisation file, whose `derive` fills attributes first (J5). A table that names
    neither tool nor action, or has times without offset, is inspected as far as its columns go.
    Raises LogError where nothing can be read, BundleError where one of `bundles` or `org` does not
    load.

    >>> from govlab.bundled import shipped
    >>> inspect_log(shipped("datasets") / "acme-ops").period.days
    42
    """
    asked = Selection(where, since, until, last, as_of, tz)
    return inspect_selection(log, asked, bundles=bundles, org=load_org(org) if org else None)


def inspect_selection(
    log: str | Path,
    selection: Selection,
    *,
    bundles: Sequence[str | Path] = (),
    org: Bundle | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Inspection:
    """As `inspect_log`, with its filters as one value."""
    path = str(Path(log).expanduser())
    try:
        opened = open_log(path, progress=progress)
    except LogError as error:
        if org is not None or not selection.is_all() or is_cube(path):
            raise  # filters and derivations are over a log's columns; a cube needs no map
        return _no_log(path, error)
    selected = selected_of(opened.frame, opened.folder, selection, org=org)
    if org is not None:  # what was derived is derived once, not in each reading
        selected = replace(selected, log=collected(selected.log).lazy())
    return _survey(path, opened, selected, selection, [str(bundle) for bundle in bundles])


def _no_log(log: str, error: LogError) -> Inspection:
    """What can be said of tables that are no log yet; raises `error` where there is none."""
    tables = foreign_tables(log)
    if not tables:
        raise error
    return Inspection(
        log=log,
        scope=Scope(),
        events=0,
        sources=Sources((), {}, 0, 0, {}, (), None),
        period=None,
        runs=None,
        agents=(),
        agents_in_all=0,
        tools=(),
        tools_in_all=0,
        actions=(),
        actions_in_all=0,
        decisions=None,
        columns=(),
        figures=figure_states(()),
        unlocks=(),
        starters=(),
        tables=tables,
        frequent=frequent_in(log),
        unread=str(error),
    )


def _survey(
    log: str, opened: Opened, selected: Selected, selection: Selection, bundles: Sequence[str]
) -> Inspection:
    manifest = manifest_of(opened.folder)
    frame, local = selected.frame, _local(selected.frame, selected.scope.tz)
    events = frame.select(pl.len()).collect().item()
    columns = fills(frame, events, manifest.get("formats") or {})
    by_name = {fill.column: fill for fill in columns}
    runs = runs_of(frame, opened.frame, opened.folder, events)
    figures = figure_states((*columns, *runs.columns))
    names = (*starters(), *bundles)
    parts: dict[str, Any] = {}
    for plural, column in (("agents", "actor"), ("tools", "tool"), ("actions", "action")):
        parts[plural], parts[f"{plural}_in_all"] = actors(local, column)
    return Inspection(
        log=log,
        scope=selected.scope,
        events=events,
        sources=sources_of(manifest, opened.folder, Path(log), selected.scope.log_events or events),
        period=period_of(local, events, (manifest.get("assumptions") or {}).get("tz")),
        runs=runs,
        decisions=decisions_of(frame, manifest, by_name["decision"], events),
        columns=columns,
        figures=figures,
        unlocks=unlocks(figures, {name: _lacking(name, by_name) for name in names}),
        starters=tuple(fit_of(selected, name, events, selection) for name in names),
        tables=_tables(log, manifest.get("by_format") or {}),
        frequent=frequent(frame, by_name),
        **parts,
    )


def _local(frame: pl.LazyFrame, tz: str) -> pl.LazyFrame:
    """The events with their times in the zone `tz`."""
    if tz == "UTC" or "ts" not in frame.collect_schema().names():
        return frame
    return frame.with_columns(pl.col("ts").dt.convert_time_zone(tz))


def _tables(log: str, formats: Mapping[str, int]) -> tuple[TableFile, ...]:
    """Where the log is a table as it lies there: its columns, some of which may need a name."""
    if is_log(Path(log)):
        return ()
    native = [name for name in formats if not name.startswith("table")]
    return () if native else foreign_tables(log)


def _lacking(bundle: str, fills_: dict[str, Fill]) -> frozenset[str]:
    """The columns that the bundle reads and no source of the log knows; of tool and action one is
    enough."""
    known = (read_by(load_bundle(bundle)) & fills_.keys()) - {"tool", "action"}
    return frozenset(name for name in known if fills_[name].status == "unknown")
