"""The files of a bundle, kept under the digest of what they mean, so that old rules replay."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from govlab.bundle import Bundle, load_bundle
from govlab.bundle.sources import find_bundle
from govlab.errors import RegistryError
from govlab.registry.model import Registry

__all__ = ["keep_snapshot", "snapshot"]

_VERSIONS = "versions"


def snapshot(registry: Registry, digest: str) -> Bundle:
    """The bundle with that digest, loaded from the registry's own copy.

    Raises RegistryError where the registry has none, or the copy no longer means the same.
    """
    kept = registry.of_digest(digest)
    if kept is None:
        raise RegistryError(f"the registry holds no version with the digest `{digest[:16]}`")
    bundle = load_bundle(registry.folder / kept.path)
    if bundle.digest != digest:
        raise RegistryError(
            f"`{registry.folder / kept.path}` was changed: it now means `{bundle.digest[:12]}`, "
            f"not `{digest[:12]}`; restore it from its backup"
        )
    return bundle


def keep_snapshot(folder: Path, source: str | Path, bundle: Bundle) -> str:
    """Copies the bundle at `source` and its parents; the copy's path below `folder`.

    Raises RegistryError where the copy does not mean what the bundle means.
    """
    found = find_bundle(source).resolve()
    into = folder / _VERSIONS / bundle.digest
    root = (found if found.is_dir() else found.parent).parent
    place = found.relative_to(root)
    fresh = folder / _VERSIONS / f".{bundle.digest}.{os.getpid()}"
    try:
        _copy(bundle, root, fresh)
        if load_bundle(fresh / place).digest != bundle.digest:
            raise RegistryError(
                f"`{source}` reads files beside it; put the bundle in a folder of its own"
            )
        shutil.rmtree(into, ignore_errors=True)  # left by a process that was killed
        fresh.replace(into)
    except OSError as error:
        raise RegistryError(f"`{into}` cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return str((into / place).relative_to(folder))


def _copy(bundle: Bundle, root: Path, into: Path) -> None:
    for member in bundle.chain():
        path = member.path.resolve()
        kept = into / path.relative_to(root)
        if path.is_dir():
            files = shutil.ignore_patterns(".*", "__pycache__")
            shutil.copytree(path, kept, ignore=files, dirs_exist_ok=True)
        else:
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, kept)
