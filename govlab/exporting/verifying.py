"""An export checked before anything of it runs: its signature, then every file's hash."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from govlab.errors import UsageError
from govlab.exporting.loading import Exported, open_engine
from govlab.exporting.manifest import BUNDLE, ENGINE, FILES, MANIFEST, problems
from govlab.exporting.signing import SIGNATURE, is_signed
from govlab.keys import Key
from govlab.runtime.arguments import parse

__all__ = ["Verified", "verified_engine", "verify"]

_LARGEST = 256 * 1024 * 1024  # bytes of one file
_BROKEN = (AttributeError, ImportError, NameError, SyntaxError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check came to: `ok`, `unsigned`, `unchecked` (signed, but no key given), `failed`.

    Only `ok` says who made it; `unsigned` and `unchecked` say that the files fit together.
    """

    status: str
    digest: str | None
    problems: tuple[str, ...]
    engine: bytes = b""  # what was hashed: run this, not the file, which may be another by now
    bundle: bytes = b""  # the same of `bundle.json`

    @property
    def failed(self) -> bool:
        """Whether it must not be run."""
        return self.status == "failed"

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: `status`, `digest`, `problems`."""
        return {"status": self.status, "digest": self.digest, "problems": list(self.problems)}


def verify(folder: Path, key: Key | None = None) -> Verified:
    """What the export in `folder` is worth; with a `key` nothing unsigned passes.

    Raises UsageError where there is no export.
    """
    manifest = _read(folder / MANIFEST)
    if manifest is None:
        raise UsageError(f"`{folder}` has no `{MANIFEST}`; `govlab export` makes an export")
    _refuse_other(folder, manifest)
    signature = _read(folder / SIGNATURE)
    found = list(_signature_problems(signature, manifest, key))
    read = {name: _read(folder / name) for name in FILES}
    files = {name: content for name, content in read.items() if content is not None}
    known = {*FILES, MANIFEST, SIGNATURE}
    others = sorted(p.name for p in folder.iterdir() if p.name not in known)
    found += problems(manifest, files, others)
    if found:
        return Verified("failed", _digest(manifest), tuple(found))
    status = "unsigned" if signature is None else "unchecked" if key is None else "ok"
    return Verified(status, _digest(manifest), (), files[ENGINE], files[BUNDLE])


def _refuse_other(folder: Path, manifest: bytes) -> None:
    """A log and an evidence pack have a manifest too, and are no broken exports."""
    said = parse(manifest.decode(errors="surrogateescape")) or {}
    if "log" in said and not any((folder / name).exists() for name in FILES):
        raise UsageError(
            f"`{folder}` is no export, but what `govlab ingest` or `govlab audit pack` made; "
            "`methods.md` says how a pack is checked, `govlab audit verify` checks a log's chain"
        )


def _signature_problems(signature: bytes | None, manifest: bytes, key: Key | None) -> list[str]:
    if key is None:
        return []
    if signature is None:
        return [f"it is not signed: there is no `{SIGNATURE}`"]
    if not is_signed(signature, manifest, key):
        return [f"`{SIGNATURE}` is not this key's signature of `{MANIFEST}`"]
    return []


def _digest(manifest: bytes) -> str | None:
    bundle = (parse(manifest.decode(errors="surrogateescape")) or {}).get("bundle")
    digest = bundle.get("digest") if isinstance(bundle, dict) else None
    return digest if isinstance(digest, str) else None


def _read(path: Path) -> bytes | None:
    """The bytes of a plain file; None where there is none. Raises UsageError for any other."""
    if not path.exists() and not path.is_symlink():
        return None
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
        raise UsageError(f"`{path}` is no plain file of an export")
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"`{path}` cannot be read: {error.strerror}") from None


def verified_engine(folder: Path, key: Key | None = None) -> Exported:
    """The engine of the export in `folder`, run only where `verify` finds nothing wrong.

    Raises UsageError where it does, and where the engine is not of the manifest's digest.
    """
    found = verify(folder, key)
    if found.failed:
        raise UsageError(f"`{folder}` is not what was exported: {'; '.join(found.problems)}")
    try:
        loaded = open_engine(found.engine.decode())
    except _BROKEN as error:
        raise UsageError(
            f"`{folder}/{ENGINE}` does not load: {error}; export the bundle again"
        ) from error
    if loaded.digest != found.digest:
        raise UsageError(f"`{folder}/{ENGINE}` decides for another bundle than the manifest says")
    return replace(loaded, bundle=found.bundle)
