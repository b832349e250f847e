"""URLs, by the names of Kubernetes' library but stricter: no URL that programs read in two ways.

Refused are blanks, control characters and backslashes anywhere, an authority that an old parser
would end elsewhere (`http://evil.com?@corp.com`), dot segments in the path (some programs resolve
them before they ask), and every host that `hosts.py` refuses. A URL without a scheme and a host
has no host that a rule could look at, so only `file:///` may lack one. Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from govlab.runtime.hosts import host_in, read_host
from govlab.runtime.signatures import takes
from govlab.runtime.values import CelError, kind

__all__ = ["URL_CALLS", "Url", "read_url"]

_FORBIDDEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\\\ud800-\udfff]")
_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)"
    r"(?P<path>[^?#]*)(?:\?[^#]*)?(?:#.*)?"
)
_AUTHORITY = re.compile(
    r"(?:[A-Za-z0-9._~!$&'()*+,;=:%-]*@)?(?P<host>\[[^\[\]@]*\]|[^\[\]@:]*)(?::(?P<port>[^@:]*))?"
)
_PORT = re.compile(r"0|[1-9][0-9]{0,4}")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")
# also behind separators that are escaped, and before a path parameter: programs differ on both
_DOT_SEGMENT = re.compile(r"(?:^|/|%2[Ff]|%5[Cc])(?:\.|%2[Ee]){1,2}(?:/|;|%2[Ff]|%5[Cc]|$)")


@dataclass(frozen=True, slots=True)
class Url:
    """The parts of a URL: scheme and host in lower case, the port as written or empty."""

    scheme: str
    host: str
    port: str
    path: str


def read_url(text: str) -> Url:
    """The URL written in `text`; raises CelError where it is none, or is ambiguous.

    >>> read_url("HTTPS://user@API.corp.com:8443/a?b").host
    'api.corp.com'
    """
    match = _URL.fullmatch(text)
    if match is None or _FORBIDDEN.search(text) or _BAD_ESCAPE.search(text):
        raise CelError(f"not a URL: `{text[:60]}`")
    if "@" in text[match.end("authority") :].partition("/")[0]:
        raise CelError(f"it is not clear where the host of this URL ends: `{text[:60]}`")
    if _DOT_SEGMENT.search(match["path"]):
        raise CelError(f"dot segments in the path of a URL: `{text[:60]}`")
    host, port = _read_authority(match["authority"])
    if not host and (match["scheme"].lower() != "file" or port):
        raise CelError(f"a URL without a host: `{text[:60]}`")
    return Url(match["scheme"].lower(), host, port, match["path"])


def _read_authority(text: str) -> tuple[str, str]:
    """Host and port; a user name and password before them are passed over."""
    if not text:
        return "", ""
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        raise CelError(f"not a host and port: `{text[:60]}`")
    port = match["port"]
    if port is not None and not (_PORT.fullmatch(port) and int(port) < 65536):
        raise CelError(f"not a port: `{port[:60]}`")
    return read_host(match["host"]), port or ""


def _is_url(text: str) -> bool:
    try:
        read_url(text)
    except CelError:
        return False
    return True


def _host_and_port(url: Url) -> str:
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{host}:{url.port}" if url.port else host


def _host_in(of: Any, patterns: Iterable[Any]) -> bool:
    """`hostIn` of a URL, or of a text that is a host."""
    if any(kind(pattern) != "string" for pattern in patterns):
        raise CelError("`hostIn` takes a list of strings")
    return host_in(read_host(of) if isinstance(of, str) else of.host, patterns)


URL_CALLS: dict[str, Callable[..., Any]] = {
    "url": takes("url", read_url, "string"),
    "isURL": takes("isURL", _is_url, "string"),
    "getScheme": takes("getScheme", lambda url: url.scheme, "url"),
    "getHost": takes("getHost", _host_and_port, "url"),
    "getHostname": takes("getHostname", lambda url: url.host, "url"),
    "getPort": takes("getPort", lambda url: url.port, "url"),
    "getEscapedPath": takes(
        "getEscapedPath", lambda url: quote(url.path, safe="/%:@!$&'()*+,;=~"), "url"
    ),
    "hostIn": takes("hostIn", _host_in, "url list", "string list"),
}
