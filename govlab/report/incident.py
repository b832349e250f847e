"""An incident as a page: ready to paste, with nothing in it that J18 hides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from govlab.incident import Incident
from govlab.incident.model import Doer, Step
from govlab.plan.admit import base_digest
from govlab.replays.rows import events
from govlab.report.disclosure import CLOSED, Disclosure, plain, settings_line, shown
from govlab.report.limits import recorded_limits
from govlab.report.scope import source_line
from govlab.report.sections import Section, as_markdown, as_text
from govlab.report.text import clean, counted, middle

__all__ = ["incident_document", "incident_markdown", "incident_text"]

_SHOWN = 40
_LONGEST = 400
_WAYS = {
    "run": "the same run", "trace": "the same trace", "resource": "the same resource",
    "approval": "the same approval", "incident": "asked for",
}  # fmt: skip
_BINDINGS = {
    "missing": "there is an approval", "not_approved": "it was given",
    "digest": "given under the rules in force at use", "action": "given for this very action",
    "expired": "used before its end", "quorum": "enough people", "approver": "by those named",
    "self_approval": "not by the requester's side", "consumed": "used once",
}  # fmt: skip


def incident_text(incident: Incident, disclosure: Disclosure = CLOSED) -> str:
    """The page that `govlab incident` prints."""
    return as_text(_sections(incident, disclosure))


def incident_markdown(incident: Incident, disclosure: Disclosure = CLOSED) -> str:
    """The same page as Markdown."""
    return as_markdown(_sections(incident, disclosure))


def _sections(incident: Incident, disclosure: Disclosure) -> list[Section]:
    page = _Page(incident, disclosure)
    found = [
        Section("incident", tuple(page.action())),
        Section("decision", tuple(page.decision())),
        page.approval(),
        page.timeline(),
        page.candidate(),
        page.others(),
        Section("what this rests on", tuple(page.rests())),
    ]
    return [section for section in found if section.lines or section.rows]


class _Page:
    """The parts of the page, in the reader's zone and under the settings of disclosure."""

    __slots__ = ("disclosure", "incident", "rows")

    def __init__(self, incident: Incident, disclosure: Disclosure) -> None:
        self.incident, self.disclosure = incident, disclosure
        self.rows = events(incident.looked.rows)

    def text(self, value: Any) -> str:
        return plain(value, self.disclosure)

    def time(self, at: Any) -> str:
        """An instant to the second, in the zone of the page."""
        return at.astimezone(self.incident.zone).strftime("%Y-%m-%d %H:%M:%S") if at else "-"

    def action(self) -> Iterator[str]:
        event = self.rows[self.incident.looked.focus]
        asked = [why for why in self.incident.looked.why if why == "incident"]
        resource = event.get("resource") or "a resource not on record"
        yield (
            f"{self.text(event.get('actor') or 'an agent not on record')} called "
            f"{self.text(_call(event))} on {self.text(resource)}"
            f", {self.time(event.get('ts'))} ({self.text(self.incident.zone)}); {_happened(event)}"
        )
        yield f"event {clean(event.get('event_id'))}, run {self.text(event.get('run_id'))}"
        asked_for = ", ".join(self.value(n, v) for n, v in self.incident.asked)
        if asked_for:
            yield f"it asked for: {asked_for}"
        yield f"on whose behalf: {self.chain(event)}"
        if event.get("incident") or event.get("harmful"):
            harm = ", labelled harmful" if event.get("harmful") else ""
            yield f"labelled {self.text(event.get('incident') or 'without a name')}{harm}"
        if len(asked) > 1:
            yield (
                f"{len(asked)} actions were asked for; this is the first of them that ran, the "
                "others are in the timeline"
            )

    def value(self, name: str, value: Any) -> str:
        return f"{name} = {middle(shown(name, value, self.disclosure), _LONGEST)}"

    def chain(self, event: Mapping[str, Any]) -> str:
        """Person, delegating agents, actor."""
        person = event.get("principal")
        agents = [str(a) for a in event.get("delegation_chain") or ()]
        actor = str(event.get("actor"))
        links = [
            shown("principal", person, self.disclosure).strip('"') if person else "not on record",
            *map(self.text, [a for a in agents if a != actor]),
            self.text(actor),
        ]
        return " -> ".join(links)

    def decision(self) -> Iterator[str]:
        r = self.incident.ruling
        event = r.recorded
        if event.get("decision") is None:
            yield "no decision is on record"
        else:
            by = f" by rule {self.text(event['rule'])}" if event.get("rule") else " by no rule"
            why = f": {self.text(event['reason'])}" if event.get("reason") else ""
            yield f"recorded: {self.text(event['decision'])}{by}{why}"
        if event.get("constraints"):
            yield f"limits set: {self.text(recorded_limits(event['constraints']))}"
        yield from self.snapshot(event)
        if r.replayed is not None:
            same = {True: "as recorded", False: "NOT what was recorded", None: "cannot be compared"}
            yield (
                f"the snapshot, replayed: {r.replayed.decision} by {self.text(r.replayed.rule)}"
                f" ({r.replayed.status}): {same[r.agrees]}"
            )
        read = ", ".join(self.value(name, v) for name, v in r.read)
        if read:
            yield f"what that rule read: {read}"

    def snapshot(self, event: Mapping[str, Any]) -> Iterator[str]:
        """Which rules: on record, in force when decided, in force when used."""
        r = self.incident.ruling
        digest = base_digest(event.get("policy_digest"))
        said = self.text(event.get("policy_version") or "a version not named")
        named = f"snapshot {self.text(digest[:12])}" if digest else "no snapshot"
        yield f"policy on record: {said}, {named}"
        if r.registered is not None:
            held = "in force then" if r.registered else "NOT in force then"
            yield f"by the registry: {held}"
        if r.in_force is not None:
            use = "" if r.at_use in (None, r.in_force) else f", at its start {str(r.at_use)[:12]}"
            yield f"in force when it was decided: {r.in_force[:12]}{use}"

    def approval(self) -> Section:
        found = self.incident.bindings
        if not found:
            return Section("approval")
        fails = [_BINDINGS[b.name] for b in found if b.holds == "fails"]
        open_ = [b for b in found if b.holds == "unknown"]
        line = f"does not hold: {', '.join(fails)}" if fails else "nothing is found wrong"
        more = f"; {len(open_)} cannot be told" if open_ else ""
        rows = tuple((_BINDINGS[b.name], b.holds, self.text(b.detail)) for b in found)
        return Section(
            "approval, checked at use", (line + more,), ("binding", "stands", "why"), rows
        )

    def timeline(self) -> Section:
        looked = self.incident.looked
        first = [p for p, why in enumerate(looked.why) if why == "incident"]
        near = sorted(range(len(looked.why)), key=lambda p: abs(p - looked.focus))
        places = sorted(list(dict.fromkeys((looked.focus, *first, *near)))[:_SHOWN])
        rows = tuple(self.moment(p) for p in places)
        hours = looked.window.total_seconds() / 3600
        lines = [
            f"the runs and traces of what was asked for, every use of the same approval, and who "
            f"touched the same resource within {hours:g} h"
        ]
        if len(places) < len(self.rows):
            lines.append(f"{len(self.rows) - len(places):,} more rows are left out of the page")
        header = (
            "time",
            "",
            "actor",
            "tool",
            "resource",
            "decision",
            "what came of it",
            "why here",
        )
        return Section("timeline", tuple(lines), header, rows)

    def moment(self, place: int) -> tuple[str, ...]:
        looked, event = self.incident.looked, self.rows[place]
        mark = ">>" if place == looked.focus else "> " if looked.why[place] == "incident" else ""
        decided = " by ".join(str(event[n]) for n in ("decision", "rule") if event.get(n))
        return (
            self.time(event.get("ts")), mark, self.text(event.get("actor") or "-"),
            self.text(_call(event)), self.text(event.get("resource") or "-"),
            self.text(decided or "-"), _happened(event), _WAYS[looked.why[place]],
        )  # fmt: skip

    def candidate(self) -> Section:
        found = self.incident.candidate
        if found is None:
            return Section("candidate")
        name = f"{found.bundle.name} {found.bundle.version} ({found.bundle.digest[:12]})"
        own = next(step for step in found.steps if step.focus)
        lines = [f"{self.text(name)} decides the action: {self.decided(own)}"]
        if found.first is None:
            lines.append("no step of the run is stopped, held or changed that went on before")
        else:
            step = found.steps[found.first]
            rest = len(found.steps) - found.first - 1
            lines.append(
                f"from step {found.first + 1} of {len(found.steps)} on the run is another: "
                f"{self.time(step.at)} {self.text(step.tool)} is {self.decided(step)}; "
                f"{counted(rest, 'action')} after it might never have been asked for"
            )
        at, first = found.steps.index(own), found.first if found.first is not None else -1
        apart = [n for n, step in enumerate(found.steps) if step.decided != step.recorded]
        places = sorted(
            list(dict.fromkeys((at, *([first] if first >= 0 else []), *apart)))[:_SHOWN]
        )
        if len(found.steps) > len(places):
            shown = f"{len(places):,} of {counted(len(found.steps), 'step')}"
            lines.append(f"shown are {shown}: the action, and where decisions part")
        rows = tuple(
            (str(n + 1), self.time(found.steps[n].at), self.text(found.steps[n].tool or "-"),
             found.steps[n].recorded or "-", self.decided(found.steps[n]), _mark(n, at, first))
            for n in places
        )  # fmt: skip
        header = ("step", "time", "tool", "as run", "candidate", "")
        return Section("what the candidate would have done", tuple(lines), header, rows)

    def decided(self, step: Step) -> str:
        if step.undecidable:
            return f"cannot be decided (unknown: {self.text(', '.join(step.lacks))})"
        by = "default" if step.origin == "default" else step.rule
        return f"{step.decided} by {self.text(by)}"

    def others(self) -> Section:
        found = self.incident.others
        free = [d for d in found.doers if d.decision in _LET_GO and d.status != "undecidable"]
        lines = [self.again(found.again)] if found.again and found.bundle else []
        if found.bundle is not None:
            name = f"{found.bundle.name} {found.bundle.version} ({found.bundle.digest[:12]})"
            lines.append(
                f"of {counted(len(found.doers), 'other actor')} of the tenant, put in its place "
                f"under {self.text(name)}, {len(free)} would go ahead without anyone being asked"
            )
            lines.append("each is taken as it was seen last; the action and its time stay")
        shown_ = [d for d in found.doers if d.decision != "DENY" and (found.bundle or d.calls)]
        rows = tuple(
            (self.text(d.actor), _fate(d), f"{d.calls:,}", f"{d.same:,}", self.time(d.last))
            for d in shown_[:_SHOWN]
        )
        header = ("actor", "would be", "calls of the tool", "on this resource", "last seen")
        return Section("who else could do the same", tuple(lines), header, rows)

    def again(self, doer: Doer) -> str:
        return f"the same agent, asking again, would be: {_fate(doer)}"

    def rests(self) -> Iterator[str]:
        yield from self.incident.notes
        if self.incident.source is not None:
            yield source_line(self.incident.source)
        yield settings_line(self.disclosure)


