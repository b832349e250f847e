"""An export signed: an in-toto statement about its files in a DSSE envelope, Ed25519.

The formats are those of in-toto (Statement v1) and of secure-systems-lab/dsse. An Ed25519
signature of equal bytes is equal: a signed export is as stable as an unsigned one.
"""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256
from typing import Any

import rfc8785

from govlab.errors import UsageError
from govlab.exporting.manifest import MANIFEST
from govlab.keys import Key, b64
from govlab.runtime.arguments import parse

__all__ = ["SIGNATURE", "envelope", "is_signed"]

SIGNATURE = "MANIFEST.dsse.json"
"""The name of the file that holds the envelope."""

_TYPE = "application/vnd.in-toto+json"
_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "https://govlab.dev/exported-engine/v1"


def envelope(manifest: bytes, key: Key) -> bytes:
    """The envelope over a statement whose subject is the manifest, which names every file.

    Raises UsageError for a key that cannot sign.
    """
    if key.private is None:
        raise UsageError("this is a public key: it verifies exports, signing needs the private")
    payload = rfc8785.dumps(_statement(manifest))
    signature = {"keyid": key.id().hex(), "sig": b64(key.private.sign(_encoded(payload)))}
    said: Any = {"payloadType": _TYPE, "payload": b64(payload), "signatures": [signature]}
    return rfc8785.dumps(said) + b"\n"


def is_signed(content: bytes, manifest: bytes, key: Key) -> bool:
    """Whether `content` is an envelope that `key` has signed over exactly this manifest."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # an extra

    said = parse(content.decode(errors="surrogateescape")) or {}
    try:
        payload = base64.b64decode(_text(said, "payload"), validate=True)
        if _text(said, "payloadType") != _TYPE or payload != rfc8785.dumps(_statement(manifest)):
            return False
        given = [base64.b64decode(_text(one, "sig"), validate=True) for one in said["signatures"]]
    except (KeyError, TypeError, ValueError, binascii.Error):
        return False
    for signature in given:
        try:
            key.public.verify(signature, _encoded(payload))
        except InvalidSignature:
            continue
        return True
    return False


def _text(said: Any, name: str) -> str:
    value = said[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def _statement(manifest: bytes) -> Any:
    said = parse(manifest.decode(errors="surrogateescape")) or {}
    return {
        "_type": _STATEMENT,
        "subject": [{"name": MANIFEST, "digest": {"sha256": sha256(manifest).hexdigest()}}],
        "predicateType": _PREDICATE,
        "predicate": {"bundle": said.get("bundle"), "generator": said.get("generator")},
    }


def _encoded(payload: bytes) -> bytes:
    """What is signed: DSSE's pre-authentication encoding."""
    return b" ".join((b"DSSEv1", b"%d" % len(_TYPE), _TYPE.encode(), b"%d" % len(payload), payload))
