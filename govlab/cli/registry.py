"""`govlab registry`: bundle versions, and which was in force when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from govlab.cli.options import as_json, emit
from govlab.registry import (
    Entry,
    Registry,
    Written,
    activate,
    add,
    open_registry,
    retire,
    rollback,
    windows,
)
from govlab.report.registry import entry_line, registry_text
from govlab.selection.moments import instant_of, zone_of

__all__ = ["command"]

F = TypeVar("F", bound=Callable[..., Any])
_FOLDER = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))


def _said(function: F) -> F:
    """The options of every entry: who makes it, and why."""
    by = click.option("--by", metavar="WHO", help="Who makes this entry.")
    why = click.option("--rationale", default="", metavar="TEXT", help="Why.")
    return by(why(function))


def _placed(function: F) -> F:
    """The options of every entry of the ledger: from when, and for which tenant."""
    at = click.option("--at", metavar="T", help="From this instant on (now).")
    tenant = click.option("--tenant", metavar="NAME", help="For this tenant alone (for all).")
    return at(tenant(function))


@click.group(epilog="Example: govlab registry add registry policies/prod-safety")
def command() -> None:
    """Bundle versions by digest, and the ledger of which was in force when."""


@command.command(
    "add",
    short_help="keep a bundle as a version, a draft",
    epilog="Example: govlab registry add registry policies/prod-safety",
)
@_FOLDER
@click.argument("bundle")
@_said
@as_json
def add_command(folder: Path, bundle: str, by: str | None, rationale: str, as_json: bool) -> None:
    """Keep BUNDLE in the registry DIR as a version, a draft; nothing is in force by that."""
    version = add(folder, bundle, written=Written(_now(), by, rationale))
    if as_json:
        emit({**asdict(version), "at": version.at.isoformat()})
    else:
        click.echo(f"{version.bundle} {version.version} ({version.digest[:12]}) is registered")


@command.command(
    "activate",
    short_help="put a version in force",
    epilog="Example: govlab registry activate registry prod-safety@1.0.0 --at 2026-02-24T09:00Z",
)
@_FOLDER
@click.argument("version")
@_placed
@_said
@as_json
def activate_command(
    folder: Path, version: str, at: str | None, tenant: str | None, by: str | None,
    rationale: str, as_json: bool,
) -> None:  # fmt: skip
    """Put VERSION in force: `name@version`, a version, or the begin of its digest."""
    written = Written(_now(), by, rationale)
    when = _instant(at, written.at)
    _tell(activate(folder, version, at=when, tenant=tenant, written=written), as_json)


@command.command(
    "rollback",
    short_help="put the version before in force again",
    epilog="Example: govlab registry rollback registry --by ann",
)
@_FOLDER
@click.option("--to", metavar="VERSION", help="The version to go back to (the one before).")
@click.option("--bundle", metavar="NAME", help="Of this bundle, where several are in force.")
@_placed
@_said
@as_json
def rollback_command(
    folder: Path, to: str | None, bundle: str | None, at: str | None, tenant: str | None,
    by: str | None, rationale: str, as_json: bool,
) -> None:  # fmt: skip
    """Put the version in force again that was so before, as a new entry."""
    written = Written(_now(), by, rationale)
    when = _instant(at, written.at)
    entry = rollback(folder, to=to, bundle=bundle, at=when, tenant=tenant, written=written)
    _tell(entry, as_json)


@command.command(
    "retire",
    short_help="end what is in force",
    epilog="Example: govlab registry retire registry prod-safety@0.9.0",
)
@_FOLDER
@click.argument("version")
@_placed
@_said
@as_json
def retire_command(
    folder: Path, version: str, at: str | None, tenant: str | None, by: str | None,
    rationale: str, as_json: bool,
) -> None:  # fmt: skip
    """End the time of VERSION, which is in force, with none after it."""
    written = Written(_now(), by, rationale)
    when = _instant(at, written.at)
    _tell(retire(folder, version, at=when, tenant=tenant, written=written), as_json)


@command.command(
    "show",
    short_help="the versions, what is and was in force, the ledger",
    epilog="Example: govlab registry show registry",
)
@_FOLDER
@as_json
def show_command(folder: Path, as_json: bool) -> None:
    """The versions, what is and was in force, and the ledger; the chain is checked."""
    registry = open_registry(folder)
    if as_json:
        emit(_document(registry))
    else:
        click.echo(registry_text(registry))


def _document(registry: Registry) -> dict[str, Any]:
    return {
        "versions": [{**asdict(v), "at": v.at.isoformat()} for v in registry.versions],
        "windows": [
            {**asdict(w), "start": w.start.isoformat(), "end": w.end and w.end.isoformat()}
            for w in windows(registry)
        ],
        "ledger": [dict(entry.said) for entry in registry.entries],
    }


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _instant(given: str | None, now: datetime) -> datetime:
    return now if given is None else instant_of(given, zone_of("UTC"), "--at")


def _tell(entry: Entry, as_json: bool) -> None:
    if as_json:
        emit(dict(entry.said))
    else:
        click.echo(entry_line(entry))
