"""JSON as logs have it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from govlab.log.decode import NotJsonError, argument_text, decode, plain_text, shown
from govlab.runtime import arguments


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"a": ', "JSON ends too early"), (b"", "JSON ends too early"), (b'{"a" 1}', "malformed"),
        ('{"a": "é"}'.encode("utf-16"), "UTF-16"), (b'{"a": "\xff"}', "not UTF-8: byte 0xff"),
        (b'{"a": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", "nested too deep"),
        (b"[1]", "expected `object`, got `array`"),
    ],
)  # fmt: skip
def test_why_it_is_no_json(data: bytes, said: str) -> None:
    with pytest.raises(NotJsonError) as error:
        decode(data, dict[str, Any])
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("data", "want"),
    [
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": NaN, "b": -Infinity}', {"a": None, "b": None}),
        (b'{"a": "NaN \\\\ud800"}', {"a": "NaN \\ud800"}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
    ],
)  # fmt: skip
def test_what_is_mended(data: bytes, want: object) -> None:
    assert decode(data, dict[str, Any]) == want


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        (b'{"a" : 1}', '{"a":1}'), (b'"{\\"a\\" : 1}"', '{"a" : 1}'), (b"null", None), (b"", None),
        (b'{"a":1,"a":2}', '{"a":1,"a":2}'), (b"[1]", "[1]"), (b'""', ""),
        (b'{"a":1e400}', '{"a":1e400}'),
        ('{"a":"\U000f003d"}'.encode(), '{"a":"\U000f003d"}'),
        (b'{"a":"\\udb80\\udc3d"}', '{"a":"\U000f003d"}'),
    ],
)  # fmt: skip
def test_argument_text(raw: bytes, want: str | None) -> None:
    assert argument_text(msgspec.Raw(raw)) == want


@pytest.mark.parametrize(
    "bad",
    [b'{"a": NaN}', b'{"a": "\\ud800 x"}', b'{"a": "\\udfff"}', b'"{\\"a\\": \\"\\udc00\\"}"'],
)
def test_arguments_that_had_to_be_mended_stay_malformed(bad: bytes) -> None:
    text = argument_text(
        decode(b'{"args": ' + bad + b', "x": "\\ud83d"}', dict[str, msgspec.Raw])["args"]
    )
    assert text is not None
    assert arguments.parse(text) is None


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        (b'"a"', "a"),
        (b"null", ""),
        (b'[{"type":"text","text":"a"},{"content":"b"},"c",{"x":1},2]', "a\nb\nc"),
    ],
)
def test_plain_text(raw: bytes, want: str) -> None:
    assert plain_text(msgspec.Raw(raw)) == want


def test_shown_is_short_and_printable() -> None:
    assert shown(b"\xff" * 1000) == "\ufffd" * 200
