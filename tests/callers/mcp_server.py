"""A small MCP server: JSON-RPC over standard input and output, two tools."""

from __future__ import annotations

import json
import sys
from typing import Any

TOOLS = [{"name": name, "inputSchema": {"type": "object"}} for name in ("read_file", "delete_file")]


def answer(message: dict[str, Any]) -> dict[str, Any] | None:
    """The result of a request; None for what is none."""
    match message.get("method"):
        case "initialize":
            known = {"name": "files", "version": "1"}
            return {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": known}
        case "tools/list":
            return {"tools": TOOLS}
        case "tools/call":
            text = f"{message['params']['name']} {message['params']['arguments']['path']}"
            return {"content": [{"type": "text", "text": text}]}
        case _:
            return None


def main() -> None:
    """Answers until its input ends."""
    for line in sys.stdin:
        message = json.loads(line)
        result = answer(message)
        if result is not None:
            said = {"jsonrpc": "2.0", "id": message["id"], "result": result}
            print(json.dumps(said), flush=True)  # noqa: T201  # that is how it speaks


if __name__ == "__main__":
    main()
