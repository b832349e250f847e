"""`govlab events`: the rows behind any printed number."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import polars as pl

from govlab.assess.events import SIDES, Side, behind
from govlab.assess.telling import told_by
from govlab.bundle import Bundle, load_bundle
from govlab.cli.enrichment_options import (
    assumption_options,
    assumptions,
    org_option,
    registry_option,
)
from govlab.cli.options import as_json, emit, show_people
from govlab.cli.replay import read_log
from govlab.cli.ruling import OneRule, ruling
from govlab.cli.selecting import parse_show, selecting, show_option
from govlab.cli.tables import check_suffix, write_table
from govlab.errors import UsageError, did_you_mean
from govlab.log.citation import Citation
from govlab.registry import Registry
from govlab.replays import replay_selection
from govlab.replays.model import period
from govlab.replays.organisation import derives
from govlab.replays.recorded import recorded
from govlab.replays.summary import ORIGINS
from govlab.report.disclosure import Disclosure
from govlab.report.events import Pageful, event_rows, events_text
from govlab.report.listing import Listing, mentions_of
from govlab.schema import RECORDED_DECISIONS
from govlab.selection import Scope, Selection

__all__ = ["command"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
_RECORDED = ("recorded", "none")


@dataclass(frozen=True, slots=True)
class _Found:
    """The events of a log with their decisions, replayed or recorded."""

    listing: Listing
    scope: Scope
    source: Citation | None
    bundle: Bundle | None
    rules: tuple[str, ...]
    assumptions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Given:
    """The log, its filters, and what fills what it lacks."""

    log: str
    selection: Selection
    org: Bundle | None
    assume: Mapping[str, str]
    default: str | None
    registry: Registry | None = None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which of them are asked for."""

    decision: str | None
    rule: str | None
    origin: str | None
    ids: tuple[str, ...]


@click.command(
    epilog="Example: govlab events log --bundle prod-safety --decision DENY --out denied.csv"
)
@click.argument("log")
@click.option(
    "--bundle", metavar="BUNDLE", help="Decide under this bundle; without it, as the log records."
)
@ruling
@org_option
@assumption_options
@click.option(
    "--origin", metavar="WORD", help="Only decisions that rest on this: " + ", ".join(ORIGINS) + "."
)
@registry_option
@click.option("--figure", metavar="ID", help="Only those behind this figure of the scorecard.")
@click.option(
    "--side", type=click.Choice(SIDES), default="numerator", help="Of --figure: which of them."
)
@click.option("--id", "ids", multiple=True, metavar="EVENT_ID", help="Only this event; repeat it.")
@selecting
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write the events: .csv, .xlsx, .parquet or .ndjson by its name.",
)
@show_option
@show_people
@as_json
def command(
    log: str,
    bundle: str | None,
    one_rule: OneRule,
    org: Bundle | None,
    assume: tuple[str, ...],
    default: str | None,
    origin: str | None,
    registry: Registry | None,
    figure: str | None,
    side: Side,
    ids: tuple[str, ...],
    selection: Selection,
    out: Path | None,
    show: str,
    people: bool,
    as_json: bool,
) -> None:
    """The events behind a number: time, actor, tool, what the rule read, decision, rule, reason.

    Here --rule is the id of a rule, and --decision a decision to look for; a --rule that is a
    condition is one rule to decide by, in place of --bundle.
    """
    most, disclosure = parse_show(show), Disclosure(people)
    if out is not None:
        check_suffix(out)
    given = _Given(log, selection, org, assumptions(assume), default, registry)
    if registry is not None and figure is None:
        raise UsageError("`--registry` tells what is behind a `--figure`; name one")
    wanted = _Wanted(None, None, origin, ids)
    if figure is None:
        found, wanted = _asked(given, bundle, one_rule, wanted)
    elif bundle is None and one_rule.rule is None and one_rule.decision is None:
        found = _recorded(given, figure, side)
    else:
        raise UsageError("`--figure` is of what the log records; leave out --bundle and --rule")
    page = _page(found, wanted, () if figure is None else (f"{side} of {figure}",))
    if out is not None:
        write_table(event_rows(page.listing, disclosure), out)
    if as_json:
        emit(_document(page, found, disclosure))
    else:
        click.echo(events_text(page, most, disclosure))
        if out is not None:
            click.echo(f"written to {out}: {page.listing.events.height:,} events")


