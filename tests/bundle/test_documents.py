"""The documents of a bundle: what they take, and what is said where they do not fit."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from govlab.bundle.cases import CaseDocument
from govlab.bundle.constraints import Canonical
from govlab.bundle.documents import (
    BundleDocument,
    ManifestDocument,
    PolicyDocument,
    parse_duration,
    parse_money,
    read_constraint,
    read_constraints,
    validate,
)
from govlab.bundle.quantities import parse_timestamp
from govlab.bundle.suggest import did_you_mean, quoted
from govlab.bundle.tree import Mapping, node_at
from govlab.bundle.yamltext import read
from govlab.errors import Diagnostic
from tests.cli.conftest import SEED

MANIFEST = """\
name: prod-safety
version: 1.2.0-rc.1
owner: platform
rationale: first version
extends: {path: ../org, digest: abc}
default: {decision: REQUIRE_APPROVAL, approvers: [sec], expires_after: 1h}
mode: monitor
until: 2026-12-31T00:00:00Z
params:
  limit: 3
  window: {value: 36h, type: duration, range: [1h, 48h], note: knob}
  safe: [ls, cat]
attributes: {args.path: string, args.to: list(string)}
risk: {critical: "tool == 'rm'", high: true}
history:
  spend: {sum: cost, per: [tenant], within: 24h, over: permitted}
  calls: {count: true, per: [actor]}
lookups:
  accounts: {table: data/a.csv, key: account, on: account, match: glob, valid: [from, to],
             columns: {env: string}}
derive:
  env: [{when: "has(accounts.env)", value: accounts.env}, {value: "'test'"}]
constraints: {max_rows: {type: int, merge: min}}
groups: {sec: [ann, bob]}
controls: ["eu-ai-act:14(4)"]
policies:
  - name: p
    on: [{agent: bot-*, env: [production, staging]}]
    rules:
      - {id: r, decision: REMEDIATE, remediation: {set: {env: "'staging'", step: 5}}}
