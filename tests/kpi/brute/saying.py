"""What may be said of a row."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

from tests.kpi.brute.rows import CLOCKS, UNKNOWN, Row, Truth, both, compare, either, no, said


def any_row(_: Row) -> Truth:
    return True


def decided(r: Row) -> Truth:
    value = r["decision"]
    return None if value is UNKNOWN else value not in (None, "UNAVAILABLE")


def decision(word: str) -> Callable[[Row], Truth]:
    return lambda r: said(r, "decision", word)


allowed, denied, held = decision("ALLOW"), decision("DENY"), decision("REQUIRE_APPROVAL")
limited, remedied = decision("ALLOW_WITH_CONSTRAINTS"), decision("REMEDIATE")
unavailable = decision("UNAVAILABLE")


def monitored(r: Row) -> Truth:
    return r["decision_mode"] is not UNKNOWN and r["decision_mode"] == "monitor"


def executed(r: Row) -> Truth:
    value = r["executed"]
    return None if value is UNKNOWN else value


def enforced(r: Row) -> Truth:
    return both(decided(r), no(monitored(r)))


def status(*words: str) -> Callable[[Row], Truth]:
    return lambda r: said(r, "approval_status", *words)


approved, rejected, lapsed = status("approved"), status("rejected"), status("expired")
pending, answered = status("pending"), status("approved", "rejected")


def asked(r: Row) -> Truth:
    cells = r["approval_id"], r["approval_status"]
    return None if UNKNOWN in cells else any(cell is not None for cell in cells)


def approved_in_time(r: Row) -> Truth:
    cells = [r[n] for n in ("approval_status", "approval_decided_at", "started_at")]
    if any(cell is UNKNOWN for cell in cells):
        return None
    if cells[0] != "approved":
        return False
    return None if None in cells else cells[1] <= cells[2] + CLOCKS


def failed(r: Row) -> Truth:
    return said(r, "outcome", "error", "timeout", "dlq")


def has(*names: str) -> Callable[[Row], Truth]:
    return lambda r: all(r.there(name) for name in names)


def limits(r: Row) -> dict[str, int] | None:
    text = r["constraints"]
    if text is UNKNOWN:
        return None
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        found = {}
    found = found if isinstance(found, dict) else {}
    return {k: v for k, v in found.items() if isinstance(v, int) and not isinstance(v, bool)}


def seconds(start: datetime, end: datetime) -> int:
    return math.trunc((end - start).total_seconds())


def duration(r: Row) -> int | None:
    return (
        None
        if compare(r, lambda *_: True, "started_at", "ended_at") is None
        else seconds(r["started_at"], r["ended_at"])
    )


def cell(name: str, less: int = 0) -> Callable[[Row], int | None]:
    return lambda r: None if r[name] in (UNKNOWN, None) else r[name] - less


LIMITS: dict[str, tuple[str, Callable[[Row], int | None], tuple[str, ...]]] = {
    "cost": ("max_cost_micro_usd", cell("actual_cost_micro_usd"), ("actual_cost_micro_usd",)),
    "time": ("timeout_s", duration, ("started_at", "ended_at")),
    "records": ("max_records", cell("actual_records_affected"), ("actual_records_affected",)),
    "lines": ("max_lines_changed", cell("actual_lines_changed"), ("actual_lines_changed",)),
    "files": ("max_files", cell("actual_files_changed"), ("actual_files_changed",)),
    "retries": ("max_retries", cell("attempt", 1), ("attempt",)),
}


def bound(word: str) -> Callable[[Row], Truth]:
    def told(r: Row) -> Truth:
        known = limits(r)
        return None if known is None else LIMITS[word][0] in known

    return told


def against(word: str, test: Callable[[int, int], bool]) -> Callable[[Row], Truth]:
    name, actual, _ = LIMITS[word]

    def told(r: Row) -> Truth:
        known, happened = limits(r), actual(r)
        if known is None or happened is None or name not in known:
            return None
        return test(happened, known[name])

    return told


def some_bound(r: Row) -> Truth:
    return either(*(bound(word)(r) for word in LIMITS))


def some(test: Callable[[int, int], bool]) -> Callable[[Row], Truth]:
    return lambda r: either(*(both(bound(w)(r), against(w, test)(r)) for w in LIMITS))


def over(actual: int, limit: int) -> bool:
    return actual > limit


def near(actual: int, limit: int) -> bool:
    return 0.8 * limit < actual <= limit


def far(actual: int, limit: int) -> bool:
    return actual < 0.1 * limit


def base(digest: str) -> str:
    return digest.partition("|")[0]


BOUND = ("tenant", "actor", "principal", "tool", "action", "resource", "env", "args_sha256")


def action_differs(r: Row) -> Truth:
    given = r["approval_action_sha256"]
    cells = {name: r[name] for name in BOUND}
    if given in (UNKNOWN, None) or UNKNOWN in cells.values():
        return None
    known = {k: v for k, v in sorted(cells.items()) if v is not None}
    text = json.dumps(known, ensure_ascii=False, separators=(",", ":"))
    return given != sha256(text.encode()).hexdigest() if known else None


def self_approved(r: Row) -> Truth:
    if UNKNOWN in (r["approved_by"], r["actor"], r["principal"]) or r["approved_by"] is None:
        return None
    chain = r.cells.get("delegation_chain") or []
    return bool(set(r["approved_by"]) & {r["actor"], r["principal"], *chain} - {None})


def quick(r: Row) -> Truth:
    return compare(r, lambda a, b: seconds(a, b) < 10,
                   "approval_requested_at", "approval_decided_at")  # fmt: skip


def quorum_short(r: Row) -> Truth:
    return compare(r, lambda by, q: len(set(by)) < q, "approved_by", "required_quorum")


def says(name: str) -> Callable[[Row], Truth]:
    """A yes-or-no column as it stands."""
    return lambda r: None if r[name] is UNKNOWN else r[name]


def bypass(r: Row) -> Truth:
    return either(no(decided(r)), denied(r), both(held(r), no(approved_in_time(r))))


def every(*tests: Callable[[Row], Truth]) -> Callable[[Row], Truth]:
    return lambda r: both(*(test(r) for test in tests))


def where(test: Callable[[Row], Truth], then: Callable[[Row], Truth]) -> Callable[[Row], Truth]:
    return lambda r: either(no(test(r)), then(r))


QUESTIONS: dict[str, Callable[[Row], Truth]] = {
    "who": has("actor", "principal"),
    "what": every(
        has("decision"),
        where(decided, has("rule", "policy_version", "policy_digest")),
        where(denied, has("reason")),
    ),
    "approval": every(
        where(held, has("approval_id", "approval_requested_at", "approval_status")),
        where(every(held, approved), has("approved_by", "approval_decided_at")),
    ),
    "where": every(
        lambda r: r.there("env") or r.there("resource"),
        where(executed, has("outcome")),
        where(limited, has("constraints")),
    ),
    "evidence": where(
        executed,
        lambda r: (
            r.there("record_hash") or (r.there("evidence_uri") and r.there("evidence_sha256"))
        ),
    ),
}
complete = every(*QUESTIONS.values())
APPLIES = {"approval": held, "evidence": executed}
