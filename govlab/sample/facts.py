"""Who works at the invented organisation, what they call, and how often things go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

__all__ = ["AGENTS", "CALLS", "DEFECTS", "INCIDENTS", "RATES", "RHYTHMS", "START", "UNANSWERED",
           "WEEKS", "WORKFLOWS", "Agent", "Call", "Incident", "Workflow"]  # fmt: skip

START = datetime(2026, 2, 2, tzinfo=UTC)
"""A Monday."""
WEEKS = 6
UNANSWERED = (datetime(2026, 2, 17, 13, tzinfo=UTC), timedelta(hours=1))
"""The hour in which the policy service did not answer."""


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent and what it was given."""

    role: str
    team: str
    model: str
    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A kind of call. Sizes are (median, sigma) of a log-normal; shares add up to any sum."""

    tool: str
    action: str
    resources: tuple[str, ...]
    resource_type: str = "internal"
    envs: Mapping[str, float] = field(default_factory=dict)
    classes: Mapping[str, float] = field(default_factory=dict)
    records: tuple[float, float] | None = None
    amount: tuple[float, float] | None = None
    cost: tuple[float, float] = (0.004, 0.9)
    seconds: tuple[float, float] = (1.2, 0.9)
    read_only: bool = False
    destructive: float = 0.0
    untested: float = 0.0


@dataclass(frozen=True, slots=True)
class Workflow:
    """A business process: whose, how many runs on a weekday, when, and of which calls."""

    agent: str
    tenants: tuple[str, ...]
    runs: float
    rhythm: str
    steps: float
    calls: Mapping[str, float]
    weekend: float = 0.1
    since: int = 0  # first day, counted from START
    governed: int = 0  # first day on which its calls are decided


@dataclass(frozen=True, slots=True)
class Incident:
    """A run that went wrong: when, what it called, what every call of it had."""

    workflow: str
    day: int
    hour: float
    call: str
    times: int
    values: Mapping[str, object]
    defect: str = ""


RHYTHMS = {
    "steady": (3, 3, 3, 3, 3, 4, 4, 5, 6, 6, 6, 6, 5, 6, 6, 6, 5, 5, 5, 4, 4, 4, 4, 3),
    "office": (0, 0, 0, 0, 0, 1, 3, 9, 14, 15, 13, 9, 8, 13, 14, 12, 9, 5, 2, 1, 1, 1, 0, 0),
    "daytime": (1, 1, 1, 1, 1, 2, 4, 8, 10, 11, 11, 10, 9, 10, 10, 10, 9, 8, 7, 6, 5, 4, 2, 1),
    "night": (12, 14, 14, 10, 6, 4, 2, 2, 3, 4, 4, 3, 2, 3, 3, 3, 2, 1, 1, 1, 2, 4, 7, 10),
}
"""How often runs begin in each hour of the day, UTC."""

_MIXED = {"production": 0.40, "staging": 0.30, "development": 0.25, "test": 0.05}
_MOSTLY_LIVE = {"production": 0.75, "staging": 0.15, "development": 0.10}
_INTERNAL = {"internal": 0.55, "public": 0.20, "personal": 0.20, "restricted": 0.05}
_TRUSTED, _QUICK, _SMALL = "planner-1", "worker-2", "worker-mini"

AGENTS = {
    "sre-copilot": Agent("operator", "platform", _TRUSTED,
                         ("observe", "infrastructure", "tickets", "messaging")),
    "infra-agent": Agent("operator", "platform", _TRUSTED,
                         ("observe", "infrastructure", "tickets")),
    "release-agent": Agent("releaser", "delivery", _QUICK,
                           ("release", "observe", "messaging", "tickets")),
    "support-agent": Agent("assistant", "support", _QUICK,
                           ("data-read", "data-write", "tickets", "messaging", "payments")),
    "billing-agent": Agent("assistant", "finance", _QUICK, ("data-read", "payments", "tickets")),
    "analyst-agent": Agent("analyst", "insights", _TRUSTED,
                           ("data-read", "data-export", "messaging")),
    "records-agent": Agent("steward", "data", _SMALL, ("data-read", "data-write", "tickets")),
    "access-agent": Agent("reviewer", "security", _TRUSTED, ("secrets", "observe", "tickets")),
    "outreach-agent": Agent("assistant", "sales", _SMALL,
                            ("data-read", "messaging", "data-export")),
}  # fmt: skip

CALLS = {
    "logs": Call("log-search", "observe:read", ("logs/web", "logs/queue", "logs/db"),
                 read_only=True),
    "metrics": Call("metrics-query", "observe:read", ("metrics/web", "metrics/db"),
                    read_only=True),
    "cluster-read": Call("aws-cli", "infrastructure:read", ("cluster/web", "bucket/assets"),
                         envs=_MOSTLY_LIVE, read_only=True),
    "cluster": Call("kubectl", "infrastructure:mutation", ("deploy/web", "deploy/queue"),
                    envs=_MOSTLY_LIVE, destructive=0.05, seconds=(9, 1.0), cost=(0.3, 1.4)),
    "terraform": Call("terraform", "infrastructure:mutation", ("stack/net", "stack/db"),
                      envs=_MIXED, destructive=0.12, seconds=(95, 0.9), cost=(6, 1.6)),
    "cloud": Call("aws-cli", "infrastructure:mutation", ("bucket/assets", "queue/jobs", "role/ci"),
                  envs=_MIXED, destructive=0.06, seconds=(4, 0.9), cost=(1.5, 1.6)),
    "merge": Call("git-merge", "code:merge", ("repo/web", "repo/api", "repo/jobs"),
                  envs={"development": 0.8, "production": 0.2}, untested=0.06),
    "deploy": Call("deploy-service", "code:deploy", ("service/web", "service/api"),
                   envs={"production": 0.5, "staging": 0.5}, untested=0.05, seconds=(150, 0.7),
                   cost=(0.8, 0.8)),
    "flag": Call("feature-flags", "config:change", ("flag/checkout", "flag/search"),
                 envs={"production": 0.7, "staging": 0.3}),
    "crm": Call("crm-read", "data:read", ("crm/accounts", "crm/cases"), read_only=True,
                classes={"personal": 0.9, "internal": 0.1}),
    "query": Call("warehouse-query", "data:read", ("dw/orders", "dw/events", "dw/people"),
                  read_only=True, classes=_INTERNAL, cost=(0.6, 1.7), seconds=(14, 1.1)),
    "aggregate": Call("report-aggregate", "data:aggregate", ("dw/orders", "dw/events"),
                      records=(60, 1.6), cost=(0.9, 1.6), seconds=(20, 1.0)),
    "export": Call("warehouse-export", "data:export", ("share/partner", "share/auditor"),
                   "external", classes=_INTERNAL, records=(150, 1.7), cost=(1.2, 1.7)),
    "extract": Call("warehouse-export", "data:export", ("share/finance", "share/insights"),
                    classes=_INTERNAL, records=(220, 1.6), cost=(1.0, 1.7)),
    "update": Call("records-update", "data:write", ("crm/accounts", "crm/cases"),
                   envs={"production": 0.9, "test": 0.1}, records=(2, 1.5)),
    "bulk": Call("records-update", "data:write", ("dw/people", "dw/orders"),
                 envs={"production": 0.6, "test": 0.4}, records=(300, 1.6), cost=(2, 1.8)),
    "delete": Call("records-delete", "data:delete", ("crm/cases", "dw/events"),
                   envs={"production": 0.6, "test": 0.4}, records=(90, 1.7), destructive=1.0),
    "archive": Call("records-archive", "data:archive", ("crm/cases", "dw/events"),
                    envs={"production": 0.8, "test": 0.2}, records=(120, 1.5)),
    "secret": Call("vault-read", "secret:read", ("vault/ci", "vault/db"), envs=_MIXED,
                   classes={"restricted": 1.0}, read_only=True),
    "mail": Call("send-email", "message:send", ("mail.example.com",), "external",
                 classes={"internal": 0.45, "public": 0.35, "personal": 0.15, "restricted": 0.05}),
    "chat": Call("post-chat", "message:send", ("chat/ops", "chat/sales"),
                 classes={"internal": 0.9, "personal": 0.1}),
    "refund": Call("pay-refund", "payment:refund", ("account/eur", "account/usd"),
                   amount=(45, 1.2)),
    "invoice": Call("pay-invoice", "payment:invoice", ("account/eur", "account/usd"),
                    amount=(420, 1.4)),
    "ticket": Call("ticket-update", "ticket:update", ("queue/ops", "queue/support")),
    "page": Call("browser", "web:fetch", ("www.example.org",), "external", read_only=True),
    "calendar": Call("calendar", "calendar:read", ("calendar/team",), read_only=True),
    "script": Call("shell-runner", "code:run", ("runner/1",), envs=_MIXED),
    "adhoc": Call("adhoc-script", "code:run", ("runner/1",), envs=_MIXED),
}  # fmt: skip

WORKFLOWS = {
    "incident-response": Workflow(
        "sre-copilot", ("acme-eu", "acme-us"), 11, "steady", 8,
        {"logs": 5, "metrics": 4, "cluster-read": 2, "cluster": 1.2, "ticket": 2, "chat": 1,
         "secret": 0.1}, weekend=0.8),
    "infrastructure-change": Workflow(
        "infra-agent", ("acme-eu", "acme-us"), 14, "office", 7,
        {"cluster-read": 3, "terraform": 2, "cloud": 2, "cluster": 1, "logs": 1, "ticket": 1,
         "script": 0.15}),
    "release": Workflow(
        "release-agent", ("acme-eu",), 17, "office", 6,
        {"merge": 3, "deploy": 2, "flag": 1, "metrics": 1, "chat": 1, "ticket": 1}),
    "customer-support": Workflow(
        "support-agent", ("acme-eu", "acme-us"), 34, "daytime", 6,
        {"crm": 5, "ticket": 3, "mail": 2, "refund": 1, "update": 1.2, "calendar": 0.8},
        weekend=0.5),
    "billing": Workflow(
        "billing-agent", ("acme-eu", "acme-us"), 14, "night", 6,
        {"crm": 2, "query": 1, "invoice": 2, "refund": 0.5, "ticket": 1}, weekend=0.4),
    "analytics": Workflow(
        "analyst-agent", ("acme-eu",), 13, "office", 7,
        {"query": 6, "aggregate": 2, "extract": 1, "export": 0.7, "chat": 1}),
    "records-care": Workflow(
        "records-agent", ("acme-eu", "acme-us"), 9, "night", 8,
        {"query": 2, "bulk": 2, "delete": 1.5, "archive": 1, "ticket": 1}, weekend=1.0,
        governed=9),
    "access-review": Workflow(
        "access-agent", ("acme-eu",), 5, "office", 6,
        {"secret": 1.5, "logs": 4, "ticket": 2, "metrics": 1}),
    "partner-outreach": Workflow(
        "outreach-agent", ("acme-us",), 16, "daytime", 6,
        {"crm": 3, "mail": 3, "page": 2.5, "calendar": 1, "export": 0.4, "adhoc": 0.2}, since=23),
}  # fmt: skip

INCIDENTS = {
    "INC-0212-export": Incident(
        "analytics", 10, 2.2, "export", 9,
        {"records_affected": 480, "data_class": "internal", "resource": "share/partner"}),
    "INC-0226-stack": Incident(
        "infrastructure-change", 24, 14.5, "terraform", 1,
        {"env": "production", "account": "eu-prod-1", "destructive": False}, defect="late"),
    "INC-0305-refunds": Incident(
        "customer-support", 31, 11.0, "refund", 6,
        {"amount": 190.0, "currency": "EUR", "resource": "account/eur"}),
}  # fmt: skip

# Rates with a source: 25 % of denied calls are called again (AgentDojo runs); approvals answered
# within minutes or within days, 10 % and 2.3 % rejected (73,202 decisions of an expense process).
RATES = {
    "again_after_denial": 0.25, "quick_answer": 0.55, "quick_reject": 0.10, "slow_reject": 0.023,
    "no_answer": 0.04, "cancelled": 0.02, "error": 0.035, "timeout": 0.008,
    "no_principal": 0.015, "no_resource_type": 0.01, "no_class": 0.03, "no_env": 0.01,
    "no_size": 0.006,
    "bad_number": 0.004, "says_staging": 0.02, "no_digest": 0.008, "no_evidence": 0.07,
    "no_reason": 0.01, "stale_engine": 0.003, "delegated": 0.12, "over_limit": 0.02,
    "used_again": 0.05,
}  # fmt: skip

DEFECTS = {
    "self": 0.015, "snapshot": 0.012, "action": 0.010, "late": 0.020,
    "unasked": 0.010, "outsider": 0.006,
}  # fmt: skip
"""How often an approval that was used did not cover the use, and how."""
