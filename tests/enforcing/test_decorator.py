"""`@governed` functions: what the rules see of a call, and what the function gets."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from itertools import count
from typing import Any

import pytest

from govlab.enforcing import DeniedError, Guard, HeldError, Store, governed
from tests.enforcing.engines import NOON, Make, approval_of

BUNDLE = """
name: governed
attributes: {args.path: string, args.n: int, args.force: bool, args.options.k: int}
history: {calls: {count: "true", per: [actor], over: permitted}}
rules:
  - {id: budget, condition: "has(event.actor) && history.calls >= 3", decision: DENY,
     reason: enough}
  - {id: etc, condition: "args.path.startsWith('/etc')", decision: DENY, reason: not there}
  - {id: many, condition: "has(event.args.n) && args.n > 9", decision: REMEDIATE,
     remediation: {set: {args.n: "9"}, apply: automatic}}
  - {id: ask, condition: "has(event.args.force) && args.force", decision: REQUIRE_APPROVAL,
     approvers: [ann], separation_of_duties: false}
  - {id: elsewhere, condition: "has(event.env) && env == 'prod'", decision: REMEDIATE,
     remediation: {set: {env: "'dev'"}, apply: automatic}}
  - {id: new, condition: "tool == 'new' && !has(event.args.options.k)", decision: REMEDIATE,
     remediation: {set: {args.options.k: "1"}, apply: automatic}}
  - {decision: ALLOW}
"""


def test_a_function_sees_its_own_arguments_or_those_of_the_variant(make: Make) -> None:
    marker = object()

    @governed(make(BUNDLE), tool="t")
    def tool(path: str, n: int = 1, *, force: bool = False) -> tuple[Any, ...]:
        """Does it."""
        return path, n, force, marker

    assert tool("/srv/x", n=4) == ("/srv/x", 4, False, marker)
    assert tool("/srv/x", 10) == ("/srv/x", 9, False, marker)
    with pytest.raises(DeniedError, match="not there"):
        tool("/etc/x")
    assert (tool.__name__, tool.__doc__) == ("tool", "Does it.")


def test_budgets_are_kept_from_call_to_call_by_whoever_keeps_them(make: Make) -> None:
    guard = Guard(make(BUNDLE), Store.in_memory())

    @governed(guard, attributes={"actor": "bot"})
    def one(path: str) -> str:
        return path

    @governed(guard, attributes=lambda arguments: {"actor": arguments["who"]})
    def other(path: str, who: str) -> str:
        return f"{path} of {who}"

    for call in (lambda: one("a"), lambda: other("b", "bot"), lambda: one("c")):
        call()
    with pytest.raises(DeniedError, match="enough"):
        other("d", "bot")
    assert other("d", "another") == "d of another"


def test_what_is_held_waits_for_its_approval(make: Make) -> None:
    engine, number = make(BUNDLE), count()
    guard = Guard(engine, Store.in_memory(), clock=lambda: NOON)

    @governed(guard, tool="t", new_id=lambda: f"call-{next(number)}", attributes={"actor": "bot"})
    def tool(path: str, force: bool) -> None:
        pytest.fail(f"{path}, {force} before it is approved")

    with pytest.raises(HeldError) as held:
        tool("x", True)
    waiting = held.value.reservation
    assert waiting.event == {"event_id": "call-0", "ts": NOON, "tool": "t", "attempt": 1,
                             "actor": "bot",
                             "args": '{"force": true, "path": "x"}'}  # fmt: skip
    given = approval_of(engine, waiting.event)
    assert guard.resume(waiting, given, lambda asked: json.loads(asked["args"])["path"]) == "x"


def test_a_method_is_governed_without_its_object(make: Make) -> None:
    class Client:
        @governed(make(BUNDLE))
        def fetch(self, path: str) -> tuple[Any, str]:
            return self, path

    client = Client()
    assert client.fetch("/a") == (client, "/a")
    with pytest.raises(DeniedError):
        client.fetch("/etc")


def test_coroutine_functions_are_awaited(make: Make) -> None:
    @governed(make(BUNDLE))
    async def fetch(path: str) -> str:
        await asyncio.sleep(0)
        return path

    assert asyncio.run(fetch("/a")) == "/a"
    with pytest.raises(DeniedError):
        asyncio.run(fetch("/etc"))


@pytest.mark.parametrize("odd", [object(), float("nan"), b"x", {1, 2}, {"a": object()}])
def test_arguments_that_json_cannot_hold_are_denied_by_rules_over_them(
    make: Make, odd: Any
) -> None:
    @governed(make(BUNDLE))
    def tool(path: str, other: Any) -> None:
        pytest.fail(f"was called with {path}, {other}")

    with pytest.raises(DeniedError, match="evaluation_error"):
        tool("/a", odd)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attributes": {"env": "prod"}}, "sets `env`, which no argument carries"),
        ({"tool": "new"}, "sets `options`, which is no argument"),
    ],
)
def test_a_variant_that_the_function_cannot_take_is_not_called(
    make: Make, options: dict[str, Any], message: str
) -> None:
    @governed(make(BUNDLE), **options)
    def tool(path: str) -> None:
        pytest.fail(f"was called with {path}")

    with pytest.raises(DeniedError, match=message):
        tool("/a")


def test_a_wrong_call_is_the_callers_error(make: Make) -> None:
    @governed(make(BUNDLE))
    def tool(path: str) -> str:
        return path

    with pytest.raises(TypeError, match="missing a required argument"):
        tool()


def test_callers_import_the_standard_library_only() -> None:
    code = "import govlab.enforcing, sys; print(sorted({m.partition('.')[0] for m in sys.modules}))"
    found = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True,
                           check=True)  # fmt: skip
    loaded = {name for name in eval(found.stdout) if not name.startswith("_")}  # noqa: S307
    assert loaded - {*sys.stdlib_module_names} == {"govlab"}
