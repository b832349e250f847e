"""`govlab explain`: why one event is decided as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from govlab.bundle import Bundle
from govlab.cli.options import as_json, emit, read_event, say, show_people
from govlab.cli.replay import read_log
from govlab.cli.ruling import OneRule, ruling
from govlab.errors import UsageError, did_you_mean
from govlab.explanation import explain
from govlab.log.citation import Citation, cite
from govlab.replays.find import Found, find_event
from govlab.report.disclosure import Disclosure, explained
from govlab.report.explanation import explanation_text
from govlab.report.scope import source_line
from govlab.report.text import clean
from govlab.schema import ACTIONS, request_columns

__all__ = ["command"]


@click.command(
    epilog="Example: govlab explain prod-safety --event "
    '\'{"tool": "aws-cli", "env": "production"}\''
)
@click.argument("bundle", required=False)
@ruling
@click.option("--event", metavar="JSON", help="The event as JSON, @FILE, or - for standard input.")
@click.option("--log", metavar="LOG", help="A log to take the event from.")
@click.option("--id", "event_id", metavar="EVENT_ID", help="The event's id in the log.")
@show_people
@as_json
def command(
    bundle: str | None,
    one_rule: OneRule,
    event: str | None,
    log: str | None,
    event_id: str | None,
    people: bool,
    as_json: bool,
) -> None:
    """Why BUNDLE (or --rule) decides an event as it does.

    Shows each rule that was tried, and the value of each part of its condition.
    """
    loaded = one_rule.chosen(bundle)
    if (event is None) == (log is None) or (log is None) != (event_id is None):
        raise UsageError("give either `--event JSON`, or `--log LOG` with `--id EVENT_ID`")
    source = None
    if log is not None and event_id is not None:
        opened = read_log(log)
        source = cite(opened.folder) if opened.folder else None
        found = find_event(loaded, opened.frame, event_id)
    else:
        _refuse_history(loaded)
        found = Found(read_event(str(event)), frozenset(), {})
        _say_unread(loaded, found.event)
    why = explain(loaded, found.event, unknown=found.unknown, history=found.history)
    disclosure = Disclosure(people)
    if as_json:
        beside = {"source": source.to_dict() if source else None,
                  "assumptions": list(loaded.assumptions)}  # fmt: skip
        emit({**explained(why.to_dict(), disclosure), **beside})
    else:
        click.echo(explanation_text(why, disclosure=disclosure))
        click.echo("\n".join(_beside(loaded, source)), nl=bool(loaded.assumptions or source))


def _say_unread(bundle: Bundle, event: Mapping[str, Any]) -> None:
    """Names in an event that no bundle could read: likely mistyped."""
    known = [*request_columns(), *bundle.readable(), *ACTIONS, "cost"]
    parts = {name.partition(".")[0] for name in known}
    for name in event:
        if name not in known and name not in parts:
            cure = did_you_mean(name, known) or "no rule reads it"
            say(clean(f"the event's `{name}` is no attribute; {cure}"))


def _refuse_history(bundle: Bundle) -> None:
    if any(member.history for member in bundle.chain()):
        raise UsageError(
            "this bundle reads history; use `--log LOG --id EVENT_ID`, so that "
            "earlier events are known"
        )


def _beside(bundle: Bundle, source: Citation | None) -> Iterator[str]:
    """What was taken for granted, and which log the event is from."""
    if bundle.assumptions or source is not None:
        yield ""
    yield from (f"note: assumption: {assumption}" for assumption in bundle.assumptions)
    if source is not None:
        yield source_line(source)
