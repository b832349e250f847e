"""OTLP in its binary form is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from govlab.errors import LogError
from govlab.log.ingestion import ingest
from govlab.log.protobuf import REFUSED, is_otlp


def message(*fields: tuple[int, bytes]) -> bytes:
    """A protobuf message of fields of bytes, each shorter than 128."""
    return b"".join(bytes([number << 3 | 2, len(text)]) + text for number, text in fields)


SPAN = message((1, bytes(range(200, 216))), (5, b"execute_tool get"))
TRACES = message((1, message((1, message((1, b"service.name"))), (2, message((2, SPAN))))))


@pytest.mark.parametrize("data", [TRACES, len(TRACES).to_bytes(4, "big") + TRACES])
@pytest.mark.parametrize("name", ["traces.binpb", "traces.pb", "traces", "traces.json"])
def test_it_is_refused_by_name(tmp_path: Path, data: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(LogError, match="OTLP protobuf is not read; write OTLP/JSON"):
        ingest([tmp_path / name], tmp_path / "log")
    with pytest.raises(LogError, match="OTLP protobuf is not read"):
        ingest([tmp_path / name], tmp_path / "log", format="otlp")


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"\n\n\nhello", b"\nplain text \xff", b"PAR1\0\0", b"\0\0\0\0\0\0"]
)
def test_other_bytes_are_not_taken_for_it(data: bytes) -> None:
    assert not is_otlp(data)
    assert "JSON" in REFUSED
