"""The routes of the server, as an ASGI application: nothing it is sent makes it raise."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Final

from govlab.enforcing import StoreError
from govlab.entries import FIELDS
from govlab.runtime import arguments
from govlab.serving.entry import reported
from govlab.serving.evaluations import evaluate, evaluate_each, search
from govlab.serving.http import (
    Call,
    Receive,
    Reply,
    Scope,
    Send,
    json_reply,
    named,
    read_body,
    send_reply,
)
from govlab.serving.journal import JournalError
from govlab.serving.known import key
from govlab.serving.limits import ID
from govlab.serving.metrics import exposed
from govlab.serving.reports import read_report
from govlab.serving.service import Service
from govlab.serving.wire import RefusedError, read_object

__all__ = ["App"]

_ID = re.compile(rf"[\x21-\x7e]{{1,{ID}}}")
_EVENTS: Final = "/govlab/v1/events/"
_OPENAPI: Final = Path(__file__).with_name("openapi.json")

Handler = Callable[[Service, Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class App:
    """The ASGI application over `service`."""

    service: Service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; lifespans and sockets of other kinds are not spoken."""
        if scope["type"] != "http":
            return
        started = perf_counter()
        call = Call(scope["method"], scope["path"], scope["scheme"], named(scope["headers"]))
        route = _route(call.path)
        reply = await self._reply(route, call, receive)
        self.service.metrics.answered(route, reply.status, perf_counter() - started)
        await send_reply(reply, send)

    async def _reply(self, route: str, call: Call, receive: Receive) -> Reply:
        given = call.headers.get(b"x-request-id", b"")
        echo = ((b"x-request-id", given),) if _ID.fullmatch(given.decode("latin-1")) else ()
        try:
            self.service.guard.check(call)
            reply = await self._handled(route, call, receive)
        except RefusedError as error:
            reply = _refusal(error)
        except (JournalError, StoreError) as error:  # not written: not decided
            reply = json_reply({"error": {"status": 503, "message": str(error)}}, 503)
        return replace(reply, headers=(*reply.headers, *echo)) if echo else reply

    async def _handled(self, route: str, call: Call, receive: Receive) -> Reply:
        method, handler = _ROUTES.get(route, ("", None))
        if handler is None:
            raise RefusedError(404, "no such path; `/openapi.json` lists them")
        if call.method != method:
            reply = _refusal(RefusedError(405, f"`{route}` takes {method}"))
            return replace(reply, headers=((b"allow", method.encode()),))
        if method == "POST":
            body = await read_body(call, receive)
            call = Call(method, call.path, call.scheme, call.headers, body)
        return await handler(self.service, call)


def _route(path: str) -> str:
    """The route of a path: reports are of one route a type."""
    if path.startswith(_EVENTS):
        kind = path.rpartition("/")[2]
        return f"{_EVENTS}{{id}}/{kind}" if kind in FIELDS else "unknown"
    return path if path in _ROUTES else "unknown"


def _refusal(error: RefusedError) -> Reply:
    said = {"error": {"status": error.status, "message": error.message}}
    challenge = ((b"www-authenticate", b"Bearer"),) if error.status == 401 else ()
    return json_reply(said, error.status, *challenge)


def _named(call: Call) -> str | None:
    """What the caller names its request."""
    given = call.headers.get(b"x-request-id")
    if given is None:
        return None
    text = given.decode("latin-1")
    if not _ID.fullmatch(text):
        raise RefusedError(400, f"`X-Request-ID` is not 1 to {ID} visible ASCII characters")
    return text


async def _evaluation(service: Service, call: Call) -> Reply:
    body = read_object(call.body)
    return json_reply(await evaluate(service, body, _named(call)))


async def _evaluations(service: Service, call: Call) -> Reply:
    body = read_object(call.body)
    return json_reply(await evaluate_each(service, body, _named(call)))


async def _search(service: Service, call: Call) -> Reply:
    return json_reply(await search(service, read_object(call.body)))


async def _report(service: Service, call: Call) -> Reply:
    """What was told is written once, however often it is told; an end is told in one way."""
    body = read_object(call.body)
    name, _, kind = call.path.removeprefix(_EVENTS).rpartition("/")
    told = sha256(arguments.canonical(body).encode()).hexdigest()[:32]
    if not service.knows(name):
        raise RefusedError(404, "no event of this id was decided here")
    now = None if kind == "approval" else service.now()
    report, ruling = read_report(kind, body, now=now), service.ruling
    async with service.memory.turn:
        new = key(kind, name, told) not in service.journal.known
        if new and kind != "approval" and key(kind, name) in service.journal.known:
            raise RefusedError(409, f"`{kind}` was told of this event already, and differently")
        if new:
            hear = partial(service.memory.hear, ruling, name, report.columns)
            await service.memory.run(ruling, hear)
            service.journal.append([reported(kind, name, report, told)])
            service.metrics.reports[kind] += 1
    await service.durable.wait()
    return json_reply({"event_id": name, "recorded": new})


async def _configuration(service: Service, call: Call) -> Reply:
    host = call.headers.get(b"host", b"localhost").decode("latin-1")
    base = f"{call.scheme}://{host}"
    paths = {
        "access_evaluation_endpoint": "/access/v1/evaluation",
        "access_evaluations_endpoint": "/access/v1/evaluations",
    }
    if service.ruling.entities:
        paths["search_resource_endpoint"] = "/access/v1/search/resource"
    found = {name: f"{base}{path}" for name, path in paths.items()}
    return json_reply({"policy_decision_point": base, **found})


async def _healthy(service: Service, call: Call) -> Reply:  # noqa: ARG001  as all routes
    return json_reply({"status": "ok"})


async def _ready(service: Service, call: Call) -> Reply:  # noqa: ARG001  as all routes
    why = "stopping" if service.stopping else service.journal.broken or "ready"
    return json_reply({"status": why}, 200 if service.ready() else 503)


async def _metrics(service: Service, call: Call) -> Reply:  # noqa: ARG001  as all routes
    ruling, journal = service.ruling, service.journal
    engine = {"name": ruling.name, "version": ruling.version, "digest": ruling.digest}
    gauges = {"ready": float(service.ready()), "decision_log_entries": float(journal.head.size)}
    text = exposed(service.metrics, engine, gauges)
    return Reply(200, text.encode(), b"text/plain; version=0.0.4; charset=utf-8")


async def _openapi(service: Service, call: Call) -> Reply:  # noqa: ARG001  as all routes
    return Reply(200, _OPENAPI.read_bytes())


_ROUTES: Final[Mapping[str, tuple[str, Handler | None]]] = {
    "/access/v1/evaluation": ("POST", _evaluation),
    "/access/v1/evaluations": ("POST", _evaluations),
    "/access/v1/search/resource": ("POST", _search),
    **{f"{_EVENTS}{{id}}/{kind}": ("POST", _report) for kind in FIELDS},
    "/.well-known/authzen-configuration": ("GET", _configuration),
    "/healthz": ("GET", _healthy),
    "/readyz": ("GET", _ready),
    "/metrics": ("GET", _metrics),
    "/openapi.json": ("GET", _openapi),
}
