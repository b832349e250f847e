"""`@governed`: a Python function that is called only where a policy permits it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar
from uuid import uuid4

from govlab.enforcing.engines import Decider, Event
from govlab.enforcing.guards import DeniedError, Guard
from govlab.enforcing.stores import Store
from govlab.runtime.arguments import parse

__all__ = ["governed"]

F = TypeVar("F", bound=Callable[..., Any])
Attributes = Mapping[str, Any] | Callable[[Mapping[str, Any]], Mapping[str, Any]]

_UNREAD = ""  # arguments that JSON cannot hold: malformed, so that rules over them deny
_REQUEST = frozenset({"args", "args_sha256", "ts"})


def governed(
    engine: Decider | Guard,
    *,
    tool: str | None = None,
    attributes: Attributes = {},  # noqa: B006  # never changed
    new_id: Callable[[], str] = lambda: uuid4().hex,
) -> Callable[[F], F]:
    """A decorator: every call of the function is an event of `tool`, decided by `engine`.

    Its arguments are the event's `args`, its time the guard's clock. `attributes` are further
    attributes of the event (`actor`, `env`, `cost` ...), or a function from the arguments to them.
    `engine` may be a Guard, which says where budgets are kept and who is asked; else budgets are
    kept in this process. Coroutine functions are awaited.

    A call raises DeniedError, HeldError or OverrunError, as `Guard.call` does.
    """
    guard = engine if isinstance(engine, Guard) else Guard(engine, Store.in_memory())

    def decorate(function: F) -> F:
        name = tool or function.__name__
        signature = inspect.signature(function)

        def prepared(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> _Call:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            given = {n: v for n, v in bound.arguments.items() if n not in ("self", "cls")}
            more = attributes(given) if callable(attributes) else attributes
            said = {"event_id": new_id(), "tool": name, "args": _text(given)}
            return _Call(function, bound, {"attempt": 1, **more, **said})

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            made = prepared(args, kwargs)
            return guard.call(made.event, made)

        @wraps(function)
        async def acall(*args: Any, **kwargs: Any) -> Any:
            made = prepared(args, kwargs)
            return await guard.acall(made.event, made)

        return acall if inspect.iscoroutinefunction(function) else call  # type: ignore[return-value]

    return decorate


class _Call:
    """One call: given the event to dispatch, it calls the function with that event's arguments."""

    __slots__ = ("bound", "event", "function")

    def __init__(
        self, function: Callable[..., Any], bound: inspect.BoundArguments, event: Event
    ) -> None:
        self.function, self.bound, self.event = function, bound, event

    def __call__(self, asked: Event) -> Any:
        if asked["args"] != self.event["args"]:
            self._change(parse(self.event["args"]), parse(asked["args"]))
        for name in sorted(asked.keys() - _REQUEST):
            if not name.startswith("args.") and asked[name] != self.event.get(name):
                raise DeniedError(f"denied: the variant sets `{name}`, which no argument carries")
        return self.function(*self.bound.args, **self.bound.kwargs)

    def _change(self, before: Any, after: Any) -> None:
        """Puts the arguments that differ in place of those given."""
        if before is None or after is None:
            raise DeniedError("denied: the arguments are no JSON, so none of them can be changed")
        for name, value in after.items():
            if name not in before:
                raise DeniedError(f"denied: the variant sets `{name}`, which is no argument")
            if value != before[name]:
                self.bound.arguments[name] = value


def _text(arguments: Mapping[str, Any]) -> str:
    try:
        return json.dumps(arguments, allow_nan=False, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        return _UNREAD
