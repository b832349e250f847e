"""A server put together from its settings: refused before it listens, or told what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from govlab.enforcing import Store, StoreError
from govlab.errors import LogError, UsageError
from govlab.keys import read_key
from govlab.serving.app import App
from govlab.serving.durable import Durable, read_policy
from govlab.serving.guard import Guard, is_loopback, read_tokens
from govlab.serving.journal import Journal, open_journal
from govlab.serving.memory import Memory
from govlab.serving.reload import Reload
from govlab.serving.ruling import read_ruling
from govlab.serving.server import Address, Hangups, bind, run
from govlab.serving.service import Service

__all__ = ["Settings", "serve"]

_WATCH_S = 1.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What to serve, where, to whom, the log of it, and the key that signed what decides."""

    bundle: Path
    address: Address
    log: Path
    fsync: str = "100ms"
    token_file: Path | None = None
    assume_obligations: bool = False
    watch: bool = False
    key: Path | None = None


def serve(
    settings: Settings,
    *,
    now: Callable[[], datetime],
    new_id: Callable[[], str],
    say: Callable[[str], None],
) -> None:
    """Serves until it is told to stop.

    Raises UsageError for an address that others reach without a token, BundleError for what does
    not load, LogError for a decision log that cannot be taken up.
    """
    hangups = Hangups()
    guard, policy = _guard(settings), read_policy(settings.fsync)
    read = partial(read_ruling, key=read_key(settings.key) if settings.key else None)
    ruling = read(settings.bundle)
    listening, address = bind(settings.address)
    journal = open_journal(settings.log, new_id())
    service = Service(
        ruling, journal, Durable(journal, policy), _memory(settings.log), guard, now, new_id,
        settings.assume_obligations,
    )  # fmt: skip
    reload = Reload(service, settings.bundle, read, say, settings.token_file)
    for line in _told(settings, service, address):
        say(line)
    run(App(service), listening, address, reload, _WATCH_S if settings.watch else None, hangups)
    say(f"stopped; the decision log has {journal.head.size:,} entries")


def _memory(log: Path) -> Memory:
    """The budgets, kept beside the decision log: they outlive the process as it does."""
    path = log / ".history.sqlite"
    path.touch(mode=0o600)  # who may read it is who may read the log
    try:
        return Memory(Store.in_file(path))
    except StoreError as error:
        raise LogError(str(error)) from error


def _guard(settings: Settings) -> Guard:
    address = settings.address
    if (address.certificate is None) != (address.key is None):
        raise UsageError("TLS needs both `--tls-cert` and `--tls-key`")
    local = is_loopback(address.host)
    if settings.token_file is None and not local:
        raise UsageError(
            f"others than this machine reach `{address.host}`: give `--token-file FILE`, "
            "or listen at 127.0.0.1"
        )
    return Guard(local, read_tokens(settings.token_file) if settings.token_file else ())


def _told(settings: Settings, service: Service, address: Address) -> list[str]:
    ruling, journal = service.ruling, service.journal
    found = [
        f"{ruling.name} {ruling.version}, digest {ruling.digest[:12]}",
        f"decision log {settings.log}: {journal.head.size:,} entries, fsync {settings.fsync}",
        *_cut(journal),
    ]
    if not service.guard.local and address.certificate is None:
        found.append("without TLS: tokens and requests are read by who is on the way")
    return [*found, f"serving {address.url()}"]


def _cut(journal: Journal) -> list[str]:
    torn = journal.recovered.torn
    if not torn:
        return []
    return [f"cut off a last entry that was never finished ({torn:,} bytes): nobody was answered"]
