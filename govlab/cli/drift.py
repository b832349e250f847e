"""`govlab drift`: what changed in a log, and when."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from govlab.bundle import Bundle, load_bundle
from govlab.cli.enrichment_options import org_option, registry_option
from govlab.cli.failing import fail_on as failing
from govlab.cli.files import write_text
from govlab.cli.options import as_json, emit, say, show_people
from govlab.cli.selecting import by_option, listed, selecting
from govlab.drifting import Accepted, Asked, Drift, drift_of
from govlab.errors import UsageError
from govlab.registry import Registry
from govlab.report.disclosure import Disclosure
from govlab.report.drift import drift_document, drift_markdown, drift_text
from govlab.selection import Selection

__all__ = ["command"]

_FAILS = {
    "new": "an alert is new since the last run",
    "any": "an alert is new or ongoing",
    "unknown": "the drift of something is unknown",
    "late": "a source or an agent fell silent, or the last whole day is empty",
}


@click.command(
    epilog="Example: govlab drift log --registry registry --state drift.json --fail-on new"
)
@click.argument("log")
@by_option
@click.option("--reference", metavar="A..B", help="The days to hold others against; B is out.")
@click.option("--current", metavar="C..D", help="Those others (all days after the reference).")
@click.option(
    "--bundle", metavar="BUNDLE", help="Whose conditions say which columns' values are compared."
)
@registry_option
@org_option
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What earlier runs told: read, and written anew.",
)
@click.option(
    "--accept",
    nargs=3,
    multiple=True,
    metavar="ID DAY REASON",
    help="Accept an alert up to and with a day; needs --state.",
)
@failing(_FAILS)
@click.option("--md", type=click.Path(path_type=Path), metavar="FILE", help="The page in Markdown.")
@show_people
@selecting
@as_json
def command(
    log: str,
    by: tuple[str, ...],
    reference: str | None,
    current: str | None,
    bundle: str | None,
    registry: Registry | None,
    org: Bundle | None,
    state: Path | None,
    accept: tuple[tuple[str, str, str], ...],
    fail_on: tuple[str, ...],
    md: Path | None,
    people: bool,
    selection: Selection,
    as_json: bool,
) -> int:
    """What changed in LOG and when: decisions, missing metadata, values, waits, volume, new tools.

    Every day is asked whether something changed on it; weekdays are held against the same weekdays.
    Time is that of the log: --until T says up to when records were to be expected.
    """
    if "new" in fail_on and state is None:
        raise UsageError("`--fail-on new` needs the run before this one; add `--state FILE`")
    if accept and state is None:
        raise UsageError("`--accept` is kept in a state; add `--state FILE`")
    asked = Asked(
        selection=selection,
        by=tuple(listed(by)) or Asked().by,
        reference=reference,
        current=current,
        bundle=load_bundle(bundle) if bundle else None,
        registry=registry,
        org=org,
        state=state,
        accept=tuple(_accepted(*given) for given in accept),
    )
    found, disclosure = drift_of(log, asked), Disclosure(people)
    if md is not None:
        write_text(md, drift_markdown(found, disclosure))
        say(f"md: {md}")
    if as_json:
        emit(drift_document(found, disclosure))
    else:
        click.echo(drift_text(found, disclosure))
    if state is not None:
        found.keep(state)
    return int(any(_fails(word, found) for word in fail_on))


def _accepted(id_: str, day: str, reason: str) -> Accepted:
    try:
        return Accepted(id_, date.fromisoformat(day), reason)
    except ValueError:
        raise UsageError(
            f'`--accept {id_} {day}` has no day; write `--accept {id_} 2026-06-30 "why"`'
        ) from None


def _fails(word: str, found: Drift) -> bool:
    match word:
        case "new":
            return bool(found.in_state("new"))
        case "any":
            return bool(found.in_state("new", "ongoing"))
        case "unknown":
            return bool(found.unknown)
        case _:
            heard = bool(found.scope["days"]) and not found.scope["empty_days"]
            return not heard or any(one.late for one in found.seen)
