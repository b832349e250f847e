"""What an export consists of: SHA-256 of every file, in one that names them all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import rfc8785

from govlab.bundle import Bundle
from govlab.bundle.digest import meaning
from govlab.runtime.arguments import parse

__all__ = ["FILES", "MANIFEST", "canonical_bundle", "manifest_text", "problems"]

MANIFEST, ENGINE, BUNDLE, VECTORS = "MANIFEST.json", "engine.py", "bundle.json", "vectors.jsonl"
FILES = (ENGINE, BUNDLE, VECTORS)
"""The files that a manifest names."""


def canonical_bundle(bundle: Bundle) -> bytes:
    """`bundle.json` in RFC 8785 form: the digest, and the meaning of every bundle of the chain.

    `entities` names the lookups of each type of resource that a decision point searches.
    """
    chain = bundle.chain()
    lookups = [lookup for member in chain for lookup in member.lookups if lookup.entity]
    types = dict.fromkeys(lookup.entity for lookup in lookups)
    return rfc8785.dumps(
        {
            "name": bundle.name,
            "version": bundle.version,
            "digest": bundle.digest,
            "bundles": [meaning(member) for member in chain],
            "entities": {kind: [k.name for k in lookups if k.entity == kind] for kind in types},
        }
    )


def manifest_text(bundle: Bundle, files: Mapping[str, bytes], parity: Mapping[str, Any]) -> bytes:
    """`MANIFEST.json`: what was exported, by which version, each file's hash, what was compared."""
    said = {
        "bundle": {"name": bundle.name, "version": bundle.version, "digest": bundle.digest},
        "generator": f"govlab {version('govlab')}",
        "files": {n: {"sha256": sha256(c).hexdigest(), "bytes": len(c)} for n, c in files.items()},
        "parity": dict(parity),
    }
    return (json.dumps(said, indent=2, sort_keys=True) + "\n").encode()


def problems(manifest: bytes, files: Mapping[str, bytes], others: list[str]) -> list[str]:
    """What of an export is not as its manifest says; `others` are names of further files there."""
    said = parse(manifest.decode(errors="surrogateescape"))
    listed = (said or {}).get("files")
    if said is None or not isinstance(listed, dict):
        return [f"`{MANIFEST}` is no manifest of an export"]
    found = [f"`{name}` is not in the manifest" for name in [*others, *files] if name not in listed]
    for name in sorted({*listed, *(set(FILES) - files.keys())}):
        entry = listed.get(name)
        wanted = entry.get("sha256") if isinstance(entry, dict) else None
        if name not in files:
            found.append(f"`{name}` is missing")
        elif sha256(files[name]).hexdigest() != wanted:
            found.append(f"`{name}` was changed: its SHA-256 is not that of the manifest")
    return found or _digests(said, files)


def _digests(manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> list[str]:
    """Whether the bundle's meaning has the digest that it says, as the manifest does."""
    bundle = parse(files.get(BUNDLE, b"").decode(errors="surrogateescape")) or {}
    said = manifest.get("bundle")
    wanted = said.get("digest") if isinstance(said, dict) else None
    parent: str | None = None
    chain = bundle.get("bundles")
    for member in chain if isinstance(chain, list) else [None]:
        if not isinstance(member, dict) or member.get("parent") != parent:
            return [f"`{BUNDLE}` is no chain of bundles"]
        try:
            parent = sha256(rfc8785.dumps(member)).hexdigest()
        except ValueError as error:  # a number that RFC 8785 has no form for
            return [f"`{BUNDLE}` is no bundle: {error}"]
    if wanted is None or not wanted == parent == bundle.get("digest"):
        return [f"`{BUNDLE}` does not have the digest that the manifest says"]
    return []
