"""Host names, read one way only, and patterns of them that match on label boundaries.

A host is lower case, without a trailing dot; an address is in its canonical text. What programs
read in two ways is an error: escapes, letters beyond ASCII (there are two IDNA standards: write
`xn--`), numbers that some take for an IPv4 address (`127.1`, `0x7f000001`). Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from govlab.runtime.network import contains_ip, read_cidr, read_ip, write_ip
from govlab.runtime.values import CelError

__all__ = ["host_in", "read_host", "read_host_pattern"]

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")  # a last label that may be a number
_LONGEST_NAME = 253


def read_host(text: str) -> str:
    """The host written in `text`, an IPv6 address in brackets; raises CelError where it is none.

    >>> read_host("API.Corp.COM."), read_host("[::ffff:7f00:1]")
    ('api.corp.com', '127.0.0.1')
    """
    if text.startswith("[") and text.endswith("]") and ":" in text:
        return write_ip(read_ip(text[1:-1]))
    name = text.removesuffix(".").lower()
    if not text.isascii() or len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise CelError(f"not a host name: `{text[:60]}`")
    return write_ip(read_ip(name)) if _NUMBER.fullmatch(name) else name


def host_in(host: str, patterns: Iterable[str]) -> bool:
    """Whether `host` (as `read_host` gives it) is an instance of one of `patterns`.

    A pattern is a host, `*.` and a host for everything below it, `*` for any host, or a CIDR
    block. Raises CelError for any other.

    >>> host_in("api.corp.com", ["*.corp.com"]), host_in("evilcorp.com", ["*.corp.com"])
    (True, False)
    """
    matchers = [read_host_pattern(pattern) for pattern in patterns]
    return any(matches(host) for matches in matchers)


@lru_cache(maxsize=1024)
def read_host_pattern(pattern: str) -> Callable[[str], bool]:
    """What tells whether a host is an instance of `pattern`; raises CelError where it is none."""
    if pattern == "*":
        return bool
    if "/" in pattern:
        block = read_cidr(pattern)
        return lambda host: _is_address(host) and contains_ip(block, read_ip(host))
    if pattern.startswith("*."):
        suffix = "." + read_host(pattern[2:])
        if _is_address(suffix[1:]):
            raise CelError(f"write addresses as a CIDR block: `{pattern[:60]}`")
        return lambda host: host.endswith(suffix)
    wanted = read_host(f"[{pattern}]" if ":" in pattern and "[" not in pattern else pattern)
    return lambda host: host == wanted


def _is_address(host: str) -> bool:
    return ":" in host or _NUMBER.fullmatch(host) is not None
