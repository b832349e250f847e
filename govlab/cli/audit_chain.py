"""`govlab audit verify`, `checkpoint`, `prove`, `key`: the evidence chain and its anchors."""

from __future__ import annotations

import os
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import polars as pl

from govlab.audit.chain import Chain, Verification, judge, read_links
from govlab.audit.chain import verify as verify_log
from govlab.audit.checkpoint import Checkpoint, read_checkpoints, signed
from govlab.audit.entries import decision_log, links_of_files
from govlab.audit.merkle import inclusion, root
from govlab.audit.native import verify_native
from govlab.audit.state import chain_state, remember, store
from govlab.cli.files import write_text
from govlab.cli.options import as_json, emit, say
from govlab.errors import LogError, UsageError, did_you_mean
from govlab.keys import Key, new_key, read_key
from govlab.log.scan import scan_log
from govlab.log.store import is_log
from govlab.report.audit import verification_document, verification_text

__all__ = ["checkpoint", "key", "prove", "verify"]

_FAILING = {
    "compromised": ("compromised", "none"),
    "unanchored": ("compromised", "none", "unanchored"),
}
_NATIVE = (".json", ".jsonl", ".ndjson", ".log", ".gz", ".zst")
_file = click.Path(path_type=Path, dir_okay=False)


@click.command(epilog="Example: govlab audit verify log --checkpoint kept.txt --key public.pem")
@click.argument("log", type=click.Path(path_type=Path))
@click.option(
    "--checkpoint",
    "kept",
    multiple=True,
    type=_file,
    help="A signed checkpoint; repeat it, with one at the cut of a trimmed log.",
)
@click.option("--key", "key_file", type=_file, help="The key that signed it, public or private.")
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    help="The folder of the stored result; without it, beside the log.",
)
@click.option("--no-store", is_flag=True, help="Neither read nor store a result.")
@click.option(
    "--fail-on",
    type=click.Choice(list(_FAILING)),
    default="compromised",
    help="Exit 1 where the chain is compromised or absent; or unanchored as well.",
)
@as_json
def verify(
    log: Path,
    kept: tuple[Path, ...],
    key_file: Path | None,
    state: Path | None,
    no_store: bool,
    fail_on: str,
    as_json: bool,
) -> int:
    """Hash every record of LOG again and follow every link.

    `ok` needs a signed checkpoint; `partial`: trimmed at one; `unanchored`: no gap inside;
    `compromised`: each gap with its place. LOG may be a native file of Cordum or of Microsoft's
    Agent Governance Toolkit: its chain is verified by its own rules.
    """
    checkpoints = _checkpoints(kept, key_file)
    known = None if no_store or not log.exists() else chain_state(log, state=state)
    found = _found(log, checkpoints, remember(known))
    place = None
    if not no_store:
        place = _stored(found, log, state)
    if as_json:
        emit({**verification_document(found), "state": place and str(place)})
    else:
        click.echo(verification_text(found))
        if place:
            click.echo(f"stored in {place}")
    return 1 if found.status in _FAILING[fail_on] else 0


def _checkpoints(kept: tuple[Path, ...], key_file: Path | None) -> list[Checkpoint]:
    if kept and key_file is None:
        raise UsageError("a checkpoint proves nothing without its key; give `--key FILE`")
    if key_file is None:
        return []
    if not kept:
        raise UsageError("`--key` is for a checkpoint; give `--checkpoint FILE` too")
    loaded = read_key(key_file)
    return [one for path in kept for one in read_checkpoints(path, loaded)]


def _found(
    log: Path, checkpoints: list[Checkpoint], remembered: list[Checkpoint] | None = None
) -> Verification:
    if files := decision_log(log):
        return judge(links_of_files(files), checkpoints, remembered=remembered or [])
    if log.is_file() and log.suffix.lower() in _NATIVE:
        native = verify_native(log)
        if native is not None:
            return native
    return verify_log(_scanned(log), checkpoints, remembered=remembered or [])


def _scanned(log: Path) -> pl.LazyFrame:
    """The log as it lies there: to ingest it for this would drop copies that were put in."""
    try:
        return scan_log(log)
    except LogError as error:
        if not log.is_dir() or is_log(log):
            raise
        ingest = f"`govlab ingest {shlex.quote(str(log))} --out log`"
        raise LogError(f"{error}; for raw logs: {ingest}") from error


def _stored(found: Verification, log: Path, state: Path | None) -> Path | None:
    """Where the result was stored; a log that cannot be written to is verified all the same."""
    try:
        return store(found, log, checked_at=datetime.now(UTC), state=state)
    except UsageError as error:
        if state is not None:
            raise
        say(f"govlab: not stored: {error}")
        return None


