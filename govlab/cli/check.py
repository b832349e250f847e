"""`govlab check`: what a policy would have stopped, straight from raw logs."""

from __future__ import annotations

from typing import Any

import click
import polars as pl

from govlab.bundle import load_bundle
from govlab.cli.enrichment_options import assumption_options, assumptions
from govlab.cli.options import as_json, emit, show_people
from govlab.cli.replay import read_log
from govlab.cli.ruling import OneRule, ruling
from govlab.cli.selecting import by_option, listed, parse_show, selecting, show_option
from govlab.log.collect import collected
from govlab.log.fitting import fitting_starters
from govlab.replays import replay_selection
from govlab.report.check import check_text, per_day
from govlab.report.disclosure import Disclosure, document
from govlab.selection import Selection

__all__ = ["command"]


@click.command(epilog="Example: govlab check ~/.claude/projects coding-agent")
@click.argument("log")
@click.argument("bundle", required=False)
@ruling
@by_option
@selecting
@assumption_options
@show_option
@show_people
@as_json
def command(
    log: str,
    bundle: str | None,
    one_rule: OneRule,
    by: tuple[str, ...],
    selection: Selection,
    assume: tuple[str, ...],
    default: str | None,
    show: str,
    people: bool,
    as_json: bool,
) -> None:
    """What BUNDLE would have stopped, held or limited in LOG, and how often a day.

    LOG may be raw (Claude Code transcripts, AgentDojo runs, ...; `-`: standard input); without
    BUNDLE the starter for that kind of log is taken, or one rule by --rule.
    """
    most, assumed = parse_show(show), assumptions(assume)
    given = one_rule.bundle(bundle)
    opened = read_log(log, cubes=True)
    starter = "" if given else _starter(opened.frame)
    loaded = given or load_bundle(f"starter:{starter}")
    result = replay_selection(
        opened.log, loaded, selection, by=listed(by), assume=assumed, default=default
    )
    if as_json:
        days: list[dict[str, Any]] = per_day(result).to_dicts()
        emit({**document(result.to_dict(), Disclosure(people)), "per_day": days})
    else:
        click.echo(check_text(result, show=most, disclosure=Disclosure(people), starter=starter))


def _starter(frame: pl.LazyFrame) -> str:
    """The starter for the format of most events of the log."""
    if "source_format" not in frame.collect_schema().names():
        return fitting_starters("")[0]
    formats = frame.select(pl.col("source_format").cast(pl.String).value_counts(sort=True))
    most = formats.head(1).unnest("source_format")
    first = collected(most, in_pieces=True).get_column("source_format")
    return fitting_starters(str(first[0]) if first.len() else "")[0]
