"""`govlab explain`: why one event is decided as it is."""

from __future__ import annotations

from typing import Any

import click

from govlab.bundle import load_bundle
from govlab.cli.options import as_json, emit, read_event
from govlab.errors import UsageError
from govlab.explain import explain
from govlab.report.explanation import explanation_text

__all__ = ["command"]


@click.command(epilog="Example: govlab explain prod-safety --event "
                      "'{\"tool\": \"aws-cli\", \"env\": \"production\"}'")
@click.argument("bundle")
@click.option("--event", help="The event as JSON, @FILE, or - for standard input.")
@click.option("--log", help="A log to take the event from.")
@click.option("--id", "event_id", help="The event's id in the log.")
@as_json
def command(bundle: str, event: str | None, log: str | None, event_id: str | None,
            as_json: bool) -> None:
    """Why BUNDLE decides an event as it does: each rule tried, each sub-expression's value."""
    loaded = load_bundle(bundle)
    if (event is None) == (log is None) or (log is None) != (event_id is None):
        raise UsageError("give either `--event JSON`, or `--log LOG` with `--id EVENT_ID`")
    given, unknown, history = (read_event(event), frozenset[str](), {}) if event else _from_log(
        loaded, str(log), str(event_id))
    if loaded.chain() and any(member.history for member in loaded.chain()) and not history:
        raise UsageError("this bundle reads history; use `--log LOG --id EVENT_ID`, so that "
                         "earlier events are known")
    explained = explain(loaded, given, unknown=unknown, history=history)
    if as_json:
        emit(explained.to_dict())
    else:
        click.echo(explanation_text(explained))


def _from_log(bundle: Any, log: str, event_id: str) -> tuple[dict[str, Any], frozenset[str], dict[str, Any]]:
    from govlab.events import find_event  # noqa: PLC0415  # polars only where a log is read

    return find_event(bundle, log, event_id)
