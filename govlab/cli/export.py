"""`govlab export`: the engine that production runs, proved equal to replay."""

from __future__ import annotations

from pathlib import Path

import click

from govlab.cli.options import as_json, emit
from govlab.cli.replay import read_log
from govlab.cli.selecting import selecting
from govlab.errors import UsageError
from govlab.exporting import ParityError, export_engine
from govlab.exporting.making import MOST_EVENTS
from govlab.report.exporting import export_text
from govlab.selection import Selection

__all__ = ["command"]


@click.command(epilog="Example: govlab export prod-safety --log log --out engine --key key.pem")
@click.argument("bundle")
@click.option(
    "--out", "-o", required=True, type=click.Path(path_type=Path), help="The folder to write."
)
@click.option(
    "--log", metavar="LOG", help="A log whose every event replay and the engine must decide alike."
)
@click.option(
    "--most",
    type=click.IntRange(min=1),
    default=MOST_EVENTS,
    show_default=True,
    help="Events of the log that are compared, at most.",
)
@click.option(
    "--key",
    "--sign",
    "key",
    type=click.Path(path_type=Path),
    help="Sign with this Ed25519 key; `govlab audit key FILE` makes one.",
)
@selecting
@as_json
def command(
    bundle: str,
    out: Path,
    log: str | None,
    most: int,
    key: Path | None,
    selection: Selection,
    as_json: bool,
) -> int:
    """Compile BUNDLE to a Python file that decides as replay does, and needs nothing but Python.

    The folder gets engine.py, the bundle in canonical form, golden decisions and a manifest. With
    --log every event is decided by both; on the first difference nothing is written, and it is
    shown as small as it can be made. Filters choose which events of LOG are compared, after all
    that came before them.
    """
    if log is None and not selection.is_all():
        raise UsageError("filters choose events of a log; give `--log LOG` too")
    opened = None if log is None else read_log(log).log
    try:
        made = export_engine(bundle, out, log=opened, key=key, most=most, selection=selection)
    except ParityError as error:
        if not as_json:
            raise
        emit({"parity": {"events": error.events, "differences": 1, "first": dict(error.said)}})
        return error.exit_code
    if as_json:
        emit(made.to_dict())
    else:
        click.echo(export_text(made))
    return 0
