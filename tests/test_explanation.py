"""Explanations: the decision is decide's, and the trace says how it came about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from govlab.backends.reference import decide
from govlab.bundle import load_bundle
from govlab.explanation import MOST_ELEMENTS, Explanation, explain
from govlab.plan import compile_plan
from tests.conformance.test_decisions import CASES, DECISION_KEYS, event_of, written

EXPLAINED = [c for c in CASES if DECISION_KEYS & set(c["want"]) and "events" not in c]


@pytest.mark.parametrize("case", EXPLAINED, ids=[c["clause"] for c in EXPLAINED])
def test_it_explains_what_is_decided(case: dict[str, Any], tmp_path: Path) -> None:
    bundle = load_bundle(written(tmp_path / "bundle", case["bundle"]))
    event, given = (
        event_of(case["event"]),
        {"unknown": frozenset(case.get("unknown", ())), "history": case.get("history")},
    )
    explained = explain(bundle, event, **given)
    assert explained.decision == decide(compile_plan(bundle), event, **given)
    assert json.loads(json.dumps(explained.to_dict(), allow_nan=False, default=None))


def explained(folder: Path, text: str, event: dict[str, Any], **given: Any) -> Explanation:
    file = folder / "b.yaml"
    file.write_text(text)
    return explain(load_bundle(file), event, **given)


def test_it_shows_itself_as_the_page_does_and_hides_people(tmp_path: Path) -> None:
    text = "name: p\nrules: [{condition: \"principal == 'ann'\", decision: DENY}]\n"
    shown = repr(explained(tmp_path, text, {"principal": "ann"}))
    assert shown.startswith("DENY by rule p/1\n")
    assert "principal  [person]" in shown


def test_rules_behind_the_deciding_one_are_not_tried(tmp_path: Path) -> None:
    found = explained(
        tmp_path,
        "name: p\nrules: [{condition: \"env == 'a'\", decision: DENY}, "
        "{decision: ALLOW}, {condition: cost > 1.0, decision: DENY}]\n",
        {"env": "b"},
    )
    (trace,) = found.trace
    assert [(r.id, r.result) for r in trace.rules] == [("p/1", False), ("p/2", True)]
    assert [(v.text, v.result) for v in trace.rules[0].values] == [("env", "b")]
    assert (trace.outcome, trace.role) == ("rule p/2 matched", "decides")


@pytest.mark.parametrize(
    ("rule", "given", "role"),
    [
        (
            "{condition: cost > 1.0, decision: ALLOW}",
            {"unknown": frozenset({"cost"})},
            "DENY stands without it",
        ),
        ("{decision: ALLOW}", {}, "loses: DENY is more restrictive than ALLOW"),
        ("{decision: DENY}", {}, "agrees; `a` comes first"),
        ("{condition: 'false', decision: DENY}", {}, "takes no part"),
        ("{condition: cost > 1.0, decision: DENY}", {}, "an error, behind the one that decides"),
    ],
)
def test_role_of_a_policy_that_does_not_decide(
    rule: str, given: Any, role: str, tmp_path: Path
) -> None:
    text = f"policies: [{{name: a, rules: [{{decision: DENY}}]}}, {{name: b, rules: [{rule}]}}]"
    assert explained(tmp_path, text, {}, **given).trace[1].role == role


def test_an_open_policy_names_what_the_log_does_not_know(tmp_path: Path) -> None:
    """The rule that decides once unknown is read as absent is not the one it hangs on."""
    found = explained(
        tmp_path,
        "name: p\nrules: [{condition: has(event.cost) && cost > 1.0, decision: DENY}, "
        "{decision: ALLOW}]\n",
        {},
        unknown=frozenset({"cost"}),
    )
    assert (found.decision.status, found.decision.rule) == ("undecidable", "p/2")
    (trace,) = found.trace
    assert trace.outcome == "rule p/1 hangs on what the log does not know (cost)"
    assert trace.role == "leaves the decision open"


def test_a_remedy_that_would_apply_to_its_own_variant_is_explained_once(tmp_path: Path) -> None:
    found = explained(
        tmp_path,
        "name: p\nrules: [{decision: REMEDIATE, remediation: {set: {env: \"'x'\"}}}]\n",
        {},
    )
    assert found.decision.reason == "remediation_refused"
    assert found.variant is not None
    assert found.variant.variant is None


def test_the_variant_keeps_what_was_set_where_a_derivation_would_not(tmp_path: Path) -> None:
    text = """
derive: {env: [{value: "'derived'"}]}
name: p
rules:
  - {condition: "env == 'derived'", decision: REMEDIATE, remediation: {set: {env: "'set'"}}}
  - {condition: "env == 'set'", decision: ALLOW}
"""
    found = explained(tmp_path, text, {})
    assert found.decision.decision == "REMEDIATE"
    assert found.variant is not None
    assert found.variant.decision.rule == "p/2"


@pytest.mark.parametrize(
    ("condition", "part", "result"),
    [
        ("[duration('90s')] == []", "[duration('90s')]", ["90s"]),
        (
            "{'a': timestamp('2026-01-01T00:00:00Z')} == {}",
            "{'a': timestamp('2026-01-01T00:00:00Z')}",
            {"a": "2026-01-01T00:00:00Z"},
        ),
        ("type(env) == int", "type(env)", "string"),
        ("1 / 0 == 1", "1 / 0", "error"),
    ],
)
def test_parts_are_shown_as_json(condition: str, part: str, result: Any, tmp_path: Path) -> None:
    text = f"name: p\nrules: [{{condition: {json.dumps(condition)}, decision: DENY}}]\n"
    (trace,) = explained(tmp_path, text, {"env": "a"}).trace
    values = {v.text: v.result for v in trace.rules[0].values}
    assert values.get(part) == result
    assert json.dumps(values)


MACRO = """
name: p
attributes: {args.to: list(string), args.known: list(string)}
rules: [{condition: "args.to.all(r, args.known.exists(k, k == r))", decision: ALLOW}]
"""


def test_every_element_of_a_macro_is_shown(tmp_path: Path) -> None:
    event = {"args": {"to": ["a", "b"], "known": ["b", "c"]}}
    (trace,) = explained(tmp_path, MACRO, event).trace
    (rule,) = trace.rules
    found = [(v.text, v.result, dict(v.element)) for v in rule.values]
    inner = [({"k": k, "r": r}, k == r) for r in "ab" for k in "bc"]
    assert [(e, r) for t, r, e in found if t == "k == r"] == inner
    whole = [(e, r) for t, r, e in found if t == "args.known.exists(k, k == r)"]
    assert whole == [({"r": "a"}, False), ({"r": "b"}, True)]
    assert [e for t, _, e in found if t == "args.known"] == [{}]
    assert rule.omitted == 0


def test_the_elements_of_a_macro_are_bounded(tmp_path: Path) -> None:
    many = [str(n) for n in range(300)]
    (trace,) = explained(tmp_path, MACRO, {"args": {"to": many, "known": many}}).trace
    (rule,) = trace.rules
    assert sum(v.text == "k == r" for v in rule.values) == MOST_ELEMENTS
    assert len(rule.values) <= 3 * MOST_ELEMENTS
    kept = sum(1 for v in rule.values if v.element)
    assert rule.omitted == 300 * 300 + 300 - kept
