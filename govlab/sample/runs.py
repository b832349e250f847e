"""Runs of the sample and what they ask for: request columns only, before anything is decided."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from govlab.runtime.arguments import digest
from govlab.sample.facts import (
    AGENTS,
    CALLS,
    INCIDENTS,
    RATES,
    RHYTHMS,
    START,
    WORKFLOWS,
    Call,
    Incident,
)

__all__ = ["Run", "happens", "log_normal", "pick", "request", "runs_of"]

_SHORT = {"production": "prod", "staging": "stage", "development": "dev", "test": "test"}
_REGIONS = {"acme-eu": "eu-central-1", "acme-us": "us-east-1"}
_WEEKDAYS = (1.10, 1.05, 1.0, 1.0, 0.85)


@dataclass(frozen=True, slots=True)
class Run:
    """One run: who, when, the calls it will make, and the generator all its chances come from."""

    id: str
    workflow: str
    tenant: str
    started: datetime
    calls: tuple[str, ...]
    principal: str | None
    chain: tuple[str, ...]
    chance: Random
    incident: str = ""

    @property
    def actor(self) -> str:
        """The agent that acts."""
        return WORKFLOWS[self.workflow].agent


def log_normal(chance: Random, median_sigma: tuple[float, float]) -> float:
    """A positive number with that median; most are small, a few are very large."""
    median, sigma = median_sigma
    return median * math.exp(chance.gauss(0.0, sigma))


def pick(chance: Random, weights: Mapping[str, float]) -> str:
    """One key, as often as its weight says."""
    return chance.choices(list(weights), list(weights.values()))[0]


def happens(chance: Random, what: str) -> bool:
    """Whether the thing of that rate happens now."""
    return chance.random() < RATES[what]


def runs_of(day: int, seed: int) -> Iterator[Run]:
    """The runs that begin on a day, counted from START; the same whatever other days are made."""
    for name, workflow in WORKFLOWS.items():
        if day < workflow.since:
            continue
        chance = Random(f"{seed}/{day}/{name}")  # noqa: S311  a recipe, not a secret
        weekday = day % 7
        busy = _WEEKDAYS[weekday] if weekday < 5 else workflow.weekend
        mean = workflow.runs * busy
        for number in range(max(0, round(chance.gauss(mean, math.sqrt(mean))))):
            yield _run(name, day, number, seed)
    for name, incident in INCIDENTS.items():
        if incident.day == day:
            yield _incident(name, incident, seed)


def _run(name: str, day: int, number: int, seed: int) -> Run:
    workflow = WORKFLOWS[name]
    run_id = f"{name}-{START + timedelta(days=day):%m%d}-{number:02}"
    chance = Random(f"{seed}/{run_id}")  # noqa: S311
    hours = RHYTHMS[workflow.rhythm]
    hour = chance.choices(range(24), hours)[0] + chance.random()
    steps = min(1 + int(chance.expovariate(1 / (workflow.steps - 1))), 30)
    calls = tuple(pick(chance, workflow.calls) for _ in range(steps))
    return Run(run_id, name, chance.choice(workflow.tenants), _at(day, hour), calls,
               _principal(name, chance), _chain(name, chance), chance)  # fmt: skip


def _incident(name: str, incident: Incident, seed: int) -> Run:
    chance = Random(f"{seed}/{name}")  # noqa: S311
    workflow = WORKFLOWS[incident.workflow]
    calls = (incident.call,) * incident.times
    return Run(f"{incident.workflow}-{name.lower()}", incident.workflow, workflow.tenants[0],
               _at(incident.day, incident.hour), calls, _principal(incident.workflow, chance),
               (workflow.agent,), chance, name)  # fmt: skip


def _at(day: int, hour: float) -> datetime:
    return START + timedelta(days=day, milliseconds=int(hour * 3_600_000))


def _principal(name: str, chance: Random) -> str | None:
    if happens(chance, "no_principal"):
        return None
    return f"{AGENTS[WORKFLOWS[name].agent].team}-seat-{chance.randint(1, 9)}@example.com"


def _chain(name: str, chance: Random) -> tuple[str, ...]:
    """The agents from the person to the one that acts."""
    above = chance.choice((1, 1, 1, 2, 3)) if happens(chance, "delegated") else 0
    planners = ("planner-agent", "router-agent", "task-agent")
    return (*planners[:above], WORKFLOWS[name].agent)


def request(run: Run, name: str, at: datetime, step: int) -> dict[str, Any]:
    """The request columns of one call; what is None is absent."""
    call, agent = CALLS[name], AGENTS[run.actor]
    values = {
        "event_id": f"{run.id}/{step:02}",
        "ts": at,
        "tenant": run.tenant,
        "run_id": run.id,
        "step": step,
        "system": "acme-ops",
        "workflow": run.workflow,
        "actor": run.actor,
        "agent_role": agent.role,
        "team": agent.team,
        "model": agent.model,
        "capabilities": list(agent.capabilities),
        "principal": run.principal,
        "parent_agent": run.chain[-2] if len(run.chain) > 1 else None,
        "delegation_depth": len(run.chain) - 1,
        "delegation_chain": list(run.chain),
        "region": _REGIONS[run.tenant],
        **_what(run, call),
        **_size(run.chance, call),
    }
    return _with_args(values | dict(INCIDENTS[run.incident].values if run.incident else {}))


def _what(run: Run, call: Call) -> dict[str, Any]:
    chance = run.chance
    destructive = chance.random() < call.destructive
    untested = chance.random() < call.untested
    return {
        "tool": call.tool,
        "action": call.action,
        "resource": chance.choice(call.resources),
        "resource_type": _unless(chance, "no_resource_type", call.resource_type),
        "read_only": call.read_only,
        "destructive": destructive,
        "risk_tags": ["untested"] * untested + ["irreversible"] * destructive,
        "data_class": _unless(chance, "no_class", pick(chance, call.classes))
        if call.classes
        else None,
        **_where(run, call),
    }


def _unless(chance: Random, rate: str, value: str) -> str | None:
    return None if happens(chance, rate) else value


def _where(run: Run, call: Call) -> dict[str, str | None]:
    """The environment as the agent says it, and the account as the platform knows it."""
    if not call.envs or happens(run.chance, "no_env"):
        return {"env": None, "account": None}
    env = pick(run.chance, call.envs)
    account = f"{run.tenant.removeprefix('acme-')}-{_SHORT[env]}-{run.chance.randint(1, 2)}"
    wrong = env == "production" and happens(run.chance, "says_staging")
    return {"env": "staging" if wrong else env, "account": account}


def _size(chance: Random, call: Call) -> dict[str, Any]:
    values: dict[str, Any] = {
        "cost_micro_usd": int(log_normal(chance, call.cost) * 1e4) * 100,
        "tokens_in": int(log_normal(chance, (2400, 0.8))),
        "tokens_out": int(log_normal(chance, (160, 0.7))),
    }
    if happens(chance, "no_size"):
        return values
    if call.records:
        wrong = happens(chance, "bad_number")
        values["records_affected"] = -1 if wrong else int(log_normal(chance, call.records)) + 1
    if call.amount:
        values["amount"] = round(log_normal(chance, call.amount), 2)
        values["currency"] = chance.choices(("EUR", "USD", "GBP"), (70, 28, 2))[0]
    return values


def _with_args(values: dict[str, Any]) -> dict[str, Any]:
    """The arguments as JSON text: what the columns say again, and a few that no column has."""
    said = {"target": values["resource"], "tool_version": "2"}
    if values.get("amount") is not None:
        said["amount"] = f"{values['amount']:.2f} {values['currency']}"
    if values["action"] == "message:send":
        said["body"] = f"template {values['tokens_out'] % 7}"
    args = json.dumps(said, separators=(",", ":"))
    return {**values, "args": args, "args_sha256": digest(args)}
