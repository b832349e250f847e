"""Who may ask at all: the name the caller thinks it speaks to, and the token it shows."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from govlab.errors import UsageError
from govlab.serving import limits
from govlab.serving.http import Call
from govlab.serving.wire import RefusedError

__all__ = ["OPEN", "Guard", "is_loopback", "read_tokens"]

OPEN: Final = frozenset({"/healthz", "/readyz"})
"""What needs no token: it tells nothing of what is decided."""
_LOCAL: Final = frozenset({b"localhost", b"127.0.0.1", b"[::1]"})


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets a request in, or raises RefusedError; `local` where only this machine may ask."""

    local: bool
    tokens: tuple[bytes, ...] = ()

    def check(self, call: Call) -> None:
        """Raises RefusedError: 403 for a foreign `Host`, 401 without a token that is known."""
        if self.local and not _is_here(_name(call.headers.get(b"host", b""))):
            # a page on the web whose name is made to point here (DNS rebinding) keeps its name
            raise RefusedError(403, "the `Host` is not this machine's; ask for `localhost`")
        if self.tokens and call.path not in OPEN and not self._known(call):
            raise RefusedError(401, "no valid token; send `Authorization: Bearer TOKEN`")

    def _known(self, call: Call) -> bool:
        scheme, _, token = call.headers.get(b"authorization", b"").partition(b" ")
        given = token.strip()
        # each is compared, and each in a time that says nothing of how much of it was right
        same = [hmac.compare_digest(given, known) for known in self.tokens]
        return scheme.lower() == b"bearer" and any(same)


def _name(host: bytes) -> bytes:
    """The name in a `Host` header, without its port."""
    if host.startswith(b"["):
        return host.partition(b"]")[0] + b"]"
    return host.partition(b":")[0].lower()


def _is_here(name: bytes) -> bool:
    """Whether `name` is one that no other machine can be called by."""
    return name in _LOCAL or is_loopback(name.decode("latin-1").strip("[]"))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_tokens(path: Path) -> tuple[bytes, ...]:
    """The tokens in a file, one a line; raises UsageError where there is none, or a short one.

    Several are for changing them: the old one holds until its line is gone and the server reloads.
    """
    try:
        found = tuple(line.strip() for line in path.read_bytes().splitlines() if line.strip())
    except OSError as error:
        raise UsageError(f"`{path}` holds no token: {error.strerror}") from error
    if not found or _short(found):
        raise UsageError(f"`{path}`: a token is a line of at least {limits.TOKEN} characters")
    return found


def _short(tokens: Iterable[bytes]) -> bool:
    return any(len(token) < limits.TOKEN for token in tokens)
