"""IP addresses and CIDR blocks: the network library of cel-go and Kubernetes.

What parsers read in two ways is no address here: zones, leading zeros, IPv4-mapped addresses
written with dots. One written in hex (`::ffff:7f00:1`) is the IPv4 address, so that no rule about
127.0.0.1 misses it. Nothing depends on which ranges a Python version calls private. Standard
library only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from govlab.runtime.signatures import takes
from govlab.runtime.values import CelError

__all__ = ["NETWORK_CALLS", "Cidr", "Ip", "contains_ip", "read_cidr", "read_ip", "write_cidr",
           "write_ip"]  # fmt: skip

_WIDTHS = {4: 32, 6: 128}
_PREFIX_LENGTH = re.compile(r"0|[1-9]\d{0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ip:
    """An IP address: its family, 4 or 6, and its bits as a number."""

    family: int
    number: int


@dataclass(frozen=True, slots=True)
class Cidr:
    """An address and the length of its prefix, in bits; bits behind the prefix may be set."""

    ip: Ip
    length: int


def read_ip(text: str) -> Ip:
    """The address written in `text`; raises CelError where it is not one for every parser.

    >>> read_ip("::ffff:7f00:1") == read_ip("127.0.0.1")
    True
    """
    address = _read_address(text, text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    if mapped is None:
        return Ip(address.version, int(address))
    if "." in text:
        raise CelError(f"an IPv4-mapped IPv6 address is not allowed: `{text[:60]}`")
    return Ip(4, int(mapped))


def _read_address(text: str, shown: str) -> IPv4Address | IPv6Address:
    if "%" in text:
        raise CelError(f"an IP address with a zone is not allowed: `{shown[:60]}`")
    try:
        return ip_address(text)
    except ValueError:
        what = "an IP address" if shown == text else "a CIDR block"
        raise CelError(f"not {what}: `{shown[:60]}`") from None


def write_ip(ip: Ip) -> str:
    """The canonical text of an address (RFC 5952).

    >>> write_ip(read_ip("2001:DB8:0:0:0:0:0:1"))
    '2001:db8::1'
    """
    return str(IPv4Address(ip.number) if ip.family == 4 else IPv6Address(ip.number))


def read_cidr(text: str) -> Cidr:
    """The block written as `10.0.0.0/8`; raises CelError where it is not one."""
    written, _, length = text.partition("/")
    address = _read_address(written, text)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        raise CelError(f"an IPv4-mapped IPv6 block is not allowed: `{text[:60]}`")
    if not _PREFIX_LENGTH.fullmatch(length) or int(length) > _WIDTHS[address.version]:
        raise CelError(f"not a CIDR block: `{text[:60]}`")
    return Cidr(Ip(address.version, int(address)), int(length))


def write_cidr(cidr: Cidr) -> str:
    """The canonical text of a block, the bits behind the prefix included."""
    return f"{write_ip(cidr.ip)}/{cidr.length}"


def contains_ip(cidr: Cidr, ip: Ip) -> bool:
    """Whether `ip` is in the block; an address of the other family never is.

    >>> contains_ip(read_cidr("10.0.0.0/8"), read_ip("10.1.2.3"))
    True
    """
    behind = _WIDTHS[cidr.ip.family] - cidr.length
    return cidr.ip.family == ip.family and cidr.ip.number >> behind == ip.number >> behind


def _contains_cidr(cidr: Cidr, other: Cidr) -> bool:
    return cidr.length <= other.length and contains_ip(cidr, other.ip)


def _masked(cidr: Cidr) -> Cidr:
    behind = _WIDTHS[cidr.ip.family] - cidr.length
    return Cidr(Ip(cidr.ip.family, cidr.ip.number >> behind << behind), cidr.length)


def _is_readable(read: Callable[[str], Any]) -> Callable[[str], bool]:
    def apply(text: str) -> bool:
        try:
            read(text)
        except CelError:
            return False
        return True

    return apply


def _ip_or_text(given: Any) -> Ip:
    return read_ip(given) if isinstance(given, str) else given


def _cidr_or_text(given: Any) -> Cidr:
    return read_cidr(given) if isinstance(given, str) else given


# the blocks behind each question, as Go's net/netip answers it
_UNSPECIFIED = ("0.0.0.0/32", "::/128")
_LOOPBACK = ("127.0.0.0/8", "::1/128")
_LINK_LOCAL = ("169.254.0.0/16", "fe80::/10")
_BLOCKS: dict[str, tuple[str, ...]] = {
    "isUnspecified": _UNSPECIFIED,
    "isLoopback": _LOOPBACK,
    "isLinkLocalUnicast": _LINK_LOCAL,
    # whatever the flags of an IPv6 group are
    "isLinkLocalMulticast": ("224.0.0.0/24", *(f"ff{flags:x}2::/16" for flags in range(16))),
}
_NO_GLOBAL_UNICAST = (
    "255.255.255.255/32", "224.0.0.0/4", "ff00::/8", *_UNSPECIFIED, *_LOOPBACK, *_LINK_LOCAL,
)  # fmt: skip


def _is_within(blocks: tuple[str, ...]) -> Callable[[Ip], bool]:
    cidrs = tuple(map(read_cidr, blocks))
    return lambda ip: any(contains_ip(cidr, ip) for cidr in cidrs)


def _is_global_unicast() -> Callable[[Ip], bool]:
    excluded = _is_within(_NO_GLOBAL_UNICAST)
    return lambda ip: not excluded(ip)


NETWORK_CALLS: dict[str, Callable[..., Any]] = {
    "ip": takes("ip", lambda of: of.ip if isinstance(of, Cidr) else read_ip(of), "string", "cidr"),
    "cidr": takes("cidr", read_cidr, "string"),
    "isIP": takes("isIP", _is_readable(read_ip), "string"),
    "isCIDR": takes("isCIDR", _is_readable(read_cidr), "string"),
    "ip.isCanonical": takes(
        "ip.isCanonical", lambda text: write_ip(read_ip(text)) == text, "string"
    ),
    "family": takes("family", lambda ip: ip.family, "ip"),
    **{name: takes(name, _is_within(blocks), "ip") for name, blocks in _BLOCKS.items()},
    "isGlobalUnicast": takes("isGlobalUnicast", _is_global_unicast(), "ip"),
    "containsIP": takes(
        "containsIP", lambda c, i: contains_ip(c, _ip_or_text(i)), "cidr ip", "cidr string"
    ),
    "containsCIDR": takes(
        "containsCIDR", lambda c, o: _contains_cidr(c, _cidr_or_text(o)), "cidr cidr", "cidr string"
    ),
    "masked": takes("masked", _masked, "cidr"),
    "prefixLength": takes("prefixLength", lambda cidr: cidr.length, "cidr"),
}
