"""A request and a reply, and how a body is read: in full, or not at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from govlab.serving import limits
from govlab.serving.wire import RefusedError

__all__ = ["Call", "Receive", "Reply", "Scope", "Send", "json_reply", "named", "read_body",
           "send_reply"]  # fmt: skip

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_JSON: Final = b"application/json"
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `headers` by lower-case name, joined where one stands twice."""

    method: str
    path: str
    scheme: str
    headers: dict[bytes, bytes]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, whole."""

    status: int
    body: bytes
    kind: bytes = _JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


def named(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers by name; of two that have one both are said, so that none hides behind the other.

    >>> named([(b"host", b"evil"), (b"host", b"localhost")])
    {b'host': b'evil, localhost'}
    """
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        found[name] = value if name not in found else b"%s, %s" % (found[name], value)
    return found


def json_reply(value: Any, status: int = 200, *headers: tuple[bytes, bytes]) -> Reply:
    """`value` as JSON."""
    return Reply(status, _encode(value), headers=headers)


async def read_body(call: Call, receive: Receive) -> bytes:
    """The body; raises RefusedError for one that is no JSON by its name, or too long.

    How long it may take is the connection's business.
    """
    kind = call.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind != _JSON:
        raise RefusedError(400, "the content type is not `application/json`")
    length = call.headers.get(b"content-length", b"0")
    if length.isdigit() and int(length[:20]) > limits.BODY:
        raise RefusedError(413, f"the body is longer than {limits.BODY} bytes")
    return await _received(receive)


async def _received(receive: Receive) -> bytes:
    message = await receive()
    body = bytes(message.get("body", b""))
    while message.get("more_body") and len(body) <= limits.BODY:
        message = await receive()
        body += message.get("body", b"")
    if message["type"] == "http.disconnect":
        raise RefusedError(400, "the caller went away")
    if len(body) > limits.BODY:
        raise RefusedError(413, f"the body is longer than {limits.BODY} bytes")
    return body


async def send_reply(reply: Reply, send: Send) -> None:
    """Hands the reply to the connection; one that refuses a body ends the connection."""
    headers = [
        (b"content-type", reply.kind),
        (b"content-length", b"%d" % len(reply.body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *reply.headers,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
