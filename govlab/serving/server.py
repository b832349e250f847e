"""The sockets: uvicorn with bounds on what a connection may send and how long it may take."""

from __future__ import annotations

import asyncio
import signal
import socket
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from govlab.errors import UsageError
from govlab.serving.app import App
from govlab.serving.limits import BODY, CONNECTIONS, HEADERS, PATIENCE_S
from govlab.serving.reload import Reload
from govlab.serving.service import Service

__all__ = ["Address", "Bounded", "Hangups", "bind", "run"]

_GRACE_S = 10
_BACKLOG = 1024
_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens; with `certificate` and `key` (PEM) it speaks TLS."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

    def url(self) -> str:
        """What callers put before a path."""
        scheme = "http" if self.certificate is None else "https"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"


class Bounded(HttpToolsProtocol):
    """A connection whose requests are small and quick in coming, or that is closed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._unread = 0
        self._most = HEADERS
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Gives the first request its time."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Counts what came since the last whole request."""
        self._unread += len(data)
        if self._patience is None and self._idle():
            self._wait()
        super().data_received(data)
        if self._unread > self._most and not self.transport.is_closing():
            self.send_400_response("The request is too long.")

    def on_headers_complete(self) -> None:
        """What comes now is a body, which has a bound of its own."""
        if len(self.url) + sum(len(n) + len(v) for n, v in self.headers) > HEADERS:
            raise ValueError("headers")  # the parser stops, and the connection with it
        self._most = 2 * BODY
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is there: its time is its own now."""
        self._unread, self._most = 0, HEADERS
        self._rest()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._rest()
        super().connection_lost(exc)

    def _idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        return cycle is None or cycle.response_complete

    def _wait(self) -> None:
        self._patience = self.loop.call_later(PATIENCE_S, self._give_up)

    def _rest(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        if not self.transport.is_closing():
            self.transport.write(_SLOW)
            self.transport.close()


def bind(address: Address) -> tuple[socket.socket, Address]:
    """A socket that listens at `address`, with the port that it got where 0 was asked for.

    Raises UsageError where the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    made = socket.socket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((address.host, address.port))
    except OSError as error:
        made.close()
        raise UsageError(
            f"cannot listen at {address.host}:{address.port}: {error.strerror}"
        ) from error
    made.listen(_BACKLOG)
    port = made.getsockname()[1]
    return made, Address(address.host, port, address.certificate, address.key)


class _Server(uvicorn.Server):
    """Stops when it is told to, and lets its caller put the log away: uvicorn would raise anew."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """None here: `_serve` hears them."""
        return nullcontext()


class Hangups:
    """Hangups (SIGHUP) that come while the server starts: they do not end it, and none is lost."""

    __slots__ = ("came",)

    def __init__(self) -> None:
        self.came = False
        signal.signal(signal.SIGHUP, self._heard)

    def _heard(self, _number: int, _frame: object) -> None:
        self.came = True


def run(
    app: App,
    listening: socket.socket,
    address: Address,
    reload: Reload,
    watch_s: float | None,
    hangups: Hangups,
) -> None:
    """Serves until it is told to stop (SIGINT, SIGTERM); SIGHUP reloads."""
    config = uvicorn.Config(
        app,
        http=Bounded,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        limit_concurrency=CONNECTIONS,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
    )
    server = _Server(config)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(server, listening, reload, watch_s, hangups))


async def _serve(
    server: _Server,
    listening: socket.socket,
    reload: Reload,
    watch_s: float | None,
    hangups: Hangups,
) -> None:
    tasks: set[asyncio.Task[None]] = set()

    def started(task: asyncio.Task[None]) -> None:
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _stop, server, reload.service)
    loop.add_signal_handler(signal.SIGHUP, lambda: started(loop.create_task(reload.now())))
    if hangups.came:
        started(loop.create_task(reload.now()))
    started(loop.create_task(reload.service.durable.follow()))
    if watch_s is not None:
        started(loop.create_task(reload.watch(watch_s)))
    await server.serve(sockets=[listening])
    for task in set(tasks):
        task.cancel()
    reload.service.journal.close()


def _stop(server: _Server, service: Service) -> None:
    """What was asked is still answered; a second signal does not wait for it."""
    server.force_exit = service.stopping
    service.stopping = server.should_exit = True
