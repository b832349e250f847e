"""`govlab cube`: a log reduced to what a family of bundles can tell apart."""

from __future__ import annotations

from pathlib import Path

import click

from govlab.cli.options import as_json, emit
from govlab.cli.replay import read_log
from govlab.cli.selecting import by_option, listed, selecting
from govlab.cube import build_cube, write_cube
from govlab.errors import UsageError
from govlab.report.cube import cube_text
from govlab.selection import Selection

__all__ = ["command"]

_SUFFIXES = (".parquet", ".pq", ".cube")


@click.command(epilog="Example: govlab cube log --bundle prod-safety --by env --out ci.parquet")
@click.argument("log")
@click.option(
    "--bundle",
    "bundles",
    metavar="BUNDLE",
    multiple=True,
    required=True,
    help="A bundle of the family; repeat it.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help=f"The file, by its name one of {', '.join(_SUFFIXES)}.",
)
@click.option(
    "--hash",
    "hashed",
    is_flag=True,
    help="Hashes for texts that rules only compare with constants and that equal none; "
    "who guesses a text can check it.",
)
@by_option
@selecting
@as_json
def command(
    log: str,
    bundles: tuple[str, ...],
    out: Path,
    hashed: bool,
    by: tuple[str, ...],
    selection: Selection,
    as_json: bool,
) -> None:
    """Reduce LOG to classes of events that no --bundle can tell apart, with their numbers.

    `replay`, `check` and `sweep` take the file as LOG: every count is that of the log itself.
    Texts that no rule reads are not in it; columns of --by are, as they are. The file says by
    which filters its events were chosen, and so does what is made of it.
    """
    if out.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"`{out}` is no name for a cube; end it in {' or '.join(_SUFFIXES)}")
    cube = build_cube(read_log(log).log, bundles, by=listed(by), hashed=hashed, selection=selection)
    write_cube(cube, out)
    if as_json:
        emit({"out": str(out), **cube.to_dict()})
    else:
        click.echo(cube_text(cube, out))
