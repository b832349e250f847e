"""An explanation as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from govlab.explanation import Explanation, PolicyTrace, RuleTrace
from govlab.log.secret_names import names_a_secret
from govlab.plan import Decision, Requirement
from govlab.report.disclosure import CLOSED, PEOPLE, Disclosure, plain, shown
from govlab.report.limits import limits_text, span
from govlab.report.text import clean, cut, table, width

__all__ = ["decision_lines", "explanation_text"]

_NAMES = re.compile(r"[A-Za-z_][\w.]*")  # what an expression reads, and words beside it


def explanation_text(
    explained: Explanation, *, outline: bool = False, disclosure: Disclosure = CLOSED
) -> str:
    """The decision first, then what each policy came to and why; `outline`: a line a policy."""
    return "\n".join(_lines(explained, "the event", disclosure, outline=outline))


def _lines(
    explained: Explanation, what: str, disclosure: Disclosure, *, outline: bool
) -> Iterator[str]:
    yield from decision_lines(explained.decision, disclosure)
    for policy in explained.trace:
        if not outline:
            yield ""
        yield from _policy(policy, disclosure, outline=outline)
    if explained.variant:
        yield ""
        yield f"{what} with the remediation applied is decided once more:"
        variant = _lines(explained.variant, "the variant", disclosure, outline=outline)
        yield from (f"  {line}" for line in variant)


def decision_lines(decision: Decision, disclosure: Disclosure = CLOSED) -> Iterator[str]:
    """The decision and everything that comes with it, one fact a line."""
    by = f"by rule {decision.rule}" if decision.policy else "by the bundle's default"
    yield f"{decision.decision} {by}" + (
        "" if decision.status == "decided" else f" ({decision.status})"
    )
    facts = {
        "reason": decision.reason,
        "risk": decision.risk,
        "missing": ", ".join(decision.missing),
        "constraints": limits_text(decision.constraints),
        "remediation": _put(decision.remediation.set) if decision.remediation else "",
        "evidence": "required" if decision.evidence_required else "",
        "snapshot": decision.digest[:12],
    }
    for name, value in facts.items():
        if value:
            yield f"  {name}: {plain(value, disclosure)}"
    for requirement in decision.approvals:
        yield f"  approval: {_requirement(requirement)}"
    if decision.enforced:
        yield f"  enforced now (monitor mode): {decision.enforced.decision}"


def _put(values: Mapping[str, object]) -> str:
    return ", ".join(f"{n} = {json.dumps(v, ensure_ascii=False)}" for n, v in values.items())


def _requirement(requirement: Requirement) -> str:
    window = (
        "no expiry"
        if requirement.expires_after_s is None
        else f"within {span(requirement.expires_after_s)}"
    )
    people = " or ".join(requirement.approvers)
    apart = ", not by those who asked" if requirement.separation_of_duties else ""
    return clean(f"{requirement.quorum} of {people}, {window}{apart} (rule {requirement.rule})")


def _policy(policy: PolicyTrace, disclosure: Disclosure, *, outline: bool) -> Iterator[str]:
    yield f"policy {policy.policy}: {policy.outcome}; {policy.role}"
    for rule in () if outline else policy.rules:
        head = f"  {clean(rule.id)}: {_result(rule.condition, rule.result, disclosure)}"
        yield f"{head}  {cut(clean(rule.condition), max(20, width() - len(head) - 2))}"
        yield from table(("", ""), _values(rule, disclosure), indent=6)[1:]


def _values(rule: RuleTrace, disclosure: Disclosure) -> Iterator[tuple[str, str]]:
    for value in rule.values:
        given = (f"{n} = {_result(value.text, e, disclosure)}" for n, e in value.element.items())
        where = f"   for {', '.join(given)}" if value.element else ""
        yield value.text, f"{_result(value.text, value.result, disclosure)}{where}"
    if rule.omitted:
        yield "...", f"{rule.omitted:,} more values of parts of macros"


def _result(text: str, value: object, disclosure: Disclosure) -> str:
    """What the expression `text` came to; a text or list that a person's column gave is hidden."""
    if isinstance(value, str) and value in ("error", "unknown"):
        return value
    read = _NAMES.findall(text)
    of_person = next((name for name in read if name in PEOPLE), None)
    of_secret = next((name for name in read if names_a_secret(name)), None)
    source = of_person if isinstance(value, str | list) and of_person else of_secret
    return shown(source or "", value, disclosure)
