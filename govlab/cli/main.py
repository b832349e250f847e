"""The command group: commands are imported when they are called, so that `--help` is quick."""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from importlib.metadata import version

import click

from govlab.errors import GovlabError, UsageError, did_you_mean
from govlab.report.text import clean_lines

__all__ = ["main", "run"]

# command -> module of govlab.cli that has it as `command`, and its one line
_COMMANDS = {
    "demo": "the whole pipeline on the bundled dataset",
    "check": "what a policy would have stopped in a log, raw logs included",
    "inspect": "what a log can answer, and which column would unlock more",
    "ingest": "native logs to the action log",
    "fetch": "get public agent runs and ingest them",
    "synth": "the log of an invented organisation, of any size",
    "replay": "decide every action of a log again under a bundle",
    "sweep": "every value of a bundle's params on one log, and the trade-off",
    "cube": "a log reduced to what bundles can tell apart, to be shared",
    "scorecard": "what a log says of the control plane, in figures",
    "maturity": "the level that the evidence in a log bears out",
    "compliance": "what a log supports of the controls of frameworks",
    "drift": "what changed in a log and when: decisions, metadata, values, volume",
    "events": "the rows behind any printed number",
    "audit": "is the log whole, what happened, what is missing",
    "explain": "why one event is decided as it is",
    "incident": "one page on an incident: what happened, why, who else could",
    "fidelity": "does each recorded snapshot give the decisions recorded under it",
    "serve": "decide for others over HTTP, each decision in a hash-chained log",
    "registry": "bundle versions, and which was in force when",
    "export": "the engine that production runs, proved equal to replay",
    "verify": "an exported engine against its manifest and signature",
    "hook": "a coding agent's tool uses decided before they are made",
    "lint": "everything wrong with a bundle, with its place",
    "test": "run a bundle's own decision cases",
}


class _Commands(click.Group):
    """Loads a command's module only when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command = import_module(f"govlab.cli.{cmd_name}").command
        return _on_one_line(command) if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A mistyped command is met with the nearest one."""
        if args[0] in _COMMANDS or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        near = did_you_mean(args[0], _COMMANDS)
        raise UsageError(f"no command `{args[0]}`; {near or '`govlab --help` lists them'}")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


def _on_one_line(command: click.Command) -> click.Command:
    """`command` and those below it, whose examples are not folded: they are there to be copied."""
    if command.epilog and not command.epilog.startswith("\b"):
        command.epilog = f"\b\n{command.epilog}"
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        _on_one_line(below)
    return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("govlab"), prog_name="govlab")
def _cli() -> None:
    """Backtesting for agent policy: what would this policy have done to what agents did?

    \b
    govlab demo                          a first look, nothing needed
    govlab check ~/.claude/projects      what your coding agent did, against a starter policy
    govlab replay LOG BUNDLE             every action decided again under a bundle
    """


def main(args: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(sys.argv[1:] if args is None else args))


def run(args: list[str]) -> int:
    """The exit code of one command; nothing that it meets is left as a traceback of its own."""
    try:
        result = _cli.main(args=args, prog_name="govlab", standalone_mode=False)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.Abort:
        click.echo("interrupted", err=True)
        return 2
    except click.ClickException as error:
        error.show()
        return 2
    except GovlabError as error:
        click.echo(clean_lines(f"govlab: {error}"), err=True)
        return error.exit_code
    except BrokenPipeError:
        return 0  # the reader of our output has left, as `head` does
    except OSError as error:  # what the machine refuses is no error of ours
        place = f"`{error.filename}`: " if error.filename else ""
        click.echo(clean_lines(f"govlab: {place}{error.strerror}"), err=True)
        return 2
    except Exception:  # noqa: BLE001  # the outermost frame: an internal error has its own exit code
        click.echo(f"govlab: internal error, please report it\n{traceback.format_exc()}", err=True)
        return 3
    return result if isinstance(result, int) else 0
