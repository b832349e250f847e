"""The recipe: every run of the sample, call by call, each decided before the next is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from govlab.backends.reference import decide
from govlab.bundle import load_bundle
from govlab.plan import Decision, Plan, compile_plan
from govlab.sample.approvals import Answer, Desk, ask
from govlab.sample.facts import INCIDENTS, START, UNANSWERED, WEEKS, WORKFLOWS
from govlab.sample.fate import carried_out, dispatched, evidence, labels, said
from govlab.sample.runs import Run, happens, log_normal, request, runs_of
from govlab.sample.snapshots import SNAPSHOTS, write_snapshots

__all__ = ["END", "SEED", "Sample", "generate"]

SEED = 2026
END = START + timedelta(weeks=WEEKS)
_GAP_S = (9.0, 1.1)
_PROMPTS = {
    "incident-response": "find out why this alert fires and put it right",
    "infrastructure-change": "carry out this change request",
    "release": "bring this branch into production",
    "customer-support": "answer this case",
    "billing": "work through today's invoices",
    "analytics": "answer this question from the warehouse",
    "records-care": "apply the retention rules",
    "access-review": "review who used these secrets",
    "partner-outreach": "prepare and write to these partners",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """Events in the total order, and runs in the order they began; values by column."""

    events: tuple[Mapping[str, Any], ...]
    runs: tuple[Mapping[str, Any], ...]


def generate(*, seed: int = SEED, days: Iterable[int] = range(7 * WEEKS)) -> Sample:
    """The runs that begin on `days`, counted from START; a run is the same whatever the others are.

    >>> generate(days=[2]) == generate(days=[2])
    True
    """
    with TemporaryDirectory() as folder:
        force = _Force(tuple(_plans(Path(folder))))
    runs = sorted((r for day in days for r in runs_of(day, seed)), key=lambda r: (r.started, r.id))
    rows = [row for run in runs for row in _Making(run, force).rows()]
    rows.sort(key=lambda row: (row["ts"], row["run_id"], row["step"], row["event_id"]))
    ends: dict[str, datetime] = {}
    for row in rows:
        ends[row["run_id"]] = row.get("ended_at") or row["ts"]
    return Sample(tuple(rows), tuple(_run_row(run, ends[run.id]) for run in runs))


def _plans(folder: Path) -> Iterator[tuple[datetime, str, Plan]]:
    paths = write_snapshots(folder)
    for snapshot in SNAPSHOTS:
        yield snapshot.since, snapshot.version, compile_plan(load_bundle(paths[snapshot.version]))


@dataclass(frozen=True, slots=True)
class _Force:
    """Which policy is in force when."""

    versions: tuple[tuple[datetime, str, Plan], ...]

    def at(self, ts: datetime) -> tuple[str, Plan]:
        """Version and plan at `ts`."""
        return next((v, p) for since, v, p in reversed(self.versions) if since <= ts)

    def other(self, plan: Plan) -> str:
        """The digest of a plan that is not this one."""
        return next(p.digest for _, _, p in self.versions if p is not plan)


def _asked(run: Run) -> dict[str, Any]:
    """What may be known of the run before it acts."""
    return {
        "started": run.started,
        "system": "acme-ops",
        "workflow": run.workflow,
        "principal": run.principal,
        "agent_version": f"{run.actor}@3.{(run.started - START).days // 14}",
        "prompt": _PROMPTS[run.workflow],
    }


def _run_row(run: Run, ended: datetime) -> dict[str, Any]:
    return {"run_id": run.id, **_asked(run), "ended": min(ended, END)}


@dataclass(slots=True)
class _Making:
    """A run on its way: the time, the calls made so far, the last approval that was used."""

    run: Run
    force: _Force
    now: datetime = START
    made: int = 0
    approval: Mapping[str, Any] = field(default_factory=dict)

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows of the run's calls; a denied one may be called again."""
        self.now = self.run.started
        for name in self.run.calls:
            attempt = 1
            while self.now < END:
                event = request(self.run, name, self.now, self.made)
                row = self._row(event, name, attempt)
                self.made += 1
                yield row
                if attempt == 4 or not _tries_again(self.run, row):
                    break
                attempt += 1

    def _row(self, event: dict[str, Any], name: str, attempt: int) -> dict[str, Any]:
        chance = self.run.chance
        governed = (event["ts"] - START).days >= WORKFLOWS[self.run.workflow].governed
        decision, recorded, answer = None, {}, Answer({}, event["ts"], event["ts"])
        if _unanswered(event["ts"]):
            recorded = {"decision": "UNAVAILABLE", "reason": "the policy service did not answer"}
            answer = Answer({}, event["ts"] if event["read_only"] else None, event["ts"])
        elif governed:
            decision, recorded, answer = self._decided(event)
        used = answer.used
        done = carried_out(event, name, used, decision, chance)
        if answer.values.get("approval_status") == "pending":
            done = {}
        self.now = done.get("ended_at", answer.over) + _gap(self.run)
        kept = evidence(event, decision, chance) if used else {}
        beside = {"attempt": attempt, "emitter": _emitter(self.run), "time_source": "event"}
        asked = {f"run.{key}": value for key, value in _asked(self.run).items()}
        known = asked | event | recorded | dict(answer.values) | done | kept
        return known | labels(self.run) | beside

    def _decided(self, event: dict[str, Any]) -> tuple[Decision, dict[str, Any], Answer]:
        """What the policy in force says, and what came of that."""
        chance = self.run.chance
        version, plan = self.force.at(event["ts"])
        decision = decide(plan, event)
        recorded = said(event, decision, version, chance)
        at = recorded["decided_at"]
        if recorded["decision"] != "REQUIRE_APPROVAL":
            goes = dispatched(event, recorded["decision"], decision)
            return decision, recorded, Answer({}, at if goes else None, at)
        wrong = INCIDENTS[self.run.incident].defect if self.run.incident else ""
        desk = Desk(plan.groups, self.force.other(plan), END)
        answer = ask(event, decision, desk, chance, defect=wrong)
        return decision, recorded, self._reused(answer)

    def _reused(self, answer: Answer) -> Answer:
        """Now and then an approval that was used before is used again."""
        before = self.approval
        if before and answer.used and happens(self.run.chance, "used_again"):
            return Answer(before, answer.used, answer.over)
        if answer.used and answer.values:
            self.approval = answer.values
        return answer


def _unanswered(ts: datetime) -> bool:
    since, length = UNANSWERED
    return since <= ts < since + length


def _tries_again(run: Run, row: Mapping[str, Any]) -> bool:
    failed = row.get("decision") == "DENY" or row.get("outcome") in ("error", "timeout")
    return failed and happens(run.chance, "again_after_denial")


def _gap(run: Run) -> timedelta:
    return timedelta(milliseconds=int(log_normal(run.chance, _GAP_S) * 1000))


def _emitter(run: Run) -> str:
    """Support's agents report on themselves; the platform reports on the others."""
    return "agent" if run.workflow in ("customer-support", "partner-outreach") else "control_plane"
