"""A bucket on this machine: as much of S3's HTTP as a history needs, conditional puts included."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

__all__ = ["Bucket", "serving"]


@dataclass(slots=True)
class Bucket:
    """Objects by path; `puts` are the conditions of each put, in their order."""

    address: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    puts: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def _etag(content: bytes) -> str:
    return f'"{md5(content, usedforsecurity=False).hexdigest()}"'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bucket: Bucket

    def log_message(self, format: str, *args: object) -> None:  # the base class's name
        """Nothing: tests read what is said on standard error."""

    def _answer(self, status: int, content: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        path = unquote(urlsplit(self.path).path)
        given, wanted = self.headers["If-None-Match"], self.headers["If-Match"]
        with self.bucket.lock:
            there = self.bucket.objects.get(path)
            self.bucket.puts.append((path, given, wanted))
            if (given == "*" and there is not None) or (
                wanted is not None and (there is None or _etag(there) != wanted)
            ):
                self._answer(412)
                return
            self.bucket.objects[path] = content
        self._answer(200, ETag=_etag(content))

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        asked = parse_qs(split.query)
        if "list-type" in asked:
            self._answer(200, self._listed(split.path, asked.get("prefix", [""])[0]))
            return
        content = self.bucket.objects.get(unquote(split.path))
        if content is None:
            self._answer(404)
            return
        self._answer(200, content, ETag=_etag(content), Last_Modified=_THEN)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.bucket.objects.pop(unquote(urlsplit(self.path).path), None)
        self._answer(204)

    def do_POST(self) -> None:  # several at once
        content = self.rfile.read(int(self.headers["Content-Length"])).decode()
        names = [part.partition("</Key>")[0] for part in content.split("<Key>")[1:]]
        for name in names:
            self.bucket.objects.pop(f"{urlsplit(self.path).path.rstrip('/')}/{name}", None)
        done = "".join(f"<Deleted><Key>{name}</Key></Deleted>" for name in names)
        self._answer(200, f"<DeleteResult>{done}</DeleteResult>".encode())

    def _listed(self, path: str, prefix: str) -> bytes:
        start = f"{path.rstrip('/')}/"
        found = "".join(
            f"<Contents><Key>{escape(name.removeprefix(start))}</Key><Size>{len(content)}</Size>"
            f"<ETag>{escape(_etag(content))}</ETag><LastModified>2026-01-01T00:00:00.000Z"
            "</LastModified></Contents>"
            for name, content in sorted(self.bucket.objects.items())
            if name.startswith(start + prefix)
        )
        return (
            f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>".encode()
        )


_THEN = "Thu, 01 Jan 2026 00:00:00 GMT"


@contextmanager
def serving() -> Iterator[Bucket]:
    """A bucket that is there until the end."""
    bucket = Bucket()
    handler = type("Handler", (_Handler,), {"bucket": bucket})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    bucket.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
