"""An export made whole or not at all: written aside, compared with replay, then put in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from govlab.bundle import Bundle, load_bundle
from govlab.errors import UsageError
from govlab.exporting.failures import ParityError
from govlab.exporting.loading import open_engine
from govlab.exporting.manifest import (
    BUNDLE,
    ENGINE,
    FILES,
    MANIFEST,
    VECTORS,
    canonical_bundle,
    manifest_text,
)
from govlab.exporting.parity import Parity, compare
from govlab.exporting.signing import SIGNATURE, envelope
from govlab.exporting.source import engine_source
from govlab.exporting.vectors import failing, vectors
from govlab.keys import Key, read_key
from govlab.log.whole import whole_log
from govlab.placing import placing_folder
from govlab.plan import Plan, compile_plan
from govlab.replays.selected import selected_of
from govlab.selection import CHOSEN, Scope, Selection

__all__ = ["MOST_EVENTS", "Export", "export_engine"]

_ALL = Selection()
MOST_EVENTS = 5_000_000
"""Events of a log that are compared, at most."""


@dataclass(frozen=True, slots=True)
class Export:
    """What was written where, and what it was compared with."""

    folder: Path
    bundle: Bundle
    files: Mapping[str, int]  # name -> bytes
    parity: Parity
    vectors: int
    signed: bool
    scope: Scope = field(default_factory=Scope)  # which events it was compared on

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: `out`, `digest`, `files`, `signature`, `vectors`, `parity`."""
        return {
            "out": str(self.folder),
            "bundle": self.bundle.name,
            "version": self.bundle.version,
            "digest": self.bundle.digest,
            "files": dict(self.files),
            "signature": "signed" if self.signed else "unsigned",
            "vectors": self.vectors,
            "history": [f.name for f in self.bundle.features()],
            "parity": {**self.parity.to_dict(), **_filters(self.scope)},
        }


def export_engine(
    bundle: Bundle | str | Path,
    out: str | Path,
    *,
    log: Any = None,
    key: Key | str | Path | None = None,
    most: int = MOST_EVENTS,
    selection: Selection = _ALL,
) -> Export:
    """The engine of `bundle` in the folder `out`: engine, bundle, vectors and manifest, as files.

    `log` (a path, a frame or an Arrow table) is replayed, and each of its first `most` events is
    decided by the engine too; with `selection` those that it chooses, after all that came before
    them. `key` signs. What is at `out` is replaced as a whole if it is an
    export, and is left as it is where anything fails.

    Raises ParityError with the first event on which replay and the engine differ, BundleError
    where the bundle does not load, LogError where the log cannot be read, UsageError where `out`
    cannot be written or holds something else, for a key that cannot sign, and for filters that are
    none or choose no event.

    >>> import tempfile
    >>> made = export_engine("prod-safety", Path(tempfile.mkdtemp()) / "engine")
    >>> sorted(made.files)
    ['MANIFEST.json', 'bundle.json', 'engine.py', 'vectors.jsonl']
    """
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    signer = key if isinstance(key, Key) or key is None else read_key(Path(key))
    plan, folder = compile_plan(loaded), Path(out)
    with _replacing(folder) as fresh:
        frame, scope = _chosen(loaded, log, selection)
        files, parity = _made(loaded, plan, frame, most)
        if frame is not None and not parity.events and not scope.is_all():
            raise UsageError("the filters choose no event of the log, so nothing was compared")
        files[MANIFEST] = manifest_text(loaded, files, {**_said(parity), **_filters(scope)})
        if signer is not None:
            files[SIGNATURE] = envelope(files[MANIFEST], signer)
        for name, content in files.items():
            (fresh / name).write_bytes(content)
    sizes = {name: len(content) for name, content in files.items()}
    lines = files[VECTORS].count(b"\n")
    return Export(folder, loaded, sizes, parity, lines, signer is not None, scope)


def _chosen(loaded: Bundle, log: Any, selection: Selection) -> tuple[pl.LazyFrame | None, Scope]:
    """The log as it is compared, and which of its events are."""
    if log is None:
        return None, Scope()
    declared = loaded.readable()
    path = log if isinstance(log, str | Path) else None
    whole = whole_log(log, declared).frame
    if selection.is_all():
        return whole, Scope()
    found = selected_of(whole, path, selection, declared=declared)
    names = whole.collect_schema().names()  # what of its runs was asked for is none of theirs
    return found.log.select(*names, found.keep.alias(CHOSEN)), found.scope


def _filters(scope: Scope) -> dict[str, Any]:
    """What a comparison says of the events it was made on; nothing where it was all of them."""
    return {} if scope.is_all() else {"filters": scope.filters()}


def _made(
    loaded: Bundle, plan: Plan, log: pl.LazyFrame | None, most: int
) -> tuple[dict[str, bytes], Parity]:
    """The files that a manifest names, and what their engine was compared with."""
    source = engine_source(loaded)
    engine = open_engine(source)
    parity = Parity()
    if log is not None:
        parity = compare(plan, log, engine, most=most)
    if parity.difference is not None:
        raise ParityError(parity.difference.to_dict(), parity.events)
    golden = vectors(loaded, plan, parity.found)
    wrong = failing(golden, engine)
    if wrong is not None:
        raise ParityError(wrong, parity.events)
    contents = {ENGINE: source.encode(), BUNDLE: canonical_bundle(loaded), VECTORS: golden}
    return {name: contents[name] for name in FILES}, parity


def _said(parity: Parity) -> dict[str, Any]:
    return {"events": parity.events, "differences": parity.differences}


@contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    """A new folder beside `out` that takes its place when the block ends well, and else is gone."""
    if out.exists() and not (out / MANIFEST).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"`{out}` is there and is no export; name another folder or remove it")
    if others := _others(out):
        raise UsageError(f"`{out}` holds `{others[0]}`, which no export has: put it elsewhere")
    try:
        with placing_folder(out) as fresh:
            yield fresh
    except OSError as error:
        raise UsageError(f"`{out}` cannot be written: {error.strerror}") from None


def _others(out: Path) -> list[str]:
    """What else the folder `out` holds, which replacing it would lose."""
    own = {*FILES, MANIFEST, SIGNATURE, "__pycache__"}
    return sorted(p.name for p in out.iterdir() if p.name not in own) if out.is_dir() else []
