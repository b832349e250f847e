"""One run as a page: text, HTML without scripts, JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from govlab.audit.timeline import Moment, Timeline
from govlab.report.disclosure import CLOSED, Disclosure, plain, settings_line, shown, value_shown
from govlab.report.limits import dollars, recorded_limits
from govlab.report.scorecard.markup import Markup, element, joined
from govlab.report.scorecard.shell import shell
from govlab.report.text import clean, counted, wrapped

__all__ = ["timeline_document", "timeline_html", "timeline_text"]

_QUIET = frozenset({"tool", "action", "decision", "actor", "outcome", "decision_mode"})
"""Columns said without their name."""
_WORDS = {
    "policy_version": "version", "policy_digest": "snapshot", "approval_id": "approval",
    "approval_expires_at": "until", "approved_by": "by", "approval_policy_digest": "under snapshot",
    "approval_action_sha256": "for action", "error_class": "error",
    "actual_records_affected": "records", "evidence_uri": "at", "evidence_sha256": "sha256",
    "seq": "place in the chain", "record_hash": "hash",
}  # fmt: skip
_HASHES = frozenset({"policy_digest", "approval_policy_digest", "approval_action_sha256",
                     "evidence_sha256", "record_hash"})  # fmt: skip
_SHORT = 12  # characters of a hash; the JSON has all of it


def timeline_text(found: Timeline, *, tz: str = "UTC", disclosure: Disclosure = CLOSED) -> str:
    """The page `govlab audit run` prints."""
    zone = ZoneInfo(tz)
    lines = [*_heading(found, tz), ""]
    day = ""
    for moment in found.moments:
        date = _day(moment.at, zone)
        if date != day:
            lines.append(date)
            day = date
        where = f"action {moment.step + 1}"
        when = f"{_time(moment.at, zone):12}  {where:10}  {moment.kind:18}  "
        lines += wrapped(when + _said(moment, zone, disclosure), 2, hang=2 + len(when))
    return "\n".join([*lines, "", settings_line(disclosure)])


def _heading(found: Timeline, tz: str) -> Iterator[str]:
    yield f"run {clean(found.run_id)}: {counted(found.actions, 'action')} (zone {clean(tz)})"
    if len(found.tenants) > 1:
        named = ", ".join(clean(t) for t in found.tenants)
        yield f"the id stands in {len(found.tenants)} tenants: {named}"


def _day(at: datetime | None, zone: tzinfo) -> str:
    return at.astimezone(zone).date().isoformat() if at else "no time"


def _time(at: datetime | None, zone: tzinfo) -> str:
    return "-" if at is None else at.astimezone(zone).strftime("%H:%M:%S.%f")[:-3]


def _said(moment: Moment, zone: tzinfo, disclosure: Disclosure) -> str:
    return ", ".join(_part(name, value, zone, disclosure) for name, value in moment.said.items())


def _part(name: str, value: Any, zone: tzinfo, disclosure: Disclosure) -> str:
    word = _WORDS.get(name, name)
    match name, value:
        case _, datetime():
            return f"{word} {_day(value, zone)} {_time(value, zone)}"
        case "delegation_chain", list():
            return f"delegated {' > '.join(plain(agent, disclosure) for agent in value)}"
        case "constraints", _:
            return f"limits {plain(recorded_limits(value), disclosure)}"
        case "actual_cost_micro_usd", int():
            return f"cost {dollars(value)}"
        case _:
            return _named(name, word, value, disclosure)


def _named(name: str, word: str, value: Any, disclosure: Disclosure) -> str:
    told = value_shown(name, value, disclosure)
    bare = plain(told, disclosure) if isinstance(told, str) else shown(name, value, disclosure)
    bare = bare[:_SHORT] if name in _HASHES else bare
    return bare if name in _QUIET else f"{word} {bare}"


def timeline_html(found: Timeline, *, tz: str = "UTC", disclosure: Disclosure = CLOSED) -> str:
    """The run as one page that needs no network and no script."""
    zone = ZoneInfo(tz)
    title = f"What happened in run {clean(found.run_id)}?"
    head = element("tr", *(element("th", name, scope="col") for name in _COLUMNS))
    days = groupby(found.moments, key=lambda moment: _day(moment.at, zone))
    parts = (_of_day(day, of, zone, disclosure) for day, of in days)
    return shell(
        title,
        element("header", element("h1", title)),
        *(element("p", line) for line in _heading(found, tz)),
        element("table", element("thead", head), *parts, class_="moments"),
        element("footer", element("p", settings_line(disclosure), class_="soft")),
    )


_COLUMNS = ("time", "what", "what is recorded")


def _of_day(day: str, moments: Iterable[Moment], zone: tzinfo, disclosure: Disclosure) -> Markup:
    heading = element("th", day, colspan=len(_COLUMNS), scope="rowgroup")
    rows = (_row(moment, zone, disclosure) for moment in moments)
    return element("tbody", element("tr", heading), *rows)


def _row(moment: Moment, zone: tzinfo, disclosure: Disclosure) -> Markup:
    what = joined(moment.kind, element("small", f"action {moment.step + 1}"))
    said = element("td", _said(moment, zone, disclosure), class_="anywhere")
    at = element("td", _time(moment.at, zone), class_="nowrap")
    return element("tr", at, element("td", what), said)


def timeline_document(
    found: Timeline, *, tz: str = "UTC", disclosure: Disclosure = CLOSED
) -> dict[str, Any]:
    """The JSON of a run."""
    zone = ZoneInfo(tz)
    return {
        "run_id": found.run_id,
        "tenants": list(found.tenants),
        "actions": found.actions,
        "moments": [
            {"at": moment.at and moment.at.astimezone(zone).isoformat().replace("+00:00", "Z"),
             "kind": moment.kind, "event_id": moment.event_id, "step": moment.step,
             "said": {n: _plain(n, v, disclosure) for n, v in moment.said.items()}}
            for moment in found.moments
        ],
    }  # fmt: skip


def _plain(name: str, value: Any, disclosure: Disclosure) -> Any:
    return (
        value.isoformat() if isinstance(value, datetime) else value_shown(name, value, disclosure)
    )
