"""`govlab inspect`: what a log can answer."""

from __future__ import annotations

from pathlib import Path

import click

from govlab.bundle import Bundle
from govlab.cli.enrichment_options import org_option
from govlab.cli.files import write_text
from govlab.cli.options import as_json, emit, say, show_people
from govlab.cli.progress import reading
from govlab.cli.selecting import selecting
from govlab.errors import UsageError
from govlab.inspection import Inspection, inspect_selection
from govlab.report.columnmap import column_map_text
from govlab.report.deriveform import derive_form_text
from govlab.report.disclosure import Disclosure, explained
from govlab.report.inspection import inspection_text
from govlab.selection import Selection

__all__ = ["command"]


@click.command(epilog="Example: govlab inspect ~/.claude/projects")
@click.argument("log")
@click.option(
    "--bundle",
    "bundles",
    metavar="BUNDLE",
    multiple=True,
    help="A bundle to try beside the starters; repeat it.",
)
@click.option(
    "--write-map",
    "map_file",
    type=click.Path(path_type=Path),
    help="Write a column map to correct, FILE.yaml, and a derive form beside it, FILE.derive.yaml.",
)
@org_option
@selecting
@show_people
@as_json
def command(
    log: str,
    bundles: tuple[str, ...],
    map_file: Path | None,
    org: Bundle | None,
    selection: Selection,
    people: bool,
    as_json: bool,
) -> None:
    """What LOG holds, what can be computed from it, and which column would unlock more.

    LOG is an action log, a table (also one whose columns have other names), or native logs.
    """
    if map_file is not None and map_file.suffix not in (".yaml", ".yml"):
        raise UsageError(f"`{map_file}` is no .yaml file")
    with reading() as progress:
        found = inspect_selection(log, selection, bundles=bundles, org=org, progress=progress)
    disclosure = Disclosure(people)
    if as_json:
        whole = found.to_dict()
        emit({**explained(whole, disclosure), "log": whole["log"], "sources": whole["sources"]})
    else:
        click.echo(inspection_text(found, disclosure=disclosure))
    if map_file is not None:
        _write(found, map_file)


def _write(found: Inspection, map_file: Path) -> None:
    """The two forms, and where they are."""
    form = map_file.with_suffix(f".derive{map_file.suffix}")
    write_text(map_file, column_map_text(found))
    write_text(form, derive_form_text(found))
    say(f"column map: {map_file}\nderive form: {form}")
