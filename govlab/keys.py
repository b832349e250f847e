"""Ed25519 keys: what checkpoints and exported engines are signed with."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from govlab.errors import UsageError

__all__ = ["NAME", "Key", "b64", "new_key", "read_key"]

NAME = "govlab"
"""The name of the key in signatures, and of the log in origins."""

_ED25519 = b"\x01"


def b64(content: bytes) -> str:
    """`content` in base64, padded."""
    return base64.b64encode(content).decode()


@dataclass(frozen=True, slots=True)
class Key:
    """An Ed25519 key: the public half, and the private one where it may sign."""

    public: Any
    private: Any = None

    def raw(self) -> bytes:
        """The 32 bytes of the public half."""
        found: bytes = self.public.public_bytes_raw()
        return found

    def id(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return sha256(NAME.encode() + b"\n" + _ED25519 + self.raw()).digest()[:4]

    def verifier(self) -> str:
        """The public half as a verifier key: what to hand to those who check."""
        return f"{NAME}+{self.id().hex()}+{b64(_ED25519 + self.raw())}"


def _library() -> None:
    if find_spec("cryptography") is None:
        raise UsageError(
            "signatures need the extra `sign`: `pip install 'govlab[sign]'`; "
            "without a key `govlab audit verify` and `govlab verify` need nothing"
        )


def new_key() -> bytes:
    """A new private key in PEM; raises UsageError where the library that signs is absent."""
    _library()
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  # an extra
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415  # as above

    form = serialization.PrivateFormat.PKCS8
    bare = serialization.NoEncryption()
    made = ed25519.Ed25519PrivateKey.generate()
    return made.private_bytes(serialization.Encoding.PEM, form, bare)


def read_key(path: Path) -> Key:
    """The key in `path`: PEM, private or public, or a verifier key `name+id+base64`.

    Raises UsageError where it is no Ed25519 key, or the library that signs is absent.
    """
    _library()
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  # an extra
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415  # as above

    try:
        content = path.read_bytes()
        if b"PRIVATE KEY" in content:
            private = serialization.load_pem_private_key(content, password=None)
            if isinstance(private, ed25519.Ed25519PrivateKey):
                return Key(private.public_key(), private)
        elif b"PUBLIC KEY" in content:
            public = serialization.load_pem_public_key(content)
            if isinstance(public, ed25519.Ed25519PublicKey):
                return Key(public)
        elif content.count(b"+") >= 2:
            raw = base64.b64decode(content.split(b"+", 2)[2].strip(), validate=True)
            if raw[:1] == _ED25519:
                return Key(ed25519.Ed25519PublicKey.from_public_bytes(raw[1:]))
    except OSError as error:
        raise UsageError(f"the key `{path}` cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, binascii.Error):
        pass
    raise UsageError(
        f"`{path}` is no Ed25519 key in PEM without a password, nor a verifier key; "
        "`govlab audit key FILE` makes one"
    )