def _page(found: _Found, wanted: _Wanted, asked: tuple[str, ...]) -> Pageful:
    """The events asked for, and the scope they are looked for in."""
    every = found.listing.events
    given = {"decided": wanted.decision, "by rule": wanted.rule, "origin": wanted.origin}
    words = (*asked, *(f"{name} {word}" for name, word in given.items() if word is not None))
    listing = replace(found.listing, parts=(_chosen(found, wanted),))
    return Pageful(
        listing, found.scope, found.source, every.height, period(every), words, found.assumptions
    )


def _asked(
    given: _Given, bundle: str | None, one_rule: OneRule, wanted: _Wanted
) -> tuple[_Found, _Wanted]:
    """The log's events, and which are asked for; `--rule` is an id, or a condition."""
    is_id = one_rule.rule is None or _ID.fullmatch(one_rule.rule) is not None
    if bundle is None and not is_id:
        loaded = one_rule.chosen(None)
        decision = loaded.policies[0].rules[0].decision
        return _replayed(given, loaded), replace(
            wanted, decision=decision, origin=wanted.origin or "rule"
        )
    if one_rule.tool or one_rule.action or one_rule.reason:
        raise UsageError(
            "`--tool`, `--action` and `--reason` belong to a `--rule` that is a condition; "
            "to filter by tool, write `--where \"tool == 'Bash'\"`"
        )
    wanted = replace(wanted, decision=one_rule.decision, rule=one_rule.rule)
    if bundle is not None:
        return _replayed(given, load_bundle(bundle)), wanted
    return _recorded(given), wanted


def _recorded(given: _Given, figure: str | None = None, side: Side = "numerator") -> _Found:
    """The events with the decisions that the log records; those behind one side of a figure."""
    if given.assume or given.default:
        raise UsageError("`--assume` and `--default` explore decisions; name a `--bundle` too")
    opened = read_log(given.log)

    def narrowed(rows: pl.LazyFrame) -> pl.LazyFrame:
        if figure is None:
            return rows
        rows, told = told_by(given.registry, rows, derives(given.org) if given.org else ())
        return behind(rows, figure, side, folder=opened.folder, told=told)

    seen = recorded(opened.log, given.selection, narrowed=narrowed, org=given.org)
    asked = (*seen.scope.reads, "resource")
    listing = Listing((seen.decided,), {}, seen.scope.zone(), asked, by_time=True)
    return _Found(listing, seen.scope, seen.source, None, ())


def _replayed(given: _Given, bundle: Bundle) -> _Found:
    opened = read_log(given.log)
    result = replay_selection(
        opened.log,
        bundle,
        given.selection,
        assume=given.assume,
        default=given.default,
        org=given.org,
    )
    mentions = mentions_of(result.plan)
    zone, asked = result.scope.zone(), result.scope.reads
    listing = Listing((result.decided,), mentions, zone, asked, by_time=True)
    rules, assumed = (*mentions, "default"), result.plan.assumptions
    return _Found(listing, result.scope, result.source, bundle, rules, assumed)


def _chosen(found: _Found, wanted: _Wanted) -> pl.DataFrame:
    """The rows asked for; raises UsageError for a word that no row could have."""
    _refuse("decision", wanted.decision, RECORDED_DECISIONS)
    _refuse("origin", wanted.origin, ORIGINS if found.bundle else _RECORDED)
    if found.bundle:
        _refuse("rule", wanted.rule, found.rules)
    events = found.listing.events
    given = {"decision": wanted.decision, "rule": wanted.rule, "origin": wanted.origin}
    tests = [pl.col(name) == value for name, value in given.items() if value is not None]
    if wanted.ids:
        tests.append(pl.col("event_id").is_in(wanted.ids))
    return events.filter(*tests) if tests else events


def _refuse(option: str, word: str | None, known: tuple[str, ...]) -> None:
    if word is None or word in known:
        return
    hint = did_you_mean(word, known) or did_you_mean(word.upper(), known)
    some = ", ".join(known[:12])
    raise UsageError(f"`--{option} {word}`: there is none; {hint or f'there are {some}'}")


def _document(page: Pageful, found: _Found, disclosure: Disclosure) -> dict[str, Any]:
    rows = event_rows(page.listing, disclosure).to_dicts()
    for row in rows:
        row["time"] = page.scope.shown(row.get("time"))
        row["read"] = json.loads(row["read"]) if row["read"] else {}
    b = found.bundle
    return {
        "bundle": b and {"name": b.name, "version": b.version, "digest": b.digest},
        "scope": page.scope.to_dict(page.in_scope, page.period, page.source),
        "source": page.source.to_dict() if page.source else None,
        "assumptions": list(b.assumptions) if b else [],
        "assumed": [{"name": name, "value": value} for name, value in found.assumptions],
        "count": len(rows),
        "events": rows,
    }
