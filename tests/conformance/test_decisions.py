"""Decision cases (S1): bundle, event and state -> decision, as data, on every engine.

A case gives a bundle inline or by the name it has under `bundles:` of its file:

* manifest keys with `policies: [...]` beside them; `rules:` (and `on:`) alone is one policy `p`;
* `data: {file: text}` are its tables, `parent: {...}` is the bundle it extends;
* `files: {path: text}` (and `root:`) is written as it stands; `chain: n` is n levels of extends.

`at: "10:00"` in an event, and such a time in `now` and `approval`, is that time of 2026-01-01 UTC.
Keys left out of `want` are not compared; `load_error` is part of a diagnostic's code, message or
hint; `failed_with` names bindings that must be among the failed ones. Where a case and the
specification differ, the case is wrong.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import rfc8785
import yaml

from govlab.backends.columnar import decide_frame
from govlab.backends.reference import decide
from govlab.backends.scalar import compile_engine
from govlab.bundle import load_bundle
from govlab.errors import BundleError, UsageError
from govlab.history import Decided, decide_each, decide_in_order
from govlab.plan import Approval, Plan, Vote, admit, compile_plan
from govlab.schema import ACTIONS, RUN_REQUEST
from tests.frames import event_frame

Tree = dict[str, Any]

CASE_KEYS = {"clause", "title", "bundle", "event", "events", "unknown", "history", "state", "held",
             "now", "approval", "want"}  # fmt: skip
DECISION_KEYS = {"decision", "policy", "rule", "reason", "status", "missing", "matched", "risk",
                 "constraints", "approvals", "evidence_required", "remediation"}  # fmt: skip
OTHER_KEYS = {"load_error", "admit", "same", "different"}
EVENT_KEYS = {"at", "unknown_columns", *ACTIONS, *RUN_REQUEST}
ACTION_KEYS = ("tenant", "actor", "principal", "tool", "action", "resource", "env",
               "args_sha256")  # fmt: skip
CLOCK = re.compile(r"(\d\d:\d\d)(:\d\d(?:\.\d+)?)?")


class Core(yaml.CSafeLoader):
    """YAML 1.2 core: `on` and `no` are text, `10:00` is text, times are text."""


_FLOAT = r"[-+]?(\.\d+|\d+\.\d*)([eE][-+]?\d+)?|\.inf|\.nan"
Core.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("null", r"null|~|", ["n", "~", ""]),
    ("bool", r"true|false", ["t", "f"]),
    ("int", r"[-+]?\d+", list("-+0123456789")),
    ("float", _FLOAT, list("-+.0123456789")),
):
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"(?:{pattern})$"), first)


def read_cases() -> list[Tree]:
    """The cases of all files, bundles that are named replaced by what the name stands for."""
    cases: list[Tree] = []
    for file in sorted((Path(__file__).parent / "decisions").glob("*.yaml")):
        tree = yaml.load(file.read_text("utf-8"), Core)  # noqa: S506 - a subclass of SafeLoader
        named = tree.get("bundles", {})
        cases += [_resolved(case, named) for case in tree["cases"]]
    return cases


def _resolved(case: Tree, named: Tree) -> Tree:
    def bundle(given: Any) -> Any:
        return named[given] if isinstance(given, str) else given

    want = {
        key: [bundle(b) for b in value] if key in {"same", "different"} else value
        for key, value in case["want"].items()
    }
    return {**case, "bundle": bundle(case.get("bundle")), "want": want}


CASES = read_cases()


def with_any(keys: set[str]) -> pytest.MarkDecorator:
    """Parametrises a test over the cases whose `want` has one of the keys."""
    chosen = [case for case in CASES if keys & set(case["want"])]
    return pytest.mark.parametrize("case", chosen, ids=[case["clause"] for case in chosen])


def written(folder: Path, bundle: Tree) -> Path:
    """Writes an inline bundle into `folder` (its parent beside it) and gives the path to load."""
    if "chain" in bundle:
        return written(folder, chain(bundle["chain"]))
    files: dict[str, str] = bundle["files"] if "files" in bundle else _laid_out(folder, bundle)
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    root: str = bundle.get("root", "")
    return folder / root


def _laid_out(folder: Path, bundle: Tree) -> dict[str, str]:
    """The files of a bundle given as one mapping: JSON is YAML, so nothing is quoted wrong."""
    apart = {"policies", "rules", "on", "data", "parent"}
    manifest = {key: value for key, value in bundle.items() if key not in apart}
    if "parent" in bundle:
        parent = written(folder.with_name(f"{folder.name}-parent"), bundle["parent"])
        manifest["extends"] = {"path": f"../{parent.name}", **manifest.get("extends", {})}
    alone: Tree = {"name": "p"} | {key: bundle[key] for key in ("on", "rules") if key in bundle}
    policies = [json.dumps(p, ensure_ascii=False) for p in bundle.get("policies", [alone])]
    tables: dict[str, str] = bundle.get("data", {})
    return {
        "bundle.yaml": json.dumps(manifest, ensure_ascii=False),
        "policies/p.yaml": "\n---\n".join(policies) + "\n",
        **tables,
    }


def chain(levels: int) -> Tree:
    """`levels` bundles that extend each other, each with one rule that allows."""
    bundle: Tree = {"policies": [{"name": "p0", "rules": [{"decision": "ALLOW"}]}]}
    for level in range(1, levels):
        policy = {"name": f"p{level}", "rules": [{"decision": "ALLOW"}]}
        bundle = {"parent": bundle, "policies": [policy]}
    return bundle


def plan_of(folder: Path, bundle: Tree) -> Plan:
    return compile_plan(load_bundle(written(folder / "bundle", bundle)))


def instant(time: str) -> datetime:
    """`10:00` is that time of 2026-01-01 UTC; else RFC 3339."""
    found = CLOCK.fullmatch(time)
    text = f"2026-01-01T{found[1]}{found[2] or ':00'}Z" if found else time
    return datetime.fromisoformat(text)


def event_of(given: Mapping[str, Any]) -> Tree:
    rest = {key: value for key, value in given.items() if key not in {"at", "unknown_columns"}}
    return {**rest, "ts": instant(given["at"])} if "at" in given else rest


# Engines: case -> decision


def by_reference(plan: Plan, case: Tree) -> Tree:
    if "events" in case:
        return by_replay(plan, case)
    unknown = frozenset(case.get("unknown", ()))
    event, history = event_of(case["event"]), case.get("history")
    return decide(plan, event, unknown=unknown, history=history).to_dict()


def by_replay(plan: Plan, case: Tree) -> Tree:
    """The decision of the case's event, last in a log of `events`."""
    return replayed(plan, case)[1].decision.to_dict()


