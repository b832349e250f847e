"""What an incident was judged by, kept as it was, with digests (J14)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from hashlib import file_digest
from pathlib import Path
from typing import Any

from govlab.bundle import Bundle
from govlab.errors import UsageError
from govlab.exporting.manifest import canonical_bundle
from govlab.incident import Incident
from govlab.placing import placing_folder

__all__ = ["DIGESTS", "freeze"]

DIGESTS = "SHA256SUMS"
_NEVER = (".*", "__pycache__")


def freeze(incident: Incident, out: Path, *, page: str, document: Mapping[str, Any]) -> None:
    """Keeps the rows as logged, the page and the rules as the folder `out`; all of it or nothing.

    `SHA256SUMS` has the digest of each file, as `sha256sum --check` reads it. The rows are
    unmasked: the folder is readable by its owner alone. Raises UsageError where `out` is there.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"`{out}` is there already; name a new folder, what was kept stays")
    try:
        with placing_folder(out, mode=0o700) as fresh:
            incident.looked.rows.write_parquet(fresh / "events.parquet")
            (fresh / "incident.md").write_text(page + "\n", encoding="utf-8")
            text = json.dumps(document, indent=2, ensure_ascii=False)
            (fresh / "incident.json").write_text(text + "\n", encoding="utf-8")
            for bundle in _bundles(incident):
                _copy(bundle, fresh / "rules")
            (fresh / DIGESTS).write_text(_digests(fresh), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"`{out}` cannot be written: {error.strerror}") from None


def _bundles(incident: Incident) -> list[Bundle]:
    """The rules that were asked, each once."""
    candidate = incident.candidate.bundle if incident.candidate else None
    found = (incident.ruling.snapshot, incident.others.bundle, candidate)
    return list({b.digest: b for b in found if b is not None}.values())


def _copy(bundle: Bundle, into: Path) -> None:
    """The files of a bundle and its parents under its digest, and what they mean as `bundle.json`.

    Of one that stands in a file only that is copied: whatever lies beside it is not ours to keep.
    """
    for member in bundle.chain():
        kept, files = into / bundle.digest / member.path.name, shutil.ignore_patterns(*_NEVER)
        if member.path.is_dir():
            shutil.copytree(member.path, kept, ignore=files, dirs_exist_ok=True)
        elif member.path.is_file():
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(member.path, kept)
    (into / bundle.digest).mkdir(parents=True, exist_ok=True)
    (into / bundle.digest / "bundle.json").write_bytes(canonical_bundle(bundle))


def _digests(folder: Path) -> str:
    lines = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        lines.append(f"{digest}  {path.relative_to(folder).as_posix()}\n")
    return "".join(lines)
