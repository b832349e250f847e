"""`govlab fidelity`: does each recorded snapshot give the decisions recorded under it?"""

from __future__ import annotations

from pathlib import Path

import click
import polars as pl

from govlab.cli.options import as_json, emit
from govlab.cli.replay import read_log
from govlab.cli.selecting import selecting
from govlab.fidelity import check_fidelity
from govlab.log.cached import Opened
from govlab.log.citation import cite
from govlab.registry import open_registry
from govlab.report.fidelity import fidelity_text
from govlab.selection import Selection

__all__ = ["command"]


@click.command(epilog="Example: govlab fidelity log --registry registry")
@click.argument("log")
@click.option(
    "--registry",
    "folder",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The registry that holds the snapshots.",
)
@click.option(
    "--state",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where what was compared is kept (DIR/fidelity of the registry).",
)
@click.option("--stored", is_flag=True, help="Replay nothing: what earlier checks found.")
@selecting
@as_json
def command(
    log: str, folder: Path, state: Path | None, stored: bool, selection: Selection, as_json: bool
) -> None:
    """Replay each recorded snapshot over the decisions of LOG recorded under it.

    What was checked once is not replayed again: the next run checks what came since. With filters
    the decisions that they choose are replayed, and nothing is kept.
    """
    registry, opened = open_registry(folder), read_log(log)
    result = check_fidelity(
        _pieces(log, opened), registry, state=state, read_only=stored, selection=selection
    )
    source = cite(opened.folder) if opened.folder else None
    if as_json:
        emit({**result.to_dict(), "source": source.to_dict() if source else None})
    else:
        click.echo(fidelity_text(result, source))


def _pieces(log: str, opened: Opened) -> Path | pl.LazyFrame:
    if opened.folder is not None:
        return opened.folder
    path = Path(log).expanduser()
    return path if path.is_file() else opened.frame
