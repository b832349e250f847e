"""What an alert says: a plain sentence with its numbers, the next step, the events behind it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Final

from govlab.assess.commands import Asking
from govlab.assess.sentences import amount
from govlab.drifting.catalog import DURATION, FOLLOWED, LADDERS, NAMED, WAIT
from govlab.drifting.enforcement import MISMATCH
from govlab.drifting.likeness import LIKENESS
from govlab.drifting.model import Alert, Cause, Key, Verdict
from govlab.drifting.novel import NEW
from govlab.drifting.sightings import first_of_bin
from govlab.drifting.volume import VOLUME
from govlab.kpi.catalog import FIGURES
from govlab.schema import ACTIONS
from govlab.types import BOOL, DOUBLE

__all__ = ["alert_of"]

# figure -> the share of what, as the subject of a sentence
_SHARES: Final = {
    "decisions.deny_rate": "the share of decisions that deny",
    "decisions.approval_rate": "the share of decisions that ask for approval",
    "decisions.constraint_rate": "the share of decisions that set limits",
    "decisions.remediation_rate": "the share of decisions that propose a safer variant",
    "decisions.decided_share": "the share of actions that met a decision",
    "decisions.bypass_rate": "the share of executed actions that went round the control plane",
    "decisions.unavailable_rate": "the share of actions without an answer of the policy service",
    "decisions.monitor_share": "the share of decisions that bind nobody (monitor mode)",
    "decisions.default_share": "the share of decisions that come from the default",
    "decisions.error_share": "the share of decisions that are denials by error",
    "decisions.unregistered_digest_rate": "the share of decisions under an unregistered policy",
    "decisions.mismatch_rate": "the share of decisions that their own snapshot does not give",
    "approvals.reject_rate": "the share of approvals that are refused",
    "operations.failure_rate": "the share of executed actions that fail",
    "operations.timeout_rate": "the share of executed actions that time out",
}
# kind of series -> why it matters, next step, owner
_ABOUT: Final = {
    VOLUME: ("who falls silent may have stopped, or gone on without a record",
             "ask the owner whether work stopped or its records did", "platform"),
    NEW: ("no rule was written, and no figure measured, with it in mind",
          "check that it is meant to be there, and which rules speak of it", "security"),
    LIKENESS: ("rules were tested on what these values used to be",
               "replay the policy on the days since, and look at who is newly met", "security"),
}  # fmt: skip

_MORE: Final = (
    "limits and people were sized for less",
    "find out who does more, and whether what it asks can still be answered",
    "app",
)


def alert_of(
    found: Verdict, causes: tuple[Cause, ...], asking: Asking, numbers: frozenset[str] = frozenset()
) -> Alert:
    """What is told of a change; `numbers` are the columns whose values are compared by size."""
    why, next_step, owner = _about(found)
    if found.way == "better":
        next_step = "find out what made it so, and accept it with `--accept ID DAY REASON`"
    text = _sentence(found, numbers)
    query = _query(found, asking, numbers)
    return Alert(found, text[:1].upper() + text[1:], why, next_step, owner, query, causes)


def _about(found: Verdict) -> tuple[str, str, str]:
    key = found.key
    if key.figure == VOLUME and found.direction == "rose":
        return _MORE
    kind = next((kind for kind in _ABOUT if key.figure.startswith(kind)), None)
    if kind is not None:
        return _ABOUT[kind]
    steps = LADDERS.get(key.figure, ())
    name = f"{key.figure}.{steps[0]}" if steps else key.figure
    figure = FOLLOWED.get(name) or FIGURES[name]
    return figure.why, figure.next_step, figure.owner


def _sentence(found: Verdict, numbers: frozenset[str]) -> str:
    where = _where(found.key)
    if found.key.figure.startswith(NEW):
        return _new(found, where)
    if found.key.figure == VOLUME:
        return _volume(found)
    subject = _subject(found, numbers)
    verb = "rose" if found.after > found.before else "fell"
    moved = f"{_points(found.low)} to {_points(found.high)} points, 95 %"
    return (
        f"{where}{subject} {verb} from {amount(found.before, 'share')} to "
        f"{amount(found.after, 'share')} on {found.since} ({moved}; {found.of_after:,} of "
        f"{found.among_after:,} since){_apart(found)}."
    )


def _where(key: Key) -> str:
    if key.cut is None:
        return ""
    if key.at is None:
        return f"Without a {key.cut}, "
    return f"In {key.cut} `{key.at}`, "


def _subject(found: Verdict, numbers: frozenset[str]) -> str:
    figure, moved = found.key.figure, found.moved or ""
    if figure == WAIT:
        return f"the share of approvals that take longer than {amount(int(moved), 's')}"
    if figure == DURATION:
        return f"the share of calls that take {amount(int(moved) + 1, 's')} or longer"
    if figure.startswith("drift.missing."):
        return f"the share of actions without `{figure.removeprefix('drift.missing.')}`"
    if figure.startswith(LIKENESS):
        column = figure.removeprefix(f"{LIKENESS}.")
        if column in numbers:
            least = _number(column, first_of_bin(moved))
            return f"the share of actions with `{column}` of at least {least}"
        return f"the share of actions with `{column}` `{moved}`"
    return _SHARES[figure]


def _number(column: str, least: float) -> str:
    if column.endswith("_micro_usd"):
        return amount(least, "micro-USD")
    return f"{least:,.0f}" if least >= 1 else f"{least:g}"


def _points(share: float) -> str:
    return f"{share * 100:+.1f}"


def _apart(found: Verdict) -> str:
    if found.psi is None or found.js is None:
        return ""
    return f"; all values together: PSI {found.psi:.2f}, Jensen-Shannon {found.js:.2f}"


def _new(found: Verdict, where: str) -> str:
    kind = NAMED[found.key.figure.removeprefix(f"{NEW}.")]
    return (
        f"{where}{kind} `{found.key.part}` was never seen before {found.since}: "
        f"{found.of_after:,} of {found.among_after:,} actions since "
        f"({amount(found.after, 'share')})."
    )


def _volume(found: Verdict) -> str:
    who = "the log" if found.key.cut is None else f"{found.key.cut} `{found.key.at}`"
    if found.direction == "silent":
        return (
            f"Nothing of {who} is on record since {found.since}, where {found.before:,.0f} actions "
            f"a day were to be expected ({found.among_after} whole days)."
        )
    verb = "rose" if found.after > found.before else "fell"
    return (
        f"Actions a day of {who} {verb} from {found.before:,.0f} to {found.after:,.0f} on "
        f"{found.since} ({found.low:+,.0f} to {found.high:+,.0f}, 95 %; "
        f"{found.among_after} whole days since)."
    )


def _query(found: Verdict, asking: Asking, numbers: frozenset[str]) -> str:
    """The events since the change, up to the end that was asked for."""
    figure, chosen = found.key.figure, asking.selection
    if figure == MISMATCH:
        return asking.fidelity()
    silent = found.direction == "silent"
    day = found.since - timedelta(days=7) if silent else found.since
    tests = [chosen.where, _cut_test(found.key), _own_test(found, numbers)]
    given = [test for test in tests if test]
    joined = " && ".join(f"({test})" for test in given) if len(given) > 1 else "".join(given)
    until = chosen.as_of if chosen.until is None else chosen.until
    since = replace(
        chosen, where=joined or None, since=day.isoformat(), until=until, last=None, as_of=None
    )
    of_figure = figure in FOLLOWED and not figure.startswith("drift.")
    return replace(asking, selection=since).events(figure if of_figure else None)


def _cut_test(key: Key) -> str | None:
    return None if key.cut is None else _equals(key.cut, key.at)


def _own_test(found: Verdict, numbers: frozenset[str]) -> str | None:
    figure, moved = found.key.figure, found.moved or ""
    if figure.startswith(NEW):
        return _equals(figure.removeprefix(f"{NEW}."), found.key.part)
    if figure.startswith("drift.missing."):
        return f"!has(event.{figure.removeprefix('drift.missing.')})"
    if figure == WAIT:
        asked = "has(event.approval_requested_at)"
        longer = f"approval_decided_at - approval_requested_at > duration('{moved}s')"
        return f"{asked} && (!has(event.approval_decided_at) || {longer})"
    if figure == DURATION:
        longer = f"ended_at - started_at >= duration('{int(moved) + 1}s')"
        return f"has(event.ended_at) && has(event.started_at) && {longer}"
    if figure.startswith(LIKENESS):
        column = figure.removeprefix(f"{LIKENESS}.")
        return _at_least(column, moved) if column in numbers else _equals(column, moved)
    return None


def _at_least(column: str, moved: str) -> str:
    least = first_of_bin(moved)
    whole = column in ACTIONS and ACTIONS[column].type != DOUBLE
    # a count is at least the next whole number
    return f"{column} >= {int(-(-least // 1))}" if whole else f"{column} >= {least!r}"


def _equals(column: str, value: str | None) -> str:
    if value is None:
        return f"!has(event.{column})"
    if column in ACTIONS and ACTIONS[column].type == BOOL:
        return f"{column} == {value}"
    return f"{column} == {json.dumps(value, ensure_ascii=False)}"
