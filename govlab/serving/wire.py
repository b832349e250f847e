"""From bytes to a question: JSON that is read one way only, checked member by member."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from govlab.log import plainjson
from govlab.runtime import arguments

__all__ = ["Question", "RefusedError", "read_object", "read_question"]

_NOTHING: Final[Mapping[str, Any]] = {}


class RefusedError(Exception):
    """A request that is not answered: the HTTP status, what is wrong with it and where."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Question:
    """May this subject do this action to this resource? `resource_id` is None in a search."""

    subject_type: str
    subject_id: str
    subject: Mapping[str, Any]
    action: str
    properties: Mapping[str, Any] | None
    resource_type: str
    resource_id: str | None
    resource: Mapping[str, Any]
    context: Mapping[str, Any]
    supported: Any = None  # the obligations that the caller says it can meet


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; raises RefusedError (400) where it is anything else.

    >>> read_object(b'{"a": 1, "a": 2}')
    Traceback (most recent call last):
    govlab.serving.wire.RefusedError: the body has a key twice in one object
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise RefusedError(400, "the body is not UTF-8") from None
    found = plainjson.read(text) or arguments.parse(text)
    if found is None:
        raise RefusedError(400, f"the body {_wrong(text)}")
    return found


def _wrong(text: str) -> str:
    """Why `text` is no object that can be read one way only."""
    if not text.strip():
        return "is empty; send one JSON object"
    if sum(map(text.count, "[{")) > arguments.MAX_DEPTH:
        return f"is no JSON object nested at most {arguments.MAX_DEPTH} deep"
    try:
        found = json.loads(text)
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    except json.JSONDecodeError as error:
        return f"is not JSON: line {error.lineno}, column {error.colno}"
    except (ValueError, RecursionError):
        return "holds a number or a character that no JSON text may hold"
    return "has a key twice in one object" if isinstance(found, dict) else "is not a JSON object"


def read_question(asked: Mapping[str, Any], *, search: bool = False) -> Question:
    """The question in `asked`; raises RefusedError (400) naming the member that is wrong.

    In a search the resource has no id.

    >>> read_question({"subject": {"type": "user"}})
    Traceback (most recent call last):
    govlab.serving.wire.RefusedError: `action` is missing; it is an object with `name`
    """
    subject, action = _member(asked, "subject"), _member(asked, "action")
    resource, context = _member(asked, "resource"), _object(asked, "context", "context")
    return Question(
        subject_type=_text(subject, "subject", "type"),
        subject_id=_text(subject, "subject", "id"),
        subject=_properties(subject, "subject") or _NOTHING,
        action=_text(action, "action", "name"),
        properties=_properties(action, "action"),
        resource_type=_text(resource, "resource", "type"),
        resource_id=None if search else _text(resource, "resource", "id"),
        resource=_properties(resource, "resource") or _NOTHING,
        context=context or _NOTHING,
        supported=asked.get("supported_obligations"),
    )


_KEYS = {"subject": ("type", "id"), "action": ("name",), "resource": ("type", "id")}


def _member(asked: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = _object(asked, name, name)
    if found is None:
        keys = " and ".join(f"`{key}`" for key in _KEYS[name])
        raise RefusedError(400, f"`{name}` is missing; it is an object with {keys}")
    return found


def _properties(member: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    return _object(member, "properties", f"{name}.properties")


def _object(parent: Mapping[str, Any], name: str, shown: str) -> Mapping[str, Any] | None:
    found = parent.get(name)
    if found is None or isinstance(found, dict):
        return found
    raise RefusedError(400, f"`{shown}` is not an object")


def _text(member: Mapping[str, Any], parent: str, name: str) -> str:
    found = member.get(name)
    if isinstance(found, str) and found:
        return found
    wrong = "is missing" if found is None else "is empty" if found == "" else "is not text"
    raise RefusedError(400, f"`{parent}.{name}` {wrong}; it is text")
