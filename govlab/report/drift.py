"""Drift as a page: what changed and when, worst first, what may explain it, what is unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from govlab.drifting.model import Alert, Drift
from govlab.report.disclosure import CLOSED, Disclosure, explained, plain
from govlab.report.sections import Section, as_markdown
from govlab.report.text import clean, counted, wrapped

__all__ = ["drift_document", "drift_html", "drift_markdown", "drift_text"]

_MOST_BESIDE = 6
_MIX = "drift.values.decision"
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def drift_document(found: Drift, disclosure: Disclosure = CLOSED) -> Mapping[str, Any]:
    """The JSON of `govlab drift --json`, with what may not be shown masked."""
    return explained(found.to_dict(), disclosure)


def drift_text(found: Drift, disclosure: Disclosure = CLOSED) -> str:
    """The page that `govlab drift` prints."""
    blocks = [
        [_headline(found), *_scope(found)],
        *(list(_block(found, leader, disclosure)) for leader in _leaders(found)),
        list(_earlier(found, disclosure)),
        list(_silent(found, disclosure)),
        list(_unknown(found)),
        list(_closing(found)),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _headline(found: Drift) -> str:
    if not found.scope["series"]:
        return "drift: unknown"
    counts = [
        f"{len(alerts)} {state}"
        for state in ("new", "ongoing", "accepted")
        if (alerts := found.in_state(state))
    ]
    resolved = sum(1 for one in found.earlier if one.state == "resolved")
    counts += [f"{resolved} resolved"] if resolved else []
    return f"drift: {', '.join(counts) or 'no change found'}"


def _scope(found: Drift) -> Iterator[str]:
    scope = found.scope
    until = clean((scope["as_of"] or "?")[:16].replace("T", " "))
    yield (
        f"{scope['events']:,} events of {counted(scope['days'], 'day')} up to {until} "
        f"(zone {clean(scope['tz'])})"
    )
    parts = ", ".join(map(clean, scope["by"])) or "nothing"
    yield f"{scope['series']:,} series looked at, of all and by {parts}"
    if scope["reference"]:
        now = clean(scope["current"] or "all days after it")
        yield f"  {now} held against {clean(scope['reference'])}, weekday by weekday"
    if scope["where"]:
        yield f"  only those where {clean(scope['where'])}"
    if scope["empty_days"]:
        yield f"  no event at all on the last {counted(scope['empty_days'], 'whole day')}"


def _leaders(found: Drift) -> list[Alert]:
    return [alert for alert in found.alerts if alert.beside is None]


def _beside(found: Drift, leader: Alert) -> list[Alert]:
    """Those that began with it; of decisions the rates say already what the mix would."""
    beside = [alert for alert in found.alerts if alert.beside == leader.id]
    rates = {_part(a) for a in (leader, *beside) if a.verdict.key.figure.startswith("decisions.")}
    return [a for a in beside if a.verdict.key.figure != _MIX or _part(a) not in rates]


def _part(alert: Alert) -> tuple[str | None, str | None]:
    return alert.verdict.key.cut, alert.verdict.key.at


def _block(found: Drift, leader: Alert, disclosure: Disclosure) -> Iterator[str]:
    verdict = leader.verdict
    yield f"{_day(leader)}  {_standing(leader, disclosure)}"
    yield from wrapped(plain(leader.sentence, disclosure), 2, hang=4)
    yield from _reasons(leader, disclosure)
    if verdict.earlier:
        days = ", ".join(day.isoformat() for day in verdict.earlier)
        yield f"    it had changed before: {days}"
    yield from wrapped(f"next: {leader.next_step} ({leader.owner})", 4, hang=6)
    yield f"    events: {plain(leader.query, disclosure)}"
    beside = _beside(found, leader)
    if beside:
        yield "  and with it:"
    for alert in beside[:_MOST_BESIDE]:
        yield from wrapped(f"- {plain(alert.sentence, disclosure)}", 2, hang=4)
    if len(beside) > _MOST_BESIDE:
        yield f"  - and {len(beside) - _MOST_BESIDE} more: --json has them all"


def _day(alert: Alert) -> str:
    since = alert.verdict.since
    return f"{_WEEKDAYS[since.weekday()]} {since.isoformat()}"


def _standing(alert: Alert, disclosure: Disclosure) -> str:
    way = {"worse": "worse, ", "better": "better, ", "changed": ""}[alert.verdict.way]
    said = f"{way}{alert.state} [{alert.id}]"
    if alert.until is not None:
        said += f" until {alert.until}: {plain(alert.reason, disclosure)}"
    elif alert.state == "ongoing" and alert.first_seen is not None:
        said += f", first told {alert.first_seen}"
    return said + (f"; {plain(alert.note, disclosure)}" if alert.note else "")


def _reasons(alert: Alert, disclosure: Disclosure) -> Iterator[str]:
    verdict = alert.verdict
    if verdict.first != verdict.last:
        yield f"    it began from {verdict.first} to {verdict.last}"
    if alert.explained_by:
        causes = (f"{c.kind} {plain(c.name, disclosure)} ({c.on})" for c in alert.explained_by)
        yield from wrapped(f"explained by: {'; '.join(causes)}", 4, hang=6)


def _earlier(found: Drift, disclosure: Disclosure) -> Iterator[str]:
    if found.earlier:
        yield "Of earlier runs:"
    for one in found.earlier:
        note = f" ({one.note})" if one.note else ""
        text = f"{one.state} [{one.id}]{note}: {plain(one.sentence, disclosure)}"
        yield from wrapped(text, 2, hang=4)


def _silent(found: Drift, disclosure: Disclosure) -> Iterator[str]:
    quiet = [one for one in found.seen if one.quiet_from is not None]
    if quiet:
        yield "Days without a record, where some were to be expected:"
    for one in quiet:
        last = one.last[:16].replace("T", " ")
        who = f"{one.column} {plain(one.value, disclosure)}"
        days = counted(one.quiet_days, "day")
        yield f"  {who}: {days} from {one.quiet_from} on; last seen {clean(last)}"


def _unknown(found: Drift) -> Iterator[str]:
    if found.unknown:
        yield "Unknown:"
    for why in dict.fromkeys(one.why for one in found.unknown):
        named = [one.figure for one in found.unknown if one.why == why and one.figure != "all"]
        yield from wrapped(f"{', '.join(named)}: {why}" if named else why, 2, hang=4)


def _closing(found: Drift) -> Iterator[str]:
    scope = found.scope
    if not scope["series"]:
        return
    share = f"{scope['false_share'] * 100:.0f} %"
    yield from wrapped(
        f"Told so that at most {share} of the alerts are chance (Benjamini-Hochberg over all "
        "series); intervals and tests are clustered by run, each weekday is held against the same."
    )


def drift_markdown(found: Drift, disclosure: Disclosure = CLOSED) -> str:
    """The page in Markdown, to paste."""
    sections = [Section(_headline(found), tuple(line.strip() for line in _scope(found)))]
    for leader in _leaders(found):
        lines = [_standing(leader, disclosure), *_lines(leader, disclosure)]
        lines += [f"with it: {plain(one.sentence, disclosure)}" for one in _beside(found, leader)]
        sections.append(Section(_day(leader), tuple(lines)))
    rest = [list(part) for part in (_earlier(found, disclosure), _silent(found, disclosure),
                                    _unknown(found))]  # fmt: skip
    sections += [
        Section(part[0], tuple(line.strip() for line in part[1:])) for part in rest if part
    ]
    return as_markdown([*sections, Section("How it was told", tuple(_closing(found)))])


def _lines(alert: Alert, disclosure: Disclosure) -> Iterator[str]:
    yield plain(alert.sentence, disclosure)
    yield from (line.strip() for line in _reasons(alert, disclosure))
    yield f"next: {alert.next_step} ({alert.owner})"
    yield f"events: {plain(alert.query, disclosure)}"


_LEFT = "text-align:left"
_COLUMNS = {
    "since": _LEFT,
    "state": _LEFT,
    "what changed": f"{_LEFT};width:50%",
    "explained by": f"{_LEFT};width:18%",
    "next step": f"{_LEFT};width:20%",
}


def drift_html(found: Drift, disclosure: Disclosure = CLOSED) -> str:
    """A table for notebooks, what began together in rows below each other; texts are escaped."""
    told = [one for leader in _leaders(found) for one in (leader, *_beside(found, leader))]
    rows = [_cells(alert, disclosure) for alert in told]
    head = "".join(f"<th style='{style}'>{name}</th>" for name, style in _COLUMNS.items())
    body = "".join(f"<tr>{_row(cells)}</tr>" for cells in rows)
    title = "<br>".join(escape(line.strip()) for line in (_headline(found), *_scope(found)))
    unknown = "".join(f"<p>{escape(line.strip())}</p>" for line in _unknown(found))
    return f"<div><p>{title}</p><table><tr>{head}</tr>{body}</table>{unknown}</div>"


def _cells(alert: Alert, disclosure: Disclosure) -> Sequence[str]:
    causes = "; ".join(f"{c.kind} {plain(c.name, disclosure)}" for c in alert.explained_by)
    way = "" if alert.verdict.way == "changed" else f"{alert.verdict.way}, "
    return (alert.verdict.since.isoformat(), f"{way}{alert.state}",
            plain(alert.sentence, disclosure), causes, alert.next_step)  # fmt: skip


def _row(cells: Sequence[str]) -> str:
    day, *rest = cells
    first = f"<td style='text-align:left;white-space:nowrap'>{escape(day)}</td>"
    return first + "".join(f"<td style='text-align:left'>{escape(cell)}</td>" for cell in rest)