_LET_GO = ("ALLOW", "ALLOW_WITH_CONSTRAINTS", "REMEDIATE")


def _call(event: Mapping[str, Any]) -> str:
    return str(event.get("tool") or event.get("action") or "-")


def _happened(event: Mapping[str, Any]) -> str:
    """What came of it, in a word or two."""
    ran = {True: "executed", False: "not executed"}.get(event.get("executed"), "unknown if it ran")  # type: ignore[arg-type]  # None: unknown
    outcome = event.get("outcome")
    return f"{ran}, {plain(outcome)}" if outcome and event.get("executed") else ran


def _mark(place: int, focus: int, first: int) -> str:
    if place == first:
        return "first stopped" if place != focus else "the action, first stopped"
    downstream = "downstream" if 0 <= first < place else ""
    return ", ".join(part for part in ("the action" if place == focus else "", downstream) if part)


def _fate(doer: Doer) -> str:
    if doer.decision is None:
        return "not known"
    if doer.status == "undecidable":
        return "cannot be decided"
    by = f" by {plain(doer.rule)}" if doer.rule else ""
    return f"{doer.decision}{by}"


def incident_document(incident: Incident, disclosure: Disclosure = CLOSED) -> dict[str, Any]:
    """The page as JSON: the same cells under the same names, redacted alike."""
    page = _Page(incident, disclosure)
    timeline, approval = page.timeline(), page.approval()
    looked, r = incident.looked, incident.ruling
    candidate = incident.candidate
    return {
        "action": {
            "event_id": clean(page.rows[looked.focus].get("event_id")),
            "said": list(page.action()),
        },
        "decision": {
            "recorded": page.text(r.recorded.get("decision")),
            "rule": page.text(r.recorded.get("rule")),
            "snapshot": base_digest(r.recorded.get("policy_digest")),
            "in_force": r.in_force,
            "in_force_at_use": r.at_use,
            "registered": r.registered,
            "replayed": r.replayed.decision if r.replayed else None,
            "agrees": r.agrees,
        },
        "approval": [
            {"binding": b.name, "holds": b.holds, "why": row[2]}
            for b, row in zip(incident.bindings, approval.rows, strict=True)
        ],
        "timeline": [_cells(timeline, row) for row in timeline.rows],
        "rows_looked_at": len(looked.why),
        "candidate": candidate and {
            "bundle": candidate.bundle.name,
            "digest": candidate.bundle.digest,
            "first_step": None if candidate.first is None else candidate.first + 1,
            "steps": [_cells(s, row) for s in (page.candidate(),) for row in s.rows],
        },
        "others": {
            "bundle": incident.others.bundle and incident.others.bundle.digest,
            "actors": incident.others.actors,
            "found": [_cells(s, row) for s in (page.others(),) for row in s.rows],
        },
        "notes": list(incident.notes),
        "source": incident.source.to_dict() if incident.source else None,
    }  # fmt: skip


def _cells(section: Section, row: tuple[str, ...]) -> dict[str, str]:
    return {name or "mark": cell for name, cell in zip(section.header, row, strict=True)}
