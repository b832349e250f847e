"""An MCP server that is asked through an exported engine: each `tools/call` is decided first.

govlab export gate.yaml --out engine
python mcp_proxy.py engine SERVER ARGUMENTS...     # where a client would start SERVER (stdio)

All else passes as it is. A denied call is answered with error -32001, which `govlab ingest` reads
as a denial. What cannot be read for sure does not pass.
"""

import json
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Lock, Thread
from uuid import uuid4

from govlab.enforcing import DeniedError, Guard, HeldError, OverrunError, Store
from govlab.exporting import verified_engine
from govlab.runtime.arguments import parse

guard = Guard(verified_engine(Path(sys.argv[1])).module, Store.in_memory())
server = subprocess.Popen(  # the server that the client names
    sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE
)
waiting: dict[str, Future[bytes]] = {}
to_client, to_server = Lock(), Lock()


def tell(line: bytes) -> None:
    """Gives the client one message."""
    with to_client:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


def refuse(id_: object, code: int, why: str) -> None:
    """Answers the client in the server's place."""
    error = {"jsonrpc": "2.0", "id": id_, "error": {"code": code, "message": why}}
    tell(json.dumps(error).encode() + b"\n")


def pass_on(line: bytes) -> None:
    """Gives the server one message."""
    with to_server:
        server.stdin.write(line)
        server.stdin.flush()


def call(message: dict) -> None:
    """Decides one tool call; where it is permitted, the server's answer is the client's."""
    params, key = message["params"], json.dumps(message["id"])
    event = {
        "event_id": uuid4().hex,
        "ts": datetime.now(UTC),
        "tool": params["name"],
        "action": "tools/call",
        "args": json.dumps(params.get("arguments", {})),
    }

    def dispatch(asked: dict) -> bytes:
        if key in waiting:
            raise DeniedError("denied: another call with this id has no answer yet")
        sent = {**params, "name": asked["tool"], "arguments": json.loads(asked["args"])}
        answer = waiting[key] = Future()
        try:
            pass_on(json.dumps({**message, "params": sent}).encode() + b"\n")
            return answer.result()
        finally:
            del waiting[key]

    try:
        tell(guard.call(event, dispatch))
    except (DeniedError, HeldError, OverrunError) as error:
        refuse(message["id"], -32001, str(error))


def unless_done(id_: object, done: Future[None]) -> None:
    """What was not foreseen is an answer too, so that no client waits for ever."""
    if done.exception() is not None:
        refuse(id_, -32603, f"the call was not made, or has no answer: {done.exception()!r}")


def read_server() -> None:
    """Gives answers to the calls that wait for them, all else to the client."""
    for line in server.stdout:
        message = parse(line.decode(errors="surrogateescape")) or {}
        answer = waiting.get(json.dumps(message.get("id"))) if "method" not in message else None
        if answer is None:
            tell(line)
        elif not answer.done():
            answer.set_result(line)
    for answer in list(waiting.values()):
        answer.set_exception(ConnectionError("the server has ended"))


def read_client() -> None:
    """Decides tool calls, each in a thread of its own, and passes on all else."""
    with ThreadPoolExecutor(32) as pool:
        for line in sys.stdin.buffer:
            message = parse(line.decode(errors="surrogateescape"))
            if message is None:
                refuse(None, -32700, "no JSON object that can be read in one way only")
            elif message.get("method") != "tools/call":
                pass_on(line)
            elif isinstance((message.get("params") or {}).get("name"), str) and "id" in message:
                pool.submit(call, message).add_done_callback(partial(unless_done, message["id"]))
            else:
                refuse(message.get("id"), -32602, "a tool call has an id and names a tool")
    server.stdin.close()


reader = Thread(target=read_server)
reader.start()
read_client()
reader.join()
sys.exit(server.wait())
