"""A tool use of Claude Code as columns of an event: the same in its logs and in its hook.

Standard library only: this module is inlined into the hook.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["BYPASS", "MAIN_AGENT", "target", "who"]

MAIN_AGENT = "claude-code"
BYPASS = "bypassPermissions"

_RESOURCE = {
    "Read": ("file_path", "file"), "Edit": ("file_path", "file"), "Write": ("file_path", "file"),
    "MultiEdit": ("file_path", "file"), "NotebookEdit": ("notebook_path", "file"),
    "Glob": ("path", "file"), "Grep": ("path", "file"), "LS": ("path", "file"),
    "WebFetch": ("url", "url"),
}  # fmt: skip


def target(tool: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The tool, its server where that is one of MCP, and the file or address it acts on.

    >>> target("Read", {"file_path": "/a"})["resource"], target("mcp__db__drop", {})["server"]
    ('/a', 'db')
    """
    name, kind = _RESOURCE.get(tool, (None, None))
    resource = given.get(name) if name else None
    named = isinstance(resource, str)
    return {
        "tool": tool,
        "server": _server(tool),
        "resource": resource if named else None,
        "resource_type": kind if named else None,
    }


def who(agent_id: str | None, agent_type: str | None) -> dict[str, Any]:
    """The agent that asked: the main one, or one that it spawned."""
    if agent_id is None:
        return {"actor": MAIN_AGENT, "delegation_depth": 0, "delegation_chain": [MAIN_AGENT]}
    return {
        "actor": agent_id,
        "agent_role": agent_type,
        "parent_agent": MAIN_AGENT,
        "delegation_depth": 1,
        "delegation_chain": [MAIN_AGENT, agent_id],
    }


def _server(tool: str) -> str | None:
    """The MCP server in `mcp__server__tool`."""
    prefix, _, rest = tool.partition("__")
    server, _, name = rest.partition("__")
    return server if prefix == "mcp" and name else None
