"""Alerts over runs: new, ongoing, resolved, accepted; what cannot be looked at stays."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from govlab.drifting.model import Alert, Earlier, Verdict
from govlab.drifting.state import (
    Accepted,
    Series,
    Told,
    accepting,
    keep,
    read_state,
    settled,
    unseen,
)
from govlab.errors import UsageError
from tests.drifting.test_choosing import DAY, verdict

TODAY = date(2026, 3, 9)
AS_OF = datetime(2026, 3, 9, 12, tzinfo=UTC)
OURS = Series()


def _alert(found: Verdict | None = None) -> Alert:
    return Alert(found or verdict(1e-6), "It fell.", "why", "next", "security", "govlab events LOG")


def _after(alerts: list[Alert], path: Path, told: Told | None = None) -> Told:
    """What the next run reads."""
    keep(path, told or Told(), alerts, [], AS_OF)
    return read_state(path, OURS, AS_OF + timedelta(days=1))


def test_an_alert_is_new_once(tmp_path: Path) -> None:
    first = settled(_alert(), Told(), TODAY)
    assert (first.state, first.first_seen) == ("new", TODAY)
    told = _after([first], tmp_path / "state.json")
    second = settled(_alert(), told, TODAY + timedelta(days=1))
    assert (second.state, second.first_seen) == ("ongoing", TODAY)
    assert told.ids == {first.id}


def test_a_second_change_is_new_whatever_was_accepted(tmp_path: Path) -> None:
    told = _after([settled(_alert(), Told(), TODAY)], tmp_path / "state.json")
    until = Accepted(_alert().id, date(2026, 6, 1), "known")
    told = accepting(told, [until], [], TODAY)
    assert settled(_alert(), told, TODAY).state == "accepted"
    later = DAY + timedelta(days=10)
    again = _alert(replace(verdict(1e-6), since=later, first=later, last=later))
    assert (settled(again, told, TODAY).state, settled(again, told, TODAY).note) == (
        "new", "it changed again",
    )  # fmt: skip


def test_an_acceptance_ends(tmp_path: Path) -> None:
    told = _after([settled(_alert(), Told(), TODAY)], tmp_path / "state.json")
    told = accepting(told, [Accepted(_alert().id[:6], TODAY, "a migration")], [], TODAY)
    alert = settled(_alert(), told, TODAY)
    assert (alert.state, alert.until, alert.reason) == ("accepted", TODAY, "a migration")
    told = _after([alert], tmp_path / "state.json", told)
    over = settled(_alert(), told, TODAY + timedelta(days=1))
    assert over.state == "new"
    assert "a migration" in over.note
    told = _after([over], tmp_path / "state.json", told)
    assert settled(_alert(), told, TODAY + timedelta(days=2)).state == "ongoing"


def test_what_is_no_more_is_resolved_once(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    told = _after([settled(_alert(), Told(), TODAY)], path)
    (gone,) = unseen(told, [], [verdict(0.7)])
    assert (gone.state, gone.sentence) == ("resolved", "It fell.")
    keep(path, told, [], [gone], AS_OF)
    assert read_state(path, OURS, AS_OF).alerts == {}


def test_what_was_not_looked_at_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    told = _after([settled(_alert(), Told(), TODAY)], path)
    told = accepting(told, [Accepted(_alert().id, date(2026, 6, 1), "known")], [], TODAY)
    for looked in ([verdict(0.7, at="another")], None):
        (still,) = unseen(told, [], looked)
        assert (still.state, bool(still.note)) == ("ongoing", True)
    keep(path, told, [], [still], AS_OF)
    kept = read_state(path, OURS, AS_OF)
    assert kept.ids == {_alert().id}
    assert kept.accepted[_alert().id].reason == "known"


def test_a_value_that_is_known_by_now_is_resolved(tmp_path: Path) -> None:
    new = replace(verdict(1e-6), direction="new",
                  key=replace(verdict(1).key, figure="drift.new.tool", part="adhoc"))  # fmt: skip
    told = _after([settled(_alert(new), Told(), TODAY)], tmp_path / "state.json")
    assert [one.state for one in unseen(told, [], [verdict(0.7)])] == ["resolved"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (Accepted("ffff", TODAY, "x"), "no alert `ffff`"),
        (Accepted("", TODAY, "x"), "no alert ``"),
        (Accepted("known", TODAY, " "), "has no reason"),
        (Accepted("known", date(2026, 3, 1), "x"), "name a later day"),
    ],
)
def test_an_acceptance_needs_an_alert_a_reason_and_a_day(given: Accepted, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        accepting(Told(), [given], ["known-alert"], TODAY)


def test_an_id_cut_too_short_is_refused() -> None:
    with pytest.raises(UsageError, match="could be abcd1, abcd2"):
        accepting(Told(), [Accepted("abcd", TODAY, "x")], ["abcd1", "abcd2"], TODAY)


_NO_STATES = (
    "", "[]", "{}", '{"format": 3}', '{"format": 2, "alerts": 3}',
    '{"format": 2, "as_of": null, "accepted": {}, "alerts": {}}',  # of which log?
    '{"format": 2, "series": {}, "as_of": null, "accepted": {}, "alerts": {"a": {}}}',
    '{"format": 2, "series": {}, "as_of": "2026-03-09T12:00:00", "accepted": {}, "alerts": {}}',
    '{"format": 2, "series": {}, "as_of": null, "accepted": {}, "alerts": '
    '{"a": {"began_from": "2026-03-01", "began_to": "2026-03-01"}}}',
)  # fmt: skip


@pytest.mark.parametrize("text", _NO_STATES)
def test_another_file_is_no_state(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="is no state of `govlab drift`"):
        read_state(path, OURS, AS_OF)


def test_a_state_is_of_one_log_and_what_is_asked_of_it(tmp_path: Path) -> None:
    path, ours = tmp_path / "s.json", Series(tmp_path / "a", "env == 'production'")
    keep(path, Told(ours), [settled(_alert(), Told(), TODAY)], [], AS_OF)
    for other, says in (
        (replace(ours, log=tmp_path / "b"), "is of the log `a`, and this run of the log `b`"),
        (replace(ours, where=None), "this run of no `--where`"),
        (replace(ours, tz="Asia/Tokyo"), "is of `--tz` `UTC`, and this run of `--tz` `Asia/Tokyo`"),
        (replace(ours, org="acme"), "this run of `--org` `acme`"),
    ):
        with pytest.raises(UsageError, match=says):
            read_state(path, other, AS_OF)
    assert read_state(path, replace(ours, log=None), AS_OF).ids  # a table: nobody knows which
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    found = read_state(moved / "s.json", replace(ours, log=moved / "a"), AS_OF)
    assert found.ids == {_alert().id}


def test_alerts_are_not_told_backwards(tmp_path: Path) -> None:
    keep(tmp_path / "s.json", Told(), [], [], AS_OF)
    with pytest.raises(UsageError, match="cannot be told backwards"):
        read_state(tmp_path / "s.json", OURS, AS_OF - timedelta(seconds=1))
    assert read_state(tmp_path / "s.json", OURS, AS_OF).as_of == AS_OF


def test_a_state_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.json"
    keep(path, Told(), [settled(_alert(), Told(), TODAY)], [], AS_OF)
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UsageError, match="No space left"):
        keep(path, Told(), [], [], AS_OF)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]


def test_what_is_kept_reads_back(tmp_path: Path) -> None:
    alert = settled(_alert(), Told(), TODAY)
    told = _after([alert], tmp_path / "state.json")
    said = told.alerts[alert.id]
    assert json.loads(json.dumps(alert.to_dict())) == said
    assert Earlier.of(alert.id, said).key == alert.verdict.key
