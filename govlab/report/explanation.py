"""An explanation as text."""

from __future__ import annotations

import json
from collections.abc import Iterator

from govlab.explanation import Explanation, PolicyTrace
from govlab.plan import Decision, Requirement
from govlab.report.text import clean, cut, table, width

__all__ = ["decision_lines", "explanation_text"]


def explanation_text(explained: Explanation, *, outline: bool = False) -> str:
    """The decision first, then what each policy came to and why; `outline`: a line a policy."""
    return "\n".join(_lines(explained, "the event", outline=outline))


def _lines(explained: Explanation, what: str, *, outline: bool) -> Iterator[str]:
    yield from decision_lines(explained.decision)
    for policy in explained.trace:
        if not outline:
            yield ""
        yield from _policy(policy, outline=outline)
    if explained.variant:
        yield ""
        yield f"{what} with the remediation applied is decided once more:"
        variant = _lines(explained.variant, "the variant", outline=outline)
        yield from (f"  {line}" for line in variant)


def decision_lines(decision: Decision) -> Iterator[str]:
    """The decision and everything that comes with it, one fact a line."""
    by = f"by rule {decision.rule}" if decision.policy else "by the bundle's default"
    yield f"{decision.decision} {by}" + (
        "" if decision.status == "decided" else f" ({decision.status})"
    )
    facts = {
        "reason": decision.reason,
        "risk": decision.risk,
        "missing": ", ".join(decision.missing),
        "constraints": _json(decision.constraints),
        "remediation": _json(decision.remediation.set) if decision.remediation else "",
        "evidence": "required" if decision.evidence_required else "",
        "snapshot": decision.digest[:12],
    }
    for name, value in facts.items():
        if value:
            yield f"  {name}: {clean(value)}"
    for requirement in decision.approvals:
        yield f"  approval: {_requirement(requirement)}"
    if decision.enforced:
        yield f"  enforced now (monitor mode): {decision.enforced.decision}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if value else ""


def _requirement(requirement: Requirement) -> str:
    window = (
        "no expiry"
        if requirement.expires_after_s is None
        else f"within {requirement.expires_after_s:g} s"
    )
    people = " or ".join(requirement.approvers)
    apart = ", not by those who asked" if requirement.separation_of_duties else ""
    return clean(f"{requirement.quorum} of {people}, {window}{apart} (rule {requirement.rule})")


def _policy(policy: PolicyTrace, *, outline: bool) -> Iterator[str]:
    yield f"policy {policy.policy}: {policy.outcome}; {policy.role}"
    for rule in () if outline else policy.rules:
        head = f"  {rule.id}: {_result(rule.result)}"
        yield f"{head}  {cut(clean(rule.condition), max(20, width() - len(head) - 2))}"
        yield from table(("", ""), ((v.text, _result(v.result)) for v in rule.values), indent=6)[1:]


def _result(value: object) -> str:
    return (
        value
        if isinstance(value, str) and value in ("error", "unknown")
        else json.dumps(value, ensure_ascii=False)
    )
