"""Signed checkpoints: what a chain came to, in a note that an auditor can keep (C2SP formats).

A note is `origin`, size, root and the hash of the last record, a line each, and an Ed25519
signature (c2sp.org/tlog-checkpoint, c2sp.org/signed-note). A file holds a note a chain.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from govlab.errors import UsageError
from govlab.keys import NAME, Key, b64

__all__ = ["Checkpoint", "read_checkpoints", "signed"]

_HEAD = "head "
_DASH = "\N{EM DASH} "


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The chain of one tenant (None: of records without one) up to a size.

    `root` is the Merkle root over the record hashes, `head` the hash of the last record.
    """

    tenant: str | None
    size: int
    root: bytes
    head: bytes

    def text(self) -> str:
        """The note that is signed; it ends with a line end.

        >>> print(Checkpoint("acme", 2, bytes(32), bytes(32)).text().splitlines()[:2])
        ['govlab/acme', '2']
        """
        origin = NAME if self.tenant is None else f"{NAME}/{quote(self.tenant, safe='')}"
        return f"{origin}\n{self.size}\n{b64(self.root)}\n{_HEAD}{b64(self.head)}\n"


def signed(checkpoints: Iterable[Checkpoint], key: Key) -> str:
    """The notes with their signatures, in order; raises UsageError for a key that cannot sign."""
    if key.private is None:
        raise UsageError("this is a public key: it verifies checkpoints, signing needs the private")
    return "\n".join(f"{c.text()}\n{_signature(c.text(), key)}\n" for c in checkpoints)


def _signature(text: str, key: Key) -> str:
    return f"{_DASH}{NAME} {b64(key.id() + key.private.sign(text.encode()))}"


def read_checkpoints(path: Path, key: Key) -> list[Checkpoint]:
    """The checkpoints of a file, every one signed by `key`.

    Raises UsageError where the file is none, or a signature is not that of the key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the checkpoint `{path}` cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"`{path}` is no checkpoint: it is not UTF-8") from None
    parts = [part for part in text.split("\n\n") if part.strip()]
    if not parts or len(parts) % 2:
        raise UsageError(f"`{path}` is no checkpoint; `govlab audit checkpoint` writes one")
    notes = zip(parts[::2], parts[1::2], strict=True)
    return [_read(note.lstrip("\n") + "\n", given, key, path) for note, given in notes]


def _read(note: str, given: str, key: Key, path: Path) -> Checkpoint:
    place = f"{path}: the note of `{note.splitlines()[0]}`"
    if not any(_is_signed(note, line, key) for line in given.splitlines()):
        raise UsageError(f"{place} is not signed by this key, or was changed; nothing rests on it")
    found = _parsed(note.splitlines())
    if found is None:
        raise UsageError(f"{place} is no checkpoint of a chain of govlab")
    return found


def _parsed(lines: Sequence[str]) -> Checkpoint | None:
    try:
        origin, size, root, head = lines
        name, slash, tenant = origin.partition("/")
        if name != NAME or not head.startswith(_HEAD) or not size.isascii() or not size.isdigit():
            return None
        digests = [base64.b64decode(t, validate=True) for t in (root, head.removeprefix(_HEAD))]
    except (ValueError, binascii.Error):
        return None
    if any(len(digest) != 32 for digest in digests):
        return None
    return Checkpoint(unquote(tenant) if slash else None, int(size), *digests)


def _is_signed(note: str, line: str, key: Key) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # an extra

    try:
        said = base64.b64decode(line.rsplit(" ", 1)[1], validate=True)
        if not line.startswith(f"{_DASH}{NAME} ") or said[:4] != key.id():
            return False
        key.public.verify(said[4:], note.encode())
    except (ValueError, IndexError, binascii.Error, InvalidSignature):
        return False
    return True
