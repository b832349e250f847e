"""The lines of a Claude Code transcript, as far as they are read. The format is undocumented."""

from __future__ import annotations

import msgspec

from govlab.log.decode import EMPTY, decode

__all__ = ["Block", "Line", "Message", "Progress", "Usage", "blocks"]


class Line(msgspec.Struct, rename="camel"):
    """One line; most kinds have few of these."""

    type: str = ""
    subtype: str | None = None
    session_id: str | None = None
    agent_id: str | None = None
    timestamp: str | None = None
    permission_mode: str | None = None
    is_meta: bool | None = None
    is_compact_summary: bool | None = None
    cwd: str | None = None
    git_branch: str | None = None
    version: str | None = None
    message: msgspec.Raw = EMPTY
    data: msgspec.Raw = EMPTY
    parent_tool_use_id: str | None = msgspec.field(default=None, name="parentToolUseID")


class Usage(msgspec.Struct):
    """Tokens of a message; prompt tokens that a cache held are counted apart."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None


class Message(msgspec.Struct):
    """What `message` holds, of an assistant or a user."""

    id: str | None = None
    model: str | None = None
    content: msgspec.Raw = EMPTY
    usage: Usage | None = None


class Block(msgspec.Struct):
    """One block of a message: text, thinking, tool_use or tool_result."""

    type: str = ""
    id: str | None = None
    name: str = ""
    input: msgspec.Raw = EMPTY
    tool_use_id: str | None = None
    content: msgspec.Raw = EMPTY
    is_error: bool | None = None


class Progress(msgspec.Struct, rename="camel"):
    """What `data` holds in a line of type progress."""

    type: str = ""
    hook_event: str | None = None
    command: str | None = None
    agent_id: str | None = None


def blocks(content: msgspec.Raw) -> list[Block]:
    """The blocks of a content that is a list; a string has none."""
    return decode(bytes(content), list[Block]) if bytes(content)[:1] == b"[" else []