def replayed(plan: Plan, case: Tree) -> tuple[Tree, Decided]:
    """The case's event as the last of its log, with its decision and features."""
    log: list[Tree] = [*case["events"], case["event"]]
    events = [{"event_id": f"e{place:03}", **event_of(event)} for place, event in enumerate(log)]
    for event in events:
        if isinstance(event.get("ts"), str):
            event["ts"] = instant(event["ts"])  # the order is by time, not by its text
    log[-1] = {**log[-1], "unknown_columns": case.get("unknown", ())}
    hidden = [frozenset(event.get("unknown_columns", ())) for event in log]
    states = {key: case[key] for key in ("state", "held") if key in case}
    found = decide_each(plan, events, unknown=hidden, **states)
    assert decide_in_order(plan, events, unknown=hidden, **states) == found
    return events[-1], found[-1]


def by_columns(plan: Plan, case: Tree) -> Tree:
    """The same event as a frame of one row; a plan with history is refused, and says where to."""
    if plan.has_history():
        with pytest.raises(UsageError, match=r"reads history.*scalar engine"):
            decide_frame(plan, pl.DataFrame({"tool": ["t"]}))
        return by_reference(plan, case)
    frame = event_frame(event_of(case["event"]), plan.reads(), frozenset(case.get("unknown", ())))
    (row,) = decide_frame(plan, frame).to_dicts()
    return row | {
        "constraints": json.loads(row["constraints"] or "{}"),
        "approvals": json.loads(row["approvals"] or "[]"),
        "remediation": json.loads(row["remediation"] or "null"),
    }


def by_generated_code(plan: Plan, case: Tree) -> Tree:
    """The plan as Python source, run; the features of a log are those the reference finds."""
    unknown = frozenset(case.get("unknown", ()))
    event, history = event_of(case["event"]), case.get("history")
    if "events" in case:
        event, found = replayed(plan, case)
        history = dict(found.features)
    decision = compile_engine(plan).decide(event, unknown=unknown, history=history)
    assert decision == decide(plan, event, unknown=unknown, history=history)
    return decision.to_dict()


ENGINES: dict[str, Callable[[Plan, Tree], Tree]] = {
    "reference": by_reference,
    "columnar": by_columns,
    "scalar": by_generated_code,
}
"""Every engine decides every case: add an engine here."""


@pytest.mark.parametrize("engine", ENGINES)
@with_any(DECISION_KEYS)
def test_decision(engine: str, case: Tree, tmp_path: Path) -> None:
    got = ENGINES[engine](plan_of(tmp_path, case["bundle"]), case)
    if got["remediation"]:  # `args_sha256` None or left out: the arguments did not change
        got["remediation"] = {k: v for k, v in got["remediation"].items() if v is not None}
    want = {key: value for key, value in case["want"].items() if key in DECISION_KEYS}
    assert {key: got[key] for key in want} == want, case["title"]


