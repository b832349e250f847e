"""`govlab incident`: one page on an incident, ready to paste."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from govlab.bundle import load_bundle
from govlab.bundle.quantities import parse_duration
from govlab.cli.enrichment_options import registry_option
from govlab.cli.files import write_text
from govlab.cli.freezing import freeze
from govlab.cli.options import as_json, emit, show_people
from govlab.cli.replay import read_log
from govlab.cli.selecting import selecting
from govlab.errors import UsageError
from govlab.incident import Question, examine
from govlab.registry import Registry
from govlab.report.disclosure import Disclosure
from govlab.report.incident import incident_document, incident_markdown, incident_text
from govlab.selection import Selection

__all__ = ["command"]

_PATH = click.Path(path_type=Path)


@click.command(
    epilog="Example: govlab incident log --where \"incident == 'INC-12'\" --registry registry"
)
@click.argument("log")
@click.option("--id", "event_id", metavar="EVENT_ID", help="The action, by its id.")
@click.option("--window", default="2h", metavar="SPAN", help="How far around to look (2h).")
@registry_option
@click.option("--bundle", metavar="CANDIDATE", help="What these rules would have done.")
@selecting
@click.option("--md", metavar="F", type=_PATH, help="Write the page as Markdown.")
@click.option("--freeze", "frozen", metavar="DIR", type=_PATH, help="Keep what was looked at.")
@show_people
@as_json
def command(
    log: str,
    event_id: str | None,
    window: str,
    registry: Registry | None,
    bundle: str | None,
    selection: Selection,
    md: Path | None,
    frozen: Path | None,
    people: bool,
    as_json: bool,
) -> None:
    """What happened, who asked, by which rule it went ahead, and who else could do the same.

    The actions are those of --id, or where the filters hold; the page is about the first that ran.
    """
    if event_id is None and selection.where is None:
        raise UsageError("say which action: `--id EVENT_ID`, or `--where CEL`")
    candidate = load_bundle(bundle) if bundle else None
    question = Question(event_id, selection, _span(window), registry, candidate)
    found, disclosure = examine(read_log(log).log, question), Disclosure(people)
    page, document = incident_markdown(found, disclosure), incident_document(found, disclosure)
    if md is not None:
        write_text(md, page)
    if frozen is not None:
        freeze(found, frozen, page=page, document=document)
    if as_json:
        emit(document)
        return
    click.echo(incident_text(found, disclosure))
    for path in (md, frozen):
        if path is not None:
            click.echo(f"written to {path}")


def _span(text: str) -> timedelta:
    try:
        return timedelta(microseconds=parse_duration(text))
    except (ValueError, OverflowError):
        raise UsageError(f"`--window {text}` is no span; write `2h`, `30m` or `1d`") from None
