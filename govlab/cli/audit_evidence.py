"""`govlab audit sample`, `reconcile`, `pack`: evidence to take away (J13)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click
import polars as pl

from govlab.audit.checkpoint import read_checkpoints
from govlab.audit.findings import SHOWN
from govlab.audit.reconcile import reconcile as reconciled
from govlab.audit.sampling import Sample, draw
from govlab.bundle.quantities import parse_duration
from govlab.cli.audit_pack import Asked, write_pack
from govlab.cli.audit_reading import chosen
from govlab.cli.enrichment_options import registry_option
from govlab.cli.files import replacing
from govlab.cli.options import as_json, emit, show_people
from govlab.cli.replay import read_log
from govlab.cli.selecting import listed, parse_show, selecting, show_option
from govlab.cli.tables import check_suffix, write_table
from govlab.cli.workbook import write_sheets
from govlab.errors import UsageError
from govlab.keys import read_key
from govlab.log.cached import Opened
from govlab.log.citation import cite
from govlab.registry import Registry
from govlab.replays.selected import selected_of
from govlab.report.audit import reconciled_text, rows_table, shown_rows
from govlab.report.disclosure import Disclosure, settings_line
from govlab.report.scope import filter_lines
from govlab.selection import Scope, Selected, Selection
from govlab.selection.conditions import column_types

__all__ = ["pack", "reconcile", "sample"]

_seed = click.option("--seed", required=True, type=int, help="Any number, noted before drawing.")
_TO_FILL = ("tested_by", "tested_on", "result", "exception", "note")
_SHOWN = 25  # events on the page where all of them are in a file
_EVIDENCE = ("approved_by", "policy_digest", "evidence_uri", "record_hash", "source_ref")


@click.command(epilog="Example: govlab audit sample log --n 25 --seed 7 --out workpaper.xlsx")
@click.argument("log")
@click.option("--n", required=True, type=click.IntRange(min=1), help="How many events.")
@_seed
@selecting
@click.option("--strata", metavar="COL", help="Draw of each value of this column in proportion.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The workpaper: .xlsx with population and method; .csv, .parquet or .ndjson.",
)
@show_people
@as_json
def sample(
    log: str,
    n: int,
    seed: int,
    selection: Selection,
    strata: str | None,
    out: Path | None,
    people: bool,
    as_json: bool,
) -> None:
    """Draw events of LOG for testing by hand; the same seed draws the same events again."""
    if out is not None:
        check_suffix(out)
    opened = read_log(log)
    selected = chosen(opened, selection)
    drawn = draw(selected.frame, n, seed=seed, strata=strata)
    disclosure = Disclosure(people)
    rows = shown_rows(drawn.rows.select(_columns(drawn.rows)), disclosure)
    about = _about(drawn, log, opened, selected.scope, disclosure)
    if out is not None and out.suffix == ".xlsx":
        with replacing(out) as part:
            write_sheets({"workpaper": about, "sample": _to_fill(rows)}, part)
    elif out is not None:
        write_table(rows, out)
    if as_json:
        told = dict(about.iter_rows())
        ids = drawn.rows["event_id"].to_list()
        emit({"drawn": rows.height, "population": drawn.population, "seed": seed,
              "method": drawn.method, "event_ids": ids, "workpaper": told})  # fmt: skip
        return
    first = rows if out is None else rows.head(_SHOWN)
    click.echo("\n".join([*rows_table(first.select(rows.columns[:9]), None, disclosure), ""]))
    if first.height < rows.height:
        click.echo(f"the first {first.height:,} of {rows.height:,}\n")
    click.echo("\n".join(f"{name}: {value}" for name, value in about.iter_rows()))
    if out is not None:
        click.echo(f"written to {out}: {rows.height:,} events")


def _columns(rows: pl.DataFrame) -> list[str]:
    return [n for n in ("sample_no", *SHOWN, *_EVIDENCE) if n in rows.columns]


def _to_fill(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.lit(None, pl.String).alias(name) for name in _TO_FILL)


def _about(
    drawn: Sample, log: str, opened: Opened, scope: Scope, disclosure: Disclosure
) -> pl.DataFrame:
    """What a workpaper says of its sample, a line each."""
    since, until = scope.shown(scope.since), scope.shown(scope.until)
    lines = {
        "population": f"{drawn.population:,} events",
        "drawn": f"{drawn.rows.height:,} events",
        "where": scope.where or "all events",
        "period": f"{since or 'beginning'} to {until or 'end'}",
        "seed": str(drawn.seed),
        "method": drawn.method,
        "log": _digest(log, opened),
        "shown": settings_line(disclosure),
    }
    for value, population, count in drawn.strata:
        lines[f"stratum {drawn.column} = {value}"] = f"{count:,} of {population:,} events"
    return pl.DataFrame({"about": list(lines), "value": list(lines.values())})


def _digest(log: str, opened: Opened) -> str:
    source = cite(opened.folder) if opened.folder is not None else None
    if source is not None:
        return f"MANIFEST.json, SHA-256 {source.manifest_sha256}"
    with Path(log).open("rb") as file:
        return f"{Path(log).name}, SHA-256 {hashlib.file_digest(file, 'sha256').hexdigest()}"


@click.command(epilog="Example: govlab audit reconcile log gateway.csv --on actor,tool --within 2s")
@click.argument("log")
@click.argument("independent_log")
@click.option(
    "--on",
    "keys",
    metavar="COLUMN",
    multiple=True,
    required=True,
    help="Columns that must be equal.",
)
@click.option("--within", default="2s", metavar="SPAN|any", help="How far times may be apart (2s).")
@click.option("--out", type=click.Path(path_type=Path), help="Write the records without a partner.")
@selecting
@show_option
@show_people
@as_json
def reconcile(
    log: str,
    independent_log: str,
    keys: tuple[str, ...],
    within: str,
    out: Path | None,
    selection: Selection,
    show: str,
    people: bool,
    as_json: bool,
) -> int:
    """Hold LOG against a log of the same actions that somebody else wrote.

    All records are matched; filters choose which of either log are counted and listed, and --last
    counts from the newest event of LOG. Exit 1 where either side has a record that the other has
    not.
    """
    most, disclosure = parse_show(show), Disclosure(people)
    if out is not None:
        check_suffix(out)
    one, other = _sides(read_log(log), read_log(independent_log), selection)
    found = reconciled(
        one.log, other.log, keys=listed(keys), within=_span(within), chosen=(one.keep, other.keep)
    )
    alone = pl.concat(
        [found.only_left.with_columns(only_in=pl.lit("LOG")),
         found.only_right.with_columns(only_in=pl.lit("INDEPENDENT_LOG"))],
        how="diagonal_relaxed",
    )  # fmt: skip
    if out is not None:
        write_table(shown_rows(alone, disclosure), out)
    if as_json:
        emit({"left": found.left, "right": found.right, "matched": found.matched,
              "ambiguous": found.ambiguous, "only_left": found.only_left.height,
              "only_right": found.only_right.height, "keyless": list(found.keyless),
              "untimed": list(found.untimed), "scope": one.scope.filters(),
              "independent_scope": other.scope.filters()})  # fmt: skip
    else:
        click.echo("\n".join([reconciled_text(found, most, disclosure), *_scopes(one, other)]))
        if out is not None:
            click.echo(f"written to {out}: {alone.height:,} records")
    return 1 if alone.height else 0


def _sides(one: Opened, other: Opened, selection: Selection) -> tuple[Selected, Selected]:
    """The records of each log that are chosen, in the same period."""
    first = chosen(one, selection)
    since, until = first.scope.since, first.scope.until
    timed = selection.last is None or since is not None
    period = replace(selection, since=since, until=until, last=None, as_of=None)
    own = column_types(first.log.collect_schema())  # what only LOG has is unknown in the other
    asked = period if timed else selection
    return first, selected_of(other.frame, other.folder, asked, declared=own)


def _scopes(one: Selected, other: Selected) -> Iterator[str]:
    """Which records of each log are spoken of; nothing where all are."""
    for name, side in (("LOG", one), ("INDEPENDENT_LOG", other)):
        if not side.scope.is_all():
            yield from (f"{name} {line.strip()}" for line in filter_lines(side.scope))


def _span(text: str) -> timedelta | None:
    if text == "any":
        return None
    try:
        return timedelta(microseconds=parse_duration(text))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"`--within {text}` is {error}; write e.g. `2s` or `any`") from None


@click.command(epilog="Example: govlab audit pack log --out evidence --seed 7")
@click.argument("log")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder.")
@_seed
@click.option("--n", default=25, type=click.IntRange(min=1), help="Events of the sample (25).")
@click.option(
    "--checkpoint",
    "kept",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A signed checkpoint to judge the chain by; it goes into the pack.",
)
@click.option("--key", "key_file", type=click.Path(path_type=Path), help="The key that signed it.")
@registry_option
@selecting
@show_people
@as_json
def pack(
    log: str,
    out: Path,
    seed: int,
    n: int,
    kept: tuple[Path, ...],
    key_file: Path | None,
    registry: Registry | None,
    selection: Selection,
    people: bool,
    as_json: bool,
) -> None:
    """Evidence of LOG in one folder: figures, exceptions, sample, versions, approvals, chain.

    Every figure comes with the SQL that counts it again from a Parquet file in the folder. Filters
    choose the events of all but the chain, which is that of the whole log.
    """
    if bool(kept) != (key_file is not None):
        raise UsageError("a checkpoint and its key belong together: `--checkpoint F --key K`")
    key = read_key(key_file) if key_file is not None else None
    checkpoints = [c for path in kept for c in read_checkpoints(path, key)] if key else []
    opened = read_log(log)
    asked = Asked(n, seed, Disclosure(people), kept, tuple(checkpoints), registry, selection)
    manifest = write_pack(opened, out, asked)
    if as_json:
        emit({"out": str(out), **manifest})
        return
    click.echo(f"written to {out}: {len(manifest['files']):,} files")
    click.echo(f"figures: {manifest['figures']}; chain: {manifest['chain']}")
    click.echo("MANIFEST.json has the SHA-256 of each; methods.md says how to check them")
