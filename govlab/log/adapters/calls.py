"""Tool calls in a list of chat messages, each with the message that answers it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from govlab.log.decode import EMPTY, argument_text, decode, plain_text
from govlab.runtime import arguments

__all__ = ["Attempt", "Call", "Message", "attempts", "call_of", "first_prompt"]


class Message(msgspec.Struct):
    """A chat message as any of the benchmarks writes it; what is not read stays raw."""

    role: str = ""
    id: Any = None
    content: msgspec.Raw = EMPTY
    tool_calls: list[msgspec.Raw] | None = None
    tool_call_id: Any = None
    tool_call: msgspec.Raw = EMPTY
    name: str | None = None
    error: Any = None
    timestamp: str | None = None
    cost: float | None = None
    usage: dict[str, Any] | None = None
    requestor: str | None = None


class _Call(msgspec.Struct):
    id: Any = None
    name: str | None = None
    function: msgspec.Raw = EMPTY
    args: msgspec.Raw = EMPTY
    arguments: msgspec.Raw = EMPTY
    requestor: str | None = None


class _Function(msgspec.Struct):
    name: str = ""
    arguments: msgspec.Raw = EMPTY


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call: the source's id where it has one, the tool, the arguments as JSON text."""

    id: str | None
    tool: str
    args: str | None
    requestor: str | None = None


@dataclass(slots=True)
class Attempt:
    """A call, the message it stands in (and its place among that message's calls), the answer."""

    call: Call
    asked: Message
    turn: int
    place: int
    answer: Message | None = None


def call_of(raw: msgspec.Raw) -> Call:
    """One call in any of the three notations: AgentDojo's, OpenAI's, tau2's."""
    found = decode(bytes(raw), _Call)
    name, args = found.name or "", found.args or found.arguments
    function = bytes(found.function)
    if function.startswith(b'"'):
        name = decode(function, str)
    elif function.startswith(b"{"):
        inner = decode(function, _Function)
        name, args = inner.name, inner.arguments
    text = argument_text(msgspec.Raw(bytes(args)))
    return Call(_known(found.id), name, text, found.requestor)


def attempts(messages: Sequence[Message], roles: Sequence[str] = ("assistant",)) -> list[Attempt]:
    """Every call made by a message of `roles`, in order, paired with its answer.

    Ids of calls may be missing, empty or repeated: an answer goes to the first open call of
    its id, else of its name and arguments, else to the first open call without an id.
    """
    found: list[Attempt] = []
    waiting: list[Attempt] = []
    for turn, message in enumerate(messages):
        if message.role in roles:
            made = list(_made(message, turn))
            found += made
            waiting += made
        elif message.role == "tool" and (attempt := _answered(waiting, message)):
            attempt.answer = message
            waiting.remove(attempt)
    return found


def _made(message: Message, turn: int) -> Iterator[Attempt]:
    for place, raw in enumerate(message.tool_calls or ()):
        yield Attempt(call_of(raw), message, turn, place)


def _answered(waiting: list[Attempt], answer: Message) -> Attempt | None:
    known = _known(answer.tool_call_id)
    ids = {name for name in (known, _known(answer.id)) if name}  # tau2 says `id`
    by_id = next((a for a in waiting if a.call.id in ids), None)
    if by_id:
        return by_id
    if bytes(answer.tool_call).startswith(b"{"):
        echoed = call_of(answer.tool_call)
        by_call = next((a for a in waiting if _same(a.call, echoed)), None)
        if by_call:
            return by_call
    # by name or order alone, but never an answer and a call whose ids contradict each other
    open_ = [a for a in waiting if known is None or a.call.id is None]
    return next((a for a in open_ if a.call.tool == answer.name), open_[0] if open_ else None)


def _known(name: Any) -> str | None:
    return str(name) if isinstance(name, str | int) and name != "" else None


def _same(one: Call, other: Call) -> bool:
    if one.tool != other.tool:
        return False
    return one.args == other.args or _digest(one) == _digest(other)


def _digest(call: Call) -> str:
    return arguments.digest(call.args or "{}")


def first_prompt(messages: Sequence[Message]) -> str | None:
    """The text of the first message a user wrote."""
    texts = (plain_text(m.content) for m in messages if m.role == "user")
    return next((text for text in texts if text), None)
