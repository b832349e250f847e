"""`govlab verify`: an exported engine against its manifest and its signature."""

from __future__ import annotations

from pathlib import Path

import click

from govlab.cli.options import as_json, emit
from govlab.exporting import verify
from govlab.keys import read_key
from govlab.report.exporting import verified_text

__all__ = ["command"]


@click.command(epilog="Example: govlab verify engine --key key.pub")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--key",
    "--public-key",
    "key",
    type=click.Path(path_type=Path),
    help="The key that must have signed it: PEM, or a verifier key.",
)
@as_json
def command(folder: Path, key: Path | None, as_json: bool) -> int:
    """Check the export in DIR, without running anything of it.

    `ok` needs --key and its signature; without a signature the best answer is `unsigned`.
    """
    found = verify(folder, None if key is None else read_key(key))
    if as_json:
        emit(found.to_dict())
    else:
        click.echo(verified_text(found))
    return 1 if found.failed else 0
