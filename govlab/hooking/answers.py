"""From a decision to what Claude Code is told: allow, ask, deny, or nothing (S20)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from govlab.hooking.terms import Terms
from govlab.runtime.arguments import digest, parse, patch
from govlab.runtime.limits import checked

__all__ = ["Answer", "answered", "columns"]

_ASKED = frozenset({"default", "acceptEdits", "plan"})
"""The permission modes in which `ask` is known to ask a person."""
_PLAIN = (str, bool, int, float)


@dataclass(frozen=True, slots=True)
class Answer:
    """`allow`, `ask` or `deny`; without a `word` Claude Code's own permissions hold."""

    word: str | None = None
    reason: str = ""
    updated: Mapping[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """As Claude Code reads it; empty where there is nothing to say."""
        if self.word is None:
            return {}
        said: dict[str, Any] = {
            "hookEventName": "PreToolUse",
            "permissionDecision": self.word,
            "permissionDecisionReason": self.reason,
        }
        if self.updated is not None:
            said["updatedInput"] = self.updated
        return {"hookSpecificOutput": said}


def answered(decision: Any, event: Mapping[str, Any], terms: Terms) -> Answer:
    """The answer to `event` under its `decision`; a monitored policy stops nothing.

    An ALLOW that no rule gave says nothing: the session's own permissions hold. What cannot be
    carried out as decided is denied.
    """
    counted = decision if decision.enforced is None else decision.enforced
    if counted.status != "decided":
        return _denied(counted, "cannot be decided")
    match counted.decision:
        case "ALLOW" | "ALLOW_WITH_CONSTRAINTS":
            silent = Answer() if counted.rule == "default" and not counted.constraints else None
            return silent or _within(
                counted, event, Answer("allow", _said(counted, "allowed")), terms
            )
        case "REMEDIATE":
            return _remedied(counted, event, terms)
        case "REQUIRE_APPROVAL":
            return _held(counted, event, terms)
        case _:
            return _denied(counted, "denied")


def _said(counted: Any, how: str) -> str:
    """`how` it was decided, by which rule and why, in the bundle's words."""
    why = f": {counted.reason}" if counted.reason else ""
    missing = f" (missing: {', '.join(counted.missing)})" if counted.missing else ""
    return f"{how} by {_rule(counted)}{why}{missing}"


def _rule(counted: Any) -> str:
    return "the default" if counted.rule == "default" else f"rule `{counted.rule}`"


def _denied(counted: Any, how: str, more: str = "") -> Answer:
    return Answer("deny", _said(counted, how) + more)


def _within(counted: Any, event: Mapping[str, Any], answer: Answer, terms: Terms) -> Answer:
    """`answer` where `event` keeps every limit that can be checked, and all others are assumed."""
    found = {**dict.fromkeys(counted.constraints), **checked(counted.constraints, event)}
    broken = sorted(name for name, is_broken in found.items() if is_broken)
    if broken:
        return _denied(counted, "denied", f"; it breaks {', '.join(f'`{n}`' for n in broken)}")
    open_ = sorted(name for name, is_broken in found.items() if is_broken is None)
    if open_ and not terms.assumes:
        return _denied(counted, "denied", f"; obligations_unsupported: {', '.join(open_)}")
    return answer


def _remedied(counted: Any, event: Mapping[str, Any], terms: Terms) -> Answer:
    """The variant goes ahead in place of what was asked, or is told to the agent."""
    remedy = counted.remediation
    advice = f"; instead: {'; '.join(remedy.suggestion)}" if remedy.suggestion else ""
    if remedy.apply != "automatic":
        return _denied(counted, "denied", advice)
    changed = _variant(remedy.set, event)
    if changed is None:
        return _denied(counted, "denied", f"; the hook cannot make the safer variant{advice}")
    said = _said(counted, "changed") + advice
    return _within(counted, changed, Answer("allow", said, parse(changed["args"])), terms)


def _variant(values: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any] | None:
    """`event` with `values` in its arguments; None where they are no JSON, or are elsewhere."""
    if any(not n.startswith("args.") or not _is_plain(v) for n, v in values.items()):
        return None
    paths = {tuple(n.split(".")[1:]): _listed(v) for n, v in values.items()}
    args = patch(event.get("args"), paths)
    return {**event, "args": args, "args_sha256": digest(args)}


def _is_plain(value: Any) -> bool:
    several = value if isinstance(value, tuple | list) else (value,)
    return all(isinstance(each, _PLAIN) for each in several)


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _held(counted: Any, event: Mapping[str, Any], terms: Terms) -> Answer:
    """Asked of the session's user where that is who may approve; else denied, with whom to ask."""
    needs = "; ".join(_need(each) for each in counted.approvals)
    mine = all(_may_approve(each, terms) for each in counted.approvals)
    if not mine or not counted.approvals or event.get("permission_mode") not in _ASKED:
        return _denied(counted, "approval required", f"; {needs or 'nobody may give it'}")
    changed = _variant(counted.remediation.set, event) if counted.remediation else event
    if changed is None:
        return _denied(counted, "denied", "; the hook cannot make the safer variant")
    updated = parse(changed["args"]) if counted.remediation else None
    asked = Answer("ask", _said(counted, "approval required"), updated)
    return _within(counted, changed, asked, terms)


def _may_approve(requirement: Any, terms: Terms) -> bool:
    named = not set(requirement.approvers).isdisjoint(terms.approvers)
    return named and requirement.quorum == 1 and not requirement.separation_of_duties


def _need(requirement: Any) -> str:
    """Who must approve, and how soon: this is not done in the session."""
    window = requirement.expires_after_s
    within = "" if window is None else f" within {window:g} s"
    who = ", ".join(requirement.approvers) or "someone not named"
    other = ", who did not ask for it" if requirement.separation_of_duties else ""
    asked = f"{requirement.quorum} of {who}{within}{other}"
    return f"request the approval of {asked}, outside this session"


def columns(decision: Any, terms: Terms, *, monitor: bool) -> dict[str, Any]:
    """What a log keeps of `decision`, by its column; `monitor`: whatever it says, nothing stops."""
    watched = monitor or decision.enforced is not None
    found = {
        "decision": decision.decision,
        "policy": decision.policy,
        "policy_version": terms.version,
        "policy_digest": decision.digest,
        "rule": decision.rule,
        "reason": decision.reason,
        "constraints": _text(decision.constraints) if decision.constraints else None,
        "remediation": None if decision.remediation is None else _remedy(decision.remediation),
        "decision_mode": "monitor" if watched else "enforced",
    }
    return {name: value for name, value in found.items() if value is not None}


def _remedy(remedy: Any) -> str:
    return _text({name: value for name, value in remedy._asdict().items() if value is not None})


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plainer)


def _plainer(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)
