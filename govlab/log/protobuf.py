"""OTLP in its binary form, which is refused by name: its JSON form is read."""

from __future__ import annotations

from typing import Final

__all__ = ["REFUSED", "is_otlp"]

REFUSED: Final = (
    "OTLP protobuf is not read; write OTLP/JSON lines instead "
    "(the collector's `file` exporter with `format: json`)"
)
_FIELDS = (0x0A, 0x12, 0x1A)  # resource, scope and schema URL of the first element


def is_otlp(head: bytes) -> bool:
    """Whether a file that begins with `head` is an OTLP message, with or without a length before.

    >>> is_otlp(bytes([0x0A, 0x06, 0x0A, 0x04, 0x0A, 0x02, 0xFF, 0x00]))
    True
    """
    return _is_message(head) or (len(head) > 4 and head[0] == 0 and _is_message(head[4:]))


def _is_message(head: bytes) -> bool:
    """A first field of bytes whose content is again a field; text has no such bytes."""
    if head[:1] != b"\x0a" or not any(byte < 9 or byte > 0x7F for byte in head):
        return False
    end = next((at for at, byte in enumerate(head[1:11], 1) if byte < 0x80), None)
    return end is not None and len(head) > end + 1 and head[end + 1] in _FIELDS
