"""`govlab audit questions`, `run`, `query`, `retention`: what a log says to an auditor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import polars as pl

from govlab.audit.findings import SHOWN
from govlab.audit.questions import ask
from govlab.audit.retention import retention as kept
from govlab.audit.timeline import timeline
from govlab.cli.files import write_text
from govlab.cli.options import as_json, emit, show_people
from govlab.cli.replay import read_log
from govlab.cli.selecting import listed, parse_show, selecting, show_option
from govlab.cli.tables import check_suffix, write_table
from govlab.errors import UsageError, did_you_mean
from govlab.kpi.knowledge import Knowledge
from govlab.log.cached import Opened
from govlab.log.citation import cite
from govlab.log.collect import collected
from govlab.replays.selected import selected_of
from govlab.report.audit import (
    questions_document,
    questions_text,
    retention_document,
    retention_text,
    rows_table,
    shown_rows,
)
from govlab.report.disclosure import Disclosure, settings_line
from govlab.report.scope import scope_lines, source_line
from govlab.report.timeline import timeline_document, timeline_html, timeline_text
from govlab.selection import Scope, Selected, Selection
from govlab.selection.moments import zone_of

__all__ = ["chosen", "query", "questions", "retention", "run", "scope_page"]


def chosen(opened: Opened, selection: Selection) -> Selected:
    """The rows of a log that the filters choose, with what of its runs they read."""
    return selected_of(opened.frame, opened.folder, selection)


def scope_page(scope: Scope, rows: pl.DataFrame, opened: Opened) -> list[str]:
    """The lines that say which events these are, and of which log."""
    times = rows.get_column("ts") if "ts" in rows.columns else pl.Series([None])
    ends: Any = (times.min(), times.max())
    source = cite(opened.folder) if opened.folder is not None else None
    return list(scope_lines(scope, rows.height, ends, source))


@click.command(epilog="Example: govlab audit questions log --last 30d")
@click.argument("log")
@selecting
@as_json
def questions(log: str, selection: Selection, as_json: bool) -> None:
    """Who, what and why, approved by whom, done where, proved by what: for every run and action.

    A run answers a question if every action of it does. What is not filled is ranked by how many
    runs it would complete, alone and together with what is ranked before it.
    """
    opened = read_log(log)
    selected = chosen(opened, selection)
    asked = ask(selected.frame, Knowledge.of(opened.frame, opened.folder))
    source = cite(opened.folder) if opened.folder is not None else None
    if as_json:
        emit({**questions_document(asked), "source": source and source.to_dict()})
        return
    click.echo(questions_text(asked))
    if source is not None:
        click.echo(source_line(source))


@click.command(epilog="Example: govlab audit run log r-0001 --html run.html")
@click.argument("log")
@click.argument("run_id")
@click.option("--html", type=click.Path(path_type=Path), help="Write the page to this file.")
@click.option("--tz", default="UTC", metavar="ZONE", help="Zone of times shown (UTC).")
@show_people
@as_json
def run(log: str, run_id: str, html: Path | None, tz: str, people: bool, as_json: bool) -> None:
    """One run of LOG as it happened: asked, decided, approved, done, with the evidence."""
    zone = zone_of(tz, "--tz").key
    found = timeline(read_log(log).frame, run_id)
    disclosure = Disclosure(people)
    if html is not None:
        write_text(html, timeline_html(found, tz=zone, disclosure=disclosure))
    if as_json:
        emit(timeline_document(found, tz=zone, disclosure=disclosure))
    elif html is not None:
        click.echo(f"written to {html}: {found.actions:,} actions")
    else:
        click.echo(timeline_text(found, tz=zone, disclosure=disclosure))


@click.command(epilog="Example: govlab audit query log --where \"decision == 'DENY' && executed\"")
@click.argument("log")
@selecting
@click.option(
    "--columns", metavar="COLUMN", multiple=True, help="Columns to list; repeat it, or commas."
)
@click.option("--out", type=click.Path(path_type=Path),
              help="Write the events: .csv, .xlsx, .parquet or .ndjson by its name.")  # fmt: skip
@show_option
@show_people
@as_json
def query(
    log: str,
    selection: Selection,
    columns: tuple[str, ...],
    out: Path | None,
    show: str,
    people: bool,
    as_json: bool,
) -> None:
    """The events of LOG of which a condition over every column holds."""
    most, disclosure = parse_show(show), Disclosure(people)
    if out is not None:
        check_suffix(out)
    opened = read_log(log)
    selected = chosen(opened, selection)
    rows = collected(selected.frame.select(_columns(opened.frame, listed(columns))))
    if out is not None:
        write_table(shown_rows(rows, disclosure), out)
    if as_json:
        emit({"count": rows.height, "events": _plain(shown_rows(rows, disclosure))})
        return
    page = [*rows_table(rows, most, disclosure), "", *scope_page(selected.scope, rows, opened)]
    click.echo("\n".join([*page, settings_line(disclosure)]))
    if out is not None:
        click.echo(f"written to {out}: {rows.height:,} events")


def _columns(log: pl.LazyFrame, asked: list[str]) -> list[str]:
    have = log.collect_schema().names()
    for name in asked:
        if name not in have:
            near = did_you_mean(name, have) or "it has " + ", ".join(have[:12])
            raise UsageError(f"the log has no column `{name}`; {near}")
    return asked or [name for name in SHOWN if name in have]


def _plain(rows: pl.DataFrame) -> list[dict[str, Any]]:
    timed = [name for name, kind in rows.schema.items() if isinstance(kind, pl.Datetime)]
    texts = [pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ") for name in timed]
    return rows.with_columns(texts).to_dicts()


@click.command(epilog="Example: govlab audit retention log")
@click.argument("log")
@selecting
@as_json
def retention(log: str, selection: Selection, as_json: bool) -> None:
    """The oldest and newest event of LOG by system and source, and the days without any."""
    found = kept(chosen(read_log(log), selection).frame)
    if as_json:
        emit(retention_document(found))
    else:
        click.echo(retention_text(found))
