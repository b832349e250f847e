"""`govlab ingest`: native logs to the action log."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from govlab.cli.options import as_json, emit
from govlab.cli.privacy_options import paths_of, privacy_options
from govlab.cli.progress import reading
from govlab.log import ingest
from govlab.log.spool import spooled
from govlab.report.ingest import ingest_text

__all__ = ["command"]


@click.command(epilog="Example: govlab ingest ~/.claude/projects --out log")
@click.argument("sources", nargs=-1, required=True, metavar="SRC...")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="The log's folder; a log that is there is replaced.",
)
@click.option(
    "--format", "shape", metavar="NAME", help="The format of the sources; without it, detected."
)
@click.option(
    "--map",
    "map_file",
    type=click.Path(path_type=Path),
    help="A YAML map: columns of your own table, attributes of spans, paths of OPA's input, words.",
)
@click.option(
    "--max-bad",
    type=click.IntRange(min=0),
    help="Fail, writing nothing, where more rows than this are bad.",
)
@privacy_options
@click.option("--tz", metavar="ZONE", help="Zone of times without offset, e.g. Europe/Berlin.")
@as_json
def command(
    sources: tuple[str, ...],
    out: Path,
    shape: str | None,
    map_file: Path | None,
    max_bad: int | None,
    tz: str | None,
    args: str,
    bundles: tuple[str, ...],
    keep_results: bool,
    pseudonyms: Path | None,
    as_json: bool,
) -> None:
    """Read native logs (files, folders, globs, `-`; .gz and .zst too) into an action log.

    Rows that cannot be read are kept under OUT/quarantine with source, line and reason.

    \b
    Privacy: by default OUT has of the arguments only what the starters for this
    kind of log and each --bundle can read (no passwords, no tokens), and a digest
    of the whole; results of tools are dropped. MANIFEST.json says what was kept.
    """
    paths = paths_of(bundles)
    with ExitStack() as stack:
        files = [stack.enter_context(spooled()) if name == "-" else name for name in sources]
        progress = stack.enter_context(reading())
        report = ingest(
            files,
            out,
            format=shape,
            map=map_file,
            max_bad=max_bad,
            tz=tz,
            args=args,
            paths=paths,
            keep_results=keep_results,
            pseudonyms=pseudonyms,
            progress=progress,
        )
    if as_json:
        emit(report.to_dict())
    else:
        click.echo(ingest_text(report))