@click.command(epilog="Example: govlab audit checkpoint log --key private.pem --out kept.txt")
@click.argument("log", type=click.Path(path_type=Path))
@click.option("--key", "key_file", required=True, type=_file, help="A private Ed25519 key (PEM).")
@click.option("--out", required=True, type=_file, help="The file of the signed notes.")
@click.option("--after", type=_file, help="An earlier checkpoint that this one must extend.")
@as_json
def checkpoint(log: Path, key_file: Path, out: Path, after: Path | None, as_json: bool) -> None:
    """Verify LOG and sign what each of its chains came to, to be kept where LOG's writers cannot.

    The note is a C2SP checkpoint: origin, size, Merkle root (RFC 9162) and the last record's hash.
    """
    loaded = read_key(key_file)
    earlier = read_checkpoints(after, loaded) if after is not None else []
    found = _found(log, earlier)
    if not found.chains:
        raise LogError(f"`{log}` carries no evidence chain; `govlab synth --chain` shows one")
    made = [chain.checkpoint() for chain in found.chains]
    write_text(out, signed(made, loaded))
    if as_json:
        emit({"out": str(out), "key": loaded.verifier(), "chains": [_shown(c) for c in made]})
        return
    click.echo(f"signed in {out}: {len(made)} chains, {sum(c.size for c in made):,} records")
    click.echo(f"to verify, hand over the key {loaded.verifier()}")


def _shown(made: Checkpoint) -> dict[str, Any]:
    digests = {"root": made.root.hex(), "head": made.head.hex()}
    return {"tenant": made.tenant, "size": made.size, **digests}


@click.command(epilog="Example: govlab audit prove log --id EVENT --json")
@click.argument("log", type=click.Path(path_type=Path))
@click.option("--id", "event_id", metavar="EVENT_ID", required=True, help="The record's event id.")
@click.option("--size", type=click.IntRange(min=1), help="Of the tree; without it, all records.")
@as_json
def prove(log: Path, event_id: str, size: int | None, as_json: bool) -> None:
    """The path from one record of LOG to the root that a checkpoint signs (RFC 9162).

    Whoever has the checkpoint can check it without the rest of the log.
    """
    chain, index = _place(log, event_id)
    wanted = size or chain.size
    if not index < wanted <= chain.size:
        raise UsageError(
            f"the record is at place {index}: `--size` is from {index + 1} to {chain.size}"
        )
    leaves = chain.digests[:wanted]
    proof = {
        "tenant": chain.tenant,
        "event_id": event_id,
        "record_hash": chain.digests[index].hex(),
        "index": index,
        "size": wanted,
        "path": [step.hex() for step in inclusion(leaves, index)],
        "root": root(leaves).hex(),
    }
    if as_json:
        emit(proof)
    else:
        click.echo("\n".join(f"{name}: {_line(value)}" for name, value in proof.items()))


def _place(log: Path, event_id: str) -> tuple[Chain, int]:
    """The whole chain in which a record stands, and its place there."""
    files = decision_log(log)
    links = links_of_files(files) if files else read_links(scan_log(log))[0]
    rows = links.filter(pl.col("event_id") == event_id).to_dicts()
    if not rows:
        near = did_you_mean(event_id, links["event_id"].drop_nulls().head(10_000).to_list())
        raise UsageError(f"no record `{event_id}` in `{log}`; {near or '`audit query` lists them'}")
    for chain in judge(links).chains:
        if chain.tenant == rows[0]["tenant"] and rows[0]["seq"] is not None:
            chain.checkpoint()  # refuses a chain that is not whole
            return chain, int(rows[0]["seq"])
    raise UsageError(f"the record `{event_id}` stands in no chain")


def _line(value: Any) -> str:
    return "\n  " + "\n  ".join(value) if isinstance(value, list) else str(value)


@click.command(epilog="Example: govlab audit key private.pem")
@click.argument("out", type=_file)
@as_json
def key(out: Path, as_json: bool) -> None:
    """Make a private Ed25519 key in OUT, readable by you alone, and print its public half."""
    made = new_key()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        place = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(f"`{out}` is there already; a key is never written over") from None
    with os.fdopen(place, "wb") as file:
        file.write(made)
    loaded: Key = read_key(out)
    if as_json:
        emit({"out": str(out), "public": loaded.verifier()})
    else:
        click.echo(f"private key in {out}; whoever verifies needs only\n{loaded.verifier()}")
