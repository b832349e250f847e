"""Base64: the encoders library of cel-go. Standard library only."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Callable
from typing import Any

from govlab.runtime.signatures import takes
from govlab.runtime.values import CelError

__all__ = ["ENCODER_CALLS"]


def _decode(text: str) -> bytes:
    """The bytes of padded or unpadded base64, nothing else in it."""
    padded = text if "=" in text else text + "=" * (-len(text) % 4)
    try:
        return b64decode(padded, validate=True)
    except (Error, ValueError):
        raise CelError("not base64") from None


ENCODER_CALLS: dict[str, Callable[..., Any]] = {
    "base64.decode": takes("base64.decode", _decode, "string"),
    "base64.encode": takes("base64.encode", lambda value: b64encode(value).decode(), "bytes"),
}