"""


def load(text: str, model: type[BaseModel]) -> tuple[Any, list[Diagnostic]]:
    documents, problems = read(text, "p.yaml")
    assert problems == []
    return validate(documents[0], model)


@pytest.mark.parametrize("model", [PolicyDocument, BundleDocument])
def test_the_policy_of_the_introduction(model: type[BaseModel]) -> None:
    policy, problems = load(SEED, model)
    assert problems == []
    assert [matcher.globs() for matcher in policy.on] == [
        (("action", ("infrastructure:mutation",)),),
        (("tool", ("aws-cli",)),),
    ]
    first, second = policy.rules
    assert (first.decision, first.approvers, first.evidence_required, first.quorum) == (
        "REQUIRE_APPROVAL", ("security-team", "platform-lead"), True, 1,
    )  # fmt: skip
    assert (second.id, second.condition) == (None, "env == 'staging'")


def test_every_key_of_the_manifest() -> None:
    manifest, problems = load(MANIFEST, ManifestDocument)
    assert problems == []
    assert manifest.default.expires_after == 3_600_000_000
    assert str(manifest.until) == "2026-12-31 00:00:00+00:00"
    assert manifest.params["limit"].value == 3
    assert manifest.params["safe"].value == ("ls", "cat")
    assert manifest.risk == {"critical": "tool == 'rm'", "high": "true"}
    assert (manifest.history["calls"].count, manifest.history["spend"].within) == (
        "true", 86_400_000_000,
    )  # fmt: skip
    assert manifest.lookups["accounts"].valid == ("from", "to")
    assert manifest.policies[0].on[0].globs() == (
        ("actor", ("bot-*",)),
        ("env", ("production", "staging")),
    )
    assert manifest.policies[0].rules[0].remediation.set == {"env": "'staging'", "step": 5}


def test_short_forms() -> None:
    bundle, problems = load("default: ALLOW\nrules: [{condition: true, decision: DENY}]",
                            BundleDocument)  # fmt: skip
    assert problems == []
    assert (bundle.default.decision, bundle.rules[0].condition, bundle.version) == (
        "ALLOW", "true", "0.0.0",
    )  # fmt: skip


_RULE = "name: x\nrules:\n  - "
_ALLOW = "rules: [{decision: ALLOW}]\n"
# text, code, line, column, a part of the message or the hint
_WRONG = {
    "misspelt key": (_RULE + "decison: DENY\n    decision: DENY", "GL010", 3, 5, "`decision`?"),
    "unknown key": (_RULE + "{decision: DENY, zzz: 1}", "GL010", 3, 22, "known here: `approvers`"),
    "switch to skip errors": (_RULE + "{decision: DENY, on_error: skip}", "GL010", 3, 22, "on_err"),
    "mode of a rule": (_RULE + "{decision: DENY, mode: monitor}", "GL010", 3, 22, "mode"),
    "a key that pydantic uses": (_ALLOW + "'[key]': 1", "GL010", 2, 1, "`[key]`"),
    "its value": (_ALLOW + "groups: {'[key]': a}", "GL012", 2, 19, "`[a]`"),
    "unknown target": (_ALLOW + "on: [{toool: x}]", "GL010", 2, 7, "`tool`?"),
    "key missing": (_RULE + "{condition: 'true'}", "GL011", 3, 5, "`decision`"),
    "no rules": ("on: [{tool: x}]", "GL011", 1, 1, "rules"),
    "approvers missing": (_RULE + "decision: REQUIRE_APPROVAL", "GL011", 3, 15, "approvers"),
    "default approvers missing": (_ALLOW + "default: REQUIRE_APPROVAL", "GL011", 2, 10, "approv"),
    "default approvers missing, long": (
        _ALLOW + "default: {decision: REQUIRE_APPROVAL}", "GL011", 2, 21, "approvers",
    ),
    "no constraints": (_RULE + "decision: ALLOW_WITH_CONSTRAINTS", "GL011", 3, 15, "constraints"),
    "empty constraints": (
        _RULE + "{decision: ALLOW_WITH_CONSTRAINTS, constraints: {}}", "GL011", 3, 40, "constraint",
    ),
    "remediation missing": (_RULE + "decision: REMEDIATE", "GL011", 3, 15, "remediation"),
    "time-bound": (
        _RULE + "{decision: REQUIRE_APPROVAL, approvers: [a], gate: time_bound}",
        "GL011", 3, 56, "expires_after",
    ),
    "text for a list": (_ALLOW + "controls: a", "GL012", 2, 11, "`[a]`"),
    "list for a mapping": (_ALLOW + "groups: [a]", "GL012", 2, 9, "expected a mapping, found a l"),
    "number for text": (_ALLOW + "owner: 5", "GL012", 2, 8, '`"5"`'),
    "text for a boolean": (
        _RULE + "{decision: REQUIRE_APPROVAL, approvers: [a], evidence_required: yes}",
        "GL012", 3, 69, "true or false, found the text `yes`",
    ),
    "nothing for text": (_RULE + "condition:\n    decision: DENY", "GL012", 3, 15, "nothing"),
    "a document that is none": ("- a\n", "GL012", 1, 1, "expected a mapping, found a list"),
    "an empty document": ("--- ~\n", "GL012", 1, 5, "found nothing"),
    "param of two types": (_ALLOW + "params: {a: [1, b]}", "GL012", 2, 13, "one type"),
    "param that is nothing": (_ALLOW + "params: {a: }", "GL012", 2, 12, "text, a number"),
    "misspelt decision": (_RULE + "decision: deny", "GL013", 3, 15, "did you mean `DENY`?"),
    "no decision": (_RULE + "decision: MAYBE", "GL013", 3, 15, "`REMEDIATE`"),
    "default REMEDIATE": (_ALLOW + "default: REMEDIATE", "GL013", 2, 10, "`REQUIRE_APPROVAL`"),
    "gate": (_RULE + "{decision: DENY, gate: budget}", "GL013", 3, 28, "budget"),
    "risk class": (_ALLOW + "risk: {severe: 'true'}", "GL013", 2, 8, "severe"),
    "type": (_ALLOW + "attributes: {args.a: strin}", "GL013", 2, 22, "`string`?"),
    "merge": (_ALLOW + "constraints: {a: {type: int, merge: sum}}", "GL013", 2, 37, "sum"),
    "state of history": (
        _ALLOW + "history: {n: {count: true, per: [actor], over: allowed}}", "GL013", 2, 48, "allo",
    ),
    "empty on": (_ALLOW + "on: []", "GL014", 2, 5, "at least 1"),
    "empty matcher": (_ALLOW + "on: [{}]", "GL014", 2, 6, "empty matcher"),
    "empty list of globs": (_ALLOW + "on: [{tool: []}]", "GL014", 2, 13, "at least 1"),
    "quorum of nobody": (
        _RULE + "{decision: REQUIRE_APPROVAL, approvers: [a], quorum: 0}", "GL014", 3, 58, "than",
    ),
    "param beyond 64 bits": (_ALLOW + "params: {a: 9223372036854775808}", "GL014", 2, 13, "64"),
    "param without end": (_ALLOW + "params: {a: .inf}", "GL014", 2, 13, "finite"),
    "until without monitor": (
        _ALLOW + "until: 2026-01-01T00:00:00Z", "GL016", 1, 1, "`mode: monitor`",
    ),
    "approvers of DENY": (
        _RULE + "{decision: DENY, approvers: [a]}", "GL016", 3, 22, "belongs to `REQUIRE_APPROVAL`",
    ),
    "constraints of ALLOW": (
        _RULE + "{decision: ALLOW, constraints: {max_files: 1}}", "GL016", 3, 23, "ALLOW_WITH",
    ),
    "agent and actor": (_ALLOW + "on: [{agent: a, actor: b}]", "GL016", 2, 6, "same key"),
    "count and sum": (
        _ALLOW + "history: {n: {count: true, sum: cost, per: [actor]}}", "GL016", 2, 14, "`n`",
    ),
    "neither count nor sum": (_ALLOW + "history: {n: {per: [actor]}}", "GL016", 2, 14, "`n` needs"),
    "merge of another type": (
        _ALLOW + "constraints: {a: {type: int, merge: union}}", "GL016", 2, 18, "`min` or `max`",
    ),
    "declared what is known": (
        _ALLOW + "constraints: {timeout_s: {type: int, merge: min}}", "GL016", 2, 15, "known",
    ),
    "rules and policies": (
        _ALLOW + "policies: [{name: p, rules: []}]", "GL016", 1, 1, "a policy of their own",
    ),
    "duration": (
        _RULE + "{decision: REQUIRE_APPROVAL, approvers: [a], expires_after: 1w}",
        "GL017", 3, 65, "`1h30m`",
    ),
    "instant": (_ALLOW + "mode: monitor\nuntil: 2026-12-31", "GL017", 3, 8, "offset"),
    "no such instant": (_ALLOW + "mode: monitor\nuntil: 2026-02-30T00:00:00Z", "GL017", 3, 8, "d"),
    "version": (_ALLOW + "version: v1", "GL017", 2, 10, "SemVer"),
    "id with a space": (_RULE + "{id: a b, decision: ALLOW}", "GL021", 3, 10, "`a b`"),
    "id with a dash first": (_RULE + "{id: -a, decision: ALLOW}", "GL021", 3, 10, "begin with"),
    "long id": (_RULE + "{id: " + "a" * 101 + ", decision: ALLOW}", "GL021", 3, 10, "100"),
    "id of the engine": (_RULE + "{id: default, decision: ALLOW}", "GL021", 3, 10, "`default`"),
    "id of a target": (_RULE + "{id: x/on, decision: ALLOW}", "GL021", 3, 10, "`x/on`"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "code", "line", "column", "part"), _WRONG.values(), ids=_WRONG)
def test_what_does_not_fit_has_its_place(
    text: str, code: str, line: int, column: int, part: str
) -> None:
    document, problems = load(text, BundleDocument)
    assert document is None
    (found,) = problems
    assert (found.code, found.place.line, found.place.column) == (code, line, column)
    assert part in found.message + " " + found.hint
    assert found.line == text.splitlines()[line - 1]


def test_all_problems_at_once_in_file_order() -> None:
    text = "nam: x\nrules:\n  - decision: MAYBE\n  - {decision: DENY, quorum: 0}\n  - {}\n"
    _, problems = load(text, PolicyDocument)
    assert [(found.code, found.place.line) for found in problems] == [
        ("GL011", 1), ("GL010", 1), ("GL013", 3), ("GL016", 4), ("GL014", 4), ("GL011", 5),
    ]  # fmt: skip


# value as written -> key and value in the Decision
_CANONICAL = [
    ("read_only: true", "read_only", True),
    ("max_cost: 50.00", "max_cost_micro_usd", 50_000_000),
    ("max_cost: 50", "max_cost_micro_usd", 50_000_000),
    ("max_cost: '0.1'", "max_cost_micro_usd", 100_000),
    ("max_cost: 0.1000005", "max_cost_micro_usd", 100_000),
    ("max_cost: 0.1000015", "max_cost_micro_usd", 100_002),
    ("max_cost: 9007199254.740993", "max_cost_micro_usd", 9_007_199_254_740_993),
    ("max_cost: 0x10", "max_cost_micro_usd", 16_000_000),
    ("timeout: 300s", "timeout_s", 300),
    ("timeout: 1s500ms", "timeout_s", 1.5),
    ("timeout: 1d1h1m1s1ms1us", "timeout_s", 90061.001001),
    ("max_files: 0", "max_files", 0),
    ("allow_tools: [b, a, b]", "allow_tools", ["a", "b"]),
    ("allow_tools: []", "allow_tools", []),
    ("allow_paths: [/b, /a]", "allow_paths", [["/a", "/b"]]),
    ("network_egress_allowlist: [10.0.0.0/8]", "network_egress_allowlist", [["10.0.0.0/8"]]),
    ("redact: [args.x]", "redact", ["args.x"]),
    ("rate: 10/1m", "rate", [{"n": 10, "per_s": 60}]),
    ("rate: 5 per 1m", "rate", [{"n": 5, "per_s": 60}]),
    ("rate: {n: 1, per: 500ms}", "rate", [{"n": 1, "per_s": 0.5}]),
    ("max_rows: 5", "max_rows", 5),
    ("share: 1", "share", 1.0),
    ("wait: 2m", "wait_s", 120),
    ("labels: [b, a]", "labels", ["a", "b"]),
    ("dry_run: false", "dry_run", False),
]
_DECLARED = (
    "rules: []\nconstraints:\n  max_rows: {type: int, merge: max}\n"
    "  share: {type: double, merge: min}\n  wait: {type: duration, merge: min}\n"
    "  labels: {type: list(string), merge: union}\n  dry_run: {type: bool, merge: or}\n"
)


def constraints(text: str) -> tuple[dict[str, Any], list[Diagnostic]]:
    (tree,), _ = read(text, "p.yaml")
    assert isinstance(tree, Mapping)
    manifest, problems = load(_DECLARED, BundleDocument)
    assert problems == []
    return read_constraints(tree, manifest.constraints)


@pytest.mark.parametrize(("text", "key", "value"), _CANONICAL, ids=[c[0] for c in _CANONICAL])
def test_canonical_constraints(text: str, key: str, value: object) -> None:
    values, problems = constraints(text)
    assert problems == []
    assert values == {key: value}
    assert type(values[key]) is type(value)


_WRONG_CONSTRAINTS = [
    ("max_cots: 5", "GL020", 1, "`max_cost`?"),
    ("zzz: 5", "GL020", 1, "declare it"),
    ("max_file: 5", "GL020", 1, "`max_files`?"),
    ("max_files: many", "GL012", 12, "`max_files`: expected a whole number, found the text `many`"),
    ("max_files: 1.0", "GL012", 12, "`1.0`"),
    ("max_files: true", "GL012", 12, "boolean"),
    ("max_files: -1", "GL014", 12, "`max_files`"),
    ("max_files: 9223372036854775808", "GL014", 12, "2^63"),
    ("read_only: yes", "GL012", 12, "true or false"),
    ("max_cost: -1", "GL017", 11, "negative"),
    ("max_cost: $50", "GL017", 11, "`50.00`"),
    ("max_cost: 1e999999", "GL017", 11, "9.2e12"),
    ("max_cost: .inf", "GL017", 11, "amount"),
    ("max_cost: [1]", "GL012", 11, "a list"),
    ("max_cost: true", "GL012", 11, "boolean"),
    ("timeout: 300", "GL012", 10, "`300s`"),
    ("timeout: '300'", "GL017", 10, "`300`"),
    ("timeout: 0s", "GL017", 10, "positive"),
    ("timeout: -5s", "GL017", 10, "`-5s`"),
    ("timeout: 1.5s", "GL017", 10, "`1.5s`"),
    ("allow_tools: bash", "GL012", 14, "`[bash]`"),
    ("allow_tools: [1]", "GL012", 15, "expected text"),
    ("allow_paths: ['']", "GL014", 15, "at least 1"),
    ("rate: 10", "GL012", 7, "`10/1m`"),
    ("rate: 0/1m", "GL014", 7, "at least 1"),
    ("rate: 5/1w", "GL017", 7, "`1w`"),
    ("rate: {n: 5}", "GL012", 7, "{n: 10, per: 1m}"),
    ("rate: {n: 0, per: 1m}", "GL014", 11, "not 1 to"),
    ("share: .nan", "GL014", 8, "finite"),
]


@pytest.mark.parametrize(
    ("text", "code", "column", "part"), _WRONG_CONSTRAINTS, ids=[c[0] for c in _WRONG_CONSTRAINTS]
)
def test_constraints_that_are_none(text: str, code: str, column: int, part: str) -> None:
    values, (found,) = constraints(text)
    assert (values, found.code, found.place.column) == ({}, code, column)
    assert part in found.message + " " + found.hint


def test_one_constraint_by_its_node() -> None:
    (tree,), _ = read(SEED, "p.yaml")
    above = node_at(tree, ("rules", 1, "constraints"))
    assert isinstance(above, Mapping)
    key, value = above.entries[0].key, above.entries[0].value
    assert read_constraint(key, value, {}) == Canonical("max_cost_micro_usd", 50_000_000)


@settings(deadline=None)  # the machine may be busy
@given(st.integers(0, 2**63 - 1))
def test_money_is_exact(micro_usd: int) -> None:
    whole, rest = divmod(micro_usd, 1_000_000)
    assert parse_money(f"{whole}.{rest:06}") == micro_usd


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.tuples(st.integers(1, 999), st.sampled_from(["us", "ms", "s", "m", "h", "d"])),
                min_size=1, max_size=6))  # fmt: skip
def test_durations_add_up(parts: list[tuple[int, str]]) -> None:
    size = {"us": 1, "ms": 10**3, "s": 10**6, "m": 6 * 10**7, "h": 36 * 10**8, "d": 864 * 10**8}
    text = "".join(f"{number}{unit}" for number, unit in parts)
    assert parse_duration(text) == sum(number * size[unit] for number, unit in parts)


@pytest.mark.parametrize("text", ["", "5", "s", "1 s", "1S", "+1s", "٣s", "1s\n", "999999999999d"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["2026-01-01", "2026-01-01T00:00:00", "20260101T000000Z", "now"])
def test_no_instants(text: str) -> None:
    with pytest.raises(ValueError, match="not an instant"):
        parse_timestamp(text)


def test_cases() -> None:
    text = (
        "title: t\nevent: {env: production, risk_tags: [pii], step: 9223372036854775808}\n"
        "unknown: [region]\nwant: {decision: DENY, policy: null, matched: [p/1]}\n"
    )
    case, problems = load(text, CaseDocument)
    assert problems == []
    assert case.event == {"env": "production", "risk_tags": ["pii"], "step": 2**63}
    assert case.want.model_fields_set == {"decision", "policy", "matched"}
    _, (found,) = load("event: {}\nwant: {decison: DENY}", CaseDocument)
    assert (found.code, found.hint) == ("GL010", "did you mean `decision`?")


def test_suggestions() -> None:
    assert did_you_mean("a" * 10_000, ["a" * 10_000]) == ""
    assert did_you_mean("Enforce", ["enforce", "monitor"]) == "did you mean `enforce`?"
    assert quoted("a" * 100) == "`" + "a" * 59 + "…`"


@pytest.mark.parametrize(
    "text",
    [
        "{" + ", ".join(f"k{n}: v" for n in range(20_000)) + "}",
        "rules: [" + "{decision: MAYBE}," * 10_000 + "]",
        "rules: [" + "{decision: DENY, quorum: 1}," * 10_000 + "]",
    ],
    ids=["unknown keys", "wrong decisions", "keys out of place"],
)
def test_many_problems_in_one_line_take_linear_time(text: str) -> None:
    started = time.process_time()
    _, problems = load(text, BundleDocument)
    assert 0 < len(problems) <= 10_001
    assert time.process_time() - started < 10
