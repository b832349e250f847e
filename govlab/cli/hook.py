"""`govlab hook`: Claude Code asks an exported engine before each tool use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from govlab.cli.options import as_json, emit
from govlab.hooking import Change, Choice, perform, plan_install, plan_uninstall, status
from govlab.report.hooking import done_text, planned_text, standing_text

__all__ = ["command"]

F = TypeVar("F", bound=Callable[..., Any])
_AGENTS = ["claude-code"]


_agent = click.argument("agent", type=click.Choice(_AGENTS))
_any_agent = click.argument("agent", type=click.Choice(_AGENTS), default=_AGENTS[0])


def _placed(function: F) -> F:
    """The option of every command: in which settings."""
    return click.option(
        "--settings",
        type=click.Path(path_type=Path, dir_okay=False),
        default=Path(".claude/settings.json"),
        show_default=True,
        help="Also settings.local.json, or ~/.claude/settings.json for every project.",
    )(function)


_yes = click.option("--yes", "-y", is_flag=True, help="Do not ask before writing.")


@click.group(epilog="Example: govlab hook install claude-code coding-agent --monitor")
def command() -> None:
    """Decide each tool use of Claude Code before it is made, by a bundle's exported engine."""


@command.command(
    short_help="put the hook of a bundle into the settings, once they were shown",
    epilog="Example: govlab hook install claude-code coding-agent --monitor",
)
@_agent
@click.argument("bundle")
@_placed
@click.option("--monitor", is_flag=True, help="Stop nothing; record what would have been said.")
@click.option(
    "--user",
    metavar="NAME",
    help="Who sits at the session: asked where NAME may approve alone, also what they asked for.",
)
@click.option(
    "--assume-obligations",
    is_flag=True,
    help="Let calls go whose limits the hook cannot check (time, cost ...).",
)
@_yes
def install(
    agent: str,  # noqa: ARG001  # there is one
    settings: Path,
    bundle: str,
    monitor: bool,
    user: str | None,
    assume_obligations: bool,
    yes: bool,
) -> int:
    """Show what changes in the settings, ask, and put the hook of BUNDLE there.

    The engine, the hook and its records are kept in the folder `govlab` beside the settings. The
    hook's process needs Python alone. What goes wrong in it denies the call.
    """
    return _made(plan_install(settings, bundle, Choice(monitor, user, assume_obligations)), yes)


@command.command(
    short_help="take the hook out of the settings; its records stay",
    epilog="Example: govlab hook uninstall claude-code",
)
@_any_agent
@_placed
@_yes
def uninstall(agent: str, settings: Path, yes: bool) -> int:  # noqa: ARG001  # there is one
    """Show what changes in the settings, ask, and take the hook out; its records stay."""
    return _made(plan_uninstall(settings), yes)


@command.command(
    "status",
    short_help="is it there, does it start, what decides",
    epilog="Example: govlab hook status claude-code",
)
@_any_agent
@_placed
@as_json
def status_command(agent: str, settings: Path, as_json: bool) -> int:  # noqa: ARG001  # there is one
    """Whether the hook is in the settings, starts, and what it decides by.

    Exit code 1 where it is there and does not start: then it blocks every call.
    """
    found = status(settings)
    if as_json:
        emit(found.to_dict())
    else:
        click.echo(standing_text(found))
    return 1 if found.entry is not None and found.decides is None else 0


def _made(change: Change, yes: bool) -> int:
    """Shows `change`, asks unless `yes`, and makes it; 1 where the answer was no."""
    click.echo(planned_text(change))
    if not change.diff and change.bundle is None:
        return 0
    if not yes and not click.confirm("Write this?"):
        click.echo("nothing was written")
        return 1
    perform(change)
    click.echo(done_text(change))
    return 0