@with_any({"load_error"})
def test_load_error(case: Tree, tmp_path: Path) -> None:
    with pytest.raises(BundleError) as caught:
        plan_of(tmp_path, case["bundle"])
    said = [f"{d.code} {d.message}; {d.hint}" for d in caught.value.diagnostics]
    assert any(case["want"]["load_error"] in text for text in said), case["title"]


@with_any({"admit"})
def test_admission(case: Tree, tmp_path: Path) -> None:
    plan, event = plan_of(tmp_path, case["bundle"]), event_of(case["event"])
    decision = decide(plan, event)
    approval = approval_of(case, plan, event, decision.to_dict()) if "approval" in case else None
    got = admit(decision, event, approval, now=instant(case.get("now", "10:30")), plan=plan)
    want = dict(case["want"]["admit"])
    assert set(want.pop("failed_with", [])) <= set(got.failed), case["title"]
    shown = {"permitted": got.permitted, "failed": list(got.failed), "constraints": got.constraints}
    assert {key: shown[key] for key in want} == want, case["title"]


def approval_of(case: Tree, plan: Plan, event: Tree, decision: Tree) -> Approval:
    """The record of an approval, by default bound to this plan and to what would be dispatched."""
    given = case["approval"]
    return Approval(
        status=given["status"],
        requested_at=instant(given["requested_at"]),
        votes=tuple(Vote(v["approver"], v["vote"], instant(v["at"])) for v in given["votes"]),
        policy_digest=given.get("digest", plan.digest),
        action_sha256=bound_action(given.get("action"), event, decision),
        consumed_at=instant(given["consumed_at"]) if "consumed_at" in given else None,
    )


def bound_action(given: Any, event: Tree, decision: Tree) -> str:
    """The action an approval names: a hash, a given action, `original`, else the variant."""
    match given:
        case "original":
            return action_sha256(event)
        case str():
            return given
        case dict():
            return action_sha256(given)
        case _:
            return action_sha256(varied(event, (decision["remediation"] or {}).get("set", {})))


def varied(event: Tree, changes: Tree) -> Tree:
    """The event with a remediation's values; arguments one level deep, as the cases have them."""
    variant, arguments = dict(event), json.loads(event.get("args") or "{}")
    for name, value in changes.items():
        if name.startswith("args."):
            variant["args"] = json.dumps(arguments := {**arguments, name[5:]: value})
        else:
            variant[name] = value
    return variant


def action_sha256(event: Tree) -> str:
    """S9 written down a second time, so that the library's own function is not its own judge."""
    named = {key: event[key] for key in ACTION_KEYS if event.get(key) is not None}
    if event.get("args") is not None and "args_sha256" not in named:
        named["args_sha256"] = sha256(json.loads(event["args"]))
    return sha256(named)


def sha256(tree: Any) -> str:
    return hashlib.sha256(rfc8785.dumps(tree)).hexdigest()


@with_any({"same", "different"})
def test_digest(case: Tree, tmp_path: Path) -> None:
    ((relation, pair),) = case["want"].items()
    one, other = (plan_of(tmp_path / str(n), bundle).digest for n, bundle in enumerate(pair))
    assert (one == other) is (relation == "same"), case["title"]


# The cases themselves


def test_clauses_are_unique() -> None:
    clauses = Counter(case["clause"] for case in CASES)
    assert [clause for clause, times in clauses.items() if times > 1] == []


def test_every_clause_has_a_case() -> None:
    clauses = {case["clause"].rpartition("-")[0] for case in CASES}
    assert {f"S{n}" for n in range(2, 12)} <= {clause.partition(".")[0] for clause in clauses}
    assert {f"S4.{part}" for part in ("1", *(f"2{x}" for x in "abcde"), "3", "4")} <= clauses
    assert sum(case["clause"].startswith("S4.2pair") for case in CASES) >= 15
    assert len(CASES) >= 500


@pytest.mark.parametrize("case", CASES, ids=[case["clause"] for case in CASES])
def test_case_is_written_right(case: Tree) -> None:
    assert set(case) <= CASE_KEYS
    assert set(case["want"]) <= DECISION_KEYS | OTHER_KEYS
    assert case["title"]
    events = [*case.get("events", ()), case.get("event") or {}]
    kept = {name for name in case.get("unknown", ()) if name.startswith(("args.*", "+args."))}
    assert set().union(*events, case.get("unknown", ())) - kept <= EVENT_KEYS
    assert "event" in case or set(case["want"]) <= {"load_error", "same", "different"}
