"""URLs and hosts: what is accepted is read alike by other parsers; anything else is an error."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from govlab.runtime.hosts import host_in, read_host
from govlab.runtime.urls import URL_CALLS, read_url
from govlab.runtime.values import CelError

PIECES = st.lists(
    st.sampled_from(
        ["http", "https", "file", ":", "/", "//", "://", "@", "?", "#", "\\", ".", "..", "corp.com",
         "evil.org", "*", "%2e", "%00", "%", "[", "]", "::1", "127.0.0.1", "0x7f", "1", "80", ":80",
         " ", "\t", "\n", "\0", "\u3002", "\u0430", "\u200b", "a", "-", "_", "é", "\ud800"]
    ),
    max_size=9,
)  # fmt: skip
TEXTS = PIECES.map("".join)
HOSTS = st.sampled_from(
    ["corp.com", "API.corp.com.", "127.0.0.1", "[::1]", "[::ffff:7f00:1]", "x_y"]
)
URLS = st.tuples(
    st.sampled_from(["http://", "https://", "FTP://", "file://"]),
    st.sampled_from(["", "", "user@", "evil.org:80@", "evil.org\\@", "a@b@", "evil.org?@"]),
    HOSTS | TEXTS,
    st.sampled_from(["", "", ":80", ":", ":080", ":99999"]),
    st.sampled_from(["", "/", "/a/b?c#d", "?@evil.org", "#@evil.org", "/@evil.org", "\\@evil.org"]),
).map("".join)


def legacy_host(text: str) -> str:
    """The host as a parser sees it that ends the authority at slashes only."""
    authority = text.partition("://")[2].replace("\\", "/").partition("/")[0]
    host = authority.rpartition("@")[2]
    return host.partition("?")[0].partition("#")[0]


@given(URLS | URLS | URLS | TEXTS | st.text())
@example("http://corp.com?@evil.org")
@example("http://a@b@c")
def test_an_accepted_url_has_one_host(text):
    try:
        url = read_url(text)
    except CelError:
        assert URL_CALLS["isURL"](text) is False
        return
    split = urlsplit(text)
    assert url.scheme == split.scheme
    assert url.port == ("" if split.port is None else str(split.port))
    hosts = {
        read_host(h) for h in (bracketed(split.hostname), without_port(legacy_host(text))) if h
    }
    assert hosts == ({url.host} if url.host else set())
    assert url.path == split.path
    assert text == text.strip()


def bracketed(host: str | None) -> str:
    return f"[{host}]" if host and ":" in host else host or ""


def without_port(host: str) -> str:
    return host if host.endswith("]") else host.rpartition(":")[0] if ":" in host else host


@given(TEXTS)
def test_a_host_is_its_own_reading(text):
    try:
        host = read_host(text)
    except CelError:
        return
    assert read_host(bracketed(host)) == host == host.lower()
    assert host_in(host, ["*"])
    assert host_in(host, [host])


LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,5}[a-z0-9])?", fullmatch=True)
NAMES = st.lists(LABEL, min_size=1, max_size=4)


@given(NAMES, NAMES)
def test_a_suffix_matches_on_label_boundaries_only(below, domain):
    suffix = ".".join(domain)
    pattern = [f"*.{suffix.upper()}"]
    assert host_in(read_host(".".join([*below, *domain])), pattern)
    assert not host_in(suffix, pattern)
    assert not host_in("x" + suffix, pattern)
    assert not host_in(f"{suffix}.{'.'.join(below)}x", pattern)


@pytest.mark.parametrize(
    "text", ["http://" + "a." * 50_000, "http://" + "a" * 100_000, "http://a/" + "%2e" * 50_000,
             "http://a/" + "./" * 50_000, "http://" + "@" * 100_000, "http://[" + ":" * 100_000]
)  # fmt: skip
def test_long_texts_are_read_in_linear_time(text):
    start = time.process_time()
    URL_CALLS["isURL"](text)
    assert time.process_time() - start < 10.0  # milliseconds; a square would take minutes
