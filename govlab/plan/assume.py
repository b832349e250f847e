"""Values and a default that a replay explores: assumed, not recorded, and said so (J1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from govlab.bundle.model import Default, Derivation
from govlab.errors import UsageError, did_you_mean
from govlab.plan.compile import default_rule
from govlab.plan.model import Assumption, Plan, Scope, Step
from govlab.runtime.arguments import canonical, value_state
from govlab.runtime.event import COUNTS, instant, micro_usd
from govlab.runtime.variants import plain
from govlab.schema import request_columns
from govlab.types import Type

__all__ = ["DEFAULTS", "with_assumptions"]

DEFAULTS = ("ALLOW", "DENY", "REQUIRE_APPROVAL")

_FIXED = frozenset({"event_id", "ts", "run_id", "step", "args", "args_sha256"})
_BOOLS = {"true": True, "false": False}
_MONEY = ("cost", "cost_micro_usd")


def with_assumptions(plan: Plan, assume: Mapping[str, Any], default: str | None = None) -> Plan:
    """`plan` with each attribute of `assume` filled where it is absent or unknown, and `default`.

    Values are of the attribute's type, or text of one. A derived attribute is filled where its
    rules gave nothing. The plan's digest is its own: these are not the bundle's decisions.

    Raises UsageError for a name that is no request attribute, a value that is not of its type and
    a default that is none.
    """
    if not assume and default is None:
        return plan
    if default is not None and default not in DEFAULTS:
        near = did_you_mean(default, DEFAULTS)
        raise UsageError(f"`{default}` is no default; {near or 'use ' + ', '.join(DEFAULTS)}")
    values = {name: _read(plan, name, value) for name, value in assume.items()}
    steps = {n: v for name, value in values.items() for n, v in _stored(name, value)}
    said = [*values.items(), *([("default", default)] if default else [])]
    shown = tuple((name, plain(value)) for name, value in said)
    return replace(
        plan,
        digest=sha256(canonical([plan.digest, *map(list, shown)]).encode()).hexdigest(),
        scopes=tuple(_assuming(scope, steps) for scope in plan.scopes),
        default=default_rule(Default(default)) if default else plan.default,
        assumptions=shown,
    )


def _assuming(scope: Scope, values: Mapping[str, Any]) -> Scope:
    """`scope` with what it reads filled, behind the step that derives it or before all."""
    made = {n: Assumption(n, value) for n, value in values.items() if n in scope.reads}
    derived = {step.attribute for step in scope.steps if isinstance(step, Derivation)}
    steps: list[Step] = [one for name, one in made.items() if name not in derived]
    for step in scope.steps:
        steps.append(step)
        if isinstance(step, Derivation) and step.attribute in made:
            steps.append(made[step.attribute])
    return replace(scope, steps=tuple(steps))


def _stored(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The attributes that `value` fills: money is read under two names."""
    if name not in _MONEY:
        yield name, value
        return
    micro = micro_usd(value) if name == "cost" else value
    yield "cost_micro_usd", micro
    yield "cost", None if micro is None else micro / 1e6


def _read(plan: Plan, name: str, value: Any) -> Any:
    """The value to assume for attribute `name`, as an engine has it."""
    kind = _kind(plan, name)
    given = _parsed(value, kind) if isinstance(value, str) else value
    state, found = value_state(given, kind, name in COUNTS)
    if state != "present":
        raise UsageError(f"`{name}={value}`: `{name}` is {_called(kind)}{_counted(name)}")
    if kind.name == "timestamp":
        return instant(found)
    return tuple(found) if isinstance(found, list) else found


def _kind(plan: Plan, name: str) -> Type:
    known = {n: c.type for n, c in request_columns().items()} | plan.reads()
    if name in _FIXED or name.startswith("args."):
        raise UsageError(
            f"`{name}` cannot be assumed: it is what the event itself says; assume a column that "
            "rules read, e.g. `env=production`"
        )
    if name not in known or name.startswith("history."):
        near = did_you_mean(name, [n for n in known if n not in _FIXED])
        cure = near or "use a request column, or an attribute that the bundle declares and reads"
        raise UsageError(f"`{name}` is no attribute known before dispatch; {cure}")
    return known[name]


def _parsed(text: str, kind: Type) -> Any:
    """The value that `text` writes; text that writes none stays text, which is then refused."""
    try:
        match kind.name:
            case "bool":
                return _BOOLS.get(text, text)
            case "int":
                return int(text)
            case "double":
                return float(text)
            case "list":
                return [part for part in text.split(",") if part]
            case _:
                return text
    except ValueError:
        return text


def _called(kind: Type) -> str:
    return "a time with an offset (RFC 3339)" if kind.name == "timestamp" else f"of type {kind}"


def _counted(name: str) -> str:
    return " and not negative" if name in COUNTS else ""
