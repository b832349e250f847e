"""Addresses and blocks against Python's own, which differ from ours where ours are strict."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from govlab.runtime.network import (
    NETWORK_CALLS,
    Cidr,
    Ip,
    contains_ip,
    read_cidr,
    read_ip,
    write_cidr,
    write_ip,
)
from govlab.runtime.values import CelError

V4 = st.ip_addresses(v=4)
V6 = st.ip_addresses(v=6).filter(lambda a: a.ipv4_mapped is None)
ADDRESSES = V4 | V6


def ours(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Ip:
    return Ip(address.version, int(address))


@given(ADDRESSES)
def test_every_spelling_is_read_and_one_is_written(address):
    for text in (str(address), address.exploded, str(address).upper()):
        assert read_ip(text) == ours(address)
    assert write_ip(ours(address)) == str(address)
    assert NETWORK_CALLS["ip.isCanonical"](str(address)) is True


@given(V4)
def test_a_mapped_address_is_the_address(address):
    number = int(address)
    assert read_ip(f"::ffff:{number >> 16:x}:{number & 0xFFFF:x}") == ours(address)
    assert NETWORK_CALLS["isIP"](f"::ffff:{address}") is False


@given(ADDRESSES, ADDRESSES, st.integers(0, 128))
def test_containment_is_that_of_networks(one, other, length):
    length = min(length, one.max_prefixlen)
    network = ipaddress.ip_network((one, length), strict=False)
    block = read_cidr(f"{one}/{length}")
    for address in (one, other, network[0], network[-1]):
        assert contains_ip(block, ours(address)) is (
            address.version == one.version and address in network
        )
    assert write_cidr(NETWORK_CALLS["masked"](block)) == str(network)
    assert block == Cidr(ours(one), length)


@given(V4, st.integers(0, 32), V4, st.integers(0, 32))
def test_a_block_in_a_block(one, length, other, longer):
    mine, theirs = (
        ipaddress.ip_network(pair, strict=False) for pair in ((one, length), (other, longer))
    )
    found = NETWORK_CALLS["containsCIDR"](read_cidr(str(mine)), f"{other}/{longer}")
    assert found is theirs.subnet_of(mine)


@given(ADDRESSES)
def test_classes_are_those_of_python_where_versions_agree(address):
    flags = {name: NETWORK_CALLS[name](ours(address))
             for name in ("isLoopback", "isUnspecified", "isLinkLocalUnicast")}  # fmt: skip
    assert flags == {
        "isLoopback": address.is_loopback,
        "isUnspecified": address.is_unspecified,
        "isLinkLocalUnicast": address.is_link_local,
    }
    special = any(flags.values()) or address.is_multicast or str(address) == "255.255.255.255"
    assert NETWORK_CALLS["isGlobalUnicast"](ours(address)) is not special


@given(st.text(alphabet="0123456789abcdefF:.%/[] x\n\u0663", max_size=24))
def test_any_text_is_an_address_or_an_error(text):
    for read in (read_ip, read_cidr):
        try:
            found = read(text)
        except CelError:
            continue
        again = write_ip(found) if isinstance(found, Ip) else write_cidr(found)
        assert read(again) == found
        assert "%" not in text
