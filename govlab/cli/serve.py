"""`govlab serve`: an engine that decides for others, over HTTP."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import click

from govlab.cli.options import say
from govlab.errors import UsageError

__all__ = ["command"]

_NEEDS = ("uvicorn", "uvloop", "httptools")
_file = click.Path(path_type=Path, dir_okay=False)
_folder = click.Path(path_type=Path, file_okay=False)


@click.command(epilog="Example: govlab serve policies/prod-safety --log-dir decisions --watch")
@click.argument("bundle", metavar="DIR|BUNDLE", type=click.Path(path_type=Path))
@click.option(
    "--host", metavar="NAME", default="127.0.0.1", help="Another than this machine's needs a token."
)
@click.option("--port", default=8181, type=click.IntRange(0, 65535), help="0: one that is free.")
@click.option("--token-file", type=_file, help="Tokens that callers must show, one a line.")
@click.option("--tls-cert", type=_file, help="The certificate chain (PEM), for HTTPS.")
@click.option("--tls-key", type=_file, help="Its private key (PEM).")
@click.option(
    "--log-dir",
    "--decision-log",
    "log_dir",
    type=_folder,
    default=Path("decisions"),
    help="The folder of the decision log (default: decisions).",
)
@click.option(
    "--fsync",
    default="100ms",
    metavar="record|Nms|off",
    help="When an entry is on the disk: before its answer, every N ms (100ms), or whenever.",
)
@click.option(
    "--assume-obligations",
    is_flag=True,
    help="Take every caller for one that keeps every limit it is told.",
)
@click.option("--key", type=_file, help="The key that must have signed the engine in DIR.")
@click.option("--watch", is_flag=True, help="Reload when the files of the bundle change.")
def command(
    bundle: Path,
    host: str,
    port: int,
    token_file: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    log_dir: Path,
    fsync: str,
    assume_obligations: bool,
    key: Path | None,
    watch: bool,
) -> None:
    """Decide for others: AuthZEN 1.0 over HTTP, with a hash-chained log of every decision.

    \b
    POST /access/v1/evaluation, /access/v1/evaluations, /access/v1/search/resource
    POST /govlab/v1/events/{id}/approval, started, ended    what became of the action
    GET  /.well-known/authzen-configuration, /healthz, /readyz, /metrics, /openapi.json

    DIR is what `govlab export` made, verified before it runs; a BUNDLE is exported in memory.
    SIGHUP reads it again, and --watch does so by itself: the old version decides until the new one
    is verified. A decision is in the log before it is answered; `govlab ingest` and
    `govlab audit verify` read the log.
    """
    if lacking := [name for name in _NEEDS if find_spec(name) is None]:
        raise UsageError(f"`govlab serve` needs the extra `serve`: `pip install 'govlab[serve]'` "
                         f"(there is no {lacking[0]})")  # fmt: skip
    from govlab.serving.server import Address  # noqa: PLC0415  an extra
    from govlab.serving.start import Settings, serve  # noqa: PLC0415  as above

    address = Address(host, port, tls_cert, tls_key)
    settings = Settings(bundle, address, log_dir, fsync, token_file, assume_obligations, watch, key)
    serve(settings, now=lambda: datetime.now(UTC), new_id=lambda: secrets.token_hex(16), say=say)
